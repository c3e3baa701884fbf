/* SPDX-License-Identifier: Apache-2.0 */
/* scancel(1): cancel or signal jobs, arrays and steps. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/signame.h"
#include "cli/commands.h"
#include "cli/fetch.h"
#include "cli/filters.h"
#include "cli/help.h"
#include "cli/jobview.h"
#include "cli/names.h"
#include "cli/slurpfile.h"

/* In the order in which a message names them. */
enum filter {
    BY_ACCOUNT,
    BY_NAME,
    BY_PARTITION,
    BY_QOS,
    BY_RESERVATION,
    BY_STATE,
    BY_USER,
    BY_NODES,
    BY_WCKEY,
    N_FILTERS,
};

struct scancel {
    struct cli *cli;
    struct job_signal request;
    struct job_select *select; /* the request's */
    char *filters[N_FILTERS];  /* their values as given, by enum filter, for a message */
    bool filtered;
    bool interactive, signal_given;
};

enum { OPT_CTLD = OPT_OWN, OPT_ME, OPT_WCKEY, OPT_SIBLING, OPT_ADMIN_COMMENT };

static const struct option options[] = {
    {"account", required_argument, NULL, 'A'},
    {"admin-comment", required_argument, NULL, OPT_ADMIN_COMMENT},
    {"batch", no_argument, NULL, 'b'},
    {"clusters", required_argument, NULL, 'M'},
    {"cron", no_argument, NULL, 'c'},
    {"ctld", no_argument, NULL, OPT_CTLD},
    {"full", no_argument, NULL, 'f'},
    {"help", no_argument, NULL, OPT_HELP},
    {"hurry", no_argument, NULL, 'H'},
    {"interactive", no_argument, NULL, 'i'},
    {"jobname", required_argument, NULL, 'n'},
    {"me", no_argument, NULL, OPT_ME},
    {"name", required_argument, NULL, 'n'},
    {"nodelist", required_argument, NULL, 'w'},
    {"partition", required_argument, NULL, 'p'},
    {"qos", required_argument, NULL, 'q'},
    {"quiet", no_argument, NULL, 'Q'},
    {"reservation", required_argument, NULL, 'R'},
    {"sibling", required_argument, NULL, OPT_SIBLING},
    {"signal", required_argument, NULL, 's'},
    {"state", required_argument, NULL, 't'},
    {"usage", no_argument, NULL, OPT_USAGE},
    {"user", required_argument, NULL, 'u'},
    {"verbose", no_argument, NULL, 'v'},
    {"version", no_argument, NULL, 'V'},
    {"wckey", required_argument, NULL, OPT_WCKEY},
    {0},
};

static void add_filter(struct scancel *s, enum filter filter, const char *value)
{
    mem_set_str(&s->filters[filter], value);
    s->filtered = true;
}

static bool set_signal(struct scancel *s, const char *text)
{
    int number;
    struct err e;
    uint32_t any; /* a number may be none that this machine knows */
    if (signame_parse(text, &number, &e) < 0 && text_to_u32(text, &any) && any <= INT32_MAX)
        number = (int)any;
    else if (signame_parse(text, &number, &e) < 0) {
        fprintf(stderr, "Unknown job signal: %s\n", text);
        return false;
    }
    s->request.signal = (uint32_t)number;
    s->signal_given = true;
    return true;
}

/* One state, long or short. Jobs that have ended are never found, yet their states are taken. */
static bool set_state(struct scancel *s, const char *name)
{
    uint64_t state;
    if (!meta_enum_value(&enum_job_state, name, &state)) {
        fprintf(stderr,
                "Invalid job state specified: %s\nValid job states are PENDING, RUNNING, and SUSPENDED\n",
                name);
        return false;
    }
    s->select->states.n = 0;
    meta_u32s_push(&s->select->states, (uint32_t)state);
    add_filter(s, BY_STATE, meta_enum_text(&enum_job_state, state));
    return true;
}

static bool set_user(struct scancel *s, const char *name)
{
    uint32_t uid;
    if (!names_find_user(name, &uid)) {
        cli_error(s->cli, "Invalid user name: %s", name);
        return false;
    }
    s->select->uids.n = 0;
    meta_u32s_push(&s->select->uids, uid);
    add_filter(s, BY_USER, name);
    return true;
}

/* A list of hosts, or a file of names when there is a "/" in it. */
static bool set_nodes(struct scancel *s, const char *text)
{
    struct buf file = BUF_INIT;
    struct err e;
    if (strchr(text, '/')) {
        if (slurpfile(text, &file, &e) < 0) {
            cli_error(s->cli, "%s", e.text);
            return false;
        }
        for (size_t i = 0; i < file.len; i++)
            if (text_is_space(file.s[i]))
                file.s[i] = ',';
        text = file.s;
    }
    mem_set_str(&s->select->nodes, text);
    add_filter(s, BY_NODES, text);
    buf_release(&file);
    return true;
}

