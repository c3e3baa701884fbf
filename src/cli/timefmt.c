/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/timefmt.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "base/timetext.h"

enum { TIME_TEXT_MAX = 256, DAY = 86400 };

static void add_strftime(const char *pattern, const struct tm *tm, struct buf *out)
{
    char text[TIME_TEXT_MAX];
    size_t n = strftime(text, sizeof text, pattern, tm);
    buf_add(out, text, n);
}

/* Whole days between the local dates of two times. */
static int64_t days_between(const struct tm *from, const struct tm *to)
{
    struct tm a = *from, b = *to;
    a.tm_hour = b.tm_hour = 12;
    a.tm_min = b.tm_min = a.tm_sec = b.tm_sec = 0;
    a.tm_isdst = b.tm_isdst = -1;
    double apart = difftime(mktime(&b), mktime(&a)) / DAY;
    return (int64_t)(apart + (apart < 0 ? -0.5 : 0.5));
}

static void add_relative(const struct tm *tm, struct buf *out)
{
    time_t now = time(NULL);
    struct tm today;
    localtime_r(&now, &today);
    int64_t days = days_between(&today, tm);
    if (days == 0)
        add_strftime("%H:%M:%S", tm, out);
    else if (days == -1)
        add_strftime("Ystday %H:%M", tm, out);
    else if (days == 1)
        add_strftime("Tomorr %H:%M", tm, out);
    else if (days > 1 && days < 7)
        add_strftime("%a %H:%M", tm, out);
    else if (tm->tm_year == today.tm_year)
        add_strftime("%-d %b %H:%M", tm, out);
    else
        add_strftime("%-d %b %Y", tm, out);
}

void timefmt_time(int64_t t, const char *unset, struct buf *out)
{
    if (t <= 0) {
        buf_adds(out, unset);
        return;
    }
    const char *pattern = getenv("SLURM_TIME_FORMAT");
    time_t when = (time_t)t;
    struct tm tm;
    localtime_r(&when, &tm);
    if (!pattern || !*pattern || text_same_nocase(pattern, "standard"))
        add_strftime("%Y-%m-%dT%H:%M:%S", &tm, out);
    else if (text_same_nocase(pattern, "relative"))
        add_relative(&tm, out);
    else
        add_strftime(pattern, &tm, out);
}

void timefmt_head(int64_t t, struct buf *out)
{
    time_t when = (time_t)t;
    struct tm tm;
    localtime_r(&when, &tm);
    add_strftime("%a %b %d %H:%M:%S %Y", &tm, out);
}

void timefmt_short(int64_t seconds, struct buf *out)
{
    if (seconds < 0)
        buf_adds(out, "INVALID");
    else
        time_add_short(out, (uint64_t)seconds);
}

void timefmt_long(int64_t seconds, struct buf *out)
{
    if (seconds < 0)
        buf_adds(out, "INVALID");
    else
        time_add_long(out, (uint64_t)seconds);
}
