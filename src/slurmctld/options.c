/* SPDX-License-Identifier: Apache-2.0 */
#include "slurmctld/options.h"

#include "os/cmdline.h"

#define AT(member) offsetof(struct options, member)

static const struct cmdline_option table[] = {
    {'c', NULL, CMDLINE_FLAG, AT(clear), NULL, "Do not recover state from last checkpoint."},
    {'D', NULL, CMDLINE_FLAG, AT(foreground), NULL,
     "Run daemon in foreground, with logging copied to stdout."},
    {'f', NULL, CMDLINE_TEXT, AT(conf_path), "file", "Use specified file for slurmctld configuration."},
    {'h', "help", CMDLINE_HELP, 0, NULL, "Print this help message."},
    {'i', NULL, CMDLINE_FLAG, AT(ignore_errors), NULL,
     "Ignore errors found while reading in state files on startup."},
    {'L', NULL, CMDLINE_TEXT, AT(log_path), "logfile", "Log messages to the specified file."},
    {'n', NULL, CMDLINE_NICE, AT(nice), "value", "Run the daemon at the specified nice value."},
    {'r', NULL, CMDLINE_NOTHING, 0, NULL, NULL},
    /* The whole state is always recovered. */
    {'R', NULL, CMDLINE_NOTHING, 0, NULL, "Recover full state from last checkpoint."},
    {'s', NULL, CMDLINE_FLAG, AT(change_folder), NULL,
     "Change working directory to SlurmctldLogFile/StateSaveLocation."},
    {0, "systemd", CMDLINE_FLAG, AT(systemd), NULL, "Started from a systemd unit file."},
    {'v', NULL, CMDLINE_COUNT, AT(verbose), NULL, "Verbose mode. Multiple -v's increase verbosity."},
    {'V', "version", CMDLINE_VERSION, 0, NULL, "Print version information and exit."},
};

void options_parse(struct options *ret, int argc, char **argv)
{
    static const struct cmdline line = {"slurmctld", table, sizeof table / sizeof *table, 2, 16};

    *ret = (struct options){0};
    cmdline_parse(&line, ret, argc, argv);
    ret->foreground |= ret->systemd;
}
