/* SPDX-License-Identifier: Apache-2.0 */
/* MSG_JOB_SIGNAL: scancel. Signal 0 cancels; any other goes to processes of running jobs. */
#include "core/decide/decide.h"

#include "base/mem.h"
#include "core/apply.h"
#include "core/decide/targets.h"
#include "core/select.h"
#include "model/jobtext.h"

enum { KILL_SIGNAL = 9 };

struct signal_arg {
    const struct job_signal *r;
    const struct job_filter *filter;
    bool skip_final; /* tasks of an array that ended before do not matter */
};

/* A plain SIGKILL to the whole job is what ends it, so it counts as a cancellation. */
static bool cancels(const struct job_signal *r)
{
    return r->signal == 0 ||
           (r->signal == KILL_SIGNAL && !(r->flags & (KILLF_BATCH | KILLF_FULL | KILLF_STEPS_ONLY)));
}

/* Tasks of this array that the same command cancels already. */
static struct job_changed *earlier_drop(struct decide *d, uint32_t job_id)
{
    for (uint32_t i = 0; i < d->out->list.n; i++) {
        struct job_changed *f = d->out->list.v[i].record;
        if (d->out->list.v[i].type == FACT_JOB_CHANGED && f->job_id == job_id && bits_any(&f->drop_tasks))
            return f;
    }
    return NULL;
}

/*
 * Some of the tasks that an array still has; `scancel 7_1 7_[3-4] 7` names them one after the other. Returns
 * whether that is all there is to do; not when nothing would be left of the array.
 */
static bool drop_tasks(struct decide *d, const struct job *j, const struct bits *tasks)
{
    struct job_changed *drop = earlier_drop(d, j->job_id);
    if (!drop && !tasks)
        return false;
    if (!drop && decide_touch(d, j->job_id)) {
        drop = decide_job_change(d, j->job_id);
        drop->killed_by = d->sender->uid;
    }
    if (!drop)
        return true; /* the whole array is being cancelled */
    bits_or(&drop->drop_tasks, tasks ? tasks : &j->array_tasks);
    if (!bits_equal(&drop->drop_tasks, &j->array_tasks))
        return true;
    bits_release(&drop->drop_tasks); /* the fact has nothing to say any more */
    map_u64_remove(&d->touched, j->job_id);
    return false;
}

static int cancel(struct decide *d, const struct job *j, const struct bits *tasks, const struct job_signal *r)
{
    if (job_is_final(j))
        return ESLURM_JOB_STEP_ALREADY_COMPLETING_OR_COMPLETED;
    if (drop_tasks(d, j, tasks))
        return 0;
    struct ending how = ENDING(JOB_CANCELLED, job_is_pending(j) ? (enum job_reason)j->reason : WHY_NONE);
    how.reason_text = job_is_pending(j) ? j->reason_text : NULL;
    how.killed_by = d->sender->uid;
    if (r->flags & KILLF_HURRY || r->signal == KILL_SIGNAL)
        how.flags = JOBF_KILL_HURRY;
    decide_end(d, j, &how);
    return 0;
}

static void send_signal(struct decide *d, const struct job *j, uint32_t step_id, const struct job_signal *r)
{
    struct job_signalled *f = facts_add(d->out, FACT_JOB_SIGNALLED);
    f->job_id = j->job_id;
    f->step_id = step_id;
    f->signal = r->signal;
    f->flags = r->flags;
    f->uid = d->sender->uid;
    if (!r->signal)
        f->kill_time = d->now + d->s->policy->kill_wait;
}

static int signal_one(struct decide *d, const struct job *j, const struct bits *tasks, const void *arg)
{
    const struct signal_arg *a = arg;
    if (!job_filter_match(a->filter, j) || (a->r->me_only && j->uid != d->sender->uid))
        return -1;
    if (a->skip_final && job_is_final(j))
        return -1;
    if (!sender_owns(d, j))
        return ESLURM_ACCESS_DENIED;
    if (cancels(a->r))
        return cancel(d, j, tasks, a->r);
    if (job_is_pending(j))
        return ESLURM_JOB_PENDING_EXECUTION;
    if (!job_is_active(j))
        return ESLURM_JOB_STEP_ALREADY_COMPLETING_OR_COMPLETED;
    send_signal(d, j, NO_VAL, a->r);
    return 0;
}

