/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vctl: the controller's shell around the real core: the same order of decide, apply, journal, publish, reply
 * and effects as slurmctld, with as many batches between core and disk. It may die at each of those points.
 */
#include <string.h>

#include "base/mem.h"
#include "meta/meta.h"
#include "sim/world.h"

enum { FRESH_MS = 20 }; /* a message that was not held up */

int64_t vctl_clock(const struct world *w)
{
    return SIM_EPOCH + w->now / 1000 + w->ctl.clock_skew;
}

static void schedule_tick(struct world *w)
{
    struct vctl *c = &w->ctl;
    int64_t deadline = c->up ? core_deadline(c->state) : INT64_MAX;
    if (deadline == INT64_MAX)
        return;
    int64_t wait = (deadline - vctl_clock(w)) * 1000;
    int64_t at = w->now + (wait > 0 ? wait : 200);
    if (c->tick_at && c->tick_at <= at && c->tick_at > w->now)
        return;
    c->tick_at = at;
    world_push(w, at - w->now, (struct event){.kind = EV_TICK, .epoch = c->epoch, .node = NO_VAL});
}

/* --- facts --- */

/* The job or the node that the fact is about, for the trace. */
static void trace_fact(struct world *w, const struct fact *f, const struct fact_type_row *type)
{
    if (!w->opt.trace || (f->type == FACT_JOB_CHECKED && w->subject_job != NO_VAL))
        return;
    const struct meta_field *job = meta_find(type->record, "job_id");
    const struct meta_field *node = meta_find(type->record, "node_index");
    uint32_t job_id = job ? *(const uint32_t *)((const char *)f->record + job->offset) : NO_VAL - 1;
    uint32_t index = node ? *(const uint32_t *)((const char *)f->record + node->offset) : NO_VAL;
    struct buf text = BUF_INIT;
    meta_dump(type->record, f->record, &text);
    for (size_t k = 0; k < text.len; k++)
        text.s[k] = text.s[k] == '\n' ? ' ' : text.s[k];
    if (text.len > 600)
        text.s[600] = 0;
    world_trace(w, job_id, index, "  fact %s%s: %s", type->name, type->durable ? "" : " (volatile)", text.s);
    buf_release(&text);
}

/* Applies the facts and adds the durable ones to the open batch. */
static void take_facts(struct world *w, struct facts *facts)
{
    struct vctl *c = &w->ctl;
    for (uint32_t i = 0; i < facts->list.n; i++) {
        const struct fact *f = &facts->list.v[i];
        const struct fact_type_row *type = fact_by_number(f->type);
        trace_fact(w, f, type);
        core_apply(c->state, f, vctl_clock(w));
        core_effects(c->state, f, &c->open.effects);
        check_fact(w, f);
        if (!type->durable)
            continue;
        struct fact_entry *r = meta_recs_push(&record_fact_entry, &c->facts.facts);
        r->type = f->type;
        r->time = vctl_clock(w);
        struct buf body = BUF_INIT;
        meta_encode(type->record, f->record, &body);
        meta_bytes_set(&r->body, body.s, body.len);
        buf_release(&body);
    }
}

/* --- batches --- */

static void batch_release(struct batch *b)
{
    for (uint32_t i = 0; i < b->answers.n; i++)
        answer_release(&b->answers.v[i]);
    VEC_FREE(&b->answers);
    VEC_FREE(&b->ended);
    buf_release(&b->bytes);
    if (b->snapshot)
        snapshot_drop(b->snapshot);
    outbox_release(&b->effects);
}

static void start_disk(struct world *w)
{
    if (!w->ctl.writing.n)
        return;
    int64_t ms = world_chance(w, SIM_SLOW_DISK, 20) ? 500 + (int64_t)world_rand(w, 5000)
                                                    : 1 + (int64_t)world_rand(w, 4);
    world_push(w, ms, (struct event){.kind = EV_DURABLE, .epoch = w->ctl.epoch, .node = NO_VAL});
}

