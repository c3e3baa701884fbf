/* SPDX-License-Identifier: Apache-2.0 */
/* uphost: what this host has to offer to a private cluster. */
#ifndef CLI_UPHOST_H
#define CLI_UPHOST_H

#include <stdbool.h>
#include <stdint.h>

uint32_t up_host_cpus(void);    /* that this process may use */
uint64_t up_host_mib(void);     /* memory */
const char *up_host_user(void); /* name of the caller, or its number; lives as long as the process */
bool up_host_has_user(const char *name_or_number);

/* Can a daemon listen at addr (digits) there? */
bool up_port_free(const char *addr, uint16_t port);
/* The first of `count` neighbouring ports on 127.0.0.1 that are free, below those that outgoing connections
 * get. The search begins at a place that `seed` says, so that two folders seldom look at the same ones. 0:
 * there are none. */
uint16_t up_ports_find(const char *seed, uint32_t count);
/* A number from 0 to below `below` that depends on the text alone. */
uint32_t up_number_of(const char *text, uint32_t below);

/* Does a munged answer at that socket (NULL: its default)? */
bool up_host_has_munge(const char *socket_path);
/* May we make control groups here? */
bool up_host_has_cgroups(const char *mountpoint);

#endif
