/* SPDX-License-Identifier: Apache-2.0 */
/* jobcols: the columns of squeue(1), of jobs (rows are struct job_row) and of steps (struct step_row). */
#ifndef CLI_JOBCOLS_H
#define CLI_JOBCOLS_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/columns.h"

/* What the columns need beside the row. */
struct jobcols_ctx {
    int64_t now;
    const char *cluster;
    bool convert; /* units: 2G for 2048M */
    bool expand;  /* file name patterns */
};

extern const struct column jobcols_jobs[];
extern const struct column jobcols_steps[];

/* The letters of jobs that --sort takes. */
extern const char jobcols_sortable[];
/* Completes an order of jobs: what Slurm does with jobs that never start or have no node, and at last the
 * latest start and the highest id come first, the tasks of an array in their order. */
void jobcols_settle_sort(struct sort_spec *s);

#endif
