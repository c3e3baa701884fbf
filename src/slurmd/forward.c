/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages for many nodes: doc/spec/11-fan-out.md. This node carries out what is in the message, and passes
 * it on, as its sender has signed it, to the nodes behind it, over connections that live as long as that
 * takes. Which of them, and what is done when one does not answer, is decided in nodecore/fan.c.
 */
#include <string.h>
#include <unistd.h>

#include "base/hostlist.h"
#include "base/mem.h"
#include "base/text.h"
#include "model/errors.h"
#include "model/message.h"
#include "nodecore/fan.h"
#include "os/lookup.h"
#include "slurmd/slurmd.h"

enum {
    PASSING_MAX = 256,    /* messages that are being passed on */
    ANSWERED_MAX = 65536, /* that are remembered */
    TELL_MS = 100,        /* answers of others wait so long for company */
};

/* What was answered: the message comes again when somebody on its way dies. */
struct answered {
    int64_t expires;
    uint16_t flags;
    struct buf body;
};

/* A head: a node that we ask. */
struct child {
    struct child *next;
    struct passing *passing; /* NULL: nobody waits for it any more */
    uint32_t head;
    char name[HOSTLIST_NAME_SIZE];
    struct net_conn *conn;
    struct lookup *lookup; /* the resolver works */
};

struct passing {
    struct passing *next;
    struct slurmd *d;
    struct net_conn *asker;
    uint32_t seq;
    struct forward_body body;
    struct hostlist nodes;
    struct meta_bytes sealed;
    struct meta_u32s hops;
    struct fan fan; /* its target i is hops.v[i + 1] */
    struct child *children;
    struct forward_answers ready; /* not told yet */
    uint64_t tell_at, until;      /* ms of the loop; tell_at 0: there are none */
    char *action;                 /* of ours, when it is over */
    bool pumping;
    uv_timer_t timer;
};

static void pump(struct passing *p);

/* --- answers --- */

static struct forward_answer *add_answer(struct passing *p, uint32_t node)
{
    struct forward_answer *a = meta_recs_push(&record_forward_answer, &p->ready.answers);

    a->node = node;
    if (!p->tell_at)
        p->tell_at = uv_now(&p->d->loop) + TELL_MS;
    return a;
}

static void unreached(struct passing *p, uint32_t target, const char *why)
{
    add_answer(p, p->hops.v[target + 1])->unreached = mem_strdup(why);
}

static void tell(struct passing *p, bool last)
{
    frame_add(net_out(p->asker), MSG_FORWARD, FRAME_REPLY | (last ? 0 : FRAME_MORE), p->seq,
              &record_forward_answers, &p->ready);
    meta_release(&record_forward_answers, &p->ready);
    meta_init(&record_forward_answers, &p->ready);
    p->tell_at = 0;
}

/* --- the end --- */

static void passing_free(struct passing *p)
{
    while (p->children) {
        struct child *c = p->children;
        p->children = c->next;
        if (c->conn) {
            c->conn->user = NULL;
            net_abort(c->conn);
        }
        c->passing = NULL;
        if (c->lookup)
            lookup_cancel(c->lookup); /* which frees it */
        else
            mem_free(c);
    }
    fan_release(&p->fan);
    hostlist_release(&p->nodes);
    meta_release(&record_forward_body, &p->body);
    meta_release(&record_forward_answers, &p->ready);
    mem_free(p->sealed.v);
    mem_free(p->hops.v);
    mem_free(p->action);
}

static void timer_closed(uv_handle_t *h)
{
    mem_free(h->data);
}

static void passing_end(struct passing *p)
{
    struct slurmd *d = p->d;
    struct passing **at = &d->passing;
    char *action = p->action;

    while (*at != p)
        at = &(*at)->next;
    *at = p->next;
    p->action = NULL;
    passing_free(p);
    uv_close((uv_handle_t *)&p->timer, timer_closed);
    net_flush(d->net);
    order_act(d, action);
}

/* --- the nodes behind this one --- */