/* Hands the open batch on when there is room, else more commands join it. */
static void write_batch(struct world *w)
{
    struct vctl *c = &w->ctl;
    if (!c->up || c->writing.n == BATCHES_WAITING ||
        (!c->facts.facts.n && !c->open.effects.list.n && !c->open.answers.n))
        return;
    struct batch *b = VEC_PUSH(&c->writing);
    *b = c->open;
    memset(&c->open, 0, sizeof c->open);
    buf_init(&b->bytes);
    b->index = c->next_index++;
    c->facts.index = b->index;
    c->facts.term = w->journal.term;
    state_set_index(c->state, b->index, w->journal.term);
    if (c->facts.facts.n)
        meta_encode(&record_fact_batch, &c->facts, &b->bytes);
    meta_release(&record_fact_batch, &c->facts);
    b->snapshot = state_publish(c->state);
    if (c->writing.n == 1)
        start_disk(w);
}

/* --- commands --- */

/* False: the controller died of it. */
static bool run_command(struct world *w, struct answer *a, const void *record, const struct sender *sender)
{
    struct command cmd = {.type = a->type, .record = record, .sender = *sender};
    struct facts facts = {0};
    struct err e = {0};
    a->code = core_decide(w->ctl.state, &cmd, vctl_clock(w), &facts, &a->reply, &e);
    bool dead = a->code == 0 && fault_dies(w, "between decide and apply");
    if (a->code == 0 && !dead)
        take_facts(w, &facts);
    else if (!dead)
        world_trace(w, a->job_id ? a->job_id : NO_VAL, a->node, "  refused: %s", e.text);
    facts_release(&facts);
    return !dead && !fault_dies(w, "between apply and journal");
}

/* A command of the controller's own threads, to which nobody waits for an answer. */
static bool run_own(struct world *w, enum msg_type type, const void *record)
{
    static const struct sender self = {.level = ACCESS_DAEMON, .host = "sim"};
    struct answer a = {.type = type, .node = NO_VAL};
    bool alive = run_command(w, &a, record, &self);
    answer_release(&a);
    return alive;
}

static void after_command(struct world *w)
{
    write_batch(w);
    schedule_tick(w);
}

/* The one job that a user's command is about, as far as its checkers need to know. */
static void note_subject(struct world *w, const struct message *m, struct answer *a)
{
    const struct meta_strs *ids = NULL;
    if (m->type == MSG_JOB_SIGNAL)
        ids = &((const struct job_signal *)m->record)->select->ids;
    else if (m->type == MSG_JOB_REQUEUE)
        ids = &((const struct job_requeue *)m->record)->ids;
    else if (m->type == MSG_NODE_REPORT)
        a->job_id = ((const struct node_report *)m->record)->job_id;
    if (!ids)
        return;
    for (const char *p = ids->v[0]; *p; p++)
        a->job_id = a->job_id * 10 + (uint32_t)(*p - '0');
    if (m->type == MSG_JOB_SIGNAL && ((const struct job_signal *)m->record)->signal)
        a->job_id = 0; /* that is no cancellation */
}

void vctl_message(struct world *w, struct message *m)
{
    bool node = m->node != NO_VAL;
    /* Whoever changes nodes is an administrator, whoever changes jobs a user. */
    bool admin = m->type == MSG_NODE_UPDATE;
    struct sender sender = {.uid = node || admin ? 0 : 1000,
                            .gid = node || admin ? 0 : 1000,
                            .level = node    ? ACCESS_DAEMON
                                     : admin ? ACCESS_ADMIN
                                             : ACCESS_USER,
                            .host = "sim"};
    struct answer a = {.type = m->type, .node = m->node, .life = m->life, .ask = m->ask, .made = w->seq};
    note_subject(w, m, &a);
    bool fresh = m->type == MSG_NODE_REGISTER && w->now - m->sent < FRESH_MS;
    w->registering = fresh && w->nodes.v[m->node].token == m->life ? &w->nodes.v[m->node] : NULL;
    w->reported = m->type == MSG_NODE_REPORT ? m->record : NULL;
    bool alive = run_command(w, &a, m->record, &sender);
    w->registering = NULL;
    w->reported = NULL;
    if (!alive) {
        answer_release(&a);
        return;
    }
    if (a.code == 0 && m->type == MSG_SUBMIT)
        a.job_id = ((struct submit_reply *)a.reply.record)->job_id;
    if (w->opt.bug == SIM_BUG_EARLY_REPLY && m->type != MSG_STEP_CREATE)
        world_answer(w, &a);
    else
        *VEC_PUSH(&w->ctl.open.answers) = a;
    after_command(w);
}

