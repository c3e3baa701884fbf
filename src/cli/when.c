/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/when.h"

#include <string.h>
#include <time.h>

#include "base/text.h"

struct reading {
    const char *text, *at;
    int64_t now;
    struct tm today, t;
    bool date, year, clock, exact; /* what was given; exact: `seconds` is the answer */
    int64_t seconds;
};

static bool word(struct reading *r, const char *name)
{
    size_t len = strlen(name);
    if (text_casecmp_n(r->at, name, len) != 0)
        return false;
    r->at += len;
    return true;
}

/* From `min` to `max` digits. */
static bool digits(struct reading *r, unsigned min, unsigned max, int *ret)
{
    unsigned n = 0;
    int v = 0;
    const char *s = r->at;
    for (; n < max && text_is_digit(s[n]); n++)
        v = v * 10 + (s[n] - '0');
    if (n < min)
        return false;
    r->at += n;
    *ret = v;
    return true;
}

static unsigned digits_here(const struct reading *r)
{
    unsigned n = 0;
    while (text_is_digit(r->at[n]))
        n++;
    return n;
}

/* The rest of "now": nothing, or "+ count unit". */
static bool read_now(struct reading *r)
{
    static const struct {
        const char *name;
        int seconds;
    } units[] = {
        {"seconds", 1},   {"second", 1},  {"minutes", 60},  {"minute", 60},   {"hours", 3600},
        {"hour", 3600},   {"days", 86400}, {"day", 86400},  {"weeks", 604800}, {"week", 604800},
    };
    r->exact = true;
    r->seconds = r->now;
    r->at = text_skip_space(r->at);
    if (*r->at != '+' && *r->at != '-')
        return true;
    int sign = *r->at++ == '-' ? -1 : 1, count, unit = 1;
    r->at = text_skip_space(r->at);
    if (!digits(r, 1, 9, &count))
        return false;
    r->at = text_skip_space(r->at);
    const char *start = r->at;
    for (size_t i = 0; i < sizeof units / sizeof *units && r->at == start; i++) {
        if (word(r, units[i].name))
            unit = units[i].seconds;
    }
    /* Beginnings of units are units too: "now+5min", "now+1h". */
    for (size_t i = 0; i < sizeof units / sizeof *units && r->at == start && *start; i++) {
        size_t len = strcspn(start, " \t");
        if (len < strlen(units[i].name) && text_casecmp_n(start, units[i].name, len) == 0) {
            unit = units[i].seconds;
            r->at += len;
        }
    }
    r->seconds += (int64_t)sign * count * unit;
    return true;
}

/* "HH:MM[:SS] [AM|PM]"; the hour may stand alone before AM or PM. */
static bool read_clock(struct reading *r)
{
    int hour, minute = 0, second = 0;
    if (!digits(r, 1, 2, &hour) || hour > 23)
        return false;
    if (*r->at == ':') {
        r->at++;
        const char *start = r->at;
        if (!digits(r, 1, 2, &minute) || minute > 59) {
            r->at = start;
            return false;
        }
        if (*r->at == ':') {
            start = ++r->at;
            if (!digits(r, 1, 2, &second) || second > 59) {
                r->at = start;
                return false;
            }
        }
    }
    const char *end = r->at;
    r->at = text_skip_space(r->at);
    bool am = word(r, "am"), pm = !am && word(r, "pm");
    if (am || pm) {
        if (hour < 1 || hour > 12)
            return false;
        hour = hour % 12 + (pm ? 12 : 0);
    } else {
        r->at = end;
    }
    r->t.tm_hour = hour;
    r->t.tm_min = minute;
    r->t.tm_sec = second;
    return r->clock = true;
}

static bool set_date(struct reading *r, int year, int month, int day)
{
    if (month < 1 || month > 12 || day < 1 || day > 31)
        return false;
    r->t.tm_mon = month - 1;
    r->t.tm_mday = day;
    r->year = year >= 0;
    r->t.tm_year = year < 0 ? r->today.tm_year : year < 100 ? year + 100 : year - 1900;
    return r->date = true;
}

