/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process: starting programs from a daemon: cheaply (no copy of the daemon's memory), with a clean signal
 * mask, and with exactly the descriptors that are named.
 */
#ifndef OS_PROCESS_H
#define OS_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

enum { PROCESS_FDS_MAX = 8 };

struct process_spec {
    const char *path;         /* no search in PATH */
    char *const *argv;        /* ends with NULL */
    char *const *env;         /* ends with NULL; NULL: our own */
    int fds[PROCESS_FDS_MAX]; /* the child's descriptor i is a copy of fds[i]; -1: /dev/null below 3, else
                                 closed */
    uint32_t fds_n;           /* at least 3 */
    bool own_group;           /* a process group of its own, so that it can be killed with its children */
};
/* The pid, or negative with *e when the program cannot be executed. Our other descriptors must be
 * close-on-exec. */
pid_t process_start(const struct process_spec *s, struct err *e);

#endif
