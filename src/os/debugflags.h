/* SPDX-License-Identifier: Apache-2.0 */
/*
 * debugflags: DebugFlags of slurm.conf(5), the environment variable SLURM_DEBUG_FLAGS that comes before it,
 * and what `scontrol setdebugflags` changes while a daemon runs. Messages: log_flag() of os/log.h.
 */
#ifndef OS_DEBUGFLAGS_H
#define OS_DEBUGFLAGS_H

#include "base/err.h"

struct conf;
struct set_debug;

/* Takes into force what a daemon starts or is reconfigured with. */
void debug_flags_load(const struct conf *c);

/* A level, and flags as "+Steps,-Route" (NULL: as they are), of `scontrol setdebug` and `setdebugflags`. A
 * name that is unknown refuses the whole. */
int debug_set(const struct set_debug *s, struct err *e);

#endif
