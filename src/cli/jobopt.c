/* SPDX-License-Identifier: Apache-2.0 */
/* Drives the reading of options: script, environment, command line, then the checks. */
#include "cli/jobopt_priv.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "cli/foreign.h"
#include "cli/sbatch_script.h"
#include "version.h"

/* --- life --- */

static void drop_words(struct jobopt_part *p)
{
    for (uint32_t i = 0; i < p->argc; i++)
        mem_free(p->argv[i]);
    mem_free(p->argv);
    p->argv = NULL;
    p->argc = 0;
}

static struct jobopt_part *part_new(void)
{
    struct jobopt_part *p = mem_alloc(sizeof *p);
    meta_init(&record_job_spec, &p->spec);
    struct job_cli_opts *c = &p->cli;
    c->uid = c->gid = c->immediate = c->jobid = c->pty_fd = c->kill_on_bad_exit = NO_VAL;
    c->max_wait = c->relative = c->max_threads = c->tree_width = c->msg_timeout = c->slurmd_debug = NO_VAL;
    return p;
}

static void part_free(struct jobopt_part *p)
{
    struct job_cli_opts *c = &p->cli;
    char *texts[] = {c->export_env, c->export_file,   c->propagate,   c->wrap,          c->mpi_type,
                     c->bcast,      c->bcast_exclude, c->compress,    c->het_group,     c->prolog,
                     c->epilog,     c->task_prolog,   c->task_epilog, c->ignore_signals};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        mem_free(texts[i]);
    for (uint32_t i = 0; i < JOBOPT_ROWS_MAX; i++)
        mem_free(p->given[i]);
    drop_words(p);
    meta_release(&record_job_spec, &p->spec);
    mem_free(p);
}

void jobopt_init(struct jobopt *o, enum jobopt_cmd cmd, const struct jobopt_world *world)
{
    *o = (struct jobopt){.cmd = cmd, .world = *world, .script = BUF_INIT, .out = BUF_INIT, .log = BUF_INIT};
    o->name = cmd == JOBOPT_SBATCH ? "sbatch" : cmd == JOBOPT_SRUN ? "srun" : "salloc";
}

const struct jobopt_world *jobopt_conf(struct jobopt *o)
{
    if (o->world.read_conf)
        o->world.read_conf(&o->world, o->world.read_conf_arg);
    o->world.read_conf = NULL;
    return &o->world;
}

void jobopt_release(struct jobopt *o)
{
    for (uint32_t i = 0; i < o->n_parts; i++)
        part_free(o->parts[i]);
    mem_free(o->parts);
    mem_free(o->script_path);
    buf_release(&o->script);
    buf_release(&o->out);
    buf_release(&o->log);
    *o = (struct jobopt){0};
}

static struct jobopt_part *part_add(struct jobopt *o)
{
    o->parts = mem_realloc(o->parts, (o->n_parts + 1) * sizeof *o->parts);
    o->parts[o->n_parts] = part_new();
    return o->parts[o->n_parts++];
}

/* --- messages --- */

static void say(struct jobopt *o, const char *level, const char *fmt, va_list ap)
{
    buf_addf(&o->log, "%s: %s", o->name, level);
    buf_addv(&o->log, fmt, ap);
    buf_addc(&o->log, '\n');
}

void jobopt_error(struct jobopt *o, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say(o, "error: ", fmt, ap);
    va_end(ap);
}

void jobopt_info(struct jobopt *o, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say(o, "", fmt, ap);
    va_end(ap);
}

void jobopt_warn(struct jobopt *o, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say(o, "warning: ", fmt, ap);
    va_end(ap);
}

int jobopt_fail(struct jobopt *o, int exit_code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say(o, "error: ", fmt, ap);
    va_end(ap);
    o->exit_code = exit_code;
    return -1;
}

int jobopt_fatal(struct jobopt *o, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say(o, "fatal: ", fmt, ap);
    va_end(ap);
    o->exit_code = JOBOPT_EXIT;
    return -1;
}

int jobopt_bad_arg(struct jobopt_use *u)
{
    return jobopt_fail(u->o, JOBOPT_EXIT_ARG, "Invalid --%s specification", u->row->name);
}

