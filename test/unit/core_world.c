/* SPDX-License-Identifier: Apache-2.0 */
#include "core_world.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "model/fact.h"
#include "model/jobtext.h"
#include "model/nodetext.h"
#include "sched/sched.h"

struct policy *world_policy(void)
{
    struct policy *p = meta_new(&record_policy);
    p->cluster_name = mem_strdup("test");
    p->slurm_uid = SLURM;
    p->first_job_id = 1;
    p->max_job_id = 67043328;
    p->max_job_count = 1000000;
    p->max_array_size = 1001;
    p->max_step_count = 40000;
    p->max_tasks_node = 512;
    p->min_job_age = 300;
    p->kill_wait = 30;
    p->slurmd_timeout = 300;
    p->resume_timeout = 600;
    p->return_to_service = 1;
    p->batch_start_timeout = 10;
    p->cr_core = true;
    p->cr_memory = true;
    p->job_requeue = true;
    p->requeue_delay = NO_VAL;
    meta_strs_push(&p->gres_types, "gpu");
    return p;
}

static void add_node(struct configure *c, const char *name)
{
    struct node *n = meta_recs_push(&record_node, &c->nodes);
    n->name = mem_strdup(name);
    n->cpus = n->cores = 4;
    n->sockets = n->boards = n->threads = 1;
    n->real_memory = 4000;
    n->weight = 1;
    if (strcmp(name, "n4") != 0)
        return;
    struct gres_decl *g = meta_recs_push(&record_gres_decl, &n->gres);
    g->name = mem_strdup("gpu");
    g->count = 2;
    meta_strs_push(&g->files, "/dev/gpu0");
    meta_strs_push(&g->files, "/dev/gpu1");
    n->gres_text = mem_strdup("gpu:2");
}

static void add_part(struct configure *c, const char *name, const char *nodes)
{
    struct part *p = meta_recs_push(&record_part, &c->parts);
    p->name = mem_strdup(name);
    p->nodes = mem_strdup(nodes);
    p->max_time = strcmp(name, "long") == 0 ? 1440 : INFINITE;
    p->min_nodes = 1;
    p->max_nodes = INFINITE;
    p->priority_tier = p->priority_factor = 1;
    p->max_share = 1;
    if (strcmp(name, "debug") == 0)
        p->flags = PARTF_DEFAULT;
}

void world_configure(struct world *w, struct policy *p)
{
    struct configure *c = meta_new(&record_configure);
    c->policy = p;
    add_node(c, "n1");
    add_node(c, "n2");
    add_node(c, "n3");
    add_node(c, "n4");
    add_part(c, "debug", "ALL");
    add_part(c, "long", "n[1-2]");
    assert_int_equal(world_do(w, 0, MSG_CONFIGURE, c), 0);
    meta_free(&record_configure, c);
}

void world_init(struct world *w)
{
    *w = (struct world){.s = state_new(), .now = WORLD_START, .token = 7};
    world_configure(w, world_policy());
}

void world_release(struct world *w)
{
    for (uint32_t i = 0; i < w->journal.n; i++)
        buf_release(&w->journal.v[i].body);
    VEC_FREE(&w->journal);
    outbox_release(&w->out);
    reply_release(&w->reply);
    state_free(w->s);
}

static void keep(struct world *w, const struct fact *f)
{
    const struct fact_type_row *row = fact_by_number(f->type);
    if (!row->durable)
        return;
    struct world_fact *k = VEC_PUSH(&w->journal);
    k->type = f->type;
    k->time = w->now;
    buf_init(&k->body);
    meta_encode(row->record, f->record, &k->body);
}

static void check(const struct world *w)
{
    struct buf wrong = BUF_INIT;
    state_check(w->s, &wrong);
    if (wrong.len)
        fail_msg("%s", wrong.s);
    buf_release(&wrong);
}

int world_do(struct world *w, uint32_t uid, enum msg_type type, const void *record)
{
    struct command c = {.type = type,
                        .record = record,
                        .sender = {.uid = uid,
                                   .gid = uid,
                                   .level = uid == 0 || uid == SLURM ? ACCESS_DAEMON : ACCESS_USER,
                                   .host = "head"}};
    struct facts facts = {0};
    reply_release(&w->reply);
    w->e = (struct err){0};
    int rc = core_decide(w->s, &c, w->now, &facts, &w->reply, &w->e);
    w->facts = facts.list.n;
    assert_true(rc == 0 || (rc < 0 && facts.list.n == 0 && w->e.code == -rc));
    for (uint32_t i = 0; i < facts.list.n; i++) {
        keep(w, &facts.list.v[i]);
        core_apply(w->s, &facts.list.v[i], w->now);
        core_effects(w->s, &facts.list.v[i], &w->out);
    }
    if (!w->fast)
        check(w);
    facts_release(&facts);
    return rc;
}

