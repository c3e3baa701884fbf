/* SPDX-License-Identifier: Apache-2.0 */
/*
 * world: everything in a simulation. Private to src/sim.
 *
 * vctl.c is the controller's shell, vnode.c a node's, vuser.c the users; they meet only through messages,
 * which world_send() delays, loses and doubles as the fault plan says.
 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "base/map.h"
#include "base/vec.h"
#include "core/core.h"
#include "sched/sched.h"
#include "sim/sim.h"
#include "sim/vjournal.h"

enum event_kind {
    EV_TO_CONTROLLER, /* message */
    EV_TO_NODE,       /* message */
    EV_DURABLE,       /* the journal has written a batch */
    EV_PLAN,
    EV_TICK,      /* the core's deadline */
    EV_NODE_WAKE, /* a job of the node ends, or a report is due again */
    EV_USER,      /* somebody does something */
    EV_CRASH,
    EV_RECOVER,
    EV_NODE_CRASH,
    EV_NODE_START,
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
    uint64_t ask;  /* what an answer refers to */
};

struct event {
    int64_t at; /* ms */
    uint64_t seq, epoch;
    enum event_kind kind;
    uint32_t node;
    struct message msg;
};

/* A job on a node. */
struct vjob {
    uint32_t job_id, restarts;
    int64_t ends_at; /* ms */
    bool running;
    struct bits cores;
};
struct vreport {
    struct node_report record;
    uint64_t ask;
    int64_t next; /* ms: sent again then */
};
struct vnode {
    uint32_t index;
    char name[16];
    bool up, cut, registered;
    uint64_t term, token;
    int64_t wake;          /* ms of the EV_NODE_WAKE under way, 0 = none */
    VEC(struct vjob) jobs; /* running ones, and those that have ended, so that nothing starts twice */
    VEC(struct vreport) unacked;
    int64_t register_at;
};

/* What waits for a batch to be durable. */
struct pending_reply {
    enum msg_type type;
    uint32_t node;
    uint64_t ask;
    int code;
    uint32_t job_id;            /* of a submission */
    struct meta_u32s kill_jobs; /* of a registration; owned */
};
struct batch {
    uint64_t index;
    struct buf bytes; /* encoded fact_batch */
    struct snapshot *snapshot;
    struct outbox effects;
    VEC(struct pending_reply) replies;
};

struct vctl {
    bool up;
    uint64_t epoch; /* events of an earlier life are void */
    struct state *state;
    struct planner *planner;
    struct snapshot *seen;  /* published */
    struct fact_batch open; /* facts of the batch that is being filled */
    struct outbox effects;
    VEC(struct pending_reply) replies;
    VEC(struct batch) writing; /* at most one */
    uint64_t next_index;
    int64_t clock_skew; /* s */
    int64_t tick_at;    /* ms of the EV_TICK under way */
    bool plan_wanted;
};

/* What the checkers remember of the real world. */
struct known_job {
    bool acked, ended, cancelled;
    uint32_t job_id;
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
    bool calm;
    struct map_u64 acked; /* job id -> itself: acknowledged submissions that have not been seen to end */
    struct map_u64 runs;  /* job id and restarts -> node + 1 on which the script started */
    uint32_t users_left;  /* things that users still want to do */
    struct configure *config;
};

static const int64_t SIM_EPOCH = 1700000000; /* s: where virtual time begins */

void world_push(struct world *w, int64_t delay_ms, struct event e);
/* Sends under the fault plan; the record goes over. */
void world_send(struct world *w, enum event_kind to, struct message m);
uint64_t world_rand(struct world *w, uint64_t n);
bool world_chance(struct world *w, uint32_t fault, uint32_t in); /* one in `in`, while that fault is on */
void world_trace(struct world *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void world_fail(struct world *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void message_release(struct message *m);

/* vctl.c */
void vctl_start(struct world *w);
void vctl_crash(struct world *w);
void vctl_release(struct world *w);
void vctl_message(struct world *w, struct message *m);
void vctl_durable(struct world *w);
void vctl_plan(struct world *w);
void vctl_tick(struct world *w);
/* A state made again from the journal alone; NULL (and a complaint) when that fails. */
struct state *vctl_replay(struct world *w);

/* vnode.c */
void vnode_init(struct world *w, uint32_t index);
void vnode_release(struct vnode *n);
void vnode_start(struct world *w, struct vnode *n, bool reboot);
void vnode_crash(struct world *w, struct vnode *n, bool reboot);
void vnode_message(struct world *w, struct vnode *n, struct message *m);
void vnode_acked(struct world *w, struct vnode *n, const struct pending_reply *r);
void vnode_wake(struct world *w, struct vnode *n);

/* vuser.c */
struct configure *user_config(struct world *w);
void user_act(struct world *w);
void user_release_all(struct world *w);
void user_reply(struct world *w, const struct pending_reply *r);

/* check.c */
void check_step(struct world *w);
void check_replay(struct world *w);
bool check_drained(struct world *w);
void check_stuck(struct world *w); /* complains, with the jobs that must end and have not */

#endif
