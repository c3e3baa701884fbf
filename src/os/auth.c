/* SPDX-License-Identifier: Apache-2.0 */
#include "os/auth.h"

#include <pthread.h>
#include <string.h>
#include <sys/random.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"
#include "model/errors.h"
#include "os/auth_internal.h"
#include "os/auth_munge.h"

enum { NOBODY = 65534 };

struct auth {
    char *type, *alt_type, *cluster, *socket;
    struct key token_key, credential_key, forward_key;
    bool has_key;
    uid_t slurm_uid;
    pthread_mutex_t lock; /* of the caches */
    struct nonce_cache tokens;
};

static bool known_type(const char *type)
{
    return text_same(type, "auth/slurm") || text_same(type, "auth/munge");
}

struct auth *auth_open(const struct auth_settings *s, struct err *e)
{
    const char *type = s->type ? s->type : "auth/slurm";

    if (!known_type(type)) {
        err_set(e, ESLURM_PLUGIN_FILE_NOT_FOUND,
                "AuthType=%s is not supported: take auth/slurm or auth/munge", type);
        return NULL;
    }
    if (text_same(type, "auth/slurm") && !s->key) {
        err_set(e, ESLURM_INVALID_AUTHENTICATION_CREDENTIAL, "AuthType=auth/slurm needs a key");
        return NULL;
    }
    struct auth *a = mem_alloc(sizeof *a);
    a->type = mem_strdup(type);
    a->alt_type = known_type(s->alt_type) ? mem_strdup(s->alt_type) : NULL;
    a->cluster = mem_strdup(s->cluster);
    a->socket = mem_strdup(s->socket);
    a->has_key = s->key && slurm_derive(s->key, "sluice token", &a->token_key) == 0 &&
                 slurm_derive(s->key, "sluice credential", &a->credential_key) == 0 &&
                 slurm_derive(s->key, "sluice forward", &a->forward_key) == 0;
    REQUIRE(a->has_key || !s->key);
    a->slurm_uid = s->slurm_uid;
    pthread_mutex_init(&a->lock, NULL);
    nonce_init(&a->tokens, AUTH_TOKEN_LIFE_S + 2 * AUTH_SKEW_S);
    return a;
}

void auth_close(struct auth *a)
{
    if (!a)
        return;
    explicit_bzero(&a->token_key, sizeof a->token_key);
    explicit_bzero(&a->credential_key, sizeof a->credential_key);
    explicit_bzero(&a->forward_key, sizeof a->forward_key);
    nonce_release(&a->tokens);
    pthread_mutex_destroy(&a->lock);
    mem_free(a->type);
    mem_free(a->alt_type);
    mem_free(a->cluster);
    mem_free(a->socket);
    mem_free(a);
}

const char *auth_type(const struct auth *a)
{
    return a->type;
}

static uint64_t random_u64(void)
{
    uint64_t v;

    REQUIRE(getrandom(&v, sizeof v, 0) == sizeof v);
    return v;
}

static bool first_time(struct auth *a, struct nonce_cache *cache, uint64_t nonce, int64_t now)
{
    pthread_mutex_lock(&a->lock);
    bool first = nonce_take(cache, nonce, now);
    pthread_mutex_unlock(&a->lock);
    return first;
}

/* --- tokens --- */

int auth_make_token(struct auth *a, const struct auth_identity *who, const char *audience, int64_t now,
                    struct buf *ret, struct err *e)
{
    struct token_body body;
    struct buf data = BUF_INIT;

    if (text_same(a->type, "auth/munge"))
        return auth_munge_encode(audience, a->socket, ret, e);
    meta_init(&record_token_body, &body);
    body.cluster = a->cluster;
    body.uid = who->uid;
    body.gid = who->gid;
    body.issued = now;
    body.expires = now + AUTH_TOKEN_LIFE_S;
    body.nonce = random_u64();
    body.audience = (char *)audience;
    meta_encode(&record_token_body, &body, &data);
    int rc = slurm_sign(&a->token_key, &data, ret, e);
    buf_release(&data);
    return rc;
}

