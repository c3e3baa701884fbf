/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MSG_JOB_UPDATE: scontrol update job, hold, uhold, release, top. Who may change what, and when, is the table
 * below and scontrol(1).
 */
#include "core/decide/decide.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "core/depend.h"
#include "core/decide/targets.h"
#include "model/jobtext.h"
#include "model/schedopts.h"

/* Fields that may change in a running job too; all others only while it waits. */
static const struct field_rule {
    const char *name;
    bool operator_only;
} running_fields[] = {
    {"name", false},      {"comment", false},       {"admin_comment", true}, {"extra", false},
    {"mail_type", false}, {"mail_user", false},     {"nice", false},         {"requeue", false},
    {"priority", false},  {"time_limit", false},    {"time_min", false},     {"deadline", false},
    {"switches", false},  {"switches_wait", false}, {"delay_boot", false},
};

/* Waiting jobs: what only an operator may ask for afterwards. */
static const char *const operator_fields[] = {"contiguous", "core_spec", "thread_spec",    "share",
                                              "reboot",     "deadline",  "ntasks_per_node"};

/* The job as it will be, and the fact that makes it so. */
struct change {
    struct decide *d;
    const struct job_update *u;
    const struct job *old;
    struct job job; /* old with the changes: owns spec, partition, dependency, req_tres */
    struct job_changed fact;
    bool respec; /* sizes and limits have to be looked at again */
    bool sized;  /* it may have become larger than its partitions */
};

static const struct field_rule *running_rule(const char *name)
{
    for (uint32_t i = 0; i < sizeof running_fields / sizeof *running_fields; i++)
        if (strcmp(running_fields[i].name, name) == 0)
            return &running_fields[i];
    return NULL;
}

static bool operator_only(const char *name, bool pending)
{
    const struct field_rule *rule = running_rule(name);
    if (pending)
        for (uint32_t i = 0; i < sizeof operator_fields / sizeof *operator_fields; i++)
            if (strcmp(operator_fields[i], name) == 0)
                return true;
    return rule && rule->operator_only;
}

/* --- time
 * ---------------------------------------------------------------------------------------------------- */

/* The longest limit that a user may give: a running job's own, a waiting one's up to that of its partitions.
 */
static uint32_t longest_limit(const struct change *c)
{
    const struct job *j = c->old;
    struct text_list parts = {0};
    uint32_t longest = job_is_active(j) || j->time_limit != NO_VAL ? j->time_limit : 0;
    if (job_is_pending(j) && j->partition)
        text_split(&parts, j->partition, ',');
    for (uint32_t i = 0; i < parts.n; i++) {
        const struct part *p = state_part(c->d->s, parts.v[i]);
        uint32_t most = p && p->max_time != NO_VAL ? p->max_time : INFINITE;
        longest = most > longest ? most : longest;
    }
    text_list_release(&parts);
    return longest;
}

static int set_limit(struct change *c, uint32_t minutes)
{
    const struct job *j = c->old;
    if (minutes > longest_limit(c) && !sender_is(c->d, ACCESS_OPERATOR))
        return ESLURM_ACCESS_DENIED;
    c->job.spec->time_limit = minutes;
    c->job.time_limit = c->fact.time_limit = minutes;
    if (!job_is_active(j))
        return 0;
    int64_t from = j->suspend_time ? j->suspend_time - j->pre_sus_time : j->start_time;
    c->fact.end_time = minutes == INFINITE ? 0 : from + (int64_t)minutes * 60;
    return 0;
}

static int set_limit_by(struct change *c, int32_t delta)
{
    int64_t minutes = (int64_t)c->old->time_limit + delta;
    if (c->old->time_limit == INFINITE || c->old->time_limit == NO_VAL)
        return ESLURM_INVALID_TIME_LIMIT;
    if (minutes < 0 || minutes >= NO_VAL)
        return ESLURM_INVALID_TIME_LIMIT;
    return set_limit(c, (uint32_t)minutes);
}

