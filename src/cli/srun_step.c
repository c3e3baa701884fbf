/* SPDX-License-Identifier: Apache-2.0 */
/* Which job a step belongs to, what is asked for it, and waiting until the job has room. */
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/hostlist.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/fetch.h"
#include "cli/jobopt.h"
#include "cli/srun.h"
#include "cli/srun_exit.h"
#include "conf/conf.h"
#include "model/errors.h"
#include "model/jobtext.h"

enum {
    RETRY_MS_MIN = 100, /* doubles with every refusal, when nothing is heard of the job */
    RETRY_MS_MAX = 5000,
};

/* --- joining a job --- */

static int expired(struct srun *s)
{
    cli_info(s->cli, "Check SLURM_JOB_ID environment variable. Expired or invalid job %u", s->job_id);
    return alloc_exit_error();
}

static int find_job(struct srun *s, struct job **ret)
{
    struct job_select select;
    struct job_list jobs = {0};
    struct err e;
    char id[16];
    meta_init(&record_job_select, &select);
    buf_print(id, sizeof id, "%u", s->job_id);
    meta_strs_push(&select.ids, id);
    select.all = true;
    int rc = fetch_jobs(cli_ctld(s->cli), &select, &jobs, &e);
    meta_release(&record_job_select, &select);
    *ret = NULL;
    if (rc == 0 && jobs.list.n)
        *ret = meta_dup(&record_job, jobs.list.v[0]);
    job_list_release(&jobs);
    if (*ret)
        return 0;
    cli_error(s->cli, "Unable to confirm allocation for job %u: %s", s->job_id,
              rc < 0 ? e.text : error_text(ESLURM_INVALID_JOB_ID));
    return rc < 0 && e.code != ESLURM_INVALID_JOB_ID ? alloc_exit_error() : expired(s);
}

static bool leaves_nothing(const char *nodes, const char *exclude)
{
    struct hostlist left = {0}, gone = {0};
    struct err e;
    bool nothing = exclude && hostlist_parse(&left, nodes, &e) == 0 &&
                   hostlist_parse(&gone, exclude, &e) == 0 && hostlist_delete(&left, &gone, &e) >= 0 &&
                   left.count == 0;
    hostlist_release(&left);
    hostlist_release(&gone);
    return nothing;
}

static int check_counts(struct srun *s, const struct job *job)
{
    const struct job_spec *spec = &s->part->spec;
    if (s->given->relative != NO_VAL && (spec->req_nodes || spec->exc_nodes)) {
        cli_error(s->cli, "-r,--relative not allowed with -w,--nodelist or -x,--exclude.");
        return alloc_exit_error();
    }
    uint32_t have = job->alloc.n, want = spec->min_nodes == NO_VAL ? 0 : spec->min_nodes;
    if (s->given->relative != NO_VAL && s->given->relative + (want ? want : 1) > have) {
        bool given = jobopt_given(s->part, "nodes") == JOBOPT_ARGV;
        cli_error(s->cli, "--relative and %s option incompatible with count of allocated nodes (%u+%u>%u)",
                  given ? "--nodes" : "SLURM_JOB_NUM_NODES", s->given->relative, want ? want : 1, have);
        return alloc_exit_error();
    }
    if (want > have) {
        cli_error(s->cli, "Only allocated %u nodes asked for %u", have, want);
        return alloc_exit_error();
    }
    if (leaves_nothing(job->nodes, spec->exc_nodes)) {
        cli_error(s->cli, "Hostlist is empty!  Can't run job.");
        return alloc_exit_error();
    }
    return 0;
}

int srun_join(struct srun *s)
{
    struct job *job;
    s->job_id = s->given->jobid;
    s->alloc.job_id = s->job_id;
    int rc = find_job(s, &job);
    if (rc != 0)
        return rc;
    s->alloc.job = job;
    if (job_is_final(job)) {
        cli_error(s->cli, "Slurm job %u has expired", s->job_id);
        return expired(s);
    }
    if (job->state == JOB_PENDING) {
        cli_error(s->cli, "Unable to confirm allocation for job %u: %s", s->job_id,
                  error_text(ESLURM_JOB_PENDING_EXECUTION));
        return expired(s);
    }
    return job_is_active(job) ? check_counts(s, job) : 0;
}

