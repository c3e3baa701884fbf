/* SPDX-License-Identifier: Apache-2.0 */
/* powerprog: the programs of power saving, for scripts.c. */
#ifndef SLURMCTLD_POWERPROG_H
#define SLURMCTLD_POWERPROG_H

#include "conf/conf.h"
#include "core/core.h"

/* SLURM_RESUME_FILE: a descriptor of a file in memory that says in JSON which jobs wait for which of these
 * nodes, the caller's to close; -1 when there is no room for it. */
int powerprog_resume_file(const struct snapshot *s, const struct bits *resumed, const char *names);
/* The program of a setting, or of the PowerAction that it names: its path, or nothing when there is none, and
 * its arguments before the nodes. Errors: an action that is to run on the nodes, said in the log. */
void powerprog_command(const struct conf *c, enum conf_key key, struct meta_strs *paths,
                       struct meta_strs *args);
/* The largest ResumeTimeout or SuspendTimeout of the cluster or a partition, in seconds; 0 = none. */
uint32_t powerprog_time_limit(const struct conf *c);

#endif
