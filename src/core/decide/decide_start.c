/* SPDX-License-Identifier: Apache-2.0 */
/* Proposals of the planner: MSG_START_JOB, MSG_PLAN_NOTES; and what becomes of a start: MSG_PROLOG_DONE and
 * MSG_EPILOG_DONE of the controller's programs, MSG_LAUNCH_DONE of the node. */
#include "core/decide/decide.h"

#include <string.h>

#include "base/hostlist.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/mail.h"
#include "core/moves.h"
#include "core/power.h"
#include "model/jobtext.h"
#include "model/schedopts.h"
#include "sched/constraint.h"
#include "sched/demand.h"
#include "sched/tres.h"

int64_t decide_limit_end(const struct decide *d, uint32_t minutes)
{
    return minutes == INFINITE || minutes == NO_VAL ? 0 : d->now + (int64_t)minutes * 60;
}

/* The limit in the partition it starts in: a job that asked for none takes that partition's default. */
static uint32_t time_limit(const struct job *j, const struct part *p)
{
    if (j->spec->time_limit != NO_VAL || j->time_limit != NO_VAL)
        return j->time_limit;
    return p->default_time != NO_VAL ? p->default_time : p->max_time;
}

static char *node_names(const struct decide *d, const struct start_job *r)
{
    struct hostlist list = {0};
    for (uint32_t i = 0; i < r->alloc.n; i++)
        (void)hostlist_push(&list, state_node_at(d->s, r->alloc.v[i].node_index)->name, NULL);
    struct buf text = BUF_INIT;
    hostlist_text(&list, &text);
    hostlist_release(&list);
    return buf_take(&text);
}

static int check_job(struct decide *d, const struct start_job *r, const struct job *j)
{
    if (!j)
        return decide_fail(d, ESLURM_INVALID_JOB_ID);
    if (!job_may(j, EVENT_START))
        return decide_fail(d, ESLURM_JOB_NO_LONGER_PENDING_EXECUTION);
    if (!job_is_eligible(j, d->now))
        return decide_fail(d, ESLURM_JOB_IN_HELD_STATE_PENDING_SCHEDULER);
    bool array = j->flags & JOBF_ARRAY;
    if (array != (r->array_task != NO_VAL) || (array && !bits_test(&j->array_tasks, r->array_task)))
        return decide_fail(d, ESLURM_INVALID_JOB_ID);
    if (array && j->array_max && j->array_running >= j->array_max)
        return decide_fail(d, ESLURM_NODES_BUSY);
    for (uint32_t i = 0; i < r->alloc.n; i++)
        for (uint32_t k = 0; k < i; k++)
            if (r->alloc.v[i].node_index == r->alloc.v[k].node_index)
                return decide_fail_text(d, ESLURM_NODES_BUSY, "a node is named twice");
    return 0;
}

/* A task leaves its array; the last one keeps the array's id. */
static uint32_t split(struct decide *d, const struct job *j, uint32_t task)
{
    struct job_split *f = facts_add(d->out, FACT_JOB_SPLIT);
    f->array_job_id = j->job_id;
    f->task_id = task;
    return f->job_id = bits_count(&j->array_tasks) == 1 ? j->job_id : decide_next_id(d);
}

/* Nodes that are off are powered up when the job has them, and with --reboot the others reboot; whether it
 * has to wait for any. */
static bool prepare_nodes(struct decide *d, const struct start_job *r, const struct job *j)
{
    bool reboot = j->spec->reboot == 1 && d->s->policy->reboot_program, waits = false;
    for (uint32_t i = 0; i < r->alloc.n; i++) {
        const struct node *n = state_node_at(d->s, r->alloc.v[i].node_index);
        if (node_is_asleep(n)) {
            waits = true;
        } else if (reboot) {
            struct node_ref *f = facts_add(d->out, FACT_NODE_REBOOTING);
            f->node_index = n->index;
            waits = true;
        }
    }
    return waits;
}

/* The first node; with --batch the first of those that have these features. */
static const char *batch_host(const struct decide *d, const struct start_job *r, const struct job *j)
{
    for (uint32_t i = 0; j->spec->batch_features && i < r->alloc.n; i++) {
        const struct node *n = state_node_at(d->s, r->alloc.v[i].node_index);
        if (constraint_match(j->spec->batch_features, n->active_features))
            return n->name;
    }
    return state_node_at(d->s, r->alloc.v[0].node_index)->name;
}

static void add_started(struct decide *d, const struct start_job *r, const struct job *j,
                        const struct part *p)
{
    uint32_t id = r->array_task == NO_VAL ? j->job_id : split(d, j, r->array_task);
    struct job_started *f = facts_add(d->out, FACT_JOB_STARTED);
    f->job_id = id;
    f->partition = mem_strdup(p->name);
    f->nodes = node_names(d, r);
    f->alloc.v = mem_array(r->alloc.n, sizeof *f->alloc.v);
    f->alloc.n = r->alloc.n;
    for (uint32_t i = 0; i < r->alloc.n; i++)
        meta_copy(&record_job_node, &f->alloc.v[i], &r->alloc.v[i]);
    f->cpus = r->cpus;
    f->ntasks = r->ntasks;
    f->start_time = d->now;
    f->time_limit = time_limit(j, p);
    f->end_time = decide_limit_end(d, f->time_limit);
    f->alloc_tres = tres_of_alloc(d->s->policy, r);
    f->batch_host = mem_strdup(batch_host(d, r, j));
    f->scheduler = mem_strdup(r->scheduler);
    if (demand_is_exclusive(d->s->policy, j->spec, p))
        f->set_flags |= JOBF_WHOLE_NODES;
    if (j->spec->share == SHARE_USER || p->flags & PARTF_EXCLUSIVEUSER)
        f->set_flags |= JOBF_USER_NODES;
    if (d->s->policy->prolog_slurmctld)
        f->set_flags |= JOBF_CONFIGURING | JOBF_PROLOG;
    if (prepare_nodes(d, r, j))
        f->set_flags |= JOBF_CONFIGURING;
    if (mail_of_array(j) && !(j->flags & JOBF_ARRAY_BEGUN))
        f->set_flags |= JOBF_ARRAY_BEGUN;
}

