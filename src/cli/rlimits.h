/* SPDX-License-Identifier: Apache-2.0 */
/* rlimits: the resource limits that --propagate names. */
#ifndef CLI_RLIMITS_H
#define CLI_RLIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "meta/meta.h"

struct rlimit_name {
    const char *name; /* "NOFILE" */
    int resource;     /* RLIMIT_NOFILE */
};
extern const struct rlimit_name rlimit_names[];
extern const uint32_t rlimit_names_count;

/* Are all names of a comma separated list known? If not, the first that is not comes back. */
bool rlimits_known(const char *list, char *ret_bad, size_t size);
/* Does the list ("ALL", "NONE", names) hold this one? */
bool rlimits_holds(const char *list, const char *name);

/* What slurm.conf says without --propagate: the exceptions, when there are some, else the list; NULL or an
 * empty list is as good as "ALL". */
bool rlimits_propagate(const struct meta_strs *list, const struct meta_strs *except, const char *name);

#endif
