/* SPDX-License-Identifier: Apache-2.0 */
#include "base/vec.h"

#include <stdbool.h>
#include <string.h>

#include "base/mem.h"

void vec_grow(void **v, uint32_t *cap, uint32_t want, size_t elem_size)
{
    if (want <= *cap)
        return;
    REQUIRE(want < UINT32_C(1) << 31);
    uint32_t bigger = *cap ? *cap : 8;
    while (bigger < want)
        bigger *= 2;
    *v = mem_realloc(*v, (size_t)bigger * elem_size);
    *cap = bigger;
}

/* A list that comes in the opposite order, as newest first often does: turning it round is enough. */
static bool turned_round(char *v, uint32_t n, size_t size, int (*cmp)(const void *, const void *, void *),
                         void *arg)
{
    for (uint32_t i = 1; i < n; i++)
        if (cmp(v + (i - 1) * size, v + i * size, arg) <= 0)
            return false;
    char *scratch = mem_array(1, size);
    for (uint32_t i = 0; i < n / 2; i++) {
        char *a = v + i * size, *b = v + (n - 1 - i) * size;
        memcpy(scratch, a, size);
        memcpy(a, b, size);
        memcpy(b, scratch, size);
    }
    mem_free(scratch);
    return true;
}

void vec_sort(void *v, uint32_t n, size_t size, int (*cmp)(const void *, const void *, void *), void *arg)
{
    if (n < 2 || turned_round(v, n, size, cmp, arg))
        return;
    char *from = v, *scratch = mem_array(n, size), *to = scratch;
    for (uint32_t width = 1; width<n; width = width> n / 2 ? n : width * 2) {
        for (uint32_t lo = 0; lo<n; lo = n - lo> 2 * width ? lo + 2 * width : n) {
            uint32_t mid = n - lo > width ? lo + width : n, hi = n - mid > width ? mid + width : n;
            uint32_t a = lo, b = mid;
            /* Halves that follow each other already: lists mostly come in order. */
            if (mid == hi || cmp(from + (mid - 1) * size, from + mid * size, arg) <= 0) {
                memcpy(to + lo * size, from + lo * size, (hi - lo) * size);
                continue;
            }
            for (uint32_t out = lo; out < hi; out++) {
                int left = a < mid && (b >= hi || cmp(from + a * size, from + b * size, arg) <= 0);
                memcpy(to + out * size, from + (left ? a++ : b++) * size, size);
            }
        }
        char *swap = from;
        from = to;
        to = swap;
    }
    if (from != v)
        memcpy(v, from, (size_t)n * size);
    mem_free(scratch);
}
