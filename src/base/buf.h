/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buf: a growable byte string, always terminated, so `b.s` can be read as text at any time.
 *
 *     struct buf b = BUF_INIT;
 *     buf_addf(&b, "job %u", id);
 *     char *text = buf_take(&b);      (now the caller's; mem_free it)
 *
 * Ownership: the buf owns `s`. buf_release() returns it to BUF_INIT. Length is in bytes, without the
 * terminator.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct buf {
    char *s; /* never NULL: points to an empty static text until the first byte is added */
    size_t len, cap;
};

extern char buf_empty[1];
#define BUF_INIT                                                                                             \
    {                                                                                                        \
        .s = buf_empty                                                                                       \
    }

void buf_init(struct buf *b);
void buf_release(struct buf *b);
void buf_clear(struct buf *b);                /* length 0, memory kept */
void buf_reserve(struct buf *b, size_t more); /* room for `more` further bytes */
/* The next four are inline: tables of a million cells are made of them. */
static inline void buf_add(struct buf *b, const void *p, size_t len);
static inline void buf_adds(struct buf *b, const char *s); /* NULL adds nothing */
static inline void buf_addc(struct buf *b, char c);
static inline void buf_addn(struct buf *b, char c, size_t count);
/* In front of what the buffer holds from `at` on. */
static inline void buf_insertn(struct buf *b, size_t at, char c, size_t count);
/* The text on one line and harmless to terminals: control characters become \ooo. */
void buf_add_plain(struct buf *b, const char *text);
/* Decimal digits without the price of a format. */
void buf_add_u64(struct buf *b, uint64_t v);
void buf_add_i64(struct buf *b, int64_t v);
void buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_addv(struct buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
void buf_sep(struct buf *b, const char *sep); /* adds sep unless the buffer is empty: for joining */
void buf_truncate(struct buf *b, size_t len);
char *buf_take(struct buf *b); /* the text, now the caller's; b is empty again */

/* Formatted text the caller owns. */
char *buf_format(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* snprintf that asserts a non-zero size and always terminates; returns whether all of it fitted. */
bool buf_print(char *dst, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static inline void buf_add(struct buf *b, const void *p, size_t len)
{
    if (!len)
        return;
    if (b->len + len >= b->cap)
        buf_reserve(b, len);
    memcpy(b->s + b->len, p, len);
    b->len += len;
    b->s[b->len] = '\0';
}

static inline void buf_adds(struct buf *b, const char *s)
{
    if (s)
        buf_add(b, s, strlen(s));
}

static inline void buf_addc(struct buf *b, char c)
{
    if (b->len + 1 >= b->cap)
        buf_reserve(b, 1);
    b->s[b->len++] = c;
    b->s[b->len] = '\0';
}

static inline void buf_addn(struct buf *b, char c, size_t count)
{
    if (!count)
        return;
    if (b->len + count >= b->cap)
        buf_reserve(b, count);
    memset(b->s + b->len, c, count);
    b->len += count;
    b->s[b->len] = '\0';
}

static inline void buf_insertn(struct buf *b, size_t at, char c, size_t count)
{
    if (!count)
        return;
    if (b->len + count >= b->cap)
        buf_reserve(b, count);
    memmove(b->s + at + count, b->s + at, b->len - at + 1);
    memset(b->s + at, c, count);
    b->len += count;
}

#endif
