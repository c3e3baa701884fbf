/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slurmd: the daemon of a node. A thin shell around src/nodecore: it checks who asks, starts slurmstepds and
 * scripts, and carries reports to the controller. One thread, one libuv loop.
 *
 *   serve.c   the listening port: hello, requests, the hand-over of srun's connections
 *   order.c   what the controller wants besides launches: kill, signal, ping, control
 *   forward.c messages for many nodes: they are passed on to those behind this one
 *   link.c    the kept connection to the controller: registration and reports
 *   launch.c  launch messages -> step_launch records
 *   bcast.c   files for the jobs of this node: sbcast, srun --bcast
 *   effect.c  carries out what nodecore wants
 *   steps.c   slurmstepds: starting, orders, their end
 *   adopt.c   finding them again after a restart, and what became of them
 *   sweep.c   what is left of a step whose slurmstepd was killed
 *   script.c  prolog, epilog, health check
 *   setup.c   configuration, this node's record, cgroups; fetch.c gets the files of a node that has none
 */
#ifndef SLURMD_SLURMD_H
#define SLURMD_SLURMD_H

#include <netinet/in.h>
#include <sys/socket.h>
#include <uv.h>

#include "base/map.h"
#include "base/vec.h"
#include "conf/conf.h"
#include "model.h"
#include "nodecore/nodecore.h"
#include "os/auth.h"
#include "os/log.h"
#include "os/net.h"
#include "os/sack.h"
#include "os/topology.h"
#include "slurmd/options.h"

enum {
    SLURMD_RETRY_MS = 1000,          /* between two tries to reach the controller */
    SLURMD_REGISTER_AGAIN_MS = 5000, /* a registration that was refused is repeated */
    SLURMD_SCRIPT_OUTPUT_MAX = 4096, /* of a prolog's output that goes to the log */
};

struct slurmd;

/* A launch until its slurmstepd runs: the ctx of a step in nodecore. */
struct launch {
    struct step_launch *record;
    int srun_fd; /* -1: a batch step */
};
/* What prolog and epilog need to know: the ctx of a job in nodecore. */
struct job_info {
    uint32_t job_id, uid, gid, restarts;
    char *user_name;
    struct job *job;         /* as launch or kill brought it; never NULL */
    struct cred_node *share; /* NULL when unknown */
    uint32_t exit_code;
};

/* A slurmstepd that lives. */
struct stepd {
    struct slurmd *d;
    uint32_t job_id, step_id, restarts;
    uv_poll_t poll;
    int fd; /* its control socket */
};

struct peer; /* serve.c */

struct slurmd {
    const struct options *opt;
    struct conf *conf;
    const char *node_name;
    struct node *node; /* as it registers; gres from the configuration */
    struct topology topology;
    struct step_cgroup *cgroup; /* the settings that all steps share; NULL: control groups are disabled */
    char *spool, *stepd_path, *conf_path, *key_path, *log_path, *pid_path;
    uint32_t slurm_uid;
    uint64_t token;
    int64_t start_time;

    uv_loop_t loop;
    struct net *net;
    struct auth *auth; /* NULL: there is no key yet */
    struct sack *sack;
    uv_signal_t sig_term, sig_int, sig_quit, sig_hup, sig_chld, sig_usr2;
    uv_timer_t deadline, retry;
    int pid_fd;
    bool stopping;
    bool running; /* not at the start any more: what is not there is not waited for */

    struct node_core core;
    struct map_u64 stepds;  /* job_id << 32 | step_id -> struct stepd */
    struct map_u64 jobs;    /* job_id -> struct job_info, the ctx of nodecore */
    struct map_u64 scripts; /* pid -> struct script */
    struct map_u64 sweeps;  /* job_id << 32 | step_id -> struct sweep */
    struct map_u64 waits;   /* likewise -> struct wait: slurmstepds that live and do not answer yet */

    /* link.c */
    struct net_conn *ctld;
    uint32_t ctld_at, seq; /* which controller of the list; last sequence number */
    bool registered, ever_registered;
    uint32_t register_seq;
    struct map_u64 sent; /* sequence number -> report id + 1 */

    /* forward.c */
    struct passing *passing; /* messages that are being passed on */
    struct map_u64 answered; /* nonce -> what was answered, until nobody can ask again */
};

/* --- setup.c --- */
/* Reads the configuration and finds this node in it. On failure e->text is what follows "fatal: ". */
int setup_conf(struct slurmd *d, struct err *e);
int setup_node(struct slurmd *d, struct err *e);     /* topology, devices, control groups */
uint16_t setup_port(const struct slurmd *d);         /* where it listens */
int setup_auth(struct slurmd *d, struct err *e);     /* ENOENT: no key yet */
void setup_release(struct slurmd *d);                /* what the three have made, but not auth */
void setup_swap(struct slurmd *a, struct slurmd *b); /* exchanges what they have made */
/* 0 when a running slurmd can go over from one to the other; *e names what cannot change. */
int setup_restart(const struct slurmd *was, const struct slurmd *now, struct err *e);
void setup_log(struct slurmd *d);
void setup_log_rotate(struct slurmd *d); /* SIGUSR2: the level of the file as it is now, and a fresh log */
void setup_print_hardware(void);         /* -C */
void setup_print_gres(struct slurmd *d); /* -G */
/* "%n" and "%h" of paths. mem_free it. */
char *setup_path(const struct slurmd *d, const char *pattern);
/* The same of a program: one without a folder lies beside slurm.conf. */
char *setup_script_path(const struct slurmd *d, const char *pattern);

