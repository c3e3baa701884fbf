/* SPDX-License-Identifier: Apache-2.0 */
#include "sched/load.h"

#include "base/bits.h"
#include "base/mem.h"
#include "base/text.h"
#include "sched/offer.h"

static void node_load_release(struct node_load *l)
{
    bits_release(&l->units);
    for (uint32_t i = 0; i < LOAD_GRES_MAX; i++)
        bits_release(&l->gres[i].index);
    *l = (struct node_load){0};
}

/* As new, but keeps the memory of its sets. */
static void node_load_clear(struct node_load *l)
{
    bits_clear_all(&l->units);
    l->mem = 0;
    l->jobs = l->exclusive_job = 0;
    for (uint32_t i = 0; i < l->gres_n; i++) {
        bits_clear_all(&l->gres[i].index);
        l->gres[i].name = NULL;
        l->gres[i].count = 0;
    }
    l->gres_n = 0;
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
    m->core_spec = m->thread_spec = NO_VAL16;
    m->spec_first = v->policy->sched && v->policy->sched->spec_cores_first;
}

void load_map_release(struct load_map *m)
{
    node_load_release(&m->scratch);
    node_load_release(&m->idle);
}

void load_map_specialize(struct load_map *m, uint16_t core_spec, uint16_t thread_spec)
{
    m->core_spec = core_spec;
    m->thread_spec = thread_spec;
    m->scratch_index = NO_VAL;
}

void load_map_move(struct load_map *m, const struct timeline *time, int64_t from, int64_t until,
                   bool unbooked)
{
    m->time = time;
    m->from = from;
    m->until = until;
    m->unbooked = unbooked;
    m->scratch_index = NO_VAL;
}

/* CPUSpecList, as units. */
static void specialize_list(struct node_load *l, const struct node *node, uint32_t unit_cpus)
{
    struct bits cpus = {0};
    if (bits_parse(&cpus, node->cpu_spec_list, NULL) == 0)
        for (uint32_t i = bits_next(&cpus, 0); i != BITS_MAX; i = bits_next(&cpus, i + 1))
            bits_set(&l->units, i / unit_cpus);
    bits_release(&cpus);
}

/* Cores that are left to the system: of one socket after the other, from the end of the node or from its
 * beginning. What a job asks for stands for what the node says. */
static void specialize(const struct load_map *m, struct node_load *l, const struct node *node)
{
    struct node_shape s = node_shape(m->v->policy, node);
    bool asked = m->core_spec != NO_VAL16 || m->thread_spec != NO_VAL16;
    uint32_t core_units = m->v->policy->cr_cpu ? s.units / (s.sockets * (node->cores ? node->cores : 1)) : 1;
    uint32_t count = asked ? 0 : node->core_spec * (core_units ? core_units : 1);
    if (m->core_spec != NO_VAL16)
        count = m->core_spec * (core_units ? core_units : 1);
    else if (m->thread_spec != NO_VAL16)
        count = m->thread_spec / s.unit_cpus;
    if (!asked && !node->core_spec && node->cpu_spec_list)
        specialize_list(l, node, s.unit_cpus);
    for (uint32_t i = 0; i < count && i < s.units; i++) {
        uint32_t socket = i % s.sockets, at = i / s.sockets;
        if (m->spec_first)
            bits_set(&l->units, socket * s.socket_units + at);
        else
            bits_set(&l->units, s.units - 1 - socket * s.socket_units - at);
    }
}

static void from_node(struct node_load *l, const struct node *node)
{
    bits_or(&l->units, &node->alloc_cores);
    l->mem = node->alloc_mem;
    l->jobs = node->running_jobs;
    l->exclusive_job = node->exclusive_job;
    for (uint32_t i = 0; i < node->gres_used.n; i++)
        add_gres(l, node, &node->gres_used.v[i], false);
}

static void take(struct node_load *l, const struct node *node, const struct job_node *share,
                 uint32_t exclusive_job)
{
    bits_or(&l->units, &share->cores);
    l->mem += share->mem;
    l->jobs++;
    if (exclusive_job)
        l->exclusive_job = exclusive_job;
    for (uint32_t i = 0; i < share->gres.n; i++)
        add_gres(l, node, &share->gres.v[i], false);
}

static void give(struct node_load *l, const struct node *node, const struct hold *h)
{
    if (!h->cores_given)
        bits_minus(&l->units, &h->share->cores);
    l->mem -= h->share->mem < l->mem ? h->share->mem : l->mem;
    l->jobs -= l->jobs > 0;
    if (l->exclusive_job == h->job_id)
        l->exclusive_job = 0;
    for (uint32_t i = 0; i < h->share->gres.n; i++)
        add_gres(l, node, &h->share->gres.v[i], true);
}

/* A job that should have ended by now still holds what it has: its end is the next second. */
static void move(const struct load_map *m, struct node_load *l, const struct node *node)
{
    const struct timeline_node *n = m->time ? timeline_node(m->time, node->index) : NULL;
    if (!n)
        return;
    for (uint32_t i = 0; i < n->holds.n && m->from > m->v->now; i++)
        if (n->holds.v[i].end <= m->from)
            give(l, node, &n->holds.v[i]);
    for (uint32_t i = 0; i < n->booked.n && !m->unbooked; i++) {
        const struct booking *b = &m->time->bookings.v[n->booked.v[i].booking];
        if (b->start < m->until && b->end > m->from)
            take(l, node, &b->what.alloc.v[n->booked.v[i].at], b->exclusive_job);
    }
}

const struct node_load *load_get(struct load_map *m, const struct node *node)
{
    if (m->scratch_index != node->index) {
        node_load_clear(&m->scratch);
        specialize(m, &m->scratch, node);
        if (!m->empty) {
            from_node(&m->scratch, node);
            move(m, &m->scratch, node);
        }
        m->scratch_index = node->index;
    }
    return &m->scratch;
}

const struct node_load *load_idle(struct load_map *m, const struct node *node)
{
    node_load_clear(&m->idle);
    specialize(m, &m->idle, node);
    return &m->idle;
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