void vctl_configure(struct world *w)
{
    if (w->ctl.up && run_own(w, MSG_CONFIGURE, w->config))
        after_command(w);
}

void vctl_tick(struct world *w)
{
    w->ctl.tick_at = 0;
    if (run_own(w, MSG_TICK, NULL))
        after_command(w);
}

void vctl_hook(struct world *w, const struct message *m)
{
    if (run_own(w, m->type, m->record))
        after_command(w);
}

/* --- planner --- */

static void plan_in(struct world *w, int64_t ms)
{
    struct vctl *c = &w->ctl;
    int64_t at = w->now + (ms > 0 ? ms : 1);
    if (c->plan_at && c->plan_at <= at)
        return;
    c->plan_at = at;
    world_push(w, at - w->now, (struct event){.kind = EV_PLAN, .epoch = c->epoch, .node = NO_VAL});
}

void vctl_want_plan(struct world *w)
{
    plan_in(w, 1 + (int64_t)world_rand(w, 50));
}

void vctl_plan(struct world *w)
{
    struct vctl *c = &w->ctl;
    c->plan_at = 0;
    struct sched_view view;
    snapshot_view(c->seen, vctl_clock(w), &view);
    struct sched_budget budget = {.work_max = 100000, .starts_max = 100};
    struct sched_result result;
    planner_run(c->planner, &view, &budget, &result);
    world_trace(w, NO_VAL - 1, NO_VAL, "plan: %u starts, %u notes, %llu nodes looked at", result.starts.n,
                result.notes.notes.n, (unsigned long long)result.work);
    bool alive = true;
    for (uint32_t i = 0; i < result.starts.n && alive; i++)
        alive = run_own(w, MSG_START_JOB, &result.starts.v[i]);
    if (alive && result.notes.notes.n)
        alive = run_own(w, MSG_PLAN_NOTES, &result.notes);
    if (alive && !result.complete)
        vctl_want_plan(w);
    else if (alive && result.next != INT64_MAX)
        plan_in(w, (result.next - vctl_clock(w)) * 1000);
    sched_result_release(&result);
    if (alive)
        after_command(w);
}

/* --- the disk --- */

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

/* It hangs, and is replaced; what it had to send comes when its successor works already. */
static void send_late(struct world *w, const struct batch *b, uint32_t from)
{
    world_trace(w, NO_VAL, NO_VAL, "controller hangs");
    w->late_ms = 1000 + (int64_t)world_rand(w, 90000);
    for (uint32_t i = from; i < b->effects.list.n; i++)
        send_effect(w, &b->effects.list.v[i]);
    tree_flush(w);
    w->late_ms = 0;
    vctl_crash(w);
}

/* Publishes, answers and sends; false: died on the way. */
static bool tell(struct world *w, struct batch *b)
{
    struct vctl *c = &w->ctl;
    if (fault_dies(w, "between journal and replies"))
        return false;
    snapshot_drop(c->seen);
    c->seen = b->snapshot;
    b->snapshot = NULL;
    check_durable(w, b);
    for (uint32_t i = 0; i < b->answers.n; i++) {
        send_sign(w, &b->answers.v[i]);
        world_answer(w, &b->answers.v[i]);
        b->answers.v[i].reply = (struct reply){0};
        if (fault_dies(w, "between two replies"))
            return false;
    }
    for (uint32_t i = 0; i < b->effects.list.n; i++) {
        if (fault_dies(w, "before an effect")) {
            tree_flush(w);
            return false;
        }
        if (fault_hangs(w)) {
            tree_flush(w);
            send_late(w, b, i);
            return false;
        }
        send_effect(w, &b->effects.list.v[i]);
    }
    tree_flush(w);
    return true;
}

