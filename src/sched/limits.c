/* SPDX-License-Identifier: Apache-2.0 */
#include "sched/limits.h"

#include "base/text.h"

bool part_denies_user(const struct part *part, uint32_t uid)
{
    bool allowed = uid == 0 || !part->allow_groups || text_same_nocase(part->allow_groups, "ALL");
    for (uint32_t i = 0; i < part->allow_uids.n && !allowed; i++)
        allowed = part->allow_uids.v[i] == uid;
    return !allowed;
}

enum job_reason part_limit_reason(const struct part *part, const struct job *job, const struct demand *d)
{
    if (part->state == PART_DOWN)
        return WHY_PARTITIONDOWN;
    if (part->state == PART_INACTIVE)
        return WHY_PARTITIONINACTIVE;
    if (d->nodes_min > part->total_nodes || (part->max_nodes != NO_VAL && d->nodes_min > part->max_nodes) ||
        d->nodes_max < part->min_nodes)
        return WHY_PARTITIONNODELIMIT;
    uint32_t limit = job->spec->time_limit;
    if (limit != NO_VAL && limit != 0 && part->max_time != NO_VAL && part->max_time != INFINITE &&
        limit > part->max_time)
        return WHY_PARTITIONTIMELIMIT;
    return WHY_NONE;
}
