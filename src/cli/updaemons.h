/* SPDX-License-Identifier: Apache-2.0 */
/*
 * updaemons: the processes of a private cluster: starting them, finding them, ending them.
 *
 * A daemon belongs to a folder when its program is one of ours and its environment names the folder's
 * slurm.conf. That is asked of the kernel each time: a pid file may be left over, and its number may be
 * somebody else's by now.
 */
#ifndef CLI_UPDAEMONS_H
#define CLI_UPDAEMONS_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/vec.h"
#include "cli/upfolder.h"

enum up_kind {
    UP_CTLD,
    UP_SLURMD,
    UP_STEPD,
    UP_TASK, /* below a slurmstepd: what jobs run */
    UP_KINDS,
};

struct up_process {
    pid_t pid;
    int fd; /* pidfd: keeps the number from meaning another process */
    enum up_kind kind;
    char *node; /* of a slurmd, NULL: unknown */
};
struct up_processes {
    VEC(struct up_process) list;
};

/* What runs of this folder: daemons, steps and what they run. */
void up_find(const struct up_folder *f, struct up_processes *ret);
void up_processes_release(struct up_processes *p);
unsigned up_count(const struct up_processes *p, enum up_kind kind);
bool up_runs_node(const struct up_processes *p, const char *node);

/* The program beside this one or in the same build; NULL with *e when it is not there. The caller's. */
char *up_program(const char *name, struct err *e);
/* The folder in which the commands are. The caller's. */
char *up_bin_folder(void);

/* slurmctld, or a slurmd for each name; returns when each of them runs in the background. *e says which one
 * does not, and why. */
int up_start_ctld(const struct up_folder *f, struct err *e);
int up_start_nodes(const struct up_folder *f, char *const *names, uint32_t n, struct err *e);

/* Ends all of it, the controller first: asks, then kills. Fails when something cannot be killed. *ret_ended:
 * how many. */
int up_end(const struct up_folder *f, unsigned *ret_ended, struct err *e);

int64_t up_ms(void); /* a clock that only goes forward */

#endif
