/* SPDX-License-Identifier: Apache-2.0 */
/* jobvars: the variables that salloc and srun put into the environment of what they run, from the record of the job. */
#ifndef CLI_JOBVARS_H
#define CLI_JOBVARS_H

#include "cli/jobenv.h"
#include "model.h"

/* "2(x3),1": equal neighbours are counted together. */
void jobvars_counts(const uint32_t *counts, uint32_t n, struct buf *out);
/* SLURM_JOB_ID, SLURM_JOB_NODELIST, SLURM_TASKS_PER_NODE ... */
void jobvars_job(struct jobenv *env, const struct job *job, const char *cluster, const char *conf_path);

#endif