/* Filters; 1 = done, 0 = none of them, -1 = bad value. */
static int set_filter(struct scancel *s, int opt, const char *value)
{
    static const struct {
        int opt;
        enum filter filter;
        size_t list; /* a struct meta_strs of job_select */
    } lists[] = {
        {'A', BY_ACCOUNT, offsetof(struct job_select, accounts)},
        {'n', BY_NAME, offsetof(struct job_select, names)},
        {'p', BY_PARTITION, offsetof(struct job_select, partitions)},
        {'q', BY_QOS, offsetof(struct job_select, qos)},
        {'R', BY_RESERVATION, offsetof(struct job_select, reservations)},
        {OPT_WCKEY, BY_WCKEY, offsetof(struct job_select, wckeys)},
    };
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        if (lists[i].opt == opt) {
            filters_strings((struct meta_strs *)((char *)s->select + lists[i].list), value);
            add_filter(s, lists[i].filter, value);
            return 1;
        }
    }
    switch (opt) {
    case 't':
        return set_state(s, value) ? 1 : -1;
    case 'u':
        return set_user(s, value) ? 1 : -1;
    case 'w':
        return set_nodes(s, value) ? 1 : -1;
    case OPT_ME:
        meta_u32s_push(&s->select->uids, getuid());
        add_filter(s, BY_USER, "(me)");
        return 1;
    default:
        return 0;
    }
}

static void set_flag(struct scancel *s, int opt)
{
    switch (opt) {
    case 'b':
        s->request.flags |= KILLF_BATCH;
        break;
    case 'f':
        s->request.flags |= KILLF_FULL;
        break;
    case 'c':
        s->request.flags |= KILLF_CRON;
        break;
    case 'H':
        s->request.flags |= KILLF_HURRY;
        break;
    case 'i':
        s->interactive = true;
        break;
    case 'Q':
        s->cli->quiet = true;
        break;
    case 'v':
        s->cli->verbose++;
        break;
    case OPT_ADMIN_COMMENT:
        mem_set_str(&s->request.reason, optarg);
        break;
    default:
        break;
    }
}

static bool is_bool(const char *value)
{
    return text_same_nocase(value, "true") || text_same_nocase(value, "t") ||
           text_same_nocase(value, "false") || text_same_nocase(value, "f");
}

static bool read_environment(struct scancel *s)
{
    static const struct {
        const char *name;
        int opt;
        bool filter;
    } vars[] = {
        {"SCANCEL_ACCOUNT", 'A', true},     {"SCANCEL_BATCH", 'b', false},
        {"SCANCEL_CRON", 'c', false},       {"SCANCEL_FULL", 'f', false},
        {"SCANCEL_HURRY", 'H', false},      {"SCANCEL_INTERACTIVE", 'i', false},
        {"SCANCEL_NAME", 'n', true},        {"SCANCEL_PARTITION", 'p', true},
        {"SCANCEL_QOS", 'q', true},         {"SCANCEL_STATE", 't', true},
        {"SCANCEL_USER", 'u', true},        {"SCANCEL_VERBOSE", 'v', false},
        {"SCANCEL_WCKEY", OPT_WCKEY, true},
    };
    for (size_t i = 0; i < sizeof vars / sizeof vars[0]; i++) {
        const char *value = getenv(vars[i].name);
        if (!value)
            continue;
        uint64_t state;
        if (vars[i].opt == 't' && *value && !meta_enum_value(&enum_job_state, value, &state)) {
            fprintf(stderr,
                    "Unrecognized SCANCEL_STATE value: %s\nValid job states are PENDING, RUNNING, and "
                    "SUSPENDED\n",
                    value);
            return false;
        }
        if (vars[i].filter && *value && set_filter(s, vars[i].opt, value) < 0)
            return false;
        bool may_be_true =
            vars[i].opt == 'b' || vars[i].opt == 'f' || vars[i].opt == 'i' || vars[i].opt == 'v';
        if (may_be_true && !is_bool(value)) {
            cli_error(s->cli, "Unrecognized %s value: %s", vars[i].name, value);
            continue;
        }
        if (!vars[i].filter && strcmp(value, "0") != 0 && !text_same_nocase(value, "false"))
            set_flag(s, vars[i].opt);
    }
    return true;
}

