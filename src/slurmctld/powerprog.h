/* SPDX-License-Identifier: Apache-2.0 */
/* powerprog: the programs of power saving, for scripts.c. */
#ifndef SLURMCTLD_POWERPROG_H
#define SLURMCTLD_POWERPROG_H

#include "conf/conf.h"
#include "core/core.h"

/* SLURM_RESUME_FILE: a descriptor of a file in memory that says in JSON which jobs wait for which of these
 * nodes, the caller's to close; -1 when there is no room for it. */
int powerprog_resume_file(const struct snapshot *s, const struct bits *resumed, const char *names);
/* The largest ResumeTimeout or SuspendTimeout of the cluster or a partition, in seconds; 0 = none. */
uint32_t powerprog_time_limit(const struct conf *c);

#endif
