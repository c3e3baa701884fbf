/* SPDX-License-Identifier: Apache-2.0 */
/* slurpfile: a whole file as text. */
#ifndef CLI_SLURPFILE_H
#define CLI_SLURPFILE_H

#include "base/buf.h"
#include "base/err.h"

enum { SLURPFILE_MAX = 16 << 20 }; /* bytes; longer ones are refused */

/* Appends the file's bytes. */
int slurpfile(const char *path, struct buf *out, struct err *e);

#endif
