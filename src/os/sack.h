/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sack: the Unix socket at which processes of this host get tokens. doc/spec/04-credentials.md.
 *
 * One daemon of a host serves a path; the others wait (the lock file PATH.lock tells) and take over when it
 * goes. Who asks is told by the kernel (SO_PEERCRED), never by the request. Runs on the caller's loop.
 *
 * Limits: a connection lasts NET_HELLO_MS at most; those of one user other than root take a quarter of the
 * descriptors that the daemon may have.
 */
#ifndef OS_SACK_H
#define OS_SACK_H

#include <uv.h>

#include "base/err.h"
#include "os/auth.h"

#define SACK_CONTROLLER_PATH "/run/slurmctld/sack.socket"
#define SACK_PATH            "/run/slurm/sack.socket"

struct sack;

/* Begins to serve, or to wait for its turn. NULL with *e when the path can never be served (folder not
 * writable). */
struct sack *sack_start(uv_loop_t *loop, struct auth *auth, const char *path, struct err *e);
/* Stops and removes the socket; free it with sack_free once the loop has ended. NULL allowed. */
void sack_stop(struct sack *s);
void sack_free(struct sack *s);

#endif
