/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nodetext: what a node is doing, from its base state, modifiers and load, and how Slurm's commands print it.
 * Specified by doc/spec/01-states.md.
 */
#ifndef MODEL_NODETEXT_H
#define MODEL_NODETEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "model.h"

/* The base state with the load worked in. */
enum node_use {
    NODE_USE_DOWN,
    NODE_USE_UNKNOWN,
    NODE_USE_FUTURE,
    NODE_USE_ERROR,
    NODE_USE_IDLE,
    NODE_USE_MIXED,     /* some CPUs allocated, or a suspended job */
    NODE_USE_ALLOCATED, /* all CPUs that jobs may use */
};
enum node_use node_use(const struct node *n);

/* CPUs that jobs may use: all but the specialised ones. */
uint32_t node_usable_cpus(const struct node *n);

/* node.cpu_bind as scontrol prints it: "cores"; NULL when it is not given. */
const char *node_cpu_bind_text(uint32_t cpu_bind);
/* The other way, "core" as well as "cores"; "off" is 0. false: no such binding. */
bool node_cpu_bind_parse(const char *text, uint32_t *ret);

/* SuspendExcStates: the flags that they stand for, and whether DOWN is among them. Gives the first name that
 * is none, or NULL. */
const char *node_exc_states(const struct meta_strs *names, uint64_t *ret_flags, bool *ret_down);

/* As sinfo %T prints it: "idle", "idle*", "mixed-", "drained~"; and %t: "drng", "plnd". Suffix included. */
void node_state_text(const struct node *n, struct buf *out);
void node_state_short(const struct node *n, struct buf *out);
/* As scontrol prints it with sep "+": "IDLE+DRAIN+NOT_RESPONDING"; other separators for lists in JSON. */
void node_state_list(const struct node *n, const char *sep, struct buf *out);

#endif
