/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pattern: names of output files, as "FILENAME PATTERN" of sbatch(1) describes them. Pure.
 */
#ifndef MODEL_PATTERN_H
#define MODEL_PATTERN_H

#include <stdint.h>

#include "base/buf.h"

struct pattern_values {
    uint32_t job_id;
    uint32_t step_id;       /* may be one of the special steps */
    uint32_t array_job_id;  /* 0: not an array task */
    uint32_t array_task_id; /* NO_VAL: not an array task */
    uint32_t node_rank;     /* %n */
    uint32_t task;          /* %t: rank in the step */
    uint32_t restarts;
    const char *node_name; /* %N prints it up to the first dot */
    const char *user_name;
    const char *job_name;
    const char *sluid;
};

/*
 * Appends the name. A backslash anywhere turns replacement off and is removed itself. A number after the
 * percent sign pads numbers with zeros, to at most 10 places. Unknown symbols stay as they are.
 */
void pattern_expand(const char *pattern, const struct pattern_values *v, struct buf *out);

#endif
