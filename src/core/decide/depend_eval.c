/* SPDX-License-Identifier: Apache-2.0 */
/* decide.h: what has become of the jobs that a job depends on. Rules as in sbatch(1) --dependency. */
#include "core/decide/decide.h"

#include <string.h>

#include "base/mem.h"
#include "core/depend.h"
#include "model/jobtext.h"

static bool has_begun(const struct job *j)
{
    return job_is_active(j) || job_is_final(j);
}

static bool ended_well(const struct job *j)
{
    return j->state == JOB_COMPLETED;
}

/* One job or task. *next: the earliest moment at which time alone can change the answer. */
static enum depend_state judge_one(const struct depend_part *p, const struct job *t, int64_t now,
                                   int64_t *next)
{
    int64_t since;
    switch (p->type) {
    case DEP_AFTER:
        if (!has_begun(t))
            return DEP_OPEN;
        since = t->start_time;
        break;
    case DEP_AFTEROK:
    case DEP_AFTERCORR:
        if (!job_is_ended(t))
            return DEP_OPEN;
        if (!ended_well(t))
            return DEP_FAILED;
        since = t->end_time;
        break;
    case DEP_AFTERNOTOK:
        if (!job_is_ended(t))
            return DEP_OPEN;
        if (ended_well(t))
            return DEP_FAILED;
        since = t->end_time;
        break;
    default:
        if (!job_is_ended(t))
            return DEP_OPEN;
        since = t->end_time;
        break;
    }
    int64_t due = since + (int64_t)p->minutes * 60;
    if (due <= now)
        return DEP_FULFILLED;
    if (due < *next)
        *next = due;
    return DEP_OPEN;
}

/* A whole array: every record of it counts. afternotok asks for one failure, the others for all tasks. */
static enum depend_state judge_array(const struct state *s, const struct depend_part *p, int64_t now,
                                     int64_t *next)
{
    const struct idset *set = index_array(s, p->job_id);
    if (!set)
        return DEP_FULFILLED;
    uint32_t open = 0, failed = 0, fulfilled = 0;
    IDSET_EACH (set, id) {
        enum depend_state one = judge_one(p, state_job(s, id), now, next);
        open += one == DEP_OPEN;
        failed += one == DEP_FAILED;
        fulfilled += one == DEP_FULFILLED;
    }
    if (p->type == DEP_AFTERNOTOK)
        return open ? DEP_OPEN : fulfilled ? DEP_FULFILLED : DEP_FAILED;
    return failed ? DEP_FAILED : open ? DEP_OPEN : DEP_FULFILLED;
}

/* The record that holds one task of an array: the task itself, or the ARRAY record while it has not started.
 */
static const struct job *find_task(const struct state *s, uint32_t array_job_id, uint32_t task_id)
{
    const struct idset *set = index_array(s, array_job_id);
    if (!set)
        return NULL;
    IDSET_EACH (set, id) {
        const struct job *j = state_job(s, id);
        if (j->flags & JOBF_ARRAY ? bits_test(&j->array_tasks, task_id) : j->array_task_id == task_id)
            return j;
    }
    return NULL;
}

/* "Only one job of that name and user at a time": every earlier one has to end first. */
static enum depend_state judge_singleton(const struct state *s, const struct job *job)
{
    const struct idset *set = index_namesakes(s, job->uid, job->spec->name);
    uint32_t family = job->array_job_id ? job->array_job_id : job->job_id;
    if (!set)
        return DEP_FULFILLED;
    IDSET_EACH (set, id) {
        const struct job *o = state_job(s, id);
        bool sibling = job->array_job_id && o->array_job_id == job->array_job_id;
        if (id != job->job_id && !sibling && (id < family || job_holds(o)))
            return DEP_OPEN;
    }
    return DEP_FULFILLED;
}

static enum depend_state judge(const struct state *s, const struct job *job, const struct depend_part *p,
                               int64_t now, int64_t *next)
{
    if (p->type == DEP_SINGLETON)
        return judge_singleton(s, job);
    if (p->type == DEP_AFTERCORR && p->array && job->flags & JOBF_ARRAY_TASK) {
        const struct job *peer = find_task(s, p->job_id, job->array_task_id);
        return peer ? judge_one(p, peer, now, next) : DEP_FULFILLED;
    }
    if (p->array)
        return judge_array(s, p, now, next);
    const struct job *t =
        p->task_id == NO_VAL ? state_job(s, p->job_id) : find_task(s, p->job_id, p->task_id);
    return t ? judge_one(p, t, now, next) : DEP_FULFILLED;
}

void depend_eval(const struct state *s, const struct job *job, struct depend *dep, int64_t now,
                 int64_t *ret_next)
{
    *ret_next = INT64_MAX;
    for (uint32_t i = 0; i < dep->parts.n; i++) {
        struct depend_part *p = &dep->parts.v[i];
        if (p->state == DEP_OPEN)
            p->state = judge(s, job, p, now, ret_next);
    }
}

void depend_corr_tasks(const struct state *s, const struct job *job, const struct depend *dep,
                       struct bits *ret)
{
    if (dep->any || dep->parts.n != 1 || dep->parts.v[0].type != DEP_AFTERCORR || !dep->parts.v[0].array)
        return;
    const struct idset *set = index_array(s, dep->parts.v[0].job_id);
    if (!set)
        return;
    IDSET_EACH (set, id) {
        const struct job *peer = state_job(s, id);
        if (peer->flags & JOBF_ARRAY_TASK && job_is_ended(peer) &&
            bits_test(&job->array_tasks, peer->array_task_id))
            bits_set(ret, peer->array_task_id);
    }
}

