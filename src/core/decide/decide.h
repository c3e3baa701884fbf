/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decide: the rows of the table in decide.c and what they share. Private to src/core.
 *
 * A row reads the state, adds facts and fills the reply, or refuses. It sees the state as it was before its
 * own facts, so each job is changed by at most one row action in a command: decide_touch() says whether this
 * is the first.
 */
#ifndef CORE_DECIDE_DECIDE_H
#define CORE_DECIDE_DECIDE_H

#include "base/map.h"
#include "core/core.h"
#include "core/state_impl.h"
#include "model/errors.h"

struct decide {
    const struct state *s;
    const struct sender *sender;
    int64_t now;
    struct facts *out;
    void *reply; /* the initialised reply record, or NULL when the type has none */
    struct err *e;
    uint32_t next_job_id; /* for further ids in this command */
    struct map_u64 touched;
};
typedef int (*decide_fn)(struct decide *d, const void *record);

/* Fails with the error's own text; decide_fail_text() adds a second line that says more. */
int decide_fail(struct decide *d, int code);
int decide_fail_text(struct decide *d, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* True the first time that a command comes to this job. */
bool decide_touch(struct decide *d, uint32_t job_id);
/* An id that no job has, below MaxJobId. */
uint32_t decide_next_id(struct decide *d);

static inline bool sender_is(const struct decide *d, enum message_access level)
{
    return d->sender->level >= level;
}
static inline bool sender_owns(const struct decide *d, const struct job *j)
{
    return d->sender->uid == j->uid || sender_is(d, ACCESS_OPERATOR);
}
/* Is the partition in the job's own list, or the one it runs in? */
bool job_asks_part(const struct job *j, const char *name);
/* Adds a failure (or, with code 0, a success) of one of several jobs to the reply. */
void decide_result(struct decide *d, const char *id, int code, const char *text);

/* A job_changed that changes nothing yet. */
struct job_changed *decide_job_change(struct decide *d, uint32_t job_id);

/* --- ending.c: how jobs end
 * ---------------------------------------------------------------------------------- */
struct ending {
    enum job_state state; /* JOB_PENDING: back to the queue; see flags */
    enum job_reason reason;
    const char *reason_text; /* or NULL */
    uint32_t exit_code;
    uint32_t killed_by;      /* uid, or NO_VAL */
    uint64_t flags;          /* JOBF_REQUEUE_HOLD, JOBF_SPECIAL_EXIT with JOB_PENDING; JOBF_KILL_HURRY */
    const struct bits *gone; /* nodes that go down in the same command, or NULL */
};
#define ENDING(st, why) ((struct ending){.state = (st), .reason = (why), .killed_by = NO_VAL})
/* Pending: ended at once. Running: ending, and nodes that are down are done. A job that is touched already is
 * left alone. */
void decide_end(struct decide *d, const struct job *j, const struct ending *how);
/* May it be started anew (JobRequeue, --no-requeue, no script)? */
bool decide_can_requeue(const struct decide *d, const struct job *j);
/* The job lost the nodes in `gone` (NULL: those that are down already): requeued when it may be, else
 * NODE_FAIL. With
 * --no-kill it goes on. A node that was `removed` from the configuration leaves neither way out. */
void decide_lost_node(struct decide *d, const struct job *j, const struct bits *gone, bool removed);
/* Marks alloc[i] done; when it is the last node, the job ends or goes back to the queue. */
void decide_node_done(struct decide *d, const struct job *j, uint32_t i);
/* Its EpilogSlurmctld has ended; when no node is left either, the job ends or goes back to the queue. */
void decide_epilog_ended(struct decide *d, const struct job *j);
/* The final state for a batch script's wait(2) status, with RequeueExit worked in. */
struct ending decide_exit(const struct decide *d, const struct job *j, uint32_t status, bool oom,
                          struct buf *text);
/* Back to the queue, at once: from an ended job, or when the last node is done. */
void decide_requeue(struct decide *d, const struct job *j, uint64_t flags, enum job_reason why,
                    const char *text);

/* --- decide_start.c
 * ------------------------------------------------------------------------------------------ */
/* An active job could not be launched on its first node: it is requeued held. */
void decide_launch_failed(struct decide *d, const struct job *j, uint32_t code, bool drain);
/* When a job that begins now with a limit of so many minutes ends; 0: it has none. */
int64_t decide_limit_end(const struct decide *d, uint32_t minutes);

/* --- decide_node.c
 * ------------------------------------------------------------------------------------------- */
/* These nodes are down from now on; jobs on them end or are requeued. `reason` NULL: those of the nodes stay.
 */
void decide_nodes_down(struct decide *d, const struct bits *nodes, const char *reason, uint64_t set_flags);
/* A node record to change: the caller edits it, then nothing more is to be done. */
struct node *decide_node_change(struct decide *d, const struct node *n);
void decide_drain(struct decide *d, const struct node *n, const char *reason);

/* All jobs on them end or are requeued. */
void decide_end_jobs(struct decide *d, const struct bits *nodes);

/* --- decide_reboot.c
 * ----------------------------------------------------------------------------------------- */
/* Something about its reboot may be due; whether there was. */
bool decide_reboot_tick(struct decide *d, const struct node *n);
/* It registers while its reboot is issued, and has booted since: what it becomes. */
void decide_rebooted(const struct node *n, struct node_registered *f);
/* Whether the state of the node lets it be rebooted by command. */
bool decide_may_reboot(const struct node *n);
/* Of the request only what concerns one node is read. `n` is the record being changed. */
struct reboot_nodes;
void decide_reboot_ask(struct decide *d, struct node *n, const struct reboot_nodes *r);
/* The request is taken back. */
void decide_reboot_cancel(struct node *n);

/* --- decide_power.c
 * ------------------------------------------------------------------------------------------ */
/* The power of these nodes is due (node_power_due). */
void decide_power_tick(struct decide *d, const struct bits *due);
/* Are all nodes of the job ready, `but` (or NULL) not looked at? */
bool decide_nodes_ready(const struct decide *d, const struct job *j, const struct node *but);
/* The node, which was off or booting, is ready with this command: jobs that waited for it begin. */
void decide_node_came_up(struct decide *d, const struct node *n);

/* --- depend_eval.c
 * ------------------------------------------------------------------------------------------- */
struct depend;
/* Works out the state of every open part for a job (its id, user and name) at `now`. *ret_next: when to look
 * again. */
void depend_eval(const struct state *s, const struct job *job, struct depend *dep, int64_t now,
                 int64_t *ret_next);
/* aftercorr: which tasks of an ARRAY record may go on although the record has to wait. */
void depend_corr_tasks(const struct state *s, const struct job *job, const struct depend *dep,
                       struct bits *ret);
/* Parses a user's text for a job and marks arrays. Empty text gives no part. Errors: ESLURM_DEPENDENCY. */
int depend_of_user(struct decide *d, const struct job *job, const char *text, struct depend *ret);
/* It is time to look at a job's dependencies: they wait for something to wake them from here on. */
void decide_dependency_due(struct decide *d, uint32_t job_id);
/* Looks at them. */
void decide_dependency(struct decide *d, const struct job *j);

/* --- hold.c
 * -------------------------------------------------------------------------------------------------- */
/* The priority that a job gets by itself. */
uint32_t decide_priority(const struct state *s, const struct job *j);
/* The reason why a pending job waits, as far as the core knows: held, begin time, dependency; else none. */
enum job_reason decide_reason(const struct job *j, int64_t now);

/* --- rows
 * ---------------------------------------------------------------------------------------------------- */
int decide_submit(struct decide *d, const void *record);
int decide_job_update(struct decide *d, const void *record);
int decide_job_signal(struct decide *d, const void *record);
int decide_job_requeue(struct decide *d, const void *record);
int decide_job_suspend(struct decide *d, const void *record);
int decide_job_complete(struct decide *d, const void *record);
int decide_start_job(struct decide *d, const void *record);
int decide_launch_done(struct decide *d, const void *record);
int decide_prolog_done(struct decide *d, const void *record);
int decide_epilog_done(struct decide *d, const void *record);
int decide_plan_notes(struct decide *d, const void *record);
int decide_step_create(struct decide *d, const void *record);
int decide_step_done(struct decide *d, const void *record);
int decide_step_update(struct decide *d, const void *record);
int decide_node_register(struct decide *d, const void *record);
int decide_node_report(struct decide *d, const void *record);
int decide_node_contact(struct decide *d, const void *record);
int decide_node_update(struct decide *d, const void *record);
int decide_reboot_nodes(struct decide *d, const void *record);
int decide_power_exclude(struct decide *d, const void *record);
int decide_node_create(struct decide *d, const void *record);
int decide_node_delete(struct decide *d, const void *record);
int decide_part_update(struct decide *d, const void *record);
int decide_part_delete(struct decide *d, const void *record);
int decide_configure(struct decide *d, const void *record);
int decide_tick(struct decide *d, const void *record);

#endif
