/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text: what every reader of options and files needs from C strings, without a locale.
 *
 * "Ignoring case" and "white space" mean ASCII. Number readers take the whole text or nothing: no white
 * space, no "+", no
 * "-" where the type has no sign, no overflow; on failure *ret is left alone.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/vec.h"

static inline bool text_is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}
static inline bool text_is_digit(char c)
{
    return c >= '0' && c <= '9';
}
static inline char text_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}
static inline char text_upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* <0, 0, >0 as strcmp, ignoring case. */
int text_casecmp(const char *a, const char *b);
int text_casecmp_n(const char *a, const char *b, size_t n); /* at most n bytes */
bool text_same(const char *a, const char *b); /* equal, and NULL equals only NULL; case matters */
bool text_same_nocase(const char *a, const char *b);
bool text_starts(const char *s, const char *prefix);
bool text_starts_nocase(const char *s, const char *prefix);
bool text_ends(const char *s, const char *suffix);
bool text_has(const char *s, const char *part_nocase); /* does part occur in s, ignoring case? */

/* The first byte that is not white space; and the length without white space at the end. */
const char *text_skip_space(const char *s);
size_t text_trimmed_len(const char *s, size_t len);
char *text_trim(char *s); /* in place: cuts the end, gives the beginning */

bool text_to_u32(const char *s, uint32_t *ret);
bool text_to_u64(const char *s, uint64_t *ret);
bool text_to_i64(const char *s, int64_t *ret); /* a "-" in front is allowed */
/* Decimal digits with an optional "-", fraction and exponent; never "nan", "inf" or hexadecimal. */
bool text_to_f64(const char *s, double *ret);

/* A list of texts that it owns; {0} is empty. */
struct text_list {
    char **v;
    uint32_t n, cap;
};
void text_list_push(struct text_list *l, const char *s);
void text_list_push_n(struct text_list *l, const char *s, size_t len);
void text_list_release(struct text_list *l);
/* Appends the pieces of s between `sep`, without white space around them; empty pieces are left out. A
 * separator inside
 * [] or () does not count: "n[1,3],m2" has two pieces at ','. */
void text_split(struct text_list *l, const char *s, char sep);
void text_join(const struct text_list *l, const char *sep, struct buf *out);

enum { TEXT_NAME_MAX = 255 }; /* longer names are nearest to nothing */
/* How many letters have to be changed, added, left out or swapped with their neighbour, ignoring case.
 * UINT32_MAX when one of them is longer than TEXT_NAME_MAX. */
uint32_t text_distance(const char *a, const char *b);
/* The name that was probably meant, or NULL: for "did you mean". */
const char *text_nearest(const char *given, const char *const *names, uint32_t n);

#endif
