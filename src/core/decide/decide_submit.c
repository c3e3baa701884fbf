/* SPDX-License-Identifier: Apache-2.0 */
/* MSG_SUBMIT: a request becomes a job, or the sender is told why not. */
#include "core/decide/decide.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "core/array.h"
#include "core/deadline.h"
#include "core/depend.h"
#include "model/jobtext.h"
#include "model/schedopts.h"
#include "sched/constraint.h"

/* A job of the same user asked for exactly this: they share the record. Loops of sbatch make many of them. */
static void share_spec(const struct decide *d, struct job *j)
{
    const struct job *last = state_job(d->s, d->s->next_job_id - 1);
    if (!last || last->uid != j->uid || last->spec == j->spec ||
        !meta_equal(&record_job_spec, last->spec, j->spec))
        return;
    shared_keep(&last->spec->sh);
    meta_free(&record_job_spec, j->spec);
    j->spec = last->spec;
}

/* For whom: the sender, or anybody when root asks. */
static int set_owner(struct decide *d, const struct submit_request *r, struct job *j)
{
    j->uid = r->uid == NO_VAL ? d->sender->uid : r->uid;
    j->gid = r->gid == NO_VAL ? d->sender->gid : r->gid;
    if (j->uid != d->sender->uid && !sender_is(d, ACCESS_ADMIN))
        return decide_fail(d, ESLURM_INVALID_USER_ID);
    if (j->gid != d->sender->gid && !sender_is(d, ACCESS_ADMIN)) {
        bool member = false;
        for (uint32_t i = 0; i < r->group_names.n; i++)
            member |= r->group_names.v[i] == j->gid;
        if (!member)
            return decide_fail(d, ESLURM_INVALID_GROUP_ID);
    }
    if (j->uid == 0 && d->s->policy->disable_root_jobs)
        return decide_fail(d, ESLURM_INVALID_USER_ID);
    return 0;
}

static int set_array(struct decide *d, struct job *j)
{
    if (!j->spec->array || !*j->spec->array)
        return 0;
    struct array_spec a;
    uint32_t limit = d->s->policy->max_array_size;
    int rc = array_parse(&a, j->spec->array, limit, d->e);
    if (rc < 0)
        return rc;
    uint32_t most = sched_opts_of(d->s->policy).max_array_tasks;
    if (most && bits_count(&a.tasks) > most) {
        bits_release(&a.tasks);
        return decide_fail(d, ESLURM_INVALID_ARRAY);
    }
    j->array_tasks = a.tasks;
    j->array_max = a.running_max;
    j->array_task_step = a.step;
    j->array_task_count = bits_count(&a.tasks);
    j->array_task_min = bits_next(&a.tasks, 0);
    for (uint32_t i = j->array_task_min; i != BITS_MAX; i = bits_next(&a.tasks, i + 1))
        j->array_task_max = i;
    j->flags |= JOBF_ARRAY;
    return 0;
}

static int set_id(struct decide *d, const struct submit_request *r, struct job *j)
{
    if (!r->job_id) {
        j->job_id = decide_next_id(d);
        if (!j->job_id)
            return decide_fail(d, ESLURM_MAX_JOB_COUNT);
    } else {
        if (!sender_is(d, ACCESS_OPERATOR))
            return decide_fail(d, ESLURM_INVALID_JOB_ID);
        if (r->job_id > d->s->policy->max_job_id || r->job_id & IDSET_GONE)
            return decide_fail(d, ESLURM_INVALID_JOB_ID);
        if (state_job(d->s, r->job_id))
            return decide_fail(d, ESLURM_DUPLICATE_JOB_ID);
        j->job_id = r->job_id;
    }
    if (j->flags & JOBF_ARRAY)
        j->array_job_id = j->job_id;
    return 0;
}

static int check_numbers(struct decide *d, const struct submit_request *r, const struct job *j)
{
    const struct job_spec *spec = j->spec;
    struct sched_opts o = sched_opts_of(d->s->policy);
    uint32_t weight = j->flags & JOBF_ARRAY ? j->array_task_count : 1;
    if (d->s->job_count + weight > d->s->policy->max_job_count)
        return decide_fail(d, ESLURM_MAX_JOB_COUNT);
    if (spec->nice < 0 && !sender_is(d, ACCESS_OPERATOR))
        return decide_fail(d, ESLURM_INVALID_NICE_VALUE);
    if (r->script_size > o.max_script_size ||
        (spec->submit_line && strlen(spec->submit_line) > o.max_submit_line_size))
        return decide_fail(d, ESLURM_NAME_TOO_LONG);
    if (!spec->work_dir)
        return decide_fail(d, ESLURM_JOB_CANNOT_SUBMITTED_WITHOUT_CURRENT_WORKING);
    return 0;
}

