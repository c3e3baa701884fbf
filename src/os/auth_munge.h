/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth_munge: libmunge, loaded when it is first needed, so that nobody else depends on it.
 *
 * The functions may be called from several threads. Payload limit: 1 MiB (munge's own).
 */
#ifndef OS_AUTH_MUNGE_H
#define OS_AUTH_MUNGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* A credential of this process around `payload`. socket: NULL for munge's default. */
int auth_munge_encode(const char *payload, const char *socket, struct buf *ret, struct err *e);
/* Who made it, and its payload. An already decoded one is an error unless `again`. */
int auth_munge_decode(const void *cred, size_t len, const char *socket, bool again, uint32_t *ret_uid,
                      uint32_t *ret_gid, struct buf *ret_payload, struct err *e);

#endif
