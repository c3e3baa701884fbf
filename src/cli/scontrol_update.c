/* SPDX-License-Identifier: Apache-2.0 */
/* scontrol update, create and delete: KEY=VALUE pairs become fields of records by the names of the schema. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/hostlist.h"
#include "base/mem.h"
#include "base/timetext.h"
#include "cli/fetch.h"
#include "cli/filters.h"
#include "cli/scontrol.h"
#include "cli/timefmt.h"
#include "model/nodetext.h"

/* A name that scontrol(1) gives to a field of a record, where it is not the field's own key. */
struct alias {
    const char *key;
    size_t least; /* letters of an abbreviation */
    const char *field;
};

static const struct meta_field *find_field(const struct meta_record *r, const struct alias *aliases,
                                           const char *key)
{
    const struct meta_field *exact = meta_find_kv(r, key);
    if (exact)
        return exact;
    for (const struct alias *a = aliases; a->key; a++)
        if (scontrol_is_key(key, a->key, a->least))
            return meta_find(r, a->field);
    const struct meta_field *found = NULL;
    for (uint32_t i = 0; i < r->n && strlen(key) >= 3; i++) {
        if (!r->fields[i].kv || !scontrol_is_key(key, r->fields[i].kv, 3))
            continue;
        if (found)
            return NULL; /* could be two */
        found = &r->fields[i];
    }
    return found;
}

static int unsupported(const char *arg)
{
    fprintf(stderr, "Update of this parameter is not supported: %s\nRequest aborted\n", arg);
    return EXIT_FAILURE;
}

/* --- jobs
 * -------------------------------------------------------------------------------------------------------- */

