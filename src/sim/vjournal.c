/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/vjournal.h"

#include "base/mem.h"

static void forget(struct vjournal *j)
{
    for (uint32_t i = 0; i < j->batches.n; i++)
        buf_release(&j->batches.v[i]);
    j->batches.n = 0;
}

void vjournal_release(struct vjournal *j)
{
    forget(j);
    VEC_FREE(&j->batches);
    buf_release(&j->snapshot);
}

void vjournal_append(struct vjournal *j, const struct buf *batch)
{
    struct buf *b = VEC_PUSH(&j->batches);
    buf_init(b);
    buf_add(b, batch->s, batch->len);
}

void vjournal_snapshot(struct vjournal *j, const struct buf *saved)
{
    forget(j);
    buf_clear(&j->snapshot);
    buf_add(&j->snapshot, saved->s, saved->len);
}
