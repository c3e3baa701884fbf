/* SPDX-License-Identifier: Apache-2.0 */
/* array: task ids of --array and of ids such as 7_[1-3,8]. */
#ifndef CORE_ARRAY_H
#define CORE_ARRAY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bits.h"
#include "base/err.h"

struct array_spec {
    struct bits tasks;
    uint32_t running_max; /* %N, 0 = none */
    uint32_t step;        /* of "0-6:2"; 1 otherwise */
};
/* "1-3,8", "0-6:2", "1-20%4". Ids stay below id_limit. Errors: ESLURM_INVALID_ARRAY; nothing to release then.
 */
int array_parse(struct array_spec *ret, const char *text, uint32_t id_limit, struct err *e);

/* What "7", "7_3", "7_[1-3]", "7_*", "7+1", "7.0" or "7.batch" names. */
struct job_target {
    uint32_t job_id;
    bool has_tasks; /* of an array, only these tasks */
    struct bits tasks;
    uint32_t step_id; /* NO_VAL: the job */
};
/* Errors: ESLURM_INVALID_JOB_ID; nothing to release then. Leading zeros and white space around are taken. */
int job_target_parse(struct job_target *ret, const char *text, struct err *e);
void job_target_release(struct job_target *t);

#endif
