/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which nodes a job gets. Nodes that are up come before those that are off, of both those of the lowest
 * weight; among those, the smallest run of neighbouring nodes that is enough by itself (best fit), so that
 * large holes stay for large jobs; inside a run, from the lowest index on.
 */
#include "sched/select.h"

#include <string.h>

#include "base/bits.h"
#include "base/mem.h"
#include "base/text.h"
#include "meta/meta.h"
#include "model/errors.h"
#include "sched/constraint.h"
#include "sched/nodeset.h"
#include "sched/offer.h"
#include "sched/room.h"
#include "sched/switches.h"

/* A node that is none of these can take a job now. */
static const uint64_t FLAGS_AWAY = NODEF_DRAIN | NODEF_NOT_RESPONDING | NODEF_FAIL | NODEF_POWERED_DOWN |
                                   NODEF_POWERING_UP | NODEF_POWERING_DOWN | NODEF_POWER_DOWN |
                                   NODEF_MAINTENANCE | NODEF_REBOOT_ISSUED | NODEF_INVALID_REG |
                                   NODEF_BLOCKED | NODEF_NO_CONTACT_YET;

/* What says nothing while a node is off or on its way up: it comes when a job has it. */
static const uint64_t FLAGS_ASLEEP =
    NODEF_POWERED_DOWN | NODEF_POWERING_UP | NODEF_NOT_RESPONDING | NODEF_NO_CONTACT_YET;

