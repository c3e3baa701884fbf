/* SPDX-License-Identifier: Apache-2.0 */
/* From the configuration files to the `configure` command of the core. */
#include <string.h>

#include "base/hostlist.h"
#include "base/mem.h"
#include "base/text.h"
#include "model/schedopts.h"
#include "os/conf_source.h"
#include "model/jobtext.h"
#include "model/nodetext.h"
#include "os/log.h"
#include "slurmctld/ctld.h"
#include "slurmctld/jobcomp.h"

struct shared_conf *configure_load(const char *path, struct err *e)
{
    struct conf_source source = conf_file_source();
    struct conf_messages msgs = {0};
    struct buf text = BUF_INIT;
    struct conf *c = conf_load(&source, path, CONF_WANT_ALL | CONF_WANT_DAEMON, &msgs, e);

    for (uint32_t i = 0; i < msgs.n; i++) {
        buf_clear(&text);
        conf_message_text(&msgs.v[i], &text);
        log_msg(msgs.v[i].severity == CONF_ERROR ? SLOG_ERROR : SLOG_INFO, "%s", text.s);
    }
    buf_release(&text);
    conf_messages_release(&msgs);
    if (!c)
        return NULL;
    struct shared_conf *ret = mem_alloc(sizeof *ret);
    shared_init(&ret->sh);
    ret->conf = c;
    configfiles_read(c, &ret->files);
    return ret;
}

/* What is bound, opened or written under its name when the daemon starts. */
int configure_restart(const struct conf *was, const struct conf *now, struct err *e)
{
    static const struct {
        enum conf_key key;
        int code;
    } fixed[] = {
        {CONF_AUTH_TYPE, ESLURM_AUTHTYPE_CHANGE_REQUIRES_RESTART_ALL_SLURM},
        {CONF_AUTH_ALT_TYPES, ESLURM_AUTHTYPE_CHANGE_REQUIRES_RESTART_ALL_SLURM},
        {CONF_AUTH_INFO, ESLURM_AUTHTYPE_CHANGE_REQUIRES_RESTART_ALL_SLURM},
        {CONF_CRED_TYPE, ESLURM_CREDTYPE_CHANGE_REQUIRES_RESTART_ALL_SLURM},
        {CONF_CLUSTER_NAME, ESLURM_REQUESTED_OPERATION_NOT_SUPPORTED_ON_THIS},
        {CONF_SLURMCTLD_PORT, ESLURM_REQUESTED_OPERATION_NOT_SUPPORTED_ON_THIS},
        {CONF_SLURMCTLD_PID_FILE, ESLURM_REQUESTED_OPERATION_NOT_SUPPORTED_ON_THIS},
        {CONF_STATE_SAVE_LOCATION, ESLURM_REQUESTED_OPERATION_NOT_SUPPORTED_ON_THIS},
        {CONF_SLURM_USER, ESLURM_REQUESTED_OPERATION_NOT_SUPPORTED_ON_THIS},
    };

    for (uint32_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
        const char *a = conf_str(was, fixed[i].key), *b = conf_str(now, fixed[i].key);

        if (!text_same(a ? a : "", b ? b : ""))
            return err_set(e, fixed[i].code,
                           "%s cannot change from %s to %s while slurmctld runs: restart slurmctld",
                           conf_key_info(fixed[i].key)->name, a ? a : "(none)", b ? b : "(none)");
    }
    return 0;
}

static char *copy_str(const struct conf *c, enum conf_key key)
{
    return mem_strdup(conf_str(c, key));
}

