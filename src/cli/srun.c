/* SPDX-License-Identifier: Apache-2.0 */
/* srun(1): run a program in parallel, in a new allocation or inside one. */
#include "cli/srun.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/allocate.h"
#include "cli/commands.h"
#include "cli/fetch.h"
#include "cli/jobenv.h"
#include "cli/jobvars.h"
#include "cli/slurpfile.h"
#include "conf/conf.h"
#include "model/jobtext.h"

enum { RETRY_FIRST_MS = 100, RETRY_MAX_MS = 10000 };

/* --- the step ---------------------------------------------------------------------------------------------------- */

static void fill_step(const struct srun *s, uint32_t job_id, struct step_create *c)
{
    const struct job_spec *spec = &s->part->spec;
    const struct job_cli_opts *o = s->opts;
    meta_init(&record_step_create, c);
    c->job_id = job_id;
    mem_set_str(&c->name, spec->name);
    c->min_nodes = o->nodes_given ? spec->min_nodes : NO_VAL;
    c->max_nodes = o->nodes_given ? spec->max_nodes : NO_VAL;
    c->ntasks = o->ntasks_given ? spec->ntasks : NO_VAL;
    c->cpus_per_task = o->cpus_given ? spec->cpus_per_task : NO_VAL16;
    c->ntasks_per_node = spec->ntasks_per_node;
    c->mem_per_node = spec->mem_per_node;
    c->mem_per_cpu = spec->mem_per_cpu;
    mem_set_str(&c->tres_per_node, spec->tres_per_node);
    mem_set_str(&c->tres_per_task, spec->tres_per_task);
    mem_set_str(&c->tres_per_step, spec->tres_per_job);
    c->dist = spec->dist;
    c->plane_size = spec->plane_size;
    mem_set_str(&c->nodes, spec->req_nodes);
    mem_set_str(&c->exclude, spec->exc_nodes);
    c->relative = o->relative < NO_VAL ? (uint16_t)o->relative : NO_VAL16;
    c->time_limit = o->time_given ? spec->time_limit : NO_VAL;
    c->overlap = o->overlap;
    c->exact = o->exact;
    c->overcommit = spec->overcommit == 1;
    c->immediate = spec->immediate;
    mem_set_str(&c->srun_host, s->o->world.hostname);
    c->srun_pid = (uint32_t)getpid();
    mem_set_str(&c->submit_line, spec->submit_line);
    mem_set_str(&c->container, spec->container);
    mem_set_str(&c->network, spec->network);
    c->ntasks_per_gpu = spec->ntasks_per_gpu;
    c->threads_per_core = spec->threads_per_core;
    mem_set_str(&c->work_dir, spec->work_dir);
    if (spec->dist == DIST_ARBITRARY && spec->req_nodes) {
        struct text_list names = {0};
        text_split(&names, spec->req_nodes, ',');
        for (uint32_t i = 0; i < names.n; i++)
            meta_strs_push(&c->arbitrary, names.v[i]);
        text_list_release(&names);
    }
}

static int refuse_step(struct srun *s, uint32_t job_id, const struct err *e)
{
    char prefix[96];
    buf_print(prefix, sizeof prefix, "Unable to create step for job %u: ", job_id);
    submit_complain(s->cli, prefix, e);
    return EXIT_FAILURE;
}

static int no_such_allocation(struct srun *s, uint32_t job_id)
{
    cli_info(s->cli, "Check SLURM_JOB_ID environment variable. Expired or invalid job %u", job_id);
    return EXIT_FAILURE;
}