static bool mem_is_asked(uint64_t mb)
{
    return mb && mb != NO_VAL64;
}

struct in_expression {
    const char *name;
    bool found;
};

static bool is_name(void *arg, const char *name)
{
    struct in_expression *in = arg;
    in->found |= text_same(in->name, name);
    return true;
}

/* Where memory is limited, tasks are looked at as often as the site says or oftener. */
static int check_sampling(struct decide *d, const struct job *j)
{
    const struct job_spec *s = j->spec;
    uint32_t most = d->s->policy->sample_interval, asked;
    bool limited = mem_is_asked(s->mem_per_node) || mem_is_asked(s->mem_per_cpu) ||
                   mem_is_asked(s->mem_per_gpu) || mem_is_asked(j->def_mem_node) ||
                   mem_is_asked(j->def_mem_cpu);
    if (!most || !limited || !acctg_interval(s->acctg_freq, "task", &asked))
        return 0;
    return asked && asked <= most ? 0 : decide_fail(d, ESLURM_INVALID_ACCOUNTING_FREQUENCY_REQUESTED);
}

static bool in_features(void *features, const char *name)
{
    struct in_expression in = {.name = name};
    struct err e;
    constraint_check(features, ESLURM_INVALID_FEATURE, is_name, &in, &e);
    return in.found;
}

/* What asks for something that a site has to allow, or that contradicts the rest of the request. */
static int check_wishes(struct decide *d, const struct job *j)
{
    const struct job_spec *s = j->spec;
    const struct policy *p = d->s->policy;
    struct err e;
    if (s->warn_reservation && !p->preempt)
        return decide_fail(d, ESLURM_PREEMPTION_REQUIRED_BUT_DISABLED_ON_THIS);
    if (s->expedite && !p->expedited_requeue)
        return decide_fail(d, ESLURM_REQUESTED_OPERATION_NOT_SUPPORTED_ON_THIS);
    if (s->batch_features && constraint_check(s->batch_features, ESLURM_JOB_BATCH_OPTION_INVALID_OR_NOT,
                                              in_features, s->features, &e) < 0)
        return decide_fail(d, ESLURM_JOB_BATCH_OPTION_INVALID_OR_NOT);
    return check_sampling(d, j);
}

static int check_times(struct decide *d, const struct job *j)
{
    const struct job_spec *spec = j->spec;
    if (spec->time_min != NO_VAL && spec->time_min > j->time_limit)
        return decide_fail(d, ESLURM_INVALID_TIME_MIN_SPECIFICATION);
    if (spec->deadline && (spec->deadline < d->now || job_start_by(j) < d->now ||
                           (spec->begin_time && job_start_by(j) < spec->begin_time)))
        return decide_fail(d, ESLURM_INVALID_TIME_LIMIT);
    return 0;
}

static int set_dependency(struct decide *d, struct job *j)
{
    struct depend dep;
    int rc = depend_of_user(d, j, j->spec->dependency, &dep);
    if (rc < 0)
        return rc;
    int64_t next;
    depend_eval(d->s, j, &dep, d->now, &next);
    struct buf text = BUF_INIT;
    if (dep.parts.n && !depend_text(&dep, &text)) {
        if (depend_never(&dep))
            j->flags |= JOBF_DEP_NEVER;
        mem_set_str(&j->dependency, text.s);
    }
    buf_release(&text);
    depend_release(&dep);
    return 0;
}

static void set_priority(struct decide *d, struct job *j)
{
    uint32_t given = j->spec->priority;
    bool may_give =
        given != NO_VAL && given != INFINITE && sender_is(d, ACCESS_OPERATOR); /* others are not heard */
    j->priority = may_give ? given : decide_priority(d->s, j);
    if (j->spec->hold || given == 0) {
        j->priority = 0;
        j->flags |= JOBF_HELD_USER;
    }
    j->reason = decide_reason(j, d->now);
    if (!job_is_held(j) && !j->dependency)
        j->eligible_time = j->accrue_time = j->spec->begin_time > d->now ? j->spec->begin_time : d->now;
    else if (j->spec->begin_time > d->now)
        j->eligible_time = j->spec->begin_time; /* not before, whatever else it waits for */
}

