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

#include "base/err.h"
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

/* Does not connect yet. The controller is tried first to last of SlurmctldHost. */
struct client *client_to_controller(const struct client_env *env);
/* To a node's daemon; `audience` is the node's name. */
struct client *client_to_node(const struct client_env *env, const char *addr, uint16_t port,
                              const char *audience);
void client_close(struct client *c);
int client_fd(struct client *c, struct err *e); /* connected descriptor, for poll; still the client's */
int client_take_fd(struct client *c); /* hands the descriptor over (srun's io connection); client is closed */

/* One request, one reply. `reply` is the reply record of the message type, uninitialised; NULL when the type
 * has none. */
int client_call(struct client *c, enum msg_type type, const void *request, void *reply, struct err *e);
/* One request, many replies (lists): `each` gets every record (borrowed) and returns 0 to go on. */
int client_list(struct client *c, enum msg_type type, const void *request,
                int (*each)(void *arg, const void *record), void *arg, struct err *e);
/* Sends only, and receives only: for connections that carry a conversation (srun <-> slurmstepd). */
int client_send(struct client *c, enum msg_type type, const void *record, struct err *e);
/* Next frame; waits at most timeout_ms (-1: for ever). *ret_type and a record of it (meta_free it). 1 = got
 * one, 0 = time-out. */
int client_receive(struct client *c, int timeout_ms, enum msg_type *ret_type, void **ret_record,
                   struct err *e);

#endif