/* Reads the command line; -1 = go on, else the exit status. */
static int read_options(struct scancel *s, int argc, char **argv)
{
    int opt;
    while ((opt = getopt_long(argc, argv, "A:bcfHiM:n:p:Qq:R:s:t:u:vVw:", options, NULL)) != -1) {
        int rc = optarg || opt == OPT_ME ? set_filter(s, opt, optarg) : 0;
        if (rc < 0)
            return EXIT_FAILURE;
        if (rc > 0)
            continue;
        switch (opt) {
        case 'M':
            if (!cli_knows_cluster(s->cli, optarg)) {
                cli_fatal(s->cli, "Could not get cluster information");
                return EXIT_FAILURE;
            }
            break;
        case 's':
            if (!set_signal(s, optarg))
                return EXIT_FAILURE;
            break;
        case 'V':
            cli_version();
            return 0;
        case OPT_HELP:
            fputs(help_scancel, stdout);
            return 0;
        case OPT_USAGE:
            fputs(usage_scancel, stdout);
            return 0;
        case '?':
            return cli_try_help(s->cli);
        default:
            set_flag(s, opt);
        }
    }
    for (; optind < argc; optind++) {
        struct text_list ids = {0};
        text_split(&ids, argv[optind], ',');
        for (uint32_t i = 0; i < ids.n; i++) {
            const char *step = strchr(ids.v[i], '.');
            if (!filters_is_job_id(ids.v[i], true) || (step && !text_is_digit(step[1]))) {
                cli_error(s->cli, "Invalid job id %s", argv[optind]);
                return EXIT_FAILURE;
            }
            meta_strs_push(&s->select->ids, ids.v[i]);
        }
        text_list_release(&ids);
    }
    if (!s->select->ids.n && !s->filtered) {
        cli_error(s->cli, "No job identification provided");
        return EXIT_FAILURE;
    }
    return -1;
}

static void announce(struct scancel *s, const char *id)
{
    bool step = strchr(id, '.') != NULL;
    if (s->cli->quiet)
        return;
    if (!s->signal_given)
        cli_verbose(s->cli, "Terminating %s %s", step ? "step" : "job", id);
    else
        cli_verbose(s->cli, "Signal %u to %s %s", s->request.signal,
                    step                             ? "step"
                    : s->request.flags & KILLF_BATCH ? "batch job"
                    : s->request.flags & KILLF_FULL  ? "full job"
                                                     : "job",
                    id);
}

/* A job that is gone already is what was asked for, unless a signal should reach it, or filters as well say
 * which one is meant. */
static bool is_harmless(const struct scancel *s, const struct job_result *r)
{
    if (s->signal_given || strchr(r->id, '.') || s->request.flags & (KILLF_BATCH | KILLF_FULL))
        return false;
    return r->code == ESLURM_JOB_STEP_ALREADY_COMPLETING_OR_COMPLETED ||
           (r->code == ESLURM_INVALID_JOB_ID && !s->filtered);
}

/* What was asked for when it comes back as the tasks of an array: "7" for "7_[1-9]", "7_3" for "7_[3]".
 */
static void plain_id(const struct scancel *s, const char *id, struct buf *out)
{
    size_t len = strcspn(id, "_");
    for (uint32_t i = 0; id[len] && i < s->select->ids.n; i++) {
        const char *asked = s->select->ids.v[i];
        if (strlen(asked) == len && strncmp(asked, id, len) == 0) {
            buf_adds(out, asked);
            return;
        }
    }
    const char *task = id[len] && id[len + 1] == '[' ? id + len + 2 : NULL;
    size_t digits = task ? strspn(task, "0123456789") : 0;
    if (digits && strcmp(task + digits, "]") == 0)
        buf_addf(out, "%.*s_%.*s", (int)len, id, (int)digits, task);
    else
        buf_adds(out, id);
}

static void complain(const struct scancel *s, const struct job_result *r)
{
    struct buf id = BUF_INIT;
    const char *text = r->text ? r->text : "";
    plain_id(s, r->id, &id);
    cli_error(s->cli, "Kill job error on job%s id %s: %.*s", strchr(r->id, '.') ? " step" : "", id.s,
              (int)strcspn(text, "\n"), text);
    buf_release(&id);
}

static void say_no_match(struct scancel *s)
{
    static const char *const names[] = {[BY_ACCOUNT] = "account",
                                        [BY_NAME] = "job_name",
                                        [BY_PARTITION] = "partition",
                                        [BY_QOS] = "qos",
                                        [BY_USER] = "user_name",
                                        [BY_NODES] = "nodelist",
                                        [BY_RESERVATION] = "reservation",
                                        [BY_STATE] = "state",
                                        [BY_WCKEY] = "wckey"};
    struct buf line = BUF_INIT;
    for (int i = 0; i < N_FILTERS; i++)
        if (s->filters[i])
            buf_addf(&line, "%s=%s ", names[i], s->filters[i]);
    cli_error(s->cli, "No active jobs match ALL job filters, including: %s", line.s);
    buf_release(&line);
}

