/* SPDX-License-Identifier: Apache-2.0 */
/* nodeview: what the commands derive from a node's record before they show it. */
#ifndef CLI_NODEVIEW_H
#define CLI_NODEVIEW_H

#include "base/buf.h"
#include "model.h"

/* "cpu=8,mem=16000M,billing=8" of the whole node, and "cpu=4,mem=2000M" of what jobs hold (nothing when
 * nothing). */
void nodeview_cfg_tres(const struct node *n, struct buf *out);
void nodeview_alloc_tres(const struct node *n, struct buf *out);

#endif
