/* SPDX-License-Identifier: Apache-2.0 */
/* Keywords of scontrol(1) that act on jobs: hold, release, requeue, suspend, notify, write ... */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/fetch.h"
#include "cli/filters.h"
#include "cli/scontrol.h"
#include "cli/timefmt.h"
#include "model/errors.h"
#include "model/jobtext.h"

/* Arguments are lists of ids, separated by commas or blanks; with names as well, "jobname=x" is taken too.
 * What is no id is sent all the same: the controller says so of each. */
static void read_jobs(int argc, char **argv, struct meta_strs *ids, struct meta_strs *names)
{
    for (int i = 1; i < argc; i++) {
        struct text_list words = {0};
        struct pair p;
        const char *list = argv[i];
        bool pair = scontrol_split(list, &p);
        if (names && pair && (scontrol_is_key(p.key, "jobname", 4) || text_same_nocase(p.key, "name"))) {
            filters_strings(names, p.value);
            continue;
        }
        if (pair && scontrol_is_key(p.key, "jobid", 3))
            list = p.value;
        text_split(&words, list, ',');
        for (uint32_t k = 0; k < words.n; k++)
            meta_strs_push(ids, words.v[k]);
        text_list_release(&words);
    }
}

static int call_jobs(struct scontrol *s, enum msg_type type, const void *request, const char *failure)
{
    struct job_results results;
    struct err e;
    if (client_call(cli_ctld(s->cli), type, request, &results, &e) < 0)
        return scontrol_fail(s, failure, &e);
    int rc = scontrol_report_jobs(s, &results, NULL);
    meta_release(&record_job_results, &results);
    return rc;
}

/* Every user's jobs of that name that have not ended; a name that no job has is no error. */
bool scontrol_jobs_named(struct scontrol *s, const char *name, struct meta_strs *ids)
{
    struct job_select select;
    struct job_list jobs = {0};
    struct err e;
    bool any = false;
    meta_init(&record_job_select, &select);
    select.all = true;
    if (fetch_jobs(cli_ctld(s->cli), &select, &jobs, &e) == 0) {
        for (uint32_t i = 0; i < jobs.list.n; i++) {
            const struct job *j = jobs.list.v[i];
            struct buf id = BUF_INIT;
            if (job_is_ended(j) || !j->spec || !text_same(j->spec->name, name))
                continue;
            job_id_text(j, 0, &id);
            meta_strs_push(ids, id.s);
            buf_release(&id);
            any = true;
        }
    }
    job_list_release(&jobs);
    meta_release(&record_job_select, &select);
    return any;
}

/* Slurm says it twice. */
static int hold_or_release(struct scontrol *s, int argc, char **argv, uint16_t hold, bool by_user)
{
    struct job_update u;
    struct job_results results = {0};
    struct err e;
    meta_init(&record_job_update, &u);
    u.hold = hold;
    u.hold_by_user = by_user;
    u.uid = getuid();
    read_jobs(argc, argv, &u.ids, &u.names);
    for (uint32_t i = 0; i < u.names.n; i++) {
        scontrol_jobs_named(s, u.names.v[i], &u.ids);
        mem_free(u.names.v[i]);
    }
    u.names.n = 0;
    if (u.ids.n && client_call(cli_ctld(s->cli), MSG_JOB_UPDATE, &u, &results, &e) < 0)
        return scontrol_fail(s, "slurm_suspend error:", &e);
    int rc = scontrol_report_jobs(s, &results, "slurm_suspend error:");
    meta_release(&record_job_results, &results);
    meta_release(&record_job_update, &u);
    return rc;
}

int scontrol_hold(struct scontrol *s, int argc, char **argv)
{
    return hold_or_release(s, argc, argv, 1, false);
}

int scontrol_uhold(struct scontrol *s, int argc, char **argv)
{
    return hold_or_release(s, argc, argv, 1, true);
}

int scontrol_release(struct scontrol *s, int argc, char **argv)
{
    return hold_or_release(s, argc, argv, 0, false);
}

