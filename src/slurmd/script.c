/* SPDX-License-Identifier: Apache-2.0 */
/* Prolog, epilog and health check: programs of the site that run as root, one after the other, without
 * holding the loop up. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "os/process.h"
#include "slurmd/slurmd.h"
#include "nodecore/hookenv.h"

enum script_kind { SCRIPT_PROLOG, SCRIPT_EPILOG, SCRIPT_HEALTH, SCRIPT_REBOOT };
static const char *const script_names[] = {"prolog", "epilog", "health_check", "reboot"};

/* A series of programs for one job; ended by the first that fails. */
struct script {
    struct slurmd *d;
    enum script_kind kind;
    uint32_t job_id;
    struct meta_strs paths, env;
    uint32_t at;
    pid_t pid;
    uv_timer_t limit;
    bool timed_out;
};

static void script_limit_closed(uv_handle_t *h)
{
    mem_free(h->data);
}

static void script_free(struct script *s)
{
    for (uint32_t i = 0; i < s->paths.n; i++)
        mem_free(s->paths.v[i]);
    mem_free(s->paths.v);
    for (uint32_t i = 0; i < s->env.n; i++)
        mem_free(s->env.v[i]);
    mem_free(s->env.v);
    uv_close((uv_handle_t *)&s->limit, script_limit_closed);
}

/* The value of Prolog= or Epilog= may be a pattern; programs run in the order of their names. */
static void script_paths(const struct slurmd *d, enum conf_key key, struct meta_strs *out)
{
    const struct meta_strs *given = conf_list(d->conf, key);

    for (uint32_t i = 0; i < given->n; i++) {
        char *path = setup_script_path(d, given->v[i]);
        glob_t g = {0};

        if (glob(path, 0, NULL, &g) == 0)
            for (size_t k = 0; k < g.gl_pathc; k++)
                meta_strs_push(out, g.gl_pathv[k]);
        else
            meta_strs_push(out, path); /* so that its absence is noticed */
        globfree(&g);
        mem_free(path);
    }
}

static void script_env_counts(struct meta_strs *env, const struct job_spec *spec)
{
    bool threads = spec->thread_spec != NO_VAL16;
    uint16_t special = threads ? spec->thread_spec : spec->core_spec;

    if (spec->ntasks != NO_VAL)
        env_set(env, "SLURM_JOB_NTASKS", "%u", spec->ntasks);
    env_set(env, "SLURM_JOB_CORE_SPEC_COUNT", "%u", special == NO_VAL16 ? 0 : special);
    env_set(env, "SLURM_JOB_CORE_SPEC_TYPE", "%s", threads ? "threads" : "cores");
}

static void script_env(const struct slurmd *d, struct script *s, const struct job_info *j)
{
    struct meta_strs *env = &s->env;

    hookenv_base(env, d->conf_path, s->kind == SCRIPT_HEALTH ? NULL : conf_str(d->conf, CONF_CLUSTER_NAME));
    env_set(env, "SLURMD_NODENAME", "%s", d->node_name);
    if (s->kind == SCRIPT_HEALTH)
        return;
    env_set(env, "SLURM_SCRIPT_CONTEXT", "%s_slurmd", script_names[s->kind]);
    if (!j)
        return;
    hookenv_job(env, j->job);
    env_unset(env, "SLURM_JOB_NAME"); /* only the controller's programs are told */
    if (j->job->spec)
        script_env_counts(env, j->job->spec);
    env_set(env, "SLURM_JOB_ID", "%u", j->job_id);
    env_set(env, "SLURM_JOBID", "%u", j->job_id);
    env_set(env, "SLURM_JOB_UID", "%u", j->uid);
    env_set(env, "SLURM_UID", "%u", j->uid);
    env_set(env, "SLURM_JOB_GID", "%u", j->gid);
    env_set(env, "SLURM_JOB_RESTART_COUNT", "%u", j->restarts);
    if (j->user_name)
        env_set(env, "SLURM_JOB_USER", "%s", j->user_name);
    if (j->job->nodes)
        env_set(env, "SLURM_NODELIST", "%s", j->job->nodes);
    if (s->kind == SCRIPT_EPILOG)
        hookenv_exit(env, j->exit_code, j->job->derived_ec);
}

static void script_env_gpus(struct meta_strs *env, const struct cred_node *share)
{
    const struct job_gres *g = share->job_gres.n ? share->job_gres.v : share->gres.v;
    uint32_t n = share->job_gres.n ? share->job_gres.n : share->gres.n;

    for (uint32_t i = 0; i < n; i++) {
        struct buf list = BUF_INIT;

        for (uint32_t k = bits_next(&g[i].index, 0); k != BITS_MAX; k = bits_next(&g[i].index, k + 1))
            buf_addf(&list, list.len ? ",%u" : "%u", k);
        if (text_same(g[i].name, "gpu") && list.len) {
            env_set(env, "SLURM_JOB_GPUS", "%s", list.s);
            env_set(env, "CUDA_VISIBLE_DEVICES", "%s", list.s);
            env_set(env, "GPU_DEVICE_ORDINAL", "%s", list.s);
            env_set(env, "ROCR_VISIBLE_DEVICES", "%s", list.s);
            env_set(env, "ZE_AFFINITY_MASK", "%s", list.s);
        }
        buf_release(&list);
    }
}

