/* SPDX-License-Identifier: Apache-2.0 */
/*
 * planner_run(): the waiting jobs in order of partition tier, priority and id. A job that fits starts; the
 * first that does not is promised the earliest time at which it can, and later ones start only where they
 * disturb no promise. A job of the same shape as one that has failed in this run is not tried again.
 */
#include <string.h>

#include "base/bits.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/text.h"
#include "meta/meta.h"
#include "model/jobtext.h"
#include "sched/demand.h"
#include "sched/licenses.h"
#include "sched/limits.h"
#include "sched/plan.h"
#include "sched/switches.h"

struct planner {
    struct buf shape; /* scratch for job shapes */
};

struct planner *planner_new(void)
{
    struct planner *p = mem_alloc(sizeof *p);
    buf_init(&p->shape);
    return p;
}

void planner_free(struct planner *p)
{
    if (!p)
        return;
    buf_release(&p->shape);
    mem_free(p);
}

void sched_result_release(struct sched_result *r)
{
    for (uint32_t i = 0; i < r->starts.n; i++)
        meta_release(&record_start_job, &r->starts.v[i]);
    VEC_FREE(&r->starts);
    meta_release(&record_plan_notes, &r->notes);
}

struct waiting {
    const struct job *job;
    uint32_t tier; /* highest of its partitions */
};

struct run {
    struct planner *planner;
    const struct sched_view *v;
    const struct sched_budget *budget;
    struct sched_result *ret;
    struct plan plan;
    struct licenses licenses;
    VEC(struct waiting) queue;
    struct map_u64 failed; /* shape and partition -> found impossible in this run */
    struct bits blocked;   /* partitions in which a job of higher priority waits for resources */
    uint64_t started;
};

static const struct part *next_part(const struct run *r, const char **at)
{
    while (*at && **at) {
        size_t n = strcspn(*at, ",");
        char *name = mem_strndup(*at, n);
        *at += n + ((*at)[n] == ',');
        uint32_t index = r->v->part_index(r->v->ctx, name);
        mem_free(name);
        if (index != NO_VAL)
            return ptree_get(r->v->parts, index);
    }
    return NULL;
}

static uint32_t highest_tier(const struct run *r, const struct job *job)
{
    uint32_t tier = 0;
    const char *at = job->partition;
    for (const struct part *p; (p = next_part(r, &at));)
        tier = p->priority_tier > tier ? p->priority_tier : tier;
    return tier;
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

static bool is_exclusive(const struct run *r, const struct job *job, const struct part *part)
{
    return job->spec->share == SHARE_NODE || part->max_share == 0 || r->v->policy->linear;
}

static void collect(struct run *r)
{
    uint32_t id = 0;
    for (const struct job *j; (j = ptree_next(r->v->jobs, &id)); id++) {
        if (job_is_eligible(j, r->v->now)) {
            *VEC_PUSH(&r->queue) = (struct waiting){j, highest_tier(r, j)};
            int64_t until = switches_until(r->v, j);
            r->ret->next = until && until < r->ret->next ? until : r->ret->next;
        } else if (job_is_eligible(j, INT64_MAX))
            r->ret->next = j->eligible_time < r->ret->next ? j->eligible_time : r->ret->next;
        else if (j->alloc.n &&
                 (j->state == JOB_RUNNING || j->state == JOB_SUSPENDED || j->flags & JOBF_COMPLETING)) {
            const struct node *n = ptree_get(r->v->nodes, j->alloc.v[0].node_index);
            plan_add_running(&r->plan, j->alloc.v, j->alloc.n, j->end_time,
                             n && n->exclusive_job == j->job_id ? j->job_id : 0, false);
            licenses_take(&r->licenses, j->spec->licenses);
        }
        if (id == UINT32_MAX)
            break;
    }
    vec_sort(r->queue.v, r->queue.n, sizeof *r->queue.v, by_order, NULL);
}

/* Jobs with the same key ask for the same: the spec without what only names or describes the job. */
static uint64_t shape_key(struct run *r, const struct job *job, const struct part *part)
{
    const struct job_spec *s = job->spec;
    struct buf *b = &r->planner->shape;
    buf_clear(b);
    buf_addf(b, "%u|%u|%u|%u|%u|%u|%u|%u|%u|%u|%u|%u|%u|%u|%u|%u|", part->index, s->min_nodes, s->max_nodes,
             s->ntasks, s->cpus_per_task, s->ntasks_per_node, s->ntasks_per_socket, s->ntasks_per_core,
             s->sockets_per_node, s->cores_per_socket, s->threads_per_core, s->min_cpus_node, s->share,
             s->overcommit, s->tmp_disk, demand_time_limit(s, part));
    buf_addf(b, "%u|%u|", s->switches, switches_until(r->v, job) != 0);
    buf_addf(b, "%llu|%llu|%llu|", (unsigned long long)s->mem_per_node, (unsigned long long)s->mem_per_cpu,
             (unsigned long long)s->mem_per_gpu);
    const char *texts[] = {s->tres_per_job, s->tres_per_node, s->tres_per_socket, s->tres_per_task,
                           s->features,     s->req_nodes,     s->exc_nodes,       s->licenses};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        buf_adds(b, texts[i]);
        buf_addc(b, '|');
    }
    return hash_bytes(b->s, b->len);
}

