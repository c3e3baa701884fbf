/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the scheduler over the newest snapshot and posts what it proposes. It rests until something changed
 * that could let a job start, and looks again when its last proposals have been decided; a run without an
 * occasion renews the expected start times every sched_interval seconds.
 */
#include <time.h>

#include "base/mem.h"
#include "base/text.h"
#include "os/log.h"
#include "sched/sched.h"
#include "slurmctld/ctld.h"

enum {
    WORK_MAX = 2000000, /* units of a run: a second or so in the worst case */
    STARTS_MAX = 1000,
    INTERVAL_S = 60,
};

struct planner_thread {
    struct ctld *ctld;
    struct planner *planner;
    pthread_t thread;
    pthread_mutex_t lock; /* of the members below */
    pthread_cond_t wake;
    bool wanted, stopping;
    uint32_t undecided; /* proposals on their way through the core */
};

static void decided(struct work *w)
{
    struct planner_thread *t = w->user;

    if (w->command.type == MSG_START_JOB)
        stat_add(w->rc == 0 ? STAT_JOBS_STARTED : STAT_JOBS_STALE, 1);
    pthread_mutex_lock(&t->lock);
    if (--t->undecided == 0)
        pthread_cond_signal(&t->wake);
    pthread_mutex_unlock(&t->lock);
    work_free(w);
}

static void post(struct planner_thread *t, struct sched_result *r)
{
    uint32_t n = r->starts.n + (r->notes.notes.n ? 1 : 0), k = 0;
    struct work **works = mem_array(n, sizeof *works);

    for (uint32_t i = 0; i < r->starts.n; i++) {
        struct start_job *start = mem_alloc(sizeof *start);
        *start = r->starts.v[i]; /* moved */
        works[k++] = work_new(MSG_START_JOB, start);
    }
    r->starts.n = 0;
    if (r->notes.notes.n) {
        struct plan_notes *notes = mem_alloc(sizeof *notes);
        *notes = r->notes;
        meta_init(&record_plan_notes, &r->notes);
        works[k++] = work_new(MSG_PLAN_NOTES, notes);
    }
    for (uint32_t i = 0; i < n; i++) {
        works[i]->done = decided;
        works[i]->user = t;
    }
    pthread_mutex_lock(&t->lock);
    t->undecided += n;
    pthread_mutex_unlock(&t->lock);
    core_post_many(t->ctld->core, works, n);
    mem_free(works);
}

/* One run; false: there is more to look at. */
static bool run_once(struct planner_thread *t, uint32_t *ret_interval)
{
    struct snapshot *s = ctld_snapshot(t->ctld);
    struct sched_result r = {0};
    struct sched_view view;
    uint64_t begin = stat_now_us();

    meta_init(&record_plan_notes, &r.notes);
    bool complete = true;
    if (s->policy) {
        snapshot_view(s, ctld_now(), &view);
        planner_run(t->planner, &view, &(struct sched_budget){.work_max = WORK_MAX, .starts_max = STARTS_MAX},
                    &r);
        complete = r.complete;
        stat_add(STAT_PLANS, 1);
        stat_add(STAT_PLAN_WORK, r.work);
        stat_add(STAT_PLAN_US, stat_now_us() - begin);
        stat_set(STAT_PLAN_LAST_US, stat_now_us() - begin);
        stat_max(STAT_PLAN_MAX_US, stat_now_us() - begin);
        if (r.starts.n || r.notes.notes.n)
            post(t, &r);
        sched_result_release(&r);
    }
    snapshot_drop(s);
    return complete;
}

/* Waits for an occasion and for the fate of the last proposals. False: the end. */
static bool rest(struct planner_thread *t, bool complete, uint32_t interval)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += interval;
    pthread_mutex_lock(&t->lock);
    while (!t->stopping && t->undecided)
        pthread_cond_wait(&t->wake, &t->lock);
    while (!t->stopping && !t->wanted && complete)
        if (pthread_cond_timedwait(&t->wake, &t->lock, &until) != 0)
            break;
    t->wanted = false;
    bool go_on = !t->stopping;
    pthread_mutex_unlock(&t->lock);
    return go_on;
}

static void *planner_main(void *arg)
{
    struct planner_thread *t = arg;
    uint32_t interval = INTERVAL_S;
    bool complete = true;

    do {
        complete = run_once(t, &interval);
    } while (rest(t, complete, interval));
    return NULL;
}

struct planner_thread *planner_start(struct ctld *c)
{
    struct planner_thread *t = mem_alloc(sizeof *t);

    t->ctld = c;
    t->planner = planner_new();
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->wake, NULL);
    REQUIRE(pthread_create(&t->thread, NULL, planner_main, t) == 0);
    pthread_setname_np(t->thread, "planner");
    return t;
}

void planner_wake(struct planner_thread *t)
{
    pthread_mutex_lock(&t->lock);
    t->wanted = true;
    pthread_cond_signal(&t->wake);
    pthread_mutex_unlock(&t->lock);
}

void planner_stop(struct planner_thread *t)
{
    pthread_mutex_lock(&t->lock);
    t->stopping = true;
    pthread_cond_signal(&t->wake);
    pthread_mutex_unlock(&t->lock);
    pthread_join(t->thread, NULL);
}

void planner_thread_free(struct planner_thread *t)
{
    planner_free(t->planner);
    pthread_mutex_destroy(&t->lock);
    pthread_cond_destroy(&t->wake);
    mem_free(t);
}
