/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/timetext.h"

enum { HOUR = 3600, DAY = 86400, BAD = -1 };

static char *short_text(uint64_t seconds)
{
    struct buf b = BUF_INIT;
    time_add_short(&b, seconds);
    return buf_take(&b);
}

/* As Slurm 26.05 answered to sbatch --time. */
static void limits(void **state)
{
    static const struct {
        const char *text;
        int64_t minutes, seconds;
    } cases[] = {
        {"1", 1, 60},
        {"0", 0, 0},
        {"5:30", 6, 330},
        {"5:00", 5, 300},
        {"0:01", 1, 1},
        {"1:0:0", 60, HOUR},
        {"1:2:3", 63, 3723},
        {"1-0", 1440, DAY},
        {"1-1", 1500, DAY + HOUR},
        {"1-1:1", 1501, DAY + HOUR + 60},
        {"1-1:1:1", 1502, DAY + HOUR + 61},
        {"1-", 1440, DAY},
        {"100:00", 100, 6000},
        {"1:60", 2, 120},
        {"1-25:00", 2940, 2 * DAY + HOUR},
        {"1-12:61:61", 2223, 133321},
        {"365-0", 525600, 365 * DAY},
        {"UNLIMITED", TIME_UNLIMITED, TIME_UNLIMITED},
        {"infinite", TIME_UNLIMITED, TIME_UNLIMITED},
        {"-1", TIME_UNLIMITED, TIME_UNLIMITED},
        {"-2", BAD, BAD},
        {"", BAD, BAD},
        {"1:", BAD, BAD},
        {":1", BAD, BAD},
        {"1:2:3:4", BAD, BAD},
        {"1-1-1", BAD, BAD},
        {"1-:", BAD, BAD},
        {"-", BAD, BAD},
        {"1d", BAD, BAD},
        {"1.5", BAD, BAD},
        {" 5", BAD, BAD},
        {"5 ", BAD, BAD},
        {"inf", BAD, BAD},
        {"4294967293", 4294967293, BAD},
        {"4294967294", BAD, BAD},
        {"99999999999", BAD, BAD},
        {"99999999999-0", BAD, BAD},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t value = 77;
        struct err e;
        int rc = time_parse_minutes(cases[i].text, &value, &e);
        assert_int_equal(rc < 0 ? BAD : (int64_t)value, cases[i].minutes);
        rc = time_parse_seconds(cases[i].text, &value, &e);
        assert_int_equal(rc < 0 ? BAD : (int64_t)value, cases[i].seconds);
    }
}

