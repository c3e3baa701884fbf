/* SPDX-License-Identifier: Apache-2.0 */
#include "os/lookup.h"

#include "base/mem.h"
#include "os/host.h"

struct lookup {
    uv_work_t req;
    char *host;
    uint16_t port;
    lookup_done done;
    void *user;
    struct sockaddr_storage addr;
    int rc;
    struct err e;
};

static void work(uv_work_t *req)
{
    struct lookup *l = (struct lookup *)req;

    l->rc = host_lookup(l->host, l->port, &l->addr, &l->e);
}

static void worked(uv_work_t *req, int status)
{
    struct lookup *l = (struct lookup *)req;

    (void)status;
    l->done(l->user, l->rc == 0 ? &l->addr : NULL, &l->e);
    mem_free(l->host);
    mem_free(l);
}

void lookup_start(uv_loop_t *loop, const char *host, uint16_t port, lookup_done done, void *user)
{
    struct sockaddr_storage addr;
    struct err e = {0};

    if (host_is_digits(host)) {
        int rc = host_lookup(host, port, &addr, &e);
        done(user, rc == 0 ? &addr : NULL, &e);
        return;
    }
    struct lookup *l = mem_alloc(sizeof *l);
    l->host = mem_strdup(host);
    l->port = port;
    l->done = done;
    l->user = user;
    REQUIRE(uv_queue_work(loop, &l->req, work, worked) == 0);
}
