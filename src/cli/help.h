/* SPDX-License-Identifier: Apache-2.0 */
/* help: the texts of --help and --usage, and lists of what formats take. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "cli/cli.h"

extern const char help_squeue[], usage_squeue[];
extern const char help_sinfo[], usage_sinfo[];
extern const char help_sbcast[], usage_sbcast[];
extern const char help_scancel[], usage_scancel[];
extern const char help_scontrol[];
extern const char help_job_states[], help_node_states[];

/* What --helpformat and --helpFormat list, in Slurm's order: letters, and names with blanks between. */
extern const char letters_squeue[], names_squeue[];
extern const char letters_sinfo[], names_sinfo[];

/* The long options of listings that print something and end (scancel has the first two); a command's own ones
 * follow. */
enum { OPT_HELP = 256, OPT_USAGE, OPT_HELPFORMAT, OPT_HELPFORMAT_LONG, OPT_HELPSTATE, OPT_OWN };
struct help_listing {
    const char *help, *usage, *states, *letters, *names;
};
/* The exit status when `opt` is one of them, or 'V' or '?'; else -1. */
int help_listing(const struct cli *cli, const struct help_listing *h, int opt);

#endif
