/* SPDX-License-Identifier: Apache-2.0 */
/* squeue(1): jobs and steps in the queue. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/hostlist.h"
#include "base/mem.h"
#include "base/timetext.h"
#include "cli/commands.h"
#include "cli/fetch.h"
#include "cli/filters.h"
#include "cli/jobcols.h"
#include "cli/jobfields.h"
#include "cli/jobjson.h"
#include "cli/jobview.h"
#include "cli/lines.h"
#include "cli/listing.h"
#include "cli/timefmt.h"

struct squeue {
    struct cli *cli;
    struct listing listing;
    struct job_select select;
    struct layout layout;
    struct sort_spec sort;
    char sort_bad; /* the letter of it that was not understood, or 0 */
    struct jobcols_ctx ctx;
    struct buf out;
    struct arena arena;   /* of the jobs that the controller sends */
    struct lines lines;   /* what will be printed ... */
    struct job_list kept; /* ... or, of --json, what it is about */
    uint32_t received;
    const char *steps, *jobs, *users;
    bool array, want_jobs, want_steps, start, notme, per_partition, only_state, bad_format;
    bool nothing;        /* a list without entries: no job is asked for */
    int64_t over, under; /* seconds of --running-over and --running-under, -1 = not given */
};

enum {
    OPT_START = OPT_LISTING_OWN,
    OPT_ME,
    OPT_NOTME,
    OPT_EXPAND,
    OPT_ONLY_STATE,
    OPT_OVER,
    OPT_UNDER,
};

static const struct option options[] = {
    LISTING_OPTIONS,
    {"account", required_argument, NULL, 'A'},
    {"accounts", required_argument, NULL, 'A'},
    {"array", no_argument, NULL, 'r'},
    {"cluster", required_argument, NULL, 'M'},
    {"expand-patterns", no_argument, NULL, OPT_EXPAND},
    {"jobs", optional_argument, NULL, 'j'},
    {"licenses", required_argument, NULL, 'L'},
    {"me", no_argument, NULL, OPT_ME},
    {"name", required_argument, NULL, 'n'},
    {"node", required_argument, NULL, 'w'},
    {"nodes", required_argument, NULL, 'w'},
    {"nodelist", required_argument, NULL, 'w'},
    {"notme", no_argument, NULL, OPT_NOTME},
    {"only-job-state", no_argument, NULL, OPT_ONLY_STATE},
    {"partitions", required_argument, NULL, 'p'},
    {"priority", no_argument, NULL, 'P'},
    {"qos", required_argument, NULL, 'q'},
    {"reservation", required_argument, NULL, 'R'},
    {"running-over", required_argument, NULL, OPT_OVER},
    {"running-under", required_argument, NULL, OPT_UNDER},
    {"sibling", no_argument, NULL, OPT_IGNORED},
    {"sort", required_argument, NULL, 'S'},
    {"start", no_argument, NULL, OPT_START},
    {"steps", optional_argument, NULL, 's'},
    {"states", required_argument, NULL, 't'},
    {"user", required_argument, NULL, 'u'},
    {"users", required_argument, NULL, 'u'},
    {0},
};

static void bad_field(void *arg, const char *field)
{
    struct squeue *q = arg;
    cli_error(q->cli, "Invalid job%s format specification: %s", q->want_steps ? " step" : "", field);
    q->bad_format = true;
}

/* The default of an option may come from the environment. */
static bool read_environment(struct squeue *q)
{
    const char *v;
    struct listing *l = &q->listing;
    l->format = cli_getenv("SQUEUE_FORMAT");
    l->format_long = l->format ? NULL : cli_getenv("SQUEUE_FORMAT2");
    l->sort = cli_getenv("SQUEUE_SORT");
    l->states = cli_getenv("SQUEUE_STATES");
    l->all = getenv("SQUEUE_ALL") != NULL;
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
    q->users = cli_getenv("SQUEUE_USERS");
    return !(v = cli_getenv("SLURM_CLUSTERS")) || listing_cluster(l, v);
}

static void replace_list(struct squeue *q, struct meta_strs *to, const char *list)
{
    for (uint32_t i = 0; i < to->n; i++)
        mem_free(to->v[i]);
    to->n = 0;
    filters_strings(to, list);
    q->nothing |= !to->n;
}

