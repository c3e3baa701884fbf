/* SPDX-License-Identifier: Apache-2.0 */
#include "sched/offer.h"

#include "base/bits.h"
#include "base/mem.h"
#include "base/text.h"
#include "meta/meta.h"
#include "model/nodetext.h"
#include "sched/units.h"

static uint32_t min32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}
static uint32_t max32(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}
static uint32_t div_up(uint32_t a, uint32_t b)
{
    return a / b + (a % b != 0);
}

struct node_shape node_shape(const struct policy *p, const struct node *n)
{
    uint32_t cpus = max32(n->cpus, 1), sockets = max32(n->sockets, 1);
    uint32_t cores = sockets * max32(n->cores, 1);
    uint32_t units = p->cr_cpu ? cpus : min32(cores, cpus);
    return (struct node_shape){.units = units,
                               .unit_cpus = max32(cpus / units, 1),
                               .sockets = sockets,
                               .socket_units = max32(units / sockets, 1)};
}

uint32_t usable_cpus(const struct demand *d, const struct node_shape *s)
{
    return d->threads && d->threads < s->unit_cpus ? d->threads : s->unit_cpus;
}

uint32_t task_cpus(const struct demand *d, uint32_t usable)
{
    uint32_t cpus = d->cpus_per_task;
    if (d->tasks_per_core)
        cpus = max32(cpus, div_up(usable, d->tasks_per_core));
    return d->bind_devices && d->gres_n ? div_up(cpus, usable) * usable : cpus; /* no core is shared then */
}

uint64_t node_memory(const struct node *n)
{
    return n->real_memory > n->mem_spec ? n->real_memory - n->mem_spec : 0;
}

static bool type_matches(const struct gres_decl *g, const char *name, const char *type)
{
    return text_same(g->name, name) && (!type || text_same(g->type, type));
}

uint64_t gres_total(const struct node *n, const char *name, const char *type)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < n->gres.n; i++)
        if (type_matches(&n->gres.v[i], name, type))
            total += n->gres.v[i].count;
    return total;
}

/* Counts, and where `pick` is given takes up to `want`, free devices in index order; `near` restricts to
 * devices local to a unit of it. */
static uint64_t scan_devices(const struct node *n, const struct node_load *l, const char *name,
                             const char *type, uint64_t want, const struct bits *near, struct bits *pick)
{
    const struct bits *taken = load_gres_index(l, name);
    uint64_t found = 0;
    uint32_t base = 0;
    for (uint32_t i = 0; i < n->gres.n; i++) {
        const struct gres_decl *g = &n->gres.v[i];
        if (!text_same(g->name, name))
            continue;
        for (uint32_t k = 0; k < g->files.n && found < want && type_matches(g, name, type); k++) {
            if ((taken && bits_test(taken, base + k)) || (pick && bits_test(pick, base + k)))
                continue;
            if (near && k < g->cores.n) {
                struct bits local = {0};
                bool far = bits_parse(&local, g->cores.v[k], NULL) == 0 && bits_any(&local) &&
                           !bits_intersects(&local, near);
                bits_release(&local);
                if (far)
                    continue;
            }
            found++;
            if (pick)
                bits_set(pick, base + k);
        }
        base += (uint32_t)g->files.n;
    }
    return found;
}

static bool has_files(const struct node *n, const char *name)
{
    for (uint32_t i = 0; i < n->gres.n; i++)
        if (text_same(n->gres.v[i].name, name) && n->gres.v[i].files.n)
            return true;
    return false;
}

uint64_t gres_free(const struct node *n, const struct node_load *l, const char *name, const char *type)
{
    if (has_files(n, name))
        return scan_devices(n, l, name, type, UINT64_MAX, NULL, NULL);
    uint64_t total = gres_total(n, name, type), taken = load_gres_count(l, name);
    return total > taken ? total - taken : 0;
}

bool offer_possible(const struct demand *d, const struct policy *p, const struct node *n,
                    const struct node_load *idle)
{
    struct node_shape s = node_shape(p, n);
    if (d->sockets_min > s.sockets || d->cores_min > n->cores || d->threads_min > max32(n->threads, 1) ||
        d->tmp_disk > n->tmp_disk || d->mem_node > node_memory(n))
        return false;
    return offer_make(d, p, n, idle).tasks > 0;
}

