/* SPDX-License-Identifier: Apache-2.0 */
/* Reports: kept and repeated until the controller has acknowledged them. */
#include <string.h>

#include "base/mem.h"
#include "nodecore/internal.h"

static void report_send(const struct node_unsent *u, struct node_effects *out)
{
    struct node_effect *e = VEC_PUSH(&out->list);

    e->type = NODE_REPORT;
    e->id = u->id;
    e->job_id = u->report->job_id;
    e->step_id = u->report->step_id;
    e->restarts = u->report->restarts;
    e->record = meta_dup(&record_node_report, u->report);
    e->record_type = &record_node_report;
}

static struct node_unsent *report_find(const struct node_core *n, uint32_t job_id, uint32_t step_id,
                                       uint32_t restarts)
{
    for (uint32_t i = n->unsent.n; i-- > 0;) {
        const struct node_report *old = n->unsent.v[i].report;

        if (old->job_id == job_id && old->step_id == step_id && old->restarts == restarts)
            return &n->unsent.v[i];
    }
    return NULL;
}

bool node_report_waits(const struct node_core *n, uint32_t job_id, uint32_t step_id, uint32_t restarts)
{
    return report_find(n, job_id, step_id, restarts);
}

static struct node_unsent *report_keep(struct node_core *n, const struct node_report *r, int64_t now)
{
    struct node_unsent *u = report_find(n, r->job_id, r->step_id, r->restarts);

    if (u)
        return u;
    u = VEC_PUSH(&n->unsent);
    u->id = n->next_report++;
    u->report = meta_dup(&record_node_report, r);
    mem_set_str(&u->report->node_name, n->name);
    u->wait_s = NODE_REPORT_AGAIN_S;
    u->next = now;
    return u;
}

uint64_t node_report_add(struct node_core *n, const struct node_report *r, int64_t now,
                         struct node_effects *out)
{
    struct node_unsent *u = report_keep(n, r, now);

    u->next = now + u->wait_s;
    report_send(u, out);
    return u->id;
}

uint64_t node_report_gone(struct node_core *n, const struct node_job *j, int64_t now,
                          struct node_effects *out)
{
    struct node_report r;
    uint64_t id;

    meta_init(&record_node_report, &r);
    r.job_id = j->job_id;
    r.step_id = NO_VAL;
    r.restarts = j->restarts;
    r.end_time = now;
    r.drain = j->failed;
    if (j->failed)
        r.error = ESLURM_JOB_EPILOG_FAILED;
    id = node_report_add(n, &r, now, out);
    meta_release(&record_node_report, &r);
    return id;
}

void node_adopt_report(struct node_core *n, const struct node_report *r, int64_t now)
{
    report_keep(n, r, now);
}

void node_acknowledged(struct node_core *n, uint64_t id, int64_t now, struct node_effects *out)
{
    for (uint32_t i = 0; i < n->unsent.n; i++) {
        struct node_unsent *u = &n->unsent.v[i];
        struct node_report *r = u->report;
        struct node_job named = {.job_id = r->job_id, .restarts = r->restarts};

        if (u->id != id)
            continue;
        memmove(u, u + 1, (n->unsent.n - i - 1) * sizeof *u);
        n->unsent.n--;
        if (r->step_id == NO_VAL) {
            node_remember_gone(n, &named, now); /* until now the controller may have sent launches */
            node_job_reported(n, id, r->job_id, out);
        } else {
            node_effect_add(out, NODE_FREE_REPORT, &named, r->step_id);
        }
        meta_free(&record_node_report, r);
        return;
    }
}

bool node_report_refused(int code)
{
    return code ==
           ESLURM_INVALID_JOB_ID; /* what the controller does not know any more need not be told again */
}

/* A report that this node makes itself: no slurmstepd is there to do it. */
static struct node_report own_report(uint32_t job_id, uint32_t step_id, uint32_t restarts, const char *why,
                                     int64_t now)
{
    struct node_report r;

    meta_init(&record_node_report, &r);
    r.job_id = job_id;
    r.step_id = step_id;
    r.restarts = restarts;
    r.error_text = mem_strdup(why);
    r.end_time = now;
    return r;
}

void node_spawn_failed(struct node_core *n, uint32_t job_id, uint32_t step_id, uint32_t restarts,
                       const char *why, int64_t now, struct node_effects *out)
{
    struct node_report r = own_report(job_id, step_id, restarts, why, now);

    r.error = ESLURM_SLURMD_COULD_NOT_EXECVE_JOB;
    r.requeue = r.drain = true;
    r.start_time = now;
    node_step_ended(n, &r, now, out);
    meta_release(&record_node_report, &r);
}

void node_step_lost(struct node_core *n, uint32_t job_id, uint32_t step_id, uint32_t restarts, int64_t now,
                    struct node_effects *out)
{
    struct node_report r = own_report(job_id, step_id, restarts, "slurmstepd has gone without a report", now);

    r.exit_code = SIGNAL_KILL;
    node_step_ended(n, &r, now, out);
    meta_release(&record_node_report, &r);
}

void node_connected(struct node_core *n, int64_t now, struct node_effects *out)
{
    for (uint32_t i = 0; i < n->unsent.n; i++) {
        struct node_unsent *u = &n->unsent.v[i];

        u->wait_s = NODE_REPORT_AGAIN_S;
        u->next = now + u->wait_s;
        report_send(u, out);
    }
}

void node_reports_tick(struct node_core *n, int64_t now, struct node_effects *out)
{
    for (uint32_t i = 0; i < n->unsent.n; i++) {
        struct node_unsent *u = &n->unsent.v[i];

        if (u->next > now)
            continue;
        u->wait_s = u->wait_s * 2 > NODE_REPORT_AGAIN_S_MAX ? NODE_REPORT_AGAIN_S_MAX : u->wait_s * 2;
        u->next = now + u->wait_s;
        report_send(u, out);
    }
}
