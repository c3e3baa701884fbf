/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quota: how many jobs one run may look at, start and plan, as SchedulerParameters say. The main turn takes
 * jobs in strict order until one of a partition has to wait; the backfill turn is everything behind it.
 */
#ifndef SCHED_QUOTA_H
#define SCHED_QUOTA_H

#include "base/map.h"
#include "sched/sched.h"

struct quota {
    const struct sched_opts *o;
    bool main, backfill; /* may this run do either at all? Both may be turned off in its course */
    bool full;           /* default_queue_depth does not count */
    bool cut;            /* a limit has kept a job from being looked at */
    uint32_t looked, tested, started_main, started_backfill;
    struct map_u64 main_part, part, user, user_part, reserved_part; /* counts */
};

void quota_release(struct quota *q);
/* May the job be tried in this partition? Counts it when it may. */
bool quota_main(struct quota *q, const struct part *part);
bool quota_backfill(struct quota *q, const struct job *job, const struct part *part);
/* May it hold up others: is something planned for it? Counts it when it may. */
bool quota_reserve(struct quota *q, const struct job *job, const struct part *part, int64_t now);
/* A job was started in one turn or the other. */
void quota_started(struct quota *q, bool main);

#endif
