/* SPDX-License-Identifier: Apache-2.0 */
/*
 * upfolder: where everything of a private cluster lies.
 *
 *     DIR/etc     slurm.conf, the files beside it, slurm.key
 *     DIR/state   StateSaveLocation           DIR/log   a file a daemon
 *     DIR/spool   SlurmdSpoolDir, a folder a node   DIR/run   pid files, the token socket
 *
 * Paths are absolute and belong to the struct.
 */
#ifndef CLI_UPFOLDER_H
#define CLI_UPFOLDER_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

struct up_folder {
    char *dir, *etc, *state, *spool, *log, *run;
    char *conf, *key, *socket;
    int lock; /* descriptor, -1: not held */
};

/* dir: NULL means ~/.sluice/private. Touches nothing. Fails where a socket in it would have too long a name.
 */
int up_folder_name(struct up_folder *f, const char *dir, struct err *e);
/* Makes what is missing, all of it for this user alone to write. */
int up_folder_make(const struct up_folder *f, struct err *e);
/* One `up` or `down` at a time; waits for the other. */
int up_folder_lock(struct up_folder *f, struct err *e);
bool up_folder_exists(const struct up_folder *f);
/* Can every user reach what is in it? */
bool up_folder_is_open(const struct up_folder *f);

/* A whole small file; replaces atomically. */
int up_write(const char *path, const char *text, mode_t mode, struct err *e);
int up_copy(const char *from, const char *to, struct err *e);
/* The last lines of a log; nothing when there is none. */
void up_tail(const char *path, unsigned lines, struct buf *out);

#endif
