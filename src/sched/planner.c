/* SPDX-License-Identifier: Apache-2.0 */
/*
 * planner_run(): the waiting jobs in order of partition tier, priority and id. A job that fits starts; one
 * that does not is promised the earliest time at which it can, and later ones start only where they disturb
 * no promise. A job of the same shape as one that has failed in this run is not tried again.
 */
#include <string.h>

#include "base/bits.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/text.h"
#include "meta/meta.h"
#include "model/jobtext.h"
#include "model/schedopts.h"
#include "sched/backlog.h"
#include "sched/demand.h"
#include "sched/licenses.h"
#include "sched/limits.h"
#include "sched/plan.h"
#include "sched/quota.h"
#include "sched/room.h"
#include "sched/switches.h"

enum {
    DEFER_SECONDS = 3, /* with defer, jobs of so many seconds are taken together */
    /* Units that a run may spend on promises, where bf_max_time says nothing: few, so that the next job that
     * ends is soon heard, and every DEEP_SECONDS many, so that later jobs have their expected starts too. */
    BACKFILL_WORK = 200000,
    BACKFILL_WORK_DEEP = 1000000,
    DEEP_SECONDS = 30,
};

struct planner {
    struct backlog backlog;
    struct room room;
    bool exhaustive;
    int64_t last_full, last_backfill, last_deep; /* runs; INT64_MIN = none yet */
};

struct planner *planner_new(void)
{
    struct planner *p = mem_alloc(sizeof *p);
    backlog_init(&p->backlog);
    p->last_full = p->last_backfill = p->last_deep = INT64_MIN;
    return p;
}

void planner_free(struct planner *p)
{
    if (!p)
        return;
    backlog_release(&p->backlog);
    room_release(&p->room);
    mem_free(p);
}

void planner_look_everywhere(struct planner *p)
{
    p->exhaustive = true;
}

void sched_result_release(struct sched_result *r)
{
    for (uint32_t i = 0; i < r->starts.n; i++)
        meta_release(&record_start_job, &r->starts.v[i]);
    VEC_FREE(&r->starts);
    meta_release(&record_plan_notes, &r->notes);
}

/* What became of the first job of a shape in a partition. */
struct tried {
    enum job_reason why;
    int64_t promised; /* nothing of this shape can start before; 0: nothing is known */
    bool hopeless;    /* it was promised nothing */
};

struct run {
    struct planner *planner;
    const struct sched_view *v;
    const struct sched_budget *budget;
    struct sched_result *ret;
    struct sched_opts opts;
    struct quota quota;
    struct plan plan;
    struct licenses licenses;
    struct map_u64 tried_index; /* shape and partition -> index + 1 */
    VEC(struct tried) tried;
    uint64_t promise_work; /* no promise is sought once so much has been spent */
    bool promised;         /* the job at hand has a planned start in one of its partitions */
    struct bits blocked;   /* partitions in which a job of higher priority waits for resources */
    struct bits withheld;  /* partitions in which nothing starts, because a job is COMPLETING */
};

