/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever comes in whatever order: the invariants hold after each command, the journal gives the same state
 * again, so does a saved state, no job ends twice, and snapshots taken earlier do not change. A failure names
 * its seed.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "base/hash.h"
#include "base/mem.h"
#include "core_world.h"
#include "model/fact.h"
#include "model/jobtext.h"

enum { SEEDS = 500, STEPS = 150 };

struct run {
    struct world w;
    uint64_t seed;
};

static uint32_t below(struct run *r, uint32_t n)
{
    return (uint32_t)rand_below(&r->seed, n);
}

static uint32_t any_job(struct run *r)
{
    return 1 + below(r, 12);
}

static uint32_t any_user(struct run *r)
{
    static const uint32_t users[] = {ALICE, ALICE, BOB, 0};
    return users[below(r, 4)];
}

static const char *pick(struct run *r, const char *const *texts)
{
    uint32_t n = 0;
    while (texts[n])
        n++;
    return texts[below(r, n)];
}
#define PICK(r, ...) pick(r, (const char *const[]){__VA_ARGS__, NULL})

static char *any_id(struct run *r)
{
    switch (below(r, 8)) {
    case 0:
        return buf_format("%u_%u", any_job(r), below(r, 6));
    case 1:
        return buf_format("%u_[%u-5]", any_job(r), below(r, 5));
    case 2:
        return mem_strdup(PICK(r, "", "abc", "0", "7.0", "99999999999", "3_[", "4_*"));
    default:
        return buf_format("%u", any_job(r));
    }
}

static void do_submit(struct run *r)
{
    struct submit_request *q = world_request();
    struct job_spec *s = q->spec;
    s->ntasks = 1 + below(r, 6);
    s->min_nodes = s->max_nodes = 1 + below(r, 3);
    s->time_limit = below(r, 4) ? 1 + below(r, 30) : NO_VAL;
    mem_set_str(&s->name, PICK(r, "wrap", "one", "two"));
    if (below(r, 4) == 0)
        s->array = mem_strdup(PICK(r, "1-4", "0-5%2", "1,3", "2-1", "9999", "1-4%0", "3"));
    if (below(r, 4) == 0) {
        char *id =
            buf_format("%s:%u%s", PICK(r, "after", "afterok", "afternotok", "afterany", "aftercorr"),
                       any_job(r), PICK(r, "", "", "+1", "_1", "?singleton", ",singleton", "(failed)"));
        s->dependency = id;
    }
    if (below(r, 6) == 0)
        s->begin_time = r->w.now + below(r, 600);
    if (below(r, 8) == 0)
        s->deadline = r->w.now + below(r, 4000);
    s->hold = below(r, 6) == 0;
    s->share = below(r, 5) == 0 ? SHARE_NODE : below(r, 5) == 0 ? SHARE_USER : SHARE_UNSET;
    s->requeue = below(r, 3) == 0 ? 0 : NO_VAL16;
    s->no_kill = below(r, 5) == 0 ? 1 : NO_VAL16;
    s->warn_signal = below(r, 4) == 0 ? 10 : 0;
    s->warn_time = 60;
    if (below(r, 5) == 0)
        s->tres_per_node = mem_strdup("gres/gpu:1");
    if (below(r, 5) == 0)
        meta_bytes_set(&q->payload_name, NULL, 0);
    s->partition = below(r, 3) ? NULL : mem_strdup(PICK(r, "debug", "long", "long,debug", "nosuch", "temp"));
    world_submit(&r->w, any_user(r), q);
}

static void do_update(struct run *r)
{
    char *id = any_id(r);
    struct job_update *u = world_change(id);
    mem_free(id);
    switch (below(r, 8)) {
    case 0:
        u->hold = (uint16_t)below(r, 2);
        break;
    case 1:
        u->time_delta = (int32_t)below(r, 40) - 20;
        break;
    case 2:
        u->spec->time_limit = below(r, 40);
        meta_strs_push(&u->fields, "time_limit");
        break;
    case 3:
        u->spec->dependency = buf_format("afterok:%u", any_job(r));
        meta_strs_push(&u->fields, "dependency");
        break;
    case 4:
        u->eligible_time = r->w.now + below(r, 200);
        u->array_max = below(r, 3);
        break;
    case 5:
        u->spec->partition = mem_strdup(PICK(r, "debug", "long", "temp"));
        meta_strs_push(&u->fields, "partition");
        u->num_nodes = mem_strdup(PICK(r, "1", "2-3", "x", "0"));
        break;
    case 6:
        u->spec->priority = below(r, 3);
        u->spec->name = mem_strdup("new");
        meta_strs_push(&u->fields, "priority");
        meta_strs_push(&u->fields, "name");
        break;
    default:
        u->end_time = r->w.now + below(r, 500);
        u->top = below(r, 2);
    }
    world_update(&r->w, any_user(r), u);
}

