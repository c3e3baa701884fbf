/* SPDX-License-Identifier: Apache-2.0 */
/*
 * switches: what a tree of switches or a row of blocks means for the choice of nodes.
 *
 * In a tree a job is tried below one switch at a time, the lowest level first and the switch with the fewest
 * free nodes that are enough, before it may be spread. Blocks are stricter: a job stays in one block if it is
 * not larger than one, else in as small a group of 2, 4, 8, … blocks as can hold it; its segments are not
 * split.
 */
#ifndef SCHED_SWITCHES_H
#define SCHED_SWITCHES_H

#include "sched/sched.h"

struct switch_set {
    struct bits nodes; /* indexes */
    uint32_t level, free;
};

struct switch_sets {
    VEC(struct switch_set) list; /* to be tried in this order; blocks in the order of topology.conf */
    bool only;                   /* --switches: nothing else will do, yet */
    bool blocks;                 /* to be made into sets by switch_sets_of_blocks() */
};

/* What a job asks of blocks. */
struct segments {
    uint32_t nodes, size; /* of the job, and of a segment (0: no segments) */
    bool spread;          /* each segment in a block of its own */
};

/* The sets for a job; none in a flat network, or for a job of one node. Released by switch_sets_release. */
void switch_sets_init(const struct sched_view *v, const struct job *job, struct switch_sets *ret);
/* Brings the sets of each level into the order in which they are tried: fewest of these free nodes first. */
void switch_sets_order(struct switch_sets *s, const struct bits *free);
/* The sets of free nodes that blocks have for such a job, in the order in which they are tried. */
void switch_sets_of_blocks(const struct switch_sets *blocks, const struct bits *free,
                           const struct segments *want, struct switch_sets *ret);
void switch_sets_release(struct switch_sets *s);

/* Until when a job with --switches waits for them; 0 when it does not, or no longer. */
int64_t switches_until(const struct sched_view *v, const struct job *job);

#endif
