/* SPDX-License-Identifier: Apache-2.0 */
#include "slurmctld/net_thread.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "model/errors.h"
#include "os/log.h"

enum message_access access_of(const struct snapshot *s, uint32_t uid)
{
    if (uid == 0 || (s->policy && uid == s->policy->slurm_uid))
        return ACCESS_DAEMON;
    for (uint32_t i = 0; s->policy && i < s->policy->operators.n; i++)
        if (s->policy->operators.v[i] == uid)
            return ACCESS_OPERATOR;
    return ACCESS_USER;
}

void reply_error(struct net_conn *c, uint16_t type, uint32_t seq, int code, const char *text)
{
    const char *usual = error_text(code);

    frame_add_error(net_out(c), type, seq, code, text && *text ? text : usual ? usual : "error");
}

void reply_record(struct net_conn *c, uint16_t type, uint32_t seq, const struct meta_record *r,
                  const void *rec)
{
    frame_add(net_out(c), type, FRAME_REPLY, seq, r, rec);
}

/* --- hello --- */

static int check_hello(struct net_thread *t, const struct hello *h, struct auth_identity *ret, struct err *e)
{
    if (h->version == 0)
        return err_set(e, ESLURM_PROTOCOL_VERSION, "%s", error_text(ESLURM_PROTOCOL_VERSION));
    return auth_check_token(t->ctld->auth, h->auth, h->token.v, h->token.n, "slurmctld", ctld_now(), ret, e);
}

static void take_hello(struct net_conn *c, const struct frame *f)
{
    struct net_thread *t = thread_of(c);
    struct auth_identity who;
    struct hello_reply reply = {.version = WIRE_VERSION, .term = t->ctld->term};
    struct hello hello;
    struct err e;
    char host[128];

    if (f->type != MSG_HELLO || meta_decode(&record_hello, &hello, f->body, f->len, &e) < 0) {
        reply_error(c, f->type, f->seq, ESLURM_PROTOCOL_AUTHENTICATION,
                    "Protocol authentication error: hello was expected");
        net_end(c);
        return;
    }
    if (check_hello(t, &hello, &who, &e) < 0) {
        net_peer(c, host, sizeof host);
        log_error("authentication of %s failed: %s", host, e.text);
        reply_error(c, f->type, f->seq, e.code, e.text);
        stat_add(STAT_REFUSED, 1);
        net_end(c);
    } else {
        struct peer *p = mem_alloc(sizeof *p);
        net_peer(c, host, sizeof host);
        *p = (struct peer){.uid = who.uid, .gid = who.gid};
        p->host = mem_strdup(hello.host ? hello.host : host);
        p->program = mem_strdup(hello.program);
        c->user = p;
        net_accept_peer(c);
        struct shared_conf *conf = ctld_conf(t->ctld);
        reply.cluster = (char *)conf_str(conf->conf, CONF_CLUSTER_NAME);
        reply_record(c, f->type, f->seq, &record_hello_reply, &reply);
        ctld_conf_drop(conf);
    }
    meta_release(&record_hello, &hello);
}

/* --- requests --- */

/* Messages that only our own threads may send. */
static bool internal(uint16_t type)
{
    return type == MSG_CONFIGURE || type == MSG_START_JOB || type == MSG_PLAN_NOTES || type == MSG_TICK ||
           type == MSG_NODE_CONTACT || type == MSG_LAUNCH_DONE || type == MSG_PROLOG_DONE;
}

static void refuse(struct request *r, int code, const char *text)
{
    stat_add(STAT_REFUSED, 1);
    reply_error(r->conn, r->type ? r->type->number : 0, r->seq, code, text);
}

static bool allowed(struct request *r)
{
    struct snapshot *s = ctld_snapshot(r->t->ctld);
    bool ok = access_of(s, r->peer->uid) >= (enum message_access)r->type->access;

    snapshot_drop(s);
    return ok;
}

static void dispatch(struct request *r)
{
    if (r->type->kind == MSGK_QUERY)
        query_answer(r);
    else if (r->type->kind == MSGK_COMMAND)
        command_post(r);
    else if (r->type->number == MSG_JOB_WATCH)
        watch_answer(r);
    else
        local_answer(r);
}