/* Free devices of a need; of GPUs no more than there is --mem-per-gpu memory for. */
static uint64_t gres_room(const struct demand *d, const struct policy *p, const struct node *n,
                          const struct node_load *l, const struct gres_need *need)
{
    uint64_t left = gres_free(n, l, need->name, need->type);
    if (!d->mem_gpu || !text_same(need->name, "gpu"))
        return left;
    uint64_t taken = p->cr_memory ? l->mem : 0, all = node_memory(n);
    uint64_t fit = all > taken ? (all - taken) / d->mem_gpu : 0;
    return left < fit ? left : fit;
}

/* Units local to free devices that the demand wants come first: work runs near its GPUs where there is a
 * choice. */
static void near_units(const struct demand *d, const struct node *n, const struct node_load *l,
                       struct bits *near)
{
    for (uint32_t i = 0; i < d->gres_n; i++) {
        struct bits free_devices = {0};
        scan_devices(n, l, d->gres[i].name, d->gres[i].type, UINT64_MAX, NULL, &free_devices);
        uint32_t base = 0;
        for (uint32_t k = 0; k < n->gres.n; k++) {
            const struct gres_decl *g = &n->gres.v[k];
            if (!text_same(g->name, d->gres[i].name))
                continue;
            for (uint32_t f = 0; f < g->files.n && f < g->cores.n; f++) {
                struct bits local = {0};
                if (bits_test(&free_devices, base + f) && bits_parse(&local, g->cores.v[f], NULL) == 0)
                    bits_or(near, &local);
                bits_release(&local);
            }
            base += (uint32_t)g->files.n;
        }
        bits_release(&free_devices);
    }
}

/* Units that a job with --gres-flags=enforce-binding may have: free, and local to free devices. */
static uint32_t bound_units(const struct demand *d, const struct node_shape *s, const struct node *n,
                            const struct node_load *l)
{
    struct bits near = {0};
    near_units(d, n, l, &near);
    uint32_t count = s->units - bits_count(&l->units);
    if (bits_any(&near)) {
        bits_minus(&near, &l->units);
        count = bits_count(&near);
    }
    bits_release(&near);
    return count;
}

/* Tasks that the free devices of every need allow; --cpus-per-gpu leaves CPUs for gpus_max GPUs. */
static uint32_t gres_tasks(const struct demand *d, const struct policy *p, const struct node *n,
                           const struct node_load *l, uint64_t gpus_max, uint32_t tasks,
                           uint64_t *ret_per_job)
{
    for (uint32_t i = 0; i < d->gres_n && tasks; i++) {
        const struct gres_need *g = &d->gres[i];
        uint64_t left = gres_room(d, p, n, l, g);
        if (left > gpus_max && text_same(g->name, "gpu"))
            left = gpus_max;
        if (left < g->per_node || (g->per_socket && left < g->per_socket * max32(d->sockets_min, 1)) ||
            (g->per_job && !left))
            return 0;
        if (g->tasks_each)
            tasks = left * g->tasks_each < tasks ? (uint32_t)(left * g->tasks_each) : tasks;
        if (g->per_task)
            tasks = left / g->per_task < tasks ? (uint32_t)(left / g->per_task) : tasks;
        if (g->per_job)
            *ret_per_job = left;
    }
    return tasks;
}

static uint32_t socket_tasks(const struct demand *d, const struct node_shape *s, const struct node_load *l,
                             uint32_t usable, uint32_t cpus_a_task)
{
    uint32_t tasks = 0;
    for (uint32_t k = 0; k < s->sockets; k++) {
        uint32_t idle = 0;
        for (uint32_t u = k * s->socket_units; u < (k + 1) * s->socket_units && u < s->units; u++)
            idle += !bits_test(&l->units, u);
        tasks += min32(d->tasks_per_socket, idle * usable / cpus_a_task);
    }
    return tasks;
}

