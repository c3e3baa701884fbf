/* SPDX-License-Identifier: Apache-2.0 */
/*
 * depend: --dependency as data. Behaviour is that of sbatch(1): `,` asks for all parts, `?` for any of them.
 *
 * The same text form, with what has become of each part, is kept in job.dependency:
 * "afterok:7_*+5(unfulfilled)". A part that is fulfilled is left out of an "all" list; when nothing is left
 * to wait for there is no text.
 */
#ifndef CORE_DEPEND_H
#define CORE_DEPEND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/vec.h"

enum depend_type {
    DEP_AFTER,
    DEP_AFTERANY,
    DEP_AFTERBURSTBUFFER,
    DEP_AFTERCORR,
    DEP_AFTERNOTOK,
    DEP_AFTEROK,
    DEP_SINGLETON,
    DEP_TYPE_COUNT,
};
enum depend_state { DEP_OPEN, DEP_FULFILLED, DEP_FAILED };

struct depend_part {
    enum depend_type type;
    enum depend_state state;
    uint32_t job_id;  /* 0 for singleton */
    uint32_t task_id; /* NO_VAL: not one task */
    bool array;       /* the whole array job_id: shown as 7_* */
    uint32_t minutes; /* +N */
};
struct depend {
    VEC(struct depend_part) parts;
    bool any; /* `?` */
};
void depend_release(struct depend *d);

enum { DEPEND_PARTS_MAX = 10000 };

/* Errors: ESLURM_DEPENDENCY; ESLURM_REQUESTED_OPERATION_NOT_SUPPORTED_ON_THIS for expand. Nothing to release
 * then. */
int depend_parse(struct depend *d, const char *text, struct err *e);
/* Whether nothing has to be waited for; else the text. */
bool depend_text(const struct depend *d, struct buf *out);
/* Can it never be fulfilled? */
bool depend_never(const struct depend *d);

#endif