static void do_cancel(struct run *r)
{
    char *id = any_id(r);
    if (below(r, 4) == 0) {
        struct job_signal *s = meta_new(&record_job_signal);
        s->select = meta_new(&record_job_select);
        s->signal = below(r, 12);
        s->flags = below(r, 16);
        if (below(r, 2))
            meta_strs_push(&s->select->ids, id);
        else
            meta_strs_push(&s->select->names, "one");
        world_do(&r->w, any_user(r), MSG_JOB_SIGNAL, s);
        meta_free(&record_job_signal, s);
    } else {
        world_cancel(&r->w, any_user(r), id);
    }
    mem_free(id);
}

static void do_requeue(struct run *r)
{
    struct job_requeue q = {.hold = below(r, 2), .special_exit = below(r, 3) == 0};
    char *id = any_id(r);
    q.ids = (struct meta_strs){.v = &id, .n = 1};
    world_do(&r->w, any_user(r), MSG_JOB_REQUEUE, &q);
    mem_free(id);
}

static void do_suspend(struct run *r)
{
    struct job_suspend q = {.resume = below(r, 2)};
    char *id = any_id(r);
    q.ids = (struct meta_strs){.v = &id, .n = 1};
    world_do(&r->w, 0, MSG_JOB_SUSPEND, &q);
    mem_free(id);
}

static void do_report(struct run *r)
{
    static const uint32_t steps[] = {NO_VAL, NO_VAL, STEP_BATCH, STEP_BATCH, 0, 1};
    struct node_report *q = meta_new(&record_node_report);
    q->node_name = mem_strdup(PICK(r, "n1", "n2", "n3", "n4", "n4", "n9"));
    q->job_id = any_job(r);
    q->step_id = steps[below(r, 6)];
    q->exit_code = below(r, 3) << 8;
    q->restarts = below(r, 3) == 0;
    q->error = below(r, 8) == 0 ? ESLURM_JOB_PROLOG_FAILED : 0;
    q->drain = below(r, 12) == 0;
    q->oom = below(r, 8) == 0;
    world_do(&r->w, 0, MSG_NODE_REPORT, q);
    meta_free(&record_node_report, q);
}

/* What nodes are waited for does come, mostly. */
static void do_finish(struct run *r)
{
    uint32_t id = any_job(r);
    const struct job *j = world_get(&r->w, id);
    if (j && job_is_active(j) && j->flags & JOBF_BATCH && below(r, 2))
        world_script_ends(&r->w, id, below(r, 3) << 8);
    else if (j && j->flags & JOBF_COMPLETING)
        world_nodes_done(&r->w, id);
}

static void do_step(struct run *r)
{
    struct step_create *q = meta_new(&record_step_create);
    q->job_id = any_job(r);
    q->ntasks = 1 + below(r, 3);
    q->overlap = below(r, 2);
    q->time_limit = below(r, 2) ? 1 : NO_VAL;
    world_do(&r->w, any_user(r), MSG_STEP_CREATE, q);
    meta_free(&record_step_create, q);
    struct step_done done = {.job_id = any_job(r), .step_id = below(r, 3), .exit_code = below(r, 2)};
    world_do(&r->w, any_user(r), MSG_STEP_DONE, &done);
}

static void do_node_state(struct run *r)
{
    world_node_state(&r->w, PICK(r, "n1", "n2", "n[3-4]", "ALL", "n9"),
                     PICK(r, "DRAIN", "RESUME", "DOWN", "FAIL", "UNDRAIN", "IDLE", "FUTURE", "POWER_DOWN",
                          "REBOOT", "NORESP", "RESUME", "RESUME"),
                     "because");
}

