/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client: how every command, slurmrestd and the daemons talk to a daemon.
 *
 * Blocking, one thread, no event loop: made for programs that live for milliseconds. The first call opens the
 * connection and sends hello, token and request in one write; later calls reuse it. Framing, order and
 * errors: doc/spec/03-wire.md.
 */
#ifndef CLIENT_CLIENT_H
#define CLIENT_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "model.h"
#include "model/message.h"

struct conf;
struct client; /* one connection to one daemon */

/* Where the controller is: SLURM_CONF, the compiled-in folder, a local daemon's cached copy, or configless
 * (--conf-server). */
struct client_env {
    const struct conf *conf;
    const char *conf_path;
};
int client_env_load(struct client_env *ret, struct err *e);

/* What client_env_load found; released at the end of programs that go on without it. */
void client_env_release(struct client_env *env);

/* Where and how to connect, for whoever has no configuration: tests, sackd, nodes without files. All is
 * copied. */
struct client_address {
    const char *host; /* name or address */
    uint16_t port;
};
struct client_settings {
    const struct client_address *addresses; /* tried first to last */
    uint32_t addresses_n;
    const char *cluster;     /* NULL: not checked by the daemon */
    const char *audience;    /* who the token is for: "slurmctld" or a node's name */
    const char *auth_type;   /* auth/slurm or auth/munge; NULL: auth/slurm */
    const char *auth_socket; /* AuthInfo=socket=; NULL: the usual ones */
    const char *program;     /* argv[0] of the caller, for the daemon's log; may be NULL */
    int timeout_ms;          /* MessageTimeout: for every wait; 0: 10 s */
    int connect_ms;          /* TCPTimeout: for a connection attempt; 0: as timeout_ms */
};
struct client *client_open(const struct client_settings *s);

/* Does not connect yet. The controller is tried first to last of SlurmctldHost. */
struct client *client_to_controller(const struct client_env *env);
/* Only the n-th of SlurmctldHost (scontrol ping). */
struct client *client_to_controller_n(const struct client_env *env, uint32_t n);
/* To a node's daemon; `audience` is the node's name. */
struct client *client_to_node(const struct client_env *env, const char *addr, uint16_t port,
                              const char *audience);
void client_close(struct client *c); /* NULL allowed */
/* For daemons, which sign their own tokens: called instead of asking the socket. */
typedef int client_token_fn(void *arg, const char *audience, struct buf *ret_token, struct err *e);
void client_set_token_source(struct client *c, client_token_fn *fn, void *arg);
/* How long a refused connection is tried again; the default of 1,000 ms outlasts a restart of the controller.
 * 0: once. */
void client_set_patience(struct client *c, int patience_ms);
int client_fd(struct client *c, struct err *e); /* connected descriptor, for poll; still the client's */
int client_take_fd(struct client *c); /* hands the descriptor over (srun's io connection); client is closed */

/* One request, one reply. `reply` is the reply record of the message type, uninitialised; NULL when the type
 * has none. */
int client_call(struct client *c, enum msg_type type, const void *request, void *reply, struct err *e);
/* One request, many replies (lists): `each` gets every record, which is its own from then on (meta_free), and
 * returns 0 to go on. */
int client_list(struct client *c, enum msg_type type, const void *request,
                int (*each)(void *arg, void *record), void *arg, struct err *e);
/* The same with the records in an arena (meta_decode_in): `each` may clear it when it keeps none. */
struct arena;
int client_list_in(struct client *c, struct arena *a, enum msg_type type, const void *request,
                   int (*each)(void *arg, void *record), void *arg, struct err *e);
/* Sends only, and receives only: for connections that carry a conversation (srun <-> slurmstepd). */
int client_send(struct client *c, enum msg_type type, const void *record, struct err *e);
/* Next frame; waits at most timeout_ms (-1: for ever). *ret_type and a record of it (meta_free it). 1 = got
 * one, 0 = time-out. */
/* A reply comes as the reply record of its type, each record of a list by itself, and what the other side
 * sends unasked as the request record. An ERROR frame gives its negative code; the connection stays usable
 * when client_alive() says so. *ret_record is NULL for an empty reply and at the end of a list. A signal ends
 * the wait as a time-out. */
int client_receive(struct client *c, int timeout_ms, enum msg_type *ret_type, void **ret_record,
                   struct err *e);
bool client_alive(const struct client *c);

#endif
