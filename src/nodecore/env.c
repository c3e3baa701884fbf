/* SPDX-License-Identifier: Apache-2.0 */
#include "nodecore/env.h"

#include <stdarg.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "model/jobvars.h"
#include "nodecore/stepid.h"

/* --- a list of NAME=value --- */

static uint32_t env_find(const struct meta_strs *env, const char *name)
{
    size_t len = strlen(name);
    uint32_t i;

    for (i = 0; i < env->n; i++)
        if (strncmp(env->v[i], name, len) == 0 && env->v[i][len] == '=')
            break;
    return i;
}

void env_set(struct meta_strs *env, const char *name, const char *fmt, ...)
{
    struct buf b = BUF_INIT;
    uint32_t at = env_find(env, name);
    va_list ap;

    buf_addf(&b, "%s=", name);
    va_start(ap, fmt);
    buf_addv(&b, fmt, ap);
    va_end(ap);
    if (at < env->n) {
        mem_free(env->v[at]);
        env->v[at] = buf_take(&b);
    } else {
        meta_strs_push(env, b.s);
        buf_release(&b);
    }
}

void env_unset(struct meta_strs *env, const char *name)
{
    uint32_t at = env_find(env, name);

    if (at == env->n)
        return;
    mem_free(env->v[at]);
    memmove(&env->v[at], &env->v[at + 1], (env->n - at - 1) * sizeof env->v[0]);
    env->n--;
}

const char *env_get(const struct meta_strs *env, const char *name)
{
    uint32_t at = env_find(env, name);

    return at < env->n ? strchr(env->v[at], '=') + 1 : NULL;
}

void env_take_limits(struct meta_strs *env, struct meta_strs *ret)
{
    static const char prefix[] = "SLURM_RLIMIT_";
    uint32_t kept = 0;

    for (uint32_t i = 0; i < env->n; i++) {
        char *text = env->v[i], *value;

        if (!text_starts(text, prefix)) {
            env->v[kept++] = text;
            continue;
        }
        /* "U" in front of the value: the user named this limit. */
        value = strchr(text, '=');
        if (value && value[1] == 'U')
            memmove(value + 1, value + 2, strlen(value + 2) + 1);
        if (value)
            meta_strs_push(ret, text + sizeof prefix - 1);
        mem_free(text);
    }
    env->n = kept;
}

static void env_set_text(struct meta_strs *env, const char *name, const char *value)
{
    if (value && *value)
        env_set(env, name, "%s", value);
}

static void env_default(struct meta_strs *env, const char *name, const char *value)
{
    if (value && !env_get(env, name))
        env_set(env, name, "%s", value);
}

static void env_set_u16(struct meta_strs *env, const char *name, uint16_t value)
{
    if (value != NO_VAL16)
        env_set(env, name, "%u", value);
}

static void env_set_mb(struct meta_strs *env, const char *name, uint64_t value)
{
    if (value != NO_VAL64)
        env_set(env, name, "%llu", (unsigned long long)value);
}

static void env_set_taken(struct meta_strs *env, const char *name, struct buf *text)
{
    env_set_text(env, name, text->s);
    buf_clear(text);
}

/* --- what the launch record says --- */

const struct job *launch_job(const struct step_launch *l)
{
    return l->batch ? l->batch->job : l->cred->job;
}

uint32_t launch_node_rank(const struct step_launch *l)
{
    return l->batch ? 0 : l->tasks->nodeid;
}

static const struct step_node *launch_layout(const struct step_launch *l)
{
    const struct step *step = l->tasks->step;

    return l->tasks->nodeid < step->layout.n ? &step->layout.v[l->tasks->nodeid] : NULL;
}

uint32_t launch_task_count(const struct step_launch *l)
{
    return l->batch ? 1 : launch_layout(l)->tasks.n;
}

uint32_t launch_task_rank(const struct step_launch *l, uint32_t local_id)
{
    return l->batch ? 0 : launch_layout(l)->tasks.v[local_id];
}

/* --- devices --- */

static const struct bits *share_gpus(const struct job_gres *gres, uint32_t n, uint64_t *ret_count)
{
    static const struct bits none;
    const struct bits *index = &none;

    *ret_count = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (!text_same(gres[i].name, "gpu"))
            continue;
        /* Several types on one node are several entries: tasks see all of them through the first set. */
        *ret_count += gres[i].count;
        if (index == &none)
            index = &gres[i].index;
    }
    return index;
}