static int set_end(struct change *c, int64_t end)
{
    const struct job *j = c->old;
    if (!job_is_active(j))
        return ESLURM_JOB_NOT_RUNNING;
    if (end < c->d->now)
        return ESLURM_INVALID_TIME_SPECIFIED;
    if (j->end_time && end > j->end_time && !sender_is(c->d, ACCESS_OPERATOR))
        return ESLURM_ACCESS_DENIED;
    if (end - j->start_time >= (int64_t)NO_VAL * 60)
        return ESLURM_INVALID_TIME_SPECIFIED;
    c->fact.end_time = end;
    c->fact.time_limit = (uint32_t)((end - j->start_time + 59) / 60);
    return 0;
}

static int set_begin(struct change *c, int64_t begin)
{
    if (!job_is_pending(c->old))
        return ESLURM_JOB_NO_LONGER_PENDING_EXECUTION;
    c->job.spec->begin_time = begin;
    return 0;
}

/* --- priority
 * ------------------------------------------------------------------------------------------------ */

static void set_priority(struct change *c, uint32_t priority)
{
    c->job.priority = c->fact.priority = priority;
}

static int hold(struct change *c, bool by_user)
{
    if (job_is_final(c->old))
        return ESLURM_JOB_ALREADY_FINISHED;
    bool admin = sender_is(c->d, ACCESS_OPERATOR) && !by_user;
    set_priority(c, 0);
    c->fact.set_flags |= admin ? JOBF_HELD_ADMIN : JOBF_HELD_USER;
    c->fact.clear_flags |= admin ? JOBF_HELD_USER : JOBF_HELD_ADMIN;
    c->fact.reason = admin ? WHY_JOBHELDADMIN : WHY_JOBHELDUSER; /* of a running job, too */
    return 0;
}

static int release_hold(struct change *c)
{
    const struct job *j = c->old;
    if (job_is_final(j))
        return ESLURM_JOB_ALREADY_FINISHED;
    if (!job_is_held(j))
        return 0;
    if (j->flags & JOBF_HELD_ADMIN && !sender_is(c->d, ACCESS_OPERATOR))
        return ESLURM_ACCESS_DENIED;
    uint32_t given = j->spec->priority;
    set_priority(c, given != NO_VAL && given ? given : decide_priority(c->d->s, j));
    c->fact.clear_flags |= JOBF_HELD_ADMIN | JOBF_HELD_USER | JOBF_SPECIAL_EXIT | JOBF_REQUEUE_HOLD;
    c->fact.reason = WHY_NONE;
    return 0;
}

static int give_priority(struct change *c)
{
    uint32_t priority = c->u->spec->priority;
    if (priority == 0) {
        c->job.spec->priority = c->old->spec->priority;
        return hold(c, false);
    }
    if (!sender_is(c->d, ACCESS_OPERATOR))
        return ESLURM_ACCESS_DENIED;
    if (job_is_pending(c->old) && job_is_held(c->old))
        return ESLURM_JOB_IN_HELD_STATE_PENDING_SCHEDULER;
    if (priority == NO_VAL || priority == INFINITE)
        priority = decide_priority(c->d->s, c->old);
    set_priority(c, priority);
    c->fact.clear_flags |= JOBF_HELD_ADMIN | JOBF_HELD_USER | JOBF_SPECIAL_EXIT | JOBF_REQUEUE_HOLD;
    return 0;
}

/* Before every other waiting job of its user. */
static int to_top(struct change *c)
{
    if (!job_is_pending(c->old) || job_is_held(c->old))
        return ESLURM_JOB_NO_LONGER_PENDING_EXECUTION;
    uint32_t top = c->old->priority;
    const struct job *j;
    for (uint32_t id = 0; (j = ptree_next(&c->d->s->jobs, &id)); id++)
        if (j->uid == c->old->uid && job_is_pending(j) && j != c->old && j->priority >= top)
            top = j->priority < INFINITE - 2 ? j->priority + 1 : j->priority;
    set_priority(c, top);
    return 0;
}

/* --- fields
 * -------------------------------------------------------------------------------------------------- */

static int set_dependency(struct change *c)
{
    struct decide *d = c->d;
    struct depend dep;
    int rc = depend_of_user(d, c->old, c->job.spec->dependency, &dep);
    if (rc < 0)
        return -rc;
    int64_t next;
    depend_eval(d->s, &c->job, &dep, d->now, &next);
    struct buf text = BUF_INIT;
    bool met = depend_text(&dep, &text), never = !met && depend_never(&dep);
    mem_set_str(&c->job.dependency, met ? NULL : text.s);
    mem_set_str(&c->fact.dependency, met ? "" : text.s);
    if (never)
        c->fact.set_flags |= JOBF_DEP_NEVER;
    else
        c->fact.clear_flags |= JOBF_DEP_NEVER;
    buf_release(&text);
    depend_release(&dep);
    return 0;
}

