/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --test-only: when and where would this job start? The job, as decide would have accepted it, is put into a
 * copy of the newest snapshot, and the scheduler is asked once. Nothing of it reaches the state.
 */
#include "base/hostlist.h"
#include "base/mem.h"
#include "base/text.h"
#include "model/errors.h"
#include "sched/sched.h"
#include "slurmctld/net_thread.h"

static void set_place(struct submit_reply *r, const struct snapshot *s, const struct start_job *start)
{
    struct hostlist hosts = {0};
    struct buf text = BUF_INIT;
    struct err e;

    for (uint32_t i = 0; i < start->alloc.n; i++) {
        const struct node *n = ptree_get(&s->nodes, start->alloc.v[i].node_index);
        if (n)
            hostlist_push(&hosts, n->name, &e);
    }
    hostlist_text(&hosts, &text);
    hostlist_release(&hosts);
    mem_free(r->nodes);
    r->nodes = buf_take(&text);
    mem_set_str(&r->partition, start->partition);
    r->cpus = start->cpus;
}

/* Which nodes it would take if they were free, for a start that lies in the future. */
static int set_place_later(struct submit_reply *r, const struct sched_view *v, const struct snapshot *s,
                           const struct job *job, struct err *e)
{
    struct text_list parts = {0};
    int rc = err_set(e, ESLURM_NODE_CONFIG_UNAVAILABLE, "%s", error_text(ESLURM_NODE_CONFIG_UNAVAILABLE));

    const char *names = job->spec->partition ? job->spec->partition : job->partition;

    text_split(&parts, names ? names : "", ',');
    for (uint32_t i = 0; i < parts.n && rc < 0; i++) {
        const struct part *p = snapshot_part(s, parts.v[i]);
        struct selection sel = {0};
        if (!p)
            continue;
        sched_select(v, job, p, SELECT_EMPTY, NULL, &sel);
        if (sel.ok) {
            set_place(r, s, &sel.start);
            mem_set_str(&r->partition, p->name);
            rc = 0;
        } else if (sel.text[0])
            err_set(e, ESLURM_NODE_CONFIG_UNAVAILABLE, "%s\n%s", error_text(ESLURM_NODE_CONFIG_UNAVAILABLE),
                    sel.text);
        selection_release(&sel);
    }
    text_list_release(&parts);
    return rc;
}

int test_only(struct work *w)
{
    const struct snapshot *s = w->snapshot;
    struct submit_reply *reply = w->reply.record;
    struct job *job = w->test_job;
    struct sched_result r = {0};
    struct planner *planner = planner_new();
    struct sched_view view;
    struct ptree jobs;
    bool placed = false;
    uint32_t id = job->job_id;

    w->test_job = NULL;
    /* As Slurm does: on as many nodes as it may use. */
    struct job_spec *spec = meta_dup(&record_job_spec, job->spec);
    meta_free(&record_job_spec, job->spec);
    job->spec = spec;
    if (!job->priority)
        job->priority = 1; /* nor does a hold count */
    if (spec->use_min_nodes != 1)
        spec->spread_job = 1;
    snapshot_view(s, ctld_now(), &view);
    ptree_snapshot(&s->jobs, &jobs);
    ptree_put(&jobs, id, job); /* takes it over */
    view.jobs = &jobs;
    meta_init(&record_plan_notes, &r.notes);
    planner_run(planner, &view, &(struct sched_budget){0}, &r);
    reply->start_time = 0;
    for (uint32_t i = 0; i < r.starts.n; i++)
        if (r.starts.v[i].job_id == id) {
            set_place(reply, s, &r.starts.v[i]);
            reply->start_time = view.now;
            placed = true;
        }
    for (uint32_t i = 0; i < r.notes.notes.n; i++)
        if (r.notes.notes.v[i].job_id == id)
            reply->start_time = r.notes.notes.v[i].start_time;
    int rc = placed ? 0 : set_place_later(reply, &view, s, job, &w->e);
    sched_result_release(&r);
    planner_free(planner);
    ptree_release(&jobs);
    return rc;
}