static void child_lost(struct child *c, const char *why)
{
    struct passing *p = c->passing;
    uint32_t own = p->fan.heads.v[c->head].targets[0];

    if (fan_lost(&p->fan, c->head))
        unreached(p, own, why);
}

static bool take_answer(struct child *c, struct forward_answer *a)
{
    struct passing *p = c->passing;
    const uint32_t *v = p->hops.v + 1;
    uint32_t lo = 0, hi = p->fan.n;

    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (v[mid] < a->node)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (lo == p->fan.n || v[lo] != a->node)
        return false;
    return a->unreached ? fan_failed(&p->fan, c->head, lo) : fan_done(&p->fan, c->head, lo);
}

static void take_answers(struct child *c, const struct frame *f)
{
    struct forward_answers m;
    struct err e;

    if (f->flags & FRAME_ERROR) {
        frame_read_error(f, &e);
        child_lost(c, e.text);
        return;
    }
    if (meta_decode(&record_forward_answers, &m, f->body, f->len, &e) < 0) {
        child_lost(c, e.text);
        return;
    }
    for (uint32_t i = 0; i < m.answers.n; i++)
        if (take_answer(c, &m.answers.v[i]))
            meta_copy(&record_forward_answer, add_answer(c->passing, m.answers.v[i].node), &m.answers.v[i]);
    meta_release(&record_forward_answers, &m);
    if (!(f->flags & FRAME_MORE))
        child_lost(c, "it left them out");
}

static void on_frame(struct net_conn *conn, const struct frame *f)
{
    struct child *c = conn->user;
    struct err e;

    if (!c || !(f->flags & FRAME_REPLY || f->flags & FRAME_ERROR) ||
        (f->type == MSG_HELLO && !(f->flags & FRAME_ERROR)))
        return;
    if (f->type == MSG_FORWARD)
        take_answers(c, f);
    else if (frame_read_error(f, &e) < 0)
        child_lost(c, e.text);
    if (!(f->flags & FRAME_MORE)) {
        c->conn->user = NULL;
        net_abort(c->conn);
        c->conn = NULL;
    }
    pump(c->passing);
}

static void on_closed(struct net_conn *conn, int reason)
{
    struct child *c = conn->user;

    conn->user = NULL;
    if (!c || c->passing->d->stopping)
        return;
    c->conn = NULL;
    child_lost(c, reason ? uv_strerror(reason) : "it closed the connection");
    pump(c->passing);
}

static int say_hello(const struct child *c, struct buf *out, struct err *e)
{
    struct slurmd *d = c->passing->d;
    struct auth_identity me = {(uint32_t)getuid(), (uint32_t)getgid()};
    struct buf token = BUF_INIT;
    struct hello h;
    int rc = d->auth ? auth_make_token(d->auth, &me, c->name, slurmd_now(), &token, e)
                     : err_set(e, ESLURM_PROTOCOL_AUTHENTICATION, "this node has no key yet");

    meta_init(&record_hello, &h);
    h.version = WIRE_VERSION;
    h.cluster = (char *)conf_str(d->conf, CONF_CLUSTER_NAME);
    h.auth = d->auth ? (char *)auth_type(d->auth) : NULL;
    h.token = (struct meta_bytes){(uint8_t *)token.s, (uint32_t)token.len};
    h.program = (char *)"slurmd";
    h.host = (char *)d->node_name;
    if (rc == 0)
        frame_add(out, MSG_HELLO, 0, 0, &record_hello, &h);
    buf_release(&token);
    return rc;
}

