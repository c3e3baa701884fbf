/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"

#define FNV_START UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

uint64_t hash_u64(uint64_t v)
{
    v = (v ^ v >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    v = (v ^ v >> 27) * UINT64_C(0x94d049bb133111eb);
    return v ^ v >> 31;
}

uint64_t hash_bytes(const void *p, size_t len)
{
    const uint8_t *byte = p;
    uint64_t h = FNV_START;
    for (size_t i = 0; i < len; i++)
        h = (h ^ byte[i]) * FNV_PRIME;
    return hash_u64(h);
}

uint64_t hash_text(const char *s)
{
    return hash_bytes(s, strlen(s));
}

uint64_t hash_text_nocase(const char *s)
{
    uint64_t h = FNV_START;
    for (; *s; s++)
        h = (h ^ (uint8_t)text_lower(*s)) * FNV_PRIME;
    return hash_u64(h);
}

uint64_t rand_next(uint64_t *seed)
{
    *seed += UINT64_C(0x9e3779b97f4a7c15);
    return hash_u64(*seed);
}

uint64_t rand_below(uint64_t *seed, uint64_t n)
{
    REQUIRE(n > 0);
    return (uint64_t)((unsigned __int128)rand_next(seed) * n >> 64);
}
