/* SPDX-License-Identifier: Apache-2.0 */
/*
 * switches: what a tree of switches or a row of blocks means for the choice of nodes: a job is tried below
 * one switch at a time, the lowest level first, before it may be spread.
 */
#ifndef SCHED_SWITCHES_H
#define SCHED_SWITCHES_H

#include "sched/sched.h"

struct switch_sets {
    VEC(struct bits) list; /* node indexes; to be tried in this order */
    bool only;             /* --switches: nothing else will do, yet */
};

/* The sets for a job; none in a flat network, or for a job of one node. Released by switch_sets_release. */
void switch_sets_init(const struct sched_view *v, const struct job *job, struct switch_sets *ret);
void switch_sets_release(struct switch_sets *s);

/* Until when a job with --switches waits for them; 0 when it does not, or no longer. */
int64_t switches_until(const struct sched_view *v, const struct job *job);

#endif
