/* SPDX-License-Identifier: Apache-2.0 */
/* Options of steps and of salloc's command. */
#include "cli/jobopt_priv.h"

#include <signal.h>
#include <string.h>

#include "base/bits.h"
#include "base/mem.h"
#include "base/text.h"

int set_bell(struct jobopt_use *u)
{
    u->part->cli.bell = JOBOPT_BELL_ALWAYS;
    return 0;
}

int set_no_bell(struct jobopt_use *u)
{
    u->part->cli.bell = JOBOPT_BELL_NEVER;
    return 0;
}

int set_kill_command(struct jobopt_use *u)
{
    u->part->cli.kill_command = SIGTERM;
    return !u->arg || jobopt_signal(u->arg, &u->part->cli.kill_command) ? 0 : jobopt_bad_arg(u);
}

int set_bcast(struct jobopt_use *u)
{
    u->part->cli.bcast_given = true;
    mem_set_str(&u->part->cli.bcast, u->arg ? u->arg : "");
    return 0;
}

int set_compress(struct jobopt_use *u)
{
    static const char *const known[] = {"lz4", "none", NULL};
    if (u->arg && !jobopt_word_in(u->arg, known)) {
        jobopt_error(u->o, "Compression type '%s' unknown, disabling compression support.", u->arg);
        mem_set_str(&u->part->cli.compress, NULL);
        return 0;
    }
    mem_set_str(&u->part->cli.compress, u->arg ? u->arg : "lz4");
    return 0;
}

int set_send_libs(struct jobopt_use *u)
{
    static const char *const yes[] = {"yes", "y", "1", NULL}, *const no[] = {"no", "n", "0", NULL};
    if (u->arg && !jobopt_word_in(u->arg, yes) && !jobopt_word_in(u->arg, no))
        return jobopt_bad_arg(u);
    u->part->cli.send_libs = !u->arg || jobopt_word_in(u->arg, yes);
    return 0;
}

static const char cpu_bind_help[] =
    "CPU bind options:\n"
    "    --cpu-bind=         Bind tasks to CPUs\n"
    "        q[uiet]         quietly bind before task runs (default)\n"
    "        v[erbose]       verbosely report binding before task runs\n"
    "        no[ne]          don't bind tasks to CPUs (default)\n"
    "        map_cpu:<list>  specify a CPU ID binding for each task\n"
    "                        where <list> is <cpuid1>,<cpuid2>,...<cpuidN>\n"
    "        mask_cpu:<list> specify a CPU ID binding mask for each task\n"
    "                        where <list> is <mask1>,<mask2>,...<maskN>\n"
    "        rank_ldom       bind task by rank to CPUs in a NUMA locality domain\n"
    "        map_ldom:<list> specify a NUMA locality domain ID for each task\n"
    "                        where <list> is <ldom1>,<ldom2>,...<ldomN>\n"
    "        mask_ldom:<list>specify a NUMA locality domain ID mask for each task\n"
    "                        where <list> is <mask1>,<mask2>,...<maskN>\n"
    "        sockets         auto-generated masks bind to sockets\n"
    "        cores           auto-generated masks bind to cores\n"
    "        threads         auto-generated masks bind to threads\n"
    "        ldoms           auto-generated masks bind to NUMA locality domains\n"
    "        help            show this help message\n";

static const char mem_bind_help[] = "Memory bind options:\n"
                                    "    --mem-bind=         Bind memory to locality domains (ldom)\n"
                                    "        q[uiet]         quietly bind before task runs (default)\n"
                                    "        v[erbose]       verbosely report binding before task runs\n"
                                    "        no[ne]          don't bind tasks to memory (default)\n"
                                    "        rank            bind by task rank\n"
                                    "        local           bind to memory local to processor\n"
                                    "        map_mem:<list>  specify a memory binding for each task\n"
                                    "                        where <list> is <cpuid1>,<cpuid2>,...<cpuidN>\n"
                                    "        mask_mem:<list> specify a memory binding mask for each tasks\n"
                                    "                        where <list> is <mask1>,<mask2>,...<maskN>\n"
                                    "        help            show this help message\n";

/* The words of a binding and those of them that take a list. What follows such a word belongs to its list. */
struct binding {
    const char *option;
    const char *const *words, *const *with_list;
};

/* 0, or -1 after a message. */
static int check_binding(struct jobopt *o, const struct binding *b, const char *text)
{
    while (*text) {
        char word[32];
        size_t len = strcspn(text, ",:;");
        bool fits = buf_print(word, sizeof word, "%.*s", (int)len, text);
        if (fits && jobopt_word_in(word, b->with_list)) {
            if (text[len] == ':' && text[len + 1])
                return 0;
            jobopt_error(o, "missing list for \"--%s=%s:<list>\"", b->option, word);
            return -1;
        }
        if (!fits || text[len] == ':' || !jobopt_word_in(word, b->words)) {
            jobopt_error(o, "unrecognized --%s argument \"%s\"", b->option, text);
            return -1;
        }
        text += len + (text[len] != '\0');
    }
    return 0;
}

