/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stepd: the one struct of a slurmstepd, and what its files do with it.
 *
 * slurmstepd belongs to one step of one job on one node. It gets a step_launch in a memory file (descriptor
 * 3), runs the tasks, carries their input and output, and leaves a node_report in SlurmdSpoolDir when
 * everything is over. It needs slurmd only to be started. One thread, one poll loop (main.c).
 */
#ifndef SLURMSTEPD_STEPD_H
#define SLURMSTEPD_STEPD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/vec.h"
#include "model.h"
#include "nodecore/pmi.h"
#include "os/track.h"
#include "slurmstepd/user.h"

/* Descriptors that slurmd leaves open. */
enum {
    STEPD_FD_LAUNCH = 3, /* an encoded step_launch */
    STEPD_FD_SRUN = 4,   /* the connection that carried launch_tasks; absent for batch steps */
    STEPD_FD_SLURMD = 5, /* a packet socket to slurmd; absent in tests */
    STEPD_FD_MARK = 6,   /* the file that says that we live, while we hold its lock; absent in tests */
};

/* Wait statuses that stand for failures of ours, as Slurm reports them. */
enum {
    STATUS_IO_FAILED = 53,       /* an output file could not be opened: shown as signal 53 */
    STATUS_EXEC_FAILED = 2 << 8, /* execve failed: exit code 2 */
    STATUS_OUT_OF_MEMORY = 125,  /* shown as 0:125 */
};

struct task {
    uint32_t rank, local_id;
    pid_t pid;           /* 0 once it was waited for */
    pid_t epilog;        /* a task epilog that runs, or 0 */
    int status;          /* wait(2) status */
    int in, out, err;    /* our ends towards the task, -1 when closed or when the task has a file */
    int pmi;             /* our end of its PMI socket, or -1 */
    bool pty;            /* in and out are one terminal */
    bool in_closing;     /* close `in` when in_queue is empty */
    bool reported;       /* srun knows the status */
    bool oom;            /* the kernel has killed processes of it for memory */
    struct buf in_queue; /* input that the task has not taken yet */
    struct labelled {    /* of output and error: a file of this node whose lines get labels */
        int fd;          /* -1: none, the stream goes elsewhere */
        struct buf part; /* a line that has begun */
    } files[2];
};

struct control {
    int fd;
    uid_t uid;
};

struct stepd {
    struct step_launch *launch;
    const struct job *job;
    uint32_t step_id;
    char *id_text; /* "70001.batch" */
    struct user user;
    struct meta_strs env;
    struct meta_strs limits; /* "NOFILE=512" */
    struct track *track;
    struct task *tasks;
    uint32_t tasks_n;
    uint32_t alive; /* tasks and task epilogs that run */
    int signal_fd, listen_fd;
    VEC(struct control) controls; /* slurmd and others that ask */
    char *socket_path;
    int stderr_fd; /* where notices go: the batch job's standard error, else -1 */
    int srun_fd;   /* -1: none, or gone */
    struct buf srun_in, srun_out;
    enum step_phase phase;
    int64_t start_time;
    bool noticed; /* the CANCELLED line was written */
    bool ending;  /* the step was told to end, and that is not to be waited out */
    bool srun_lost;
    struct pmi *pmi;     /* NULL without --mpi=pmi2 */
    bool pmi_abort_told; /* srun knows that a task called abort */
    int64_t
        kill_until; /* when what SIGKILL does not end counts as unkillable; monotonic ms, 0: not yet killed */
    bool unkillable; /* and so it was: the step ends without it */
    int error;       /* launch failure: an error number */
    char *error_text;
    int worst; /* highest status of the tasks */
    bool oom;
};

static inline bool step_is_batch(const struct stepd *s)
{
    return s->launch->batch;
}

/* --- files.c: standard streams --- */
struct task_files {
    int in, out, err; /* the task's ends */
    int pmi;          /* -1: none */
};
/* Opens or makes what the task gets, and fills the task's own fields with our ends. */
int files_open(struct stepd *s, struct task *t, struct task_files *ret, struct err *e);
void files_close(struct task_files *f);
const char *files_work_dir(const struct stepd *s);
/* Goes to the working directory, or to /tmp when that fails: the errno is returned then. */
int files_enter_work_dir(const struct stepd *s);
char *files_expand(const struct stepd *s, const char *pattern, const struct task *t); /* mem_free it */

/* --- main.c --- */
/* Looks whether the kernel has killed for memory, and says so once. */
void step_check_memory(struct stepd *s);
/* Hears what slurmd and srun have to say; whether the step has to end. Before its tasks run. */
bool step_called_off(struct stepd *s);

/* --- task.c: processes --- */
int task_start_all(struct stepd *s, struct err *e);
/* A child ended: a task, a task epilog, or something that a task left behind. */
void task_reaped(struct stepd *s, pid_t pid, int status);

/* --- prolog.c: TaskProlog and TaskEpilog --- */
/* In the task, as the user: runs the program and takes its "export", "unset" and "print" lines. */
int prolog_run(const char *path, struct meta_strs *env, struct err *e);

/* --- unkillable.c --- */
/* SIGKILL was sent: the time runs. */
void unkillable_begin(struct stepd *s);
/* How long to wait for ends, `most` (-1: for ever) or less. */
int unkillable_wait_ms(const struct stepd *s, int most);
/* True once the time is over and something still lives: the first call gives it up. */
bool unkillable_check(struct stepd *s);

/* --- srun.c: the connection with srun --- */
void srun_send(struct stepd *s, enum msg_type type, const struct meta_record *record, const void *rec);
void srun_started(struct stepd *s);
void srun_task_exits(struct stepd *s); /* tells every status that has not been told */
void srun_notice(struct stepd *s, const char *line);
void srun_output(struct stepd *s, struct task *t, uint32_t stream);
void srun_readable(struct stepd *s);
void srun_flush(struct stepd *s);
void srun_drop(struct stepd *s);        /* it has gone, or is given up */
void srun_end_streams(struct stepd *s); /* nothing more comes from the tasks */
bool srun_full(const struct stepd *s);  /* stop reading from tasks */
void task_feed(struct task *t);         /* writes queued input */

/* --- pmi_link.c: PMI sockets of the tasks --- */
void pmi_link_open(struct stepd *s);
void pmi_link_close(struct stepd *s);
int pmi_link_pair(struct stepd *s, struct task *t, int *ret_child, struct err *e); /* -1 when not wanted */
void pmi_link_env(const struct stepd *s, const struct task *t, int fd, struct meta_strs *env);
void pmi_link_readable(struct stepd *s, struct task *t);
void pmi_link_write(struct stepd *s, struct task *t);
void pmi_link_fence_done(struct stepd *s, const struct pmi_fence *all);

/* --- control.c: orders from slurmd --- */
int control_open(struct stepd *s, struct err *e);
void control_accept(struct stepd *s);
bool control_readable(struct stepd *s, uint32_t i); /* false: closed, drop it */
void control_close(struct stepd *s);

/* --- notice.c --- */
/* "[time] error: text" into the job's standard error or to srun. */
void step_notice(struct stepd *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void step_notice_cancelled(struct stepd *s, const struct step_order *o);
/* The same line on a descriptor, for tasks before they execute their program. */
void notice_write(int fd, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* --- report.c --- */
/* Leaves the node_report of the step in the spool folder. */
int report_write(struct stepd *s, struct err *e);

#endif
