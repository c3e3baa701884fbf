/* SPDX-License-Identifier: Apache-2.0 */
/* host: what this host is called, and the addresses of others. */
#ifndef OS_HOST_H
#define OS_HOST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/err.h"

/* The name without its domain. Lives as long as the process. */
const char *host_name(void);
/* Is that name this host: with or without domain, or "localhost"? */
bool host_is_me(const char *name);
/* An address of a name or of digits; blocks for as long as the resolver takes unless it is digits. */
int host_lookup(const char *name, uint16_t port, struct sockaddr_storage *ret, struct err *e);
bool host_is_digits(const char *name);
/* The error of a name without an address, as a negative code. */
int host_unknown(struct err *e, const char *name, const char *why);

#endif