/* An allocation that was there before: does it still run, and is it large enough? */
static int confirm_allocation(struct srun *s, uint32_t job_id)
{
    struct job_select select;
    struct job_list jobs = {0};
    struct err e;
    char id[16];
    meta_init(&record_job_select, &select);
    buf_print(id, sizeof id, "%u", job_id);
    meta_strs_push(&select.ids, id);
    select.all = true;
    int rc = fetch_jobs(cli_ctld(s->cli), &select, &jobs, &e);
    meta_release(&record_job_select, &select);
    if (rc == 0 && !jobs.list.n)
        rc = err_set(&e, ESLURM_INVALID_JOB_ID, "Invalid job id specified");
    if (rc < 0) {
        cli_error(s->cli, "Unable to confirm allocation for job %u: %.*s", job_id, (int)strcspn(e.text, "\n"), e.text);
        return no_such_allocation(s, job_id);
    }
    const struct job *job = jobs.list.v[0];
    if (job_is_final(job)) {
        cli_error(s->cli, "Slurm job %u has expired", job_id);
        return no_such_allocation(s, job_id);
    }
    uint32_t want = s->opts->nodes_given && s->part->spec.min_nodes < NO_VAL ? s->part->spec.min_nodes : 0;
    bool mine = job->uid == getuid();
    uint32_t have = job->alloc.n;
    job_list_release(&jobs);
    if (mine && have && want > have) {
        cli_error(s->cli, "Only allocated %u nodes asked for %u", have, want);
        return EXIT_FAILURE;
    }
    return 0;
}

/* Resources of the job that other steps hold are waited for. */
static int create_step(struct srun *s, uint32_t job_id)
{
    struct step_create c;
    struct step_create_reply reply;
    struct err e;
    bool waited = false;
    int rc;
    fill_step(s, job_id, &c);
    for (int64_t pause = RETRY_FIRST_MS;; pause = pause * 2 > RETRY_MAX_MS ? RETRY_MAX_MS : pause * 2) {
        rc = client_call(cli_ctld(s->cli), MSG_STEP_CREATE, &c, &reply, &e);
        if (rc == 0 || e.code != ESLURM_NODES_BUSY || s->part->spec.immediate)
            break;
        if (!waited)
            cli_info(s->cli, "Job %u step creation temporarily disabled, retrying (%s)", job_id, e.text);
        waited = true;
        usleep((useconds_t)pause * 1000);
    }
    meta_release(&record_step_create, &c);
    if (rc < 0)
        return refuse_step(s, job_id, &e);
    if (waited)
        cli_info(s->cli, "Step created for StepId=%u.%u", job_id, reply.step->step_id);
    if (reply.message)
        cli_info(s->cli, "%s", reply.message);
    s->step = reply.step;
    meta_free(&record_job, s->job);
    s->job = reply.job;
    s->credential = reply.credential;
    return 0;
}

/* --- launch ------------------------------------------------------------------------------------------------------ */

static int fill_environment(struct srun *s, struct launch_tasks *m)
{
    struct jobenv env;
    struct err e;
    struct buf counts = BUF_INIT;
    if (jobenv_make(&env, s->o, s->part, &e) < 0) {
        cli_error(s->cli, "%s", e.text);
        return -1;
    }
    jobvars_job(&env, s->job, cli_cluster(s->cli), cli_env(s->cli)->conf_path);
    uint32_t *tasks = mem_array(s->step->layout.n + 1, sizeof *tasks);
    for (uint32_t i = 0; i < s->step->layout.n; i++)
        tasks[i] = s->step->layout.v[i].tasks.n;
    jobvars_counts(tasks, s->step->layout.n, &counts);
    jobenv_set(&env, "SLURM_STEP_TASKS_PER_NODE", counts.s);
    if (s->part->spec.name)
        jobenv_set(&env, "SLURM_JOB_NAME", s->part->spec.name); /* what runs, not what the allocation is called */
    submit_split_environment(&env, &m->env, &m->rlimits);
    mem_free(tasks);
    buf_release(&counts);
    jobenv_release(&env);
    return 0;
}

