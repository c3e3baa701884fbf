/* SPDX-License-Identifier: Apache-2.0 */
#include "core/moves.h"

#include "model/jobtext.h"

#define NO        0
#define TO(phase) (1 + (phase))

static const uint8_t moves[PHASE_COUNT][EVENT_COUNT] = {
    [PHASE_PENDING] = {[EVENT_START] = TO(PHASE_RUNNING), [EVENT_ENDED] = TO(PHASE_ENDED)},
    [PHASE_RUNNING] = {[EVENT_SUSPEND] = TO(PHASE_SUSPENDED),
                       [EVENT_ENDING] = TO(PHASE_COMPLETING),
                       [EVENT_ENDING_REQUEUE] = TO(PHASE_REQUEUING)},
    [PHASE_SUSPENDED] = {[EVENT_RESUME] = TO(PHASE_RUNNING),
                         [EVENT_ENDING] = TO(PHASE_COMPLETING),
                         [EVENT_ENDING_REQUEUE] = TO(PHASE_REQUEUING)},
    [PHASE_COMPLETING] = {[EVENT_NODE_DONE] = TO(PHASE_COMPLETING), [EVENT_ENDED] = TO(PHASE_ENDED)},
    [PHASE_REQUEUING] = {[EVENT_NODE_DONE] = TO(PHASE_REQUEUING),
                         [EVENT_ENDING] = TO(PHASE_COMPLETING),
                         [EVENT_REQUEUE] = TO(PHASE_PENDING)},
    [PHASE_ENDED] = {[EVENT_REQUEUE] = TO(PHASE_PENDING), [EVENT_PURGE] = TO(PHASE_COUNT)},
};

enum job_phase job_phase(const struct job *j)
{
    if (j->flags & JOBF_COMPLETING)
        return j->state == JOB_PENDING ? PHASE_REQUEUING : PHASE_COMPLETING;
    switch (j->state) {
    case JOB_PENDING:
        return PHASE_PENDING;
    case JOB_RUNNING:
        return PHASE_RUNNING;
    case JOB_SUSPENDED:
        return PHASE_SUSPENDED;
    default:
        return PHASE_ENDED;
    }
}

enum job_phase job_after(enum job_phase phase, enum job_event event)
{
    uint8_t to = moves[phase][event];
    return to == NO ? PHASE_COUNT : (enum job_phase)(to - 1);
}

bool job_may(const struct job *j, enum job_event event)
{
    return moves[job_phase(j)][event] != NO;
}
