/* SPDX-License-Identifier: Apache-2.0 */
/*
 * room: how many nodes have how much left, now and as running jobs end, so that a job for which there cannot
 * be enough is told so without a look at any node.
 *
 * Nodes of the same size, features and devices form a *class*. For each class of a partition it counts the
 * nodes by their free units, memory and GPUs. What it says is a bound from above: promises, shared cores and
 * the like only take away from it. So "no" is final, and "perhaps" has to be looked at.
 *
 * The classes follow the nodes from run to run by their differences; the counts are made anew in each run,
 * and only for the partitions that are asked about.
 */
#ifndef SCHED_ROOM_H
#define SCHED_ROOM_H

#include "base/bits.h"
#include "base/map.h"
#include "sched/demand.h"
#include "sched/load.h"
#include "sched/timeline.h"

enum room_kind { ROOM_UNITS, ROOM_MEMORY, ROOM_GPUS, ROOM_KINDS };

struct room_amount {
    uint64_t mem; /* MiB */
    uint32_t units, gpus;
};

struct room_class {
    uint64_t key;
    struct bits members; /* node indexes */
    struct room_amount idle;
    uint64_t memory;                             /* MiB that jobs may have */
    uint32_t at[ROOM_KINDS], levels[ROOM_KINDS]; /* its counts, and how many there are */
};

struct room_node {
    struct room_amount left;
    uint32_t class; /* NO_VAL: no such node, or one that nobody may use */
    bool given;     /* it can be given to jobs */
    bool away;      /* it cannot, and this may be why a job waits */
};

/* A release as it changes the counts of a partition: a node goes from one level to another. */
struct room_step {
    int64_t end;
    uint32_t from[ROOM_KINDS], to[ROOM_KINDS];
};

struct room_part {
    bool counted, foreseen;      /* `now`; `steps` and `marks` */
    VEC(uint32_t) nodes, away;   /* by class: nodes, and those that are away */
    VEC(uint32_t) now;           /* nodes by level */
    VEC(struct room_step) steps; /* by end */
    VEC(uint32_t) marks;         /* the counts before every so many steps */
};

struct room {
    struct ptree seen; /* the nodes as of the last update */
    bool started;
    uint64_t policy_key;
    VEC(struct room_class) classes;
    struct map_u64 class_index; /* key -> index + 1 */
    VEC(struct room_node) nodes;
    uint32_t counts; /* length of a set of counts */
    VEC(struct room_part) parts;
    VEC(uint32_t) scratch;
    struct bits booked; /* scratch */
    const struct timeline *time;
};

/* {0} is empty. */
void room_release(struct room *r);
/* Follows the nodes, and forgets the counts of the last run. `time` is settled, and lives until the next
 * call. */
void room_update(struct room *r, const struct sched_view *v, const struct timeline *time);
/* A node of the class; NULL when it has none any more. */
const struct node *room_sample(const struct room *r, const struct sched_view *v, uint32_t class);
/* Nodes of the partition that are of these classes, and how many of them are away. */
void room_count(struct room *r, const struct part *part, const struct bits *classes, uint32_t *ret_nodes,
                uint32_t *ret_away);
/* Can these classes have enough for the demand over the stretch of `loads`, which it may move? d's nodes_min
 * and nodes_max are final; it asks for no specialised cores. Adds the nodes that it had to look at to *work.
 */
bool room_enough(struct room *r, const struct demand *d, const struct part *part, const struct bits *classes,
                 struct load_map *loads, uint64_t *work);

#endif