static int check_times(int64_t issued, int64_t expires, int64_t life, int64_t now, struct err *e)
{
    if (now > expires)
        return err_set(e, ESLURM_AUTHENTICATION_CREDENTIAL_EXPIRED, "%s: %lld seconds ago",
                       error_text(ESLURM_AUTHENTICATION_CREDENTIAL_EXPIRED), (long long)(now - expires));
    if (issued > now + AUTH_SKEW_S || issued > expires || expires - issued > life)
        return err_set(e, ESLURM_INVALID_AUTHENTICATION_CREDENTIAL,
                       "%s: issued %lld seconds ahead of this host's clock",
                       error_text(ESLURM_INVALID_AUTHENTICATION_CREDENTIAL), (long long)(issued - now));
    return 0;
}

static int check_body(struct auth *a, const struct token_body *b, const char *audience, int64_t now,
                      struct err *e)
{
    const int code = ESLURM_INVALID_AUTHENTICATION_CREDENTIAL;

    int rc = check_times(b->issued, b->expires, AUTH_TOKEN_LIFE_S, now, e);
    if (rc < 0)
        return rc;
    /* Absent: whoever fetches his first configuration does not know the name yet. */
    if (b->cluster && !text_same(b->cluster, a->cluster))
        return err_set(e, code, "%s: it is for cluster %s", error_text(code), b->cluster);
    if (!text_same(b->audience, audience))
        return err_set(e, code, "%s: it is for %s", error_text(code), b->audience ? b->audience : "(nobody)");
    if (b->uid == NO_VAL || b->gid == NO_VAL)
        return err_set(e, code, "%s: it names no user", error_text(code));
    if (!first_time(a, &a->tokens, b->nonce, now))
        return err_set(e, code, "%s: it has been used before", error_text(code));
    return 0;
}

static int check_slurm_token(struct auth *a, const void *token, size_t len, const char *audience, int64_t now,
                             struct auth_identity *ret, struct err *e)
{
    struct signed_blob blob;
    struct token_body body;

    int rc = slurm_open(&a->token_key, token, len, &blob, e);
    if (rc < 0)
        return rc;
    if (meta_decode(&record_token_body, &body, blob.data.v, blob.data.n, e) < 0)
        rc = err_set(e, ESLURM_CANNOT_UNPACK_CREDENTIAL, "the token cannot be read");
    if (rc == 0) {
        rc = check_body(a, &body, audience, now, e);
        *ret = (struct auth_identity){body.uid, body.gid};
        meta_release(&record_token_body, &body);
    }
    meta_release(&record_signed_blob, &blob);
    return rc;
}

static int check_munge_token(struct auth *a, const void *token, size_t len, const char *audience,
                             struct auth_identity *ret, struct err *e)
{
    struct buf payload = BUF_INIT;

    int rc = auth_munge_decode(token, len, a->socket, false, &ret->uid, &ret->gid, &payload, e);
    if (rc == 0 && !text_same(payload.s, audience))
        rc = err_set(e, ESLURM_INVALID_AUTHENTICATION_CREDENTIAL, "%s: it is for %s",
                     error_text(ESLURM_INVALID_AUTHENTICATION_CREDENTIAL), payload.s);
    buf_release(&payload);
    return rc;
}

