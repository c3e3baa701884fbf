/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/jobvars.h"

#include "base/mem.h"

void jobvars_counts(const uint32_t *counts, uint32_t n, struct buf *out)
{
    size_t start = out->len;
    for (uint32_t i = 0; i < n;) {
        uint32_t same = 1;
        while (i + same < n && counts[i + same] == counts[i])
            same++;
        buf_addf(out, out->len > start ? ",%u" : "%u", counts[i]);
        if (same > 1)
            buf_addf(out, "(x%u)", same);
        i += same;
    }
}

static void set_counts(struct jobenv *env, const char *name, const struct job *job, bool tasks)
{
    struct buf b = BUF_INIT;
    uint32_t *counts = mem_array(job->alloc.n + 1, sizeof *counts);
    for (uint32_t i = 0; i < job->alloc.n; i++)
        counts[i] = tasks ? job->alloc.v[i].tasks : job->alloc.v[i].cpus;
    jobvars_counts(counts, job->alloc.n, &b);
    jobenv_set(env, name, b.s);
    mem_free(counts);
    buf_release(&b);
}

static void set_text(struct jobenv *env, const char *name, const char *value)
{
    if (value && *value)
        jobenv_set(env, name, value);
}

void jobvars_job(struct jobenv *env, const struct job *job, const char *cluster, const char *conf_path)
{
    set_text(env, "SLURM_CLUSTER_NAME", cluster);
    set_text(env, "SLURM_CONF", conf_path);
    jobenv_setf(env, "SLURM_JOB_ID", "%u", job->job_id);
    jobenv_setf(env, "SLURM_JOBID", "%u", job->job_id);
    set_text(env, "SLURM_JOB_NAME", job->spec->name);
    set_text(env, "SLURM_JOB_NODELIST", job->nodes);
    set_text(env, "SLURM_NODELIST", job->nodes);
    jobenv_setf(env, "SLURM_JOB_NUM_NODES", "%u", job->alloc.n);
    jobenv_setf(env, "SLURM_NNODES", "%u", job->alloc.n);
    set_text(env, "SLURM_JOB_PARTITION", job->partition);
    set_text(env, "SLURM_JOB_ACCOUNT", job->spec->account);
    set_text(env, "SLURM_JOB_QOS", job->spec->qos);
    set_text(env, "SLURM_JOB_RESERVATION", job->spec->reservation);
    set_text(env, "SLURM_JOB_LICENSES", job->spec->licenses);
    set_counts(env, "SLURM_JOB_CPUS_PER_NODE", job, false);
    set_counts(env, "SLURM_TASKS_PER_NODE", job, true);
}
