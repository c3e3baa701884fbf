/* SPDX-License-Identifier: Apache-2.0 */
#include "sched/plan.h"

#include "base/bits.h"
#include "base/mem.h"
#include "meta/meta.h"
#include "sched/demand.h"
#include "sched/nodeset.h"

void plan_init(struct plan *p, const struct sched_view *v)
{
    *p = (struct plan){.v = v};
    load_map_init(&p->now, v, false);
}

void plan_release(struct plan *p)
{
    for (uint32_t i = 0; i < p->ends.n; i++)
        meta_release(&record_start_job, &p->ends.v[i].what);
    for (uint32_t i = 0; i < p->promises.n; i++)
        meta_release(&record_start_job, &p->promises.v[i].what);
    VEC_FREE(&p->ends);
    VEC_FREE(&p->promises);
    load_map_release(&p->now);
}

static const struct node *node_of(const struct plan *p, const struct job_node *share)
{
    return ptree_get(p->v->nodes, share->node_index);
}

static void take_all(const struct plan *p, struct load_map *m, const struct planned *x)
{
    for (uint32_t i = 0; i < x->what.alloc.n; i++) {
        const struct node *n = node_of(p, &x->what.alloc.v[i]);
        if (n)
            load_take(m, n, &x->what.alloc.v[i], x->exclusive_job);
    }
}

static void give_all(const struct plan *p, struct load_map *m, const struct planned *x)
{
    for (uint32_t i = 0; i < x->what.alloc.n; i++) {
        const struct node *n = node_of(p, &x->what.alloc.v[i]);
        if (n)
            load_give(m, n, &x->what.alloc.v[i], x->exclusive_job);
    }
}

void plan_add_running(struct plan *p, const struct job_node *alloc, uint32_t n, int64_t end,
                      uint32_t exclusive_job, bool starts)
{
    struct planned *x = VEC_PUSH(&p->ends);
    x->end = end > p->v->now ? end : p->v->now + 1;
    x->exclusive_job = exclusive_job;
    meta_init(&record_start_job, &x->what);
    for (uint32_t i = 0; i < n; i++) {
        struct job_node *copy = meta_recs_push(&record_job_node, &x->what.alloc);
        meta_copy(&record_job_node, copy, &alloc[i]);
    }
    if (starts)
        take_all(p, &p->now, x);
    p->sorted = false;
}

static int by_end(const void *a, const void *b, void *arg)
{
    const struct planned *x = a, *y = b;
    return x->end < y->end ? -1 : x->end > y->end;
}

static void take_promises(const struct plan *p, struct load_map *m, int64_t from, int64_t until)
{
    for (uint32_t i = 0; i < p->promises.n; i++)
        if (p->promises.v[i].start < until && p->promises.v[i].end > from)
            take_all(p, m, &p->promises.v[i]);
}

static uint32_t run_seconds(const struct plan *p, const struct job *job, const struct part *part)
{
    struct demand d;
    if (demand_init(&d, p->v, job, part, NULL) < 0)
        return 0;
    uint32_t s = d.limit_s;
    demand_release(&d);
    return s;
}

void plan_select_now(struct plan *p, const struct job *job, const struct part *part, struct selection *ret)
{
    int64_t until = p->v->now + run_seconds(p, job, part);
    bool disturbed = false;
    for (uint32_t i = 0; i < p->promises.n; i++)
        disturbed |= p->promises.v[i].start < until;
    if (!disturbed) {
        select_job(p->v, &p->now, job, part, SELECT_NOW, NULL, ret);
        return;
    }
    struct load_map m;
    load_map_copy(&m, &p->now);
    take_promises(p, &m, p->v->now, until);
    select_job(p->v, &m, job, part, SELECT_NOW, NULL, ret);
    load_map_release(&m);
}

/* Tries one moment: what runs now less what has ended until then, plus what is promised meanwhile. */
static bool try_moment(struct plan *p, const struct load_map *then, const struct job *job,
                       const struct part *part, int64_t at, uint32_t seconds, struct selection *ret)
{
    struct load_map m;
    load_map_copy(&m, then);
    take_promises(p, &m, at, at + seconds);
    select_job(p->v, &m, job, part, SELECT_NOW, NULL, ret);
    load_map_release(&m);
    return ret->ok;
}

static char *names_of(const struct plan *p, const struct start_job *what)
{
    struct bits nodes = {0};
    for (uint32_t i = 0; i < what->alloc.n; i++)
        bits_set(&nodes, what->alloc.v[i].node_index);
    char *text = nodeset_text(p->v, &nodes);
    bits_release(&nodes);
    return text;
}

int64_t plan_promise(struct plan *p, const struct job *job, const struct part *part, uint64_t *work,
                     char **ret_nodes)
{
    *ret_nodes = NULL;
    if (p->promises.n >= PLAN_JOBS_MAX)
        return 0;
    if (!p->sorted)
        vec_sort(p->ends.v, p->ends.n, sizeof *p->ends.v, by_end, NULL);
    p->sorted = true;
    uint32_t seconds = run_seconds(p, job, part), moments = 0;
    struct load_map then;
    load_map_copy(&then, &p->now);
    int64_t start = 0;
    for (uint32_t i = 0; i < p->ends.n && !start && moments < PLAN_MOMENTS_MAX; i++) {
        give_all(p, &then, &p->ends.v[i]);
        if (i + 1 < p->ends.n && p->ends.v[i + 1].end == p->ends.v[i].end)
            continue;
        moments++;
        struct selection s;
        if (try_moment(p, &then, job, part, p->ends.v[i].end, seconds, &s)) {
            start = p->ends.v[i].end;
            *ret_nodes = names_of(p, &s.start);
            bool exclusive = job->spec->share == SHARE_NODE || part->max_share == 0 || p->v->policy->linear;
            *VEC_PUSH(&p->promises) = (struct planned){.start = start,
                                                       .end = start + seconds,
                                                       .what = s.start,
                                                       .exclusive_job = exclusive ? job->job_id : 0};
            meta_init(&record_start_job, &s.start);
        }
        *work += s.work;
        selection_release(&s);
    }
    load_map_release(&then);
    return start;
}
