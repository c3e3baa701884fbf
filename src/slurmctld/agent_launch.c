/* SPDX-License-Identifier: Apache-2.0 */
/* Launches of batch jobs: script and credential are put together on a thread of the pool. */
#include "base/mem.h"
#include "os/log.h"
#include "slurmctld/agent.h"

struct launch {
    uv_work_t req;
    struct agent *agent;
    struct snapshot *snapshot;
    const struct job *job;   /* of the snapshot */
    const struct node *node; /* likewise */
    struct parcel *parcel;
    int rc;
    struct err e;
};

static int encode_launch(struct launch *l)
{
    struct ctld *c = l->agent->ctld;
    const struct job *job = l->job;
    struct buf stored = BUF_INIT, cred = BUF_INIT;
    struct launch_batch msg;
    struct payload payload;
    struct job mine;

    BORROW_SHARED(&mine, job);
    meta_init(&record_launch_batch, &msg);
    int rc = c->journal->ops->blob_get(c->journal, job->script.v, job->script.n, &stored, &l->e);
    if (rc == 0)
        rc = meta_decode(&record_payload, &payload, stored.s, stored.len, &l->e);
    if (rc == 0) {
        rc = credential_for_batch(c, job, l->node, &cred, &l->e);
        msg.credential = (struct meta_bytes){(uint8_t *)cred.s, (uint32_t)cred.len};
        mine.steps.n = 0;
        msg.job = &mine;
        msg.payload = &payload;
        msg.token = l->parcel->token = l->node->token;
        for (uint32_t i = 0; i < job->alloc.n; i++) {
            const struct node *n = ptree_get(&l->snapshot->nodes, job->alloc.v[i].node_index);
            meta_strs_push(&msg.node_addrs, n ? n->addr ? n->addr : n->name : "");
        }
        if (rc == 0)
            meta_encode(&record_launch_batch, &msg, &l->parcel->body);
        meta_release(&record_payload, &payload);
    }
    for (uint32_t i = 0; i < msg.node_addrs.n; i++)
        mem_free(msg.node_addrs.v[i]);
    mem_free(msg.node_addrs.v);
    buf_release(&stored);
    buf_release(&cred);
    return rc;
}

static void prepare_launch(uv_work_t *req)
{
    struct launch *l = (struct launch *)req;

    l->rc = encode_launch(l);
}

static void launch_prepared(uv_work_t *req, int status)
{
    struct launch *l = (struct launch *)req;

    if (l->rc == 0)
        link_deliver(link_of(l->agent, l->node), l->parcel);
    else {
        log_error("job %u cannot be launched: %s", l->job->job_id, l->e.text);
        parcel_report_launch(l->agent, l->parcel, (uint32_t)l->e.code, l->e.text);
        parcel_free(l->agent, l->parcel);
    }
    snapshot_drop(l->snapshot);
    net_flush(l->agent->net);
    mem_free(l);
}

/* The name service and the journal may take their time: on a thread of the pool. */
void agent_send_launch(struct agent *a, uint32_t job_id, struct snapshot *s)
{
    const struct job *job = snapshot_job(s, job_id);
    const struct node *node = job && job->batch_host ? snapshot_node(s, job->batch_host) : NULL;

    if (!node || job->state != JOB_RUNNING || job->flags & JOBF_LAUNCHED)
        return; /* it has been overtaken */
    struct launch *l = mem_alloc(sizeof *l);
    l->agent = a;
    l->snapshot = snapshot_keep(s);
    l->job = job;
    l->node = node;
    l->parcel = parcel_new(a, MSG_LAUNCH_BATCH, node->index);
    l->parcel->job_id = job->job_id;
    l->parcel->restarts = job->restarts;
    REQUIRE(uv_queue_work(&a->loop, &l->req, prepare_launch, launch_prepared) == 0);
}

void agent_launch_again(struct agent *a)
{
    struct snapshot *s = a->again.n ? ctld_snapshot(a->ctld) : NULL;

    for (uint32_t i = 0; i < a->again.n; i++)
        agent_send_launch(a, a->again.v[i], s);
    a->again.n = 0;
    snapshot_drop(s);
}
