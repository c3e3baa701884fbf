/* SPDX-License-Identifier: Apache-2.0 */
/* What a registration says about jobs, and what its answer asks for. */
#include "base/mem.h"
#include "nodecore/internal.h"

static void add(struct node_register *m, uint32_t job_id, uint32_t step_id)
{
    struct running_step *r = meta_recs_push(&record_running_step, &m->jobs);

    r->job_id = job_id;
    r->step_id = step_id;
}

void node_running(const struct node_core *n, struct node_register *m)
{
    MAP_EACH (&n->jobs, e) {
        const struct node_job *j = e->value;

        for (uint32_t i = 0; i < j->steps.n; i++)
            add(m, j->job_id, j->steps.v[i].step_id);
        if (!j->steps.n) /* in its epilog, or that has not been reported */
            add(m, j->job_id, NO_VAL);
    }
    for (uint32_t i = 0; i < n->unsent.n; i++)
        add(m, n->unsent.v[i].report->job_id, n->unsent.v[i].report->step_id);
}

void node_end_strangers(struct node_core *n, const struct meta_u32s *jobs, int64_t now,
                        struct node_effects *out)
{
    for (uint32_t i = 0; i < jobs->n; i++) {
        const struct node_job *j = node_job_get(n, jobs->v[i]);
        struct kill_job k = {.job_id = jobs->v[i],
                             .step_id = NO_VAL,
                             .state = JOB_CANCELLED,
                             .term = n->term,
                             .restarts = j ? j->restarts : 0};
        bool kept;

        node_kill(n, &k, NULL, now, &kept, out, NULL);
    }
}