/* "0,3": what CUDA and its relatives read. */
static void device_list(const struct bits *index, struct buf *out)
{
    for (uint32_t i = bits_next(index, 0); i != BITS_MAX; i = bits_next(index, i + 1))
        buf_addf(out, out->len ? ",%u" : "%u", i);
}

/* Inside a devices control group CUDA numbers only what it can see, from 0. */
static void device_list_seen(const struct step_launch *l, const struct bits *index, const struct bits *step,
                             struct buf *out)
{
    uint32_t seen = 0;

    if (!l->cgroup || !l->cgroup->devices) {
        device_list(index, out);
        return;
    }
    for (uint32_t i = bits_next(step, 0); i != BITS_MAX; i = bits_next(step, i + 1), seen++)
        if (bits_test(index, i))
            buf_addf(out, out->len ? ",%u" : "%u", seen);
}

static void env_visible_devices(struct meta_strs *env, const char *list)
{
    static const char *const names[] = {"CUDA_VISIBLE_DEVICES", "GPU_DEVICE_ORDINAL", "ROCR_VISIBLE_DEVICES",
                                        "ZE_AFFINITY_MASK"};

    for (uint32_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (*list)
            env_set(env, names[i], "%s", list);
        else
            env_unset(env, names[i]);
    }
}

static void env_gpus(struct meta_strs *env, const struct step_launch *l)
{
    uint64_t count;
    const struct bits *index = share_gpus(l->share->gres.v, l->share->gres.n, &count);
    struct buf list = BUF_INIT, seen = BUF_INIT;

    device_list(index, &list);
    device_list_seen(l, index, index, &seen);
    env_visible_devices(env, seen.s);
    if (count)
        env_set(env, "SLURM_GPUS_ON_NODE", "%llu", (unsigned long long)count);
    else
        env_unset(env, "SLURM_GPUS_ON_NODE");
    if (list.len)
        env_set(env, l->batch ? "SLURM_JOB_GPUS" : "SLURM_STEP_GPUS", "%s", list.s);
    for (uint32_t i = 0; i < l->share->gres.n; i++)
        if (text_same(l->share->gres.v[i].name, "shard"))
            env_set(env, "SLURM_SHARDS_ON_NODE", "%llu", (unsigned long long)l->share->gres.v[i].count);
    buf_release(&list);
    buf_release(&seen);
}

/* --- the job --- */

static void env_array(struct meta_strs *env, const struct job *job)
{
    if (!job->array_job_id || job->array_task_id == NO_VAL)
        return;
    env_set(env, "SLURM_ARRAY_JOB_ID", "%u", job->array_job_id);
    env_set(env, "SLURM_ARRAY_TASK_ID", "%u", job->array_task_id);
    env_set(env, "SLURM_ARRAY_TASK_COUNT", "%u", job->array_task_count);
    env_set(env, "SLURM_ARRAY_TASK_MAX", "%u", job->array_task_max);
    env_set(env, "SLURM_ARRAY_TASK_MIN", "%u", job->array_task_min);
    env_set(env, "SLURM_ARRAY_TASK_STEP", "%u", job->array_task_step ? job->array_task_step : 1);
}

/* A batch script is told the CPUs that its job may use; a step all threads of the cores it has. */
static uint32_t env_cpus(const struct step_launch *l)
{
    const struct cred_node *share = l->share;
    uint32_t cores = bits_count(&share->job_cores);

    if (l->batch)
        return jobvars_usable_cpus(l->batch->job, &share->cores, share->cpus);
    return cores ? share->job_cpus / cores * bits_count(&share->cores) : share->cpus;
}

