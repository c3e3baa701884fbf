/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pmi: how the MPI processes of a step find each other: the server side of PMI-1 and PMI-2 for the tasks of
 * one node, without input or output. slurmstepd carries bytes between it and the tasks (--mpi=pmi2).
 *
 * Tasks put pairs of key and value; what was put is seen by all after a fence. When every task of this node
 * waits at the fence, `put` is to be taken to the other nodes (fence_wanted); pmi_fence_done() gives
 * everybody's pairs and lets the tasks go on. Node attributes (PMI-2) are seen by the tasks of this node at
 * once. Spawning further processes and names published between jobs are refused.
 *
 * Limits: keys 64 bytes, values 1024, as both protocols tell their clients.
 */
#ifndef NODECORE_PMI_H
#define NODECORE_PMI_H

#include <stdbool.h>
#include <stdint.h>

#include "base/map.h"
#include "base/vec.h"
#include "model.h"
#include "nodecore/pmi_wire.h"

struct pmi_client {
    uint32_t rank;
    enum pmi_wire wire;
    bool greeted;  /* said which protocol it speaks */
    bool fenced;   /* waits for the others */
    bool spawning; /* in the middle of a PMI-1 spawn, which has many lines */
    char *thread;  /* PMI-2: echoed with the answer to the fence */
    struct buf in, out;
};
struct pmi_waiter {
    uint32_t client;
    char *key, *thread;
};

struct pmi {
    char *id; /* of the step: names the space of its keys */
    uint32_t size, clients_n;
    struct pmi_client *clients; /* by local task id; `out` is for the caller to send */
    struct map_str pairs, node_pairs;
    VEC(struct pmi_waiter) waiters; /* for a node attribute */
    struct pmi_fence put;           /* since the last fence */
    bool fence_wanted;              /* the caller clears it when `put` is on its way */
    bool aborted;
    char *abort_text;
};

/* `step` with its layout; `nodeid` is this node's place in it. */
void pmi_init(struct pmi *p, const char *id, const struct step *step, uint32_t nodeid);
void pmi_release(struct pmi *p);
/* Bytes of a task. Negative: what it says is not PMI; it must not be listened to any more. */
int pmi_feed(struct pmi *p, uint32_t client, const void *data, size_t len, struct err *e);
/* The pairs of every node, this one's among them. */
void pmi_fence_done(struct pmi *p, const struct pmi_fence *all);
/* "(vector,(0,2,4))": first node, nodes, tasks on each, for every run of ranks. */
void pmi_mapping(const struct step *step, struct buf *out);

#endif