/* "YYYY-MM-DD", "MM/DD[/YY]", "MM.DD[.YY]", "MMDD[YY]". */
static bool read_date(struct reading *r)
{
    unsigned n = digits_here(r);
    int a, b, c = -1;
    if (n == 4 && r->at[4] == '-') {
        if (!digits(r, 4, 4, &c) || !r->at++ || !digits(r, 1, 2, &a) || *r->at != '-' || !r->at++ ||
            !digits(r, 1, 2, &b))
            return false;
        return set_date(r, c, a, b);
    }
    if ((n == 1 || n == 2) && (r->at[n] == '/' || r->at[n] == '.')) {
        char sep = r->at[n];
        if (!digits(r, 1, 2, &a) || !r->at++ || !digits(r, 1, 2, &b))
            return false;
        if (*r->at == sep) {
            r->at++;
            unsigned width = digits_here(r) == 4 ? 4 : 2;
            if (!digits(r, width, width, &c))
                return false;
        }
        return set_date(r, c, a, b);
    }
    if (n == 4 || n == 6)
        return digits(r, 2, 2, &a) && digits(r, 2, 2, &b) && (n == 4 || digits(r, 2, 2, &c)) && set_date(r, c, a, b);
    return false;
}

static bool read_word(struct reading *r, bool *ret_known)
{
    static const struct {
        const char *name;
        int hour;
    } hours[] = {{"midnight", 0}, {"noon", 12}, {"elevenses", 11}, {"fika", 15}, {"teatime", 16}};
    *ret_known = true;
    if (word(r, "now"))
        return read_now(r);
    if (word(r, "uts")) {
        int64_t v = 0;
        unsigned n = digits_here(r);
        if (n == 0 || n > 12)
            return false;
        for (; n; n--)
            v = v * 10 + (*r->at++ - '0');
        r->exact = true;
        r->seconds = v;
        return true;
    }
    if (word(r, "today"))
        return r->date = r->year = true;
    if (word(r, "tomorrow")) {
        r->t.tm_mday = r->today.tm_mday + 1;
        return r->date = r->year = true;
    }
    for (size_t i = 0; i < sizeof hours / sizeof *hours; i++) {
        if (word(r, hours[i].name)) {
            r->t.tm_hour = hours[i].hour;
            r->t.tm_min = r->t.tm_sec = 0;
            return r->clock = true;
        }
    }
    *ret_known = false;
    return false;
}

static bool read_piece(struct reading *r)
{
    bool known;
    if (read_word(r, &known) || known)
        return known && (r->exact || r->date || r->clock);
    if (!text_is_digit(*r->at))
        return false;
    unsigned n = digits_here(r);
    char after = r->at[n];
    bool is_date = (n == 4 && after == '-') || n == 6 || (n <= 2 && (after == '/' || after == '.')) ||
                   (n == 4 && after != ':');
    return is_date ? read_date(r) : read_clock(r);
}

int when_parse(const char *text, int64_t now, int64_t *ret, uint32_t *ret_pos)
{
    time_t seconds = (time_t)now;
    struct reading r = {.text = text, .at = text, .now = now};
    tzset();
    localtime_r(&seconds, &r.today);
    r.t = r.today;
    r.t.tm_hour = r.t.tm_min = r.t.tm_sec = 0;
    r.t.tm_isdst = -1;
    r.at = text_skip_space(r.at);
    bool ok = *r.at != '\0';
    while (ok && *r.at) {
        ok = read_piece(&r);
        if (ok && *r.at && (r.date || r.clock) && (*r.at == 'T' || *r.at == 't' || *r.at == '-') &&
            text_is_digit(r.at[1]))
            r.at++;
        if (ok)
            r.at = text_skip_space(r.at);
    }
    if (!ok) {
        *ret_pos = (uint32_t)(r.at - text);
        return -1;
    }
    if (r.exact) {
        *ret = r.seconds;
        return 0;
    }
    struct tm t = r.t;
    *ret = (int64_t)mktime(&t);
    if (*ret < now && !r.date) {
        t = r.t;
        t.tm_mday++;
        *ret = (int64_t)mktime(&t);
    } else if (*ret < now && r.date && !r.year) {
        t = r.t;
        t.tm_year++;
        *ret = (int64_t)mktime(&t);
    }
    return 0;
}
