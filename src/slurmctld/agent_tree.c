/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages for many nodes go through a tree of them: doc/spec/11-fan-out.md. Who is asked directly, and what
 * is done when one of them does not answer, is decided in nodecore/fan.c; a parcel for each head goes over
 * its link. The last word about a node is always said by a connection of our own.
 */
#include "base/hostlist.h"
#include "base/mem.h"
#include "base/text.h"
#include "model/message.h"
#include "nodecore/fan.h"
#include "os/log.h"
#include "slurmctld/agent.h"

struct tree {
    struct tree *next;
    struct agent *agent;
    uint16_t type;
    bool ordered, pumping;
    struct fan fan;
    uint32_t *nodes;          /* index of each target */
    struct buf sealed, plain; /* as it goes through others, and as it goes to a node itself */
    uint64_t since, until;    /* ms of the loop; then its seal is too old */
    int64_t time;             /* of day */
    uint32_t bundles;         /* parcels of it that are somewhere */
    uint32_t messages;
};

static struct link *link_to(const struct tree *t, uint32_t target)
{
    return map_u64_get(&t->agent->links, t->nodes[target]);
}

static void tree_free(struct tree *t)
{
    fan_release(&t->fan);
    mem_free(t->nodes);
    buf_release(&t->sealed);
    buf_release(&t->plain);
    mem_free(t);
}

static void end_if_over(struct tree *t)
{
    const struct message_type *type = message_by_number(t->type);
    struct tree **at = &t->agent->trees;

    if (t->fan.open || t->bundles || t->pumping)
        return;
    while (*at != t)
        at = &(*at)->next;
    *at = t->next;
    log_flag(LOGF_ROUTE, "%s to %u nodes: %u messages, %llu ms", type->name, t->fan.n, t->messages,
             (unsigned long long)(uv_now(&t->agent->loop) - t->since));
    tree_free(t);
}

/* --- what became of a node's message --- */

static struct parcel *parcel_of(const struct tree *t, uint32_t target)
{
    struct parcel *p = parcel_new(t->agent, t->type, t->nodes[target]);

    p->made_at = t->since;
    p->time = t->time;
    return p;
}

static void let_go(const struct tree *t, uint32_t target)
{
    if (t->ordered)
        link_let_go(link_to(t, target));
}

static void answered(const struct tree *t, uint32_t target, const struct forward_answer *a)
{
    struct frame f = {
        .type = t->type, .flags = (uint16_t)(a->flags & ~FRAME_MORE), .body = a->body.v, .len = a->body.n};

    parcel_answered(link_to(t, target), parcel_of(t, target), &f);
    let_go(t, target);
}

static void undelivered(const struct tree *t, uint32_t target)
{
    struct parcel *p = parcel_of(t, target);

    parcel_undeliverable(link_to(t, target), p);
    parcel_free(t->agent, p);
    let_go(t, target);
}

/* As to a node alone. */
static void send_plain(struct tree *t, uint32_t target)
{
    struct parcel *p = parcel_of(t, target);

    p->made_at = uv_now(&t->agent->loop);
    buf_add(&p->body, t->plain.s, t->plain.len);
    t->messages++;
    link_deliver_first(link_to(t, target), p);
    let_go(t, target);
}

/* --- heads --- */

static void ask(struct tree *t, uint32_t head)
{
    const struct fan_head *h = &t->fan.heads.v[head];
    struct parcel *p = parcel_new(t->agent, MSG_FORWARD, t->nodes[h->targets[0]]);
    struct forward m;

    meta_init(&record_forward, &m);
    m.sealed = (struct meta_bytes){(uint8_t *)t->sealed.s, (uint32_t)t->sealed.len};
    m.hops = (struct meta_u32s){h->targets, h->given};
    m.wait = (uint32_t)fan_wait_ms(&t->fan, head);
    meta_encode(&record_forward, &m, &p->body);
    p->tree = t;
    p->head = head;
    t->bundles++;
    t->messages++;
    link_deliver_first(link_to(t, h->targets[0]), p);
}

/* Does what is to be done now. It may be the end of t. */
static void pump(struct tree *t)
{
    int64_t now = (int64_t)uv_now(&t->agent->loop);
    uint32_t head;

    if (t->pumping || t->agent->stopping)
        return;
    t->pumping = true;
    fan_tick(&t->fan, now);
    while (fan_late(&t->fan, now, &head))
        if (fan_lost(&t->fan, head))
            undelivered(t, t->fan.heads.v[head].targets[0]);
    while (fan_next(&t->fan, now, &head))
        ask(t, head);
    t->pumping = false;
    end_if_over(t);
}

static void take_answers(struct tree *t, uint32_t head, const struct frame *f)
{
    struct forward_answers m;
    struct err e;

    if (meta_decode(&record_forward_answers, &m, f->body, f->len, &e) < 0) {
        log_error("answers that were passed on cannot be read: %s", e.text);
        return;
    }
    for (uint32_t i = 0; i < m.answers.n; i++) {
        const struct forward_answer *a = &m.answers.v[i];
        if (a->unreached && fan_failed(&t->fan, head, a->node))
            undelivered(t, a->node);
        else if (!a->unreached && fan_done(&t->fan, head, a->node))
            answered(t, a->node, a);
    }
    meta_release(&record_forward_answers, &m);
}

/* A slurmd that does not pass messages on, or does not take this one for ours, is asked as if it were alone.
 */
static void refused(struct tree *t, uint32_t head, const struct frame *f)
{
    uint32_t own = t->fan.heads.v[head].targets[0];
    struct err e;

    frame_read_error(f, &e);
    log_error("node %s passes nothing on: %s", link_to(t, own)->name, e.text);
    if (fan_lost(&t->fan, head))
        send_plain(t, own);
}

