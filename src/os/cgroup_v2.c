/* SPDX-License-Identifier: Apache-2.0 */
/* Version 2: ROOT/job_J/step_S/user/task_T; processes live in the task folders only. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "os/cgroup.h"
#include "os/cgroup_bpf.h"
#include "os/track.h"

enum { V2_ROOT, V2_JOB, V2_STEP, V2_USER, V2_LEVELS, V2_MAKE_TRIES = 100 };

struct v2 {
    struct track track;
    char *level[V2_LEVELS];
    bool memory;
};

static int v2_limit_memory(const char *dir, const struct step_cgroup *c, uint64_t mem, struct err *e)
{
    uint64_t ram = cgroup_ram_limit(c, mem), both = cgroup_ram_swap_limit(c, mem);
    uint64_t hard = c->ram ? ram : both, soft = mem << 20;
    int rc;

    if (!hard)
        return 0;
    rc = cgroup_write_number(dir, "memory.max", hard, e);
    /* Equal to the hard limit it would only slow processes down before they meet that. */
    if (rc == 0 && soft && soft < hard)
        cgroup_write_number(dir, "memory.high", soft, NULL);
    /* Here swap has a limit of its own; version 1 limited the sum. */
    if (rc == 0 && c->swap)
        cgroup_write_number(dir, "memory.swap.max", both > hard ? both - hard : 0, NULL);
    return rc;
}

static int v2_limit(struct v2 *v, const struct track_step *s, struct err *e)
{
    const struct step_cgroup *c = s->cgroup;
    const struct bits *cpus[V2_LEVELS] = {[V2_JOB] = &c->job_cpus, [V2_STEP] = &c->cpus};
    const uint64_t mem[V2_LEVELS] = {[V2_JOB] = c->job_mem, [V2_STEP] = c->step_mem};
    int rc = 0;

    for (int i = V2_JOB; i <= V2_STEP && rc == 0; i++) {
        if (v->memory)
            rc = v2_limit_memory(v->level[i], c, mem[i], e);
        if (rc == 0 && c->cores && bits_any(cpus[i])) {
            struct buf text = BUF_INIT;

            bits_text(cpus[i], &text);
            cgroup_write(v->level[i], "cpuset.cpus", text.s, NULL); /* CPUs that the host has not stay free */
            buf_release(&text);
        }
    }
    return rc;
}

/* --- folders --- */

/* Lets the groups below dir use a controller. One that is enabled already is not touched: dir may be
 * somebody else's. */
static int v2_enable(const char *dir, const char *controller, struct err *e)
{
    char *text;
    int rc;

    if (cgroup_lists(dir, "cgroup.subtree_control", controller))
        return 0;
    text = buf_format("+%s", controller);
    rc = cgroup_write(dir, "cgroup.subtree_control", text, e);
    mem_free(text);
    return rc;
}

static int v2_enable_wanted(const struct v2 *v, const struct step_cgroup *c, const char *dir, bool own,
                            struct err *e)
{
    int rc = v->memory ? v2_enable(dir, "memory", e) : 0;

    if (rc == 0 && c->cores)
        rc = v2_enable(dir, "cpuset", e);
    for (uint32_t i = 0; rc == 0 && (own || c->enable_all) && i < c->extra.n; i++)
        if (cgroup_lists(dir, "cgroup.controllers", c->extra.v[i]))
            v2_enable(dir, c->extra.v[i], NULL);
    return rc;
}

/* The folders from the mount point down to the own root, which systemd would make. */
static int v2_make_above(const struct v2 *v, const struct step_cgroup *c, struct err *e)
{
    char *dir = mem_strdup(c->root);
    size_t top = strlen(c->mountpoint);
    int rc = 0;

    for (size_t at = top; rc == 0 && dir[at] == '/'; at += 1 + strcspn(dir + at + 1, "/")) {
        dir[at] = 0;
        if (at > top)
            rc = cgroup_make(dir, e);
        if (rc == 0)
            rc = v2_enable_wanted(v, c, dir, false, e);
        dir[at] = '/';
    }
    mem_free(dir);
    return rc;
}

static int v2_make_levels(const struct v2 *v, const struct step_cgroup *c, struct err *e)
{
    int rc = v2_make_above(v, c, e);

    for (int i = 0; i < V2_LEVELS && rc == 0; i++) {
        rc = cgroup_make(v->level[i], e);
        if (rc == 0)
            rc = v2_enable_wanted(v, c, v->level[i], true, e);
    }
    return rc;
}

