/* SPDX-License-Identifier: Apache-2.0 */
/* core.h: what must reach the outside because of a fact. Every effect may be repeated without harm. */
#include "core/core.h"

#include "base/mem.h"
#include "core/mail.h"
#include "core/moves.h"
#include "core/power.h"
#include "core/state_impl.h"
#include "model/jobtext.h"

enum { SIGSTOP_NUMBER = 19, SIGCONT_NUMBER = 18 };

static struct effect *add(struct outbox *out, enum effect_type type, uint32_t job_id, uint32_t node_index)
{
    struct effect *e = VEC_PUSH(&out->list);
    e->type = type;
    e->job_id = job_id;
    e->step_id = NO_VAL;
    e->node_index = node_index;
    return e;
}

static void plan(struct outbox *out)
{
    if (!out->has_plan)
        add(out, EFFECT_PLAN, NO_VAL, NO_VAL);
    out->has_plan = true;
}

static void changed(struct outbox *out, uint32_t job_id)
{
    add(out, EFFECT_JOB_CHANGED, job_id, NO_VAL);
}

static void account(struct outbox *out, uint32_t job_id, uint32_t step_id)
{
    add(out, EFFECT_ACCOUNT, job_id, NO_VAL)->step_id = step_id;
}

static bool reachable(const struct state *s, uint32_t node_index)
{
    const struct node *n = state_node_at(s, node_index);
    return n && n->state != NODE_DOWN && node_is_ready(n);
}

static struct kill_job *add_kill(struct outbox *out, enum effect_type type, const struct job *j,
                                 uint32_t node_index)
{
    struct effect *e = add(out, type, j->job_id, node_index);
    struct kill_job *k = meta_new(&record_kill_job);
    k->job_id = j->job_id;
    k->state = j->state;
    k->restarts = j->restarts;
    k->uid = j->killed_by;
    e->record = k;
    e->record_type = &record_kill_job;
    return k;
}

/* Ends the job on every node that has not reported yet. */
static void kill_job(const struct state *s, const struct job *j, struct outbox *out)
{
    for (uint32_t i = 0; i < j->alloc.n; i++) {
        if (!bits_test(&j->completing, i) || !reachable(s, j->alloc.v[i].node_index))
            continue;
        struct kill_job *k = add_kill(out, EFFECT_KILL_JOB, j, j->alloc.v[i].node_index);
        k->kill_wait = j->flags & JOBF_KILL_HURRY ? 0 : s->policy->kill_wait;
        k->time = j->complete_time;
    }
}

static void signal_nodes(const struct state *s, const struct job *j, const struct job_signalled *f,
                         struct outbox *out)
{
    for (uint32_t i = 0; i < j->alloc.n; i++) {
        if (!reachable(s, j->alloc.v[i].node_index))
            continue;
        struct kill_job *k = add_kill(out, EFFECT_SIGNAL, j, j->alloc.v[i].node_index);
        k->step_id = f->step_id;
        k->signal = f->signal;
        k->flags = f->flags;
        k->uid = f->uid;
        k->kill_wait = s->policy->kill_wait;
        k->time = s->time;
    }
}

static void suspend_nodes(const struct state *s, const struct job *j, uint32_t suspend, struct outbox *out)
{
    struct job_signalled f = {.job_id = j->job_id,
                              .step_id = NO_VAL,
                              .signal = suspend == 1 ? SIGSTOP_NUMBER : SIGCONT_NUMBER,
                              .flags = KILLF_FULL};
    signal_nodes(s, j, &f, out);
}

static void launch(const struct state *s, const struct job *j, struct outbox *out)
{
    const struct node *n = j->batch_host ? state_node(s, j->batch_host) : NULL;
    if (n && j->flags & JOBF_BATCH && !(j->flags & (JOBF_LAUNCHED | JOBF_CONFIGURING)))
        add(out, EFFECT_LAUNCH_BATCH, j->job_id, n->index);
}

/* What a start brings about first. */
static void begin(const struct state *s, const struct job *j, struct outbox *out)
{
    if (j->flags & JOBF_PROLOG)
        add(out, EFFECT_PROLOG, j->job_id, NO_VAL);
    launch(s, j, out);
}

static void epilog(const struct job *j, struct outbox *out)
{
    if (j->flags & JOBF_EPILOG)
        add(out, EFFECT_EPILOG, j->job_id, NO_VAL);
}

