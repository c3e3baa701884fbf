/* SPDX-License-Identifier: Apache-2.0 */
/* sim_run(): the event loop, the network and the fault plan. */
#include "sim/sim.h"

#include "base/hash.h"
#include "base/mem.h"
#include "meta/meta.h"
#include "sim/world.h"

enum {
    CALM_AFTER_MS = 20 * 60 * 1000, /* faults stop then */
    DRAIN_MS = 6 * 3600 * 1000,     /* and everything must have ended this much later */
    REPLAY_EVERY = 64,              /* steps between comparisons of live and replayed state */
};

/* --- the queue of events: a binary heap by time, then by order of birth
 * ---------------------------------------- */

static bool before(const struct event *a, const struct event *b)
{
    return a->at != b->at ? a->at < b->at : a->seq < b->seq;
}

void world_push(struct world *w, int64_t delay_ms, struct event e)
{
    e.at = w->now + (delay_ms > 0 ? delay_ms : 0);
    e.seq = ++w->seq;
    *VEC_PUSH(&w->heap) = e;
    struct event *v = w->heap.v;
    for (uint32_t i = w->heap.n - 1; i && before(&v[i], &v[(i - 1) / 2]); i = (i - 1) / 2) {
        struct event swap = v[i];
        v[i] = v[(i - 1) / 2];
        v[(i - 1) / 2] = swap;
    }
}

static struct event pop(struct world *w)
{
    struct event *v = w->heap.v, first = v[0];
    v[0] = v[--w->heap.n];
    for (uint32_t i = 0;;) {
        uint32_t least = i, l = 2 * i + 1, r = l + 1;
        if (l < w->heap.n && before(&v[l], &v[least]))
            least = l;
        if (r < w->heap.n && before(&v[r], &v[least]))
            least = r;
        if (least == i)
            return first;
        struct event swap = v[i];
        v[i] = v[least];
        v[least] = swap;
        i = least;
    }
}

/* --- chance, complaints, trace
 * --------------------------------------------------------------------------------- */

uint64_t world_rand(struct world *w, uint64_t n)
{
    return n ? rand_below(&w->rng, n) : 0;
}

bool world_chance(struct world *w, uint32_t fault, uint32_t in)
{
    return !w->calm && (w->opt.faults & fault) && world_rand(w, in) == 0;
}

void world_trace(struct world *w, const char *fmt, ...)
{
    if (!w->opt.trace)
        return;
    struct buf line = BUF_INIT;
    buf_addf(&line, "%lld.%03lld ", (long long)(w->now / 1000), (long long)(w->now % 1000));
    va_list ap;
    va_start(ap, fmt);
    buf_addv(&line, fmt, ap);
    va_end(ap);
    w->opt.trace(w->opt.arg, line.s);
    buf_release(&line);
}

void world_fail(struct world *w, const char *fmt, ...)
{
    if (!w->out->ok)
        return;
    w->out->ok = false;
    buf_addf(&w->out->complaint, "at %lld s, step %llu: ", (long long)(w->now / 1000),
             (unsigned long long)w->out->steps);
    va_list ap;
    va_start(ap, fmt);
    buf_addv(&w->out->complaint, fmt, ap);
    va_end(ap);
}

/* --- network
 * ---------------------------------------------------------------------------------------------------- */

static const struct meta_record *record_of(enum msg_type type)
{
    const struct message_type *t = message_by_number(type);
    return t ? t->request : NULL;
}

void message_release(struct message *m)
{
    if (m->record)
        meta_free(record_of(m->type), m->record);
    m->record = NULL;
}

static int64_t latency(struct world *w)
{
    int64_t ms = 1 + (int64_t)world_rand(w, 5);
    return world_chance(w, SIM_DELAY, 10) ? ms + (int64_t)world_rand(w, 20000) : ms;
}

void world_send(struct world *w, enum event_kind to, struct message m)
{
    bool lost = (m.node != NO_VAL && w->nodes.v[m.node].cut) || world_chance(w, SIM_DROP, 20);
    if (!lost && world_chance(w, SIM_DUPLICATE, 20)) {
        struct message twin = m;
        twin.record = m.record ? meta_dup(record_of(m.type), m.record) : NULL;
        /* A user's connection does not repeat a request by itself. */
        if (m.node == NO_VAL)
            message_release(&twin);
        else
            world_push(w, latency(w), (struct event){.kind = to, .node = m.node, .msg = twin});
    }
    if (lost)
        message_release(&m);
    else
        world_push(w, latency(w), (struct event){.kind = to, .node = m.node, .msg = m});
}

/* --- events
 * ----------------------------------------------------------------------------------------------------- */

static struct vnode *some_node(struct world *w)
{
    return &w->nodes.v[world_rand(w, w->nodes.n)];
}

static void crash_controller(struct world *w)
{
    if (w->calm)
        return;
    if (w->ctl.up) {
        world_trace(w, "controller dies");
        vctl_crash(w);
        world_push(w, 100 + (int64_t)world_rand(w, 60000), (struct event){.kind = EV_RECOVER});
    }
    world_push(w, (int64_t)world_rand(w, 200000), (struct event){.kind = EV_CRASH});
}

static void crash_node(struct world *w)
{
    if (w->calm)
        return;
    struct vnode *n = some_node(w);
    if (n->up) {
        bool reboot = world_rand(w, 2);
        world_trace(w, "%s %s", n->name, reboot ? "reboots" : "loses its daemon");
        vnode_crash(w, n, reboot);
        world_push(w, (int64_t)world_rand(w, reboot ? 400000 : 20000),
                   (struct event){.kind = EV_NODE_START, .node = n->index, .epoch = reboot});
    }
    world_push(w, (int64_t)world_rand(w, 120000), (struct event){.kind = EV_NODE_CRASH});
}

