/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes batches durable, one transaction each, and only then lets the world know: the snapshot is published,
 * answers go out, effects are carried out, in this order. A failed write ends the process: what the core has
 * decided on top is then gone, and nobody was told of it.
 *
 * A second thread writes snapshots of the whole state now and then, so that a restart reads little and the
 * journal stays small.
 */
#include <errno.h>

#include "base/mem.h"
#include "os/log.h"
#include "slurmctld/ctld.h"

enum { KEEP_AGAIN_S = 60 };

struct journal_thread {
    struct ctld *ctld;
    pthread_t thread, keeper;
    pthread_mutex_t lock; /* of the members below */
    pthread_cond_t wake, room, keep;
    struct batch *waiting[CTLD_BATCHES_WAITING];
    uint32_t waiting_n;
    bool stopping, keeper_stopping;
    uint64_t index;      /* newest durable entry */
    uint64_t kept_index; /* newest entry that a stored snapshot holds */
    int64_t kept_time;
    int64_t keep_again; /* not before, because there was no room */
};

struct batch *batch_new(void)
{
    struct batch *b = mem_alloc(sizeof *b);

    buf_init(&b->facts);
    return b;
}

void batch_free(struct batch *b)
{
    for (uint32_t i = 0; i < b->works.n; i++)
        work_free(b->works.v[i]);
    VEC_FREE(&b->works);
    buf_release(&b->facts);
    outbox_release(&b->outbox);
    if (b->snapshot)
        snapshot_drop(b->snapshot);
    mem_free(b);
}

static void write_batch(struct journal_thread *t, struct batch *b)
{
    struct ctld *c = t->ctld;
    VEC(struct journal_blob) blobs = {0};
    uint64_t begin = stat_now_us();
    struct err e;

    if (!b->facts_n)
        return;
    for (uint32_t i = 0; i < b->works.n; i++) {
        struct work *w = b->works.v[i];
        if (w->payload.len)
            *VEC_PUSH(&blobs) =
                (struct journal_blob){w->payload_name.v, w->payload_name.n, w->payload.s, w->payload.len};
    }
    if (c->journal->ops->append(c->journal, b->index, b->facts.s, b->facts.len, blobs.v, blobs.n, &e) < 0)
        log_fatal("%s. Nothing is acknowledged that is not on disk: slurmctld ends", e.text);
    VEC_FREE(&blobs);
    room_look(c);
    stat_add(STAT_BATCHES, 1);
    stat_add(STAT_JOURNAL_BYTES, b->facts.len);
    stat_add(STAT_JOURNAL_US, stat_now_us() - begin);
}

/* Watches, planner and agent hear of a batch. */
static void carry_out(struct journal_thread *t, struct batch *b)
{
    struct ctld *c = t->ctld;
    VEC(uint32_t) changed = {0};
    bool plan = false, nodes = false, scripts = false;

    for (uint32_t i = 0; i < b->outbox.list.n; i++) {
        const struct effect *f = &b->outbox.list.v[i];
        plan |= f->type == EFFECT_PLAN;
        if (f->type == EFFECT_JOB_CHANGED)
            *VEC_PUSH(&changed) = f->job_id;
        scripts |= f->type == EFFECT_PROLOG || f->type == EFFECT_EPILOG || f->type == EFFECT_MAIL ||
                   f->type == EFFECT_JOB_COMP || f->type == EFFECT_RESUME || f->type == EFFECT_SUSPEND ||
                   f->type == EFFECT_RESUME_FAIL;
        nodes |= f->type == EFFECT_LAUNCH_BATCH || f->type == EFFECT_KILL_JOB || f->type == EFFECT_SIGNAL ||
                 f->type == EFFECT_PING || f->type == EFFECT_NODE_CONTROL;
    }
    if (changed.n && atomic_load(&c->watchers))
        for (uint32_t i = 0; i < CTLD_NET_THREADS; i++)
            net_thread_jobs_changed(c->nets[i], changed.v, changed.n, b->snapshot);
    VEC_FREE(&changed);
    if (scripts)
        scripts_post(c->scripts, &b->outbox, b->snapshot);
    if (nodes)
        agent_post(c->agent, &b->outbox, b->snapshot);
    if (plan)
        planner_wake(c->planner);
}

static void tell(struct journal_thread *t, struct batch *b)
{
    ctld_publish(t->ctld, snapshot_keep(b->snapshot));
    for (uint32_t i = 0; i < b->works.n; i++) {
        struct work *w = b->works.v[i];
        b->works.v[i] = NULL;
        if (!w->done) {
            work_free(w);
            continue;
        }
        w->snapshot = snapshot_keep(b->snapshot);
        w->done(w);
    }
    carry_out(t, b);
}

