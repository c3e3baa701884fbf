/* SPDX-License-Identifier: Apache-2.0 */
#include "os/auth_munge.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "model.h"

/* The part of munge.h (libmunge's public, stable interface) that is used. */
enum { MUNGE_OK = 0, MUNGE_EXPIRED = 15, MUNGE_REWOUND = 16, MUNGE_REPLAYED = 17 };
enum { MUNGE_OPT_SOCKET = 8 };

static struct {
    void *lib;
    int (*encode)(char **cred, void *ctx, const void *buf, int len);
    int (*decode)(const char *cred, void *ctx, void **buf, int *len, uid_t *uid, gid_t *gid);
    const char *(*strerror)(int e);
    const char *(*ctx_strerror)(void *ctx);
    void *(*ctx_create)(void);
    void (*ctx_destroy)(void *ctx);
    int (*ctx_set)(void *ctx, int opt, ...);
} munge;

static void load_munge(void)
{
    void *lib = dlopen("libmunge.so.2", RTLD_NOW | RTLD_LOCAL);

    if (!lib)
        return;
    munge.encode = (int (*)(char **, void *, const void *, int))dlsym(lib, "munge_encode");
    munge.decode =
        (int (*)(const char *, void *, void **, int *, uid_t *, gid_t *))dlsym(lib, "munge_decode");
    munge.strerror = (const char *(*)(int))dlsym(lib, "munge_strerror");
    munge.ctx_strerror = (const char *(*)(void *))dlsym(lib, "munge_ctx_strerror");
    munge.ctx_create = (void *(*)(void))dlsym(lib, "munge_ctx_create");
    munge.ctx_destroy = (void (*)(void *))dlsym(lib, "munge_ctx_destroy");
    munge.ctx_set = (int (*)(void *, int, ...))dlsym(lib, "munge_ctx_set");
    if (munge.encode && munge.decode && munge.strerror && munge.ctx_strerror && munge.ctx_create &&
        munge.ctx_destroy && munge.ctx_set)
        munge.lib = lib;
}

/* A context that knows the socket, or NULL with *e filled. */
static void *munge_context(const char *socket, struct err *e)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, load_munge);
    if (!munge.lib) {
        err_set(e, ESLURM_TOKEN_GENERATION_FAILED, "auth/munge: libmunge.so.2 cannot be loaded");
        return NULL;
    }
    void *ctx = munge.ctx_create();
    REQUIRE(ctx);
    if (socket)
        munge.ctx_set(ctx, MUNGE_OPT_SOCKET, socket);
    return ctx;
}

/* libmunge's words for this failure: with the socket's path where munged cannot be reached. */
static char *error_of(void *ctx, int rc)
{
    const char *text = munge.ctx_strerror(ctx);

    return mem_strdup(text ? text : munge.strerror(rc));
}

int auth_munge_encode(const char *payload, const char *socket, struct buf *ret, struct err *e)
{
    char *cred = NULL;
    void *ctx = munge_context(socket, e);

    if (!ctx)
        return -e->code;
    int rc = munge.encode(&cred, ctx, payload, payload ? (int)strlen(payload) : 0);
    if (rc != MUNGE_OK) {
        char *why = error_of(ctx, rc);

        rc = err_set(e, ESLURM_TOKEN_GENERATION_FAILED, "munge: %s", why);
        mem_free(why);
    } else {
        buf_adds(ret, cred);
    }
    munge.ctx_destroy(ctx);
    free(cred);
    return rc;
}

int auth_munge_decode(const void *cred, size_t len, const char *socket, bool again, uint32_t *ret_uid,
                      uint32_t *ret_gid, struct buf *ret_payload, struct err *e)
{
    void *data = NULL, *ctx = munge_context(socket, e);
    int data_len = 0;
    uid_t uid;
    gid_t gid;

    if (!ctx)
        return -e->code;
    char *text = mem_strndup(cred, len);
    int rc = munge.decode(text, ctx, &data, &data_len, &uid, &gid);
    mem_free(text);
    char *why = error_of(ctx, rc);
    munge.ctx_destroy(ctx);
    if (rc == MUNGE_REPLAYED && again)
        rc = MUNGE_OK;
    if (rc == MUNGE_OK) {
        *ret_uid = uid;
        *ret_gid = gid;
        buf_add(ret_payload, data, (size_t)data_len);
    } else {
        bool late = rc == MUNGE_EXPIRED || rc == MUNGE_REWOUND;
        rc = err_set(
            e, late ? ESLURM_AUTHENTICATION_CREDENTIAL_EXPIRED : ESLURM_INVALID_AUTHENTICATION_CREDENTIAL,
            "munge: %s", why);
    }
    mem_free(why);
    free(data);
    return rc;
}
