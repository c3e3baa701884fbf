/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sim: a whole cluster in one thread and virtual time, with faults by seed.
 *
 * The controller's core, the planner and the nodes' state machine (nodecore) are the production code; clock,
 * journal, network, slurmstepds, scripts and users are simulated. Checkers look at the state and at what
 * really runs. The same options and seed give the same run, to the letter. Specified in
 * doc/spec/08-simulator.md.
 */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

enum sim_fault {
    SIM_DROP = 1,         /* messages vanish */
    SIM_DELAY = 2,        /* messages are late, and overtake each other */
    SIM_DUPLICATE = 4,    /* messages arrive twice */
    SIM_PARTITION = 8,    /* nodes cannot be reached for a while */
    SIM_CRASH = 16,       /* the controller dies between any two steps and starts again from its journal */
    SIM_NODE_CRASH = 32,  /* nodes reboot, and their daemons restart under running jobs */
    SIM_SLOW_DISK = 64,   /* journal writes take seconds */
    SIM_CLOCK = 128,      /* clocks jump, also backwards, and nodes' clocks are off */
    SIM_FULL_DISK = 256,  /* journal writes fail, for a while */
    SIM_NODE_FAULT = 512, /* scripts fail, slurmstepds do not start, ignore signals or vanish */
    SIM_ALL = 1023,
};

/* Bugs made on purpose: tests that the checkers notice them. */
enum sim_bug {
    SIM_BUG_NONE,
    SIM_BUG_EARLY_REPLY,  /* clients are answered before the journal has the facts */
    SIM_BUG_EARLY_GONE,   /* nodes say that a job is gone while its processes still run */
    SIM_BUG_LOST_REPORTS, /* a daemon that restarts does not look at the reports on its disk */
};

struct sim_options {
    uint64_t seed;
    uint32_t nodes, jobs;
    uint32_t faults;    /* enum sim_fault */
    uint64_t steps_max; /* 0 = as many as it takes */
    enum sim_bug bug;
    void (*trace)(void *arg,
                  const char *line); /* every event, for a person who repeats a seed; NULL = none */
    void *arg;
};

struct sim_outcome {
    bool ok;
    struct buf complaint; /* what a checker said, with the virtual time and what happened before; owned */
    uint64_t steps;
    int64_t virtual_s;
    uint32_t submitted, ended, crashes, requeues, steps_started;
};
void sim_run(const struct sim_options *o, struct sim_outcome *ret);
void sim_outcome_release(struct sim_outcome *o);

#endif
