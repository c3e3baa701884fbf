/* SPDX-License-Identifier: Apache-2.0 */
/* sched_check_alloc: the optimistic half of scheduling. A proposal was right for a snapshot; is it still? */
#include <string.h>

#include "base/bits.h"
#include "base/text.h"
#include "model/errors.h"
#include "sched/load.h"
#include "sched/offer.h"
#include "sched/select.h"

static int check_gres(const struct node *n, const struct node_load *l, const struct job_node *share,
                      struct err *e)
{
    for (uint32_t i = 0; i < share->gres.n; i++) {
        const struct job_gres *g = &share->gres.v[i];
        const struct bits *taken = load_gres_index(l, g->name);
        if (taken && bits_intersects(taken, &g->index))
            return err_set(e, ESLURM_NODES_BUSY, "%s: a %s is taken", n->name, g->name);
        if (gres_free(n, l, g->name, g->type) < g->count)
            return err_set(e, ESLURM_NODES_BUSY, "%s: fewer than %llu %s are free", n->name,
                           (unsigned long long)g->count, g->name);
    }
    return 0;
}

static int check_node(const struct sched_view *v, struct load_map *loads, const struct job_node *share,
                      bool exclusive, uint32_t uid, struct err *e)
{
    const struct node *n = ptree_get(v->nodes, share->node_index);
    if (!n || node_service(v->policy, n) == NODE_AWAY)
        return err_set(e, ESLURM_NODES_BUSY, "%s is not available", n ? n->name : "a removed node");
    const struct node_load *l = load_get(loads, n);
    if (n->owner != NO_VAL && n->owner != uid)
        return err_set(e, ESLURM_NODES_BUSY, "%s is held for another user", n->name);
    if (l->exclusive_job || (exclusive && l->jobs))
        return err_set(e, ESLURM_NODES_BUSY, "%s is held by job %u", n->name, l->exclusive_job);
    if (bits_intersects(&l->units, &share->cores))
        return err_set(e, ESLURM_NODES_BUSY, "%s: cores are taken", n->name);
    uint64_t mem = n->real_memory > n->mem_spec ? n->real_memory - n->mem_spec : 0;
    if (v->policy->cr_memory && l->mem + share->mem > mem)
        return err_set(e, ESLURM_NODES_BUSY, "%s: memory is taken", n->name);
    return check_gres(n, l, share, e);
}

int sched_check_alloc(const struct sched_view *v, const struct start_job *start, const struct job *job,
                      struct err *e)
{
    uint32_t index = v->part_index(v->ctx, start->partition);
    const struct part *part = index == NO_VAL ? NULL : ptree_get(v->parts, index);
    if (!part || part->state == PART_DOWN || part->state == PART_INACTIVE)
        return err_set(e, ESLURM_REQUIRED_PARTITION_NOT_AVAILABLE, "partition %s cannot start jobs",
                       start->partition);
    bool exclusive = demand_is_exclusive(v->policy, job->spec, part);
    struct load_map loads;
    load_map_init(&loads, v, false);
    load_map_specialize(&loads, job->spec->core_spec, job->spec->thread_spec);
    int r = start->alloc.n ? 0 : err_set(e, ESLURM_NODES_BUSY, "no node is named");
    for (uint32_t i = 0; r == 0 && i < start->alloc.n; i++) {
        if (!bits_test(&part->members, start->alloc.v[i].node_index))
            r = err_set(e, ESLURM_NODES_NOT_IN_PARTITION, "a node has left partition %s", part->name);
        else
            r = check_node(v, &loads, &start->alloc.v[i], exclusive, job->uid, e);
    }
    load_map_release(&loads);
    return r;
}
