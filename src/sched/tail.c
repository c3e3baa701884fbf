/* SPDX-License-Identifier: Apache-2.0 */
#include "sched/tail.h"

#include "base/bits.h"
#include "base/mem.h"
#include "meta/meta.h"

static void forget_promises(struct tail *t)
{
    for (uint32_t i = 0; i < t->promises.n; i++)
        meta_release(&record_start_job, &t->promises.v[i].what);
    t->promises.n = 0;
}

void tail_release(struct tail *t)
{
    forget_promises(t);
    VEC_FREE(&t->promises);
    bits_release(&t->blocked);
    *t = (struct tail){0};
}

void tail_set(struct tail *t, const struct waiting *next, const struct timeline *time, int64_t now,
              const struct bits *blocked)
{
    forget_promises(t);
    t->pending = true;
    t->tier = next->tier;
    t->priority = next->job->priority;
    t->job_id = next->job->job_id;
    bits_copy(&t->blocked, blocked);
    for (uint32_t i = 0; i < time->bookings.n; i++) {
        const struct booking *b = &time->bookings.v[i];
        if (b->start <= now)
            continue;
        struct booking *mine = VEC_PUSH(&t->promises);
        *mine = (struct booking){.start = b->start, .end = b->end, .exclusive_job = b->exclusive_job};
        meta_init(&record_start_job, &mine->what);
        meta_copy(&record_start_job, &mine->what, &b->what);
    }
}

static bool is_before(const struct waiting *w, const struct tail *t)
{
    if (w->tier != t->tier)
        return w->tier > t->tier;
    if (w->job->priority != t->priority)
        return w->job->priority > t->priority;
    return w->job->job_id < t->job_id;
}

uint32_t tail_index(const struct tail *t, const struct backlog *b)
{
    uint32_t lo = 0, hi = b->queue.n;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (is_before(&b->queue.v[mid], t))
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

uint32_t tail_book(struct tail *t, struct backlog *b, uint32_t from, uint32_t to)
{
    struct map_u64 skipped = {0};
    uint32_t booked = 0;
    for (uint32_t i = from; i < to && t->promises.n; i++)
        map_u64_put(&skipped, b->queue.v[i].job->job_id, b);
    for (uint32_t i = 0; i < t->promises.n; i++) {
        struct booking *p = &t->promises.v[i];
        if (!map_u64_has(&skipped, p->what.job_id))
            continue;
        timeline_book(&b->time, &p->what, p->start, p->end, p->exclusive_job);
        booked++;
    }
    forget_promises(t);
    map_u64_release(&skipped);
    return booked;
}
