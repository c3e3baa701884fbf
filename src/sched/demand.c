/* SPDX-License-Identifier: Apache-2.0 */
#include "sched/demand.h"

#include <string.h>

#include "base/bits.h"
#include "base/mem.h"
#include "base/text.h"
#include "meta/meta.h"
#include "model/errors.h"

enum { SIZE_NODES_MAX = 1 << 20 }; /* of a text with steps */

void demand_release(struct demand *d)
{
    for (uint32_t i = 0; i < d->gres_n; i++) {
        mem_free(d->gres[i].name);
        mem_free(d->gres[i].type);
    }
    d->gres_n = 0;
    bits_release(&d->sizes);
}

/* A count without a type speaks of the same devices as one with: --gpus=4 --gres=gpu:h100:2. */
static struct gres_need *gres_slot(struct demand *d, const char *name, const char *type)
{
    for (uint32_t i = 0; i < d->gres_n; i++) {
        struct gres_need *g = &d->gres[i];
        if (!text_same(g->name, name) || (g->type && type && !text_same(g->type, type)))
            continue;
        if (!g->type)
            g->type = mem_strdup(type);
        return g;
    }
    if (d->gres_n == DEMAND_GRES_MAX)
        return NULL;
    struct gres_need *g = &d->gres[d->gres_n++];
    *g = (struct gres_need){.name = mem_strdup(name), .type = mem_strdup(type)};
    return g;
}

bool demand_add_gres(struct demand *d, const char *name, const char *type, uint64_t count)
{
    struct gres_need *g = gres_slot(d, name, type);
    if (g)
        g->per_job += count;
    return g != NULL;
}

/* "gres/gpu:h100:2", "gres/gpu:2", "gres/gpu:h100=2", "gres/gpu". */
static int parse_one(struct demand *d, char *item, size_t slot, struct err *e)
{
    if (!text_starts(item, "gres/"))
        return 0; /* cpu=, mem=, license/ are not devices */
    char *part[3] = {item + 5, NULL, NULL};
    int n = 1;
    for (char *s = part[0]; *s; s++) {
        if (*s != ':' && *s != '=')
            continue;
        *s = '\0';
        if (n == 3)
            return err_set(e, ESLURM_INVALID_TRES_GRES, "gres/%s: too many parts", part[0]);
        part[n++] = s + 1;
    }
    uint64_t count = 1;
    bool counted = n > 1 && text_to_u64(part[n - 1], &count);
    if (n == 3 && !counted)
        return err_set(e, ESLURM_INVALID_TRES_GRES, "gres/%s:%s: '%s' is not a count", part[0], part[1],
                       part[2]);
    const char *type = n == 3 || (n == 2 && !counted) ? part[1] : NULL;
    struct gres_need *g = gres_slot(d, part[0], type);
    if (!g)
        return err_set(e, ESLURM_INVALID_GRES, "more than %d kinds of devices", DEMAND_GRES_MAX);
    *(uint64_t *)((char *)g + slot) += count;
    return 0;
}

int demand_parse_gres(struct demand *d, const char *tres, size_t slot, struct err *e)
{
    if (!tres)
        return 0;
    struct text_list items = {0};
    text_split(&items, tres, ',');
    int r = 0;
    for (uint32_t i = 0; i < items.n && r == 0; i++)
        r = parse_one(d, items.v[i], slot, e);
    text_list_release(&items);
    return r;
}

uint64_t demand_gpus(const struct demand *d, uint64_t nodes, uint64_t tasks)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < d->gres_n; i++)
        if (text_same(d->gres[i].name, "gpu"))
            n += d->gres[i].per_job + d->gres[i].per_node * nodes + d->gres[i].per_task * tasks;
    return n;
}

uint32_t demand_time_limit(const struct job_spec *spec, const struct part *part)
{
    if (spec->time_limit != NO_VAL && spec->time_limit != 0)
        return spec->time_limit;
    if (part->default_time != NO_VAL)
        return part->default_time;
    return part->max_time != NO_VAL ? part->max_time : INFINITE;
}

static uint32_t opt16(uint16_t v)
{
    return v == NO_VAL16 || v == INFINITE16 ? 0 : v;
}
static uint64_t opt_mb(uint64_t v)
{
    return v == NO_VAL64 ? 0 : v;
}

