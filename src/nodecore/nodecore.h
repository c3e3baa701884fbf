/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nodecore: a node's daemon as a pure state machine: which jobs and steps live here, what must be done about
 * them, and which reports the controller has not acknowledged. No clock, no system call; slurmd and the
 * simulator pass `now`.
 *
 *     node_launch()    -> PROLOG, SPAWN          node_kill()      -> ORDER, later EPILOG, REPORT
 *     node_step_ended() -> REPORT                node_tick()      -> ORDER (KILL after KillWait), REPORT
 * again
 *
 * A job here:   STARTING (prolog) -> RUNNING -> ENDING (TERM sent) -> KILLING -> EPILOG -> REPORTING -> gone
 * A step here:  WAITING (for the prolog) -> STARTING -> RUNNING -> ended, which leaves a report
 *
 * Every call may be repeated: launches are known by (job, step, restarts), kills of a job that is gone are
 * answered by the report that it is gone. Messages of an older controller (term) are refused. A restart of
 * slurmd begins with an empty node_core and tells it what is alive (node_adopt) and what nobody has
 * acknowledged (node_adopt_report). Ownership: effects own their records; `ctx` pointers belong to the caller
 * and come back with NODE_FREE_STEP and NODE_FREE_JOB.
 */
#ifndef NODECORE_NODECORE_H
#define NODECORE_NODECORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/map.h"
#include "base/vec.h"
#include "model.h"

enum {
    NODE_REPORT_AGAIN_S =
        5, /* an unacknowledged report is repeated after this, then after twice as long ... */
    NODE_REPORT_AGAIN_S_MAX = 60,
    NODE_KILL_AGAIN_S = 5, /* so often SIGKILL is repeated */
    /* How long a job that is gone is remembered, from when the controller knows it: its epilog runs once, and
     * longer than any credential lives, so that a launch that comes late is refused. */
    NODE_GONE_KEEP_S = 300,
    NODE_GONE_MAX = 16384,
    NODE_NONCES_MAX = 1 << 20,
    NODE_CLOCK_SKEW_S = 60, /* how far the controller's clock may be ahead of this node's, or behind */
    NODE_STEPS_MAX = 65536, /* of one job */
};

enum node_job_state {
    NJOB_STARTING, /* the prolog runs */
    NJOB_RUNNING,
    NJOB_ENDING, /* TERM was sent; KILL follows at kill_time */
    NJOB_KILLING,
    NJOB_EPILOG,
    NJOB_REPORTING, /* the epilog is over; the controller has not acknowledged that */
    NJOB_STATES,
};
enum node_step_state { NSTEP_WAITING, NSTEP_STARTING, NSTEP_RUNNING, NSTEP_STATES };

enum node_effect_type {
    NODE_PROLOG,      /* job: run the prolog, then node_prolog_done */
    NODE_SPAWN,       /* step, ctx: start a slurmstepd, then node_spawned */
    NODE_ORDER,       /* step, record: a step_order for its slurmstepd */
    NODE_EPILOG,      /* job: run the epilog, then node_epilog_done */
    NODE_REPORT,      /* id, record: send this node_report; node_acknowledged when the controller has it */
    NODE_FREE_REPORT, /* job, step: its file is not needed any more */
    NODE_FREE_STEP,   /* ctx: a launch that is over or will not happen */
    NODE_FREE_JOB,    /* job, ctx: nothing of the job is left here */
};
struct node_effect {
    enum node_effect_type type;
    uint32_t job_id, step_id, restarts;
    uint64_t id;  /* of a report */
    void *record; /* owned: step_order or node_report */
    const struct meta_record *record_type;
    void *ctx; /* the caller's */
};
struct node_effects {
    VEC(struct node_effect) list;
};
void node_effects_release(struct node_effects *e);

struct node_step {
    uint32_t step_id;
    uint8_t state;     /* enum node_step_state */
    bool ending;       /* was told to end by itself */
    int64_t kill_time; /* of a step that was told to end by itself */
    void *ctx;
};
struct node_job {
    uint32_t job_id, restarts, uid;
    uint8_t state;      /* enum node_job_state */
    bool failed;        /* prolog or epilog failed: the node is to be drained */
    bool killed_early;  /* while its prolog ran */
    uint32_t end_state; /* enum job_state: why it ends */
    int64_t kill_time;  /* next SIGKILL; 0 = none */
    uint64_t report;    /* that it is gone */
    void *ctx;
    VEC(struct node_step) steps;
};
struct node_unsent {
    uint64_t id;
    int64_t next; /* when it is sent again */
    uint32_t wait_s;
    struct node_report *report;
};
struct node_gone {
    uint32_t job_id, restarts;
    int64_t time;
};

