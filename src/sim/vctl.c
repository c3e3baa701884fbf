/* SPDX-License-Identifier: Apache-2.0 */
/* vctl: the controller's shell around the real core: the same order of decide, apply, journal, publish, reply
 * and effects as slurmctld. */
#include <string.h>

#include "base/mem.h"
#include "meta/meta.h"
#include "model/jobtext.h"
#include "sim/world.h"

static int64_t clock_s(const struct world *w)
{
    return SIM_EPOCH + w->now / 1000 + w->ctl.clock_skew;
}

static void replies_add(struct vctl *c, const struct pending_reply *r)
{
    *VEC_PUSH(&c->replies) = *r;
}

static void schedule_tick(struct world *w)
{
    int64_t deadline = core_deadline(w->ctl.state);
    if (deadline == INT64_MAX)
        return;
    int64_t wait = (deadline - clock_s(w)) * 1000;
    int64_t at = w->now + (wait > 0 ? wait : 200);
    if (w->ctl.tick_at && w->ctl.tick_at <= at && w->ctl.tick_at > w->now)
        return;
    w->ctl.tick_at = at;
    world_push(w, at - w->now, (struct event){.kind = EV_TICK, .epoch = w->ctl.epoch});
}

/* Applies the facts and adds the durable ones to the open batch. */
static void take_facts(struct world *w, struct facts *facts)
{
    struct vctl *c = &w->ctl;
    for (uint32_t i = 0; i < facts->list.n; i++) {
        const struct fact *f = &facts->list.v[i];
        const struct fact_type_row *type = fact_by_number(f->type);
        if (w->opt.trace) {
            struct buf text = BUF_INIT;
            meta_dump(type->record, f->record, &text);
            for (size_t k = 0; k < text.len; k++)
                text.s[k] = text.s[k] == '\n' ? ' ' : text.s[k];
            world_trace(w, "  fact %s%s: %s", type->name, type->durable ? "" : " (volatile)", text.s);
            buf_release(&text);
        }
        core_apply(c->state, f, clock_s(w));
        core_effects(c->state, f, &c->effects);
        if (!type->durable)
            continue;
        struct fact_entry *r = meta_recs_push(&record_fact_entry, &c->open.facts);
        r->type = f->type;
        r->time = clock_s(w);
        struct buf body = BUF_INIT;
        meta_encode(type->record, f->record, &body);
        meta_bytes_set(&r->body, body.s, body.len);
        buf_release(&body);
    }
}

/* Hands the open batch to the disk when that is idle. */
static void write_batch(struct world *w)
{
    struct vctl *c = &w->ctl;
    if (c->writing.n || (!c->open.facts.n && !c->effects.list.n && !c->replies.n))
        return;
    struct batch *b = VEC_PUSH(&c->writing);
    buf_init(&b->bytes);
    b->index = c->next_index++;
    c->open.index = b->index;
    state_set_index(c->state, b->index, w->journal.term);
    if (c->open.facts.n)
        meta_encode(&record_fact_batch, &c->open, &b->bytes);
    b->snapshot = state_publish(c->state);
    b->effects = c->effects;
    b->replies.v = c->replies.v, b->replies.n = c->replies.n, b->replies.cap = c->replies.cap;
    memset(&c->effects, 0, sizeof c->effects);
    memset(&c->replies, 0, sizeof c->replies);
    meta_release(&record_fact_batch, &c->open);
    int64_t ms = world_chance(w, SIM_SLOW_DISK, 20) ? 500 + (int64_t)world_rand(w, 5000)
                                                    : 1 + (int64_t)world_rand(w, 4);
    world_push(w, ms, (struct event){.kind = EV_DURABLE, .epoch = c->epoch});
}

static int run_command(struct world *w, enum msg_type type, const void *record, enum message_access level,
                       uint32_t uid, struct reply *reply)
{
    struct command cmd = {
        .type = type, .record = record, .sender = {.uid = uid, .gid = uid, .level = level, .host = "sim"}};
    struct facts facts = {0};
    struct err e = {0};
    int r = core_decide(w->ctl.state, &cmd, clock_s(w), &facts, reply, &e);
    if (r == 0)
        take_facts(w, &facts);
    else
        world_trace(w, "  refused: %s", e.text);
    facts_release(&facts);
    return r;
}

void vctl_message(struct world *w, struct message *m)
{
    bool node = m->node != NO_VAL;
    struct reply reply = {0};
    int r = run_command(w, m->type, m->record, node ? ACCESS_DAEMON : ACCESS_USER, node ? 0 : 1000, &reply);
    struct pending_reply p = {.type = m->type, .node = m->node, .ask = m->ask, .code = r};
    if (r == 0 && m->type == MSG_SUBMIT)
        p.job_id = ((struct submit_reply *)reply.record)->job_id;
    if (r == 0 && m->type == MSG_NODE_REGISTER) {
        struct node_register_reply *back = reply.record;
        p.kill_jobs = back->kill_jobs;
        back->kill_jobs = (struct meta_u32s){0};
    }
    reply_release(&reply);
    replies_add(&w->ctl, &p);
    write_batch(w);
    schedule_tick(w);
}

