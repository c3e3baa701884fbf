/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vec: a typed growable array.  struct { T *v; uint32_t n, cap; }
 *
 *     VEC(uint32_t) ids = {0};
 *     *VEC_PUSH(&ids) = 7;
 *     for (uint32_t i = 0; i < ids.n; i++) use(ids.v[i]);
 *     VEC_FREE(&ids);
 *
 * Elements are moved when it grows: keep indexes, not pointers. Limit: 2^31 elements (asserted).
 */
#ifndef BASE_VEC_H
#define BASE_VEC_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define VEC(T)                                                                                               \
    struct {                                                                                                 \
        T *v;                                                                                                \
        uint32_t n, cap;                                                                                     \
    }

void vec_grow(void **v, uint32_t *cap, uint32_t want, size_t elem_size);

/* Appends one zeroed element and gives its address. */
#define VEC_PUSH(vec)                                                                                        \
    (vec_grow((void **)&(vec)->v, &(vec)->cap, (vec)->n + 1, sizeof *(vec)->v),                              \
     memset(&(vec)->v[(vec)->n], 0, sizeof *(vec)->v), &(vec)->v[(vec)->n++])
#define VEC_RESERVE(vec, want) vec_grow((void **)&(vec)->v, &(vec)->cap, (want), sizeof *(vec)->v)
#define VEC_FREE(vec)          (mem_free((vec)->v), (vec)->v = NULL, (vec)->n = (vec)->cap = 0)

/* Stable merge sort of n elements of `size` bytes; less(a, b, arg) is a strict order. */
void vec_sort(void *v, uint32_t n, size_t size, int (*cmp)(const void *a, const void *b, void *arg),
              void *arg);

#endif
