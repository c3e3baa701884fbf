/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mem: the only way to the heap below the shells.
 *
 * Exhaustion aborts: no caller of this tree can do better, and a daemon that dies restarts from its journal.
 * Memory comes back zeroed. Every function accepts NULL where free() would.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>
#include <stdint.h>

void *mem_alloc(size_t size);                     /* zeroed, never NULL (size 0 gives a unique pointer) */
void *mem_realloc(void *p, size_t size);          /* new bytes are not zeroed */
void *mem_array(size_t count, size_t size);       /* zeroed; aborts on count * size overflow */
void *mem_dup(const void *p, size_t size);        /* a copy of size bytes; NULL gives NULL */
char *mem_strdup(const char *s);                  /* NULL gives NULL */
char *mem_strndup(const char *s, size_t len_max); /* at most len_max bytes, always terminated */
void mem_free(void *p);

/* Replace *slot by a copy of s, releasing the old text. */
void mem_set_str(char **slot, const char *s);

/* Ends the process with a message: a broken invariant, never an operating error. */
_Noreturn void mem_abort(const char *why, const char *file, int line);

/* An invariant that stays on in every build. */
#define REQUIRE(cond)                                                                                        \
    do {                                                                                                     \
        if (!(cond))                                                                                         \
            mem_abort(#cond, __FILE__, __LINE__);                                                            \
    } while (0)

#endif
