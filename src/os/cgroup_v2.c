/* SPDX-License-Identifier: Apache-2.0 */
/* Version 2: ROOT/job_J/step_S/user/task_T; processes live in the task folders only. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "os/cgroup.h"
#include "os/cgroup_bpf.h"
#include "os/track.h"

enum { V2_ROOT, V2_JOB, V2_STEP, V2_USER, V2_LEVELS };

struct v2 {
    struct track track;
    char *level[V2_LEVELS];
    bool memory;
};

static int v2_limit_memory(const char *dir, const struct step_cgroup *c, uint64_t mem, struct err *e)
{
    uint64_t ram = cgroup_ram_limit(c, mem), both = cgroup_ram_swap_limit(c, mem);
    char text[32];
    int rc = 0;

    if (!mem)
        return 0;
    if (c->ram || c->swap) {
        snprintf(text, sizeof text, "%llu", (unsigned long long)(c->ram ? ram : both));
        rc = cgroup_write(dir, "memory.max", text, e);
    }
    if (rc == 0 && c->ram) {
        snprintf(text, sizeof text, "%llu", (unsigned long long)(mem << 20 < ram ? mem << 20 : ram));
        cgroup_write(dir, "memory.high", text, NULL);
    }
    if (rc == 0 && c->swap) {
        /* Here swap has a limit of its own; version 1 limited the sum. */
        snprintf(text, sizeof text, "%llu", (unsigned long long)(c->ram ? both - ram : 0));
        cgroup_write(dir, "memory.swap.max", text, NULL);
    }
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

static int v2_make(struct v2 *v, const struct track_step *s, struct err *e)
{
    const struct step_cgroup *c = s->cgroup;
    const char *wanted = c->cores && v->memory ? "+memory +cpuset"
                         : c->cores            ? "+cpuset"
                         : v->memory           ? "+memory"
                                               : "";
    int rc = 0;

    v->level[V2_ROOT] = mem_strdup(c->root);
    v->level[V2_JOB] = buf_format("%s/job_%u", c->root, s->job_id);
    v->level[V2_STEP] = buf_format("%s/step_%s", v->level[V2_JOB], s->step_name);
    v->level[V2_USER] = buf_format("%s/user", v->level[V2_STEP]);
    for (int i = 0; i < V2_LEVELS && rc == 0; i++) {
        rc = cgroup_make(v->level[i], e);
        if (rc == 0 && *wanted)
            rc = cgroup_write(v->level[i], "cgroup.subtree_control", wanted, e);
    }
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

static int v2_join(struct track *t, uint32_t local_id, struct err *e)
{
    char *dir = buf_format("%s/task_%u", ((struct v2 *)t)->level[V2_USER], local_id);
    int rc = cgroup_write(dir, "cgroup.procs", "0", e);

    mem_free(dir);
    return rc;
}

static uint32_t v2_signal(struct track *t, int sig)
{
    return cgroup_signal(((struct v2 *)t)->level[V2_USER], sig);
}

static uint64_t v2_oom_kills(struct track *t)
{
    struct v2 *v = (struct v2 *)t;

    return v->memory ? cgroup_counter(v->level[V2_STEP], "memory.events", "oom_kill") : 0;
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
        .join = v2_join, .signal = v2_signal, .oom_kills = v2_oom_kills, .close = v2_close};
    struct v2 *v = mem_alloc(sizeof *v);

    v->track.ops = &ops;
    v->memory = s->cgroup->ram || s->cgroup->swap;
    if (v2_make(v, s, e) < 0) {
        v2_close(&v->track);
        return NULL;
    }
    return &v->track;
}