/* --- fetch.c --- */
/* Where a node without files asks: --conf-server, or SLURM_CONF_SERVER when there is no slurm.conf. Else
 * NULL. */
const char *fetch_servers(const struct options *o);
/* Gets the files; sets conf_path and key_path. */
int fetch_conf(struct slurmd *d, const char *servers, struct err *e);

/* --- link.c --- */
void link_start(struct slurmd *d);
void link_register(struct slurmd *d);
void link_end_jobs(struct slurmd *d); /* -c: every job of this node */
void link_report(struct slurmd *d, const struct node_effect *e);

/* --- serve.c --- */
int serve_start(struct slurmd *d, struct err *e);

/* --- order.c --- */
bool order_known(uint32_t type);
/* Carries an order out; the answer's frame goes to `out`. What has to wait until the answer is on its way is
 * given back for order_act, which takes it; NULL: nothing. */
char *order_take(struct slurmd *d, uint16_t type, uint32_t seq, void *rec, struct buf *out);
void order_act(struct slurmd *d, char *action);

/* --- forward.c --- */
/* Carries out the message in it, and passes it on to the nodes it names; answers go to `asker`. Negative:
 * nothing was done. */
int forward_take(struct slurmd *d, const struct forward *m, struct net_conn *asker, uint32_t seq,
                 struct err *e);
void forward_asker_gone(struct slurmd *d, struct net_conn *asker);
void forward_stop(struct slurmd *d);    /* nothing of it keeps the loop going after this */
void forward_release(struct slurmd *d); /* after the loop has ended */

/* --- launch.c --- */
int launch_batch(struct slurmd *d, struct launch_batch *m, struct err *e);
/* Takes srun_fd over, also on failure. `seq` is the number of the request, which slurmstepd answers. */
int launch_tasks(struct slurmd *d, struct launch_tasks *m, uint32_t uid, int srun_fd, const char *peer,
                 uint32_t seq, struct err *e);
/* Checks a signed credential for this node; `bcast` says what for. *ret is the caller's on success. */
int launch_credential(struct slurmd *d, const struct meta_bytes *signed_blob, bool bcast,
                      struct credential *ret, struct err *e);
void launch_free(struct launch *l);
void job_info_free(struct job_info *j);
struct job_info *job_info_new(const struct job *job, uint32_t uid, uint32_t gid, uint32_t restarts);

/* --- bcast.c --- */
/* Takes fd over, also on failure: a process of its own, with the user's rights, gets the rest of the file and
 * answers. */
int bcast_receive(struct slurmd *d, struct bcast *first, uint32_t uid, int fd, uint32_t seq, struct err *e);

/* --- effect.c --- */
/* Carries the effects out, and what follows from them; then sets the deadline anew. */
void effects_run(struct slurmd *d, struct node_effects *out);
int64_t slurmd_now(void);

/* --- steps.c --- */
void steps_spawn(struct slurmd *d, struct launch *l, struct node_effects *out);
void steps_order(struct slurmd *d, uint32_t job_id, uint32_t step_id, const struct step_order *o);
/* From now on the slurmstepd behind this socket is known; takes fd over. */
void steps_watch(struct slurmd *d, uint32_t job_id, uint32_t step_id, uint32_t restarts, int fd);
/* It has gone: its report is read, or the step is lost once nothing of it runs. */
void steps_over(struct slurmd *d, uint32_t job_id, uint32_t step_id, uint32_t restarts);
bool steps_read_file(const char *path, struct buf *out);
struct node_report *steps_read_report(const char *path); /* what a slurmstepd left, or NULL */
void steps_drop_mark(struct slurmd *d, uint32_t job_id, uint32_t step_id, uint32_t restarts);
void steps_drop_report(struct slurmd *d, uint32_t job_id, uint32_t step_id, uint32_t restarts);
void steps_drop_job(struct slurmd *d, uint32_t job_id);

/* --- adopt.c --- */
void steps_adopt(struct slurmd *d);   /* at start: what lies in the spool folder */
void adopt_release(struct slurmd *d); /* after the loop has ended */

/* --- sweep.c --- */
/* Kills what a step has left whose slurmstepd is gone, until nothing of it runs. `report`: then the step has
 * been lost, and counts as running until then. */
void sweep_start(struct slurmd *d, uint32_t job_id, uint32_t step_id, uint32_t restarts, bool report);
void sweep_release(struct slurmd *d); /* after the loop has ended */

/* --- script.c --- */
void script_prolog(struct slurmd *d, uint32_t job_id);
void script_epilog(struct slurmd *d, uint32_t job_id);
void script_health(struct slurmd *d);
void script_reboot(struct slurmd *d);
void script_reaped(struct slurmd *d, pid_t pid, int status);

/* --- main.c --- */
void slurmd_stop(struct slurmd *d);
void slurmd_reconfigure(struct slurmd *d);

#endif
