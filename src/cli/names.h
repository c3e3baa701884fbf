/* SPDX-License-Identifier: Apache-2.0 */
/* names: users and groups of this host, as texts. */
#ifndef CLI_NAMES_H
#define CLI_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* The name, or the number when there is none. The last answer is remembered: listings ask for the same one
 * again. */
void names_user(uint32_t uid, struct buf *out);
void names_group(uint32_t gid, struct buf *out);
/* A name or a number; false when it is neither. */
bool names_find_user(const char *text, uint32_t *ret_uid);

#endif