/* Of who asks, of the state of the job, and of values that no job can have. */
static int refuse_early(const struct change *c, const char *name)
{
    const struct job_spec *want = c->u->spec;
    bool pending = job_is_pending(c->old), operator= sender_is(c->d, ACCESS_OPERATOR);
    bool memory = strcmp(name, "mem_per_cpu") == 0 || strcmp(name, "mem_per_node") == 0;
    if (strcmp(name, "reboot") == 0 && !operator)
        return ESLURM_ACCESS_DENIED;
    if (!pending && memory)
        return ESLURM_REQUESTED_OPERATION_REQUIRES_EXTERN_STEP;
    if (!pending && strcmp(name, "reservation") == 0 && want->reservation && *want->reservation)
        return ESLURM_REQUESTED_RESERVATION_INVALID;
    if (!pending && strcmp(name, "partition") == 0 && text_same(want->partition, c->old->partition))
        return 0;
    if (!pending && !running_rule(name))
        return ESLURM_JOB_NO_LONGER_PENDING_EXECUTION;
    if (strcmp(name, "contiguous") == 0 && c->old->spec->contiguous == 1 && want->contiguous != 1)
        return 0; /* easier to place */
    if ((strcmp(name, "core_spec") == 0 || strcmp(name, "thread_spec") == 0) && !c->d->s->policy->allow_spec)
        return ESLURM_ACCESS_DENIED;
    if (strcmp(name, "deadline") == 0 && want->deadline < c->d->now)
        return ESLURM_INVALID_TIME_SPECIFIED;
    if (operator_only(name, pending) && !operator)
        return ESLURM_ACCESS_DENIED;
    if ((strcmp(name, "ntasks") == 0 && !want->ntasks) ||
        (strcmp(name, "cpus_per_task") == 0 && !want->cpus_per_task))
        return ESLURM_INVALID_CPU_COUNT;
    return 0;
}

static int set_field(struct change *c, const char *name)
{
    const struct meta_field *f = meta_find(&record_job_spec, name);
    if (!f || strcmp(name, "array") == 0 || strcmp(name, "user_name") == 0)
        return ESLURM_REQUESTED_OPERATION_NOT_SUPPORTED_ON_THIS;
    int code = refuse_early(c, name);
    if (code)
        return code;
    if (strcmp(name, "nice") == 0 && c->u->spec->nice < 0 && !sender_is(c->d, ACCESS_OPERATOR))
        return ESLURM_ACCESS_DENIED;
    meta_copy_field(f, c->job.spec, c->u->spec);
    if (strcmp(name, "time_limit") == 0)
        return set_limit(c, c->u->spec->time_limit);
    if (strcmp(name, "priority") == 0)
        return give_priority(c);
    if (strcmp(name, "dependency") == 0)
        return set_dependency(c);
    if (strcmp(name, "begin_time") == 0 && c->job.spec->begin_time <= c->d->now)
        c->job.spec->begin_time = 0;
    if (strcmp(name, "mem_per_node") == 0)
        c->job.spec->mem_per_cpu = NO_VAL64;
    if (strcmp(name, "mem_per_cpu") == 0)
        c->job.spec->mem_per_node = NO_VAL64;
    uint32_t limit = c->job.spec->time_limit;
    if (strcmp(name, "time_min") == 0 && limit != NO_VAL && c->u->spec->time_min > limit)
        return ESLURM_INVALID_TIME_MIN_SPECIFICATION;
    c->respec |= !running_rule(name);
    c->sized |=
        strcmp(name, "min_cpus") == 0 || strcmp(name, "ntasks") == 0 || strcmp(name, "min_cpus_node") == 0;
    return 0;
}