/* A text of several lines, each with the command's name. */
static int fail_lines(struct jobopt *o, const char *text)
{
    while (*text) {
        size_t len = strcspn(text, "\n");
        jobopt_error(o, "%.*s", (int)len, text);
        text += len + (text[len] == '\n');
    }
    o->exit_code = JOBOPT_EXIT;
    return -1;
}

/* --- one option --- */

enum jobopt_source jobopt_given(const struct jobopt_part *p, const char *name)
{
    enum jobopt_source source = JOBOPT_UNSET;
    for (uint32_t i = 0; i < jobopt_rows_count; i++) {
        if (p->source[i] > source && strcmp(jobopt_rows[i].name, name) == 0)
            source = p->source[i];
    }
    return source;
}

const char *jobopt_text(const struct jobopt_part *p, const char *name)
{
    const char *text = NULL;
    for (uint32_t i = 0; i < jobopt_rows_count && !text; i++) {
        if (p->given[i] && strcmp(jobopt_rows[i].name, name) == 0)
            text = p->given[i];
    }
    return text;
}

static void list_matching(struct jobopt *o, const char *start)
{
    for (uint32_t i = 0; i < jobopt_rows_count; i++) {
        const struct jobopt_row *row = &jobopt_rows[i];
        if ((row->cmds & o->cmd) && row->section != SECTION_HIDDEN && text_starts(row->name, start))
            buf_addf(&o->out, "--%s%s\n", row->name, row->arg == ARG_NONE ? "" : "=");
    }
}

/* --help and its like end the reading: -1 with exit code 0 and a text in o->out. */
static int answer_early(struct jobopt *o, const struct jobopt_row *row, const char *arg)
{
    if (strcmp(row->name, "help") == 0)
        jobopt_help(o->cmd, &o->out);
    else if (strcmp(row->name, "usage") == 0)
        jobopt_usage(o->cmd, &o->out);
    else if (strcmp(row->name, "version") == 0)
        buf_addf(&o->out, "slurm %s (Sluice %s)\n", SLURM_VERSION, SLUICE_VERSION);
    else
        list_matching(o, arg);
    o->exit_code = 0;
    return -1;
}

/* Options that only the command line knows. */
static bool not_in_script(const struct jobopt_row *row)
{
    return row->kind == KIND_EARLY || strcmp(row->name, "wrap") == 0;
}

int jobopt_apply(struct jobopt *o, struct jobopt_part *p, const struct jobopt_row *row, const char *arg,
                 enum jobopt_source source)
{
    row = jobopt_resolve(row);
    if (source == JOBOPT_SCRIPT && not_in_script(row))
        return 0;
    if (row->kind == KIND_EARLY)
        return answer_early(o, row, arg);
    struct jobopt_use u = {.o = o, .part = p, .row = row, .arg = arg, .source = source};
    if (jobopt_store(&u) < 0)
        return -1;
    uint32_t i = jobopt_index(row);
    /* What a step inherits was said when its job was submitted. */
    bool inherited = source == JOBOPT_ENV && jobopt_env(o->world.env, "SLURM_JOB_ID");
    bool asks = !arg || text_casecmp(arg, "none") != 0; /* "none" asks for what happens anyway */
    if (row->effect == NO_EFFECT_YET && asks && p->source[i] == JOBOPT_UNSET && !inherited)
        jobopt_warn(o, "--%s has no effect yet", row->name);
    p->source[i] = source;
    mem_set_str(&p->given[i], arg ? arg : "");
    return 0;
}

/* --- environment --- */

const char *jobopt_env(char *const *env, const char *name)
{
    size_t len = strlen(name);
    for (; env && *env; env++) {
        if (strncmp(*env, name, len) == 0 && (*env)[len] == '=')
            return *env + len + 1;
    }
    return NULL;
}

static bool says_yes(const char *value)
{
    uint32_t number;
    return *value == '\0' || text_casecmp(value, "yes") == 0 || (text_to_u32(value, &number) && number != 0);
}

