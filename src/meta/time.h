/* SPDX-License-Identifier: Apache-2.0 */
/* time: times and durations as text. Private to src/meta. UTC: a zone is a matter of the commands. */
#ifndef META_TIME_H
#define META_TIME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

void meta_time_text(int64_t t, struct buf *out);            /* "2026-05-01T12:00:00", "Unknown" for 0 */
void meta_duration_text(uint64_t seconds, struct buf *out); /* "1-02:03:04", "02:03:04" */
bool meta_time_parse(const char *text, int64_t *ret); /* the same, also without seconds, or a plain number */
/* "M", "M:S", "H:M:S", "D-H", "D-H:M", "D-H:M:S". A plain number is in units of `plain` seconds. */
bool meta_duration_parse(const char *text, uint32_t plain, uint64_t *ret_seconds);

#endif