static void set_limits(struct policy *p, const struct conf *c)
{
    p->first_job_id = conf_u32(c, CONF_FIRST_JOB_ID);
    p->max_job_id = conf_u32(c, CONF_MAX_JOB_ID);
    p->max_job_count = conf_u32(c, CONF_MAX_JOB_COUNT);
    p->max_array_size = conf_u32(c, CONF_MAX_ARRAY_SIZE);
    p->max_step_count = conf_u32(c, CONF_MAX_STEP_COUNT);
    p->max_tasks_node = conf_u32(c, CONF_MAX_TASKS_PER_NODE);
    p->min_job_age = conf_u32(c, CONF_MIN_JOB_AGE);
    p->kill_wait = conf_u32(c, CONF_KILL_WAIT);
    p->inactive_limit = conf_u32(c, CONF_INACTIVE_LIMIT);
    p->slurmd_timeout = conf_u32(c, CONF_SLURMD_TIMEOUT);
    p->slurmctld_timeout = conf_u32(c, CONF_SLURMCTLD_TIMEOUT);
    p->return_to_service = conf_u32(c, CONF_RETURN_TO_SERVICE);
    p->wait_time = conf_u32(c, CONF_WAIT_TIME);
    p->over_time_limit = conf_u32(c, CONF_OVER_TIME_LIMIT);
    p->batch_start_timeout = conf_u32(c, CONF_BATCH_START_TIMEOUT);
    p->complete_wait = conf_u32(c, CONF_COMPLETE_WAIT);
    p->unkillable_timeout = conf_u32(c, CONF_UNKILLABLE_STEP_TIMEOUT);
    p->def_mem_cpu = conf_u64(c, CONF_DEF_MEM_PER_CPU);
    p->def_mem_node = conf_u64(c, CONF_DEF_MEM_PER_NODE);
    p->max_mem_cpu = conf_u64(c, CONF_MAX_MEM_PER_CPU);
    p->max_mem_node = conf_u64(c, CONF_MAX_MEM_PER_NODE);
}

static void set_selection(struct policy *p, const struct conf *c)
{
    const char *params = conf_str(c, CONF_SELECT_TYPE_PARAMETERS);

    p->select_type = copy_str(c, CONF_SELECT_TYPE);
    p->linear = text_same_nocase(p->select_type, "select/linear");
    if (!params || !*params)
        params = p->linear ? "" : "CR_Core_Memory";
    p->cr_core = text_has(params, "CR_Core");
    p->cr_cpu = text_has(params, "CR_CPU");
    p->cr_socket = text_has(params, "CR_Socket");
    p->cr_memory = text_has(params, "_Memory");
    p->cr_one_task_per_core = text_has(params, "CR_ONE_TASK_PER_CORE");
}

static void set_scheduler(struct policy *p, const struct conf *c)
{
    p->sched = meta_new(&record_sched_opts);
    sched_opts_parse(p->sched, conf_str(c, CONF_SCHEDULER_PARAMETERS), NULL, NULL); /* loading complained */
    p->sched->builtin = conf_plugin(c, CONF_SCHEDULER_TYPE, "builtin");
    p->requeue_delay = p->sched->requeue_delay;
    if (p->requeue_delay == NO_VAL)
        p->requeue_delay = conf_param_u32(c, CONF_AUTH_INFO, "cred_expire", NO_VAL);
}

static void set_power(struct policy *p, const struct conf *c)
{
    const struct meta_strs *parts = conf_list(c, CONF_SUSPEND_EXC_PARTS);
    const struct meta_strs *states = conf_list(c, CONF_SUSPEND_EXC_STATES);
    const char *flags = conf_str(c, CONF_RECONFIG_FLAGS);

    p->power_save = conf_str(c, CONF_SUSPEND_PROGRAM) && conf_str(c, CONF_RESUME_PROGRAM);
    p->reboot_program = conf_str(c, CONF_REBOOT_PROGRAM);
    p->suspend_timeout = conf_u32(c, CONF_SUSPEND_TIMEOUT);
    p->resume_timeout = conf_u32(c, CONF_RESUME_TIMEOUT);
    p->suspend_time = conf_u32(c, CONF_SUSPEND_TIME);
    p->suspend_rate = conf_u32(c, CONF_SUSPEND_RATE);
    p->resume_rate = conf_u32(c, CONF_RESUME_RATE);
    p->suspend_exc_nodes = copy_str(c, CONF_SUSPEND_EXC_NODES);
    for (uint32_t i = 0; i < parts->n; i++)
        meta_strs_push(&p->suspend_exc_parts, parts->v[i]);
    for (uint32_t i = 0; i < states->n; i++)
        meta_strs_push(&p->suspend_exc_states, states->v[i]);
    const char *bad = node_exc_states(states, &p->suspend_exc_flags, &p->suspend_exc_down);
    if (bad)
        log_error("Invalid SuspendExcState %s", bad);
    p->keep_power = flags && text_has(flags, "KeepPowerSaveSettings");
    p->power_interval = conf_param_u32(c, CONF_SLURMCTLD_PARAMETERS, "power_save_interval", 10);
    p->idle_on_suspend = conf_has_param(c, CONF_SLURMCTLD_PARAMETERS, "idle_on_node_suspend", NULL);
}

