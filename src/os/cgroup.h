/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup: what both versions of control groups need: small files, folders, and the processes in them.
 *
 * Nothing outside an own root (step_cgroup.root) is ever written.
 */
#ifndef OS_CGROUP_H
#define OS_CGROUP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "model.h"

/* Which version a host has: 2 when `mountpoint` is a cgroup2 file system with controllers, 1 when it holds
 * version 1 ones, else 0. */
int cgroup_detect(const char *mountpoint);

int cgroup_write(const char *dir, const char *file, const char *text, struct err *e);
int cgroup_write_number(const char *dir, const char *file, uint64_t v, struct err *e);
bool cgroup_read(const char *dir, const char *file, struct buf *out);
int cgroup_make(const char *dir, struct err *e); /* existing is fine */
/* Sends sig to every process in dir and below (0: none); gives their number. */
uint32_t cgroup_signal(const char *dir, int sig);
/* The number after `key` in a file of "key number" lines; 0 when absent. */
uint64_t cgroup_counter(const char *dir, const char *file, const char *key);
/* Removes dir and what is below it, as far as it is empty of processes. Processes that are about to end may
 * still hold it: waits for them, a second at most. */
void cgroup_remove(const char *dir);
/* Is `word` one of the words of a file such as cgroup.controllers? */
bool cgroup_lists(const char *dir, const char *file, const char *word);
/* Calls f for every folder directly below dir. */
void cgroup_each(const char *dir, void (*f)(const char *child, void *arg), void *arg);

/* The controllers of version 1 that steps use. */
enum { V1_FREEZER, V1_MEMORY, V1_CPUSET, V1_DEVICES, CGROUP_V1_COUNT };
extern const char *const cgroup_v1_names[CGROUP_V1_COUNT];

/* Bytes that a limit of `mem` MiB means: percent of it, at least the lower bound, at most the upper one,
 * which also is the limit when mem is 0. 0: no limit. */
uint64_t cgroup_ram_limit(const struct step_cgroup *c, uint64_t mem);
uint64_t cgroup_ram_swap_limit(const struct step_cgroup *c, uint64_t mem);

#endif
