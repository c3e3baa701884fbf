/* SPDX-License-Identifier: Apache-2.0 */
/* nodeset: node lists of requests as sets of node indexes, and back. */
#ifndef SCHED_NODESET_H
#define SCHED_NODESET_H

#include "sched/sched.h"

/* Adds the nodes of a hostlist text to *ret. NULL or "" adds none. An unknown name is
 * ESLURM_INVALID_NODE_NAME. */
int nodeset_parse(const struct sched_view *v, const char *hosts, struct bits *ret, struct err *e);
/* The compressed hostlist of the nodes in index order; the caller's. */
char *nodeset_text(const struct sched_view *v, const struct bits *nodes);

#endif
