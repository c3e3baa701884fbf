/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bits: a set of small numbers (cores, devices, node indexes, array tasks).
 *
 * Grows on set. Two sets are equal when they have the same members, whatever their sizes. Owns `v`; {0} is
 * empty. Limit: members below BITS_MAX. Text form: "0-3,7", ascending, "" when empty.
 */
#ifndef BASE_BITS_H
#define BASE_BITS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum { BITS_MAX = 1 << 26 };

struct bits {
    uint64_t *v;
    uint32_t n; /* words of 64 */
};

void bits_release(struct bits *b);
void bits_copy(struct bits *dst, const struct bits *src); /* dst keeps its memory where it is enough */
bool bits_test(const struct bits *b, uint32_t i);
void bits_set(struct bits *b, uint32_t i);
void bits_clear(struct bits *b, uint32_t i);
void bits_set_range(struct bits *b, uint32_t first, uint32_t last);
void bits_clear_all(struct bits *b);
uint32_t bits_count(const struct bits *b);
bool bits_any(const struct bits *b);
bool bits_equal(const struct bits *a, const struct bits *b);
bool bits_intersects(const struct bits *a, const struct bits *b);
bool bits_subset(const struct bits *sub, const struct bits *of);
uint32_t bits_count_and(const struct bits *a, const struct bits *b);
void bits_or(struct bits *dst, const struct bits *src);
void bits_and(struct bits *dst, const struct bits *src);
void bits_minus(struct bits *dst, const struct bits *src);
/* The first member >= from, or BITS_MAX. */
uint32_t bits_next(const struct bits *b, uint32_t from);
void bits_text(const struct bits *b, struct buf *out);
int bits_parse(struct bits *b, const char *text, struct err *e);

#endif
