/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backlog: what the planner keeps between runs: the waiting jobs in order, and who holds which resources
 * until when. It follows the snapshots by their differences, so that an update costs what has changed, and
 * one pass over the queue when that did.
 *
 * It keeps a snapshot of the jobs that it was brought up to, so its pointers stay valid.
 */
#ifndef SCHED_BACKLOG_H
#define SCHED_BACKLOG_H

#include "base/map.h"
#include "sched/sched.h"
#include "sched/timeline.h"

/* A job that nothing but time, resources, limits and the order of the queue keeps from starting. */
struct waiting {
    const struct job *job;
    uint64_t shape; /* jobs with the same shape in the same partition ask for the same */
    uint32_t tier;  /* highest of its partitions */
    uint32_t part;  /* the index of its only partition; NO_VAL: more than one, or unknown */
};

struct backlog {
    struct ptree jobs, parts; /* as of the last update */
    bool started;
    VEC(struct waiting) queue; /* by tier, priority, job id */
    struct map_u64 licensed;   /* job id -> job that holds licenses */
    struct map_u64 completing; /* job id -> job in COMPLETING */
    struct timeline time;
    VEC(struct waiting) come; /* scratch of an update */
    struct map_u64 gone;
    struct buf text;
    const struct job_spec *last_spec; /* whose shape was worked out last */
    uint64_t last_shape;
};

void backlog_init(struct backlog *b);
void backlog_release(struct backlog *b);
void backlog_update(struct backlog *b, const struct sched_view *v);
/* The next partition of a list of names; *at moves on, NULL at the end. Unknown names are left out. */
const struct part *backlog_next_part(const struct sched_view *v, const char **at);

#endif
