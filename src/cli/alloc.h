/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alloc: an interactive allocation as salloc and srun get it: submitted, watched until it has its nodes, and
 * given back.
 *
 * The controller tells every change of the job on a connection of its own (`job_watch`), so nothing here
 * polls. Signals arrive through a descriptor: whoever calls alloc_signals() has them blocked from then on,
 * and a child has to unblock them (alloc_signals_child()).
 *
 * Texts go to standard error as the two commands of Slurm write them. Functions that can end the command give
 * its exit status, or 0.
 */
#ifndef CLI_ALLOC_H
#define CLI_ALLOC_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/cli.h"
#include "cli/jobopt.h"

struct alloc {
    struct cli *cli;
    const struct jobopt *opt;
    bool is_salloc;
    uint32_t job_id;
    struct job *job;      /* the last record told; NULL before */
    struct client *watch; /* NULL: not watched */
    uint64_t told;        /* how many records have come */
    bool over;            /* the job has ended, or is not known any more */
    bool waited;          /* it did not start at once */
    int signal_fd;        /* -1: signals are not taken */
    int64_t retry_ms;     /* when a lost watch is opened again; 0 = it is not lost */
};

void alloc_init(struct alloc *a, struct cli *cli, const struct jobopt *opt, bool is_salloc);
/* Blocks the signals that end or steer a client and opens `signal_fd` for them. `child`: SIGCHLD too. */
void alloc_signals(struct alloc *a, bool child);
void alloc_signals_child(void); /* in a child before exec: everything as it was at start */
/* The next signal that has come, or 0. */
int alloc_next_signal(const struct alloc *a);

/* Submits the first part of the options. Errors are written. */
int alloc_submit(struct alloc *a);
/* --test-only: says when and where it would start. Gives the exit status. */
int alloc_test(struct alloc *a);
/* Until the job runs. Signals give it up. */
int alloc_wait(struct alloc *a);
/* Asks to be told about a.job_id: its record as it is now, and then every change, as alloc_news() finds them.
 */
int alloc_watch(struct alloc *a, struct err *e);
/* The descriptor to poll for news, or -1; and what to do when it is readable (or when polling timed out). */
int alloc_fd(struct alloc *a);
void alloc_news(struct alloc *a);
/* wait(2) status of what ran in it. Quiet when the job has gone already. */
void alloc_give_back(struct alloc *a, uint32_t status);
void alloc_release(struct alloc *a);

int alloc_exit_error(void); /* what a failure of ours exits with: SLURM_EXIT_ERROR, or 1 */
/* --immediate=N: seconds; 0 = not given, or "at once", which the controller sees to. */
uint32_t alloc_immediate(const struct job_cli_opts *c);
int64_t alloc_now_ms(void); /* monotonic */

#endif
