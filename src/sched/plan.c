/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The search for a planned start. Without promises, what is free only grows as running jobs end, so the first
 * end that would do is found by bisection; from there on, the ends of jobs and promises are tried one after
 * the other, because promises may be in the way.
 */
#include "sched/plan.h"

#include "base/bits.h"
#include "base/mem.h"
#include "meta/meta.h"
#include "model/schedopts.h"
#include "sched/demand.h"
#include "sched/nodeset.h"

enum {
    MOMENTS_EXACT = 48, /* tries without a gap; afterwards each is a sixteenth later than the one before */
    GAP_PART = 16,
};

void plan_init(struct plan *p, const struct sched_view *v, struct timeline *time, struct room *room,
               const struct sched_opts *opts)
{
    *p = (struct plan){.v = v, .time = time, .promises_max = PLAN_JOBS_MAX};
    p->window_end = v->now + (int64_t)opts->bf_window * 60;
    p->resolution = opts->bf_resolution;
    if (opts->bf_node_space_size) /* a planned job takes up to two records of Slurm's table */
        p->promises_max = opts->bf_node_space_size / 2;
    load_map_init(&p->loads, v, false);
    p->loads.room = room;
    timeline_settle(time);
}

void plan_release(struct plan *p)
{
    load_map_release(&p->loads);
    timeline_clear_bookings(p->time);
}

uint32_t plan_seconds(const struct plan *p, const struct job *job, const struct part *part)
{
    struct demand d;
    if (demand_init(&d, p->v, job, part, NULL) < 0)
        return 0;
    uint32_t s = d.limit_s;
    demand_release(&d);
    return s;
}

static uint32_t exclusive_id(const struct plan *p, const struct job *job, const struct part *part)
{
    return demand_is_exclusive(p->v->policy, job->spec, part) ? job->job_id : 0;
}

/* Does it fit at that moment and until it ends? *ret is to be released. */
static bool fits(struct plan *p, const struct job *job, const struct part *part, int64_t at, uint32_t seconds,
                 bool unbooked, struct selection *ret)
{
    load_map_move(&p->loads, p->time, at, at + seconds, unbooked);
    select_job(p->v, &p->loads, job, part, SELECT_NOW, NULL, ret);
    p->work += ret->work;
    return ret->ok;
}

void plan_select_now(struct plan *p, const struct job *job, const struct part *part, struct selection *ret)
{
    fits(p, job, part, p->v->now, plan_seconds(p, job, part), false, ret);
}

void plan_start(struct plan *p, const struct start_job *what, const struct job *job, const struct part *part)
{
    struct start_job copy;
    meta_init(&record_start_job, &copy);
    meta_copy(&record_start_job, &copy, what);
    timeline_book(p->time, &copy, p->v->now, p->v->now + plan_seconds(p, job, part),
                  exclusive_id(p, job, part));
}

static char *names_of(const struct plan *p, const struct start_job *what)
{
    struct bits nodes = {0};
    for (uint32_t i = 0; i < what->alloc.n; i++)
        bits_set(&nodes, what->alloc.v[i].node_index);
    char *text = nodeset_text(p->v, &nodes);
    bits_release(&nodes);
    return text;
}

