/* SPDX-License-Identifier: Apache-2.0 */
/*
 * map: hash maps from numbers or texts to pointers, iterated in the order of insertion.
 *
 * The order is part of the contract: replicas that did the same things walk their maps alike. Putting a key
 * that is there already keeps its place. Values are the caller's; map_str owns copies of its keys.
 *
 *     struct map_str users = {0};
 *     map_str_put(&users, "anna", anna);
 *     MAP_EACH (&users, e)
 *         use(e->name, e->value);
 *     map_str_release(&users);
 *
 * Removing while iterating is allowed (the present entry or any other), putting is not. {0} is an empty map;
 * a map_str that ignores the case of ASCII letters needs map_str_init. Limit: 2^30 entries.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stdbool.h>
#include <stdint.h>

struct map_entry {
    union {
        uint64_t key; /* map_u64 */
        char *name;   /* map_str */
    };
    void *value;
    uint32_t hash;
    bool live; /* false after removal, until the next put tidies up */
};

struct map {
    struct map_entry *v; /* in the order of insertion */
    uint32_t n, cap;     /* entries, removed ones included; room for entries */
    uint32_t count;      /* live entries */
    uint32_t *slot;      /* open addressing: 1 + position in v, 0 = free */
    uint32_t slots;      /* a power of two, or 0 */
};

struct map_u64 {
    struct map m;
};

struct map_str {
    struct map m;
    bool nocase;
};

#define MAP_EACH(map, e)                                                                                     \
    for (struct map_entry *e = (map)->m.v; e && e < (map)->m.v + (map)->m.n; e++)                            \
        if (!e->live) {                                                                                      \
        } else

static inline uint32_t map_u64_count(const struct map_u64 *map)
{
    return map->m.count;
}
static inline uint32_t map_str_count(const struct map_str *map)
{
    return map->m.count;
}

void *map_u64_get(const struct map_u64 *map, uint64_t key); /* NULL when absent */
bool map_u64_has(const struct map_u64 *map, uint64_t key);
void *map_u64_put(struct map_u64 *map, uint64_t key, void *value); /* gives the value replaced, or NULL */
void *map_u64_remove(struct map_u64 *map, uint64_t key);           /* gives the value removed, or NULL */
void map_u64_release(struct map_u64 *map);                         /* empty again; values are not touched */

void map_str_init(struct map_str *map, bool nocase);
void *map_str_get(const struct map_str *map, const char *name);
bool map_str_has(const struct map_str *map, const char *name);
void *map_str_put(struct map_str *map, const char *name, void *value);
void *map_str_remove(struct map_str *map, const char *name);
void map_str_release(struct map_str *map); /* keeps `nocase` */

#endif
