/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that contradict each other, in Slurm's words. */
#include "conf/load.h"

#include "base/mem.h"
#include "model/schedopts.h"

/* Values of rows in schema/slurm_conf.toml. */
enum {
    CR_CPU = 1,
    CR_SOCKET = 2,
    CR_CORE = 4,
    CR_MEMORY = 16,
    PREEMPT_GANG = 32768,
    PREEMPT_WITHIN = 16384,
    PREEMPT_PRIORITY = 8192,
    PREEMPT_SUSPEND = 1,
    CLUSTER_NAME_MAX = 40,
};

/* An error about a key, where the key was given. */
#define KEY_ERROR(l, key, fatal, ...)                                                                        \
    load_error(l, fatal, (l)->c->v[key].file, (l)->c->v[key].line, NULL, __VA_ARGS__)
#define KEY_WARNING(l, key, ...) load_warning(l, (l)->c->v[key].file, (l)->c->v[key].line, NULL, __VA_ARGS__)

static void check_names(struct loader *l)
{
    const char *cluster = conf_str(l->c, CONF_CLUSTER_NAME);
    if (!cluster)
        load_error(l, NULL, l->c->path, 0, "write ClusterName=NAME", "ClusterName needs to be specified");
    else if (strlen(cluster) > CLUSTER_NAME_MAX)
        KEY_WARNING(l, CONF_CLUSTER_NAME,
                    "ClusterName is longer than %d letters, which some databases cannot keep",
                    CLUSTER_NAME_MAX);
    if (!l->c->hosts.n && !conf_list(l->c, CONF_SLURMCTLD_HOST)->n)
        load_error(l, NULL, l->c->path, 0, "write SlurmctldHost=NAME", "No SlurmctldHost defined.");
}

static void check_preempt(struct loader *l)
{
    uint64_t mode = conf_u64(l->c, CONF_PREEMPT_MODE);
    uint64_t how = mode & ~(uint64_t)(PREEMPT_GANG | PREEMPT_WITHIN | PREEMPT_PRIORITY);
    bool preempts = conf_str(l->c, CONF_PREEMPT_TYPE) && !conf_plugin(l->c, CONF_PREEMPT_TYPE, "none");
    if (how & (how - 1))
        KEY_ERROR(l, CONF_PREEMPT_MODE, NULL, "PreemptMode=%s invalid", conf_str(l->c, CONF_PREEMPT_MODE));
    else if ((how & PREEMPT_SUSPEND) && !(mode & PREEMPT_GANG))
        KEY_ERROR(l, CONF_PREEMPT_MODE, NULL, "PreemptMode=SUSPEND requires GANG too");
    else if (preempts != (how != 0))
        KEY_ERROR(l, preempts ? CONF_PREEMPT_TYPE : CONF_PREEMPT_MODE, NULL,
                  "PreemptType and PreemptMode values incompatible");
}

static void check_select(struct loader *l)
{
    uint64_t what = conf_u64(l->c, CONF_SELECT_TYPE_PARAMETERS), cpu = what & (CR_CPU | CR_SOCKET | CR_CORE);
    const struct conf_key_info *k = &conf_key_table[CONF_SELECT_TYPE_PARAMETERS];
    bool linear = conf_plugin(l->c, CONF_SELECT_TYPE, "linear");
    struct buf name = BUF_INIT;
    char *fatal = NULL;
    if (!conf_given(l->c, CONF_SELECT_TYPE_PARAMETERS))
        return;
    conf_flags_text(k, what, &name);
    if (cpu & (cpu - 1))
        KEY_ERROR(l, CONF_SELECT_TYPE_PARAMETERS, NULL, "Bad SelectTypeParameter: %s",
                  conf_str(l->c, CONF_SELECT_TYPE_PARAMETERS));
    else if (linear && cpu)
        fatal = buf_format("Invalid SelectTypeParameters for select/linear: %s (%" PRIu64
                           "), it can't contain CR_(CPU|CORE|SOCKET).",
                           name.s, what);
    else if (!linear && !cpu)
        fatal = buf_format("Invalid SelectTypeParameters: %s (%" PRIu64
                           "), You need at least CR_(CPU|CORE|SOCKET)*",
                           name.s, what);
    if (fatal && (l->want & CONF_WANT_DAEMON))
        KEY_ERROR(l, CONF_SELECT_TYPE_PARAMETERS, fatal, "%s", fatal);
    mem_free(fatal);
    buf_release(&name);
}

static void check_accounting(struct loader *l)
{
    bool stored = conf_str(l->c, CONF_ACCOUNTING_STORAGE_TYPE) &&
                  !conf_plugin(l->c, CONF_ACCOUNTING_STORAGE_TYPE, "none");
    const struct meta_strs *tres = conf_list(l->c, CONF_ACCOUNTING_STORAGE_TRES);
    if (stored)
        return;
    if (conf_given(l->c, CONF_ACCOUNTING_STORAGE_ENFORCE) && conf_u64(l->c, CONF_ACCOUNTING_STORAGE_ENFORCE))
        KEY_WARNING(l, CONF_ACCOUNTING_STORAGE_ENFORCE,
                    "You can not have AccountingStorageEnforce set for AccountingStorageType='%s'",
                    conf_str(l->c, CONF_ACCOUNTING_STORAGE_TYPE)
                        ? conf_str(l->c, CONF_ACCOUNTING_STORAGE_TYPE)
                        : "(null)");
    if (tres->n)
        KEY_WARNING(l, CONF_ACCOUNTING_STORAGE_TRES,
                    "AccountingStorageTRES has no effect without AccountingStorageType");
}

