/* SPDX-License-Identifier: Apache-2.0 */
/* options: the command line of slurmd(8). */
#ifndef SLURMD_OPTIONS_H
#define SLURMD_OPTIONS_H

#include <stdbool.h>

struct options {
    bool foreground;          /* -D */
    bool print_hardware;      /* -C */
    bool print_gres;          /* -G */
    bool clean;               /* -c */
    bool just_booted;         /* -b */
    bool mlock;               /* -M */
    bool change_dir;          /* -s */
    bool systemd;             /* --systemd: as -D */
    bool dynamic;             /* -Z */
    const char *future;       /* -F[feature] */
    const char *conf_file;    /* -f */
    const char *conf_server;  /* --conf-server */
    const char *auth_info;    /* --authinfo */
    const char *dynamic_conf; /* --conf */
    const char *log_file;     /* -L */
    const char *node_name;    /* -N */
    const char *stepd;        /* -d */
    const char *parameters;   /* --parameters */
    const char *instance_id, *instance_type, *extra, *ca_cert;
    int nice; /* -n */
    int verbose;
};

/* Exits for -h, -V and what is wrong, as Slurm's does. */
void options_parse(struct options *o, int argc, char **argv);

#endif
