/* SPDX-License-Identifier: Apache-2.0 */
/* squeue(1): jobs and steps in the queue. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/timetext.h"
#include "cli/commands.h"
#include "cli/fetch.h"
#include "cli/filters.h"
#include "cli/help.h"
#include "cli/jobcols.h"
#include "cli/jobfields.h"
#include "cli/jobjson.h"
#include "cli/jobview.h"
#include "cli/lines.h"
#include "cli/timefmt.h"

struct squeue {
    struct cli *cli;
    struct job_select select;
    struct layout layout;
    struct sort_spec sort;
    const char *sort_bad; /* what was not understood of it, or NULL */
    struct jobcols_ctx ctx;
    struct buf out;
    struct lines lines;   /* what will be printed ... */
    struct job_list kept; /* ... or, of --json, what it is about */
    uint32_t received;
    const char *format, *format_long, *sort_text, *states, *steps, *jobs, *json;
    bool all, array, header, long_form, want_steps, start, notme, per_partition, json_wanted, yaml, users_bad,
        bad_format;
    bool states_given;
    uint32_t iterate;
    int64_t over, under; /* seconds of --running-over and --running-under, -1 = not given */
};

enum {
    OPT_START = OPT_OWN,
    OPT_ME,
    OPT_NOTME,
    OPT_HIDE,
    OPT_JSON,
    OPT_YAML,
    OPT_IGNORED,
    OPT_NOCONVERT,
    OPT_EXPAND,
    OPT_OVER,
    OPT_UNDER,
};

static const struct option options[] = {
    {"account", required_argument, NULL, 'A'},
    {"accounts", required_argument, NULL, 'A'},
    {"all", no_argument, NULL, 'a'},
    {"array", no_argument, NULL, 'r'},
    {"array-unique", no_argument, NULL, OPT_IGNORED},
    {"clusters", required_argument, NULL, 'M'},
    {"cluster", required_argument, NULL, 'M'},
    {"expand-patterns", no_argument, NULL, OPT_EXPAND},
    {"federation", no_argument, NULL, OPT_IGNORED},
    {"format", required_argument, NULL, 'o'},
    {"Format", required_argument, NULL, 'O'},
    {"help", no_argument, NULL, OPT_HELP},
    {"helpformat", no_argument, NULL, OPT_HELPFORMAT},
    {"helpFormat", no_argument, NULL, OPT_HELPFORMAT_LONG},
    {"helpstate", no_argument, NULL, OPT_HELPSTATE},
    {"hide", no_argument, NULL, OPT_HIDE},
    {"iterate", required_argument, NULL, 'i'},
    {"jobs", optional_argument, NULL, 'j'},
    {"json", optional_argument, NULL, OPT_JSON},
    {"licenses", required_argument, NULL, 'L'},
    {"local", no_argument, NULL, OPT_IGNORED},
    {"long", no_argument, NULL, 'l'},
    {"me", no_argument, NULL, OPT_ME},
    {"name", required_argument, NULL, 'n'},
    {"noconvert", no_argument, NULL, OPT_NOCONVERT},
    {"node", required_argument, NULL, 'w'},
    {"nodes", required_argument, NULL, 'w'},
    {"nodelist", required_argument, NULL, 'w'},
    {"noheader", no_argument, NULL, 'h'},
    {"notme", no_argument, NULL, OPT_NOTME},
    {"only-job-state", no_argument, NULL, OPT_IGNORED},
    {"partitions", required_argument, NULL, 'p'},
    {"priority", no_argument, NULL, 'P'},
    {"qos", required_argument, NULL, 'q'},
    {"reservation", required_argument, NULL, 'R'},
    {"running-over", required_argument, NULL, OPT_OVER},
    {"running-under", required_argument, NULL, OPT_UNDER},
    {"sibling", no_argument, NULL, OPT_IGNORED},
    {"sort", required_argument, NULL, 'S'},
    {"start", no_argument, NULL, OPT_START},
    {"states", required_argument, NULL, 't'},
    {"steps", optional_argument, NULL, 's'},
    {"usage", no_argument, NULL, OPT_USAGE},
    {"users", required_argument, NULL, 'u'},
    {"verbose", no_argument, NULL, 'v'},
    {"version", no_argument, NULL, 'V'},
    {"yaml", optional_argument, NULL, OPT_YAML},
    {0},
};

