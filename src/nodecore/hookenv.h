/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hookenv: the environment of programs of the site, on the controller and on nodes: prologs, epilogs,
 * MailProg. Pure: everything comes from the job's record.
 *
 * The names are those of "Prolog and Epilog Scripts" in Slurm's documentation. What has no value is left out.
 */
#ifndef NODECORE_HOOKENV_H
#define NODECORE_HOOKENV_H

#include "nodecore/env.h"

/* What every program gets. Texts may be NULL. */
void hookenv_base(struct meta_strs *env, const char *conf_path, const char *cluster_name);
/* What a job is and asked for. The paths of a batch job are given as patterns, absolute. */
void hookenv_job(struct meta_strs *env, const struct job *j);
/* Which task of an array it is: nodes are not told. */
void hookenv_array(struct meta_strs *env, const struct job *j);
/* How it ended: wait(2) statuses. */
void hookenv_exit(struct meta_strs *env, uint32_t exit_code, uint32_t derived_ec);

#endif