static const struct alias job_aliases[] = {
    {"Name", 2, "name"},
    {"JobName", 4, "name"},
    {"TimeLimit", 5, "time_limit"},
    {"MinCPUs", 4, "min_cpus"},
    {"NumCPUs", 6, "min_cpus"},
    {"ReqCores", 4, "cores_per_socket"},
    {"ReqProcs", 4, "min_cpus"},
    {"ReqSockets", 4, "sockets_per_node"},
    {"ReqThreads", 4, "threads_per_core"},
    {"NumTasks", 6, "ntasks"},
    {"ReqNodeList", 4, "req_nodes"},
    {"ExcNodeList", 3, "exc_nodes"},
    {"StartTime", 2, "begin_time"},
    {"EligibleTime", 2, "begin_time"},
    {"CPUsPerTask", 9, "cpus_per_task"},
    {"CPUs/Task", 5, "cpus_per_task"},
    {"NtasksPerNode", 6, "ntasks_per_node"},
    {"StdOut", 4, "std_out"},
    {"StdErr", 4, "std_err"},
    {"StdIn", 4, "std_in"},
    {"Reservation", 5, "reservation"},
    {"Gres", 2, "tres_per_node"},
    {"Switches", 5, "switches"},
    {"wait-for-switch", 4, "switches_wait"},
    {"Contiguous", 3, "contiguous"},
    {"WCKey", 2, "wckey"},
    {"MailType", 5, "mail_type"},
    {"MailUser", 5, "mail_user"},
    {0},
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

/* What is not a plain field of the spec. 1 = done, 0 = it is one, -1 = bad value. */
static int set_job_special(struct scontrol *s, struct job_update *u, const struct pair *p)
{
    uint32_t n;
    if (scontrol_is_key(p->key, "JobId", 3) && !text_starts_nocase(p->key, "jobn")) {
        filters_strings(&u->ids, p->value);
        return 1;
    }
    if (scontrol_is_key(p->key, "EndTime", 4))
        return set_time(&u->end_time, p->value) ? -1 : 1;
    if (scontrol_is_key(p->key, "ArrayTaskThrottle", 7)) {
        if (!text_to_u32(p->value, &n)) {
            cli_error(s->cli, "Invalid ArrayTaskThrottle value");
            return -1;
        }
        u->array_max = n;
        return 1;
    }
    if (scontrol_is_key(p->key, "NumNodes", 7) || scontrol_is_key(p->key, "ReqNodes", 8)) {
        mem_set_str(&u->num_nodes, p->value);
        return 1;
    }
    if (scontrol_is_key(p->key, "ResetAccrueTime", 6)) {
        u->reset_accrue = true;
        return 1;
    }
    if (scontrol_is_key(p->key, "TimeLimit", 5)) {
        char sign = p->op != '=' ? p->op : *p->value;
        if (sign != '+' && sign != '-')
            return 0;
        uint32_t minutes;
        struct err e;
        if (time_parse_minutes(p->value + (p->op == '='), &minutes, &e) < 0) {
            cli_error(s->cli, "Invalid TimeLimit value");
            return -1;
        }
        u->time_delta = sign == '+' ? (int32_t)minutes : -(int32_t)minutes;
        return 1;
    }
    return 0;
}

static int set_share(struct job_update *u, const struct pair *p)
{
    bool yes = text_same_nocase(p->value, "YES") || strcmp(p->value, "1") == 0;
    u->spec->share = yes ? SHARE_YES : SHARE_NO;
    meta_strs_push(&u->fields, "share");
    return 0;
}

static int set_job_field(struct scontrol *s, struct job_update *u, const char *arg)
{
    struct pair p;
    struct err e;
    if (!scontrol_split(arg, &p)) {
        if (scontrol_is_key(arg, "ResetAccrueTime", 6)) {
            u->reset_accrue = true;
            return 0;
        }
        fprintf(stderr, "Invalid input: %s\nRequest aborted\n", arg);
        return EXIT_FAILURE;
    }
    int special = set_job_special(s, u, &p);
    if (special)
        return special < 0 ? EXIT_FAILURE : 0;
    if (scontrol_is_key(p.key, "OverSubscribe", 5) || scontrol_is_key(p.key, "Shared", 2))
        return set_share(u, &p);
    const struct meta_field *f = find_field(&record_job_spec, job_aliases, p.key);
    if (!f)
        return unsupported(arg);
    if (f->kind == META_TIME) {
        if (set_time((int64_t *)((char *)u->spec + f->offset), p.value))
            return EXIT_FAILURE;
    } else if (meta_parse(f, u->spec, p.value, &e) < 0) {
        return bad_job_value(s, f, &p, arg);
    }
    meta_strs_push(&u->fields, f->name);
    return 0;
}

int scontrol_update_job(struct scontrol *s, int argc, char **argv)
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

static int update_step(struct scontrol *s, int argc, char **argv)
{
    struct step_update u;
    struct err e;
    struct pair p;
    meta_init(&record_step_update, &u);
    for (int i = 0; i < argc; i++) {
        if (!scontrol_split(argv[i], &p))
            return unsupported(argv[i]);
        if (scontrol_is_key(p.key, "StepId", 4)) {
            char *end;
            u.job_id = (uint32_t)strtoul(p.value, &end, 10);
            if (*end == '.')
                u.step_id = (uint32_t)strtoul(end + 1, NULL, 10);
        } else if (scontrol_is_key(p.key, "TimeLimit", 5)) {
            if (time_parse_minutes(p.value, &u.time_limit, &e) < 0) {
                cli_error(s->cli, "Invalid TimeLimit value");
                return EXIT_FAILURE;
            }
        } else {
            return unsupported(argv[i]);
        }
    }
    return client_call(cli_ctld(s->cli), MSG_STEP_UPDATE, &u, NULL, &e) < 0
               ? scontrol_fail(s, "slurm_update error: ", &e)
               : 0;
}

/* --- nodes
 * ------------------------------------------------------------------------------------------------------- */

static const char *const node_states[] = {
    "NoResp",  "DRAIN", "FAIL", "FUTURE",        "RESUME",          "POWER_DOWN",       "POWER_UP",
    "UNDRAIN", "DOWN",  "IDLE", "CANCEL_REBOOT", "POWER_DOWN_ASAP", "POWER_DOWN_FORCE", "REBOOT",
};

static const struct {
    const char *key;
    size_t least;
    size_t offset; /* a text of struct node_update */
} node_keys[] = {
    {"Reason", 1, offsetof(struct node_update, reason)},
    {"AvailableFeatures", 2, offsetof(struct node_update, features)},
    {"Features", 1, offsetof(struct node_update, features)},
    {"ActiveFeatures", 2, offsetof(struct node_update, active_features)},
    {"Gres", 1, offsetof(struct node_update, gres)},
    {"Comment", 3, offsetof(struct node_update, comment)},
    {"CpuBind", 3, offsetof(struct node_update, cpu_bind)},
    {"Extra", 1, offsetof(struct node_update, extra)},
    {"NodeAddr", 5, offsetof(struct node_update, addr)},
    {"NodeHostName", 5, offsetof(struct node_update, hostname)},
    {"InstanceId", 9, offsetof(struct node_update, instance_id)},
    {"InstanceType", 9, offsetof(struct node_update, instance_type)},
    {"Topology", 4, offsetof(struct node_update, topology)},
};

static int set_node_state(struct node_update *u, const char *arg, const char *value)
{
    for (size_t i = 0; i < sizeof node_states / sizeof node_states[0]; i++) {
        if (scontrol_is_key(value, node_states[i], strlen(node_states[i])) ||
            text_same_nocase(value, node_states[i])) {
            mem_set_str(&u->state, node_states[i]);
            return 0;
        }
    }
    fprintf(stderr,
            "Invalid input: %s\nRequest aborted\n"
            "Valid states are: NoResp DRAIN FAIL FUTURE RESUME POWER_DOWN POWER_UP UNDRAIN\n"
            "Not all states are valid given a node's prior state\n",
            arg);
    return EXIT_FAILURE;
}

static int set_node_field(struct node_update *u, const char *arg, uint32_t *changes)
{
    struct pair p;
    if (!scontrol_split(arg, &p))
        return unsupported(arg);
    if (scontrol_is_key(p.key, "NodeName", 1) && !scontrol_is_key(p.key, "NodeAddr", 5)) {
        mem_set_str(&u->nodes, p.value);
        return 0;
    }
    (*changes)++;
    if (scontrol_is_key(p.key, "State", 1))
        return set_node_state(u, arg, p.value);
    if (scontrol_is_key(p.key, "Weight", 1))
        return text_to_u32(p.value, &u->weight) ? 0 : unsupported(arg);
    if (scontrol_is_key(p.key, "ResumeAfter", 7))
        return text_to_u32(p.value, &u->resume_after) ? 0 : unsupported(arg);
    uint32_t binding;
    if (scontrol_is_key(p.key, "CpuBind", 3) && !node_cpu_bind_parse(p.value, &binding)) {
        fprintf(stderr, "scontrol: error: Invalid input %s\n", arg);
        return EXIT_FAILURE;
    }
    for (size_t i = 0; i < sizeof node_keys / sizeof node_keys[0]; i++) {
        if (scontrol_is_key(p.key, node_keys[i].key, node_keys[i].least)) {
            mem_set_str((char **)((char *)u + node_keys[i].offset), p.value);
            return 0;
        }
    }
    return unsupported(arg);
}

int scontrol_update_node(struct scontrol *s, int argc, char **argv)
{
    struct node_update u;
    struct err e;
    uint32_t changes = 0;
    int rc = 0;
    meta_init(&record_node_update, &u);
    for (int i = 0; i < argc && rc == 0; i++)
        rc = set_node_field(&u, argv[i], &changes);
    if (rc == 0 && !changes) {
        fprintf(stderr, "No changes specified\n");
        rc = EXIT_FAILURE;
    }
    bool reason_needed = u.state && (strcmp(u.state, "DOWN") == 0 || strcmp(u.state, "DRAIN") == 0 ||
                                     strcmp(u.state, "FAIL") == 0);
    if (rc == 0 && reason_needed && (!u.reason || !*u.reason)) {
        fprintf(stderr, "You must specify a reason when DOWNING or DRAINING a node. Request denied\n");
        rc = EXIT_FAILURE;
    }
    if (rc == 0 && client_call(cli_ctld(s->cli), MSG_NODE_UPDATE, &u, NULL, &e) < 0)
        rc = scontrol_fail(s, "slurm_update error: ", &e);
    meta_release(&record_node_update, &u);
    return rc;
}

/* --- partitions
 * -------------------------------------------------------------------------------------------------- */

static const struct alias part_aliases[] = {
    {"PartitionName", 3, "name"},
    {"Priority", 3, "priority_tier"},
    {"PriorityTier", 9, "priority_tier"},
    {"AllocNodes", 6, "allow_alloc_nodes"},
    {"QOS", 3, "qos"},
    {"MaxTime", 4, "max_time"},
    {"DefaultTime", 8, "default_time"},
    {"Nodes", 4, "nodes"},
    {"MaxNodes", 4, "max_nodes"},
    {"MinNodes", 2, "min_nodes"},
    {"State", 2, "state"},
    {0},
};

static const struct {
    const char *key;
    size_t least;
    uint64_t flag;
} part_flags[] = {
    {"Default", 7, PARTF_DEFAULT},
    {"Hidden", 1, PARTF_HIDDEN},
    {"RootOnly", 3, PARTF_ROOTONLY},
    {"ReqResv", 3, PARTF_REQRESV},
    {"DisableRootJobs", 3, PARTF_DISABLEROOTJOBS},
    {"ExclusiveUser", 9, PARTF_EXCLUSIVEUSER},
    {"LLN", 3, PARTF_LLN},
    {"PowerDownOnIdle", 9, PARTF_POWERDOWNONIDLE},
};

static int set_part_flag(struct scontrol *s, struct part_update *u, const struct pair *p, const char *arg,
                         uint64_t flag)
{
    bool yes = scontrol_is_key(p->value, "YES", 1) || text_same_nocase(p->value, "true");
    if (!yes && !scontrol_is_key(p->value, "NO", 1) && !text_same_nocase(p->value, "false")) {
        cli_error(s->cli, "Invalid input: %s", arg);
        cli_error(s->cli, "Acceptable %s values are YES and NO", p->key);
        return EXIT_FAILURE;
    }
    u->flag_mask |= flag;
    u->part->flags = yes ? u->part->flags | flag : u->part->flags & ~flag;
    return 0;
}

/* NO, YES[:n], FORCE[:n], EXCLUSIVE */
static int set_oversubscribe(struct scontrol *s, struct part_update *u, const char *arg, const char *value)
{
    const char *count = strchr(value, ':');
    uint32_t n = 4;
    if (count)
        text_to_u32(count + 1, &n);
    u->part->share_force = text_starts_nocase(value, "FORCE");
    if (text_starts_nocase(value, "EXCL"))
        u->part->max_share = 0;
    else if (text_same_nocase(value, "NO"))
        u->part->max_share = 1;
    else if (u->part->share_force || text_starts_nocase(value, "YES"))
        u->part->max_share = (uint16_t)n;
    else {
        cli_error(s->cli, "Invalid input: %s", arg);
        cli_error(s->cli, "Acceptable OverSubscribe values are NO, EXCLUSIVE, YES:#, and FORCE:#");
        return EXIT_FAILURE;
    }
    meta_strs_push(&u->fields, "max_share");
    meta_strs_push(&u->fields, "share_force");
    return 0;
}

static int bad_part_value(struct scontrol *s, const struct meta_field *f, const char *arg)
{
    if (strcmp(f->name, "state") == 0) {
        cli_error(s->cli, "Invalid input: %s", arg);
        cli_error(s->cli, "Acceptable State values are UP, DOWN, DRAIN and INACTIVE");
    } else {
        cli_error(s->cli, "Invalid input %s", arg);
    }
    return EXIT_FAILURE;
}

static int set_part_field(struct scontrol *s, struct part_update *u, const char *arg)
{
    struct pair p;
    struct err e;
    if (!scontrol_split(arg, &p)) {
        cli_error(s->cli, "Invalid input: %s", arg);
        return EXIT_FAILURE;
    }
    for (size_t i = 0; i < sizeof part_flags / sizeof part_flags[0]; i++)
        if (scontrol_is_key(p.key, part_flags[i].key, part_flags[i].least))
            return set_part_flag(s, u, &p, arg, part_flags[i].flag);
    if (scontrol_is_key(p.key, "OverSubscribe", 5) || scontrol_is_key(p.key, "Shared", 2))
        return set_oversubscribe(s, u, arg, p.value);
    if (p.op != '=' && scontrol_is_key(p.key, "Nodes", 4)) {
        mem_free(u->node_delta);
        u->node_delta = buf_format("%c%s", p.op, p.value);
        return 0;
    }
    const struct meta_field *f = find_field(&record_part, part_aliases, p.key);
    if (!f) {
        cli_error(s->cli, "Update of this parameter is not supported: %s\n", arg);
        cli_error(s->cli, "Request aborted");
        return EXIT_FAILURE;
    }
    if (meta_parse(f, u->part, p.value, &e) < 0)
        return bad_part_value(s, f, arg);
    if (strcmp(f->name, "name") != 0)
        meta_strs_push(&u->fields, f->name);
    return 0;
}

int scontrol_update_part(struct scontrol *s, int argc, char **argv, bool create)
{
    struct part_update u;
    struct err e;
    int rc = 0;
    meta_init(&record_part_update, &u);
    u.part = meta_new(&record_part);
    u.create = create;
    for (int i = 0; i < argc && rc == 0; i++)
        rc = set_part_field(s, &u, argv[i]);
    if (rc == 0 && client_call(cli_ctld(s->cli), MSG_PART_UPDATE, &u, NULL, &e) < 0)
        rc = scontrol_fail(s, create ? "Error creating the partition: " : "slurm_update error: ", &e);
    meta_release(&record_part_update, &u);
    return rc;
}

/* --- keywords
 * ---------------------------------------------------------------------------------------------------- */

static bool any_key(int argc, char **argv, const char *name, size_t least)
{
    struct pair p;
    for (int i = 0; i < argc; i++)
        if (scontrol_split(argv[i], &p) && scontrol_is_key(p.key, name, least))
            return true;
    return false;
}

/* `update job 7 ...` is `update JobId=7 ...`: the name of the entity may stand by itself. */
static int fold_entity(int argc, char **argv)
{
    static const char *const names[] = {"job",       "jobid",         "node", "nodename",
                                        "partition", "partitionname", "step", "stepid"};
    if (argc < 2 || strchr(argv[0], '='))
        return argc;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (text_same_nocase(argv[0], names[i]) && !strchr(argv[1], '=')) {
            argv[0] = buf_format("%s=%s", names[i], argv[1]);
            memmove(&argv[1], &argv[2], sizeof *argv * (size_t)(argc - 2));
            return argc - 1;
        }
    }
    return argc;
}