struct state *world_replay(const struct world *w)
{
    struct state *s = state_new();
    for (uint32_t i = 0; i < w->journal.n; i++) {
        const struct world_fact *k = &w->journal.v[i];
        const struct meta_record *r = fact_by_number(k->type)->record;
        struct fact f = {.type = k->type, .record = mem_alloc(r->size)};
        struct err e;
        assert_int_equal(meta_decode(r, f.record, k->body.s, k->body.len, &e), 0);
        core_apply(s, &f, k->time);
        meta_free(r, f.record);
    }
    return s;
}

void world_close(struct world *w)
{
    struct state *again = world_replay(w);
    struct buf diff = BUF_INIT;
    state_diff(w->s, again, &diff);
    assert_string_equal(diff.s, "");
    buf_release(&diff);
    state_free(again);
    world_release(w);
}

void world_forget(struct world *w)
{
    outbox_release(&w->out);
}

uint32_t world_effects(const struct world *w, enum effect_type type, uint32_t job_id)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < w->out.list.n; i++)
        n += w->out.list.v[i].type == type && (job_id == NO_VAL || w->out.list.v[i].job_id == job_id);
    return n;
}

struct submit_request *world_request(void)
{
    struct submit_request *r = meta_new(&record_submit_request);
    struct job_spec *spec = meta_new(&record_job_spec);
    spec->name = mem_strdup("wrap");
    spec->user_name = mem_strdup("alice");
    spec->work_dir = mem_strdup("/home/alice");
    spec->ntasks = 1;
    spec->min_nodes = 1;
    spec->mem_per_node = 100;
    spec->time_limit = 10;
    r->spec = spec;
    meta_bytes_set(&r->payload_name, "0123456789abcdef", 16);
    return r;
}

int64_t world_submit(struct world *w, uint32_t uid, struct submit_request *r)
{
    int rc = world_do(w, uid, MSG_SUBMIT, r);
    meta_free(&record_submit_request, r);
    return rc < 0 ? rc : (int64_t)((const struct submit_reply *)w->reply.record)->job_id;
}

int64_t world_job(struct world *w, uint32_t uid)
{
    return world_submit(w, uid, world_request());
}

int64_t world_job_after(struct world *w, const char *dependency)
{
    struct submit_request *r = world_request();
    r->spec->dependency = mem_strdup(dependency);
    return world_submit(w, ALICE, r);
}

int64_t world_array(struct world *w, const char *tasks)
{
    struct submit_request *r = world_request();
    r->spec->array = mem_strdup(tasks);
    return world_submit(w, ALICE, r);
}

void world_register(struct world *w, const char *name)
{
    struct snapshot *snap = state_publish(w->s);
    struct node_register *r = meta_new(&record_node_register);
    r->node = meta_dup(&record_node, snapshot_node(snap, name));
    r->token = w->token;
    snapshot_drop(snap);
    assert_int_equal(world_do(w, 0, MSG_NODE_REGISTER, r), 0);
    meta_free(&record_node_register, r);
}

void world_register_all(struct world *w)
{
    world_register(w, "n1");
    world_register(w, "n2");
    world_register(w, "n3");
    world_register(w, "n4");
}

uint32_t world_plan(struct world *w)
{
    struct snapshot *snap = state_publish(w->s);
    struct sched_view view;
    snapshot_view(snap, w->now, &view);
    struct planner *p = planner_new();
    struct sched_result r = {0};
    struct sched_budget budget = {0};
    planner_run(p, &view, &budget, &r);
    uint32_t started = 0;
    for (uint32_t i = 0; i < r.starts.n; i++)
        started += world_do(w, 0, MSG_START_JOB, &r.starts.v[i]) == 0;
    world_do(w, 0, MSG_PLAN_NOTES, &r.notes);
    sched_result_release(&r);
    planner_free(p);
    snapshot_drop(snap);
    return started;
}