/* What a site's SchedulerParameters say of a request that leaves it open. */
static void set_waits(const struct decide *d, struct job *j)
{
    struct sched_opts o = sched_opts_of(d->s->policy);
    struct job_spec *spec = j->spec;
    if (spec->switches && spec->switches_wait != NO_VAL && spec->switches_wait > o.max_switch_wait)
        spec->switches_wait = o.max_switch_wait;
    if (!d->s->policy->allow_spec)
        spec->core_spec = spec->thread_spec = NO_VAL16;
    if (spec->wait_all_nodes == NO_VAL16 &&
        (j->flags & JOBF_BATCH ? o.sbatch_wait_nodes : o.salloc_wait_nodes))
        spec->wait_all_nodes = 1;
}

/* Only of who named nobody: an address that was given stays as it is. */
static void set_mail_user(const struct decide *d, struct job_spec *spec)
{
    const char *domain = d->s->policy->mail_domain;
    if (domain && *domain && !spec->mail_user && spec->user_name)
        spec->mail_user = buf_format("%s@%s", spec->user_name, domain);
}

static void set_origin(const struct submit_request *r, struct job *j)
{
    if (r->payload || r->payload_name.n)
        j->flags |= JOBF_BATCH;
    meta_bytes_set(&j->script, r->payload_name.v, r->payload_name.n);
    mem_set_str(&j->alloc_resp_host, r->resp_host);
    j->alloc_resp_pid = r->resp_pid;
}

static bool can_select(const struct sched_view *v, const struct job *j, const struct part *p,
                       enum select_mode mode)
{
    struct selection sel;
    sched_select(v, j, p, mode, NULL, &sel);
    bool ok = sel.ok;
    selection_release(&sel);
    return ok;
}

/* --immediate: refused unless one of its partitions could start it now. What is larger than the partition
 * has another text than what only finds it busy. */
static int check_immediate(struct decide *d, const struct sched_view *v, const struct job *j)
{
    if (!j->spec->immediate)
        return 0;
    bool fits = false, ever = false;
    for (const char *at = j->partition; at && *at && !fits;) {
        size_t len = strcspn(at, ",");
        char *name = mem_strndup(at, len);
        const struct part *p = state_part(d->s, name);
        if (p) {
            fits = can_select(v, j, p, SELECT_NOW);
            ever |= fits || can_select(v, j, p, SELECT_EMPTY);
        }
        mem_free(name);
        at += len + (at[len] == ',');
    }
    if (fits)
        return 0;
    return decide_fail(d, ever ? ESLURM_NODES_BUSY
                               : ESLURM_IMMEDIATE_EXECUTION_IMPOSSIBLE_INSUFFICIENT_PRIORITY);
}

static int make_job(struct decide *d, const struct submit_request *r, struct job *j)
{
    struct sched_view view;
    state_view(d->s, d->now, &view);
    j->submit_time = d->now;
    set_origin(r, j);
    set_waits(d, j);
    set_mail_user(d, j->spec);
    int rc = set_owner(d, r, j);
    if (rc == 0)
        rc = set_array(d, j);
    if (rc == 0)
        rc = set_id(d, r, j);
    if (rc == 0)
        rc = check_numbers(d, r, j);
    if (rc == 0)
        rc = sched_admit(&view, j, j->uid, sender_is(d, ACCESS_OPERATOR), d->e);
    if (rc == 0)
        rc = check_wishes(d, j);
    if (rc == 0)
        rc = check_times(d, j);
    if (rc == 0)
        rc = set_dependency(d, j);
    if (rc == 0)
        set_priority(d, j);
    return rc == 0 ? check_immediate(d, &view, j) : rc;
}

int decide_submit(struct decide *d, const void *record)
{
    const struct submit_request *r = record;
    if (!r->spec)
        return decide_fail(d, ESLURM_JOB_SIZE_SPECIFICATION_NEEDS_PROVIDED);
    struct job *j = meta_new(&record_job);
    j->spec = meta_dup(&record_job_spec, r->spec);
    int rc = make_job(d, r, j);
    if (rc < 0) {
        meta_free(&record_job, j);
        return rc;
    }
    share_spec(d, j);
    struct job *fact = facts_add(d->out, FACT_JOB_SUBMITTED);
    struct shared keep = fact->sh;
    *fact = *j;
    fact->sh = keep;
    mem_free(j);
    struct submit_reply *reply = d->reply;
    reply->job_id = fact->job_id;
    mem_set_str(&reply->partition, fact->partition);
    reply->cpus = fact->cpus;
    return 0;
}