int scontrol_top(struct scontrol *s, int argc, char **argv)
{
    struct job_update u;
    meta_init(&record_job_update, &u);
    u.top = true;
    read_jobs(argc, argv, &u.ids, NULL);
    int rc = call_jobs(s, MSG_JOB_UPDATE, &u, "");
    meta_release(&record_job_update, &u);
    return rc;
}

static int requeue(struct scontrol *s, int argc, char **argv, bool hold)
{
    struct job_requeue r;
    struct pair p;
    meta_init(&record_job_requeue, &r);
    r.hold = hold;
    if (hold && argc > 1 && scontrol_split(argv[1], &p) && text_same_nocase(p.key, "state") &&
        scontrol_is_key(p.value, "SpecialExit", 1)) {
        r.special_exit = true;
        argc--;
        argv++;
    } else if (argc > 1 && text_same_nocase(argv[1], "incomplete")) {
        r.incomplete = true;
        argc--;
        argv++;
    }
    read_jobs(argc, argv, &r.ids, NULL);
    int rc = call_jobs(s, MSG_JOB_REQUEUE, &r, "");
    meta_release(&record_job_requeue, &r);
    return rc;
}

int scontrol_requeue(struct scontrol *s, int argc, char **argv)
{
    return requeue(s, argc, argv, false);
}

int scontrol_requeuehold(struct scontrol *s, int argc, char **argv)
{
    return requeue(s, argc, argv, true);
}

/* Of an unknown job Slurm says here that the message is unexpected. */
static int suspend_jobs(struct scontrol *s, const struct job_suspend *r)
{
    struct job_results results;
    struct err e;
    if (client_call(cli_ctld(s->cli), MSG_JOB_SUSPEND, r, &results, &e) < 0)
        return scontrol_fail(s, "", &e);
    for (uint32_t i = 0; i < results.results.n; i++) {
        struct job_result *row = &results.results.v[i];
        if (row->code == ESLURM_INVALID_JOB_ID && text_to_u32(row->id, &(uint32_t){0}))
            mem_set_str(&row->text, error_text(ESLURM_UNEXPECTED_MESSAGE));
    }
    int rc = scontrol_report_jobs(s, &results, NULL);
    meta_release(&record_job_results, &results);
    return rc;
}

static int suspend(struct scontrol *s, int argc, char **argv, bool resume)
{
    struct job_suspend r;
    meta_init(&record_job_suspend, &r);
    r.resume = resume;
    read_jobs(argc, argv, &r.ids, NULL);
    int rc = suspend_jobs(s, &r);
    meta_release(&record_job_suspend, &r);
    return rc;
}

int scontrol_suspend(struct scontrol *s, int argc, char **argv)
{
    return suspend(s, argc, argv, false);
}

int scontrol_resume(struct scontrol *s, int argc, char **argv)
{
    return suspend(s, argc, argv, true);
}

static int find_job(struct scontrol *s, const char *id, struct job_list *jobs, struct err *e)
{
    struct job_select select;
    meta_init(&record_job_select, &select);
    meta_strs_push(&select.ids, id);
    select.all = true;
    int rc = fetch_jobs(cli_ctld(s->cli), &select, jobs, e);
    meta_release(&record_job_select, &select);
    if (rc == 0 && !jobs->list.n)
        rc = err_set(e, ESLURM_INVALID_JOB_ID, "Invalid job id specified");
    return rc;
}

int scontrol_notify(struct scontrol *s, int argc, char **argv)
{
    struct job_list jobs = {0};
    struct err e;
    if (find_job(s, argv[1], &jobs, &e) < 0)
        return scontrol_fail(s, "job notify failure: ", &e);
    if (job_is_final(jobs.list.v[0])) {
        err_set(&e, ESLURM_JOB_STEP_ALREADY_COMPLETING_OR_COMPLETED,
                "Job/step already completing or completed");
        return scontrol_fail(s, "job notify failure: ", &e);
    }
    err_set(&e, ESLURM_REQUESTED_OPERATION_NOT_SUPPORTED_ON_THIS,
            "Requested operation not supported on this system");
    return scontrol_fail(s, "job notify failure: ", &e);
}