static void note(struct run *r, const struct job *job, enum job_reason why, const char *text, int64_t start,
                 const char *nodes)
{
    text = text && *text ? text : NULL;
    if (job->reason == why && text_same(job->reason_text, text) && job->start_time == start &&
        text_same(job->sched_nodes, nodes))
        return;
    struct plan_note *n = meta_recs_push(&record_plan_note, &r->ret->notes.notes);
    n->job_id = job->job_id;
    n->reason = why;
    n->text = mem_strdup(text);
    n->start_time = start;
    n->nodes = mem_strdup(nodes);
}

static void start(struct run *r, const struct job *job, const struct part *part, uint32_t task,
                  struct selection *s)
{
    struct demand d;
    uint32_t seconds = demand_init(&d, r->v, job, part, NULL) == 0 ? d.limit_s : 0;
    demand_release(&d);
    s->start.array_task = task;
    s->start.scheduler = mem_strdup(bits_any(&r->blocked) ? "Backfill" : "Main");
    plan_add_running(&r->plan, s->start.alloc.v, s->start.alloc.n, r->v->now + seconds,
                     is_exclusive(r, job, part) ? job->job_id : 0, true);
    licenses_take(&r->licenses, job->spec->licenses);
    *VEC_PUSH(&r->ret->starts) = s->start;
    meta_init(&record_start_job, &s->start);
    r->started++;
}

struct verdict {
    enum job_reason why;
    char text[256];
    int64_t start;
    char *nodes; /* planned; owned */
    bool started;
};

/* A job that was submitted held, or before the cluster changed, may be more than any node can give. What is
 * larger than the partition waits for it to grow. */
static bool never_fits(struct run *r, const struct job *job, const struct part *part)
{
    if (job->cpus > part->total_cpus || r->plan.promises.n >= PLAN_JOBS_MAX)
        return false;
    struct selection s;
    sched_select(r->v, job, part, SELECT_EMPTY, NULL, &s);
    r->ret->work += s.work;
    bool never = !s.ok;
    selection_release(&s);
    return never;
}

