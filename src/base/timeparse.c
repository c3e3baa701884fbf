/* SPDX-License-Identifier: Apache-2.0 */
/* timetext.h: points in time as users write them. */
#include <string.h>

#include "base/text.h"
#include "base/timetext.h"

enum { DAY = 86400, UNIX_TIME_MIN = 1000000 };
static const int64_t COUNT_MAX = 1000000000000, AHEAD_MAX = 100000000000000;

/* What has been read so far; the fields of `want` count where the flag beside them says so. */
struct reader {
    const char *start, *s;
    int64_t now;
    const struct time_zone *zone;
    struct civil today, want;
    bool has_date, has_year, has_time, has_instant;
    int64_t instant;
    int back; /* an error is so far before s */
};

static const struct {
    const char *word;
    uint8_t hour;
} hours[] = {{"midnight", 0}, {"elevenses", 11}, {"noon", 12}, {"fika", 15}, {"teatime", 16}};

static const struct {
    const char *word;
    int64_t seconds;
} units[] = {{"second", 1}, {"minute", 60}, {"hour", 3600}, {"day", DAY}, {"week", 7 * DAY}};

static bool take_word(struct reader *r, const char *word)
{
    size_t len = strlen(word);
    if (text_casecmp_n(r->s, word, len) != 0)
        return false;
    r->s += len;
    return true;
}

/* Exactly `digits` of them, or 1 to -digits. */
static bool take_number(const char **s, int digits, int *ret)
{
    int value = 0, n = 0, most = digits < 0 ? -digits : digits;
    for (; n < most && text_is_digit((*s)[n]); n++)
        value = value * 10 + ((*s)[n] - '0');
    if (!n || (digits > 0 && n < digits))
        return false;
    *s += n;
    *ret = value;
    return true;
}

static bool set_date(struct reader *r, int year, int month, int day)
{
    r->has_date = true;
    r->has_year = year != 0;
    r->want.year = year ? year : r->today.year;
    r->want.month = (uint8_t)month;
    r->want.day = (uint8_t)day;
    return true;
}

/* A number from lo to hi at *s; failing, r->s stays where it begins. */
static bool take_limited(struct reader *r, int digits, int lo, int hi, int *ret)
{
    const char *s = r->s;
    if (!take_number(&s, digits, ret) || *ret < lo || *ret > hi)
        return false;
    r->s = s;
    return true;
}

static bool take_char(struct reader *r, char c)
{
    if (*r->s != c)
        return false;
    r->s++;
    return true;
}

/* YYYY-MM-DD */
static bool read_iso_date(struct reader *r)
{
    int year, month, day;
    return take_limited(r, 4, 1, 9999, &year) && take_char(r, '-') && take_limited(r, 2, 1, 12, &month) &&
           take_char(r, '-') && take_limited(r, 2, 1, 31, &day) && set_date(r, year, month, day);
}

/* MM/DD[/YY], MM.DD[.YY] */
static bool read_split_date(struct reader *r, char sep)
{
    int month, day, year = 0;
    if (!take_limited(r, -2, 1, 12, &month) || !take_char(r, sep) || !take_limited(r, -2, 1, 31, &day))
        return false;
    if (*r->s == sep) {
        r->s++;
        if (!take_limited(r, 2, 0, 99, &year) || text_is_digit(*r->s))
            return false;
        year += 2000;
    }
    return set_date(r, year, month, day);
}

/* MMDD[YY]. Failing, r->s is where Slurm says that it failed: behind a month that is one, before the second
 * digit of one that is none. */
static bool read_joined_date(struct reader *r, size_t digits)
{
    int month, day, year = 0;
    const char *s = r->s;
    if (!take_number(&s, -2, &month) || month < 1 || month > 12) {
        r->s = s;
        r->back = 2;
        return false;
    }
    r->s = s;
    if ((digits != 4 && digits != 6) || !take_limited(r, 2, 1, 31, &day))
        return false;
    if (digits == 6 && !take_limited(r, 2, 0, 99, &year))
        return false;
    return set_date(r, digits == 6 ? year + 2000 : 0, month, day);
}

/* HH:MM[:SS][ AM|PM] */
static bool read_time(struct reader *r)
{
    int hour, minute, second = 0;
    if (!take_limited(r, -2, 0, 23, &hour) || !take_char(r, ':') || !take_limited(r, 2, 0, 59, &minute))
        return false;
    if (*r->s == ':') {
        r->s++;
        if (!take_limited(r, 2, 0, 59, &second))
            return false;
    }
    const char *behind = r->s;
    r->s = text_skip_space(r->s);
    bool pm = take_word(r, "PM"), am = !pm && take_word(r, "AM");
    if (!am && !pm)
        r->s = behind;
    if ((am || pm) && hour > 12) {
        r->s = behind;
        return false;
    }
    if (am || pm)
        hour = hour % 12 + (pm ? 12 : 0);
    r->has_time = true;
    r->want.hour = (uint8_t)hour;
    r->want.minute = (uint8_t)minute;
    r->want.second = (uint8_t)second;
    return true;
}

