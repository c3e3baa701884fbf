/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only thread that touches the state. It takes every command that waits, decides and applies one after
 * the other, and hands the facts of all of them on as one batch. While the disk writes that, the next batch
 * is decided already: nothing of it is published before the batches in front of it are durable, so what was
 * decided on top of them is told to nobody too early.
 */
#include <string.h>
#include <time.h>

#include "base/hostlist.h"
#include "base/mem.h"
#include "base/text.h"
#include "model/fact.h"
#include "os/log.h"
#include "slurmctld/ctld.h"

enum { FACT_TEXT_MAX = 2000 }; /* characters of a fact in the log */

struct core_thread {
    struct ctld *ctld;
    struct state *state; /* the core thread's */
    uint64_t next_index; /* likewise */
    int64_t quiet_until; /* likewise: a tick that changed nothing is not repeated at once */
    pthread_t thread;
    pthread_mutex_t lock; /* of the members below */
    pthread_cond_t wake;
    VEC(struct work *) queue;
    bool stopping;
};

/* Appends one fact to the encoded batch: records that follow each other in the wire format are one record. */
static void add_fact(struct batch *b, const struct fact *f, const struct fact_type_row *row, int64_t now)
{
    struct buf body = BUF_INIT;
    struct fact_batch part;

    meta_encode(row->record, f->record, &body);
    meta_init(&record_fact_batch, &part);
    typeof(*part.facts.v) entry = {
        .type = f->type,
        .time = now,
        .body = {(uint8_t *)body.s, (uint32_t)body.len},
    };
    part.facts.v = &entry;
    part.facts.n = 1;
    meta_encode(&record_fact_batch, &part, &b->facts);
    buf_release(&body);
    b->facts_n++;
}

/* What happens to jobs, steps and nodes, for those of DebugFlags that want to know. */
static void tell_fact(const struct fact *f, const struct fact_type_row *row)
{
    static const struct {
        uint64_t flag;
        const char *begins; /* names of facts */
    } subjects[] = {
        {LOGF_TRACE_JOBS, "job_"}, {LOGF_SELECT_TYPE, "job_started"},
        {LOGF_STEPS, "step_"},     {LOGF_POWER, "node_power"},
        {LOGF_POWER, "power_"},    {LOGF_POWER, "node_reboot"},
    };
    uint64_t flags = log_flags();
    struct buf text = BUF_INIT;

    for (size_t i = 0; flags && i < sizeof subjects / sizeof *subjects; i++) {
        if (!(flags & subjects[i].flag) || !text_starts_nocase(row->name, subjects[i].begins))
            continue;
        if (!text.len)
            meta_dump(row->record, f->record, &text);
        for (char *at = text.s; (at = strchr(at, '\n'));)
            *at = ' ';
        log_flag(subjects[i].flag, "%s: %.*s", row->name, FACT_TEXT_MAX, text.s);
    }
    buf_release(&text);
}

static void take_facts(struct state *state, struct batch *b, struct facts *facts, int64_t now)
{
    for (uint32_t i = 0; i < facts->list.n; i++) {
        const struct fact *f = &facts->list.v[i];
        const struct fact_type_row *row = fact_by_number(f->type);
        REQUIRE(row);
        tell_fact(f, row);
        core_apply(state, f, now);
        core_effects(state, f, &b->outbox);
        if (row->durable)
            add_fact(b, f, row, now);
    }
}

static bool is_test(const struct work *w)
{
    return w->command.type == MSG_SUBMIT && ((const struct submit_request *)w->record)->test_only;
}

/* The job that would have been submitted. Of its facts only that its id is used up remains. */
static void take_test_job(struct work *w, struct facts *facts)
{
    for (uint32_t i = 0; i < facts->list.n && !w->test_job; i++)
        if (facts->list.v[i].type == FACT_JOB_SUBMITTED) {
            w->test_job = facts->list.v[i].record;
            facts->list.v[i].record = NULL;
        }
    facts_release(facts);
    *facts = (struct facts){0};
    if (w->test_job)
        ((struct job_ref *)facts_add(facts, FACT_JOB_ID_USED))->job_id = w->test_job->job_id;
}