static int check_part(const struct decide *d, const struct job *job, struct depend_part *p)
{
    if (p->type == DEP_SINGLETON)
        return 0;
    const struct job *t =
        p->task_id == NO_VAL ? state_job(d->s, p->job_id) : find_task(d->s, p->job_id, p->task_id);
    bool own = p->job_id == job->job_id || (job->array_job_id && p->job_id == job->array_job_id);
    if (!own && t && p->task_id == NO_VAL && t->array_job_id == p->job_id)
        p->array = true;
    if (!own && !t && index_array(d->s, p->job_id) && p->task_id == NO_VAL) {
        p->array = true; /* the record of the array is gone, some of its tasks are not */
        return 0;
    }
    /* What waits for a start or for a task of the same number is satisfied by a job that is gone. */
    bool may_be_gone = p->type == DEP_AFTER || p->type == DEP_AFTERCORR || p->type == DEP_AFTERBURSTBUFFER;
    return own || (!t && !may_be_gone) ? -ESLURM_DEPENDENCY : 0;
}

int depend_of_user(struct decide *d, const struct job *job, const char *text, struct depend *ret)
{
    *ret = (struct depend){0};
    if (!text || !*text)
        return 0;
    int rc = depend_parse(ret, text, d->e);
    if (rc < 0)
        return rc;
    for (uint32_t i = 0; i < ret->parts.n; i++) {
        ret->parts.v[i].state = DEP_OPEN;
        if (check_part(d, job, &ret->parts.v[i]) < 0) {
            uint32_t id = ret->parts.v[i].job_id;
            depend_release(ret);
            return decide_fail_text(d, ESLURM_DEPENDENCY, "job %u does not exist or is the job itself", id);
        }
    }
    return 0;
}

static void free_tasks(struct decide *d, const struct job *j, const struct bits *tasks)
{
    uint32_t left = bits_count(&j->array_tasks);
    for (uint32_t t = bits_next(tasks, 0); t != BITS_MAX; t = bits_next(tasks, t + 1)) {
        struct job_split *f = facts_add(d->out, FACT_JOB_SPLIT);
        f->array_job_id = j->job_id;
        f->task_id = t;
        f->job_id = left-- == 1 ? j->job_id : decide_next_id(d);
    }
}

static void add_change(struct decide *d, const struct job *j, bool met, bool never, const char *text)
{
    struct job_changed *f = decide_job_change(d, j->job_id);
    f->dependency = mem_strdup(met ? "" : text);
    if (!never)
        f->clear_flags = JOBF_DEP_NEVER;
    else if (!(j->flags & JOBF_DEP_NEVER)) /* told once */
        f->set_flags = JOBF_DEP_NEVER;
    struct job after = *j;
    after.dependency = met ? NULL : (char *)text;
    after.flags = (j->flags | f->set_flags) & ~f->clear_flags;
    f->reason = decide_reason(&after, d->now);
    if (met && !job_is_held(j))
        f->eligible_time = f->accrue_time = j->spec->begin_time > d->now ? j->spec->begin_time : d->now;
}

static void add_checked(struct decide *d, uint32_t job_id, int64_t next)
{
    struct job_checked *f = facts_add(d->out, FACT_JOB_CHECKED);
    f->job_id = job_id;
    f->next = next;
}

void decide_dependency_due(struct decide *d, uint32_t job_id)
{
    add_checked(d, job_id, INT64_MAX);
}

void decide_dependency(struct decide *d, const struct job *j)
{
    struct depend dep;
    if (!job_is_pending(j) || !j->dependency || !decide_touch(d, j->job_id) ||
        depend_parse(&dep, j->dependency, NULL) < 0)
        return;
    int64_t next;
    depend_eval(d->s, j, &dep, d->now, &next);
    struct bits ready = {0};
    if (j->flags & JOBF_ARRAY)
        depend_corr_tasks(d->s, j, &dep, &ready);
    struct buf text = BUF_INIT;
    bool met = depend_text(&dep, &text), never = !met && depend_never(&dep);
    bool kill = j->spec->kill_on_invalid_dep == NO_VAL16 ? d->s->policy->kill_invalid_depend
                                                         : j->spec->kill_on_invalid_dep != 0;
    if (bits_any(&ready)) {
        free_tasks(d, j, &ready);
    } else if (never && kill) {
        struct job_changed *f = decide_job_change(d, j->job_id);
        f->dependency = mem_strdup(text.s);
        f->set_flags = JOBF_DEP_NEVER & ~j->flags;
        map_u64_remove(&d->touched, j->job_id);
        struct ending how = ENDING(JOB_CANCELLED, WHY_DEPENDENCYNEVERSATISFIED);
        decide_end(d, j, &how);
    } else {
        if (met || never != !!(j->flags & JOBF_DEP_NEVER) || !j->dependency ||
            strcmp(j->dependency, text.s) != 0)
            add_change(d, j, met, never, text.s);
        if (!met && next != INT64_MAX)
            add_checked(d, j->job_id, next);
    }
    bits_release(&ready);
    buf_release(&text);
    depend_release(&dep);
}
