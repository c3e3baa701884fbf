/* SPDX-License-Identifier: Apache-2.0 */
/*
 * submit: what sbatch, salloc and srun have in common: reading their options, the request to the controller,
 * its refusals, and hearing what becomes of a job.
 */
#ifndef CLI_SUBMIT_H
#define CLI_SUBMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/cli.h"
#include "cli/jobenv.h"
#include "cli/jobopt.h"
#include "model.h"

/* Reads argv, environment and script. False: texts were written, exit with *ret_status. */
bool submit_read_options(struct cli *cli, enum jobopt_cmd cmd, struct jobopt *o, int *ret_status);

/* The request for the first component; the spec is taken over by reference count. Release it. */
void submit_fill(struct submit_request *request, const struct jobopt *o);
int submit_call(struct cli *cli, const struct submit_request *request, struct submit_reply *reply,
                struct err *e);

/* A refusal: the prefix and its first line, with "NAME: error: " before. Details that Slurm prints come
 * before that line, ours after. */
void submit_complain(struct cli *cli, const char *prefix, const struct err *e);

/* The environment as texts; SLURM_RLIMIT_NAME variables become "NAME=value" in *rlimits, which the nodes
 * apply. */
void submit_split_environment(const struct jobenv *from, struct meta_strs *env, struct meta_strs *rlimits);

/* "Job 7 to start at ... a using 4 processors on nodes n1 in partition debug" (--test-only). */
void submit_say_when(struct cli *cli, const struct submit_reply *reply);

/* Follows a job over a connection of its own. */
struct submit_watch {
    struct client *c;
    struct cli *cli;
    uint32_t job_id;
    bool asked;
};
void submit_watch_open(struct submit_watch *w, struct cli *cli, uint32_t job_id);
/* 1: *ret_job is its state now, the caller's to free; 0: it has ended, or the time is over (ret_job NULL). */
int submit_watch_next(struct submit_watch *w, int timeout_ms, struct job **ret_job, struct err *e);
void submit_watch_close(struct submit_watch *w);

#endif
