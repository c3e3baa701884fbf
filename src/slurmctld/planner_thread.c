/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the scheduler over the newest snapshot and posts what it proposes. It rests until something changed
 * that could let a job start, and looks again when its last proposals have been decided; a run without an
 * occasion renews the expected start times every sched_interval seconds, or comes when the last one asked for
 * it. Times are those of SchedulerParameters.
 */
#include <time.h>

#include "base/mem.h"
#include "model/schedopts.h"
#include "os/log.h"
#include "sched/sched.h"
#include "slurmctld/ctld.h"
#include "slurmctld/schedlog.h"

enum {
    STARTS_MAX = 1000,
    INTERVAL_S = 60, /* where the main loop is turned off, or before there is a configuration */
};

/* When to run next. */
struct pace {
    bool complete;   /* false: at once, there is more to look at */
    int64_t wait_s;  /* at the latest */
    uint32_t min_us; /* at the earliest */
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
    if (w->rc == 0 && w->command.type == MSG_START_JOB)
        schedlog_start(w->record, w->snapshot);
    else if (w->rc == 0)
        schedlog_notes(w->record, w->snapshot);
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

static struct pace run_once(struct planner_thread *t)
{
    struct snapshot *s = ctld_snapshot(t->ctld);
    struct sched_opts o = sched_opts_of(s->policy);
    struct pace pace = {.complete = true, .wait_s = o.sched_interval > 0 ? o.sched_interval : INTERVAL_S};
    struct sched_result r = {0};
    struct sched_view view;
    uint64_t begin = stat_now_us();

    pace.min_us = o.sched_min_interval;
    meta_init(&record_plan_notes, &r.notes);
    if (s->policy) {
        struct sched_budget budget = {.work_max = (uint64_t)o.max_sched_time * SCHED_WORK_A_SECOND,
                                      .starts_max = STARTS_MAX};
        snapshot_view(s, ctld_now(), &view);
        planner_run(t->planner, &view, &budget, &r);
        pace.complete = r.complete;
        if (r.next != INT64_MAX && r.next - view.now < pace.wait_s)
            pace.wait_s = r.next > view.now ? r.next - view.now : 1;
        stat_add(STAT_PLANS, 1);
        stat_add(STAT_PLAN_WORK, r.work);
        stat_add(STAT_PLAN_US, stat_now_us() - begin);
        stat_set(STAT_PLAN_LAST_US, stat_now_us() - begin);
        stat_max(STAT_PLAN_MAX_US, stat_now_us() - begin);
        log_flag(LOGF_BACKFILL, "%u jobs to start, %u looked at, %llu units of work, %s", r.starts.n,
                 r.notes.notes.n, (unsigned long long)r.work, r.complete ? "complete" : "cut short");
        if (r.starts.n || r.notes.notes.n)
            post(t, &r);
        sched_result_release(&r);
    }
    snapshot_drop(s);
    return pace;
}

static struct timespec after_us(uint64_t us)
{
    struct timespec at;

    clock_gettime(CLOCK_REALTIME, &at);
    us += (uint64_t)at.tv_nsec / 1000;
    at.tv_sec += (time_t)(us / 1000000);
    at.tv_nsec = (long)(us % 1000000) * 1000;
    return at;
}

/* Waits for an occasion and for the fate of the last proposals. False: the end. */
static bool rest(struct planner_thread *t, const struct pace *pace)
{
    struct timespec earliest = after_us(pace->min_us), latest = after_us((uint64_t)pace->wait_s * 1000000);

    pthread_mutex_lock(&t->lock);
    while (!t->stopping && t->undecided)
        pthread_cond_wait(&t->wake, &t->lock);
    while (!t->stopping && !t->wanted && pace->complete)
        if (pthread_cond_timedwait(&t->wake, &t->lock, &latest) != 0)
            break;
    while (!t->stopping && pace->min_us)
        if (pthread_cond_timedwait(&t->wake, &t->lock, &earliest) != 0)
            break;
    t->wanted = false;
    bool go_on = !t->stopping;
    pthread_mutex_unlock(&t->lock);
    return go_on;
}

static void *planner_main(void *arg)
{
    struct planner_thread *t = arg;
    struct pace pace;

    do {
        pace = run_once(t);
    } while (rest(t, &pace));
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
