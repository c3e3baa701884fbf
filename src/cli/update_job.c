/* SPDX-License-Identifier: Apache-2.0 */
/* scontrol update of jobs and steps. */
#include "cli/update.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/timetext.h"
#include "cli/fetch.h"
#include "cli/filters.h"
#include "cli/jobopt.h"
#include "cli/names.h"
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
    {"ReqProcs", 4, "ntasks"},
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

/* What may be changed on the real thing and means nothing here. */
static const char *const job_ignored[] = {"MCSLabel"};

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
    else if (strcmp(f->name, "reboot") == 0)
        cli_error(s->cli, "Invalid reboot value: %s", p->value);
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
        if (strcmp(value, "0") != 0)
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
static int set_switches(struct job_update *u, const char *value)
{
    char count[16];
    struct err e;
    uint32_t minutes;
    size_t len = strcspn(value, "@");
    buf_print(count, sizeof count, "%.*s", (int)len, value);
    if (!text_to_u32(count, &u->spec->switches))
        u->spec->switches = 0;
    meta_strs_push(&u->fields, "switches");
    bool wait = value[len] == '@' && time_parse_minutes(value + len + 1, &minutes, &e) == 0;
    u->spec->switches_wait = wait ? minutes * 60 : 0;
    meta_strs_push(&u->fields, "switches_wait");
    return 1;
}

