/* SPDX-License-Identifier: Apache-2.0 */
/* jobjson: jobs and steps as documents, in the shape of the REST interface (v0.0.45). */
#ifndef CLI_JOBJSON_H
#define CLI_JOBJSON_H

#include "cli/cli.h"
#include "cli/docout.h"
#include "model.h"

/* Whole documents on standard output; 0 or an exit status. */
int jobjson_jobs(struct cli *cli, struct job *const *jobs, uint32_t n, bool yaml);
int jobjson_steps(struct cli *cli, struct job *const *jobs, uint32_t n, bool yaml);

/* One job as a member of the open list. */
void jobjson_job(struct docout *d, const struct job *job, const char *cluster);

#endif
