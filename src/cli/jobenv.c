/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/jobenv.h"

#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "cli/rlimits.h"
#include "nodecore/env.h"

enum { EXPORT_FILE_MAX = 4 << 20 };

/* --- the list --- */

static int64_t find(const struct jobenv *e, const char *name, size_t len)
{
    for (uint32_t i = 0; i < e->vars.n; i++) {
        if (strncmp(e->vars.v[i], name, len) == 0 && e->vars.v[i][len] == '=')
            return i;
    }
    return -1;
}

void jobenv_release(struct jobenv *e)
{
    for (uint32_t i = 0; i < e->vars.n; i++)
        mem_free(e->vars.v[i]);
    VEC_FREE(&e->vars);
}

void jobenv_setf(struct jobenv *e, const char *name, const char *fmt, ...)
{
    struct buf b = BUF_INIT;
    va_list ap;
    va_start(ap, fmt);
    buf_addv(&b, fmt, ap);
    va_end(ap);
    jobenv_set(e, name, b.s);
    buf_release(&b);
}

void jobenv_set(struct jobenv *e, const char *name, const char *value)
{
    int64_t at = find(e, name, strlen(name));
    char **slot = at < 0 ? VEC_PUSH(&e->vars) : &e->vars.v[at];
    mem_free(*slot);
    *slot = buf_format("%s=%s", name, value);
}

const char *jobenv_get(const struct jobenv *e, const char *name)
{
    size_t len = strlen(name);
    int64_t at = find(e, name, len);
    return at < 0 ? NULL : e->vars.v[at] + len + 1;
}

/* --- what is taken over --- */

/* "NAME=value" as it is. Names in an environment are unique, so nothing is searched for. */
static void take(struct jobenv *e, const char *entry)
{
    *VEC_PUSH(&e->vars) = mem_strdup(entry);
}

static bool always_goes(const char *entry)
{
    return strncmp(entry, "SLURM_", 6) == 0 || strncmp(entry, "SPANK_", 6) == 0;
}

static void take_matching(struct jobenv *e, char *const *env, bool all)
{
    for (; env && *env; env++) {
        if (strchr(*env, '=') && (all || always_goes(*env)))
            take(e, *env);
    }
}

/* The length of one item of --export: a comma inside quotes is part of a value. */
static size_t item_len(const char *s)
{
    char quote = '\0';
    size_t n = 0;
    for (; s[n] && (quote || s[n] != ','); n++) {
        if (quote ? s[n] == quote : s[n] == '"' || s[n] == '\'')
            quote = quote ? '\0' : s[n];
    }
    return n;
}

static bool is_word(const char *s, size_t len, const char *word)
{
    return strlen(word) == len && text_casecmp_n(s, word, len) == 0;
}

static bool names_all(const char *list)
{
    for (const char *at = list; *at;) {
        size_t len = item_len(at);
        if (is_word(at, len, "ALL"))
            return true;
        at += len + (at[len] == ',');
    }
    return false;
}

/* "ALL", "NONE", "NIL", or "NAME,NAME=value": into e. */
static void take_exported(struct jobenv *e, char *const *env, const char *list)
{
    bool all = !list || names_all(list);
    take_matching(e, env, all);
    if (!list || is_word(list, strlen(list), "NONE") || is_word(list, strlen(list), "NIL"))
        return;
    for (const char *at = list; *at;) {
        size_t len = item_len(at);
        char *item = mem_strndup(at, len), *equals = strchr(item, '=');
        if (equals)
            *equals = '\0';
        const char *value = equals ? equals + 1 : jobopt_env(env, item);
        if (len && value && !is_word(item, strlen(item), "ALL"))
            jobenv_set(e, item, value);
        mem_free(item);
        at += len + (at[len] == ',');
    }
}

int jobenv_read_file(struct jobenv *e, const char *file, struct err *err)
{
    uint32_t number;
    bool is_fd = text_to_u32(file, &number);
    int fd = is_fd ? (int)number : open(file, O_RDONLY | O_CLOEXEC);
    struct buf b = BUF_INIT;
    ssize_t n = fd < 0 ? -1 : 1;
    while (n > 0 && b.len <= EXPORT_FILE_MAX) {
        buf_reserve(&b, 4096);
        n = read(fd, b.s + b.len, 4096);
        b.len += n > 0 ? (size_t)n : 0;
    }
    if (fd >= 0 && !is_fd)
        close(fd);
    int rc = 0;
    if (n < 0)
        rc = err_set(err, ERR_INVALID, "Could not open user environment file %s", file);
    else if (b.len > EXPORT_FILE_MAX)
        rc = err_set(err, ERR_TOO_BIG, "User environment file %s has more than %u bytes", file,
                     EXPORT_FILE_MAX);
    for (size_t at = 0; rc == 0 && at < b.len;) {
        size_t len = strnlen(b.s + at, b.len - at);
        char *entry = mem_strndup(b.s + at, len), *equals = strchr(entry, '=');
        if (equals && equals > entry) {
            *equals = '\0';
            jobenv_set(e, entry, equals + 1);
        }
        mem_free(entry);
        at += len + 1;
    }
    buf_release(&b);
    return rc;
}

