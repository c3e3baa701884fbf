/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tail: where a run that its budget has ended goes on.
 *
 * The next run spends half of its budget at the head of the queue again, so that nothing there waits for the
 * tail, and the other half from this place on. What the jobs in between were promised stays promised.
 */
#ifndef SCHED_TAIL_H
#define SCHED_TAIL_H

#include "sched/backlog.h"

struct tail {
    bool pending;
    uint32_t tier, priority, job_id; /* of the first job that was not looked at */
    VEC(struct booking) promises;    /* of jobs before it; owned */
    struct bits blocked;             /* partitions in which one of them waits for resources */
};

void tail_release(struct tail *t);
/* The next run is to go on at `next`. Copies what time has booked for later than now. */
void tail_set(struct tail *t, const struct waiting *next, const struct timeline *time, int64_t now,
              const struct bits *blocked);
/* Where that is in the queue now. */
uint32_t tail_index(const struct tail *t, const struct backlog *b);
/* Books again what the jobs at [from, to) of the queue were promised; how many promises. */
uint32_t tail_book(struct tail *t, struct backlog *b, uint32_t from, uint32_t to);

#endif
