/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state_impl: what struct state holds. Private to src/core.
 *
 * apply.c is the only writer. It changes a job between job_edit() and job_edit_end(), which keep the indexes
 * in step; what nodes hold changes in node_load.c.
 */
#ifndef CORE_STATE_IMPL_H
#define CORE_STATE_IMPL_H

#include "core/idset.h"
#include "core/state.h"
#include "core/timer.h"
#include "sched/sched.h"

/* Nodes that were powered up, or down, in the present minute. Forgotten with the process. */
struct power_rate {
    int64_t since; /* the minute began then */
    uint32_t count;
};

struct state {
    struct ptree jobs, nodes, parts;
    struct policy *policy;
    struct directory *dir;
    uint64_t index, term, version;
    int64_t time;
    uint32_t default_part;
    uint32_t next_job_id;
    uint32_t next_node_index;
    struct power_rate resumed, suspended;

    /* The writer's indexes: derived from the tables. */
    struct timers timers;
    uint32_t job_count; /* array tasks count singly */
    struct map_u64
        by_array; /* array id -> struct idset * of its records: the ARRAY record and tasks split off */
    struct map_u64 by_name;    /* hash of user and name -> struct idset * of jobs that have not ended */
    struct map_u64 dependents; /* job or array id -> struct idset * of pending jobs that wait for it */
    struct idset singletons;   /* pending jobs with a singleton dependency */
    struct map_u64 payloads;   /* first bytes of the script's name -> how many jobs have it */
    struct idset *node_jobs;   /* by node index: jobs that hold something there */
    uint32_t node_jobs_n;
};

extern const struct ptree_type job_tree, node_tree, part_tree;

/* The planner's functions take a view; this one is of the state as it is. */
void state_view(const struct state *s, int64_t now, struct sched_view *ret);

static inline const struct job *state_job(const struct state *s, uint32_t id)
{
    return ptree_get(&s->jobs, id);
}
static inline const struct node *state_node_at(const struct state *s, uint32_t index)
{
    return ptree_get(&s->nodes, index);
}
const struct node *state_node(const struct state *s, const char *name);
const struct part *state_part(const struct state *s, const char *name);

/* Replaces the directory by one made from the tables. */
void directory_rebuild(struct state *s);

/* --- index.c
 * ------------------------------------------------------------------------------------------------- */
/* Sets of the indexes; NULL when nobody is in. */
const struct idset *index_array(const struct state *s, uint32_t array_job_id);
const struct idset *index_dependents(const struct state *s, uint32_t job_id);
const struct idset *index_namesakes(const struct state *s, uint32_t uid, const char *name);
const struct idset *index_node_jobs(const struct state *s, uint32_t node_index);

/* A job while it is being changed. */
struct job_edit {
    struct state *s;
    struct job *job;
    char *old_dependency;
    uint64_t old_name;
    uint32_t old_weight;
    bool was_unended, was_holding;
};
struct job *job_edit(struct job_edit *e, struct state *s, uint32_t job_id);
void job_edit_end(struct job_edit *e);
void job_insert(struct state *s, struct job *job); /* takes the reference */
void job_delete(struct state *s, uint32_t job_id);
/* Sets the timer of a node again after a change. */
void node_timer(struct state *s, const struct node *n);
/* What waits for this job, its array or its name looks again at the next tick. */
void wake_dependents(struct state *s, const struct job *job);
/* Everything derived from the tables, after a restore. */
void index_rebuild(struct state *s);
void index_release(struct state *s);
void payload_key(const struct meta_bytes *name, uint64_t *ret);

/* --- deadline.c
 * ---------------------------------------------------------------------------------------------- */
int64_t job_deadline(const struct state *s, const struct job *j);
int64_t node_record_deadline(const struct state *s, const struct node *n);

/* --- node_load.c
 * --------------------------------------------------------------------------------------------- */
/* The job's part on node alloc[i] is taken, given back; `cpus` and `rest` say which parts of it. */
void node_take(struct state *s, const struct job *job, uint32_t i, int64_t time);
void node_give(struct state *s, const struct job *job, uint32_t i, int64_t time);
void node_take_cpus(struct state *s, const struct job *job);
void node_give_cpus(struct state *s, const struct job *job);

#endif
