/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check: what must hold, whatever has failed. Some is seen at the moment when it happens (a start, a fact, an
 * acknowledgement), the rest by looking at everything: after every step, or in large worlds now and then.
 */
#include "base/mem.h"
#include "base/text.h"
#include "core/state_impl.h"
#include "meta/meta.h"
#include "model/jobtext.h"
#include "sim/world.h"

enum { MISSING_MS = 60000 };

/* --- on the nodes --- */

static bool gres_overlap(const struct vlaunch *a, const struct vlaunch *b)
{
    for (uint32_t i = 0; i < a->gres.n; i++)
        for (uint32_t k = 0; k < b->gres.n; k++)
            if (bits_intersects(&a->gres.v[i].index, &b->gres.v[k].index))
                return true;
    return false;
}

/* Two jobs on one core or device, two runs of one job on a node, or one thing started twice. */
void check_started(struct world *w, struct vnode *n, const struct vlaunch *l)
{
    for (uint32_t i = 0; i < n->stepds.n; i++) {
        const struct vlaunch *o = &n->stepds.v[i].l;
        if (o->job_id != l->job_id && (bits_intersects(&o->cores, &l->cores) || gres_overlap(o, l)))
            world_fail(w, l->job_id, n->index, "%s: jobs %u and %u run on the same core or device", n->name,
                       o->job_id, l->job_id);
        if (o->job_id == l->job_id && o->restarts != l->restarts)
            world_fail(w, l->job_id, n->index, "%s: runs %u and %u of job %u at the same time", n->name,
                       o->restarts, l->restarts, l->job_id);
    }
    uint64_t here = (uint64_t)l->job_id << 32 | (l->restarts & 0xff) << 24 | (l->step_id & 0xffffff);
    if (map_u64_has(&n->ran, here))
        world_fail(w, l->job_id, n->index, "%s: step %u.%u of run %u is started twice", n->name, l->job_id,
                   l->step_id, l->restarts);
    map_u64_put(&n->ran, here, w);
    if (l->step_id != STEP_BATCH)
        return;
    if (map_u64_has(&w->runs, run_key(l->job_id, l->restarts)))
        world_fail(w, l->job_id, n->index, "job %u (run %u) is started twice, now on %s", l->job_id,
                   l->restarts, n->name);
    map_u64_put(&w->runs, run_key(l->job_id, l->restarts), w);
}

/* Nobody obeys a controller once its successor has been heard of. */
void check_term(struct world *w, struct vnode *n, uint64_t term, int rc)
{
    if (rc == 0 && term < n->term_seen)
        world_fail(w, NO_VAL, n->index, "%s obeys the controller of term %llu after that of term %llu",
                   n->name, (unsigned long long)term, (unsigned long long)n->term_seen);
    if (rc == 0 && term > n->term_seen)
        n->term_seen = term;
}

/* --- facts --- */

static void note_end(struct world *w, const struct job_ended *f)
{
    const struct job *j = state_job(w->ctl.state, f->job_id);
    uint64_t key = run_key(f->job_id, j->restarts);
    if (map_u64_has(&w->ended, key))
        world_fail(w, f->job_id, NO_VAL, "job %u (run %u) ends twice", f->job_id, j->restarts);
    map_u64_put(&w->over, key, w);
    *VEC_PUSH(&w->ctl.open.ended) = key;
}

/* A requeue brings a job back that was cancelled before it, not one whose cancellation comes after. */
static void note_requeue(struct world *w, uint32_t id)
{
    map_u64_remove(&w->cancelled, id);
    map_u64_put(&w->requeued, id, (void *)(uintptr_t)w->seq);
}

/* A node that has just said what it has is not to lose it for that. */
static void check_lost(struct world *w, const struct job_ending *f)
{
    const struct vnode *n = w->registering;
    const struct node_job *here = n && n->up ? node_job_get(&n->core, f->job_id) : NULL;
    const struct job *j = state_job(w->ctl.state, f->job_id);
    if (here && here->restarts == j->restarts && here->state <= NJOB_RUNNING && f->reason == WHY_NODEDOWN)
        world_fail(w, f->job_id, n->index, "job %u is taken for lost, and %s has it", f->job_id, n->name);
}

/* What a node says of one run is not to end another one. */
static void check_run(struct world *w, uint32_t job_id)
{
    const struct node_report *r = w->reported;
    const struct job *j = state_job(w->ctl.state, job_id);
    if (r && r->job_id == job_id && j && j->restarts != r->restarts)
        world_fail(w, job_id, NO_VAL, "a report about run %u of job %u ends run %u", r->restarts, job_id,
                   j->restarts);
}

