/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key: the secret that all daemons of a cluster share. doc/spec/04-credentials.md.
 *
 * A key file holds 32 to 1,024 random bytes, belongs to root, SlurmUser or whoever runs the program, and is
 * closed to everybody else.
 */
#ifndef OS_KEY_H
#define OS_KEY_H

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

enum { KEY_MIN = 32, KEY_MAX = 1024 };

struct key {
    uint8_t v[KEY_MAX];
    uint32_t len;
};

/* Fails with the errno as code (ENOENT: there is none), or with ESLURM_INVALID_AUTHENTICATION_CREDENTIAL for
 * a file that is not safe to use. */
int key_load(const char *path, uid_t slurm_uid, struct key *ret, struct err *e);
/* Makes a new file; one that is there already is an error (EEXIST). Root gives it to slurm_uid. */
int key_create(const char *path, uid_t slurm_uid, struct err *e);

#endif
