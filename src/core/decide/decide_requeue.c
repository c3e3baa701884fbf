/* SPDX-License-Identifier: Apache-2.0 */
/* MSG_JOB_REQUEUE, MSG_JOB_SUSPEND, MSG_JOB_COMPLETE. */
#include "core/decide/decide.h"

#include "base/mem.h"
#include "core/decide/targets.h"
#include "core/moves.h"
#include "model/jobtext.h"

static int requeue_one(struct decide *d, const struct job *j, const struct bits *tasks, const void *arg)
{
    const struct job_requeue *r = arg;
    if (!sender_owns(d, j))
        return ESLURM_ACCESS_DENIED;
    if (!(j->flags & JOBF_BATCH))
        return ESLURM_ONLY_BATCH_JOBS_ACCEPTED_OR_PROCESSED;
    if (!decide_can_requeue(d, j))
        return ESLURM_REQUESTED_OPERATION_PRESENTLY_DISABLED;
    if (job_is_pending(j))
        return r->incomplete ? 0 : ESLURM_JOB_PENDING_EXECUTION;
    if (j->flags & JOBF_COMPLETING)
        return ESLURM_JOB_CAN_NOT_ALTERED_NOW_TRY;
    if (r->incomplete && j->state == JOB_COMPLETED)
        return ESLURM_JOB_ALREADY_FINISHED;
    uint64_t flags =
        (r->hold || r->special_exit ? JOBF_REQUEUE_HOLD : 0) | (r->special_exit ? JOBF_SPECIAL_EXIT : 0);
    if (job_is_active(j)) {
        struct ending how = ENDING(JOB_PENDING, WHY_NONE);
        how.flags = flags;
        decide_end(d, j, &how);
    } else if (decide_touch(d, j->job_id)) {
        decide_requeue(d, j, flags, WHY_NONE, NULL);
    }
    return 0;
}

int decide_job_requeue(struct decide *d, const void *record)
{
    const struct job_requeue *r = record;
    decide_each_target(d, &r->ids, requeue_one, r);
    return 0;
}

/* CPUs were given back on suspension: they must still be free. */
static bool cpus_free(const struct state *s, const struct job *j)
{
    for (uint32_t i = 0; i < j->alloc.n; i++) {
        const struct node *n = state_node_at(s, j->alloc.v[i].node_index);
        if (!n || bits_intersects(&n->alloc_cores, &j->alloc.v[i].cores))
            return false;
    }
    return true;
}

/* Two resumed jobs of one command may want the same CPUs: the second one is tried when the first has them. */
static int suspend_one(struct decide *d, const struct job *j, const struct bits *tasks, const void *arg)
{
    const struct job_suspend *r = arg;
    if (!sender_owns(d, j))
        return ESLURM_ACCESS_DENIED;
    if (job_is_pending(j))
        return ESLURM_JOB_PENDING_EXECUTION;
    if (!job_is_active(j))
        return ESLURM_JOB_STEP_ALREADY_COMPLETING_OR_COMPLETED;
    if (r->resume && j->state != JOB_SUSPENDED)
        return ESLURM_JOB_NOT_SUSPENDED;
    if (!r->resume && j->state == JOB_SUSPENDED)
        return 0;
    if (r->resume && (!cpus_free(d->s, j) || map_u64_count(&d->touched)))
        return ESLURM_NODES_BUSY;
    if (!decide_touch(d, j->job_id))
        return 0;
    struct job_changed *f = decide_job_change(d, j->job_id);
    f->suspend = r->resume ? 2 : 1;
    return 0;
}

int decide_job_suspend(struct decide *d, const void *record)
{
    const struct job_suspend *r = record;
    decide_each_target(d, &r->ids, suspend_one, r);
    return 0;
}

int decide_job_complete(struct decide *d, const void *record)
{
    const struct job_complete *r = record;
    const struct job *j = state_job(d->s, r->job_id);
    if (!j)
        return decide_fail(d, ESLURM_INVALID_JOB_ID);
    if (!sender_owns(d, j))
        return decide_fail(d, ESLURM_ACCESS_DENIED);
    if (job_is_final(j) || j->flags & JOBF_COMPLETING)
        return decide_fail(d, ESLURM_JOB_STEP_ALREADY_COMPLETING_OR_COMPLETED);
    if (j->flags & JOBF_ARRAY)
        return decide_fail(d, ESLURM_INVALID_JOB_ID);
    if (job_is_pending(j)) {
        struct ending how = ENDING(JOB_CANCELLED, (enum job_reason)j->reason);
        how.killed_by = d->sender->uid;
        decide_end(d, j, &how);
        return 0;
    }
    struct buf text = BUF_INIT;
    struct ending how = decide_exit(d, j, r->status, false, &text);
    decide_end(d, j, &how);
    buf_release(&text);
    return 0;
}