struct offer offer_make(const struct demand *d, const struct policy *p, const struct node *n,
                        const struct node_load *l)
{
    struct offer o = {.node = n};
    struct node_shape s = node_shape(p, n);
    if (l->exclusive_job || (d->exclusive && l->jobs))
        return o;
    uint32_t taken = bits_count(&l->units), usable = usable_cpus(d, &s);
    uint32_t cpus = taken < s.units ? (s.units - taken) * usable : 0;
    if (d->bind_devices && d->gres_n)
        cpus = bound_units(d, &s, n, l) * usable;
    uint32_t cpus_free = cpus;
    uint64_t mem_free = node_memory(n) > l->mem ? node_memory(n) - l->mem : 0;
    if (p->cr_memory || d->mem_node || d->mem_cpu) {
        if (!p->cr_memory)
            mem_free = node_memory(n);
        if (d->mem_node > mem_free || (d->mem_whole && p->cr_memory && l->mem))
            return o;
        if (d->mem_cpu && mem_free / d->mem_cpu < cpus)
            cpus = (uint32_t)(mem_free / d->mem_cpu) / usable * usable;
        if (d->whole && d->mem_cpu * s.units * usable > mem_free)
            return o;
    }
    uint32_t cpus_a_task = task_cpus(d, usable);
    if (cpus < d->cpus_node_min || !cpus)
        return o;
    if (d->overcommit && cpus < min32(d->cpus_per_task, cpus_free)) /* which is taken in any case */
        return o;
    uint32_t tasks = d->overcommit ? UINT32_MAX : cpus / cpus_a_task;
    if (d->tasks_per_socket)
        tasks = min32(tasks, socket_tasks(d, &s, l, usable, cpus_a_task));
    if (d->tasks_per_node)
        tasks = min32(tasks, d->tasks_per_node);
    o.cpus = cpus;
    o.tasks = gres_tasks(d, p, n, l, d->cpus_per_gpu ? cpus / d->cpus_per_gpu : UINT64_MAX, tasks, &o.gres);
    if (d->tasks_per_node_exact && o.tasks < d->tasks_per_node)
        o.tasks = 0;
    return o;
}

/* Devices of one declared kind: those near the job's units first. With whole nodes (select/linear) only the
 * count is kept. */
static uint64_t take_kind(const struct policy *p, const struct node *n, const struct node_load *l,
                          const struct gres_decl *kind, uint64_t want, struct job_node *ret)
{
    uint64_t left = gres_free(n, l, kind->name, kind->type);
    want = want < left ? want : left;
    if (!want)
        return 0;
    struct job_gres *g = meta_recs_push(&record_job_gres, &ret->gres);
    g->name = mem_strdup(kind->name);
    g->type = mem_strdup(kind->type);
    g->count = want;
    if (p->linear || !has_files(n, kind->name))
        return want;
    uint64_t got = scan_devices(n, l, kind->name, kind->type, want, &ret->cores, &g->index);
    if (got < want)
        scan_devices(n, l, kind->name, kind->type, want - got, NULL, &g->index);
    return want;
}

static bool declared_before(const struct node *n, uint32_t i)
{
    const struct gres_decl *g = &n->gres.v[i];
    for (uint32_t k = 0; k < i; k++)
        if (text_same(n->gres.v[k].name, g->name) && text_same(n->gres.v[k].type, g->type))
            return true;
    return false;
}

/* Devices of one need for so many tasks on this node, one of nodes_left. */
static uint64_t wanted_devices(const struct demand *d, const struct policy *p, const struct node *n,
                               const struct node_load *l, const struct gres_need *need, uint32_t tasks,
                               uint32_t sockets, uint32_t nodes_left, uint64_t per_job_left)
{
    uint64_t want = need->per_node + need->per_task * tasks + need->per_socket * sockets;
    if (!need->per_job)
        return want;
    uint64_t left = gres_room(d, p, n, l, need), others = nodes_left - 1;
    uint64_t share = per_job_left > others ? per_job_left - others : 1;
    if (need->tasks_each)
        share = div_up(tasks, need->tasks_each);
    return share < left ? share : left;
}

static uint32_t sockets_of(const struct policy *p, const struct node *n, const struct bits *units)
{
    struct node_shape s = node_shape(p, n);
    uint32_t used = 0;
    for (uint32_t at = bits_next(units, 0); at != BITS_MAX; used++)
        at = bits_next(units, (at / s.socket_units + 1) * s.socket_units);
    return used;
}

/* Whoever has a node alone has all its devices. */
static void take_every_device(const struct policy *p, const struct node *n, const struct node_load *l,
                              struct job_node *ret)
{
    for (uint32_t k = 0; k < n->gres.n; k++)
        if (!declared_before(n, k))
            take_kind(p, n, l, &n->gres.v[k], UINT64_MAX, ret);
}

static void take_gres(const struct demand *d, const struct policy *p, const struct node *n,
                      const struct node_load *l, uint32_t tasks, uint32_t nodes_left, uint64_t *per_job_left,
                      struct job_node *ret)
{
    uint32_t sockets = sockets_of(p, n, &ret->cores);
    for (uint32_t i = 0; i < d->gres_n; i++) {
        const struct gres_need *need = &d->gres[i];
        uint64_t want = wanted_devices(d, p, n, l, need, tasks, sockets, nodes_left, per_job_left[i]);
        if (need->per_job)
            per_job_left[i] -= want < per_job_left[i] ? want : per_job_left[i];
        for (uint32_t k = 0; k < n->gres.n && want; k++)
            if (type_matches(&n->gres.v[k], need->name, need->type) && !declared_before(n, k))
                want -= take_kind(p, n, l, &n->gres.v[k], want, ret);
    }
}

