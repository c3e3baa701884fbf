/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/allocate.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "model/jobtext.h"

enum {
    SCHEDULING_MS = 1000, /* a job that has not started by then is said to wait */
    IMMEDIATE_MS = 1000,  /* --immediate without a number */
    SLICE_MS = 100,       /* how often a signal is looked for */
};

static volatile sig_atomic_t interrupted;

static void on_signal(int sig)
{
    interrupted = sig;
}

static void cancel(struct cli *cli, uint32_t job_id)
{
    struct job_signal request;
    struct job_results results;
    char id[16];
    meta_init(&record_job_signal, &request);
    request.select = meta_new(&record_job_select);
    buf_print(id, sizeof id, "%u", job_id);
    meta_strs_push(&request.select->ids, id);
    if (client_call(cli_ctld(cli), MSG_JOB_SIGNAL, &request, &results, NULL) == 0)
        meta_release(&record_job_results, &results);
    meta_release(&record_job_signal, &request);
}

void allocate_give_back(struct cli *cli, uint32_t job_id, uint32_t wait_status)
{
    struct job_complete done = {.job_id = job_id, .status = wait_status};
    struct err e;
    if (client_call(cli_ctld(cli), MSG_JOB_COMPLETE, &done, NULL, &e) < 0)
        cli_verbose(cli, "job %u: %s", job_id, e.text);
}

struct waiting {
    struct cli *cli;
    const struct jobopt *o;
    const char *failure;
    uint32_t job_id;
    int64_t limit_ms; /* --immediate, -1 = none */
    uint32_t reason;  /* why it waits, as last heard */
    bool salloc, said_pending;
};

static void say_pending(struct waiting *w)
{
    if (w->said_pending)
        return;
    w->said_pending = true;
    if (w->salloc)
        cli_info(w->cli, "Pending job allocation %u", w->job_id);
    cli_info(w->cli, "job %u queued and waiting for resources", w->job_id);
}

static int refuse_immediate(struct waiting *w)
{
    cancel(w->cli, w->job_id);
    cli_error(w->cli, "Unable to allocate resources: %s",
              w->reason == WHY_RESOURCES ? "Requested nodes are busy"
                                         : "Immediate execution impossible, insufficient priority");
    return EXIT_FAILURE;
}

static int give_up(struct waiting *w)
{
    cancel(w->cli, w->job_id);
    cli_info(w->cli, "Job allocation %u has been revoked.", w->job_id);
    if (w->salloc)
        cli_info(w->cli, "Job aborted due to signal");
    return EXIT_FAILURE;
}

static int revoked(struct waiting *w, const struct job *job)
{
    if (!job || job->state == JOB_CANCELLED)
        cli_info(w->cli, w->salloc ? "Job has been cancelled" : "Force Terminated job %u", w->job_id);
    if (w->salloc)
        cli_info(w->cli, "Job allocation %u has been revoked.", w->job_id);
    cli_error(w->cli, "%sJob/step already completing or completed", w->failure);
    return EXIT_FAILURE;
}

/* Waits until the job runs. NULL with *ret_status when it will not. */
static struct job *wait_started(struct waiting *w, struct submit_watch *watch, int *ret_status)
{
    for (int64_t waited = 0;; waited += SLICE_MS) {
        struct job *job;
        struct err e;
        int rc = submit_watch_next(watch, SLICE_MS, &job, &e);
        if (rc < 0) {
            cli_error(w->cli, "%s%s", w->failure, e.text);
            *ret_status = EXIT_FAILURE;
            return NULL;
        }
        if (interrupted) {
            meta_free(&record_job, job);
            *ret_status = give_up(w);
            return NULL;
        }
        if (job && job_is_active(job) && !(job->flags & JOBF_CONFIGURING))
            return job;
        bool looked_at = job && job_is_pending(job) && job->reason != WHY_NONE;
        if (job)
            w->reason = job->reason;
        if (job && job_is_final(job)) {
            *ret_status = revoked(w, job);
            meta_free(&record_job, job);
            return NULL;
        }
        meta_free(&record_job, job);
        if (w->limit_ms >= 0 && waited >= w->limit_ms) {
            *ret_status = refuse_immediate(w);
            return NULL;
        }
        if ((looked_at || waited >= SCHEDULING_MS) && w->limit_ms < 0)
            say_pending(w);
    }
}

static uint32_t ask(struct cli *cli, const struct jobopt *o, const char *failure, int *ret_status)
{
    struct submit_request request;
    struct submit_reply reply;
    struct err e;
    submit_fill(&request, o);
    request.resp_host = mem_strdup(o->world.hostname);
    request.resp_pid = (uint32_t)getpid();
    int rc = submit_call(cli, &request, &reply, &e);
    meta_release(&record_submit_request, &request);
    *ret_status = EXIT_FAILURE;
    if (rc < 0) {
        if (o->parts[0]->cli.test_only)
            fprintf(stderr, "allocation failure: %.*s\n", (int)strcspn(e.text, "\n"), e.text);
        else
            submit_complain(cli, failure, &e);
        return 0;
    }
    uint32_t job_id = reply.job_id;
    if (o->parts[0]->cli.test_only) {
        submit_say_when(cli, &reply);
        *ret_status = 0;
        job_id = 0;
    }
    meta_release(&record_submit_reply, &reply);
    return job_id;
}

struct job *allocate(struct cli *cli, const struct jobopt *o, const char *failure, struct submit_watch *watch, int *ret_status)
{
    const struct jobopt_part *p = o->parts[0];
    struct waiting w = {.cli = cli, .o = o, .failure = failure, .limit_ms = -1, .salloc = o->cmd == JOBOPT_SALLOC};
    struct sigaction act = {.sa_handler = on_signal}, old_int, old_term;
    w.job_id = ask(cli, o, failure, ret_status);
    if (!w.job_id)
        return NULL;
    if (p->spec.immediate)
        w.limit_ms = IMMEDIATE_MS;
    else if (p->cli.immediate && p->cli.immediate < NO_VAL)
        w.limit_ms = (int64_t)p->cli.immediate * 1000;
    cli_verbose(cli, "JobId=%u returned by the controller", w.job_id);
    sigaction(SIGINT, &act, &old_int);
    sigaction(SIGTERM, &act, &old_term);
    submit_watch_open(watch, cli, w.job_id);
    struct job *job = wait_started(&w, watch, ret_status);
    sigaction(SIGINT, &old_int, NULL);
    sigaction(SIGTERM, &old_term, NULL);
    if (job && w.said_pending)
        cli_info(cli, "job %u has been allocated resources", w.job_id);
    return job;
}