/* --- what is derived --- */

static void set_text(struct jobenv *e, const char *name, const char *value)
{
    if (value)
        jobenv_set(e, name, value);
}

static void set_lower(struct jobenv *e, const char *name, const char *value)
{
    struct buf b = BUF_INIT;
    for (; *value; value++)
        buf_addc(&b, text_lower(*value));
    jobenv_set(e, name, b.s);
    buf_release(&b);
}

static void set_count(struct jobenv *e, const char *name, uint16_t value)
{
    if (value != NO_VAL16)
        jobenv_setf(e, name, "%u", value);
}

static void set_size(struct jobenv *e, const char *name, uint64_t value)
{
    if (value != NO_VAL64)
        jobenv_setf(e, name, "%llu", (unsigned long long)value);
}

/* A request for all of a node's memory (--mem=0) is no amount. */
static void set_memory(struct jobenv *e, const struct job_spec *s)
{
    if (s->mem_per_node != 0)
        set_size(e, "SLURM_MEM_PER_NODE", s->mem_per_node);
    set_size(e, "SLURM_MEM_PER_CPU", s->mem_per_cpu);
    set_size(e, "SLURM_MEM_PER_GPU", s->mem_per_gpu);
}

static void set_counts(struct jobenv *e, const struct job_spec *s)
{
    if (s->ntasks != NO_VAL) {
        jobenv_setf(e, "SLURM_NTASKS", "%u", s->ntasks);
        jobenv_setf(e, "SLURM_NPROCS", "%u", s->ntasks);
    }
    set_count(e, "SLURM_NTASKS_PER_NODE", s->ntasks_per_node);
    set_count(e, "SLURM_NTASKS_PER_SOCKET", s->ntasks_per_socket);
    set_count(e, "SLURM_NTASKS_PER_CORE", s->ntasks_per_core);
    set_count(e, "SLURM_CPUS_PER_TASK", s->cpus_per_task);
    set_count(e, "SLURM_THREADS_PER_CORE", s->threads_per_core);
    set_text(e, "SLURM_TRES_PER_TASK", s->tres_per_task);
    if (s->overcommit == 1)
        jobenv_set(e, "SLURM_OVERCOMMIT", "1");
}