/* "2", "2-4" */
static int set_num_nodes(struct change *c)
{
    if (!job_is_pending(c->old))
        return ESLURM_JOB_NO_LONGER_PENDING_EXECUTION;
    struct text_list ends = {0};
    text_split(&ends, c->u->num_nodes, '-');
    uint32_t low, high;
    bool ok = (ends.n == 1 || ends.n == 2) && text_to_u32(ends.v[0], &low);
    if (ok)
        ok = text_to_u32(ends.v[ends.n - 1], &high) && low > 0 && high >= low;
    text_list_release(&ends);
    if (!ok)
        return ESLURM_INVALID_NODE_COUNT;
    c->job.spec->min_nodes = low;
    c->job.spec->max_nodes = high;
    c->respec = c->sized = true;
    return 0;
}

static int set_array_max(struct change *c)
{
    if (!c->old->array_job_id)
        return ESLURM_REQUESTED_OPERATION_NOT_SUPPORTED_ON_THIS;
    c->fact.array_max = c->u->array_max == INFINITE ? 0 : c->u->array_max;
    return 0;
}

static int set_all(struct change *c)
{
    const struct job_update *u = c->u;
    int code = 0;
    for (uint32_t i = 0; i < u->fields.n && !code && u->spec; i++)
        code = set_field(c, u->fields.v[i]);
    if (!code && u->time_delta)
        code = set_limit_by(c, u->time_delta);
    if (!code && u->end_time)
        code = set_end(c, u->end_time);
    if (!code && u->eligible_time)
        code = set_begin(c, u->eligible_time);
    if (!code && u->num_nodes)
        code = set_num_nodes(c);
    if (!code && u->array_max != NO_VAL)
        code = set_array_max(c);
    if (!code && u->hold == 1)
        code = hold(c, u->hold_by_user);
    if (!code && u->hold == 0)
        code = release_hold(c);
    if (!code && u->top)
        code = to_top(c);
    return code;
}

/* --- the whole
 * ----------------------------------------------------------------------------------------------- */

/* Counts that contradict each other. */
static int check_sizes(const struct job_spec *spec)
{
    uint64_t per_task = spec->cpus_per_task != NO_VAL16 ? spec->cpus_per_task : 1;
    uint64_t tasks = spec->ntasks != NO_VAL ? spec->ntasks : 1, nodes = spec->min_nodes;
    if (spec->max_cpus == NO_VAL || !spec->max_cpus)
        return 0;
    if (tasks * per_task > spec->max_cpus || (nodes != NO_VAL && nodes > spec->max_cpus))
        return ESLURM_INVALID_CPU_COUNT;
    return 0;
}

/* A waiting job with new wishes goes through the same checks as a new one. */
static int admit_again(struct change *c)
{
    struct sched_view view;
    int bad = check_sizes(c->job.spec);
    if (bad)
        return bad;
    state_view(c->d->s, c->d->now, &view);
    int rc = sched_admit(&view, &c->job, c->job.uid, sender_is(c->d, ACCESS_OPERATOR), c->d->e);
    if (rc < 0)
        return -rc;
    c->fact.req_tres = mem_strdup(c->job.req_tres ? c->job.req_tres : "");
    c->fact.partition = mem_strdup(c->job.partition);
    c->fact.cpus = c->job.cpus;
    c->fact.ntasks = c->job.ntasks;
    c->fact.node_count = c->job.node_count;
    c->fact.time_limit = c->job.time_limit;
    return 0;
}

/* Could it ever run, in one of its partitions? A job that could not keeps its new sizes all the same. */
static bool placeable(struct change *c)
{
    struct sched_view view;
    struct text_list parts = {0};
    bool ok = false;
    state_view(c->d->s, c->d->now, &view);
    text_split(&parts, c->job.partition ? c->job.partition : "", ',');
    for (uint32_t i = 0; i < parts.n && !ok; i++) {
        const struct part *p = state_part(c->d->s, parts.v[i]);
        struct selection sel;
        if (!p)
            continue;
        sched_select(&view, &c->job, p, SELECT_EMPTY, NULL, &sel);
        ok = sel.ok;
        selection_release(&sel);
    }
    text_list_release(&parts);
    return ok;
}

/* Why it waits now, and since when it may run. */
static void set_waiting(struct change *c)
{
    struct job *j = &c->job;
    j->flags = (j->flags | c->fact.set_flags) & ~c->fact.clear_flags;
    c->fact.reason = decide_reason(j, c->d->now);
    c->fact.reason_text = mem_strdup("");
    int64_t eligible = 0, begin = j->spec->begin_time;
    if (!job_is_held(j) && !j->dependency)
        eligible = begin > c->d->now                                             ? begin
                   : c->old->eligible_time && c->old->eligible_time <= c->d->now ? c->old->eligible_time
                                                                                 : c->d->now;
    if (eligible != c->old->eligible_time)
        c->fact.eligible_time = c->fact.accrue_time = eligible;
    if (c->u->reset_accrue && eligible && eligible <= c->d->now)
        c->fact.accrue_time = c->d->now;
}

