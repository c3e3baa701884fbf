/* SPDX-License-Identifier: Apache-2.0 */
/* The launch of a step: one record, given to every node of it. */
#include "base/mem.h"
#include "cli/jobenv.h"
#include "cli/srun.h"
#include "cli/srun_exit.h"
#include "cli/submit.h"
#include "conf/conf.h"

const char *srun_mpi_type(const struct srun *s)
{
    const char *type = s->given->mpi_type;
    if (!type)
        type = conf_str(cli_env(s->cli)->conf, CONF_MPI_DEFAULT);
    return type ? type : "none";
}

static void add_streams(const struct srun *s, struct launch_tasks *m)
{
    const struct srun_streams *io = &s->io;
    m->std_in = mem_strdup(io->in_node_path);
    m->std_out = mem_strdup(io->out.node_path);
    m->std_err = mem_strdup(io->err.node_path);
    m->stdin_task = io->in_task;
    m->label = io->label;
    m->unbuffered = s->given->unbuffered;
    m->open_mode = s->part->spec.open_mode;
    m->pty = s->pty;
    srun_pty_size(s, &m->rows, &m->cols);
}

/* A program named by its place below the working directory is told by its whole path, as Slurm's is. */
static void add_word(struct launch_tasks *m, uint32_t i, const char *word)
{
    if (i > 0 || *word != '.' || !m->work_dir) {
        meta_strs_push(&m->argv, word);
        return;
    }
    char *full = buf_format("%s/%s", m->work_dir, word);
    meta_strs_push(&m->argv, full);
    mem_free(full);
}

static int fill(struct srun *s, struct launch_tasks *m, struct err *err)
{
    const struct job_spec *spec = &s->part->spec;
    struct jobenv e;
    meta_init(&record_launch_tasks, m);
    if (jobenv_make(&e, &s->opt, s->part, err) < 0)
        return -err->code;
    jobenv_add_layout(&e, s->part, s->step);
    submit_split_environment(&e, &m->env, &m->rlimits);
    jobenv_release(&e);
    meta_bytes_set(&m->credential, s->reply.credential.v, s->reply.credential.n);
    m->step = meta_dup(&record_step, s->step);
    m->work_dir = mem_strdup(spec->work_dir);
    for (uint32_t i = 0; i < s->part->argc; i++)
        add_word(m, i, s->part->argv[i]);
    m->multi_prog = mem_strdup(s->multi_prog);
    m->umask = spec->umask;
    m->cpu_bind = mem_strdup(spec->cpu_bind);
    m->mem_bind = mem_strdup(spec->mem_bind);
    m->tres_bind = mem_strdup(spec->tres_bind);
    m->mpi = mem_strdup(srun_mpi_type(s));
    m->task_prolog = mem_strdup(s->given->task_prolog);
    m->task_epilog = mem_strdup(s->given->task_epilog);
    m->external = s->given->external_launcher;
    add_streams(s, m);
    return 0;
}

static void say_launching(struct srun *s, const struct step_node *where)
{
    struct bits tasks = {0};
    struct buf text = BUF_INIT;
    for (uint32_t i = 0; i < where->tasks.n; i++)
        bits_set(&tasks, where->tasks.v[i]);
    srun_ranks_text(&tasks, &text);
    cli_verbose(s->cli, "launching StepId=%s on host %s, %u tasks: %s", s->id, where->name, where->tasks.n,
                text.s);
    bits_release(&tasks);
    buf_release(&text);
}

static void nodes_init(struct srun *s)
{
    s->nodes_n = s->step->layout.n;
    s->nodes = mem_array(s->nodes_n ? s->nodes_n : 1, sizeof *s->nodes);
    s->states = mem_array(s->step->ntasks ? s->step->ntasks : 1, sizeof *s->states);
    for (uint32_t i = 0; i < s->nodes_n; i++) {
        struct srun_node *n = &s->nodes[i];
        n->where = &s->step->layout.v[i];
        n->index = i;
        n->fd = -1;
        n->open_tasks = n->where->tasks.n;
        s->open_tasks += n->open_tasks;
        buf_init(&n->in);
        buf_init(&n->out);
    }
}

/* The reply is read with everything else that comes, so that all nodes begin at once. */
static void launch_node(struct srun *s, struct srun_node *n, struct launch_tasks *m)
{
    struct err e;
    const char *addr = n->where->addr ? n->where->addr : n->where->name;
    struct client *c = client_to_node(cli_env(s->cli), addr, n->where->port, n->where->name);
    char *copy = srun_bcast_program(s, n);
    m->nodeid = n->index;
    if (copy) {
        mem_free(m->argv.v[0]);
        m->argv.v[0] = copy;
        srun_bcast_libraries(s, copy, &m->env);
    }
    say_launching(s, n->where);
    if (client_send(c, MSG_LAUNCH_TASKS, m, &e) < 0) {
        client_close(c);
        srun_node_lost(s, n, e.text);
        return;
    }
    n->fd = client_take_fd(c);
    s->nodes_open++;
}

int srun_launch(struct srun *s)
{
    struct launch_tasks m;
    struct err e;
    nodes_init(s);
    if (fill(s, &m, &e) < 0) {
        cli_error(s->cli, "%s", e.text);
        meta_release(&record_launch_tasks, &m);
        return 1;
    }
    cli_verbose(s->cli, "CpuBindType=%s", s->part->spec.cpu_bind ? s->part->spec.cpu_bind : "(null type)");
    for (uint32_t i = 0; i < s->nodes_n && !s->aborting; i++)
        launch_node(s, &s->nodes[i], &m);
    /* Those that were not tried any more have nothing that could end. */
    for (uint32_t i = 0; i < s->nodes_n; i++)
        if (s->nodes[i].fd < 0)
            srun_node_lost(s, &s->nodes[i], NULL);
    meta_release(&record_launch_tasks, &m);
    return 0;
}