int auth_check_token(struct auth *a, const char *type, const void *token, size_t len, const char *audience,
                     int64_t now, struct auth_identity *ret, struct err *e)
{
    int rc;

    if (!type || (!text_same(type, a->type) && !text_same(type, a->alt_type)))
        return err_set(e, ESLURM_PROTOCOL_AUTHENTICATION, "%s: this daemon expects %s, not %s",
                       error_text(ESLURM_PROTOCOL_AUTHENTICATION), a->type, type ? type : "nothing");
    if (text_same(type, "auth/munge"))
        rc = check_munge_token(a, token, len, audience, ret, e);
    else if (a->has_key)
        rc = check_slurm_token(a, token, len, audience, now, ret, e);
    else
        rc = err_set(e, ESLURM_PROTOCOL_AUTHENTICATION, "this daemon has no key");
    if (rc == 0 && (ret->uid == NOBODY || ret->gid == NOBODY))
        rc = err_set(e, ESLURM_REJECTING_AUTHENTICATION_USER_NOBODY_OR_GROUP, "%s",
                     error_text(ESLURM_REJECTING_AUTHENTICATION_USER_NOBODY_OR_GROUP));
    return rc;
}

/* --- signatures --- */

/* What munge vouches for: the purpose, so that what was signed for one can never be shown for another, and
 * the hash of the data. */
static void munge_statement(const char *purpose, const void *data, size_t len, struct buf *ret)
{
    uint8_t hash[AUTH_MAC_LEN];

    buf_adds(ret, purpose);
    sha256(data, len, hash);
    for (uint32_t i = 0; i < AUTH_MAC_LEN; i++)
        buf_addf(ret, "%02x", hash[i]);
}

/* With munge the signature is a munge credential of the controller. */
static int munge_sign(struct auth *a, const char *purpose, const struct buf *data, struct buf *ret,
                      struct err *e)
{
    struct buf cred = BUF_INIT, statement = BUF_INIT;
    struct signed_blob blob;

    munge_statement(purpose, data->s, data->len, &statement);
    int rc = auth_munge_encode(statement.s, a->socket, &cred, e);
    buf_release(&statement);
    if (rc == 0) {
        meta_init(&record_signed_blob, &blob);
        blob.data = (struct meta_bytes){(uint8_t *)data->s, (uint32_t)data->len};
        blob.mac = (struct meta_bytes){(uint8_t *)cred.s, (uint32_t)cred.len};
        meta_encode(&record_signed_blob, &blob, ret);
    }
    buf_release(&cred);
    return rc;
}

static int munge_open(struct auth *a, const char *purpose, const void *data, size_t len,
                      struct signed_blob *ret, struct err *e)
{
    struct buf payload = BUF_INIT, statement = BUF_INIT;
    uint32_t uid = NO_VAL, gid;

    if (meta_decode(&record_signed_blob, ret, data, len, e) < 0)
        return err_set(e, ESLURM_CANNOT_UNPACK_CREDENTIAL, "the credential cannot be read");
    int rc = auth_munge_decode(ret->mac.v, ret->mac.n, a->socket, true, &uid, &gid, &payload, e);
    if (rc == 0) {
        munge_statement(purpose, ret->data.v, ret->data.n, &statement);
        if (!text_same(statement.s, payload.s) || (uid != 0 && uid != a->slurm_uid))
            rc = err_set(e, ESLURM_INVALID_JOB_CREDENTIAL, "%s: not signed by the controller",
                         error_text(ESLURM_INVALID_JOB_CREDENTIAL));
    }
    buf_release(&payload);
    buf_release(&statement);
    if (rc < 0)
        meta_release(&record_signed_blob, ret);
    return rc;
}

static bool by_munge(const struct auth *a)
{
    return text_same(a->type, "auth/munge");
}

/* --- launch credentials --- */

int auth_sign_credential(struct auth *a, struct credential *c, int64_t now, struct buf *ret, struct err *e)
{
    struct buf data = BUF_INIT;

    mem_set_str(&c->cluster, a->cluster);
    c->issued = now;
    c->expires = now + AUTH_CREDENTIAL_LIFE_S;
    c->nonce = random_u64();
    meta_encode(&record_credential, c, &data);
    int rc = by_munge(a) ? munge_sign(a, "", &data, ret, e) : slurm_sign(&a->credential_key, &data, ret, e);
    buf_release(&data);
    return rc;
}

static int check_credential(struct auth *a, const struct credential *c, const char *node, int64_t now,
                            struct err *e)
{
    const int code = ESLURM_INVALID_JOB_CREDENTIAL;
    bool named = false;