static void bad_field(void *arg, const char *field)
{
    struct squeue *q = arg;
    cli_error(q->cli, "Invalid job%s format specification: %s", q->want_steps ? " step" : "", field);
    q->bad_format = true;
}

/* The default of an option may come from the environment. */
static void read_environment(struct squeue *q)
{
    const char *v;
    q->format = cli_getenv("SQUEUE_FORMAT");
    q->format_long = cli_getenv("SQUEUE_FORMAT2");
    q->sort_text = cli_getenv("SQUEUE_SORT");
    q->states = cli_getenv("SQUEUE_STATES");
    q->all = getenv("SQUEUE_ALL") != NULL;
    q->array = getenv("SQUEUE_ARRAY") != NULL;
    q->per_partition = getenv("SQUEUE_PRIORITY") != NULL;
    if ((v = cli_getenv("SQUEUE_ACCOUNT")))
        filters_strings(&q->select.accounts, v);
    if ((v = cli_getenv("SQUEUE_NAMES")))
        filters_strings(&q->select.names, v);
    if ((v = cli_getenv("SQUEUE_LICENSES")))
        filters_strings(&q->select.licenses, v);
    if ((v = cli_getenv("SQUEUE_PARTITION")))
        filters_strings(&q->select.partitions, v);
    if ((v = cli_getenv("SQUEUE_QOS")))
        filters_strings(&q->select.qos, v);
    if ((v = cli_getenv("SQUEUE_USERS")))
        q->users_bad |= !filters_users(q->cli, &q->select, v);
}

static void replace_list(struct meta_strs *to, const char *list)
{
    for (uint32_t i = 0; i < to->n; i++)
        mem_free(to->v[i]);
    to->n = 0;
    filters_strings(to, list);
}

static bool read_ids(struct squeue *q, const char *list, bool steps)
{
    struct text_list ids = {0};
    text_split(&ids, list, ',');
    bool good = true;
    for (uint32_t i = 0; i < ids.n && good; i++) {
        good = filters_is_job_id(ids.v[i], steps);
        if (!good)
            cli_error(q->cli, "Invalid job id: %s", ids.v[i]);
        else
            meta_strs_push(&q->select.ids, ids.v[i]);
    }
    text_list_release(&ids);
    return good;
}

static const struct help_listing listing = {help_squeue, usage_squeue, help_job_states, jobcols_jobs};

/* Options that choose jobs. False when `opt` is none of them. */
static bool choosing(struct squeue *q, int opt)
{
    switch (opt) {
    case 'A':
        replace_list(&q->select.accounts, optarg);
        return true;
    case 'L':
        replace_list(&q->select.licenses, optarg);
        return true;
    case 'n':
        replace_list(&q->select.names, optarg);
        return true;
    case 'p':
        replace_list(&q->select.partitions, optarg);
        return true;
    case 'q':
        replace_list(&q->select.qos, optarg);
        return true;
    case 'R':
        replace_list(&q->select.reservations, optarg);
        return true;
    case 'u':
        q->select.uids.n = 0;
        q->users_bad = !filters_users(q->cli, &q->select, optarg);
        return true;
    case OPT_ME:
        q->select.uids.n = 0;
        meta_u32s_push(&q->select.uids, getuid());
        return true;
    case OPT_NOTME:
        q->notme = true;
        return true;
    case 'w':
        mem_set_str(&q->select.nodes, optarg);
        return true;
    case 't':
        q->states = optarg;
        return true;
    case 'j':
        q->jobs = optarg;
        return true;
    case 's':
        q->steps = optarg;
        q->want_steps = true;
        return true;
    case 'a':
        q->all = true;
        return true;
    case OPT_HIDE:
        q->all = false;
        return true;
    default:
        return false;
    }
}