void vctl_durable(struct world *w)
{
    struct vctl *c = &w->ctl;
    REQUIRE(c->writing.n);
    if (c->writing.v[0].bytes.len && fault_disk(w)) {
        world_trace(w, NO_VAL, NO_VAL, "the journal cannot be written: the controller ends");
        vctl_crash(w);
        return;
    }
    struct batch b = c->writing.v[0];
    memmove(c->writing.v, c->writing.v + 1, --c->writing.n * sizeof b);
    if (b.bytes.len)
        vjournal_append(&w->journal, &b.bytes);
    bool alive = tell(w, &b);
    batch_release(&b);
    if (!alive)
        return;
    if (!c->writing.n && !c->facts.facts.n && world_rand(w, 40) == 0)
        store_snapshot(w);
    start_disk(w);
    write_batch(w);
}

/* --- life --- */

static int replay_batch(struct world *w, struct state *s, const struct buf *bytes)
{
    struct fact_batch batch;
    struct err e;
    if (meta_decode(&record_fact_batch, &batch, bytes->s, bytes->len, &e) < 0) {
        world_fail(w, NO_VAL, NO_VAL, "journal: %s", e.text);
        return -1;
    }
    for (uint32_t i = 0; i < batch.facts.n; i++) {
        const struct fact_entry *r = &batch.facts.v[i];
        const struct fact_type_row *type = fact_by_number(r->type);
        struct fact f = {.type = (enum fact_type)r->type, .record = mem_alloc(type->record->size)};
        if (meta_decode(type->record, f.record, r->body.v, r->body.n, &e) < 0)
            world_fail(w, NO_VAL, NO_VAL, "journal: fact %s: %s", type->name, e.text);
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
            world_fail(w, NO_VAL, NO_VAL, "snapshot: %s", e.text);
        meta_release(&record_saved_state, &saved);
    }
    for (uint32_t i = 0; i < w->journal.batches.n; i++)
        replay_batch(w, s, &w->journal.batches.v[i]);
    return s;
}

void vctl_start(struct world *w)
{
    struct vctl *c = &w->ctl;
    world_trace(w, NO_VAL, NO_VAL, "controller starts");
    if (w->now < w->disk_full_until) { /* as slurmctld: what it cannot write it does not begin */
        world_push(w, 10000, (struct event){.kind = EV_RECOVER, .node = NO_VAL});
        return;
    }
    c->up = true;
    w->journal.term++;
    c->state = vctl_replay(w);
    c->planner = planner_new();
    meta_init(&record_fact_batch, &c->facts);
    buf_init(&c->open.bytes);
    c->next_index = w->journal.batches.n + w->journal.term * 1000000;
    c->seen = state_publish(c->state);
    if (!run_own(w, MSG_CONFIGURE, w->config))
        return;
    core_resume(c->state, vctl_clock(w), &c->open.effects);
    write_batch(w);
    vctl_want_plan(w);
    schedule_tick(w);
}

void vctl_release(struct world *w)
{
    struct vctl *c = &w->ctl;
    for (uint32_t i = 0; i < c->writing.n; i++)
        batch_release(&c->writing.v[i]);
    VEC_FREE(&c->writing);
    batch_release(&c->open);
    meta_release(&record_fact_batch, &c->facts);
    if (c->seen)
        snapshot_drop(c->seen);
    planner_free(c->planner);
    if (c->state)
        state_free(c->state);
    *c = (struct vctl){.epoch = c->epoch + 1, .clock_skew = c->clock_skew};
    buf_init(&c->open.bytes);
    meta_init(&record_fact_batch, &c->facts);
}

void vctl_crash(struct world *w)
{
    struct vctl *c = &w->ctl;
    /* What was on its way to the disk may have reached it, the earlier before the later. */
    for (uint32_t i = 0; i < c->writing.n && world_rand(w, 2); i++)
        if (c->writing.v[i].bytes.len)
            vjournal_append(&w->journal, &c->writing.v[i].bytes);
    vctl_release(w);
    w->out->crashes++;
    for (uint32_t i = 0; i < w->nodes.n; i++)
        vnode_unlink(w, &w->nodes.v[i]);
    world_push(w, 100 + (int64_t)world_rand(w, world_rand(w, 3) ? 5000 : 60000),
               (struct event){.kind = EV_RECOVER, .node = NO_VAL});
}
