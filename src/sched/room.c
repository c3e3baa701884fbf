/* SPDX-License-Identifier: Apache-2.0 */
#include "sched/room.h"

#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"
#include "sched/offer.h"
#include "sched/select.h"

enum {
    MEMORY_PARTS = 64, /* memory is counted in so many parts of a node's, rounded up */
    MARK_STEPS = 512,  /* steps between two marks; more where the counts are long */
    MARK_WORDS = 1 << 20,
};

static void forget_parts(struct room *r)
{
    for (uint32_t i = 0; i < r->parts.n; i++) {
        struct room_part *p = &r->parts.v[i];
        p->counted = p->foreseen = false;
        p->nodes.n = p->away.n = p->now.n = p->steps.n = p->marks.n = 0;
    }
}

void room_release(struct room *r)
{
    if (r->started)
        ptree_release(&r->seen);
    for (uint32_t i = 0; i < r->classes.n; i++)
        bits_release(&r->classes.v[i].members);
    for (uint32_t i = 0; i < r->parts.n; i++) {
        struct room_part *p = &r->parts.v[i];
        VEC_FREE(&p->nodes);
        VEC_FREE(&p->away);
        VEC_FREE(&p->now);
        VEC_FREE(&p->steps);
        VEC_FREE(&p->marks);
    }
    VEC_FREE(&r->classes);
    VEC_FREE(&r->nodes);
    VEC_FREE(&r->parts);
    VEC_FREE(&r->scratch);
    bits_release(&r->booked);
    map_u64_release(&r->class_index);
    *r = (struct room){0};
}

/* Everything on which it hangs whether a node could ever serve a demand, and what it has when idle. */
static uint64_t class_key(const struct node *n)
{
    const uint64_t numbers[] = {n->cpus,        n->sockets,  n->cores,    n->threads,
                                n->real_memory, n->mem_spec, n->tmp_disk, n->core_spec};
    struct buf t = BUF_INIT;
    buf_add(&t, numbers, sizeof numbers);
    buf_adds(&t, n->active_features ? n->active_features : n->features);
    buf_addc(&t, '\n');
    buf_adds(&t, n->cpu_spec_list);
    for (uint32_t i = 0; i < n->gres.n; i++) {
        const struct gres_decl *g = &n->gres.v[i];
        const uint64_t sizes[] = {g->count, g->files.n, g->cores.n};
        buf_addc(&t, '\n');
        buf_adds(&t, g->name);
        buf_addc(&t, ':');
        buf_adds(&t, g->type);
        buf_add(&t, sizes, sizeof sizes);
        for (uint32_t k = 0; k < g->cores.n; k++) {
            buf_addc(&t, ' ');
            buf_adds(&t, g->cores.v[k]);
        }
    }
    uint64_t key = hash_bytes(t.s, t.len);
    buf_release(&t);
    return key;
}

static struct room_amount amount_left(const struct policy *p, const struct node *n, const struct node_load *l)
{
    uint32_t units = node_shape(p, n).units, taken = bits_count(&l->units);
    uint64_t mem = node_memory(n), gpus = gres_free(n, l, "gpu", NULL);
    return (struct room_amount){.mem = mem > l->mem ? mem - l->mem : 0,
                                .units = units > taken ? units - taken : 0,
                                .gpus = gpus > UINT16_MAX ? UINT16_MAX : (uint32_t)gpus};
}

static void add_levels(struct room *r, struct room_class *c)
{
    const uint32_t levels[] = {c->idle.units + 1, MEMORY_PARTS + 1, c->idle.gpus + 1};
    for (uint32_t k = 0; k < ROOM_KINDS; k++) {
        c->at[k] = r->counts;
        c->levels[k] = levels[k];
        r->counts += levels[k];
    }
}

static uint32_t class_of(struct room *r, const struct sched_view *v, struct load_map *loads,
                         const struct node *n)
{
    uint64_t key = class_key(n);
    uintptr_t index = (uintptr_t)map_u64_get(&r->class_index, key);
    if (!index) {
        struct room_class *c = VEC_PUSH(&r->classes);
        index = r->classes.n;
        map_u64_put(&r->class_index, key, (void *)index);
        c->key = key;
        c->memory = node_memory(n);
        c->idle = amount_left(v->policy, n, load_idle(loads, n));
        add_levels(r, c);
    }
    return (uint32_t)index - 1;
}