static void take_request(struct net_conn *c, const struct frame *f)
{
    struct request r = {.t = thread_of(c), .conn = c, .peer = c->user, .seq = f->seq};
    struct err e;

    stat_add(STAT_REQUESTS, 1);
    r.type = message_by_number(f->type);
    if (!r.type || (f->flags & FRAME_REPLY) || internal(f->type) || r.type->kind == MSGK_NODE ||
        f->type == MSG_HELLO || f->type == MSG_TOKEN) {
        char *text = buf_format("Unexpected message received: number %u", f->type);
        stat_add(STAT_REFUSED, 1);
        reply_error(c, f->type, f->seq, ESLURM_UNEXPECTED_MESSAGE, text);
        mem_free(text);
        return;
    }
    log_flag(LOGF_AUDIT_RPCS, "msg_type=%s uid=%u client=%s program=%s", r.type->name, r.peer->uid,
             r.peer->host ? r.peer->host : "local", r.peer->program ? r.peer->program : "");
    if (!allowed(&r)) {
        /* There Slurm speaks as the system does. */
        bool plain = f->type == MSG_SET_DEBUG || f->type == MSG_REBOOT_NODES || f->type == MSG_POWER_EXCLUDE;
        refuse(&r, plain ? ESLURM_ACCESS_DENIED : ESLURM_INVALID_USER_ID, plain ? "Permission denied" : NULL);
        return;
    }
    if (r.type->request) {
        r.record = mem_alloc(r.type->request->size);
        if (meta_decode(r.type->request, r.record, f->body, f->len, &e) < 0) {
            char *text = buf_format("Unexpected message received: %s: %s", r.type->name, e.text);
            refuse(&r, ESLURM_UNEXPECTED_MESSAGE, text);
            mem_free(text);
            mem_free(r.record);
            return;
        }
    }
    dispatch(&r);
    if (r.type->request)
        meta_free(r.type->request, r.record);
}

static void on_frame(struct net_conn *c, const struct frame *f)
{
    if (c->accepted)
        take_request(c, f);
    else
        take_hello(c, f);
}

static void on_opened(struct net_conn *c)
{
    stat_add(STAT_CONNECTIONS, 1);
}

static void on_closed(struct net_conn *c, int reason)
{
    struct peer *p = c->user;

    if (!p)
        return;
    watch_drop_all(c);
    query_drop_all(p);
    mem_free(p->host);
    mem_free(p->program);
    mem_free(p);
    c->user = NULL;
}

static const struct net_ops ops = {
    .opened = on_opened,
    .frame = on_frame,
    .drained = query_go_on,
    .closed = on_closed,
};

/* --- the thread --- */

struct changed {
    struct net_thread *t;
    struct snapshot *snapshot;
    uint32_t n;
    uint32_t ids[];
};

static void on_changed(void *arg)
{
    struct changed *c = arg;

    watch_changed(c->t, c->ids, c->n, c->snapshot);
    snapshot_drop(c->snapshot);
    mem_free(c);
}

void net_thread_jobs_changed(struct net_thread *t, const uint32_t *ids, uint32_t n, struct snapshot *s)
{
    struct changed *c = mem_alloc(sizeof *c + n * sizeof *ids);

    *c = (struct changed){.t = t, .snapshot = snapshot_keep(s), .n = n};
    memcpy(c->ids, ids, n * sizeof *ids);
    mailbox_post(&t->mailbox, on_changed, c);
}

static void flush(void *arg)
{
    struct net_thread *t = arg;

    net_flush(t->net);
}

static void *net_main(void *arg)
{
    struct net_thread *t = arg;

    uv_run(&t->loop, UV_RUN_DEFAULT);
    return NULL;
}

/* The sockets of tokens: the one that is configured, or the usual one. A host without a folder for it has
 * none. */
static void start_sack(struct net_thread *t)
{
    struct shared_conf *conf = ctld_conf(t->ctld);
    const char *path = NULL;
    struct err e;

    conf_has_param(conf->conf, CONF_AUTH_INFO, "socket", &path);
    if (text_same(auth_type(t->ctld->auth), "auth/slurm")) {
        t->sack = sack_start(&t->loop, t->ctld->auth, path ? path : SACK_CONTROLLER_PATH, &e);
        if (!t->sack)
            log_error("no tokens for users of this host: %s", e.text);
    }
    ctld_conf_drop(conf);
}

struct net_thread *net_thread_new(struct ctld *c, uint32_t number, const int *fds, uint32_t fds_n)
{
    struct net_thread *t = mem_alloc(sizeof *t);
    struct err e;

    t->ctld = c;
    REQUIRE(uv_loop_init(&t->loop) == 0);
    t->net = net_new(&t->loop, t);
    mailbox_init(&t->mailbox, &t->loop, flush, t);
    for (uint32_t i = 0; i < fds_n; i++) {
        int fd = fcntl(fds[i], F_DUPFD_CLOEXEC, 0);
        if (fd < 0 || net_listen(t->net, fd, &ops, &e) < 0)
            log_fatal("%s", fd < 0 ? "too many open files" : e.text);
    }
    if (number == 0)
        start_sack(t);
    return t;
}

void net_thread_start(struct net_thread *t)
{
    REQUIRE(pthread_create(&t->thread, NULL, net_main, t) == 0);
    pthread_setname_np(t->thread, "net");
}

static void stop(void *arg)
{
    struct net_thread *t = arg;

    sack_stop(t->sack);
    net_stop(t->net);
    mailbox_close(&t->mailbox);
}

void net_thread_stop(struct net_thread *t)
{
    mailbox_post(&t->mailbox, stop, t);
    pthread_join(t->thread, NULL);
    sack_free(t->sack);
    net_free(t->net);
    uv_loop_close(&t->loop);
    map_u64_release(&t->watches);
    mem_free(t);
}