int scontrol_update(struct scontrol *s, int argc, char **argv)
{
    argv++;
    argc = fold_entity(argc - 1, argv);
    /* A job has a node list and a partition, too: it comes first. */
    if (any_key(argc, argv, "StepId", 4))
        return update_step(s, argc, argv);
    if (any_key(argc, argv, "JobId", 3))
        return scontrol_update_job(s, argc, argv);
    if (any_key(argc, argv, "NodeName", 4))
        return scontrol_update_node(s, argc, argv);
    if (any_key(argc, argv, "PartitionName", 3))
        return scontrol_update_part(s, argc, argv, false);
    if (any_key(argc, argv, "SlurmctldDebug", 10)) {
        struct pair p;
        scontrol_split(argv[0], &p);
        char *args[] = {argv[0], (char *)p.value, NULL};
        return scontrol_setdebug(s, 2, args);
    }
    fprintf(stderr, "No valid entity in update command\n"
                    "Input line must include \"NodeName\", \"PartitionName\", \"Reservation\", \"JobId\", or "
                    "\"SlurmctldDebug\"\n");
    return EXIT_FAILURE;
}

/* NodeName=n[5-7] CPUs=4 ...: a record a name. */
static int create_nodes(struct scontrol *s, int argc, char **argv)
{
    static const struct alias aliases[] = {
        {"CPUs", 4, "cpus"},
        {"Sockets", 4, "sockets"},
        {"Features", 4, "features"},
        {"Gres", 4, "gres_text"},
        {0},
    };
    struct node_create create;
    struct node template;
    struct hostlist names = {0};
    struct err e;
    struct pair p;
    int rc = 0;
    meta_init(&record_node_create, &create);
    meta_init(&record_node, &template);
    for (int i = 0; i < argc && rc == 0; i++) {
        if (scontrol_split(argv[i], &p) && scontrol_is_key(p.key, "NodeName", 4)) {
            rc = hostlist_parse(&names, p.value, &e) < 0;
            continue;
        }
        if (scontrol_split(argv[i], &p) && text_same_nocase(p.key, "State"))
            continue; /* CLOUD, FUTURE and so on are set afterwards by an update */
        const struct meta_field *f = find_field(&record_node, aliases, p.key);
        rc = !f || meta_parse(f, &template, p.value, &e) < 0;
        if (rc)
            cli_error(s->cli, "Failed to parse nodeline '%s'", argv[i]);
    }
    struct host_iter it = {.list = &names};
    for (const char *name; rc == 0 && (name = host_iter_next(&it));) {
        struct node *n = meta_recs_push(&record_node, &create.nodes);
        meta_release(&record_node, n);
        meta_copy(&record_node, n, &template);
        mem_set_str(&n->name, name);
    }
    if (rc == 0 && client_call(cli_ctld(s->cli), MSG_NODE_CREATE, &create, NULL, &e) < 0)
        rc = scontrol_fail(s, "Error creating node(s): ", &e);
    meta_release(&record_node_create, &create);
    meta_release(&record_node, &template);
    hostlist_release(&names);
    return rc ? EXIT_FAILURE : 0;
}

