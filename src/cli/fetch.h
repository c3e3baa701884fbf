/* SPDX-License-Identifier: Apache-2.0 */
/* fetch: lists of records from the controller, kept in memory in the order it sent them. */
#ifndef CLI_FETCH_H
#define CLI_FETCH_H

#include "base/err.h"
#include "base/vec.h"
#include "model.h"
#include "client/client.h"

struct job_list {
    VEC(struct job *) list;
};
struct node_list {
    VEC(struct node *) list;
};
struct part_list {
    VEC(struct part *) list;
};

/* Append to the list. The select records may be NULL: everything that the user may see. */
int fetch_jobs(struct client *c, const struct job_select *select, struct job_list *l, struct err *e);
int fetch_nodes(struct client *c, const struct node_select *select, struct node_list *l, struct err *e);
int fetch_parts(struct client *c, const struct part_select *select, struct part_list *l, struct err *e);
void job_list_release(struct job_list *l);
void node_list_release(struct node_list *l);
void part_list_release(struct part_list *l);

#endif
