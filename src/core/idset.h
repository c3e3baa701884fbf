/* SPDX-License-Identifier: Apache-2.0 */
/*
 * idset: a small ascending set of job ids, for the writer's indexes.
 *
 * Four bytes a member: ids mostly arrive in ascending order. Removal marks the place and tidies up when half
 * of them are marks.
 */
#ifndef CORE_IDSET_H
#define CORE_IDSET_H

#include <stdbool.h>
#include <stdint.h>

struct idset {
    uint32_t *v; /* ascending; the top bit marks a removed id */
    uint32_t n, cap, removed;
};
#define IDSET_GONE UINT32_C(0x80000000) /* job ids stay below it */

#define IDSET_EACH(set, var)                                                                                 \
    for (uint32_t var##_i = 0, var; var##_i < (set)->n && (var = (set)->v[var##_i], true); var##_i++)        \
        if (var & IDSET_GONE) {                                                                              \
        } else

void idset_add(struct idset *s, uint32_t id);    /* nothing happens when it is in already */
void idset_remove(struct idset *s, uint32_t id); /* nor when it is not */
bool idset_has(const struct idset *s, uint32_t id);
static inline uint32_t idset_count(const struct idset *s)
{
    return s->n - s->removed;
}
void idset_release(struct idset *s);

#endif
