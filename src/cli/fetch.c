/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/fetch.h"

#include "base/mem.h"

static int keep_job(void *arg, void *record)
{
    struct job_list *l = arg;
    *VEC_PUSH(&l->list) = record;
    return 0;
}

static int keep_node(void *arg, void *record)
{
    struct node_list *l = arg;
    *VEC_PUSH(&l->list) = record;
    return 0;
}

static int keep_part(void *arg, void *record)
{
    struct part_list *l = arg;
    *VEC_PUSH(&l->list) = record;
    return 0;
}

int fetch_jobs(struct client *c, const struct job_select *select, struct job_list *l, struct err *e)
{
    struct job_select all;
    meta_init(&record_job_select, &all);
    int rc = client_list(c, MSG_JOBS, select ? select : &all, keep_job, l, e);
    meta_release(&record_job_select, &all);
    return rc;
}

int fetch_nodes(struct client *c, const struct node_select *select, struct node_list *l, struct err *e)
{
    struct node_select all;
    meta_init(&record_node_select, &all);
    int rc = client_list(c, MSG_NODES, select ? select : &all, keep_node, l, e);
    meta_release(&record_node_select, &all);
    return rc;
}

int fetch_parts(struct client *c, const struct part_select *select, struct part_list *l, struct err *e)
{
    struct part_select all;
    meta_init(&record_part_select, &all);
    int rc = client_list(c, MSG_PARTS, select ? select : &all, keep_part, l, e);
    meta_release(&record_part_select, &all);
    return rc;
}

void job_list_release(struct job_list *l)
{
    for (uint32_t i = 0; i < l->list.n; i++)
        meta_free(&record_job, l->list.v[i]);
    VEC_FREE(&l->list);
}

void node_list_release(struct node_list *l)
{
    for (uint32_t i = 0; i < l->list.n; i++)
        meta_free(&record_node, l->list.v[i]);
    VEC_FREE(&l->list);
}

void part_list_release(struct part_list *l)
{
    for (uint32_t i = 0; i < l->list.n; i++)
        meta_free(&record_part, l->list.v[i]);
    VEC_FREE(&l->list);
}
