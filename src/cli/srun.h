/* SPDX-License-Identifier: Apache-2.0 */
/*
 * srun: the one struct of an srun, and what its files do with it.
 *
 * srun gets a job (alloc.h) or joins one, asks the controller for a step, and gives the launch to every node
 * of the step over a connection of its own. That connection then belongs to the step's slurmstepd: output and
 * exit statuses come over it, input and signals go. One thread, one poll loop (srun_loop.c); nothing but the
 * standard streams ever blocks, and those are written only when poll says so.
 *
 * Flow: when a reader of our output is slow, its queue grows to SRUN_QUEUE_MAX; then nothing is read from the
 * nodes any more, and the tasks wait in write(2).
 */
#ifndef CLI_SRUN_H
#define CLI_SRUN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bits.h"
#include "base/vec.h"
#include "cli/alloc.h"
#include "model/message.h"

enum {
    SRUN_QUEUE_MAX = 1 << 20,    /* bytes that wait for a slow reader, here or at a node */
    SRUN_EXITS_TOGETHER_MS = 50, /* tasks of one node that end within it are told in one line */
};

enum srun_task_state { TASK_UNKNOWN, TASK_RUNNING, TASK_EXITED, TASK_ABNORMAL };

/* Tasks of a node that ended alike and have not been told yet. */
struct srun_exit {
    uint32_t status; /* wait(2) */
    bool oom;
    struct bits tasks;
};

struct srun_node {
    const struct step_node *where;
    uint32_t index;
    int fd; /* -1: closed */
    struct buf in, out;
    bool fenced;         /* its tasks wait at a PMI fence */
    bool accepted;       /* the daemon took the launch; nothing is sent before */
    uint32_t open_tasks; /* tasks that have not ended */
    VEC(struct srun_exit) exits;
    int64_t exits_ms; /* when they have to be told; 0: there are none */
};

/* Something that output goes to. */
struct srun_sink {
    int fd;      /* -1: thrown away */
    bool plain;  /* a regular file: takes everything at once */
    bool broken; /* its reader has gone */
    struct buf queue;
};

/* Where one of the two output streams goes. */
struct srun_out {
    struct srun_sink *sink;
    uint32_t only;    /* one task's alone; INFINITE: all tasks' */
    char *node_path;  /* opened by the nodes: the pattern; else NULL */
    struct buf *part; /* of every task: a line that has begun, with labels; else NULL */
};

struct srun_streams {
    struct srun_sink sinks[4]; /* our stdout and stderr, then the files of -o and -e */
    struct srun_out out, err;
    int in_fd;          /* -1: no input, or its end was told */
    uint32_t in_task;   /* who gets it; INFINITE: all, NO_VAL: nobody */
    char *in_node_path; /* opened by the nodes */
    bool label;
    uint32_t label_width;
};

struct srun {
    struct cli *cli;
    struct jobopt opt;
    const struct jobopt_part *part;
    const struct job_cli_opts *given; /* of the part */
    struct alloc alloc;
    bool own_job; /* the allocation is ours to give back */
    uint32_t job_id;
    struct step_create_reply reply;
    const struct step *step; /* reply.step */
    char *id;                /* "7.0" */
    char *multi_prog;        /* the file's text, or NULL */
    char *bcast_path;        /* --bcast: where the program is on the nodes, or NULL */
    bool bcast_names_nodes;  /* each node's copy ends with its name */
    bool bcast_libs;         /* --send-libs: its libraries lie beside it */

    struct srun_node *nodes;
    uint32_t nodes_n, nodes_open;
    uint8_t *states; /* enum srun_task_state, by task */
    uint32_t open_tasks;
    struct srun_streams io;
    struct pmi_fence fence; /* pairs of the nodes that are there already */
    bool pty;

    int status;           /* highest exit status so far, as a shell sees it */
    uint32_t worst;       /* its wait(2) status */
    bool aborting;        /* "Job step aborted" was said: everything is being killed */
    bool ending;          /* --kill-on-bad-exit or --wait has begun to end the step */
    bool forced;          /* "Force Terminated" was said */
    bool leave;           /* do not wait for anything any more */
    int64_t wait_ms;      /* --wait is over; 0 = not set, as below */
    int64_t kill_ms;      /* what is left gets SIGKILL */
    int64_t abort_ms;     /* the end of our patience */
    bool awaits_end;      /* it is with nodes whose tasks have ended, and EioTimeout */
    int64_t interrupt_ms; /* the last Ctrl-C */
};

