/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan: the future of the nodes, as far as the scheduler has promised it.
 *
 * Ends of running jobs give resources back; planned starts of waiting jobs take them. A job may start now
 * only if it takes nothing that a job of higher priority is planned to hold before it would have ended: that
 * is backfill.
 */
#ifndef SCHED_PLAN_H
#define SCHED_PLAN_H

#include "sched/load.h"
#include "sched/select.h"
#include "sched/timeline.h"

enum {
    PLAN_JOBS_MAX = 256,   /* planned starts in a run; later jobs wait without */
    PLAN_MOMENTS_MAX = 96, /* ends of jobs that are tried for one job, once it could fit without promises */
};

struct plan {
    const struct sched_view *v;
    struct timeline *time; /* the planner's; its bookings are this run's */
    struct load_map loads;
    int64_t window_end;  /* no start is planned after it */
    uint32_t resolution; /* planned starts are multiples of it from now on; 0 and 1: to the second */
    uint32_t promises, promises_max;
    uint64_t work;
};

/* room: follows the same view; NULL: every node is looked at each time. */
void plan_init(struct plan *p, const struct sched_view *v, struct timeline *time, struct room *room,
               const struct sched_opts *opts);
void plan_release(struct plan *p); /* and drops the bookings */
/* How long the job would run at most, in seconds. */
uint32_t plan_seconds(const struct plan *p, const struct job *job, const struct part *part);
/* What can start at this moment and disturbs no promise, or failure with the reason. */
void plan_select_now(struct plan *p, const struct job *job, const struct part *part, struct selection *ret);
/* Something that this run starts takes its share at once. */
void plan_start(struct plan *p, const struct start_job *what, const struct job *job, const struct part *part);
/* The earliest start, not before `from`, kept as a promise; 0 when none was found within the limits. from =
 * 0: whenever it fits. ret_nodes: where, owned by the caller, or NULL. */
int64_t plan_promise(struct plan *p, const struct job *job, const struct part *part, int64_t from,
                     char **ret_nodes);

#endif