static int apply_env_value(struct jobopt *o, struct jobopt_part *p, const struct jobopt_row *row,
                           const char *value)
{
    if (row->arg == ARG_NONE && strcmp(row->name, "verbose") != 0) {
        if (!says_yes(value))
            return 0;
        value = NULL;
    } else if (row->arg == ARG_MAYBE && *value == '\0') {
        value = NULL;
    }
    return jobopt_apply(o, p, row, value, JOBOPT_ENV);
}

/* All the variables of one row, the most important last. */
static int apply_env_row(struct jobopt *o, struct jobopt_part *p, char *const *env,
                         const struct jobopt_row *row)
{
    const char *names = o->cmd == JOBOPT_SBATCH   ? row->env_sbatch
                        : o->cmd == JOBOPT_SALLOC ? row->env_salloc
                                                  : row->env_srun;
    while (names && *names) {
        char name[64];
        size_t len = strcspn(names, " ");
        buf_print(name, sizeof name, "%.*s", (int)len, names);
        names += len + (names[len] == ' ');
        const char *value = jobopt_env(env, name);
        if (value && apply_env_value(o, p, row, value) < 0)
            return -1;
    }
    return 0;
}

int jobopt_apply_env(struct jobopt *o, struct jobopt_part *p)
{
    /* Most variables are none of ours: keep the few that may be, so that not every row searches them all. */
    VEC(char *) ours = {0};
    for (char *const *env = o->world.env; env && *env; env++) {
        if (strncmp(*env, "SLURM", 5) == 0 || strncmp(*env, "SBATCH_", 7) == 0 ||
            strncmp(*env, "SALLOC_", 7) == 0 || strncmp(*env, "SRUN_", 5) == 0)
            *VEC_PUSH(&ours) = *env;
    }
    *VEC_PUSH(&ours) = NULL;
    bool in_job = o->cmd == JOBOPT_SRUN && jobopt_env(ours.v, "SLURM_JOB_ID");
    int rc = 0;
    for (uint32_t i = 0; i < jobopt_rows_count && rc == 0; i++) {
        /* Inside a job SLURM_JOB_NAME is the job's name, not that of each step. */
        if ((jobopt_rows[i].cmds & o->cmd) && !(in_job && strcmp(jobopt_rows[i].name, "job-name") == 0))
            rc = apply_env_row(o, p, ours.v, &jobopt_rows[i]);
    }
    static const char *const wait[] = {[JOBOPT_SBATCH] = "SBATCH_WAIT4SWITCH",
                                       [JOBOPT_SALLOC] = "SALLOC_WAIT4SWITCH",
                                       [JOBOPT_SRUN] = "SLURM_WAIT4SWITCH"};
    const char *value = jobopt_env(ours.v, wait[o->cmd]);
    if (rc == 0 && value)
        jobopt_seconds(value, &p->spec.switches_wait);
    VEC_FREE(&ours);
    return rc;
}

/* --- script --- */

static int apply_sbatch_line(struct jobopt *o, struct jobopt_part *p, const struct script_line *line)
{
    struct jobopt_scan scan = {.o = o, .argc = (int)line->words.n, .argv = line->words.v};
    const struct jobopt_row *row;
    const char *arg;
    enum jobopt_scan_result r;
    while ((r = jobopt_scan_next(&scan, &row, &arg)) == SCAN_OPTION) {
        if (jobopt_apply(o, p, row, arg, JOBOPT_SCRIPT) < 0)
            return -1;
    }
    if (r == SCAN_BAD)
        return -1;
    if (scan.next < scan.argc)
        return jobopt_fail(o, JOBOPT_EXIT_ARG, "Invalid directive found in batch script: %s",
                           scan.argv[scan.next]);
    return 0;
}

int jobopt_directive(struct jobopt *o, struct jobopt_part *p, const struct script_line *line)
{
    return line->dialect == SCRIPT_SBATCH ? apply_sbatch_line(o, p, line) : foreign_directive(o, p, line);
}

static bool ignores_foreign(const struct jobopt *o)
{
    const char *value = jobopt_env(o->world.env, "SBATCH_IGNORE_PBS");
    return o->parts[0]->cli.ignore_pbs || (value && says_yes(value));
}

