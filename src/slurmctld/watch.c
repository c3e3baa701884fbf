/* SPDX-License-Identifier: Apache-2.0 */
/*
 * job_watch: the record of a job whenever it changes, until it has ended. The first answer is its present
 * record. srun and salloc learn from it when their allocation begins, sbatch --wait when the job ends.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "base/text.h"
#include "model/errors.h"
#include "slurmctld/net_thread.h"

struct watch {
    struct net_conn *conn;
    uint32_t job_id, seq;
    struct watch *next_same; /* other watches of the same job on this thread */
    struct watch *next;      /* other watches of the same connection */
};

static bool has_ended(const struct job *job)
{
    return job->state > JOB_SUSPENDED && !(job->flags & JOBF_COMPLETING);
}

static void send_job(struct watch *w, const struct job *job)
{
    struct buf *out = net_out(w->conn);
    size_t begin = frame_begin(out, MSG_JOB_WATCH, FRAME_REPLY | FRAME_MORE, w->seq);

    frame_list_add(out, &record_job, job);
    frame_end(out, begin);
}

static void send_end(struct watch *w)
{
    frame_add(net_out(w->conn), MSG_JOB_WATCH, FRAME_REPLY, w->seq, NULL, NULL);
}

static void unlink_watch(struct net_thread *t, struct watch *w)
{
    struct watch *first = map_u64_get(&t->watches, w->job_id);
    struct peer *p = w->conn->user;

    if (first == w && !w->next_same)
        map_u64_remove(&t->watches, w->job_id);
    else if (first == w)
        map_u64_put(&t->watches, w->job_id, w->next_same);
    else
        for (; first; first = first->next_same)
            if (first->next_same == w)
                first->next_same = w->next_same;
    for (struct watch **at = &p->watches; *at; at = &(*at)->next)
        if (*at == w) {
            *at = w->next;
            break;
        }
    atomic_fetch_sub(&t->ctld->watchers, 1);
    net_release(w->conn);
    mem_free(w);
}

void watch_drop_all(struct net_conn *c)
{
    struct peer *p = c->user;

    while (p->watches)
        unlink_watch(thread_of(c), p->watches);
}

static void start(struct request *r, uint32_t job_id)
{
    struct watch *w = mem_alloc(sizeof *w);

    *w = (struct watch){.conn = r->conn, .job_id = job_id, .seq = r->seq};
    w->next_same = map_u64_get(&r->t->watches, job_id);
    map_u64_put(&r->t->watches, job_id, w);
    w->next = r->peer->watches;
    r->peer->watches = w;
    net_hold(r->conn);
    /* Counted before the snapshot is taken: a change after that snapshot is announced to us. */
    atomic_fetch_add(&r->t->ctld->watchers, 1);
    struct snapshot *s = ctld_snapshot(r->t->ctld);
    const struct job *job = snapshot_job(s, job_id);
    if (job && query_may_see(s, r->peer->uid, access_of(s, r->peer->uid), job))
        send_job(w, job);
    if (!job || has_ended(job)) {
        send_end(w);
        unlink_watch(r->t, w);
    }
    snapshot_drop(s);
}

void watch_answer(struct request *r)
{
    const struct job_select *sel = r->record;
    struct snapshot *s = ctld_snapshot(r->t->ctld);
    const struct job *job = NULL;
    uint32_t id = 0;

    if (sel->ids.n == 1 && text_to_u32(sel->ids.v[0], &id))
        job = snapshot_job(s, id);
    if (job && !query_may_see(s, r->peer->uid, access_of(s, r->peer->uid), job))
        job = NULL;
    snapshot_drop(s);
    if (job)
        start(r, id);
    else
        reply_error(r->conn, r->type->number, r->seq, ESLURM_INVALID_JOB_ID, NULL);
}

void watch_changed(struct net_thread *t, const uint32_t *ids, uint32_t n, const struct snapshot *s)
{
    for (uint32_t i = 0; i < n; i++) {
        const struct job *job = snapshot_job(s, ids[i]);
        struct watch *next;
        for (struct watch *w = map_u64_get(&t->watches, ids[i]); w; w = next) {
            next = w->next_same;
            if (job)
                send_job(w, job);
            if (!job || has_ended(job)) {
                send_end(w);
                unlink_watch(t, w);
            }
        }
    }
}
