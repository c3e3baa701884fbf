/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MSG_TICK: what time alone brings about. Every due timer gives at least one fact that moves it, else the
 * shell would tick for ever. Nodes come first, because jobs end with them.
 */
#include "core/decide/decide.h"

#include "base/mem.h"
#include "core/deadline.h"
#include "core/mail.h"
#include "core/power.h"
#include "model/jobtext.h"

/* --- nodes
 * --------------------------------------------------------------------------------------------------- */

static void tick_node(struct decide *d, const struct node *n, struct bits *silent, struct bits *power)
{
    const struct state *s = d->s;
    if (n->resume_after && n->resume_after <= d->now) {
        struct node *f = decide_node_change(d, n);
        f->resume_after = 0;
        f->flags &= ~(NODEF_DRAIN | NODEF_FAIL);
        if (f->state == NODE_DOWN) {
            f->state = NODE_UP;
            f->flags |= NODEF_NOT_RESPONDING | NODEF_NO_CONTACT_YET;
            f->last_contact = d->now;
        }
        mem_set_str(&f->reason, NULL);
        return;
    }
    if (decide_reboot_tick(d, n))
        return;
    if (node_power_due(s, n) <= d->now) {
        bits_set(power, n->index);
        return;
    }
    if (node_health_due(s, n) <= d->now) {
        struct node_ref *f = facts_add(d->out, FACT_NODE_CHECKED);
        f->node_index = n->index;
        return;
    }
    if (node_timeout(s, n) <= d->now) {
        bits_set(silent, n->index);
        return;
    }
    struct node_ref *f = facts_add(d->out, FACT_NODE_PINGED);
    f->node_index = n->index;
}

static void tick_nodes(struct decide *d, const struct timer_list *due)
{
    struct bits silent = {0}, power = {0};
    for (uint32_t i = 0; i < due->list.n; i++) {
        uint64_t key = due->list.v[i].key;
        const struct node *n = key >> 32 == TIMER_NODE ? state_node_at(d->s, (uint32_t)key) : NULL;
        if (n)
            tick_node(d, n, &silent, &power);
    }
    if (bits_any(&silent))
        decide_nodes_down(d, &silent, "Not responding", NODEF_NOT_RESPONDING);
    if (bits_any(&power))
        decide_power_tick(d, &power);
    bits_release(&silent);
    bits_release(&power);
}

/* --- jobs
 * ---------------------------------------------------------------------------------------------------- */

static void purge(struct decide *d, const struct job *j)
{
    bool wanted =
        index_dependents(d->s, j->job_id) || (j->array_job_id && index_dependents(d->s, j->array_job_id));
    /* What a mail says of the whole array is gathered in this record. */
    wanted |= j->job_id == j->array_job_id && mail_of_array(j) && mail_array_goes_on(d->s, j);
    if (wanted) { /* somebody still has to learn how it ended */
        struct job_ref *f = facts_add(d->out, FACT_JOB_NUDGED);
        f->job_id = j->job_id;
        return;
    }
    struct job_ref *f = facts_add(d->out, FACT_JOB_PURGED);
    f->job_id = j->job_id;
    uint64_t key;
    payload_key(&j->script, &key);
    if (j->script.n && (uintptr_t)map_u64_get(&d->s->payloads, key) == 1)
        meta_bytes_set(&f->payload, j->script.v, j->script.n);
}

static void tick_pending(struct decide *d, const struct job *j)
{
    if (job_start_by(j) <= d->now) {
        struct ending how = ENDING(JOB_DEADLINE, WHY_DEADLINE);
        decide_end(d, j, &how);
        return;
    }
    if (!decide_touch(d, j->job_id))
        return;
    struct job_changed *f = decide_job_change(d, j->job_id);
    f->reason = decide_reason(j, d->now);
}

static void signal_job(struct decide *d, const struct job *j, uint32_t step_id, uint32_t signal,
                       uint64_t flags, uint64_t set_flags)
{
    struct job_signalled *f = facts_add(d->out, FACT_JOB_SIGNALLED);
    f->job_id = j->job_id;
    f->step_id = step_id;
    f->signal = signal;
    f->flags = flags;
    f->set_flags = set_flags;
    f->uid = d->s->policy->slurm_uid;
    if (step_id != NO_VAL)
        f->kill_time = d->now + d->s->policy->kill_wait;
}

static void tick_running(struct decide *d, const struct job *j)
{
    const struct state *s = d->s;
    if (job_limit_time(s, j) <= d->now) {
        struct ending how = ENDING(JOB_TIMEOUT, WHY_TIMELIMIT);
        decide_end(d, j, &how);
        return;
    }
    if (job_inactive_time(s, j) <= d->now) {
        struct ending how = ENDING(JOB_TIMEOUT, WHY_INACTIVELIMIT);
        decide_end(d, j, &how);
        return;
    }
    if (!decide_touch(d, j->job_id))
        return;
    if (mail_due(j, d->now))
        decide_job_change(d, j->job_id)->set_flags = mail_due(j, d->now);
    if (job_warn_time(j) <= d->now)
        signal_job(d, j, NO_VAL, j->spec->warn_signal, j->spec->warn_batch ? KILLF_BATCH : KILLF_STEPS_ONLY,
                   JOBF_WARN_SENT);
    for (uint32_t i = 0; i < j->steps.n; i++)
        if (step_limit_time(&j->steps.v[i]) <= d->now)
            signal_job(d, j, j->steps.v[i].step_id, 0, 0, 0);
    if (job_nudge_due(s, j) <= d->now) {
        struct job_ref *f = facts_add(d->out, FACT_JOB_NUDGED);
        f->job_id = j->job_id;
    }
}

/* Nodes that went down since are not waited for; the others are told again. */
static void tick_completing(struct decide *d, const struct job *j)
{
    uint32_t before = d->out->list.n;
    decide_lost_node(d, j, NULL, false);
    if (d->out->list.n > before || !bits_any(&j->completing))
        return;
    struct job_ref *f = facts_add(d->out, FACT_JOB_NUDGED);
    f->job_id = j->job_id;
}

static void tick_job(struct decide *d, const struct job *j)
{
    if (map_u64_has(&d->touched, j->job_id))
        return; /* its node went down in this very tick */
    if (j->flags & JOBF_COMPLETING)
        tick_completing(d, j);
    else if (job_is_active(j))
        tick_running(d, j);
    else if (job_is_final(j))
        purge(d, j);
    else
        tick_pending(d, j);
}

int decide_tick(struct decide *d, const void *record)
{
    struct timer_list due = {0};
    timers_due(&d->s->timers, d->now, &due);
    /* Their timers are off before anything ends in this tick: what ends wakes its dependents anew, which are
     * judged below by the state before it. */
    for (uint32_t i = 0; i < due.list.n; i++)
        if (due.list.v[i].key >> 32 == TIMER_DEPENDENCY)
            decide_dependency_due(d, (uint32_t)due.list.v[i].key);
    tick_nodes(d, &due);
    for (uint32_t i = 0; i < due.list.n; i++) {
        uint64_t key = due.list.v[i].key;
        const struct job *j = key >> 32 == TIMER_NODE ? NULL : state_job(d->s, (uint32_t)key);
        if (!j)
            continue;
        if (key >> 32 == TIMER_JOB)
            tick_job(d, j);
        else
            decide_dependency(d, j);
    }
    VEC_FREE(&due.list);
    return 0;
}
