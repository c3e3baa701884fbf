/* SPDX-License-Identifier: Apache-2.0 */
/* state_impl.h: what jobs hold on nodes. A node's derived fields are sums over its jobs; state_check() adds
 * them up again. */
#include "core/state_impl.h"

#include "base/mem.h"
#include "base/text.h"

/* Finds or makes the row of this kind of device. */
static struct job_gres *gres_row(struct node *n, const struct job_gres *g)
{
    for (uint32_t i = 0; i < n->gres_used.n; i++) {
        struct job_gres *row = &n->gres_used.v[i];
        if (text_same(row->name, g->name) && text_same(row->type, g->type))
            return row;
    }
    struct job_gres *row = meta_recs_push(&record_job_gres, &n->gres_used);
    row->name = mem_strdup(g->name);
    row->type = mem_strdup(g->type);
    return row;
}

static void gres_drop_empty(struct node *n)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < n->gres_used.n; i++) {
        if (n->gres_used.v[i].count)
            n->gres_used.v[kept++] = n->gres_used.v[i];
        else
            meta_release(&record_job_gres, &n->gres_used.v[i]);
    }
    n->gres_used.n = kept;
    if (kept == 0) {
        mem_free(n->gres_used.v);
        n->gres_used.v = NULL;
    }
}

static void take_gres(struct node *n, const struct job_node *a)
{
    for (uint32_t i = 0; i < a->gres.n; i++) {
        struct job_gres *row = gres_row(n, &a->gres.v[i]);
        row->count += a->gres.v[i].count;
        bits_or(&row->index, &a->gres.v[i].index);
    }
}

static void give_gres(struct node *n, const struct job_node *a)
{
    for (uint32_t i = 0; i < a->gres.n; i++) {
        struct job_gres *row = gres_row(n, &a->gres.v[i]);
        REQUIRE(row->count >= a->gres.v[i].count);
        row->count -= a->gres.v[i].count;
        bits_minus(&row->index, &a->gres.v[i].index);
    }
    gres_drop_empty(n);
}

static void take_cpus(struct node *n, const struct job_node *a)
{
    REQUIRE(!bits_intersects(&n->alloc_cores, &a->cores));
    n->alloc_cpus += a->cpus;
    bits_or(&n->alloc_cores, &a->cores);
}

static void give_cpus(struct node *n, const struct job_node *a)
{
    REQUIRE(n->alloc_cpus >= a->cpus);
    n->alloc_cpus -= a->cpus;
    bits_minus(&n->alloc_cores, &a->cores);
}

/* Whether it is idle decides when it is rebooted or powered down. */
static void retime(struct state *s, const struct node *n)
{
    const uint64_t waiting = NODEF_REBOOT_REQUESTED | NODEF_POWER_DOWN | NODEF_POWERED_DOWN;
    if (n->flags & waiting || n->power_idle != INFINITE)
        node_timer(s, n);
}

/* PowerDownOnIdle: a partition whose nodes are powered down after use. */
static bool powers_down(const struct state *s, const struct job *job)
{
    const struct part *p = s->policy->power_save && job->partition ? state_part(s, job->partition) : NULL;
    return p && p->flags & PARTF_POWERDOWNONIDLE;
}

void node_take(struct state *s, const struct job *job, uint32_t i, int64_t time)
{
    const struct job_node *a = &job->alloc.v[i];
    struct node *n = ptree_edit(&s->nodes, a->node_index);
    REQUIRE(n && a->node_index < s->node_jobs_n);
    take_cpus(n, a);
    n->alloc_mem += a->mem;
    take_gres(n, a);
    n->running_jobs++;
    n->last_busy = time;
    if (job->flags & JOBF_WHOLE_NODES)
        n->exclusive_job = job->job_id;
    if (job->flags & JOBF_USER_NODES)
        n->owner = job->uid;
    if (powers_down(s, job))
        n->flags |= NODEF_POWER_DOWN;
    idset_add(&s->node_jobs[a->node_index], job->job_id);
    retime(s, n);
}

/* Does another job keep the node for its user? */
static bool still_owned(const struct state *s, const struct idset *jobs)
{
    IDSET_EACH (jobs, id)
        if (state_job(s, id)->flags & JOBF_USER_NODES)
            return true;
    return false;
}

void node_give(struct state *s, const struct job *job, uint32_t i, int64_t time)
{
    const struct job_node *a = &job->alloc.v[i];
    struct node *n = ptree_edit(&s->nodes, a->node_index);
    REQUIRE(n && n->running_jobs > 0 && n->alloc_mem >= a->mem);
    if (!(job->flags & JOBF_CPUS_GIVEN))
        give_cpus(n, a);
    n->alloc_mem -= a->mem;
    give_gres(n, a);
    n->running_jobs--;
    n->last_busy = time;
    if (n->exclusive_job == job->job_id)
        n->exclusive_job = 0;
    idset_remove(&s->node_jobs[a->node_index], job->job_id);
    retime(s, n);
    if (n->owner != NO_VAL && !still_owned(s, &s->node_jobs[a->node_index]))
        n->owner = NO_VAL;
}

void node_take_cpus(struct state *s, const struct job *job)
{
    for (uint32_t i = 0; i < job->alloc.n; i++)
        take_cpus(ptree_edit(&s->nodes, job->alloc.v[i].node_index), &job->alloc.v[i]);
}

void node_give_cpus(struct state *s, const struct job *job)
{
    for (uint32_t i = 0; i < job->alloc.n; i++)
        give_cpus(ptree_edit(&s->nodes, job->alloc.v[i].node_index), &job->alloc.v[i]);
}
