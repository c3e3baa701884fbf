/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Labels of srun(1): with -l every line begins with the task's number, padded to the width of the highest.
 * `part` keeps the beginning of a line until its end comes, LABEL_LINE_MAX bytes at most: a longer line is
 * cut into several. srun labels what goes to itself, the nodes what goes to files of theirs. Pure.
 */
#ifndef MODEL_LABEL_H
#define MODEL_LABEL_H

#include "base/buf.h"

enum { LABEL_LINE_MAX = 64 << 10 };
uint32_t label_width(uint32_t ntasks);
void label_add(struct buf *part, uint32_t task, uint32_t width, const void *data, size_t n, struct buf *out);
/* The stream has ended: a line without its end gets one. */
void label_end(struct buf *part, uint32_t task, uint32_t width, struct buf *out);

#endif
