/* SPDX-License-Identifier: Apache-2.0 */
/* topology: what the readers of topology.conf and topology.yaml share. */
#ifndef CONF_TOPOLOGY_H
#define CONF_TOPOLOGY_H

#include "conf/load.h"

/* A switch or block as it was written. */
struct topo_unit {
    char *name, *nodes, *children;
    uint32_t speed;
    struct bits members; /* node indexes, of those below as well */
    int level;           /* -1: not known yet */
    uint32_t parent;     /* NO_VAL: none */
};

struct topo_reader {
    struct loader *l;
    const char *path;
    bool block;
    bool failed;
    VEC(struct topo_unit) units; /* owned; topo_finish releases them */
};

void topo_refuse(struct topo_reader *t, uint32_t line, const char *what, const char *detail);
/* The text is the last thing the program says; it is freed. */
void topo_fatal(struct topo_reader *t, char *text);
/* Finds nodes, levels and parents and makes records of the units. */
void topo_finish(struct topo_reader *t, struct topo_plan *ret);
/* The units in force from now on. */
void topo_use(struct conf *c, const struct topo_plan *plan);

/* False when there is no topology.yaml. */
bool load_topology_yaml(struct loader *l);

#endif
