/* SPDX-License-Identifier: Apache-2.0 */
#include "sched_lists.h"

#include "meta/meta.h"
#include "model.h"

static struct shared *copy_job(const struct shared *s)
{
    return meta_dup(&record_job, s);
}
static void free_job(struct shared *s)
{
    s->refs = 1;
    meta_free(&record_job, s);
}
static struct shared *copy_node(const struct shared *s)
{
    return meta_dup(&record_node, s);
}
static void free_node(struct shared *s)
{
    s->refs = 1;
    meta_free(&record_node, s);
}
static struct shared *copy_part(const struct shared *s)
{
    return meta_dup(&record_part, s);
}
static void free_part(struct shared *s)
{
    s->refs = 1;
    meta_free(&record_part, s);
}
const struct ptree_type list_of_jobs = {copy_job, free_job};
const struct ptree_type list_of_nodes = {copy_node, free_node};
const struct ptree_type list_of_parts = {copy_part, free_part};
