/* SPDX-License-Identifier: Apache-2.0 */
/*
 * uptext: a slurm.conf that is written again with some of its keys changed, and everything else as it was.
 *
 * A text is read with what it includes in place of the Include lines. Keys are compared ignoring case. What
 * is changed keeps its place, under a comment that says why and what was there; what was not there goes to
 * the end.
 */
#ifndef CLI_UPTEXT_H
#define CLI_UPTEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/vec.h"
#include "conf/conf.h"

struct up_line {
    char *before; /* blank lines and comments before it */
    char *raw;    /* as it was written, without the last newline */
    char *text;   /* what it says: without comment and continuation */
};
struct up_text {
    VEC(struct up_line) lines;
    char *tail; /* what follows the last line */
};

struct up_change {
    const char *names; /* "SlurmctldHost,ControlMachine": the first is what is written */
    char *value;       /* owned; NULL: the key is left out */
    const char *why;
    bool written;
};
struct up_changes {
    VEC(struct up_change) list;
};

int up_text_read(struct up_text *t, const struct conf_source *source, const char *path, struct err *e);
void up_text_release(struct up_text *t);
/* The last value of a key of the cluster (not of a node or partition); NULL: it is not there. The caller's.
 */
char *up_text_value(const struct up_text *t, const char *name);

/* value is taken over. */
void up_change(struct up_changes *c, const char *names, char *value, const char *why);
void up_changes_release(struct up_changes *c);

/* What a line of a record (NodeName=...) is to become: appends it and gives true, or leaves it as it is. */
typedef bool (*up_record_fn)(void *ctx, const char *text, struct buf *out);
void up_text_write(const struct up_text *t, struct up_changes *c, up_record_fn record, void *ctx,
                   struct buf *out);

/* The value of a key in one line; false: it is not there. */
bool up_line_value(const char *text, const char *name, struct buf *ret);

#endif
