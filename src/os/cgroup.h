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
bool cgroup_read(const char *dir, const char *file, struct buf *out);
int cgroup_make(const char *dir, struct err *e); /* existing is fine */
/* Sends sig to every process in dir and below (0: none); gives their number. */
uint32_t cgroup_signal(const char *dir, int sig);
/* The number after `key` in a file of "key number" lines; 0 when absent. */
uint64_t cgroup_counter(const char *dir, const char *file, const char *key);
/* Removes dir and what is below it, as far as it is empty of processes. */
void cgroup_remove(const char *dir);

/* Bytes that a limit of `mem` MiB means: percent of it, never below the lower bound. 0 stays 0 (no limit). */
uint64_t cgroup_ram_limit(const struct step_cgroup *c, uint64_t mem);
uint64_t cgroup_ram_swap_limit(const struct step_cgroup *c, uint64_t mem);

#endif
