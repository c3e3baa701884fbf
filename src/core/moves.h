/* SPDX-License-Identifier: Apache-2.0 */
/*
 * moves: the life of a job as a table of phases and events. doc/spec/01-states.md shows the same table.
 *
 * apply() checks every move before and after it; decide() asks before it proposes one.
 */
#ifndef CORE_MOVES_H
#define CORE_MOVES_H

#include <stdbool.h>

#include "model.h"

enum job_phase {
    PHASE_PENDING,
    PHASE_RUNNING,
    PHASE_SUSPENDED,
    PHASE_COMPLETING, /* in a final state, some nodes still clean up */
    PHASE_REQUEUING,  /* the same, and then it goes back to the queue */
    PHASE_ENDED,
    PHASE_COUNT,
};
enum job_event {
    EVENT_START,
    EVENT_SUSPEND,
    EVENT_RESUME,
    EVENT_ENDING,         /* will not run on */
    EVENT_ENDING_REQUEUE, /* will not run on, but again */
    EVENT_NODE_DONE,
    EVENT_ENDED,
    EVENT_REQUEUE,
    EVENT_PURGE,
    EVENT_COUNT,
};

enum job_phase job_phase(const struct job *j);
/* Whether the event may happen now; where it leads. */
bool job_may(const struct job *j, enum job_event event);
enum job_phase job_after(enum job_phase phase,
                         enum job_event event); /* PHASE_COUNT: not allowed, or the record is gone */

#endif
