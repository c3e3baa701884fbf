/* SPDX-License-Identifier: Apache-2.0 */
/* timetext.h: durations and the calendar. Points in time are read in timeparse.c. */
#include "base/timetext.h"

#include <inttypes.h>

#include "base/text.h"

enum { MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR };

/* Up to `max` numbers between colons; how many there were, 0 when the text is something else. */
static int read_fields(const char *s, uint64_t *field, int max)
{
    for (int n = 0; n < max; s++) {
        if (!text_is_digit(*s))
            return 0;
        uint64_t value = 0;
        for (; text_is_digit(*s); s++) {
            value = value * 10 + (uint64_t)(*s - '0');
            if (value > UINT32_MAX)
                return 0;
        }
        field[n++] = value;
        if (!*s)
            return n;
        if (*s != ':')
            return 0;
    }
    return 0;
}

/* The seconds of a limit; false when it is none. */
static bool read_duration(const char *text, uint64_t *ret)
{
    uint64_t f[3] = {0}, days = 0;
    const char *rest = text;
    while (text_is_digit(*rest))
        rest++;
    if (*rest != '-') { /* minutes[:seconds] or hours:minutes:seconds */
        int n = read_fields(text, f, 3);
        *ret = n == 3 ? f[0] * HOUR + f[1] * MINUTE + f[2] : f[0] * MINUTE + f[1];
        return n > 0;
    }
    for (const char *s = text; s < rest; s++) {
        days = days * 10 + (uint64_t)(*s - '0');
        if (days > UINT32_MAX)
            return false;
    }
    bool good = rest > text && (!rest[1] || read_fields(rest + 1, f, 3) > 0);
    *ret = days * DAY + f[0] * HOUR + f[1] * MINUTE + f[2];
    return good;
}

static int parse_limit(const char *text, uint32_t unit, uint32_t *ret, struct err *e)
{
    uint64_t seconds;
    if (text_same_nocase(text, "UNLIMITED") || text_same_nocase(text, "INFINITE") || text_same(text, "-1")) {
        *ret = TIME_UNLIMITED;
        return 0;
    }
    if (!read_duration(text, &seconds))
        return err_set(e, ERR_INVALID, "Invalid time limit \"%.64s\"", text);
    uint64_t count = (seconds + unit - 1) / unit;
    if (count >= TIME_UNLIMITED - 1) /* the number below "unlimited" means "not given" elsewhere */
        return err_set(e, ERR_INVALID, "Time limit \"%.64s\" is too large", text);
    *ret = (uint32_t)count;
    return 0;
}

int time_parse_minutes(const char *text, uint32_t *ret, struct err *e)
{
    return parse_limit(text, MINUTE, ret, e);
}

int time_parse_seconds(const char *text, uint32_t *ret, struct err *e)
{
    return parse_limit(text, 1, ret, e);
}

static void add_two(struct buf *out, unsigned v)
{
    buf_add(out, (char[2]){(char)('0' + v / 10), (char)('0' + v % 10)}, 2);
}

static void add_duration(struct buf *out, uint64_t seconds, bool all)
{
    uint64_t days = seconds / DAY;
    unsigned h = (unsigned)(seconds % DAY / HOUR), m = (unsigned)(seconds % HOUR / MINUTE),
             s = (unsigned)(seconds % MINUTE);
    if (days) {
        buf_add_u64(out, days);
        buf_addc(out, '-');
    }
    if (days || all)
        add_two(out, h);
    else if (h)
        buf_add_u64(out, h);
    if (days || all || h) {
        buf_addc(out, ':');
        add_two(out, m);
    } else {
        buf_add_u64(out, m);
    }
    buf_addc(out, ':');
    add_two(out, s);
}

void time_add_short(struct buf *out, uint64_t seconds)
{
    add_duration(out, seconds, false);
}

void time_add_long(struct buf *out, uint64_t seconds)
{
    add_duration(out, seconds, true);
}

static void add_limit(struct buf *out, uint32_t minutes, bool all)
{
    if (minutes == TIME_UNLIMITED)
        buf_adds(out, "UNLIMITED");
    else
        add_duration(out, (uint64_t)minutes * MINUTE, all);
}

void time_add_limit_short(struct buf *out, uint32_t minutes)
{
    add_limit(out, minutes, false);
}

void time_add_limit_long(struct buf *out, uint32_t minutes)
{
    add_limit(out, minutes, true);
}

static int64_t zone_offset(const struct time_zone *zone, int64_t unix_time)
{
    return zone && zone->offset ? zone->offset(zone->arg, unix_time) : 0;
}

/* Days from 1970-01-01. Years begin in March here, so that the leap day is the last one; 400 years have
 * 146097 days. */
static int64_t days_from_civil(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400, of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

struct civil civil_from_time(int64_t unix_time, const struct time_zone *zone)
{
    int64_t local = unix_time + zone_offset(zone, unix_time);
    int64_t days = (local >= 0 ? local : local - (DAY - 1)) / DAY, second = local - days * DAY;
    int64_t shifted = days + 719468, era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t of_era = shifted - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100), month = (5 * of_year + 2) / 153;
    struct civil c = {
        .month = (uint8_t)(month < 10 ? month + 3 : month - 9),
        .day = (uint8_t)(of_year - (153 * month + 2) / 5 + 1),
        .hour = (uint8_t)(second / HOUR),
        .minute = (uint8_t)(second % HOUR / MINUTE),
        .second = (uint8_t)(second % MINUTE),
        .weekday = (uint8_t)(((days + 4) % 7 + 7) % 7),
    };
    c.year = (int32_t)(year + era * 400 + (c.month <= 2));
    c.yearday = (uint16_t)(days - days_from_civil(c.year, 1, 1));
    return c;
}

int64_t civil_to_time(const struct civil *c, const struct time_zone *zone)
{
    int64_t local =
        days_from_civil(c->year, c->month, c->day) * DAY + c->hour * HOUR + c->minute * MINUTE + c->second;
    int64_t guess = local - zone_offset(zone, local);
    return local - zone_offset(zone, guess);
}

void time_add_iso(struct buf *out, int64_t unix_time, const struct time_zone *zone)
{
    struct civil c = civil_from_time(unix_time, zone);
    buf_addf(out, "%04d-%02u-%02uT%02u:%02u:%02u", c.year, c.month, c.day, c.hour, c.minute, c.second);
}