struct update {
    struct room *room;
    const struct sched_view *v;
    struct load_map loads; /* as the nodes are now */
};

static void changed(void *arg, uint32_t key, const void *was, const void *is)
{
    struct update *u = arg;
    struct room *r = u->room;
    const struct node *n = is;
    while (r->nodes.n <= key)
        VEC_PUSH(&r->nodes)->class = NO_VAL;
    struct room_node *x = &r->nodes.v[key];
    if (x->class != NO_VAL)
        bits_clear(&r->classes.v[x->class].members, key);
    *x = (struct room_node){.class = NO_VAL};
    if (!n || n->state == NODE_FUTURE)
        return;
    enum node_service service = node_service(u->v->policy, n);
    x->class = class_of(r, u->v, &u->loads, n);
    x->given = service != NODE_AWAY;
    x->away = service == NODE_AWAY && !(n->flags & NODEF_POWER_DOWN);
    x->left = amount_left(u->v->policy, n, load_get(&u->loads, n));
    bits_set(&r->classes.v[x->class].members, key);
}

static uint64_t policy_key(const struct policy *p)
{
    const uint64_t parts[] = {p->cr_cpu, p->power_save, p->sched && p->sched->spec_cores_first};
    return hash_bytes(parts, sizeof parts);
}

void room_update(struct room *r, const struct sched_view *v, const struct timeline *time)
{
    uint64_t key = policy_key(v->policy);
    /* Classes that have no nodes any more go when they are the most. */
    if (r->started && (key != r->policy_key || r->classes.n > 2 * v->nodes->count + 16))
        room_release(r);
    if (!r->started) {
        ptree_init(&r->seen, v->nodes->type);
        r->policy_key = key;
        r->started = true;
    }
    r->time = time;
    forget_parts(r);
    struct update u = {.room = r, .v = v};
    load_map_init(&u.loads, v, false);
    ptree_diff(&r->seen, v->nodes, changed, &u);
    load_map_release(&u.loads);
    struct ptree now;
    ptree_snapshot(v->nodes, &now);
    ptree_release(&r->seen);
    r->seen = now;
}

const struct node *room_sample(const struct room *r, const struct sched_view *v, uint32_t class)
{
    uint32_t i = bits_next(&r->classes.v[class].members, 0);
    return i == BITS_MAX ? NULL : ptree_get(v->nodes, i);
}

static void levels_of(const struct room_class *c, const struct room_amount *left, uint32_t *ret)
{
    uint64_t all = c->memory ? c->memory : 1, mem = (left->mem * MEMORY_PARTS + all - 1) / all;
    ret[ROOM_UNITS] = c->at[ROOM_UNITS] + (left->units < c->idle.units ? left->units : c->idle.units);
    ret[ROOM_MEMORY] = c->at[ROOM_MEMORY] + (mem < MEMORY_PARTS ? (uint32_t)mem : MEMORY_PARTS);
    ret[ROOM_GPUS] = c->at[ROOM_GPUS] + (left->gpus < c->idle.gpus ? left->gpus : c->idle.gpus);
}

static void count_now(struct room *r, struct room_part *p, const struct part *part)
{
    p->counted = true;
    for (uint32_t i = 0; i < r->counts; i++)
        *VEC_PUSH(&p->now) = 0;
    for (uint32_t i = 0; i < r->classes.n; i++)
        *VEC_PUSH(&p->nodes) = *VEC_PUSH(&p->away) = 0;
    for (uint32_t i = bits_next(&part->members, 0); i < r->nodes.n; i = bits_next(&part->members, i + 1)) {
        const struct room_node *n = &r->nodes.v[i];
        uint32_t levels[ROOM_KINDS];
        if (n->class == NO_VAL)
            continue;
        p->nodes.v[n->class]++;
        p->away.v[n->class] += n->away;
        if (!n->given)
            continue;
        levels_of(&r->classes.v[n->class], &n->left, levels);
        for (uint32_t k = 0; k < ROOM_KINDS; k++)
            p->now.v[levels[k]]++;
    }
}