static void look_again(struct run *r, int64_t at)
{
    if (at > r->v->now && at < r->ret->next)
        r->ret->next = at;
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

struct verdict {
    enum job_reason why;
    char text[256];
    int64_t start;
    char *nodes; /* planned; owned */
    bool started;
    bool blocks;  /* what comes after it in the partition has to wait or to fit in behind it */
    bool planned; /* a start was sought: `start` says all there is to say */
    bool looked;  /* false: a limit kept it from being looked at, and nothing new is known */
};

static void start(struct run *r, const struct job *job, const struct part *part, uint32_t task, bool main,
                  struct selection *s)
{
    s->start.array_task = task;
    s->start.scheduler = mem_strdup(main ? "Main" : "Backfill");
    plan_start(&r->plan, &s->start, job, part);
    licenses_take(&r->licenses, job->spec->licenses);
    *VEC_PUSH(&r->ret->starts) = s->start;
    meta_init(&record_start_job, &s->start);
    quota_started(&r->quota, main);
}

/* A job that was submitted held, or before the cluster changed, may be more than any node can give. What is
 * larger than the partition waits for it to grow. */
static bool never_fits(struct run *r, const struct job *job, const struct part *part)
{
    if (job->cpus > part->total_cpus || r->plan.promises >= r->plan.promises_max)
        return false;
    struct selection s;
    sched_select(r->v, job, part, SELECT_EMPTY, NULL, &s);
    r->ret->work += s.work;
    bool never = !s.ok;
    selection_release(&s);
    return never;
}

/* Reasons that do not come from resources. */
static enum job_reason early_reason(struct run *r, const struct job *job, const struct part *part,
                                    struct verdict *ret)
{
    struct demand d;
    if (part_denies_user(part, job->uid)) {
        buf_print(ret->text, sizeof ret->text,
                  "uid %u not in group permitted to use this partition (%s). groups allowed: %s", job->uid,
                  part->name, part->allow_groups);
        return WHY_ACCOUNTNOTALLOWED;
    }
    if (demand_init(&d, r->v, job, part, NULL) < 0)
        return WHY_BADCONSTRAINTS;
    enum job_reason why = part_limit_reason(part, job, &d);
    demand_release(&d);
    return why != WHY_NONE || licenses_fit(&r->licenses, job->spec->licenses) ? why : WHY_LICENSES;
}

static uint64_t shape_key(const struct run *r, const struct waiting *w, const struct part *part)
{
    uint64_t parts[] = {w->shape, part->index, switches_until(r->v, w->job) != 0};
    return hash_bytes(parts, sizeof parts);
}

static struct tried *tried_at(struct run *r, uint64_t key)
{
    uintptr_t index = (uintptr_t)map_u64_get(&r->tried_index, key);
    return index ? &r->tried.v[index - 1] : NULL;
}

static struct tried *tried_new(struct run *r, uint64_t key)
{
    struct tried *t = VEC_PUSH(&r->tried);
    map_u64_put(&r->tried_index, key, (void *)(uintptr_t)r->tried.n);
    return t;
}

static bool may_promise(const struct run *r)
{
    return r->quota.backfill && r->plan.work < r->promise_work &&
           !(r->promised && r->opts.bf_one_resv_per_job);
}

/* What does not fit now holds up what comes after it, and is promised its earliest start. */
static void reserve(struct run *r, const struct job *job, const struct part *part, bool main, struct tried *t,
                    struct verdict *ret)
{
    ret->blocks = quota_reserve(&r->quota, job, part, r->v->now);
    if (!ret->blocks || (main && !quota_backfill(&r->quota, job, part)))
        return;
    ret->planned = t->hopeless || may_promise(r);
    if (ret->planned && !t->hopeless) {
        ret->start = plan_promise(&r->plan, job, part, t->promised, &ret->nodes);
        t->promised = ret->start ? ret->start : t->promised;
        t->hopeless = !ret->start;
        r->promised = ret->start != 0;
    }
}

/* What the last run that looked ahead has found. */
static void keep_expected(const struct run *r, const struct job *job, struct verdict *ret)
{
    bool waits = ret->why == WHY_PRIORITY || ret->why == WHY_RESOURCES || ret->why == WHY_REQNODENOTAVAIL;
    if (ret->planned || !waits || job->start_time <= r->v->now)
        return;
    ret->start = job->start_time;
    ret->nodes = mem_strdup(job->sched_nodes);
}

/* A job of another shape than all that were tried before, or whose shape has always fitted. */
static void try_shape(struct run *r, const struct waiting *w, const struct part *part, uint32_t task,
                      bool main, uint64_t key, struct verdict *ret)
{
    const struct job *job = w->job;
    struct selection s;
    ret->why = early_reason(r, job, part, ret);
    if (ret->why != WHY_NONE) {
        if (ret->why != WHY_ACCOUNTNOTALLOWED) /* which is about the user, not the shape */
            *tried_new(r, key) = (struct tried){.why = ret->why};
        return;
    }
    plan_select_now(&r->plan, job, part, &s);
    ret->started = s.ok;
    if (s.ok) {
        start(r, job, part, task, main, &s);
    } else {
        struct tried *t = tried_new(r, key);
        t->why = s.reason;
        ret->why = !main && s.reason == WHY_RESOURCES ? WHY_PRIORITY : s.reason;
        memcpy(ret->text, s.text, sizeof ret->text);
        bool away = r->opts.builtin && (s.reason == WHY_REQNODENOTAVAIL || s.text[0]);
        if (!away)
            reserve(r, job, part, main, t, ret);
        bool no_hope = t->hopeless || !r->quota.backfill;
        if (s.reason == WHY_RESOURCES && no_hope && never_fits(r, job, part)) {
            ret->why = t->why = WHY_BADCONSTRAINTS;
            ret->blocks = false;
        }
    }
    selection_release(&s);
}

/* One task (or the whole job, task = NO_VAL) in one partition. */
static void try_partition(struct run *r, const struct waiting *w, const struct part *part, uint32_t task,
                          struct verdict *ret)
{
    *ret = (struct verdict){.looked = true};
    if (bits_test(&r->withheld, part->index)) {
        ret->looked = false;
        return;
    }
    bool behind = bits_test(&r->blocked, part->index), main = !behind && quota_main(&r->quota, part);
    if (!main && !quota_backfill(&r->quota, w->job, part)) {
        ret->looked = behind;
        ret->why = WHY_PRIORITY;
        keep_expected(r, w->job, ret);
        return;
    }
    uint64_t key = shape_key(r, w, part);
    struct tried *t = part_denies_user(part, w->job->uid) ? NULL : tried_at(r, key);
    if (!t) {
        try_shape(r, w, part, task, main, key, ret);
    } else {
        bool busy = t->why == WHY_RESOURCES || t->why == WHY_REQNODENOTAVAIL;
        ret->why = busy && !main ? WHY_PRIORITY : t->why;
        if (busy)
            reserve(r, w->job, part, main, t, ret);
    }
    if (ret->blocks)
        bits_set(&r->blocked, part->index);
    if (!ret->started)
        keep_expected(r, w->job, ret);
}

/* The partition that can take it first; each may be promised it, or with bf_one_resv_per_job only one. */
static bool try_job(struct run *r, const struct waiting *w, uint32_t task)
{
    struct verdict best = {0}, v;
    const char *at = w->job->partition;
    const struct part *part =
        w->part != NO_VAL ? ptree_get(r->v->parts, w->part) : backlog_next_part(r->v, &at);
    r->promised = false;
    while (part) {
        try_partition(r, w, part, task, &v);
        if (v.started || best.why == WHY_NONE || (v.start && (!best.start || v.start < best.start))) {
            mem_free(best.nodes);
            best = v;
        } else {
            mem_free(v.nodes);
        }
        if (v.started)
            break;
        part = w->part != NO_VAL ? NULL : backlog_next_part(r->v, &at);
    }
    if (best.why != WHY_NONE && best.looked && !best.started)
        note(r, w->job, best.why, best.text, best.start, best.nodes);
    mem_free(best.nodes);
    return best.started;
}

static bool spent(const struct run *r)
{
    uint64_t work = r->ret->work + r->plan.work;
    return (r->budget->work_max && work >= r->budget->work_max) ||
           (r->budget->starts_max && r->ret->starts.n >= r->budget->starts_max);
}

/* Further tasks of an array that has to wait are promised their starts too, so that nothing slips in. */
static void reserve_tasks(struct run *r, const struct waiting *w, uint32_t left)
{
    const struct part *part = w->part == NO_VAL ? NULL : ptree_get(r->v->parts, w->part);
    uint32_t most = r->opts.bf_max_job_array_resv;
    struct tried *t = part ? tried_at(r, shape_key(r, w, part)) : NULL;
    int64_t from = t ? t->promised : 0;
    r->promised = false;
    for (uint32_t i = 1; from && i < most && i < left && may_promise(r); i++) {
        char *nodes;
        from = plan_promise(&r->plan, w->job, part, from, &nodes);
        mem_free(nodes);
    }
}

/* An array is one record until its tasks start: as many of them as its own limit and the nodes allow. */
static void try_array(struct run *r, const struct waiting *w)
{
    const struct job *job = w->job;
    uint32_t running = job->array_running, left = bits_count(&job->array_tasks);
    for (uint32_t t = bits_next(&job->array_tasks, 0); t != BITS_MAX && !spent(r);
         t = bits_next(&job->array_tasks, t + 1)) {
        if (job->array_max && running >= job->array_max) {
            note(r, job, WHY_JOBARRAYTASKLIMIT, NULL, 0, NULL);
            return;
        }
        uint32_t promises = r->plan.promises;
        if (!try_job(r, w, t)) {
            if (r->plan.promises > promises && !job->array_max)
                reserve_tasks(r, w, left);
            return;
        }
        running++;
        left--;
    }
}

/* Submitted so recently that the site wants it taken together with others: until when, 0 = not. */
static int64_t deferred_until(const struct run *r, const struct job *job)
{
    const struct sched_opts *o = &r->opts;
    bool batch = job->flags & JOBF_BATCH, defer = o->defer || (o->defer_batch && batch);
    uint32_t wait = batch || defer ? o->batch_sched_delay : 0;
    if (defer && !wait)
        wait = DEFER_SECONDS;
    int64_t until = job->submit_time + wait;
    return wait && until > r->v->now ? until : 0;
}

/* Is it time to try the job? */
static bool is_due(struct run *r, const struct job *job)
{
    int64_t later = job->eligible_time > r->v->now ? job->eligible_time : deferred_until(r, job);
    look_again(r, later);
    if (later)
        return false;
    look_again(r, switches_until(r->v, job));
    return true;
}

/* CompleteWait: a job that is about to leave its nodes may make room for one that needs them all. */
static void withhold(struct run *r)
{
    MAP_EACH (&r->planner->backlog.completing, e) {
        const struct job *job = e->value;
        int64_t until = job->complete_time + r->v->policy->complete_wait;
        const char *at = job->partition;
        const struct part *mine = backlog_next_part(r->v, &at), *p;
        if (until <= r->v->now || !mine)
            continue;
        look_again(r, until);
        uint32_t i = 0;
        for (; (p = ptree_next(r->v->parts, &i)); i++)
            if (!r->opts.reduce_completing_frag || bits_intersects(&p->members, &mine->members))
                bits_set(&r->withheld, i);
    }
}

/* Which turns this run has. */
static void set_turns(struct run *r)
{
    struct planner *p = r->planner;
    const struct sched_opts *o = &r->opts;
    int64_t now = r->v->now;
    r->quota.o = o;
    r->quota.main = o->sched_interval >= 0;
    r->quota.full = p->last_full == INT64_MIN || now - p->last_full >= o->sched_interval;
    r->quota.backfill = !o->builtin && o->bf_interval >= 0 &&
                        (p->last_backfill == INT64_MIN || now - p->last_backfill >= o->bf_interval);
    bool deep = r->quota.backfill && (p->last_deep == INT64_MIN || now - p->last_deep >= DEEP_SECONDS);
    r->promise_work = o->bf_max_time ? o->bf_max_time * (uint64_t)SCHED_WORK_A_SECOND
                      : deep         ? BACKFILL_WORK_DEEP
                                     : BACKFILL_WORK;
    if (deep)
        p->last_deep = now;
    if (r->quota.full)
        p->last_full = now;
    if (r->quota.backfill)
        p->last_backfill = now;
    else if (!o->builtin && o->bf_interval > 0 && p->backlog.queue.n)
        look_again(r, p->last_backfill + o->bf_interval);
}

static void take_licenses(struct run *r)
{
    licenses_init(&r->licenses, r->v->policy->licenses);
    MAP_EACH (&r->planner->backlog.licensed, e)
        licenses_take(&r->licenses, ((const struct job *)e->value)->spec->licenses);
}

void planner_run(struct planner *p, const struct sched_view *v, const struct sched_budget *b,
                 struct sched_result *ret)
{
    *ret = (struct sched_result){.complete = true, .next = INT64_MAX};
    meta_init(&record_plan_notes, &ret->notes);
    ret->notes.eval_time = v->now;
    struct run r = {.planner = p, .v = v, .budget = b, .ret = ret, .opts = sched_opts_of(v->policy)};
    backlog_update(&p->backlog, v);
    room_update(&p->room, v, &p->backlog.time);
    plan_init(&r.plan, v, &p->backlog.time, p->exhaustive ? NULL : &p->room, &r.opts);
    take_licenses(&r);
    set_turns(&r);
    if (v->policy->complete_wait)
        withhold(&r);
    for (uint32_t i = 0; i < p->backlog.queue.n && ret->complete; i++) {
        const struct waiting *w = &p->backlog.queue.v[i];
        if (!is_due(&r, w->job))
            continue;
        if (w->job->flags & JOBF_ARRAY)
            try_array(&r, w);
        else
            try_job(&r, w, NO_VAL);
        ret->complete = !spent(&r) || i + 1 == p->backlog.queue.n;
    }
    if (r.quota.cut && r.quota.main)
        look_again(&r, p->last_full + r.opts.sched_interval);
    ret->work += r.plan.work;
    if (!ret->starts.n) /* another run would come no further */
        ret->complete = true;
    plan_release(&r.plan);
    licenses_release(&r.licenses);
    quota_release(&r.quota);
    map_u64_release(&r.tried_index);
    VEC_FREE(&r.tried);
    bits_release(&r.blocked);
    bits_release(&r.withheld);
}
