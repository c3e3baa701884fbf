/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena: memory that is dropped whole, for everything that lives as long as one request.
 *
 *     struct arena a = {0};
 *     struct thing *t = arena_alloc(&a, sizeof *t);
 *     arena_release(&a);
 *
 * Nothing is freed singly. Memory comes back zeroed and aligned for any type. {0} is an empty arena.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena_chunk;

struct arena {
    struct arena_chunk *chunks; /* the one in use first */
    size_t used;                /* bytes given out since the last clear, for measurements */
};

void *arena_alloc(struct arena *a, size_t size);
void *arena_array(struct arena *a, size_t count, size_t size); /* aborts on count * size overflow */
char *arena_strdup(struct arena *a, const char *s);            /* NULL gives NULL */
char *arena_format(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void arena_clear(struct arena *a); /* forgets everything, keeps one chunk for the next use */
void arena_release(struct arena *a);

#endif
