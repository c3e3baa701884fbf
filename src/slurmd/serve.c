/* SPDX-License-Identifier: Apache-2.0 */
/* The listening port. The first frame says who asks; what each request needs is in the schema's `access`. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "model/errors.h"
#include "model/message.h"
#include "os/daemon.h"
#include "slurmd/slurmd.h"

struct peer {
    uint32_t uid, gid;
    enum message_access access;
    char host[64];
};

static struct slurmd *slurmd_of(struct net_conn *c)
{
    return net_user(c->net);
}

static void reply_error(struct net_conn *c, const struct frame *f, int code, const char *text)
{
    const char *usual = error_text(code);

    frame_add_error(net_out(c), f->type, f->seq, code, text && *text ? text : usual ? usual : "error");
}

static void reply(struct net_conn *c, const struct frame *f, const struct meta_record *r, const void *rec)
{
    frame_add(net_out(c), f->type, FRAME_REPLY, f->seq, r, rec);
}

static void reply_result(struct net_conn *c, const struct frame *f, int rc, const struct err *e)
{
    if (rc < 0)
        reply_error(c, f, e->code, e->text);
    else
        reply(c, f, NULL, NULL);
}

/* --- hello --- */

static void accept_peer(struct net_conn *c, const struct auth_identity *who)
{
    struct slurmd *d = slurmd_of(c);
    struct peer *p = mem_alloc(sizeof *p);

    p->uid = who->uid;
    p->gid = who->gid;
    p->access = who->uid == 0 || who->uid == d->slurm_uid ? ACCESS_DAEMON : ACCESS_USER;
    net_peer(c, p->host, sizeof p->host);
    c->user = p;
    net_accept_peer(c);
}

static void take_hello(struct net_conn *c, const struct frame *f)
{
    struct slurmd *d = slurmd_of(c);
    struct hello_reply ok = {.version = WIRE_VERSION,
                             .cluster = (char *)conf_str(d->conf, CONF_CLUSTER_NAME),
                             .term = d->core.term};
    struct auth_identity who;
    struct hello hello;
    struct err e;
    char host[64];
    int rc;

    if (f->type != MSG_HELLO || meta_decode(&record_hello, &hello, f->body, f->len, &e) < 0) {
        reply_error(c, f, ESLURM_PROTOCOL_AUTHENTICATION,
                    "Protocol authentication error: hello was expected");
        net_end(c);
        return;
    }
    rc = d->auth ? auth_check_token(d->auth, hello.auth, hello.token.v, hello.token.n, d->node_name,
                                    slurmd_now(), &who, &e)
                 : err_set(&e, ESLURM_PROTOCOL_AUTHENTICATION, "this node has no key yet");
    meta_release(&record_hello, &hello);
    if (rc < 0) {
        net_peer(c, host, sizeof host);
        log_error("authentication of %s failed: %s", host, e.text);
        reply_error(c, f, e.code, e.text);
        net_end(c);
        return;
    }
    accept_peer(c, &who);
    reply(c, f, &record_hello_reply, &ok);
}

/* --- requests --- */

static void on_launch_batch(struct net_conn *c, const struct frame *f, void *rec)
{
    struct err e;

    reply_result(c, f, launch_batch(slurmd_of(c), rec, &e), &e);
}

/*
 * srun's connection goes to slurmstepd, which answers launch_tasks. What is to be written before that is
 * written here. srun sends nothing between launch_tasks and its reply, so nothing can have been read too
 * much.
 */
static int take_connection(struct net_conn *c, struct err *e)
{
    struct buf *out = net_out(c);
    int fd = -1, copy = -1;

    if (c->out_waiting || uv_fileno(&c->u.handle, &fd) < 0 || (copy = fcntl(fd, F_DUPFD_CLOEXEC, 16)) < 0)
        return err_set(e, ESLURM_SLURMD_COULD_NOT_CONNECT_IO, "cannot take the connection over");
    if (write(copy, out->s, out->len) != (ssize_t)out->len) {
        close(copy);
        return err_set(e, ESLURM_SLURMD_COULD_NOT_CONNECT_IO, "the connection does not take a reply");
    }
    buf_clear(out);
    return copy;
}

static void on_launch_tasks(struct net_conn *c, const struct frame *f, void *rec)
{
    struct peer *p = c->user;
    struct err e;
    int fd = take_connection(c, &e);
    int rc = fd < 0 ? fd : launch_tasks(slurmd_of(c), rec, p->uid, fd, p->host, f->seq, &e);

    if (rc < 0)
        reply_error(c, f, e.code, e.text);
    else
        net_abort(c); /* the copy lives on in slurmstepd */
}

