/* SPDX-License-Identifier: Apache-2.0 */
/* What prologs and epilogs, on the node and of the controller, are told of a job alike. */
#include "nodecore/env.h"

#include "base/buf.h"
#include "model/jobtext.h"
#include "model/jobvars.h"

static void set_text(struct meta_strs *env, const char *name, const char *value)
{
    if (value && *value)
        env_set(env, name, "%s", value);
}

/* Patterns are left as they are: what %t or %N stands for hangs on the task. */
static void set_path(struct meta_strs *env, const char *name, const struct job_spec *spec, const char *path)
{
    if (path && *path != '/' && spec->work_dir)
        env_set(env, name, "%s/%s", spec->work_dir, path);
    else
        set_text(env, name, path);
}

static void set_spec(struct meta_strs *env, const struct job_spec *spec)
{
    const struct {
        const char *name, *value;
    } texts[] = {
        {"SLURM_JOB_ACCOUNT", spec->account},
        {"SLURM_JOB_QOS", spec->qos},
        {"SLURM_JOB_COMMENT", spec->comment},
        {"SLURM_JOB_WORK_DIR", spec->work_dir},
        {"SLURM_JOB_RESERVATION", spec->reservation},
        {"SLURM_JOB_CONSTRAINTS", spec->features},
        {"SLURM_JOB_LICENSES", spec->licenses},
        {"SLURM_JOB_EXTRA", spec->extra},
        {"SLURM_WCKEY", spec->wckey},
        {"SLURM_JOB_EXCLUSIVE", jobvars_exclusive(spec->share)},
        {"SLURM_JOB_OVERSUBSCRIBE", spec->share == SHARE_YES ? "YES" : "NO"},
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        set_text(env, texts[i].name, texts[i].value);
}

void env_hook(struct meta_strs *env, const struct job *job)
{
    const struct job_spec *spec = job->spec;
    struct buf counts = BUF_INIT;

    jobvars_cpus_per_node(job, &counts);
    set_text(env, "SLURM_JOB_CPUS_PER_NODE", counts.s);
    buf_release(&counts);
    if (!spec)
        return;
    set_spec(env, spec);
    if (!(job->flags & JOBF_BATCH))
        return;
    set_path(env, "SLURM_JOB_STDIN", spec, spec->std_in ? spec->std_in : "/dev/null");
    set_path(env, "SLURM_JOB_STDOUT", spec, spec->std_out);
    set_path(env, "SLURM_JOB_STDERR", spec, spec->std_err);
}
