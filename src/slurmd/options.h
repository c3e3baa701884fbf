/* SPDX-License-Identifier: Apache-2.0 */
/* options: the command line of slurmd(8). */
#ifndef SLURMD_OPTIONS_H
#define SLURMD_OPTIONS_H

#include <stdbool.h>

#include "base/err.h"

struct options {
    bool foreground;     /* -D */
    bool print_hardware; /* -C */
    bool print_gres;     /* -G */
    bool clean;          /* -c */
    bool just_booted;    /* -b */
    bool mlock;          /* -M */
    bool change_dir;     /* -s */
    bool systemd;        /* --systemd: as -D */
    bool dynamic;        /* -Z */
    bool future;         /* -F */
    const char *future_feature;
    const char *conf_file;    /* -f */
    const char *conf_server;  /* --conf-server */
    const char *dynamic_conf; /* --conf */
    const char *log_file;     /* -L */
    const char *node_name;    /* -N */
    const char *stepd;        /* -d */
    const char *parameters;   /* --parameters */
    const char *instance_id, *instance_type, *extra, *ca_cert;
    bool nice_given;
    int nice; /* -n */
    int verbose;
};

/* Exits for -h, -V and what is wrong, as Slurm's does. */
void options_parse(struct options *o, int argc, char **argv);

#endif
