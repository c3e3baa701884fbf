/* SPDX-License-Identifier: Apache-2.0 */
#include "core/decide/targets.h"

#include "base/mem.h"
#include "model/jobtext.h"

/* Outcomes of an array's tasks, by error. */
struct outcome {
    int code;
    struct bits tasks;
};
struct outcomes {
    VEC(struct outcome) list;
    bool failed; /* tasks that are there */
};

static void note(struct outcomes *o, int code, const struct bits *tasks)
{
    o->failed |= code != 0;
    for (uint32_t i = 0; i < o->list.n; i++)
        if (o->list.v[i].code == code) {
            bits_or(&o->list.v[i].tasks, tasks);
            return;
        }
    struct outcome *row = VEC_PUSH(&o->list);
    row->code = code;
    bits_copy(&row->tasks, tasks);
}

static void report(struct decide *d, uint32_t array_job_id, struct outcomes *o)
{
    for (uint32_t i = 0; i < o->list.n; i++) {
        struct buf id = BUF_INIT;
        buf_addf(&id, "%u_[", array_job_id);
        bits_text(&o->list.v[i].tasks, &id);
        buf_addc(&id, ']');
        if (o->failed || o->list.v[i].code)
            decide_result(d, id.s, o->list.v[i].code, NULL);
        buf_release(&id);
        bits_release(&o->list.v[i].tasks);
    }
    VEC_FREE(&o->list);
}

/* The part of a record that an id names: every task when it names the whole array. */
static void named_tasks(const struct job *j, const struct job_target *t, struct bits *ret)
{
    if (j->flags & JOBF_ARRAY)
        bits_copy(ret, &j->array_tasks);
    else
        bits_set(ret, j->array_task_id);
    if (t->has_tasks)
        bits_and(ret, &t->tasks);
}

static int act_once(struct decide *d, const struct job *j, const struct bits *tasks, job_action act,
                    const void *arg)
{
    struct job_results *r = d->reply;
    int code = act(d, j, tasks, arg);
    r->matched += code >= 0;
    return code;
}

static void act_on_array(struct decide *d, const struct job_target *t, const struct idset *set,
                         job_action act, const void *arg)
{
    struct outcomes o = {0};
    struct bits missing = {0};
    bits_copy(&missing, &t->tasks);
    IDSET_EACH (set, id) {
        const struct job *j = state_job(d->s, id);
        struct bits tasks = {0};
        named_tasks(j, t, &tasks);
        if (bits_any(&tasks)) {
            bool all = !(j->flags & JOBF_ARRAY) || bits_equal(&tasks, &j->array_tasks);
            int code = act_once(d, j, all ? NULL : &tasks, act, arg);
            if (code >= 0)
                note(&o, code, &tasks);
        }
        bits_minus(&missing, &tasks);
        bits_release(&tasks);
    }
    bool failed = o.failed;
    if (bits_any(&missing))
        note(&o, ESLURM_INVALID_JOB_ID, &missing);
    o.failed = failed;
    report(d, t->job_id, &o);
    bits_release(&missing);
}

/* Tasks of a job that is no array. */
static void report_missing(struct decide *d, const struct job_target *t)
{
    struct outcomes o = {0};
    note(&o, ESLURM_INVALID_JOB_ID, &t->tasks);
    report(d, t->job_id, &o);
}

static void each(struct decide *d, const char *text, job_action act, const void *arg)
{
    struct job_target t;
    if (job_target_parse(&t, text, NULL) < 0 || t.step_id != NO_VAL) {
        decide_result(d, text, ESLURM_INVALID_JOB_ID, NULL);
        return;
    }
    const struct job *j = state_job(d->s, t.job_id);
    const struct idset *set = index_array(d->s, t.job_id);
    if (set) {
        act_on_array(d, &t, set, act, arg);
    } else if (j && t.has_tasks) {
        report_missing(d, &t);
    } else if (!j) {
        decide_result(d, text, ESLURM_INVALID_JOB_ID, NULL);
    } else {
        int code = act_once(d, j, NULL, act, arg);
        if (code > 0)
            decide_result(d, text, code, NULL);
    }
    job_target_release(&t);
}

void decide_each_target(struct decide *d, const struct meta_strs *ids, job_action act, const void *arg)
{
    for (uint32_t i = 0; i < ids->n; i++)
        each(d, ids->v[i], act, arg);
}

void decide_split_tasks(struct decide *d, const struct job *array, const struct bits *tasks,
                        struct idset *ret_ids)
{
    if (!tasks) {
        idset_add(ret_ids, array->job_id);
        return;
    }
    for (uint32_t t = bits_next(tasks, 0); t != BITS_MAX; t = bits_next(tasks, t + 1)) {
        struct job_split *f = facts_add(d->out, FACT_JOB_SPLIT);
        f->array_job_id = array->job_id;
        f->task_id = t;
        f->job_id = decide_next_id(d);
        idset_add(ret_ids, f->job_id);
    }
}
