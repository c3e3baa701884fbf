/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bind: which of the step's CPUs and GPUs a task gets. A pure choice.
 */
#ifndef NODECORE_BIND_H
#define NODECORE_BIND_H

#include <stdbool.h>
#include <stdint.h>

#include "model.h"

/* The CPUs of one task by --cpu-bind. False: no binding is wanted or the step's CPUs are not known. */
bool bind_choose_cpus(const struct step_launch *l, uint32_t local_id, struct bits *ret);
/* The GPUs of one task by --gpu-bind, --tres-bind, --gpus-per-task. False: the task sees all of the step. */
bool bind_devices(const struct step_launch *l, uint32_t local_id, struct bits *ret);

#endif
