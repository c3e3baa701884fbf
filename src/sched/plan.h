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

enum {
    PLAN_JOBS_MAX = 64,    /* waiting jobs that get a planned start; later ones wait without */
    PLAN_MOMENTS_MAX = 96, /* ends of jobs that are tried for one job */
};

struct planned {
    int64_t start, end;
    struct start_job what; /* owned; alloc.n is 0 for nothing */
    uint32_t exclusive_job;
};

struct plan {
    const struct sched_view *v;
    struct load_map now;          /* with what this run has started */
    VEC(struct planned) ends;     /* running jobs and starts of this run, by end */
    VEC(struct planned) promises; /* planned starts, in the order of priority */
    bool sorted;
};

void plan_init(struct plan *p, const struct sched_view *v);
void plan_release(struct plan *p);
/* A running job, or one that this run starts (takes it from `now` too when `starts`). */
void plan_add_running(struct plan *p, const struct job_node *alloc, uint32_t n, int64_t end,
                      uint32_t exclusive_job, bool starts);
/* What can start at this moment and disturbs no promise, or failure with the reason. */
void plan_select_now(struct plan *p, const struct job *job, const struct part *part, struct selection *ret);
/* The earliest start, kept as a promise; 0 when none was found within the limits. ret_nodes: where, owned by
 * the caller, or NULL. */
int64_t plan_promise(struct plan *p, const struct job *job, const struct part *part, uint64_t *work,
                     char **ret_nodes);

#endif
