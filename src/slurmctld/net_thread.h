/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net_thread: one event loop that serves clients and nodes: decode, authenticate, answer or hand over.
 *
 * Private to slurmctld: what query.c, watch.c and local.c see of a request.
 */
#ifndef SLURMCTLD_NET_THREAD_H
#define SLURMCTLD_NET_THREAD_H

#include "os/mailbox.h"
#include "os/net.h"
#include "os/sack.h"
#include "slurmctld/ctld.h"

struct query;
struct watch;

/* Who is at the other end of a connection, once hello was accepted. */
struct peer {
    uint32_t uid, gid;
    char *host, *program;
    struct query *queries; /* list answers that are being sent, oldest first */
    struct watch *watches;
};

struct net_thread {
    struct ctld *ctld;
    pthread_t thread;
    uv_loop_t loop;
    struct net *net;
    struct mailbox mailbox;
    struct sack *sack;      /* of the first thread only */
    struct map_u64 watches; /* job id -> struct watch *, the first of a list */
};

struct request {
    struct net_thread *t;
    struct net_conn *conn;
    struct peer *peer;
    const struct message_type *type;
    uint32_t seq;
    void *record; /* owned by the request until somebody takes it */
};

static inline struct net_thread *thread_of(const struct net_conn *c)
{
    return net_user(c->net);
}

enum message_access access_of(const struct snapshot *s, uint32_t uid);
void reply_error(struct net_conn *c, uint16_t type, uint32_t seq, int code, const char *text);
void reply_record(struct net_conn *c, uint16_t type, uint32_t seq, const struct meta_record *r,
                  const void *rec);

/* query.c: answers from the newest snapshot. */
void query_answer(struct request *r);
void query_go_on(struct net_conn *c); /* there is room in the connection again */
void query_drop_all(struct peer *p);
/* May that user see the job, as PrivateData says? */
bool query_may_see(const struct snapshot *s, uint32_t uid, enum message_access access, const struct job *job);

/* watch.c: job_watch. */
void watch_answer(struct request *r);
void watch_changed(struct net_thread *t, const uint32_t *ids, uint32_t n, const struct snapshot *s);
void watch_drop_all(struct net_conn *c);

/* local.c: what the shell itself does: ping, reconfigure, shutdown, set_debug. */
void local_answer(struct request *r);
/* Reads the files again and tells the core; on success they are in force. `done` is called on the journal
 * thread with w->rc and w->e, or here when the files cannot be read. */
void local_reconfigure(struct ctld *c, void (*done)(struct work *w), void *user, uint32_t seq);

/* Every node that has ever registered is told to read its files again. */
void local_tell_nodes(struct ctld *c, struct snapshot *s);

/* command.c: what goes to the core. */
void command_post(struct request *r);

#endif