static void set_exit_codes(struct bits *ret, const struct conf *c, enum conf_key key)
{
    const char *text = conf_str(c, key);
    struct err e;

    if (text && bits_parse(ret, text, &e) < 0)
        log_error("%s: %s", conf_key_info(key)->name, e.text);
}

static void set_nodesets(struct policy *p, const struct conf *c)
{
    uint32_t n, nodes_n;
    const struct conf_nodeset *sets = conf_nodesets(c, &n);
    const struct node *nodes = conf_nodes(c, &nodes_n);
    struct err e;

    for (uint32_t i = 0; i < n; i++) {
        struct hostlist l = {0};
        struct buf text = BUF_INIT;
        for (uint32_t k = 0; (k = bits_next(&sets[i].members, k)) < nodes_n; k++)
            hostlist_push(&l, nodes[k].name, &e);
        buf_addf(&text, "%s=", sets[i].name);
        hostlist_text(&l, &text);
        meta_strs_push(&p->nodesets, text.s);
        buf_release(&text);
        hostlist_release(&l);
    }
}

static void set_topology(struct policy *p, const struct conf *c)
{
    uint32_t n;
    const struct topo_switch *units = conf_topology(c, &n);

    for (uint32_t i = 0; i < n; i++) {
        struct topo_switch *s = meta_recs_push(&record_topo_switch, &p->topology);
        meta_release(&record_topo_switch, s);
        meta_copy(&record_topo_switch, s, &units[i]);
    }
    const struct topo_plan *plans = conf_topologies(c, &n);
    for (uint32_t i = 0; i < n; i++)
        meta_strs_push(&p->topology_names, plans[i].name ? plans[i].name : "");
}

static struct policy *make_policy(const struct conf *c)
{
    struct policy *p = meta_new(&record_policy);
    const struct meta_strs *gres = conf_list(c, CONF_GRES_TYPES);
    const char *flags = conf_str(c, CONF_RECONFIG_FLAGS), *no_records;

    p->cluster_name = copy_str(c, CONF_CLUSTER_NAME);
    set_limits(p, c);
    set_selection(p, c);
    p->enforce_part_limits = copy_str(c, CONF_ENFORCE_PART_LIMITS);
    p->job_requeue = conf_bool(c, CONF_JOB_REQUEUE);
    for (uint32_t i = 0; gres && i < gres->n; i++)
        meta_strs_push(&p->gres_types, gres->v[i]);
    p->licenses = copy_str(c, CONF_LICENSES);
    p->priority_type = copy_str(c, CONF_PRIORITY_TYPE);
    set_scheduler(p, c);
    p->private_data = copy_str(c, CONF_PRIVATE_DATA);
    p->prolog_flags = copy_str(c, CONF_PROLOG_FLAGS);
    p->enforce_accounting = conf_u64(c, CONF_ACCOUNTING_STORAGE_ENFORCE) & 1;
    p->disable_root_jobs = conf_bool(c, CONF_DISABLE_ROOT_JOBS);
    p->kill_on_bad_exit = conf_bool(c, CONF_KILL_ON_BAD_EXIT);
    p->config_overrides = conf_has_param(c, CONF_SLURMD_PARAMETERS, "config_overrides", NULL);
    set_exit_codes(&p->requeue_exit, c, CONF_REQUEUE_EXIT);
    set_exit_codes(&p->requeue_exit_hold, c, CONF_REQUEUE_EXIT_HOLD);
    p->kill_invalid_depend = conf_has_param(c, CONF_DEPENDENCY_PARAMETERS, "kill_invalid_depend", NULL);
    p->keep_part_info = flags && text_has(flags, "KeepPartInfo");
    p->keep_part_state = flags && text_has(flags, "KeepPartState");
    p->allow_spec = conf_bool(c, CONF_ALLOW_SPEC_RESOURCES_USAGE);
    set_power(p, c);
    p->max_batch_requeue = conf_u32(c, CONF_MAX_BATCH_REQUEUE);
    p->job_comp = jobcomp_type(c, &no_records) != JOBCOMP_NONE;
    if (no_records)
        log_error("no records of ended jobs are kept: %s", no_records);
    if (conf_str(c, CONF_HEALTH_CHECK_PROGRAM))
        p->health_interval = conf_u32(c, CONF_HEALTH_CHECK_INTERVAL);
    p->health_states = (uint32_t)conf_u64(c, CONF_HEALTH_CHECK_NODE_STATE);
    if (conf_plugin(c, CONF_JOB_ACCT_GATHER_TYPE, "linux") ||
        conf_plugin(c, CONF_JOB_ACCT_GATHER_TYPE, "cgroup"))
        acctg_interval(conf_str(c, CONF_JOB_ACCT_GATHER_FREQUENCY), "task", &p->sample_interval);
    p->preempt =
        conf_plugin(c, CONF_PREEMPT_TYPE, "partition_prio") || conf_plugin(c, CONF_PREEMPT_TYPE, "qos");
    p->expedited_requeue = conf_has_param(c, CONF_SLURMCTLD_PARAMETERS, "enable_expedited_requeue", NULL);
    p->mail_domain = copy_str(c, CONF_MAIL_DOMAIN);
    p->prolog_slurmctld = conf_list(c, CONF_PROLOG_SLURMCTLD)->n > 0;
    p->epilog_slurmctld = conf_list(c, CONF_EPILOG_SLURMCTLD)->n > 0;
    set_nodesets(p, c);
    set_topology(p, c);
    return p;
}

