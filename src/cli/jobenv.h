/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jobenv: the environment a job or a step starts from, made by the client.
 *
 * Two sources: the client's own environment, filtered by --export, and the SLURM_* variables that the client
 * derives from the options (sbatch(1), srun(1), salloc(1): OUTPUT ENVIRONMENT VARIABLES). What depends on the
 * allocation (SLURM_PROCID, SLURM_JOB_NODELIST ...) is added where the tasks start.
 *
 * Ownership: the list owns its texts ("NAME=value"); release it with jobenv_release().
 */
#ifndef CLI_JOBENV_H
#define CLI_JOBENV_H

#include "cli/jobopt.h"

struct jobenv {
    VEC(char *) vars; /* "NAME=value", each name once, in the order they were first set */
};

void jobenv_release(struct jobenv *e);
void jobenv_set(struct jobenv *e, const char *name, const char *value);
void jobenv_setf(struct jobenv *e, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
const char *jobenv_get(const struct jobenv *e, const char *name);

/* Adds what a file of NAME=value texts, each ended by a zero byte, holds; the name may be the number of an
 * open descriptor. -1 with the message when it cannot be read. */
int jobenv_read_file(struct jobenv *e, const char *file, struct err *err);

/* The environment for a part of a job: --export or --export-file, then the client's own variables. Resource
 * limits (SLURM_RLIMIT_*: the node applies and removes them) are read with getrlimit(2), the nice value with
 * getpriority(2). *e is initialised here; on failure there is nothing to release. */
int jobenv_make(struct jobenv *e, const struct jobopt *o, const struct jobopt_part *p, struct err *err);

/* srun, once its step is there: how the tasks were laid out when no option said it. */
void jobenv_add_layout(struct jobenv *e, const struct jobopt_part *p, const struct step *step);

/* How MPI launchers started within the job find srun, unless the user has said it: for salloc's command;
 * steps and batch scripts get the same from their nodes. */
void jobenv_add_launchers(struct jobenv *e, bool no_hydra);

#endif