/* What is given without "rank", which Slurm has given up. Words after one with a list belong to the list. */
static void leave_rank(struct jobopt *o, const char *text, struct buf *ret)
{
    while (*text) {
        size_t len = strcspn(text, ",;");
        if (len == 4 && text_casecmp_n(text, "rank", len) == 0) {
            jobopt_info(o, "Ignoring --cpu-bind=rank. Rank binding is obsolete.");
        } else {
            buf_sep(ret, ",");
            buf_add(ret, text, memchr(text, ':', len) ? strlen(text) : len);
        }
        if (memchr(text, ':', len))
            return;
        text += len + (text[len] != '\0');
    }
}

int set_cpu_bind(struct jobopt_use *u)
{
    static const char *const words[] = {"q",      "quiet",      "v",      "verbose", "no",          "none",
                                        "rank",   "rank_ldom",  "socket", "sockets", "core",        "cores",
                                        "thread", "threads",    "ldom",   "ldoms",   "autobind=no", "boards",
                                        "board",  "one_thread", "",       NULL};
    static const char *const with_list[] = {"map_cpu", "mask_cpu", "map_ldom", "mask_ldom",
                                            "mapcpu",  "maskcpu",  NULL};
    static const struct binding binding = {"cpu-bind", words, with_list};
    if (text_casecmp(u->arg, "help") == 0) {
        buf_adds(&u->o->out, cpu_bind_help);
        u->o->exit_code = JOBOPT_EXIT;
        return -1;
    }
    if (check_binding(u->o, &binding, u->arg) < 0)
        return jobopt_fatal(u->o, "Failed to parse --cpu-bind= values.");
    struct buf kept = BUF_INIT;
    leave_rank(u->o, u->arg, &kept);
    mem_set_str(&u->part->spec.cpu_bind, kept.len ? kept.s : NULL);
    buf_release(&kept);
    return 0;
}

/* "g", "n" and "v" in any order; other letters mean nothing. */
int set_accel_bind(struct jobopt_use *u)
{
    if (u->arg[strcspn(u->arg, "gnv")])
        return 0;
    return jobopt_fail(u->o, JOBOPT_EXIT_ARG, "Invalid --accel-bind specification");
}

/* The numbers of map_mem and the masks of mask_mem. */
static int check_memory_list(struct jobopt *o, const char *text)
{
    const char *map = strstr(text, "map_mem:"), *mask = strstr(text, "mask_mem:");
    if (!map && !mask)
        return 0;
    struct text_list items = {0};
    int rc = 0;
    text_split(&items, strchr(map ? map : mask, ':') + 1, ',');
    for (uint32_t i = 0; i < items.n && rc == 0; i++) {
        const char *item = items.v[i];
        size_t skip = !map && text_starts_nocase(item, "0x") ? 2 : 0;
        size_t good = skip + strspn(item + skip, map ? "0123456789*" : "0123456789abcdefABCDEF*");
        if (item[good]) {
            jobopt_error(o, "Failed to validate number: %s, the offending character is %c", item, item[good]);
            rc = -1;
        }
    }
    text_list_release(&items);
    return rc;
}

int set_mem_bind(struct jobopt_use *u)
{
    static const char *const words[] = {"q",    "quiet", "v", "verbose", "no", "none",
                                        "rank", "local", "p", "prefer",  NULL};
    static const char *const with_list[] = {"map_mem", "mask_mem", "mapmem", "maskmem", NULL};
    static const struct binding binding = {"mem-bind", words, with_list};
    if (text_casecmp(u->arg, "help") == 0) {
        buf_adds(&u->o->out, mem_bind_help);
        u->o->exit_code = JOBOPT_EXIT_ARG;
        return -1;
    }
    if (!*u->arg)
        jobopt_error(u->o, "unrecognized --mem-bind argument \"\"");
    if (!*u->arg || check_binding(u->o, &binding, u->arg) < 0 || check_memory_list(u->o, u->arg) < 0) {
        u->o->exit_code = JOBOPT_EXIT_ARG;
        return -1;
    }
    mem_set_str(&u->part->spec.mem_bind, u->arg);
    return 0;
}

int set_het_group(struct jobopt_use *u)
{
    struct bits groups = {0};
    struct err e;
    int rc = *u->arg ? bits_parse(&groups, u->arg, &e) : -1;
    bits_release(&groups);
    if (rc < 0)
        return jobopt_fail(u->o, JOBOPT_EXIT, "Invalid --het-group value: %s", u->arg);
    mem_set_str(&u->part->cli.het_group, u->arg);
    return 0;
}