static void job_comp(const struct state *s, uint32_t job_id, uint32_t exit_code, struct outbox *out)
{
    if (!s->policy->job_comp)
        return;
    struct job *j = (struct job *)state_job(s, job_id);
    struct job_end *end = meta_new(&record_job_end);
    shared_keep(&j->sh);
    end->job = j;
    end->state = mail_end_state(j, exit_code);
    struct effect *e = add(out, EFFECT_JOB_COMP, job_id, NO_VAL);
    e->record = end;
    e->record_type = &record_job_end;
}

static void of_ending(const struct state *s, const struct job_ending *f, struct outbox *out)
{
    if (f->set_flags & JOBF_EPILOG) /* else it runs already */
        epilog(state_job(s, f->job_id), out);
    job_comp(s, f->job_id, f->exit_code, out);
    kill_job(s, state_job(s, f->job_id), out);
    changed(out, f->job_id);
}

static void of_nudge(const struct state *s, uint32_t job_id, struct outbox *out)
{
    const struct job *j = state_job(s, job_id);
    if (j->flags & JOBF_COMPLETING)
        kill_job(s, j, out);
    else if (job_is_active(j))
        launch(s, j, out);
}

static void of_change(const struct state *s, const struct job_changed *f, struct outbox *out)
{
    if (f->suspend)
        suspend_nodes(s, state_job(s, f->job_id), f->suspend, out);
    if (f->clear_flags & JOBF_CONFIGURING)
        launch(s, state_job(s, f->job_id), out);
    changed(out, f->job_id);
    account(out, f->job_id, NO_VAL);
    plan(out);
}

static void of_purge(const struct job_ref *f, struct outbox *out)
{
    if (!f->payload.n)
        return;
    struct effect *e = add(out, EFFECT_DROP_PAYLOAD, f->job_id, NO_VAL);
    e->record = meta_dup(&record_job_ref, f);
    e->record_type = &record_job_ref;
}

static void node_control(uint32_t node_index, const char *action, struct outbox *out)
{
    struct effect *e = add(out, EFFECT_NODE_CONTROL, NO_VAL, node_index);
    struct node_control *c = meta_new(&record_node_control);
    c->action = mem_strdup(action);
    e->record = c;
    e->record_type = &record_node_control;
}

/* A node that answers although it is taken for absent has to register, so that it is known what runs there.
 */
static void of_contact(const struct state *s, const struct node_contact *f, struct outbox *out)
{
    const struct node *n = state_node_at(s, f->node_index);
    bool absent = n->state == NODE_UNKNOWN || n->flags & NODEF_NO_CONTACT_YET ||
                  (n->state == NODE_DOWN && n->flags & NODEF_NOT_RESPONDING);
    if (f->ok && absent && !(n->flags & NODEF_POWERED_DOWN))
        node_control(f->node_index, "register", out);
}

static void of_node_change(const struct node *n, struct outbox *out)
{
    if (n->state == NODE_UP && n->flags & NODEF_NO_CONTACT_YET && !(n->flags & NODEF_POWERED_DOWN))
        node_control(n->index, "register", out); /* resumed */
    plan(out);
}

enum { HEALTH_ANY = 0x7f };

/* Whether HealthCheckNodeState names what the node is. */
static bool wants_check(const struct policy *p, const struct node *n)
{
    uint64_t wanted = p->health_states & HEALTH_ANY;
    if (!wanted || wanted == HEALTH_ANY)
        return true;
    if (n->state != NODE_UP)
        return false;
    if (!n->running_jobs)
        return wanted & HEALTH_IDLE || (wanted & HEALTH_NONDRAINED_IDLE && !(n->flags & NODEF_DRAIN));
    return wanted & (n->alloc_cpus >= n->cpus ? HEALTH_ALLOC : HEALTH_MIXED);
}

static void of_check(const struct state *s, uint32_t node_index, struct outbox *out)
{
    if (wants_check(s->policy, state_node_at(s, node_index)))
        node_control(node_index, "health", out);
}

static void of_power(const struct node_powered *f, struct outbox *out)
{
    if (f->move == POWER_RESUMING)
        add(out, EFFECT_RESUME, NO_VAL, f->node_index);
    else if (f->move == POWER_SUSPENDING)
        add(out, EFFECT_SUSPEND, NO_VAL, f->node_index);
    else if (f->move == POWER_RESUME_FAILED)
        add(out, EFFECT_RESUME_FAIL, NO_VAL, f->node_index);
    plan(out);
}

