/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core: the controller as a pure state machine. No clock, no thread, no system call; the shells pass `now`.
 *
 *     command --decide--> facts --apply--> state --effects--> outbox
 *
 * decide() may refuse and touches nothing. apply() cannot fail and is the only writer of state. effects()
 * says what must reach the outside because of a fact; every effect is idempotent, so that recovery may repeat
 * it. The shell runs decide and apply command by command, writes the facts of a batch to the journal, and
 * only then publishes the snapshot, sends replies and carries out effects. A failed journal write ends the
 * process. States and moves: doc/spec/01-states.md. Facts: doc/spec/05-facts.md.
 */
#ifndef CORE_CORE_H
#define CORE_CORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/vec.h"
#include "core/state.h"
#include "model.h"
#include "model/fact.h"
#include "model/message.h"

/* Who sent a command, as authenticated by the shell. */
struct sender {
    uint32_t uid, gid;
    enum message_access
        level; /* from policy: user, operator, admin; daemon for nodes and the controller's own threads */
    const char *host; /* peer's host name or address, for records; may be NULL */
};

struct command {
    enum msg_type type;
    const void *record; /* the request record of that type; borrowed */
    struct sender sender;
};

struct fact {
    enum fact_type type;
    void *record; /* owned: fact_types[type].record */
};
struct facts {
    VEC(struct fact) list;
};
void facts_release(struct facts *f);
/* Appends a default record of that type and gives it for filling. */
void *facts_add(struct facts *f, enum fact_type type);

/* The reply record of the message type (initialised by decide), or an error. */
struct reply {
    const struct meta_record *type; /* NULL: an empty success */
    void *record;
};
void reply_release(struct reply *r);

/*
 * Decides one command against the state. Returns 0 with facts (perhaps none) and a reply, or a negative
 * code with *e filled and nothing else. Enforces the access level of the message type and who may touch which
 * job. Commands for several jobs succeed as a whole and carry each failure in job_results.
 */
int core_decide(const struct state *s, const struct command *c, int64_t now, struct facts *out,
                struct reply *reply, struct err *e);

/* Applies one fact. `time` is the `now` of the command that made it. REQUIREs what decide has checked. */
void core_apply(struct state *s, const struct fact *f, int64_t time);

enum effect_type {
    EFFECT_LAUNCH_BATCH, /* job_id: hand the batch script to batch_host (idempotent by job id and restarts),
                            then launch_done */
    EFFECT_KILL_JOB, /* job_id, node_index: struct kill_job in record; repeated by deadline until the node has
                        reported */
    EFFECT_SIGNAL, /* job_id, node_index: struct kill_job in record. Of both, the shell fills `term` and `job`
                    */
    EFFECT_PING,   /* node_index: then node_contact */
    EFFECT_NODE_CONTROL, /* node_index: struct node_control in record */
    EFFECT_JOB_CHANGED,  /* job_id: watchers (srun, salloc, sbatch --wait) look at the snapshot */
    EFFECT_PLAN,         /* something changed that could let a job start: wake the planner */
    EFFECT_ACCOUNT,      /* job_id or step: a row for accounting (consumers: slurmdbd, jobcomp) */
    EFFECT_PROLOG,  /* job_id: run PrologSlurmctld, then prolog_done. Once a run, but again after a restart */
    EFFECT_RESUME,  /* node_index: ResumeProgram */
    EFFECT_SUSPEND, /* node_index: SuspendProgram */
    EFFECT_RESUME_FAIL,  /* node_index: ResumeFailProgram */
    EFFECT_EPILOG,       /* job_id: run EpilogSlurmctld, then epilog_done. As with the prolog */
    EFFECT_MAIL,         /* job_id: run MailProg: struct mail in record. Not repeated by recovery */
    EFFECT_JOB_COMP,     /* job_id: struct job_end in record. Not repeated by recovery */
    EFFECT_DROP_PAYLOAD, /* a stored script: struct job_ref in record. Ask state_uses_payload() again before
                            dropping it */
};
struct effect {
    enum effect_type type;
    uint32_t job_id, step_id, node_index; /* NO_VAL where it does not apply */
    void *record;                         /* owned, or NULL */
    const struct meta_record *record_type;
};
struct outbox {
    VEC(struct effect) list;
    bool has_plan; /* EFFECT_PLAN is in it: once is enough */
};
void outbox_release(struct outbox *o);

/* What must happen outside because of a fact, after it was applied. */
void core_effects(const struct state *s, const struct fact *f, struct outbox *out);
/* After recovery: every effect that may have been lost with the crash (unlaunched starts, unfinished kills,
 * pings). */
void core_resume(const struct state *s, int64_t now, struct outbox *out);

/*
 * The next moment at which MSG_TICK has something to decide (time limits, KillWait, SlurmdTimeout, begin
 * times, purges, repeats of unanswered kills); INT64_MAX when there is none. The shell sends MSG_TICK then.
 * O(log n).
 */
int64_t core_deadline(const struct state *s);

#endif
