/* SPDX-License-Identifier: Apache-2.0 */
/* allocate: an interactive allocation for salloc and srun: asked for, waited for, given back. */
#ifndef CLI_ALLOCATE_H
#define CLI_ALLOCATE_H

#include "cli/cli.h"
#include "cli/jobopt.h"
#include "cli/submit.h"

/*
 * Submits without a script and waits until the job runs. NULL: texts were written, exit with *ret_status. The job is the caller's; the
 * watch goes on and tells when the job ends. `failure` begins the message of a refusal. SIGINT and SIGTERM while waiting give it up.
 */
struct job *allocate(struct cli *cli, const struct jobopt *o, const char *failure, struct submit_watch *watch, int *ret_status);

/* Tells the controller that the allocation is not needed any more. */
void allocate_give_back(struct cli *cli, uint32_t job_id, uint32_t wait_status);

#endif
