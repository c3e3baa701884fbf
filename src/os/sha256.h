/* SPDX-License-Identifier: Apache-2.0 */
/* sha256: names of stored payloads. From libcrypto; only daemons link it. */
#ifndef OS_SHA256_H
#define OS_SHA256_H

#include <stddef.h>
#include <stdint.h>

enum { SHA256_LEN = 32 };
void sha256(const void *data, size_t len, uint8_t ret[SHA256_LEN]);

#endif