/* State= of node lines and DownNodes: what a node that was not known before begins with. */
static void add_down(struct configure *to, const struct node *n)
{
    const char *state = n->state == NODE_DOWN    ? "DOWN"
                        : n->flags & NODEF_DRAIN ? "DRAIN"
                        : n->flags & NODEF_FAIL  ? "FAIL"
                                                 : NULL;

    if (!state)
        return;
    struct node_update *u = meta_recs_push(&record_node_update, &to->down);
    u->nodes = mem_strdup(n->name);
    u->state = mem_strdup(state);
    u->reason = mem_strdup(n->reason);
}

/* AllowGroups is asked of the name service here, so that the core needs none. */
void configure_groups(struct part *p)
{
    struct text_list groups = {0};

    p->allow_uids.n = 0;
    text_split(&groups, p->allow_groups ? p->allow_groups : "", ',');
    for (uint32_t i = 0; i < groups.n; i++)
        if (!text_same_nocase(groups.v[i], "ALL") && !users_of_group(groups.v[i], &p->allow_uids))
            log_error("Could not find configured group %s", groups.v[i]);
    text_list_release(&groups);
}

/* The core would refuse it too, but not in the words that people look for. */
static int check_parts(const struct conf *c, struct err *e)
{
    uint32_t n;
    const struct part *parts = conf_parts(c, &n);
    struct bits members = {0};
    int rc = 0;

    for (uint32_t i = 0; i < n && rc == 0; i++)
        if (parts[i].nodes && conf_expand_nodes(c, parts[i].nodes, &members, e) < 0)
            rc = err_set(e, ESLURM_INVALID_NODE_NAME, "Invalid node names in partition %s", parts[i].name);
    bits_release(&members);
    return rc;
}

struct configure *configure_from(const struct conf *c, uint32_t slurm_uid, struct err *e)
{
    if (check_parts(c, e) < 0)
        return NULL;
    struct configure *to = meta_new(&record_configure);
    uint32_t n;

    to->policy = make_policy(c);
    to->policy->slurm_uid = slurm_uid; /* a private cluster runs as whoever started it */
    const struct node *nodes = conf_nodes(c, &n);
    to->nodes.v = mem_array(n, sizeof *to->nodes.v);
    to->nodes.n = n;
    for (uint32_t i = 0; i < n; i++) {
        meta_copy(&record_node, &to->nodes.v[i], &nodes[i]);
        add_down(to, &nodes[i]);
    }
    const struct part *parts = conf_parts(c, &n);
    to->parts.v = mem_array(n, sizeof *to->parts.v);
    to->parts.n = n;
    for (uint32_t i = 0; i < n; i++) {
        meta_copy(&record_part, &to->parts.v[i], &parts[i]);
        configure_groups(&to->parts.v[i]);
    }
    return to;
}
