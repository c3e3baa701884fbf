/* SPDX-License-Identifier: Apache-2.0 */
/* A small cluster made by hand for the tests of the scheduler: n0..n3, 2 sockets x 2 cores x 2 threads, 16000
 * MiB, 2 GPUs of type a100; partition debug has all of them, long the first three. */
#ifndef TEST_UNIT_SCHED_WORLD_H
#define TEST_UNIT_SCHED_WORLD_H

#include "sched/sched.h"

enum { NODES = 4, NOW = 1000000 };

struct cluster {
    struct ptree jobs, nodes, parts;
    struct policy *policy;
    struct sched_view view;
    uint32_t next_id;
};

void setup(struct cluster *c);
/* More nodes of three sizes, one without GPUs, some with a core for the system: debug has all of them, long
 * half. */
void add_nodes(struct cluster *c, uint32_t n);
void teardown(struct cluster *c);
/* A job that nobody has yet. */
struct job *new_job(struct cluster *c);
/* Admits a job and puts it into the queue; gives the error code (positive) instead when it is refused. */
int queue_job(struct cluster *c, struct job *j, struct err *e);
/* Applies what the planner proposed; every proposal has to pass the core's check. */
void apply_plan(struct cluster *c, const struct sched_result *r);
/* Runs a new planner and applies what it proposes; how many jobs started. */
uint32_t plan(struct cluster *c);
const struct job *job(struct cluster *c, uint32_t id);
/* A running job ends. */
void end_job(struct cluster *c, uint32_t id);
/* The node for writing. */
struct node *node(struct cluster *c, uint32_t index);

#endif
