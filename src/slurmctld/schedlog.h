/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schedlog: SlurmSchedLogFile, what the scheduler decided. One a process; any thread.
 */
#ifndef SLURMCTLD_SCHEDLOG_H
#define SLURMCTLD_SCHEDLOG_H

#include "conf/conf.h"
#include "core/core.h"

/* As the configuration says: on, off, or another file. May be called again. */
void schedlog_open(const struct conf *conf);
void schedlog_reopen(void); /* after the file has been moved away */
void schedlog_close(void);
/* A start that the core has taken; the snapshot holds it. */
void schedlog_start(const struct start_job *start, const struct snapshot *s);
/* Why jobs do not start. */
void schedlog_notes(const struct plan_notes *notes, const struct snapshot *s);

#endif
