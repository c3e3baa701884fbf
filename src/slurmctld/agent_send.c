/* SPDX-License-Identifier: Apache-2.0 */
/* What the core wants of a node becomes a parcel for it. */
#include "base/mem.h"
#include "os/log.h"
#include "slurmctld/agent.h"

/* What one node needs to know of a job. */
static struct job job_for_node(const struct job *job, uint32_t node_index)
{
    struct job copy;

    BORROW_SHARED(&copy, job);
    copy.steps.n = 0;
    for (uint32_t i = 0; i < job->alloc.n; i++)
        if (job->alloc.v[i].node_index == node_index) {
            copy.alloc.v = &job->alloc.v[i];
            copy.alloc.n = 1;
        }
    return copy;
}

static void send_kill(struct agent *a, const struct effect *f, const struct snapshot *s,
                      const struct node *node)
{
    const struct job *job = snapshot_job(s, f->job_id);
    struct kill_job kill = *(const struct kill_job *)f->record;
    struct job mine;

    kill.term = a->ctld->term;
    if (job) {
        mine = job_for_node(job, node->index);
        kill.job = &mine;
    }
    struct parcel *p = parcel_new(a, f->type == EFFECT_SIGNAL ? MSG_SIGNAL_JOB : MSG_KILL_JOB, node->index);
    meta_encode(&record_kill_job, &kill, &p->body);
    link_deliver(link_of(a, node), p);
}

void agent_send_effect(struct agent *a, const struct effect *f, struct snapshot *s)
{
    if (f->type == EFFECT_LAUNCH_BATCH) {
        agent_send_launch(a, f->job_id, s);
        return;
    }
    const struct node *node = ptree_get(&s->nodes, f->node_index);
    if (!node)
        return;
    if (f->type == EFFECT_KILL_JOB || f->type == EFFECT_SIGNAL)
        send_kill(a, f, s, node);
    else if (f->type == EFFECT_PING) {
        struct node_ping ping = {.term = a->ctld->term};
        struct parcel *p = parcel_new(a, MSG_NODE_PING, node->index);
        meta_encode(&record_node_ping, &ping, &p->body);
        link_deliver(link_of(a, node), p);
    } else if (f->type == EFFECT_NODE_CONTROL) {
        struct node_control control = *(const struct node_control *)f->record;
        struct parcel *p = parcel_new(a, MSG_NODE_CONTROL, node->index);
        control.term = a->ctld->term;
        meta_encode(&record_node_control, &control, &p->body);
        link_deliver(link_of(a, node), p);
    }
}
