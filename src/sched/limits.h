/* SPDX-License-Identifier: Apache-2.0 */
/* limits: what a partition's own limits say of a job, whatever the load. */
#ifndef SCHED_LIMITS_H
#define SCHED_LIMITS_H

#include "sched/demand.h"

/* WHY_NONE, or the reason with which the job waits in this partition. */
enum job_reason part_limit_reason(const struct part *part, const struct job *job, const struct demand *d);

#endif
