/* SPDX-License-Identifier: Apache-2.0 */
/*
 * map.h as a dense array of entries in insertion order, and beside it a table of their positions with linear
 * probing. A removed entry stays where it is (and so keeps probe chains whole) until the array is full and is
 * built anew.
 */
#include "base/map.h"

#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"

enum { CAP_FIRST = 8, CAP_MAX = 1 << 30 };

/* Does the entry have the key that is looked for? */
typedef bool match_fn(const struct map_entry *entry, const void *key);

static bool match_u64(const struct map_entry *entry, const void *key)
{
    return entry->key == *(const uint64_t *)key;
}

static bool match_text(const struct map_entry *entry, const void *key)
{
    return strcmp(entry->name, key) == 0;
}

static bool match_nocase(const struct map_entry *entry, const void *key)
{
    return text_casecmp(entry->name, key) == 0;
}

static struct map_entry *find(const struct map *m, uint32_t hash, match_fn *match, const void *key)
{
    if (!m->slots)
        return NULL;
    for (uint32_t at = hash & (m->slots - 1); m->slot[at]; at = (at + 1) & (m->slots - 1)) {
        struct map_entry *entry = &m->v[m->slot[at] - 1];
        if (entry->live && entry->hash == hash && match(entry, key))
            return entry;
    }
    return NULL;
}

static void link_entry(struct map *m, uint32_t position)
{
    uint32_t at = m->v[position].hash & (m->slots - 1);
    while (m->slot[at])
        at = (at + 1) & (m->slots - 1);
    m->slot[at] = position + 1;
}

/* Leaves the removed entries out and makes room for as many again as there are live ones. */
static void rebuild(struct map *m)
{
    uint32_t cap = CAP_FIRST;
    while (cap < 2 * m->count)
        cap *= 2;
    REQUIRE(cap <= CAP_MAX);
    struct map_entry *v = mem_array(cap, sizeof *v);
    uint32_t n = 0;
    for (uint32_t i = 0; i < m->n; i++)
        if (m->v[i].live)
            v[n++] = m->v[i];
    mem_free(m->v);
    mem_free(m->slot);
    m->v = v;
    m->n = n;
    m->cap = cap;
    m->slots = cap * 2;
    m->slot = mem_array(m->slots, sizeof *m->slot);
    for (uint32_t i = 0; i < n; i++)
        link_entry(m, i);
}

static struct map_entry *append(struct map *m, uint32_t hash, void *value)
{
    if (m->n == m->cap)
        rebuild(m);
    struct map_entry *entry = &m->v[m->n++];
    *entry = (struct map_entry){.value = value, .hash = hash, .live = true};
    m->count++;
    link_entry(m, m->n - 1);
    return entry;
}

static void *replace(struct map_entry *entry, void *value)
{
    void *older = entry->value;
    entry->value = value;
    return older;
}

static void *take_out(struct map *m, struct map_entry *entry)
{
    entry->live = false;
    m->count--;
    return entry->value;
}

static void release(struct map *m)
{
    mem_free(m->v);
    mem_free(m->slot);
    *m = (struct map){0};
}

static struct map_entry *find_u64(const struct map_u64 *map, uint64_t key)
{
    return find(&map->m, (uint32_t)hash_u64(key), match_u64, &key);
}

void *map_u64_get(const struct map_u64 *map, uint64_t key)
{
    struct map_entry *entry = find_u64(map, key);
    return entry ? entry->value : NULL;
}

bool map_u64_has(const struct map_u64 *map, uint64_t key)
{
    return find_u64(map, key) != NULL;
}

void *map_u64_put(struct map_u64 *map, uint64_t key, void *value)
{
    struct map_entry *entry = find_u64(map, key);
    if (entry)
        return replace(entry, value);
    append(&map->m, (uint32_t)hash_u64(key), value)->key = key;
    return NULL;
}

void *map_u64_remove(struct map_u64 *map, uint64_t key)
{
    struct map_entry *entry = find_u64(map, key);
    return entry ? take_out(&map->m, entry) : NULL;
}

void map_u64_release(struct map_u64 *map)
{
    release(&map->m);
}

static uint32_t name_hash(const struct map_str *map, const char *name)
{
    return (uint32_t)(map->nocase ? hash_text_nocase(name) : hash_text(name));
}

static struct map_entry *find_str(const struct map_str *map, const char *name)
{
    return find(&map->m, name_hash(map, name), map->nocase ? match_nocase : match_text, name);
}

void map_str_init(struct map_str *map, bool nocase)
{
    *map = (struct map_str){.nocase = nocase};
}

void *map_str_get(const struct map_str *map, const char *name)
{
    struct map_entry *entry = find_str(map, name);
    return entry ? entry->value : NULL;
}

bool map_str_has(const struct map_str *map, const char *name)
{
    return find_str(map, name) != NULL;
}

void *map_str_put(struct map_str *map, const char *name, void *value)
{
    struct map_entry *entry = find_str(map, name);
    if (entry)
        return replace(entry, value);
    append(&map->m, name_hash(map, name), value)->name = mem_strdup(name);
    return NULL;
}

void *map_str_remove(struct map_str *map, const char *name)
{
    struct map_entry *entry = find_str(map, name);
    if (!entry)
        return NULL;
    mem_free(entry->name);
    entry->name = NULL;
    return take_out(&map->m, entry);
}

void map_str_release(struct map_str *map)
{
    MAP_EACH (map, e)
        mem_free(e->name);
    release(&map->m);
}