/* --- the request --- */

/* --distribution=arbitrary: the node of each task, as the list of nodes names them. */
static void add_places(const struct srun *s, struct step_create *r)
{
    struct hostlist hosts = {0}, unique = {0};
    struct host_iter it = {.list = &hosts};
    struct buf names = BUF_INIT;
    struct err e;
    const char *name, *list = s->part->spec.req_nodes;
    if (r->dist != DIST_ARBITRARY || !list || hostlist_parse(&hosts, list, &e) < 0)
        return;
    while ((name = host_iter_next(&it)) && (r->ntasks == NO_VAL || r->arbitrary.n < r->ntasks)) {
        meta_strs_push(&r->arbitrary, name);
        hostlist_push(&unique, name, &e);
    }
    hostlist_uniq(&unique);
    hostlist_text(&unique, &names);
    mem_set_str(&r->nodes, names.s);
    r->ntasks = r->arbitrary.n;
    r->min_nodes = r->max_nodes = unique.count;
    buf_release(&names);
    hostlist_release(&hosts);
    hostlist_release(&unique);
}

/* The devices a step asks for within its job. A job of our own has been given just what was asked. */
static void add_devices(const struct srun *s, struct step_create *r)
{
    const struct job_spec *spec = &s->part->spec;
    if (s->own_job)
        return;
    const char *gres = jobopt_text(s->part, "gres");
    r->tres_per_node = mem_strdup(
        !spec->tres_per_node && gres && text_casecmp(gres, "none") == 0 ? "none" : spec->tres_per_node);
    r->tres_per_task = mem_strdup(spec->tres_per_task);
    r->tres_per_step = mem_strdup(spec->tres_per_job);
}

/* Only -c was given: as many tasks as the CPUs of the job have room for, when the step is for all its nodes.
 */
static uint32_t tasks_of_cpus(const struct srun *s)
{
    const struct job_spec *spec = &s->part->spec;
    const struct job *job = s->alloc.job;
    uint32_t tasks = 0, each = spec->cpus_per_task;
    if (!job || each == NO_VAL16 || !each || spec->ntasks_per_node != NO_VAL16 || spec->req_nodes ||
        spec->exc_nodes || (spec->min_nodes != NO_VAL && spec->min_nodes != job->alloc.n))
        return NO_VAL;
    for (uint32_t i = 0; i < job->alloc.n; i++)
        tasks += job->alloc.v[i].cpus / each;
    return tasks ? tasks : NO_VAL;
}

/* Of a range of nodes the step has as many as its job got, and tasks on each of them. */
static void fill_range(const struct srun *s, struct step_create *r)
{
    if (s->alloc.job && s->alloc.job->alloc.n >= r->min_nodes)
        r->min_nodes = s->alloc.job->alloc.n;
    if (r->ntasks_per_node != NO_VAL16 && jobopt_given(s->part, "ntasks") == JOBOPT_UNSET)
        r->ntasks = NO_VAL;
}

