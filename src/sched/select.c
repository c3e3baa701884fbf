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
#include "sched/choice.h"
#include "sched/constraint.h"
#include "sched/nodeset.h"
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

struct search {
    const struct sched_view *v;
    const struct job *job;
    const struct part *part;
    struct load_map *loads;
    const struct bits *avoid;
    const struct bits *only; /* nodes of one switch, or NULL */
    struct demand d;
    struct bits required, excluded;
    struct choice choice;
    uint32_t possible, away;   /* nodes that could ever serve; those of them that are not available */
    struct bits away_required; /* required nodes that are not available */
    const char *features;      /* the alternative that was tried last */
    const struct constraint_alternative *alternative;
    struct bits classes; /* of nodes that could ever serve; see sched/room.h */
    uint64_t work;
};

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

static const char *features_of(const struct node *n)
{
    return n->active_features ? n->active_features : n->features;
}

static bool could_serve(struct search *s, const char *features, const struct node *n)
{
    return constraint_match(features, features_of(n)) &&
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
    s->choice.list.n = 0;
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

static uint32_t terms_of(const struct search *s, const struct node *n)
{
    uint32_t terms = 0;
    for (uint32_t t = 0; t < s->choice.terms; t++)
        if (constraint_match(s->alternative->terms.v[t].expr, features_of(n)))
            terms |= 1u << t;
    return terms;
}

/* Fills the list with every node that offers something under one alternative of the constraint. */
static void find_candidates(struct search *s, const char *features, bool now)
{
    const struct room *r = now ? s->loads->room : NULL;
    bool full_is_full = s->loads->from <= s->v->now && !asks_specialized(s->job);
    s->choice.list.n = 0;
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
            *VEC_PUSH(&s->choice.list) = (struct candidate){.node = n,
                                                            .rank = rank_of(s, n, service),
                                                            .offer = o,
                                                            .required = required,
                                                            .terms = terms_of(s, n)};
    }
}

static void make_start(struct search *s, struct start_job *ret)
{
    uint64_t left[DEMAND_GRES_MAX];
    for (uint32_t i = 0; i < s->d.gres_n; i++)
        left[i] = s->d.gres[i].per_job;
    uint32_t nodes_left = s->choice.nodes;
    choice_share(&s->choice, s->v->policy, s->loads);
    for (uint32_t i = 0; i < s->choice.list.n; i++) {
        const struct candidate *c = &s->choice.list.v[i];
        if (!c->chosen)
            continue;
        struct job_node share;
        struct offer_tasks tasks = {c->given, c->placed};
        offer_take(&s->d, s->v->policy, c->node, load_get(s->loads, c->node), &tasks, nodes_left--, left,
                   &share);
        ret->cpus += share.cpus;
        ret->ntasks += s->d.tasks_per_node_exact && s->d.tasks_counted ? 0 : c->given;
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

static bool find_in_set(struct search *s, const struct switch_set *set, bool now)
{
    s->only = set ? &set->nodes : NULL;
    find_candidates(s, s->features, now);
    s->only = NULL;
    return choice_find(&s->choice);
}

static bool find_in_blocks(struct search *s, const struct switch_sets *blocks, const struct bits *free,
                           bool now)
{
    const struct job_spec *spec = s->job->spec;
    struct segments want = {.nodes = s->choice.nodes_min,
                            .size = spec->segment_size == NO_VAL16 ? 0 : spec->segment_size,
                            .spread = spec->spread_segments};
    struct switch_sets sets;
    bool ok = false;
    switch_sets_of_blocks(blocks, free, &want, &sets);
    s->choice.nodes_want = s->choice.nodes_min; /* a range is not filled */
    for (uint32_t i = 0; i < sets.list.n && !ok; i++)
        ok = find_in_set(s, &sets.list.v[i], now);
    switch_sets_release(&sets);
    return ok;
}

/* Below one switch at a time, then wherever there is room; as many nodes as are wanted before as few as must
 * be. */
static bool find_in_tree(struct search *s, struct switch_sets *below, const struct bits *free, bool now)
{
    bool ok = false, anywhere = !below->only || !now;
    uint32_t most = least(s->choice.nodes_want, bits_count(free)), fewest = s->choice.nodes_min;
    switch_sets_order(below, free);
    for (int pass = most > fewest ? 0 : 1; pass < 2 && !ok; pass++) {
        s->choice.nodes_min = s->choice.nodes_want = pass == 0 ? most : fewest;
        for (uint32_t i = 0; i < below->list.n + anywhere && !ok; i++) {
            const struct switch_set *set = i < below->list.n ? &below->list.v[i] : NULL;
            ok = (!set || set->free >= s->choice.nodes_min) && find_in_set(s, set, now);
        }
    }
    s->choice.nodes_min = fewest;
    s->choice.nodes_want = s->d.nodes_want;
    return ok;
}

/* Counted terms ask for as many nodes as they count. False when the job may not have so many. */
static bool ask_terms(struct search *s)
{
    struct choice *c = &s->choice;
    uint64_t sum = 0;
    c->terms = least(s->alternative->terms.n, CHOICE_TERMS_MAX);
    for (uint32_t t = 0; t < c->terms; t++) {
        c->term_nodes[t] = s->alternative->terms.v[t].nodes;
        sum += c->term_nodes[t];
    }
    c->nodes_min = sum > s->d.nodes_min ? (uint32_t)sum : s->d.nodes_min;
    c->nodes_want = sum ? c->nodes_min : s->d.nodes_want;
    return sum <= c->nodes_max;
}

/* One alternative of the constraint. */
static bool find_below(struct search *s, struct switch_sets *below, const struct constraint_alternative *alt,
                       bool now)
{
    const char *features = alt->expr;
    bool ok = false;
    s->features = features;
    s->alternative = alt;
    if (!ask_terms(s))
        return false;
    if (now && s->loads->room) {
        find_classes(s, features);
        if (!room_for(s))
            return false;
    }
    find_candidates(s, features, now);
    if (!below->list.n)
        return choice_find(&s->choice);
    struct bits free = {0};
    for (uint32_t i = 0; i < s->choice.list.n; i++)
        bits_set(&free, s->choice.list.v[i].node->index);
    ok = below->blocks ? find_in_blocks(s, below, &free, now) : find_in_tree(s, below, &free, now);
    bits_release(&free);
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
    choice_release(&s->choice);
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
    s->choice = (struct choice){.d = &s->d,
                                .nodes_want = s->d.nodes_want,
                                .by_runs = !v->policy->topology.n,
                                .nodes_min = s->d.nodes_min,
                                .nodes_max = s->d.nodes_max,
                                .required = need};
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
        ret->ok = find_below(&s, &below, &alt.v[i], mode == SELECT_NOW);
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
        find_classes(&s, alt.v[i].expr);
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
