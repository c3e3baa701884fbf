/* SPDX-License-Identifier: Apache-2.0 */
/* scontrol update of jobs and steps. */
#include "cli/update.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/timetext.h"
#include "cli/filters.h"
#include "cli/jobopt.h"
#include "cli/timefmt.h"
#include "model/errors.h"

static const struct update_alias job_aliases[] = {
    {"Name", 2, "name"},
    {"JobName", 4, "name"},
    {"TimeLimit", 5, "time_limit"},
    {"ReqCores", 4, "cores_per_socket"},
    {"ReqSockets", 4, "sockets_per_node"},
    {"ReqThreads", 4, "threads_per_core"},
    {"NumTasks", 6, "ntasks"},
    {"ReqNodeList", 8, "req_nodes"},
    {"NodeList", 8, "req_nodes"},
    {"ExcNodeList", 3, "exc_nodes"},
    {"StartTime", 2, "begin_time"},
    {"EligibleTime", 2, "begin_time"},
    {"CPUsPerTask", 9, "cpus_per_task"},
    {"CPUs/Task", 5, "cpus_per_task"},
    {"TasksPerNode", 9, "ntasks_per_node"},
    {"StdOut", 4, "std_out"},
    {"StdErr", 4, "std_err"},
    {"StdIn", 4, "std_in"},
    {"Reservation", 5, "reservation"},
    {"wait-for-switch", 4, "switches_wait"},
    {"Contiguous", 3, "contiguous"},
    {"WCKey", 2, "wckey"},
    {"MailType", 5, "mail_type"},
    {"MailUser", 5, "mail_user"},
    {0},
};

/* What may be changed on the real thing and means nothing here: a job has one user, and there is no MCS. */
static const char *const job_ignored[] = {"MCSLabel", "UserID"};

/* Keys that are refused for every job, with the text of the controller. */
static const struct {
    const char *key;
    size_t least;
    uint32_t code;
} job_refused[] = {
    {"BurstBuffer", 5, ESLURM_REQUESTED_OPERATION_NOT_SUPPORTED_ON_THIS},
    {"Clusters", 8, 0},
    {"ClusterFeatures", 8, 0},
    {"SiteFactor", 4, ESLURM_ACCESS_DENIED},
};

static int bad_job_value(struct scontrol *s, const struct meta_field *f, const struct pair *p,
                         const char *arg)
{
    if (strcmp(f->name, "time_limit") == 0 || strcmp(f->name, "time_min") == 0)
        cli_error(s->cli, "Invalid %s value", f->kv);
    else if (strcmp(f->name, "priority") == 0)
        cli_error(s->cli, "Invalid Priority value: %s", p->value);
    else
        cli_error(s->cli, "Invalid %s value: %s", f->kv ? f->kv : p->key, p->value);
    return EXIT_FAILURE;
}

/* "4", "2-4"; 0 where it is not of that form. */
static uint32_t read_range(const char *text, uint32_t *high)
{
    const char *dash = strchr(text, '-');
    char low[16];
    uint32_t n;
    buf_print(low, sizeof low, "%.*s", dash ? (int)(dash - text) : (int)sizeof low - 1, text);
    if (!text_to_u32(low, &n) || !n)
        return 0;
    *high = n;
    return dash && (!text_to_u32(dash + 1, high) || *high < n) ? 0 : n;
}

static int set_cpus(struct scontrol *s, struct job_update *u, const char *value)
{
    uint32_t high, low = read_range(value, &high);
    if (!low) {
        cli_error(s->cli, "Invalid numeric value \"%s\" for NumCPUs.", value);
        cli_error(s->cli, "Invalid NumCPUs value: %s", value);
        return -1;
    }
    u->spec->min_cpus = low;
    u->spec->max_cpus = high;
    meta_strs_push(&u->fields, "min_cpus");
    meta_strs_push(&u->fields, "max_cpus");
    return 1;
}

/* "count[@time]" */
static int set_switches(struct scontrol *s, struct job_update *u, const char *value)
{
    char count[16];
    struct err e;
    uint32_t minutes;
    size_t len = strcspn(value, "@");
    buf_print(count, sizeof count, "%.*s", (int)len, value);
    if (!text_to_u32(count, &u->spec->switches)) {
        cli_error(s->cli, "Invalid numeric value \"%s\" for Switches.", value);
        return -1;
    }
    meta_strs_push(&u->fields, "switches");
    if (value[len] == '@' && time_parse_minutes(value + len + 1, &minutes, &e) == 0) {
        u->spec->switches_wait = minutes * 60;
        meta_strs_push(&u->fields, "switches_wait");
    }
    return 1;
}

static int set_mail_type(struct job_update *u, const char *value)
{
    struct buf types = BUF_INIT, unknown = BUF_INIT;
    bool ok = jobopt_mail_types(value, &types, &unknown);
    if (ok) {
        mem_set_str(&u->spec->mail_type, types.len ? types.s : NULL);
        meta_strs_push(&u->fields, "mail_type");
    } else {
        fprintf(stderr, "Invalid MailType: %s\n", value);
    }
    buf_release(&types);
    buf_release(&unknown);
    return ok ? 1 : -1;
}