static void cut_node(struct world *w)
{
    if (w->calm)
        return;
    struct vnode *n = some_node(w);
    if (!n->cut) {
        world_trace(w, "%s is cut off", n->name);
        n->cut = true;
        world_push(w, (int64_t)world_rand(w, 600000), (struct event){.kind = EV_HEAL, .node = n->index});
    }
    world_push(w, (int64_t)world_rand(w, 120000), (struct event){.kind = EV_CUT});
}

static void jump_clock(struct world *w)
{
    if (w->calm)
        return;
    w->ctl.clock_skew += (int64_t)world_rand(w, 240) - 120;
    world_trace(w, "the clock is %lld s off", (long long)w->ctl.clock_skew);
    if (w->ctl.up)
        vctl_tick(w);
    world_push(w, (int64_t)world_rand(w, 300000), (struct event){.kind = EV_CLOCK});
}

static void to_controller(struct world *w, struct event *e)
{
    const struct message_type *t = message_by_number(e->msg.type);
    if (e->node != NO_VAL && w->nodes.v[e->node].cut)
        return;
    world_trace(w, "%s from %d", t->name, e->node == NO_VAL ? -1 : (int)e->node);
    if (w->ctl.up)
        vctl_message(w, &e->msg);
}

static void controller_event(struct world *w, struct event *e)
{
    if (!w->ctl.up || e->epoch != w->ctl.epoch)
        return;
    if (e->kind == EV_DURABLE)
        vctl_durable(w);
    else if (e->kind == EV_PLAN)
        vctl_plan(w);
    else
        vctl_tick(w);
}

static void step(struct world *w, struct event *e)
{
    struct vnode *n = e->node < w->nodes.n ? &w->nodes.v[e->node] : NULL;
    switch (e->kind) {
    case EV_TO_CONTROLLER:
        to_controller(w, e);
        break;
    case EV_TO_NODE:
        if (n->up && !n->cut)
            vnode_message(w, n, &e->msg);
        break;
    case EV_DURABLE:
    case EV_PLAN:
    case EV_TICK:
        controller_event(w, e);
        break;
    case EV_NODE_WAKE:
        if (n->wake == w->now)
            vnode_wake(w, n);
        break;
    case EV_USER:
        user_act(w);
        break;
    case EV_CRASH:
        crash_controller(w);
        break;
    case EV_RECOVER:
        world_trace(w, "controller starts");
        vctl_start(w);
        break;
    case EV_NODE_CRASH:
        crash_node(w);
        break;
    case EV_NODE_START:
        vnode_start(w, n, e->epoch);
        break;
    case EV_CUT:
        cut_node(w);
        break;
    case EV_HEAL:
        n->cut = false;
        break;
    case EV_CLOCK:
        jump_clock(w);
        break;
    case EV_CALM:
        world_trace(w, "no more faults");
        w->calm = true;
        user_release_all(w);
        break;
    case EV_RELEASE:
        user_release_all(w);
        break;
    }
    message_release(&e->msg);
}

static void begin(struct world *w)
{
    static const struct {
        uint32_t fault;
        enum event_kind kind;
    } plan[] = {{SIM_CRASH, EV_CRASH},
                {SIM_NODE_CRASH, EV_NODE_CRASH},
                {SIM_PARTITION, EV_CUT},
                {SIM_CLOCK, EV_CLOCK}};
    w->config = user_config(w);
    for (uint32_t i = 0; i < w->opt.nodes; i++)
        vnode_init(w, i);
    vctl_start(w);
    for (uint32_t i = 0; i < w->opt.nodes; i++)
        vnode_start(w, &w->nodes.v[i], true);
    for (size_t i = 0; i < sizeof plan / sizeof *plan; i++)
        if (w->opt.faults & plan[i].fault)
            world_push(w, (int64_t)world_rand(w, 100000),
                       (struct event){.kind = plan[i].kind, .node = NO_VAL});
    world_push(w, 1000, (struct event){.kind = EV_USER, .node = NO_VAL});
    world_push(w, CALM_AFTER_MS, (struct event){.kind = EV_CALM, .node = NO_VAL});
}

static void end(struct world *w)
{
    for (uint32_t i = 0; i < w->heap.n; i++)
        message_release(&w->heap.v[i].msg);
    VEC_FREE(&w->heap);
    for (uint32_t i = 0; i < w->nodes.n; i++)
        vnode_release(&w->nodes.v[i]);
    VEC_FREE(&w->nodes);
    vctl_release(w);
    vjournal_release(&w->journal);
    map_u64_release(&w->acked);
    map_u64_release(&w->runs);
    meta_free(&record_configure, w->config);
}

void sim_run(const struct sim_options *o, struct sim_outcome *ret)
{
    *ret = (struct sim_outcome){.ok = true};
    buf_init(&ret->complaint);
    struct world w = {.opt = *o, .out = ret, .rng = o->seed * 0x9e3779b97f4a7c15u + 1, .users_left = o->jobs};
    buf_init(&w.journal.snapshot);
    begin(&w);
    while (ret->ok && w.heap.n && (!o->steps_max || ret->steps < o->steps_max)) {
        struct event e = pop(&w);
        w.now = e.at;
        ret->steps++;
        step(&w, &e);
        check_step(&w);
        if (ret->steps % REPLAY_EVERY == 0)
            check_replay(&w);
        if (w.calm && check_drained(&w))
            break;
        if (w.calm && w.now > CALM_AFTER_MS + DRAIN_MS)
            check_stuck(&w);
    }
    if (ret->ok)
        check_replay(&w);
    ret->virtual_s = w.now / 1000;
    end(&w);
}

void sim_outcome_release(struct sim_outcome *o)
{
    buf_release(&o->complaint);
}