/* What may follow "now". */
static bool read_now(struct reader *r)
{
    const char *behind = r->s;
    r->has_instant = true;
    r->instant = r->now;
    r->s = text_skip_space(r->s);
    bool back = *r->s == '-';
    if (*r->s != '+' && !back) {
        r->s = behind;
        return true;
    }
    r->s = text_skip_space(r->s + 1);
    const char *number = r->s;
    int64_t count = 0, unit = 1;
    for (; text_is_digit(*r->s) && count < COUNT_MAX; r->s++)
        count = count * 10 + (*r->s - '0');
    if (r->s == number || count >= COUNT_MAX) {
        r->s--;
        return false;
    }
    behind = r->s;
    r->s = text_skip_space(r->s);
    bool found = false;
    for (size_t i = 0; i < sizeof units / sizeof units[0] && !found; i++) {
        found = take_word(r, units[i].word);
        if (found) {
            unit = units[i].seconds;
            r->s += text_lower(*r->s) == 's';
        }
    }
    if (!found)
        r->s = behind;
    bool letter = (*r->s >= 'A' && *r->s <= 'Z') || (*r->s >= 'a' && *r->s <= 'z');
    if (letter || *r->s == ':' || count > AHEAD_MAX / unit) {
        r->s = behind - 1;
        return false;
    }
    r->instant += (back ? -count : count) * unit;
    return true;
}

/* "uts1900000000": seconds since 1970. */
static bool read_unix_time(struct reader *r)
{
    uint64_t seconds;
    if (!text_to_u64(r->s + 3, &seconds) || seconds < UNIX_TIME_MIN || seconds > (uint64_t)AHEAD_MAX)
        return false;
    r->s += strlen(r->s);
    r->has_instant = true;
    r->instant = (int64_t)seconds;
    return true;
}

static bool read_digits(struct reader *r)
{
    size_t digits = 0;
    while (text_is_digit(r->s[digits]))
        digits++;
    switch (r->s[digits]) {
    case ':':
        return read_time(r);
    case '/':
    case '.':
        return read_split_date(r, r->s[digits]);
    case '-':
        return digits == 4 && !text_is_digit(r->s[4]) && r->s[5] && r->s[6] && r->s[7] == '-'
                   ? read_iso_date(r)
                   : read_joined_date(r, digits);
    default:
        return read_joined_date(r, digits);
    }
}

static bool read_item(struct reader *r)
{
    if (text_is_digit(*r->s))
        return read_digits(r);
    for (size_t i = 0; i < sizeof hours / sizeof hours[0]; i++) {
        if (!take_word(r, hours[i].word))
            continue;
        r->has_time = true;
        r->want.hour = hours[i].hour;
        r->want.minute = r->want.second = 0;
        return true;
    }
    if (!r->has_date && !r->has_time && take_word(r, "now"))
        return read_now(r);
    if (!r->has_date && !r->has_time && text_starts_nocase(r->s, "uts"))
        return read_unix_time(r);
    bool today = take_word(r, "today");
    if (!today && !take_word(r, "tomorrow"))
        return false;
    return set_date(r, r->today.year, r->today.month, r->today.day + !today);
}

/* Between a date and a time: white space, and a "T" or "-" before the digits that follow; "T" may end the
 * text. */
static void skip_joint(struct reader *r)
{
    r->s = text_skip_space(r->s);
    bool letter = text_lower(*r->s) == 't';
    if (!letter && *r->s != '-')
        return;
    const char *behind = text_skip_space(r->s + 1);
    if (text_is_digit(*behind) || (letter && !*behind))
        r->s = behind;
}

static int64_t settle(struct reader *r, bool past)
{
    if (!r->has_date)
        set_date(r, r->today.year, r->today.month, r->today.day);
    else if (!r->has_year && !past && civil_to_time(&r->want, r->zone) < r->now)
        r->want.year++;
    return civil_to_time(&r->want, r->zone);
}

int time_parse(const char *text, int64_t now, const struct time_zone *zone, bool past, int64_t *ret,
               struct err *e)
{
    struct reader r = {.start = text, .s = text_skip_space(text), .now = now, .zone = zone};
    bool any = false;
    r.today = civil_from_time(now, zone);
    while (*r.s) {
        if (r.has_instant || !read_item(&r)) /* nothing goes with "now" */
            return err_set(e, ERR_INVALID, "Invalid time specification (pos=%d): %.128s",
                           (int)(r.s - text) - r.back, text);
        any = true;
        skip_joint(&r);
    }
    if (!any)
        return err_set(e, ERR_INVALID, "Invalid time specification (pos=0): %.128s", text);
    if (r.has_instant) {
        *ret = r.instant;
        return 0;
    }
    bool time_alone = !r.has_date;
    int64_t at = settle(&r, past);
    if (time_alone && at < now && !past) { /* tomorrow by the calendar: a day may have 23 or 25 hours */
        r.want.day++;
        at = civil_to_time(&r.want, zone);
    }
    *ret = at;
    return 0;
}