static void printing(void **state)
{
    static const struct {
        uint64_t seconds;
        const char *brief, *full;
    } cases[] = {
        {0, "0:00", "00:00:00"},           {59, "0:59", "00:00:59"},
        {360, "6:00", "00:06:00"},         {5400, "1:30:00", "01:30:00"},
        {DAY, "1-00:00:00", "1-00:00:00"}, {365u * DAY + 61, "365-00:01:01", "365-00:01:01"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf b = BUF_INIT;
        time_add_long(&b, cases[i].seconds);
        assert_string_equal(b.s, cases[i].full);
        buf_release(&b);
        char *brief = short_text(cases[i].seconds);
        assert_string_equal(brief, cases[i].brief);
        mem_free(brief);
    }
    struct buf b = BUF_INIT;
    time_add_limit_short(&b, TIME_UNLIMITED);
    time_add_limit_long(&b, 90);
    assert_string_equal(b.s, "UNLIMITED01:30:00");
    buf_release(&b);
}

static void printed_durations_read_back(void **state)
{
    uint64_t seed = 3;
    for (int i = 0; i < 2000; i++) {
        uint32_t seconds = (uint32_t)rand_below(&seed, i % 2 ? 20 * DAY : 2 * HOUR), back;
        struct err e;
        char *text = short_text(seconds);
        assert_int_equal(time_parse_seconds(text, &back, &e), 0);
        assert_int_equal(back, seconds);
        mem_free(text);
    }
}

/* Summer time of an invented zone: one hour more from the 100th to the 299th day of 1970, and two hours east.
 */
static int32_t invented_offset(const void *arg, int64_t unix_time)
{
    return 2 * HOUR + (unix_time >= 100 * DAY && unix_time < 300 * DAY ? HOUR : 0);
}

static const struct time_zone invented = {.offset = invented_offset};

static void calendar(void **state)
{
    struct civil c = civil_from_time(951782400, NULL); /* 2000-02-29 */
    assert_int_equal(c.year, 2000);
    assert_int_equal(c.month, 2);
    assert_int_equal(c.day, 29);
    assert_int_equal(c.weekday, 2);
    assert_int_equal(c.yearday, 59);
    c = civil_from_time(-1, NULL);
    assert_int_equal(c.year, 1969);
    assert_int_equal(c.second, 59);
    assert_int_equal(c.weekday, 3);
    uint64_t seed = 5;
    for (int i = 0; i < 5000; i++) {
        int64_t t = (int64_t)rand_below(&seed, 200000000000) - 50000000000;
        c = civil_from_time(t, NULL);
        assert_int_equal(civil_to_time(&c, NULL), t);
    }
    for (int64_t t = 0; t < 366 * DAY; t += 1800) {
        if (t >= 300 * DAY - HOUR && t < 300 * DAY + HOUR)
            continue; /* the hour that is there twice */
        c = civil_from_time(t, &invented);
        assert_int_equal(civil_to_time(&c, &invented), t);
    }
}

/* As Slurm 26.05 answered to sbatch --begin, with "now" moved to 2026-11-22T21:55:17 UTC, a Sunday. */
static void points_in_time(void **state)
{
    static const struct {
        const char *text, *want; /* or, for what is refused, the error */
    } cases[] = {
        {"now", "2026-11-22T21:55:17"},
        {"NOW", "2026-11-22T21:55:17"},
        {"now+1", "2026-11-22T21:55:18"},
        {"now + 1", "2026-11-22T21:55:18"},
        {"now+60", "2026-11-22T21:56:17"},
        {"now+1hour", "2026-11-22T22:55:17"},
        {"now+1 hour", "2026-11-22T22:55:17"},
        {"now+2days", "2026-11-24T21:55:17"},
        {"now+1minute", "2026-11-22T21:56:17"},
        {"now+1weeks", "2026-11-29T21:55:17"},
        {"now-1hour", "2026-11-22T20:55:17"},
        {"today", "2026-11-22T00:00:00"},
        {"tomorrow", "2026-11-23T00:00:00"},
        {"midnight", "2026-11-23T00:00:00"},
        {"elevenses", "2026-11-23T11:00:00"},
        {"Noon", "2026-11-23T12:00:00"},
        {" noon ", "2026-11-23T12:00:00"},
        {"fika", "2026-11-23T15:00:00"},
        {"teatime", "2026-11-23T16:00:00"},
        {"16:00", "2026-11-23T16:00:00"},
        {"23:00", "2026-11-22T23:00:00"},
        {"16:00:30", "2026-11-23T16:00:30"},
        {"1:05", "2026-11-23T01:05:00"},
        {"4:00PM", "2026-11-23T16:00:00"},
        {"4:00 PM", "2026-11-23T16:00:00"},
        {"0:30AM", "2026-11-23T00:30:00"},
        {"12:30AM", "2026-11-23T00:30:00"},
        {"12:30pm", "2026-11-23T12:30:00"},
        {"2030-01-01", "2030-01-01T00:00:00"},
        {"2030-01-01T", "2030-01-01T00:00:00"},
        {"2030-01-01T10:00", "2030-01-01T10:00:00"},
        {"2030-01-01T10:00:30", "2030-01-01T10:00:30"},
        {"2030-01-01 10:00", "2030-01-01T10:00:00"},
        {"2030-01-01T10:00PM", "2030-01-01T22:00:00"},
        {"2030-02-28-10:00", "2030-02-28T10:00:00"},
        {"10:00 2030-01-01", "2030-01-01T10:00:00"},
        {"2030-02-30", "2030-03-02T00:00:00"},
        {"010130", "2030-01-01T00:00:00"},
        {"010130T10:00", "2030-01-01T10:00:00"},
        {"010130-10:00", "2030-01-01T10:00:00"},
        {"0101", "2027-01-01T00:00:00"},
        {"01/01/30", "2030-01-01T00:00:00"},
        {"1/2/30", "2030-01-02T00:00:00"},
        {"01.02.30", "2030-01-02T00:00:00"},
        {"01/02", "2027-01-02T00:00:00"},
        {"11/22", "2027-11-22T00:00:00"},
        {"12/31", "2026-12-31T00:00:00"},
        {"12/31-10:00", "2026-12-31T10:00:00"},
        {"12/31 - 10:00", "2026-12-31T10:00:00"},
        {"01/02/30 10:00AM", "2030-01-02T10:00:00"},
        {"noon 12/31", "2026-12-31T12:00:00"},
        {"noon tomorrow", "2026-11-23T12:00:00"},
        {"today 10:00", "2026-11-22T10:00:00"},
        {"tomorrow 10:00", "2026-11-23T10:00:00"},
        {"tomorrowT10:00", "2026-11-23T10:00:00"},
        {"tomorrow-10:00", "2026-11-23T10:00:00"},
        {"noonT10:00", "2026-11-23T10:00:00"},
        {"10:00T", "2026-11-23T10:00:00"},
        {"now+99999999999", "5195-10-08T07:41:56"},
        {"uts1900000000", "2030-03-17T17:46:40"},
        {"uts10", "Invalid time specification (pos=0): uts10"},
        {"3pm", "Invalid time specification (pos=1): 3pm"},
        {"12am", "Invalid time specification (pos=2): 12am"},
        {"0am", "Invalid time specification (pos=-1): 0am"},
        {"13pm", "Invalid time specification (pos=0): 13pm"},
        {"now+60m", "Invalid time specification (pos=5): now+60m"},
        {"now+1:00", "Invalid time specification (pos=4): now+1:00"},
        {"2030-01-01T10", "Invalid time specification (pos=13): 2030-01-01T10"},
        {"xyz", "Invalid time specification (pos=0): xyz"},
        {"", "Invalid time specification (pos=0): "},
        {"25:00", "Invalid time specification (pos=0): 25:00"},
        {"12:60", "Invalid time specification (pos=3): 12:60"},
        {"13:00PM", "Invalid time specification (pos=5): 13:00PM"},
        {"2030-13-01", "Invalid time specification (pos=5): 2030-13-01"},
        {"2030-01-01T25:00", "Invalid time specification (pos=11): 2030-01-01T25:00"},
        {"20300101", "Invalid time specification (pos=0): 20300101"},
        {"noon+1", "Invalid time specification (pos=4): noon+1"},
        {"now+5min", "Invalid time specification (pos=4): now+5min"},
        {"now+1months", "Invalid time specification (pos=4): now+1months"},
        {"now+", NULL},
        {"now+1s", NULL},
        {"now 10:00", NULL},
        {"01/01/2030", NULL},
        {"2030-1-1", NULL},
        {"30-01-01", NULL},
        {"2030-01-01T10", NULL},
        {"2030-01-01x", NULL},
        {"2030-00-01", NULL},
        {"2030-01-32", NULL},
        {"00/10", NULL},
        {"01/00", NULL},
        {"1:5", NULL},
        {"01:05:5", NULL},
        {"12:00:60", NULL},
        {"24:00", NULL},
        {"1893456000", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t at;
        struct err e;
        struct buf b = BUF_INIT;
        int rc = time_parse(cases[i].text, 1795384517, NULL, false, &at, &e);
        if (rc < 0)
            buf_adds(&b, e.text);
        else
            time_add_iso(&b, at, NULL);
        if (cases[i].want)
            assert_string_equal(b.s, cases[i].want);
        else
            assert_int_equal(rc, -ERR_INVALID);
        buf_release(&b);
    }
}

static void looking_back_and_zones(void **state)
{
    int64_t at;
    struct err e;
    assert_int_equal(time_parse("16:00", 20 * HOUR, NULL, true, &at, &e), 0);
    assert_int_equal(at, 16 * HOUR);
    assert_int_equal(time_parse("01/02", 10 * DAY, NULL, true, &at, &e), 0);
    assert_int_equal(at, DAY);
    /* The night in which the day has 23 hours: tomorrow noon is 23 hours off. */
    assert_int_equal(time_parse("tomorrow noon", 99 * DAY + 10 * HOUR, &invented, false, &at, &e), 0);
    assert_int_equal(at, 100 * DAY + 9 * HOUR);
    assert_int_equal(time_parse("11:00", 99 * DAY + 10 * HOUR, &invented, false, &at, &e), 0);
    assert_int_equal(at, 100 * DAY + 8 * HOUR);
}

/* Exactly as long as needed, so that a sanitizer sees what is read behind the end. */
static void dates_that_stop_early(void **state)
{
    static const char *const texts[] = {"2026-", "2026-1", "2026-11-", "1/2/", "12:"};
    int64_t at;
    struct err e;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char *text = mem_strdup(texts[i]);
        assert_int_equal(time_parse(text, 1795384517, NULL, false, &at, &e), -ERR_INVALID);
        mem_free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits),
        cmocka_unit_test(printing),
        cmocka_unit_test(printed_durations_read_back),
        cmocka_unit_test(calendar),
        cmocka_unit_test(points_in_time),
        cmocka_unit_test(looking_back_and_zones),
        cmocka_unit_test(dates_that_stop_early),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
