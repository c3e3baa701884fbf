/* SPDX-License-Identifier: Apache-2.0 */
/* partview: a partition's settings as sinfo and scontrol print them. */
#ifndef CLI_PARTVIEW_H
#define CLI_PARTVIEW_H

#include "base/buf.h"
#include "model.h"

void partview_available(const struct part *p, struct buf *out); /* up, down, drain, inact */
/* Minutes as 1:00:00; `unlimited` for no limit, "n/a" when unset. */
void partview_limit(uint32_t minutes, const char *unlimited, struct buf *out);
void partview_count(uint32_t v, const char *unlimited,
                    struct buf *out); /* a count that may be unset or infinite */
void partview_oversubscribe(const struct part *p, struct buf *out); /* NO, YES:4, FORCE:4, EXCLUSIVE */
const char *partview_exclusive(const struct part *p);               /* NO, NODE, USER, TOPO */
void partview_size(const struct part *p, struct buf *out);          /* 1-infinite */
/* "cpu=32,mem=62.50G,node=4,billing=32". The record holds no sum of memory: it comes from the nodes (may be
 * NULL). */
void partview_tres(const struct part *p, struct node *const *nodes, uint32_t n, struct buf *out);

#endif
