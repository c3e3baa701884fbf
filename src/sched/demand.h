/* SPDX-License-Identifier: Apache-2.0 */
/*
 * demand: what a job needs, worked out once from its spec, its partition and the policy, so that looking at a
 * node is cheap.
 *
 * A *unit* is what the selection hands out: a core, or a thread when single CPUs are consumable (CR_CPU).
 * Units of a node are numbered socket by socket. `cpus` are what is charged and printed: units times the CPUs
 * in a unit.
 */
#ifndef SCHED_DEMAND_H
#define SCHED_DEMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bits.h"
#include "base/err.h"
#include "sched/sched.h"

enum { DEMAND_GRES_MAX = 16 }; /* different name:type pairs in one request */

/* One kind of device. Counts are 0 when not asked for. type NULL: any. */
struct gres_need {
    char *name, *type;
    uint64_t per_node, per_job, per_task, per_socket;
    uint32_t tasks_each; /* --ntasks-per-gpu: that many tasks share one, 0 = not asked */
};

struct demand {
    uint32_t nodes_min, nodes_max;                /* at least 1; max may be INFINITE */
    uint32_t nodes_want;                          /* as many as that when they are there */
    struct bits sizes;                            /* numbers of nodes that will do; empty: any */
    bool first_fit;                               /* one node, and no tighter one is looked for */
    bool spread;                                  /* --spread-job: the tasks go round the nodes */
    uint32_t ntasks;                              /* at least nodes_min unless the user asked for fewer */
    uint32_t cpus_per_task;                       /* at least 1 */
    uint32_t tasks_per_node;                      /* most on a node, 0 = no limit */
    bool tasks_per_node_exact;                    /* a node must take that many */
    bool tasks_counted;                           /* the user said how many */
    bool tasks_open;                              /* nobody said how many: as many as the CPUs take */
    bool block_cores;                             /* fill a socket before the next one */
    uint32_t tasks_per_socket, tasks_per_core;    /* 0 = no limit */
    uint32_t threads;                             /* threads of a core that are used, 0 = all */
    uint32_t cpus_node_min;                       /* --mincpus, at least 1 */
    uint32_t cpus_node_take;                      /* taken on each node whatever the tasks need, at least 1 */
    uint32_t sockets_min, cores_min, threads_min; /* geometry a node must have, 0 = any */
    uint32_t tmp_disk;                            /* MiB */
    uint64_t mem_node, mem_cpu;                   /* MiB, 0 = not asked */
    uint64_t mem_gpu;                             /* MiB a GPU, 0 = not asked */
    bool mem_whole;                               /* all memory of each node */
    bool mem_default;                             /* mem_* is the partition's or the cluster's default */
    bool exclusive;                               /* nobody else's job on its nodes */
    bool whole;                                   /* all units of each node are charged */
    bool contiguous;                              /* neighbouring nodes only */
    bool user_nodes;                              /* --exclusive=user: no other user's job on its nodes */
    bool bind_devices, spread_devices;            /* only, or not even preferably, cores near the devices */
    bool serial_last;                             /* one CPU, which the site wants at the end of the nodes */
    uint16_t core_spec, thread_spec;              /* left to the system, or NO_VAL16 */
    uint32_t cpus_per_gpu, tasks_per_gpu;         /* 0 = not asked */
    bool overcommit;                              /* any number of tasks on the node's CPUs */
    uint32_t limit_s;                             /* planned run time in seconds */
    struct gres_need gres[DEMAND_GRES_MAX];
    uint32_t gres_n;
};

/* The largest of d->sizes below `size`, 0 when there is none. */
uint32_t demand_size_below(const struct demand *d, uint32_t size);
/* Does the job get whole nodes in this partition, alone? */
bool demand_is_exclusive(const struct policy *p, const struct job_spec *spec, const struct part *part);
/* Errors: ESLURM_INVALID_GRES and the like for texts that do not parse. */
int demand_init(struct demand *d, const struct sched_view *v, const struct job *job, const struct part *part,
                struct err *e);
void demand_release(struct demand *d);

/* The effective time limit in minutes: the job's, else the partition's default, else its maximum. */
uint32_t demand_time_limit(const struct job_spec *spec, const struct part *part);

/* GPUs that so many nodes and tasks ask for, with those of the whole job. */
uint64_t demand_gpus(const struct demand *d, uint64_t nodes, uint64_t tasks);
/* Adds to the job-wide count of one kind; false when there are too many kinds. */
bool demand_add_gres(struct demand *d, const char *name, const char *type, uint64_t count);
/* Splits "gres/gpu:h100:2,gres/fpga:1" (the tres_per_* fields) into needs; `slot` is the offset of the count
 * in gres_need. */
int demand_parse_gres(struct demand *d, const char *tres, size_t slot, struct err *e);

#endif
