/* SPDX-License-Identifier: Apache-2.0 */
#include "sched/switches.h"

#include "base/mem.h"
#include "base/text.h"
#include "model/schedopts.h"
#include "sched/nodeset.h"

int64_t switches_until(const struct sched_view *v, const struct job *job)
{
    if (!job->spec->switches || !v->policy->topology.n)
        return 0;
    uint32_t wait = sched_opts_of(v->policy).max_switch_wait, wanted = job->spec->switches_wait;
    int64_t until = (job->eligible_time ? job->eligible_time : v->now) + (wanted < wait ? wanted : wait);
    return until > v->now ? until : 0;
}

/* Leaves below a switch: those whose chain of parents leads to it. */
static uint32_t leaf_count(const struct policy *p, const struct topo_switch *of)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < p->topology.n; i++) {
        const struct topo_switch *at = &p->topology.v[i];
        if (at->level != 0)
            continue;
        for (uint32_t depth = 0; at && at != of && depth <= p->topology.n; depth++) {
            const struct topo_switch *up = NULL;
            for (uint32_t k = 0; k < p->topology.n && at->parent; k++)
                if (text_same(p->topology.v[k].name, at->parent))
                    up = &p->topology.v[k];
            at = up;
        }
        n += at == of;
    }
    return n;
}

void switch_sets_init(const struct sched_view *v, const struct job *job, struct switch_sets *ret)
{
    const struct policy *p = v->policy;
    *ret = (struct switch_sets){0};
    bool single = job->spec->max_nodes == 1 || (job->node_count <= 1 && job->spec->ntasks <= 1);
    if (!p->topology.n || single)
        return;
    ret->blocks = p->topology.v[0].block;
    ret->only = !ret->blocks && switches_until(v, job) != 0;
    for (uint32_t level = 0, next, left = p->topology.n; left; level = next) {
        next = UINT32_MAX;
        for (uint32_t i = 0; i < p->topology.n; i++) {
            const struct topo_switch *s = &p->topology.v[i];
            if (s->level > level && s->level < next)
                next = s->level;
            if (s->level != level)
                continue;
            left--;
            if (ret->only && leaf_count(p, s) > job->spec->switches)
                continue;
            struct switch_set *set = VEC_PUSH(&ret->list);
            *set = (struct switch_set){.level = level};
            (void)nodeset_parse(v, s->nodes, &set->nodes, NULL);
        }
    }
}

void switch_sets_release(struct switch_sets *s)
{
    for (uint32_t i = 0; i < s->list.n; i++)
        bits_release(&s->list.v[i].nodes);
    VEC_FREE(&s->list);
}

static uint32_t count_both(const struct bits *a, const struct bits *b)
{
    uint32_t n = 0;
    for (uint32_t i = bits_next(a, 0); i != BITS_MAX; i = bits_next(a, i + 1))
        n += bits_test(b, i);
    return n;
}

void switch_sets_order(struct switch_sets *s, const struct bits *free)
{
    for (uint32_t i = 0; i < s->list.n; i++) { /* there are few, and mostly in order */
        struct switch_set set = s->list.v[i];
        uint32_t k = i;
        set.free = count_both(&set.nodes, free);
        for (; k > 0 && s->list.v[k - 1].level == set.level && s->list.v[k - 1].free > set.free; k--)
            s->list.v[k] = s->list.v[k - 1];
        s->list.v[k] = set;
    }
}