static void on_opened(struct net_conn *conn)
{
    struct child *c = conn->user;
    struct passing *p = c ? c->passing : NULL;
    struct forward m;
    struct err e;

    if (!c || p->d->stopping)
        return;
    if (say_hello(c, net_out(conn), &e) < 0) {
        log_error("no token for node %s: %s", c->name, e.text);
        net_abort(conn);
        return;
    }
    const struct fan_head *h = &p->fan.heads.v[c->head];
    meta_init(&record_forward, &m);
    m.sealed = p->sealed;
    m.wait = (uint32_t)fan_wait_ms(&p->fan, c->head);
    for (uint32_t i = 0; i < h->given; i++)
        meta_u32s_push(&m.hops, p->hops.v[h->targets[i] + 1]);
    frame_add(net_out(conn), MSG_FORWARD, 0, 1, &record_forward, &m);
    mem_free(m.hops.v);
}

static void looked_up(void *user, const struct sockaddr_storage *addr, const struct err *e)
{
    static const struct net_ops ops = {.opened = on_opened, .frame = on_frame, .closed = on_closed};
    struct child *c = user;
    struct passing *p = c->passing;

    if (!p) {
        mem_free(c);
        return;
    }
    if (p->d->stopping || p->fan.heads.v[c->head].over)
        return;
    if (!addr) {
        child_lost(c, e->text);
        pump(p);
        return;
    }
    struct net_conn *conn = net_connect(p->d->net, (const struct sockaddr *)addr, &ops, c);
    if (!conn->closing)
        c->conn = conn;
}

/* Where it listens: as the sender says, else as slurm.conf says. */
static bool address_of(const struct passing *p, const char *name, const char **ret_addr, uint16_t *ret_port)
{
    const struct node *n = conf_node(p->d->conf, name);

    for (uint32_t i = 0; i < p->body.addrs.n; i++)
        if (text_same(p->body.addrs.v[i].name, name)) {
            *ret_addr = p->body.addrs.v[i].addr;
            *ret_port = (uint16_t)p->body.addrs.v[i].port;
            return *ret_addr;
        }
    if (n) {
        *ret_addr = n->addr ? n->addr : n->name;
        *ret_port = n->port;
    }
    return n;
}

static void ask(struct passing *p, uint32_t head)
{
    struct child *c = mem_alloc(sizeof *c);
    const char *addr;
    uint16_t port;

    c->passing = p;
    c->head = head;
    c->next = p->children;
    p->children = c;
    hostlist_nth(&p->nodes, p->hops.v[p->fan.heads.v[head].targets[0] + 1], c->name);
    if (!address_of(p, c->name, &addr, &port)) {
        child_lost(c, "this node's slurm.conf does not have it");
        return;
    }
    lookup_start(&p->d->loop, addr, port, looked_up, c, &c->lookup);
}

/* --- time --- */

static void on_timer(uv_timer_t *t)
{
    struct passing *p = t->data;
    struct slurmd *d = p->d;

    pump(p);
    net_flush(d->net);
}

static void set_timer(struct passing *p)
{
    uint64_t now = uv_now(&p->d->loop), at = p->until;
    int64_t due = fan_deadline(&p->fan);

    if (due < (int64_t)at)
        at = (uint64_t)due;
    if (p->tell_at && p->tell_at < at)
        at = p->tell_at;
    uv_timer_start(&p->timer, on_timer, at > now ? at - now : 1, 0);
}

static void give_up(struct passing *p, uint32_t head)
{
    for (struct child *c = p->children; c; c = c->next)
        if (c->head == head) {
            if (c->conn) {
                c->conn->user = NULL;
                net_abort(c->conn);
                c->conn = NULL;
            }
            child_lost(c, "it does not answer");
            return;
        }
}

/* Whoever has no outcome now is the asker's. */
static void run_out(struct passing *p)
{
    for (uint32_t i = 0; i < p->fan.n; i++)
        if (p->fan.states[i] == FAN_OPEN)
            unreached(p, i, "it has not answered in time");
}