static void set_memory(struct demand *d, const struct sched_view *v, const struct job_spec *spec,
                       const struct part *part)
{
    const struct policy *p = v->policy;
    d->mem_default = spec->mem_per_node == NO_VAL64 && spec->mem_per_cpu == NO_VAL64;
    if (spec->mem_per_gpu != NO_VAL64) {
        d->mem_gpu = spec->mem_per_gpu;
        d->mem_default = false;
    } else if (spec->mem_per_node != NO_VAL64) {
        d->mem_node = spec->mem_per_node;
        d->mem_whole = spec->mem_per_node == 0;
    } else if (spec->mem_per_cpu != NO_VAL64) {
        d->mem_cpu = spec->mem_per_cpu;
        d->mem_whole = spec->mem_per_cpu == 0;
    } else if (opt_mb(part->def_mem_cpu) || opt_mb(part->def_mem_node)) {
        d->mem_cpu = opt_mb(part->def_mem_cpu);
        d->mem_node = d->mem_cpu ? 0 : opt_mb(part->def_mem_node);
    } else if (opt_mb(p->def_mem_cpu) || opt_mb(p->def_mem_node)) {
        d->mem_cpu = opt_mb(p->def_mem_cpu);
        d->mem_node = d->mem_cpu ? 0 : opt_mb(p->def_mem_node);
    } else {
        d->mem_whole = p->cr_memory;
    }
}

/* A range of nodes asks for its upper end, --spread-job for a node a task. */
static void set_nodes_want(struct demand *d, const struct job_spec *spec)
{
    d->nodes_want = d->nodes_min;
    if (spec->use_min_nodes == 1 || (d->nodes_max == INFINITE && !d->spread))
        return;
    d->nodes_want = d->nodes_max;
    if (d->tasks_counted && d->ntasks < d->nodes_want)
        d->nodes_want = d->ntasks;
    if (d->nodes_want == INFINITE || d->nodes_want < d->nodes_min)
        d->nodes_want = d->nodes_min;
}

/* A count, or a range with a step, which then ends before its end: "1-5:2" is 1 and 3, as in the reference.
 */
static void add_sizes(struct bits *sizes, const char *item)
{
    struct text_list part = {0}, ends = {0};
    uint32_t low = 0, high, step = 0;
    text_split(&part, item, ':');
    text_split(&ends, part.n ? part.v[0] : "", '-');
    bool ok = ends.n && text_to_u32(ends.v[0], &low);
    high = low;
    if (ok && ends.n > 1)
        ok = text_to_u32(ends.v[1], &high);
    if (ok && part.n > 1)
        ok = text_to_u32(part.v[1], &step) && step;
    if (high > SIZE_NODES_MAX)
        high = SIZE_NODES_MAX;
    for (uint32_t n = low; ok && (step ? n < high : n <= high); n += step ? step : 1)
        bits_set(sizes, n);
    text_list_release(&part);
    text_list_release(&ends);
}

static void set_sizes(struct demand *d, const struct job_spec *spec)
{
    struct text_list items = {0};
    if (spec->node_sizes && *spec->node_sizes && d->nodes_max != d->nodes_min)
        text_split(&items, spec->node_sizes, ',');
    for (uint32_t i = 0; i < items.n; i++)
        add_sizes(&d->sizes, items.v[i]);
    text_list_release(&items);
}

uint32_t demand_size_below(const struct demand *d, uint32_t size)
{
    uint32_t best = 0;
    for (uint32_t n = bits_next(&d->sizes, 0); n < size && n != BITS_MAX; n = bits_next(&d->sizes, n + 1))
        best = n;
    return best;
}

static void set_tasks(struct demand *d, const struct job_spec *spec)
{
    d->nodes_min = spec->min_nodes == NO_VAL || spec->min_nodes == 0 ? 1 : spec->min_nodes;
    d->nodes_max = spec->max_nodes == NO_VAL || spec->max_nodes == 0 ? INFINITE : spec->max_nodes;
    d->cpus_per_task = opt16(spec->cpus_per_task) ? opt16(spec->cpus_per_task) : 1;
    d->tasks_per_node = opt16(spec->ntasks_per_node);
    d->tasks_per_socket = opt16(spec->ntasks_per_socket);
    d->tasks_per_core = opt16(spec->ntasks_per_core);
    d->cpus_node_min = opt16(spec->min_cpus_node) ? opt16(spec->min_cpus_node) : 1;
    d->sockets_min = opt16(spec->sockets_per_node);
    d->cores_min = opt16(spec->cores_per_socket);
    d->threads_min = opt16(spec->threads_per_core);
    d->threads = opt16(spec->threads_per_core);
    d->tmp_disk = spec->tmp_disk == NO_VAL ? 0 : spec->tmp_disk;
    if (spec->ntasks != NO_VAL && spec->ntasks)
        d->ntasks = spec->ntasks;
    else
        d->ntasks = d->nodes_min * (d->tasks_per_node ? d->tasks_per_node : 1);
    uint32_t least = d->tasks_per_node && spec->ntasks != NO_VAL
                         ? (d->ntasks + d->tasks_per_node - 1) / d->tasks_per_node
                         : 0;
    if (least > d->nodes_min && least <= d->nodes_max) /* beyond it no set of nodes will do */
        d->nodes_min = least;
    /* What commands make of --ntasks-per-node and the lower end of a range counts no tasks. */
    bool implied = d->tasks_per_node && d->nodes_max != INFINITE && d->nodes_max > d->nodes_min &&
                   d->ntasks == d->nodes_min * d->tasks_per_node;
    d->tasks_counted = spec->ntasks != NO_VAL && spec->ntasks && !implied;
    d->tasks_per_node_exact = d->tasks_per_node && spec->overcommit != 1;
    d->spread = spec->spread_job == 1;
    d->first_fit = d->nodes_max == 1 || spec->ntasks == 1 || d->spread || d->tasks_per_node > 1;
    d->tasks_open = spec->ntasks == NO_VAL && !d->tasks_per_node;
    if (!d->tasks_open) /* the tasks decide */
        d->cpus_node_take = 1;
    else
        d->cpus_node_take = d->cpus_node_min;
    set_nodes_want(d, spec);
    set_sizes(d, spec);
}