/* Adds the tasks that a line of a --multi-prog file names: "0-1,5" or "*". */
static void add_line_tasks(struct srun *s, const char *line, struct bits *tasks)
{
    char list[1024];
    struct bits some = {0};
    struct err e;
    line = text_skip_space(line);
    buf_print(list, sizeof list, "%.*s", (int)strcspn(line, " \t\n"), line);
    if (strcmp(list, "*") == 0)
        bits_set_range(tasks, 0, s->step->ntasks - 1);
    else if (*list && *list != '#' && bits_parse(&some, list, &e) == 0)
        bits_or(tasks, &some);
    bits_release(&some);
}

/* The file goes to the nodes as it is; every task must have a program in it. */
static int read_multi_prog(struct srun *s, struct launch_tasks *m)
{
    struct buf text = BUF_INIT;
    struct bits tasks = {0};
    struct err e;
    const char *path = s->part->argc ? s->part->argv[0] : "";
    if (slurpfile(path, &text, &e) < 0) {
        cli_error(s->cli, "%s", e.text);
        return -1;
    }
    for (const char *line = text.s; *line; line += strcspn(line, "\n"), line += *line == '\n')
        add_line_tasks(s, line, &tasks);
    m->multi_prog = buf_take(&text);
    for (uint32_t i = 0; i < s->step->ntasks; i++) {
        if (!bits_test(&tasks, i)) {
            cli_error(s->cli, "Configuration file %s invalid, no record for task id %u", path, i);
            return -1;
        }
    }
    bits_release(&tasks);
    return 0;
}

static int fill_launch(struct srun *s, struct launch_tasks *m)
{
    const struct job_spec *spec = &s->part->spec;
    struct winsize size = {0};
    meta_init(&record_launch_tasks, m);
    m->credential = s->credential;
    m->job = s->job;
    m->step = s->step;
    for (uint32_t i = 0; i < s->part->argc; i++)
        meta_strs_push(&m->argv, s->part->argv[i]);
    if (fill_environment(s, m) < 0)
        return -1;
    mem_set_str(&m->work_dir, spec->work_dir);
    mem_set_str(&m->std_out, s->out.pattern);
    mem_set_str(&m->std_err, s->err.pattern);
    m->stdin_task = s->stdin_task;
    m->pty = s->pty;
    if (s->pty && ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0) {
        m->rows = size.ws_row;
        m->cols = size.ws_col;
    }
    mem_set_str(&m->cpu_bind, spec->cpu_bind);
    mem_set_str(&m->mem_bind, spec->mem_bind);
    mem_set_str(&m->tres_bind, spec->tres_bind);
    const char *mpi = s->opts->mpi_type ? s->opts->mpi_type : conf_str(cli_env(s->cli)->conf, CONF_MPI_DEFAULT);
    mem_set_str(&m->mpi, mpi);
    m->open_mode = spec->open_mode;
    m->umask = spec->umask;
    mem_set_str(&m->task_prolog, s->opts->task_prolog);
    mem_set_str(&m->task_epilog, s->opts->task_epilog);
    m->label = s->opts->label;
    m->unbuffered = s->opts->unbuffered;
    m->external = s->opts->external_launcher;
    return s->opts->multi_prog ? read_multi_prog(s, m) : 0;
}

/* Sends the launch to every node; the answers come in the loop. */
static int launch(struct srun *s)
{
    struct launch_tasks m;
    struct err e;
    if (fill_launch(s, &m) < 0)
        return -1;
    s->tasks = mem_array(s->step->ntasks + 1, sizeof *s->tasks);
    s->nodes = mem_array(s->step->layout.n + 1, sizeof *s->nodes);
    for (uint32_t i = 0; i < s->step->ntasks; i++) {
        buf_init(&s->tasks[i].line[0]);
        buf_init(&s->tasks[i].line[1]);
    }
    for (uint32_t i = 0; i < s->step->layout.n; i++) {
        const struct step_node *n = &s->step->layout.v[i];
        s->nodes[i].c = client_to_node(cli_env(s->cli), n->addr, n->port, n->name);
        s->nodes[i].open = n->tasks.n;
        s->open_tasks += n->tasks.n;
        s->open_nodes++;
        m.nodeid = i;
        cli_verbose(s->cli, "launching StepId=%u.%u on host %s, %u tasks", s->step->job_id, s->step->step_id, n->name,
                    n->tasks.n);
        if (client_send(s->nodes[i].c, MSG_LAUNCH_TASKS, &m, &e) < 0) {
            cli_error(s->cli, "Task launch for StepId=%u.%u failed on node %s: %s", s->step->job_id, s->step->step_id,
                      n->name, e.text);
            return -1;
        }
    }
    return 0;
}

