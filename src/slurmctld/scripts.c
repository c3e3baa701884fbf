/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs of the site that run beside the controller, as its user: PrologSlurmctld and EpilogSlurmctld, and
 * those that power nodes up and down. One thread, one loop; each job's programs run one after the other, jobs
 * side by side up to RUNS_MAX.
 *
 * The core says when (EFFECT_PROLOG and the following) and hears of a prolog's end (MSG_PROLOG_DONE); nothing
 * waits for the others. What runs when the controller ends is killed, and started anew by the next one.
 */
#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/hostlist.h"
#include "base/mem.h"
#include "base/text.h"
#include "model/jobvars.h"
#include "nodecore/env.h"
#include "os/log.h"
#include "os/mailbox.h"
#include "os/process.h"
#include "slurmctld/ctld.h"

enum { RUNS_MAX = 256 };

static const struct kind {
    enum effect_type effect;
    enum conf_key program;
    const char *name; /* as SLURM_SCRIPT_CONTEXT has it */
} kinds[] = {
    {EFFECT_PROLOG, CONF_PROLOG_SLURMCTLD, "prolog_slurmctld"},
    {EFFECT_EPILOG, CONF_EPILOG_SLURMCTLD, "epilog_slurmctld"},
    {EFFECT_RESUME, CONF_RESUME_PROGRAM, "ResumeProgram"},
    {EFFECT_SUSPEND, CONF_SUSPEND_PROGRAM, "SuspendProgram"},
    {EFFECT_RESUME_FAIL, CONF_RESUME_FAIL_PROGRAM, "ResumeFailProgram"},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

struct run {
    struct scripts *scripts;
    const struct kind *kind;
    char *nodes; /* for power programs: their argument */
    uint32_t job_id, restarts;
    struct meta_strs paths, env;
    uint32_t at, limit_s;
    pid_t pid; /* 0: none runs */
    int pidfd;
    uv_poll_t watch;
    uv_timer_t limit;
    bool timed_out;
};

struct scripts {
    struct ctld *ctld;
    pthread_t thread;
    uv_loop_t loop;
    struct mailbox mailbox;
    VEC(struct run *) runs, waiting; /* of both, the oldest first */
    bool stopping;
};

/* --- what a program is told --- */

static void env_text(struct meta_strs *env, const char *name, const char *value)
{
    if (value && *value)
        env_set(env, name, "%s", value);
}

static void env_group(struct meta_strs *env, uint32_t gid)
{
    struct group entry, *found = NULL;
    char text[4096];

    if (getgrgid_r(gid, &entry, text, sizeof text, &found) == 0 && found)
        env_set(env, "SLURM_JOB_GROUP", "%s", found->gr_name);
}

static void env_array(struct meta_strs *env, const struct job *j)
{
    if (!j->array_job_id)
        return;
    env_set(env, "SLURM_ARRAY_JOB_ID", "%u", j->array_job_id);
    env_set(env, "SLURM_ARRAY_TASK_ID", "%u", j->array_task_id);
    env_set(env, "SLURM_ARRAY_TASK_COUNT", "%u", j->array_task_count);
    env_set(env, "SLURM_ARRAY_TASK_MIN", "%u", j->array_task_min);
    env_set(env, "SLURM_ARRAY_TASK_MAX", "%u", j->array_task_max);
    env_set(env, "SLURM_ARRAY_TASK_STEP", "%u", j->array_task_step);
}

static void env_job(struct meta_strs *env, const struct run *r, const struct job *j)
{
    char sluid[SLUID_LEN + 1];

    env_set(env, "SLURM_JOB_ID", "%u", j->job_id);
    env_set(env, "SLURM_JOBID", "%u", j->job_id);
    env_set(env, "SLURM_JOB_UID", "%u", j->uid);
    env_set(env, "SLURM_JOB_GID", "%u", j->gid);
    env_group(env, j->gid);
    env_text(env, "SLURM_JOB_PARTITION", j->partition);
    env_text(env, "SLURM_JOB_NODELIST", j->nodes);
    env_set(env, "SLURM_JOB_NUM_NODES", "%u", j->alloc.n);
    env_set(env, "SLURM_JOB_RESTART_COUNT", "%u", j->restarts);
    env_set(env, "SLURM_JOB_START_TIME", "%lld", (long long)j->start_time);
    env_set(env, "SLURM_JOB_END_TIME", "%lld", (long long)j->end_time);
    env_array(env, j);
    if (j->spec) {
        env_text(env, "SLURM_JOB_NAME", j->spec->name);
        env_text(env, "SLURM_JOB_USER", j->spec->user_name);
    }
    env_hook(env, j);
    jobvars_sluid(j, sluid);
    env_set(env, "SLURM_JOB_SLUID", "%s", sluid);
    if (r->kind->effect != EFFECT_EPILOG)
        return;
    env_set(env, "SLURM_JOB_EXIT_CODE", "%u", j->exit_code);
    env_set(env, "SLURM_JOB_EXIT_CODE2", "%d:%d", WEXITSTATUS((int)j->exit_code),
            WTERMSIG((int)j->exit_code));
    env_set(env, "SLURM_JOB_DERIVED_EC", "%u", j->derived_ec);
}

/* --- one run --- */

static void runs_start(struct scripts *s);
static void run_next(struct run *r);

static void strs_free(struct meta_strs *l)
{
    for (uint32_t i = 0; i < l->n; i++)
        mem_free(l->v[i]);
    mem_free(l->v);
}

static void run_free(struct run *r)
{
    strs_free(&r->paths);
    strs_free(&r->env);
    mem_free(r->nodes);
    mem_free(r);
}

static void on_limit_closed(uv_handle_t *h)
{
    struct run *r = h->data;
    struct scripts *s = r->scripts;

    run_free(r);
    runs_start(s);
}

static void remove_run(struct scripts *s, const struct run *r)
{
    uint32_t i = 0;

    while (s->runs.v[i] != r)
        i++;
    s->runs.n--;
    memmove(&s->runs.v[i], &s->runs.v[i + 1], (s->runs.n - i) * sizeof *s->runs.v);
}

static void run_done(struct run *r, bool failed)
{
    struct scripts *s = r->scripts;

    if (r->kind->effect == EFFECT_PROLOG && !s->stopping) {
        struct prolog_done *d = meta_new(&record_prolog_done);

        d->job_id = r->job_id;
        d->restarts = r->restarts;
        d->failed = failed;
        core_post(s->ctld->core, work_new(MSG_PROLOG_DONE, d));
    }
    remove_run(s, r);
    uv_close((uv_handle_t *)&r->limit, on_limit_closed); /* which starts the next one */
}

static void on_watch_closed(uv_handle_t *h)
{
    struct run *r = h->data;
    int status = 0;

    close(r->pidfd);
    kill(-r->pid, SIGKILL); /* what it left in its group */
    while (waitpid(r->pid, &status, 0) < 0 && errno == EINTR)
        ;
    r->pid = 0;
    uv_timer_stop(&r->limit);
    if (status == 0 && !r->scripts->stopping) {
        r->at++;
        run_next(r);
        return;
    }
    if (r->scripts->stopping)
        ; /* killed with the controller */
    else if (r->timed_out)
        log_error("%s JobId=%u %s timed out", r->kind->name, r->job_id, r->paths.v[r->at]);
    else
        log_error("%s JobId=%u %s exit status %d:%d", r->kind->name, r->job_id, r->paths.v[r->at],
                  WEXITSTATUS(status), WTERMSIG(status));
    run_done(r, true);
}

static void on_exit_seen(uv_poll_t *w, int status, int events)
{
    if (!uv_is_closing((uv_handle_t *)w))
        uv_close((uv_handle_t *)w, on_watch_closed);
}

static void on_limit(uv_timer_t *t)
{
    struct run *r = t->data;

    r->timed_out = true;
    kill(-r->pid, SIGKILL);
}

static void run_next(struct run *r)
{
    char *argv[] = {NULL, r->nodes, NULL};
    struct process_spec spec = {.argv = argv, .fds = {-1, -1, -1}, .fds_n = 3, .own_group = true};
    struct err e;

    if (r->at == r->paths.n) {
        run_done(r, false);
        return;
    }
    char **env = mem_array(r->env.n + 1, sizeof *env);
    memcpy(env, r->env.v, r->env.n * sizeof *env);
    spec.path = argv[0] = r->paths.v[r->at];
    spec.env = env;
    r->pid = process_start(&spec, &e);
    mem_free(env);
    if (r->pid < 0) {
        log_error("%s JobId=%u: %s", r->kind->name, r->job_id, e.text);
        r->pid = 0;
        run_done(r, true);
        return;
    }
    r->pidfd = pidfd_open(r->pid, 0);
    REQUIRE(r->pidfd >= 0 && uv_poll_init(&r->scripts->loop, &r->watch, r->pidfd) == 0);
    r->watch.data = r;
    uv_poll_start(&r->watch, UV_READABLE, on_exit_seen);
    if (r->limit_s && r->limit_s < NO_VAL16)
        uv_timer_start(&r->limit, on_limit, (uint64_t)r->limit_s * 1000, 0);
}

/* --- all of them --- */

static void runs_start(struct scripts *s)
{
    while (!s->stopping && s->runs.n < RUNS_MAX && s->waiting.n) {
        struct run *r = s->waiting.v[0];

        s->waiting.n--;
        memmove(s->waiting.v, s->waiting.v + 1, s->waiting.n * sizeof *s->waiting.v);
        *VEC_PUSH(&s->runs) = r;
        uv_timer_init(&s->loop, &r->limit);
        r->limit.data = r;
        run_next(r);
    }
}

/* How long the programs of jobs may take; those of nodes have ResumeTimeout and SuspendTimeout in the core.
 */
static uint32_t time_limit(const struct conf *conf, const struct kind *kind)
{
    bool prolog = kind->effect == EFFECT_PROLOG;
    if (!prolog && kind->effect != EFFECT_EPILOG)
        return 0;
    uint32_t own = conf_u32(conf, prolog ? CONF_PROLOG_TIMEOUT : CONF_EPILOG_TIMEOUT);

    return own && own < NO_VAL16 ? own : conf_u32(conf, CONF_PROLOG_EPILOG_TIMEOUT);
}

/* For a job, or for nodes, which it takes. */
static struct run *run_new(struct scripts *s, const struct kind *kind, const struct job *j, char *nodes)
{
    struct shared_conf *shared = ctld_conf(s->ctld);
    const struct conf *conf = shared->conf;
    struct run *r = mem_alloc(sizeof *r);

    r->scripts = s;
    r->kind = kind;
    r->nodes = nodes;
    r->limit_s = time_limit(conf, kind);
    if (nodes && conf_str(conf, kind->program))
        meta_strs_push(&r->paths, conf_str(conf, kind->program));
    for (uint32_t i = 0; j && i < conf_list(conf, kind->program)->n; i++)
        meta_strs_push(&r->paths, conf_list(conf, kind->program)->v[i]);
    env_set(&r->env, "PATH", "%s", "/bin:/usr/bin:/usr/local/bin:/sbin:/usr/sbin:/usr/local/sbin");
    env_text(&r->env, "SLURM_CONF", s->ctld->conf_path);
    env_text(&r->env, "SLURM_CLUSTER_NAME", conf_str(conf, CONF_CLUSTER_NAME));
    if (j) {
        r->job_id = j->job_id;
        r->restarts = j->restarts;
        env_set(&r->env, "SLURM_SCRIPT_CONTEXT", "%s", kind->name);
        env_job(&r->env, r, j);
    }
    ctld_conf_drop(shared);
    return r;
}

struct order {
    struct scripts *scripts;
    VEC(struct run *) runs;
};

static void on_order(void *arg)
{
    struct order *o = arg;

    for (uint32_t i = 0; i < o->runs.n; i++)
        *VEC_PUSH(&o->scripts->waiting) = o->runs.v[i];
    runs_start(o->scripts);
    VEC_FREE(&o->runs);
    mem_free(o);
}

/* All nodes that are to have the same: one run. */
static void add_nodes(struct order *o, const struct kind *kind, const struct outbox *out,
                      const struct snapshot *snapshot)
{
    struct hostlist list = {0};

    for (uint32_t i = 0; i < out->list.n; i++) {
        const struct effect *f = &out->list.v[i];
        const struct node *n = f->type == kind->effect ? ptree_get(&snapshot->nodes, f->node_index) : NULL;
        if (n)
            (void)hostlist_push(&list, n->name, NULL);
    }
    if (list.count) {
        struct buf text = BUF_INIT;

        hostlist_text(&list, &text);
        *VEC_PUSH(&o->runs) = run_new(o->scripts, kind, NULL, buf_take(&text));
    }
    hostlist_release(&list);
}

static void add_jobs(struct order *o, const struct kind *kind, const struct outbox *out,
                     const struct snapshot *snapshot)
{
    for (uint32_t i = 0; i < out->list.n; i++) {
        const struct effect *f = &out->list.v[i];
        const struct job *j = f->type == kind->effect ? snapshot_job(snapshot, f->job_id) : NULL;
        if (j)
            *VEC_PUSH(&o->runs) = run_new(o->scripts, kind, j, NULL);
    }
}

void scripts_post(struct scripts *s, const struct outbox *out, struct snapshot *snapshot)
{
    struct order *o = mem_alloc(sizeof *o);

    o->scripts = s;
    for (uint32_t k = 0; k < KINDS; k++)
        (kinds[k].effect == EFFECT_PROLOG || kinds[k].effect == EFFECT_EPILOG ? add_jobs : add_nodes)(
            o, &kinds[k], out, snapshot);
    mailbox_post(&s->mailbox, on_order, o);
}

static void *scripts_main(void *arg)
{
    struct scripts *s = arg;

    uv_run(&s->loop, UV_RUN_DEFAULT);
    return NULL;
}

struct scripts *scripts_start(struct ctld *c)
{
    struct scripts *s = mem_alloc(sizeof *s);

    s->ctld = c;
    REQUIRE(uv_loop_init(&s->loop) == 0);
    mailbox_init(&s->mailbox, &s->loop, NULL, NULL);
    REQUIRE(pthread_create(&s->thread, NULL, scripts_main, s) == 0);
    pthread_setname_np(s->thread, "scripts");
    return s;
}

/* The loop ends when every program that was killed here has been collected. */
static void stop(void *arg)
{
    struct scripts *s = arg;

    s->stopping = true;
    for (uint32_t i = 0; i < s->runs.n; i++)
        kill(-s->runs.v[i]->pid, SIGKILL);
    for (uint32_t i = 0; i < s->waiting.n; i++)
        run_free(s->waiting.v[i]);
    VEC_FREE(&s->waiting);
    mailbox_close(&s->mailbox);
}

void scripts_stop(struct scripts *s)
{
    mailbox_post(&s->mailbox, stop, s);
    pthread_join(s->thread, NULL);
    VEC_FREE(&s->runs);
    uv_loop_close(&s->loop);
    mem_free(s);
}
