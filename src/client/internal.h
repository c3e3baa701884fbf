/* SPDX-License-Identifier: Apache-2.0 */
/* internal: the connection of client.h as its own files see it. Private to src/client. */
#ifndef CLIENT_INTERNAL_H
#define CLIENT_INTERNAL_H

#include "client/client.h"
#include "port/frame.h"

enum {
    CLIENT_TIMEOUT_MS = 10000,
    CLIENT_PATIENCE_MS = 1000,
};

struct client {
    struct client_address *addresses;
    uint32_t addresses_n;
    char *cluster, *audience, *auth_type, *auth_socket, *program;
    int timeout_ms, connect_ms, patience_ms;
    client_token_fn *token;
    void *token_arg;

    int fd;        /* -1: not connected */
    bool greeted;  /* hello has been sent on this connection */
    bool welcome;  /* hello has been answered */
    uint32_t seq;  /* of the last request; hello is 0 */
    struct buf in; /* received bytes from in_pos on */
    size_t in_pos;
    uint32_t item_pos; /* inside the list body at in_pos */
};

/* A client over a descriptor that is connected already. */
struct client *client_over(int fd, const char *auth_type);
/* A connected descriptor to the first address that answers. */
int client_connect(struct client *c, struct err *e);
/* A token for c->audience, from the token source, munge or the token socket. */
int client_token(struct client *c, struct buf *ret, struct err *e);
int64_t client_now_ms(void); /* monotonic */

#endif
