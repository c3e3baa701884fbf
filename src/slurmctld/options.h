/* SPDX-License-Identifier: Apache-2.0 */
/* options: the command line of slurmctld(8). */
#ifndef SLURMCTLD_OPTIONS_H
#define SLURMCTLD_OPTIONS_H

#include <stdbool.h>

struct options {
    const char *conf_path; /* -f */
    const char *log_path;  /* -L */
    bool foreground;       /* -D */
    bool clear;            /* -c */
    bool ignore_errors;    /* -i */
    bool change_folder;    /* -s */
    bool systemd;          /* --systemd */
    int nice;              /* -n */
    int verbose;           /* -v */
};

/* Ends the program for -h, -V and what it does not understand. */
void options_parse(struct options *ret, int argc, char **argv);

#endif
