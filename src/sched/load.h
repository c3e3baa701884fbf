/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load: what is taken on each node, at a moment of the plan.
 *
 * A load map starts as a view of the nodes' own derived load and copies a node's load only when the plan
 * changes it, so that a run over 10,000 nodes costs nothing for those that it does not touch.
 */
#ifndef SCHED_LOAD_H
#define SCHED_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "sched/sched.h"

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

struct load_map {
    const struct sched_view *v;
    bool empty;                  /* every node as if idle: could it ever run? */
    VEC(struct node_load *) own; /* by node index; NULL or beyond the end = as the node says */
    struct node_load scratch;    /* the last one made from a node's record */
    uint32_t scratch_index;
};

void load_map_init(struct load_map *m, const struct sched_view *v, bool empty);
void load_map_release(struct load_map *m);
void load_map_copy(struct load_map *dst, const struct load_map *src);
/* Valid until the next call on the same map. */
const struct node_load *load_get(struct load_map *m, const struct node *node);
/* Takes or gives back what a job has or would have on a node. */
void load_take(struct load_map *m, const struct node *node, const struct job_node *share,
               uint32_t exclusive_job);
void load_give(struct load_map *m, const struct node *node, const struct job_node *share,
               uint32_t exclusive_job);
uint64_t load_gres_count(const struct node_load *l, const char *name);
const struct bits *load_gres_index(const struct node_load *l, const char *name); /* NULL: none taken */

#endif
