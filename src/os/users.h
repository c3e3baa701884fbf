/* SPDX-License-Identifier: Apache-2.0 */
/*
 * users: names and groups of users, kept for a while, so that a slow name service is asked seldom and never
 * under a lock.
 *
 * Every function may be called from any thread; users_get may block for as long as the name service takes.
 */
#ifndef OS_USERS_H
#define OS_USERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/shared.h"

enum { USERS_KEEP_S = 600, USERS_GROUPS_MAX = 65536 };

struct user {
    struct shared sh;
    uint32_t uid, gid;
    char *name;       /* NULL: the uid has no account */
    uint32_t *groups; /* with the primary one */
    uint32_t groups_n;
    int64_t asked; /* when the name service said so */
};

struct users;
struct users *users_new(void);
void users_free(struct users *u);
/* Never NULL; user_drop it. */
struct user *users_get(struct users *u, uint32_t uid);
/* The same when it is known without asking, else NULL. */
struct user *users_peek(struct users *u, uint32_t uid);
void user_drop(struct user *user);
void users_forget(struct users *u); /* ask again (reconfiguration) */

/* Plain look-ups, not kept. */
bool users_id(const char *name_or_number, uint32_t *ret_uid, uint32_t *ret_gid);
/* The uid that SlurmUser= or SlurmdUser= names; root where it is NULL, and our own where there is no such
 * user. */
uint32_t users_daemon_uid(const char *name);
/* uids of the members of a group, primary ones included where the name service lists them. */
struct meta_u32s;
bool users_of_group(const char *group, struct meta_u32s *ret);

#endif
