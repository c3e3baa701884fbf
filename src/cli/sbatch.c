/* SPDX-License-Identifier: Apache-2.0 */
/* sbatch(1): submit a batch script. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/commands.h"
#include "cli/fetch.h"
#include "cli/jobenv.h"
#include "cli/jobopt.h"
#include "cli/jobview.h"
#include "cli/submit.h"
#include "cli/timefmt.h"

/* The script, its arguments and the environment it starts with. */
static int make_payload(const struct jobopt *o, struct payload *payload, struct err *e)
{
    const struct jobopt_part *p = o->parts[0];
    struct jobenv env;
    if (jobenv_make(&env, o, p, e) < 0)
        return -e->code;
    meta_bytes_set(&payload->script, o->script.s, o->script.len);
    submit_split_environment(&env, &payload->env, &payload->rlimits);
    for (uint32_t i = 0; i < p->argc; i++)
        meta_strs_push(&payload->argv, p->argv[i]);
    jobenv_release(&env);
    return 0;
}

/* What the shell is told: the exit code; 1 for whatever has no code of its own. */
static int exit_status(const struct job *job)
{
    int status = jobview_exit_status(job->exit_code);
    return job->state != JOB_COMPLETED && (status == 0 || status > 128) ? 1 : status;
}

/* Follows one job until its end. */
static int follow(struct cli *cli, uint32_t job_id, int *status)
{
    struct submit_watch w;
    struct job *job;
    struct err e;
    int rc;
    submit_watch_open(&w, cli, job_id);
    while ((rc = submit_watch_next(&w, -1, &job, &e)) > 0) {
        if (job_is_ended(job))
            *status = exit_status(job);
        meta_free(&record_job, job);
    }
    submit_watch_close(&w);
    if (rc < 0)
        cli_error(cli, "%s", e.text);
    return rc;
}

/* Waits for the job, or for every task of an array, each of which becomes a job: the highest exit status of
 * them. */
static int wait_for(struct cli *cli, uint32_t job_id)
{
    int highest = 0;
    struct job_select select;
    char id[16];
    meta_init(&record_job_select, &select);
    buf_print(id, sizeof id, "%u", job_id);
    meta_strs_push(&select.ids, id);
    select.all = true;
    for (uint32_t open = 1; open;) {
        struct job_list jobs = {0};
        struct err e;
        open = 0;
        if (fetch_jobs(cli_ctld(cli), &select, &jobs, &e) < 0) {
            cli_error(cli, "%s", e.text);
            return EXIT_FAILURE;
        }
        for (uint32_t i = 0; i < jobs.list.n; i++) {
            const struct job *job = jobs.list.v[i];
            int status = job_is_ended(job) ? exit_status(job) : 0;
            if (!job_is_ended(job))
                open = job->job_id;
            highest = status > highest ? status : highest;
        }
        int status = 0;
        if (open && follow(cli, open, &status) < 0)
            return EXIT_FAILURE;
        highest = status > highest ? status : highest;
        job_list_release(&jobs);
    }
    meta_release(&record_job_select, &select);
    return highest;
}

/* What a refused submission ends with: SLURM_EXIT_ERROR, unless that is no number above 0. */
static int exit_error(const struct cli *cli)
{
    const char *text = getenv("SLURM_EXIT_ERROR");
    uint32_t status;
    if (!text)
        return EXIT_FAILURE;
    if (text_to_u32(text, &status) && status)
        return (int)(status & 0xff);
    cli_error(cli, "SLURM_EXIT_ERROR has zero value");
    return EXIT_FAILURE;
}

static int submit(struct cli *cli, const struct jobopt *o)
{
    const struct job_cli_opts *opts = &o->parts[0]->cli;
    struct submit_request request;
    struct submit_reply reply;
    struct err e;
    submit_fill(&request, o);
    request.payload = meta_new(&record_payload);
    if (make_payload(o, request.payload, &e) < 0) {
        cli_error(cli, "%s", e.text);
        return EXIT_FAILURE;
    }
    int failed = exit_error(cli), rc = submit_call(cli, &request, &reply, &e);
    meta_release(&record_submit_request, &request);
    if (rc < 0) {
        if (opts->test_only)
            fprintf(stderr, "allocation failure: %.*s\n", (int)strcspn(e.text, "\n"), e.text);
        else
            submit_complain(cli, "Batch job submission failed: ", &e);
        return failed;
    }
    if (opts->test_only) {
        submit_say_when(cli, &reply);
    } else if (opts->parsable) {
        printf("%u\n", reply.job_id);
    } else if (!opts->quiet) {
        printf("Submitted batch job %u\n", reply.job_id);
    }
    fflush(stdout);
    uint32_t job_id = reply.job_id;
    meta_release(&record_submit_reply, &reply);
    return opts->wait && !opts->test_only ? wait_for(cli, job_id) : 0;
}

int cmd_sbatch(struct cli *cli)
{
    struct jobopt o;
    int rc;
    if (submit_read_options(cli, JOBOPT_SBATCH, &o, &rc))
        return submit(cli, &o);
    return rc;
}
