/* SPDX-License-Identifier: Apache-2.0 */
/* state_impl.h: the next moment at which something about a job or a node has to be decided without a command.
 */
#include "core/deadline.h"

#include "base/mem.h"
#include "core/core.h"
#include "core/mail.h"
#include "core/power.h"
#include "model/jobtext.h"

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t job_limit_time(const struct state *s, const struct job *j)
{
    if (!j->end_time || j->flags & JOBF_CONFIGURING) /* it begins to count when the job can run */
        return INT64_MAX;
    uint32_t over = s->policy->over_time_limit;
    const struct part *p = j->partition ? state_part(s, j->partition) : NULL;
    if (p && p->over_time_limit != NO_VAL16)
        over = p->over_time_limit == INFINITE16 ? INFINITE : p->over_time_limit;
    return over == INFINITE ? INT64_MAX : j->end_time + (int64_t)over * 60;
}

int64_t job_warn_time(const struct job *j)
{
    if (!j->spec->warn_signal || !j->end_time || j->flags & (JOBF_WARN_SENT | JOBF_CONFIGURING))
        return INT64_MAX;
    return j->end_time - j->spec->warn_time;
}

int64_t job_start_by(const struct job *j)
{
    if (!j->spec->deadline)
        return INT64_MAX;
    uint32_t least = j->spec->time_min != NO_VAL ? j->spec->time_min : j->time_limit;
    return least == NO_VAL || least == INFINITE ? j->spec->deadline : j->spec->deadline - (int64_t)least * 60;
}

int64_t job_inactive_time(const struct state *s, const struct job *j)
{
    if (!s->policy->inactive_limit || j->flags & (JOBF_BATCH | JOBF_CONFIGURING) || j->watchers || j->steps.n)
        return INT64_MAX;
    int64_t since = j->last_active > j->start_time ? j->last_active : j->start_time;
    return since + s->policy->inactive_limit;
}

int64_t job_nudge_due(const struct state *s, const struct job *j)
{
    int64_t since;
    if (j->flags & JOBF_COMPLETING && !bits_any(&j->completing))
        return INT64_MAX; /* only its epilog is left */
    if (j->flags & JOBF_COMPLETING)
        since = j->complete_time + s->policy->kill_wait;
    else if (job_is_active(j) && j->flags & JOBF_BATCH && !(j->flags & (JOBF_LAUNCHED | JOBF_CONFIGURING)))
        since = j->start_time;
    else
        return INT64_MAX;
    return (j->nudge_time > since ? j->nudge_time : since) + NUDGE_SECONDS;
}

int64_t step_limit_time(const struct step *st)
{
    if (st->time_limit == NO_VAL || st->time_limit == INFINITE || st->kill_time)
        return INT64_MAX;
    return st->start_time + (int64_t)st->time_limit * 60;
}

static int64_t running_deadline(const struct state *s, const struct job *j)
{
    int64_t at = sooner(job_limit_time(s, j), sooner(job_warn_time(j), job_nudge_due(s, j)));
    for (uint32_t i = 0; i < j->steps.n; i++)
        at = sooner(at, step_limit_time(&j->steps.v[i]));
    return sooner(at, sooner(mail_time(j), job_inactive_time(s, j)));
}

int64_t job_deadline(const struct state *s, const struct job *j)
{
    if (!s->policy)
        return INT64_MAX;
    if (j->flags & JOBF_COMPLETING)
        return job_nudge_due(s, j);
    if (j->state == JOB_RUNNING)
        return running_deadline(s, j);
    if (j->state == JOB_SUSPENDED)
        return INT64_MAX;
    if (job_is_final(j)) {
        if (!j->purge_time)
            return INT64_MAX;
        /* A purge that was put off because somebody depends on the job. */
        return j->nudge_time >= j->purge_time ? j->nudge_time + NUDGE_SECONDS : j->purge_time;
    }
    int64_t begin = j->reason == WHY_BEGINTIME ? j->spec->begin_time : INT64_MAX;
    return sooner(begin, job_start_by(j));
}

int64_t node_ping_due(const struct state *s, const struct node *n)
{
    uint32_t period = s->policy->slurmd_timeout / 3;
    int64_t last = n->last_ping > n->last_contact ? n->last_ping : n->last_contact;
    return last + (period ? period : 1);
}

int64_t node_reboot_due(const struct state *s, const struct node *n)
{
    if (n->flags & NODEF_REBOOT_ISSUED)
        return n->power_up_s == INFINITE ? INT64_MAX : n->reboot_time + n->power_up_s;
    if (n->flags & NODEF_REBOOT_REQUESTED && !n->running_jobs)
        return n->reboot_time + REBOOT_GRACE_SECONDS;
    return INT64_MAX;
}

enum { SPREAD = 7919 }; /* seconds between neighbours, a prime: modulo the interval they are all over it */

/* All nodes at the same time, or each at its own in the course of the interval. */
int64_t node_health_due(const struct state *s, const struct node *n)
{
    const uint64_t away = NODEF_NOT_RESPONDING | NODEF_NO_CONTACT_YET | NODEF_POWERED_DOWN |
                          NODEF_POWERING_DOWN | NODEF_POWERING_UP;
    const struct policy *p = s->policy;
    if (!p || !p->health_interval || p->health_states & (HEALTH_START_ONLY | HEALTH_REBOOT_ONLY) ||
        !n->token || n->flags & away || (n->state != NODE_UP && n->state != NODE_DOWN))
        return INT64_MAX;
    int64_t every = p->health_interval;
    int64_t shift = p->health_states & HEALTH_CYCLE ? (int64_t)n->index * SPREAD : 0;
    return n->last_health - (n->last_health + every - shift % every) % every + every;
}

int64_t node_timeout(const struct state *s, const struct node *n)
{
    if ((n->state != NODE_UP && n->state != NODE_UNKNOWN) || n->flags & NODEF_REBOOT_ISSUED)
        return INT64_MAX;
    return n->last_contact + s->policy->slurmd_timeout;
}

int64_t node_record_deadline(const struct state *s, const struct node *n)
{
    int64_t at = n->resume_after ? n->resume_after : INT64_MAX;
    const uint64_t off = NODEF_POWERED_DOWN | NODEF_POWERING_DOWN | NODEF_POWERING_UP;
    at = sooner(at, sooner(node_reboot_due(s, n), node_power_due(s, n)));
    at = sooner(at, node_health_due(s, n));
    if (!s->policy || !s->policy->slurmd_timeout || n->state == NODE_FUTURE || n->flags & off)
        return at;
    return sooner(at, sooner(node_ping_due(s, n), node_timeout(s, n)));
}

int64_t core_deadline(const struct state *s)
{
    return timers_first(&s->timers);
}
