/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sched_layout_step(): which of a job's nodes, CPUs, memory and devices a step gets, and which task goes
 * where.
 *
 * Without --exact a step gets all of the job's CPUs on its nodes, and steps that do not --overlap wait for
 * each other.
 */
#include <string.h>

#include "base/bits.h"
#include "base/hostlist.h"
#include "base/mem.h"
#include "base/text.h"
#include "meta/meta.h"
#include "model/errors.h"
#include "model/jobvars.h"
#include "sched/constraint.h"
#include "sched/demand.h"
#include "sched/nodeset.h"
#include "sched/offer.h"
#include "sched/tres.h"

/* One of the job's nodes as the step sees it. */
struct slot {
    const struct node *node;
    const struct job_node *share;
    struct bits units; /* of the job's, those that no other step holds */
    uint32_t unit_cpus;
    uint32_t task_cpus; /* of a unit that tasks may use: with --threads-per-core fewer */
    uint32_t tasks_max, tasks;
};

struct layout {
    const struct sched_view *v;
    const struct job *job;
    const struct step_create *want;
    struct slot *slots;
    uint32_t n; /* nodes that may be used, in the allocation's order */
    uint32_t nodes, nodes_max, ntasks, cpus_per_task;
    bool exact;
    bool inherits; /* nothing was said of devices, and the job was given just what it asked for */
    struct demand gres;
};

static int refuse(struct err *e, int code, const char *detail)
{
    return detail ? err_set(e, code, "%s\n%s", error_text(code), detail)
                  : err_set(e, code, "%s", error_text(code));
}

static bool busy_in_steps(const struct job *job, uint32_t node_index, struct bits *busy,
                          struct bits *ret_gres, const char *gres)
{
    bool any = false;
    for (uint32_t i = 0; i < job->steps.n; i++) {
        const struct step *s = &job->steps.v[i];
        if (s->overlap || s->state == STEP_ENDED)
            continue;
        for (uint32_t k = 0; k < s->layout.n; k++) {
            if (s->layout.v[k].node_index != node_index)
                continue;
            any = true;
            if (busy)
                bits_or(busy, &s->layout.v[k].cores);
            for (uint32_t g = 0; ret_gres && g < s->layout.v[k].gres.n; g++)
                if (text_same(s->layout.v[k].gres.v[g].name, gres))
                    bits_or(ret_gres, &s->layout.v[k].gres.v[g].index);
        }
    }
    return any;
}

static void fill_slot(struct layout *l, struct slot *s, const struct job_node *share, const struct node *node)
{
    *s = (struct slot){.node = node, .share = share};
    struct node_shape shape = node_shape(l->v->policy, node);
    uint32_t units = bits_count(&share->cores);
    uint32_t usable = jobvars_usable_cpus(l->job, &share->cores, share->cpus);
    s->unit_cpus = units && usable / units ? usable / units : shape.unit_cpus;
    s->task_cpus = l->want->threads_per_core != NO_VAL16 && l->want->threads_per_core &&
                           l->want->threads_per_core < s->unit_cpus
                       ? l->want->threads_per_core
                       : s->unit_cpus;
    bits_copy(&s->units, &share->cores);
    struct bits busy = {0};
    bool others = !l->want->overlap && busy_in_steps(l->job, node->index, &busy, NULL, NULL);
    if (others && !l->exact)
        bits_clear_all(&s->units); /* it would want them all */
    else if (others)
        bits_minus(&s->units, &busy);
    bits_release(&busy);
    uint32_t cpus = bits_count(&s->units) * s->task_cpus;
    s->tasks_max = l->want->overcommit ? (cpus ? UINT32_MAX : 0) : cpus / l->cpus_per_task;
    uint16_t cap = l->want->ntasks_per_node;
    if (cap != NO_VAL16 && cap && s->tasks_max > cap)
        s->tasks_max = cap;
}

/* Of a name that no node has Slurm says here what it says of a node of another job. */
static int requested_nodes(const struct layout *l, struct bits *ret, struct err *e)
{
    struct err why;
    int r = nodeset_parse(l->v, l->want->nodes, ret, &why);
    const char *detail = r < 0 ? strchr(why.text, '\n') : NULL;
    return r < 0 ? refuse(e, ESLURM_NODE_CONFIG_UNAVAILABLE, detail ? detail + 1 : NULL) : 0;
}

/* One feature, of those that are active on the node. */
static bool has_feature(const struct layout *l, const struct node *n)
{
    const char *want = l->want->features;
    return !want || !*want ||
           (!strpbrk(want, "&|,*[]()") &&
            constraint_match(want, n->active_features ? n->active_features : n->features));
}

