/* SPDX-License-Identifier: Apache-2.0 */
/* nodejson: nodes, partitions and groups of nodes as documents, in the shape of the REST interface (v0.0.45).
 */
#ifndef CLI_NODEJSON_H
#define CLI_NODEJSON_H

#include "cli/cli.h"
#include "cli/docout.h"
#include "cli/nodecols.h"
#include "model.h"

/* Members of the open list. */
void nodejson_node(struct docout *d, const struct node *n);
void nodejson_part(struct docout *d, const struct part *p, struct node *const *nodes, uint32_t n_nodes);

/* Whole documents on standard output. */
void nodejson_groups(struct cli *cli, const struct node_group *groups, uint32_t n, struct node *const *nodes,
                     uint32_t n_nodes, bool yaml);
void nodejson_nodes(struct cli *cli, struct node *const *nodes, uint32_t n, bool yaml);
void nodejson_parts(struct cli *cli, struct part *const *parts, uint32_t n, struct node *const *nodes,
                    uint32_t n_nodes, bool yaml);

#endif
