/* SPDX-License-Identifier: Apache-2.0 */
#include "core/timer.h"

#include "base/mem.h"

static bool before(const struct timer *a, const struct timer *b)
{
    return a->time != b->time ? a->time < b->time : a->key < b->key;
}

static void place(struct timers *t, uint32_t at, struct timer what)
{
    t->heap.v[at] = what;
    map_u64_put(&t->place, what.key, (void *)(uintptr_t)(at + 1));
}

static void sift_up(struct timers *t, uint32_t at, struct timer what)
{
    while (at > 0 && before(&what, &t->heap.v[(at - 1) / 2])) {
        place(t, at, t->heap.v[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    place(t, at, what);
}

static void sift_down(struct timers *t, uint32_t at, struct timer what)
{
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= t->heap.n)
            break;
        if (child + 1 < t->heap.n && before(&t->heap.v[child + 1], &t->heap.v[child]))
            child++;
        if (!before(&t->heap.v[child], &what))
            break;
        place(t, at, t->heap.v[child]);
        at = child;
    }
    place(t, at, what);
}

static void put(struct timers *t, uint32_t at, struct timer what)
{
    if (at > 0 && before(&what, &t->heap.v[(at - 1) / 2]))
        sift_up(t, at, what);
    else
        sift_down(t, at, what);
}

void timers_release(struct timers *t)
{
    VEC_FREE(&t->heap);
    map_u64_release(&t->place);
}

static void take_out(struct timers *t, uint32_t at)
{
    map_u64_remove(&t->place, t->heap.v[at].key);
    struct timer last = t->heap.v[--t->heap.n];
    if (at < t->heap.n)
        put(t, at, last);
}

void timers_set(struct timers *t, uint64_t key, int64_t time)
{
    uintptr_t found = (uintptr_t)map_u64_get(&t->place, key);
    if (time == INT64_MAX) {
        if (found)
            take_out(t, (uint32_t)found - 1);
        return;
    }
    struct timer what = {.time = time, .key = key};
    if (!found) {
        VEC_PUSH(&t->heap);
        sift_up(t, t->heap.n - 1, what);
    } else if (t->heap.v[found - 1].time != time) {
        put(t, (uint32_t)found - 1, what);
    }
}

int64_t timers_get(const struct timers *t, uint64_t key)
{
    uintptr_t found = (uintptr_t)map_u64_get(&t->place, key);
    return found ? t->heap.v[found - 1].time : INT64_MAX;
}

int64_t timers_first(const struct timers *t)
{
    return t->heap.n ? t->heap.v[0].time : INT64_MAX;
}

static int compare_due(const void *a, const void *b, void *arg)
{
    const struct timer *x = a, *y = b;
    if (x->key >> 32 != y->key >> 32)
        return x->key >> 32 < y->key >> 32 ? -1 : 1;
    return before(x, y) ? -1 : before(y, x);
}

void timers_due(const struct timers *t, int64_t now, struct timer_list *ret)
{
    /* The due ones are a connected top part of the heap; `walk` holds places still to be looked at. */
    VEC(uint32_t) walk = {0};
    if (t->heap.n)
        *VEC_PUSH(&walk) = 0;
    while (walk.n) {
        uint32_t at = walk.v[--walk.n];
        if (at >= t->heap.n || t->heap.v[at].time > now)
            continue;
        *VEC_PUSH(&ret->list) = t->heap.v[at];
        *VEC_PUSH(&walk) = 2 * at + 1;
        *VEC_PUSH(&walk) = 2 * at + 2;
    }
    VEC_FREE(&walk);
    vec_sort(ret->list.v, ret->list.n, sizeof *ret->list.v, compare_due, NULL);
}
