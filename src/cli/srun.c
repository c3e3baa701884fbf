/* SPDX-License-Identifier: Apache-2.0 */
/* srun(1): from the command line to the exit status. See srun.h. */
#include "cli/srun.h"

#include <stdlib.h>

#include "base/mem.h"
#include "cli/commands.h"
#include "cli/submit.h"

/* Options that are read but cannot be served: said clearly, before anything has been started. */
static bool can_serve(const struct srun *s)
{
    const struct job_cli_opts *c = s->given;
    const struct {
        bool asked;
        const char *text;
    } refusals[] = {
        {!jobopt_mpi_known(srun_mpi_type(s)), "MpiDefault of slurm.conf is not available; try --mpi=list"},
        {s->opt.n_parts > 1, "heterogeneous jobs are not supported yet"},
        {c->het_group, "--het-group is not supported yet"},
        {c->async, "--async needs a step manager, which is not supported yet"},
        {c->no_allocate, "--no-allocate is not supported"},
    };
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        if (!refusals[i].asked)
            continue;
        cli_error(s->cli, "%s", refusals[i].text);
        return false;
    }
    return true;
}

static int get_job(struct srun *s)
{
    if (s->given->jobid != NO_VAL)
        return srun_join(s);
    int rc = alloc_submit(&s->alloc);
    if (rc != 0)
        return rc;
    s->own_job = true;
    rc = alloc_wait(&s->alloc);
    s->job_id = s->alloc.job_id;
    if (rc != 0)
        s->own_job = false; /* nothing to give back */
    return rc;
}

/* The step never ran: what was prepared for it is undone. */
static int undo(struct srun *s, int status)
{
    s->worst = (uint32_t)status << 8;
    return status;
}

static int run_step(struct srun *s)
{
    int rc = srun_streams_open(s);
    if (rc != 0)
        return undo(s, rc);
    rc = srun_prolog(s);
    if (rc != 0) {
        srun_abort_said(s);
        return undo(s, 1);
    }
    rc = srun_bcast(s);
    if (rc == 0)
        rc = srun_launch(s);
    if (rc != 0)
        return undo(s, rc);
    srun_pty_raw(s);
    srun_loop(s);
    srun_pty_restore();
    srun_epilog(s);
    return s->status;
}

static int work(struct srun *s)
{
    int rc = srun_read_multi_prog(s);
    if (rc != 0)
        return rc;
    srun_pty_check(s);
    alloc_signals(&s->alloc, false);
    rc = get_job(s);
    if (rc == 0)
        rc = srun_create(s);
    if (rc == 0)
        rc = run_step(s);
    if (s->own_job)
        alloc_give_back(&s->alloc, s->worst ? s->worst : (uint32_t)rc << 8);
    else if (s->step)
        srun_done(s);
    return rc;
}

int cmd_srun(struct cli *cli)
{
    struct srun s = {.cli = cli};
    int rc;
    meta_init(&record_pmi_fence, &s.fence);
    if (!submit_read_options(cli, JOBOPT_SRUN, &s.opt, &rc))
        return rc;
    s.part = s.opt.parts[0];
    s.given = &s.part->cli;
    alloc_init(&s.alloc, cli, &s.opt, false);
    if (!can_serve(&s))
        return EXIT_FAILURE;
    rc = s.given->test_only ? alloc_test(&s.alloc) : work(&s);
    alloc_release(&s.alloc);
    meta_release(&record_pmi_fence, &s.fence);
    return rc;
}