static int signal_step(struct decide *d, const struct job_target *t, const struct job_signal *r)
{
    const struct job *j = state_job(d->s, t->job_id);
    const struct idset *set = t->has_tasks ? index_array(d->s, t->job_id) : NULL;
    if (set) {
        IDSET_EACH (set, id)
            if (job_target_names(t, state_job(d->s, id)))
                j = state_job(d->s, id);
    }
    if (!j || (t->has_tasks && !job_target_names(t, j)))
        return ESLURM_INVALID_JOB_ID;
    if (!sender_owns(d, j))
        return ESLURM_ACCESS_DENIED;
    if (job_is_pending(j))
        return ESLURM_JOB_PENDING_EXECUTION;
    bool known = job_step(j, t->step_id) >= 0 || t->step_id == STEP_BATCH || t->step_id == STEP_EXTERN;
    if (!job_is_active(j) || !known)
        return ESLURM_JOB_STEP_ALREADY_COMPLETING_OR_COMPLETED;
    struct job_signal step = {.signal = r->signal ? r->signal : KILL_SIGNAL, .flags = r->flags};
    send_signal(d, j, t->step_id, &step); /* to cancel a step is to kill it; only jobs end gently */
    return 0;
}

/* Of a whole array, is anything left to be signalled? */
static bool some_alive(const struct state *s, const struct job_target *t)
{
    const struct idset *set = t->has_tasks ? NULL : index_array(s, t->job_id);
    if (!set)
        return false;
    IDSET_EACH (set, id)
        if (!job_is_final(state_job(s, id)))
            return true;
    return false;
}

/* Ids in the order given; those with a step name no job. */
static void signal_ids(struct decide *d, const struct signal_arg *a)
{
    struct job_results *results = d->reply;
    for (uint32_t i = 0; i < a->filter->ids.n; i++) {
        const struct job_target *t = &a->filter->ids.v[i];
        char **text = &a->filter->want->ids.v[i];
        if (t->step_id == NO_VAL) {
            struct meta_strs one = {.v = text, .n = 1};
            struct signal_arg mine = *a;
            mine.skip_final = some_alive(d->s, t);
            decide_each_target(d, &one, signal_one, &mine);
            continue;
        }
        int code = signal_step(d, t, a->r);
        results->matched++;
        if (code)
            decide_result(d, *text, code, NULL);
    }
}

static void signal_all(struct decide *d, const struct signal_arg *a)
{
    struct job_results *results = d->reply;
    const struct job *j;
    for (uint32_t id = 0; (j = ptree_next(&d->s->jobs, &id)); id++) {
        if (job_is_ended(j))
            continue;
        int code = signal_one(d, j, NULL, a);
        results->matched += code >= 0;
        if (code <= 0)
            continue;
        struct buf text = BUF_INIT;
        job_id_text(j, 0, &text);
        decide_result(d, text.s, code, NULL);
        buf_release(&text);
    }
}

static bool is_empty(const struct job_select *s)
{
    return !s->ids.n && !s->uids.n && !s->partitions.n && !s->states.n && !s->flag_states && !s->names.n &&
           !s->accounts.n && !s->qos.n && !s->nodes && !s->reservations.n && !s->wckeys.n;
}

int decide_job_signal(struct decide *d, const void *record)
{
    const struct job_signal *r = record;
    if (!r->select || (is_empty(r->select) && !r->me_only))
        return decide_fail(d, ESLURM_INVALID_SIGNAL_JOBS_REQUEST_AT_LEAST);
    struct job_filter filter;
    int rc = job_filter_init(&filter, r->select, d->e);
    if (rc < 0)
        return rc;
    struct signal_arg a = {.r = r, .filter = &filter};
    if (filter.ids.n)
        signal_ids(d, &a);
    else
        signal_all(d, &a);
    job_filter_release(&filter);
    return 0;
}
