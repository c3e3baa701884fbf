/* SPDX-License-Identifier: Apache-2.0 */
#include "slurmctld/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "version.h"

static const char usage[] =
    "Usage: slurmctld [OPTIONS]\n"
    "  -c                 Do not recover state from last checkpoint.\n"
    "  -D                 Run daemon in foreground with logging copied to stdout.\n"
    "  -f file            Use specified file for slurmctld configuration.\n"
    "  -h                 Print this help message.\n"
    "  -i                 Ignore errors found while reading in state files.\n"
    "  -L logfile         Log messages to the specified file.\n"
    "  -n value           Run the daemon at the specified nice value.\n"
    "  -R                 Recover full state from last checkpoint.\n"
    "  -s                 Change working directory to SlurmctldLogFile/StateSaveLocation.\n"
    "  --systemd          Started from a systemd unit file.\n"
    "  -v                 Verbose mode. Multiple -v's increase verbosity.\n"
    "  -V                 Print version information and exit.\n";

void options_parse(struct options *ret, int argc, char **argv)
{
    static const struct option long_options[] = {{"systemd", no_argument, NULL, 'S'},
                                                 {"version", no_argument, NULL, 'V'},
                                                 {"help", no_argument, NULL, 'h'},
                                                 {0}};
    int c;

    *ret = (struct options){0};
    while ((c = getopt_long(argc, argv, "cDf:hiL:n:rRsvV", long_options, NULL)) != -1)
        switch (c) {
        case 'c':
            ret->clear = true;
            break;
        case 'D':
            ret->foreground = true;
            break;
        case 'f':
            ret->conf_path = optarg;
            break;
        case 'i':
            ret->ignore_errors = true;
            break;
        case 'L':
            ret->log_path = optarg;
            break;
        case 'n':
            ret->nice = (int)strtol(optarg, NULL, 10);
            break;
        case 'r':
        case 'R':
            break; /* the whole state is always recovered */
        case 's':
            ret->change_folder = true;
            break;
        case 'S':
            ret->systemd = true;
            ret->foreground = true;
            break;
        case 'v':
            ret->verbose++;
            break;
        case 'V':
            printf("slurm %s (Sluice %s)\n", SLURM_VERSION, SLUICE_VERSION);
            exit(0);
        case 'h':
            fputs(usage, stdout);
            exit(0);
        default:
            fputs(usage, stderr);
            exit(1);
        }
}
