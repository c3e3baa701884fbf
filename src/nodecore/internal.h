/* SPDX-License-Identifier: Apache-2.0 */
/* internal: what the files of src/nodecore share. */
#ifndef NODECORE_INTERNAL_H
#define NODECORE_INTERNAL_H

#include "nodecore/nodecore.h"

/* Numbers of Linux signals; nothing here includes <signal.h>. */
enum { SIGNAL_KILL = 9, SIGNAL_TERM = 15, SIGNAL_CONT = 18, SIGNAL_STOP = 19 };

#define NODE_STEP_BATCH  UINT32_C(0xfffffffb)
#define NODE_STEP_EXTERN UINT32_C(0xfffffffc)

struct node_effect *node_effect_add(struct node_effects *out, enum node_effect_type type,
                                    const struct node_job *j, uint32_t step_id);
void node_order(struct node_effects *out, const struct node_job *j, const struct node_step *s,
                uint32_t signal, bool notice);

/* Queues a copy of the report and sends it; gives its id. */
uint64_t node_report_add(struct node_core *n, const struct node_report *r, int64_t now,
                         struct node_effects *out);
bool node_report_waits(const struct node_core *n, uint32_t job_id, uint32_t step_id, uint32_t restarts);
/* "Nothing of this job is left here." */
uint64_t node_report_gone(struct node_core *n, const struct node_job *j, int64_t now,
                          struct node_effects *out);
/* From now on for NODE_GONE_KEEP_S, also when it was remembered before. */
void node_remember_gone(struct node_core *n, const struct node_job *j, int64_t now);
void node_reports_tick(struct node_core *n, int64_t now, struct node_effects *out);
void node_job_reported(struct node_core *n, uint64_t id, uint32_t job_id, struct node_effects *out);

#endif
