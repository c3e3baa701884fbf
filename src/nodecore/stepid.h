/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stepid: the step numbers with a meaning of their own, and how step ids are written.
 */
#ifndef NODECORE_STEPID_H
#define NODECORE_STEPID_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* The numbers of slurm.h, which tools see in file names and environments. */
#define STEP_ID_PENDING     UINT32_C(0xfffffffd)
#define STEP_ID_EXTERN      UINT32_C(0xfffffffc)
#define STEP_ID_BATCH       UINT32_C(0xfffffffb)
#define STEP_ID_INTERACTIVE UINT32_C(0xfffffffa)

static inline bool step_is_special(uint32_t step_id)
{
    return step_id >= STEP_ID_INTERACTIVE;
}
/* "batch", "extern", "interactive" or the number. */
static inline void step_id_text(uint32_t step_id, struct buf *out)
{
    if (step_id == STEP_ID_BATCH)
        buf_adds(out, "batch");
    else if (step_id == STEP_ID_EXTERN)
        buf_adds(out, "extern");
    else if (step_id == STEP_ID_INTERACTIVE)
        buf_adds(out, "interactive");
    else
        buf_addf(out, "%u", step_id);
}

#endif
