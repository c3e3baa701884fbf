/* SPDX-License-Identifier: Apache-2.0 */
/* apply.h: moves of a job between its phases, and its steps. */
#include "core/apply.h"

#include <string.h>

#include "base/mem.h"
#include "core/mail.h"
#include "core/moves.h"
#include "model/jobtext.h"

/* A checked move: begin before the change, end after it. */
static struct job *move_begin(struct job_edit *e, struct state *s, uint32_t job_id, enum job_event event,
                              enum job_phase *ret_to)
{
    struct job *j = job_edit(e, s, job_id);
    *ret_to = job_after(job_phase(j), event);
    REQUIRE(*ret_to != PHASE_COUNT);
    return j;
}

static void move_end(struct job_edit *e, enum job_phase to)
{
    REQUIRE(job_phase(e->job) == to);
    job_edit_end(e);
    if (to != PHASE_COMPLETING && to != PHASE_REQUEUING)
        wake_dependents(e->s, e->job);
}

/* Takes the list's content for the job, as a copy. */
static void copy_alloc(struct job *j, const struct job_started *c)
{
    REQUIRE(c->alloc.n > 0 && j->alloc.n == 0);
    j->alloc.v = mem_array(c->alloc.n, sizeof *j->alloc.v);
    j->alloc.n = c->alloc.n;
    for (uint32_t i = 0; i < c->alloc.n; i++)
        meta_copy(&record_job_node, &j->alloc.v[i], &c->alloc.v[i]);
}

static void drop_alloc(struct job *j)
{
    for (uint32_t i = 0; i < j->alloc.n; i++)
        meta_release(&record_job_node, &j->alloc.v[i]);
    mem_free(j->alloc.v);
    j->alloc.v = NULL;
    j->alloc.n = 0;
}

static void drop_steps(struct job *j)
{
    for (uint32_t i = 0; i < j->steps.n; i++)
        meta_release(&record_step, &j->steps.v[i]);
    mem_free(j->steps.v);
    j->steps.v = NULL;
    j->steps.n = 0;
}

/* Those that have left the array already, and those that will. */
static void mark_array(struct state *s, uint32_t array_job_id)
{
    const struct idset *set = index_array(s, array_job_id);
    if (!set)
        return;
    IDSET_EACH (set, id)
        ((struct job *)ptree_edit(&s->jobs, id))->flags |= JOBF_ARRAY_BEGUN;
}

void apply_job_started(struct state *s, const void *record, int64_t time)
{
    const struct job_started *c = record;
    struct job_edit e;
    enum job_phase to;
    struct job *j = move_begin(&e, s, c->job_id, EVENT_START, &to);
    REQUIRE(!(j->flags & JOBF_ARRAY));
    copy_alloc(j, c);
    mem_set_str(&j->partition, c->partition);
    mem_set_str(&j->nodes, c->nodes);
    mem_set_str(&j->alloc_tres, c->alloc_tres);
    mem_set_str(&j->batch_host, c->batch_host);
    mem_set_str(&j->scheduler, c->scheduler);
    mem_set_str(&j->sched_nodes, NULL);
    mem_set_str(&j->reason_text, NULL);
    mem_set_str(&j->dependency, NULL);
    j->state = JOB_RUNNING;
    j->reason = WHY_NONE;
    j->flags |= c->set_flags;
    j->cpus = c->cpus;
    j->ntasks = c->ntasks;
    j->node_count = c->alloc.n;
    j->start_time = j->last_sched_eval = c->start_time;
    j->end_time = c->end_time;
    j->time_limit = c->time_limit;
    j->suspend_time = 0;
    j->pre_sus_time = 0;
    j->exit_code = j->derived_ec = 0;
    j->last_active = time;
    j->nudge_time = 0;
    for (uint32_t i = 0; i < j->alloc.n; i++)
        node_take(s, j, i, time);
    move_end(&e, to);
    if (c->set_flags & JOBF_ARRAY_BEGUN)
        mark_array(s, j->array_job_id);
}

void apply_job_launched(struct state *s, const void *record, int64_t time)
{
    struct job_edit e;
    struct job *j = job_edit(&e, s, ((const struct job_ref *)record)->job_id);
    j->flags |= JOBF_LAUNCHED;
    j->launch_time = time;
    job_edit_end(&e);
}

