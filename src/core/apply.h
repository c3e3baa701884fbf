/* SPDX-License-Identifier: Apache-2.0 */
/* apply: the rows of the table in apply.c. Each changes the state by one fact and cannot fail. Private to
 * src/core. */
#ifndef CORE_APPLY_H
#define CORE_APPLY_H

#include "core/state_impl.h"

typedef void (*apply_fn)(struct state *s, const void *record, int64_t time);

/* apply_job.c */
void apply_job_id_used(struct state *s, const void *record, int64_t time);
void apply_job_submitted(struct state *s, const void *record, int64_t time);
void apply_job_changed(struct state *s, const void *record, int64_t time);
void apply_job_split(struct state *s, const void *record, int64_t time);
void apply_job_signalled(struct state *s, const void *record, int64_t time);
void apply_job_noted(struct state *s, const void *record, int64_t time);
void apply_job_checked(struct state *s, const void *record, int64_t time);
void apply_job_nudged(struct state *s, const void *record, int64_t time);
/* apply_life.c */
void apply_job_started(struct state *s, const void *record, int64_t time);
void apply_job_launched(struct state *s, const void *record, int64_t time);
void apply_job_ending(struct state *s, const void *record, int64_t time);
void apply_job_node_done(struct state *s, const void *record, int64_t time);
void apply_job_epilog_done(struct state *s, const void *record, int64_t time);
void apply_job_ended(struct state *s, const void *record, int64_t time);
void apply_job_requeued(struct state *s, const void *record, int64_t time);
void apply_job_purged(struct state *s, const void *record, int64_t time);
void apply_step_created(struct state *s, const void *record, int64_t time);
void apply_step_node_done(struct state *s, const void *record, int64_t time);
void apply_step_ended(struct state *s, const void *record, int64_t time);
void apply_step_changed(struct state *s, const void *record, int64_t time);
/* apply_node.c */
void apply_node_registered(struct state *s, const void *record, int64_t time);
void apply_node_changed(struct state *s, const void *record, int64_t time);
void apply_node_contacted(struct state *s, const void *record, int64_t time);
void apply_node_rebooting(struct state *s, const void *record, int64_t time);
void apply_node_powered(struct state *s, const void *record, int64_t time);
void apply_node_checked(struct state *s, const void *record, int64_t time);
void apply_node_power_held(struct state *s, const void *record, int64_t time);
void apply_node_pinged(struct state *s, const void *record, int64_t time);
/* apply_conf.c */
void apply_configured(struct state *s, const void *record, int64_t time);
void apply_node_removed(struct state *s, const void *record, int64_t time);
void apply_nodes_added(struct state *s, const void *record, int64_t time);
void apply_part_changed(struct state *s, const void *record, int64_t time);
void apply_part_removed(struct state *s, const void *record, int64_t time);

/* Index of the step among the job's, or -1. */
int64_t job_step(const struct job *j, uint32_t step_id);

#endif
