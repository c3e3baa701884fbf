/* SPDX-License-Identifier: Apache-2.0 */
#include "meta/time.h"

#include "base/text.h"
#include "meta/kind.h"

enum { DAY = 86400 };

/* Days since 1970-01-01 in the Gregorian calendar, by counting years from March on. */
static int64_t days_from_date(int64_t year, unsigned month, unsigned day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t in_era = year - era * 400;
    int64_t in_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + in_year - 719468;
}

static void date_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t in_era = days - era * 146097;
    int64_t y = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    int64_t in_year = in_era - (365 * y + y / 4 - y / 100);
    int64_t m = (5 * in_year + 2) / 153;
    *day = (unsigned)(in_year - (153 * m + 2) / 5 + 1);
    *month = (unsigned)(m < 10 ? m + 3 : m - 9);
    *year = y + era * 400 + (*month <= 2);
}

void meta_time_text(int64_t t, struct buf *out)
{
    /* Beyond the year 9999 the form is not one that anybody reads back. */
    const int64_t last = INT64_C(253402300799), first = -INT64_C(62135596800);
    if (t == 0) {
        buf_adds(out, "Unknown");
        return;
    }
    if (t > last || t < first) {
        meta_add_i64(out, t);
        return;
    }
    int64_t days = t / DAY - (t % DAY < 0), second = t - days * DAY, year;
    unsigned month, day;
    date_from_days(days, &year, &month, &day);
    buf_addf(out, "%04d-%02u-%02uT%02u:%02u:%02u", (int)year, month, day, (unsigned)(second / 3600),
             (unsigned)(second / 60 % 60), (unsigned)(second % 60));
}

void meta_duration_text(uint64_t seconds, struct buf *out)
{
    if (seconds >= DAY) {
        meta_add_u64(out, seconds / DAY);
        buf_addc(out, '-');
    }
    buf_addf(out, "%02u:%02u:%02u", (unsigned)(seconds % DAY / 3600), (unsigned)(seconds / 60 % 60),
             (unsigned)(seconds % 60));
}

/* Digits, at most `digits_max`, then moves on. */
static bool get_number(const char **s, unsigned digits_max, uint64_t *ret)
{
    uint64_t v = 0;
    unsigned n = 0;
    for (; text_is_digit(**s) && n < digits_max; n++)
        v = v * 10 + (uint64_t)(*(*s)++ - '0');
    *ret = v;
    return n > 0 && !text_is_digit(**s);
}

bool meta_time_parse(const char *text, int64_t *ret)
{
    if (text_casecmp(text, "unknown") == 0) {
        *ret = 0;
        return true;
    }
    if (text_to_i64(text, ret))
        return true;
    uint64_t part[6] = {0};
    static const char after[] = "--T::";
    const char *s = text;
    unsigned n = 0;
    while (n < 6 && get_number(&s, n ? 2 : 4, &part[n]) && *s && n < 5 && *s == after[n]) {
        s++;
        n++;
    }
    static const uint8_t last[12] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = part[0] % 4 == 0 && (part[0] % 100 != 0 || part[0] % 400 == 0);
    if (*s || n < 4 || part[1] < 1 || part[1] > 12 || part[2] < 1 || part[2] > last[part[1] - 1] ||
        (part[1] == 2 && part[2] == 29 && !leap) || part[3] > 23 || part[4] > 59 || part[5] > 59)
        return false;
    *ret = days_from_date((int64_t)part[0], (unsigned)part[1], (unsigned)part[2]) * DAY +
           (int64_t)(part[3] * 3600 + part[4] * 60 + part[5]);
    return true;
}

bool meta_duration_parse(const char *text, uint32_t plain, uint64_t *ret_seconds)
{
    uint64_t days = 0, part[3] = {0};
    unsigned n = 0;
    const char *s = text;
    if (!get_number(&s, 9, &part[n++]))
        return false;
    bool with_days = *s == '-';
    if (with_days) {
        days = part[0];
        s++;
        if (!get_number(&s, 9, &part[0]))
            return false;
    }
    while (n < 3 && *s == ':') {
        s++;
        if (!get_number(&s, 9, &part[n++]))
            return false;
    }
    if (*s)
        return false;
    if (with_days || n == 3)
        *ret_seconds = days * DAY + part[0] * 3600 + part[1] * 60 + part[2];
    else
        *ret_seconds = n == 2 ? part[0] * 60 + part[1] : part[0] * plain;
    return true;
}