/* One task (or the whole job, task = NO_VAL) in one partition. */
static void try_partition(struct run *r, const struct job *job, const struct part *part, uint32_t task,
                          struct verdict *ret)
{
    struct demand d;
    if (part_denies_user(part, job->uid)) {
        *ret = (struct verdict){.why = WHY_ACCOUNTNOTALLOWED};
        buf_print(ret->text, sizeof ret->text,
                  "uid %u not in group permitted to use this partition (%s). groups allowed: %s", job->uid,
                  part->name, part->allow_groups);
        return;
    }
    *ret = (struct verdict){.why = WHY_BADCONSTRAINTS};
    if (demand_init(&d, r->v, job, part, NULL) < 0)
        return;
    ret->why = part_limit_reason(part, job, &d);
    demand_release(&d);
    if (ret->why != WHY_NONE)
        return;
    if (!licenses_fit(&r->licenses, job->spec->licenses)) {
        ret->why = WHY_LICENSES;
        return;
    }
    uint64_t key = shape_key(r, job, part);
    bool behind = bits_test(&r->blocked, part->index);
    ret->why = behind ? WHY_PRIORITY : WHY_RESOURCES;
    if (map_u64_has(&r->failed, key))
        return;
    struct selection s;
    plan_select_now(&r->plan, job, part, &s);
    r->ret->work += s.work;
    ret->started = s.ok;
    if (s.ok) {
        start(r, job, part, task, &s);
    } else {
        map_u64_put(&r->failed, key, r);
        ret->why = behind && s.reason == WHY_RESOURCES ? WHY_PRIORITY : s.reason;
        memcpy(ret->text, s.text, sizeof ret->text);
        ret->start = plan_promise(&r->plan, job, part, &r->ret->work, &ret->nodes);
        if (s.reason == WHY_RESOURCES && !ret->start && never_fits(r, job, part))
            ret->why = WHY_BADCONSTRAINTS; /* and holds up nobody */
        else
            bits_set(&r->blocked, part->index);
    }
    selection_release(&s);
}

static bool try_job(struct run *r, const struct job *job, uint32_t task)
{
    struct verdict first = {.why = WHY_NONE}, v = {0};
    const char *at = job->partition;
    for (const struct part *part; !v.started && (part = next_part(r, &at));) {
        try_partition(r, job, part, task, &v);
        if (first.why == WHY_NONE)
            first = v;
        else
            mem_free(v.nodes);
    }
    if (first.why != WHY_NONE && !v.started)
        note(r, job, first.why, first.text, first.start, first.nodes);
    mem_free(first.nodes);
    return v.started;
}

static bool spent(const struct run *r)
{
    return (r->budget->work_max && r->ret->work >= r->budget->work_max) ||
           (r->budget->starts_max && r->ret->starts.n >= r->budget->starts_max);
}

/* An array is one record until its tasks start: as many of them as its own limit and the nodes allow. */
static void try_array(struct run *r, const struct job *job)
{
    uint32_t running = job->array_running;
    for (uint32_t t = bits_next(&job->array_tasks, 0); t != BITS_MAX && !spent(r);
         t = bits_next(&job->array_tasks, t + 1)) {
        if (job->array_max && running >= job->array_max) {
            note(r, job, WHY_JOBARRAYTASKLIMIT, NULL, 0, NULL);
            return;
        }
        if (!try_job(r, job, t))
            return;
        running++;
    }
}

void planner_run(struct planner *p, const struct sched_view *v, const struct sched_budget *b,
                 struct sched_result *ret)
{
    *ret = (struct sched_result){.complete = true, .next = INT64_MAX};
    meta_init(&record_plan_notes, &ret->notes);
    ret->notes.eval_time = v->now;
    struct run r = {.planner = p, .v = v, .budget = b, .ret = ret};
    plan_init(&r.plan, v);
    licenses_init(&r.licenses, v->policy->licenses);
    collect(&r);
    for (uint32_t i = 0; i < r.queue.n && ret->complete; i++) {
        if (r.queue.v[i].job->flags & JOBF_ARRAY)
            try_array(&r, r.queue.v[i].job);
        else
            try_job(&r, r.queue.v[i].job, NO_VAL);
        ret->complete = !spent(&r) || i + 1 == r.queue.n;
    }
    plan_release(&r.plan);
    licenses_release(&r.licenses);
    map_u64_release(&r.failed);
    bits_release(&r.blocked);
    VEC_FREE(&r.queue);
}