/* The nodes that -w, -x, -r and -C leave. */
static int find_slots(struct layout *l, struct err *e)
{
    struct bits only = {0}, never = {0};
    bool featured = false;
    int r = requested_nodes(l, &only, e);
    if (r == 0)
        r = nodeset_parse(l->v, l->want->exclude, &never, e);
    uint32_t skip = l->want->relative == NO_VAL16 ? 0 : l->want->relative, n = l->job->alloc.n, found = 0;
    l->slots = mem_array(n, sizeof *l->slots);
    for (uint32_t k = 0; r == 0 && k < n; k++) {
        const struct job_node *share = &l->job->alloc.v[(k + skip) % n];
        const struct node *node = ptree_get(l->v->nodes, share->node_index);
        bool named = bits_test(&only, share->node_index);
        found += named;
        if (!node || !has_feature(l, node))
            continue;
        featured = true;
        if (bits_test(&never, share->node_index))
            continue;
        if (bits_any(&only) && !named &&
            (l->want->min_nodes == NO_VAL || l->want->min_nodes <= bits_count(&only)))
            continue;
        fill_slot(l, &l->slots[l->n++], share, node);
    }
    if (r == 0 && found < bits_count(&only))
        r = refuse(e, ESLURM_NODE_CONFIG_UNAVAILABLE, "a requested node is not in the job's allocation");
    if (r == 0 && !featured)
        r = refuse(e, ESLURM_INVALID_FEATURE, "one feature that a node of the job has can be asked for");
    bits_release(&only);
    bits_release(&never);
    return r;
}

static int count_nodes_and_tasks(struct layout *l, struct err *e)
{
    const struct step_create *w = l->want;
    l->ntasks = w->ntasks == NO_VAL ? 0 : w->ntasks;
    l->nodes = w->min_nodes != NO_VAL && w->min_nodes ? w->min_nodes : l->n;
    if (!l->ntasks)
        l->ntasks =
            l->nodes * (w->ntasks_per_node == NO_VAL16 || !w->ntasks_per_node ? 1 : w->ntasks_per_node);
    if (w->min_nodes == NO_VAL && l->nodes > l->ntasks)
        l->nodes = l->ntasks;
    l->nodes_max = w->max_nodes != NO_VAL && w->max_nodes ? w->max_nodes : UINT32_MAX;
    if (l->nodes > l->nodes_max)
        l->nodes = l->nodes_max;
    if (l->nodes > l->n)
        return refuse(e, ESLURM_NODE_CONFIG_UNAVAILABLE, "the step wants more nodes than the job has");
    if (l->ntasks < l->nodes)
        l->nodes = l->ntasks;
    return l->nodes ? 0 : refuse(e, ESLURM_INVALID_NODE_COUNT, NULL);
}

/* Keeps the first `nodes` slots that have room; says busy when others would have it later. */
static int pick_slots(struct layout *l, struct err *e)
{
    uint32_t kept = 0, room = 0;
    for (uint32_t i = 0; i < l->n; i++) {
        bool enough = kept >= l->nodes && (l->want->min_nodes != NO_VAL || room >= l->ntasks);
        if (l->slots[i].tasks_max && !enough && kept < l->nodes_max) {
            room = l->slots[i].tasks_max > UINT32_MAX - room ? UINT32_MAX : room + l->slots[i].tasks_max;
            struct slot swap = l->slots[kept];
            l->slots[kept++] = l->slots[i];
            l->slots[i] = swap;
        }
    }
    uint32_t cpus = 0;
    for (uint32_t i = 0; i < l->n; i++)
        cpus += bits_count(&l->slots[i].share->cores) * l->slots[i].task_cpus / l->cpus_per_task;
    if (kept < l->nodes || room < l->ntasks) {
        if (cpus < l->ntasks && !l->want->overcommit)
            return refuse(e, ESLURM_TOO_MANY_CPUS, NULL);
        return refuse(e, ESLURM_NODES_BUSY, NULL);
    }
    for (uint32_t i = kept; i < l->n; i++)
        bits_release(&l->slots[i].units);
    l->n = l->nodes = kept;
    return 0;
}

static void push_task(struct step *s, uint32_t node, uint32_t task)
{
    meta_u32s_push((struct meta_u32s *)&s->layout.v[node].tasks, task);
}

/* How many tasks each node gets, block by block after one each; and with cyclic or plane order, round by
 * round. */
static void count_tasks(struct layout *l, uint32_t chunk)
{
    uint32_t left = l->ntasks;
    if (!chunk) {
        for (uint32_t i = 0; i < l->n && left; i++, left--)
            l->slots[i].tasks = 1;
        for (uint32_t i = 0; i < l->n && left; i++) {
            uint32_t more = l->slots[i].tasks_max - l->slots[i].tasks;
            more = more < left ? more : left;
            l->slots[i].tasks += more;
            left -= more;
        }
        return;
    }
    for (bool moved = true; left && moved;) {
        moved = false;
        for (uint32_t i = 0; i < l->n && left; i++)
            for (uint32_t k = 0; k < chunk && left && l->slots[i].tasks < l->slots[i].tasks_max;
                 k++, left--, moved = true)
                l->slots[i].tasks++;
    }
}