/* A node with a job, or one that is excluded, is not powered down by itself. */
static void check_power(struct world *w, const struct node_powered *f)
{
    const struct node *n = state_node_at(w->ctl.state, f->node_index);
    if (f->move != POWER_SUSPENDING)
        return;
    if (n->running_jobs)
        world_fail(w, NO_VAL, f->node_index, "%s is powered down with %u jobs", n->name, n->running_jobs);
    if (text_same(n->name, "v0"))
        world_fail(w, NO_VAL, f->node_index, "%s is powered down, and is excluded from that", n->name);
}

void check_fact(struct world *w, const struct fact *f)
{
    if (f->type == FACT_JOB_NODE_DONE)
        check_run(w, ((const struct job_node_done *)f->record)->job_id);
    if (f->type == FACT_JOB_ENDING) {
        check_lost(w, f->record);
        check_run(w, ((const struct job_ending *)f->record)->job_id);
    }
    if (f->type == FACT_NODE_POWERED)
        check_power(w, f->record);
    if (f->type == FACT_JOB_ENDED)
        note_end(w, f->record);
    if (f->type == FACT_JOB_REQUEUED) {
        const struct job *j = state_job(w->ctl.state, ((const struct job_requeued *)f->record)->job_id);
        if (map_u64_has(&w->over, run_key(j->job_id, j->restarts - 1)))
            note_requeue(w, j->job_id);
    }
    if (f->type != FACT_JOB_STARTED)
        return;
    uint32_t id = ((const struct job_started *)f->record)->job_id;
    const struct job *j = state_job(w->ctl.state, id);
    /* Of a cancelled array a task that ended may have been requeued since. */
    if (map_u64_has(&w->cancelled, id) || (!j->restarts && map_u64_has(&w->cancelled, j->array_job_id)))
        world_fail(w, id, NO_VAL, "job %u starts after it was told that it is cancelled", id);
    if (map_u64_has(&w->ended, run_key(id, j->restarts)))
        world_fail(w, id, NO_VAL, "job %u (run %u) starts after its end", id, j->restarts);
}

void check_durable(struct world *w, const struct batch *b)
{
    for (uint32_t i = 0; i < b->ended.n; i++)
        map_u64_put(&w->ended, b->ended.v[i], w);
}

/* --- acknowledgements --- */

static void told_cancelled(struct world *w, const struct answer *a)
{
    const struct job_results *r = a->reply.record;
    if (a->job_id && r && r->matched && !r->results.n &&
        (uintptr_t)map_u64_get(&w->requeued, a->job_id) < a->made)
        map_u64_put(&w->cancelled, a->job_id, w);
}

void check_told(struct world *w, const struct answer *a)
{
    if (a->code < 0)
        return;
    if (a->type == MSG_SUBMIT)
        map_u64_put(&w->acked, a->job_id, w);
    else if (a->type == MSG_JOB_SIGNAL)
        told_cancelled(w, a);
}

/* An acknowledged job is in every later state until it has ended and been purged. */
static void check_acknowledged(struct world *w)
{
    MAP_EACH (&w->acked, e) {
        uint32_t id = (uint32_t)e->key;
        const struct job *j = snapshot_job(w->ctl.seen, id);
        bool ended = (j && job_is_ended(j)) || (!j && map_u64_has(&w->ended, run_key(id, 0)));
        if (ended) {
            map_u64_remove(&w->acked, id);
            w->out->ended++;
        } else if (!j) {
            world_fail(w, id, NO_VAL, "job %u was acknowledged and is gone", id);
        }
    }
}

/* --- looking at everything --- */

void check_step(struct world *w)
{
    if (!w->ctl.up || !w->out->ok)
        return;
    struct buf broken = BUF_INIT;
    state_check(w->ctl.state, &broken);
    if (broken.len)
        world_fail(w, NO_VAL, NO_VAL, "invariants:\n%s", broken.s);
    buf_release(&broken);
    check_acknowledged(w);
}

/* The node of a job that was launched is there and has neither the job nor anything to say of it. */
static bool is_missing(struct world *w, const struct job *j)
{
    const struct node *node = j->batch_host ? snapshot_node(w->ctl.seen, j->batch_host) : NULL;
    const struct vnode *n = node ? node_at(w, node->index) : NULL;
    if (!job_is_active(j) || !(j->flags & JOBF_BATCH) || !(j->flags & JOBF_LAUNCHED) || !n)
        return false;
    if (!n->up || n->cut || !n->registered || node->token != n->token || node_job_get(&n->core, j->job_id))
        return false;
    for (uint32_t i = 0; i < n->core.unsent.n; i++)
        if (n->core.unsent.v[i].report->job_id == j->job_id)
            return false;
    return true;
}

