/* SPDX-License-Identifier: Apache-2.0 */
/* licenses: counts of the cluster's Licenses= line and what jobs hold of them ("matlab:2,ansys"; '|' = any
 * one of). */
#ifndef SCHED_LICENSES_H
#define SCHED_LICENSES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/vec.h"

struct license {
    char *name;
    uint64_t total, used;
};
struct licenses {
    VEC(struct license) list;
};
void licenses_init(struct licenses *l, const char *configured);
void licenses_release(struct licenses *l);
/* Syntax and names of a request, and unless any_count whether there are so many at all;
 * ESLURM_INVALID_LICENSES. */
int licenses_check(const struct licenses *l, const char *wanted, bool any_count, struct err *e);
bool licenses_fit(const struct licenses *l, const char *wanted);
void licenses_take(struct licenses *l, const char *wanted);

#endif