void tree_answered(struct parcel *p, const struct frame *f)
{
    struct tree *t = p->tree;

    if (f->flags & FRAME_ERROR)
        refused(t, p->head, f);
    else
        take_answers(t, p->head, f);
    if (f->flags & FRAME_MORE) {
        pump(t);
        return;
    }
    p->tree = NULL;
    t->bundles--;
    if (fan_lost(&t->fan, p->head))
        undelivered(t, t->fan.heads.v[p->head].targets[0]);
    pump(t);
}

void tree_undeliverable(struct parcel *p)
{
    struct tree *t = p->tree;

    p->tree = NULL;
    t->bundles--;
    if (fan_lost(&t->fan, p->head))
        undelivered(t, t->fan.heads.v[p->head].targets[0]);
    pump(t);
}

bool tree_over(const struct parcel *p)
{
    return p->tree->fan.heads.v[p->head].over;
}

bool tree_head_answered(const struct parcel *p)
{
    const struct fan *f = &p->tree->fan;

    return f->states[f->heads.v[p->head].targets[0]] == FAN_DONE;
}

/* --- beginning and end --- */

/* Where a node is, if slurm.conf does not say so. */
static void add_address(const struct conf *conf, const struct node *n, struct forward_body *b)
{
    const struct node *known = conf_node(conf, n->name);
    const char *addr = n->addr ? n->addr : n->name;

    if (known && known->port == n->port && text_same(known->addr ? known->addr : known->name, addr))
        return;
    struct forward_addr *a = meta_recs_push(&record_forward_addr, &b->addrs);
    a->name = mem_strdup(n->name);
    a->addr = mem_strdup(addr);
    a->port = n->port;
}

static int seal(struct tree *t, const struct conf *conf, struct snapshot *s, struct err *e)
{
    struct ctld *c = t->agent->ctld;
    struct forward_body b;
    struct hostlist names = {0};
    struct buf text = BUF_INIT;
    int64_t life = (int64_t)(t->until - t->since) / 1000 + AUTH_SKEW_S;

    meta_init(&record_forward_body, &b);
    for (uint32_t i = 0; i < t->fan.n; i++) {
        const struct node *n = ptree_get(&s->nodes, t->nodes[i]);
        hostlist_push(&names, n->name, NULL);
        add_address(conf, n, &b);
    }
    hostlist_text(&names, &text);
    hostlist_release(&names);
    b.nodes = buf_take(&text);
    b.type = t->type;
    b.width = t->fan.width;
    b.timeout = (uint32_t)t->fan.timeout;
    b.expires = t->time + life;
    meta_bytes_set(&b.body, t->plain.s, t->plain.len);
    int rc = auth_seal_forward(c->auth, &b, t->time, &t->sealed, e);
    meta_release(&record_forward_body, &b);
    return rc;
}

/* MessageTimeout, within what slurmds take. */
static int64_t timeout(const struct agent *a)
{
    return a->timeout_ms < 1000              ? 1000
           : a->timeout_ms > FAN_WAIT_MS_MAX ? FAN_WAIT_MS_MAX
                                             : (int64_t)a->timeout_ms;
}

void tree_send(struct agent *a, uint16_t type, const struct buf *body, const struct routed *nodes, uint32_t n,
               bool grouped, uint32_t width, bool ordered, struct snapshot *s)
{
    struct shared_conf *conf = ctld_conf(a->ctld);
    struct tree *t = mem_alloc(sizeof *t);
    struct err e;

    uint32_t *groups = mem_array(n, sizeof *groups);
    t->nodes = mem_array(n, sizeof *t->nodes);
    for (uint32_t i = 0; i < n; i++) {
        t->nodes[i] = nodes[i].node;
        groups[i] = nodes[i].group;
    }
    fan_init(&t->fan, n, width, timeout(a), true, grouped ? groups : NULL);
    mem_free(groups);
    uint64_t levels = 2 + fan_height(n, width), life = levels * levels * (uint64_t)t->fan.timeout;
    t->agent = a;
    t->type = type;
    t->ordered = ordered;
    buf_init(&t->sealed);
    buf_init(&t->plain);
    buf_add(&t->plain, body->s, body->len);
    t->time = ctld_now();
    t->since = uv_now(&a->loop);
    t->until = t->since + (life < FAN_WAIT_MS_MAX ? life : FAN_WAIT_MS_MAX);
    t->next = a->trees;
    a->trees = t;
    for (uint32_t i = 0; ordered && i < n; i++)
        link_to(t, i)->held++;
    if (seal(t, conf->conf, s, &e) < 0) {
        log_error("a message to %u nodes cannot be signed: %s", n, e.text);
        t->until = 0;
    }
    ctld_conf_drop(conf);
    if (t->until)
        pump(t);
}

/* Its seal is too old: what is left goes to each node as if it were alone. */
static void run_out(struct tree *t)
{
    for (uint32_t i = 0; i < t->fan.n; i++)
        if (t->fan.states[i] == FAN_OPEN) {
            fan_done(&t->fan, t->fan.owners[i], i);
            send_plain(t, i);
        }
}

void trees_sweep(struct agent *a)
{
    struct tree *next;

    for (struct tree *t = a->trees; t; t = next) {
        next = t->next;
        if (uv_now(&a->loop) >= t->until)
            run_out(t);
        pump(t);
    }
}

void trees_release(struct agent *a)
{
    while (a->trees) {
        struct tree *t = a->trees;
        a->trees = t->next;
        tree_free(t);
    }
}
