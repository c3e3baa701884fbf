/* SPDX-License-Identifier: Apache-2.0 */
/*
 * world: everything in a simulation. Private to src/sim.
 *
 *   sim.c    the event loop and the network      fault.c  what goes wrong, and when
 *   vctl.c   the controller's shell: commits     vsend.c  the controller's shell: replies and effects
 *   vtree.c  the tree that messages for many nodes go through
 *   vnode.c  slurmd, around the real nodecore    vstep.c  its slurmstepds, scripts and files
 *   vuser.c  the users                           vconf.c  the configuration
 *   check.c  what must hold                      vpower.c machines that are off
 *
 * They meet only through messages, which world_send() delays, loses and doubles as the fault plan says.
 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "base/map.h"
#include "base/vec.h"
#include "core/core.h"
#include "nodecore/nodecore.h"
#include "sched/sched.h"
#include "sim/sim.h"
#include "sim/vjournal.h"

enum event_kind {
    EV_TO_CONTROLLER, /* message */
    EV_TO_NODE,       /* message */
    EV_ANSWER,        /* the controller's, at a node or a user */
    EV_DURABLE,       /* the journal has written a batch */
    EV_PLAN,
    EV_TICK,      /* the core's deadline */
    EV_HOOK,      /* message: PrologSlurmctld or EpilogSlurmctld has ended */
    EV_NODE_WAKE, /* something on a node ends, or is due */
    EV_USER,      /* somebody does something */
    EV_CRASH,
    EV_RECOVER,
    EV_NODE_CRASH,
    EV_NODE_START,
    EV_POWER_ON,
    EV_POWER_OFF,
    EV_CUT, /* a node is cut off */
    EV_HEAL,
    EV_CLOCK,
    EV_CALM,    /* no more faults */
    EV_RELEASE, /* users let go of what they hold */
};

/* A message under way. `record` is of the message's request type. */
struct message {
    enum msg_type type;
    void *record;
    uint32_t node; /* sender or receiver, NO_VAL = a user */
    uint64_t life; /* token of the slurmd that sends it */
    uint64_t ask;  /* what an answer refers to */
    int64_t sent;  /* ms */
};

/* What is told once a batch is durable. */
struct answer {
    enum msg_type type;
    uint32_t node;
    uint64_t life, ask;
    int code;
    uint32_t job_id; /* that the command was about; 0 = none, or several */
    uint64_t made;   /* world.seq when it was decided */
    struct reply reply;
};

struct event {
    int64_t at; /* ms */
    uint64_t seq, epoch;
    enum event_kind kind;
    uint32_t node;
    union {
        struct message msg;    /* EV_TO_CONTROLLER, EV_TO_NODE, EV_HOOK */
        struct answer *answer; /* EV_ANSWER; owned */
    };
};

/* A launch until its slurmstepd runs: the ctx of a step in nodecore. */
struct vlaunch {
    uint32_t job_id, step_id, restarts;
    struct bits cores;
    VEC(struct job_gres) gres;
};

/* A slurmstepd: it outlives its slurmd, not the machine. */
struct vstepd {
    struct vlaunch l;
    int64_t ends_at; /* ms */
    uint32_t status;
    bool stubborn; /* ignores TERM */
};

/* What the disk says of a step from before its slurmstepd is started until its report is acknowledged. */
struct vmark {
    uint32_t job_id, step_id, restarts;
};

/* Prolog or epilog: slurmd waits for it. */
struct vscript {
    uint32_t job_id;
    bool epilog, ok;
    int64_t done_at; /* ms */
};

struct vnode {
    uint32_t index;
    char name[16];
    bool up, cut, registered;
    bool off;              /* the machine, not only its daemon */
    struct node_core core; /* while up */
    uint64_t token;
    int64_t clock_skew, boot_time; /* s */
    int64_t booted;                /* ms */
    bool just_booted;
    uint64_t term_seen;  /* highest of the messages that came to this process */
    struct message last; /* the last launch that came here: it may come again */
    uint64_t asked;      /* as the last answer to a registration said */
    int64_t register_at; /* ms: tried again then, while not registered */
    int64_t wake;        /* ms of the EV_NODE_WAKE under way, 0 = none */
    VEC(struct vstepd) stepds;
    VEC(struct vscript) scripts;
    VEC(struct node_report *) files; /* reports on the disk */
    VEC(struct vmark) marks;         /* likewise: every step that was started and has not been settled */
    struct map_u64 ran;              /* job, run and step of everything that ever started here */
};

