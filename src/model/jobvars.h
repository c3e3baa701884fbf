/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jobvars: the texts of SLURM_* variables that are made from a job's or a step's record alone. The node uses
 * them for batch scripts and tasks, salloc and srun for the commands they start. Pure.
 */
#ifndef MODEL_JOBVARS_H
#define MODEL_JOBVARS_H

#include <stdint.h>

#include "base/buf.h"
#include "model.h"

enum { SLUID_LEN = 14 };

/* All append "2(x3),1": a count for each node, equal neighbours together. Nothing without nodes. */
/* CPUs that its tasks may use: with --threads-per-core fewer than it is charged for. */
uint32_t jobvars_usable_cpus(const struct job *job, const struct bits *cores, uint32_t cpus);
void jobvars_cpus_per_node(const struct job *job, struct buf *out);  /* SLURM_JOB_CPUS_PER_NODE */
void jobvars_tasks_per_node(const struct job *job, struct buf *out); /* SLURM_TASKS_PER_NODE of a job */
void jobvars_step_tasks_per_node(const struct step *step, struct buf *out); /* and of a step */

const char *jobvars_oversubscribe(const struct job *job); /* OverSubscribe: NO, YES */
const char *jobvars_exclusive(const struct job *job);     /* NO, NODE, USER, MCS, TOPO */

/* The job's name that sorts by time: 's' and 13 digits of Crockford's base 32. */
void jobvars_sluid(const struct job *job, char ret[SLUID_LEN + 1]);

#endif
