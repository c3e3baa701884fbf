/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listing: the options that squeue(1) and sinfo(1) have in common.
 *
 * A command puts LISTING_OPTIONS into its table for getopt_long, fills `cli`, `help` and what comes from its
 * environment, and gives every option that is not its own to listing_option(). Texts are borrowed from argv
 * and the environment.
 */
#ifndef CLI_LISTING_H
#define CLI_LISTING_H

#include "cli/help.h"

struct listing {
    struct cli *cli;
    const struct help_listing *help;
    const char *iterate_error; /* stands before "--iterate=VALUE" in the complaint */
    const char *format, *format_long, *sort, *states;
    const char *parser; /* of --json=PARSER */
    bool all, header, long_form, json, yaml, no_convert;
    char given;       /* 'o' or 'O', the last one of the command line; 0: neither */
    uint32_t iterate; /* seconds; 0 = once */
};

enum { OPT_HIDE = OPT_OWN, OPT_JSON, OPT_YAML, OPT_NOCONVERT, OPT_IGNORED, OPT_LISTING_OWN };

/* clang-format off */
#define LISTING_OPTIONS                                                                                      \
    {"all", no_argument, NULL, 'a'},                                                                         \
    {"clusters", required_argument, NULL, 'M'},                                                              \
    {"federation", no_argument, NULL, OPT_IGNORED},                                                          \
    {"format", required_argument, NULL, 'o'},                                                                \
    {"Format", required_argument, NULL, 'O'},                                                                \
    {"help", no_argument, NULL, OPT_HELP},                                                                   \
    {"helpformat", no_argument, NULL, OPT_HELPFORMAT},                                                       \
    {"helpFormat", no_argument, NULL, OPT_HELPFORMAT_LONG},                                                  \
    {"helpstate", no_argument, NULL, OPT_HELPSTATE},                                                         \
    {"hide", no_argument, NULL, OPT_HIDE},                                                                   \
    {"iterate", required_argument, NULL, 'i'},                                                               \
    {"json", optional_argument, NULL, OPT_JSON},                                                             \
    {"local", no_argument, NULL, OPT_IGNORED},                                                               \
    {"long", no_argument, NULL, 'l'},                                                                        \
    {"noconvert", no_argument, NULL, OPT_NOCONVERT},                                                         \
    {"noheader", no_argument, NULL, 'h'},                                                                    \
    {"usage", no_argument, NULL, OPT_USAGE},                                                                 \
    {"verbose", no_argument, NULL, 'v'},                                                                     \
    {"version", no_argument, NULL, 'V'},                                                                     \
    {"yaml", optional_argument, NULL, OPT_YAML}
/* clang-format on */

/* Takes one option with its value in `optarg`; -1 = go on, else the exit status of the process. Unknown ones
 * are passed over. */
int listing_option(struct listing *l, int opt);
/* --clusters, or SLURM_CLUSTERS: only the own cluster can be asked for, and only where accounting knows it.
 */
bool listing_cluster(struct listing *l, const char *names);
/* What options together forbid; false after the complaint. */
bool listing_settle(const struct listing *l);

#endif
