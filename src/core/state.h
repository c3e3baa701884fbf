/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state: everything the controller knows, made by core_apply() alone.
 *
 * The three tables are ptrees (base/ptree.h): taking a snapshot is O(1) and readers on other threads never
 * see a later change. The writer's indexes (queues, timers) exist only in the core thread's state, are
 * rebuilt from the tables after a restart and are in no snapshot.
 */
#ifndef CORE_STATE_H
#define CORE_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "base/ptree.h"
#include "model.h"

/* Names to indexes; replaced whole when nodes or partitions come or go, shared with snapshots. */
struct directory {
    struct shared sh;
    struct map_str nodes; /* name -> (void *)(index + 1) */
    struct map_str parts; /* name -> (void *)(index + 1), case-sensitive as in Slurm */
};

/* What readers see: immutable, reference counted. Fields are the same as in struct state. */
struct snapshot {
    struct shared sh;
    struct ptree jobs;  /* struct job by job_id */
    struct ptree nodes; /* struct node by index */
    struct ptree parts; /* struct part by index */
    struct policy *policy;
    struct directory *dir;
    uint64_t index;        /* of the last fact batch in it */
    uint64_t version;      /* raised with every batch that could let a waiting job start */
    int64_t time;          /* `now` of that batch */
    uint32_t default_part; /* index, NO_VAL = none */
    uint64_t term;         /* the rest is what saving the snapshot needs */
    uint32_t next_job_id, next_node_index;
};

void snapshot_drop(struct snapshot *s); /* any thread */
static inline struct snapshot *snapshot_keep(struct snapshot *s)
{
    shared_keep(&s->sh);
    return s;
}

/* Lookups for readers. NULL when absent. */
const struct job *snapshot_job(const struct snapshot *s, uint32_t job_id);
const struct node *snapshot_node(const struct snapshot *s, const char *name);
const struct part *snapshot_part(const struct snapshot *s, const char *name);
/* Whether the step still belongs to what its job runs now; credentials are made for no other. */
bool snapshot_has_step(const struct snapshot *s, const struct step *step);

/* The scheduler's view of a snapshot; valid as long as the snapshot is kept. */
struct sched_view;
void snapshot_view(const struct snapshot *s, int64_t now, struct sched_view *ret);

struct state;

struct state *state_new(void);
void state_free(struct state *s);
/* The journal entry that the next facts belong to; saved and published with the state. */
void state_set_index(struct state *s, uint64_t index, uint64_t term);
/* A new snapshot with one reference. O(1). */
struct snapshot *state_publish(struct state *s);
/* Whether some job still has this stored script. */
bool state_uses_payload(const struct state *s, const struct meta_bytes *name);
/* For the journal: the whole durable state as one record and back. Restoring rebuilds the writer's indexes.
 */
void state_save(const struct state *s, struct saved_state *ret_saved);
int state_restore(struct state *s, const struct saved_state *saved, struct err *e);
/* Broken invariants as text, one a line; nothing is added when all hold. Used by tests and the simulator
 * after every step: no core, device or MiB held twice; a node's derived load is the sum over its jobs; ended
 * jobs hold nothing; and so on. */
void state_check(const struct state *s, struct buf *out);
/* Differences of two durable states (live against replayed), one a line. What the planner noted and other
 * volatile values are not compared. */
void state_diff(const struct state *a, const struct state *b, struct buf *out);

#endif
