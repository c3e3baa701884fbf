/* SPDX-License-Identifier: Apache-2.0 */
/* vstep: what slurmd starts and waits for: slurmstepds, prologs and epilogs, and the report files on its
 * disk. */
#include <string.h>

#include "base/mem.h"
#include "meta/meta.h"
#include "model/jobtext.h"
#include "sim/world.h"

enum { SIG_KILL = 9, SIG_TERM = 15 };

/* --- launches --- */

static void launch_clear(struct vlaunch *l)
{
    bits_release(&l->cores);
    for (uint32_t i = 0; i < l->gres.n; i++)
        meta_release(&record_job_gres, &l->gres.v[i]);
    VEC_FREE(&l->gres);
}

void vlaunch_free(struct vlaunch *l)
{
    if (l)
        launch_clear(l);
    mem_free(l);
}

static void launch_copy(struct vlaunch *to, const struct vlaunch *from)
{
    *to = (struct vlaunch){.job_id = from->job_id, .step_id = from->step_id, .restarts = from->restarts};
    bits_copy(&to->cores, &from->cores);
    for (uint32_t i = 0; i < from->gres.n; i++)
        meta_copy(&record_job_gres, VEC_PUSH(&to->gres), &from->gres.v[i]);
}

/* --- slurmstepds --- */

bool vstep_start(struct world *w, struct vnode *n, const struct vlaunch *l)
{
    if (world_chance(w, SIM_NODE_FAULT, 60))
        return false;
    check_started(w, n, l);
    world_trace(w, l->job_id, n->index, "  %s starts %u.%u of run %u", n->name, l->job_id, l->step_id,
                l->restarts);
    struct vstepd *s = VEC_PUSH(&n->stepds);
    launch_copy(&s->l, l);
    s->ends_at = w->now + 100 + (int64_t)world_rand(w, l->step_id == STEP_BATCH ? 60000 : 30000);
    s->status = world_rand(w, 8) ? 0 : 1 << 8;
    s->stubborn = world_chance(w, SIM_NODE_FAULT, 3);
    w->out->steps_started++;
    vnode_wake_at(w, n, s->ends_at);
    return true;
}

static void end_by(struct world *w, struct vnode *n, struct vstepd *s, int64_t at, uint32_t signal)
{
    if (at >= s->ends_at)
        return;
    s->ends_at = at;
    s->status = signal;
    vnode_wake_at(w, n, at);
}

void vstep_order(struct world *w, struct vnode *n, const struct node_effect *e)
{
    const struct step_order *o = e->record;
    for (uint32_t i = 0; i < n->stepds.n; i++) {
        struct vstepd *s = &n->stepds.v[i];
        if (s->l.job_id != e->job_id || s->l.step_id != e->step_id)
            continue;
        world_trace(w, e->job_id, n->index, "  %s: signal %u to %u.%u", n->name, o->signal, e->job_id,
                    e->step_id);
        if (o->signal == SIG_KILL) /* processes that hang in the kernel take longer */
            end_by(w, n, s,
                   w->now + (int64_t)world_rand(w, world_chance(w, SIM_NODE_FAULT, 10) ? 40000 : 200),
                   SIG_KILL);
        else if (o->signal == SIG_TERM && !s->stubborn)
            end_by(w, n, s, w->now + (int64_t)world_rand(w, 2000), SIG_TERM);
    }
}

static void drop_stepd(struct vnode *n, uint32_t i)
{
    launch_clear(&n->stepds.v[i].l);
    memmove(&n->stepds.v[i], &n->stepds.v[i + 1], (--n->stepds.n - i) * sizeof n->stepds.v[i]);
}

const struct node_report *vstep_end(struct world *w, struct vnode *n, uint32_t i)
{
    const struct vstepd *s = &n->stepds.v[i];
    struct node_report *r = NULL;
    if (!world_chance(w, SIM_NODE_FAULT, n->up ? 50 : 8)) {
        r = meta_new(&record_node_report);
        r->job_id = s->l.job_id;
        r->step_id = s->l.step_id;
        r->restarts = s->l.restarts;
        r->exit_code = s->status;
        r->end_time = vnode_clock(w, n);
        *VEC_PUSH(&n->files) = r;
    }
    world_trace(w, s->l.job_id, n->index, "  %s: %u.%u ends%s", n->name, s->l.job_id, s->l.step_id,
                r ? "" : " without a report");
    drop_stepd(n, i);
    return r;
}

/* --- files --- */

void vstep_drop_file(struct vnode *n, uint32_t job_id, uint32_t step_id, uint32_t restarts)
{
    for (uint32_t i = 0; i < n->files.n; i++) {
        struct node_report *r = n->files.v[i];
        if (r->job_id != job_id || r->step_id != step_id || r->restarts != restarts)
            continue;
        meta_free(&record_node_report, r);
        n->files.v[i] = n->files.v[--n->files.n];
        return;
    }
}

static struct vmark *mark_find(struct vnode *n, uint32_t job_id, uint32_t step_id, uint32_t restarts)
{
    for (uint32_t i = 0; i < n->marks.n; i++) {
        struct vmark *m = &n->marks.v[i];
        if (m->job_id == job_id && m->step_id == step_id && m->restarts == restarts)
            return m;
    }
    return NULL;
}

void vstep_mark(struct vnode *n, const struct vlaunch *l)
{
    if (!mark_find(n, l->job_id, l->step_id, l->restarts))
        *VEC_PUSH(&n->marks) = (struct vmark){l->job_id, l->step_id, l->restarts};
}

void vstep_unmark(struct vnode *n, uint32_t job_id, uint32_t step_id, uint32_t restarts)
{
    struct vmark *m = mark_find(n, job_id, step_id, restarts);
    if (m)
        *m = n->marks.v[--n->marks.n];
}

bool vstep_left(const struct vnode *n, const struct vmark *m)
{
    for (uint32_t i = 0; i < n->stepds.n; i++) {
        const struct vlaunch *l = &n->stepds.v[i].l;
        if (l->job_id == m->job_id && l->step_id == m->step_id && l->restarts == m->restarts)
            return true;
    }
    for (uint32_t i = 0; i < n->files.n; i++) {
        const struct node_report *r = n->files.v[i];
        if (r->job_id == m->job_id && r->step_id == m->step_id && r->restarts == m->restarts)
            return true;
    }
    return false;
}

void vstep_reboot(struct vnode *n)
{
    n->marks.n = 0;
    while (n->stepds.n)
        drop_stepd(n, n->stepds.n - 1);
    for (uint32_t i = 0; i < n->files.n; i++)
        meta_free(&record_node_report, n->files.v[i]);
    n->files.n = 0;
}

/* --- scripts --- */

void vstep_script(struct world *w, struct vnode *n, uint32_t job_id, bool epilog)
{
    struct vscript *s = VEC_PUSH(&n->scripts);
    bool slow = world_chance(w, SIM_NODE_FAULT, 20);
    s->job_id = job_id;
    s->epilog = epilog;
    s->ok = !world_chance(w, SIM_NODE_FAULT, 80);
    s->done_at = w->now + 1 + (int64_t)world_rand(w, slow ? 60000 : 3000);
    world_trace(w, job_id, n->index, "  %s: %s of job %u%s", n->name, epilog ? "epilog" : "prolog", job_id,
                s->ok ? "" : ", which fails");
    vnode_wake_at(w, n, s->done_at);
}
