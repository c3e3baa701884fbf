/* SPDX-License-Identifier: Apache-2.0 */
#include "sched/quota.h"

void quota_release(struct quota *q)
{
    map_u64_release(&q->main_part);
    map_u64_release(&q->part);
    map_u64_release(&q->user);
    map_u64_release(&q->user_part);
    map_u64_release(&q->reserved_part);
}

static bool below(const struct map_u64 *counts, uint64_t key, uint32_t limit)
{
    return !limit || (uintptr_t)map_u64_get(counts, key) < limit;
}

static void count(struct map_u64 *counts, uint64_t key, uint32_t limit)
{
    if (limit)
        map_u64_put(counts, key, (void *)((uintptr_t)map_u64_get(counts, key) + 1));
}

bool quota_main(struct quota *q, const struct part *part)
{
    bool deep = !q->full && q->o->default_queue_depth && q->looked >= q->o->default_queue_depth;
    if (!q->main || deep || !below(&q->main_part, part->index, q->o->partition_job_depth)) {
        q->cut = true;
        return false;
    }
    q->looked++;
    count(&q->main_part, part->index, q->o->partition_job_depth);
    return true;
}

bool quota_backfill(struct quota *q, const struct job *job, const struct part *part)
{
    const struct sched_opts *o = q->o;
    uint64_t user_part = (uint64_t)job->uid << 32 | part->index;
    uint32_t user_limit = o->bf_max_job_user;
    if (o->bf_max_job_assoc && (!user_limit || o->bf_max_job_assoc < user_limit))
        user_limit = o->bf_max_job_assoc; /* without associations a user is one */
    if (!q->backfill || (o->bf_max_job_test && q->tested >= o->bf_max_job_test) ||
        !below(&q->part, part->index, o->bf_max_job_part) || !below(&q->user, job->uid, user_limit) ||
        !below(&q->user_part, user_part, o->bf_max_job_user_part))
        return false;
    q->tested++;
    count(&q->part, part->index, o->bf_max_job_part);
    count(&q->user, job->uid, user_limit);
    count(&q->user_part, user_part, o->bf_max_job_user_part);
    return true;
}

bool quota_reserve(struct quota *q, const struct job *job, const struct part *part, int64_t now)
{
    const struct sched_opts *o = q->o;
    if (job->priority < o->bf_min_prio_reserve || now - job->eligible_time < o->bf_min_age_reserve ||
        !below(&q->reserved_part, part->index, o->bf_job_part_count_reserve))
        return false;
    count(&q->reserved_part, part->index, o->bf_job_part_count_reserve);
    return true;
}

void quota_started(struct quota *q, bool main)
{
    const struct sched_opts *o = q->o;
    if (main && o->sched_max_job_start && ++q->started_main >= o->sched_max_job_start)
        q->main = false;
    if (!main && o->bf_max_job_start && ++q->started_backfill >= o->bf_max_job_start)
        q->backfill = false;
}