    for (uint32_t i = 0; i < c->nodes.n; i++)
        named |= text_same(c->nodes.v[i].name, node);
    if (now > c->expires)
        return err_set(e, ESLURM_JOB_CREDENTIAL_EXPIRED, "%s: job %u",
                       error_text(ESLURM_JOB_CREDENTIAL_EXPIRED), c->job_id);
    if (c->issued > now + AUTH_SKEW_S || c->expires - c->issued > AUTH_CREDENTIAL_LIFE_S)
        return err_set(e, code, "%s: job %u: its time cannot be right", error_text(code), c->job_id);
    if (!text_same(c->cluster, a->cluster))
        return err_set(e, code, "%s: it is for cluster %s", error_text(code),
                       c->cluster ? c->cluster : "(none)");
    if (!named)
        return err_set(e, code, "%s: job %u may not use %s", error_text(code), c->job_id, node);
    return 0;
}

int auth_check_credential(struct auth *a, const void *data, size_t len, const char *node, int64_t now,
                          struct credential *ret, struct err *e)
{
    struct signed_blob blob;

    int rc = by_munge(a) ? munge_open(a, "", data, len, &blob, e)
                         : slurm_open(&a->credential_key, data, len, &blob, e);
    if (rc < 0)
        return rc;
    if (meta_decode(&record_credential, ret, blob.data.v, blob.data.n, e) < 0) {
        rc = err_set(e, ESLURM_INVALID_JOB_CREDENTIAL, "the credential cannot be read");
    } else {
        rc = check_credential(a, ret, node, now, e);
        if (rc < 0)
            meta_release(&record_credential, ret);
    }
    meta_release(&record_signed_blob, &blob);
    return rc;
}

/* --- messages that are passed on --- */

int auth_seal_forward(struct auth *a, struct forward_body *b, int64_t now, struct buf *ret, struct err *e)
{
    struct buf data = BUF_INIT;

    mem_set_str(&b->cluster, a->cluster);
    b->uid = (uint32_t)a->slurm_uid;
    b->issued = now;
    b->nonce = random_u64();
    meta_encode(&record_forward_body, b, &data);
    int rc =
        by_munge(a) ? munge_sign(a, "forward ", &data, ret, e) : slurm_sign(&a->forward_key, &data, ret, e);
    buf_release(&data);
    return rc;
}

static int check_forward(const struct auth *a, const struct forward_body *b, int64_t now, struct err *e)
{
    const int code = ESLURM_INVALID_AUTHENTICATION_CREDENTIAL;
    int rc = check_times(b->issued, b->expires, AUTH_FORWARD_LIFE_S_MAX, now, e);

    if (rc < 0)
        return rc;
    if (!text_same(b->cluster, a->cluster))
        return err_set(e, code, "%s: it is for cluster %s", error_text(code),
                       b->cluster ? b->cluster : "(none)");
    if (b->uid != 0 && b->uid != a->slurm_uid)
        return err_set(e, code, "%s: uid %u may not send it", error_text(code), b->uid);
    return 0;
}

int auth_check_forward(struct auth *a, const void *data, size_t len, int64_t now, struct forward_body *ret,
                       struct err *e)
{
    struct signed_blob blob;

    int rc = by_munge(a) ? munge_open(a, "forward ", data, len, &blob, e)
                         : slurm_open(&a->forward_key, data, len, &blob, e);
    if (rc < 0)
        return rc;
    if (meta_decode(&record_forward_body, ret, blob.data.v, blob.data.n, e) < 0) {
        rc = err_set(e, ESLURM_CANNOT_UNPACK_CREDENTIAL, "the message that was passed on cannot be read");
    } else {
        rc = check_forward(a, ret, now, e);
        if (rc < 0)
            meta_release(&record_forward_body, ret);
    }
    meta_release(&record_signed_blob, &blob);
    return rc;
}
