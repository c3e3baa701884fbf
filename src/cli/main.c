/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One program with many names. The name it is called by says which command it is; `sluice NAME ...` is the
 * same for every command, and the only way to those that Slurm has no name for.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/commands.h"

struct command {
    const char *name;
    int (*run)(struct cli *cli);
    const char *help;
};

static const struct command commands[] = {
    {"salloc", cmd_salloc, "get an allocation and work in it"},
    {"sbatch", cmd_sbatch, "submit a batch script"},
    {"sbcast", cmd_sbcast, "copy a file to the nodes of a job"},
    {"scancel", cmd_scancel, "cancel or signal jobs and steps"},
    {"scontrol", cmd_scontrol, "show and change everything"},
    {"sinfo", cmd_sinfo, "show partitions and nodes"},
    {"squeue", cmd_squeue, "show jobs"},
    {"srun", cmd_srun, "run a parallel program"},
    {"check", cmd_check, "say what is wrong with a configuration file"},
    {"explain", cmd_explain, "say why a job waits and when it will start"},
    {"sim", cmd_sim, "run the scheduler against virtual nodes with faults by seed"},
    {"up", cmd_up, "bring up a private cluster on this host"},
    {"down", cmd_down, "end it"},
    {"env", cmd_env, "print what lets a shell use it"},
};

/* A command ends by leaving its memory to the system: leaks are looked for in the unit tests and the daemons.
 */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

static int list_commands(FILE *to)
{
    fputs("usage: sluice COMMAND [ARGUMENT ...]\n\n", to);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        fprintf(to, "  %-10s %s\n", commands[i].name, commands[i].help);
    return to == stderr ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
    const char *name = slash ? slash + 1 : argc > 0 ? argv[0] : "sluice";
    if (strcmp(name, "sluice") == 0) {
        if (argc < 2)
            return list_commands(stderr);
        argc--;
        argv++;
        name = argv[0];
        if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0)
            return list_commands(stdout);
        if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
            cli_version();
            return EXIT_SUCCESS;
        }
    }
    const struct command *c = find(name);
    if (!c) {
        fprintf(stderr, "sluice: no command is called %s\n", name);
        return list_commands(stderr);
    }
    argv[0] = (char *)c->name; /* getopt puts it before its messages */
    struct cli cli = {.name = c->name, .argc = argc, .argv = argv};
    return c->run(&cli);
}