static void script_next(struct script *s);

static void script_done(struct script *s, bool ok, const char *why)
{
    struct slurmd *d = s->d;
    struct node_effects out = {0};

    if (s->kind == SCRIPT_PROLOG)
        node_prolog_done(&d->core, s->job_id, ok, why, slurmd_now(), &out);
    else if (s->kind == SCRIPT_EPILOG)
        node_epilog_done(&d->core, s->job_id, ok, slurmd_now(), &out);
    script_free(s);
    effects_run(d, &out);
}

static void script_failed(struct script *s, const char *why)
{
    char *job = s->job_id ? buf_format(" of JobId=%u", s->job_id) : mem_strdup("");
    log_error("%s%s failed: %s: %s", script_names[s->kind], job, s->paths.v[s->at], why);
    mem_free(job);
    script_done(s, false, why);
}

static void script_over_time(uv_timer_t *t)
{
    struct script *s = t->data;

    s->timed_out = true;
    kill(-s->pid, SIGKILL);
}

static uint32_t time_limit(const struct script *s)
{
    enum { HEALTH_S = 60 };
    if (s->kind == SCRIPT_HEALTH) {
        uint32_t given = conf_u32(s->d->conf, CONF_HEALTH_CHECK_TIMEOUT);
        return given ? given : HEALTH_S;
    }
    uint32_t own = s->kind == SCRIPT_PROLOG   ? conf_u32(s->d->conf, CONF_PROLOG_TIMEOUT)
                   : s->kind == SCRIPT_EPILOG ? conf_u32(s->d->conf, CONF_EPILOG_TIMEOUT)
                                              : NO_VAL16;

    return own && own < NO_VAL16 ? own : conf_u32(s->d->conf, CONF_PROLOG_EPILOG_TIMEOUT);
}

static void script_next(struct script *s)
{
    uint32_t limit_s = time_limit(s);
    char *argv[] = {NULL, NULL};
    char **env;
    struct process_spec spec = {.argv = argv, .fds = {-1, -1, -1}, .fds_n = 3, .own_group = true};
    struct err e;

    if (s->at == s->paths.n) {
        script_done(s, true, NULL);
        return;
    }
    env = mem_array(s->env.n + 1, sizeof *env);
    memcpy(env, s->env.v, s->env.n * sizeof *env);
    spec.path = argv[0] = s->paths.v[s->at];
    spec.env = env;
    s->pid = process_start(&spec, &e);
    mem_free(env);
    if (s->pid < 0) {
        script_failed(s, e.text);
        return;
    }
    map_u64_put(&s->d->scripts, (uint64_t)s->pid, s);
    if (limit_s && limit_s < NO_VAL16)
        uv_timer_start(&s->limit, script_over_time, (uint64_t)limit_s * 1000, 0);
}

void script_reaped(struct slurmd *d, pid_t pid, int status)
{
    struct script *s = map_u64_remove(&d->scripts, (uint64_t)pid);
    char why[64];

    if (!s)
        return;
    uv_timer_stop(&s->limit);
    kill(-pid, SIGKILL); /* what it left in its group */
    if (status == 0) {
        s->at++;
        script_next(s);
        return;
    }
    if (s->timed_out)
        buf_print(why, sizeof why, "timed out");
    else if (WIFSIGNALED(status))
        buf_print(why, sizeof why, "signal %d", WTERMSIG(status));
    else
        buf_print(why, sizeof why, "rc:%d", WEXITSTATUS(status));
    script_failed(s, why);
}

static struct script *script_new(struct slurmd *d, enum script_kind kind, uint32_t job_id)
{
    struct script *s = mem_alloc(sizeof *s);
    const struct job_info *j = map_u64_get(&d->jobs, job_id);

    s->d = d;
    s->kind = kind;
    s->job_id = job_id;
    uv_timer_init(&d->loop, &s->limit);
    s->limit.data = s;
    script_env(d, s, j);
    if (j && j->share)
        script_env_gpus(&s->env, j->share);
    return s;
}

void script_prolog(struct slurmd *d, uint32_t job_id)
{
    struct script *s = script_new(d, SCRIPT_PROLOG, job_id);

    script_paths(d, CONF_PROLOG, &s->paths);
    script_next(s);
}

void script_epilog(struct slurmd *d, uint32_t job_id)
{
    struct script *s = script_new(d, SCRIPT_EPILOG, job_id);

    script_paths(d, CONF_EPILOG, &s->paths);
    script_next(s);
}

static void script_one(struct slurmd *d, enum script_kind kind, const char *program)
{
    struct script *s;

    if (!program || !*program)
        return;
    s = script_new(d, kind, 0);
    meta_strs_push(&s->paths, program);
    script_next(s);
}

void script_health(struct slurmd *d)
{
    script_one(d, SCRIPT_HEALTH, conf_str(d->conf, CONF_HEALTH_CHECK_PROGRAM));
}

void script_reboot(struct slurmd *d)
{
    script_one(d, SCRIPT_REBOOT, conf_str(d->conf, CONF_REBOOT_PROGRAM));
}