void vctl_tick(struct world *w)
{
    w->ctl.tick_at = 0;
    struct reply reply = {0};
    run_command(w, MSG_TICK, NULL, ACCESS_DAEMON, 0, &reply);
    reply_release(&reply);
    write_batch(w);
    schedule_tick(w);
}

static void want_plan(struct world *w)
{
    if (w->ctl.plan_wanted)
        return;
    w->ctl.plan_wanted = true;
    world_push(w, 1 + (int64_t)world_rand(w, 50), (struct event){.kind = EV_PLAN, .epoch = w->ctl.epoch});
}

void vctl_plan(struct world *w)
{
    struct vctl *c = &w->ctl;
    c->plan_wanted = false;
    struct sched_view view;
    snapshot_view(c->seen, clock_s(w), &view);
    struct sched_budget budget = {.work_max = 100000, .starts_max = 100};
    struct sched_result result;
    planner_run(c->planner, &view, &budget, &result);
    world_trace(w, "plan: %u starts, %u notes, %llu nodes looked at", result.starts.n, result.notes.notes.n,
                (unsigned long long)result.work);
    for (uint32_t i = 0; i < result.starts.n; i++) {
        struct reply reply = {0};
        run_command(w, MSG_START_JOB, &result.starts.v[i], ACCESS_DAEMON, 0, &reply);
        reply_release(&reply);
    }
    if (result.notes.notes.n) {
        struct reply reply = {0};
        run_command(w, MSG_PLAN_NOTES, &result.notes, ACCESS_DAEMON, 0, &reply);
        reply_release(&reply);
    }
    if (!result.complete)
        want_plan(w);
    else if (result.next != INT64_MAX)
        world_push(w, (result.next - clock_s(w)) * 1000, (struct event){.kind = EV_PLAN, .epoch = c->epoch});
    sched_result_release(&result);
    write_batch(w);
    schedule_tick(w);
}

static void send_to_node(struct world *w, uint32_t node, enum msg_type type, const struct meta_record *r,
                         const void *record)
{
    world_send(w, EV_TO_NODE,
               (struct message){
                   .type = type, .node = node, .record = r ? meta_dup(r, record) : NULL, .ask = ++w->ask});
}

static void launch(struct world *w, uint32_t job_id)
{
    const struct job *j = snapshot_job(w->ctl.seen, job_id);
    if (!j || j->state != JOB_RUNNING || !j->alloc.n)
        return;
    const struct node *n = snapshot_node(w->ctl.seen, j->batch_host);
    if (!n)
        return;
    struct launch_batch l;
    meta_init(&record_launch_batch, &l);
    l.job = meta_dup(&record_job, j);
    l.token = n->token;
    world_trace(w, "  launch job %u.%u on %s", job_id, j->restarts, n->name);
    send_to_node(w, n->index, MSG_LAUNCH_BATCH, &record_launch_batch, &l);
    meta_release(&record_launch_batch, &l);
}

static void carry_out(struct world *w, const struct effect *e)
{
    switch (e->type) {
    case EFFECT_LAUNCH_BATCH:
        launch(w, e->job_id);
        break;
    case EFFECT_KILL_JOB:
    case EFFECT_SIGNAL: {
        struct kill_job *k = e->record;
        k->term = w->journal.term;
        world_trace(w, "  %s job %u on node %u", e->type == EFFECT_KILL_JOB ? "kill" : "signal", e->job_id,
                    e->node_index);
        send_to_node(w, e->node_index, e->type == EFFECT_KILL_JOB ? MSG_KILL_JOB : MSG_SIGNAL_JOB,
                     &record_kill_job, k);
        break;
    }
    case EFFECT_PING:
        send_to_node(w, e->node_index, MSG_NODE_PING, NULL, NULL);
        break;
    case EFFECT_NODE_CONTROL:
        send_to_node(w, e->node_index, MSG_NODE_CONTROL, &record_node_control, e->record);
        break;
    case EFFECT_PLAN:
        want_plan(w);
        break;
    case EFFECT_JOB_CHANGED:
    case EFFECT_ACCOUNT:
    case EFFECT_DROP_PAYLOAD:
        break; /* nobody watches, and there is nothing to drop */
    }
}

static void answer(struct world *w, const struct pending_reply *r)
{
    if (r->node == NO_VAL)
        user_reply(w, r);
    else if (!w->nodes.v[r->node].cut && !world_chance(w, SIM_DROP, 20))
        vnode_acked(w, &w->nodes.v[r->node], r);
}

static void replies_release(struct pending_reply *v, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        mem_free(v[i].kill_jobs.v);
}

