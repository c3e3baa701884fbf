/* SPDX-License-Identifier: Apache-2.0 */
/* select: sched_select() against a load map of the planner's, for use inside the scheduler. */
#ifndef SCHED_SELECT_H
#define SCHED_SELECT_H

#include "sched/load.h"
#include "sched/sched.h"

enum node_service {
    NODE_AWAY,
    NODE_ASLEEP, /* powered down, or coming up: it can be given, and the job waits for it */
    NODE_READY,  /* up and free of every mark that keeps jobs away */
};
enum node_service node_service(const struct policy *p, const struct node *n);
/* As sched_select, against `loads`, which it does not change. */
void select_job(const struct sched_view *v, struct load_map *loads, const struct job *job,
                const struct part *part, enum select_mode mode, const struct bits *avoid,
                struct selection *ret);
/* Whether it could fit for all that sums of what is free tell: false is final. Looks at no node. */
bool select_could(const struct sched_view *v, struct load_map *loads, const struct job *job,
                  const struct part *part);

#endif
