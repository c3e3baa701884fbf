/* SPDX-License-Identifier: Apache-2.0 */
/* What srun does on its own host: the file of --multi-prog, prolog and epilog. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/jobvars.h"
#include "cli/jobview.h"
#include "cli/srun.h"
#include "conf/conf.h"
#include "model/jobvars.h"
#include "model/multiprog.h"

enum { MULTI_PROG_MAX = 1 << 20 };

static int read_file(const char *path, struct buf *ret)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : 1;
    while (n > 0 && ret->len < MULTI_PROG_MAX) {
        buf_reserve(ret, 4096);
        n = read(fd, ret->s + ret->len, 4096);
        ret->len += n > 0 ? (size_t)n : 0;
    }
    ret->s[ret->len] = '\0';
    if (fd >= 0)
        close(fd);
    return n < 0 ? -1 : 0;
}

/* Without --ntasks the file says how many there are. */
static void take_tasks(struct srun *s)
{
    struct job_spec *spec = &s->opt.parts[0]->spec;
    if (spec->ntasks != NO_VAL)
        return;
    spec->ntasks = multiprog_tasks(s->multi_prog);
    if (spec->min_nodes == NO_VAL || spec->min_nodes <= spec->ntasks)
        return;
    cli_info(s->cli, "warning: can't run %u processes on %u nodes, setting nnodes to %u", spec->ntasks,
             spec->min_nodes, spec->ntasks);
    spec->min_nodes = spec->max_nodes = spec->ntasks;
}

int srun_read_multi_prog(struct srun *s)
{
    struct buf text = BUF_INIT;
    struct err e;
    const char *path = s->part->argv[0];
    uint32_t line;
    if (!s->given->multi_prog)
        return 0;
    if (read_file(path, &text) < 0) {
        bool unreadable = errno == EISDIR;
        cli_error(s->cli, "%s multi_prog config file %s", unreadable ? "Error reading" : "Could not open",
                  path);
        return alloc_exit_error();
    }
    s->multi_prog = buf_take(&text);
    take_tasks(s);
    if (multiprog_check(s->multi_prog, s->part->spec.ntasks, &line, &e) < 0) {
        if (line && *e.text)
            cli_error(s->cli, "%s", e.text);
        if (line)
            cli_error(s->cli, "Line %u of configuration file %s invalid", line, path);
        else
            cli_error(s->cli, "Configuration file %s invalid, %s", path, e.text);
        return alloc_exit_error();
    }
    return 0;
}

/* The option, else the setting; NULL for none. */
static const char *program(struct srun *s, const char *option, enum conf_key key)
{
    const char *path = option ? option : conf_str(cli_env(s->cli)->conf, key);
    return path && *path && text_casecmp(path, "none") != 0 ? path : NULL;
}

static void add_names(struct jobenv *e, const struct srun *s)
{
    const struct job *job = s->reply.job;
    struct buf name = BUF_INIT;
    char sluid[SLUID_LEN + 1];
    jobview_user(job, &name);
    jobenv_set(e, "SLURM_JOB_USER", name.s);
    buf_clear(&name);
    jobview_group(job, &name);
    if (s->own_job)
        jobenv_set(e, "SLURM_JOB_GROUP", name.s);
    buf_release(&name);
    jobenv_setf(e, "SLURM_JOB_UID", "%u", job->uid);
    jobenv_setf(e, "SLURM_JOB_GID", "%u", job->gid);
    jobvars_sluid(job, sluid);
    jobenv_set(e, "SLURM_JOB_SLUID", sluid);
}

static void add_step(struct jobenv *e, const struct srun *s)
{
    struct buf counts = BUF_INIT;
    jobenv_add_layout(e, s->part, s->step);
    jobenv_setf(e, "SLURM_STEP_ID", "%u", s->step->step_id);
    jobenv_setf(e, "SLURM_STEPID", "%u", s->step->step_id);
    jobenv_setf(e, "SLURM_NTASKS", "%u", s->step->ntasks);
    jobenv_setf(e, "SLURM_NPROCS", "%u", s->step->ntasks);
    jobvars_step_tasks_per_node(s->step, &counts);
    jobenv_set(e, "SLURM_TASKS_PER_NODE", counts.s);
    jobenv_set(e, "SLURM_MPI_TYPE", srun_mpi_type(s));
    buf_release(&counts);
}

static _Noreturn void run_child(struct srun *s, const char *path, const char *context)
{
    struct jobenv e;
    struct err err;
    alloc_signals_child();
    if (jobenv_make(&e, &s->opt, s->part, &err) < 0) {
        cli_error(s->cli, "%s", err.text);
        _exit(127);
    }
    jobvars_add(&e, s->reply.job, cli_cluster(s->cli));
    jobenv_add_launchers(
        &e, conf_has_param(cli_env(s->cli)->conf, CONF_MPI_PARAMS, "disable_slurm_hydra_bootstrap", NULL));
    add_names(&e, s);
    add_step(&e, s);
    jobenv_set(&e, "SLURM_SCRIPT_CONTEXT", context);
    jobvars_export(&e);
    execl(path, path, (char *)NULL);
    cli_error(s->cli, "%s: %s", path, strerror(errno));
    _exit(127);
}

static int run(struct srun *s, const char *path, const char *context)
{
    int status;
    if (!path)
        return 0;
    if (access(path, R_OK | X_OK) < 0) {
        cli_info(s->cli, "Access denied for %s: %s", path, strerror(errno));
        return 0;
    }
    pid_t pid = fork();
    if (pid == 0)
        run_child(s, path, context);
    if (pid < 0 || waitpid(pid, &status, 0) < 0)
        return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int srun_prolog(struct srun *s)
{
    int rc = run(s, program(s, s->given->prolog, CONF_SRUN_PROLOG), "prolog_srun");
    if (rc != 0) {
        cli_error(s->cli, "srun prolog failed rc = %d. Aborting step.", rc);
        cli_info(s->cli, "StepId=%s aborted before step completely launched.", s->id);
    }
    return rc;
}

void srun_epilog(struct srun *s)
{
    int rc = run(s, program(s, s->given->epilog, CONF_SRUN_EPILOG), "epilog_srun");
    if (rc != 0)
        cli_error(s->cli, "srun epilog failed status=%d", rc);
}