static void place_tasks(struct layout *l, struct step *ret)
{
    uint32_t chunk = ret->dist == DIST_CYCLIC ? 1 : ret->dist == DIST_PLANE ? ret->plane_size : 0;
    count_tasks(l, chunk);
    uint32_t task = 0;
    if (!chunk) {
        for (uint32_t i = 0; i < l->n; i++)
            for (uint32_t k = 0; k < l->slots[i].tasks; k++)
                push_task(ret, i, task++);
        return;
    }
    while (task < l->ntasks)
        for (uint32_t i = 0; i < l->n; i++)
            for (uint32_t k = 0; k < chunk && ret->layout.v[i].tasks.n < l->slots[i].tasks; k++)
                push_task(ret, i, task++);
}

static int place_arbitrary(struct layout *l, struct step *ret, struct err *e)
{
    for (uint32_t t = 0; t < l->want->arbitrary.n; t++) {
        uint32_t i = 0;
        while (i < l->n && !text_same(l->slots[i].node->name, l->want->arbitrary.v[t]))
            i++;
        if (i == l->n)
            return refuse(e, ESLURM_NODE_CONFIG_UNAVAILABLE,
                          "a host of the distribution is not in the allocation");
        push_task(ret, i, t);
        l->slots[i].tasks++;
    }
    return 0;
}

static uint64_t job_gres_count(const struct job_node *share, const struct gres_need *need)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < share->gres.n; i++)
        if (text_same(share->gres.v[i].name, need->name) &&
            (!need->type || text_same(share->gres.v[i].type, need->type)))
            n += share->gres.v[i].count;
    return n;
}

/* Does a list such as "cpu=8,gres/gpu:2" name more than CPUs and memory? "none" does: it asks for no devices.
 */
static bool names_devices(const char *tres)
{
    struct text_list items = {0};
    bool yes = false;

    text_split(&items, tres ? tres : "", ',');
    for (uint32_t i = 0; i < items.n && !yes; i++)
        yes = !text_starts_nocase(items.v[i], "cpu") && !text_starts_nocase(items.v[i], "mem");
    text_list_release(&items);
    return yes;
}

/* Of several requests for a device the nearest counts: a node's before a task's before the step's, which srun
 * may have only from the job's SLURM_GPUS. The step's are spread, more of them on the first nodes. */
static uint64_t gres_wanted(const struct layout *l, const struct slot *s, const struct gres_need *need)
{
    if (need->per_node)
        return need->per_node;
    if (need->per_task)
        return need->per_task * s->tasks;
    return need->per_job / l->n + ((uint64_t)(s - l->slots) < need->per_job % l->n);
}

/* All of the job's devices on the node, or as many free ones as were asked for. */
static int give_gres(struct layout *l, struct slot *s, struct step_node *ret, struct err *e)
{
    if (l->inherits) {
        for (uint32_t i = 0; i < s->share->gres.n; i++)
            meta_copy(&record_job_gres, meta_recs_push(&record_job_gres, &ret->gres), &s->share->gres.v[i]);
        return 0;
    }
    for (uint32_t i = 0; i < l->gres.gres_n; i++) {
        const struct gres_need *need = &l->gres.gres[i];
        uint64_t want = gres_wanted(l, s, need);
        if (want > job_gres_count(s->share, need))
            return refuse(e, ESLURM_INVALID_GRES, "the job has fewer of them on the node");
        struct bits busy = {0};
        if (!l->want->overlap)
            busy_in_steps(l->job, s->node->index, NULL, &busy, need->name);
        uint64_t got = 0;
        for (uint32_t k = 0; k < s->share->gres.n && got < want; k++) {
            const struct job_gres *have = &s->share->gres.v[k];
            if (!text_same(have->name, need->name) || (need->type && !text_same(have->type, need->type)))
                continue;
            struct job_gres *g = meta_recs_push(&record_job_gres, &ret->gres);
            g->name = mem_strdup(have->name);
            g->type = mem_strdup(have->type);
            uint64_t left = want - got;
            for (uint32_t b = bits_next(&have->index, 0); b != BITS_MAX && g->count < left;
                 b = bits_next(&have->index, b + 1))
                if (!bits_test(&busy, b)) {
                    bits_set(&g->index, b);
                    g->count++;
                }
            if (!bits_any(&have->index))
                g->count = left < have->count ? left : have->count;
            got += g->count;
        }
        bits_release(&busy);
        if (got < want)
            return refuse(e, ESLURM_NODES_BUSY, NULL);
    }
    return 0;
}

