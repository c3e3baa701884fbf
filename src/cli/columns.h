/* SPDX-License-Identifier: Apache-2.0 */
/*
 * columns: tables of text with the format options of squeue(1) and sinfo(1).
 *
 * A command has one table of struct column. A layout is read from -o ("%.10i %j", letters) or -O
 * ("JobID:.10,Name:|", names); every byte between fields is kept as it is. A width of 0 takes whatever is
 * needed.
 *
 * Nothing here prints: lines go to a struct buf, complaints to the caller.
 */
#ifndef CLI_COLUMNS_H
#define CLI_COLUMNS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/vec.h"

enum {
    COLUMN_WIDTH_MAX = 65536, /* wider is refused as not a width */
    COLUMN_WIDTH_LONG = 20,   /* of an -O field without a size */
    COLUMN_WIDTH_FIT = -1,    /* the longest text of the column: "%#P" of sinfo(1) */
};

struct column {
    const char *name; /* for -O, or NULL */
    char letter;      /* for -o, or 0 */
    const char *head; /* the title */
    /* Appends the value of a row; ctx is the caller's. */
    void (*text)(const void *row, const void *ctx, struct buf *out);
    /* For sorting and grouping: a number whose order is the order of rows; NULL: the text decides. */
    int64_t (*order)(const void *row, const void *ctx);
    /* Columns of jobs: the fields that both read beside those that are always there (jobfields.h); NULL: any.
     */
    const char *reads;
    bool uncut; /* a duration: the width is the least one, only words in its place are cut */
    bool mark;  /* a "*" at the end survives the cutting */
};

struct column_use {
    const struct column *column; /* NULL: only the suffix */
    int width;
    bool right;
    char *suffix; /* owned, never NULL */
    uint32_t suffix_len;
};
struct layout {
    char *prefix; /* what stands before the first field; owned */
    VEC(struct column_use) uses;
};

/* A field that is not known: `field` is its letter or name. */
typedef void column_bad_fn(void *arg, const char *field);

/* Both forget what the layout held. Unknown fields are reported; of -o ones the text is kept as it stands, of
 * -O ones the suffix. */
void layout_parse_short(struct layout *l, const struct column *table, const char *spec, column_bad_fn *bad,
                        void *arg);
void layout_parse_long(struct layout *l, const struct column *table, const char *spec, column_bad_fn *bad,
                       void *arg);
void layout_release(struct layout *l);
bool layout_has(const struct layout *l, const struct column *c);

/* Widths of COLUMN_WIDTH_FIT become those of the longest text of the rows and the title. */
void layout_fit(struct layout *l, const void *rows, uint32_t n, size_t row_size, const void *ctx);
/* One line with its newline. */
void layout_head(const struct layout *l, struct buf *out);
void layout_row(const struct layout *l, const void *row, const void *ctx, struct buf *out);

/* By letter or by name, ignoring case; NULL when unknown. A table ends with a row without name and letter. */
const struct column *column_by_letter(const struct column *table, char letter);
const struct column *column_by_name(const struct column *table, const char *name);

/*
 * Sorting: "P,-t,+i", letters or names of the table; of letters only those of `letters`, NULL: all. Returns
 * 0, or -1 with the last letter that is not understood in *ret_bad.
 */
struct sort_key {
    const struct column *column;
    bool descending;
};
struct sort_spec {
    VEC(struct sort_key) keys;
};
int sort_parse(struct sort_spec *s, const struct column *table, const char *letters, const char *spec,
               char *ret_bad);
void sort_add(struct sort_spec *s, const struct column *c, bool descending); /* `c` outlives the order */
void sort_release(struct sort_spec *s);
void sort_rows(const struct sort_spec *s, void *rows, uint32_t n, size_t row_size, const void *ctx);
/* <0, 0, >0 by one column. */
int column_compare(const struct column *c, const void *a, const void *b, const void *ctx);

#endif