static void do_register(struct run *r)
{
    static const char *const names[] = {"n1", "n2", "n3", "n4"};
    struct node_register *q = meta_new(&record_node_register);
    q->node = meta_new(&record_node);
    q->node->name = mem_strdup(names[below(r, 4)]);
    q->node->cpus = q->node->cores = below(r, 8) ? 4 : 2;
    q->node->sockets = q->node->threads = 1;
    q->node->real_memory = 4000;
    q->token = below(r, 6) ? ++r->w.token : 7;
    q->node_boot = below(r, 6) == 0;
    struct gres_decl *g = meta_recs_push(&record_gres_decl, &q->node->gres);
    g->name = mem_strdup("gpu");
    g->count = 2;
    for (uint32_t i = below(r, 4); i; i--) {
        struct running_step *s = meta_recs_push(&record_running_step, &q->jobs);
        s->job_id = any_job(r);
    }
    world_do(&r->w, 0, MSG_NODE_REGISTER, q);
    meta_free(&record_node_register, q);
}

static void do_part(struct run *r)
{
    struct part_update *u = meta_new(&record_part_update);
    u->part = meta_new(&record_part);
    u->part->name = mem_strdup(PICK(r, "temp", "long", "temp"));
    u->part->nodes = mem_strdup(PICK(r, "n[1-2]", "ALL", "n4", "n9"));
    u->part->state = below(r, 4);
    meta_strs_push(&u->fields, PICK(r, "nodes", "state"));
    u->create = below(r, 2);
    world_do(&r->w, 0, MSG_PART_UPDATE, u);
    meta_free(&record_part_update, u);
    if (below(r, 3))
        return;
    char *name = mem_strdup("temp");
    struct part_select s = {.names = {.v = &name, .n = 1}};
    world_do(&r->w, 0, MSG_PART_DELETE, &s);
    mem_free(name);
}

static void do_configure(struct run *r)
{
    struct saved_state saved;
    state_save(r->w.s, &saved);
    struct configure *c = meta_new(&record_configure);
    c->policy = saved.policy;
    shared_keep(&c->policy->sh);
    for (uint32_t i = 0; i < 4; i++) {
        if (below(r, 10) == 0)
            continue;
        struct node *n = meta_recs_push(&record_node, &c->nodes);
        n->name = buf_format("n%u", i + 1);
        n->cpus = n->cores = 4;
        n->sockets = n->threads = 1;
        n->real_memory = 4000;
    }
    for (uint32_t i = 0; i < 2; i++) {
        struct part *p = meta_recs_push(&record_part, &c->parts);
        p->name = mem_strdup(i ? "long" : "debug");
        p->nodes = mem_strdup("ALL");
        p->max_share = p->min_nodes = 1;
        p->flags = i ? 0 : PARTF_DEFAULT;
    }
    world_do(&r->w, 0, MSG_CONFIGURE, c);
    meta_free(&record_configure, c);
    meta_release(&record_saved_state, &saved);
}

/* A record of the right type with anything in it. */
static void do_nonsense(struct run *r)
{
    const struct message_type *t;
    do
        t = &message_types[below(r, message_types_count)];
    while (t->kind != MSGK_COMMAND);
    void *record = t->request ? mem_alloc(t->request->size) : NULL;
    if (record)
        meta_random(t->request, record, &r->seed);
    world_do(&r->w, below(r, 2) ? 0 : ALICE, (enum msg_type)t->number, record);
    if (record)
        meta_free(t->request, record);
}

static void do_pass(struct run *r)
{
    static const uint32_t spans[] = {1, 5, 31, 60, 130, 400};
    r->w.silent = below(r, 12) == 0;
    world_pass(&r->w, spans[below(r, 6)]);
}

static void do_plan(struct run *r)
{
    world_plan(&r->w);
}

typedef void (*action)(struct run *r);
static const struct {
    action act;
    uint32_t weight;
} actions[] = {
    {do_submit, 18}, {do_plan, 16},   {do_finish, 16}, {do_report, 8},     {do_update, 8},
    {do_cancel, 6},  {do_requeue, 4}, {do_suspend, 5}, {do_node_state, 4}, {do_register, 6},
    {do_part, 2},    {do_step, 4},    {do_pass, 8},    {do_nonsense, 5},   {do_configure, 1},
};

