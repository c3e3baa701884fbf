/* SPDX-License-Identifier: Apache-2.0 */
/* gresview: devices as texts. */
#ifndef CLI_GRESVIEW_H
#define CLI_GRESVIEW_H

#include "base/buf.h"
#include "model.h"

/* "gpu:a100:1(IDX:0)": what jobs hold of each kind of device of a node, (IDX:N/A) when nothing. */
void gresview_used(const struct node *n, struct buf *out);
/* The same of a job's part of a node; only kinds it holds. */
void gresview_job_node(const struct job_node *n, struct buf *out);

#endif