static bool read_ids(struct squeue *q, const char *list, bool steps)
{
    struct text_list ids = {0};
    bool good = true;
    if (!list)
        return true;
    text_split(&ids, list, ',');
    q->nothing |= !ids.n;
    for (uint32_t i = 0; i < ids.n && good; i++) {
        char *id = ids.v[i];
        if (!steps && text_is_digit(*id) && strchr(id, '.') && filters_is_job_id(id, true))
            *strchr(id, '.') = '\0'; /* the job of a step */
        good = filters_is_job_id(id, steps) && (steps ? strchr(id, '.') != NULL : !strchr(id, '['));
        if (good)
            meta_strs_push(&q->select.ids, id);
        else if (steps)
            cli_error(q->cli, "Invalid job_step id: %s.??", id);
        else
            cli_error(q->cli, "Invalid job id: %s", id);
    }
    text_list_release(&ids);
    return good;
}

static const struct help_listing help = {help_squeue, usage_squeue, help_job_states, letters_squeue,
                                         names_squeue};

/* Options that choose jobs. False when `opt` is none of them. */
static bool choosing(struct squeue *q, int opt)
{
    switch (opt) {
    case 'A':
        replace_list(q, &q->select.accounts, optarg);
        return true;
    case 'L':
        replace_list(q, &q->select.licenses, optarg);
        return true;
    case 'n':
        replace_list(q, &q->select.names, optarg);
        return true;
    case 'p':
        replace_list(q, &q->select.partitions, optarg);
        return true;
    case 'q':
        replace_list(q, &q->select.qos, optarg);
        return true;
    case 'R':
        replace_list(q, &q->select.reservations, optarg);
        return true;
    case 'u':
        q->users = optarg;
        q->select.uids.n = 0;
        return true;
    case OPT_ME:
        q->users = NULL;
        q->select.uids.n = 0;
        meta_u32s_push(&q->select.uids, getuid());
        return true;
    case OPT_NOTME:
        q->notme = true;
        return true;
    case 'w':
        mem_set_str(&q->select.nodes, optarg);
        q->nothing |= !*optarg;
        return true;
    case 'j':
        q->jobs = optarg;
        q->want_jobs = true;
        return true;
    case 's':
        q->steps = optarg;
        q->want_steps = true;
        return true;
    default:
        return false;
    }
}

static bool read_duration(struct squeue *q, int64_t *ret)
{
    struct err e;
    uint32_t seconds;
    if (time_parse_seconds(optarg, &seconds, &e) < 0 || !seconds) {
        cli_fatal(q->cli, "Invalid time limit specification");
        return false;
    }
    *ret = seconds;
    return true;
}

/* Options of presentation; -1 = go on, else the exit status. */
static int presenting(struct squeue *q, int opt)
{
    const struct listing *l = &q->listing;
    switch (opt) {
    case 'r':
        q->array = true;
        return -1;
    case 'P':
        q->per_partition = true;
        return -1;
    case OPT_START:
        q->start = true;
        return -1;
    case OPT_EXPAND:
        q->ctx.expand = true;
        return -1;
    case OPT_ONLY_STATE:
        q->only_state = true;
        return -1;
    case OPT_OVER:
        return read_duration(q, &q->over) ? -1 : EXIT_FAILURE;
    case OPT_UNDER:
        return read_duration(q, &q->under) ? -1 : EXIT_FAILURE;
    case 'o':
    case 'O':
        if (!l->given || l->given == opt)
            return listing_option(&q->listing, opt);
        cli_error(q->cli, opt == 'o' ? "-o (--format) is incompatible with -O (--Format)"
                                     : "-O (--Format) is incompatible with -o (--format)");
        return EXIT_FAILURE;
    default:
        return listing_option(&q->listing, opt);
    }
}

/* Reads the command line; -1 = go on, else the exit status. */
static int read_options(struct squeue *q, int argc, char **argv)
{
    int opt, rc = -1;
    while ((opt = getopt_long(argc, argv, "A:ahi:j::lL:M:n:o:O:p:Pq:R:rs::S:t:u:vVw:", options, NULL)) !=
           -1) {
        if (!choosing(q, opt))
            rc = presenting(q, opt);
        if (rc >= 0)
            return rc;
    }
    /* `-j 7` and `-s 7.0`: an optional argument that stands alone. */
    if (optind < argc && q->want_jobs && !q->jobs)
        q->jobs = argv[optind++];
    else if (optind < argc && q->want_steps && !q->steps)
        q->steps = argv[optind++];
    if (optind < argc) {
        cli_error(q->cli, "Unrecognized option: %s", argv[optind]);
        fputs(usage_squeue, stdout);
        return EXIT_FAILURE;
    }
    return -1;
}

