/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/jobvars.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "model/jobvars.h"

static void set_text(struct jobenv *e, const char *name, const char *value)
{
    if (value && *value)
        jobenv_set(e, name, value);
}

/* Tasks were counted when the user asked for a number of them, or of those on a node or a GPU. */
static bool counts_tasks(const struct job_spec *s)
{
    return s->ntasks != NO_VAL || s->ntasks_per_node != NO_VAL16 || s->ntasks_per_gpu != NO_VAL16;
}

static void add_counts(struct jobenv *e, const struct job *job)
{
    struct buf b = BUF_INIT;
    jobvars_cpus_per_node(job, &b);
    set_text(e, "SLURM_JOB_CPUS_PER_NODE", b.s);
    buf_clear(&b);
    jobvars_tasks_per_node(job, &b);
    set_text(e, "SLURM_TASKS_PER_NODE", b.s);
    buf_release(&b);
    if (counts_tasks(job->spec) && job->ntasks) {
        jobenv_setf(e, "SLURM_NTASKS", "%u", job->ntasks);
        jobenv_setf(e, "SLURM_NPROCS", "%u", job->ntasks);
    }
}

void jobvars_add(struct jobenv *e, const struct job *job, const char *cluster)
{
    const struct job_spec *s = job->spec;
    set_text(e, "SLURM_CLUSTER_NAME", cluster);
    jobenv_setf(e, "SLURM_JOB_ID", "%u", job->job_id);
    jobenv_setf(e, "SLURM_JOBID", "%u", job->job_id);
    set_text(e, "SLURM_JOB_NAME", s->name);
    set_text(e, "SLURM_JOB_PARTITION", job->partition);
    set_text(e, "SLURM_JOB_ACCOUNT", s->account);
    set_text(e, "SLURM_JOB_QOS", s->qos);
    set_text(e, "SLURM_JOB_RESERVATION", s->reservation);
    set_text(e, "SLURM_JOB_LICENSES", s->licenses);
    if (s->segment_size)
        jobenv_setf(e, "SLURM_JOB_SEGMENT_SIZE", "%u", s->segment_size);
    set_text(e, "SLURM_JOB_NODELIST", job->nodes);
    set_text(e, "SLURM_NODELIST", job->nodes);
    jobenv_setf(e, "SLURM_JOB_NUM_NODES", "%u", job->alloc.n);
    jobenv_setf(e, "SLURM_NNODES", "%u", job->alloc.n);
    add_counts(e, job);
}

void jobvars_export(const struct jobenv *e)
{
    for (uint32_t i = 0; i < e->vars.n; i++) {
        char *name = mem_strndup(e->vars.v[i], strcspn(e->vars.v[i], "="));
        setenv(name, e->vars.v[i] + strlen(name) + 1, 1);
        mem_free(name);
    }
}
