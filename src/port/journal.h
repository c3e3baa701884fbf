/* SPDX-License-Identifier: Apache-2.0 */
/*
 * journal: where facts become durable. Implementations: SQLite (src/os/journal_sqlite.c), memory with faults
 * (src/sim).
 *
 * One batch is one transaction. A write that fails is fatal to the caller: it is never retried. `index` rises
 * by one a batch; `term` rises with every start, nodes refuse messages with an older one. append and read
 * belong to one thread at a time; the other functions may be called from any thread meanwhile.
 */
#ifndef PORT_JOURNAL_H
#define PORT_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct journal;

/* A payload stored with a batch, under a name of the caller's (its hash). Storing the same name again changes
 * nothing. */
struct journal_blob {
    const uint8_t *name;
    size_t name_len;
    const void *data;
    size_t len;
};

/* The name of a payload that is still in use. */
struct journal_name {
    const uint8_t *v;
    size_t len;
};

struct journal_ops {
    /* Writes one batch, durable when it returns. 0, or negative: the process must end. */
    int (*append)(struct journal *j, uint64_t index, const void *batch, size_t len,
                  const struct journal_blob *blobs, uint32_t blobs_n, struct err *e);
    /* Calls back for every batch with an index > from, ascending. A callback that returns non-zero ends it
     * with that value. */
    int (*read)(struct journal *j, uint64_t from,
                int (*each)(void *arg, uint64_t index, const void *batch, size_t len), void *arg,
                struct err *e);
    /* Newest snapshot (an encoded saved_state): *ret_found false when there is none. */
    int (*snapshot_get)(struct journal *j, struct buf *ret, bool *ret_found, struct err *e);
    /* Stores a snapshot and forgets batches up to its index, and blobs that were stored up to that index and
     * that no name in `live` (what the snapshot's jobs hold) keeps. */
    int (*snapshot_put)(struct journal *j, uint64_t index, const void *data, size_t len,
                        const struct journal_name *live, uint32_t live_n, struct err *e);
    int (*blob_get)(struct journal *j, const uint8_t *name, size_t name_len, struct buf *ret, struct err *e);
    int (*blob_drop)(struct journal *j, const uint8_t *name, size_t name_len, struct err *e);
    /* The term of this start: one more than the last. */
    uint64_t (*term)(const struct journal *j);
    void (*close)(struct journal *j);
};
struct journal {
    const struct journal_ops *ops;
};

#endif