/* Does what is to be done now. It may be the end of p. */
static void pump(struct passing *p)
{
    int64_t now = (int64_t)uv_now(&p->d->loop);
    bool over = now >= (int64_t)p->until;
    uint32_t head;

    if (p->d->stopping || p->pumping)
        return;
    p->pumping = true;
    if (!over)
        fan_tick(&p->fan, now);
    while (!over && fan_late(&p->fan, now, &head))
        give_up(p, head);
    while (!over && fan_next(&p->fan, now, &head))
        ask(p, head);
    p->pumping = false;
    if (p->fan.open && !over) {
        if (p->tell_at && p->tell_at <= (uint64_t)now)
            tell(p, false);
        set_timer(p);
        return;
    }
    run_out(p);
    tell(p, true);
    passing_end(p);
}

/* --- what comes in --- */

static void forget_answered(struct slurmd *d, int64_t now)
{
    MAP_EACH (&d->answered, e) {
        struct answered *a = e->value;
        if (a->expires >= now)
            return; /* those behind it are younger */
        map_u64_remove(&d->answered, e->key);
        buf_release(&a->body);
        mem_free(a);
    }
}

/* What is in the message is carried out once, however often it comes. */
static struct answered *carry_out(struct slurmd *d, const struct forward_body *b, char **ret_action,
                                  struct err *e)
{
    const struct message_type *t = message_by_number((int)b->type);
    struct answered *a = map_u64_get(&d->answered, b->nonce);
    struct buf out = BUF_INIT;
    struct frame f;

    if (a)
        return a;
    forget_answered(d, slurmd_now());
    if (map_u64_count(&d->answered) >= ANSWERED_MAX) {
        err_set(e, ESLURM_UNEXPECTED_MESSAGE, "too many messages are passed on");
        return NULL;
    }
    void *rec = mem_alloc(t->request->size);
    if (meta_decode(t->request, rec, b->body.v, b->body.n, e) < 0) {
        mem_free(rec);
        return NULL;
    }
    *ret_action = order_take(d, (uint16_t)b->type, 0, rec, &out);
    meta_free(t->request, rec);
    REQUIRE(frame_parse(out.s, out.len, FRAME_BODY_MAX, &f, e) > 0);
    a = mem_alloc(sizeof *a);
    a->expires = b->expires;
    a->flags = f.flags;
    buf_init(&a->body);
    buf_add(&a->body, f.body, f.len);
    buf_release(&out);
    map_u64_put(&d->answered, b->nonce, a);
    return a;
}

/* Places rise along every way through the tree, so that no message comes back to where it was. */
static int check_hops(const struct slurmd *d, const struct forward *m, const struct hostlist *nodes,
                      struct err *e)
{
    char name[HOSTLIST_NAME_SIZE];

    for (uint32_t i = 0; i < m->hops.n; i++)
        if (m->hops.v[i] >= nodes->count || (i && m->hops.v[i] <= m->hops.v[i - 1]))
            return err_set(e, ESLURM_UNEXPECTED_MESSAGE, "a message to be passed on goes in circles");
    if (!m->hops.n || m->hops.n > FAN_TARGETS_MAX)
        return err_set(e, ESLURM_UNEXPECTED_MESSAGE, "a message to be passed on is for nobody");
    hostlist_nth(nodes, m->hops.v[0], name);
    if (!text_same(name, d->node_name))
        return err_set(e, ESLURM_UNEXPECTED_MESSAGE, "a message to be passed on is for node %s, not %s", name,
                       d->node_name);
    return 0;
}

static int read_body(struct slurmd *d, const struct forward *m, struct forward_body *ret,
                     struct hostlist *ret_nodes, struct err *e)
{
    int rc = d->auth ? auth_check_forward(d->auth, m->sealed.v, m->sealed.n, slurmd_now(), ret, e)
                     : err_set(e, ESLURM_PROTOCOL_AUTHENTICATION, "this node has no key yet");

    if (rc < 0)
        return rc;
    rc = hostlist_parse(ret_nodes, ret->nodes, e);
    if (rc == 0)
        rc = check_hops(d, m, ret_nodes, e);
    if (rc == 0 && (!order_known(ret->type) || !ret->width || ret->width > FAN_WIDTH_MAX || !ret->timeout ||
                    ret->timeout > FAN_WAIT_MS_MAX))
        rc = err_set(e, ESLURM_UNEXPECTED_MESSAGE, "message %u cannot be passed on", ret->type);
    if (rc < 0) {
        hostlist_release(ret_nodes);
        meta_release(&record_forward_body, ret);
    }
    return rc;
}

