/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the values of options: numbers, sizes, durations, signals. No locale, no errno. */
#include "cli/jobopt_priv.h"

#include <string.h>

#include "base/mem.h"
#include "base/signame.h"
#include "base/sizetext.h"
#include "base/text.h"
#include "base/timetext.h"

enum { NUMBER_MAX = INT32_MAX, COUNT16_MAX = NO_VAL16 - 1 };

int jobopt_number(struct jobopt_use *u, const char *text, const char *what, uint32_t min, uint32_t max,
                  uint32_t *ret)
{
    uint64_t v = 0;
    if (text[strspn(text, "0123456789")] != '\0')
        return jobopt_fail(u->o, JOBOPT_EXIT, "Invalid numeric value \"%s\" for %s.", text, what);
    if (*text && (!text_to_u64(text, &v) || v > max)) /* no digits are 0 */
        return jobopt_fail(u->o, JOBOPT_EXIT, "Numeric argument (%s) too large for %s.", text, what);
    if (v < min)
        return jobopt_fail(u->o, JOBOPT_EXIT, "Invalid numeric value \"%s\" for %s.", text, what);
    *ret = (uint32_t)v;
    return 0;
}

int64_t jobopt_leading_number(const char *text)
{
    text = text_skip_space(text);
    bool negative = *text == '-';
    text += negative || *text == '+';
    int64_t v = 0;
    for (; text_is_digit(*text) && v <= UINT32_MAX; text++)
        v = v * 10 + (*text - '0');
    return negative ? -v : v;
}

bool jobopt_size(const char *text, uint64_t *ret_mb)
{
    struct err e;
    return !strpbrk(text, "pP") && size_parse_mib(text, ret_mb, &e) == 0; /* terabytes are the largest unit */
}

bool jobopt_minutes(const char *text, uint32_t *ret)
{
    struct err e;
    return *text && time_parse_minutes(text, ret, &e) == 0;
}

bool jobopt_seconds(const char *text, uint32_t *ret)
{
    uint32_t minutes;
    if (!jobopt_minutes(text, &minutes) || (minutes != INFINITE && minutes >= NO_VAL / 60))
        return false;
    *ret = minutes == INFINITE ? INFINITE : minutes * 60;
    return true;
}

bool jobopt_signal(const char *text, uint32_t *ret)
{
    struct err e;
    int number;
    if (signame_parse(text, &number, &e) < 0)
        return false;
    *ret = (uint32_t)number;
    return true;
}

bool jobopt_tres_count(const char *text, uint64_t *ret)
{
    static const char units[] = "KMGTP";
    char digits[24];
    size_t n = strspn(text, "0123456789");
    uint64_t v;
    if (n == 0 || n >= sizeof digits)
        return false;
    memcpy(digits, text, n);
    digits[n] = '\0';
    if (!text_to_u64(digits, &v))
        return false;
    unsigned shift = 0;
    if (text[n]) {
        const char *at = strchr(units, text_upper(text[n]));
        if (!at || text[n + 1])
            return false;
        shift = 10 * (unsigned)(at - units + 1);
    }
    if (v > (NO_VAL64 - 1) >> shift)
        return false;
    *ret = v << shift;
    return true;
}

bool jobopt_word_in(const char *text, const char *const *words)
{
    for (; *words; words++) {
        if (text_casecmp(text, *words) == 0)
            return true;
    }
    return false;
}

int jobopt_store(struct jobopt_use *u)
{
    void *field = (char *)u->part + u->row->offset;
    char what[64];
    uint32_t number;
    uint64_t size;
    buf_print(what, sizeof what, "--%s", u->row->name);
    switch ((enum jobopt_kind)u->row->kind) {
    case KIND_CALL:
        return u->row->set(u);
    case KIND_TEXT:
        mem_set_str(field, u->arg);
        return 0;
    case KIND_FLAG:
        *(bool *)field = true;
        return 0;
    case KIND_TRI:
        *(uint16_t *)field = 1;
        return 0;
    case KIND_COUNT16:
        if (jobopt_number(u, u->arg, what, u->row->min, NUMBER_MAX, &number) < 0)
            return -1;
        *(uint16_t *)field = (uint16_t)(number < COUNT16_MAX ? number : COUNT16_MAX); /* no node has more */
        return 0;
    case KIND_COUNT32:
        return jobopt_number(u, u->arg, what, u->row->min, NUMBER_MAX, field);
    case KIND_SIZE:
        return jobopt_size(u->arg, field) ? 0 : jobopt_bad_arg(u);
    case KIND_SIZE32:
        if (!jobopt_size(u->arg, &size) || size >= NO_VAL)
            return jobopt_bad_arg(u);
        *(uint32_t *)field = (uint32_t)size;
        return 0;
    case KIND_MINUTES:
        return jobopt_minutes(u->arg, field) ? 0 : jobopt_bad_arg(u);
    case KIND_NOTHING:
    case KIND_EARLY:
        break;
    }
    return 0;
}
