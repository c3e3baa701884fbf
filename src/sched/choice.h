/* SPDX-License-Identifier: Apache-2.0 */
/*
 * choice: which of the nodes that have something to offer a job takes, and how its tasks are shared among
 * them.
 *
 * Of the nodes of one rank, the smallest run of neighbours that is enough by itself (best fit), so that large
 * holes stay for large jobs; inside a run from the lowest index on, or its tightest node where one is enough.
 */
#ifndef SCHED_CHOICE_H
#define SCHED_CHOICE_H

#include "base/vec.h"
#include "sched/demand.h"
#include "sched/load.h"
#include "sched/offer.h"

/* Added to a node's weight. */
#define RANK_ASLEEP ((uint64_t)1 << 32) /* it has to be powered up: after all that are up */
#define RANK_IDLE   ((uint64_t)1 << 33) /* bf_busy_nodes: of promises only */

struct candidate {
    const struct node *node;
    uint64_t rank;
    struct offer offer;
    bool required, chosen;
    uint32_t terms;        /* bits of those counted terms of the constraint that hold of it */
    uint32_t given;        /* tasks that its units are counted for, once the choice is made */
    uint32_t room, placed; /* tasks that fit its units, and those that will be there */
};

enum { CHOICE_TERMS_MAX = 32 };

struct choice {
    const struct demand *d;
    uint32_t nodes_min, nodes_max, nodes_want; /* of the demand, or what required nodes, node counts and
                                                  blocks make of them */
    bool by_runs;                              /* neighbours together: a flat network; else in index order */
    uint32_t required;                         /* nodes that have to be among the candidates */
    uint32_t terms, term_nodes[CHOICE_TERMS_MAX]; /* counted terms, and nodes for each */
    VEC(struct candidate) list;                   /* in index order */
    uint32_t nodes, tasks;                        /* chosen so far */
    uint64_t gres;
    uint32_t term, goal; /* while nodes of one term are chosen: its bit, and until there are so many nodes */
};

/* Chooses as many nodes as are wanted, else as few as must be. False when there is no such set. */
bool choice_find(struct choice *c);
/* Shares the tasks among the chosen nodes. */
void choice_share(struct choice *c, const struct policy *p, struct load_map *loads);
void choice_release(struct choice *c);

#endif