static bool snapshot_due(const struct journal_thread *t)
{
    return (t->index - t->kept_index >= CTLD_SNAPSHOT_BATCHES && ctld_now() >= t->keep_again) ||
           (t->index > t->kept_index && ctld_now() - t->kept_time >= CTLD_SNAPSHOT_SECONDS);
}

static struct batch *take_batch(struct journal_thread *t)
{
    struct batch *b = NULL;

    pthread_mutex_lock(&t->lock);
    while (t->waiting_n == 0 && !t->stopping)
        pthread_cond_wait(&t->wake, &t->lock);
    if (t->waiting_n) {
        b = t->waiting[0];
        for (uint32_t i = 1; i < t->waiting_n; i++)
            t->waiting[i - 1] = t->waiting[i];
        t->waiting_n--;
        pthread_cond_signal(&t->room);
    }
    pthread_mutex_unlock(&t->lock);
    return b;
}

static void *journal_main(void *arg)
{
    struct journal_thread *t = arg;
    struct batch *b;

    while ((b = take_batch(t))) {
        write_batch(t, b);
        tell(t, b);
        pthread_mutex_lock(&t->lock);
        if (b->facts_n)
            t->index = b->index;
        if (snapshot_due(t))
            pthread_cond_signal(&t->keep);
        pthread_mutex_unlock(&t->lock);
        batch_free(b);
    }
    return NULL;
}

static void keep_snapshot(struct journal_thread *t)
{
    struct snapshot *s = ctld_snapshot(t->ctld);
    uint64_t begin = stat_now_us();
    struct err e;

    int rc = snapshot_store(t->ctld, s, &e);
    if (rc == -ENOSPC)
        log_error("%s. The journal has everything; it stays long until there is room for a snapshot", e.text);
    else if (rc < 0)
        log_fatal("%s. slurmctld ends: the disk is not to be trusted", e.text);
    else
        log_debug("snapshot at entry %llu stored in %llu ms", (unsigned long long)s->index,
                  (unsigned long long)(stat_now_us() - begin) / 1000);
    stat_add(STAT_SNAPSHOTS, rc == 0);
    pthread_mutex_lock(&t->lock);
    if (rc == 0)
        t->kept_index = s->index;
    else
        t->keep_again = ctld_now() + KEEP_AGAIN_S;
    t->kept_time = ctld_now();
    pthread_mutex_unlock(&t->lock);
    snapshot_drop(s);
}

static void *keeper_main(void *arg)
{
    struct journal_thread *t = arg;

    pthread_mutex_lock(&t->lock);
    while (!t->keeper_stopping) {
        pthread_cond_wait(&t->keep, &t->lock);
        if (!snapshot_due(t) || t->keeper_stopping)
            continue;
        pthread_mutex_unlock(&t->lock);
        keep_snapshot(t);
        pthread_mutex_lock(&t->lock);
    }
    pthread_mutex_unlock(&t->lock);
    return NULL;
}

struct journal_thread *journal_start(struct ctld *c, uint64_t index, uint64_t kept)
{
    struct journal_thread *t = mem_alloc(sizeof *t);

    t->ctld = c;
    t->index = index;
    t->kept_index = kept;
    t->kept_time = ctld_now();
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->wake, NULL);
    pthread_cond_init(&t->room, NULL);
    pthread_cond_init(&t->keep, NULL);
    REQUIRE(pthread_create(&t->thread, NULL, journal_main, t) == 0);
    REQUIRE(pthread_create(&t->keeper, NULL, keeper_main, t) == 0);
    pthread_setname_np(t->thread, "journal");
    pthread_setname_np(t->keeper, "keeper");
    return t;
}

void journal_post(struct journal_thread *t, struct batch *b)
{
    pthread_mutex_lock(&t->lock);
    while (t->waiting_n == CTLD_BATCHES_WAITING)
        pthread_cond_wait(&t->room, &t->lock);
    t->waiting[t->waiting_n++] = b;
    pthread_cond_signal(&t->wake);
    pthread_mutex_unlock(&t->lock);
}

/* After core_stop: what was decided is written, then a last snapshot makes the next start quick. */
void journal_stop(struct journal_thread *t)
{
    pthread_mutex_lock(&t->lock);
    t->stopping = true;
    t->keeper_stopping = true;
    pthread_cond_signal(&t->wake);
    pthread_cond_signal(&t->keep);
    pthread_mutex_unlock(&t->lock);
    pthread_join(t->thread, NULL);
    pthread_join(t->keeper, NULL);
    if (t->index > t->kept_index)
        keep_snapshot(t);
    pthread_mutex_destroy(&t->lock);
    pthread_cond_destroy(&t->wake);
    pthread_cond_destroy(&t->room);
    pthread_cond_destroy(&t->keep);
    mem_free(t);
}
