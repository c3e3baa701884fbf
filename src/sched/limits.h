/* SPDX-License-Identifier: Apache-2.0 */
/* limits: what a partition's own limits say of a job, whatever the load. */
#ifndef SCHED_LIMITS_H
#define SCHED_LIMITS_H

#include "sched/demand.h"

/* Is the user in none of the partition's AllowGroups? root always is. */
bool part_denies_user(const struct part *part, uint32_t uid);
/* WHY_NONE, or the reason with which the job waits in this partition. */
enum job_reason part_limit_reason(const struct part *part, const struct job *job, const struct demand *d);

#endif
