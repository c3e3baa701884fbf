/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vtree: messages to many nodes go through a tree of them, as in doc/spec/11-fan-out.md: nodecore/fan.c
 * decides, here is the network. It comes down to when each node gets its own message: nodes on the way that
 * are away cost their subtrees nothing, those that take a message and pass nothing on cost them time.
 */
#include "base/mem.h"
#include "nodecore/fan.h"
#include "sim/world.h"

enum { WIDTH = 2, TIMEOUT_MS = 10000 };

struct round {
    struct world *w;
    struct message *v; /* a message for each node; record NULL: sent */
    uint32_t n;
};

/* Places in round.v. */
struct places {
    VEC(uint32_t) list;
};

static void pass_on(struct round *r, const uint32_t *v, uint32_t n, int64_t at, bool root,
                    struct places *unreached);

/* A node acts on a message once, however often it comes. */
static void arrive(struct round *r, uint32_t place, int64_t at)
{
    struct message *m = &r->v[place];

    if (!m->record)
        return;
    r->w->late_ms += at;
    world_send(r->w, EV_TO_NODE, *m);
    r->w->late_ms -= at;
    m->record = NULL;
}

static bool reachable(const struct round *r, uint32_t place)
{
    const struct vnode *n = &r->w->nodes.v[r->v[place].node];

    return n->up && !n->cut;
}

static void ask(struct round *r, struct fan *f, uint32_t head, const uint32_t *v, int64_t at,
                struct places *unreached)
{
    const struct fan_head *h = &f->heads.v[head];
    uint32_t own = h->targets[0], n = h->given - 1;
    uint32_t *behind = mem_array(n ? n : 1, sizeof *behind), *targets = mem_array(n ? n : 1, sizeof *targets);
    struct places missing = {0};

    memcpy(targets, h->targets + 1, n * sizeof *targets);
    for (uint32_t i = 0; i < n; i++)
        behind[i] = v[targets[i]];
    if (!reachable(r, v[own])) {
        if (fan_lost(f, head))
            *VEC_PUSH(&unreached->list) = v[own];
    } else if (n && world_chance(r->w, SIM_DROP, 20)) {
        arrive(r, v[own], at); /* it hangs: says nothing, passes nothing on */
    } else {
        arrive(r, v[own], at);
        fan_done(f, head, own);
        if (!n || !world_chance(r->w, SIM_NODE_CRASH, 20)) { /* else it dies now */
            pass_on(r, behind, n, at + 1, false, &missing);
            for (uint32_t i = 0; i < n; i++) {
                bool gone = false;
                for (uint32_t k = 0; k < missing.list.n; k++)
                    gone |= missing.list.v[k] == behind[i];
                if (!gone)
                    fan_done(f, head, targets[i]);
                else if (fan_failed(f, head, targets[i]))
                    *VEC_PUSH(&unreached->list) = behind[i];
            }
        }
    }
    VEC_FREE(&missing.list);
    mem_free(behind);
    mem_free(targets);
}

static void pass_on(struct round *r, const uint32_t *v, uint32_t n, int64_t at, bool root,
                    struct places *unreached)
{
    struct fan f;
    uint32_t head;

    fan_init(&f, n, WIDTH, TIMEOUT_MS, root, NULL);
    while (f.open) {
        while (fan_next(&f, at, &head))
            ask(r, &f, head, v, at, unreached);
        if (!f.open)
            break;
        at = fan_deadline(&f);
        fan_tick(&f, at);
        while (fan_late(&f, at, &head)) {
            uint32_t own = v[f.heads.v[head].targets[0]];
            if (fan_lost(&f, head))
                *VEC_PUSH(&unreached->list) = own;
        }
    }
    fan_release(&f);
}

static void send_round(struct world *w, struct message *v, uint32_t n)
{
    struct round r = {.w = w, .v = v, .n = n};
    uint32_t *all = mem_array(n, sizeof *all);
    struct places unreached = {0};

    for (uint32_t i = 0; i < n; i++)
        all[i] = i;
    if (n > WIDTH)
        pass_on(&r, all, n, 0, true, &unreached);
    for (uint32_t i = 0; i < n; i++) {
        if (!v[i].record)
            continue;
        if (n > WIDTH && reachable(&r, i))
            world_fail(w, NO_VAL, v[i].node, "the tree has left out node %s", w->nodes.v[v[i].node].name);
        arrive(&r, i, 0); /* nobody listens there, or it was a message for few */
    }
    VEC_FREE(&unreached.list);
    mem_free(all);
}

void tree_add(struct world *w, enum msg_type type, uint32_t job_id, uint32_t node, void *record)
{
    bool fits = w->round_type == type && w->round_job == job_id;

    for (uint32_t i = 0; i < w->round.n && fits; i++)
        fits = w->round.v[i].node != node;
    if (!fits)
        tree_flush(w);
    w->round_type = type;
    w->round_job = job_id;
    *VEC_PUSH(&w->round) = (struct message){.type = type, .node = node, .record = record};
}

void tree_flush(struct world *w)
{
    if (w->round.n)
        send_round(w, w->round.v, w->round.n);
    w->round.n = 0;
}
