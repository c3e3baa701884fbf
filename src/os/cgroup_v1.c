/* SPDX-License-Identifier: Apache-2.0 */
/* Version 1: CONTROLLER/slurm/uid_U/job_J/step_S/task_T below each controller's mount point. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/mem.h"
#include "os/cgroup.h"
#include "os/track.h"

enum { V1_LEVELS = 4, V1_MAKE_TRIES = 100 };

struct v1 {
    struct track track;
    uint32_t tasks;
    char *level[CGROUP_V1_COUNT][V1_LEVELS]; /* root, uid, job, step; NULL: the controller is not used */
};

/* A cpuset takes processes only when it has CPUs and memory nodes: from its parent unless told otherwise. */
static int v1_fill_cpuset(const char *parent, const char *dir, const struct bits *cpus, struct err *e)
{
    static const char *const files[] = {"cpuset.mems", "cpuset.cpus"};
    int rc = 0;

    for (size_t i = 0; i < 2 && rc == 0; i++) {
        struct buf text = BUF_INIT;

        if (i == 1 && cpus && bits_any(cpus))
            bits_text(cpus, &text);
        else if (!cgroup_read(parent, files[i], &text))
            rc = err_set(e, errno, "%s/%s: %s", parent, files[i], strerror(errno));
        if (rc == 0)
            rc = cgroup_write(dir, files[i], text.s, e);
        /* A node that claims more CPUs than the host has: those that exist stay as the parent's. */
        if (rc < 0 && i == 1 && cpus && bits_any(cpus))
            rc = v1_fill_cpuset(parent, dir, NULL, e);
        buf_release(&text);
    }
    return rc;
}

static int v1_limit_memory(const char *dir, const struct step_cgroup *c, uint64_t mem, struct err *e)
{
    uint64_t ram = cgroup_ram_limit(c, mem), both = cgroup_ram_swap_limit(c, mem);
    uint64_t hard = c->ram ? ram : both, soft = mem << 20;
    int rc;

    if (c->swap && c->swappiness)
        cgroup_write_number(dir, "memory.swappiness", c->swappiness - 1, NULL);
    if (!hard)
        return 0;
    if (soft)
        cgroup_write_number(dir, "memory.soft_limit_in_bytes", soft < hard ? soft : hard, NULL);
    rc = cgroup_write_number(dir, "memory.limit_in_bytes", hard, e);
    if (rc == 0 && c->swap) /* absent where swap is not accounted */
        cgroup_write_number(dir, "memory.memsw.limit_in_bytes", both > hard ? both : hard, NULL);
    return rc;
}

static void v1_deny_devices(const char *dir, const struct track_step *s)
{
    for (uint32_t i = 0; i < s->devices_n; i++) {
        struct stat st;
        char text[64];

        if (bits_test(s->allowed, i) || stat(s->devices[i].path, &st) < 0)
            continue;
        snprintf(text, sizeof text, "%c %u:%u rwm", S_ISBLK(st.st_mode) ? 'b' : 'c', major(st.st_rdev),
                 minor(st.st_rdev));
        cgroup_write(dir, "devices.deny", text, NULL);
    }
}

static int v1_make_levels(struct v1 *v, int c, const struct step_cgroup *conf, const char *top, struct err *e)
{
    int rc = 0;

    for (int i = 0; i < V1_LEVELS && rc == 0; i++) {
        rc = cgroup_make(v->level[c][i], e);
        if (rc == 0 && c == V1_CPUSET)
            rc = v1_fill_cpuset(i ? v->level[c][i - 1] : top, v->level[c][i],
                                i == 3   ? &conf->cpus
                                : i == 2 ? &conf->job_cpus
                                         : NULL,
                                e);
    }
    return rc;
}

static int v1_make_controller(struct v1 *v, int c, const struct track_step *s, struct err *e)
{
    const struct step_cgroup *conf = s->cgroup;
    char *top = buf_format("%s/%s", conf->mountpoint, cgroup_v1_names[c]);
    int rc = -ENOENT;

    v->level[c][0] = buf_format("%s/%s", top, conf->root);
    v->level[c][1] = buf_format("%s/uid_%u", v->level[c][0], s->uid);
    v->level[c][2] = buf_format("%s/job_%u", v->level[c][1], s->job_id);
    v->level[c][3] = buf_format("%s/step_%s", v->level[c][2], s->step_name);
    /* The end of another step may remove the levels that both need. */
    for (int i = 0; i < V1_MAKE_TRIES && (rc == -ENOENT || rc == -ENODEV); i++)
        rc = v1_make_levels(v, c, conf, top, e);
    if (rc == 0 && c == V1_MEMORY) {
        cgroup_write(v->level[c][0], "memory.use_hierarchy", "1", NULL); /* the only mode of newer kernels */
        rc = v1_limit_memory(v->level[c][2], conf, conf->job_mem, e);
        if (rc == 0)
            rc = v1_limit_memory(v->level[c][3], conf, conf->step_mem, e);
    }
    if (rc == 0 && c == V1_DEVICES)
        v1_deny_devices(v->level[c][3], s);
    for (uint32_t t = 0; t < s->tasks && rc == 0; t++) {
        char *dir = buf_format("%s/task_%u", v->level[c][3], t);

        rc = cgroup_make(dir, e);
        if (rc == 0 && c == V1_CPUSET)
            rc = v1_fill_cpuset(v->level[c][3], dir, NULL, e);
        mem_free(dir);
    }
    mem_free(top);
    return rc;
}

