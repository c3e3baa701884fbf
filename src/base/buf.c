/* SPDX-License-Identifier: Apache-2.0 */
/* buf.h: the second file below the shells that may include <stdio.h>, for vsnprintf. */
#include "base/buf.h"

#include <stdio.h>

#include "base/mem.h"

char buf_empty[1];

void buf_init(struct buf *b)
{
    *b = (struct buf)BUF_INIT;
}

void buf_release(struct buf *b)
{
    if (b->cap)
        mem_free(b->s);
    buf_init(b);
}

void buf_clear(struct buf *b)
{
    buf_truncate(b, 0);
}

void buf_reserve(struct buf *b, size_t more)
{
    size_t want = b->len + more + 1;
    if (want <= b->cap)
        return;
    size_t cap = b->cap ? b->cap : 64;
    while (cap < want)
        cap *= 2;
    b->s = mem_realloc(b->cap ? b->s : NULL, cap);
    b->cap = cap;
    b->s[b->len] = '\0';
}

void buf_add_u64(struct buf *b, uint64_t v)
{
    char digits[20], *p = digits + sizeof digits;
    do
        *--p = (char)('0' + v % 10);
    while (v /= 10);
    buf_add(b, p, (size_t)(digits + sizeof digits - p));
}

void buf_add_i64(struct buf *b, int64_t v)
{
    if (v < 0)
        buf_addc(b, '-');
    buf_add_u64(b, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

void buf_addv(struct buf *b, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    REQUIRE(n >= 0);
    buf_reserve(b, (size_t)n);
    vsnprintf(b->cap ? b->s + b->len : b->s, (size_t)n + 1, fmt, ap);
    b->len += (size_t)n;
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    buf_addv(b, fmt, ap);
    va_end(ap);
}

void buf_sep(struct buf *b, const char *sep)
{
    if (b->len)
        buf_adds(b, sep);
}

void buf_add_plain(struct buf *b, const char *text)
{
    enum { DEL = 0x7f };

    for (const char *p = text; *p; p++) {
        unsigned char c = (unsigned char)*p;

        if ((c < ' ' && c != '\t') || c == DEL)
            buf_addf(b, "\\%03o", c);
        else
            buf_addc(b, *p);
    }
}

void buf_truncate(struct buf *b, size_t len)
{
    REQUIRE(len <= b->len);
    b->len = len;
    if (b->cap)
        b->s[len] = '\0';
}

char *buf_take(struct buf *b)
{
    char *s = b->cap ? b->s : mem_strdup("");
    buf_init(b);
    return s;
}

char *buf_format(const char *fmt, ...)
{
    struct buf b = BUF_INIT;
    va_list ap;
    va_start(ap, fmt);
    buf_addv(&b, fmt, ap);
    va_end(ap);
    return buf_take(&b);
}

bool buf_print(char *dst, size_t size, const char *fmt, ...)
{
    REQUIRE(size > 0);
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(dst, size, fmt, ap);
    va_end(ap);
    return n >= 0 && (size_t)n < size;
}