static void fill(const struct srun *s, struct step_create *r)
{
    const struct job_spec *spec = &s->part->spec;
    const struct job_cli_opts *c = s->given;
    meta_init(&record_step_create, r);
    r->job_id = s->job_id;
    r->name =
        mem_strdup(c->job_name_given && jobopt_given(s->part, "job-name") == JOBOPT_ARGV ? spec->name : NULL);
    if (!r->name && s->part->argc) {
        const char *slash = strrchr(s->part->argv[0], '/');
        r->name = mem_strdup(slash ? slash + 1 : s->part->argv[0]);
    }
    r->min_nodes = spec->min_nodes;
    r->max_nodes = spec->max_nodes;
    r->ntasks = spec->ntasks != NO_VAL || s->own_job || !c->cpus_given ? spec->ntasks : tasks_of_cpus(s);
    r->cpus_per_task = spec->cpus_per_task;
    r->ntasks_per_node = spec->ntasks_per_node;
    r->ntasks_per_gpu = spec->ntasks_per_gpu;
    if (s->own_job && spec->min_nodes != NO_VAL && spec->min_nodes < spec->max_nodes)
        fill_range(s, r);
    r->threads_per_core = spec->threads_per_core;
    r->mem_per_node = s->own_job ? NO_VAL64 : spec->mem_per_node;
    r->mem_per_cpu = s->own_job ? NO_VAL64 : spec->mem_per_cpu;
    r->dist = spec->dist;
    r->plane_size = spec->plane_size;
    r->nodes = mem_strdup(spec->req_nodes);
    r->exclude = mem_strdup(spec->exc_nodes);
    r->features = mem_strdup(s->own_job ? NULL : spec->features);
    r->relative = c->relative == NO_VAL ? NO_VAL16 : (uint16_t)c->relative;
    r->time_limit = s->own_job ? NO_VAL : spec->time_limit;
    r->overlap = c->overlap;
    /* For a job of its own --exclusive asks for nodes, not for CPUs. */
    r->exact = c->exact || (c->exclusive_step && !s->own_job) || (c->cpus_given && !c->whole);
    r->overcommit = spec->overcommit == 1;
    r->immediate = spec->immediate;
    r->interactive = jobopt_given(s->part, "interactive") != JOBOPT_UNSET;
    r->srun_host = mem_strdup(s->opt.world.hostname);
    r->srun_pid = (uint32_t)getpid();
    r->submit_line = mem_strdup(spec->submit_line);
    r->container = mem_strdup(spec->container);
    r->network = mem_strdup(spec->network);
    r->work_dir = mem_strdup(spec->work_dir);
    add_devices(s, r);
    add_places(s, r);
}

/* --- waiting --- */

/* Refusals that time changes: other steps, a job that has not begun, nodes that are made ready. */
static bool may_come(int code)
{
    switch (code) {
    case ESLURM_NODES_BUSY:
    case ESLURM_JOB_PENDING_EXECUTION:
    case ESLURM_PROLOGSLURMCTLD_STILL_RUNNING:
    case ESLURM_JOB_CURRENT_SUSPENDED_REQUESTED_OPERATION_DISABLED:
    case ESLURM_CONTROLLER_UNREACHABLE:
    case ESLURM_UNABLE_CONTACT_SLURM_CONTROLLER_1801:
    case ESLURM_UNABLE_CONTACT_SLURM_CONTROLLER_1802:
        return true;
    default:
        return false;
    }
}

static int refused(struct srun *s, const struct err *e)
{
    struct buf line = BUF_INIT;
    cli_error(s->cli, "Unable to create step for job %u: %s", s->job_id, cli_error_line(e, &line));
    if (cli_error_hint(e) && cli_wants_hints(s->cli))
        cli_error(s->cli, "%s", cli_error_hint(e));
    buf_release(&line);
    return alloc_exit_error();
}

/* Until the job has changed or the time is over. Gives the signal that ended it, or 0. */
static int wait_for_change(struct srun *s, int64_t until_ms, bool *ret_changed)
{
    struct alloc *a = &s->alloc;
    struct err e;
    uint64_t known = a->told;
    if (!a->watch && !a->retry_ms && !a->over && alloc_watch(a, &e) == 0)
        known++; /* how the job is now: no change */
    struct pollfd fds[2] = {{.fd = a->signal_fd, .events = POLLIN}, {.fd = alloc_fd(a), .events = POLLIN}};
    int64_t left = until_ms - alloc_now_ms();
    poll(fds, 2, left > 0 ? (int)left : 0);
    alloc_news(a);
    *ret_changed = a->told > known;
    for (int signal; (signal = alloc_next_signal(a));)
        if (signal == SIGINT || signal == SIGTERM || signal == SIGHUP || signal == SIGQUIT)
            return signal;
    return 0;
}

