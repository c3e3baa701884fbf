/* SPDX-License-Identifier: Apache-2.0 */
/* patience: opening and writing what a user has named, without waiting for it for ever. */
#ifndef SLURMSTEPD_PATIENCE_H
#define SLURMSTEPD_PATIENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* open(2), which waits for the other end of a named pipe until called_off says otherwise: ECANCELED then. It
 * is asked ten times a second. */
int patience_open(const char *path, int flags, mode_t mode, bool (*called_off)(void *ctx), void *ctx);

/* Writes all of it. -ETIMEDOUT: that has taken ten seconds; -EIO: it cannot be written. */
int patience_write(int fd, const char *p, size_t len);

#endif
