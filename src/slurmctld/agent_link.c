/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Links: each node has at most one connection, which is kept while it is used. A node that does not answer
 * keeps only its own queue waiting: connections are opened in the background, OPENING_MAX at a time, and
 * tried again after a growing pause.
 */
#include <errno.h>
#include <string.h>

#include "base/hostlist.h"
#include "base/mem.h"
#include "base/text.h"
#include "os/host.h"
#include "os/log.h"
#include "os/lookup.h"
#include "slurmctld/agent.h"

enum {
    OPENING_MAX = 256,
    CONNECT_MS = 5000,
    PAUSE_MIN_MS = 500,
    PAUSE_MAX_MS = 30000,
    IDLE_MS = 120000,
    TELL_SILENT_MS = 2000,
};

static void link_pump(struct link *l);
static const struct net_ops node_ops;

static void append(struct parcel **list, struct parcel *p)
{
    while (*list)
        list = &(*list)->next;
    p->next = NULL;
    *list = p;
}

/* A node that has registered since it did not answer is there again: no further pause. */
static void forgive(struct link *l, const struct node *n)
{
    if (n && n->token != l->token) {
        l->token = n->token;
        l->pause_ms = 0;
        l->not_before = 0;
    }
}

struct link *link_of(struct agent *a, const struct node *n)
{
    struct link *l = map_u64_get(&a->links, n->index);

    if (!l) {
        l = mem_alloc(sizeof *l);
        l->agent = a;
        l->index = n->index;
        map_u64_put(&a->links, n->index, l);
    }
    mem_set_str(&l->name, n->name);
    forgive(l, n);
    if (!text_same(l->host, n->addr ? n->addr : n->name) || l->port != n->port) {
        mem_set_str(&l->host, n->addr ? n->addr : n->name);
        l->port = n->port;
        l->known_addr = false;
    }
    return l;
}

static void activate(struct link *l)
{
    if (l->active)
        return;
    l->active = true;
    l->next_active = l->agent->active;
    l->agent->active = l;
}

static void set_state(struct link *l, enum link_state state)
{
    struct agent *a = l->agent;

    a->opening -= l->state == LINK_OPENING || l->state == LINK_LOOKUP;
    a->opening += state == LINK_OPENING || state == LINK_LOOKUP;
    l->state = state;
    l->since = uv_now(&a->loop);
}

static void link_failed(struct link *l, const char *why)
{
    struct agent *a = l->agent;
    struct parcel *all = NULL, *next;

    if (l->pause_ms == 0) {
        l->silent_since = uv_now(&a->loop);
        l->told = false;
    }
    mem_set_str(&l->why, why);
    l->pause_ms = l->pause_ms ? l->pause_ms * 2 : PAUSE_MIN_MS;
    if (l->pause_ms > PAUSE_MAX_MS)
        l->pause_ms = PAUSE_MAX_MS;
    l->not_before = uv_now(&a->loop) + l->pause_ms;
    l->known_addr = false;
    set_state(l, LINK_CLOSED);
    activate(l);
    for (struct parcel *p = l->sent; p; p = next) {
        next = p->next;
        append(&all, p);
    }
    for (struct parcel *p = l->queue; p; p = next) {
        next = p->next;
        append(&all, p);
    }
    l->sent = l->queue = NULL;
    for (struct parcel *p = all; p; p = next) {
        next = p->next;
        p->seq = 0;
        if (parcel_undeliverable(l, p))
            append(&l->queue, p);
        else
            parcel_free(l->agent, p);
    }
}

static void on_closed(struct net_conn *c, int reason)
{
    struct link *l = c->user;

    c->user = NULL;
    if (!l)
        return;
    l->conn = NULL;
    if (l->queue || l->sent || l->state == LINK_OPENING)
        link_failed(l, reason ? uv_strerror(reason) : "it closed the connection");
    else
        set_state(l, LINK_CLOSED);
}