static int v2_make(struct v2 *v, const struct track_step *s, struct err *e)
{
    const struct step_cgroup *c = s->cgroup;
    int rc = -ENOENT;

    v->level[V2_ROOT] = mem_strdup(c->root);
    v->level[V2_JOB] = buf_format("%s/job_%u", c->root, s->job_id);
    v->level[V2_STEP] = buf_format("%s/step_%s", v->level[V2_JOB], s->step_name);
    v->level[V2_USER] = buf_format("%s/user", v->level[V2_STEP]);
    /* The end of another step may remove the folders that both need. */
    for (int i = 0; i < V2_MAKE_TRIES && (rc == -ENOENT || rc == -ENODEV); i++)
        rc = v2_make_levels(v, c, e);
    if (rc == 0)
        rc = v2_limit(v, s, e);
    if (rc == 0 && c->devices)
        rc = cgroup_bpf_deny(v->level[V2_STEP], s, e);
    for (uint32_t t = 0; t < s->tasks && rc == 0; t++) {
        char *dir = buf_format("%s/task_%u", v->level[V2_USER], t);

        rc = cgroup_make(dir, e);
        mem_free(dir);
    }
    return rc;
}

/* --- the set --- */

static int v2_join(struct track *t, uint32_t local_id, struct err *e)
{
    char *dir = buf_format("%s/task_%u", ((struct v2 *)t)->level[V2_USER], local_id);
    int rc = cgroup_write(dir, "cgroup.procs", "0", e);

    mem_free(dir);
    return rc;
}

/* cgroup.kill (Linux 5.14) leaves no gap for a fork; before that one by one. */
static uint32_t v2_kill(const char *dir)
{
    uint32_t n = cgroup_signal(dir, 0);

    return n && cgroup_write(dir, "cgroup.kill", "1", NULL) < 0 ? cgroup_signal(dir, SIGKILL) : n;
}

static uint32_t v2_signal(struct track *t, int sig)
{
    const char *dir = ((struct v2 *)t)->level[V2_USER];

    return sig == SIGKILL ? v2_kill(dir) : cgroup_signal(dir, sig);
}

static void v2_stop(struct track *t, bool stop)
{
    cgroup_write(((struct v2 *)t)->level[V2_USER], "cgroup.freeze", stop ? "1" : "0", NULL);
}

static uint64_t v2_oom_kills(struct track *t, uint32_t local_id)
{
    struct v2 *v = (struct v2 *)t;
    uint64_t kills;
    char *dir;

    if (!v->memory)
        return 0;
    if (local_id == TRACK_ALL)
        return cgroup_counter(v->level[V2_STEP], "memory.events", "oom_kill");
    dir = buf_format("%s/task_%u", v->level[V2_USER], local_id);
    kills = cgroup_counter(dir, "memory.events", "oom_kill");
    mem_free(dir);
    return kills;
}

static void v2_close(struct track *t)
{
    struct v2 *v = (struct v2 *)t;

    if (v->level[V2_STEP])
        cgroup_remove(v->level[V2_STEP]);
    if (v->level[V2_JOB])
        rmdir(v->level[V2_JOB]); /* stays while other steps are in it */
    for (int i = 0; i < V2_LEVELS; i++)
        mem_free(v->level[i]);
    mem_free(v);
}

struct track *track_cgroup_v2_open(const struct track_step *s, struct err *e)
{
    static const struct track_ops ops = {
        .join = v2_join, .signal = v2_signal, .stop = v2_stop, .oom_kills = v2_oom_kills, .close = v2_close};
    struct v2 *v = mem_alloc(sizeof *v);

    v->track.ops = &ops;
    v->memory = s->cgroup->ram || s->cgroup->swap;
    if (v2_make(v, s, e) < 0) {
        v2_close(&v->track);
        return NULL;
    }
    return &v->track;
}

uint32_t track_cgroup_v2_sweep(const struct track_orphan *o)
{
    char *job = buf_format("%s/job_%u", o->cgroup->root, o->job_id);
    char *step = buf_format("%s/step_%s", job, o->step_name);
    uint32_t n = v2_kill(step);

    if (n == 0) {
        cgroup_remove(step);
        rmdir(job);
    }
    mem_free(step);
    mem_free(job);
    return n;
}