static void decide_one(struct core_thread *t, struct batch *b, struct work *w, int64_t now)
{
    struct facts facts = {0};

    w->command.sender.host = w->host;
    w->rc = core_decide(t->state, &w->command, now, &facts, &w->reply, &w->e);
    if (w->rc == 0 && is_test(w))
        take_test_job(w, &facts);
    if (w->rc == 0)
        take_facts(t->state, b, &facts, now);
    if (w->rc < 0 || is_test(w))
        buf_release(&w->payload);
    facts_release(&facts);
    *VEC_PUSH(&b->works) = w;
}

static void tick(struct core_thread *t, struct batch *b, int64_t now)
{
    uint32_t before = b->outbox.list.n + b->facts_n;

    if (core_deadline(t->state) > now || now < t->quiet_until)
        return;
    decide_one(t, b, work_new(MSG_TICK, NULL), now);
    if (b->outbox.list.n + b->facts_n == before)
        t->quiet_until = now + 1;
}

static void begin_batch(struct core_thread *t, struct batch *b)
{
    b->index = t->next_index;
    state_set_index(t->state, b->index, t->ctld->term);
}

static void add_envelope(struct batch *b, uint64_t term)
{
    struct fact_batch head;

    meta_init(&record_fact_batch, &head);
    head.index = b->index;
    head.term = term;
    meta_encode(&record_fact_batch, &head, &b->facts);
}

/* Gives the batch its envelope and its snapshot, and hands it on. */
static void end_batch(struct core_thread *t, struct batch *b)
{
    if (b->facts_n) {
        add_envelope(b, t->ctld->term);
        t->next_index++;
    }
    b->snapshot = state_publish(t->state);
    stat_add(STAT_COMMANDS, b->works.n);
    stat_add(STAT_FACTS, b->facts_n);
    journal_post(t->ctld->journal_thread, b);
}

/* Waits for commands or the next deadline and takes what there is. False: the end. */
static bool take_queue(struct core_thread *t, typeof(((struct core_thread *)0)->queue) *ret)
{
    int64_t deadline = core_deadline(t->state);

    if (deadline < t->quiet_until)
        deadline = t->quiet_until;
    pthread_mutex_lock(&t->lock);
    while (t->queue.n == 0 && !t->stopping && deadline > ctld_now()) {
        struct timespec until = {.tv_sec = deadline};
        if (deadline == INT64_MAX)
            pthread_cond_wait(&t->wake, &t->lock);
        else
            pthread_cond_timedwait(&t->wake, &t->lock, &until);
    }
    typeof(t->queue) taken = t->queue;
    t->queue = *ret;
    t->queue.n = 0;
    *ret = taken;
    bool go_on = taken.n || !t->stopping;
    pthread_mutex_unlock(&t->lock);
    return go_on;
}

static void *core_main(void *arg)
{
    struct core_thread *t = arg;
    typeof(t->queue) taken = {0};

    while (take_queue(t, &taken)) {
        for (uint32_t i = 0; i < taken.n || i == 0;) {
            struct batch *b = batch_new();
            int64_t now = ctld_now();
            begin_batch(t, b);
            tick(t, b, now);
            for (; i < taken.n && b->works.n < CTLD_BATCH_MAX; i++)
                decide_one(t, b, taken.v[i], now);
            end_batch(t, b);
            if (taken.n == 0)
                break;
        }
    }
    VEC_FREE(&taken);
    return NULL;
}

/* One command of ours before the threads run. */
static int decide_alone(struct state *state, struct batch *b, enum msg_type type, const void *record,
                        struct err *e)
{
    struct command command = {.type = type, .record = record, .sender = {.level = ACCESS_DAEMON}};
    struct facts facts = {0};
    struct reply reply = {0};
    int64_t now = ctld_now();

    int rc = core_decide(state, &command, now, &facts, &reply, e);
    if (rc == 0)
        take_facts(state, b, &facts, now);
    facts_release(&facts);
    reply_release(&reply);
    return rc;
}

