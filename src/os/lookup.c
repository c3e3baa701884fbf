/* SPDX-License-Identifier: Apache-2.0 */
#include "os/lookup.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "os/host.h"

struct lookup {
    uv_getaddrinfo_t req;
    char *host;
    lookup_done done;
    void *user;
    struct lookup **handle;
};

static void finish(struct lookup *l, int rc, const struct addrinfo *list)
{
    struct sockaddr_storage addr = {0};
    struct err e = {0};

    if (rc == 0)
        memcpy(&addr, list->ai_addr, list->ai_addrlen);
    else
        host_unknown(&e, l->host, uv_strerror(rc));
    *l->handle = NULL;
    l->done(l->user, rc == 0 ? &addr : NULL, &e);
    mem_free(l->host);
    mem_free(l);
}

static void looked_up(uv_getaddrinfo_t *req, int rc, struct addrinfo *list)
{
    finish((struct lookup *)req, rc, list);
    uv_freeaddrinfo(list);
}

/* Of libuv's own kind of work: it never takes more than half of the pool's threads, so that launches and
 * submissions do not wait behind names that the resolver has to give up first.
 */
void lookup_start(uv_loop_t *loop, const char *host, uint16_t port, lookup_done done, void *user,
                  struct lookup **ret)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    char service[8];

    if (host_is_digits(host)) {
        struct sockaddr_storage addr;
        struct err e = {0};
        int rc = host_lookup(host, port, &addr, &e);
        *ret = NULL;
        done(user, rc == 0 ? &addr : NULL, &e);
        return;
    }
    struct lookup *l = mem_alloc(sizeof *l);
    l->host = mem_strdup(host);
    l->done = done;
    l->user = user;
    l->handle = ret;
    *ret = l;
    buf_print(service, sizeof service, "%u", port);
    int rc = uv_getaddrinfo(loop, &l->req, looked_up, host, service, &hints);
    if (rc < 0) /* what can be no name: too long, or no text that names are made of */
        finish(l, rc, NULL);
}

void lookup_cancel(struct lookup *l)
{
    uv_cancel((uv_req_t *)&l->req);
}
