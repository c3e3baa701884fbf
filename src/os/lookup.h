/* SPDX-License-Identifier: Apache-2.0 */
/* lookup: host_lookup() for loops, which must not wait for the resolver: it works on threads of the pool, and
 * leaves half of them to others however many names are asked for. */
#ifndef OS_LOOKUP_H
#define OS_LOOKUP_H

#include <stdint.h>
#include <sys/socket.h>
#include <uv.h>

#include "base/err.h"

struct lookup;

/* `addr` is NULL, and *e says why, when there is none. */
typedef void (*lookup_done)(void *user, const struct sockaddr_storage *addr, const struct err *e);
/* Calls `done` on the loop, exactly once: digits, and what can be no name, before it returns. Until then
 * *ret, which has to live as long, holds the handle; it is NULL when `done` is called.
 */
void lookup_start(uv_loop_t *loop, const char *host, uint16_t port, lookup_done done, void *user,
                  struct lookup **ret);
/* `done` is called soon, with an error; but one that the resolver is at work on ends when it ends. */
void lookup_cancel(struct lookup *l);

#endif
