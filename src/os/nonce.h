/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nonce: remembers what has been seen until it has expired anyway, so that nothing is accepted twice.
 *
 * Two generations: the older one is forgotten as a whole. Not locked. Limit: NONCE_MAX a generation; then
 * everything is refused.
 */
#ifndef OS_NONCE_H
#define OS_NONCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/map.h"

enum { NONCE_MAX = 4 << 20 };

struct nonce_cache {
    struct map_u64 now, before;
    int64_t turned; /* when `now` began */
    int64_t life;   /* seconds after which a nonce may be forgotten */
};

void nonce_init(struct nonce_cache *c, int64_t life_s);
void nonce_release(struct nonce_cache *c);
/* True the first time. */
bool nonce_take(struct nonce_cache *c, uint64_t nonce, int64_t now);

#endif