int set_ignore_signals(struct jobopt_use *u)
{
    struct text_list items = {0};
    uint32_t number;
    int rc = 0;
    text_split(&items, u->arg, ',');
    for (uint32_t i = 0; i < items.n && rc == 0; i++) {
        if (!jobopt_signal(items.v[i], &number))
            rc = jobopt_fail(u->o, JOBOPT_EXIT_ARG, "Invalid signal name or number: %s", items.v[i]);
    }
    text_list_release(&items);
    mem_set_str(&u->part->cli.ignore_signals, u->arg);
    return rc;
}

int set_jobid(struct jobopt_use *u)
{
    if (*u->arg == '\0')
        return jobopt_fatal(u->o, "Bad job/step specified: : JobID must not be an empty string");
    /* What follows the number, a task of an array, a component or a step, does not matter to Slurm. */
    size_t digits = strspn(u->arg, "0123456789");
    char *number = mem_strndup(u->arg, u->arg[digits] && !strchr("._+", u->arg[digits]) ? 0 : digits);
    bool good = text_to_u32(number, &u->part->cli.jobid) && u->part->cli.jobid != 0;
    mem_free(number);
    if (!good)
        return jobopt_fatal(u->o, "Bad job/step specified: %s: JobID can not be zero", u->arg);
    u->part->cli.jobid_from_env = u->source == JOBOPT_ENV;
    return 0;
}

int set_kill_on_bad_exit(struct jobopt_use *u)
{
    uint32_t v = 1;
    if (u->arg && jobopt_number(u, u->arg, "--kill-on-bad-exit", 0, INT32_MAX, &v) < 0)
        return -1;
    u->part->cli.kill_on_bad_exit = v != 0;
    return 0;
}

static const char *const MPI_TYPES[] = {"none", "pmi2", NULL};

bool jobopt_mpi_known(const char *type)
{
    for (const char *const *name = MPI_TYPES; *name; name++)
        if (strcmp(type, *name) == 0)
            return true;
    return strcmp(type, "openmpi") == 0; /* the old name of none */
}

int set_mpi(struct jobopt_use *u)
{
    if (text_casecmp(u->arg, "list") == 0) {
        buf_adds(&u->o->out, "MPI plugin types are...\n");
        for (const char *const *name = MPI_TYPES; *name; name++)
            buf_addf(&u->o->out, "\t%s\n", *name);
        u->o->exit_code = 0;
        return -1;
    }
    if (!jobopt_mpi_known(u->arg)) {
        jobopt_error(u->o, "MPI: Cannot create context for mpi/%s", u->arg);
        jobopt_error(u->o, "MPI: Unable to load any plugin");
        return jobopt_fail(u->o, JOBOPT_EXIT, "Invalid MPI type '%s', --mpi=list for acceptable types",
                           u->arg);
    }
    mem_set_str(&u->part->cli.mpi_type, u->arg);
    return 0;
}

int set_pty(struct jobopt_use *u)
{
    if (u->arg && !text_to_u32(u->arg, &u->part->cli.pty_fd))
        return jobopt_fatal(u->o, "--pty=%s must be numeric file descriptor", u->arg);
    u->part->cli.pty = true;
    return 0;
}

int set_slurmd_debug(struct jobopt_use *u)
{
    static const char *const levels[] = {"quiet", "fatal",  "error",  "info",   "verbose",
                                         "debug", "debug2", "debug3", "debug4", "debug5"};
    uint32_t level;
    /* Inside a job the variable is what the daemon itself was told, not a request. */
    if (u->source == JOBOPT_ENV && u->o->world.uid != 0)
        return 0;
    if (u->o->world.uid != 0)
        return jobopt_fail(u->o, JOBOPT_EXIT_ARG,
                           "Use of --slurmd-debug is allowed only for root and SlurmUser(slurm)");
    if (text_to_u32(u->arg, &level)) {
        u->part->cli.slurmd_debug = level;
        return 0;
    }
    for (uint32_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        if (text_casecmp(u->arg, levels[i]) == 0) {
            u->part->cli.slurmd_debug = i;
            return 0;
        }
    }
    return jobopt_bad_arg(u);
}

int set_treewidth(struct jobopt_use *u)
{
    if (text_casecmp(u->arg, "off") == 0) {
        u->part->cli.tree_width = INFINITE;
        return 0;
    }
    uint32_t width;
    if (!text_to_u32(u->arg, &width) || width > UINT16_MAX)
        return jobopt_fail(u->o, JOBOPT_EXIT_ARG, "Invalid --treewidth value: %s", u->arg);
    u->part->cli.tree_width = width;
    return 0;
}

int set_resv_ports(struct jobopt_use *u)
{
    uint32_t v = 0;
    if (u->arg && jobopt_number(u, u->arg, "--resv-port", 0, NO_VAL16 - 1, &v) < 0)
        return -1;
    if (u->o->cmd != JOBOPT_SRUN)
        return jobopt_fail(
            u->o, JOBOPT_EXIT,
            "Slurmstepd step management must be enabled to use --resv-ports for job allocations");
    u->part->spec.resv_ports = (uint16_t)v;
    return 0;
}
