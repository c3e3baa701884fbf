/* SPDX-License-Identifier: Apache-2.0 */
#include "slurmd/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "version.h"

enum { OPT_CA = 256, OPT_CONF, OPT_SERVER, OPT_EXTRA, OPT_ID, OPT_TYPE, OPT_PARAMETERS, OPT_SYSTEMD };

static const char usage[] =
    "Usage: slurmd [OPTIONS]\n"
    "   -b                         Report node reboot now.\n"
    "   -c                         Force cleanup of slurmd shared memory.\n"
    "   -C                         Print node configuration information and exit.\n"
    "   --ca-cert-file file        Absolute path to CA cert for configless TLS\n"
    "   --conf params              Dynamic node configuration, works with -Z\n"
    "                              and can be used to specify cloud node topology.\n"
    "   --conf-server host[:port]  Get configs from slurmctld at `host[:port]`.\n"
    "   -d stepd                   Pathname to the slurmstepd program.\n"
    "   -D                         Run daemon in foreground.\n"
    "   --extra string             Arbitrary descriptive string.\n"
    "   -f config                  Read configuration from the specified file.\n"
    "   -F[feature]                Start as Dynamic Future node w/optional Feature.\n"
    "   -G                         Print node's GRES configuration and exit.\n"
    "   -h                         Print this help message.\n"
    "   --instance-id id           Cloud instance ID of node.\n"
    "   --instance-type type       Cloud instance type of node.\n"
    "   -L logfile                 Log messages to the file `logfile'.\n"
    "   -M                         Use mlock() to lock slurmd pages into memory.\n"
    "   -n value                   Run the daemon at the specified nice value.\n"
    "   -N node                    Run the daemon for specified nodename.\n"
    "   --parameters params        Allows local additions to SlurmdParameters\n"
    "   -s                         Change working directory to SlurmdLogFile/SlurmdSpoolDir.\n"
    "   --systemd                  Started from a systemd unit file.\n"
    "   -v                         Verbose mode. Multiple -v's increase verbosity.\n"
    "   -V                         Print version information and exit.\n"
    "   -Z                         Start as Dynamic Normal node.\n";

static const struct option long_options[] = {
    {"ca-cert-file", required_argument, NULL, OPT_CA},
    {"conf", required_argument, NULL, OPT_CONF},
    {"conf-server", required_argument, NULL, OPT_SERVER},
    {"extra", required_argument, NULL, OPT_EXTRA},
    {"instance-id", required_argument, NULL, OPT_ID},
    {"instance-type", required_argument, NULL, OPT_TYPE},
    {"parameters", required_argument, NULL, OPT_PARAMETERS},
    {"systemd", no_argument, NULL, OPT_SYSTEMD},
    {"version", no_argument, NULL, 'V'},
    {0},
};

static _Noreturn void usage_exit(int code)
{
    fputs(usage, stderr);
    exit(code);
}

static void options_flag(struct options *o, int c)
{
    switch (c) {
    case 'b':
        o->just_booted = true;
        break;
    case 'c':
        o->clean = true;
        break;
    case 'C':
        o->print_hardware = true;
        break;
    case 'D':
        o->foreground = true;
        break;
    case 'G':
        o->print_gres = true;
        break;
    case 'h':
        usage_exit(0);
    case 'M':
        o->mlock = true;
        break;
    case 's':
        o->change_dir = true;
        break;
    case 'v':
        o->verbose++;
        break;
    case 'V':
        printf("slurm %s (Sluice %s)\n", SLURM_VERSION, SLUICE_VERSION);
        exit(0);
    case 'Z':
        o->dynamic = true;
        break;
    case OPT_SYSTEMD:
        o->systemd = o->foreground = true;
        break;
    default:
        usage_exit(1);
    }
}

static void options_value(struct options *o, int c)
{
    switch (c) {
    case 'd':
        o->stepd = optarg;
        break;
    case 'f':
        o->conf_file = optarg;
        break;
    case 'F':
        o->future = true;
        o->future_feature = optarg;
        break;
    case 'L':
        o->log_file = optarg;
        break;
    case 'n':
        o->nice_given = true;
        o->nice = (int)strtol(optarg, NULL, 10);
        break;
    case 'N':
        o->node_name = optarg;
        break;
    case OPT_CA:
        o->ca_cert = optarg;
        break;
    case OPT_CONF:
        o->dynamic_conf = optarg;
        break;
    case OPT_SERVER:
        o->conf_server = optarg;
        break;
    case OPT_EXTRA:
        o->extra = optarg;
        break;
    case OPT_ID:
        o->instance_id = optarg;
        break;
    case OPT_TYPE:
        o->instance_type = optarg;
        break;
    case OPT_PARAMETERS:
        o->parameters = optarg;
        break;
    default:
        options_flag(o, c);
    }
}

void options_parse(struct options *o, int argc, char **argv)
{
    int c;

    *o = (struct options){0};
    while ((c = getopt_long(argc, argv, "bcCd:Df:F::GhL:Mn:N:svVZ", long_options, NULL)) >= 0)
        options_value(o, c);
    if (optind < argc)
        usage_exit(1);
}
