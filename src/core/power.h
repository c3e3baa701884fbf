/* SPDX-License-Identifier: Apache-2.0 */
/*
 * power: what saving power means for a node: how long it may be idle, how long powering up and down may take,
 * and when something about it is due. Private to src/core.
 */
#ifndef CORE_POWER_H
#define CORE_POWER_H

#include "core/state_impl.h"

enum { POWER_RATE_SECONDS = 60 }; /* SuspendRate and ResumeRate are nodes a minute */

/* Works out the limits of every node anew: nodes, partitions or the policy have changed. Sets their timers.
 */
void power_link(struct state *s);
/* Nothing runs there: it is off, or on its way up. What it is given waits until it registers. */
bool node_is_asleep(const struct node *n);
/* Its jobs may begin there. */
bool node_is_ready(const struct node *n);
/* When its power is next looked at; INT64_MAX: nothing is due. */
int64_t node_power_due(const struct state *s, const struct node *n);
/* What is due then. */
enum power_move node_power_move(const struct node *n);
bool node_power_asked(const struct node *n); /* for up or down, by hand or by a job: not by idle time alone */
/* The parts of SuspendExcNodes: the nodes of the next one, and how many of them stay up (NO_VAL: all). *at
 * begins at the text and moves on; false at the end. Names that are unknown are left out. */
bool power_exc_next(const struct state *s, const char **at, struct bits *ret, uint32_t *ret_count);
/* One that counts as kept up by such a part. */
bool node_stays_up(const struct node *n);

#endif