static void report(struct world *w, const struct job *j, uint32_t i, uint32_t step_id, uint32_t status)
{
    struct snapshot *snap = state_publish(w->s);
    const struct node *n = ptree_get(&snap->nodes, j->alloc.v[i].node_index);
    struct node_report *r = meta_new(&record_node_report);
    r->node_name = mem_strdup(n ? n->name : "removed");
    r->job_id = j->job_id;
    r->step_id = step_id;
    r->exit_code = status;
    r->restarts = j->restarts;
    snapshot_drop(snap);
    int rc = world_do(w, 0, MSG_NODE_REPORT, r);
    assert_true(rc == 0 || !n);
    meta_free(&record_node_report, r);
}

const struct job *world_get(const struct world *w, int64_t job_id)
{
    struct snapshot *snap = state_publish(w->s);
    const struct job *j = snapshot_job(snap, (uint32_t)job_id);
    snapshot_drop(snap);
    return j;
}

void world_script_ends(struct world *w, uint32_t job_id, uint32_t status)
{
    report(w, world_get(w, job_id), 0, STEP_BATCH, status);
}

void world_nodes_done(struct world *w, uint32_t job_id)
{
    uint32_t n = world_get(w, job_id)->alloc.n;
    for (uint32_t i = 0; i < n; i++) {
        const struct job *j = world_get(w, job_id);
        if (j->alloc.n == n)
            report(w, j, i, NO_VAL, 0);
    }
}

void world_finish(struct world *w, uint32_t job_id, uint32_t status)
{
    world_script_ends(w, job_id, status);
    world_nodes_done(w, job_id);
}

static void answer_pings(struct world *w, uint32_t from)
{
    for (uint32_t i = from; i < w->out.list.n; i++) {
        struct node_contact c = {.node_index = w->out.list.v[i].node_index, .ok = true};
        if (w->out.list.v[i].type == EFFECT_PING)
            assert_int_equal(world_do(w, 0, MSG_NODE_CONTACT, &c), 0);
    }
}

void world_tick(struct world *w)
{
    for (int i = 0; core_deadline(w->s) <= w->now; i++) {
        uint32_t from = w->out.list.n;
        assert_true(i < 50); /* every tick has to move what was due */
        assert_int_equal(world_do(w, 0, MSG_TICK, NULL), 0);
        if (!w->silent)
            answer_pings(w, from);
    }
}

void world_pass(struct world *w, int64_t seconds)
{
    int64_t until = w->now + seconds;
    world_tick(w);
    while (core_deadline(w->s) <= until) {
        w->now = core_deadline(w->s);
        world_tick(w);
    }
    w->now = until;
}

static int first_code(const struct world *w)
{
    const struct job_results *r = w->reply.record;
    return r->results.n ? (int)r->results.v[0].code : 0;
}

struct job_update *world_change(const char *id)
{
    struct job_update *u = meta_new(&record_job_update);
    meta_strs_push(&u->ids, id);
    u->spec = meta_new(&record_job_spec);
    return u;
}

int world_update(struct world *w, uint32_t uid, struct job_update *u)
{
    assert_int_equal(world_do(w, uid, MSG_JOB_UPDATE, u), 0);
    meta_free(&record_job_update, u);
    return first_code(w);
}

int world_cancel(struct world *w, uint32_t uid, const char *id)
{
    struct job_signal *r = meta_new(&record_job_signal);
    r->select = meta_new(&record_job_select);
    meta_strs_push(&r->select->ids, id);
    int rc = world_do(w, uid, MSG_JOB_SIGNAL, r);
    meta_free(&record_job_signal, r);
    return rc < 0 ? -rc : first_code(w);
}

int world_node_state(struct world *w, const char *nodes, const char *state, const char *reason)
{
    struct node_update *u = meta_new(&record_node_update);
    u->nodes = mem_strdup(nodes);
    u->state = mem_strdup(state);
    u->reason = mem_strdup(reason);
    int rc = world_do(w, 0, MSG_NODE_UPDATE, u);
    meta_free(&record_node_update, u);
    return rc;
}

const char *world_show(const struct world *w, int64_t job_id)
{
    static char text[256];
    const struct job *j = world_get(w, job_id);
    if (!j)
        return "gone";
    struct buf reason = BUF_INIT;
    job_reason_text(j, &reason);
    buf_print(text, sizeof text, "%s %s", job_state_text(j), reason.s);
    buf_release(&reason);
    return text;
}

const char *world_node(const struct world *w, const char *name)
{
    static char text[64];
    struct snapshot *snap = state_publish(w->s);
    struct buf b = BUF_INIT;
    node_state_text(snapshot_node(snap, name), &b);
    buf_print(text, sizeof text, "%s", b.s);
    buf_release(&b);
    snapshot_drop(snap);
    return text;
}
