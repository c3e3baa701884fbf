/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reader: the logical lines of a file and of what it includes, one after the other. Used for every
 * configuration file.
 */
#ifndef CONF_READER_H
#define CONF_READER_H

#include "base/text.h"
#include "conf/conf.h"

/* Where a line was. `file` lives as long as the paths of the reader. */
struct conf_place {
    const char *file;
    uint32_t line;
};

struct reader {
    const struct conf_source *source;
    struct conf_messages *msgs;
    const char *dir;         /* relative names are looked for here; ends in "/" or is empty */
    char *const *cluster;    /* what %c stands for by then; NULL, or *cluster NULL: kept */
    struct text_list *paths; /* every file read, in order: the texts are kept */
    struct text_list *texts; /* their contents, or NULL: not wanted */
    void (*take)(void *ctx, const struct conf_place *at, const char *line);
    void *ctx;
    uint32_t depth;
};

/* Reads one file. Fails when it, or something it includes, cannot be read; the finding is then in msgs and e.
 */
int reader_file(struct reader *r, const char *path, struct err *e);
/* Reads a file of its own that may be absent (then nothing is taken). Of r, source, msgs, take and ctx are
 * given; `file` of a place lives during the call only. */
int reader_optional(struct reader *r, const char *path, struct err *e);
/* The folder of a path, with its "/"; "" where it has none. The caller's. */
char *reader_dir(const char *path);
/* dir + name, or name where it is absolute. The caller's. */
char *reader_join(const char *dir, const char *name);

#endif
