/* SPDX-License-Identifier: Apache-2.0 */
/*
 * when: points in time as people write them: sbatch(1) --begin.
 *
 * "16:00", "4pm", "noon", "midnight", "elevenses", "fika", "teatime", "today", "tomorrow", "now", "now+1hour", "MMDDYY",
 * "MM/DD/YY", "MM.DD", "2030-01-20", "2030-01-20T12:34:56", "uts1893456000", and combinations such as
 * "tomorrow18:00" or "01/20/30-16:00". Times are in the zone of TZ. A time of day that has passed means
 * tomorrow, a day without a year that has passed means next year.
 */
#ifndef CLI_WHEN_H
#define CLI_WHEN_H

#include <stdint.h>

/* 0, or -1 with *ret_pos the place of the first byte that was not understood. */
int when_parse(const char *text, int64_t now, int64_t *ret, uint32_t *ret_pos);

#endif