static void say_nodes(struct srun *s)
{
    struct buf cpus = BUF_INIT;
    uint32_t *counts = mem_array(s->job->alloc.n + 1, sizeof *counts);
    for (uint32_t i = 0; i < s->job->alloc.n; i++)
        counts[i] = s->job->alloc.v[i].cpus;
    for (uint32_t i = 0; i < s->job->alloc.n;) {
        uint32_t same = 1;
        while (i + same < s->job->alloc.n && counts[i + same] == counts[i])
            same++;
        buf_addf(&cpus, "%s%u(x%u)", cpus.len ? "," : "", counts[i], same);
        i += same;
    }
    cli_verbose(s->cli, "jobid %u: nodes(%u):`%s', cpu counts: %s", s->job->job_id, s->job->alloc.n,
                s->job->nodes ? s->job->nodes : "", cpus.s);
    mem_free(counts);
    buf_release(&cpus);
}

/* --prolog and --epilog run here, before and after the step. */
static void run_hook(const struct srun *s, const char *path)
{
    if (!path || !*path || strcmp(path, "none") == 0)
        return;
    pid_t pid = fork();
    if (pid == 0) {
        execv(path, s->part->argv);
        _exit(127);
    }
    if (pid > 0)
        waitpid(pid, NULL, 0);
}

static int run_step(struct srun *s)
{
    if (srun_io_setup(s) < 0)
        return EXIT_FAILURE;
    say_nodes(s);
    const struct conf *conf = cli_env(s->cli)->conf;
    run_hook(s, s->opts->prolog ? s->opts->prolog : conf_str(conf, CONF_SRUN_PROLOG));
    int status = launch(s) < 0 ? EXIT_FAILURE : srun_run(s);
    srun_io_restore(s);
    run_hook(s, s->opts->epilog ? s->opts->epilog : conf_str(conf, CONF_SRUN_EPILOG));
    if (status && !s->wait_status)
        s->wait_status = (uint32_t)status << 8;
    struct step_done done = {.job_id = s->step->job_id, .step_id = s->step->step_id, .exit_code = s->wait_status};
    client_call(cli_ctld(s->cli), MSG_STEP_DONE, &done, NULL, NULL);
    return status;
}

int cmd_srun(struct cli *cli)
{
    static struct jobopt o; /* the environment that tasks get points into it */
    struct srun s = {.cli = cli, .o = &o};
    int status;
    if (!submit_read_options(cli, JOBOPT_SRUN, &o, &status))
        return status;
    s.part = o.parts[0];
    s.opts = &s.part->cli;
    bool inside = s.opts->jobid && s.opts->jobid != NO_VAL;
    uint32_t job_id = s.opts->jobid;
    if (!inside) {
        s.job = allocate(cli, &o, "Unable to allocate resources: ", &s.watch, &status);
        if (!s.job)
            return status;
        s.watching = true;
        job_id = s.job->job_id;
        cli_verbose(cli, "Nodes %s are ready for job", s.job->nodes ? s.job->nodes : "");
    }
    status = inside ? confirm_allocation(&s, job_id) : 0;
    if (status == 0)
        status = create_step(&s, job_id);
    if (status == 0) {
        if (inside)
            submit_watch_open(&s.watch, cli, job_id);
        s.watching = true;
        status = run_step(&s);
    }
    if (!inside)
        allocate_give_back(cli, job_id, s.wait_status ? s.wait_status : (uint32_t)status << 8);
    return status;
}
