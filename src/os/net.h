/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net: framed connections on a libuv loop, for every daemon: accepted ones and those that it opens itself.
 *
 * One struct net belongs to one loop and one thread. Bytes become frames here; who may say what is the
 * caller's.
 *
 * Limits: a body as in port/frame.h (the small limit until net_accept_peer); NET_PENDING_MAX requests whose
 * answer is outstanding a connection, then it is not read any more until some are answered; NET_OUT_HIGH
 * bytes of unsent answers, likewise; NET_HELLO_MS until the peer has been accepted; conns_max connections,
 * further ones are closed at once.
 */
#ifndef OS_NET_H
#define OS_NET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <uv.h>

#include "port/frame.h"

enum {
    NET_PENDING_MAX = 1024,
    NET_OUT_HIGH = 4 << 20,
    NET_OUT_LOW = 1 << 20,
    NET_HELLO_MS = 10000,
    NET_CONNS_MAX = 32768,
};

struct net_conn;

struct net_ops {
    /* A new connection, accepted (or, of net_connect, established). May be NULL. */
    void (*opened)(struct net_conn *c);
    void (*frame)(struct net_conn *c, const struct frame *f);
    /* The unsent answers have fallen below NET_OUT_LOW after having been above NET_OUT_HIGH. May be NULL. */
    void (*drained)(struct net_conn *c);
    /* The last word about a connection: `reason` is a negative errno, or 0 for an end that was asked for or
     * is in order. The connection stays in memory until nothing is pending on it. May be NULL. */
    void (*closed)(struct net_conn *c, int reason);
};

struct net;

struct net_conn {
    void *user; /* the caller's */
    struct net *net;
    uint32_t pending; /* net_hold */
    bool accepted;    /* net_accept_peer */
    bool closing;
    const struct net_ops *ops;
    /* private */
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } u;
    struct net_conn *prev, *next, *dirty_next;
    struct buf in;
    struct buf out;     /* not yet handed to the loop */
    size_t out_waiting; /* handed over and unsent */
    uint64_t opened_at; /* uv_now */
    bool dirty, paused, reading, high, end_after_write, ended, handle_closed, connecting;
    int reason;
};

struct net *net_new(uv_loop_t *loop, void *user);
void *net_user(const struct net *n);
/* Closes every connection and listener; the loop ends by itself once they are gone. net_free after that. */
void net_stop(struct net *n);
void net_free(struct net *n);

/* A TCP socket bound and listening at addr (NULL: every address); negative with *e. */
int net_bind_tcp(const char *addr, uint16_t port, struct err *e);
/* Serves a listening descriptor (TCP or Unix, which is found out). Takes it over. */
int net_listen(struct net *n, int fd, const struct net_ops *ops, struct err *e);
/* Opens a connection; ops->opened or ops->closed follows. */
struct net_conn *net_connect(struct net *n, const struct sockaddr *sa, const struct net_ops *ops, void *user);

/* The peer has said who it is: the large limit holds, and the connection may stay for as long as it likes. */
void net_accept_peer(struct net_conn *c);
/* One more or less answer that is outstanding. A held connection is not freed. */
void net_hold(struct net_conn *c);
void net_release(struct net_conn *c);
/* Where frames that are sent are put; flushed when the present callback returns, or by net_flush from
 * elsewhere. */
struct buf *net_out(struct net_conn *c);
void net_flush(struct net *n);
/* Writes what the socket takes at once, so that the other side begins on it while more is being made. */
void net_push(struct net_conn *c);
/* More than NET_OUT_HIGH unsent: wait for `drained`. */
bool net_full(struct net_conn *c);
/* Closes after what is in net_out has been sent and the other side has closed too, or NET_HELLO_MS later:
 * closing at once could take back what it has not read yet. Nothing that it sends is looked at any more. */
void net_end(struct net_conn *c);
void net_abort(struct net_conn *c); /* closes now */
/* "127.0.0.1", or "unix". */
void net_peer(const struct net_conn *c, char *ret, size_t size);
bool net_peer_cred(const struct net_conn *c, uid_t *ret_uid, gid_t *ret_gid,
                   pid_t *ret_pid); /* Unix sockets */

#endif