/* In every batch script and every task. */
static void env_job(struct meta_strs *env, const struct step_launch *l)
{
    const struct job *job = launch_job(l);
    const struct job_spec *spec = job->spec;
    char sluid[SLUID_LEN + 1];
    struct buf counts = BUF_INIT;

    jobvars_sluid(job, sluid);
    env_set_text(env, "SLURM_CLUSTER_NAME", l->cred->cluster);
    env_set_text(env, "SLURM_CONF", l->conf_path);
    env_set_text(env, "SLURMD_NODENAME", l->node_name);
    env_set(env, "SLURM_JOB_ID", "%u", job->job_id);
    env_set(env, "SLURM_JOBID", "%u", job->job_id);
    env_set(env, "SLURM_JOB_SLUID", "%s", sluid);
    env_set_text(env, "SLURM_JOB_PARTITION", job->partition);
    env_set_text(env, "SLURM_JOB_NODELIST", job->nodes);
    env_set(env, "SLURM_JOB_NUM_NODES", "%u", job->alloc.n);
    jobvars_cpus_per_node(job, &counts);
    env_set_taken(env, "SLURM_JOB_CPUS_PER_NODE", &counts);
    env_set(env, "SLURM_JOB_UID", "%u", l->cred->uid);
    env_set(env, "SLURM_JOB_GID", "%u", l->cred->gid);
    env_set_text(env, "SLURM_JOB_USER", l->cred->user_name);
    env_set_text(env, "SLURM_JOB_ACCOUNT", spec->account);
    env_set_text(env, "SLURM_JOB_QOS", spec->qos);
    env_set_text(env, "SLURM_JOB_RESERVATION", spec->reservation);
    env_set_text(env, "SLURM_JOB_LICENSES", spec->licenses);
    if (spec->segment_size)
        env_set(env, "SLURM_JOB_SEGMENT_SIZE", "%u", spec->segment_size);
    env_set_text(env, "SLURM_NETWORK", spec->network);
    env_set(env, "SLURM_JOB_START_TIME", "%lld", (long long)job->start_time);
    if (job->end_time)
        env_set(env, "SLURM_JOB_END_TIME", "%lld", (long long)job->end_time);
    if (job->restarts)
        env_set(env, "SLURM_RESTART_COUNT", "%u", job->restarts);
    env_set(env, "SLURM_CPUS_ON_NODE", "%u", env_cpus(l));
    env_set(env, "SLURM_OOM_KILL_STEP", "%d", spec->oom_kill_step == 1);
    env_set_text(env, "SLURM_TOPOLOGY_ADDR", l->topology_addr ? l->topology_addr : l->node_name);
    env_set(env, "SLURM_TOPOLOGY_ADDR_PATTERN", "%s", l->topology_pattern ? l->topology_pattern : "node");
    env_array(env, job);
    env_gpus(env, l);
    buf_release(&counts);
}

const struct env_launcher env_launchers[] = {
    {"HYDRA_BOOTSTRAP", "slurm", true},
    {"HYDRA_LAUNCHER_EXTRA_ARGS", "--external-launcher", true},
    {"I_MPI_HYDRA_BOOTSTRAP", "slurm", true},
    {"I_MPI_HYDRA_BOOTSTRAP_EXEC_EXTRA_ARGS", "--external-launcher", true},
    {"OMPI_MCA_plm_slurm_args", "--external-launcher", false},
    {"PRTE_MCA_plm_slurm_args", "--external-launcher", false},
};
const uint32_t env_launchers_count = sizeof env_launchers / sizeof *env_launchers;

bool env_wants_hydra(bool no_hydra, const char *bootstrap, const char *mpi_bootstrap)
{
    return !no_hydra || (bootstrap && text_same(bootstrap, "slurm")) ||
           (mpi_bootstrap && text_same(mpi_bootstrap, "slurm"));
}

static void add_launchers(struct meta_strs *env, bool no_hydra)
{
    bool hydra =
        env_wants_hydra(no_hydra, env_get(env, "HYDRA_BOOTSTRAP"), env_get(env, "I_MPI_HYDRA_BOOTSTRAP"));

    for (uint32_t i = 0; i < env_launchers_count; i++)
        if (hydra || !env_launchers[i].hydra)
            env_default(env, env_launchers[i].name, env_launchers[i].value);
}

/* --- the batch step --- */

static void env_memory(struct meta_strs *env, const struct job *job)
{
    const struct job_spec *spec = job->spec;

    env_set_mb(env, "SLURM_MEM_PER_GPU", spec->mem_per_gpu);
    if (spec->mem_per_gpu != NO_VAL64)
        return;
    if (spec->mem_per_node == 0)
        return;
    env_set_mb(env, "SLURM_MEM_PER_NODE", spec->mem_per_node);
    if (spec->mem_per_node != NO_VAL64)
        return;
    env_set_mb(env, "SLURM_MEM_PER_NODE", job->def_mem_node);
    env_set_mb(env, "SLURM_MEM_PER_CPU",
               spec->mem_per_cpu != NO_VAL64 ? spec->mem_per_cpu : job->def_mem_cpu);
}