/* Where a question comes first, a single job that there is not is an error. */
static bool is_unknown(struct scancel *s)
{
    struct job_select select;
    struct job_list jobs = {0};
    struct err e;
    if (s->select->ids.n != 1)
        return false;
    meta_init(&record_job_select, &select);
    meta_strs_push(&select.ids, s->select->ids.v[0]);
    select.all = true;
    int rc = fetch_jobs(cli_ctld(s->cli), &select, &jobs, &e);
    bool unknown = rc == -ESLURM_INVALID_JOB_ID || (rc == 0 && jobs.list.n == 0);
    if (unknown)
        cli_error(s->cli, "Kill job error on job id %s: Invalid job id specified", s->select->ids.v[0]);
    job_list_release(&jobs);
    meta_release(&record_job_select, &select);
    return unknown;
}

static int report(struct scancel *s, const struct job_results *results)
{
    int rc = 0;
    for (uint32_t i = 0; i < results->results.n; i++) {
        const struct job_result *r = &results->results.v[i];
        bool harmless = is_harmless(s, r);
        if (!harmless || (s->cli->verbose && !s->cli->quiet))
            complain(s, r);
        if (!harmless && rc == 0)
            rc = r->code == ESLURM_INVALID_JOB_ID ? EXIT_FAILURE : (int)(r->code & 0xff);
    }
    if (!results->matched && !results->results.n && s->filtered && s->cli->verbose)
        say_no_match(s);
    return rc;
}

static int send_request(struct scancel *s)
{
    struct err e;
    struct job_results results;
    struct buf line = BUF_INIT;
    for (uint32_t i = 0; i < s->select->ids.n; i++)
        announce(s, s->select->ids.v[i]);
    if (client_call(cli_ctld(s->cli), MSG_JOB_SIGNAL, &s->request, &results, &e) < 0) {
        cli_error(s->cli, "%s", cli_error_line(&e, &line));
        return EXIT_FAILURE;
    }
    int rc = report(s, &results);
    meta_release(&record_job_results, &results);
    return rc;
}

/* False at the end of the answers. */
static bool ask(const struct job *job, const char *id, struct meta_strs *agreed)
{
    char answer[64] = "";
    printf("Cancel job_id=%s name=%s partition=%s [y/n]? ", id, job->spec->name ? job->spec->name : "",
           job->partition         ? job->partition
           : job->spec->partition ? job->spec->partition
                                  : "");
    fflush(stdout);
    if (!fgets(answer, sizeof answer, stdin))
        return false;
    if (text_lower(*text_skip_space(answer)) == 'y')
        meta_strs_push(agreed, id);
    return true;
}

/* Tasks of an array that were named are asked for by that name: the record is that of the whole array. */
static bool ask_for(struct scancel *s, const struct job *job, struct meta_strs *agreed)
{
    struct buf id = BUF_INIT;
    bool named = false, more = true;
    for (uint32_t i = 0; job->flags & JOBF_ARRAY && i < s->select->ids.n && more; i++) {
        char *end;
        if (strtoul(s->select->ids.v[i], &end, 10) != job->array_job_id || *end != '_')
            continue;
        named = true;
        more = ask(job, s->select->ids.v[i], agreed);
    }
    job_id_text(job, 0, &id);
    if (!named)
        more = ask(job, id.s, agreed);
    buf_release(&id);
    return more;
}

/* Asks for each job that matches, then sends a request for those that were agreed to. */
static int ask_and_send(struct scancel *s)
{
    struct job_list jobs = {0};
    struct err e;
    struct buf line = BUF_INIT;
    struct meta_strs agreed = {0};
    if (!s->select->states.n)
        filters_states_default(s->select);
    if (fetch_jobs(cli_ctld(s->cli), s->select, &jobs, &e) < 0) {
        cli_error(s->cli, "%s", cli_error_line(&e, &line));
        return EXIT_FAILURE;
    }
    int rc = jobs.list.n == 0 && is_unknown(s) ? EXIT_FAILURE : 0;
    for (uint32_t i = 0; i < jobs.list.n; i++)
        if (!ask_for(s, jobs.list.v[i], &agreed))
            break;
    if (agreed.n) {
        struct job_signal *r = &s->request;
        meta_release(&record_job_select, r->select);
        r->select->ids = agreed;
        rc = send_request(s);
    }
    job_list_release(&jobs);
    return rc;
}

int cmd_scancel(struct cli *cli)
{
    struct scancel s = {.cli = cli};
    meta_init(&record_job_signal, &s.request);
    s.select = s.request.select = meta_new(&record_job_select);
    s.select->all = true;
    if (!read_environment(&s))
        return EXIT_FAILURE;
    int rc = read_options(&s, cli->argc, cli->argv);
    if (rc >= 0)
        return rc;
    return s.interactive ? ask_and_send(&s) : send_request(&s);
}
