/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ctld: slurmctld's threads and what they share.
 *
 *     net threads --work--> core thread --batch--> journal thread --> replies (net), effects (agent, planner,
 * watches)
 *
 * A struct work is one command on its way: made by whoever asks, owned by the queue it is in, and given back
 * by `done` once its facts are durable. Everything that is read comes from the newest published snapshot.
 * doc/adr/0001-pipelined-commit.md.
 *
 * struct ctld is the only thing that all threads know; the comment of each member says who may touch it.
 */
#ifndef SLURMCTLD_CTLD_H
#define SLURMCTLD_CTLD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "conf/conf.h"
#include "core/core.h"
#include "os/auth.h"
#include "os/users.h"
#include "port/journal.h"

struct options;
struct core_thread;
struct journal_thread;
struct planner_thread;
struct agent;
struct scripts;
struct net_thread;

enum {
    CTLD_NET_THREADS = 2,
    CTLD_PORTS_MAX = 16,
    CTLD_BATCH_MAX = 4096,         /* commands that become durable together */
    CTLD_BATCHES_WAITING = 2,      /* decided batches that wait for the disk */
    CTLD_SNAPSHOT_BATCHES = 20000, /* journal entries after which a snapshot is written */
    CTLD_SNAPSHOT_SECONDS = 600,   /* or after so long, when there are any */
};

struct work {
    struct command command;
    void *record;                   /* the request: owned */
    const struct meta_record *type; /* of record; NULL: none */
    char *host;                     /* of the sender: owned */
    struct buf payload;             /* stored with the batch, empty: none */
    struct meta_bytes payload_name;
    struct reply reply;
    struct job *test_job; /* of --test-only: the job as it would be */
    int rc;               /* what core_decide gave */
    struct err e;
    struct snapshot *snapshot;    /* after its batch; for `done` */
    void (*done)(struct work *w); /* on the journal thread; owns w from then on. NULL: work_free */
    void *user;
    uint32_t seq; /* of the request */
};
struct work *work_new(enum msg_type type, void *record);
void work_free(struct work *w);

/* The configuration in force. Replaced whole; a reader keeps it while he looks. */
struct shared_conf {
    struct shared sh;
    struct conf *conf;
    struct config_files files; /* for hosts that have none; empty unless enable_configless */
};

struct ctld {
    const struct options *opt;
    struct auth *auth;       /* any thread */
    struct users *users;     /* any thread */
    struct journal *journal; /* as port/journal.h says */
    uint64_t term;
    int64_t boot_time;
    char *conf_path;
    char *state_folder;
    uint32_t slurm_uid;
    uint16_t ports[CTLD_PORTS_MAX];
    uint32_t ports_n;

    pthread_mutex_t lock; /* of the two below */
    struct snapshot *snapshot;
    struct shared_conf *conf;

    struct core_thread *core;
    struct journal_thread *journal_thread;
    struct planner_thread *planner;
    struct agent *agent;
    struct scripts *scripts;
    struct net_thread *nets[CTLD_NET_THREADS];
    atomic_uint watchers;         /* open job_watch requests, on all net threads */
    atomic_bool room_low;         /* room.c */
    _Atomic uint64_t room_looked; /* when, in us */
    atomic_bool stopping;
    int stop_fd; /* eventfd: the main thread ends everything */
};

/* A record that borrows all that a shared one holds, for an encoder that leaves something out. The count is
 * not read: other threads change it. */
#define BORROW_SHARED(dst, src)                                                                              \
    (shared_init(&(dst)->sh),                                                                                \
     memcpy((char *)(dst) + sizeof(struct shared), (const char *)(src) + sizeof(struct shared),              \
            sizeof *(dst) - sizeof(struct shared)))

struct snapshot *ctld_snapshot(struct ctld *c);        /* kept for the caller */
void ctld_publish(struct ctld *c, struct snapshot *s); /* takes the reference */
struct shared_conf *ctld_conf(struct ctld *c);         /* kept for the caller */
void ctld_conf_drop(struct shared_conf *s);
void ctld_conf_replace(struct ctld *c, struct shared_conf *s); /* takes the reference */
int64_t ctld_now(void);
/* Asks the main thread to end the process in order. */
void ctld_stop(struct ctld *c);

/* core_thread.c: takes the state over. */
struct core_thread *core_start(struct ctld *c, struct state *state, uint64_t next_index);
/* Before any thread runs: the configuration becomes part of the state and of the journal. clear: -c, every
 * job is ended. *index: the last journal entry, before and after. */
int core_configure(struct ctld *c, struct state *state, const struct configure *configure, bool clear,
                   uint64_t *index, struct err *e);
void core_post(struct core_thread *t, struct work *w); /* any thread */
void core_post_many(struct core_thread *t, struct work **w, uint32_t n);
/* Decides what was posted before, then ends. What is posted later is never decided, and dropped by core_free.
 */
void core_stop(struct core_thread *t);
void core_free(struct core_thread *t);
uint32_t core_queue_length(struct core_thread *t);

/* journal_thread.c */
struct batch;
struct batch *batch_new(void);
void batch_free(struct batch *b);
/* index: the last entry; kept: the one that the stored snapshot holds. */
struct journal_thread *journal_start(struct ctld *c, uint64_t index, uint64_t kept);
/* Blocks while CTLD_BATCHES_WAITING batches wait. */
void journal_post(struct journal_thread *t, struct batch *b);
void journal_stop(struct journal_thread *t);

