/* SPDX-License-Identifier: Apache-2.0 */
/* Tracking by ancestry: the descendants of this process, which must be a subreaper. */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/vec.h"
#include "os/cgroup.h"
#include "os/track.h"

struct pid_list {
    VEC(pid_t) list;
};

/* Gives false when the kernel does not tell children (CONFIG_PROC_CHILDREN). */
static bool children_of_thread(pid_t pid, const char *tid, struct pid_list *out)
{
    char path[64], text[4096];
    ssize_t got;
    size_t kept = 0;
    int fd;

    snprintf(path, sizeof path, "/proc/%d/task/%s/children", (int)pid, tid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    while ((got = read(fd, text + kept, sizeof text - kept - 1)) > 0) {
        char *p = text, *end;
        long child;

        text[kept + (size_t)got] = 0;
        while ((child = strtol(p, &end, 10)) > 0 && *end == ' ') {
            *VEC_PUSH(&out->list) = (pid_t)child;
            p = end + 1;
        }
        kept = strlen(p);
        memmove(text, p, kept);
    }
    close(fd);
    return true;
}

static bool children_of(pid_t pid, struct pid_list *out)
{
    char path[64];
    DIR *dir;
    struct dirent *de;
    bool known = true;

    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    dir = opendir(path);
    if (!dir)
        return true; /* gone meanwhile */
    while (known && (de = readdir(dir)))
        if (de->d_name[0] != '.')
            known = children_of_thread(pid, de->d_name, out) || access(path, F_OK) < 0;
    closedir(dir);
    return known;
}

static pid_t parent_of(const char *pid)
{
    char path[300], text[512], *p;
    ssize_t got;
    int fd;

    snprintf(path, sizeof path, "/proc/%s/stat", pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    got = read(fd, text, sizeof text - 1);
    close(fd);
    if (got <= 0)
        return 0;
    text[got] = 0;
    p = strrchr(text, ')');
    return p && strlen(p) > 4 ? (pid_t)strtol(p + 4, NULL, 10) : 0;
}

/* The slow way: every process whose parent is in the list already. */
static void children_by_scan(pid_t pid, struct pid_list *out)
{
    DIR *dir = opendir("/proc");
    struct dirent *de;

    if (!dir)
        return;
    while ((de = readdir(dir)))
        if (de->d_name[0] >= '1' && de->d_name[0] <= '9' && parent_of(de->d_name) == pid)
            *VEC_PUSH(&out->list) = (pid_t)strtol(de->d_name, NULL, 10);
    closedir(dir);
}

static uint32_t linuxproc_signal(struct track *t, int sig)
{
    struct pid_list all = {0};
    uint32_t n;
    pid_t of = getpid();

    (void)t;
    for (uint32_t i = 0;; of = all.list.v[i++]) {
        if (!children_of(of, &all))
            children_by_scan(of, &all);
        if (i == all.list.n)
            break;
    }
    n = all.list.n;
    for (uint32_t i = 0; i < n; i++)
        if (sig)
            kill(all.list.v[i], sig);
    VEC_FREE(&all.list);
    return n;
}

static void linuxproc_stop(struct track *t, bool stop)
{
    linuxproc_signal(t, stop ? SIGSTOP : SIGCONT);
}

static int linuxproc_join(struct track *t, uint32_t local_id, struct err *e)
{
    (void)t, (void)local_id, (void)e;
    return 0;
}

static uint64_t linuxproc_oom_kills(struct track *t, uint32_t local_id)
{
    (void)t, (void)local_id;
    return 0;
}

static void linuxproc_close(struct track *t)
{
    mem_free(t);
}

struct track *track_linuxproc_open(void)
{
    static const struct track_ops ops = {
        .join = linuxproc_join,
        .signal = linuxproc_signal,
        .stop = linuxproc_stop,
        .oom_kills = linuxproc_oom_kills,
        .close = linuxproc_close,
    };
    struct track *t = mem_alloc(sizeof *t);

    t->ops = &ops;
    return t;
}

/* --- steps whose slurmstepd is gone --- */

/* The value of a variable in an environment of `len` bytes that ends with a 0 byte; NULL: it is not there. */
static const char *env_value(const struct buf *env, const char *name)
{
    size_t len = strlen(name);

    for (const char *p = env->s; p < env->s + env->len; p += strlen(p) + 1)
        if (strncmp(p, name, len) == 0 && p[len] == '=')
            return p + len + 1;
    return NULL;
}

static bool env_number(const struct buf *env, const char *name, uint32_t *ret)
{
    const char *text = env_value(env, name);
    int64_t v;

    if (!text || !text_to_i64(text, &v))
        return false;
    *ret = (uint32_t)v; /* the special steps are shown as negative numbers */
    return true;
}

/* Only tasks have SLURM_TASK_PID: neither daemons, prologs nor a user's own srun are meant. */
static bool is_orphan(const char *pid, const struct track_orphan *o)
{
    char dir[64];
    struct buf env = BUF_INIT;
    uint32_t job, step;
    bool ours;

    snprintf(dir, sizeof dir, "/proc/%.20s", pid);
    ours = cgroup_read(dir, "environ", &env) && env.len && env_value(&env, "SLURM_TASK_PID") &&
           env_number(&env, "SLURM_JOB_ID", &job) && job == o->job_id &&
           env_number(&env, "SLURM_STEP_ID", &step) && step == o->step_id &&
           text_same(env_value(&env, "SLURMD_NODENAME"), o->node_name) &&
           text_same(env_value(&env, "SLURM_CONF"), o->conf_path);
    buf_release(&env);
    return ours;
}

uint32_t track_linuxproc_sweep(const struct track_orphan *o)
{
    DIR *dir = opendir("/proc");
    struct dirent *de;
    uint32_t n = 0;

    while (dir && (de = readdir(dir))) {
        if (de->d_name[0] < '1' || de->d_name[0] > '9' || !is_orphan(de->d_name, o))
            continue;
        n++;
        kill((pid_t)strtol(de->d_name, NULL, 10), SIGKILL);
    }
    if (dir)
        closedir(dir);
    return n;
}