void apply_job_ending(struct state *s, const void *record, int64_t time)
{
    const struct job_ending *c = record;
    struct job_edit e;
    enum job_phase to;
    bool requeue = c->state == JOB_PENDING;
    struct job *j = move_begin(&e, s, c->job_id, requeue ? EVENT_ENDING_REQUEUE : EVENT_ENDING, &to);
    if (!(j->flags & JOBF_COMPLETING)) { /* else the nodes are at it already */
        j->pre_sus_time = (uint32_t)job_run_time(j, c->end_time);
        j->suspend_time = c->end_time; /* so that its run time stays what it was */
        bits_clear_all(&j->completing);
        bits_set_range(&j->completing, 0, j->alloc.n - 1);
        for (uint32_t i = 0; i < j->alloc.n; i++) {
            struct node *n = ptree_edit(&s->nodes, j->alloc.v[i].node_index);
            n->completing++;
        }
        j->complete_time = time;
        j->end_time = c->end_time;
        j->nudge_time = 0;
        drop_steps(j);
    }
    const uint64_t former =
        JOBF_CONFIGURING | JOBF_PROLOG | JOBF_REQUEUED | JOBF_REQUEUE_HOLD | JOBF_SPECIAL_EXIT;
    j->flags = (j->flags & ~former) | c->set_flags | JOBF_COMPLETING;
    j->state = c->state;
    j->reason = c->reason;
    mem_set_str(&j->reason_text, c->reason_text);
    j->exit_code = c->exit_code;
    j->killed_by = c->killed_by;
    j->kill_time = c->kill_time;
    move_end(&e, to);
    mail_count_end(s, c->job_id);
}

void apply_job_node_done(struct state *s, const void *record, int64_t time)
{
    const struct job_node_done *c = record;
    struct job_edit e;
    enum job_phase to;
    struct job *j = move_begin(&e, s, c->job_id, EVENT_NODE_DONE, &to);
    REQUIRE(c->alloc_index < j->alloc.n && bits_test(&j->completing, c->alloc_index));
    bits_clear(&j->completing, c->alloc_index);
    node_give(s, j, c->alloc_index, time);
    struct node *n = ptree_edit(&s->nodes, j->alloc.v[c->alloc_index].node_index);
    REQUIRE(n->completing > 0);
    n->completing--;
    move_end(&e, to);
}

void apply_job_epilog_done(struct state *s, const void *record, int64_t time)
{
    struct job_edit e;
    struct job *j = job_edit(&e, s, ((const struct job_ref *)record)->job_id);
    REQUIRE(j->flags & JOBF_COMPLETING && j->flags & JOBF_EPILOG);
    j->flags &= ~JOBF_EPILOG;
    job_edit_end(&e);
}

void apply_job_ended(struct state *s, const void *record, int64_t time)
{
    const struct job_ended *c = record;
    struct job_edit e;
    enum job_phase to;
    struct job *j = move_begin(&e, s, c->job_id, EVENT_ENDED, &to);
    REQUIRE(!bits_any(&j->completing) && !(j->flags & JOBF_EPILOG));
    if (!j->start_time || !j->alloc.n)
        j->start_time = c->end_time;
    j->state = c->state;
    j->reason = c->reason;
    mem_set_str(&j->reason_text, c->reason_text);
    j->exit_code = c->exit_code;
    j->end_time = c->end_time;
    j->killed_by = c->killed_by;
    j->purge_time = c->purge_time;
    j->flags &= ~(JOBF_COMPLETING | JOBF_CPUS_GIVEN | JOBF_REQUEUED);
    j->kill_time = 0;
    bits_release(&j->completing);
    move_end(&e, to);
    if (!j->alloc.n) /* counted already when it stopped running */
        mail_count_end(s, c->job_id);
}

