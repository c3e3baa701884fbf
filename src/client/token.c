/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens as doc/spec/04-credentials.md tells: from a local daemon, which sees who asks, or from munge. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "client/internal.h"
#include "model/errors.h"
#include "os/auth_munge.h"

static const char *const usual_sockets[] = {"/run/slurmctld/sack.socket", "/run/slurm/sack.socket"};

static int connect_socket(const char *path)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    int fd = -1;

    if (!buf_print(sa.sun_path, sizeof sa.sun_path, "%s", path))
        return -1;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&sa, sizeof sa) < 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static int ask_socket(int fd, const char *audience, struct buf *ret, struct err *e)
{
    struct client *c = client_over(fd, "auth/none");
    struct token_request request = {.audience = (char *)audience};
    struct token_reply reply;

    int rc = client_call(c, MSG_TOKEN, &request, &reply, e);
    if (rc == 0) {
        buf_add(ret, reply.token.v, reply.token.n);
        meta_release(&record_token_reply, &reply);
    }
    client_close(c);
    return rc;
}

static int token_from_sockets(struct client *c, struct buf *ret, struct err *e)
{
    const char *const *paths = usual_sockets;
    uint32_t n = sizeof usual_sockets / sizeof *usual_sockets;
    int rc = err_set(e, ESLURM_TOKEN_GENERATION_FAILED,
                     "%s: no daemon gives tokens at %s%s%s; start slurmd, slurmctld or sackd on this host",
                     error_text(ESLURM_TOKEN_GENERATION_FAILED),
                     c->auth_socket ? c->auth_socket : usual_sockets[0], c->auth_socket ? "" : " and ",
                     c->auth_socket ? "" : usual_sockets[1]);

    if (c->auth_socket) {
        paths = (const char *const *)&c->auth_socket;
        n = 1;
    }
    for (uint32_t i = 0; i < n && rc < 0; i++) {
        int fd = connect_socket(paths[i]);
        if (fd >= 0)
            rc = ask_socket(fd, c->audience, ret, e);
    }
    return rc;
}

int client_token(struct client *c, struct buf *ret, struct err *e)
{
    if (c->token)
        return c->token(c->token_arg, c->audience, ret, e);
    if (strcmp(c->auth_type, "auth/none") == 0)
        return 0;
    if (strcmp(c->auth_type, "auth/munge") == 0)
        return auth_munge_encode(c->audience, c->auth_socket, ret, e);
    return token_from_sockets(c, ret, e);
}