static void on_opened(struct net_conn *c)
{
    struct link *l = c->user;
    struct ctld *ctld = l->agent->ctld;
    struct auth_identity me = {ctld->slurm_uid, ctld->slurm_uid};
    struct buf token = BUF_INIT;
    struct hello hello;
    struct err e;

    if (auth_make_token(ctld->auth, &me, l->name, ctld_now(), &token, &e) < 0) {
        log_error("no token for node %s: %s", l->name, e.text);
        net_abort(c);
    } else {
        struct shared_conf *conf = ctld_conf(ctld);
        meta_init(&record_hello, &hello);
        hello.version = WIRE_VERSION;
        hello.cluster = (char *)conf_str(conf->conf, CONF_CLUSTER_NAME);
        hello.auth = (char *)auth_type(ctld->auth);
        hello.token = (struct meta_bytes){(uint8_t *)token.s, (uint32_t)token.len};
        hello.program = (char *)"slurmctld";
        hello.host = (char *)host_name();
        frame_add(net_out(c), MSG_HELLO, 0, 0, &record_hello, &hello);
        ctld_conf_drop(conf);
        set_state(l, LINK_OPEN);
        link_pump(l);
    }
    buf_release(&token);
}

static void open_link(struct link *l)
{
    set_state(l, LINK_OPENING);
    struct net_conn *c = net_connect(l->agent->net, (struct sockaddr *)&l->addr, &node_ops, l);
    if (!c->closing)
        l->conn = c;
}

static void looked_up(void *user, const struct sockaddr_storage *addr, const struct err *e)
{
    struct link *l = user;

    if (addr) {
        l->addr = *addr;
        l->known_addr = true;
        open_link(l);
    } else
        link_failed(l, e->text);
}

static void begin_open(struct link *l)
{
    if (l->known_addr) {
        open_link(l);
        return;
    }
    set_state(l, LINK_LOOKUP);
    lookup_start(&l->agent->loop, l->host, l->port, looked_up, l, &l->lookup);
}

/* Sends what waits, or sees to it that there is a connection. */
static void link_pump(struct link *l)
{
    struct agent *a = l->agent;

    if (a->stopping)
        return;
    activate(l);
    if (l->state == LINK_CLOSED && l->queue && uv_now(&a->loop) >= l->not_before)
        set_state(l, LINK_WAITING);
    if (l->state == LINK_WAITING && a->opening < OPENING_MAX)
        begin_open(l);
    while (l->state == LINK_OPEN && l->conn && l->queue && (l->queue->tree || !l->held) &&
           !net_full(l->conn)) {
        struct parcel *p = l->queue;
        l->queue = p->next;
        p->seq = ++l->seq ? l->seq : ++l->seq;
        p->sent_at = uv_now(&a->loop);
        size_t begin = frame_begin(net_out(l->conn), p->type, 0, p->seq);
        buf_add(net_out(l->conn), p->body.s, p->body.len);
        frame_end(net_out(l->conn), begin);
        append(&l->sent, p);
    }
}

void link_deliver(struct link *l, struct parcel *p)
{
    append(&l->queue, p);
    link_pump(l);
}

void link_deliver_first(struct link *l, struct parcel *p)
{
    p->next = l->queue;
    l->queue = p;
    link_pump(l);
}

void link_let_go(struct link *l)
{
    l->held--;
    if (l->queue)
        link_pump(l);
}

bool link_idle(const struct link *l)
{
    return !l->queue && !l->sent && !l->held && !l->pause_ms;
}

/* --- answers --- */

static struct parcel **find_sent(struct link *l, uint32_t seq)
{
    struct parcel **at = &l->sent;

    while (*at && (*at)->seq != seq)
        at = &(*at)->next;
    return at;
}

static void take_reply(struct link *l, const struct frame *f)
{
    struct parcel **at = find_sent(l, f->seq), *p = *at;

    if (!p)
        return;
    l->since = uv_now(&l->agent->loop);
    l->pause_ms = 0;
    if (p->tree && f->flags & FRAME_MORE) {
        tree_answered(p, f);
        return;
    }
    *at = p->next;
    if (p->tree) {
        tree_answered(p, f);
        parcel_free(l->agent, p);
    } else
        parcel_answered(l, p, f);
}

static void on_frame(struct net_conn *c, const struct frame *f)
{
    struct link *l = c->user;
    struct err e;

    if (!l || !(f->flags & FRAME_REPLY))
        return;
    if (f->type == MSG_HELLO) {
        if (f->flags & FRAME_ERROR) {
            frame_read_error(f, &e);
            log_error("node %s refuses this controller: %s", l->name, e.text);
            net_abort(c);
        }
        return;
    }
    take_reply(l, f);
    link_pump(l);
}

static void on_drained(struct net_conn *c)
{
    if (c->user)
        link_pump(c->user);
}

