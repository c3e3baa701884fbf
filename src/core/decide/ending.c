/* SPDX-License-Identifier: Apache-2.0 */
/* decide.h: how jobs end, and how they come back to the queue. */
#include "core/decide/decide.h"

#include "base/mem.h"
#include "core/moves.h"
#include "core/power.h"
#include "model/jobtext.h"

enum { REQUEUE_DELAY_DEFAULT = 120 }; /* seconds: AuthInfo=cred_expire */

static bool is_gone(const struct decide *d, const struct job *j, uint32_t i, const struct bits *gone)
{
    uint32_t index = j->alloc.v[i].node_index;
    const struct node *n = state_node_at(d->s, index);
    return !n || n->state == NODE_DOWN || !node_is_ready(n) || (gone && bits_test(gone, index));
}

static int64_t purge_time(const struct decide *d)
{
    uint32_t age = d->s->policy->min_job_age;
    return age ? d->now + age : 0; /* 0: records are never purged */
}

static void add_ended(struct decide *d, uint32_t job_id, const struct ending *how, int64_t end_time)
{
    struct job_ended *f = facts_add(d->out, FACT_JOB_ENDED);
    f->job_id = job_id;
    f->state = how->state;
    f->reason = how->reason;
    f->reason_text = mem_strdup(how->reason_text);
    f->exit_code = how->exit_code;
    f->killed_by = how->killed_by;
    f->end_time = end_time;
    f->purge_time = purge_time(d);
}

void decide_requeue(struct decide *d, const struct job *j, uint64_t flags, enum job_reason why,
                    const char *text)
{
    uint32_t delay = d->s->policy->requeue_delay;
    bool hold = flags & (JOBF_REQUEUE_HOLD | JOBF_SPECIAL_EXIT);
    struct job_requeued *f = facts_add(d->out, FACT_JOB_REQUEUED);
    f->job_id = j->job_id;
    f->hold = hold;
    f->special_exit = flags & JOBF_SPECIAL_EXIT;
    f->set_flags = flags & JOBF_SPECIAL_EXIT;
    bool expedite = j->spec->expedite && d->s->policy->expedited_requeue && !hold;
    f->begin_time = d->now + 1 + (expedite ? 0 : delay == NO_VAL ? REQUEUE_DELAY_DEFAULT : delay);
    f->priority = hold ? 0 : expedite ? NO_VAL - 1 : j->priority;
    if (job_is_held(j)) /* held while it ran */
        f->set_flags |= j->flags & (JOBF_HELD_USER | JOBF_HELD_ADMIN);
    if (hold) {
        bool limit = why == WHY_LAUNCH_FAILURE_LIMIT_EXCEEDED_REQUEUED_HELD;
        f->reason = limit || why == WHY_LAUNCH_FAILED_REQUEUED_HELD ? why : WHY_JOB_REQUEUED_IN_HELD_STATE;
        f->set_flags |= JOBF_HELD_USER; /* its user may release it */
        if (limit)
            f->set_flags |= JOBF_REQUEUE_HOLD; /* shown as its state */
    } else {
        f->reason = !job_is_held(j)              ? WHY_BEGINTIME
                    : j->flags & JOBF_HELD_ADMIN ? WHY_JOBHELDADMIN
                                                 : WHY_JOBHELDUSER;
    }
    f->reason_text = mem_strdup(text);
}

/* What follows when no node has anything of the job any more, and its EpilogSlurmctld has ended. */
static void finish(struct decide *d, const struct job *j, const struct ending *how, int64_t end_time)
{
    if (how->state == JOB_PENDING)
        decide_requeue(d, j, how->flags, how->reason, NULL);
    else
        add_ended(d, j->job_id, how, end_time);
}

static void end_active(struct decide *d, const struct job *j, const struct ending *how)
{
    struct job_ending *f = facts_add(d->out, FACT_JOB_ENDING);
    f->job_id = j->job_id;
    f->state = how->state;
    f->reason = how->reason;
    f->reason_text = mem_strdup(how->reason_text);
    f->exit_code = how->exit_code;
    f->end_time = job_is_active(j) ? d->now : j->end_time;
    f->killed_by = how->killed_by;
    f->kill_time = d->now + d->s->policy->kill_wait;
    f->set_flags = how->flags;
    if (how->state == JOB_PENDING)
        f->set_flags |= JOBF_REQUEUED;
    if (job_is_active(j) && d->s->policy->epilog_slurmctld)
        f->set_flags |= JOBF_EPILOG;
    uint32_t left = (f->set_flags | j->flags) & JOBF_EPILOG ? 1 : 0;
    for (uint32_t i = 0; i < j->alloc.n; i++) {
        if (!job_is_active(j) && !bits_test(&j->completing, i))
            continue;
        if (!is_gone(d, j, i, how->gone)) {
            left++;
            continue;
        }
        struct job_node_done *done = facts_add(d->out, FACT_JOB_NODE_DONE);
        done->job_id = j->job_id;
        done->alloc_index = i;
    }
    if (!left)
        finish(d, j, how, d->now);
}