static int apply_script(struct jobopt *o, struct jobopt_part *p, const struct script_lines *lines,
                        uint32_t component)
{
    for (uint32_t i = 0; i < lines->lines.n; i++) {
        const struct script_line *line = &lines->lines.v[i];
        if (line->component != component)
            continue;
        if (line->dialect != SCRIPT_SBATCH && ignores_foreign(o))
            continue;
        if (jobopt_directive(o, p, line) < 0)
            return -1;
    }
    return 0;
}

/* --- command line --- */

static void keep_words(struct jobopt_part *p, char **words, int n)
{
    drop_words(p);
    p->argv = mem_array((size_t)n + 1, sizeof *p->argv);
    for (int i = 0; i < n; i++)
        p->argv[i] = mem_strdup(words[i]);
    p->argc = (uint32_t)n;
}

/* One component's options, from argv[at]. Gives where the next component begins. The words after the options
 * (script or command) are kept in p. */
static int read_component(struct jobopt *o, struct jobopt_part *p, int argc, char **argv, int at,
                          bool *ret_more)
{
    struct jobopt_scan scan = {.o = o, .argc = argc, .argv = argv, .next = at};
    const struct jobopt_row *row;
    const char *arg;
    enum jobopt_scan_result r;
    while ((r = jobopt_scan_next(&scan, &row, &arg)) == SCAN_OPTION) {
        if (jobopt_apply(o, p, row, arg, JOBOPT_ARGV) < 0)
            return -1;
    }
    if (r == SCAN_BAD)
        return -1;
    int end = scan.next;
    /* Every component of srun has a program of its own; the others have one for all, at the end. */
    while (o->cmd == JOBOPT_SRUN && end < argc && strcmp(argv[end], ":") != 0)
        end++;
    bool more = end < argc && strcmp(argv[end], ":") == 0;
    if (!more)
        end = argc;
    keep_words(p, argv + scan.next, end - scan.next);
    *ret_more = more;
    return more ? end + 1 : argc;
}

/* Moves the words from where they were found to the first component. */
static void share_words(struct jobopt *o)
{
    for (uint32_t i = o->n_parts - 1; i > 0; i--) {
        struct jobopt_part *p = o->parts[i];
        if (p->argc)
            keep_words(o->parts[0], p->argv, (int)p->argc);
        drop_words(p);
    }
}

/* sbatch must know its script before it reads the options for good: --wrap, --chdir and --ignore-pbs say
 * which it is and how it is read. The part made here is thrown away; errors of the command line show before
 * those of the script. */
static int look_ahead(struct jobopt *o, int argc, char **argv, struct jobopt_part **ret)
{
    struct jobopt_part *p = *ret = part_add(o);
    const struct jobopt_row *row;
    const char *arg;
    int at = 1;
    for (;;) {
        struct jobopt_scan scan = {.o = o, .argc = argc, .argv = argv, .next = at};
        enum jobopt_scan_result r;
        while ((r = jobopt_scan_next(&scan, &row, &arg)) == SCAN_OPTION) {
            if (jobopt_apply(o, p, row, arg, JOBOPT_ARGV) < 0)
                return -1;
        }
        if (r == SCAN_BAD)
            return -1;
        if (scan.next < argc && strcmp(argv[scan.next], ":") == 0) {
            at = scan.next + 1;
            continue;
        }
        keep_words(p, argv + scan.next, argc - scan.next);
        return 0;
    }
}

static int get_script(struct jobopt *o, const struct jobopt_part *ahead, struct script_lines *lines)
{
    struct err e = {0};
    const char *name = ahead->argc ? ahead->argv[0] : NULL;
    if (ahead->cli.wrap) {
        if (name)
            return jobopt_fail(o, JOBOPT_EXIT, "Script arguments not permitted with --wrap option");
        script_wrap(ahead->cli.wrap, &o->script);
        lines->components = 1;
        return 0;
    }
    if (name) {
        const char *folder = ahead->spec.work_dir ? ahead->spec.work_dir : o->world.cwd;
        o->script_path = script_find(name, folder, jobopt_env(o->world.env, "PATH"));
    }
    if (script_read(o->script_path, &o->script, &e) < 0 || script_check(&o->script, &e) < 0)
        return fail_lines(o, e.text);
    if (script_directives(&o->script, name ? name : "stdin", lines, &e) < 0)
        return jobopt_fatal(o, "%s", e.text);
    return 0;
}