static const char *default_format(const struct squeue *q)
{
    if (q->want_steps)
        return "%.15i %.8j %.9P %.8u %.9M %N";
    if (q->start)
        return "%.18i %.9P %.8j %.8u %.2t %.19S %.6D %20Y %R";
    if (q->only_state)
        return "%.18i %.2t";
    return q->listing.long_form ? "%.18i %.9P %.8j %.8u %.8T %.10M %.9l %.6D %R"
                                : "%.18i %.9P %.8j %.8u %.2t %.10M %.6D %R";
}

/* "b" is no key: Slurm says so and goes on. What else is not understood is complained about below the title
 * line. */
static void set_sort(struct squeue *q, const struct column *table, const char *otherwise)
{
    struct buf keys = BUF_INIT;
    buf_adds(&keys, q->listing.sort ? q->listing.sort : otherwise);
    for (char *b = keys.s; (b = strchr(b, 'b'));) {
        fprintf(stderr, "%s: Invalid sort specification: b\n", q->cli->name);
        *b = '+';
    }
    sort_parse(&q->sort, table, q->want_steps ? NULL : jobcols_sortable, keys.s, &q->sort_bad);
    if (q->want_steps)
        q->sort_bad = '\0'; /* nor does Slurm mind there */
    else
        jobcols_settle_sort(&q->sort);
    buf_release(&keys);
}

static void set_layout(struct squeue *q, const struct column *table)
{
    const struct listing *l = &q->listing;
    bool own = q->want_steps || q->start || l->long_form; /* stronger than the environment */
    if (l->given == 'O' && text_same_nocase(l->format_long, "all"))
        bad_field(q, l->format_long); /* a field of sinfo only */
    else if (l->given == 'O' || (!l->given && l->format_long && !own))
        layout_parse_long(&q->layout, table, l->format_long, bad_field, q);
    else
        layout_parse_short(&q->layout, table, l->format && (l->given || !own) ? l->format : default_format(q),
                           bad_field, q);
    q->ctx.cluster = "";
    for (const struct column *c = table; c->name; c++)
        if (strcmp(c->name, "Cluster") == 0 && layout_has(&q->layout, c))
            q->ctx.cluster = cli_cluster(q->cli);
}

/* Slurm looks at jobs first: a node that there is not would find none. */
static bool nodes_known(struct squeue *q)
{
    struct hostlist asked = {0}, known = {0};
    struct node_list nodes = {0};
    struct node_select select;
    struct err e;
    const char *name, *bad = NULL;
    meta_init(&record_node_select, &select);
    select.all = true;
    if (hostlist_parse(&asked, q->select.nodes, NULL) < 0) {
        cli_error(q->cli, "'%s' invalid entry for --nodelist", q->select.nodes);
        return false;
    }
    if (fetch_nodes(cli_ctld(q->cli), &select, &nodes, &e) < 0)
        return true; /* the jobs will fail the same way */
    for (uint32_t i = 0; i < nodes.list.n; i++)
        hostlist_push(&known, nodes.list.v[i]->name, NULL);
    struct host_iter it = {.list = &asked};
    while (!bad && (name = host_iter_next(&it)))
        if (hostlist_find(&known, name) < 0)
            bad = name;
    if (bad)
        cli_error(q->cli, "Invalid node name %s", bad);
    node_list_release(&nodes);
    hostlist_release(&known);
    hostlist_release(&asked);
    return !bad;
}

/* Steps are chosen by user, partition, node and id only. */
static void forget_job_filters(struct job_select *s)
{
    s->accounts.n = s->names.n = s->licenses.n = s->qos.n = s->reservations.n = s->states.n = 0;
    s->flag_states = 0;
}

/* What follows from the options together; -1 = go on. */
static int settle(struct squeue *q)
{
    const struct listing *l = &q->listing;
    if (!listing_settle(l) || !read_ids(q, q->jobs, false) || !read_ids(q, q->steps, true))
        return EXIT_FAILURE;
    if (q->users) {
        filters_users(q->cli, &q->select, q->users);
        q->nothing |= !q->select.uids.n;
    }
    if (q->select.nodes && *q->select.nodes && !nodes_known(q))
        return EXIT_FAILURE;
    q->select.all = l->all || q->jobs;
    q->select.with_steps = q->want_steps;
    q->ctx.convert = !l->no_convert;
    if (l->states) {
        if (!filters_states(q->cli, &q->select, l->states))
            return EXIT_FAILURE;
        q->nothing |= !q->select.states.n && !q->select.flag_states;
    } else if (q->start) {
        meta_u32s_push(&q->select.states, JOB_PENDING);
    } else {
        filters_states_default(&q->select);
    }
    if (q->want_steps)
        forget_job_filters(&q->select);
    const struct column *table = q->want_steps ? jobcols_steps : jobcols_jobs;
    set_sort(q, table, q->want_steps ? "P,i" : q->start ? "S" : "P,t,-p");
    set_layout(q, table);
    if (q->only_state)
        jobfields_of_columns(&q->select, &(struct layout){0}, &q->sort);
    else if (!l->json)
        jobfields_of_columns(&q->select, &q->layout, &q->sort);
    return -1;
}

