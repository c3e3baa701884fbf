/* SPDX-License-Identifier: Apache-2.0 */
/*
 * env: the environment of batch scripts and tasks. Pure: everything comes from the launch record.
 *
 * Order matters: the user's own variables first, then the job's, the step's and the task's, which replace
 * them. The names are those of "OUTPUT ENVIRONMENT VARIABLES" in sbatch(1) and srun(1).
 */
#ifndef NODECORE_ENV_H
#define NODECORE_ENV_H

#include <stdint.h>

#include "meta/meta.h"
#include "model.h"

void env_set(struct meta_strs *env, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void env_unset(struct meta_strs *env, const char *name);
/* What makes the launchers of MPI libraries start their daemons through srun, where the user has set nothing
 * else. */
struct env_launcher {
    const char *name, *value;
    bool hydra; /* MpiParams=disable_slurm_hydra_bootstrap leaves it out */
};
extern const struct env_launcher env_launchers[];
extern const uint32_t env_launchers_count;
/* Those of Hydra, too? With that parameter only for who has asked for it: the values of HYDRA_BOOTSTRAP and
 * I_MPI_HYDRA_BOOTSTRAP; NULL: not set. */
bool env_wants_hydra(bool no_hydra, const char *bootstrap, const char *mpi_bootstrap);

const char *env_get(const struct meta_strs *env, const char *name); /* NULL when absent */

/* Takes the limits that sbatch and srun send as SLURM_RLIMIT_NOFILE=512 out of the environment: "NOFILE=512"
 * is added to *ret. */
void env_take_limits(struct meta_strs *env, struct meta_strs *ret);

/* Everything that all tasks of the step share. `env` holds nothing before. */
void env_build(struct meta_strs *env, const struct step_launch *l, int nice_value);
/* What differs from task to task. `devices` are the GPUs bound to it; NULL: all of the step. */
void env_task(struct meta_strs *env, const struct step_launch *l, uint32_t local_id, uint32_t pid,
              const struct bits *devices);

const struct job *launch_job(const struct step_launch *l);
/* This node's place in the step (tasks) or the job (batch). */
uint32_t launch_node_rank(const struct step_launch *l);
uint32_t launch_task_count(const struct step_launch *l); /* on this node; 1 for a batch step */
uint32_t launch_task_rank(const struct step_launch *l, uint32_t local_id);

#endif
