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
#include "base/vec.h"

enum { CONSTRAINT_ALTERNATIVES_MAX = 32 };

/* "a*2" of "[a*2&b*1]": so many nodes of which the expression holds. */
struct constraint_term {
    char *expr;
    uint32_t nodes;
};

/* An expression for all nodes of a job, and of how many nodes a term of it holds besides. */
struct constraint_alternative {
    char *expr;
    VEC(struct constraint_term) terms; /* empty: no counts */
};

/* The alternatives of "[a|b]" one by one, or the whole expression once when it has none; of counted terms,
 * any of which a node may satisfy, that is "(a|b)". */
struct constraint_alternatives {
    struct constraint_alternative v[CONSTRAINT_ALTERNATIVES_MAX];
    uint32_t n;
};
/* Adds to *ret, which begins as {0}. */
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
