/* SPDX-License-Identifier: Apache-2.0 */
#include "sched/choice.h"

#include "base/mem.h"

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static uint32_t most(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

static uint64_t per_job_total(const struct demand *d)
{
    for (uint32_t i = 0; i < d->gres_n; i++)
        if (d->gres[i].per_job)
            return d->gres[i].per_job;
    return 0;
}

static bool enough(const struct choice *c)
{
    if (c->goal)
        return c->nodes >= c->goal;
    return c->nodes >= c->nodes_min && c->tasks >= c->d->ntasks && c->gres >= per_job_total(c->d);
}

/* It may take another node, and has to. */
static bool wants_more(const struct choice *c)
{
    return !enough(c) && c->nodes < c->nodes_max;
}

static void count(struct choice *c, const struct offer *o)
{
    c->nodes++;
    c->tasks = o->tasks > UINT32_MAX - c->tasks ? UINT32_MAX : c->tasks + o->tasks;
    c->gres += o->gres;
}

static void choose(struct choice *c, struct candidate *one)
{
    one->chosen = true;
    count(c, &one->offer);
}

/* Would it be enough with these as well? */
static bool enough_with(const struct choice *c, uint32_t from, uint32_t to)
{
    struct choice whole = *c;
    for (uint32_t i = from; i < to; i++)
        count(&whole, &c->list.v[i].offer);
    return enough(&whole);
}

static bool neighbours(const struct choice *c, uint32_t i)
{
    return c->list.v[i + 1].node->index == c->list.v[i].node->index + 1;
}

static bool open_to(const struct choice *c, uint32_t i, uint64_t rank)
{
    const struct candidate *one = &c->list.v[i];
    return !one->chosen && one->rank == rank && (one->terms & c->term) == c->term;
}

/* The next run of neighbouring unchosen candidates of one rank at or after *at: [*at, return value). */
static uint32_t next_run(const struct choice *c, uint64_t rank, uint32_t *at)
{
    uint32_t i = *at;
    while (i < c->list.n && !open_to(c, i, rank))
        i++;
    *at = i;
    while (i < c->list.n && open_to(c, i, rank) && (i == *at || !c->by_runs || neighbours(c, i - 1)))
        i++;
    return i;
}

/* One node that does alone what is left: the one with the fewest CPUs to spare. */
static struct candidate *tightest(struct choice *c, uint64_t rank)
{
    struct candidate *best = NULL;
    if (c->d->first_fit || c->nodes_max == 1 || c->goal)
        return NULL;
    for (uint32_t i = 0; i < c->list.n; i++) {
        struct candidate *one = &c->list.v[i];
        if (open_to(c, i, rank) && enough_with(c, i, i + 1) && (!best || one->offer.cpus < best->offer.cpus))
            best = one;
    }
    return best;
}

/* Takes from the best run of this rank until it is enough or the rank has nothing left. */
static void choose_by_runs(struct choice *c, uint64_t rank)
{
    struct candidate *alone = wants_more(c) ? tightest(c, rank) : NULL;
    if (alone)
        choose(c, alone);
    while (wants_more(c)) {
        uint32_t best = 0, best_end = 0;
        bool best_enough = false;
        for (uint32_t at = 0, end; (end = next_run(c, rank, &at)) > at; at = end) {
            bool is_enough = enough_with(c, at, end);
            uint32_t size = end - at, best_size = best_end - best;
            if (!best_size || (is_enough && (!best_enough || size < best_size)) ||
                (!is_enough && !best_enough && size > best_size)) {
                best = at;
                best_end = end;
                best_enough = is_enough;
            }
        }
        if (best == best_end)
            return;
        for (uint32_t i = best; i < best_end && wants_more(c); i++)
            choose(c, &c->list.v[i]);
    }
}

static void choose_by_rank(struct choice *c)
{
    for (uint64_t last = 0, rank; !enough(c); last = rank + 1) {
        rank = UINT64_MAX;
        for (uint32_t i = 0; i < c->list.n; i++)
            if (c->list.v[i].rank >= last && c->list.v[i].rank < rank)
                rank = c->list.v[i].rank;
        if (rank == UINT64_MAX)
            break;
        choose_by_runs(c, rank);
    }
}

/* The nodes of each counted term. Required ones count for the first term that they satisfy. */
static bool choose_terms(struct choice *c)
{
    uint32_t left[CHOICE_TERMS_MAX];
    bool met = true;
    for (uint32_t t = 0; t < c->terms; t++)
        left[t] = c->term_nodes[t];
    for (uint32_t i = 0; i < c->list.n; i++)
        for (uint32_t t = 0; t < c->terms && c->list.v[i].required; t++)
            if (left[t] && c->list.v[i].terms & 1u << t) {
                left[t]--;
                break;
            }
    for (uint32_t t = 0; t < c->terms && met; t++) {
        if (!left[t])
            continue;
        c->term = 1u << t;
        c->goal = c->nodes + left[t];
        choose_by_rank(c);
        met = c->nodes >= c->goal;
    }
    c->term = c->goal = 0;
    return met;
}

static void forget_choice(struct choice *c)
{
    c->nodes = c->tasks = 0;
    c->gres = 0;
    for (uint32_t i = 0; i < c->list.n; i++)
        c->list.v[i].chosen = false;
}

static void reset_choice(struct choice *c)
{
    forget_choice(c);
    for (uint32_t i = 0; i < c->list.n; i++)
        if (c->list.v[i].required)
            choose(c, &c->list.v[i]);
}

/* Beside nodes that the user named: upwards from the first of them, then downwards, as far as nodes
 * neighbour. */
static void choose_around_required(struct choice *c)
{
    uint32_t first = 0;
    while (first < c->list.n && !c->list.v[first].required)
        first++;
    if (first == c->list.n)
        return;
    uint64_t rank = c->list.v[first].rank;
    for (uint32_t i = first; i + 1 < c->list.n && neighbours(c, i) && wants_more(c); i++)
        if (open_to(c, i + 1, rank))
            choose(c, &c->list.v[i + 1]);
    for (uint32_t i = first; i > 0 && neighbours(c, i - 1) && wants_more(c); i--)
        if (open_to(c, i - 1, rank))
            choose(c, &c->list.v[i - 1]);
}

/* pack_serial_at_end */
static struct candidate *last_of_lowest_weight(struct choice *c)
{
    struct candidate *last = &c->list.v[0];
    for (uint32_t i = 1; i < c->list.n; i++)
        if (c->list.v[i].rank <= last->rank)
            last = &c->list.v[i];
    return last;
}

static bool larger(const struct candidate *x, const struct candidate *y)
{
    if (x->offer.tasks != y->offer.tasks)
        return x->offer.tasks > y->offer.tasks;
    if ((x->rank ^ y->rank) & (RANK_ASLEEP | RANK_IDLE))
        return x->rank < y->rank;
    return x->node->index < y->node->index;
}

/* Lets order[i] of a heap sink to its place. */
static void sink(struct candidate **order, uint32_t n, uint32_t i)
{
    for (uint32_t child; (child = 2 * i + 1) < n; i = child) {
        if (child + 1 < n && larger(order[child + 1], order[child]))
            child++;
        if (!larger(order[child], order[i]))
            return;
        struct candidate *one = order[i];
        order[i] = order[child];
        order[child] = one;
    }
}

/* With few nodes allowed, the largest offers first: a heap, because mostly few are taken of many. */
static void choose_by_size(struct choice *c)
{
    struct candidate **order = mem_array(c->list.n, sizeof *order);
    uint32_t n = 0;
    for (uint32_t i = 0; i < c->list.n; i++)
        if (!c->list.v[i].chosen)
            order[n++] = &c->list.v[i];
    for (uint32_t i = n / 2; i > 0; i--)
        sink(order, n, i - 1);
    while (n && wants_more(c)) {
        choose(c, order[0]);
        order[0] = order[--n];
        sink(order, n, 0);
    }
    mem_free(order);
}

static bool chosen_are_neighbours(const struct choice *c)
{
    uint32_t seen = 0;
    for (uint32_t i = 0; i < c->list.n && seen < c->nodes; i++) {
        if (!c->list.v[i].chosen && seen)
            return false;
        seen += c->list.v[i].chosen;
        if (c->list.v[i].chosen && seen < c->nodes && !(i + 1 < c->list.n && neighbours(c, i)))
            return false;
    }
    return true;
}

/* --contiguous: around the required nodes, else the smallest run of neighbours that is enough, from its
 * lowest node on. */
static bool find_neighbours(struct choice *c)
{
    if (c->required || c->terms) {
        choose_around_required(c);
        return enough(c) && c->nodes <= c->nodes_max && chosen_are_neighbours(c);
    }
    struct candidate *alone = c->list.n ? tightest(c, c->list.v[0].rank) : NULL;
    if (alone) {
        choose(c, alone);
        return true;
    }
    uint32_t best = 0, best_end = 0;
    for (uint32_t from = 0, to; from < c->list.n; from = to) {
        for (to = from + 1; to < c->list.n && neighbours(c, to - 1);)
            to++;
        for (uint32_t i = from; i < to; i++) { /* the shortest that begins here */
            uint32_t end = i;
            struct choice one = *c;
            while (end < to && wants_more(&one))
                count(&one, &c->list.v[end++].offer);
            if (enough(&one) && (!best_end || end - i < best_end - best)) {
                best = i;
                best_end = end;
            }
        }
    }
    for (uint32_t i = best; i < best_end; i++)
        choose(c, &c->list.v[i]);
    return best_end > 0;
}

static bool find_nodes(struct choice *c)
{
    reset_choice(c);
    if (c->required != c->nodes)
        return false;
    if (!choose_terms(c))
        return false;
    if (c->d->contiguous)
        return find_neighbours(c);
    if (c->d->serial_last && !c->nodes && c->list.n) {
        choose(c, last_of_lowest_weight(c));
        return enough(c);
    }
    if (c->by_runs)
        choose_around_required(c);
    choose_by_rank(c);
    if (enough(c))
        return c->nodes <= c->nodes_max;
    reset_choice(c);
    (void)choose_terms(c); /* which succeeds again */
    choose_by_size(c);
    return enough(c) && c->nodes <= c->nodes_max;
}

static bool find_at_least(struct choice *c, uint32_t nodes)
{
    uint32_t min = c->nodes_min;
    c->nodes_min = nodes;
    bool ok = find_nodes(c);
    c->nodes_min = min;
    return ok;
}

/* The largest of the sizes that the user allows. Fewer tasks than that make a size of their own. */
static bool find_size(struct choice *c)
{
    uint32_t size = demand_size_below(c->d, UINT32_MAX), max = c->nodes_max;
    if (c->d->tasks_counted && c->d->ntasks < size)
        size = most(c->d->ntasks, c->nodes_min);
    bool ok = false;
    for (; size && !ok; size = demand_size_below(c->d, size)) {
        if (size > c->list.n)
            continue;
        c->nodes_max = size;
        ok = find_at_least(c, size);
    }
    c->nodes_max = max;
    return ok;
}

bool choice_find(struct choice *c)
{
    if (c->d->sizes.n)
        return find_size(c);
    uint32_t want = least(c->nodes_want, c->list.n);
    return (want > c->nodes_min && find_at_least(c, want)) || find_nodes(c);
}

/* A round of one task each, as far as there is room: to `placed`, or to `given` where it counts what is
 * charged.
 */
static void deal_tasks(struct choice *c, uint32_t left, bool charged)
{
    for (bool moved = true; left && moved;) {
        moved = false;
        for (uint32_t i = 0; i < c->list.n && left; i++) {
            struct candidate *one = &c->list.v[i];
            uint32_t *at = charged ? &one->given : &one->placed;
            if (!one->chosen || *at >= (charged ? one->offer.tasks : one->room))
                continue;
            ++*at;
            left--;
            moved = true;
        }
    }
}

/* The tasks go round the nodes, each as far as there is room on the units that were taken of it. */
static void place_tasks(struct choice *c, const struct policy *p, struct load_map *loads)
{
    uint32_t left = 0;
    for (uint32_t i = 0; i < c->list.n; i++) {
        struct candidate *one = &c->list.v[i];
        if (!one->chosen)
            continue;
        one->room = offer_room(c->d, p, one->node, load_get(loads, one->node), one->given);
        if (c->d->overcommit)
            one->room = one->given;
        one->room = most(one->room, 1);
        if (!c->d->tasks_open)
            one->room = least(one->room, one->offer.tasks);
        one->placed = c->d->tasks_open ? one->room : 0;
        left += c->d->tasks_open ? 0 : one->given;
    }
    deal_tasks(c, c->d->tasks_counted ? least(left, most(c->d->ntasks, c->nodes)) : left, false);
}

/* Every node that had to be gets the tasks of one unit first, because it is charged for a whole unit, or
 * those of --mincpus where there are so many; the others one task. The rest go block by block, to required
 * nodes first. */
void choice_share(struct choice *c, const struct policy *p, struct load_map *loads)
{
    const struct demand *d = c->d;
    uint32_t left = most(d->ntasks, c->nodes), nodes_left = c->nodes;
    uint32_t even = least(d->cpus_node_min / d->cpus_per_task, left / most(c->nodes, 1));
    for (uint32_t i = 0; i < c->list.n; i++) {
        struct candidate *one = &c->list.v[i];
        if (!one->chosen)
            continue;
        struct node_shape shape = node_shape(p, one->node);
        bool needed = c->nodes - nodes_left < c->nodes_min;
        uint32_t unit = needed ? usable_cpus(d, &shape) / d->cpus_per_task : 0;
        unit = d->spread ? 1 : most(most(unit, even), 1);
        one->given = least(least(unit, one->offer.tasks), left - --nodes_left);
        left -= one->given;
    }
    if (d->spread)
        deal_tasks(c, left, true);
    for (int round = 0; round < 2 && !d->spread; round++)
        for (uint32_t i = 0; i < c->list.n; i++) {
            struct candidate *one = &c->list.v[i];
            if (!one->chosen || one->required != (round == 0))
                continue;
            uint32_t more = least(one->offer.tasks - one->given, left);
            one->given += more;
            left -= more;
        }
    for (uint32_t i = 0; i < c->list.n && d->tasks_per_node_exact; i++)
        if (c->list.v[i].chosen)
            c->list.v[i].given = d->tasks_per_node;
    place_tasks(c, p, loads);
}

void choice_release(struct choice *c)
{
    VEC_FREE(&c->list);
}
