/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lines: the rows of a table as sorted text.
 *
 * A row becomes its line and its sort keys when it is added and need not live longer, so a list of a million
 * jobs takes the memory of what is printed, and sorting compares numbers and finished texts.
 */
#ifndef CLI_LINES_H
#define CLI_LINES_H

#include "cli/columns.h"

struct line {
    size_t begin; /* in `text` */
    uint32_t len;
    uint32_t key; /* its first, in `keys` */
};
union line_key {
    int64_t number; /* of a column with an order */
    size_t text;    /* of the others: where in `text` it begins; it ends with a zero byte */
};
/* The borrowed members are set by the caller, the others are zero at first. */
struct lines {
    const struct layout *layout;
    const struct sort_spec *sort;
    const void *ctx; /* of the columns */
    struct buf text;
    VEC(struct line) list;
    VEC(union line_key) keys;
};

void lines_add(struct lines *l, const void *row);
/* Rows that compare equal stay in the order in which they were added. */
void lines_sort(struct lines *l);
void lines_release(struct lines *l);

#endif