static bool read_duration(struct squeue *q, const char *option, int64_t *ret)
{
    struct err e;
    uint32_t seconds;
    if (time_parse_seconds(optarg, &seconds, &e) < 0) {
        cli_error(q->cli, "Invalid --%s specification: %s", option, optarg);
        return false;
    }
    *ret = seconds;
    return true;
}

/* Options of presentation. False when the value makes no sense. */
static bool presenting(struct squeue *q, int opt)
{
    switch (opt) {
    case 'h':
        q->header = false;
        return true;
    case 'l':
        q->long_form = true;
        return true;
    case 'r':
        q->array = true;
        return true;
    case 'P':
        q->per_partition = true;
        return true;
    case 'o':
        q->format = optarg;
        q->format_long = NULL;
        return true;
    case 'O':
        q->format_long = optarg;
        q->format = NULL;
        return true;
    case 'S':
        q->sort_text = optarg;
        return true;
    case OPT_START:
        q->start = true;
        return true;
    case OPT_NOCONVERT:
        q->ctx.convert = false;
        return true;
    case OPT_EXPAND:
        q->ctx.expand = true;
        return true;
    case OPT_JSON:
    case OPT_YAML:
        q->json_wanted = true;
        q->yaml = opt == OPT_YAML;
        q->json = optarg;
        return true;
    case 'i':
        if (text_to_u32(optarg, &q->iterate) && q->iterate > 0)
            return true;
        cli_error(q->cli, "--iterate=%s", optarg);
        return false;
    case OPT_OVER:
        return read_duration(q, "running-over", &q->over);
    case OPT_UNDER:
        return read_duration(q, "running-under", &q->under);
    case 'M':
        if (strcmp(optarg, cli_cluster(q->cli)) == 0)
            return true;
        cli_error(q->cli,
                  "'%s' can't be reached now, or it is an invalid entry for --cluster.  "
                  "Use 'sacctmgr list clusters' to see available clusters.",
                  optarg);
        return false;
    case 'v':
        q->cli->verbose++;
        return true;
    default:
        return true;
    }
}

/* Reads the command line; -1 = go on, else the exit status. */
static int read_options(struct squeue *q, int argc, char **argv)
{
    int opt;
    while ((opt = getopt_long(argc, argv, "A:ahi:j::lL:M:n:o:O:p:Pq:R:rs::S:t:u:vVw:", options, NULL)) !=
           -1) {
        int rc = help_listing(q->cli, &listing, opt);
        if (rc >= 0)
            return rc;
        if (!choosing(q, opt) && !presenting(q, opt))
            return EXIT_FAILURE;
    }
    /* `-j 7` and `-s 7.0`: an optional argument that stands alone. */
    if (optind < argc && ((q->want_steps && !q->steps) || !q->want_steps)) {
        if (q->want_steps)
            q->steps = argv[optind];
        else
            q->jobs = argv[optind];
        optind++;
    }
    if (optind < argc) {
        cli_error(q->cli, "Unrecognized option: %s", argv[optind]);
        fputs(usage_squeue, stderr);
        return EXIT_FAILURE;
    }
    return -1;
}

static const char *default_format(const struct squeue *q)
{
    if (q->want_steps)
        return q->long_form ? "%.15i %.8j %.9P %.8u %.9M %N" : "%.15i %.8j %.9P %.8u %.9M %N";
    if (q->start)
        return "%.18i %.9P %.8j %.8u %.2t %.19S %.6D %20Y %R";
    return q->long_form ? "%.18i %.9P %.8j %.8u %.8T %.10M %.9l %.6D %R"
                        : "%.18i %.9P %.8j %.8u %.2t %.10M %.6D %R";
}

/* A sort order that is not understood is complained about below the title line, as Slurm does. */
static void set_sort(struct squeue *q, const struct column *table, const char *otherwise)
{
    if (sort_parse(&q->sort, table, q->sort_text ? q->sort_text : otherwise, &q->sort_bad) < 0)
        sort_release(&q->sort);
}

