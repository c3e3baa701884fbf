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
    ret->only = switches_until(v, job) != 0;
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
            struct bits *set = VEC_PUSH(&ret->list);
            *set = (struct bits){0};
            (void)nodeset_parse(v, s->nodes, set, NULL);
        }
    }
}

void switch_sets_release(struct switch_sets *s)
{
    for (uint32_t i = 0; i < s->list.n; i++)
        bits_release(&s->list.v[i]);
    VEC_FREE(&s->list);
}
