/* SPDX-License-Identifier: Apache-2.0 */
#include "sched/timeline.h"

#include "base/bits.h"
#include "base/mem.h"
#include "base/text.h"
#include "meta/meta.h"

static struct timeline_node *node_at(struct timeline *t, uint32_t index)
{
    while (t->nodes.n <= index)
        VEC_PUSH(&t->nodes);
    return &t->nodes.v[index];
}

const struct timeline_node *timeline_node(const struct timeline *t, uint32_t index)
{
    return index < t->nodes.n ? &t->nodes.v[index] : NULL;
}

void timeline_release(struct timeline *t)
{
    timeline_clear_bookings(t);
    for (uint32_t i = 0; i < t->nodes.n; i++) {
        VEC_FREE(&t->nodes.v[i].holds);
        VEC_FREE(&t->nodes.v[i].booked);
    }
    VEC_FREE(&t->nodes);
    VEC_FREE(&t->ends);
    VEC_FREE(&t->come);
    VEC_FREE(&t->gone);
    VEC_FREE(&t->releases);
    VEC_FREE(&t->more);
    VEC_FREE(&t->fewer);
    VEC_FREE(&t->bookings);
}

/* Of a completing job only the nodes count that have not reported its end. */
static bool holds_share(const struct job *job, uint32_t at)
{
    return !(job->flags & JOBF_COMPLETING) || bits_test(&job->completing, at);
}

static struct release release_of(const struct job *job, uint32_t at)
{
    const struct job_node *share = &job->alloc.v[at];
    struct release r = {.end = job->end_time,
                        .mem = share->mem,
                        .job_id = job->job_id,
                        .node = share->node_index,
                        .units = job->flags & JOBF_CPUS_GIVEN ? 0 : bits_count(&share->cores)};
    for (uint32_t i = 0; i < share->gres.n; i++)
        if (text_same(share->gres.v[i].name, "gpu"))
            r.gpus += (uint32_t)share->gres.v[i].count;
    return r;
}

void timeline_add(struct timeline *t, const struct job *job)
{
    *VEC_PUSH(&t->come) = job->end_time;
    for (uint32_t i = 0; i < job->alloc.n; i++)
        if (holds_share(job, i)) {
            struct release r = release_of(job, i);
            *VEC_PUSH(&node_at(t, r.node)->holds) = (struct hold){
                &job->alloc.v[i], r.end, r.job_id, r.units, r.gpus, job->flags & JOBF_CPUS_GIVEN};
            *VEC_PUSH(&t->more) = r;
        }
}

void timeline_remove(struct timeline *t, const struct job *job)
{
    *VEC_PUSH(&t->gone) = job->end_time;
    for (uint32_t i = 0; i < job->alloc.n; i++) {
        if (!holds_share(job, i))
            continue;
        *VEC_PUSH(&t->fewer) = release_of(job, i);
        struct timeline_node *n = node_at(t, job->alloc.v[i].node_index);
        for (uint32_t k = 0; k < n->holds.n; k++)
            if (n->holds.v[k].job_id == job->job_id) {
                n->holds.v[k] = n->holds.v[--n->holds.n];
                break;
            }
    }
}

static int by_time(const void *a, const void *b, void *arg)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static int by_release(const void *a, const void *b, void *arg)
{
    const struct release *x = a, *y = b;
    if (x->end != y->end)
        return x->end < y->end ? -1 : 1;
    if (x->job_id != y->job_id)
        return x->job_id < y->job_id ? -1 : 1;
    return x->node < y->node ? -1 : x->node > y->node;
}

static void settle_releases(struct timeline *t)
{
    vec_sort(t->more.v, t->more.n, sizeof *t->more.v, by_release, NULL);
    vec_sort(t->fewer.v, t->fewer.n, sizeof *t->fewer.v, by_release, NULL);
    __typeof__(t->releases) all = {0};
    VEC_RESERVE(&all, t->releases.n + t->more.n);
    for (uint32_t i = 0, c = 0, g = 0; i < t->releases.n || c < t->more.n;) {
        bool old =
            c == t->more.n || (i < t->releases.n && by_release(&t->releases.v[i], &t->more.v[c], NULL) <= 0);
        const struct release *r = old ? &t->releases.v[i++] : &t->more.v[c++];
        if (g < t->fewer.n && by_release(&t->fewer.v[g], r, NULL) == 0)
            g++;
        else
            all.v[all.n++] = *r;
    }
    VEC_FREE(&t->releases);
    t->releases = all;
    t->more.n = t->fewer.n = 0;
}

/* One merge, whatever has changed. */
void timeline_settle(struct timeline *t)
{
    if (!t->come.n && !t->gone.n)
        return;
    settle_releases(t);
    vec_sort(t->come.v, t->come.n, sizeof *t->come.v, by_time, NULL);
    vec_sort(t->gone.v, t->gone.n, sizeof *t->gone.v, by_time, NULL);
    __typeof__(t->ends) all = {0};
    VEC_RESERVE(&all, t->ends.n + t->come.n);
    for (uint32_t i = 0, c = 0, g = 0; i < t->ends.n || c < t->come.n;) {
        bool old = c == t->come.n || (i < t->ends.n && t->ends.v[i] <= t->come.v[c]);
        int64_t end = old ? t->ends.v[i++] : t->come.v[c++];
        if (g < t->gone.n && t->gone.v[g] == end)
            g++;
        else
            *VEC_PUSH(&all) = end;
    }
    VEC_FREE(&t->ends);
    t->ends = all;
    t->come.n = t->gone.n = 0;
}

void timeline_book(struct timeline *t, struct start_job *what, int64_t start, int64_t end,
                   uint32_t exclusive_job)
{
    for (uint32_t i = 0; i < what->alloc.n; i++)
        *VEC_PUSH(&node_at(t, what->alloc.v[i].node_index)->booked) = (struct booked){t->bookings.n, i};
    *VEC_PUSH(&t->bookings) =
        (struct booking){.start = start, .end = end, .what = *what, .exclusive_job = exclusive_job};
    meta_init(&record_start_job, what);
}

void timeline_clear_bookings(struct timeline *t)
{
    for (uint32_t i = 0; i < t->bookings.n; i++) {
        struct start_job *what = &t->bookings.v[i].what;
        for (uint32_t k = 0; k < what->alloc.n; k++)
            node_at(t, what->alloc.v[k].node_index)->booked.n = 0;
        meta_release(&record_start_job, what);
    }
    t->bookings.n = 0;
}