void check_missing(struct world *w)
{
    uint32_t id = 0;
    if (!w->ctl.up)
        return;
    for (const struct job *j; (j = ptree_next(&w->ctl.seen->jobs, &id)); id++) {
        int64_t since = (intptr_t)map_u64_get(&w->missing, id);
        if (!is_missing(w, j))
            map_u64_remove(&w->missing, id);
        else if (!since)
            map_u64_put(&w->missing, id, (void *)(intptr_t)w->now);
        else if (w->now - since > MISSING_MS)
            world_fail(w, id, NO_VAL, "job %u (run %u) is said to run on %s, which does not have it", id,
                       j->restarts, j->batch_host);
    }
}

void check_replay(struct world *w)
{
    struct vctl *c = &w->ctl;
    if (!c->up || c->writing.n || c->facts.facts.n || !w->out->ok)
        return; /* what is not on disk yet may differ */
    struct state *again = vctl_replay(w);
    struct buf differs = BUF_INIT;
    state_diff(c->state, again, &differs);
    if (differs.len)
        world_fail(w, NO_VAL, NO_VAL, "the journal gives another state (live -> replayed):\n%s", differs.s);
    buf_release(&differs);
    state_free(again);
}

/* --- the end --- */

/* Nothing lives on the node and it has nothing left to say. */
static bool node_quiet(const struct vnode *n)
{
    if (n->off)
        return !n->stepds.n && !n->files.n;
    return n->up && n->registered && !n->stepds.n && !n->scripts.n && !n->core.unsent.n && !n->files.n &&
           map_u64_count(&n->core.jobs) == 0;
}

static bool node_idle(const struct node *n)
{
    return n->state == NODE_UP && !(n->flags & (NODEF_DRAIN | NODEF_FAIL | NODEF_NOT_RESPONDING)) &&
           !n->running_jobs;
}

bool check_drained(struct world *w)
{
    if (!w->ctl.up || w->users_left || w->ctl.writing.n)
        return false;
    for (uint32_t i = 0; i < w->nodes.n; i++)
        if (!node_quiet(&w->nodes.v[i]))
            return false;
    const struct node *n;
    for (uint32_t i = 0; (n = ptree_next(&w->ctl.seen->nodes, &i)); i++)
        if (!node_idle(n))
            return false;
    uint32_t id = 0;
    for (const struct job *j; (j = ptree_next(&w->ctl.seen->jobs, &id)); id++)
        if (!job_is_ended(j))
            return false;
    return true;
}

static void add_jobs(struct world *w, struct buf *out, uint32_t *first)
{
    uint32_t id = 0;
    for (const struct job *j; (j = ptree_next(&w->ctl.seen->jobs, &id)); id++)
        if (!job_is_ended(j)) {
            buf_addf(out, "\n  job ");
            job_id_text(j, 0, out);
            buf_addf(out, " (%u, run %u) %s ", id, j->restarts, job_state_text(j));
            job_reason_text(j, out);
            buf_addf(out, " on %s, %u tasks on %u nodes, waits for %s, priority %u, eligible at %lld",
                     j->nodes ? j->nodes : "none", j->ntasks, j->node_count,
                     j->dependency ? j->dependency : "nothing", j->priority,
                     (long long)(j->eligible_time - SIM_EPOCH));
            *first = *first == NO_VAL ? id : *first;
        }
}

static void add_nodes(struct world *w, struct buf *out, uint32_t *first)
{
    const struct node *n;
    for (uint32_t i = 0; (n = ptree_next(&w->ctl.seen->nodes, &i)); i++) {
        const struct vnode *v = node_at(w, i);
        if (v && node_quiet(v) && node_idle(n))
            continue;
        buf_addf(out, "\n  node %s state %u flags %llx (%s), %u jobs", n->name, n->state,
                 (unsigned long long)n->flags, n->reason ? n->reason : "no reason", n->running_jobs);
        if (v)
            buf_addf(out, "; %s, %s, %u slurmstepds, %u scripts, %u jobs, %u reports, %u files",
                     v->up ? "up" : "down", v->registered ? "registered" : "not registered", v->stepds.n,
                     v->scripts.n, v->up ? map_u64_count(&v->core.jobs) : 0, v->up ? v->core.unsent.n : 0,
                     v->files.n);
        if (v && v->up) {
            MAP_EACH (&v->core.jobs, e) {
                const struct node_job *j = e->value;
                buf_addf(out, "; job %u run %u state %u", j->job_id, j->restarts, j->state);
            }
        }
        *first = *first == NO_VAL && v ? v->index : *first;
    }
}

void check_stuck(struct world *w)
{
    struct buf stuck = BUF_INIT;
    uint32_t job = NO_VAL, node = NO_VAL;
    if (w->ctl.up) {
        add_jobs(w, &stuck, &job);
        add_nodes(w, &stuck, &node);
    }
    world_fail(w, job, node, "%s, and this is not at rest:%s",
               w->calm ? "faults stopped long ago" : "steps without end",
               w->ctl.up ? stuck.s : " the controller");
    buf_release(&stuck);
}
