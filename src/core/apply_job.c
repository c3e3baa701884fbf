/* SPDX-License-Identifier: Apache-2.0 */
/* apply.h: facts about jobs that are no moves between phases. */
#include "core/apply.h"

#include "base/mem.h"
#include "core/mail.h"
#include "core/moves.h"
#include "model/jobtext.h"

/* Ids are given in ascending order and begin anew after MaxJobId. */
static void used_job_id(struct state *s, uint32_t id)
{
    if (id < s->next_job_id)
        return;
    s->next_job_id = id >= s->policy->max_job_id ? s->policy->first_job_id : id + 1;
}

void apply_job_id_used(struct state *s, const void *record, int64_t time)
{
    (void)time;
    used_job_id(s, ((const struct job_ref *)record)->job_id);
}

void apply_job_submitted(struct state *s, const void *record, int64_t time)
{
    struct job *j = meta_dup(&record_job, record);
    j->last_sched_eval = time;
    REQUIRE(j->spec && job_phase(j) == PHASE_PENDING && !state_job(s, j->job_id));
    used_job_id(s, j->job_id);
    job_insert(s, j);
}

static void set_text(char **slot, const char *text)
{
    if (text)
        mem_set_str(slot, *text ? text : NULL);
}

/* Suspension gives the CPUs back and keeps memory and devices; the limit stands still meanwhile. */
static void suspend(struct state *s, struct job *j, int64_t time)
{
    REQUIRE(job_may(j, EVENT_SUSPEND));
    node_give_cpus(s, j);
    j->pre_sus_time = (uint32_t)job_run_time(j, time);
    j->suspend_time = time;
    j->state = JOB_SUSPENDED;
    j->flags |= JOBF_CPUS_GIVEN;
}

static void resume(struct state *s, struct job *j, int64_t time)
{
    REQUIRE(job_may(j, EVENT_RESUME));
    node_take_cpus(s, j);
    if (j->end_time)
        j->end_time += time - j->suspend_time;
    j->suspend_time = time;
    j->state = JOB_RUNNING;
    j->flags &= ~JOBF_CPUS_GIVEN;
}

static void set_numbers(struct job *j, const struct job_changed *c)
{
    if (c->priority != NO_VAL)
        j->priority = c->priority;
    if (c->reason != NO_VAL) {
        j->reason = c->reason;
        mem_set_str(&j->reason_text, NULL);
    }
    if (c->eligible_time != -1)
        j->eligible_time = c->eligible_time;
    if (c->accrue_time != -1)
        j->accrue_time = c->accrue_time;
    if (c->start_time)
        j->start_time = c->start_time;
    if (c->end_time != -1)
        j->end_time = c->end_time;
    if (c->time_limit != NO_VAL)
        j->time_limit = c->time_limit;
    if (c->array_max != NO_VAL)
        j->array_max = c->array_max;
    if (c->cpus != NO_VAL)
        j->cpus = c->cpus;
    if (c->node_count != NO_VAL)
        j->node_count = c->node_count;
    if (c->ntasks != NO_VAL)
        j->ntasks = c->ntasks;
    if (c->killed_by != NO_VAL)
        j->killed_by = c->killed_by;
}

void apply_job_changed(struct state *s, const void *record, int64_t time)
{
    const struct job_changed *c = record;
    struct job_edit e;
    struct job *j = job_edit(&e, s, c->job_id);
    if (c->spec) {
        shared_keep(&c->spec->sh);
        meta_free(&record_job_spec, j->spec);
        j->spec = c->spec;
    }
    if (c->suspend == 1)
        suspend(s, j, time);
    else if (c->suspend == 2)
        resume(s, j, time);
    set_numbers(j, c);
    set_text(&j->dependency, c->dependency);
    set_text(&j->reason_text, c->reason_text);
    set_text(&j->req_tres, c->req_tres);
    set_text(&j->partition, c->partition);
    bits_minus(&j->array_tasks, &c->drop_tasks);
    if (bits_any(&c->drop_tasks)) {
        mail_count_dropped(j);
        wake_dependents(s, j);
    }
    j->flags = (j->flags | c->set_flags) & ~c->clear_flags;
    REQUIRE(!(j->flags & JOBF_ARRAY) || bits_any(&j->array_tasks));
    job_edit_end(&e);
}

/* What a task of an array does not share with the record it leaves. */
static void become_task(struct job *j, uint32_t task_id)
{
    j->flags = (j->flags & ~JOBF_ARRAY) | JOBF_ARRAY_TASK;
    j->array_task_id = task_id;
    j->array_running = 0;
    bits_release(&j->array_tasks);
}

void apply_job_split(struct state *s, const void *record, int64_t time)
{
    const struct job_split *c = record;
    struct job_edit e;
    struct job *j = job_edit(&e, s, c->array_job_id);
    REQUIRE(j->flags & JOBF_ARRAY && bits_test(&j->array_tasks, c->task_id));
    if (c->job_id == c->array_job_id) {
        REQUIRE(bits_count(&j->array_tasks) == 1);
        become_task(j, c->task_id);
        job_edit_end(&e);
        return;
    }
    struct job *task = meta_dup(&record_job, j);
    task->job_id = c->job_id;
    become_task(task, c->task_id);
    bits_clear(&j->array_tasks, c->task_id);
    REQUIRE(bits_any(&j->array_tasks) && !state_job(s, c->job_id));
    job_edit_end(&e);
    used_job_id(s, c->job_id);
    job_insert(s, task);
}

void apply_job_signalled(struct state *s, const void *record, int64_t time)
{
    const struct job_signalled *c = record;
    struct job_edit e;
    struct job *j = job_edit(&e, s, c->job_id);
    j->flags |= c->set_flags;
    int64_t i = c->step_id == NO_VAL ? -1 : job_step(j, c->step_id);
    if (i >= 0 && c->kill_time)
        j->steps.v[i].kill_time = c->kill_time;
    else if (c->kill_time)
        j->kill_time = c->kill_time;
    job_edit_end(&e);
}

void apply_job_noted(struct state *s, const void *record, int64_t time)
{
    const struct plan_note *c = record;
    struct job_edit e;
    struct job *j = job_edit(&e, s, c->job_id);
    j->reason = c->reason;
    mem_set_str(&j->reason_text, c->text);
    j->start_time = c->start_time;
    mem_set_str(&j->sched_nodes, c->nodes);
    j->last_sched_eval = time;
    job_edit_end(&e);
}

void apply_job_checked(struct state *s, const void *record, int64_t time)
{
    const struct job_checked *c = record;
    uint64_t key = timer_key(TIMER_DEPENDENCY, c->job_id);
    if (c->next == INT64_MAX || c->next < timers_get(&s->timers, key))
        timers_set(&s->timers, key, c->next);
}

void apply_job_nudged(struct state *s, const void *record, int64_t time)
{
    struct job_edit e;
    struct job *j = job_edit(&e, s, ((const struct job_ref *)record)->job_id);
    j->nudge_time = time;
    job_edit_end(&e);
}