struct batch {
    uint64_t index;
    struct buf bytes; /* encoded fact_batch; empty = no durable fact */
    struct snapshot *snapshot;
    struct outbox effects;
    VEC(struct answer) answers;
    VEC(uint64_t) ended; /* job and run of each end in it */
};

enum { BATCHES_WAITING = 2 };

struct vctl {
    bool up;
    uint64_t epoch; /* events of an earlier life are void */
    struct state *state;
    struct planner *planner;
    struct snapshot *seen;     /* published */
    struct batch open;         /* what is being filled */
    struct fact_batch facts;   /* likewise */
    VEC(struct batch) writing; /* in order; the disk works on the first */
    uint64_t next_index;
    int64_t clock_skew; /* s */
    int64_t tick_at;    /* ms of the EV_TICK under way */
    int64_t plan_at;    /* ms of the EV_PLAN under way, 0 = none */
};

struct world {
    struct sim_options opt;
    struct sim_outcome *out;
    uint64_t rng;
    int64_t now; /* ms of virtual time */
    uint64_t seq, ask;
    VEC(struct event) heap;
    struct vjournal journal;
    struct vctl ctl;
    VEC(struct vnode) nodes;
    bool calm, prolog, epilog, hooks; /* hooks: PrologSlurmctld and EpilogSlurmctld */
    bool saving;                      /* power */
    int64_t disk_full_until;          /* ms */
    int64_t late_ms;                  /* while a controller sends that hangs, and wakes after its successor */
    struct map_u64 acked;     /* job id -> itself: acknowledged submissions that have not been seen to end */
    struct map_u64 cancelled; /* job id -> itself: acknowledged cancellations */
    struct map_u64 requeued;  /* job id -> world.seq of its last return after an end */
    struct map_u64 over;      /* job id and run: an end that was decided */
    struct map_u64 ended;     /* the same, and durable */
    struct map_u64 missing;   /* job id -> ms since when its node does not have it */
    struct map_u64 runs;      /* job id and run whose script has started */
    VEC(uint32_t) jobs_touched;         /* scratch */
    const struct node_report *reported; /* which is being decided */
    struct vnode *registering;          /* whose registration, fresh from it, is being decided */
    uint32_t users_left;                /* things that users still want to do */
    uint64_t check_every;               /* steps between looks at everything */
    VEC(struct message) round;          /* for several nodes; not sent yet */
    enum msg_type round_type;
    uint32_t round_job;
    struct configure *config;
    uint32_t subject_job, subject_node; /* what the complaint is about, NO_VAL = nothing */
};

static const int64_t SIM_EPOCH = 1700000000; /* s: where virtual time begins */

static inline uint64_t run_key(uint32_t job_id, uint32_t restarts)
{
    return (uint64_t)job_id << 32 | restarts;
}