enum node_service node_service(const struct policy *p, const struct node *n)
{
    if (n->state != NODE_UP)
        return NODE_AWAY;
    if (!(n->flags & FLAGS_AWAY))
        return NODE_READY;
    bool asleep = p->power_save && n->flags & (NODEF_POWERED_DOWN | NODEF_POWERING_UP);
    return asleep && !(n->flags & FLAGS_AWAY & ~FLAGS_ASLEEP) ? NODE_ASLEEP : NODE_AWAY;
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

struct candidate {
    const struct node *node;
    uint64_t rank; /* its weight; those that have to be powered up come after all others */
    uint32_t tasks;
    uint64_t gres;
    uint32_t given; /* tasks, once the choice is made */
    bool required, chosen;
    uint32_t room, placed; /* tasks that fit its units, and those that will be there */
};

static const uint64_t RANK_ASLEEP = (uint64_t)1 << 32;
static const uint64_t RANK_IDLE = (uint64_t)1 << 33; /* bf_busy_nodes: of promises only */

struct search {
    const struct sched_view *v;
    const struct job *job;
    const struct part *part;
    struct load_map *loads;
    const struct bits *avoid;
    const struct bits *only; /* nodes of one switch, or NULL */
    struct demand d;
    struct bits required, excluded;
    VEC(struct candidate) list; /* in index order */
    uint32_t possible, away;    /* nodes that could ever serve; those of them that are not available */
    struct bits away_required;  /* required nodes that are not available */
    const char *features;       /* the alternative that was tried last */
    struct bits classes;        /* of nodes that could ever serve; see sched/room.h */
    uint64_t work;
    uint32_t nodes, tasks; /* chosen so far */
    uint64_t gres;
};

static uint64_t per_job_total(const struct demand *d)
{
    for (uint32_t i = 0; i < d->gres_n; i++)
        if (d->gres[i].per_job)
            return d->gres[i].per_job;
    return 0;
}

/* --exclusive=user, of this job or of those on the node. */
static bool of_another_user(struct search *s, const struct node *n)
{
    if (n->owner == s->job->uid)
        return false;
    return n->owner != NO_VAL || (s->d.user_nodes && load_get(s->loads, n)->jobs);
}

/* What a node has left for such a job is not what it has left for others. */
static bool asks_specialized(const struct job *job)
{
    return job->spec->core_spec != NO_VAL16 || job->spec->thread_spec != NO_VAL16;
}

static bool could_serve(struct search *s, const char *features, const struct node *n)
{
    return constraint_match(features, n->active_features ? n->active_features : n->features) &&
           offer_possible(&s->d, s->v->policy, n, load_idle(s->loads, n));
}

/* What one node of a class says holds for all of them. */
static void find_classes(struct search *s, const char *features)
{
    const struct room *r = s->loads->room;
    bits_clear_all(&s->classes);
    for (uint32_t i = 0; i < r->classes.n; i++) {
        const struct node *n = room_sample(r, s->v, i);
        if (n && could_serve(s, features, n))
            bits_set(&s->classes, i);
    }
}

/* Can there be enough for one alternative of the constraint at all? If not, no node has to be looked at,
 * except to tell which one is missed. */
static bool room_for(struct search *s)
{
    struct room *r = s->loads->room;
    bool named = bits_any(&s->required) || bits_any(&s->excluded);
    if (asks_specialized(s->job) || (named && s->loads->from <= s->v->now))
        return true;
    s->work++;
    if (room_enough(r, &s->d, s->part, &s->classes, s->loads, &s->work))
        return true;
    s->list.n = 0;
    room_count(r, s->part, &s->classes, &s->possible, &s->away);
    return false;
}

static uint64_t rank_of(const struct search *s, const struct node *n, enum node_service service)
{
    const struct sched_opts *o = s->v->policy->sched;
    uint64_t rank = n->weight | (service == NODE_ASLEEP ? RANK_ASLEEP : 0);
    bool promise = s->loads->from > s->v->now;
    return promise && o && o->bf_busy_nodes && !n->running_jobs ? rank | RANK_IDLE : rank;
}

/* Fills the list with every node that offers something under one alternative of the constraint. */
static void find_candidates(struct search *s, const char *features, bool now)
{
    const struct room *r = now ? s->loads->room : NULL;
    bool full_is_full = s->loads->from <= s->v->now && !asks_specialized(s->job);
    s->list.n = 0;
    s->possible = s->away = 0;
    bits_clear_all(&s->away_required);
    for (uint32_t i = bits_next(&s->part->members, 0); i != BITS_MAX;
         i = bits_next(&s->part->members, i + 1)) {
        const struct node *n = ptree_get(s->v->nodes, i);
        if (!n || (s->only && !bits_test(s->only, i)) || bits_test(&s->excluded, i) ||
            n->state == NODE_FUTURE)
            continue;
        if (r ? !bits_test(&s->classes, r->nodes.v[i].class) : !could_serve(s, features, n))
            continue;
        s->possible++;
        bool required = bits_test(&s->required, i);
        enum node_service service = node_service(s->v->policy, n);
        if (now && service == NODE_AWAY) {
            bool leaves = n->flags & NODEF_POWER_DOWN; /* when it is idle: it comes back */
            s->away += !leaves;
            if (required && !leaves)
                bits_set(&s->away_required, i);
            continue;
        }
        if ((s->avoid && bits_test(s->avoid, i)) || (now && of_another_user(s, n)))
            continue;
        if (r && full_is_full && !r->nodes.v[i].left.units)
            continue;
        s->work++;
        struct offer o = offer_make(&s->d, s->v->policy, n, load_get(s->loads, n));
        if (o.tasks)
            *VEC_PUSH(&s->list) = (struct candidate){.node = n,
                                                     .rank = rank_of(s, n, service),
                                                     .tasks = o.tasks,
                                                     .gres = o.gres,
                                                     .required = required};
    }
}

static bool enough(const struct search *s)
{
    return s->nodes >= s->d.nodes_min && s->tasks >= s->d.ntasks && s->gres >= per_job_total(&s->d);
}

static void choose(struct search *s, struct candidate *c)
{
    c->chosen = true;
    s->nodes++;
    s->tasks = c->tasks > UINT32_MAX - s->tasks ? UINT32_MAX : s->tasks + c->tasks;
    s->gres += c->gres;
}

/* The next run of neighbouring unchosen candidates of one rank at or after *at: [*at, return value). */
static uint32_t next_run(const struct search *s, uint64_t rank, uint32_t *at)
{
    uint32_t i = *at;
    while (i < s->list.n && (s->list.v[i].chosen || s->list.v[i].rank != rank))
        i++;
    *at = i;
    while (i < s->list.n && !s->list.v[i].chosen && s->list.v[i].rank == rank &&
           (i == *at || s->list.v[i].node->index == s->list.v[i - 1].node->index + 1))
        i++;
    return i;
}

static bool run_is_enough(const struct search *s, uint32_t from, uint32_t to)
{
    struct search whole = {.d = s->d, .nodes = s->nodes, .tasks = s->tasks, .gres = s->gres};
    for (uint32_t i = from; i < to; i++) {
        struct candidate c = s->list.v[i];
        choose(&whole, &c);
    }
    return enough(&whole);
}

/* Takes from the best run of this rank until it is enough or the rank has nothing left. */
static void choose_by_runs(struct search *s, uint64_t rank)
{
    while (!enough(s) && s->nodes < s->d.nodes_max) {
        uint32_t best = 0, best_end = 0;
        bool best_enough = false;
        for (uint32_t at = 0, end; (end = next_run(s, rank, &at)) > at; at = end) {
            bool is_enough = run_is_enough(s, at, end);
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
        for (uint32_t i = best; i < best_end && !enough(s) && s->nodes < s->d.nodes_max; i++)
            choose(s, &s->list.v[i]);
    }
}

static void forget_choice(struct search *s)
{
    s->nodes = s->tasks = 0;
    s->gres = 0;
    for (uint32_t i = 0; i < s->list.n; i++)
        s->list.v[i].chosen = false;
}

static void reset_choice(struct search *s)
{
    forget_choice(s);
    for (uint32_t i = 0; i < s->list.n; i++)
        if (s->list.v[i].required)
            choose(s, &s->list.v[i]);
}

/* pack_serial_at_end */
static struct candidate *last_of_lowest_weight(struct search *s)
{
    struct candidate *last = &s->list.v[0];
    for (uint32_t i = 1; i < s->list.n; i++)
        if (s->list.v[i].rank <= last->rank)
            last = &s->list.v[i];
    return last;
}

static bool larger(const struct candidate *x, const struct candidate *y)
{
    if (x->tasks != y->tasks)
        return x->tasks > y->tasks;
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
        struct candidate *c = order[i];
        order[i] = order[child];
        order[child] = c;
    }
}

/* With few nodes allowed, the largest offers first: a heap, because mostly few are taken of many. */
static void choose_by_size(struct search *s)
{
    struct candidate **order = mem_array(s->list.n, sizeof *order);
    uint32_t n = 0;
    for (uint32_t i = 0; i < s->list.n; i++)
        if (!s->list.v[i].chosen)
            order[n++] = &s->list.v[i];
    for (uint32_t i = n / 2; i > 0; i--)
        sink(order, n, i - 1);
    while (n && !enough(s) && s->nodes < s->d.nodes_max) {
        choose(s, order[0]);
        order[0] = order[--n];
        sink(order, n, 0);
    }
    mem_free(order);
}

/* --contiguous: the smallest run of neighbours that is enough, from its lowest node on. */
static bool find_neighbours(struct search *s)
{
    uint32_t best = 0, best_end = 0, required = bits_count(&s->required);
    for (uint32_t from = 0, to; from < s->list.n; from = to) {
        for (to = from + 1; to < s->list.n && s->list.v[to].node->index == s->list.v[to - 1].node->index + 1;)
            to++;
        for (uint32_t i = from; i < to; i++) { /* the shortest that begins here */
            uint32_t end = i, needed = 0;
            struct search one = {.d = s->d};
            while (end < to && one.nodes < s->d.nodes_max && (!enough(&one) || needed < required)) {
                struct candidate c = s->list.v[end++];
                needed += c.required;
                choose(&one, &c);
            }
            if (enough(&one) && needed == required && (!best_end || end - i < best_end - best)) {
                best = i;
                best_end = end;
            }
        }
    }
    for (uint32_t i = best; i < best_end; i++)
        choose(s, &s->list.v[i]);
    return best_end > 0;
}

static bool find_nodes(struct search *s)
{
    reset_choice(s);
    if (bits_count(&s->required) != s->nodes)
        return false;
    if (s->d.contiguous) {
        forget_choice(s);
        return find_neighbours(s);
    }
    if (s->d.serial_last && !s->nodes && s->list.n) {
        choose(s, last_of_lowest_weight(s));
        return enough(s);
    }
    for (uint64_t last = 0, rank; !enough(s); last = rank + 1) {
        rank = UINT64_MAX;
        for (uint32_t i = 0; i < s->list.n; i++)
            if (s->list.v[i].rank >= last && s->list.v[i].rank < rank)
                rank = s->list.v[i].rank;
        if (rank == UINT64_MAX)
            break;
        choose_by_runs(s, rank);
    }
    if (enough(s))
        return s->nodes <= s->d.nodes_max;
    reset_choice(s);
    choose_by_size(s);
    return enough(s) && s->nodes <= s->d.nodes_max;
}

/* As many nodes as are wanted, else as few as must be. */
static bool find_wanted(struct search *s)
{
    uint32_t min = s->d.nodes_min, want = least(s->d.nodes_want, s->list.n);
    bool ok = false;
    if (want > min) {
        s->d.nodes_min = want;
        ok = find_nodes(s);
        s->d.nodes_min = min;
    }
    return ok || find_nodes(s);
}

/* The tasks go round the nodes, each as far as there is room on the units that were taken of it. */
static void place_tasks(struct search *s)
{
    uint32_t left = 0;
    for (uint32_t i = 0; i < s->list.n; i++) {
        struct candidate *c = &s->list.v[i];
        if (!c->chosen)
            continue;
        c->room = offer_room(&s->d, s->v->policy, c->node, load_get(s->loads, c->node), c->given);
        if (s->d.overcommit)
            c->room = c->given;
        c->room = c->room > 0 ? c->room : 1;
        if (!s->d.tasks_open)
            c->room = least(c->room, c->tasks);
        c->placed = s->d.tasks_open ? c->room : 0;
        left += s->d.tasks_open ? 0 : c->given;
    }
    for (bool moved = true; left && moved;) {
        moved = false;
        for (uint32_t i = 0; i < s->list.n && left; i++) {
            struct candidate *c = &s->list.v[i];
            if (!c->chosen || c->placed >= c->room)
                continue;
            c->placed++;
            left--;
            moved = true;
        }
    }
}

/* Every node that had to be gets the tasks of one unit first, because it is charged for a whole unit, the
 * others one task; the rest go block by block. */
static void share_tasks(struct search *s)
{
    uint32_t left = s->d.ntasks > s->nodes ? s->d.ntasks : s->nodes, nodes_left = s->nodes;
    for (uint32_t i = 0; i < s->list.n; i++) {
        struct candidate *c = &s->list.v[i];
        if (!c->chosen)
            continue;
        uint32_t unit = node_shape(s->v->policy, c->node).unit_cpus / s->d.cpus_per_task;
        if (s->nodes - nodes_left >= s->d.nodes_min)
            unit = 1;
        c->given = least(least(unit ? unit : 1, c->tasks), left - --nodes_left);
        left -= c->given;
    }
    for (uint32_t i = 0; i < s->list.n; i++) {
        struct candidate *c = &s->list.v[i];
        if (!c->chosen)
            continue;
        uint32_t more = least(c->tasks - c->given, left);
        c->given += more;
        left -= more;
        if (s->d.tasks_per_node_exact)
            c->given = s->d.tasks_per_node;
    }
    place_tasks(s);
}

static void make_start(struct search *s, struct start_job *ret)
{
    uint64_t left[DEMAND_GRES_MAX];
    for (uint32_t i = 0; i < s->d.gres_n; i++)
        left[i] = s->d.gres[i].per_job;
    uint32_t nodes_left = s->nodes;
    share_tasks(s);
    for (uint32_t i = 0; i < s->list.n; i++) {
        const struct candidate *c = &s->list.v[i];
        if (!c->chosen)
            continue;
        struct job_node share;
        struct offer_tasks tasks = {c->given, c->placed};
        offer_take(&s->d, s->v->policy, c->node, load_get(s->loads, c->node), &tasks, nodes_left--, left,
                   &share);
        ret->cpus += share.cpus;
        ret->ntasks += c->given;
        *(struct job_node *)meta_recs_push(&record_job_node, &ret->alloc) = share;
    }
    ret->job_id = s->job->job_id;
    ret->partition = mem_strdup(s->part->name);
    if (ret->ntasks < s->d.ntasks)
        ret->ntasks = s->d.ntasks;
}

/* A drained node comes back by hand, which may be for somebody else's reservation; one that is being powered
 * down is said to be likewise. Only what is down is named. */
static void explain_away(const struct search *s, const struct bits *away, struct selection *ret)
{
    struct bits down = {0};
    for (uint32_t i = bits_next(away, 0); i != BITS_MAX; i = bits_next(away, i + 1)) {
        const struct node *n = ptree_get(s->v->nodes, i);
        if (n->state != NODE_UP || !(n->flags & (NODEF_DRAIN | NODEF_POWERING_DOWN)))
            bits_set(&down, i);
    }
    char *names = nodeset_text(s->v, &down);
    ret->reason = WHY_REQNODENOTAVAIL;
    if (!bits_any(&down))
        buf_print(ret->text, sizeof ret->text, "ReqNodeNotAvail, May be reserved for other job");
    else
        buf_print(ret->text, sizeof ret->text, "ReqNodeNotAvail, UnavailableNodes:%s", names);
    mem_free(names);
    bits_release(&down);
}

/* Too few nodes of the asked features are there: those that are missed, as if the job had asked for them. */
static void explain_features(struct search *s, struct selection *ret)
{
    struct bits away = {0};
    for (uint32_t i = bits_next(&s->part->members, 0); i != BITS_MAX;
         i = bits_next(&s->part->members, i + 1)) {
        const struct node *n = ptree_get(s->v->nodes, i);
        if (n && !bits_test(&s->excluded, i) && could_serve(s, s->features, n) &&
            node_service(s->v->policy, n) == NODE_AWAY)
            bits_set(&away, i);
    }
    explain_away(s, &away, ret);
    bits_release(&away);
}

static void explain_failure(struct search *s, enum select_mode mode, struct selection *ret)
{
    ret->reason = WHY_RESOURCES;
    if (mode == SELECT_EMPTY) {
        ret->reason = WHY_BADCONSTRAINTS;
        buf_print(ret->text, sizeof ret->text, "%u of the partition's %u nodes can serve it; it needs %u",
                  s->possible, bits_count(&s->part->members), s->d.nodes_min);
    } else if (bits_any(&s->away_required)) {
        explain_away(s, &s->away_required, ret);
    } else if (s->possible < s->d.nodes_min && !s->away) {
        return; /* the planner looks whether it ever could */
    } else if (s->possible - s->away < s->d.nodes_min && s->job->spec->features && *s->job->spec->features) {
        explain_features(s, ret);
    } else if (s->possible - s->away < s->d.nodes_min) {
        buf_print(
            ret->text, sizeof ret->text,
            "Nodes required for job are DOWN, DRAINED or reserved for jobs in higher priority partitions");
    }
}

/* One alternative of the constraint: below one switch at a time, then wherever there is room. */
static bool find_below(struct search *s, const struct switch_sets *below, const char *features, bool now)
{
    bool ok = false;
    s->features = features;
    if (now && s->loads->room) {
        find_classes(s, features);
        if (!room_for(s))
            return false;
    }
    for (uint32_t i = 0; i <= below->list.n && !ok; i++) {
        s->only = i < below->list.n ? &below->list.v[i] : NULL;
        find_candidates(s, features, now);
        ok = (s->only || !below->only || !now) && find_wanted(s);
    }
    s->only = NULL;
    return ok;
}

static void search_release(struct search *s, struct constraint_alternatives *alt)
{
    constraint_release(alt);
    demand_release(&s->d);
    bits_release(&s->required);
    bits_release(&s->excluded);
    bits_release(&s->away_required);
    bits_release(&s->classes);
    VEC_FREE(&s->list);
}

/* A list of nodes that is longer than the job may have: its first ones count. */
static void shorten_required(struct search *s)
{
    uint32_t kept = 0;
    for (uint32_t i = bits_next(&s->required, 0); i != BITS_MAX; i = bits_next(&s->required, i + 1))
        if (kept++ >= s->d.nodes_max)
            bits_clear(&s->required, i);
}

/* What the job asks for, as numbers. Negative with *e where it cannot be read; it is to be released then too.
 */
static int search_init(struct search *s, struct constraint_alternatives *alt, const struct sched_view *v,
                       struct load_map *loads, const struct job *job, const struct part *part, struct err *e)
{
    *s = (struct search){.v = v, .job = job, .part = part, .loads = loads};
    *alt = (struct constraint_alternatives){0};
    int r = demand_init(&s->d, v, job, part, e);
    if (r == 0)
        r = nodeset_parse(v, job->spec->req_nodes, &s->required, e);
    if (r == 0)
        r = nodeset_parse(v, job->spec->exc_nodes, &s->excluded, e);
    if (r == 0 && job->spec->prefer)
        r = constraint_split(job->spec->prefer, alt, e);
    if (r == 0)
        r = constraint_split(job->spec->features, alt, e);
    load_map_specialize(loads, job->spec->core_spec, job->spec->thread_spec);
    shorten_required(s);
    uint32_t need = bits_count(&s->required);
    if (need > s->d.nodes_min)
        s->d.nodes_min = need;
    if (s->d.nodes_max < s->d.nodes_min)
        s->d.nodes_max = s->d.nodes_min;
    return r;
}

void select_job(const struct sched_view *v, struct load_map *loads, const struct job *job,
                const struct part *part, enum select_mode mode, const struct bits *avoid,
                struct selection *ret)
{
    struct search s;
    struct constraint_alternatives alt;
    struct switch_sets below;
    struct err e = {0};
    *ret = (struct selection){.reason = WHY_NONE};
    meta_init(&record_start_job, &ret->start);
    int r = search_init(&s, &alt, v, loads, job, part, &e);
    s.avoid = avoid;
    if (r < 0) {
        ret->reason = WHY_BADCONSTRAINTS;
        buf_print(ret->text, sizeof ret->text, "%.250s", e.text);
    }
    switch_sets_init(v, job, &below);
    for (uint32_t i = 0; r == 0 && i < alt.n && !ret->ok; i++) {
        ret->ok = find_below(&s, &below, alt.v[i], mode == SELECT_NOW);
        if (ret->ok)
            make_start(&s, &ret->start);
    }
    if (!ret->ok && r == 0)
        explain_failure(&s, mode, ret);
    ret->work = s.work;
    switch_sets_release(&below);
    search_release(&s, &alt);
}

bool select_could(const struct sched_view *v, struct load_map *loads, const struct job *job,
                  const struct part *part)
{
    struct search s;
    struct constraint_alternatives alt;
    if (!loads->room)
        return true;
    bool could = search_init(&s, &alt, v, loads, job, part, NULL) < 0;
    for (uint32_t i = 0; i < alt.n && !could; i++) {
        find_classes(&s, alt.v[i]);
        could = room_for(&s);
    }
    search_release(&s, &alt);
    return could;
}

void sched_select(const struct sched_view *v, const struct job *job, const struct part *part,
                  enum select_mode mode, const struct bits *avoid, struct selection *ret)
{
    struct load_map loads;
    load_map_init(&loads, v, mode == SELECT_EMPTY);
    select_job(v, &loads, job, part, mode, avoid, ret);
    load_map_release(&loads);
}

void selection_release(struct selection *s)
{
    meta_release(&record_start_job, &s->start);
}
