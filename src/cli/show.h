/* SPDX-License-Identifier: Apache-2.0 */
/*
 * show: records as `scontrol show` prints them, byte for byte.
 *
 * A record is one block of lines, followed by an empty line, or with `one_line` a single line.
 */
#ifndef CLI_SHOW_H
#define CLI_SHOW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "model.h"

struct show {
    struct buf *out;
    bool one_line;
    bool details;
    int64_t now;
};

void show_job(const struct show *s, const struct job *job);
/* step NULL: the batch script, which has no record of its own. */
void show_step(const struct show *s, const struct job *job, const struct step *step);
void show_node(const struct show *s, const struct node *n);
/* The nodes are for the sum of memory; NULL when they are not known. */
void show_part(const struct show *s, const struct part *p, struct node *const *nodes, uint32_t n_nodes);

#endif
