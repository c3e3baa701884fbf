/* SPDX-License-Identifier: Apache-2.0 */
/* What options say together: which exclude each other, and what follows from them. */
#include "cli/jobopt_priv.h"

#include <string.h>

#include "base/hostlist.h"
#include "base/mem.h"
#include "base/text.h"

static bool given(const struct jobopt_part *p, const char *name)
{
    return jobopt_given(p, name) != JOBOPT_UNSET;
}

/* Given by script or command line, not found in the environment. */
static bool asked(const struct jobopt_part *p, const char *name)
{
    enum jobopt_source source = jobopt_given(p, name);
    return source == JOBOPT_SCRIPT || source == JOBOPT_ARGV;
}

static void forget(struct jobopt_part *p, const char *name)
{
    uint32_t i = jobopt_index(jobopt_row(name));
    p->source[i] = JOBOPT_UNSET;
    mem_free(p->given[i]);
    p->given[i] = NULL;
}

/* One of --mem, --mem-per-cpu and --mem-per-gpu. What was asked for hides what is in the environment. */
static int check_memory(struct jobopt *o, struct jobopt_part *p)
{
    static const char *const names[] = {"mem", "mem-per-cpu", "mem-per-gpu"};
    uint64_t *fields[] = {&p->spec.mem_per_node, &p->spec.mem_per_cpu, &p->spec.mem_per_gpu};
    unsigned n_asked = 0, n_env = 0;
    for (unsigned i = 0; i < 3; i++) {
        n_asked += asked(p, names[i]);
        n_env += jobopt_given(p, names[i]) == JOBOPT_ENV;
    }
    if (n_asked > 1)
        return jobopt_fatal(o, "--mem, --mem-per-cpu, and --mem-per-gpu are mutually exclusive.");
    if (n_asked == 0 && n_env > 1)
        return jobopt_fatal(
            o, "SLURM_MEM_PER_CPU, SLURM_MEM_PER_GPU, and SLURM_MEM_PER_NODE are mutually exclusive.");
    for (unsigned i = 0; i < 3 && n_asked; i++) {
        if (jobopt_given(p, names[i]) != JOBOPT_ENV)
            continue;
        *fields[i] = NO_VAL64;
        if (i == 2)
            mem_set_str(&p->spec.mem_per_tres, NULL);
        forget(p, names[i]);
    }
    return 0;
}

static int check_cpus(struct jobopt *o, struct jobopt_part *p)
{
    const char *tres = jobopt_text(p, "tres-per-task");
    bool cpus_in_tres = tres && (text_starts_nocase(tres, "cpu") || text_has(tres, ",cpu"));
    if (asked(p, "cpus-per-task") && asked(p, "tres-per-task") && cpus_in_tres)
        return jobopt_fatal(
            o, "You can not have --tres-per-task=cpu= and --cpus-per-task please use one or the other");
    bool per_task = asked(p, "cpus-per-task") || (asked(p, "tres-per-task") && cpus_in_tres);
    if (asked(p, "cpus-per-gpu") && per_task)
        return jobopt_fatal(
            o, "--cpus-per-task, --tres-per-task=cpu:#, and --cpus-per-gpu are mutually exclusive");
    if (given(p, "cpus-per-gpu") && given(p, "cpus-per-task")) {
        /* One of them is only inherited from the job: the other one counts. */
        if (per_task)
            mem_set_str(&p->spec.cpus_per_tres, NULL);
        else
            p->spec.cpus_per_task = NO_VAL16;
    }
    /* An inherited SLURM_TRES_PER_TASK repeats an inherited SLURM_CPUS_PER_TASK; what was asked for is
     * stronger. */
    if (asked(p, "tres-per-task") && cpus_in_tres && !asked(p, "cpus-per-task"))
        p->spec.cpus_per_task = NO_VAL16;
    return 0;
}

static int check_pairs(struct jobopt *o, const struct jobopt_part *p)
{
    if (p->cli.quiet && p->cli.verbose)
        return jobopt_fail(o, JOBOPT_EXIT, "don't specify both --verbose (-v) and --quiet (-Q)");
    if (given(p, "exclusive") && given(p, "oversubscribe"))
        return jobopt_fatal(o, "--exclusive and --oversubscribe options are mutually exclusive");
    if (given(p, "core-spec") && given(p, "thread-spec"))
        return jobopt_fatal(o, "-S/--core-spec and --thred-spec options are mutually exclusive");
    return 0;
}

/* The compressed form, each name once; an arbitrary distribution means every name as it stands. */
static void compress(char **list, struct hostlist *hosts, bool keep_order)
{
    struct buf text = BUF_INIT;
    if (keep_order)
        return;
    hostlist_uniq(hosts);
    hostlist_text(hosts, &text);
    mem_free(*list);
    *list = buf_take(&text);
}