static void change_init(struct change *c, struct decide *d, const struct job_update *u, const struct job *j)
{
    *c = (struct change){.d = d, .u = u, .old = j};
    meta_copy(&record_job, &c->job, j);
    struct job_spec *spec = meta_dup(&record_job_spec, j->spec);
    meta_free(&record_job_spec, c->job.spec);
    c->job.spec = spec;
    meta_init(&record_job_changed, &c->fact);
    c->fact.eligible_time = c->fact.accrue_time = c->fact.end_time = -1;
}

static void emit(struct change *c, const struct idset *ids)
{
    c->fact.spec = c->job.spec;
    shared_keep(&c->job.spec->sh);
    IDSET_EACH (ids, id) {
        struct job_changed *f = facts_add(c->d->out, FACT_JOB_CHANGED);
        meta_release(&record_job_changed, f);
        meta_copy(&record_job_changed, f, &c->fact);
        f->job_id = id;
    }
}

static int update_one(struct decide *d, const struct job *j, const struct bits *tasks, const void *arg)
{
    const struct job_update *u = arg;
    bool as_other = u->uid != NO_VAL && u->uid != d->sender->uid; /* root's scontrol --uid */
    if (!sender_owns(d, j) || (as_other && u->uid != j->uid))
        return ESLURM_INVALID_USER_ID;
    if (job_is_final(j))
        return ESLURM_JOB_ALREADY_FINISHED;
    if (u->reset_accrue && !job_is_pending(j))
        return ESLURM_JOB_NO_LONGER_PENDING_EXECUTION;
    if (!decide_touch(d, j->job_id))
        return ESLURM_JOB_CAN_NOT_ALTERED_NOW_TRY;
    struct change c;
    change_init(&c, d, u, j);
    int code = set_all(&c);
    if (!code && c.respec && job_is_pending(j))
        code = admit_again(&c);
    if (!code) {
        if (job_is_pending(j))
            set_waiting(&c);
        struct idset ids = {0};
        decide_split_tasks(d, j, u->array_max != NO_VAL ? NULL : tasks, &ids);
        emit(&c, &ids);
        idset_release(&ids);
        if (c.sized && job_is_pending(j) && !placeable(&c))
            code = ESLURM_PARTITION_CONFIG_UNAVAILABLE;
    }
    meta_release(&record_job_changed, &c.fact);
    meta_release(&record_job, &c.job);
    return code;
}

static void update_by_name(struct decide *d, const struct job_update *u)
{
    uint32_t uid = u->uid == NO_VAL ? d->sender->uid : u->uid;
    for (uint32_t i = 0; i < u->names.n; i++) {
        const struct idset *set = index_namesakes(d->s, uid, u->names.v[i]);
        bool found = false;
        for (uint32_t k = 0; set && k < set->n; k++) {
            const struct job *j = state_job(d->s, set->v[k]);
            if (!j || j->uid != uid || !text_same(j->spec->name, u->names.v[i]))
                continue;
            found = true;
            int code = update_one(d, j, NULL, u);
            if (code)
                decide_result(d, u->names.v[i], code, NULL);
        }
        if (!found)
            decide_result(d, u->names.v[i], ESLURM_INVALID_JOB_ID, NULL);
    }
}

int decide_job_update(struct decide *d, const void *record)
{
    const struct job_update *u = record;
    if (u->top && !sender_is(d, ACCESS_OPERATOR) && !sched_opts_of(d->s->policy).enable_user_top) {
        struct buf ids = BUF_INIT;
        for (uint32_t i = 0; i < u->ids.n; i++)
            buf_addf(&ids, "%s%s", i ? "," : "", u->ids.v[i]);
        decide_result(d, ids.len ? ids.s : "", ESLURM_ACCESS_DENIED, NULL);
        buf_release(&ids);
        return 0;
    }
    decide_each_target(d, &u->ids, update_one, u);
    update_by_name(d, u);
    return 0;
}
