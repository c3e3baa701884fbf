/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

enum { CHUNK_SIZE = 16 << 10, ALIGN = _Alignof(max_align_t) };

struct arena_chunk {
    struct arena_chunk *next;
    size_t size, used; /* bytes of data */
    _Alignas(max_align_t) char data[];
};

void *arena_alloc(struct arena *a, size_t size)
{
    REQUIRE(size < SIZE_MAX / 2);
    size_t need = (size + ALIGN - 1) / ALIGN * ALIGN;
    struct arena_chunk *c = a->chunks;
    if (!c || c->size - c->used < need) {
        size_t room = need > CHUNK_SIZE ? need : CHUNK_SIZE;
        c = mem_alloc(sizeof *c + room);
        c->size = room;
        c->next = a->chunks;
        a->chunks = c;
    }
    void *p = c->data + c->used;
    c->used += need;
    a->used += need;
    return p;
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
    size_t total;
    REQUIRE(!__builtin_mul_overflow(count, size, &total));
    return arena_alloc(a, total);
}

char *arena_strdup(struct arena *a, const char *s)
{
    if (!s)
        return NULL;
    size_t size = strlen(s) + 1;
    return memcpy(arena_alloc(a, size), s, size);
}

char *arena_format(struct arena *a, const char *fmt, ...)
{
    struct buf text = BUF_INIT;
    va_list ap;
    va_start(ap, fmt);
    buf_addv(&text, fmt, ap);
    va_end(ap);
    char *copy = arena_strdup(a, text.s);
    buf_release(&text);
    return copy;
}

void arena_clear(struct arena *a)
{
    struct arena_chunk *keep = a->chunks;
    if (!keep)
        return;
    struct arena rest = {.chunks = keep->next};
    arena_release(&rest);
    memset(keep->data, 0, keep->used);
    keep->used = 0;
    keep->next = NULL;
    *a = (struct arena){.chunks = keep};
}

void arena_release(struct arena *a)
{
    for (struct arena_chunk *c = a->chunks, *next; c; c = next) {
        next = c->next;
        mem_free(c);
    }
    *a = (struct arena){0};
}