/* --- srun_step.c: which job, and its step --- */
/* 0, or the exit status. */
int srun_join(struct srun *s);   /* the job of --jobid or SLURM_JOB_ID: checks and sets s->alloc.job */
int srun_create(struct srun *s); /* fills s->reply; waits while the job's nodes are busy with other steps */
void srun_done(struct srun *s);  /* tells the controller that the step is over */

/* --- srun_local.c: what happens on this host --- */
int srun_read_multi_prog(struct srun *s); /* 0, or the exit status */
/* The programs of --prolog and --epilog, or of slurm.conf. 0, or the program's exit status. */
int srun_prolog(struct srun *s);
void srun_epilog(struct srun *s);

/* --- srun_bcast.c --- */
int srun_bcast(struct srun *s); /* does nothing without --bcast; 0, or the exit status */
/* What the node has to run instead of the program; NULL: the program. mem_free it. */
char *srun_bcast_program(const struct srun *s, const struct srun_node *n);
/* Lets the tasks that run `copy` find the libraries that were sent with it. */
void srun_bcast_libraries(const struct srun *s, const char *copy, struct meta_strs *env);

/* --- srun_launch.c --- */
const char *srun_mpi_type(const struct srun *s); /* of --mpi or slurm.conf */
int srun_launch(struct srun *s); /* connects to every node; failures are handled as those of a node */

/* --- srun_node.c: the connections --- */
void srun_node_readable(struct srun *s, struct srun_node *n);
void srun_node_writable(struct srun *s, struct srun_node *n);
/* The node cannot be worked with any more: its tasks count as failed. `text` may be NULL. */
void srun_node_lost(struct srun *s, struct srun_node *n, const char *text);
void srun_node_send(struct srun *s, struct srun_node *n, enum msg_type type, const struct meta_record *r,
                    const void *rec);
void srun_nodes_signal(struct srun *s, int signal, bool task_failed);
void srun_tell_exits(struct srun *s, bool all); /* those that are due, or all */
bool srun_nodes_full(const struct srun *s);     /* input has to wait */
bool srun_node_has(const struct srun_node *n, uint32_t task);

/* --- srun_pmi.c: what the tasks of --mpi=pmi2 tell each other --- */
void srun_pmi_fence(struct srun *s, struct srun_node *n, const struct pmi_fence *m);
void srun_pmi_abort(struct srun *s, const struct srun_node *n, const struct pmi_abort *m);
void srun_pmi_check(struct srun *s); /* a node has gone: nobody waits for it */

/* --- srun_stream.c: standard streams --- */
int srun_streams_open(struct srun *s); /* 0, or the exit status */
void srun_output(struct srun *s, uint32_t task, uint32_t stream, const void *data, size_t n);
void srun_output_end(struct srun *s, uint32_t task, uint32_t stream);
void srun_sink_write(struct srun *s, struct srun_sink *k); /* what it takes without blocking */
bool srun_sinks_full(const struct srun *s);
bool srun_sinks_empty(const struct srun *s);
void srun_input(struct srun *s); /* our standard input is readable */
bool srun_wants_input(const struct srun *s);

/* --- srun_signal.c: signals and the ways a step is ended --- */
void srun_signals(struct srun *s);
void srun_abort(struct srun *s);      /* says so and kills the tasks */
void srun_abort_said(struct srun *s); /* says so: somebody else kills them */
void srun_say_states(struct srun *s);
void srun_task_failed(struct srun *s, bool bad); /* a task has ended: --kill-on-bad-exit, --wait */
void srun_end_failed(struct srun *s);            /* ends all tasks because one has failed */
void srun_timers(struct srun *s);
int64_t srun_deadline(const struct srun *s); /* 0: none */

/* --- srun_pty.c: a terminal for task 0 --- */
/* Decides whether there is one; raw mode follows with srun_pty_raw(). */
void srun_pty_check(struct srun *s);
void srun_pty_size(const struct srun *s, uint16_t *ret_rows, uint16_t *ret_cols);
void srun_pty_raw(struct srun *s);
void srun_pty_restore(void);
void srun_pty_resized(struct srun *s);

/* --- srun_loop.c --- */
void srun_loop(struct srun *s); /* until every task has ended and all output is out */

#endif
