/* SPDX-License-Identifier: Apache-2.0 */
/* vsend: what the controller's shell does once a batch is durable: credentials, and effects as messages. */
#include "base/mem.h"
#include "base/text.h"
#include "meta/meta.h"
#include "model/jobtext.h"
#include "sim/world.h"

enum { CREDENTIAL_LIFE_S = 120, HOOK_MS_MAX = 20000 };

struct vnode *node_at(struct world *w, uint32_t node_index)
{
    const struct node *n = ptree_get(&w->ctl.seen->nodes, node_index);
    uint32_t i;
    return n && text_to_u32(n->name + 1, &i) && i < w->nodes.n ? &w->nodes.v[i] : NULL;
}

/* --- credentials: doc/spec/04-credentials.md, but for the signature --- */

static void begin_credential(struct world *w, const struct job *j, uint32_t step_id, struct credential *ret)
{
    meta_init(&record_credential, ret);
    ret->job_id = j->job_id;
    ret->step_id = step_id;
    ret->restarts = j->restarts;
    ret->uid = ret->gid = 1000;
    ret->issued = vctl_clock(w);
    ret->expires = ret->issued + CREDENTIAL_LIFE_S;
    ret->nonce = ++w->ask;
    ret->term = w->journal.term;
}

static struct cred_node *add_node(struct world *w, struct credential *c, const char *name)
{
    struct cred_node *n = meta_recs_push(&record_cred_node, &c->nodes);
    const struct node *node = snapshot_node(w->ctl.seen, name);
    n->name = mem_strdup(name);
    n->token = node ? node->token : 0;
    return n;
}

static void end_credential(struct credential *c, struct meta_bytes *ret)
{
    struct buf bytes = BUF_INIT;
    meta_encode(&record_credential, c, &bytes);
    meta_bytes_set(ret, bytes.s, bytes.len);
    buf_release(&bytes);
    meta_release(&record_credential, c);
}

static void send_launch(struct world *w, uint32_t job_id)
{
    const struct job *j = snapshot_job(w->ctl.seen, job_id);
    const struct node *node = j && j->batch_host ? snapshot_node(w->ctl.seen, j->batch_host) : NULL;
    struct vnode *n = node ? node_at(w, node->index) : NULL;
    if (!n || j->state != JOB_RUNNING || j->flags & JOBF_LAUNCHED)
        return; /* it has been overtaken */
    struct launch_batch *l = meta_new(&record_launch_batch);
    struct credential c;
    begin_credential(w, j, STEP_BATCH, &c);
    struct cred_node *share = add_node(w, &c, node->name);
    for (uint32_t i = 0; i < j->alloc.n; i++)
        if (j->alloc.v[i].node_index == node->index) {
            bits_copy(&share->cores, &j->alloc.v[i].cores);
            meta_recs_copy(&record_job_gres, &share->gres, &j->alloc.v[i].gres);
        }
    end_credential(&c, &l->credential);
    l->token = node->token;
    world_trace(w, job_id, n->index, "  launch job %u.%u on %s", job_id, j->restarts, n->name);
    world_send(w, EV_TO_NODE, (struct message){.type = MSG_LAUNCH_BATCH, .node = n->index, .record = l});
}

void send_sign(struct world *w, struct answer *a)
{
    struct step_create_reply *r = a->reply.record;
    if (a->type != MSG_STEP_CREATE || a->code < 0 || !r->step)
        return;
    const struct job *j = snapshot_job(w->ctl.seen, r->step->job_id);
    if (!snapshot_has_step(w->ctl.seen, r->step)) {
        a->code = -ESLURM_JOB_STEP_ALREADY_COMPLETING_OR_COMPLETED;
        return;
    }
    struct credential c;
    begin_credential(w, j, r->step->step_id, &c);
    for (uint32_t i = 0; i < r->step->layout.n; i++) {
        const struct step_node *part = &r->step->layout.v[i];
        struct cred_node *share = add_node(w, &c, part->name);
        bits_copy(&share->cores, &part->cores);
        meta_recs_copy(&record_job_gres, &share->gres, &part->gres);
    }
    end_credential(&c, &r->credential);
}

/* --- effects --- */

static void send_kill(struct world *w, struct vnode *n, const struct effect *e)
{
    struct kill_job *k = meta_dup(&record_kill_job, e->record);
    k->term = w->journal.term;
    if (snapshot_job(w->ctl.seen, e->job_id))
        k->job = meta_new(&record_job); /* with what an epilog needs */
    world_trace(w, e->job_id, n->index, "  %s job %u.%u on %s",
                e->type == EFFECT_KILL_JOB ? "kill" : "signal", e->job_id, k->restarts, n->name);
    tree_add(w, e->type == EFFECT_KILL_JOB ? MSG_KILL_JOB : MSG_SIGNAL_JOB, e->job_id, n->index, k);
}

/* A program of the controller runs for a while, and dies with it. */
static void run_hook(struct world *w, const struct effect *e)
{
    const struct job *j = snapshot_job(w->ctl.seen, e->job_id);
    struct message m = {.node = NO_VAL};
    if (!j)
        return;
    if (e->type == EFFECT_PROLOG) {
        struct prolog_done *d = m.record = meta_new(&record_prolog_done);
        m.type = MSG_PROLOG_DONE;
        d->job_id = j->job_id;
        d->restarts = j->restarts;
        d->failed = world_rand(w, 10) == 0;
    } else {
        struct epilog_done *d = m.record = meta_new(&record_epilog_done);
        m.type = MSG_EPILOG_DONE;
        d->job_id = j->job_id;
        d->restarts = j->restarts;
    }
    world_trace(w, e->job_id, NO_VAL, "  %s of the controller for job %u.%u",
                e->type == EFFECT_PROLOG ? "prolog" : "epilog", j->job_id, j->restarts);
    world_push(w, 1 + (int64_t)world_rand(w, HOOK_MS_MAX),
               (struct event){.kind = EV_HOOK, .epoch = w->ctl.epoch, .node = NO_VAL, .msg = m});
}

void send_effect(struct world *w, const struct effect *e)
{
    if (e->type == EFFECT_PROLOG || e->type == EFFECT_EPILOG) {
        run_hook(w, e);
        return;
    }
    if (e->type == EFFECT_PLAN)
        vctl_want_plan(w);
    if (e->type == EFFECT_LAUNCH_BATCH) {
        tree_flush(w);
        send_launch(w, e->job_id);
        return;
    }
    struct vnode *n = e->node_index == NO_VAL ? NULL : node_at(w, e->node_index);
    if (!n)
        return; /* nobody watches jobs here, and there are no payloads to drop */
    if (e->type == EFFECT_RESUME || e->type == EFFECT_SUSPEND) {
        vpower_order(w, n, e->type == EFFECT_RESUME);
    } else if (e->type == EFFECT_KILL_JOB || e->type == EFFECT_SIGNAL) {
        send_kill(w, n, e);
    } else if (e->type == EFFECT_PING) {
        struct node_ping *p = meta_new(&record_node_ping);
        p->term = w->journal.term;
        tree_add(w, MSG_NODE_PING, NO_VAL, n->index, p);
    } else if (e->type == EFFECT_NODE_CONTROL) {
        struct node_control *c = meta_dup(&record_node_control, e->record);
        c->term = w->journal.term;
        tree_add(w, MSG_NODE_CONTROL, NO_VAL, n->index, c);
    }
}