struct patience {
    int64_t give_up_ms; /* --immediate=N; 0: none */
    int pause_ms;
    bool told;
};

/* 0: try again; else the exit status. */
static int wait_turn(struct srun *s, struct patience *p, const struct err *e)
{
    int64_t now = alloc_now_ms();
    bool at_once = s->part->spec.immediate || alloc_immediate(s->given);
    if (!may_come(e->code) || (at_once && now >= p->give_up_ms))
        return refused(s, e);
    if (!p->told && e->code != ESLURM_NODES_BUSY)
        cli_info(s->cli, "Job %u step creation temporarily disabled, retrying (%s)", s->job_id, e->text);
    p->told = true;
    int64_t until = now + p->pause_ms;
    bool changed;
    int signal = wait_for_change(s, at_once && p->give_up_ms < until ? p->give_up_ms : until, &changed);
    p->pause_ms = p->pause_ms * 2 < RETRY_MS_MAX ? p->pause_ms * 2 : RETRY_MS_MAX;
    if (signal) {
        cli_info(s->cli, "Cancelled pending job step with signal %d", signal);
        struct err gone;
        err_set(&gone, ESLURM_JOB_STEP_ALREADY_COMPLETING_OR_COMPLETED, "%s",
                error_text(ESLURM_JOB_STEP_ALREADY_COMPLETING_OR_COMPLETED));
        return refused(s, &gone);
    }
    if (changed && e->code == ESLURM_NODES_BUSY)
        cli_verbose(s->cli, "Step completed in JobId=%u, retrying", s->job_id);
    return 0;
}

/* What -v says of the allocation. */
static void say_layout(struct srun *s, const struct job *job)
{
    struct buf counts = BUF_INIT;
    for (uint32_t i = 0, run; i < job->alloc.n; i += run) {
        for (run = 1; i + run < job->alloc.n && job->alloc.v[i + run].cpus == job->alloc.v[i].cpus; run++)
            ;
        buf_addf(&counts, "%s%u(x%u)", i ? "," : "", job->alloc.v[i].cpus, run);
    }
    cli_verbose(s->cli, "jobid %u: nodes(%u):`%s', cpu counts: %s", s->job_id, job->alloc.n,
                job->nodes ? job->nodes : "", counts.s);
    buf_release(&counts);
}

int srun_create(struct srun *s)
{
    struct step_create request;
    struct patience p = {.pause_ms = RETRY_MS_MIN};
    struct err e;
    int status = 0, rc;
    if (alloc_immediate(s->given))
        p.give_up_ms = alloc_now_ms() + (int64_t)alloc_immediate(s->given) * 1000;
    if (s->alloc.job && job_is_active(s->alloc.job))
        say_layout(s, s->alloc.job);
    fill(s, &request);
    while ((rc = client_call(cli_ctld(s->cli), MSG_STEP_CREATE, &request, &s->reply, &e)) < 0 && status == 0)
        status = wait_turn(s, &p, &e);
    meta_release(&record_step_create, &request);
    if (rc < 0)
        return status;
    s->step = s->reply.step;
    s->id = buf_format("%u.%u", s->job_id, s->step->step_id);
    if (s->reply.message)
        cli_info(s->cli, "%s", s->reply.message);
    if (p.told)
        cli_info(s->cli, "Step created for StepId=%s", s->id);
    return 0;
}

void srun_done(struct srun *s)
{
    struct step_done done = {.job_id = s->job_id, .step_id = s->step->step_id, .exit_code = s->worst};
    struct err e;
    /* The nodes tell the same; whoever comes second is not needed. */
    client_call(cli_ctld(s->cli), MSG_STEP_DONE, &done, NULL, &e);
}