static void batch_release(struct batch *b)
{
    replies_release(b->replies.v, b->replies.n);
    buf_release(&b->bytes);
    if (b->snapshot)
        snapshot_drop(b->snapshot);
    outbox_release(&b->effects);
    VEC_FREE(&b->replies);
}

static void store_snapshot(struct world *w)
{
    struct saved_state saved;
    struct buf bytes = BUF_INIT;
    state_save(w->ctl.state, &saved);
    meta_encode(&record_saved_state, &saved, &bytes);
    vjournal_snapshot(&w->journal, &bytes);
    buf_release(&bytes);
    meta_release(&record_saved_state, &saved);
}

void vctl_durable(struct world *w)
{
    struct vctl *c = &w->ctl;
    REQUIRE(c->writing.n == 1);
    struct batch b = c->writing.v[0];
    c->writing.n = 0;
    if (b.bytes.len)
        vjournal_append(&w->journal, &b.bytes);
    snapshot_drop(c->seen);
    c->seen = b.snapshot;
    b.snapshot = NULL;
    for (uint32_t i = 0; i < b.replies.n; i++)
        answer(w, &b.replies.v[i]);
    for (uint32_t i = 0; i < b.effects.list.n; i++)
        carry_out(w, &b.effects.list.v[i]);
    batch_release(&b);
    if (!c->open.facts.n && world_rand(w, 40) == 0)
        store_snapshot(w);
    write_batch(w);
}

static int replay_batch(struct world *w, struct state *s, const struct buf *bytes)
{
    struct fact_batch batch;
    struct err e;
    if (meta_decode(&record_fact_batch, &batch, bytes->s, bytes->len, &e) < 0) {
        world_fail(w, "journal: %s", e.text);
        return -1;
    }
    for (uint32_t i = 0; i < batch.facts.n; i++) {
        const struct fact_entry *r = &batch.facts.v[i];
        const struct fact_type_row *type = fact_by_number(r->type);
        struct fact f = {.type = (enum fact_type)r->type, .record = mem_alloc(type->record->size)};
        if (meta_decode(type->record, f.record, r->body.v, r->body.n, &e) < 0)
            world_fail(w, "journal: fact %s: %s", type->name, e.text);
        else
            core_apply(s, &f, r->time);
        meta_free(type->record, f.record);
    }
    state_set_index(s, batch.index, w->journal.term);
    meta_release(&record_fact_batch, &batch);
    return 0;
}

struct state *vctl_replay(struct world *w)
{
    struct state *s = state_new();
    struct err e;
    if (w->journal.snapshot.len) {
        struct saved_state saved;
        if (meta_decode(&record_saved_state, &saved, w->journal.snapshot.s, w->journal.snapshot.len, &e) <
                0 ||
            state_restore(s, &saved, &e) < 0)
            world_fail(w, "snapshot: %s", e.text);
        meta_release(&record_saved_state, &saved);
    }
    for (uint32_t i = 0; i < w->journal.batches.n; i++)
        replay_batch(w, s, &w->journal.batches.v[i]);
    return s;
}

void vctl_start(struct world *w)
{
    struct vctl *c = &w->ctl;
    c->up = true;
    w->journal.term++;
    c->state = vctl_replay(w);
    c->planner = planner_new();
    meta_init(&record_fact_batch, &c->open);
    c->open.term = w->journal.term;
    c->next_index = w->journal.batches.n + w->journal.term * 1000000;
    struct reply reply = {0};
    if (run_command(w, MSG_CONFIGURE, w->config, ACCESS_DAEMON, 0, &reply) < 0)
        world_fail(w, "the configuration is refused");
    reply_release(&reply);
    c->seen = state_publish(c->state);
    core_resume(c->state, clock_s(w), &c->effects);
    write_batch(w);
    want_plan(w);
    schedule_tick(w);
}

void vctl_release(struct world *w)
{
    struct vctl *c = &w->ctl;
    for (uint32_t i = 0; i < c->writing.n; i++)
        batch_release(&c->writing.v[i]);
    VEC_FREE(&c->writing);
    outbox_release(&c->effects);
    replies_release(c->replies.v, c->replies.n);
    VEC_FREE(&c->replies);
    meta_release(&record_fact_batch, &c->open);
    if (c->seen)
        snapshot_drop(c->seen);
    planner_free(c->planner);
    if (c->state)
        state_free(c->state);
    *c = (struct vctl){.epoch = c->epoch + 1, .clock_skew = c->clock_skew};
}

void vctl_crash(struct world *w)
{
    /* What was on its way to the disk may have reached it. */
    if (w->ctl.writing.n && w->ctl.writing.v[0].bytes.len && world_rand(w, 2))
        vjournal_append(&w->journal, &w->ctl.writing.v[0].bytes);
    vctl_release(w);
    w->out->crashes++;
}
