/* SPDX-License-Identifier: Apache-2.0 */
/*
 * units: which units of a node the tasks of a job take.
 *
 * Tasks of one CPU, and those with devices, go round the sockets. Larger ones fill a socket before the next,
 * and none is cut in two where a socket has room for it.
 */
#ifndef SCHED_UNITS_H
#define SCHED_UNITS_H

#include "base/bits.h"
#include "sched/demand.h"
#include "sched/load.h"
#include "sched/offer.h"

/* Takes up to `want` free units for so many tasks, only of `only` unless it is NULL, and adds them to *ret.
 * How many it took. */
uint32_t units_take(const struct demand *d, const struct node_shape *s, const struct node_load *l,
                    const struct bits *only, uint32_t tasks, uint32_t want, struct bits *ret);

#endif
