/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token: the number of this slurmd process among those of its node.
 *
 * It rises with every start, whatever the clock does: the last one is kept in the spool folder. The
 * controller refuses registrations of an older process, and a slurmd refuses launches that were meant for one
 * before it.
 */
#ifndef SLURMD_TOKEN_H
#define SLURMD_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* No slurmd has started here since then. */
bool token_is_first(const char *spool, int64_t since);
/* Negative with *e when the spool folder cannot be written; *ret_token is usable all the same. */
int token_next(const char *spool, int64_t now, uint64_t *ret_token, struct err *e);

#endif