/* Nodes are ready as soon as the job runs and is not CONFIGURING; asked once a second until then. */
int scontrol_wait_job(struct scontrol *s, int argc, char **argv)
{
    struct err e;
    if (!filters_is_job_id(argv[1], false)) {
        fprintf(stderr, "Invalid job_id %s\n", argv[1]);
        return EXIT_FAILURE;
    }
    for (;; sleep(1)) {
        struct job_list jobs = {0};
        int rc = find_job(s, argv[1], &jobs, &e);
        bool ended = rc == 0 && job_is_final(jobs.list.v[0]);
        bool ready = rc == 0 && job_is_active(jobs.list.v[0]) && !(jobs.list.v[0]->flags & JOBF_CONFIGURING);
        job_list_release(&jobs);
        if (rc < 0 || ended) {
            fprintf(stderr, "scontrol: %s %s%s\n", ended ? "Job" : "Problem running job", argv[1],
                    ended ? " no longer running" : "");
            return EXIT_FAILURE;
        }
        if (ready) {
            cli_info(s->cli, "Nodes are ready for job %s", argv[1]);
            return 0;
        }
    }
}

static int write_script(struct scontrol *s, const char *id, const char *path)
{
    struct job_script_request request;
    struct payload payload;
    struct err e;
    char name[64];
    meta_init(&record_job_script_request, &request);
    if (!text_to_u32(id, &request.job_id)) {
        fprintf(stderr, "Invalid job id specified\n");
        return EXIT_FAILURE;
    }
    if (client_call(cli_ctld(s->cli), MSG_JOB_SCRIPT, &request, &payload, &e) < 0) {
        scontrol_fail(s, "job script retrieval failed: ", &e);
        return 0; /* as Slurm does */
    }
    buf_print(name, sizeof name, "slurm-%u.sh", request.job_id);
    bool to_stdout = path && strcmp(path, "-") == 0;
    if (!path)
        path = name;
    FILE *f = to_stdout ? stdout : fopen(path, "we");
    if (!f || fwrite(payload.script.v, 1, payload.script.n, f) != payload.script.n) {
        fprintf(stderr, "failed to open file `%s`: %m\n", path);
        return 0; /* as Slurm does */
    }
    if (!to_stdout) {
        fclose(f);
        if (!s->cli->quiet)
            printf("batch script for job %u written to %s\n", request.job_id, path);
    }
    meta_release(&record_payload, &payload);
    return 0;
}

/* slurm.conf as a file PATH.TIME; without a path, beside itself. */
static int write_config(struct scontrol *s, const char *path)
{
    const char *conf_path = cli_env(s->cli)->conf_path;
    struct buf name = BUF_INIT;
    char block[4096];
    buf_addf(&name, "%s.", path ? path : conf_path);
    timefmt_time(cli_now(), "", &name);
    FILE *from = fopen(conf_path, "re"), *to = from ? fopen(name.s, "we") : NULL;
    if (to) {
        for (size_t n; (n = fread(block, 1, sizeof block, from)) > 0;)
            fwrite(block, 1, n, to);
        fclose(to);
        printf("Slurm config saved to %s\n", name.s);
    } else {
        fprintf(stderr, "Could not create file %s: %m\n", name.s);
    }
    if (from)
        fclose(from);
    buf_release(&name);
    return 0;
}

int scontrol_write(struct scontrol *s, int argc, char **argv)
{
    if (scontrol_is_key(argv[1], "config", 5) && argc <= 3)
        return write_config(s, argc > 2 ? argv[2] : NULL);
    if (scontrol_is_key(argv[1], "batch_script", 5) && argc == 2)
        return 0; /* of no job */
    if (scontrol_is_key(argv[1], "batch_script", 5) && argc <= 4)
        return write_script(s, argv[2], argc > 3 ? argv[3] : NULL);
    if (scontrol_is_key(argv[1], "batch_script", 5) || scontrol_is_key(argv[1], "config", 5))
        fprintf(stderr, "too many arguments for keyword:%s\n", argv[0]);
    else
        fprintf(stderr, "invalid write argument:%s\n", argv[1]);
    return EXIT_FAILURE;
}
