/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timeline: who holds what of each node until when.
 *
 * Holds are running jobs; they are kept between runs and change only with the jobs. Bookings are what one run
 * starts or promises, and go with it. A timeline borrows: jobs have to live as long as their holds.
 */
#ifndef SCHED_TIMELINE_H
#define SCHED_TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/vec.h"
#include "model.h"

struct hold {
    const struct job_node *share; /* the job's */
    int64_t end;                  /* expected */
    uint32_t job_id;
    uint32_t units, gpus; /* what it gives back of them */
    bool cores_given;     /* suspended: others may have its cores */
};

struct booking {
    int64_t start, end;
    struct start_job what; /* owned */
    uint32_t exclusive_job;
};

/* What one node gets back when a job ends. */
struct release {
    int64_t end;
    uint64_t mem; /* MiB */
    uint32_t job_id, node, units, gpus;
};

/* A part of a booking, on one node. */
struct booked {
    uint32_t booking, at; /* index into the bookings, and into its alloc */
};

struct timeline_node {
    VEC(struct hold) holds;
    VEC(struct booked) booked;
};

struct timeline {
    VEC(struct timeline_node) nodes; /* by index; beyond the end: nothing */
    VEC(int64_t) ends;               /* of the holds of every job, one a job, in order */
    VEC(int64_t) come, gone;         /* changes of `ends` since the last timeline_settle */
    VEC(struct release) releases;    /* of every hold, by end */
    VEC(struct release) more, fewer; /* changes of `releases` since the last timeline_settle */
    VEC(struct booking) bookings;
};

void timeline_release(struct timeline *t);
/* A job that holds resources, until `end`; and the same job, as it was added, no longer. */
void timeline_add(struct timeline *t, const struct job *job);
void timeline_remove(struct timeline *t, const struct job *job);
/* Brings `ends` and `releases` up to date. */
void timeline_settle(struct timeline *t);
/* Takes over what->alloc and the rest of *what. */
void timeline_book(struct timeline *t, struct start_job *what, int64_t start, int64_t end,
                   uint32_t exclusive_job);
void timeline_clear_bookings(struct timeline *t);
const struct timeline_node *timeline_node(const struct timeline *t, uint32_t index); /* may be NULL */

#endif
