/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deadline: when something has to be decided about a job or a node. Private to src/core.
 *
 * The timers hold the smallest of these times; the tick asks each of them which one it was. INT64_MAX: never.
 */
#ifndef CORE_DEADLINE_H
#define CORE_DEADLINE_H

#include "core/state_impl.h"

enum { REBOOT_GRACE_SECONDS = 5 }; /* between the wish and the reboot of a free node: it may be taken back */
enum { NUDGE_SECONDS = 30 };       /* between two tries of a launch or a kill that no node has confirmed */

int64_t job_limit_time(const struct state *s, const struct job *j); /* TIMEOUT: limit and OverTimeLimit */
int64_t job_warn_time(const struct job *j);                         /* --signal */
int64_t job_start_by(const struct job *j);                          /* --deadline, less the time it needs */
int64_t job_inactive_time(const struct state *s, const struct job *j); /* InactiveLimit */
int64_t job_nudge_due(const struct state *s, const struct job *j);     /* launch or kill to be repeated */
int64_t step_limit_time(const struct step *st);
int64_t node_ping_due(const struct state *s, const struct node *n);
int64_t node_reboot_due(const struct state *s,
                        const struct node *n); /* to be issued; ResumeTimeout after it */
int64_t node_health_due(const struct state *s, const struct node *n); /* HealthCheckInterval */
int64_t node_timeout(const struct state *s, const struct node *n);    /* SlurmdTimeout */

#endif
