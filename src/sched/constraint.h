/* SPDX-License-Identifier: Apache-2.0 */
/*
 * constraint: the --constraint expressions of sbatch(1): AND '&' ',' OR '|', parentheses, counts "fast*2",
 * one alternative for all nodes "[rack1|rack2]".
 */
#ifndef SCHED_CONSTRAINT_H
#define SCHED_CONSTRAINT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum { CONSTRAINT_ALTERNATIVES_MAX = 32 };

/* The alternatives of "[a|b]" one by one, or the whole expression once when it has none. Text is the
 * caller's. */
struct constraint_alternatives {
    char *v[CONSTRAINT_ALTERNATIVES_MAX];
    uint32_t n;
};
int constraint_split(const char *expr, struct constraint_alternatives *ret, struct err *e);
void constraint_release(struct constraint_alternatives *a);

/* Does a node with these features (comma separated, or NULL) satisfy the expression? NULL or "" always holds.
 */
bool constraint_match(const char *expr, const char *node_features);

/* Calls `known` for every name in the expression; negative with *e of this code for a malformed one or the
 * first unknown name. */
int constraint_check(const char *expr, int code, bool (*known)(void *arg, const char *name), void *arg,
                     struct err *e);

#endif
