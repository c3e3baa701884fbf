/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timefmt: points in time and durations as the commands print them.
 *
 * SLURM_TIME_FORMAT ("standard", "relative" or a strftime pattern) and TZ are honoured. Times are seconds
 * since 1970.
 */
#ifndef CLI_TIMEFMT_H
#define CLI_TIMEFMT_H

#include <stdint.h>

#include "base/buf.h"

/* `unset` is what stands for 0. */
void timefmt_time(int64_t t, const char *unset, struct buf *out);
/* As ctime(3), without the newline: heads of -l and --iterate. */
void timefmt_head(int64_t t, struct buf *out);

/* 0:05, 1:43:21, 1-02:04:00: what squeue and sinfo print. Negative: INVALID. */
void timefmt_short(int64_t seconds, struct buf *out);
/* 00:00:05, 1-02:04:00: what scontrol prints. */
void timefmt_long(int64_t seconds, struct buf *out);

#endif
