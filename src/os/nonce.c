/* SPDX-License-Identifier: Apache-2.0 */
#include "os/nonce.h"

void nonce_init(struct nonce_cache *c, int64_t life_s)
{
    *c = (struct nonce_cache){.life = life_s};
}

void nonce_release(struct nonce_cache *c)
{
    map_u64_release(&c->now);
    map_u64_release(&c->before);
}

bool nonce_take(struct nonce_cache *c, uint64_t nonce, int64_t now)
{
    if (now - c->turned >= c->life) {
        map_u64_release(&c->before);
        c->before = c->now;
        c->now = (struct map_u64){0};
        c->turned = now;
    }
    if (map_u64_has(&c->now, nonce) || map_u64_has(&c->before, nonce) || map_u64_count(&c->now) >= NONCE_MAX)
        return false;
    map_u64_put(&c->now, nonce, c);
    return true;
}