static int v1_join(struct track *t, uint32_t local_id, struct err *e)
{
    struct v1 *v = (struct v1 *)t;
    int rc = 0;

    for (int c = 0; c < CGROUP_V1_COUNT && rc == 0; c++) {
        char *dir;

        if (!v->level[c][3])
            continue;
        dir = buf_format("%s/task_%u", v->level[c][3], local_id);
        rc = cgroup_write(dir, "cgroup.procs", "0", e);
        mem_free(dir);
    }
    return rc;
}

/* Frozen processes cannot fork while the list is gone through, but they die only when they are thawed. */
static uint32_t v1_kill(const char *dir)
{
    uint32_t n;

    cgroup_write(dir, "freezer.state", "FROZEN", NULL);
    n = cgroup_signal(dir, SIGKILL);
    cgroup_write(dir, "freezer.state", "THAWED", NULL);
    return n;
}

static uint32_t v1_signal(struct track *t, int sig)
{
    const char *dir = ((struct v1 *)t)->level[V1_FREEZER][3];

    return sig == SIGKILL ? v1_kill(dir) : cgroup_signal(dir, sig);
}

static void v1_stop(struct track *t, bool stop)
{
    cgroup_write(((struct v1 *)t)->level[V1_FREEZER][3], "freezer.state", stop ? "FROZEN" : "THAWED", NULL);
}

/* Version 1 counts in the group of the victim only. */
static uint64_t v1_oom_kills(struct track *t, uint32_t local_id)
{
    struct v1 *v = (struct v1 *)t;
    const char *step = v->level[V1_MEMORY][3];
    uint64_t kills;

    if (!step)
        return 0;
    kills = local_id == TRACK_ALL ? cgroup_counter(step, "memory.oom_control", "oom_kill") : 0;
    for (uint32_t i = 0; i < v->tasks; i++) {
        char *dir = buf_format("%s/task_%u", step, i);

        if (local_id == TRACK_ALL || local_id == i)
            kills += cgroup_counter(dir, "memory.oom_control", "oom_kill");
        mem_free(dir);
    }
    return kills;
}

static void v1_close(struct track *t)
{
    struct v1 *v = (struct v1 *)t;

    for (int c = 0; c < CGROUP_V1_COUNT; c++) {
        if (v->level[c][3])
            cgroup_remove(v->level[c][3]);
        for (int i = V1_LEVELS - 1; i >= 0; i--) {
            if (v->level[c][i] && i > 0)
                rmdir(v->level[c][i]); /* stays while other steps or jobs are in it */
            mem_free(v->level[c][i]);
        }
    }
    mem_free(v);
}

struct track *track_cgroup_v1_open(const struct track_step *s, struct err *e)
{
    static const struct track_ops ops = {
        .join = v1_join, .signal = v1_signal, .stop = v1_stop, .oom_kills = v1_oom_kills, .close = v1_close};
    const bool used[CGROUP_V1_COUNT] = {true, s->cgroup->ram || s->cgroup->swap, s->cgroup->cores,
                                        s->cgroup->devices};
    struct v1 *v = mem_alloc(sizeof *v);

    v->track.ops = &ops;
    v->tasks = s->tasks;
    for (int c = 0; c < CGROUP_V1_COUNT; c++) {
        if (used[c] && v1_make_controller(v, c, s, e) < 0) {
            v1_close(&v->track);
            return NULL;
        }
    }
    return &v->track;
}

/* --- steps whose slurmstepd is gone --- */

struct sweep {
    const struct track_orphan *orphan;
    bool remove;
    uint32_t n;
};

static void sweep_uid(const char *uid_dir, void *arg)
{
    struct sweep *s = arg;
    char *job = buf_format("%s/job_%u", uid_dir, s->orphan->job_id);
    char *step = buf_format("%s/step_%s", job, s->orphan->step_name);

    if (access(step, F_OK) == 0) {
        if (s->remove) {
            cgroup_remove(step);
            rmdir(job);
            rmdir(uid_dir);
        } else {
            s->n += v1_kill(step);
        }
    }
    mem_free(step);
    mem_free(job);
}

uint32_t track_cgroup_v1_sweep(const struct track_orphan *o)
{
    struct sweep s = {.orphan = o};

    for (int c = 0; c < CGROUP_V1_COUNT && s.n == 0; c++) {
        char *root = buf_format("%s/%s/%s", o->cgroup->mountpoint, cgroup_v1_names[c], o->cgroup->root);

        if (c == V1_FREEZER)
            cgroup_each(root, sweep_uid, &s); /* the controller that every step uses */
        s.remove = true;
        if (s.n == 0)
            cgroup_each(root, sweep_uid, &s);
        mem_free(root);
    }
    return s.n;
}