static struct room_part *part_at(struct room *r, const struct part *part)
{
    while (r->parts.n <= part->index)
        VEC_PUSH(&r->parts);
    struct room_part *p = &r->parts.v[part->index];
    if (!p->counted)
        count_now(r, p, part);
    return p;
}

static uint32_t steps_a_mark(const struct room *r, const struct room_part *p)
{
    uint64_t words = (uint64_t)r->counts * p->steps.n;
    return words / MARK_STEPS > MARK_WORDS ? (uint32_t)(words / MARK_WORDS) : MARK_STEPS;
}

static void take_step(uint32_t *counts, const struct room_step *s)
{
    for (uint32_t k = 0; k < ROOM_KINDS; k++) {
        counts[s->from[k]]--;
        counts[s->to[k]]++;
    }
}

static void copy_counts(uint32_t *to, const uint32_t *from, uint32_t n)
{
    if (n)
        memcpy(to, from, n * sizeof *to);
}

/* Works out how the counts change as jobs end. */
static void foresee(struct room *r, struct room_part *p, const struct part *part)
{
    struct room_amount *left = mem_array(r->nodes.n, sizeof *left);
    p->foreseen = true;
    for (uint32_t i = 0; i < r->nodes.n; i++)
        left[i] = r->nodes.v[i].left;
    for (uint32_t i = 0; i < r->time->releases.n; i++) {
        const struct release *e = &r->time->releases.v[i];
        const struct room_node *n = e->node < r->nodes.n ? &r->nodes.v[e->node] : NULL;
        if (!n || n->class == NO_VAL || !n->given || !bits_test(&part->members, e->node))
            continue;
        const struct room_class *c = &r->classes.v[n->class];
        struct room_step s = {.end = e->end};
        levels_of(c, &left[e->node], s.from);
        left[e->node].units += e->units;
        left[e->node].mem += e->mem;
        left[e->node].gpus += e->gpus;
        levels_of(c, &left[e->node], s.to);
        if (memcmp(s.from, s.to, sizeof s.from) != 0)
            *VEC_PUSH(&p->steps) = s;
    }
    mem_free(left);
    uint32_t every = steps_a_mark(r, p);
    r->scratch.n = 0;
    VEC_RESERVE(&r->scratch, r->counts);
    copy_counts(r->scratch.v, p->now.v, r->counts);
    VEC_RESERVE(&p->marks, (p->steps.n / every + 1) * r->counts);
    for (uint32_t i = 0; i < p->steps.n; i++) {
        if (i % every == 0) {
            copy_counts(p->marks.v + p->marks.n, r->scratch.v, r->counts);
            p->marks.n += r->counts;
        }
        take_step(r->scratch.v, &p->steps.v[i]);
    }
}

