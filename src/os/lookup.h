/* SPDX-License-Identifier: Apache-2.0 */
/* lookup: host_lookup() for loops, which must not wait for the resolver: it works on a thread of the pool. */
#ifndef OS_LOOKUP_H
#define OS_LOOKUP_H

#include <stdint.h>
#include <sys/socket.h>
#include <uv.h>

#include "base/err.h"

/* `addr` is NULL, and *e says why, when there is none. */
typedef void (*lookup_done)(void *user, const struct sockaddr_storage *addr, const struct err *e);
/* Calls `done` on the loop, exactly once: digits at once, before it returns. It cannot be called off. */
void lookup_start(uv_loop_t *loop, const char *host, uint16_t port, lookup_done done, void *user);

#endif