static bool wanted(const struct squeue *q, const struct job *job)
{
    if (!filters_has_state(&q->select, job) || (q->notme && job->uid == getuid()))
        return false;
    int64_t ran = job_run_time(job, q->ctx.now);
    if ((q->over >= 0 || q->under >= 0) && job_is_pending(job))
        return false;
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
    for (uint32_t i = names.n; i-- > 0;) { /* as Slurm lists them */
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

/* What is to be printed of a job has been copied, but for --json. */
static void forget_job(struct squeue *q)
{
    if (!q->listing.json)
        arena_clear(&q->arena);
}

static void show_job(struct squeue *q, struct job *job)
{
    if (q->listing.json)
        *VEC_PUSH(&q->kept.list) = job;
    else if (q->want_steps)
        add_steps(q, job);
    else
        add_rows(q, job);
}

static int take_job(void *arg, void *record)
{
    struct squeue *q = arg;
    struct job *job = record;
    q->received++;
    if (q->only_state)
        job->array_max = 0;
    if (wanted(q, job))
        show_job(q, job);
    forget_job(q);
    return 0;
}

static int count_job(void *arg, void *record)
{
    struct squeue *q = arg;
    q->received++;
    forget_job(q);
    return 0;
}

/*
 * A single id is asked for without the other filters: an unknown job is an error then, and one that is merely
 * filtered out is not; nor is a task that its job does not have.
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
    int rc = client_list_in(cli_ctld(q->cli), &q->arena, MSG_JOBS, &select, take_job, q, &e);
    if (rc == 0 && single && strchr(select.ids.v[0], '_')) {
        select.ids.v[0][strcspn(select.ids.v[0], "_")] = '\0';
        rc = client_list_in(cli_ctld(q->cli), &q->arena, MSG_JOBS, &select, count_job, q, &e);
    }
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
    if (q->listing.header)
        layout_head(&q->layout, &q->out);
    if (q->sort_bad) {
        cli_error(q->cli, "Invalid sort specification: %c", q->sort_bad);
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
    return q->want_steps ? jobjson_steps(q->cli, q->kept.list.v, q->kept.list.n, q->listing.yaml)
                         : jobjson_jobs(q->cli, q->kept.list.v, q->kept.list.n, q->listing.yaml);
}

static int once(struct squeue *q)
{
    const struct listing *l = &q->listing;
    q->ctx.now = cli_now();
    q->received = 0;
    q->lines = (struct lines){.layout = &q->layout, .sort = &q->sort, .ctx = &q->ctx, .text = BUF_INIT};
    if (!q->nothing && fetch(q) < 0)
        return EXIT_FAILURE;
    if ((l->long_form || l->iterate) && l->header && !l->json) {
        timefmt_head(q->ctx.now, &q->out);
        buf_addc(&q->out, '\n');
    }
    int rc = l->json ? print_json(q) : print_lines(q);
    cli_flush(&q->out);
    if (l->iterate) {
        lines_release(&q->lines);
        q->kept.list.n = 0;
        arena_clear(&q->arena);
    }
    return rc;
}

int cmd_squeue(struct cli *cli)
{
    struct squeue q = {.cli = cli,
                       .listing = {.cli = cli, .help = &help, .iterate_error = "", .header = true},
                       .over = -1,
                       .under = -1,
                       .out = BUF_INIT};
    meta_init(&record_job_select, &q.select);
    if (!read_environment(&q))
        return EXIT_FAILURE;
    int rc = read_options(&q, cli->argc, cli->argv);
    if (rc < 0)
        rc = settle(&q);
    if (rc >= 0)
        return rc;
    for (;;) {
        rc = once(&q);
        if (!q.listing.iterate)
            return rc;
        sleep(q.listing.iterate);
    }
}