/* What follows from the options together; -1 = go on. */
static int settle(struct squeue *q)
{
    if ((q->jobs && !read_ids(q, q->jobs, false)) || (q->steps && !read_ids(q, q->steps, true)))
        return EXIT_FAILURE;
    q->select.all = q->all || q->jobs;
    q->select.with_steps = q->want_steps;
    if (q->states) {
        if (!filters_states(q->cli, &q->select, q->states))
            return EXIT_FAILURE;
    } else if (q->start) {
        meta_u32s_push(&q->select.states, JOB_PENDING);
    } else {
        filters_states_default(&q->select);
    }
    const struct column *table = q->want_steps ? jobcols_steps : jobcols_jobs;
    set_sort(q, table, q->want_steps ? "P,i" : q->start ? "S" : "P,t,-p");
    if (q->format_long)
        layout_parse_long(&q->layout, table, q->format_long, bad_field, q);
    else
        layout_parse_short(&q->layout, table, q->format ? q->format : default_format(q), bad_field, q);
    q->ctx.cluster = "";
    for (const struct column *c = table; c->name; c++)
        if (strcmp(c->name, "Cluster") == 0 && layout_has(&q->layout, c))
            q->ctx.cluster = cli_cluster(q->cli);
    if (!q->json_wanted)
        jobfields_of_columns(&q->select, &q->layout, &q->sort);
    return -1;
}

static bool wanted(const struct squeue *q, const struct job *job)
{
    if (!filters_has_state(&q->select, job) || (q->notme && job->uid == getuid()))
        return false;
    int64_t ran = job_run_time(job, q->ctx.now);
    return (q->over < 0 || ran > q->over) && (q->under < 0 || ran < q->under);
}

static void add_partitions(struct squeue *q, struct job_row row)
{
    if (!q->per_partition || !job_is_pending(row.job) || !row.partition || !strchr(row.partition, ',')) {
        lines_add(&q->lines, &row);
        return;
    }
    struct text_list names = {0};
    text_split(&names, row.partition, ',');
    for (uint32_t i = 0; i < names.n; i++) {
        row.partition = names.v[i];
        lines_add(&q->lines, &row);
    }
    text_list_release(&names);
}

/* Tasks of an array record that -j names singly ("7_3"); none when it is asked for as a whole. */
static void tasks_asked(const struct squeue *q, const struct job *job, struct bits *ret)
{
    for (uint32_t i = 0; i < q->select.ids.n; i++) {
        char *end;
        if (strtoul(q->select.ids.v[i], &end, 10) != job->array_job_id)
            continue;
        if (*end != '_' || !text_is_digit(end[1])) {
            bits_clear_all(ret);
            return;
        }
        bits_set(ret, (uint32_t)strtoul(end + 1, NULL, 10));
    }
}

static void add_rows(struct squeue *q, const struct job *job)
{
    struct job_row row = job_row_of(job);
    struct bits asked = {0};
    if (job->flags & JOBF_ARRAY)
        tasks_asked(q, job, &asked);
    if (!(job->flags & JOBF_ARRAY) || (!q->array && !bits_any(&asked))) {
        add_partitions(q, row);
        return;
    }
    for (uint32_t t = bits_next(&job->array_tasks, 0); t < BITS_MAX;
         t = bits_next(&job->array_tasks, t + 1)) {
        row.task = t;
        if (!bits_any(&asked) || bits_test(&asked, t))
            add_partitions(q, row);
    }
    bits_release(&asked);
}

/* Whether one of the given ids names this step; ids without a step name all of a job's. */
static bool step_wanted(const struct squeue *q, const struct step_row *r)
{
    bool any = false, match = false;
    struct buf id = BUF_INIT;
    step_id_text(r->job, r->id, &id);
    size_t job_len = strcspn(id.s, ".");
    for (uint32_t i = 0; i < q->select.ids.n && !match; i++) {
        const char *want = q->select.ids.v[i];
        any = true;
        match = strchr(want, '.')
                    ? strcmp(want, id.s) == 0
                    : strncmp(want, id.s, job_len) == 0 || strtoul(want, NULL, 10) == r->job->job_id;
    }
    buf_release(&id);
    return !any || match;
}

