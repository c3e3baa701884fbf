/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bind: which of the step's CPUs and GPUs a task gets. The choice is pure; bind_cpus carries it out for the
 * calling process.
 */
#ifndef SLURMSTEPD_BIND_H
#define SLURMSTEPD_BIND_H

#include <stdbool.h>
#include <stdint.h>

#include "model.h"

/* The CPUs of one task by --cpu-bind. False: no binding is wanted or the step's CPUs are not known. */
bool bind_choose_cpus(const struct step_launch *l, uint32_t local_id, struct bits *ret);
/* The GPUs of one task by --gpu-bind, --tres-bind, --gpus-per-task. False: the task sees all of the step. */
bool bind_devices(const struct step_launch *l, uint32_t local_id, struct bits *ret);
void bind_cpus(const struct step_launch *l, uint32_t local_id);

#endif
