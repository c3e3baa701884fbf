/* SPDX-License-Identifier: Apache-2.0 */
/* check: what must hold after every step of a simulation, whatever has failed. */
#include "base/mem.h"
#include "meta/meta.h"
#include "model/jobtext.h"
#include "sim/world.h"

/* An acknowledged job is in every later state until it has ended and been purged. */
static void check_acknowledged(struct world *w)
{
    MAP_EACH (&w->acked, e) {
        uint32_t id = (uint32_t)e->key;
        const struct job *j = snapshot_job(w->ctl.seen, id);
        if (j && job_is_ended(j)) {
            map_u64_remove(&w->acked, id);
            w->out->ended++;
        } else if (!j) {
            world_fail(w, "job %u was acknowledged and is gone", id);
        }
    }
}

void check_step(struct world *w)
{
    if (!w->ctl.up)
        return;
    struct buf broken = BUF_INIT;
    state_check(w->ctl.state, &broken);
    if (broken.len)
        world_fail(w, "invariants:\n%s", broken.s);
    buf_release(&broken);
    check_acknowledged(w);
}

void check_replay(struct world *w)
{
    struct vctl *c = &w->ctl;
    if (!c->up || c->writing.n || c->open.facts.n)
        return; /* what is not on disk yet may differ */
    struct state *again = vctl_replay(w);
    struct buf differs = BUF_INIT;
    state_diff(c->state, again, &differs);
    if (differs.len)
        world_fail(w, "the journal gives another state (live -> replayed):\n%s", differs.s);
    buf_release(&differs);
    state_free(again);
}

static bool must_end(const struct job *j)
{
    return !job_is_ended(j) && j->reason != WHY_DEPENDENCYNEVERSATISFIED;
}

bool check_drained(struct world *w)
{
    if (!w->ctl.up || w->users_left)
        return false;
    uint32_t id = 0;
    for (const struct job *j; (j = ptree_next(&w->ctl.seen->jobs, &id)); id++)
        if (must_end(j))
            return false;
    return true;
}

void check_stuck(struct world *w)
{
    struct buf stuck = BUF_INIT;
    uint32_t id = 0;
    for (const struct job *j; w->ctl.up && (j = ptree_next(&w->ctl.seen->jobs, &id)); id++)
        if (must_end(j)) {
            buf_addf(&stuck, "\n  job ");
            job_id_text(j, 0, &stuck);
            buf_addf(&stuck, " %s ", job_state_text(j));
            job_reason_text(j, &stuck);
            buf_addf(&stuck, " on %s, %u tasks on %u nodes, waits for %s, priority %u, eligible at %lld",
                     j->nodes ? j->nodes : "none", j->ntasks, j->node_count,
                     j->dependency ? j->dependency : "nothing", j->priority,
                     (long long)(j->eligible_time - SIM_EPOCH));
        }
    world_fail(w, "faults stopped long ago, and these have not ended:%s", stuck.s);
    buf_release(&stuck);
}
