/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <string.h>

#include "base/mem.h"

int text_casecmp(const char *a, const char *b)
{
    return text_casecmp_n(a, b, SIZE_MAX);
}

int text_casecmp_n(const char *a, const char *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int diff = (uint8_t)text_lower(a[i]) - (uint8_t)text_lower(b[i]);
        if (diff || !a[i])
            return diff;
    }
    return 0;
}

bool text_same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

bool text_same_nocase(const char *a, const char *b)
{
    return a && b ? text_casecmp(a, b) == 0 : a == b;
}

bool text_starts(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool text_starts_nocase(const char *s, const char *prefix)
{
    return text_casecmp_n(s, prefix, strlen(prefix)) == 0;
}

bool text_ends(const char *s, const char *suffix)
{
    size_t len = strlen(s), end = strlen(suffix);
    return len >= end && strcmp(s + len - end, suffix) == 0;
}

bool text_has(const char *s, const char *part_nocase)
{
    for (; !text_starts_nocase(s, part_nocase); s++)
        if (!*s)
            return false;
    return true;
}

const char *text_skip_space(const char *s)
{
    while (text_is_space(*s))
        s++;
    return s;
}

size_t text_trimmed_len(const char *s, size_t len)
{
    while (len && text_is_space(s[len - 1]))
        len--;
    return len;
}

char *text_trim(char *s)
{
    while (text_is_space(*s))
        s++;
    s[text_trimmed_len(s, strlen(s))] = '\0';
    return s;
}

bool text_to_u64(const char *s, uint64_t *ret)
{
    uint64_t value = 0;
    if (!*s)
        return false;
    for (; *s; s++)
        if (!text_is_digit(*s) || __builtin_mul_overflow(value, UINT64_C(10), &value) ||
            __builtin_add_overflow(value, (uint64_t)(*s - '0'), &value))
            return false;
    *ret = value;
    return true;
}

bool text_to_u32(const char *s, uint32_t *ret)
{
    uint64_t value;
    if (!text_to_u64(s, &value) || value > UINT32_MAX)
        return false;
    *ret = (uint32_t)value;
    return true;
}

bool text_to_i64(const char *s, int64_t *ret)
{
    uint64_t value;
    bool negative = *s == '-';
    if (!text_to_u64(s + negative, &value) || value > (uint64_t)INT64_MAX + negative)
        return false;
    *ret = negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

/* value * 10^exponent, exact for at most 15 digits and exponents up to 22. */
static double scale10(double value, int64_t exponent)
{
    double power = 1, base = 10;
    for (uint64_t rest = (uint64_t)(exponent < 0 ? -exponent : exponent); rest; rest >>= 1) {
        if (rest & 1)
            power *= base;
        base *= base;
    }
    return exponent < 0 ? value / power : value * power;
}

bool text_to_f64(const char *s, double *ret)
{
    bool negative = *s == '-', any = false, point = false;
    double value = 0;
    int64_t exponent = 0;
    for (s += negative; text_is_digit(*s) || (*s == '.' && !point); s++) {
        if (*s == '.') {
            point = true;
            continue;
        }
        value = value * 10 + (*s - '0');
        exponent -= point;
        any = true;
    }
    if (any && text_lower(*s) == 'e') {
        int64_t given;
        s += s[1] == '+' && text_is_digit(s[2]) ? 2 : 1;
        if (!text_to_i64(s, &given) || given < -300 || given > 300)
            return false;
        exponent += given;
        s = "";
    }
    if (!any || *s || exponent < -300)
        return false;
    value = scale10(value, exponent);
    if (value > 1.7e308)
        return false;
    *ret = negative ? -value : value;
    return true;
}

void text_list_push_n(struct text_list *l, const char *s, size_t len)
{
    *VEC_PUSH(l) = mem_strndup(s, len);
}

void text_list_push(struct text_list *l, const char *s)
{
    text_list_push_n(l, s, strlen(s));
}

void text_list_release(struct text_list *l)
{
    for (uint32_t i = 0; i < l->n; i++)
        mem_free(l->v[i]);
    VEC_FREE(l);
}

void text_split(struct text_list *l, const char *s, char sep)
{
    while (*s) {
        s = text_skip_space(s);
        uint32_t depth = 0;
        size_t len = 0;
        for (; s[len] && (depth || s[len] != sep); len++) {
            if (s[len] == '[' || s[len] == '(')
                depth++;
            else if (depth && (s[len] == ']' || s[len] == ')'))
                depth--;
        }
        size_t trimmed = text_trimmed_len(s, len);
        if (trimmed)
            text_list_push_n(l, s, trimmed);
        s += len + (s[len] != '\0');
    }
}

void text_join(const struct text_list *l, const char *sep, struct buf *out)
{
    for (uint32_t i = 0; i < l->n; i++) {
        buf_adds(out, i ? sep : NULL);
        buf_adds(out, l->v[i]);
    }
}

static uint32_t min3(uint32_t a, uint32_t b, uint32_t c)
{
    uint32_t m = a < b ? a : b;
    return m < c ? m : c;
}

uint32_t text_distance(const char *a, const char *b)
{
    /* row[i % 3][j]: the distance of the first i letters of a from the first j of b; swaps look two rows
     * back. */
    uint32_t row[3][TEXT_NAME_MAX + 1];
    size_t la = strlen(a), lb = strlen(b);
    if (la > TEXT_NAME_MAX || lb > TEXT_NAME_MAX)
        return UINT32_MAX;
    for (uint32_t j = 0; j <= lb; j++)
        row[0][j] = j;
    for (uint32_t i = 1; i <= la; i++) {
        uint32_t *now = row[i % 3], *last = row[(i + 2) % 3], *before = row[(i + 1) % 3];
        char ca = text_lower(a[i - 1]);
        now[0] = i;
        for (uint32_t j = 1; j <= lb; j++) {
            char cb = text_lower(b[j - 1]);
            now[j] = min3(last[j] + 1, now[j - 1] + 1, last[j - 1] + (ca != cb));
            bool swapped = i > 1 && j > 1 && ca == text_lower(b[j - 2]) && cb == text_lower(a[i - 2]);
            if (swapped && before[j - 2] + 1 < now[j])
                now[j] = before[j - 2] + 1;
        }
    }
    return row[la % 3][lb];
}

const char *text_nearest(const char *given, const char *const *names, uint32_t n)
{
    size_t len = strlen(given);
    uint32_t best = (uint32_t)(len / 3 + 1) + 1; /* a third of the letters may be wrong, and one at least */
    const char *found = NULL;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t d = text_distance(given, names[i]);
        if (d < best && d < len) {
            best = d;
            found = names[i];
        }
    }
    return found;
}
