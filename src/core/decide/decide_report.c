/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MSG_NODE_REPORT: something ended on a node. A report that was seen before, or is about an older run,
 * changes nothing.
 */
#include "core/decide/decide.h"

#include "base/mem.h"
#include "base/text.h"
#include "core/apply.h"
#include "core/moves.h"
#include "model/jobtext.h"

static int64_t alloc_index(const struct job *j, uint32_t node_index)
{
    for (uint32_t i = 0; i < j->alloc.n; i++)
        if (j->alloc.v[i].node_index == node_index)
            return i;
    return -1;
}

static void batch_done(struct decide *d, const struct node_report *r, const struct job *j,
                       const struct node *n)
{
    if (!job_is_active(j) || !text_same(j->batch_host, n->name))
        return;
    if (r->error) {
        decide_launch_failed(d, j, r->error, r->drain || r->requeue);
        return;
    }
    struct buf text = BUF_INIT;
    struct ending how = decide_exit(d, j, r->exit_code, r->oom, &text);
    decide_end(d, j, &how);
    buf_release(&text);
}

static void step_done_on(struct decide *d, const struct node_report *r, const struct job *j,
                         const struct node *n)
{
    int64_t at = job_step(j, r->step_id);
    if (at < 0)
        return;
    const struct step *st = &j->steps.v[at];
    uint32_t i = 0;
    while (i < st->layout.n && st->layout.v[i].node_index != n->index)
        i++;
    if (i == st->layout.n || !bits_test(&st->launched_nodes, i))
        return;
    struct step_node_done *f = facts_add(d->out, FACT_STEP_NODE_DONE);
    f->job_id = j->job_id;
    f->step_id = r->step_id;
    f->layout_index = i;
    f->exit_code = r->exit_code;
    if (bits_count(&st->launched_nodes) > 1)
        return;
    struct step_ended *end = facts_add(d->out, FACT_STEP_ENDED);
    end->job_id = j->job_id;
    end->step_id = r->step_id;
    end->exit_code = r->exit_code > st->exit_code ? r->exit_code : st->exit_code;
    end->end_time = d->now;
}

int decide_node_report(struct decide *d, const void *record)
{
    const struct node_report *r = record;
    const struct node *n = r->node_name ? state_node(d->s, r->node_name) : NULL;
    if (!n)
        return decide_fail(d, ESLURM_INVALID_NODE_NAME);
    const struct job *j = state_job(d->s, r->job_id);
    int64_t i = j && j->restarts == r->restarts ? alloc_index(j, n->index) : -1;
    if (i >= 0 && r->step_id == NO_VAL) {
        if (j->flags & JOBF_COMPLETING && bits_test(&j->completing, (uint32_t)i))
            decide_node_done(d, j, (uint32_t)i);
    } else if (i >= 0 && r->step_id == STEP_BATCH) {
        batch_done(d, r, j, n);
    } else if (i >= 0 && job_is_active(j)) {
        step_done_on(d, r, j, n);
    }
    bool said = r->step_id == STEP_BATCH && r->error; /* then launching has drained it */
    if (r->drain && !said)
        decide_drain(d, n,
                     r->error == ESLURM_JOB_EPILOG_FAILED   ? "Epilog error"
                     : r->error == ESLURM_JOB_PROLOG_FAILED ? "Prolog error"
                     : r->error_text                        ? r->error_text
                                                            : "Kill task failed");
    return 0;
}