static void env_distribution(struct meta_strs *env, uint32_t dist, uint32_t plane_size)
{
    static const char *const names[] = {[DIST_BLOCK] = "block",
                                        [DIST_CYCLIC] = "cyclic",
                                        [DIST_ARBITRARY] = "arbitrary",
                                        [DIST_PLANE] = "plane"};

    if (dist < sizeof names / sizeof names[0] && names[dist])
        env_default(env, "SLURM_DISTRIBUTION", names[dist]);
    if (dist == DIST_PLANE)
        env_set(env, "SLURM_DIST_PLANESIZE", "%u", plane_size);
}

/* --cpus-per-task counts as a part of --tres-per-task. */
static void env_tres_per_task(struct meta_strs *env, const struct job_spec *spec)
{
    struct buf b = BUF_INIT;

    if (spec->cpus_per_task != NO_VAL16 && !text_has(spec->tres_per_task ? spec->tres_per_task : "", "cpu="))
        buf_addf(&b, "cpu=%u", spec->cpus_per_task);
    if (spec->tres_per_task) {
        buf_sep(&b, ",");
        buf_adds(&b, spec->tres_per_task);
    }
    env_set_text(env, "SLURM_TRES_PER_TASK", b.s);
    buf_release(&b);
}

static void env_batch(struct meta_strs *env, const struct step_launch *l)
{
    const struct job *job = l->batch->job;
    const struct job_spec *spec = job->spec;
    struct buf counts = BUF_INIT;

    env_set(env, "ENVIRONMENT", "BATCH");
    env_set(env, "HOSTNAME", "%s", l->node_name);
    env_set_text(env, "SLURM_JOB_NAME", spec->name);
    env_set(env, "SLURM_JOB_EXCLUSIVE", "%s", jobvars_exclusive(job));
    env_set(env, "SLURM_JOB_OVERSUBSCRIBE", "%s", spec->share == SHARE_YES ? "YES" : "NO");
    env_set_text(env, "SLURM_JOB_DEPENDENCY", spec->dependency);
    env_set(env, "SLURM_NNODES", "%u", job->alloc.n);
    env_set_text(env, "SLURM_NODELIST", job->nodes);
    jobvars_tasks_per_node(job, &counts);
    env_set_taken(env, "SLURM_TASKS_PER_NODE", &counts);
    if (spec->ntasks != NO_VAL || spec->ntasks_per_node != NO_VAL16 || spec->ntasks_per_gpu != NO_VAL16) {
        env_set(env, "SLURM_NTASKS", "%u", job->ntasks);
        env_set(env, "SLURM_NPROCS", "%u", job->ntasks);
    }
    env_set_u16(env, "SLURM_CPUS_PER_TASK", spec->cpus_per_task);
    env_set_u16(env, "SLURM_NTASKS_PER_NODE", spec->ntasks_per_node);
    env_set_u16(env, "SLURM_NTASKS_PER_CORE", spec->ntasks_per_core);
    env_set_u16(env, "SLURM_NTASKS_PER_SOCKET", spec->ntasks_per_socket);
    env_set_u16(env, "SLURM_NTASKS_PER_GPU", spec->ntasks_per_gpu);
    env_set_u16(env, "SLURM_THREADS_PER_CORE", spec->threads_per_core);
    if (spec->overcommit == 1)
        env_set(env, "SLURM_OVERCOMMIT", "1");
    env_memory(env, job);
    env_distribution(env, spec->dist, spec->plane_size);
    env_tres_per_task(env, spec);
    env_default(env, "SLURM_SUBMIT_DIR", spec->work_dir);
    env_default(env, "SLURM_SUBMIT_HOST", spec->alloc_node);
    env_set(env, "SLURM_STEP_ID", "%d", (int)l->cred->step_id);
    env_set(env, "SLURM_STEPID", "%d", (int)l->cred->step_id);
    buf_release(&counts);
}

/* --- a step of srun --- */

static void env_gtids(struct meta_strs *env, const struct step_launch *l)
{
    struct buf b = BUF_INIT;

    for (uint32_t i = 0; i < launch_task_count(l); i++)
        buf_addf(&b, i ? ",%u" : "%u", launch_task_rank(l, i));
    env_set(env, "SLURM_GTIDS", "%s", b.s);
    buf_release(&b);
}

