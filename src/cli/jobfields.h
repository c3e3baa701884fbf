/* SPDX-License-Identifier: Apache-2.0 */
/* jobfields: asks the controller for those fields of jobs only that will be looked at. */
#ifndef CLI_JOBFIELDS_H
#define CLI_JOBFIELDS_H

#include "cli/columns.h"
#include "model.h"

/* Adds fields by their C names, with blanks between: "job_id spec.name". Each must exist (asserted). */
void jobfields_add(struct job_select *s, const char *names);

/* What squeue and the columns of the layout and the sort order read. Where a column does not tell, the select
 * is left without fields, which means all of them. */
void jobfields_of_columns(struct job_select *s, const struct layout *l, const struct sort_spec *sort);

#endif
