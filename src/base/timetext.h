/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timetext: durations and points in time as users write them and Slurm prints them.
 *
 * Nothing here knows a clock or a time zone: `now` and the zone come from the caller. Points in time are
 * seconds since 1970 (UTC). The proleptic Gregorian calendar, years 1 to 9999.
 */
#ifndef BASE_TIMETEXT_H
#define BASE_TIMETEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* --- durations
 * ----------------------------------------------------------------------------------------------- */

#define TIME_UNLIMITED UINT32_MAX /* of minutes and of seconds */

/* A time limit: "minutes", "minutes:seconds", "hours:minutes:seconds", "days-hours", "days-hours:minutes",
 * "days-hours:minutes:seconds", or UNLIMITED, INFINITE, -1 (all three give TIME_UNLIMITED). Fields may exceed
 * their usual range ("90", "1-25:00"). In minutes a part of a minute counts as a whole one. 0 is given as 0:
 * what it means is the caller's affair. */
int time_parse_minutes(const char *text, uint32_t *ret, struct err *e);
int time_parse_seconds(const char *text, uint32_t *ret, struct err *e);

/* "0:00", "5:30", "1:05:30", "1-00:00:00": as squeue prints limits and used time. */
void time_add_short(struct buf *out, uint64_t seconds);
/* "00:05:30", "1-00:00:00": as scontrol and sacct do. */
void time_add_long(struct buf *out, uint64_t seconds);
/* A limit in minutes in one of the two forms, or UNLIMITED. */
void time_add_limit_short(struct buf *out, uint32_t minutes);
void time_add_limit_long(struct buf *out, uint32_t minutes);

/* --- calendar
 * ------------------------------------------------------------------------------------------------ */

struct civil {
    int32_t year;
    uint8_t month, day;           /* 1 to 12, 1 to 31 */
    uint8_t hour, minute, second; /* no leap seconds */
    uint8_t weekday;              /* 0 = Sunday; not read by civil_to_time */
    uint16_t yearday;             /* 0 = 1 January; not read by civil_to_time */
};

/* The zone of a user: seconds east of UTC in force at a point in time. A NULL function means UTC. */
struct time_zone {
    int32_t (*offset)(const void *arg, int64_t unix_time);
    const void *arg;
};

struct civil civil_from_time(int64_t unix_time, const struct time_zone *zone);
/* Days and hours beyond the end of a month or day run on (30 February is 1 or 2 March). An hour that the zone
 * skips or has twice gives one of the possible answers. */
int64_t civil_to_time(const struct civil *c, const struct time_zone *zone);
/* "2026-05-01T13:05:09" */
void time_add_iso(struct buf *out, int64_t unix_time, const struct time_zone *zone);

/* --- points in time as users write them
 * ---------------------------------------------------------------------- */

/*
 * Reads the argument of --begin, --deadline, --starttime and the like, ignoring case:
 *     YYYY-MM-DD[THH:MM[:SS]]   MM/DD[/YY]   MM.DD[.YY]   MMDD[YY]   HH:MM[:SS][ AM|PM]
 *     midnight  elevenses  noon  fika  teatime  today  tomorrow
 * now[{+|-}count[seconds|minutes|hours|days|weeks]] A date and a time may follow one another in either order,
 * with white space, "T" or "-" between them. A date alone means 00:00. A time alone that has passed means
 * tomorrow, and a date without a year that has passed means next year, unless `past` is set (for texts that
 * look back, as sacct's). Errors: ERR_INVALID with Slurm's text, which names the byte that was not
 * understood.
 */
int time_parse(const char *text, int64_t now, const struct time_zone *zone, bool past, int64_t *ret,
               struct err *e);

#endif