void apply_job_requeued(struct state *s, const void *record, int64_t time)
{
    const struct job_requeued *c = record;
    struct job_edit e;
    enum job_phase to;
    struct job *j = move_begin(&e, s, c->job_id, EVENT_REQUEUE, &to);
    REQUIRE(!bits_any(&j->completing) && !(j->flags & JOBF_EPILOG));
    const uint64_t of_the_run = JOBF_COMPLETING | JOBF_CONFIGURING | JOBF_PROLOG | JOBF_REQUEUED |
                                JOBF_REQUEUE_HOLD | JOBF_TERM_SENT | JOBF_KILL_SENT | JOBF_WARN_SENT |
                                JOBF_LAUNCHED | JOBF_WHOLE_NODES | JOBF_USER_NODES | JOBF_CPUS_GIVEN |
                                JOBF_KILL_HURRY | JOBF_SPECIAL_EXIT | JOBF_MAILED_50 | JOBF_MAILED_80 |
                                JOBF_MAILED_90;
    j->flags = (j->flags & ~of_the_run) | c->set_flags;
    j->state = JOB_PENDING;
    j->restarts++;
    j->priority = c->priority;
    j->reason = c->reason;
    mem_set_str(&j->reason_text, c->reason_text);
    j->start_time = j->end_time = j->suspend_time = j->kill_time = j->purge_time = j->complete_time = 0;
    j->pre_sus_time = j->launch_time = 0;
    j->killed_by = NO_VAL;
    j->submit_time = time;
    j->eligible_time = j->accrue_time = c->begin_time;
    j->next_step_id = 0;
    mem_set_str(&j->nodes, NULL);
    mem_set_str(&j->batch_host, NULL);
    mem_set_str(&j->alloc_tres, NULL);
    if (j->spec->partition) /* any of its list again */
        mem_set_str(&j->partition, j->spec->partition);
    bits_release(&j->completing);
    drop_alloc(j);
    drop_steps(j);
    struct job_spec *spec = meta_dup(&record_job_spec, j->spec);
    spec->begin_time = c->begin_time;
    meta_free(&record_job_spec, j->spec);
    j->spec = spec;
    move_end(&e, to);
}

void apply_job_purged(struct state *s, const void *record, int64_t time)
{
    const struct job_ref *c = record;
    const struct job *j = state_job(s, c->job_id);
    REQUIRE(j && job_may(j, EVENT_PURGE));
    job_delete(s, c->job_id);
}

int64_t job_step(const struct job *j, uint32_t step_id)
{
    for (uint32_t i = 0; i < j->steps.n; i++)
        if (j->steps.v[i].step_id == step_id)
            return i;
    return -1;
}

void apply_step_created(struct state *s, const void *record, int64_t time)
{
    const struct step *step = ((const struct step_created *)record)->step;
    REQUIRE(step);
    struct job_edit e;
    struct job *j = job_edit(&e, s, step->job_id);
    REQUIRE(job_is_active(j) && job_step(j, step->step_id) < 0);
    struct step *mine = meta_recs_push(&record_step, &j->steps);
    meta_copy(&record_step, mine, step);
    if (step->step_id < STEP_INTERACTIVE && step->step_id >= j->next_step_id)
        j->next_step_id = step->step_id + 1;
    j->last_active = time;
    job_edit_end(&e);
}

static void add_exit_code(struct job *j, struct step *step, uint32_t exit_code)
{
    if (exit_code > step->exit_code)
        step->exit_code = exit_code;
    if (step->exit_code > j->derived_ec)
        j->derived_ec = step->exit_code;
}

void apply_step_node_done(struct state *s, const void *record, int64_t time)
{
    const struct step_node_done *c = record;
    struct job_edit e;
    struct job *j = job_edit(&e, s, c->job_id);
    int64_t i = job_step(j, c->step_id);
    REQUIRE(i >= 0);
    bits_clear(&j->steps.v[i].launched_nodes, c->layout_index);
    add_exit_code(j, &j->steps.v[i], c->exit_code);
    job_edit_end(&e);
}

void apply_step_ended(struct state *s, const void *record, int64_t time)
{
    const struct step_ended *c = record;
    struct job_edit e;
    struct job *j = job_edit(&e, s, c->job_id);
    int64_t i = job_step(j, c->step_id);
    REQUIRE(i >= 0);
    add_exit_code(j, &j->steps.v[i], c->exit_code);
    meta_release(&record_step, &j->steps.v[i]);
    j->steps.n--;
    memmove(&j->steps.v[i], &j->steps.v[i + 1], (j->steps.n - (size_t)i) * sizeof *j->steps.v);
    if (j->steps.n == 0) {
        mem_free(j->steps.v);
        j->steps.v = NULL;
    }
    j->last_active = time;
    job_edit_end(&e);
}

void apply_step_changed(struct state *s, const void *record, int64_t time)
{
    const struct step_changed *c = record;
    struct job_edit e;
    struct job *j = job_edit(&e, s, c->job_id);
    int64_t i = job_step(j, c->step_id);
    REQUIRE(i >= 0);
    j->steps.v[i].time_limit = c->time_limit;
    job_edit_end(&e);
}
