/* SPDX-License-Identifier: Apache-2.0 */
/* sim_run(): the event loop and the network. */
#include "sim/sim.h"

#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "meta/meta.h"
#include "sim/world.h"

enum {
    CALM_AFTER_MS = 20 * 60 * 1000, /* faults stop then */
    DRAIN_MS = 6 * 3600 * 1000,     /* and everything must have ended this much later */
    REPLAY_EVERY = 64,              /* looks at everything between comparisons of live and replayed state */
    SMALL_WORLD = 200,              /* nodes and jobs: up to here every step is looked at */
    STEPS_BASE = 200000,            /* more steps than this, and than so many for each node and job, */
    STEPS_EACH = 1000,              /* are no progress */
    HISTORY = 40,                   /* lines about the subject of a complaint */
};

/* --- the queue of events: a binary heap by time, then by order of birth --- */

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

/* --- chance, complaints, trace --- */

uint64_t world_rand(struct world *w, uint64_t n)
{
    return n ? rand_below(&w->rng, n) : 0;
}

bool world_chance(struct world *w, uint32_t fault, uint32_t in)
{
    return !w->calm && (w->opt.faults & fault) && world_rand(w, in) == 0;
}

static bool of_subject(const struct world *w, uint32_t job, uint32_t node)
{
    if (w->subject_job == NO_VAL && w->subject_node == NO_VAL)
        return true;
    return (job != NO_VAL && job == w->subject_job) || (node != NO_VAL && node == w->subject_node) ||
           (job == NO_VAL && node == NO_VAL);
}

void world_trace(struct world *w, uint32_t job, uint32_t node, const char *fmt, ...)
{
    if (!w->opt.trace || !of_subject(w, job, node))
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

void world_fail(struct world *w, uint32_t job, uint32_t node, const char *fmt, ...)
{
    if (!w->out->ok)
        return;
    w->out->ok = false;
    w->subject_job = job;
    w->subject_node = node;
    buf_addf(&w->out->complaint, "at %lld s, step %llu: ", (long long)(w->now / 1000),
             (unsigned long long)w->out->steps);
    va_list ap;
    va_start(ap, fmt);
    buf_addv(&w->out->complaint, fmt, ap);
    va_end(ap);
}

/* --- network --- */

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
    int64_t ms = 1 + (int64_t)world_rand(w, 5) + w->late_ms;
    if (!world_chance(w, SIM_DELAY, 10))
        return ms;
    return ms + (int64_t)world_rand(w, world_rand(w, 8) ? 20000 : 200000);
}

static bool is_lost(struct world *w, uint32_t node)
{
    return (node != NO_VAL && w->nodes.v[node].cut) || world_chance(w, SIM_DROP, 20);
}

void world_repeat(struct world *w, enum event_kind to, const struct message *m, int64_t delay_ms)
{
    struct message twin = *m;
    twin.record = m->record ? meta_dup(record_of(m->type), m->record) : NULL;
    world_push(w, delay_ms, (struct event){.kind = to, .node = m->node, .msg = twin});
}

void world_send(struct world *w, enum event_kind to, struct message m)
{
    bool lost = is_lost(w, m.node);
    m.sent = w->now;
    /* A user's connection does not repeat a request by itself. */
    if (!lost && m.node != NO_VAL && world_chance(w, SIM_DUPLICATE, 20))
        world_repeat(w, to, &m, latency(w));
    if (lost)
        message_release(&m);
    else
        world_push(w, latency(w), (struct event){.kind = to, .node = m.node, .msg = m});
}

void answer_release(struct answer *a)
{
    reply_release(&a->reply);
}

void world_answer(struct world *w, struct answer *a)
{
    if (is_lost(w, a->node)) {
        answer_release(a);
        return;
    }
    world_push(w, latency(w),
               (struct event){.kind = EV_ANSWER, .node = a->node, .answer = mem_dup(a, sizeof *a)});
}

/* --- events --- */

static void to_controller(struct world *w, struct event *e)
{
    if (e->node != NO_VAL && w->nodes.v[e->node].cut)
        return;
    world_trace(w, e->node == NO_VAL ? NO_VAL - 1 : NO_VAL, e->node, "%s from %d%s",
                message_by_number(e->msg.type)->name, e->node == NO_VAL ? -1 : (int)e->node,
                w->ctl.up ? "" : ": nobody listens");
    if (w->ctl.up)
        vctl_message(w, &e->msg);
}

static void controller_event(struct world *w, const struct event *e)
{
    if (!w->ctl.up || e->epoch != w->ctl.epoch)
        return;
    if (e->kind == EV_DURABLE)
        vctl_durable(w);
    else if (e->kind == EV_PLAN && w->ctl.plan_at == w->now)
        vctl_plan(w);
    else if (e->kind == EV_TICK && w->ctl.tick_at == w->now)
        vctl_tick(w);
    else if (e->kind == EV_HOOK)
        vctl_hook(w, &e->msg);
}

static void take_answer(struct world *w, struct vnode *n, const struct answer *a)
{
    if (!n) {
        check_told(w, a);
        user_answer(w, a);
    } else if (n->up && !n->cut) {
        vnode_answer(w, n, a);
    }
}