static int fill_node(struct layout *l, struct slot *s, struct step_node *ret, struct err *e)
{
    const struct step_create *w = l->want;
    uint32_t units = bits_count(&s->units);
    uint32_t want = l->exact ? (s->tasks * l->cpus_per_task + s->task_cpus - 1) / s->task_cpus : units;
    if (want > units)
        want = units;
    uint32_t left = want;
    for (uint32_t u = bits_next(&s->units, 0); u != BITS_MAX && left; u = bits_next(&s->units, u + 1), left--)
        bits_set(&ret->cores, u);
    ret->cpus = want * s->unit_cpus;
    ret->mem = s->share->mem;
    if (w->mem_per_node != NO_VAL64 && w->mem_per_node)
        ret->mem = w->mem_per_node;
    else if (w->mem_per_cpu != NO_VAL64 && w->mem_per_cpu)
        ret->mem = w->mem_per_cpu * ret->cpus;
    if (s->share->mem && ret->mem > s->share->mem)
        return refuse(e, ESLURM_INVALID_TASK_MEMORY, NULL);
    return give_gres(l, s, ret, e);
}

/* A step that asks for no devices gets those of the job. A job with whole nodes holds more of them than it
 * asked for, and then its own request is the step's. */
static int parse_gres(struct layout *l, struct err *e)
{
    static const size_t fields[] = {offsetof(struct gres_need, per_node),
                                    offsetof(struct gres_need, per_task),
                                    offsetof(struct gres_need, per_job)};
    const struct step_create *w = l->want;
    const struct job_spec *spec = l->job->spec;
    bool named =
        names_devices(w->tres_per_node) || names_devices(w->tres_per_task) || names_devices(w->tres_per_step);
    bool whole = !named && spec->share == SHARE_NODE;
    int r = 0;

    const char *const tres[] = {whole ? spec->tres_per_node : w->tres_per_node,
                                whole ? spec->tres_per_task : w->tres_per_task,
                                whole ? spec->tres_per_job : w->tres_per_step};
    l->inherits = !named && !whole;
    for (uint32_t i = 0; r == 0 && i < sizeof fields / sizeof *fields; i++)
        r = demand_parse_gres(&l->gres, text_same(tres[i], "none") ? NULL : tres[i], fields[i], e);
    return r;
}

static int build(struct layout *l, struct step *ret, struct err *e)
{
    if (ret->dist == DIST_UNSET)
        ret->dist = l->ntasks > l->n ? DIST_BLOCK : DIST_CYCLIC;
    struct hostlist names = {0};
    for (uint32_t i = 0; i < l->n; i++) {
        struct step_node *n = meta_recs_push(&record_step_node, &ret->layout);
        const struct node *node = l->slots[i].node;
        n->node_index = node->index;
        n->name = mem_strdup(node->name);
        n->addr = mem_strdup(node->addr);
        n->port = node->port;
        hostlist_push(&names, node->name, NULL);
    }
    struct buf text = BUF_INIT;
    hostlist_text(&names, &text);
    ret->nodes = buf_take(&text);
    hostlist_release(&names);
    int r = 0;
    if (ret->dist == DIST_ARBITRARY)
        r = place_arbitrary(l, ret, e);
    else
        place_tasks(l, ret);
    for (uint32_t i = 0; r == 0 && i < l->n; i++)
        r = fill_node(l, &l->slots[i], &ret->layout.v[i], e);
    return r;
}

int sched_layout_step(const struct sched_view *v, const struct job *job, const struct step_create *want,
                      struct step *ret, struct err *e)
{
    struct layout l = {.v = v, .job = job, .want = want};
    l.cpus_per_task = want->cpus_per_task == NO_VAL16 || !want->cpus_per_task ? 1 : want->cpus_per_task;
    l.exact = want->exact;
    meta_init(&record_step, ret);
    ret->dist = want->dist;
    ret->plane_size = want->plane_size;
    int r = parse_gres(&l, e);
    if (r == 0)
        r = find_slots(&l, e);
    if (r == 0)
        r = count_nodes_and_tasks(&l, e);
    if (r == 0)
        r = pick_slots(&l, e);
    if (r == 0)
        r = build(&l, ret, e);
    for (uint32_t i = 0; l.slots && i < l.n; i++)
        bits_release(&l.slots[i].units);
    mem_free(l.slots);
    demand_release(&l.gres);
    if (r < 0) {
        meta_release(&record_step, ret);
        return r;
    }
    ret->ntasks = l.ntasks;
    ret->tres = tres_of_step(v->policy, ret);
    ret->cpus_per_task = want->cpus_per_task;
    ret->overlap = want->overlap;
    ret->time_limit = want->time_limit;
    return 0;
}