static void set_gpus(struct jobenv *e, const struct jobopt_part *p)
{
    static const char *const names[][2] = {{"gpus", "SLURM_GPUS"},
                                           {"gpus-per-node", "SLURM_GPUS_PER_NODE"},
                                           {"gpus-per-socket", "SLURM_GPUS_PER_SOCKET"},
                                           {"cpus-per-gpu", "SLURM_CPUS_PER_GPU"},
                                           {"gpu-freq", "SLURM_GPU_FREQ"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        set_text(e, names[i][1], jobopt_text(p, names[i][0]));
    set_text(e, "SLURM_TRES_BIND", p->spec.tres_bind);
}

/* The words of a list with a capital first letter: "Task,Energy". */
static void set_words(struct jobenv *e, const char *name, const char *list)
{
    struct buf b = BUF_INIT;
    bool first = true;
    for (; list && *list; list++) {
        buf_addc(&b, first ? text_upper(*list) : text_lower(*list));
        first = *list == ',' || *list == '-' || *list == ':';
    }
    if (b.len)
        jobenv_set(e, name, b.s);
    buf_release(&b);
}

/* A binding such as "v,map_mem:0,1" in its parts. */
struct binding {
    bool verbose;
    struct buf type;  /* "map_mem:", "local", "local,prefer" */
    const char *list; /* "0,1" */
};

static void read_binding(const char *text, struct binding *b)
{
    *b = (struct binding){.type = BUF_INIT, .list = ""};
    for (const char *at = text; *at;) {
        size_t len = strcspn(at, ",:");
        if (is_word(at, len, "v") || is_word(at, len, "verbose")) {
            b->verbose = true;
        } else if (!is_word(at, len, "q") && !is_word(at, len, "quiet")) {
            buf_sep(&b->type, ",");
            buf_add(&b->type, at, len + (at[len] == ':'));
        }
        if (at[len] == ':') {
            b->list = at + len + 1;
            break;
        }
        at += len + (at[len] == ',');
    }
}

/* What the counts of tasks on a core or a socket, or of threads, say of the binding when nothing else does.
 * Tasks per socket count only when this srun was asked for them: no variable hands them on. */
static const char *implied_binding(const struct jobopt_part *p)
{
    const struct job_spec *s = &p->spec;
    if (s->threads_per_core != NO_VAL16)
        return "threads";
    if (s->ntasks_per_core != NO_VAL16)
        return s->ntasks_per_core == 1 ? "cores" : "threads";
    return jobopt_given(p, "ntasks-per-socket") == JOBOPT_ARGV ? "sockets" : NULL;
}

/* srun gives its tasks all parts; sbatch and salloc hand on what srun has to know. */
static void set_binding(struct jobenv *e, const char *text, const char *name, bool for_tasks)
{
    struct binding b;
    char part[64];
    if (!text)
        return;
    read_binding(text, &b);
    const char *verbose = b.verbose ? "verbose" : "quiet";
    if (for_tasks) {
        jobenv_setf(e, name, "%s%s%s%s", verbose, b.type.len ? "," : "", b.type.s, b.list);
        buf_print(part, sizeof part, "%s_TYPE", name);
        jobenv_set(e, part, b.type.s);
        buf_print(part, sizeof part, "%s_LIST", name);
        jobenv_set(e, part, b.list);
    } else {
        jobenv_set(e, name, text);
    }
    buf_print(part, sizeof part, "%s_VERBOSE", name);
    jobenv_set(e, part, verbose);
    buf_release(&b.type);
}

static void set_layout(struct jobenv *e, const struct jobopt_part *p, bool for_tasks)
{
    const struct job_spec *s = &p->spec;
    const char *dist = jobopt_text(p, "distribution");
    if (s->dist == DIST_PLANE) {
        jobenv_set(e, "SLURM_DISTRIBUTION", "plane");
        jobenv_setf(e, "SLURM_DIST_PLANESIZE", "%u", s->plane_size);
    } else if (dist) {
        set_lower(e, "SLURM_DISTRIBUTION", dist);
    }
    if (!for_tasks)
        set_text(e, "SLURM_HINT", s->hint);
    set_text(e, "SLURM_NETWORK", s->network);
    if (!for_tasks || !s->profile || text_casecmp(s->profile, "none") != 0)
        set_words(e, "SLURM_PROFILE", s->profile);
    set_words(e, "SLURM_CPU_FREQ_REQ", s->cpu_freq);
    set_binding(e, s->mem_bind, "SLURM_MEM_BIND", for_tasks);
    set_binding(e, s->cpu_bind || !for_tasks ? s->cpu_bind : implied_binding(p), "SLURM_CPU_BIND", for_tasks);
    set_text(e, "SLURM_CONTAINER", s->container);
    set_text(e, "SLURM_CONTAINER_ID", s->container_id);
    set_text(e, "SLURM_CONTAINER_TYPE", jobopt_text(p, "container-type"));
    if (s->open_mode != OPEN_UNSET && !for_tasks)
        jobenv_set(e, "SLURM_OPEN_MODE", s->open_mode == OPEN_APPEND ? "a" : "t");
}

void jobenv_add_layout(struct jobenv *e, const struct jobopt_part *p, const struct step *step)
{
    const struct job_spec *s = &p->spec;
    /* A job of its own is laid out by the same request, and only one for memory is looked at again. */
    bool asked = p->cli.jobid != NO_VAL || s->mem_per_node != NO_VAL64 || s->mem_per_cpu != NO_VAL64;
    const char *given = jobenv_get(e, "SLURM_DISTRIBUTION");
    bool packing = given && (text_same(given, "pack") || text_same(given, "nopack"));
    if (!asked || (given && !packing))
        return;
    bool counted = p->cli.ntasks_given || !p->cli.cpus_given;
    const char *dist = counted && step->ntasks <= step->layout.n ? "cyclic" : "block";
    char *text = packing ? buf_format("%s,%s", dist, given) : mem_strdup(dist);
    jobenv_set(e, "SLURM_DISTRIBUTION", text);
    mem_free(text);
}

void jobenv_add_launchers(struct jobenv *e, bool no_hydra)
{
    bool hydra =
        env_wants_hydra(no_hydra, jobenv_get(e, "HYDRA_BOOTSTRAP"), jobenv_get(e, "I_MPI_HYDRA_BOOTSTRAP"));
    for (uint32_t i = 0; i < env_launchers_count; i++)
        if ((hydra || !env_launchers[i].hydra) && !jobenv_get(e, env_launchers[i].name))
            jobenv_set(e, env_launchers[i].name, env_launchers[i].value);
}

/* A "U" in front tells the node that the user asked for this limit by name. */
static void set_limits(struct jobenv *e, const struct jobopt_world *w, const char *propagate)
{
    for (uint32_t i = 0; i < rlimit_names_count; i++) {
        struct rlimit r;
        char name[48];
        bool goes = propagate ? rlimits_holds(propagate, rlimit_names[i].name)
                              : rlimits_propagate(w->limits, w->limits_except, rlimit_names[i].name);
        if (!goes || getrlimit((__rlimit_resource_t)rlimit_names[i].resource, &r) < 0)
            continue;
        buf_print(name, sizeof name, "SLURM_RLIMIT_%s", rlimit_names[i].name);
        jobenv_setf(e, name, "%s%llu", propagate ? "U" : "", (unsigned long long)r.rlim_cur);
    }
}

static void set_export(struct jobenv *e, const struct job_cli_opts *c)
{
    const char *list = c->export_env;
    set_text(e, "SLURM_EXPORT_ENV", list);
    bool wants_login = list && !is_word(list, strlen(list), "ALL") && !is_word(list, strlen(list), "NIL");
    if (c->get_user_env || wants_login || c->export_file)
        jobenv_set(e, "SLURM_GET_USER_ENV", "1");
}

/* What only srun tells its tasks. */
static void set_step(struct jobenv *e, const struct job_cli_opts *c, const struct job_spec *s)
{
    enum { LEVEL_INFO = 2, SRUN_LEVEL_INFO = 3 };
    jobenv_setf(e, "SLURM_UMASK", "%04o", s->umask);
    set_text(e, "SLURMD_TRES_FREQ", s->tres_freq);
    jobenv_setf(e, "SRUN_DEBUG", "%u", SRUN_LEVEL_INFO + c->verbose - c->quiet);
    jobenv_setf(e, "SLURMD_DEBUG", "%u", c->slurmd_debug == NO_VAL ? LEVEL_INFO : c->slurmd_debug);
    if (c->label)
        jobenv_set(e, "SLURM_LABELIO", "1");
}

int jobenv_make(struct jobenv *e, const struct jobopt *o, const struct jobopt_part *p, struct err *err)
{
    const struct job_cli_opts *c = &o->parts[0]->cli;
    bool is_srun = o->cmd == JOBOPT_SRUN, in_job = is_srun && c->jobid != NO_VAL;
    *e = (struct jobenv){0};
    if (!c->export_file) {
        take_exported(e, o->world.env, c->export_env);
    } else if (jobenv_read_file(e, c->export_file, err) < 0) {
        jobenv_release(e);
        return -err->code;
    }
    /* A step leaves standing where its job was submitted, and the job's name unless it has one of its own. */
    if (!in_job) {
        jobenv_set(e, "SLURM_SUBMIT_DIR", o->world.cwd);
        jobenv_set(e, "SLURM_SUBMIT_HOST", o->world.hostname);
    }
    if (!in_job || p->cli.job_name_given)
        jobenv_set(e, "SLURM_JOB_NAME", p->spec.name);
    if (o->cmd == JOBOPT_SBATCH)
        set_export(e, c);
    if (o->cmd != JOBOPT_SALLOC) {
        jobenv_setf(e, "SLURM_PRIO_PROCESS", "%d", getpriority(PRIO_PROCESS, 0));
        set_limits(e, &o->world, c->propagate);
    }
    if (is_srun)
        set_step(e, c, &p->spec);
    else
        set_count(e, "SLURM_NTASKS_PER_GPU", p->spec.ntasks_per_gpu);
    if (is_srun)
        set_count(e, "SLURM_NTASKS_PER_TRES", p->spec.ntasks_per_gpu);
    set_counts(e, &p->spec);
    if (!in_job)
        set_memory(e, &p->spec);
    set_gpus(e, p);
    set_layout(e, p, is_srun);
    return 0;
}
