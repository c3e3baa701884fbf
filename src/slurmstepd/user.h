/* SPDX-License-Identifier: Apache-2.0 */
/*
 * user: becoming the user of a step, for a moment (to open files as the user would) or for good (in a task).
 */
#ifndef SLURMSTEPD_USER_H
#define SLURMSTEPD_USER_H

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "meta/meta.h"

struct user {
    uid_t uid;
    gid_t gid;
    const uint32_t *gids; /* supplementary groups */
    uint32_t gids_n;
};
/* What to go back to; from user_borrow. */
struct user_saved {
    gid_t groups[64];
    int groups_n;
    gid_t gid;
    uid_t uid;
    int switched;
};

/* Effective ids and groups of the user until user_return. Does nothing when we are that user and not root. */
int user_borrow(const struct user *u, struct user_saved *ret_saved, struct err *e);
void user_return(const struct user_saved *saved);
/* All ids, groups and capabilities, for ever. */
int user_become(const struct user *u, struct err *e);

/* "NOFILE=512": soft limits; a value above the hard limit is cut to it. Unknown names are refused. */
int user_set_limit(const char *text, struct err *e);

#endif