static void act(struct run *r)
{
    uint32_t total = 0;
    for (uint32_t i = 0; i < sizeof actions / sizeof *actions; i++)
        total += actions[i].weight;
    uint32_t at = below(r, total);
    for (uint32_t i = 0; i < sizeof actions / sizeof *actions; i++) {
        if (at < actions[i].weight) {
            actions[i].act(r);
            return;
        }
        at -= actions[i].weight;
    }
}

static void encode(const struct snapshot *s, struct buf *out)
{
    const void *rec;
    for (uint32_t id = 0; (rec = ptree_next(&s->jobs, &id)); id++)
        meta_encode(&record_job, rec, out);
    for (uint32_t i = 0; (rec = ptree_next(&s->nodes, &i)); i++)
        meta_encode(&record_node, rec, out);
    for (uint32_t i = 0; (rec = ptree_next(&s->parts, &i)); i++)
        meta_encode(&record_part, rec, out);
    meta_encode(&record_policy, s->policy, out);
}

static uint32_t job_of(const struct world_fact *k)
{
    const struct meta_record *record = fact_by_number(k->type)->record;
    const struct meta_field *f = meta_find(record, "job_id");
    void *rec = mem_alloc(record->size);
    struct err e;
    assert_int_equal(meta_decode(record, rec, k->body.s, k->body.len, &e), 0);
    uint32_t id = *(const uint32_t *)((const char *)rec + f->offset);
    meta_free(record, rec);
    return id;
}

/* Every end of a job in the journal is followed by a requeue or its purge before the next one. */
static void check_ends(const struct world *w, uint64_t seed)
{
    struct map_u64 ended = {0};
    for (uint32_t i = 0; i < w->journal.n; i++) {
        const struct world_fact *k = &w->journal.v[i];
        if (k->type != FACT_JOB_ENDED && k->type != FACT_JOB_REQUEUED && k->type != FACT_JOB_PURGED)
            continue;
        uint32_t id = job_of(k);
        if (k->type != FACT_JOB_ENDED)
            map_u64_remove(&ended, id);
        else if (map_u64_put(&ended, id, &ended))
            fail_msg("seed %llu: job %u ended twice", (unsigned long long)seed, id);
    }
    map_u64_release(&ended);
}

static void check_same(const struct world *w, const struct state *other, uint64_t seed, const char *what)
{
    struct buf diff = BUF_INIT;
    state_diff(w->s, other, &diff);
    if (diff.len)
        fail_msg("seed %llu, %s:\n%s", (unsigned long long)seed, what, diff.s);
    state_check(other, &diff);
    if (diff.len)
        fail_msg("seed %llu, %s:\n%s", (unsigned long long)seed, what, diff.s);
    buf_release(&diff);
}

static void check_copies(const struct world *w, uint64_t seed)
{
    struct state *again = world_replay(w);
    check_same(w, again, seed, "replayed");
    struct saved_state saved;
    struct buf wire = BUF_INIT;
    state_save(w->s, &saved);
    meta_encode(&record_saved_state, &saved, &wire);
    meta_release(&record_saved_state, &saved);
    struct err e;
    assert_int_equal(meta_decode(&record_saved_state, &saved, wire.s, wire.len, &e), 0);
    assert_int_equal(state_restore(again, &saved, &e), 0);
    check_same(w, again, seed, "restored");
    meta_release(&record_saved_state, &saved);
    buf_release(&wire);
    state_free(again);
}

static void run_seed(uint64_t seed)
{
    struct run r = {.seed = seed};
    world_init(&r.w);
    world_register_all(&r.w);
    struct snapshot *early = NULL;
    struct buf before = BUF_INIT, after = BUF_INIT;
    for (uint32_t i = 0; i < STEPS; i++) {
        if (i == STEPS / 3) {
            early = state_publish(r.w.s);
            encode(early, &before);
        }
        act(&r);
    }
    encode(early, &after);
    if (before.len != after.len || memcmp(before.s, after.s, before.len) != 0)
        fail_msg("seed %llu: a snapshot has changed", (unsigned long long)seed);
    snapshot_drop(early);
    buf_release(&before);
    buf_release(&after);
    check_ends(&r.w, seed);
    check_copies(&r.w, seed);
    world_release(&r.w);
}

static void anything_goes(void **arg)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        run_seed(seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(anything_goes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