/* The later components of a heterogeneous job take these from the first unless they say otherwise. */
static int inherit(struct jobopt *o, struct jobopt_part *p)
{
    static const char *const names[] = {"account",     "acctg-freq",  "begin",    "chdir",     "comment",
                                        "deadline",    "hold",        "job-name", "mail-type", "mail-user",
                                        "mem",         "mem-per-cpu", "nice",     "priority",  "qos",
                                        "reservation", "time",        "time-min", "wckey"};
    const struct jobopt_part *first = o->parts[0];
    int rc = 0;
    for (size_t i = 0; p != first && i < sizeof names / sizeof *names && rc == 0; i++) {
        const struct jobopt_row *row = jobopt_row(names[i]);
        uint32_t k = jobopt_index(row);
        /* As if from the environment: a memory option of its own hides an inherited one of another kind. */
        if (first->source[k] == JOBOPT_SCRIPT || first->source[k] == JOBOPT_ARGV)
            rc = jobopt_apply(o, p, row, *first->given[k] ? first->given[k] : NULL, JOBOPT_ENV);
    }
    return rc;
}

/* Every component in turn: its lines of the script, the environment, its part of the command line. */
static int read_components(struct jobopt *o, int argc, char **argv, const struct script_lines *lines)
{
    int at = 1;
    bool more = true;
    for (uint32_t k = 0; more || k < lines->components; k++) {
        if (k == JOBOPT_PARTS_MAX)
            return jobopt_fail(o, JOBOPT_EXIT, "more than %u components", JOBOPT_PARTS_MAX);
        struct jobopt_part *p = k < o->n_parts ? o->parts[k] : part_add(o);
        if (inherit(o, p) < 0 || apply_script(o, p, lines, k) < 0 || jobopt_apply_env(o, p) < 0)
            return -1;
        if (!more)
            continue;
        at = read_component(o, p, argc, argv, at, &more);
        if (at < 0)
            return -1;
    }
    return 0;
}

static int read_batch(struct jobopt *o, int argc, char **argv)
{
    struct script_lines lines = {0};
    struct jobopt_part *ahead = NULL;
    int rc = look_ahead(o, argc, argv, &ahead);
    if (rc == 0)
        rc = get_script(o, ahead, &lines);
    if (rc == 0) {
        bool ignore_pbs = ahead->cli.ignore_pbs;
        buf_clear(&o->log); /* what was said of the command line is said again */
        if (lines.packjob)
            jobopt_warn(o,
                        "The \"packjob\" component separator is deprecated. Please use \"hetjob\" instead.");
        if (lines.misnamed)
            buf_addf(
                &o->log,
                "%s: error: Change from #SLURM to #SBATCH in your script and verify the options are valid in "
                "sbatch\n",
                o->name);
        part_free(ahead);
        o->parts[0] = part_new();
        o->parts[0]->cli.ignore_pbs = ignore_pbs;
        rc = read_components(o, argc, argv, &lines);
    }
    script_lines_release(&lines);
    return rc;
}

enum jobopt_result jobopt_read(struct jobopt *o, int argc, char **argv)
{
    struct script_lines none = {.components = 1};
    int rc = o->cmd == JOBOPT_SBATCH ? read_batch(o, argc, argv) : read_components(o, argc, argv, &none);
    /* sbatch and salloc have one script or command for all components, written after the last. */
    if (rc == 0 && o->cmd != JOBOPT_SRUN && o->n_parts > 1)
        share_words(o);
    for (uint32_t i = 0; i < o->n_parts && rc == 0; i++)
        rc = jobopt_check(o, o->parts[i]);
    if (rc < 0)
        return o->exit_code == 0 || o->out.len ? JOBOPT_DONE : JOBOPT_FAILED;
    jobopt_finish(o, argc, argv);
    return JOBOPT_GO;
}