static uint32_t steps_until(const struct room_part *p, int64_t t)
{
    uint32_t lo = 0, hi = p->steps.n;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (p->steps.v[mid].end <= t)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* The counts at that moment, in scratch, without what this run has booked. */
static uint32_t *counts_at(struct room *r, const struct part *part, int64_t now, int64_t at)
{
    struct room_part *p = part_at(r, part);
    VEC_RESERVE(&r->scratch, r->counts);
    if (at > now && !p->foreseen)
        foresee(r, p, part);
    uint32_t n = at > now ? steps_until(p, at) : 0, every = steps_a_mark(r, p),
             mark = n ? (n - 1) / every : 0;
    copy_counts(r->scratch.v, n ? p->marks.v + (size_t)mark * r->counts : p->now.v, r->counts);
    for (uint32_t i = mark * every; i < n; i++)
        take_step(r->scratch.v, &p->steps.v[i]);
    return r->scratch.v;
}

/* What the counts have of a node at a moment. */
static struct room_amount left_at(const struct room *r, uint32_t node, int64_t now, int64_t at)
{
    struct room_amount left = r->nodes.v[node].left;
    const struct timeline_node *t = at > now ? timeline_node(r->time, node) : NULL;
    for (uint32_t i = 0; t && i < t->holds.n; i++) {
        const struct hold *h = &t->holds.v[i];
        if (h->end > at)
            continue;
        left.units += h->units;
        left.mem += h->share->mem;
        left.gpus += h->gpus;
    }
    return left;
}

static void subtract_booked(struct room *r, uint32_t *counts, struct load_map *loads, uint32_t node)
{
    const struct sched_view *v = loads->v;
    const struct room_class *c = &r->classes.v[r->nodes.v[node].class];
    const struct node *n = ptree_get(v->nodes, node);
    const struct node_load *l = load_get(loads, n);
    struct room_amount was = left_at(r, node, v->now, loads->from), is = {0};
    struct room_step s;
    if (!l->exclusive_job)
        is = amount_left(v->policy, n, l);
    levels_of(c, &was, s.from);
    levels_of(c, &is, s.to);
    for (uint32_t k = 0; k < ROOM_KINDS; k++) /* what is shared may be counted twice */
        s.to[k] = s.to[k] < s.from[k] ? s.to[k] : s.from[k];
    take_step(counts, &s);
}

/* Takes what this run has booked from the counts, node by node, unless these are so many that it does not
 * pay. */
static void subtract_bookings(struct room *r, uint32_t *counts, const struct part *part,
                              struct load_map *loads, uint64_t *work)
{
    uint32_t most = bits_count(&part->members) / 4;
    bits_clear_all(&r->booked);
    for (uint32_t i = 0; i < r->time->bookings.n && most; i++) {
        const struct booking *b = &r->time->bookings.v[i];
        if (b->start >= loads->until || b->end <= loads->from)
            continue;
        for (uint32_t k = 0; k < b->what.alloc.n && most; k++) {
            uint32_t node = b->what.alloc.v[k].node_index;
            if (bits_test(&r->booked, node) || !bits_test(&part->members, node) || node >= r->nodes.n ||
                r->nodes.v[node].class == NO_VAL || !r->nodes.v[node].given)
                continue;
            bits_set(&r->booked, node);
            subtract_booked(r, counts, loads, node);
            most--;
            ++*work;
        }
    }
}

void room_count(struct room *r, const struct part *part, const struct bits *classes, uint32_t *ret_nodes,
                uint32_t *ret_away)
{
    const struct room_part *p = part_at(r, part);
    *ret_nodes = *ret_away = 0;
    for (uint32_t c = bits_next(classes, 0); c != BITS_MAX; c = bits_next(classes, c + 1)) {
        *ret_nodes += p->nodes.v[c];
        *ret_away += p->away.v[c];
    }
}

static uint32_t cpus_tasks(const struct demand *d, uint32_t cpus, uint32_t usable)
{
    if (!cpus || cpus < d->cpus_node_min)
        return 0;
    return d->overcommit ? UINT32_MAX : cpus / task_cpus(d, usable);
}

static uint32_t memory_tasks(const struct demand *d, const struct policy *p, const struct room_class *c,
                             uint32_t level, uint32_t usable)
{
    uint64_t left = p->cr_memory ? c->memory * level / MEMORY_PARTS : c->memory;
    if (d->mem_node > left || (d->mem_whole && p->cr_memory && level < MEMORY_PARTS))
        return 0;
    if (!d->mem_cpu || left / d->mem_cpu > UINT32_MAX)
        return UINT32_MAX;
    return cpus_tasks(d, (uint32_t)(left / d->mem_cpu) / usable * usable, usable);
}

static uint32_t gpu_tasks(const struct demand *d, uint64_t left)
{
    uint64_t tasks = UINT32_MAX;
    for (uint32_t i = 0; i < d->gres_n; i++) {
        const struct gres_need *g = &d->gres[i];
        if (!text_same(g->name, "gpu"))
            continue;
        if (left < g->per_node || (g->per_job && !left))
            return 0;
        if (g->tasks_each && left * g->tasks_each < tasks)
            tasks = left * g->tasks_each;
        if (g->per_task && left / g->per_task < tasks)
            tasks = left / g->per_task;
    }
    return (uint32_t)tasks;
}

/* The most tasks for which a node can have room that has so much left of one kind. */
static uint32_t level_tasks(const struct demand *d, const struct policy *p, const struct room_class *c,
                            const struct node_shape *shape, enum room_kind kind, uint32_t level)
{
    uint32_t usable = usable_cpus(d, shape), tasks;
    bool idle = level + 1 == c->levels[kind];
    if (kind == ROOM_UNITS)
        tasks = d->exclusive && !idle ? 0 : cpus_tasks(d, level * usable, usable);
    else
        tasks = kind == ROOM_MEMORY ? memory_tasks(d, p, c, level, usable) : gpu_tasks(d, level);
    if (d->tasks_per_node_exact && tasks < d->tasks_per_node)
        return 0;
    return d->tasks_per_node && tasks > d->tasks_per_node ? d->tasks_per_node : tasks;
}

/* GPUs for the job as a whole; 0 where they are of several types, or none. */
static uint64_t gpus_wanted(const struct demand *d)
{
    uint64_t wanted = 0;
    for (uint32_t i = 0; i < d->gres_n; i++) {
        if (d->gres[i].per_job && (wanted || !text_same(d->gres[i].name, "gpu")))
            return 0;
        wanted += d->gres[i].per_job;
    }
    return wanted;
}

struct cursor {
    uint32_t class, level; /* all levels above have been taken */
    struct node_shape shape;
};

/* What the nodes with the most left of one kind can take, as many nodes as are allowed. */
static bool kind_is_enough(const struct room *r, const struct policy *p, const struct demand *d,
                           const uint32_t *counts, enum room_kind kind, struct cursor *at, uint32_t n)
{
    uint64_t tasks = 0, nodes = 0, gpus = 0, wanted = kind == ROOM_GPUS ? gpus_wanted(d) : 0;
    while (nodes < d->nodes_max) {
        struct cursor *best = NULL;
        uint32_t most = 0;
        for (uint32_t i = 0; i < n; i++) {
            const struct room_class *c = &r->classes.v[at[i].class];
            while (at[i].level && !counts[c->at[kind] + at[i].level - 1])
                at[i].level--;
            uint32_t here = at[i].level ? level_tasks(d, p, c, &at[i].shape, kind, at[i].level - 1) : 0;
            if (here > most || (here && here == most && at[i].level > best->level)) {
                best = &at[i];
                most = here;
            }
        }
        if (!best)
            break;
        uint32_t count = counts[r->classes.v[best->class].at[kind] + --best->level];
        if (count > d->nodes_max - nodes)
            count = d->nodes_max - (uint32_t)nodes;
        nodes += count;
        tasks += (uint64_t)count * most;
        gpus += (uint64_t)count * best->level;
        if (tasks >= d->ntasks && nodes >= d->nodes_min && gpus >= wanted)
            return true;
    }
    return tasks >= d->ntasks && nodes >= d->nodes_min && gpus >= wanted;
}

static bool kinds_are_enough(const struct room *r, const struct policy *p, const struct demand *d,
                             const uint32_t *counts, struct cursor *cursors, uint32_t n)
{
    bool enough = true;
    for (uint32_t k = 0; k < ROOM_KINDS && enough; k++) {
        for (uint32_t i = 0; i < n; i++)
            cursors[i].level = r->classes.v[cursors[i].class].levels[k];
        enough = kind_is_enough(r, p, d, counts, k, cursors, n);
    }
    return enough;
}

bool room_enough(struct room *r, const struct demand *d, const struct part *part, const struct bits *classes,
                 struct load_map *loads, uint64_t *work)
{
    const struct sched_view *v = loads->v;
    uint32_t n = 0, *counts = counts_at(r, part, v->now, loads->from);
    struct cursor *cursors = mem_array(bits_count(classes), sizeof *cursors);
    for (uint32_t c = bits_next(classes, 0); c != BITS_MAX; c = bits_next(classes, c + 1))
        cursors[n++] = (struct cursor){.class = c, .shape = node_shape(v->policy, room_sample(r, v, c))};
    bool enough = kinds_are_enough(r, v->policy, d, counts, cursors, n);
    if (enough && !loads->unbooked && r->time->bookings.n) {
        subtract_bookings(r, counts, part, loads, work);
        enough = kinds_are_enough(r, v->policy, d, counts, cursors, n);
    }
    mem_free(cursors);
    return enough;
}
