/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/alloc.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/submit.h"
#include "model/errors.h"
#include "model/jobtext.h"

enum {
    QUEUED_AFTER_MS = 1000, /* a job that has no reason to wait is said to be queued after so long */
    RETRY_MS = 1000,        /* between two attempts to watch again */
};

static const int steering[] = {SIGINT,  SIGQUIT, SIGTERM, SIGHUP,  SIGUSR1, SIGUSR2,
                               SIGCONT, SIGALRM, SIGPIPE, SIGTSTP, SIGWINCH};

uint32_t alloc_immediate(const struct job_cli_opts *c)
{
    return c->immediate == NO_VAL ? 0 : c->immediate;
}

int64_t alloc_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void alloc_init(struct alloc *a, struct cli *cli, const struct jobopt *opt, bool is_salloc)
{
    *a = (struct alloc){.cli = cli, .opt = opt, .is_salloc = is_salloc, .signal_fd = -1};
}

void alloc_signals(struct alloc *a, bool child)
{
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof steering / sizeof *steering; i++)
        sigaddset(&set, steering[i]);
    if (child)
        sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    a->signal_fd = signalfd(a->signal_fd, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

void alloc_signals_child(void)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

int alloc_next_signal(const struct alloc *a)
{
    struct signalfd_siginfo info;
    if (a->signal_fd < 0 || read(a->signal_fd, &info, sizeof info) != sizeof info)
        return 0;
    return (int)info.ssi_signo;
}

/* --- exit codes --- */

static int exit_code_of(const char *variable, int otherwise)
{
    const char *text = cli_getenv(variable);
    uint32_t code;
    return text && text_to_u32(text, &code) && code ? (int)code : otherwise;
}

int alloc_exit_error(void)
{
    return exit_code_of("SLURM_EXIT_ERROR", EXIT_FAILURE);
}

/* --immediate was given and the nodes are busy. */
static int exit_immediate(void)
{
    return exit_code_of("SLURM_EXIT_IMMEDIATE", alloc_exit_error());
}

/* --- submission --- */

/* salloc has two texts: one for what could start later, one for what never could. */
static const char *refusal_text(const struct alloc *a, int code)
{
    return a->is_salloc && code != ESLURM_NODES_BUSY ? "Job submit/allocate failed: "
                                                     : "Unable to allocate resources: ";
}

static int submit(const struct alloc *a, struct submit_reply *reply, struct err *e)
{
    struct submit_request request;
    submit_fill(&request, a->opt);
    request.resp_host = mem_strdup(a->opt->world.hostname);
    request.resp_pid = (uint32_t)getpid();
    int rc = submit_call(a->cli, &request, reply, e);
    meta_release(&record_submit_request, &request);
    return rc;
}

int alloc_submit(struct alloc *a)
{
    struct submit_reply reply;
    struct err e;
    if (submit(a, &reply, &e) < 0) {
        submit_complain(a->cli, refusal_text(a, e.code), &e);
        return e.code == ESLURM_NODES_BUSY ? exit_immediate() : alloc_exit_error();
    }
    a->job_id = reply.job_id;
    meta_release(&record_submit_reply, &reply);
    cli_verbose(a->cli, "JobId=%u returned by the controller", a->job_id);
    return 0;
}

int alloc_test(struct alloc *a)
{
    struct submit_reply reply;
    struct err e;
    if (submit(a, &reply, &e) < 0) {
        fprintf(stderr, "allocation failure: %.*s\n", (int)strcspn(e.text, "\n"), e.text);
        return 1;
    }
    submit_say_when(a->cli, &reply);
    meta_release(&record_submit_reply, &reply);
    return 0;
}

/* --- watching --- */

static void keep(struct alloc *a, void *record)
{
    if (!record)
        return;
    if (a->job)
        meta_free(&record_job, a->job);
    a->job = record;
    a->told++;
    if (job_is_final(a->job))
        a->over = true;
}

static void watch_lost(struct alloc *a, const struct err *e)
{
    client_close(a->watch);
    a->watch = NULL;
    if (e->code == ESLURM_INVALID_JOB_ID || e->code == ESLURM_ACCESS_DENIED)
        a->over = true;
    else
        a->retry_ms = alloc_now_ms() + RETRY_MS;
}

int alloc_watch(struct alloc *a, struct err *e)
{
    struct job_select select;
    char id[16];
    meta_init(&record_job_select, &select);
    buf_print(id, sizeof id, "%u", a->job_id);
    meta_strs_push(&select.ids, id);
    a->retry_ms = 0;
    a->watch = client_to_controller(cli_env(a->cli));
    int rc = client_send(a->watch, MSG_JOB_WATCH, &select, e);
    meta_release(&record_job_select, &select);
    if (rc < 0)
        watch_lost(a, e);
    return rc;
}

int alloc_fd(struct alloc *a)
{
    struct err e;
    return a->watch ? client_fd(a->watch, &e) : -1;
}

void alloc_news(struct alloc *a)
{
    enum msg_type type;
    void *record;
    struct err e;
    int rc = 1;
    if (!a->watch && a->retry_ms && alloc_now_ms() >= a->retry_ms)
        alloc_watch(a, &e);
    while (a->watch && rc > 0) {
        rc = client_receive(a->watch, 0, &type, &record, &e);
        if (rc < 0)
            watch_lost(a, &e);
        else if (rc > 0 && !record) /* the end: nothing about this job will change any more */
            a->over = true, client_close(a->watch), a->watch = NULL;
        else if (rc > 0)
            keep(a, record);
    }
}

/* --- waiting --- */

/* Why the job cannot even be looked at yet. */
static void say_obstacle(const struct alloc *a)
{
    if (!a->job)
        return;
    if (job_is_held(a->job))
        cli_info(a->cli, "Job is in held state, pending scheduler release");
    else if (a->job->reason == WHY_PARTITIONNODELIMIT)
        cli_info(a->cli, "Requested partition configuration not available now");
}

static void say_queued(struct alloc *a)
{
    if (a->waited)
        return;
    a->waited = true;
    say_obstacle(a);
    if (a->is_salloc)
        cli_info(a->cli, "Pending job allocation %u", a->job_id);
    cli_info(a->cli, "job %u queued and waiting for resources", a->job_id);
}

/* The job ended before it began. */
static int cancelled(struct alloc *a)
{
    if (a->is_salloc)
        cli_info(a->cli, "Job allocation %u has been revoked.", a->job_id);
    cli_info(a->cli, "Job has been cancelled");
    int code = ESLURM_JOB_STEP_ALREADY_COMPLETING_OR_COMPLETED;
    cli_error(a->cli, "%s%s", refusal_text(a, code), error_text(code));
    return alloc_exit_error();
}

static int interrupted(struct alloc *a)
{
    if (a->is_salloc)
        cli_info(a->cli, "Job aborted due to signal");
    alloc_give_back(a, 0);
    cli_info(a->cli, "Job allocation %u has been revoked%s", a->job_id, a->is_salloc ? "." : "");
    return alloc_exit_error();
}

/* A job that somebody or something has to release first: it is no question of nodes. */
static bool is_held_up(const struct job *j)
{
    return j && (job_is_held(j) || j->reason == WHY_BEGINTIME || j->reason == WHY_DEPENDENCY);
}

/* --immediate: the seconds are over, or the job cannot begin at once. */
static int not_at_once(struct alloc *a)
{
    bool held_up = is_held_up(a->job);
    alloc_give_back(a, 0);
    if (held_up)
        cli_error(a->cli, "%s%s", refusal_text(a, ESLURM_DEPENDENCY), error_text(ESLURM_DEPENDENCY));
    else
        cli_error(a->cli, "Unable to allocate resources: %s", error_text(ESLURM_NODES_BUSY));
    if (a->is_salloc)
        cli_info(a->cli, "Job allocation %u has been revoked.", a->job_id);
    return held_up ? alloc_exit_error() : exit_immediate();
}

static bool ends_waiting(int signal)
{
    return signal == SIGINT || signal == SIGTERM || signal == SIGHUP || signal == SIGQUIT;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a && (!b || a < b) ? a : b;
}

static void wait_for_news(struct alloc *a, int64_t until_ms)
{
    struct pollfd fds[2] = {{.fd = a->signal_fd, .events = POLLIN}, {.fd = alloc_fd(a), .events = POLLIN}};
    int64_t left = until_ms ? until_ms - alloc_now_ms() : -1;
    poll(fds, 2, until_ms ? (left > 0 ? (int)left : 0) : -1);
    alloc_news(a);
}

static void say_ready(const struct alloc *a)
{
    if (a->job->flags & JOBF_CONFIGURING)
        return;
    if (a->is_salloc || a->cli->verbose)
        cli_info(a->cli, "Nodes %s are ready for job", a->job->nodes);
}

/* The nodes of a started job may still be booting or in a prolog. */
static int wait_configured(struct alloc *a)
{
    if (a->job->flags & JOBF_CONFIGURING)
        cli_info(a->cli, "Waiting for resource configuration");
    while (!a->over && a->job->flags & JOBF_CONFIGURING) {
        wait_for_news(a, a->retry_ms);
        for (int signal; (signal = alloc_next_signal(a));)
            if (ends_waiting(signal))
                return interrupted(a);
    }
    if (a->over)
        return cancelled(a);
    say_ready(a);
    return 0;
}

int alloc_wait(struct alloc *a)
{
    const struct job_cli_opts *c = &a->opt->parts[0]->cli;
    int64_t begin = alloc_now_ms(), queued_at = begin + QUEUED_AFTER_MS;
    int64_t give_up = alloc_immediate(c) ? begin + (int64_t)alloc_immediate(c) * 1000 : 0;
    struct err e;
    if (alloc_watch(a, &e) < 0 && a->over) {
        cli_error(a->cli, "Unable to allocate resources: %s", e.text);
        return alloc_exit_error();
    }
    while (!a->over && (!a->job || !job_is_active(a->job))) {
        int64_t now = alloc_now_ms();
        if ((give_up && now >= give_up) || (a->opt->parts[0]->spec.immediate && is_held_up(a->job)))
            return not_at_once(a);
        if (!give_up && ((a->job && a->job->reason != WHY_NONE) || now >= queued_at))
            say_queued(a);
        wait_for_news(a, earlier(a->retry_ms, earlier(give_up, a->waited ? 0 : queued_at)));
        for (int signal; (signal = alloc_next_signal(a));)
            if (ends_waiting(signal))
                return interrupted(a);
    }
    if (a->over)
        return cancelled(a);
    if (a->waited)
        cli_info(a->cli, "job %u has been allocated resources", a->job_id);
    if (a->is_salloc)
        cli_info(a->cli, "Granted job allocation %u", a->job_id);
    return wait_configured(a);
}

void alloc_give_back(struct alloc *a, uint32_t status)
{
    struct job_complete request = {.job_id = a->job_id, .status = status};
    struct err e;
    if (a->over)
        return;
    int rc = client_call(cli_ctld(a->cli), MSG_JOB_COMPLETE, &request, NULL, &e);
    /* A job that is over already has nothing to give back. */
    if (rc < 0 && e.code != ESLURM_INVALID_JOB_ID && e.code != ESLURM_JOB_ALREADY_FINISHED &&
        e.code != ESLURM_JOB_STEP_ALREADY_COMPLETING_OR_COMPLETED)
        cli_error(a->cli, "Unable to relinquish job allocation %u: %s", a->job_id, e.text);
    a->over = true;
}

void alloc_release(struct alloc *a)
{
    client_close(a->watch);
    if (a->job)
        meta_free(&record_job, a->job);
    if (a->signal_fd >= 0)
        close(a->signal_fd);
    alloc_init(a, a->cli, a->opt, a->is_salloc);
}