int scontrol_create(struct scontrol *s, int argc, char **argv)
{
    argc--;
    argv++;
    if (any_key(argc, argv, "NodeName", 4))
        return create_nodes(s, argc, argv);
    if (any_key(argc, argv, "PartitionName", 3))
        return scontrol_update_part(s, argc, argv, true);
    cli_error(s->cli, "Invalid creation entity: %s", argv[0]);
    return EXIT_FAILURE;
}

int scontrol_delete(struct scontrol *s, int argc, char **argv)
{
    struct pair p;
    struct err e;
    char prefix[256];
    if (scontrol_split(argv[1], &p) && scontrol_is_key(p.key, "PartitionName", 3)) {
        struct part_select select;
        meta_init(&record_part_select, &select);
        meta_strs_push(&select.names, p.value);
        buf_print(prefix, sizeof prefix, "delete_partition %s: ", argv[1]);
        int rc = client_call(cli_ctld(s->cli), MSG_PART_DELETE, &select, NULL, &e);
        return rc < 0 ? scontrol_fail(s, prefix, &e) : 0;
    }
    if (scontrol_split(argv[1], &p) && scontrol_is_key(p.key, "NodeName", 4)) {
        struct node_select select;
        meta_init(&record_node_select, &select);
        mem_set_str(&select.nodes, p.value);
        buf_print(prefix, sizeof prefix, "delete_node %s: ", argv[1]);
        int rc = client_call(cli_ctld(s->cli), MSG_NODE_DELETE, &select, NULL, &e);
        return rc < 0 ? scontrol_fail(s, prefix, &e) : 0;
    }
    fprintf(stderr, "Invalid deletion entity: %s\n", argv[1]);
    return EXIT_FAILURE;
}
