/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jobvars: the SLURM_* variables that say what a user's command has been given: for the command of salloc and
 * for programs that srun starts on its own host. Named in salloc(1), OUTPUT ENVIRONMENT VARIABLES.
 */
#ifndef CLI_JOBVARS_H
#define CLI_JOBVARS_H

#include "cli/jobenv.h"

/* Adds what the record of a started job says. */
void jobvars_add(struct jobenv *e, const struct job *job, const char *cluster);
/* Puts a whole environment into this process. */
void jobvars_export(const struct jobenv *e);

#endif
