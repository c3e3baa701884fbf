/* SPDX-License-Identifier: Apache-2.0 */
/*
 * track: the processes of one step, as a set that can be signalled, counted and limited as a whole.
 *
 * Three ways, one interface: control groups version 1 and 2, and (CgroupPlugin=disabled) the ancestry of
 * processes, where the owner is a subreaper so that whatever a task leaves behind becomes its child. One
 * owner, one thread: the slurmstepd of the step.
 */
#ifndef OS_TRACK_H
#define OS_TRACK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "model.h"

enum { TRACK_ALL = UINT32_MAX }; /* instead of a task's local id */

struct track;
struct track_ops {
    /* Moves a process of ours into the set. Called by the process itself, before it becomes the user. */
    int (*join)(struct track *t, uint32_t local_id, struct err *e);
    /* Sends sig to every process of the set; gives how many there were. SIGKILL reaches stopped sets too. */
    uint32_t (*signal)(struct track *t, int sig);
    /* Stops every process of the set, also those that come to it later, or lets all go on. */
    void (*stop)(struct track *t, bool stop);
    /* How often the kernel killed a process of the set because memory was out: of one task, or TRACK_ALL. */
    uint64_t (*oom_kills)(struct track *t, uint32_t local_id);
    /* Frees, and removes what was made below the own root. */
    void (*close)(struct track *t);
};
struct track {
    const struct track_ops *ops;
};

/* What a step's set is made from. Texts are borrowed for the call. */
struct track_step {
    uint32_t uid, job_id;
    const char *step_name; /* "batch", "extern", "0" */
    uint32_t tasks;
    const struct step_cgroup *cgroup;  /* NULL: ancestry */
    const struct step_device *devices; /* all devices that jobs are kept from */
    uint32_t devices_n;
    const struct bits *allowed; /* indexes into devices that the step may use */
};
/* NULL with *e filled when the kernel refuses. */
struct track *track_open(const struct track_step *s, struct err *e);
struct track *track_linuxproc_open(void);
struct track *track_cgroup_v1_open(const struct track_step *s, struct err *e);
struct track *track_cgroup_v2_open(const struct track_step *s, struct err *e);

/* A step whose owner has died. Texts are borrowed for the call. */
struct track_orphan {
    uint32_t job_id, step_id;
    const char *step_name;
    const struct step_cgroup *cgroup;  /* NULL: ancestry */
    const char *node_name, *conf_path; /* what the environment of its tasks names; for ancestry only */
};
/*
 * Kills what such a step has left and removes its groups. Gives how many processes there still were: to be
 * called again until that is 0. Without control groups the processes are known by their environment, so one
 * that has cleared its own is not found.
 */
uint32_t track_sweep(const struct track_orphan *o);
uint32_t track_linuxproc_sweep(const struct track_orphan *o);
uint32_t track_cgroup_v1_sweep(const struct track_orphan *o);
uint32_t track_cgroup_v2_sweep(const struct track_orphan *o);

/* When a daemon ends: removes the own root of its steps' groups, unless steps are in it. NULL allowed. */
void track_remove_root(const struct step_cgroup *c);

#endif