static void check_numbers(struct loader *l)
{
    struct conf *c = l->c;
    uint16_t first, last;
    conf_ports(c, CONF_SLURMCTLD_PORT, &first, &last);
    if (!first)
        KEY_ERROR(l, CONF_SLURMCTLD_PORT, NULL, "Invalid SlurmctldPort %s", conf_str(c, CONF_SLURMCTLD_PORT));
    if (!conf_u64(c, CONF_FIRST_JOB_ID))
        KEY_ERROR(l, CONF_FIRST_JOB_ID, "FirstJobId cannot be zero", "FirstJobId cannot be zero");
    if (!conf_u64(c, CONF_MAX_STEP_COUNT))
        KEY_ERROR(l, CONF_MAX_STEP_COUNT, NULL, "MaxStepCount=0, No steps permitted");
    if (conf_u64(c, CONF_SLURM_SCHED_LOG_LEVEL) && !conf_str(c, CONF_SLURM_SCHED_LOG_FILE))
        KEY_ERROR(l, CONF_SLURM_SCHED_LOG_LEVEL, NULL, "SlurmSchedLogLevel requires SlurmSchedLogFile value");
    if (conf_str(c, CONF_MCS_PARAMETERS) && !conf_str(c, CONF_MCS_PLUGIN))
        KEY_ERROR(l, CONF_MCS_PARAMETERS, NULL, "MCSParameters=%s used and no MCSPlugin",
                  conf_str(c, CONF_MCS_PARAMETERS));
}

static void check_memory(struct loader *l)
{
    static const enum conf_key pairs[][2] = {{CONF_DEF_MEM_PER_CPU, CONF_DEF_MEM_PER_NODE},
                                             {CONF_MAX_MEM_PER_CPU, CONF_MAX_MEM_PER_NODE}};
    for (unsigned i = 0; i < 2; i++) {
        if (conf_given(l->c, pairs[i][0]) && conf_given(l->c, pairs[i][1]))
            KEY_WARNING(l, pairs[i][0], "%s ignored, since it's mutually exclusive with %s",
                        conf_key_table[pairs[i][0]].name, conf_key_table[pairs[i][1]].name);
    }
}

static void say_parameter(void *arg, bool severe, const char *text, const char *hint)
{
    const struct loader *l = arg;
    const struct conf_val *v = &l->c->v[CONF_SCHEDULER_PARAMETERS];
    conf_messages_add(l->msgs, severe ? CONF_ERROR : CONF_WARNING, v->file, v->line, hint, "%s", text);
}

/* As in Slurm, a wrong number does not keep the controller from running with the default. */
static void check_scheduler(struct loader *l)
{
    struct sched_opts unused;
    if (l->want & CONF_WANT_DAEMON)
        sched_opts_parse(&unused, conf_str(l->c, CONF_SCHEDULER_PARAMETERS), say_parameter, l);
}

/* Those that act are read by src/slurmctld/agent_route.c. */
static void check_topology(struct loader *l)
{
    static const char *const idle[] = {"Dragonfly", "BlockAsNodeRank", "SwitchAsNodeRank",
                                       "TopoMaxSizeUnroll", "TopoOptional"};
    for (unsigned i = 0; i < sizeof idle / sizeof *idle && l->want & CONF_WANT_DAEMON; i++)
        if (conf_has_param(l->c, CONF_TOPOLOGY_PARAM, idle[i], NULL))
            KEY_WARNING(l, CONF_TOPOLOGY_PARAM, "TopologyParam: %s has no effect yet", idle[i]);
}

/* Those that speak are LOGF_... of os/log.h; two silence what is not said here. */
static void check_debug_flags(struct loader *l)
{
    static const char *const speak[] = {"Agent",     "AuditRPCs",    "Backfill",    "Power",
                                        "Route",     "Script",       "SelectType",  "Steps",
                                        "TraceJobs", "NO_CONF_HASH", "GLOB_SILENCE"};
    const struct conf_key_info *k = conf_key_info(CONF_DEBUG_FLAGS);
    uint64_t given = l->want & CONF_WANT_DAEMON ? conf_u64(l->c, CONF_DEBUG_FLAGS) : 0;
    for (uint32_t i = 0; i < k->n_values; i++) {
        bool speaks = false;
        for (unsigned j = 0; j < sizeof speak / sizeof *speak; j++)
            speaks |= text_same(k->values[i].name, speak[j]);
        if (given & k->values[i].value && !speaks)
            KEY_WARNING(l, CONF_DEBUG_FLAGS, "DebugFlags: %s has no effect yet", k->values[i].name);
    }
}

void load_check(struct loader *l)
{
    check_names(l);
    check_preempt(l);
    check_select(l);
    check_accounting(l);
    check_numbers(l);
    check_memory(l);
    check_scheduler(l);
    check_topology(l);
    check_debug_flags(l);
}