/* "gpu:1,license/x": devices are kept as gres/gpu:1. */
static int set_gres(struct job_update *u, const char *value)
{
    struct text_list items = {0};
    struct buf text = BUF_INIT;
    text_split(&items, value, ',');
    for (uint32_t i = 0; i < items.n; i++)
        buf_addf(&text, "%s%s%s", i ? "," : "", text_starts_nocase(items.v[i], "gres/") ? "" : "gres/",
                 items.v[i]);
    mem_set_str(&u->spec->tres_per_node, text.len ? text.s : NULL);
    meta_strs_push(&u->fields, "tres_per_node");
    text_list_release(&items);
    buf_release(&text);
    return 1;
}

/* A throttle belongs to a whole array. */
static int set_throttle(struct scontrol *s, struct job_update *u, const char *value)
{
    if (text_to_u32(value, &u->array_max))
        return 1;
    cli_error(s->cli, "Invalid ArrayTaskThrottle value");
    return -1;
}

static int refuse(struct job_update *u, const struct pair *p)
{
    for (size_t i = 0; i < sizeof job_refused / sizeof job_refused[0]; i++) {
        if (!scontrol_is_key(p->key, job_refused[i].key, job_refused[i].least))
            continue;
        const char *text = job_refused[i].code ? error_text((int)job_refused[i].code) : NULL;
        fprintf(stderr, "%s for job %s\n", text ? text : "Unspecified error", u->ids.n ? u->ids.v[0] : "");
        return -1;
    }
    return 0;
}

/* Times may be relative to now: now+1hour, 2030-01-01T00:00:00. */
static int32_t local_offset(const void *arg, int64_t t)
{
    time_t when = (time_t)t;
    struct tm tm;
    localtime_r(&when, &tm);
    return (int32_t)tm.tm_gmtoff;
}

static int set_time(int64_t *slot, const char *text)
{
    struct time_zone zone = {local_offset, NULL};
    struct err e;
    if (time_parse(text, cli_now(), &zone, false, slot, &e) == 0)
        return 0;
    fprintf(stderr, "%s\n", e.text);
    return EXIT_FAILURE;
}

/* TimeLimit=+30, TimeLimit-=30: by so much; a plain value is a field like others. */
static int set_limit(struct scontrol *s, struct job_update *u, const struct pair *p)
{
    char sign = p->op != '=' ? p->op : *p->value;
    uint32_t minutes;
    struct err e;
    if (sign != '+' && sign != '-')
        return 0;
    if (time_parse_minutes(p->value + (p->op == '='), &minutes, &e) < 0) {
        cli_error(s->cli, "Invalid TimeLimit value");
        return -1;
    }
    u->time_delta = sign == '+' ? (int32_t)minutes : -(int32_t)minutes;
    return 1;
}

/* What is not a plain field of the spec. 1 = done, 0 = it is one, -1 = bad value. */
static int set_job_special(struct scontrol *s, struct job_update *u, const struct pair *p)
{
    if (scontrol_is_key(p->key, "JobId", 3) && !text_starts_nocase(p->key, "jobn")) {
        filters_strings(&u->ids, p->value);
        return 1;
    }
    if (scontrol_is_key(p->key, "EndTime", 4))
        return set_time(&u->end_time, p->value) ? -1 : 1;
    if (scontrol_is_key(p->key, "ArrayTaskThrottle", 7))
        return set_throttle(s, u, p->value);
    if (scontrol_is_key(p->key, "NumCPUs", 6) || scontrol_is_key(p->key, "MinCPUs", 7) ||
        scontrol_is_key(p->key, "ReqProcs", 4))
        return set_cpus(s, u, p->value);
    if (scontrol_is_key(p->key, "Switches", 5))
        return set_switches(s, u, p->value);
    if (scontrol_is_key(p->key, "Gres", 2))
        return set_gres(u, p->value);
    if (scontrol_is_key(p->key, "MailType", 5))
        return set_mail_type(u, p->value);
    for (size_t i = 0; i < sizeof job_ignored / sizeof job_ignored[0]; i++)
        if (text_same_nocase(p->key, job_ignored[i]))
            return 1;
    if (scontrol_is_key(p->key, "NumNodes", 7) || scontrol_is_key(p->key, "ReqNodes", 8)) {
        mem_set_str(&u->num_nodes, p->value);
        return 1;
    }
    if (scontrol_is_key(p->key, "ResetAccrueTime", 6)) {
        u->reset_accrue = true;
        return 1;
    }
    if (scontrol_is_key(p->key, "TimeLimit", 5))
        return set_limit(s, u, p);
    return refuse(u, p);
}

static int set_share(struct scontrol *s, struct job_update *u, const struct pair *p)
{
    bool yes = scontrol_is_key(p->value, "YES", 1) || strcmp(p->value, "1") == 0;
    if (!yes && !scontrol_is_key(p->value, "NO", 1) && strcmp(p->value, "0") != 0) {
        cli_error(s->cli, "Invalid OverSubscribe value: %s", p->value);
        return EXIT_FAILURE;
    }
    u->spec->share = yes ? SHARE_YES : SHARE_NO;
    meta_strs_push(&u->fields, "share");
    return 0;
}

