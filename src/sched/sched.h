/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sched: the scheduler as a pure, budgeted function from a snapshot to proposals.
 *
 * It never changes state: the core re-checks each proposal (optimistic; a stale one is dropped) and turns it
 * into facts. What is found out about jobs that do not start comes back as notes: squeue's reasons and
 * expected start times and `scontrol explain` read those. The same code runs in production and in the
 * simulator. Specified in doc/spec/07-scheduling.md.
 */
#ifndef SCHED_SCHED_H
#define SCHED_SCHED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ptree.h"
#include "base/vec.h"
#include "model.h"

/* The planner's view: borrowed from a snapshot (core/state.h), given as functions so that this level stays
 * below the core. */
struct sched_view {
    const struct ptree *jobs, *nodes,
        *parts; /* struct job by id, struct node by index, struct part by index */
    const struct policy *policy;
    uint32_t (*node_index)(const void *ctx, const char *name); /* NO_VAL when unknown */
    uint32_t (*part_index)(const void *ctx, const char *name);
    const void *ctx;
    uint64_t version;
    int64_t now;
};

/* Units of work, not seconds, so that a run can be repeated: one unit is one node looked at for one job. 0 =
 * no limit. */
enum { SCHED_WORK_A_SECOND = 1000000 }; /* about: where a site gives seconds */
struct sched_budget {
    uint64_t work_max;
    uint32_t starts_max;
};

struct sched_result {
    VEC(struct start_job) starts; /* in the order in which they should be applied; owned */
    struct plan_notes
        notes; /* only for jobs whose reason, text or expected start differ from the snapshot's */
    uint64_t work;
    int64_t
        next; /* when a job becomes eligible by the mere passing of time: run again then; INT64_MAX = never */
    bool complete; /* false: the budget ended it; call again with the same planner to go on */
};
void sched_result_release(struct sched_result *r);

/* Memory between runs (job classes that cannot start at this version, the plan over time). Dropping it only
 * costs time. */
struct planner;
struct planner *planner_new(void);
void planner_free(struct planner *p);
/* From now on it looks at every node for every job, as a reference for tests. */
void planner_look_everywhere(struct planner *p);
void planner_run(struct planner *p, const struct sched_view *v, const struct sched_budget *b,
                 struct sched_result *ret);

/*
 * Selection of nodes, cores, memory and devices for one job in one partition. Used by the planner (against
 * what is free now or planned), by --test-only, and by decide to name the constraint that can never be met at
 * submission.
 */
enum select_mode {
    SELECT_NOW,   /* against what is free now */
    SELECT_EMPTY, /* against the configured size, all nodes UP or not: could it ever run? */
};
struct selection {
    bool ok;
    struct start_job start; /* filled when ok; owned */
    enum job_reason reason; /* else why not */
    char text[256];         /* which constraint failed, and what would work */
    uint64_t work;
};
void selection_release(struct selection *s);
/* job: pending; part: one of its partitions. `avoid`: node indexes that are planned for others, may be NULL.
 */
void sched_select(const struct sched_view *v, const struct job *job, const struct part *part,
                  enum select_mode mode, const struct bits *avoid, struct selection *ret);

/* Whether an allocation is still free in the state: what decide re-checks of a proposal. 0 or negative with
 * *e. */
int sched_check_alloc(const struct sched_view *v, const struct start_job *start, const struct job *job,
                      struct err *e);

/*
 * Partition, size and limit checks of a request that cannot depend on the load, as at submission: fills the
 * effective partition list, time limit, tasks, CPUs, memory, req_tres. Errors are Slurm's
 * (schema/errors.toml). `job` is being made.
 */
int sched_admit(const struct sched_view *v, struct job *job, uint32_t uid, bool privileged, struct err *e);

/* Lays out the tasks of a step over (a part of) a job's allocation: nodes, tasks, cores, memory, devices.
 * doc/spec/07. */
int sched_layout_step(const struct sched_view *v, const struct job *job, const struct step_create *want,
                      struct step *ret, struct err *e);

#endif
