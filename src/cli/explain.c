/* SPDX-License-Identifier: Apache-2.0 */
/* sluice explain: why a job waits, what it waits for, and when it will start, from what the scheduler already
 * knows. */
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/fetch.h"
#include "cli/filters.h"
#include "cli/jobview.h"
#include "cli/timefmt.h"

/* A sentence for the reasons that a user can do something about. */
static const struct {
    uint32_t reason;
    const char *text;
} sentences[] = {
    {WHY_PRIORITY, "Jobs with a higher priority are before it in the queue."},
    {WHY_DEPENDENCY, "It waits for other jobs (see Dependency)."},
    {WHY_RESOURCES, "It is its turn, but what it asks for is in use."},
    {WHY_PARTITIONNODELIMIT,
     "It asks for more (or fewer) nodes than its partition allows or has in service."},
    {WHY_PARTITIONTIMELIMIT,
     "Its time limit is above that of the partition: scontrol update job=ID timelimit=..."},
    {WHY_PARTITIONDOWN, "Its partition is DOWN: jobs are accepted, none is started."},
    {WHY_PARTITIONINACTIVE, "Its partition is INACTIVE: no job is accepted or started."},
    {WHY_JOBHELDADMIN, "An administrator holds it; only an administrator can release it."},
    {WHY_JOBHELDUSER, "It is held: scontrol release ID."},
    {WHY_BEGINTIME, "It shall not begin before its begin time (see Eligible)."},
    {WHY_LICENSES, "The licenses it asks for are in use."},
    {WHY_REQNODENOTAVAIL, "A node it insists on is down, drained or reserved."},
    {WHY_DEPENDENCYNEVERSATISFIED,
     "What it depends on can never happen any more: cancel it, or change the dependency."},
    {WHY_BADCONSTRAINTS, "No node can ever satisfy what it asks for."},
    {WHY_JOBARRAYTASKLIMIT, "As many tasks of its array run as the %%limit allows."},
};

static void add_line(struct buf *out, const char *key, const char *value)
{
    if (value && *value)
        buf_addf(out, "  %-12s %s\n", key, value);
}

static void add_time(struct buf *out, const char *key, int64_t t)
{
    struct buf b = BUF_INIT;
    timefmt_time(t, "", &b);
    add_line(out, key, b.s);
    buf_release(&b);
}

static void explain(const struct job *job, const struct job_list *all, struct buf *out)
{
    struct buf b = BUF_INIT;
    uint32_t before = 0, running = 0;
    job_id_text(job, 0, &b);
    buf_addf(out, "Job %s (%s) is %s", b.s, job->spec->name ? job->spec->name : "", job_state_text(job));
    buf_clear(&b);
    job_reason_text(job, &b);
    buf_addf(out, job_is_pending(job) ? ", reason %s.\n" : ".\n", b.s);
    for (size_t i = 0; job_is_pending(job) && i < sizeof sentences / sizeof sentences[0]; i++)
        if (sentences[i].reason == job->reason)
            buf_addf(out, "  %s\n", sentences[i].text);
    for (uint32_t i = 0; i < all->list.n; i++) {
        const struct job *o = all->list.v[i];
        before += job_is_pending(o) && o->priority > job->priority;
        running += job_is_active(o);
    }
    add_line(out, "Partition", job->partition ? job->partition : job->spec->partition);
    add_line(out, "Asks for", job->req_tres);
    add_line(out, "Features", job->spec->features);
    add_line(out, "Nodes", job->spec->req_nodes);
    add_line(out, "Licenses", job->spec->licenses);
    add_line(out, "Dependency", job->dependency);
    add_time(out, "Submitted", job->submit_time);
    add_time(out, "Eligible", job->eligible_time);
    add_time(out, "Looked at", job->last_sched_eval);
    if (job_is_pending(job)) {
        buf_addf(out, "  %-12s %u waiting jobs have a higher priority, %u jobs run\n", "Queue", before,
                 running);
        if (job->start_time)
            add_time(out, "Will start", job->start_time);
        else
            add_line(out, "Will start", "not planned yet");
    } else {
        add_line(out, "Runs on", job->nodes);
        add_time(out, "Started", job->start_time);
        add_time(out, job_is_final(job) ? "Ended" : "Ends by", job->end_time);
    }
    buf_release(&b);
}

int cmd_explain(struct cli *cli)
{
    struct job_list all = {0};
    struct job_select select;
    struct err e;
    struct buf out = BUF_INIT;
    if (cli->argc != 2 || !filters_is_job_id(cli->argv[1], false)) {
        fputs("usage: sluice explain JOBID\n", stderr);
        return EXIT_FAILURE;
    }
    meta_init(&record_job_select, &select);
    select.all = true;
    if (fetch_jobs(cli_ctld(cli), &select, &all, &e) < 0) {
        cli_error(cli, "%s", e.text);
        return EXIT_FAILURE;
    }
    bool found = false;
    for (uint32_t i = 0; i < all.list.n; i++) {
        struct buf id = BUF_INIT;
        job_id_text(all.list.v[i], 0, &id);
        bool array = all.list.v[i]->flags & JOBF_ARRAY &&
                     strtoul(cli->argv[1], NULL, 10) == all.list.v[i]->array_job_id;
        if (strcmp(id.s, cli->argv[1]) == 0 || array) {
            explain(all.list.v[i], &all, &out);
            found = true;
        }
        buf_release(&id);
    }
    cli_flush(&out);
    if (!found)
        cli_error(cli, "Invalid job id specified");
    return found ? 0 : EXIT_FAILURE;
}