static void add_steps(struct squeue *q, const struct job *job)
{
    if (!job_is_active(job))
        return;
    struct step_row row = {.job = job, .id = STEP_BATCH};
    if (job->flags & JOBF_BATCH && step_wanted(q, &row))
        lines_add(&q->lines, &row);
    for (uint32_t i = 0; i < job->steps.n; i++) {
        row.step = &job->steps.v[i];
        row.id = row.step->step_id;
        if (step_wanted(q, &row))
            lines_add(&q->lines, &row);
    }
}

static int take_job(void *arg, void *record)
{
    struct squeue *q = arg;
    struct job *job = record;
    q->received++;
    if (wanted(q, job)) {
        if (q->json_wanted) {
            *VEC_PUSH(&q->kept.list) = job;
            return 0;
        }
        if (q->want_steps)
            add_steps(q, job);
        else
            add_rows(q, job);
    }
    meta_free(&record_job, job);
    return 0;
}

/*
 * A single id is asked for without the other filters: an unknown job is an error then, and one that is merely
 * filtered out is not.
 */
static int fetch(struct squeue *q)
{
    struct err e;
    struct buf line = BUF_INIT;
    struct job_select select;
    bool single = q->select.ids.n == 1 && !q->want_steps;
    meta_copy(&record_job_select, &select, &q->select);
    if (single) {
        select.states.n = 0;
        select.flag_states = 0;
    }
    int rc = client_list(cli_ctld(q->cli), MSG_JOBS, &select, take_job, q, &e);
    meta_release(&record_job_select, &select);
    if (rc == 0 && single && q->received == 0 && !q->select.uids.n && !q->select.partitions.n &&
        !q->select.names.n)
        rc = err_set(&e, ESLURM_INVALID_JOB_ID, "Invalid job id specified");
    if (rc < 0)
        fprintf(stderr, "slurm_load_jobs error: %s\n", cli_error_line(&e, &line));
    buf_release(&line);
    return rc;
}

static int print_lines(struct squeue *q)
{
    struct lines *l = &q->lines;
    if (q->header)
        layout_head(&q->layout, &q->out);
    if (q->sort_bad) {
        cli_error(q->cli, "Invalid sort specification: %s", q->sort_bad);
        return EXIT_FAILURE;
    }
    lines_sort(l);
    for (uint32_t i = 0; i < l->list.n; i++) {
        buf_add(&q->out, l->text.s + l->list.v[i].begin, l->list.v[i].len);
        cli_flush_some(&q->out);
    }
    return 0;
}

static int print_json(struct squeue *q)
{
    return q->want_steps ? jobjson_steps(q->cli, q->kept.list.v, q->kept.list.n, q->yaml)
                         : jobjson_jobs(q->cli, q->kept.list.v, q->kept.list.n, q->yaml);
}

static int once(struct squeue *q)
{
    bool nobody = q->users_bad && !q->select.uids.n; /* only unknown users: no job is theirs */
    q->ctx.now = cli_now();
    q->received = 0;
    q->lines = (struct lines){.layout = &q->layout, .sort = &q->sort, .ctx = &q->ctx, .text = BUF_INIT};
    if (!nobody && fetch(q) < 0)
        return EXIT_FAILURE;
    if ((q->long_form || q->iterate) && q->header && !q->json_wanted) {
        timefmt_head(q->ctx.now, &q->out);
        buf_addc(&q->out, '\n');
    }
    int rc = q->json_wanted ? print_json(q) : print_lines(q);
    cli_flush(&q->out);
    if (q->iterate) {
        lines_release(&q->lines);
        job_list_release(&q->kept);
    }
    return rc;
}

int cmd_squeue(struct cli *cli)
{
    struct squeue q = {
        .cli = cli, .header = true, .ctx = {.convert = true}, .over = -1, .under = -1, .out = BUF_INIT};
    meta_init(&record_job_select, &q.select);
    read_environment(&q);
    int rc = read_options(&q, cli->argc, cli->argv);
    if (rc < 0)
        rc = settle(&q);
    if (rc >= 0)
        return rc;
    for (;;) {
        rc = once(&q);
        if (!q.iterate)
            return rc;
        sleep(q.iterate);
    }
}
