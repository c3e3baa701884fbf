/* SPDX-License-Identifier: Apache-2.0 */
/* Steps whose slurmstepd was killed: what it should have ended must not outlive it. */
#include "base/mem.h"
#include "nodecore/stepid.h"
#include "os/track.h"
#include "slurmd/slurmd.h"

enum { SWEEP_AGAIN_MS = 20, SWEEP_AGAIN_MS_MAX = 2000 }; /* doubles from try to try */

struct sweep {
    struct slurmd *d;
    uv_timer_t timer;
    uint64_t wait_ms;
    uint32_t job_id, step_id, restarts;
    bool report; /* the step counts as running until then */
};

static void sweep_closed(uv_handle_t *h)
{
    mem_free(h->data);
}

static uint32_t sweep_once(const struct sweep *s)
{
    struct slurmd *d = s->d;
    struct buf name = BUF_INIT;
    struct track_orphan o = {.job_id = s->job_id,
                             .step_id = s->step_id,
                             .cgroup = d->cgroup,
                             .node_name = d->node_name,
                             .conf_path = d->conf_path};
    uint32_t n;

    step_id_text(s->step_id, &name);
    o.step_name = name.s;
    n = track_sweep(&o);
    buf_release(&name);
    return n;
}

static uint64_t sweep_key(const struct sweep *s)
{
    return (uint64_t)s->job_id << 32 | s->step_id;
}

static void on_sweep(uv_timer_t *t)
{
    struct sweep *s = t->data;
    struct slurmd *d = s->d;
    struct node_effects out = {0};

    if (sweep_once(s) > 0) {
        uv_timer_start(t, on_sweep, s->wait_ms, 0);
        if (s->wait_ms < SWEEP_AGAIN_MS_MAX)
            s->wait_ms *= 2;
        return;
    }
    if (s->report) {
        node_step_lost(&d->core, s->job_id, s->step_id, s->restarts, slurmd_now(), &out);
        effects_run(d, &out);
    }
    map_u64_remove(&d->sweeps, sweep_key(s));
    uv_close((uv_handle_t *)t, sweep_closed);
}

void sweep_start(struct slurmd *d, uint32_t job_id, uint32_t step_id, uint32_t restarts, bool report)
{
    struct sweep *s = mem_alloc(sizeof *s);

    *s = (struct sweep){.d = d,
                        .wait_ms = SWEEP_AGAIN_MS,
                        .job_id = job_id,
                        .step_id = step_id,
                        .restarts = restarts,
                        .report = report};
    uv_timer_init(&d->loop, &s->timer);
    s->timer.data = s;
    map_u64_put(&d->sweeps, sweep_key(s), s);
    on_sweep(&s->timer);
}

void sweep_release(struct slurmd *d)
{
    MAP_EACH (&d->sweeps, e)
        mem_free(e->value);
    map_u64_release(&d->sweeps);
}
