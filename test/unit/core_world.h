/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core_world: a small cluster for tests of the core: commands by name, the journal kept, every invariant
 * checked after each fact.
 *
 * Nodes n1 to n4 with 4 CPUs and 4000 MiB each, n4 with 2 gpus; partitions debug (default, all nodes) and
 * long (n1, n2, limit a day). Time stands still until world_pass(). Users: alice 1001, bob 1002, root 0;
 * SlurmUser 64030.
 */
#ifndef TEST_CORE_WORLD_H
#define TEST_CORE_WORLD_H

#include "core/core.h"

enum { ALICE = 1001, BOB = 1002, SLURM = 64030 };
#define WORLD_START INT64_C(1800000000)

struct world_fact {
    enum fact_type type;
    int64_t time;
    struct buf body; /* encoded, as in the journal */
};
struct world {
    struct state *s;
    int64_t now;
    VEC(struct world_fact) journal; /* durable facts only */
    struct outbox out;              /* effects since world_forget() */
    struct reply reply;             /* of the last command */
    struct err e;
    uint32_t facts; /* of the last command */
    bool fast;      /* no state_check() after each fact */
    bool silent;    /* nodes do not answer pings */
    uint64_t token; /* of slurmds that register */
};

void world_init(struct world *w);
void world_release(struct world *w);
struct policy *world_policy(void); /* the one that it begins with; the caller's */
void world_configure(struct world *w,
                     struct policy *p); /* the same nodes under another one, which it takes */
/* Any command; the sender's level follows from the uid. 0 or the negative error. */
int world_do(struct world *w, uint32_t uid, enum msg_type type, const void *record);
/* A fresh state from the journal; the caller frees it. */
struct state *world_replay(const struct world *w);
/* The end of a test: the journal alone has to give the same state again. */
void world_close(struct world *w);
void world_forget(struct world *w); /* drops the effects gathered so far */
uint32_t world_effects(const struct world *w, enum effect_type type,
                       uint32_t job_id); /* how many; NO_VAL: of any job */

/* A request with defaults: one task, a script, 100 MiB, 10 minutes. Drop it with
 * meta_free(&record_submit_request, r). */
struct submit_request *world_request(void);
/* Submits it and gives the id, or the negative error; drops the request. */
int64_t world_submit(struct world *w, uint32_t uid, struct submit_request *r);
int64_t world_job(struct world *w, uint32_t uid); /* a plain job */
int64_t world_job_after(struct world *w, const char *dependency);
int64_t world_array(struct world *w, const char *tasks);

void world_register(struct world *w, const char *name); /* as configured */
void world_register_all(struct world *w);
/* Runs the planner once and starts what it proposes; how many. */
uint32_t world_plan(struct world *w);
/* The batch script ended with this wait status; and then every node reports the end of the job. */
void world_script_ends(struct world *w, uint32_t job_id, uint32_t status);
void world_nodes_done(struct world *w, uint32_t job_id);
void world_finish(struct world *w, uint32_t job_id, uint32_t status); /* both */
/* Lets time pass, ticking at every deadline. */
void world_pass(struct world *w, int64_t seconds);
void world_tick(struct world *w); /* until nothing is due */

int world_update(struct world *w, uint32_t uid,
                 struct job_update *u); /* drops it; 0 or the code of the first result */
struct job_update *world_change(const char *id);
int world_cancel(struct world *w, uint32_t uid, const char *id); /* 0 or the code of the first result */
int world_node_state(struct world *w, const char *nodes, const char *state, const char *reason);

const struct job *world_get(const struct world *w, int64_t job_id);
/* "RUNNING None" and so on: state, and reason as squeue prints them. Static buffer. */
const char *world_show(const struct world *w, int64_t job_id);
const char *world_node(const struct world *w, const char *name); /* as sinfo %T. Static buffer. */
/* The two above for tests whose world is called w. */
#define SHOWS(job, text) assert_string_equal(world_show(&w, job), text)
#define NODE(name, text) assert_string_equal(world_node(&w, name), text)

#endif
