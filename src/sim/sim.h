/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sim: a whole cluster in one thread and virtual time, with faults by seed.
 *
 * The controller's core and the planner are the production code; clock, journal, network, nodes and users are
 * simulated. After every step checkers look at the state and at what the nodes really run. The same options
 * and seed give the same run, to the letter. Specified in doc/spec/08-simulator.md.
 */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

enum sim_fault {
    SIM_DROP = 1,        /* messages vanish */
    SIM_DELAY = 2,       /* messages are late, and overtake each other */
    SIM_DUPLICATE = 4,   /* messages arrive twice */
    SIM_PARTITION = 8,   /* nodes cannot be reached for a while */
    SIM_CRASH = 16,      /* the controller dies at any moment and starts again from its journal */
    SIM_NODE_CRASH = 32, /* nodes reboot, and their daemons restart under running jobs */
    SIM_SLOW_DISK = 64,  /* journal writes take seconds */
    SIM_CLOCK = 128,     /* the controller's clock jumps, also backwards */
    SIM_ALL = 255,
};

struct sim_options {
    uint64_t seed;
    uint32_t nodes, jobs;
    uint32_t faults;    /* enum sim_fault */
    uint64_t steps_max; /* 0 = as many as it takes */
    void (*trace)(void *arg,
                  const char *line); /* every event, for a person who repeats a seed; NULL = none */
    void *arg;
};

struct sim_outcome {
    bool ok;
    struct buf complaint; /* what a checker said, with the virtual time; owned */
    uint64_t steps;
    int64_t virtual_s;
    uint32_t submitted, ended, crashes, requeues;
};
void sim_run(const struct sim_options *o, struct sim_outcome *ret);
void sim_outcome_release(struct sim_outcome *o);

#endif