struct node_core {
    char *name;
    bool prolog, epilog; /* are there any? */
    uint64_t token;      /* of this process's registration; 0: launches are not asked for it */
    uint64_t asked;      /* how often the controller has taken the node for down, as it last said */
    uint64_t term;       /* highest seen */
    struct map_u64 jobs; /* job_id -> struct node_job */
    VEC(struct node_unsent) unsent; /* ascending by id */
    VEC(struct node_gone) gone;
    struct map_u64 nonces, old_nonces; /* two generations */
    int64_t nonces_since;
    uint64_t next_report;
};

void node_init(struct node_core *n, const char *name, bool prolog, bool epilog);
/* Forgets everything; ctx pointers are handed out once more, so that the caller can free them. */
void node_release(struct node_core *n, struct node_effects *out);

/* --- from the controller and from srun --- */

/*
 * A step is to be started. `ctx` is kept until NODE_FREE_STEP, job_ctx until NODE_FREE_JOB (unless the job is
 * known: then *ret_job_known is set and it stays the caller's). 0 with no effect: this very launch happened
 * already.
 */
int node_launch(struct node_core *n, const struct credential *c, void *ctx, void *job_ctx, int64_t now,
                bool *ret_known, bool *ret_job_known, struct node_effects *out, struct err *e);
/* This very launch happened already: the step is here, or a report about it waits. */
bool node_launched(const struct node_core *n, const struct credential *c);
/* End a job (or one step of it), or signal it: k->signal is 0 for an end. */
int node_kill(struct node_core *n, const struct kill_job *k, void *job_ctx, int64_t now, bool *ret_ctx_kept,
              struct node_effects *out, struct err *e);
int node_signal(struct node_core *n, const struct kill_job *k, struct node_effects *out, struct err *e);
/* The controller has taken the report. */
void node_acknowledged(struct node_core *n, uint64_t id, int64_t now, struct node_effects *out);
/* The controller can be reached again: everything unacknowledged is sent now. */
void node_connected(struct node_core *n, int64_t now, struct node_effects *out);
/* The controller refused the report: true when it never will take it, so that it is settled like a taken one.
 */
bool node_report_refused(int code);
/* Refuses a message of a controller that has been replaced. */
int node_check_term(struct node_core *n, uint64_t term, struct err *e);
/* Appends to m->jobs what lives here: steps from launch to end, jobs in their epilog, and what has ended
 * without the controller knowing: its report follows, so that it must not be taken for lost. */
void node_running(const struct node_core *n, struct node_register *m);
/* Ends the jobs of which the answer to a registration says that they must not be here. */
void node_end_strangers(struct node_core *n, const struct meta_u32s *jobs, int64_t now,
                        struct node_effects *out);

/* --- from this host --- */

void node_prolog_done(struct node_core *n, uint32_t job_id, bool ok, const char *why, int64_t now,
                      struct node_effects *out);
void node_spawned(struct node_core *n, uint32_t job_id, uint32_t step_id, struct node_effects *out);
/* There is no slurmstepd: the node's fault. */
void node_spawn_failed(struct node_core *n, uint32_t job_id, uint32_t step_id, uint32_t restarts,
                       const char *why, int64_t now, struct node_effects *out);
/* A slurmstepd has ended. Its report is borrowed. Reports of steps that are not known are sent all the same.
 */
void node_step_ended(struct node_core *n, const struct node_report *r, int64_t now, struct node_effects *out);
/* A slurmstepd has gone and left no report. */
void node_step_lost(struct node_core *n, uint32_t job_id, uint32_t step_id, uint32_t restarts, int64_t now,
                    struct node_effects *out);
void node_epilog_done(struct node_core *n, uint32_t job_id, bool ok, int64_t now, struct node_effects *out);
/* After a restart: a slurmstepd that lives. false: the job is known already, job_ctx stays the caller's. */
bool node_adopt(struct node_core *n, const struct step_status *s, void *job_ctx);
/* After a restart: a report that nobody has acknowledged. */
void node_adopt_report(struct node_core *n, const struct node_report *r, int64_t now);

/* --- time --- */

void node_tick(struct node_core *n, int64_t now, struct node_effects *out);
/* When node_tick has something to do; INT64_MAX: never. */
int64_t node_deadline(const struct node_core *n);

const struct node_job *node_job_get(const struct node_core *n, uint32_t job_id);

#endif
