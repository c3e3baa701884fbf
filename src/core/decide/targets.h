/* SPDX-License-Identifier: Apache-2.0 */
/*
 * targets: commands for jobs named by ids, one action for all of them, with results as scontrol prints them.
 *
 * A plain id that fails gives one result with the text of its error. Of an array the outcomes are grouped:
 * "7_[1,3]: No error" and "7_[2]: Job has already finished", and only when some task failed.
 */
#ifndef CORE_DECIDE_TARGETS_H
#define CORE_DECIDE_TARGETS_H

#include "core/array.h"
#include "core/decide/decide.h"

/* Acts on a job; of an ARRAY record on `tasks`, which is NULL for all of them. 0, a positive error number, or
 * -1 when the job is not meant after all. */
typedef int (*job_action)(struct decide *d, const struct job *j, const struct bits *tasks, const void *arg);

/* Every id in turn. Ids that nobody has give ESLURM_INVALID_JOB_ID. */
void decide_each_target(struct decide *d, const struct meta_strs *ids, job_action act, const void *arg);
/* The named tasks leave their ARRAY record: adds their new ids. With tasks NULL the record stays whole: adds
 * its id. */
void decide_split_tasks(struct decide *d, const struct job *array, const struct bits *tasks,
                        struct idset *ret_ids);

#endif