/* A list of nodes without -N asks for all of them. */
static int nodes_of_list(struct jobopt *o, struct jobopt_part *p)
{
    struct job_spec *s = &p->spec;
    struct hostlist hosts = {0};
    struct err e;
    if (s->exc_nodes && hostlist_parse(&hosts, s->exc_nodes, &e) == 0)
        compress(&s->exc_nodes, &hosts, false); /* what cannot be read the controller refuses */
    if (!s->req_nodes || *s->req_nodes == '\0') {
        hostlist_release(&hosts);
        return 0;
    }
    if (hostlist_parse(&hosts, s->req_nodes, &e) < 0) {
        hostlist_release(&hosts);
        return jobopt_fatal(o, "Invalid node list specified");
    }
    /* In an arbitrary distribution every name is the place of a task. */
    if (s->dist == DIST_ARBITRARY && s->ntasks == NO_VAL)
        s->ntasks = hosts.count;
    compress(&s->req_nodes, &hosts, s->dist == DIST_ARBITRARY);
    hostlist_uniq(&hosts);
    if (!given(p, "nodes") && p->cli.jobid == NO_VAL) {
        s->min_nodes = hosts.count;
        if (!given(p, "ntasks")) /* else more tasks may need more nodes */
            s->max_nodes = hosts.count;
    }
    hostlist_release(&hosts);
    return 0;
}

static uint32_t at_least_one(uint16_t count)
{
    return count == NO_VAL16 || count == 0 ? 1 : count;
}

/* The number of tasks that other options imply. */
static void tasks_implied(struct jobopt_part *p)
{
    struct job_spec *s = &p->spec;
    uint64_t nodes = s->min_nodes == NO_VAL || s->min_nodes == 0 ? 1 : s->min_nodes, tasks = 0;
    if (s->ntasks != NO_VAL)
        return;
    bool geometry = given(p, "extra-node-info") || (given(p, "nodes") && given(p, "cores-per-socket"));
    if (geometry)
        tasks = nodes * at_least_one(s->sockets_per_node) * at_least_one(s->cores_per_socket);
    else if (s->ntasks_per_node != NO_VAL16 && (s->max_nodes == NO_VAL || s->max_nodes <= nodes))
        tasks = nodes * s->ntasks_per_node;
    if (tasks <= INT32_MAX && geometry)
        tasks *= at_least_one(s->threads_per_core);
    if (tasks > 0 && tasks <= INT32_MAX)
        s->ntasks = (uint32_t)tasks;
}

/* A step may inherit a number of tasks that its own --ntasks-per-node has no room for. */
static void check_tasks_per_node(struct jobopt *o, struct jobopt_part *p)
{
    struct job_spec *s = &p->spec;
    if (p->cli.jobid == NO_VAL || s->ntasks == NO_VAL || s->ntasks_per_node == NO_VAL16 ||
        s->max_nodes == NO_VAL || s->ntasks <= (uint64_t)s->ntasks_per_node * s->max_nodes)
        return;
    jobopt_warn(o,
                "can't honor --ntasks-per-node set to %u which doesn't match the requested tasks %u with the "
                "maximum number of requested nodes %u. Ignoring --ntasks-per-node.",
                s->ntasks_per_node, s->ntasks, s->max_nodes);
    s->ntasks_per_node = NO_VAL16;
}

static int check_layout(struct jobopt *o, struct jobopt_part *p)
{
    struct job_spec *s = &p->spec;
    const char *hosts = jobopt_env(o->world.env, "SLURM_HOSTFILE");
    if (s->dist == DIST_ARBITRARY && hosts && jobopt_given(p, "nodelist") != JOBOPT_ARGV &&
        jobopt_apply(o, p, jobopt_row("nodefile"), hosts, JOBOPT_ENV) < 0)
        return -1;
    if (s->dist == DIST_ARBITRARY && !s->req_nodes && p->cli.jobid == NO_VAL) {
        if (o->cmd == JOBOPT_SRUN)
            return jobopt_fail(o, JOBOPT_EXIT, "invalid number of tasks (-n 0)");
        return jobopt_fail(
            o, JOBOPT_EXIT,
            "With Arbitrary distribution you need to specify a nodelist or hostfile with the -w option");
    }
    if (nodes_of_list(o, p) < 0)
        return -1;
    check_tasks_per_node(o, p);
    tasks_implied(p);
    if (s->ntasks != NO_VAL && s->min_nodes != NO_VAL && s->ntasks < s->min_nodes) {
        jobopt_warn(o, "can't run %u processes on %u nodes, setting nnodes to %u", s->ntasks, s->min_nodes,
                    s->ntasks);
        s->min_nodes = s->max_nodes = s->ntasks;
    }
    if (s->segment_size && s->segment_size != NO_VAL16 && s->min_nodes != NO_VAL &&
        s->min_nodes > s->segment_size && s->min_nodes == s->max_nodes && s->min_nodes % s->segment_size)
        return jobopt_fatal(
            o,
            "--segment=%u does not fit the job size (%u): node count must be evenly divisible by "
            "segment size",
            s->segment_size, s->min_nodes);
    return 0;
}

