/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timer: the moments at which something has to be decided, one for each key.
 *
 * A binary heap by (time, key) with the place of each key kept beside it, so that setting again and removing
 * are O(log n). Only keys with a deadline are in it: a held job costs nothing here.
 */
#ifndef CORE_TIMER_H
#define CORE_TIMER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/map.h"
#include "base/vec.h"

/* What a key is about; the key is kind << 32 | id. */
enum timer_kind {
    TIMER_NODE,       /* id: node index */
    TIMER_JOB,        /* id: job */
    TIMER_DEPENDENCY, /* id: job whose dependencies have to be looked at again */
};

struct timer {
    int64_t time;
    uint64_t key;
};
struct timers {
    VEC(struct timer) heap;
    struct map_u64 place; /* key -> (void *)(position + 1) */
};
struct timer_list {
    VEC(struct timer) list;
};

static inline uint64_t timer_key(enum timer_kind kind, uint32_t id)
{
    return (uint64_t)kind << 32 | id;
}

void timers_release(struct timers *t);
/* INT64_MAX takes the key out. */
void timers_set(struct timers *t, uint64_t key, int64_t time);
int64_t timers_get(const struct timers *t, uint64_t key); /* INT64_MAX when it is not in */
int64_t timers_first(const struct timers *t);             /* INT64_MAX when empty */
/* Every timer with a time <= now, by kind, then time, then id. */
void timers_due(const struct timers *t, int64_t now, struct timer_list *ret);

#endif