/* A controller that has been replaced finds nobody who passes its messages on. */
static bool is_fenced(const struct answered *a)
{
    struct frame f = {.flags = a->flags, .body = a->body.s, .len = (uint32_t)a->body.len};
    struct err e;

    return a->flags & FRAME_ERROR &&
           frame_read_error(&f, &e) == -ESLURM_SLURM_BACKUP_CONTROLLER_IN_STANDBY_MODE;
}

static uint32_t count_passing(const struct slurmd *d)
{
    uint32_t n = 0;

    for (const struct passing *p = d->passing; p; p = p->next)
        n++;
    return n;
}

static void begin(struct passing *p, const struct forward *m, const struct answered *own)
{
    struct slurmd *d = p->d;
    struct forward_answer *a;
    uint32_t wait = m->wait < FAN_WAIT_MS_MAX ? m->wait : FAN_WAIT_MS_MAX;
    bool fenced = is_fenced(own);

    p->until = uv_now(&d->loop) + wait;
    meta_bytes_set(&p->sealed, m->sealed.v, m->sealed.n);
    for (uint32_t i = 0; i < m->hops.n; i++)
        meta_u32s_push(&p->hops, m->hops.v[i]);
    fan_init(&p->fan, m->hops.n - 1, p->body.width, p->body.timeout, false, NULL);
    uv_timer_init(&d->loop, &p->timer);
    p->timer.data = p;
    p->next = d->passing;
    d->passing = p;
    a = add_answer(p, m->hops.v[0]);
    a->flags = own->flags;
    meta_bytes_set(&a->body, own->body.s, own->body.len);
    if (fenced)
        p->until = 0;
    else if (p->fan.open)
        tell(p, false); /* a sign of life */
    pump(p);
}

int forward_take(struct slurmd *d, const struct forward *m, struct net_conn *asker, uint32_t seq,
                 struct err *e)
{
    struct passing *p;
    struct answered *own;
    int rc = count_passing(d) < PASSING_MAX
                 ? 0
                 : err_set(e, ESLURM_UNEXPECTED_MESSAGE, "too many messages are passed on");

    if (rc < 0)
        return rc;
    p = mem_alloc(sizeof *p);
    p->d = d;
    p->asker = asker;
    p->seq = seq;
    meta_init(&record_forward_answers, &p->ready);
    rc = read_body(d, m, &p->body, &p->nodes, e);
    if (rc < 0) {
        log_error("a message that was passed on is refused: %s", e->text);
        mem_free(p);
        return rc;
    }
    own = carry_out(d, &p->body, &p->action, e);
    if (!own) {
        passing_free(p);
        mem_free(p);
        return -e->code;
    }
    begin(p, m, own);
    return 0;
}

void forward_asker_gone(struct slurmd *d, struct net_conn *asker)
{
    struct passing *next;

    for (struct passing *p = d->stopping ? NULL : d->passing; p; p = next) {
        next = p->next;
        if (p->asker == asker)
            passing_end(p); /* whoever asked, or who asked him, takes it over */
    }
}

void forward_stop(struct slurmd *d)
{
    for (struct passing *p = d->passing; p; p = p->next)
        for (struct child *c = p->children; c; c = c->next)
            if (c->lookup)
                lookup_cancel(c->lookup);
}

void forward_release(struct slurmd *d)
{
    while (d->passing) {
        struct passing *p = d->passing;
        d->passing = p->next;
        for (struct child *c = p->children; c; c = c->next)
            c->conn = NULL;
        passing_free(p);
        mem_free(p);
    }
    MAP_EACH (&d->answered, e) {
        struct answered *a = e->value;
        buf_release(&a->body);
        mem_free(a);
    }
    map_u64_release(&d->answered);
}