/* In minutes, as other times; kept in seconds. */
static int set_delay_boot(struct scontrol *s, struct job_update *u, const char *value)
{
    struct err e;
    uint32_t minutes;
    if (time_parse_minutes(value, &minutes, &e) < 0) {
        cli_error(s->cli, "Invalid DelayBoot value");
        return -1;
    }
    u->spec->delay_boot = minutes * 60;
    meta_strs_push(&u->fields, "delay_boot");
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

/* "2", "2-4"; Slurm names a wrong count and goes on. */
static int set_num_nodes(struct scontrol *s, struct job_update *u, const char *value)
{
    struct text_list ends = {0};
    uint32_t low, high;
    text_split(&ends, value, '-');
    if (ends.n < 1 || ends.n > 2 || !text_to_u32(ends.v[0], &low) || !text_to_u32(ends.v[ends.n - 1], &high))
        cli_error(s->cli, "\"%s\" is not a valid node count", value);
    else if (high < low)
        cli_error(s->cli, "Maximum node count %u is less than minimum node count %u", high, low);
    else
        mem_set_str(&u->num_nodes, value);
    text_list_release(&ends);
    return 1;
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

/* What is no time is named and then as if it had not been given. */
static bool set_time(int64_t *slot, const char *text)
{
    struct time_zone zone = {local_offset, NULL};
    struct err e;
    if (time_parse(text, cli_now(), &zone, false, slot, &e) == 0)
        return true;
    fprintf(stderr, "%s\n", e.text);
    return false;
}

/* Would so many minutes less leave a job a limit below zero? */
static bool below_zero(struct scontrol *s, const struct job_update *u, uint32_t minutes)
{
    struct job_select select;
    struct job_list jobs = {0};
    struct err e;
    bool below = false;
    meta_init(&record_job_select, &select);
    for (uint32_t i = 0; i < u->ids.n; i++)
        meta_strs_push(&select.ids, u->ids.v[i]);
    select.all = true;
    if (u->ids.n && fetch_jobs(cli_ctld(s->cli), &select, &jobs, &e) == 0) {
        for (uint32_t i = 0; i < jobs.list.n && !below; i++) {
            uint32_t limit = jobs.list.v[i]->time_limit;
            below = limit < minutes;
            if (below)
                cli_error(s->cli, "TimeLimit decrement larger than current time limit (%u > %u)", minutes,
                          limit);
        }
    }
    job_list_release(&jobs);
    meta_release(&record_job_select, &select);
    return below;
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
    return sign == '-' && below_zero(s, u, minutes) ? -1 : 1;
}

/* What is not a plain field of the spec. 1 = done, 0 = it is one, -1 = bad value. */
static int set_job_special(struct scontrol *s, struct job_update *u, const struct pair *p)
{
    if (scontrol_is_key(p->key, "JobId", 3) && !text_starts_nocase(p->key, "jobn")) {
        for (uint32_t i = 0; i < u->ids.n; i++)
            mem_free(u->ids.v[i]); /* the last one counts */
        u->ids.n = 0;
        filters_strings(&u->ids, p->value);
        return 1;
    }
    if (scontrol_is_key(p->key, "EndTime", 4))
        return set_time(&u->end_time, p->value), 1;
    if (scontrol_is_key(p->key, "ArrayTaskThrottle", 7)) {
        if (!text_to_u32(p->value, &u->array_max))
            u->array_max = 0;
        return 1;
    }
    if (scontrol_is_key(p->key, "NumCPUs", 6) || scontrol_is_key(p->key, "MinCPUs", 7))
        return set_cpus(s, u, p->value);
    if (scontrol_is_key(p->key, "Switches", 5))
        return set_switches(u, p->value);
    if (scontrol_is_key(p->key, "Gres", 2))
        return set_gres(u, p->value);
    if (scontrol_is_key(p->key, "DelayBoot", 5))
        return set_delay_boot(s, u, p->value);
    if (scontrol_is_key(p->key, "MailType", 5))
        return set_mail_type(u, p->value);
    if (text_same_nocase(p->key, "UserID")) {
        uint32_t uid;
        if (names_find_user(p->value, &uid))
            return 1;
        fprintf(stderr, "Invalid UserID: %s\nRequest aborted\n", p->value);
        return -1;
    }
    if (scontrol_is_key(p->key, "SiteFactor", 4) && getuid() == 0)
        return 1; /* no plugin here computes one */
    for (size_t i = 0; i < sizeof job_ignored / sizeof job_ignored[0]; i++)
        if (text_same_nocase(p->key, job_ignored[i]))
            return 1;
    if (scontrol_is_key(p->key, "NumNodes", 8) || scontrol_is_key(p->key, "ReqNodes", 8))
        return set_num_nodes(s, u, p->value);
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

/* A word is taken as no number at all and changes nothing. */
static bool is_nice(struct scontrol *s, const char *text)
{
    enum { NICE_MAX = 2147483645 };
    char *end;
    long long n = strtoll(text, &end, 10);
    if (end == text || *end)
        return false;
    if (n <= NICE_MAX && n >= -NICE_MAX)
        return true;
    cli_error(s->cli, "Nice value out of range (+/- %d). Value ignored", NICE_MAX);
    return false;
}

/* Amounts are plain numbers of mebibytes here, a priority is one above zero, and any number means yes. */
static int plain_number(struct scontrol *s, const struct meta_field *f, struct pair *p, const char *arg)
{
    bool memory = strcmp(f->name, "mem_per_cpu") == 0 || strcmp(f->name, "mem_per_node") == 0;
    uint64_t n;
    bool number = text_to_u64(p->value, &n);
    if ((memory || strcmp(f->name, "priority") == 0) && !number)
        return bad_job_value(s, f, p, arg);
    if (strcmp(f->name, "requeue") == 0 && number)
        p->value = n ? "1" : "0";
    return 0;
}

static int set_job_field(struct scontrol *s, struct job_update *u, const char *arg, uint32_t *changes)
{
    struct pair p;
    struct err e;
    if (!scontrol_split(arg, &p)) {
        (*changes)++;
        return set_job_word(u, arg);
    }
    int special = set_job_special(s, u, &p);
    if (special) {
        *changes += !scontrol_is_key(p.key, "JobId", 3) && !text_same_nocase(p.key, "UserID");
        return special < 0 ? EXIT_FAILURE : 0;
    }
    if (scontrol_is_key(p.key, "OverSubscribe", 5) || scontrol_is_key(p.key, "Shared", 2))
        return (*changes)++, set_share(s, u, &p);
    const struct meta_field *f = update_field(&record_job_spec, job_aliases, p.key);
    if (!f)
        return update_unsupported(arg);
    if (strcmp(f->name, "partition") == 0 && !*p.value) {
        (*changes)++; /* as it is */
        return 0;
    }
    if (f->kind == META_TIME) {
        if (!set_time((int64_t *)((char *)u->spec + f->offset), p.value))
            return 0;
    } else if (strcmp(f->name, "nice") == 0 && !is_nice(s, p.value)) {
        bool word = strtoll(p.value, NULL, 10) == 0;
        *changes += word;
        return word ? 0 : EXIT_FAILURE;
    } else if (plain_number(s, f, &p, arg)) {
        return EXIT_FAILURE;
    } else if (meta_parse(f, u->spec, p.value, &e) < 0) {
        return bad_job_value(s, f, &p, arg);
    }
    (*changes)++;
    meta_strs_push(&u->fields, f->name);
    return 0;
}

/* JobName without JobId says which jobs are meant. */
static int select_by_name(struct scontrol *s, struct job_update *u)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < u->fields.n; i++) {
        if (strcmp(u->fields.v[i], "name") == 0)
            mem_free(u->fields.v[i]);
        else
            u->fields.v[kept++] = u->fields.v[i];
    }
    u->fields.n = kept;
    if (!u->spec->name || scontrol_jobs_named(s, u->spec->name, &u->ids))
        return 0;
    cli_error(s->cli, "No jobs with name '%s'", u->spec->name);
    return EXIT_FAILURE;
}

static const char throttle_error[] = "Update of ArrayTaskThrottle is only allowed on ArrayJobId";

/* Slurm adds to the outcome why it was so. */
static void explain(struct scontrol *s, const struct job_update *u, struct job_results *results)
{
    for (uint32_t i = 0; i < results->results.n && u->array_max != NO_VAL; i++) {
        struct job_result *r = &results->results.v[i];
        if (r->code != ESLURM_REQUESTED_OPERATION_NOT_SUPPORTED_ON_THIS)
            continue;
        if (!r->id || !strchr(r->id, '['))
            cli_error(s->cli, "%s", throttle_error);
        else
            mem_set_str(&r->text, buf_format("%s (%s)", r->text, throttle_error));
    }
}

/* A throttle is one of a whole array. */
static bool throttles_task(const struct job_update *u)
{
    for (uint32_t i = 0; i < u->ids.n && u->array_max != NO_VAL; i++) {
        const char *id = u->ids.v[i], *task = strchr(id, '_');
        if (!task)
            continue;
        fprintf(stderr, "%.*s_[%.*s]: %s (%s)\n", (int)(task - id), id,
                (int)strcspn(task + 1 + (task[1] == '['), "]"), task + 1 + (task[1] == '['),
                error_text(ESLURM_REQUESTED_OPERATION_NOT_SUPPORTED_ON_THIS), throttle_error);
        return true;
    }
    return false;
}

static bool job_id_given(int argc, char **argv)
{
    struct pair p;
    bool given = false;
    for (int i = 0; i < argc; i++)
        given |= scontrol_split(argv[i], &p) && scontrol_is_key(p.key, "JobId", 3) &&
                 !text_starts_nocase(p.key, "jobn");
    return given;
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
    uint32_t changes = 0;
    for (int i = 0; i < argc && rc == 0; i++)
        rc = set_job_field(s, &u, argv[i], &changes);
    if (rc == 0 && !u.ids.n && !job_id_given(argc, argv))
        rc = select_by_name(s, &u);
    if (rc == 0 && !changes) {
        fprintf(stderr, "No changes specified\n");
        rc = EXIT_FAILURE;
    }
    if (rc == 0 && s->uid != NO_VAL && getuid() != 0) {
        for (uint32_t i = 0; i < u.ids.n; i++)
            fprintf(stderr, "Invalid user id for job %s\n", u.ids.v[i]);
        rc = EXIT_FAILURE;
    }
    if (rc == 0 && throttles_task(&u))
        rc = EXIT_FAILURE;
    if (rc == 0) {
        if (client_call(cli_ctld(s->cli), MSG_JOB_UPDATE, &u, &results, &e) < 0) {
            rc = scontrol_fail(s, "slurm_update error: ", &e);
        } else {
            explain(s, &u, &results);
            rc = scontrol_report_jobs(s, &results, NULL);
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
    if (argc < 2) {
        fprintf(stderr, "No changes specified\n");
        return EXIT_FAILURE;
    }
    return client_call(cli_ctld(s->cli), MSG_STEP_UPDATE, &u, NULL, &e) < 0
               ? scontrol_fail(s, "slurm_update error: ", &e)
               : 0;
}
