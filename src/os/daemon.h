/* SPDX-License-Identifier: Apache-2.0 */
/* daemon: becoming one: a private session, a pid file that is also the lock, another user, enough
 * descriptors. */
#ifndef OS_DAEMON_H
#define OS_DAEMON_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* Goes to the background. The process that called returns to its shell with the code that the daemon gives to
 * daemon_ready, so that "started" means started. Call it before any thread exists. */
int daemon_fork(struct err *e);
/* Lets go of the shell and of stdin, stdout and stderr; tells systemd, where it asked to be told. */
void daemon_ready(void);
/* --systemd: ends the program when it was not started by systemd. */
void daemon_check_systemd(bool wanted);

/* Writes our pid; EAGAIN when another process holds it. The descriptor stays open as the lock. */
int pidfile_take(const char *path, uid_t owner, struct err *e);
void pidfile_drop(const char *path, int fd);

/* Becomes that user for good, with its groups. Nothing when we are it already. */
int daemon_become(uid_t uid, gid_t gid, struct err *e);
void daemon_raise_files(void); /* as many descriptors as we may have */

#endif