static void env_step(struct meta_strs *env, const struct step_launch *l)
{
    const struct step *step = l->tasks->step;
    struct buf counts = BUF_INIT;

    env_default(env, "SLURM_JOB_NAME", step->name);
    env_set_text(env, "SLURM_JOB_GROUP", l->group_name);
    env_set(env, "SLURM_STEP_ID", "%u", step->step_id);
    env_set(env, "SLURM_STEPID", "%u", step->step_id);
    env_set_text(env, "SLURM_STEP_NODELIST", step->nodes);
    env_set(env, "SLURM_STEP_NUM_NODES", "%u", step->layout.n);
    env_set(env, "SLURM_STEP_NUM_TASKS", "%u", step->ntasks);
    jobvars_step_tasks_per_node(step, &counts);
    env_set_taken(env, "SLURM_STEP_TASKS_PER_NODE", &counts);
    jobvars_step_tasks_per_node(step, &counts);
    env_set_taken(env, "SLURM_TASKS_PER_NODE", &counts);
    env_set(env, "SLURM_NNODES", "%u", step->layout.n);
    env_set_text(env, "SLURM_NODELIST", step->nodes);
    env_set(env, "SLURM_NTASKS", "%u", step->ntasks);
    env_set(env, "SLURM_NPROCS", "%u", step->ntasks);
    env_set_u16(env, "SLURM_CPUS_PER_TASK", step->cpus_per_task);
    env_set(env, "SLURMD_DEBUG", "%u", l->debug);
    env_set_text(env, "SLURMD_TRES_BIND", l->tasks->tres_bind);
    env_set_text(env, "SLURM_LAUNCH_NODE_IPADDR", l->srun_addr);
    env_set_text(env, "SLURM_SRUN_COMM_HOST", l->srun_addr);
    if (l->srun_port) {
        env_set(env, "SLURM_SRUN_COMM_PORT", "%u", l->srun_port);
        env_set(env, "SLURM_STEP_LAUNCHER_PORT", "%u", l->srun_port);
    }
    /* These belong to the batch script that the step may have been started from. */
    env_unset(env, "SLURM_PROCID");
    env_unset(env, "SLURM_LOCALID");
    buf_release(&counts);
}

void env_build(struct meta_strs *env, const struct step_launch *l, int nice_value)
{
    const struct meta_strs *user = l->batch ? &l->batch->payload->env : &l->tasks->env;
    const char *work_dir = l->batch ? l->batch->job->spec->work_dir : l->tasks->work_dir;

    for (uint32_t i = 0; i < user->n; i++)
        if (strchr(user->v[i], '='))
            meta_strs_push(env, user->v[i]);
    for (uint32_t i = 0; i < l->user_env.n; i++) {
        char *name = mem_strndup(l->user_env.v[i], strcspn(l->user_env.v[i], "="));

        env_default(env, name, strchr(l->user_env.v[i], '=') + 1);
        mem_free(name);
    }
    env_job(env, l);
    add_launchers(env, l->no_hydra);
    if (l->batch)
        env_batch(env, l);
    else
        env_step(env, l);
    env_gtids(env, l);
    if (env_get(env, "PWD"))
        env_set_text(env, "PWD", work_dir);
    if (!env_get(env, "SLURM_PRIO_PROCESS"))
        env_set(env, "SLURM_PRIO_PROCESS", "%d", nice_value);
    env_default(env, "TMPDIR", l->tmp_dir ? l->tmp_dir : "/tmp");
    env_set(env, "SLURM_NODEID", "%u", launch_node_rank(l));
}

/* Then each task is told its own devices for those of the step. */
static bool bound_singly(const char *tres_bind)
{
    return tres_bind && (text_has(tres_bind, "per_task:") || text_has(tres_bind, "single:"));
}

void env_task(struct meta_strs *env, const struct step_launch *l, uint32_t local_id, uint32_t pid,
              const struct bits *devices)
{
    env_set(env, "SLURM_PROCID", "%u", launch_task_rank(l, local_id));
    env_set(env, "SLURM_LOCALID", "%u", local_id);
    env_set(env, "SLURM_TASK_PID", "%u", pid);
    if (devices) {
        uint64_t count;
        struct buf list = BUF_INIT;

        device_list_seen(l, devices, share_gpus(l->share->gres.v, l->share->gres.n, &count), &list);
        env_visible_devices(env, list.s);
        buf_clear(&list);
        device_list(devices, &list);
        if (l->tasks && bound_singly(l->tasks->tres_bind))
            env_set_text(env, "SLURM_STEP_GPUS", list.s);
        buf_release(&list);
    }
}