static const struct net_ops node_ops = {
    .opened = on_opened,
    .frame = on_frame,
    .drained = on_drained,
    .closed = on_closed,
};

/* --- time --- */

static bool is_silent(const struct link *l, uint64_t for_ms)
{
    return l->pause_ms && !l->told && uv_now(&l->agent->loop) - l->silent_since >= for_ms;
}

static bool somebody_is_silent(const struct agent *a)
{
    for (const struct link *l = a->active; l; l = l->next_active)
        if (is_silent(l, TELL_SILENT_MS))
            return true;
    return false;
}

/* Nodes that have not answered for a while, one line for all with the same reason, also for those that fell
 * silent a moment after the first. A node that was only a little late, as at the start of a cluster, is
 * nobody's concern. */
static void tell_silent(struct agent *a)
{
    struct map_str groups = {0}; /* reason -> struct hostlist */

    if (!somebody_is_silent(a))
        return;
    for (struct link *l = a->active; l; l = l->next_active) {
        struct hostlist *names;
        if (!is_silent(l, TELL_SILENT_MS / 2))
            continue;
        l->told = true;
        names = map_str_get(&groups, l->why);
        if (!names) {
            names = mem_alloc(sizeof *names);
            map_str_put(&groups, l->why, names);
        }
        hostlist_push(names, l->name, NULL);
    }
    MAP_EACH (&groups, g) {
        struct buf names = BUF_INIT;
        hostlist_sort(g->value, NULL);
        hostlist_text(g->value, &names);
        log_error("Nodes %s not responding: %s", names.s, g->name);
        buf_release(&names);
        hostlist_release(g->value);
        mem_free(g->value);
    }
    map_str_release(&groups);
}

/* Heads of a tree of which nothing more is expected. One that was asked and has not answered itself stays: it
 * is why the connection is given up. */
static void drop_heads(struct link *l, struct parcel **at, bool sent)
{
    while (*at) {
        struct parcel *p = *at;
        if (p->tree && tree_over(p) && (!sent || tree_head_answered(p))) {
            *at = p->next;
            tree_undeliverable(p);
            parcel_free(l->agent, p);
        } else
            at = &p->next;
    }
}

static bool is_late(const struct link *l, uint64_t now)
{
    if (l->sent && l->sent->tree)
        return tree_over(l->sent);
    return l->sent && now - l->sent->sent_at > l->agent->timeout_ms;
}

static void check_times(struct link *l)
{
    uint64_t now = uv_now(&l->agent->loop);

    drop_heads(l, &l->queue, false);
    drop_heads(l, &l->sent, true);
    bool late = (l->state == LINK_OPENING && now - l->since > CONNECT_MS) || is_late(l, now);
    if (!l->conn)
        return;
    if (late) {
        l->conn->reason = UV_ETIMEDOUT;
        net_abort(l->conn);
    } else if (l->state == LINK_OPEN && !l->queue && !l->sent && now - l->since > IDLE_MS)
        net_abort(l->conn);
}

void links_sweep(struct agent *a)
{
    struct link *list = a->active, *next;
    struct snapshot *snapshot;

    if (!list)
        return;
    snapshot = ctld_snapshot(a->ctld);
    a->active = NULL;
    for (struct link *l = list; l; l = next) {
        next = l->next_active;
        l->active = false;
        if (l->pause_ms)
            forgive(l, ptree_get(&snapshot->nodes, l->index));
        check_times(l);
        if (l->queue)
            link_pump(l);
        if (l->queue || l->sent || l->conn || (l->pause_ms && !l->told))
            activate(l);
    }
    snapshot_drop(snapshot);
    tell_silent(a);
}

/* --- the end --- */

void links_stop(struct agent *a)
{
    MAP_EACH (&a->links, e) {
        struct link *l = e->value;
        if (l->conn)
            l->conn->user = NULL;
        l->conn = NULL;
        if (l->lookup)
            lookup_cancel(l->lookup);
    }
}

static void free_parcels(struct agent *a, struct parcel *p)
{
    while (p) {
        struct parcel *next = p->next;
        parcel_free(a, p);
        p = next;
    }
}

void links_release(struct agent *a)
{
    MAP_EACH (&a->links, e) {
        struct link *l = e->value;
        free_parcels(a, l->queue);
        free_parcels(a, l->sent);
        mem_free(l->name);
        mem_free(l->host);
        mem_free(l->why);
        mem_free(l);
    }
    map_u64_release(&a->links);
}