/* --cpus-per-gpu: CPUs for the GPUs that the node will give. */
static uint32_t gpu_cpus(const struct demand *d, const struct policy *p, const struct node *n,
                         const struct node_load *l, const struct offer_tasks *tasks, uint32_t nodes_left,
                         const uint64_t *per_job_left)
{
    uint64_t gpus = 0;
    for (uint32_t i = 0; i < d->gres_n && d->cpus_per_gpu; i++)
        if (text_same(d->gres[i].name, "gpu"))
            gpus += wanted_devices(d, p, n, l, &d->gres[i], tasks->charged, max32(d->sockets_min, 1),
                                   nodes_left, per_job_left[i]);
    return (uint32_t)(gpus * d->cpus_per_gpu);
}

/* Units that so many tasks take of the node, and at least so many CPUs. */
static uint32_t units_taken(const struct demand *d, const struct node_shape *s, const struct node_load *l,
                            uint32_t tasks, uint32_t cpus_min)
{
    uint32_t units_free = s->units - min32(bits_count(&l->units), s->units), usable = usable_cpus(d, s);
    if (d->whole)
        return units_free;
    uint32_t cpus = d->overcommit ? d->cpus_per_task : tasks * task_cpus(d, usable);
    cpus = max32(max32(cpus, cpus_min), d->cpus_node_take);
    return min32(max32(div_up(cpus, usable), 1), units_free);
}

uint32_t offer_room(const struct demand *d, const struct policy *p, const struct node *n,
                    const struct node_load *l, uint32_t tasks)
{
    struct node_shape s = node_shape(p, n);
    return units_taken(d, &s, l, tasks, 0) * usable_cpus(d, &s) / d->cpus_per_task;
}

/* What a whole node is charged: also what the job itself leaves to the system, as long as the CPUs of a unit
 * can be told from it. */
static uint32_t whole_cpus(const struct node *n, const struct node_shape *s, uint32_t units)
{
    uint32_t cpus = max32(node_usable_cpus(n), 1);
    return units && cpus / units != s->unit_cpus ? units * s->unit_cpus : cpus;
}

/* CPUs that bring memory: a thread that tasks may not use is charged for, but brings none. */
static uint32_t memory_cpus(const struct demand *d, const struct node_shape *s, uint32_t charged,
                            uint32_t units)
{
    if (d->threads)
        return units * usable_cpus(d, s);
    if (d->whole && d->thread_spec == NO_VAL16)
        return units * s->unit_cpus;
    if (d->thread_spec != NO_VAL16)
        return charged - min32(d->thread_spec, charged);
    return charged;
}

void offer_take(const struct demand *d, const struct policy *p, const struct node *n,
                const struct node_load *l, const struct offer_tasks *tasks, uint32_t nodes_left,
                uint64_t *per_job_left, struct job_node *ret)
{
    meta_init(&record_job_node, ret);
    struct node_shape s = node_shape(p, n);
    uint32_t want =
        units_taken(d, &s, l, tasks->charged, gpu_cpus(d, p, n, l, tasks, nodes_left, per_job_left));
    struct bits near = {0};
    if (!d->spread_devices)
        near_units(d, n, l, &near);
    uint32_t got = bits_any(&near) ? units_take(d, &s, l, &near, tasks->charged, want, &ret->cores) : 0;
    got += units_take(d, &s, l, NULL, tasks->charged, want - got, &ret->cores);
    bits_release(&near);
    ret->node_index = n->index;
    ret->tasks = tasks->placed;
    ret->cpus = d->whole ? whole_cpus(n, &s, got) : got * s.unit_cpus;
    if (d->mem_whole)
        ret->mem = node_memory(n);
    else
        ret->mem = d->mem_node ? d->mem_node : d->mem_cpu * memory_cpus(d, &s, ret->cpus, got);
    if (d->whole && !p->linear)
        take_every_device(p, n, l, ret);
    else
        take_gres(d, p, n, l, d->tasks_open ? tasks->charged : tasks->placed, nodes_left, per_job_left, ret);
    for (uint32_t i = 0; i < ret->gres.n; i++)
        if (d->mem_gpu && text_same(ret->gres.v[i].name, "gpu"))
            ret->mem += d->mem_gpu * ret->gres.v[i].count;
    if (!p->cr_memory)
        ret->mem = 0;
}
