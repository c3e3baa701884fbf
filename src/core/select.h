/* SPDX-License-Identifier: Apache-2.0 */
/*
 * select: a job_select request made ready to be asked of many jobs. Used by the core for scancel and by the
 * shells for queries.
 *
 * Ids and filters must both match; what is not given matches everything.
 */
#ifndef CORE_SELECT_H
#define CORE_SELECT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/map.h"
#include "base/vec.h"
#include "core/array.h"
#include "core/state.h"

struct job_filter {
    const struct job_select *want; /* borrowed */
    VEC(struct job_target) ids;
    struct map_str partitions, names, accounts, qos, reservations, wckeys, nodes;
};
/* Errors: ESLURM_INVALID_JOB_ID, ESLURM_INVALID_NODE_NAME with the text that was not understood; nothing to
 * release then. */
int job_filter_init(struct job_filter *f, const struct job_select *want, struct err *e);
void job_filter_release(struct job_filter *f);

/* Everything but the ids. */
bool job_filter_match(const struct job_filter *f, const struct job *j);
/* Does this id name the job, or part of it? */
bool job_target_names(const struct job_target *t, const struct job *j);

#endif
