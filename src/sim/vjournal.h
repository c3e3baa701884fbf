/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vjournal: a journal in memory that survives the simulated controller. What is being written when it dies
 * may or may not be there afterwards, but only whole and in order.
 */
#ifndef SIM_VJOURNAL_H
#define SIM_VJOURNAL_H

#include "base/buf.h"
#include "base/vec.h"

struct vjournal {
    VEC(struct buf) batches; /* encoded fact_batch, ascending by index */
    struct buf snapshot;     /* encoded saved_state; empty = none */
    uint64_t term;
};
void vjournal_release(struct vjournal *j);
void vjournal_append(struct vjournal *j, const struct buf *batch);
/* Replaces everything up to now. */
void vjournal_snapshot(struct vjournal *j, const struct buf *saved);

#endif
