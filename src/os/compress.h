/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compress: pieces of files in LZ4's block format, as sbcast --compress sends them. A build without liblz4
 * has the functions too: it packs nothing, and refuses what is packed.
 */
#ifndef OS_COMPRESS_H
#define OS_COMPRESS_H

#include <stdbool.h>

#include "base/err.h"
#include "meta/meta.h"

bool compress_available(void);

/* Replaces `data` by its packed form. False: it would not be smaller, and is left as it was. */
bool compress_bytes(struct meta_bytes *data);

/* Replaces packed `data` by what it was, exactly `size` bytes. An error leaves it as it was. */
int expand_bytes(struct meta_bytes *data, uint32_t size, struct err *e);

#endif
