/* SPDX-License-Identifier: Apache-2.0 */
#include "sched/load.h"

#include "base/bits.h"
#include "base/mem.h"
#include "base/text.h"

static void node_load_release(struct node_load *l)
{
    bits_release(&l->units);
    for (uint32_t i = 0; i < l->gres_n; i++)
        bits_release(&l->gres[i].index);
    *l = (struct node_load){0};
}

static void node_load_copy(struct node_load *dst, const struct node_load *src)
{
    *dst = *src;
    dst->units = (struct bits){0};
    bits_copy(&dst->units, &src->units);
    for (uint32_t i = 0; i < src->gres_n; i++) {
        dst->gres[i].index = (struct bits){0};
        bits_copy(&dst->gres[i].index, &src->gres[i].index);
    }
}

static void add_gres(struct node_load *l, const struct node *node, const struct job_gres *g, bool give)
{
    uint32_t i = 0;
    while (i < l->gres_n && !text_same(l->gres[i].name, g->name))
        i++;
    if (i == l->gres_n) {
        if (l->gres_n == LOAD_GRES_MAX)
            return;
        for (uint32_t k = 0; k < node->gres.n; k++)
            if (text_same(node->gres.v[k].name, g->name))
                l->gres[i].name = node->gres.v[k].name;
        if (!l->gres[i].name)
            return; /* the node lost that device in a reconfiguration */
        l->gres_n++;
    }
    l->gres[i].count = give ? l->gres[i].count - (g->count < l->gres[i].count ? g->count : l->gres[i].count)
                            : l->gres[i].count + g->count;
    if (give)
        bits_minus(&l->gres[i].index, &g->index);
    else
        bits_or(&l->gres[i].index, &g->index);
}

void load_map_init(struct load_map *m, const struct sched_view *v, bool empty)
{
    *m = (struct load_map){.v = v, .empty = empty, .scratch_index = NO_VAL};
}

void load_map_release(struct load_map *m)
{
    for (uint32_t i = 0; i < m->own.n; i++)
        if (m->own.v[i]) {
            node_load_release(m->own.v[i]);
            mem_free(m->own.v[i]);
        }
    VEC_FREE(&m->own);
    node_load_release(&m->scratch);
}

void load_map_copy(struct load_map *dst, const struct load_map *src)
{
    load_map_init(dst, src->v, src->empty);
    for (uint32_t i = 0; i < src->own.n; i++) {
        struct node_load **slot = VEC_PUSH(&dst->own);
        if (src->own.v[i]) {
            *slot = mem_alloc(sizeof **slot);
            node_load_copy(*slot, src->own.v[i]);
        }
    }
}

static void from_node(struct node_load *l, const struct node *node)
{
    bits_copy(&l->units, &node->alloc_cores);
    l->mem = node->alloc_mem;
    l->jobs = node->running_jobs;
    l->exclusive_job = node->exclusive_job;
    for (uint32_t i = 0; i < node->gres_used.n; i++)
        add_gres(l, node, &node->gres_used.v[i], false);
}

const struct node_load *load_get(struct load_map *m, const struct node *node)
{
    if (node->index < m->own.n && m->own.v[node->index])
        return m->own.v[node->index];
    if (m->scratch_index != node->index) {
        node_load_release(&m->scratch);
        if (!m->empty)
            from_node(&m->scratch, node);
        m->scratch_index = node->index;
    }
    return &m->scratch;
}

static struct node_load *load_own(struct load_map *m, const struct node *node)
{
    while (m->own.n <= node->index)
        *VEC_PUSH(&m->own) = NULL;
    struct node_load **slot = &m->own.v[node->index];
    if (!*slot) {
        *slot = mem_alloc(sizeof **slot);
        if (!m->empty)
            from_node(*slot, node);
        m->scratch_index = NO_VAL;
    }
    return *slot;
}

void load_take(struct load_map *m, const struct node *node, const struct job_node *share,
               uint32_t exclusive_job)
{
    struct node_load *l = load_own(m, node);
    bits_or(&l->units, &share->cores);
    l->mem += share->mem;
    l->jobs++;
    if (exclusive_job)
        l->exclusive_job = exclusive_job;
    for (uint32_t i = 0; i < share->gres.n; i++)
        add_gres(l, node, &share->gres.v[i], false);
}

void load_give(struct load_map *m, const struct node *node, const struct job_node *share,
               uint32_t exclusive_job)
{
    struct node_load *l = load_own(m, node);
    bits_minus(&l->units, &share->cores);
    l->mem -= share->mem < l->mem ? share->mem : l->mem;
    l->jobs -= l->jobs > 0;
    if (l->exclusive_job == exclusive_job)
        l->exclusive_job = 0;
    for (uint32_t i = 0; i < share->gres.n; i++)
        add_gres(l, node, &share->gres.v[i], true);
}

uint64_t load_gres_count(const struct node_load *l, const char *name)
{
    for (uint32_t i = 0; i < l->gres_n; i++)
        if (text_same(l->gres[i].name, name))
            return l->gres[i].count;
    return 0;
}

const struct bits *load_gres_index(const struct node_load *l, const char *name)
{
    for (uint32_t i = 0; i < l->gres_n; i++)
        if (text_same(l->gres[i].name, name))
            return &l->gres[i].index;
    return NULL;
}