/* Words that may stand without a value. */
static int set_job_word(struct job_update *u, const char *arg)
{
    enum { NICE_STEP = 100 };
    if (scontrol_is_key(arg, "ResetAccrueTime", 6)) {
        u->reset_accrue = true;
    } else if (scontrol_is_key(arg, "Nice", 2)) {
        u->spec->nice = NICE_STEP;
        meta_strs_push(&u->fields, "nice");
    } else {
        fprintf(stderr, "Invalid input: %s\nRequest aborted\n", arg);
        return EXIT_FAILURE;
    }
    return 0;
}

static int set_job_field(struct scontrol *s, struct job_update *u, const char *arg)
{
    struct pair p;
    struct err e;
    if (!scontrol_split(arg, &p))
        return set_job_word(u, arg);
    int special = set_job_special(s, u, &p);
    if (special)
        return special < 0 ? EXIT_FAILURE : 0;
    if (scontrol_is_key(p.key, "OverSubscribe", 5) || scontrol_is_key(p.key, "Shared", 2))
        return set_share(s, u, &p);
    const struct meta_field *f = update_field(&record_job_spec, job_aliases, p.key);
    if (!f)
        return update_unsupported(arg);
    if (f->kind == META_TIME) {
        if (set_time((int64_t *)((char *)u->spec + f->offset), p.value))
            return EXIT_FAILURE;
    } else if (meta_parse(f, u->spec, p.value, &e) < 0) {
        return bad_job_value(s, f, &p, arg);
    }
    meta_strs_push(&u->fields, f->name);
    return 0;
}

/* JobName without JobId says which jobs are meant. */
static void select_by_name(struct job_update *u)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < u->fields.n; i++) {
        if (strcmp(u->fields.v[i], "name") == 0)
            mem_free(u->fields.v[i]);
        else
            u->fields.v[kept++] = u->fields.v[i];
    }
    u->fields.n = kept;
    if (u->spec->name)
        filters_strings(&u->names, u->spec->name);
}

/* Is there more than the names of jobs, and keys that change nothing? */
static bool has_changes(int argc, char **argv)
{
    struct pair p;
    bool any = false;
    for (int i = 0; i < argc; i++)
        any |= !scontrol_split(argv[i], &p) ||
               (!(scontrol_is_key(p.key, "JobId", 3) && !text_starts_nocase(p.key, "jobn")) &&
                !text_same_nocase(p.key, "UserID"));
    return any;
}

int update_job(struct scontrol *s, int argc, char **argv)
{
    struct job_update u;
    struct job_results results;
    struct err e;
    meta_init(&record_job_update, &u);
    u.spec = meta_new(&record_job_spec);
    u.uid = s->uid != NO_VAL ? s->uid : getuid();
    int rc = 0;
    for (int i = 0; i < argc && rc == 0; i++)
        rc = set_job_field(s, &u, argv[i]);
    if (rc == 0 && !u.ids.n)
        select_by_name(&u);
    if (rc == 0 && !has_changes(argc, argv)) {
        fprintf(stderr, "No changes specified\n");
        rc = EXIT_FAILURE;
    }
    if (rc == 0) {
        if (client_call(cli_ctld(s->cli), MSG_JOB_UPDATE, &u, &results, &e) < 0) {
            rc = scontrol_fail(s, "slurm_update error: ", &e);
        } else {
            rc = scontrol_report_jobs(s, &results);
            meta_release(&record_job_results, &results);
        }
    }
    meta_release(&record_job_update, &u);
    return rc;
}

int update_step(struct scontrol *s, int argc, char **argv)
{
    struct step_update u;
    struct err e;
    struct pair p;
    meta_init(&record_step_update, &u);
    for (int i = 0; i < argc; i++) {
        if (!scontrol_split(argv[i], &p))
            return update_unsupported(argv[i]);
        if (scontrol_is_key(p.key, "StepId", 4)) {
            char *end;
            u.job_id = (uint32_t)strtoul(p.value, &end, 10);
            if (end == p.value) {
                fprintf(stderr, "Invalid StepID parameter: %s\nRequest aborted\n", argv[i]);
                return EXIT_FAILURE;
            }
            if (*end == '.')
                u.step_id = (uint32_t)strtoul(end + 1, NULL, 10);
        } else if (scontrol_is_key(p.key, "TimeLimit", 5)) {
            if (time_parse_minutes(p.value, &u.time_limit, &e) < 0) {
                cli_error(s->cli, "Invalid TimeLimit value");
                return EXIT_FAILURE;
            }
        } else {
            return update_unsupported(argv[i]);
        }
    }
    return client_call(cli_ctld(s->cli), MSG_STEP_UPDATE, &u, NULL, &e) < 0
               ? scontrol_fail(s, "slurm_update error: ", &e)
               : 0;
}
