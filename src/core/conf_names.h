/* SPDX-License-Identifier: Apache-2.0 */
/* conf_names: lists of node names as configurations and updates give them: ALL, names of NodeSets, hostlists.
 */
#ifndef CORE_CONF_NAMES_H
#define CORE_CONF_NAMES_H

#include "core/state_impl.h"

/* Adds the indexes of the named nodes to *ret. NULL names none. Errors: ESLURM_INVALID_NODE_NAME; with e ==
 * NULL names that are unknown are left out. */
int names_to_nodes(const struct state *s, const char *names, struct bits *ret, struct err *e);
/* The compressed list of these nodes, sorted by name; the caller's. */
char *nodes_to_names(const struct state *s, const struct bits *nodes);

#endif
