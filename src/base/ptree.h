/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ptree: a persistent map from a 32-bit key to a shared record, in key order.
 *
 * The controller's tables (jobs by id, nodes and partitions by index) are ptrees. Taking a snapshot copies a
 * root pointer and raises one count; after that the writer copies only the path it changes (64-way nodes, so
 * 2 to 6 of them). Readers on other threads walk their snapshot without a lock.
 *
 * Ownership: a tree holds one reference to every record in it. Exactly one thread writes to a given tree; any
 * number may read snapshots of it. Limits: keys 0 to 2^32-1.
 */
#ifndef BASE_PTREE_H
#define BASE_PTREE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/shared.h"

struct ptree_node;

/* How the tree copies and frees its records. Both get a record that starts with struct shared. */
struct ptree_type {
    struct shared *(*copy)(const struct shared *record); /* a deep copy with one reference */
    void (*free)(struct shared *record);                 /* called when the last reference is gone */
};

struct ptree {
    const struct ptree_type *type;
    struct ptree_node *root; /* NULL when empty */
    uint32_t count;
    uint8_t height;
};

void ptree_init(struct ptree *t, const struct ptree_type *type);
void ptree_release(struct ptree *t);
/* *ret_copy becomes a snapshot of t: O(1). Release it with ptree_release (on any thread). */
void ptree_snapshot(const struct ptree *t, struct ptree *ret_copy);

/* The record, still the tree's; NULL when absent. Valid while the tree (or snapshot) lives unchanged. */
const void *ptree_get(const struct ptree *t, uint32_t key);
/* The record for writing: copied first when a snapshot holds it too. NULL when absent. */
void *ptree_edit(struct ptree *t, uint32_t key);
/* Puts a record (the caller's reference goes over), dropping an older one. */
void ptree_put(struct ptree *t, uint32_t key, void *record);
/* Drops the record; false when there was none. */
bool ptree_remove(struct ptree *t, uint32_t key);

/* The first record with a key >= *key; sets *key to its key. NULL at the end.
 *     for (uint32_t id = 0; (job = ptree_next(&t, &id)); id++) ...   (stop yourself at UINT32_MAX) */
const void *ptree_next(const struct ptree *t, uint32_t *key);

/* Calls `changed` for every key whose record is not the same one in both trees, in key order; the record is
 * NULL where the key is absent. What the trees share is skipped, so two snapshots of one tree cost as much as
 * was changed between them. */
typedef void ptree_changed(void *arg, uint32_t key, const void *was, const void *is);
void ptree_diff(const struct ptree *was, const struct ptree *is, ptree_changed *changed, void *arg);

#endif
