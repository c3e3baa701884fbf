/* SPDX-License-Identifier: Apache-2.0 */
/* sluice sim: the simulator (sim/sim.h). A failure prints the command that repeats it. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "sim/sim.h"

static const struct {
    const char *name;
    uint32_t bits;
} faults[] = {{"none", 0},
              {"all", SIM_ALL},
              {"drop", SIM_DROP},
              {"delay", SIM_DELAY},
              {"duplicate", SIM_DUPLICATE},
              {"partition", SIM_PARTITION},
              {"crash", SIM_CRASH},
              {"node-crash", SIM_NODE_CRASH},
              {"slow-disk", SIM_SLOW_DISK},
              {"clock", SIM_CLOCK},
              {"full-disk", SIM_FULL_DISK},
              {"node-fault", SIM_NODE_FAULT}};

static const char help[] =
    "usage: sluice sim [--seed N] [--seeds COUNT] [--nodes N] [--jobs N] [--faults LIST] [--trace]\n"
    "Runs the controller's core and the scheduler against virtual nodes in virtual time, with faults by "
    "seed.\n"
    "  --seed N      first seed (1)\n"
    "  --seeds N     how many seeds, one run each (1)\n"
    "  --nodes N     virtual nodes (12)\n"
    "  --jobs N      things that users do: most of them submit a job (60)\n"
    "  --faults LIST all, none, or some of: "
    "drop,delay,duplicate,partition,crash,node-crash,slow-disk,clock,\n"
    "                full-disk,node-fault (all)\n"
    "  --trace       prints every event\n";

static bool read_faults(const char *list, uint32_t *ret)
{
    struct text_list names = {0};
    text_split(&names, list, ',');
    bool ok = names.n > 0;
    *ret = 0;
    for (uint32_t i = 0; i < names.n && ok; i++) {
        ok = false;
        for (size_t k = 0; k < sizeof faults / sizeof *faults; k++)
            if (strcmp(faults[k].name, names.v[i]) == 0) {
                *ret |= faults[k].bits;
                ok = true;
            }
    }
    text_list_release(&names);
    return ok;
}

static void print_line(void *arg, const char *line)
{
    puts(line);
}

static int run_seeds(struct sim_options *o, uint64_t seeds, const char *fault_list)
{
    uint64_t failed = 0, steps = 0, jobs = 0, crashes = 0;
    int64_t virtual_s = 0;
    for (uint64_t i = 0; i < seeds; i++, o->seed++) {
        struct sim_outcome out;
        sim_run(o, &out);
        if (!out.ok) {
            failed++;
            printf("seed %llu: %s\nrepeat: sluice sim --seed %llu --nodes %u --jobs %u --faults %s --trace\n",
                   (unsigned long long)o->seed, out.complaint.s, (unsigned long long)o->seed, o->nodes,
                   o->jobs, fault_list);
        }
        steps += out.steps;
        jobs += out.submitted;
        crashes += out.crashes;
        virtual_s += out.virtual_s;
        sim_outcome_release(&out);
    }
    printf("%llu seeds, %llu failed: %llu steps, %llu submissions, %llu controller crashes, %.1f virtual "
           "hours\n",
           (unsigned long long)seeds, (unsigned long long)failed, (unsigned long long)steps,
           (unsigned long long)jobs, (unsigned long long)crashes, (double)virtual_s / 3600);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

int cmd_sim(struct cli *cli)
{
    static const struct option options[] = {
        {"seed", required_argument, NULL, 's'},   {"seeds", required_argument, NULL, 'c'},
        {"nodes", required_argument, NULL, 'n'},  {"jobs", required_argument, NULL, 'j'},
        {"faults", required_argument, NULL, 'f'}, {"trace", no_argument, NULL, 't'},
        {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0}};
    struct sim_options o = {.seed = 1, .nodes = 12, .jobs = 60, .faults = SIM_ALL};
    uint64_t seeds = 1;
    const char *fault_list = "all";
    for (int c; (c = getopt_long(cli->argc, cli->argv, "", options, NULL)) != -1;) {
        bool ok = true;
        if (c == 's')
            ok = text_to_u64(optarg, &o.seed);
        else if (c == 'c')
            ok = text_to_u64(optarg, &seeds);
        else if (c == 'n')
            ok = text_to_u32(optarg, &o.nodes) && o.nodes > 0;
        else if (c == 'j')
            ok = text_to_u32(optarg, &o.jobs);
        else if (c == 'f')
            ok = read_faults(fault_list = optarg, &o.faults);
        else if (c == 't')
            o.trace = print_line;
        else {
            fputs(help, c == 'h' ? stdout : stderr);
            return c == 'h' ? EXIT_SUCCESS : EXIT_FAILURE;
        }
        if (!ok) {
            cli_error(cli, "'%s' is not a value for this option", optarg);
            return EXIT_FAILURE;
        }
    }
    return run_seeds(&o, seeds, fault_list);
}