static bool has_word(const char *list, const char *word)
{
    struct text_list items = {0};
    bool found = false;
    text_split(&items, list ? list : "", ',');
    for (uint32_t i = 0; i < items.n; i++)
        found |= text_same_nocase(items.v[i], word);
    text_list_release(&items);
    return found;
}

/* "gres/gpu:3" of cpus_per_tres. */
static uint32_t cpus_per_gpu(const char *text)
{
    const char *colon = text && text_starts(text, "gres/gpu") ? strrchr(text, ':') : NULL;
    uint32_t n;
    return colon && text_to_u32(colon + 1, &n) ? n : 0;
}

bool demand_is_exclusive(const struct policy *p, const struct job_spec *spec, const struct part *part)
{
    return spec->share == SHARE_NODE || part->max_share == 0 || p->linear || spec->core_spec != NO_VAL16 ||
           spec->thread_spec != NO_VAL16 || spec->reboot == 1;
}

/* What is asked of the nodes besides sizes. */
static void set_placement(struct demand *d, const struct sched_view *v, const struct job_spec *spec,
                          const struct part *part)
{
    d->core_spec = spec->core_spec;
    d->thread_spec = spec->thread_spec;
    d->exclusive = demand_is_exclusive(v->policy, spec, part);
    d->whole = d->exclusive;
    d->user_nodes = spec->share == SHARE_USER || part->flags & PARTF_EXCLUSIVEUSER;
    d->contiguous = spec->contiguous == 1;
    d->overcommit = spec->overcommit == 1;
    d->bind_devices = has_word(spec->gres_flags, "enforce-binding");
    d->spread_devices = has_word(spec->gres_flags, "disable-binding");
    d->cpus_per_gpu = cpus_per_gpu(spec->cpus_per_tres);
    d->tasks_per_gpu = opt16(spec->ntasks_per_gpu);
    d->serial_last = v->policy->sched && v->policy->sched->pack_serial_at_end && d->ntasks == 1 &&
                     d->cpus_per_task == 1 && d->nodes_min == 1 && d->cpus_node_min == 1;
}

/* Who gives the number of devices: nodes or tasks where they do, else the job as a whole. */
static void settle_gres(struct demand *d)
{
    for (uint32_t i = 0; i < d->gres_n; i++) {
        struct gres_need *g = &d->gres[i];
        if (g->per_job && !g->per_task && !g->per_node && text_same(g->name, "gpu"))
            g->tasks_each = d->tasks_per_gpu;
        if (g->per_task || g->per_node)
            g->per_job = 0;
        if (g->per_job) /* they tell how many nodes it takes */
            d->nodes_want = d->nodes_min;
    }
}

int demand_init(struct demand *d, const struct sched_view *v, const struct job *job, const struct part *part,
                struct err *e)
{
    const struct job_spec *spec = job->spec;
    *d = (struct demand){0};
    set_tasks(d, spec);
    set_memory(d, v, spec, part);
    set_placement(d, v, spec, part);
    uint32_t limit = demand_time_limit(spec, part);
    d->limit_s = limit == INFINITE || limit > 365 * 24 * 60 ? 365u * 24 * 3600 : limit * 60;
    int r = demand_parse_gres(d, spec->tres_per_node, offsetof(struct gres_need, per_node), e);
    if (r == 0)
        r = demand_parse_gres(d, spec->tres_per_job, offsetof(struct gres_need, per_job), e);
    if (r == 0)
        r = demand_parse_gres(d, spec->tres_per_task, offsetof(struct gres_need, per_task), e);
    if (r == 0)
        r = demand_parse_gres(d, spec->tres_per_socket, offsetof(struct gres_need, per_socket), e);
    if (r < 0) {
        demand_release(d);
        return r;
    }
    settle_gres(d);
    d->block_cores = (d->tasks_per_node && !d->gres_n) || spec->dist == DIST_PLANE ||
                     (spec->dist_sub && text_starts(spec->dist_sub, "block"));
    return 0;
}
