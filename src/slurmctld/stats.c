/* SPDX-License-Identifier: Apache-2.0 */
#include <time.h>

#include "base/mem.h"
#include "slurmctld/ctld.h"

static const char *const names[STAT_COUNT] = {
    [STAT_CONNECTIONS] = "connections",
    [STAT_REQUESTS] = "requests",
    [STAT_REFUSED] = "requests_refused",
    [STAT_COMMANDS] = "commands",
    [STAT_BATCHES] = "journal_batches",
    [STAT_FACTS] = "journal_facts",
    [STAT_JOURNAL_BYTES] = "journal_bytes",
    [STAT_JOURNAL_US] = "journal_us",
    [STAT_JOBS_SUBMITTED] = "jobs_submitted",
    [STAT_JOBS_STARTED] = "jobs_started",
    [STAT_JOBS_STALE] = "proposals_stale",
    [STAT_PLANS] = "schedule_cycle_total",
    [STAT_PLAN_US] = "schedule_cycle_sum",
    [STAT_PLAN_LAST_US] = "schedule_cycle_last",
    [STAT_PLAN_MAX_US] = "schedule_cycle_max",
    [STAT_PLAN_WORK] = "schedule_work",
    [STAT_SNAPSHOTS] = "snapshots",
    [STAT_LAUNCHES] = "launches",
    [STAT_NODE_ERRORS] = "node_errors",
};

static struct {
    _Atomic uint64_t v[STAT_COUNT];
    _Atomic int64_t since;
} all;

void stat_add(enum stat_id s, uint64_t n)
{
    atomic_fetch_add_explicit(&all.v[s], n, memory_order_relaxed);
}

void stat_set(enum stat_id s, uint64_t n)
{
    atomic_store_explicit(&all.v[s], n, memory_order_relaxed);
}

void stat_max(enum stat_id s, uint64_t n)
{
    uint64_t old = atomic_load(&all.v[s]);

    while (n > old && !atomic_compare_exchange_weak(&all.v[s], &old, n))
        ;
}

uint64_t stat_get(enum stat_id s)
{
    return atomic_load_explicit(&all.v[s], memory_order_relaxed);
}

uint64_t stat_now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

void stats_reset(void)
{
    for (int i = 0; i < STAT_COUNT; i++)
        atomic_store(&all.v[i], 0);
    atomic_store(&all.since, ctld_now());
}

static void add(struct stats *s, const char *name, uint64_t value)
{
    char *text = buf_format("%llu", (unsigned long long)value);

    meta_strs_push(&s->names, name);
    meta_strs_push(&s->values, text);
    mem_free(text);
}

static void count_jobs(const struct snapshot *s, uint64_t ret[3])
{
    const struct job *job;

    for (uint32_t id = 0; (job = ptree_next(&s->jobs, &id)); id++) {
        ret[0] += job->state == JOB_PENDING;
        ret[1] += job->state == JOB_RUNNING;
        ret[2] += (job->flags & JOBF_COMPLETING) != 0;
        if (id == UINT32_MAX)
            break;
    }
}

void stats_fill(struct ctld *c, struct stats *ret)
{
    struct snapshot *s = ctld_snapshot(c);
    uint64_t jobs[3] = {0};

    count_jobs(s, jobs);
    add(ret, "req_time", (uint64_t)ctld_now());
    add(ret, "req_time_start", (uint64_t)atomic_load(&all.since));
    add(ret, "boot_time", (uint64_t)c->boot_time);
    add(ret, "server_thread_count", CTLD_NET_THREADS);
    add(ret, "agent_queue_size", 0);
    add(ret, "core_queue_size", core_queue_length(c->core));
    add(ret, "jobs_pending", jobs[0]);
    add(ret, "jobs_running", jobs[1]);
    add(ret, "jobs_completing", jobs[2]);
    add(ret, "journal_index", s->index);
    add(ret, "term", c->term);
    for (int i = 0; i < STAT_COUNT; i++)
        add(ret, names[i], stat_get(i));
    snapshot_drop(s);
}
