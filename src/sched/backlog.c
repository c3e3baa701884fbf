/* SPDX-License-Identifier: Apache-2.0 */
#include "sched/backlog.h"

#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"
#include "model/jobtext.h"

void backlog_init(struct backlog *b)
{
    *b = (struct backlog){0};
    buf_init(&b->text);
}

static void forget_all(struct backlog *b)
{
    if (b->started) {
        ptree_release(&b->jobs);
        ptree_release(&b->parts);
    }
    b->started = false;
    b->queue.n = 0;
    map_u64_release(&b->licensed);
    map_u64_release(&b->completing);
    timeline_release(&b->time);
    b->last_spec = NULL;
}

void backlog_release(struct backlog *b)
{
    forget_all(b);
    VEC_FREE(&b->queue);
    VEC_FREE(&b->come);
    map_u64_release(&b->gone);
    buf_release(&b->text);
}

const struct part *backlog_next_part(const struct sched_view *v, const char **at)
{
    while (*at && **at) {
        size_t n = strcspn(*at, ",");
        char *name = mem_strndup(*at, n);
        *at += n + ((*at)[n] == ',');
        uint32_t index = v->part_index(v->ctx, name);
        mem_free(name);
        if (index != NO_VAL)
            return ptree_get(v->parts, index);
    }
    return NULL;
}

/* The spec without what only names or describes the job. Everything that the choice of nodes looks at has to
 * be in it. */
static uint64_t shape_of(struct backlog *b, const struct job_spec *s)
{
    if (s == b->last_spec)
        return b->last_shape;
    const uint64_t numbers[] = {
        s->min_nodes,         s->max_nodes,       s->ntasks,         s->cpus_per_task,    s->ntasks_per_node,
        s->ntasks_per_socket, s->ntasks_per_core, s->ntasks_per_gpu, s->sockets_per_node, s->cores_per_socket,
        s->threads_per_core,  s->core_spec,       s->thread_spec,    s->min_cpus_node,    s->share,
        s->overcommit,        s->tmp_disk,        s->time_limit,     s->mem_per_node,     s->mem_per_cpu,
        s->mem_per_gpu,       s->contiguous,      s->spread_job,     s->use_min_nodes,    s->dist,
        s->plane_size,        s->switches,        s->switches_wait,  s->segment_size,     s->spread_segments,
    };
    const char *texts[] = {s->tres_per_job,  s->tres_per_node, s->tres_per_socket, s->tres_per_task,
                           s->cpus_per_tres, s->features,      s->prefer,          s->req_nodes,
                           s->exc_nodes,     s->licenses,      s->dist_sub,        s->gres_flags,
                           s->node_sizes,    s->reservation};
    struct buf *t = &b->text;
    buf_clear(t);
    buf_add(t, numbers, sizeof numbers);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        buf_adds(t, texts[i]);
        buf_addc(t, '|');
    }
    b->last_spec = s;
    b->last_shape = hash_bytes(t->s, t->len);
    return b->last_shape;
}

static bool waits(const struct job *j)
{
    return job_is_eligible(j, INT64_MAX);
}

static bool holds(const struct job *j)
{
    return j->alloc.n && (j->state == JOB_RUNNING || j->state == JOB_SUSPENDED || j->flags & JOBF_COMPLETING);
}

static struct waiting make_waiting(struct backlog *b, const struct sched_view *v, const struct job *j)
{
    struct waiting w = {.job = j, .shape = shape_of(b, j->spec), .part = NO_VAL};
    uint32_t parts = 0;
    const char *at = j->partition;
    for (const struct part *p; (p = backlog_next_part(v, &at)); parts++) {
        w.tier = p->priority_tier > w.tier ? p->priority_tier : w.tier;
        w.part = parts ? NO_VAL : p->index;
    }
    return w;
}

struct update {
    struct backlog *b;
    const struct sched_view *v;
};

static void forget(struct backlog *b, const struct job *j)
{
    if (waits(j))
        map_u64_put(&b->gone, j->job_id, b);
    if (!holds(j))
        return;
    timeline_remove(&b->time, j);
    map_u64_remove(&b->licensed, j->job_id);
    map_u64_remove(&b->completing, j->job_id);
}

static void learn(struct backlog *b, const struct sched_view *v, const struct job *j)
{
    if (waits(j))
        *VEC_PUSH(&b->come) = make_waiting(b, v, j);
    if (!holds(j))
        return;
    timeline_add(&b->time, j);
    if (j->spec->licenses)
        map_u64_put(&b->licensed, j->job_id, (void *)j);
    if (j->flags & JOBF_COMPLETING)
        map_u64_put(&b->completing, j->job_id, (void *)j);
}

static void changed(void *arg, uint32_t key, const void *was, const void *is)
{
    const struct update *u = arg;
    if (was)
        forget(u->b, was);
    if (is)
        learn(u->b, u->v, is);
}

static int by_order(const void *a, const void *b, void *arg)
{
    const struct waiting *x = a, *y = b;
    if (x->tier != y->tier)
        return x->tier > y->tier ? -1 : 1;
    if (x->job->priority != y->job->priority)
        return x->job->priority > y->job->priority ? -1 : 1;
    return x->job->job_id < y->job->job_id ? -1 : 1;
}

/* One merge of what was there, less what is gone, with what has come. Records that are gone still live: the
 * old snapshot is dropped afterwards. */
static void merge_queue(struct backlog *b)
{
    if (!b->come.n && !map_u64_count(&b->gone))
        return;
    vec_sort(b->come.v, b->come.n, sizeof *b->come.v, by_order, NULL);
    __typeof__(b->queue) all = {0};
    VEC_RESERVE(&all, b->queue.n + b->come.n);
    for (uint32_t i = 0, k = 0; i < b->queue.n || k < b->come.n;) {
        if (i < b->queue.n && map_u64_has(&b->gone, b->queue.v[i].job->job_id)) {
            i++;
            continue;
        }
        bool old = k == b->come.n || (i < b->queue.n && by_order(&b->queue.v[i], &b->come.v[k], NULL) < 0);
        all.v[all.n++] = old ? b->queue.v[i++] : b->come.v[k++];
    }
    VEC_FREE(&b->queue);
    b->queue = all;
    b->come.n = 0;
    map_u64_release(&b->gone);
}

void backlog_update(struct backlog *b, const struct sched_view *v)
{
    /* Partitions give the tiers. They change rarely, and then all is new. */
    if (b->started && b->parts.root != v->parts->root)
        forget_all(b);
    if (!b->started) {
        ptree_init(&b->jobs, v->jobs->type);
        ptree_snapshot(v->parts, &b->parts);
        b->started = true;
    }
    struct update u = {b, v};
    struct ptree now;
    ptree_diff(&b->jobs, v->jobs, changed, &u);
    merge_queue(b);
    timeline_settle(&b->time);
    ptree_snapshot(v->jobs, &now);
    ptree_release(&b->jobs);
    b->jobs = now;
    b->last_spec = NULL; /* it may have gone with the old snapshot */
}
