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

/* What a node has to give at least. */
static uint64_t node_memory(const struct demand *d)
{
    uint64_t cpus = (uint64_t)d->ntasks * d->cpus_per_task;
    uint64_t share = d->nodes_max == d->nodes_min ? (cpus + d->nodes_min - 1) / d->nodes_min : 1;
    return d->mem_node ? d->mem_node : d->mem_cpu * share;
}

enum job_reason part_limit_reason(const struct part *part, const struct job *job, const struct demand *d)
{
    if (part->state == PART_DOWN)
        return WHY_PARTITIONDOWN;
    if (part->state == PART_INACTIVE)
        return WHY_PARTITIONINACTIVE;
    if (!part->total_nodes)
        return WHY_PARTITIONCONFIG;
    if (d->nodes_min > part->total_nodes || (part->max_nodes != NO_VAL && d->nodes_min > part->max_nodes) ||
        d->nodes_max < part->min_nodes)
        return WHY_PARTITIONNODELIMIT;
    uint32_t limit = job->spec->time_limit;
    if (limit != NO_VAL && limit != 0 && part->max_time != NO_VAL && part->max_time != INFINITE &&
        limit > part->max_time)
        return WHY_PARTITIONTIMELIMIT;
    bool limited = part->max_mem_cpu == NO_VAL64 && part->max_mem_node && part->max_mem_node < NO_VAL64;
    if (limited && !d->mem_default && node_memory(d) > part->max_mem_node)
        return WHY_MAXMEMPERLIMIT;
    return WHY_NONE;
}
