/* SPDX-License-Identifier: Apache-2.0 */
/* help: the texts of --help and --usage, and lists made from the tables of columns. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "cli/columns.h"

extern const char help_squeue[], usage_squeue[];
extern const char help_sinfo[], usage_sinfo[];
extern const char help_scancel[], usage_scancel[];
extern const char help_scontrol[];
extern const char help_job_states[], help_node_states[];

/* --helpformat and --helpFormat, on standard output. */
void help_letters(const struct column *table);
void help_names(const struct column *table);

#endif