void decide_end(struct decide *d, const struct job *j, const struct ending *how)
{
    if (!decide_touch(d, j->job_id))
        return;
    if (job_is_pending(j)) {
        if (how->state != JOB_PENDING)
            add_ended(d, j->job_id, how, d->now);
    } else if (job_may(j, how->state == JOB_PENDING ? EVENT_ENDING_REQUEUE : EVENT_ENDING)) {
        end_active(d, j, how);
    }
}

bool decide_can_requeue(const struct decide *d, const struct job *j)
{
    if (!(j->flags & JOBF_BATCH))
        return false;
    return j->spec->requeue == NO_VAL16 ? d->s->policy->job_requeue : j->spec->requeue != 0;
}

/* Nothing is left to wait for: it becomes what was decided when it began to end. */
static void finish_completing(struct decide *d, const struct job *j)
{
    struct ending how = {.state = (enum job_state)j->state,
                         .reason = (enum job_reason)j->reason,
                         .reason_text = j->reason_text,
                         .exit_code = j->exit_code,
                         .killed_by = j->killed_by,
                         .flags = j->flags & (JOBF_REQUEUE_HOLD | JOBF_SPECIAL_EXIT)};
    finish(d, j, &how, j->end_time);
}

void decide_node_done(struct decide *d, const struct job *j, uint32_t i)
{
    struct job_node_done *done = facts_add(d->out, FACT_JOB_NODE_DONE);
    done->job_id = j->job_id;
    done->alloc_index = i;
    if (bits_count(&j->completing) == 1 && !(j->flags & JOBF_EPILOG))
        finish_completing(d, j);
}

void decide_epilog_ended(struct decide *d, const struct job *j)
{
    struct job_ref *f = facts_add(d->out, FACT_JOB_EPILOG_DONE);
    f->job_id = j->job_id;
    if (!bits_any(&j->completing))
        finish_completing(d, j);
}

/* Gives back what the job held on nodes that will never report. */
static void give_up_nodes(struct decide *d, const struct job *j, const struct bits *gone)
{
    if (!decide_touch(d, j->job_id))
        return;
    uint32_t left = bits_count(&j->completing);
    for (uint32_t i = 0; i < j->alloc.n; i++) {
        if (!bits_test(&j->completing, i) || !is_gone(d, j, i, gone))
            continue;
        if (left-- == 1) {
            struct job last = *j;
            struct bits one = {0};
            bits_set(&one, i);
            last.completing = one;
            decide_node_done(d, &last, i);
            bits_release(&one);
            return;
        }
        struct job_node_done *done = facts_add(d->out, FACT_JOB_NODE_DONE);
        done->job_id = j->job_id;
        done->alloc_index = i;
    }
}

/* --no-kill; but what has not begun begins with all of its nodes, or anew. */
static bool goes_on_without(const struct job *j, bool removed)
{
    return j->spec->no_kill == 1 && j->alloc.n > 1 && !removed && !(j->flags & JOBF_CONFIGURING);
}

void decide_lost_node(struct decide *d, const struct job *j, const struct bits *gone, bool removed)
{
    if (j->flags & JOBF_COMPLETING) {
        give_up_nodes(d, j, gone);
        return;
    }
    if (!job_is_active(j) || goes_on_without(j, removed))
        return;
    bool again = !removed && decide_can_requeue(d, j);
    struct ending how = ENDING(again ? JOB_PENDING : JOB_NODE_FAIL, WHY_NODEDOWN);
    how.gone = gone;
    decide_end(d, j, &how);
}

/* What stands for it in wait statuses, shown as 0:125: no real signal has the number. */
enum { SIGNAL_OUT_OF_MEMORY = 125 };

static bool in_codes(const struct bits *codes, uint32_t status)
{
    return (status & 0x7f) == 0 && bits_test(codes, status >> 8 & 0xff);
}

struct ending decide_exit(const struct decide *d, const struct job *j, uint32_t status, bool oom,
                          struct buf *text)
{
    struct ending how = ENDING(JOB_COMPLETED, WHY_NONE);
    uint32_t signal = status & 0x7f;
    if (oom || signal == SIGNAL_OUT_OF_MEMORY) {
        how.state = JOB_OUT_OF_MEMORY;
        how.reason = WHY_OUTOFMEMORY;
    } else if (signal) {
        const char *name = signal_description(signal);
        how.state = JOB_FAILED;
        how.reason = WHY_RAISEDSIGNAL;
        buf_addf(text, "RaisedSignal:%u(%s)", signal, name ? name : "Unknown");
        how.reason_text = text->s;
    } else if (status) {
        how.state = JOB_FAILED;
        how.reason = WHY_NONZEROEXITCODE;
    }
    how.exit_code = status;
    const struct policy *p = d->s->policy;
    bool hold = in_codes(&p->requeue_exit_hold, status);
    if (j->flags & JOBF_BATCH && (hold || in_codes(&p->requeue_exit, status))) {
        how.state = JOB_PENDING;
        how.flags = hold ? JOBF_SPECIAL_EXIT : 0;
    }
    return how;
}
