/* SPDX-License-Identifier: Apache-2.0 */
/* --mpi=pmi2: srun is where the nodes of a step meet at a fence. */
#include "cli/srun.h"

void srun_pmi_check(struct srun *s)
{
    bool any = false;
    for (uint32_t i = 0; i < s->nodes_n; i++) {
        any |= s->nodes[i].fenced;
        if (s->nodes[i].fd >= 0 && !s->nodes[i].fenced)
            return;
    }
    if (!any)
        return;
    for (uint32_t i = 0; i < s->nodes_n; i++) {
        s->nodes[i].fenced = false;
        srun_node_send(s, &s->nodes[i], MSG_PMI_FENCE, &record_pmi_fence, &s->fence);
    }
    meta_release(&record_pmi_fence, &s->fence);
    meta_init(&record_pmi_fence, &s->fence);
}

void srun_pmi_fence(struct srun *s, struct srun_node *n, const struct pmi_fence *m)
{
    for (uint32_t i = 0; i < m->keys.n && i < m->values.n; i++) {
        meta_strs_push(&s->fence.keys, m->keys.v[i]);
        meta_strs_push(&s->fence.values, m->values.v[i]);
    }
    n->fenced = true;
    srun_pmi_check(s);
}

void srun_pmi_abort(struct srun *s, const struct srun_node *n, const struct pmi_abort *m)
{
    cli_verbose(s->cli, "%s: %s", n->where->name, m->text ? m->text : "a task called abort");
    srun_end_failed(s);
}