static void of_end(uint32_t job_id, struct outbox *out)
{
    changed(out, job_id);
    account(out, job_id, NO_VAL);
    plan(out);
}

void core_effects(const struct state *s, const struct fact *f, struct outbox *out)
{
    mail_of(s, f, out);
    switch (f->type) {
    case FACT_JOB_SUBMITTED:
        account(out, ((const struct job *)f->record)->job_id, NO_VAL);
        plan(out);
        break;
    case FACT_JOB_CHANGED:
        of_change(s, f->record, out);
        break;
    case FACT_JOB_STARTED: {
        uint32_t id = ((const struct job_started *)f->record)->job_id;
        begin(s, state_job(s, id), out);
        changed(out, id);
        account(out, id, NO_VAL);
        break;
    }
    case FACT_JOB_ENDING:
        of_ending(s, f->record, out);
        break;
    case FACT_JOB_NODE_DONE:
        plan(out);
        break;
    case FACT_JOB_ENDED: {
        uint32_t id = ((const struct job_ended *)f->record)->job_id;
        if (!state_job(s, id)->alloc.n) /* it never ran */
            job_comp(s, id, 0, out);
        of_end(id, out);
        break;
    }
    case FACT_JOB_REQUEUED:
        of_end(((const struct job_requeued *)f->record)->job_id, out);
        break;
    case FACT_JOB_PURGED:
        of_purge(f->record, out);
        break;
    case FACT_JOB_SIGNALLED: {
        const struct job_signalled *c = f->record;
        signal_nodes(s, state_job(s, c->job_id), c, out);
        break;
    }
    case FACT_JOB_NUDGED:
        of_nudge(s, ((const struct job_ref *)f->record)->job_id, out);
        break;
    case FACT_STEP_CREATED: {
        const struct step *st = ((const struct step_created *)f->record)->step;
        account(out, st->job_id, st->step_id);
        break;
    }
    case FACT_STEP_ENDED: {
        const struct step_ended *c = f->record;
        account(out, c->job_id, c->step_id);
        changed(out, c->job_id);
        break;
    }
    case FACT_NODE_CONTACTED:
        of_contact(s, f->record, out);
        break;
    case FACT_NODE_PINGED:
        add(out, EFFECT_PING, NO_VAL, ((const struct node_ref *)f->record)->node_index);
        break;
    case FACT_NODE_CHECKED:
        of_check(s, ((const struct node_ref *)f->record)->node_index, out);
        break;
    case FACT_NODE_REBOOTING:
        node_control(((const struct node_ref *)f->record)->node_index, "reboot", out);
        break;
    case FACT_NODE_POWERED:
        of_power(f->record, out);
        break;
    case FACT_NODE_CHANGED:
        of_node_change(f->record, out);
        break;
    case FACT_CONFIGURED:
    case FACT_NODE_REGISTERED:
    case FACT_NODE_REMOVED:
    case FACT_NODES_ADDED:
    case FACT_PART_CHANGED:
    case FACT_PART_REMOVED:
        plan(out);
        break;
    default:
        break;
    }
}

void core_resume(const struct state *s, int64_t now, struct outbox *out)
{
    const struct job *j;
    for (uint32_t id = 0; (j = ptree_next(&s->jobs, &id)); id++) {
        if (j->flags & JOBF_COMPLETING) {
            epilog(j, out);
            kill_job(s, j, out);
        } else if (job_is_active(j)) {
            begin(s, j, out);
        }
    }
    const struct node *n;
    for (uint32_t i = 0; (n = ptree_next(&s->nodes, &i)); i++) {
        if (n->flags & NODEF_POWERING_UP)
            add(out, EFFECT_RESUME, NO_VAL, i);
        else if (n->flags & NODEF_POWERING_DOWN)
            add(out, EFFECT_SUSPEND, NO_VAL, i);
        if (n->state != NODE_FUTURE && !(n->flags & NODEF_POWERED_DOWN))
            add(out, EFFECT_PING, NO_VAL, i);
    }
    plan(out);
}

void outbox_release(struct outbox *o)
{
    for (uint32_t i = 0; i < o->list.n; i++)
        if (o->list.v[i].record)
            meta_free(o->list.v[i].record_type, o->list.v[i].record);
    VEC_FREE(&o->list);
    o->has_plan = false;
}
