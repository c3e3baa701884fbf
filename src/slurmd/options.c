/* SPDX-License-Identifier: Apache-2.0 */
#include "slurmd/options.h"

#include "os/cmdline.h"

#define AT(member) offsetof(struct options, member)

static const struct cmdline_option table[] = {
    {0, "authinfo", CMDLINE_TEXT, AT(auth_info), NULL, NULL},
    {'b', NULL, CMDLINE_FLAG, AT(just_booted), NULL, "Report node reboot now."},
    {'c', NULL, CMDLINE_FLAG, AT(clean), NULL, "Force cleanup of slurmd shared memory."},
    {'C', NULL, CMDLINE_FLAG, AT(print_hardware), NULL, "Print node configuration information and exit."},
    {0, "ca-cert-file", CMDLINE_TEXT, AT(ca_cert), "file", "Absolute path to CA cert for configless TLS"},
    {0, "conf", CMDLINE_TEXT, AT(dynamic_conf), "params",
     "Dynamic node configuration, works with -Z\nand can be used to specify cloud node topology."},
    {0, "conf-server", CMDLINE_TEXT, AT(conf_server), "host[:port]",
     "Get configs from slurmctld at `host[:port]`."},
    {'d', NULL, CMDLINE_TEXT, AT(stepd), "stepd", "Pathname to the slurmstepd program."},
    {'D', NULL, CMDLINE_FLAG, AT(foreground), NULL, "Run daemon in foreground."},
    {0, "extra", CMDLINE_TEXT, AT(extra), "string", "Arbitrary descriptive string."},
    {'f', NULL, CMDLINE_TEXT, AT(conf_file), "config", "Read configuration from the specified file."},
    {'F', NULL, CMDLINE_MAYBE, AT(future), "feature", "Start as Dynamic Future node w/optional Feature."},
    {'G', NULL, CMDLINE_FLAG, AT(print_gres), NULL, "Print node's GRES configuration and exit."},
    {'h', "help", CMDLINE_HELP, 0, NULL, "Print this help message."},
    {0, "instance-id", CMDLINE_TEXT, AT(instance_id), "id", "Cloud instance ID of node."},
    {0, "instance-type", CMDLINE_TEXT, AT(instance_type), "type", "Cloud instance type of node."},
    {'L', NULL, CMDLINE_TEXT, AT(log_file), "logfile", "Log messages to the file `logfile'."},
    {'M', NULL, CMDLINE_FLAG, AT(mlock), NULL, "Use mlock() to lock slurmd pages into memory."},
    {'n', NULL, CMDLINE_NICE, AT(nice), "value", "Run the daemon at the specified nice value."},
    {'N', NULL, CMDLINE_TEXT, AT(node_name), "node", "Run the daemon for specified nodename."},
    {0, "parameters", CMDLINE_TEXT, AT(parameters), "params", "Allows local additions to SlurmdParameters"},
    {'s', NULL, CMDLINE_FLAG, AT(change_dir), NULL,
     "Change working directory to SlurmdLogFile/SlurmdSpoolDir."},
    {0, "systemd", CMDLINE_FLAG, AT(systemd), NULL, "Started from a systemd unit file."},
    {'v', NULL, CMDLINE_COUNT, AT(verbose), NULL, "Verbose mode. Multiple -v's increase verbosity."},
    {'V', "version", CMDLINE_VERSION, 0, NULL, "Print version information and exit."},
    {'Z', NULL, CMDLINE_FLAG, AT(dynamic), NULL, "Start as Dynamic Normal node."},
};

void options_parse(struct options *o, int argc, char **argv)
{
    static const struct cmdline line = {"slurmd", table, sizeof table / sizeof *table, 3, 30};

    *o = (struct options){0};
    cmdline_parse(&line, o, argc, argv);
    o->foreground |= o->systemd;
}