static void on_bcast(struct net_conn *c, const struct frame *f, void *rec)
{
    struct peer *p = c->user;
    struct err e;
    int fd = take_connection(c, &e);
    int rc = fd < 0 ? fd : bcast_receive(slurmd_of(c), rec, p->uid, fd, f->seq, &e);

    if (rc < 0)
        reply_error(c, f, e.code, e.text);
    else
        net_abort(c); /* the copy lives on in the receiver */
}

static void on_order(struct net_conn *c, const struct frame *f, void *rec)
{
    struct slurmd *d = slurmd_of(c);
    char *action = order_take(d, f->type, f->seq, rec, net_out(c));

    net_flush(d->net);
    order_act(d, action);
}

static void on_forward(struct net_conn *c, const struct frame *f, void *rec)
{
    struct err e;

    if (forward_take(slurmd_of(c), rec, c, f->seq, &e) < 0)
        reply_error(c, f, e.code, e.text);
}

static void on_ping(struct net_conn *c, const struct frame *f, void *rec)
{
    struct slurmd *d = slurmd_of(c);
    struct ping_reply r;

    (void)rec;
    meta_init(&record_ping_reply, &r);
    r.host = (char *)d->node_name;
    r.pid = (uint32_t)getpid();
    r.boot_time = d->start_time;
    reply(c, f, &record_ping_reply, &r);
}

static const struct {
    enum msg_type type;
    void (*take)(struct net_conn *c, const struct frame *f, void *rec);
} requests[] = {
    {MSG_LAUNCH_BATCH, on_launch_batch},
    {MSG_LAUNCH_TASKS, on_launch_tasks},
    {MSG_BCAST, on_bcast},
    {MSG_KILL_JOB, on_order},
    {MSG_SIGNAL_JOB, on_order},
    {MSG_NODE_PING, on_order},
    {MSG_NODE_CONTROL, on_order},
    {MSG_FORWARD, on_forward},
    {MSG_PING, on_ping},
};

static void take_request(struct net_conn *c, const struct frame *f, const struct message_type *mt,
                         void (*take)(struct net_conn *c, const struct frame *f, void *rec))
{
    void *rec = NULL;
    struct err e;

    const struct peer *from = c->user;
    log_flag(LOGF_AUDIT_RPCS, "msg_type=%s uid=%u client=%s", mt->name, from->uid, from->host);
    if (from->access < (enum message_access)mt->access) {
        reply_error(c, f, ESLURM_ACCESS_DENIED, NULL);
        return;
    }
    if (mt->request) {
        rec = mem_alloc(mt->request->size);
        if (meta_decode(mt->request, rec, f->body, f->len, &e) < 0) {
            err_wrap(&e, "Unexpected message received: %s", mt->name);
            reply_error(c, f, ESLURM_UNEXPECTED_MESSAGE, e.text);
            mem_free(rec);
            return;
        }
    }
    take(c, f, rec);
    if (rec)
        meta_free(mt->request, rec);
}

static void on_frame(struct net_conn *c, const struct frame *f)
{
    const struct message_type *mt = message_by_number(f->type);

    if (!c->accepted) {
        take_hello(c, f);
        return;
    }
    for (size_t i = 0; mt && i < sizeof requests / sizeof requests[0]; i++) {
        if (requests[i].type == f->type && !(f->flags & FRAME_REPLY)) {
            take_request(c, f, mt, requests[i].take);
            return;
        }
    }
    reply_error(c, f, ESLURM_UNEXPECTED_MESSAGE, NULL);
}

static void on_closed(struct net_conn *c, int reason)
{
    (void)reason;
    forward_asker_gone(slurmd_of(c), c);
    mem_free(c->user);
    c->user = NULL;
}

int serve_start(struct slurmd *d, struct err *e)
{
    static const struct net_ops ops = {.frame = on_frame, .closed = on_closed};
    bool own_addr = conf_has_param(d->conf, CONF_COMMUNICATION_PARAMETERS, "NoInAddrAny", NULL);
    int fd = net_bind_tcp(own_addr ? d->node->addr : NULL, setup_port(d), e);

    return fd < 0 ? fd : net_listen(d->net, fd, &ops, e);
}