/* --- sim.c --- */
void world_push(struct world *w, int64_t delay_ms, struct event e);
void message_release(struct message *m);
/* Sends under the fault plan; the record goes over. */
void world_send(struct world *w, enum event_kind to, struct message m);
/* A copy of what was sent already comes once more, after so long. */
void world_repeat(struct world *w, enum event_kind to, const struct message *m, int64_t delay_ms);
/* The same for an answer, whose reply goes over. */
void world_answer(struct world *w, struct answer *a);
void answer_release(struct answer *a);
uint64_t world_rand(struct world *w, uint64_t n);
bool world_chance(struct world *w, uint32_t fault, uint32_t in); /* one in `in`, while that fault is on */
/* `job` and `node` (NO_VAL: none) are what the line or the complaint is about. */
void world_trace(struct world *w, uint32_t job, uint32_t node, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void world_fail(struct world *w, uint32_t job, uint32_t node, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* --- fault.c --- */
void fault_begin(struct world *w);
void fault_event(struct world *w, const struct event *e);
/* The controller dies here and now: at points that lie between two events. */
bool fault_dies(struct world *w, const char *where);
bool fault_hangs(struct world *w); /* likewise, but what it was about to send comes later */
bool fault_disk(struct world *w);  /* a write fails */

/* --- vctl.c --- */
void vctl_start(struct world *w);
void vctl_crash(struct world *w);
void vctl_release(struct world *w);
void vctl_message(struct world *w, struct message *m);
void vctl_configure(struct world *w); /* scontrol reconfigure, with w->config */
void vctl_durable(struct world *w);
void vctl_plan(struct world *w);
void vctl_tick(struct world *w);
void vctl_hook(struct world *w, const struct message *m); /* a program of the controller has ended */
int64_t vctl_clock(const struct world *w);
void vctl_want_plan(struct world *w);
/* A state made again from the journal alone. */
struct state *vctl_replay(struct world *w);

/* --- vsend.c --- */
void send_effect(struct world *w, const struct effect *e);
/* What only the shell can add to a reply: the credential of a step. */
void send_sign(struct world *w, struct answer *a);
/* Which simulated node the core's index stands for; NULL: it has been removed. */
struct vnode *node_at(struct world *w, uint32_t node_index);

/* --- vtree.c --- */
/* Messages of one kind and job that follow each other are one round; tree_flush() sends the last one. */
void tree_add(struct world *w, enum msg_type type, uint32_t job_id, uint32_t node, void *record);
void tree_flush(struct world *w);

/* --- vnode.c --- */
void vnode_init(struct world *w, uint32_t index);
void vnode_release(struct vnode *n);
void vnode_start(struct world *w, struct vnode *n);
void vnode_crash(struct world *w, struct vnode *n, bool reboot);
void vnode_message(struct world *w, struct vnode *n, struct message *m);
void vnode_answer(struct world *w, struct vnode *n, const struct answer *a);
void vnode_wake(struct world *w, struct vnode *n);
void vnode_unlink(struct world *w, struct vnode *n); /* its connection to the controller breaks */
void vnode_wake_at(struct world *w, struct vnode *n, int64_t at);
int64_t vnode_clock(const struct world *w, const struct vnode *n);

/* --- vstep.c --- */
void vlaunch_free(struct vlaunch *l);
/* Starts a slurmstepd, whose launch is copied; false: it does not start. */
bool vstep_start(struct world *w, struct vnode *n, const struct vlaunch *l);
void vstep_order(struct world *w, struct vnode *n, const struct node_effect *e);
/* Ends the i-th slurmstepd. Gives its report, which is a file now, or NULL when it leaves none. */
const struct node_report *vstep_end(struct world *w, struct vnode *n, uint32_t i);
void vstep_drop_file(struct vnode *n, uint32_t job_id, uint32_t step_id, uint32_t restarts);
void vstep_mark(struct vnode *n, const struct vlaunch *l);
void vstep_unmark(struct vnode *n, uint32_t job_id, uint32_t step_id, uint32_t restarts);
bool vstep_left(const struct vnode *n, const struct vmark *m); /* it lives, or has left a report */
void vstep_script(struct world *w, struct vnode *n, uint32_t job_id, bool epilog);
void vstep_reboot(struct vnode *n); /* nothing of it is left */

/* --- vpower.c --- */
void vpower_order(struct world *w, struct vnode *n, bool on); /* ResumeProgram or SuspendProgram is called */
/* And has done its work; `called`: ms. */
void vpower_event(struct world *w, struct vnode *n, bool on, int64_t called);

/* --- vconf.c --- */
bool conf_is_cloud(const struct world *w, uint32_t index); /* off until a job needs it */
enum { SIM_CORES = 8, SIM_GPUS_EVERY = 3 }; /* of a node; one of so many has GPUs, from the first on */
uint32_t conf_small_nodes(uint32_t nodes);  /* of the partition "small" */
/* The first `nodes` nodes; `variant` tells small changes apart. */
struct configure *conf_make(struct world *w, uint32_t nodes, uint32_t variant);
void conf_describe(struct world *w, uint32_t index, struct node *ret); /* what a host finds */

/* --- vuser.c --- */
void user_act(struct world *w);
void user_release_all(struct world *w);
void user_answer(struct world *w, const struct answer *a);

/* --- check.c --- */
void check_fact(struct world *w, const struct fact *f);
void check_durable(struct world *w, const struct batch *b); /* a batch was made durable and published */
void check_told(struct world *w, const struct answer *a);   /* somebody has read it */
void check_started(struct world *w, struct vnode *n, const struct vlaunch *l);
/* A node has taken a message of this term (rc 0), or refused it. */
void check_term(struct world *w, struct vnode *n, uint64_t term, int rc);
void check_step(struct world *w);
void check_missing(struct world *w); /* jobs that run as far as the controller knows, and nowhere else */
void check_replay(struct world *w);
bool check_drained(struct world *w);
void check_stuck(struct world *w); /* complains of what should have ended and has not */

#endif
