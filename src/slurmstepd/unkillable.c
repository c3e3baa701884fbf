/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes that SIGKILL does not end within UnkillableStepTimeout: hung in a file system or a device, most
 * of the time. UnkillableStepProgram is run, the step ends without them, and its report drains the node.
 */
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "nodecore/env.h"
#include "slurmstepd/stepd.h"

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Nobody waits for it: it may be about to do what takes its time. */
static void run_program(const struct stepd *s)
{
    char *path = s->launch->unkillable_program, *argv[] = {path, NULL};
    struct meta_strs env = {0};

    if (!path || !*path || fork() != 0)
        return;
    env_set(&env, "PATH", "%s", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    env_set(&env, "SLURM_CONF", "%s", s->launch->conf_path ? s->launch->conf_path : "");
    env_set(&env, "SLURMD_NODENAME", "%s", s->launch->node_name);
    env_set(&env, "SLURM_JOB_ID", "%u", s->job->job_id);
    env_set(&env, "SLURM_STEP_ID", "%u", s->step_id);
    meta_strs_push(&env, "");
    mem_free(env.v[env.n - 1]);
    env.v[env.n - 1] = NULL;
    setsid();
    execve(path, argv, env.v);
    _exit(127);
}

/* Their statuses are what SIGKILL would have made of them, and their streams are not waited for. */
static void leave_tasks(struct stepd *s)
{
    for (uint32_t i = 0; i < s->tasks_n; i++) {
        struct task *t = &s->tasks[i];

        if (!t->pid && !t->epilog && t->out < 0 && t->err < 0)
            continue;
        if (t->pid)
            t->status = SIGKILL;
        t->pid = t->epilog = 0;
        if (t->out >= 0)
            close(t->out);
        if (t->err >= 0 && t->err != t->out)
            close(t->err);
        t->out = t->err = -1;
        if (t->status > s->worst)
            s->worst = t->status;
    }
    s->alive = 0;
}

void unkillable_begin(struct stepd *s)
{
    if (!s->kill_until && s->launch->unkillable_timeout)
        s->kill_until = now_ms() + (int64_t)s->launch->unkillable_timeout * 1000;
}

int unkillable_wait_ms(const struct stepd *s, int most)
{
    int64_t left = s->kill_until - now_ms();

    if (!s->kill_until || s->unkillable)
        return most;
    return left < 0 ? 0 : most < 0 || left < most ? (int)left : most;
}

bool unkillable_check(struct stepd *s)
{
    if (s->unkillable || !s->kill_until || now_ms() < s->kill_until)
        return s->unkillable;
    s->unkillable = true;
    step_notice(s, "*** %s %s STEPD TERMINATED ON %s DUE TO %s NOT ENDING WITH SIGNALS ***",
                step_is_batch(s) ? "JOB" : "STEP", s->id_text, s->launch->node_name,
                step_is_batch(s) ? "JOB" : "TASK");
    run_program(s);
    leave_tasks(s);
    return true;
}
