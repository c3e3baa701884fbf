/* SPDX-License-Identifier: Apache-2.0 */
/*
 * upconf: the configuration of a private cluster, written to its folder.
 *
 * Either from nothing, or from a given slurm.conf and the files beside it: every line of it is kept, and only
 * what must be local is changed, with a comment at its place. doc/spec/09-private-cluster.md says what that
 * is.
 */
#ifndef CLI_UPCONF_H
#define CLI_UPCONF_H

#include <stdint.h>

#include "cli/upfolder.h"

enum { UP_NODES_MAX = 10000 };

/* cpus: of a node; 0: a fair share of this host's. */
int up_conf_new(const struct up_folder *f, uint32_t nodes, uint32_t cpus, struct err *e);
int up_conf_derive(const struct up_folder *f, const char *from, struct err *e);

#endif
