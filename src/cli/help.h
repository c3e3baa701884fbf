/* SPDX-License-Identifier: Apache-2.0 */
/* help: the texts of --help and --usage, and lists made from the tables of columns. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "cli/cli.h"
#include "cli/columns.h"

extern const char help_squeue[], usage_squeue[];
extern const char help_sinfo[], usage_sinfo[];
extern const char help_scancel[], usage_scancel[];
extern const char help_scontrol[];
extern const char help_job_states[], help_node_states[];

/* --helpformat and --helpFormat, on standard output. */
void help_letters(const struct column *table);
void help_names(const struct column *table);

/* The long options of listings that print something and end (scancel has the first two); a command's own ones
 * follow. */
enum { OPT_HELP = 256, OPT_USAGE, OPT_HELPFORMAT, OPT_HELPFORMAT_LONG, OPT_HELPSTATE, OPT_OWN };
struct help_listing {
    const char *help, *usage, *states;
    const struct column *columns;
};
/* The exit status when `opt` is one of them, or 'V' or '?'; else -1. */
int help_listing(const struct cli *cli, const struct help_listing *h, int opt);

#endif
