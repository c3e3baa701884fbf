/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nodecols: the columns of sinfo(1).
 *
 * A row is a group of nodes that look alike in all that is shown, in one partition or in several. Columns of
 * three sorts: keys (equal in the whole group), ranges (the least value with "+", keys with --exact) and
 * sums.
 */
#ifndef CLI_NODECOLS_H
#define CLI_NODECOLS_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/columns.h"
#include "model.h"

struct node_group {
    const struct part *part; /* the first one */
    uint32_t part_order;     /* its place in the configuration */
    VEC(const struct node *) nodes;
    struct bits members; /* node indexes */
};

struct nodecols_ctx {
    const char *cluster;
    bool convert;
};

extern const struct column nodecols[];

enum nodecol_sort { NODECOL_KEY, NODECOL_RANGE, NODECOL_SUM };
enum nodecol_sort nodecol_sort(const struct column *c);
bool nodecol_is_partition(const struct column *c);

/* allocated, idle, other, total: of nodes, and of CPUs. */
struct node_counts {
    uint64_t alloc, idle, other, total;
};
struct node_counts node_group_nodes(const struct node_group *g);
struct node_counts node_group_cpus(const struct node_group *g);
/* For sorting by state: modifiers weigh more than what the node is doing. */
int64_t node_state_order(const struct node *n);

#endif