struct batch {
    VEC(struct work *) works;
    struct buf facts; /* an encoded fact_batch; empty: nothing durable in it */
    uint64_t index;
    uint32_t facts_n;
    struct outbox outbox;
    struct snapshot *snapshot;
    uint32_t next_job_id;
};

/* planner_thread.c */
struct planner_thread *planner_start(struct ctld *c);
void planner_wake(struct planner_thread *t); /* any thread */
void planner_stop(struct planner_thread *t);
void planner_thread_free(struct planner_thread *t); /* when the core has ended: it may still answer */

/* agent.c: what goes to the nodes. */
struct agent *agent_start(struct ctld *c);
/* Carries out the node effects of the list (others are passed over), with the snapshot that they belong to.
 */
void agent_post(struct agent *a, struct outbox *o, struct snapshot *s);
void agent_stop(struct agent *a);

/* scripts.c: PrologSlurmctld, EpilogSlurmctld, and the programs of power saving. */
struct scripts *scripts_start(struct ctld *c);
/* Runs what the list asks for (other effects are passed over), with the snapshot that it belongs to. One
 * thread at a time: the main one at the start, then the journal thread. */
void scripts_post(struct scripts *s, const struct outbox *o, struct snapshot *snapshot);
void scripts_stop(struct scripts *s); /* before the core goes: until then its prologs report to it */

/* net_thread.c */
/* The loop with its listeners; connections wait until it is started, when core and planner are there. */
struct net_thread *net_thread_new(struct ctld *c, uint32_t number, const int *fds, uint32_t fds_n);
void net_thread_start(struct net_thread *t);
/* The jobs (ids) of a batch have changed: for watches. */
void net_thread_jobs_changed(struct net_thread *t, const uint32_t *ids, uint32_t n, struct snapshot *s);
void net_thread_stop(struct net_thread *t);

/* room.c: of StateSaveLocation. Any thread. */
void room_look(struct ctld *c);
bool room_for_jobs(struct ctld *c);

/* configure.c */
struct configure *configure_from(const struct conf *conf, uint32_t slurm_uid, struct err *e);
/* Puts the members of the partition's AllowGroups into allow_uids. */
void configure_groups(struct part *p);
/* Reads the files; warnings and errors go to the log. NULL with Slurm's fatal text in *e. */
struct shared_conf *configure_load(const char *path, struct err *e);

/* 0 when the daemon can go over from one to the other while it runs; *e names what cannot change. */
int configure_restart(const struct conf *was, const struct conf *now, struct err *e);

/* ctldlog.c */
void ctld_log_open(const struct ctld *c, const struct conf *conf);
void ctld_log_rotate(const struct ctld *c); /* SIGUSR2: the level of the file as it is now, and a fresh log */

/* configfiles.c: reads what configless hosts are given. */
void configfiles_read(const struct conf *conf, struct config_files *ret);

/* credential.c: what a node may execute, signed. */
int credential_for_batch(struct ctld *c, const struct job *job, const struct node *node, struct buf *ret,
                         struct err *e);
int credential_for_step(struct ctld *c, const struct job *job, const struct step *step, struct buf *ret,
                        struct err *e);
/* For files to the nodes of a job, or of one of its steps (NULL: of the job). */
int credential_for_bcast(struct ctld *c, const struct snapshot *s, const struct job *job,
                         const struct step *step, struct bcast_grant *ret, struct err *e);

/* testonly.c: fills the reply of w (start time, place) for w->test_job. Takes its time: not on a loop. */
int test_only(struct work *w);

/* recover.c: snapshot and journal become a state. *ret_index: the last journal entry in it; *ret_kept: the
 * one of the snapshot. */
int recover(struct ctld *c, bool ignore_errors, struct state *state, uint64_t *ret_index, uint64_t *ret_kept,
            struct err *e);
/* Writes a snapshot to the journal. Any one thread. */
int snapshot_store(struct ctld *c, struct snapshot *s, struct err *e);

/* stats.c: counters for sdiag. */
enum stat_id {
    STAT_CONNECTIONS,
    STAT_REQUESTS,
    STAT_REFUSED,
    STAT_COMMANDS,
    STAT_BATCHES,
    STAT_FACTS,
    STAT_JOURNAL_BYTES,
    STAT_JOURNAL_US,
    STAT_JOBS_SUBMITTED,
    STAT_JOBS_STARTED,
    STAT_JOBS_STALE,
    STAT_PLANS,
    STAT_PLAN_US,
    STAT_PLAN_LAST_US,
    STAT_PLAN_MAX_US,
    STAT_PLAN_WORK,
    STAT_SNAPSHOTS,
    STAT_LAUNCHES,
    STAT_NODE_ERRORS,
    STAT_COUNT,
};
void stat_add(enum stat_id s, uint64_t n);
void stat_set(enum stat_id s, uint64_t n);
void stat_max(enum stat_id s, uint64_t n);
uint64_t stat_get(enum stat_id s);
void stats_fill(struct ctld *c, struct stats *ret);
void stats_reset(void);
uint64_t stat_now_us(void);

#endif
