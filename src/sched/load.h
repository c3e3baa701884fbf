/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load: what is taken on each node, now or over a stretch of the plan.
 *
 * Nothing is copied: a node's load is worked out when it is asked for, from the node's own derived load, less
 * what ends before the stretch begins, plus what the timeline has booked in it. So a run over 10,000 nodes
 * costs nothing for those that it does not look at.
 */
#ifndef SCHED_LOAD_H
#define SCHED_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "sched/sched.h"
#include "sched/timeline.h"

enum { LOAD_GRES_MAX = 8 }; /* names of devices on one node; further ones cannot be asked for */

struct node_load {
    struct bits units; /* taken; see sched/demand.h */
    uint64_t mem;      /* MiB */
    uint32_t jobs;
    uint32_t exclusive_job; /* 0 = none */
    struct {
        const char *name; /* borrowed from the node */
        uint64_t count;   /* taken, also of devices without index */
        struct bits index;
    } gres[LOAD_GRES_MAX];
    uint32_t gres_n;
};

struct room;

struct load_map {
    const struct sched_view *v;
    struct room *room;               /* sums of what is free, or NULL: every node is looked at */
    const struct timeline *time;     /* NULL: as the nodes are now */
    int64_t from, until;             /* the stretch, until exclusive */
    bool empty;                      /* every node as if idle: could it ever run? */
    bool unbooked;                   /* leave out what is booked */
    uint16_t core_spec, thread_spec; /* of a job that says how much it leaves to the system, or NO_VAL16 */
    bool spec_first;                 /* spec_cores_first */
    struct node_load scratch;        /* the last one made */
    uint32_t scratch_index;
    struct node_load idle;
};

void load_map_init(struct load_map *m, const struct sched_view *v, bool empty);
void load_map_release(struct load_map *m);
/* Another stretch, with or without the bookings. */
void load_map_move(struct load_map *m, const struct timeline *time, int64_t from, int64_t until,
                   bool unbooked);
/* For a job with --core-spec or --thread-spec; NO_VAL16 for others, which take what the nodes say. */
void load_map_specialize(struct load_map *m, uint16_t core_spec, uint16_t thread_spec);
/* Valid until the next call on the same map. */
const struct node_load *load_get(struct load_map *m, const struct node *node);
/* The same node without any job. */
const struct node_load *load_idle(struct load_map *m, const struct node *node);
uint64_t load_gres_count(const struct node_load *l, const char *name);
const struct bits *load_gres_index(const struct node_load *l, const char *name); /* NULL: none taken */

#endif