int decide_start_job(struct decide *d, const void *record)
{
    const struct start_job *r = record;
    const struct job *j = state_job(d->s, r->job_id);
    int rc = check_job(d, r, j);
    if (rc < 0)
        return rc;
    const struct part *p = r->partition ? state_part(d->s, r->partition) : NULL;
    if (!p || !job_asks_part(j, p->name))
        return decide_fail(d, ESLURM_INVALID_PARTITION_NAME);
    struct sched_view view;
    state_view(d->s, d->now, &view);
    rc = sched_check_alloc(&view, r, j, d->e);
    if (rc == 0)
        add_started(d, r, j, p);
    return rc;
}

int decide_plan_notes(struct decide *d, const void *record)
{
    const struct plan_notes *r = record;
    for (uint32_t i = 0; i < r->notes.n; i++) {
        const struct plan_note *note = &r->notes.v[i];
        const struct job *j = state_job(d->s, note->job_id);
        if (!j || !job_is_eligible(j, d->now) || !decide_touch(d, j->job_id))
            continue; /* the core knows better why it waits */
        struct plan_note *f = facts_add(d->out, FACT_JOB_NOTED);
        meta_release(&record_plan_note, f);
        meta_copy(&record_plan_note, f, note);
    }
    return 0;
}

/* The node's fault: the job comes back held, unless the site says otherwise for prologs, and then only
 * MaxBatchRequeue times. */
void decide_launch_failed(struct decide *d, const struct job *j, uint32_t code, bool drain)
{
    bool hold = code != ESLURM_JOB_PROLOG_FAILED || !sched_opts_of(d->s->policy).nohold_on_prolog_fail;
    struct ending how = ENDING(JOB_PENDING, WHY_LAUNCH_FAILED_REQUEUED_HELD);
    if (!hold && j->restarts + 1 >= d->s->policy->max_batch_requeue) { /* NO_VAL: never */
        how.reason = WHY_LAUNCH_FAILURE_LIMIT_EXCEEDED_REQUEUED_HELD;
        hold = true;
    }
    how.flags = hold ? JOBF_REQUEUE_HOLD : 0;
    if (!(j->flags & JOBF_BATCH)) {
        how.state = JOB_FAILED;
        how.reason = WHY_JOBLAUNCHFAILURE;
        how.flags = 0;
    }
    decide_end(d, j, &how);
    if (drain) {
        const struct node *n = state_node(d->s, j->batch_host);
        if (n)
            decide_drain(d, n,
                         code == ESLURM_JOB_PROLOG_FAILED ? "Prolog error" : "batch job complete failure");
    }
}

int decide_launch_done(struct decide *d, const void *record)
{
    const struct launch_done *r = record;
    const struct job *j = state_job(d->s, r->job_id);
    if (!j || !job_is_active(j) || j->restarts != r->restarts || j->flags & JOBF_LAUNCHED)
        return 0;
    const struct node *n = state_node(d->s, j->batch_host);
    if (r->token && n && r->token != n->token)
        return 0; /* by a slurmd that has been followed by another one, which is sent it again */
    if (r->error == ESLURM_INVALID_NODE_STATE)
        return 0; /* it reached a slurmd that has not registered yet: sent again soon */
    if (r->error) {
        decide_launch_failed(d, j, r->error, true);
    } else {
        struct job_ref *f = facts_add(d->out, FACT_JOB_LAUNCHED);
        f->job_id = j->job_id;
    }
    return 0;
}

int decide_prolog_done(struct decide *d, const void *record)
{
    const struct prolog_done *r = record;
    const struct job *j = state_job(d->s, r->job_id);
    if (!j || !job_is_active(j) || j->restarts != r->restarts || !(j->flags & JOBF_PROLOG))
        return 0;
    if (r->failed) {
        struct ending how = ENDING(decide_can_requeue(d, j) ? JOB_PENDING : JOB_CANCELLED, WHY_NONE);
        how.killed_by = how.state == JOB_CANCELLED ? d->s->policy->slurm_uid : NO_VAL;
        decide_end(d, j, &how);
        return 0;
    }
    struct job_changed *f = decide_job_change(d, j->job_id);
    f->clear_flags = JOBF_PROLOG | (decide_nodes_ready(d, j, NULL) ? JOBF_CONFIGURING : 0);
    f->end_time = decide_limit_end(d, j->time_limit);
    return 0;
}

int decide_epilog_done(struct decide *d, const void *record)
{
    const struct epilog_done *r = record;
    const struct job *j = state_job(d->s, r->job_id);
    if (j && j->restarts == r->restarts && j->flags & JOBF_EPILOG)
        decide_epilog_ended(d, j);
    return 0;
}
