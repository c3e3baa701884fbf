/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth: who sent this, and may it be executed? Tokens and launch credentials of doc/spec/04-credentials.md.
 *
 * For daemons: it links libcrypto (auth/slurm) or loads libmunge at run time (auth/munge). Every function may
 * be called from several threads at once. `now` is in seconds since 1970 and comes from the caller.
 */
#ifndef OS_AUTH_H
#define OS_AUTH_H

#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "model.h"
#include "os/key.h"

enum {
    AUTH_TOKEN_LIFE_S = 60,
    AUTH_CREDENTIAL_LIFE_S = 120,
    AUTH_FORWARD_LIFE_S_MAX = 900,
    AUTH_SKEW_S = 60, /* how far ahead the sender's clock may be */
};

struct auth_settings {
    const char *type;     /* auth/slurm, auth/munge; NULL: auth/slurm */
    const char *alt_type; /* AuthAltTypes: also accepted; NULL: none */
    const char *cluster;
    const char *socket;    /* munge's, from AuthInfo=socket=; NULL: its default */
    const struct key *key; /* copied; NULL with auth/munge alone */
    uid_t slurm_uid;       /* whose signature under a credential is the controller's, with munge */
};

struct auth;
struct auth *auth_open(const struct auth_settings *s, struct err *e);
void auth_close(struct auth *a);
const char *auth_type(const struct auth *a);

struct auth_identity {
    uint32_t uid, gid;
};

/* A token that says "uid and gid ask `audience`". With munge, the identity is that of the process, whatever
 * is given. */
int auth_make_token(struct auth *a, const struct auth_identity *who, const char *audience, int64_t now,
                    struct buf *ret, struct err *e);
/* Checks form, key, cluster, audience, time, and that it was never shown before. `type` is hello's. */
int auth_check_token(struct auth *a, const char *type, const void *token, size_t len, const char *audience,
                     int64_t now, struct auth_identity *ret, struct err *e);

/* Sets issue time, expiry and nonce, and appends the encoded signed_blob. */
int auth_sign_credential(struct auth *a, struct credential *c, int64_t now, struct buf *ret, struct err *e);
/* Checks form, key, cluster, time, and that it names `node`. Whether it was used before is asked of nodecore,
 * which knows a launch that is repeated from one that is replayed. *ret: meta_release it. */
int auth_check_credential(struct auth *a, const void *data, size_t len, const char *node, int64_t now,
                          struct credential *ret, struct err *e);

/* A message that others pass on: sets cluster, issue time and nonce; `expires` is the caller's. */
int auth_seal_forward(struct auth *a, struct forward_body *b, int64_t now, struct buf *ret, struct err *e);
/* Checks form, key, cluster, time, and that SlurmUser or root has sent it. Whom it is for and whether it has
 * come before is asked of slurmd. *ret: meta_release it. */
int auth_check_forward(struct auth *a, const void *data, size_t len, int64_t now, struct forward_body *ret,
                       struct err *e);

#endif
