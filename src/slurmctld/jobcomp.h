/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jobcomp: JobCompType. A line of text, or an environment for a program, for every job that has ended.
 *
 * What is written is the job as it was when it stopped running, also when it goes back to the queue.
 */
#ifndef SLURMCTLD_JOBCOMP_H
#define SLURMCTLD_JOBCOMP_H

#include <stdbool.h>

#include "base/buf.h"
#include "conf/conf.h"
#include "model.h"

#define JOBCOMP_FILE "/var/log/slurm_jobcomp.log" /* JobCompLoc of jobcomp/filetxt where none is given */

enum jobcomp_type { JOBCOMP_NONE, JOBCOMP_FILETXT, JOBCOMP_SCRIPT };

/* *ret_missing, when not NULL: what keeps the type that was asked for from being had, NULL: nothing. */
enum jobcomp_type jobcomp_type(const struct conf *conf, const char **ret_missing);
/* jobcomp/filetxt: appends the line of one job. */
void jobcomp_line(const struct job_end *end, struct buf *out);
/* Appends to the file, which is made; failures go to the log. */
void jobcomp_write(const char *path, const struct buf *lines);
/* jobcomp/script: the environment of the program. */
void jobcomp_env(const struct job_end *end, struct meta_strs *env);

#endif
