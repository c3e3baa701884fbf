/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bits.h"

#include <string.h>

#include "base/mem.h"

static uint64_t bit(uint32_t i)
{
    return UINT64_C(1) << (i % 64);
}

static uint64_t word_at(const struct bits *b, uint32_t w)
{
    return w < b->n ? b->v[w] : 0;
}

static void grow(struct bits *b, uint32_t words)
{
    if (words <= b->n)
        return;
    uint32_t n = b->n ? b->n : 1;
    while (n < words)
        n *= 2;
    b->v = mem_realloc(b->v, (size_t)n * sizeof *b->v);
    memset(b->v + b->n, 0, (size_t)(n - b->n) * sizeof *b->v);
    b->n = n;
}

void bits_release(struct bits *b)
{
    mem_free(b->v);
    *b = (struct bits){0};
}

void bits_copy(struct bits *dst, const struct bits *src)
{
    if (dst == src)
        return;
    bits_clear_all(dst);
    bits_or(dst, src);
}

bool bits_test(const struct bits *b, uint32_t i)
{
    return word_at(b, i / 64) & bit(i);
}

void bits_set(struct bits *b, uint32_t i)
{
    REQUIRE(i < BITS_MAX);
    grow(b, i / 64 + 1);
    b->v[i / 64] |= bit(i);
}

void bits_clear(struct bits *b, uint32_t i)
{
    if (i / 64 < b->n)
        b->v[i / 64] &= ~bit(i);
}

void bits_set_range(struct bits *b, uint32_t first, uint32_t last)
{
    REQUIRE(first <= last && last < BITS_MAX);
    uint32_t from = first / 64, to = last / 64;
    grow(b, to + 1);
    uint64_t head = ~UINT64_C(0) << (first % 64), tail = ~UINT64_C(0) >> (63 - last % 64);
    if (from == to) {
        b->v[from] |= head & tail;
        return;
    }
    b->v[from] |= head;
    for (uint32_t w = from + 1; w < to; w++)
        b->v[w] = ~UINT64_C(0);
    b->v[to] |= tail;
}

void bits_clear_all(struct bits *b)
{
    if (b->n)
        memset(b->v, 0, (size_t)b->n * sizeof *b->v);
}

uint32_t bits_count(const struct bits *b)
{
    return bits_count_and(b, b);
}

bool bits_any(const struct bits *b)
{
    return bits_intersects(b, b);
}

bool bits_equal(const struct bits *a, const struct bits *b)
{
    uint32_t n = a->n > b->n ? a->n : b->n;
    for (uint32_t w = 0; w < n; w++)
        if (word_at(a, w) != word_at(b, w))
            return false;
    return true;
}

bool bits_intersects(const struct bits *a, const struct bits *b)
{
    uint32_t n = a->n < b->n ? a->n : b->n;
    for (uint32_t w = 0; w < n; w++)
        if (a->v[w] & b->v[w])
            return true;
    return false;
}

bool bits_subset(const struct bits *sub, const struct bits *of)
{
    for (uint32_t w = 0; w < sub->n; w++)
        if (sub->v[w] & ~word_at(of, w))
            return false;
    return true;
}

uint32_t bits_count_and(const struct bits *a, const struct bits *b)
{
    uint32_t n = a->n < b->n ? a->n : b->n, count = 0;
    for (uint32_t w = 0; w < n; w++)
        count += (uint32_t)__builtin_popcountll(a->v[w] & b->v[w]);
    return count;
}

void bits_or(struct bits *dst, const struct bits *src)
{
    grow(dst, src->n);
    for (uint32_t w = 0; w < src->n; w++)
        dst->v[w] |= src->v[w];
}

void bits_and(struct bits *dst, const struct bits *src)
{
    for (uint32_t w = 0; w < dst->n; w++)
        dst->v[w] &= word_at(src, w);
}

void bits_minus(struct bits *dst, const struct bits *src)
{
    for (uint32_t w = 0; w < dst->n; w++)
        dst->v[w] &= ~word_at(src, w);
}

uint32_t bits_next(const struct bits *b, uint32_t from)
{
    uint32_t w = from / 64;
    if (w >= b->n)
        return BITS_MAX;
    uint64_t rest = b->v[w] & (~UINT64_C(0) << (from % 64));
    while (!rest) {
        if (++w == b->n)
            return BITS_MAX;
        rest = b->v[w];
    }
    return w * 64 + (uint32_t)__builtin_ctzll(rest);
}

/* The first number >= from that is not a member. */
static uint32_t next_absent(const struct bits *b, uint32_t from)
{
    uint32_t w = from / 64;
    uint64_t rest = ~word_at(b, w) & (~UINT64_C(0) << (from % 64));
    while (!rest)
        rest = ~word_at(b, ++w);
    return w * 64 + (uint32_t)__builtin_ctzll(rest);
}

void bits_text(const struct bits *b, struct buf *out)
{
    const char *sep = "";
    for (uint32_t first = bits_next(b, 0); first < BITS_MAX;) {
        uint32_t end = next_absent(b, first);
        if (end - first == 1)
            buf_addf(out, "%s%u", sep, first);
        else
            buf_addf(out, "%s%u-%u", sep, first, end - 1);
        sep = ",";
        first = bits_next(b, end);
    }
}

/* A number below BITS_MAX at *s, which moves behind it; false when there is none. */
static bool read_number(const char **s, uint32_t *ret)
{
    uint32_t value = 0;
    const char *p = *s;
    for (; *p >= '0' && *p <= '9'; p++) {
        value = value * 10 + (uint32_t)(*p - '0');
        if (value >= BITS_MAX)
            return false;
    }
    if (p == *s)
        return false;
    *s = p;
    *ret = value;
    return true;
}

int bits_parse(struct bits *b, const char *text, struct err *e)
{
    struct bits fresh = {0};
    const char *p = text;
    while (*p) {
        uint32_t first, last;
        bool good = read_number(&p, &first);
        last = first;
        if (good && *p == '-') {
            p++;
            good = read_number(&p, &last) && last >= first;
        }
        if (good && *p == ',')
            good = *++p != '\0';
        else if (*p)
            good = false;
        if (!good) {
            bits_release(&fresh);
            return err_set(e, ERR_INVALID, "bad list of numbers \"%s\": expected for example 0-3,7", text);
        }
        bits_set_range(&fresh, first, last);
    }
    bits_release(b);
    *b = fresh;
    return 0;
}
