/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sizetext.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "base/text.h"

static const char letters[] = "KMGTP"; /* 1024^1 and up */

/* The number and the power of 1024 behind it, 0 when there is no letter. */
static bool read_size(const char *s, uint64_t *ret_number, unsigned *ret_power)
{
    uint64_t number = 0;
    unsigned power = 0;
    if (!text_is_digit(*s))
        return false;
    for (; text_is_digit(*s); s++)
        if (__builtin_mul_overflow(number, UINT64_C(10), &number) ||
            __builtin_add_overflow(number, (uint64_t)(*s - '0'), &number))
            return false;
    if (*s) {
        const char *letter = strchr(letters, text_upper(*s++));
        if (!letter)
            return false;
        power = (unsigned)(letter - letters) + 1;
        s += text_upper(*s) == 'B';
    }
    *ret_number = number;
    *ret_power = power;
    return !*s;
}

static bool scale(uint64_t number, unsigned power, uint64_t limit, uint64_t *ret)
{
    for (; power; power--)
        if (__builtin_mul_overflow(number, UINT64_C(1024), &number))
            return false;
    *ret = number;
    return number < limit;
}

static int bad_size(const char *text, struct err *e)
{
    return err_set(e, ERR_INVALID, "Invalid size \"%.64s\"", text);
}

int size_parse_mib(const char *text, uint64_t *ret, struct err *e)
{
    uint64_t number, mib;
    unsigned power;
    if (!read_size(text, &number, &power))
        return bad_size(text, e);
    if (power == 1)
        number = number / 1024 + (number % 1024 != 0);
    if (!scale(number, power > 2 ? power - 2 : 0, UINT64_C(1) << 60, &mib))
        return bad_size(text, e);
    *ret = mib;
    return 0;
}

int size_parse_bytes(const char *text, uint64_t unit, uint64_t *ret, struct err *e)
{
    uint64_t number, bytes;
    unsigned power;
    if (!read_size(text, &number, &power) || (!power && __builtin_mul_overflow(number, unit, &number)) ||
        !scale(number, power, UINT64_C(1) << 63, &bytes))
        return bad_size(text, e);
    *ret = bytes;
    return 0;
}

void size_add_mib(struct buf *out, uint64_t mib)
{
    size_add_units(out, mib, 'M');
}

void size_add_units(struct buf *out, uint64_t number, char from)
{
    const char *at = from == 'B' ? NULL : strchr(letters, from);
    unsigned power = at ? (unsigned)(at - letters) + 1 : 0;
    bool half = false;
    if (!number) {
        buf_addc(out, '0');
        return;
    }
    /* A half can only come last: what is not whole is not divided again. */
    while (!half && number >= 1024 && number % 512 == 0 && power < strlen(letters)) {
        half = number % 1024 != 0;
        number /= 1024;
        power++;
    }
    buf_addf(out, "%" PRIu64 "%s", number, half ? ".50" : "");
    if (power)
        buf_addc(out, letters[power - 1]);
}
