/* SPDX-License-Identifier: Apache-2.0 */
/* core.h: the table of facts. doc/spec/05-facts.md says what each of them means. */
#include "core/apply.h"

#include "base/mem.h"
#include "core/core.h"

/* `helps`: a waiting job may start because of it, so the planner has to look at everything again. */
static const struct row {
    apply_fn apply;
    bool helps;
} rows[] = {
    [FACT_CONFIGURED] = {apply_configured, true},
    [FACT_JOB_SUBMITTED] = {apply_job_submitted, true},
    [FACT_JOB_CHANGED] = {apply_job_changed, true},
    [FACT_JOB_SPLIT] = {apply_job_split, false},
    [FACT_JOB_STARTED] = {apply_job_started, false},
    [FACT_JOB_LAUNCHED] = {apply_job_launched, false},
    [FACT_JOB_ENDING] = {apply_job_ending, false},
    [FACT_JOB_NODE_DONE] = {apply_job_node_done, true},
    [FACT_JOB_ENDED] = {apply_job_ended, true},
    [FACT_JOB_REQUEUED] = {apply_job_requeued, true},
    [FACT_JOB_PURGED] = {apply_job_purged, false},
    [FACT_JOB_SIGNALLED] = {apply_job_signalled, false},
    [FACT_JOB_NOTED] = {apply_job_noted, false},
    [FACT_STEP_CREATED] = {apply_step_created, false},
    [FACT_STEP_NODE_DONE] = {apply_step_node_done, false},
    [FACT_STEP_ENDED] = {apply_step_ended, false},
    [FACT_NODE_REGISTERED] = {apply_node_registered, true},
    [FACT_NODE_CHANGED] = {apply_node_changed, true},
    [FACT_NODE_CONTACTED] = {apply_node_contacted, false},
    [FACT_NODE_REMOVED] = {apply_node_removed, true},
    [FACT_PART_CHANGED] = {apply_part_changed, true},
    [FACT_PART_REMOVED] = {apply_part_removed, true},
    [FACT_NODES_ADDED] = {apply_nodes_added, true},
    [FACT_JOB_NUDGED] = {apply_job_nudged, false},
    [FACT_NODE_CHECKED] = {apply_node_checked, false},
    [FACT_NODE_PINGED] = {apply_node_pinged, false},
    [FACT_STEP_CHANGED] = {apply_step_changed, false},
    [FACT_NODE_REBOOTING] = {apply_node_rebooting, false},
    [FACT_NODE_POWERED] = {apply_node_powered, true},
    [FACT_NODE_POWER_HELD] = {apply_node_power_held, false},
    [FACT_JOB_CHECKED] = {apply_job_checked, false},
    [FACT_JOB_EPILOG_DONE] = {apply_job_epilog_done, false},
    [FACT_JOB_ID_USED] = {apply_job_id_used, false},
};

void core_apply(struct state *s, const struct fact *f, int64_t time)
{
    REQUIRE(f->type < sizeof rows / sizeof *rows && rows[f->type].apply);
    s->time = time;
    rows[f->type].apply(s, f->record, time);
    if (rows[f->type].helps)
        s->version++;
}

void *facts_add(struct facts *f, enum fact_type type)
{
    const struct fact_type_row *row = fact_by_number(type);
    REQUIRE(row);
    struct fact *fact = VEC_PUSH(&f->list);
    fact->type = type;
    fact->record = meta_new(row->record);
    return fact->record;
}

void facts_release(struct facts *f)
{
    for (uint32_t i = 0; i < f->list.n; i++)
        meta_free(fact_by_number(f->list.v[i].type)->record, f->list.v[i].record);
    VEC_FREE(&f->list);
}

void reply_release(struct reply *r)
{
    if (r->type)
        meta_free(r->type, r->record);
    *r = (struct reply){0};
}
