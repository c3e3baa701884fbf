/* SPDX-License-Identifier: Apache-2.0 */
/* Carries out what nodecore decides. */
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "slurmd/slurmd.h"

int64_t slurmd_now(void)
{
    return time(NULL);
}

static void on_deadline(uv_timer_t *t)
{
    struct slurmd *d = t->data;
    struct node_effects out = {0};

    node_tick(&d->core, slurmd_now(), &out);
    effects_run(d, &out);
}

static void set_deadline(struct slurmd *d)
{
    int64_t at = node_deadline(&d->core), now = slurmd_now();

    if (d->stopping)
        return;
    d->deadline.data = d;
    if (at == INT64_MAX)
        uv_timer_stop(&d->deadline);
    else
        uv_timer_start(&d->deadline, on_deadline, at > now ? (uint64_t)(at - now) * 1000 : 1, 0);
}

static void free_job(struct slurmd *d, uint32_t job_id, void *ctx)
{
    struct job_info *j = ctx;

    if (map_u64_get(&d->jobs, job_id) == j)
        map_u64_remove(&d->jobs, job_id);
    steps_drop_job(d, job_id);
    job_info_free(j);
}

static void effect_run(struct slurmd *d, const struct node_effect *e, struct node_effects *more)
{
    switch (e->type) {
    case NODE_PROLOG:
        script_prolog(d, e->job_id);
        break;
    case NODE_SPAWN:
        steps_spawn(d, e->ctx, more);
        break;
    case NODE_ORDER:
        steps_order(d, e->job_id, e->step_id, e->record);
        break;
    case NODE_EPILOG:
        script_epilog(d, e->job_id);
        break;
    case NODE_REPORT:
        link_report(d, e);
        break;
    case NODE_FREE_REPORT:
        steps_drop_report(d, e->job_id, e->step_id, e->restarts);
        break;
    case NODE_FREE_STEP:
        launch_free(e->ctx);
        break;
    case NODE_FREE_JOB:
        free_job(d, e->job_id, e->ctx);
        break;
    }
}

void effects_run(struct slurmd *d, struct node_effects *out)
{
    for (uint32_t i = 0; i < out->list.n; i++) {
        struct node_effect e = out->list.v[i];

        effect_run(d, &e, out); /* may add further effects */
    }
    node_effects_release(out);
    net_flush(d->net);
    set_deadline(d);
}
