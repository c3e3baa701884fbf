/* SPDX-License-Identifier: Apache-2.0 */
/* Steps: MSG_STEP_CREATE, MSG_STEP_DONE, MSG_STEP_UPDATE. */
#include "core/decide/decide.h"

#include "base/mem.h"
#include "core/apply.h"
#include "model/jobtext.h"

static int check_create(struct decide *d, const struct step_create *r, const struct job *j)
{
    if (!j)
        return decide_fail(d, ESLURM_INVALID_JOB_ID);
    if (d->sender->uid != j->uid && !sender_is(d, ACCESS_ADMIN))
        return decide_fail(d, ESLURM_ACCESS_DENIED);
    if (job_is_pending(j))
        return decide_fail(d, ESLURM_JOB_PENDING_EXECUTION);
    if (j->state == JOB_SUSPENDED)
        return decide_fail(d, ESLURM_JOB_CURRENT_SUSPENDED_REQUESTED_OPERATION_DISABLED);
    if (!job_is_active(j))
        return decide_fail(d, ESLURM_JOB_ALREADY_FINISHED);
    if (j->flags & JOBF_CONFIGURING)
        return decide_fail(d, ESLURM_PROLOGSLURMCTLD_STILL_RUNNING);
    if (j->next_step_id >= d->s->policy->max_step_count)
        return decide_fail(d, ESLURM_STEP_LIMIT_REACHED_THIS_JOB);
    if (r->step_id != NO_VAL && job_step(j, r->step_id) >= 0)
        return decide_fail(d, ESLURM_DUPLICATE_JOB_STEP_ID);
    return 0;
}

static void fill_step(const struct decide *d, const struct step_create *r, const struct job *j,
                      struct step *st)
{
    st->job_id = j->job_id;
    st->step_id = r->step_id != NO_VAL ? r->step_id : r->interactive ? STEP_INTERACTIVE : j->next_step_id;
    st->uid = j->uid;
    st->state = STEP_RUNNING;
    st->start_time = d->now;
    st->time_limit = r->time_limit;
    mem_set_str(&st->name, r->name);
    mem_set_str(&st->partition, j->partition);
    mem_set_str(&st->srun_host, r->srun_host);
    st->srun_pid = r->srun_pid;
    mem_set_str(&st->submit_line, r->submit_line);
    mem_set_str(&st->container, r->container);
    mem_set_str(&st->network, r->network);
    mem_set_str(&st->work_dir, r->work_dir);
    if (st->layout.n)
        bits_set_range(&st->launched_nodes, 0, st->layout.n - 1);
}

int decide_step_create(struct decide *d, const void *record)
{
    const struct step_create *r = record;
    const struct job *j = state_job(d->s, r->job_id);
    int rc = check_create(d, r, j);
    if (rc < 0)
        return rc;
    struct sched_view view;
    state_view(d->s, d->now, &view);
    struct step *st = meta_new(&record_step);
    rc = sched_layout_step(&view, j, r, st, d->e);
    if (rc < 0) {
        meta_free(&record_step, st);
        return rc;
    }
    fill_step(d, r, j, st);
    if (job_step(j, st->step_id) >= 0) {
        meta_free(&record_step, st);
        return decide_fail(d, ESLURM_DUPLICATE_JOB_STEP_ID);
    }
    struct step_created *f = facts_add(d->out, FACT_STEP_CREATED);
    f->step = st;
    struct step_create_reply *reply = d->reply;
    reply->step = meta_dup(&record_step, st);
    reply->job = meta_dup(&record_job, j);
    return 0;
}

/* The step that the sender may change, or a refusal. */
static int find_step(struct decide *d, uint32_t job_id, uint32_t step_id, const struct job **ret_job)
{
    const struct job *j = state_job(d->s, job_id);
    *ret_job = j;
    if (!j)
        return decide_fail(d, ESLURM_INVALID_JOB_ID);
    if (!sender_owns(d, j))
        return decide_fail(d, ESLURM_ACCESS_DENIED);
    return step_id == NO_VAL || job_step(j, step_id) >= 0
               ? 0
               : decide_fail(d, ESLURM_JOB_STEP_ALREADY_COMPLETING_OR_COMPLETED);
}

int decide_step_done(struct decide *d, const void *record)
{
    const struct step_done *r = record;
    const struct job *j;
    int rc = r->step_id == NO_VAL ? decide_fail(d, ESLURM_INVALID_JOB_ID)
                                  : find_step(d, r->job_id, r->step_id, &j);
    if (rc < 0)
        return rc;
    struct step_ended *f = facts_add(d->out, FACT_STEP_ENDED);
    f->job_id = r->job_id;
    f->step_id = r->step_id;
    f->exit_code = r->exit_code;
    f->end_time = d->now;
    return 0;
}

int decide_step_update(struct decide *d, const void *record)
{
    const struct step_update *r = record;
    const struct job *j;
    int rc = find_step(d, r->job_id, r->step_id, &j);
    if (rc < 0)
        return rc;
    if (!j->steps.n)
        return decide_fail(d, ESLURM_NO_RUNNING_OR_PENDING_STEPS_IN);
    for (uint32_t i = 0; i < j->steps.n; i++) {
        const struct step *st = &j->steps.v[i];
        if (r->step_id != NO_VAL && r->step_id != st->step_id)
            continue;
        if (r->time_limit == NO_VAL)
            return decide_fail(d, ESLURM_INVALID_TIME_LIMIT);
        bool longer = r->time_limit > st->time_limit || st->time_limit == NO_VAL;
        if (longer && !sender_is(d, ACCESS_OPERATOR) && st->time_limit != NO_VAL)
            return decide_fail(d, ESLURM_ACCESS_DENIED);
        struct step_changed *f = facts_add(d->out, FACT_STEP_CHANGED);
        f->job_id = r->job_id;
        f->step_id = st->step_id;
        f->time_limit = r->time_limit;
    }
    return 0;
}