/* --hint sets what was not asked for in detail. */
static void apply_hint(struct jobopt_part *p)
{
    struct job_spec *s = &p->spec;
    if (!s->hint || given(p, "ntasks-per-core") || asked(p, "threads-per-core") ||
        given(p, "extra-node-info") || asked(p, "cpu-bind"))
        return;
    bool memory = text_has(s->hint, "memory_bound");
    if (memory && s->cores_per_socket == NO_VAL16)
        s->cores_per_socket = 1;
    if (memory || text_has(s->hint, "compute_bound") || text_has(s->hint, "nomultithread"))
        s->threads_per_core = 1;
}

static int check_srun(struct jobopt *o, struct jobopt_part *p)
{
    struct job_cli_opts *c = &p->cli;
    bool in_job = c->jobid != NO_VAL;
    if (given(p, "exclusive") && asked(p, "overlap") && jobopt_given(p, "exclusive") != JOBOPT_ENV)
        return jobopt_fail(o, JOBOPT_EXIT, "--exclusive and --overlap are mutually exclusive");
    if (c->parsable && !c->async)
        return jobopt_fail(o, JOBOPT_EXIT, "--parsable requires --async.");
    if (c->async && !in_job)
        return jobopt_fail(o, JOBOPT_EXIT,
                           "--async is only valid for steps submitted within an existing job allocation.");
    if (c->no_allocate && !p->spec.req_nodes)
        return jobopt_fail(o, JOBOPT_EXIT, "must specify a node list with -Z, --no-allocate.");
    if (c->pty && (asked(p, "output") || asked(p, "error") || asked(p, "input")))
        return jobopt_fail(o, JOBOPT_EXIT, "--error/--input/--output are incompatible with --pty");
    if (p->argc == 0 && !c->test_only)
        return jobopt_fatal(o, "No command given to execute.");
    if (c->relative != NO_VAL && !in_job)
        return jobopt_fatal(o, "--relative option invalid for job allocation request");
    if (c->het_group && !in_job)
        return jobopt_fail(o, JOBOPT_EXIT, "--het-group expected to be used within an HetJob allocation");
    return 0;
}

/* With -E the counts of the environment win over the command line. */
static int preserve_env(struct jobopt *o, struct jobopt_part *p)
{
    static const struct {
        const char *variable, *option;
    } kept[] = {{"SLURM_JOB_NUM_NODES", "nodes"}, {"SLURM_NTASKS", "ntasks"}};
    for (size_t i = 0; p->cli.preserve_env && i < sizeof kept / sizeof *kept; i++) {
        const char *value = jobopt_env(o->world.env, kept[i].variable);
        if (value && jobopt_apply(o, p, jobopt_row(kept[i].option), value, JOBOPT_ENV) < 0)
            return -1;
    }
    return 0;
}

/* What options of a step say of each other. */
static void finish_step(struct jobopt *o, struct jobopt_part *p)
{
    struct job_spec *s = &p->spec;
    if (p->cli.whole && p->cli.cpus_given) {
        jobopt_info(o, "Ignoring --whole since -c/--cpus-per-task used");
        p->cli.whole = false;
    }
    if (s->ntasks_per_gpu != NO_VAL16 && !s->tres_bind)
        s->tres_bind = buf_format("gres/gpu:single:%u", s->ntasks_per_gpu);
}

int jobopt_check(struct jobopt *o, struct jobopt_part *p)
{
    struct job_cli_opts *c = &p->cli;
    if (preserve_env(o, p) < 0 || check_pairs(o, p) < 0 || check_memory(o, p) < 0 || check_cpus(o, p) < 0)
        return -1;
    if (o->cmd == JOBOPT_SRUN && check_srun(o, p) < 0)
        return -1;
    c->nodes_given = given(p, "nodes");
    c->ntasks_given = given(p, "ntasks");
    c->cpus_given = given(p, "cpus-per-task");
    c->time_given = given(p, "time");
    if (p->spec.time_limit == 0)
        p->spec.time_limit = INFINITE;
    if (p->spec.time_min == 0)
        p->spec.time_min = INFINITE;
    if (check_layout(o, p) < 0 || jobopt_check_gpus(o, p) < 0)
        return -1;
    apply_hint(p);
    jobopt_compose_tres(p);
    if (o->cmd == JOBOPT_SRUN)
        finish_step(o, p);
    return 0;
}
