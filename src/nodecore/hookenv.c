/* SPDX-License-Identifier: Apache-2.0 */
#include "nodecore/hookenv.h"

#include "base/hostlist.h"
#include "base/mem.h"
#include "model/jobtext.h"
#include "model/jobvars.h"

static void add_text(struct meta_strs *env, const char *name, const char *value)
{
    if (value && *value)
        env_set(env, name, "%s", value);
}

void hookenv_base(struct meta_strs *env, const char *conf_path, const char *cluster_name)
{
    env_set(env, "PATH", "%s", "/bin:/usr/bin:/usr/local/bin:/sbin:/usr/sbin:/usr/local/sbin");
    add_text(env, "SLURM_CONF", conf_path);
    add_text(env, "SLURM_CLUSTER_NAME", cluster_name);
}

static void add_spec(struct meta_strs *env, const struct job_spec *spec)
{
    const struct {
        const char *name, *value;
    } texts[] = {
        {"SLURM_JOB_NAME", spec->name},
        {"SLURM_JOB_USER", spec->user_name},
        {"SLURM_JOB_ACCOUNT", spec->account},
        {"SLURM_JOB_QOS", spec->qos},
        {"SLURM_JOB_COMMENT", spec->comment},
        {"SLURM_JOB_WORK_DIR", spec->work_dir},
        {"SLURM_JOB_RESERVATION", spec->reservation},
        {"SLURM_JOB_CONSTRAINTS", spec->features},
        {"SLURM_JOB_LICENSES", spec->licenses},
        {"SLURM_JOB_EXTRA", spec->extra},
        {"SLURM_WCKEY", spec->wckey},
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        add_text(env, texts[i].name, texts[i].value);
}

/* A name as it was given, with the folder that it is in; a default one stands as it is. */
static void add_file(struct meta_strs *env, const char *name, const struct job_spec *spec, const char *given,
                     const char *otherwise)
{
    if (given && *given != '/' && spec->work_dir)
        env_set(env, name, "%s/%s", spec->work_dir, given);
    else
        add_text(env, name, given ? given : otherwise);
}

/* Of batch scripts. */
static void add_files(struct meta_strs *env, const struct job *j)
{
    const struct job_spec *spec = j->spec;
    bool array = j->flags & (JOBF_ARRAY | JOBF_ARRAY_TASK);

    if (!(j->flags & JOBF_BATCH))
        return;
    add_file(env, "SLURM_JOB_STDIN", spec, spec->std_in, "/dev/null");
    add_file(env, "SLURM_JOB_STDOUT", spec, spec->std_out, array ? "slurm-%A_%a.out" : "slurm-%j.out");
    add_file(env, "SLURM_JOB_STDERR", spec, spec->std_err, NULL);
}

/* An order that is the same for all nodes of a job has their names and no `alloc`. */
static uint32_t nodes_of(const struct job *j)
{
    struct hostlist names = {0};
    uint32_t n = hostlist_parse(&names, j->nodes, NULL) == 0 ? names.count : j->alloc.n;

    hostlist_release(&names);
    return n;
}

/* Only where it has or had nodes. */
static void add_place(struct meta_strs *env, const struct job *j)
{
    struct buf counts = BUF_INIT;
    uint32_t n = nodes_of(j);

    add_text(env, "SLURM_JOB_NODELIST", j->nodes);
    if (!n)
        return;
    env_set(env, "SLURM_JOB_NUM_NODES", "%u", n);
    jobvars_cpus_per_node(j, &counts);
    add_text(env, "SLURM_JOB_CPUS_PER_NODE", counts.s);
    buf_release(&counts);
}

void hookenv_job(struct meta_strs *env, const struct job *j)
{
    char sluid[SLUID_LEN + 1];

    env_set(env, "SLURM_JOB_ID", "%u", j->job_id);
    env_set(env, "SLURM_JOBID", "%u", j->job_id);
    env_set(env, "SLURM_JOB_UID", "%u", j->uid);
    env_set(env, "SLURM_JOB_GID", "%u", j->gid);
    add_text(env, "SLURM_JOB_PARTITION", j->partition);
    add_place(env, j);
    env_set(env, "SLURM_JOB_RESTART_COUNT", "%u", j->restarts);
    env_set(env, "SLURM_JOB_START_TIME", "%lld", (long long)j->start_time);
    env_set(env, "SLURM_JOB_END_TIME", "%lld", (long long)j->end_time);
    jobvars_sluid(j, sluid);
    env_set(env, "SLURM_JOB_SLUID", "%s", sluid);
    if (!j->spec)
        return;
    env_set(env, "SLURM_JOB_OVERSUBSCRIBE", "%s", jobvars_oversubscribe(j));
    env_set(env, "SLURM_JOB_EXCLUSIVE", "%s", jobvars_exclusive(j));
    add_spec(env, j->spec);
    add_files(env, j);
}

void hookenv_array(struct meta_strs *env, const struct job *j)
{
    if (!j->array_job_id || j->flags & JOBF_ARRAY) /* of no task yet */
        return;
    env_set(env, "SLURM_ARRAY_JOB_ID", "%u", j->array_job_id);
    env_set(env, "SLURM_ARRAY_TASK_ID", "%u", j->array_task_id);
    env_set(env, "SLURM_ARRAY_TASK_COUNT", "%u", j->array_task_count);
    env_set(env, "SLURM_ARRAY_TASK_MIN", "%u", j->array_task_min);
    env_set(env, "SLURM_ARRAY_TASK_MAX", "%u", j->array_task_max);
    env_set(env, "SLURM_ARRAY_TASK_STEP", "%u", j->array_task_step);
}

void hookenv_exit(struct meta_strs *env, uint32_t exit_code, uint32_t derived_ec)
{
    struct buf text = BUF_INIT;

    env_set(env, "SLURM_JOB_EXIT_CODE", "%u", exit_code);
    exit_code_text(exit_code, &text);
    env_set(env, "SLURM_JOB_EXIT_CODE2", "%s", text.s);
    env_set(env, "SLURM_JOB_DERIVED_EC", "%u", derived_ec);
    buf_release(&text);
}