static void event_release(struct event *e)
{
    if (e->kind == EV_ANSWER) {
        answer_release(e->answer);
        mem_free(e->answer);
    } else if (e->kind == EV_TO_CONTROLLER || e->kind == EV_TO_NODE || e->kind == EV_HOOK) {
        message_release(&e->msg);
    }
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
    case EV_ANSWER:
        take_answer(w, n, e->answer);
        break;
    case EV_DURABLE:
    case EV_PLAN:
    case EV_TICK:
    case EV_HOOK:
        controller_event(w, e);
        break;
    case EV_NODE_WAKE:
        if (n->wake == w->now)
            vnode_wake(w, n);
        break;
    case EV_USER:
        user_act(w);
        break;
    case EV_CALM:
        w->calm = true;
        fault_event(w, e);
        user_release_all(w);
        break;
    case EV_RELEASE:
        user_release_all(w);
        break;
    default:
        fault_event(w, e);
        break;
    }
    event_release(e);
}

static void begin(struct world *w)
{
    uint32_t size = w->opt.nodes + w->opt.jobs;
    /* In a large world a look at everything costs as much as very many steps: it is sampled. */
    w->check_every = size <= SMALL_WORLD ? 1 : size / 4;
    w->prolog = world_rand(w, 4);
    w->epilog = world_rand(w, 4);
    w->saving = world_rand(w, 2);
    w->hooks = world_rand(w, 3) == 0;
    w->config = conf_make(w, w->opt.nodes, 0);
    for (uint32_t i = 0; i < w->opt.nodes; i++)
        vnode_init(w, i);
    vctl_start(w);
    for (uint32_t i = 0; i < w->opt.nodes; i++)
        if (!w->nodes.v[i].off)
            vnode_start(w, &w->nodes.v[i]);
    fault_begin(w);
    world_push(w, 1000, (struct event){.kind = EV_USER, .node = NO_VAL});
    world_push(w, CALM_AFTER_MS, (struct event){.kind = EV_CALM, .node = NO_VAL});
}

static void end(struct world *w)
{
    for (uint32_t i = 0; i < w->heap.n; i++)
        event_release(&w->heap.v[i]);
    VEC_FREE(&w->heap);
    VEC_FREE(&w->round);
    for (uint32_t i = 0; i < w->nodes.n; i++)
        vnode_release(&w->nodes.v[i]);
    VEC_FREE(&w->nodes);
    vctl_release(w);
    vjournal_release(&w->journal);
    struct map_u64 *maps[] = {&w->acked, &w->cancelled, &w->requeued, &w->over,
                              &w->ended, &w->runs,      &w->missing};
    for (size_t i = 0; i < sizeof maps / sizeof *maps; i++)
        map_u64_release(maps[i]);
    meta_free(&record_configure, w->config);
}

static void look(struct world *w)
{
    uint64_t step = w->out->steps;
    if (step > STEPS_BASE + STEPS_EACH * ((uint64_t)w->opt.nodes + w->opt.jobs))
        check_stuck(w);
    if (step % w->check_every)
        return;
    check_step(w);
    if (step / w->check_every % REPLAY_EVERY == 0) {
        check_missing(w);
        check_replay(w);
    }
    if (w->calm && w->now > CALM_AFTER_MS + DRAIN_MS)
        check_stuck(w);
}

static void run(const struct sim_options *o, struct sim_outcome *ret, uint32_t *job, uint32_t *node)
{
    *ret = (struct sim_outcome){.ok = true};
    buf_init(&ret->complaint);
    struct world w = {.opt = *o,
                      .out = ret,
                      .rng = o->seed * 0x9e3779b97f4a7c15u + 1,
                      .users_left = o->jobs,
                      .subject_job = *job,
                      .subject_node = *node};
    buf_init(&w.journal.snapshot);
    begin(&w);
    while (ret->ok && w.heap.n && (!o->steps_max || ret->steps < o->steps_max)) {
        struct event e = pop(&w);
        w.now = e.at;
        ret->steps++;
        step(&w, &e);
        look(&w);
        if (w.calm && ret->steps % w.check_every == 0 && check_drained(&w))
            break;
    }
    if (ret->ok) {
        check_step(&w);
        check_replay(&w);
    }
    ret->virtual_s = w.now / 1000;
    *job = w.subject_job;
    *node = w.subject_node;
    end(&w);
}

/* --- what happened before a complaint: the same seed once more, with open ears --- */

struct history {
    char *lines[HISTORY];
    uint32_t n;
};

static void remember(void *arg, const char *line)
{
    struct history *h = arg;
    char **slot = &h->lines[h->n++ % HISTORY];
    mem_set_str(slot, line);
}

static void add_history(const struct sim_options *o, struct sim_outcome *ret, uint32_t job, uint32_t node)
{
    struct history h = {0};
    struct sim_options again = *o;
    struct sim_outcome out;
    again.trace = remember;
    again.arg = &h;
    run(&again, &out, &job, &node);
    buf_adds(&ret->complaint, "\nbefore that:");
    for (uint32_t i = h.n > HISTORY ? h.n - HISTORY : 0; i < h.n; i++)
        buf_addf(&ret->complaint, "\n  %s", h.lines[i % HISTORY]);
    for (uint32_t i = 0; i < HISTORY; i++)
        mem_free(h.lines[i]);
    sim_outcome_release(&out);
}

void sim_run(const struct sim_options *o, struct sim_outcome *ret)
{
    uint32_t job = NO_VAL, node = NO_VAL;
    run(o, ret, &job, &node);
    if (!ret->ok && !o->trace && (job != NO_VAL || node != NO_VAL))
        add_history(o, ret, job, node);
}

void sim_outcome_release(struct sim_outcome *o)
{
    buf_release(&o->complaint);
}
