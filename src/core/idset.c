/* SPDX-License-Identifier: Apache-2.0 */
#include "core/idset.h"

#include <string.h>

#include "base/mem.h"
#include "base/vec.h"

/* The first place whose id is not below `id`. */
static uint32_t lower(const struct idset *s, uint32_t id)
{
    if (s->n && (s->v[s->n - 1] & ~IDSET_GONE) < id)
        return s->n;
    uint32_t lo = 0, hi = s->n;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if ((s->v[mid] & ~IDSET_GONE) < id)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

void idset_add(struct idset *s, uint32_t id)
{
    REQUIRE(!(id & IDSET_GONE));
    uint32_t at = lower(s, id);
    if (at < s->n && (s->v[at] & ~IDSET_GONE) == id) {
        if (s->v[at] != id)
            s->removed--;
        s->v[at] = id;
        return;
    }
    if (s->n == s->cap) {
        s->cap = s->cap ? s->cap * 2 : 2;
        s->v = mem_realloc(s->v, s->cap * sizeof *s->v);
    }
    memmove(s->v + at + 1, s->v + at, (s->n - at) * sizeof *s->v);
    s->v[at] = id;
    s->n++;
}

static void tidy(struct idset *s)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < s->n; i++)
        if (!(s->v[i] & IDSET_GONE))
            s->v[kept++] = s->v[i];
    s->n = kept;
    s->removed = 0;
}

void idset_remove(struct idset *s, uint32_t id)
{
    uint32_t at = lower(s, id);
    if (at >= s->n || s->v[at] != id)
        return;
    s->v[at] |= IDSET_GONE;
    if (++s->removed * 2 >= s->n)
        tidy(s);
}

bool idset_has(const struct idset *s, uint32_t id)
{
    uint32_t at = lower(s, id);
    return at < s->n && s->v[at] == id;
}

void idset_release(struct idset *s)
{
    mem_free(s->v);
    *s = (struct idset){0};
}
