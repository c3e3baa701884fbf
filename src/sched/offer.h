/* SPDX-License-Identifier: Apache-2.0 */
/*
 * offer: what one node can give to one demand, and the share that is taken of it.
 *
 * Looking at a node (offer_make) is the unit of the planner's work, so it allocates nothing.
 */
#ifndef SCHED_OFFER_H
#define SCHED_OFFER_H

#include "sched/demand.h"
#include "sched/load.h"

/* A node's numbers as the selection sees them. */
struct node_shape {
    uint32_t units, unit_cpus; /* units, and CPUs in each */
    uint32_t sockets, socket_units;
};
struct node_shape node_shape(const struct policy *p, const struct node *n);
/* MiB that jobs may have. */
uint64_t node_memory(const struct node *n);
/* CPUs of a unit that tasks may use, which are also those that are charged; and how many of them a task
 * takes. */
uint32_t usable_cpus(const struct demand *d, const struct node_shape *s);
uint32_t task_cpus(const struct demand *d, uint32_t usable);

struct offer {
    const struct node *node;
    uint32_t tasks; /* most tasks that fit, 0 = none */
    uint32_t cpus;  /* that are free for the job */
    uint64_t gres;  /* devices of the demand's per_job need that are free */
};

/* Could the node ever serve this demand: geometry, memory, devices it has at all? */
bool offer_possible(const struct demand *d, const struct policy *p, const struct node *n,
                    const struct node_load *idle);
/* What it can give with this load. tasks = 0 when too little is free. */
struct offer offer_make(const struct demand *d, const struct policy *p, const struct node *n,
                        const struct node_load *l);
/* Tasks of a node: those that its units were counted for, and those that will be there. The first nodes get
 * more units (block by block), but all nodes get tasks in turn. */
struct offer_tasks {
    uint32_t charged, placed;
};
/* The tasks that have room on the units which are taken for `tasks` tasks. */
uint32_t offer_room(const struct demand *d, const struct policy *p, const struct node *n,
                    const struct node_load *l, uint32_t tasks);
/*
 * Builds the share for `tasks` (charged: at most the offer's): units, CPUs, memory, devices. per_job_left[i]
 * says how many devices of need i the whole job still lacks, spread over nodes_left nodes; it is lowered.
 */
void offer_take(const struct demand *d, const struct policy *p, const struct node *n,
                const struct node_load *l, const struct offer_tasks *tasks, uint32_t nodes_left,
                uint64_t *per_job_left, struct job_node *ret);
/* Devices of that name and type (NULL: any) the node has, and how many of them are free. */
uint64_t gres_total(const struct node *n, const char *name, const char *type);
uint64_t gres_free(const struct node *n, const struct node_load *l, const char *name, const char *type);

#endif