/* Ends that are not after t. */
static uint32_t ends_until(const struct plan *p, int64_t t)
{
    uint32_t lo = 0, hi = p->time->ends.n;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (p->time->ends.v[mid] <= t)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* The moment at which what ends at `end` is free: in the future, and a multiple of the resolution. */
static int64_t moment(const struct plan *p, int64_t end)
{
    int64_t after = end > p->v->now ? end - p->v->now : 1;
    if (p->resolution > 1)
        after = (after + p->resolution - 1) / p->resolution * p->resolution;
    return p->v->now + after;
}

/* The first moment after `at` at which anything ends; INT64_MAX when nothing does. */
static int64_t next_moment(const struct plan *p, int64_t at)
{
    uint32_t i = ends_until(p, at);
    int64_t next = i < p->time->ends.n ? p->time->ends.v[i] : INT64_MAX;
    for (uint32_t k = 0; k < p->time->bookings.n; k++) {
        int64_t end = p->time->bookings.v[k].end;
        next = end > at && end < next ? end : next;
    }
    return next == INT64_MAX ? next : moment(p, next);
}

/* Would it fit once the end number i is there, if nothing were promised or started in this run? */
static bool fits_after(struct plan *p, const struct job *job, const struct part *part, uint32_t i,
                       uint32_t seconds)
{
    struct selection s;
    bool ok = fits(p, job, part, moment(p, p->time->ends.v[i]), seconds, true, &s);
    selection_release(&s);
    return ok;
}

/* The first end before which it cannot fit, whatever else is true of it; n: none. */
static uint32_t first_possible(struct plan *p, const struct job *job, const struct part *part,
                               uint32_t seconds, uint32_t n)
{
    uint32_t lo = 0, hi = n;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        int64_t at = moment(p, p->time->ends.v[mid]);
        load_map_move(&p->loads, p->time, at, at + seconds, true);
        p->work++;
        if (select_could(p->v, &p->loads, job, part))
            hi = mid;
        else
            lo = mid + 1;
    }
    return hi;
}

/* The first moment at which it would fit if nothing were promised or started in this run; INT64_MAX: none
 * within the window. The search goes out from what the last run has found, in steps that double. */
static int64_t first_moment(struct plan *p, const struct job *job, const struct part *part, uint32_t seconds)
{
    uint32_t n = ends_until(p, p->window_end);
    uint32_t lo = first_possible(p, job, part, seconds, n), hi = n; /* it is in [lo, hi]; n = none */
    uint32_t at = job->start_time > p->v->now ? ends_until(p, job->start_time) : 0;
    at = at > lo + 1 ? at - 1 : lo;
    for (uint32_t step = 1; at < n && lo < hi; step *= 2) {
        if (fits_after(p, job, part, at, seconds)) {
            hi = at;
            if (hi - lo <= step) /* or it has come from below */
                break;
            at = hi - step;
        } else {
            lo = at + 1;
            if (hi < n)
                break;
            at = n - lo > step ? lo + step : lo < n ? n - 1 : n;
        }
    }
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (fits_after(p, job, part, mid, seconds))
            hi = mid;
        else
            lo = mid + 1;
    }
    return hi < n ? moment(p, p->time->ends.v[hi]) : INT64_MAX;
}

static bool fits_at_all(struct plan *p, const struct job *job, const struct part *part, uint32_t seconds)
{
    struct selection s;
    bool ok = fits(p, job, part, p->v->now, seconds, true, &s);
    selection_release(&s);
    return ok;
}

int64_t plan_promise(struct plan *p, const struct job *job, const struct part *part, int64_t from,
                     char **ret_nodes)
{
    *ret_nodes = NULL;
    if (p->promises >= p->promises_max)
        return 0;
    uint32_t seconds = plan_seconds(p, job, part);
    int64_t at = from;
    if (!at)
        at = fits_at_all(p, job, part, seconds) ? next_moment(p, p->v->now)
                                                : first_moment(p, job, part, seconds);
    for (uint32_t tries = 0; tries < PLAN_MOMENTS_MAX && at <= p->window_end; tries++) {
        struct selection s;
        if (fits(p, job, part, at, seconds, false, &s)) {
            *ret_nodes = names_of(p, &s.start);
            timeline_book(p->time, &s.start, at, at + seconds, exclusive_id(p, job, part));
            p->promises++;
            selection_release(&s);
            return at;
        }
        selection_release(&s);
        at = next_moment(p, tries < MOMENTS_EXACT ? at : at + (at - p->v->now) / GAP_PART);
    }
    return 0;
}
