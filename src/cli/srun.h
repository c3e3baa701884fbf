/* SPDX-License-Identifier: Apache-2.0 */
/* srun: shared by the files of srun(1): srun.c makes the step, srun_run.c runs it, srun_io.c moves its input and output. */
#ifndef CLI_SRUN_H
#define CLI_SRUN_H

#include <stdbool.h>
#include <stdint.h>
#include <termios.h>

#include "cli/cli.h"
#include "cli/jobopt.h"
#include "cli/submit.h"
#include "model.h"

/* Where the output of one stream goes. */
struct srun_sink {
    int fd;           /* -1: nowhere */
    char *pattern;    /* for the nodes to open; NULL = it comes here */
    uint32_t only;    /* the only task whose output is wanted; NO_VAL = all */
};

struct srun_task {
    bool started, exited;
    uint32_t status; /* wait(2) */
    uint32_t node;   /* place in the step's layout */
    struct buf line[2]; /* of --label: what has no newline yet, by stream */
};

struct srun_node {
    struct client *c; /* NULL: its tasks are done, or it was lost */
    uint32_t open;    /* tasks that have not ended */
};

struct srun {
    struct cli *cli;
    const struct jobopt *o;
    const struct jobopt_part *part;
    const struct job_cli_opts *opts;
    struct job *job;
    struct step *step;
    struct meta_bytes credential;
    struct submit_watch watch;
    bool watching;

    struct srun_sink out, err;
    int in_fd;           /* -1: no input */
    uint32_t stdin_task; /* INFINITE = all, NO_VAL = none */
    bool pty;
    struct termios terminal; /* as it was before raw mode */
    bool raw;
    int label_width;

    struct srun_task *tasks;
    struct srun_node *nodes;
    uint32_t open_tasks, open_nodes;
    int exit_status;     /* the highest */
    uint32_t wait_status; /* of the highest */
    int64_t first_exit, last_interrupt, kill_at; /* ms, 0 = none */
    bool aborted, launch_failed;
};

/* srun_io.c */
int srun_io_setup(struct srun *s);
void srun_io_output(struct srun *s, uint32_t task, uint32_t stream, const void *data, size_t len);
bool srun_io_input(struct srun *s); /* reads once and sends; false at the end */
void srun_io_restore(struct srun *s);

/* srun_run.c */
int srun_run(struct srun *s);

#endif
