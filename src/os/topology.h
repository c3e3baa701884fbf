/* SPDX-License-Identifier: Apache-2.0 */
/*
 * topology: what this host is made of, as slurmd registers it and `slurmd -C` prints it.
 */
#ifndef OS_TOPOLOGY_H
#define OS_TOPOLOGY_H

#include <stdint.h>

#include "base/bits.h"
#include "base/buf.h"
#include "base/err.h"

struct topology {
    uint32_t cpus;                            /* threads */
    uint16_t boards, sockets, cores, threads; /* sockets per board, cores per socket, threads per core */
    uint64_t real_memory;                     /* MiB */
    int64_t boot_time;
    /* The operating system's CPUs of each core, socket-major: abstract core numbers are indexes. */
    struct bits *core_cpus;
    uint32_t core_count;
};

int topology_discover(struct topology *ret, struct err *e);
void topology_release(struct topology *t);
/* The operating system's CPUs of abstract cores; empty when the host does not have one of them. */
void topology_cpus(const struct topology *t, const struct bits *cores, struct bits *ret);
/* "NodeName=n1 CPUs=2 ... RealMemory=...", without the line about the uptime. */
void topology_text(const struct topology *t, const char *node_name, struct buf *out);
/* "UpTime=0-00:31:23" */
void topology_uptime_text(const struct topology *t, int64_t now, struct buf *out);

uint32_t topology_cpu_load(void);             /* 1/100, one minute */
uint64_t topology_free_memory(void);          /* MiB that a new process could have */
uint32_t topology_tmp_disk(const char *path); /* MiB of the file system; 0 when it cannot be told */

#endif
