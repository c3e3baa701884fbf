/* SPDX-License-Identifier: Apache-2.0 */
/* auth_internal: what auth.c asks of its two mechanisms. Private to src/os. */
#ifndef OS_AUTH_INTERNAL_H
#define OS_AUTH_INTERNAL_H

#include "os/auth.h"
#include "os/nonce.h"
#include "os/sha256.h"

enum { AUTH_MAC_LEN = 32 };

/* auth_slurm.c. A key for one purpose, so that what was signed for one can never be shown for the other. */
int slurm_derive(const struct key *key, const char *purpose, struct key *ret);
/* HMAC-SHA256 of an encoded record, as a signed_blob appended to ret. */
int slurm_sign(const struct key *key, const struct buf *data, struct buf *ret, struct err *e);
/* Opens a signed_blob: *ret_blob is decoded, its mac is right. meta_release it. */
int slurm_open(const struct key *key, const void *blob, size_t len, struct signed_blob *ret_blob,
               struct err *e);

#endif
