/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nodestates: the state lists of sinfo --states: "idle,mixed", "down+drain" (both), "~down" (not).
 */
#ifndef CLI_NODESTATES_H
#define CLI_NODESTATES_H

#include <stdbool.h>

#include "model.h"

/* Whether every word of the list is known; the first that is not is copied to bad (of `size` bytes). */
bool nodestates_valid(const char *list, char *bad, size_t size);
bool nodestates_match(const char *list, const struct node *n);

#endif
