/* SPDX-License-Identifier: Apache-2.0 */
/* mem.h: one of the two files below the shells that may name the C library's heap and process calls. */
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void mem_abort(const char *why, const char *file, int line)
{
    fprintf(stderr, "%s:%d: broken invariant: %s\n", file, line, why);
    abort();
}

void *mem_alloc(size_t size)
{
    void *p = calloc(1, size ? size : 1);
    if (!p)
        mem_abort("memory is exhausted", __FILE__, __LINE__);
    return p;
}

void *mem_realloc(void *p, size_t size)
{
    void *q = realloc(p, size ? size : 1);
    if (!q)
        mem_abort("memory is exhausted", __FILE__, __LINE__);
    return q;
}

void *mem_array(size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total))
        mem_abort("array size overflows", __FILE__, __LINE__);
    return mem_alloc(total);
}

void *mem_dup(const void *p, size_t size)
{
    return p ? memcpy(mem_realloc(NULL, size), p, size) : NULL;
}

char *mem_strdup(const char *s)
{
    return s ? mem_dup(s, strlen(s) + 1) : NULL;
}

char *mem_strndup(const char *s, size_t len_max)
{
    size_t n = strnlen(s, len_max);
    char *copy = mem_alloc(n + 1);
    memcpy(copy, s, n);
    return copy;
}

void mem_free(void *p)
{
    free(p);
}

void mem_set_str(char **slot, const char *s)
{
    char *copy = mem_strdup(s);
    mem_free(*slot);
    *slot = copy;
}