static int end_every_job(struct state *state, struct batch *b, struct err *e)
{
    static const uint32_t living[] = {JOB_PENDING, JOB_RUNNING, JOB_SUSPENDED};
    struct job_signal all;

    meta_init(&record_job_signal, &all);
    all.select = meta_new(&record_job_select);
    all.select->all = true;
    all.select->states.v = mem_array(3, sizeof *all.select->states.v);
    all.select->states.n = 3;
    memcpy(all.select->states.v, living, sizeof living);
    int rc = decide_alone(state, b, MSG_JOB_SIGNAL, &all, e);
    meta_release(&record_job_signal, &all);
    return rc;
}

/* State and Reason of nodes that somebody, or a failure, has taken out of service. */
static int reset_nodes(struct state *state, struct batch *b, struct err *e)
{
    struct snapshot *now = state_publish(state);
    struct hostlist out = {0};
    struct buf names = BUF_INIT;
    const struct node *n;
    int rc = 0;

    for (uint32_t i = 0; (n = ptree_next(&now->nodes, &i)) && rc >= 0; i++)
        if (n->state == NODE_DOWN || n->flags & (NODEF_DRAIN | NODEF_FAIL))
            rc = hostlist_push(&out, n->name, e);
    if (rc >= 0 && out.count) {
        struct node_update u;

        hostlist_text(&out, &names);
        meta_init(&record_node_update, &u);
        u.nodes = mem_strdup(names.s);
        u.state = mem_strdup("RESUME");
        rc = decide_alone(state, b, MSG_NODE_UPDATE, &u, e);
        meta_release(&record_node_update, &u);
    }
    hostlist_release(&out);
    buf_release(&names);
    snapshot_drop(now);
    return rc < 0 ? rc : 0;
}

int core_configure(struct ctld *c, struct state *state, const struct configure *configure, bool clear,
                   uint64_t *index, struct err *e)
{
    struct batch *b = batch_new();

    b->index = *index + 1;
    state_set_index(state, b->index, c->term);
    int rc = decide_alone(state, b, MSG_CONFIGURE, configure, e);
    if (rc == 0 && clear)
        rc = end_every_job(state, b, e);
    if (rc == 0 && clear)
        rc = reset_nodes(state, b, e);
    if (rc == 0 && b->facts_n) {
        add_envelope(b, c->term);
        rc = c->journal->ops->append(c->journal, b->index, b->facts.s, b->facts.len, NULL, 0, e);
        *index = b->index;
    }
    batch_free(b);
    return rc;
}

struct core_thread *core_start(struct ctld *c, struct state *state, uint64_t next_index)
{
    struct core_thread *t = mem_alloc(sizeof *t);

    t->ctld = c;
    t->state = state;
    t->next_index = next_index;
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->wake, NULL);
    REQUIRE(pthread_create(&t->thread, NULL, core_main, t) == 0);
    pthread_setname_np(t->thread, "core");
    return t;
}

void core_post_many(struct core_thread *t, struct work **w, uint32_t n)
{
    pthread_mutex_lock(&t->lock);
    VEC_RESERVE(&t->queue, t->queue.n + n);
    for (uint32_t i = 0; i < n; i++)
        *VEC_PUSH(&t->queue) = w[i];
    pthread_cond_signal(&t->wake);
    pthread_mutex_unlock(&t->lock);
}

void core_post(struct core_thread *t, struct work *w)
{
    core_post_many(t, &w, 1);
}

uint32_t core_queue_length(struct core_thread *t)
{
    pthread_mutex_lock(&t->lock);
    uint32_t n = t->queue.n;
    pthread_mutex_unlock(&t->lock);
    return n;
}

void core_stop(struct core_thread *t)
{
    pthread_mutex_lock(&t->lock);
    t->stopping = true;
    pthread_cond_signal(&t->wake);
    pthread_mutex_unlock(&t->lock);
    pthread_join(t->thread, NULL);
}

void core_free(struct core_thread *t)
{
    for (uint32_t i = 0; i < t->queue.n; i++)
        work_free(t->queue.v[i]);
    state_free(t->state);
    pthread_mutex_destroy(&t->lock);
    pthread_cond_destroy(&t->wake);
    VEC_FREE(&t->queue);
    mem_free(t);
}
