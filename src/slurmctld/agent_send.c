/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the core wants of nodes becomes messages. Effects that follow each other and say the same are one
 * round: it goes through a tree when it is for more nodes than TreeWidth, else to each node directly.
 */
#include "base/bits.h"
#include "base/mem.h"
#include "os/log.h"
#include "slurmctld/agent.h"

enum { WIDTH_USUAL = 16 }; /* TreeWidth=0 */

/* A message, and who gets it. */
struct batch_of_nodes {
    uint16_t type;
    struct buf body;
    VEC(uint32_t) nodes;
    struct bits seen;
};

static void encode_kill(struct agent *a, const struct effect *f, const struct snapshot *s, struct buf *ret)
{
    const struct job *job = snapshot_job(s, f->job_id);
    struct kill_job kill = *(const struct kill_job *)f->record;
    struct job mine;

    kill.term = a->ctld->term;
    if (job) { /* what an epilog needs to know: the same on every node */
        BORROW_SHARED(&mine, job);
        mine.steps.n = 0;
        mine.alloc.n = 0;
        kill.job = &mine;
    }
    meta_encode(&record_kill_job, &kill, ret);
}

/* The number of the message; 0: it is not for a node. */
static uint16_t encode(struct agent *a, const struct effect *f, const struct snapshot *s, struct buf *ret)
{
    if (f->type == EFFECT_KILL_JOB || f->type == EFFECT_SIGNAL) {
        encode_kill(a, f, s, ret);
        return f->type == EFFECT_SIGNAL ? MSG_SIGNAL_JOB : MSG_KILL_JOB;
    }
    if (f->type == EFFECT_PING) {
        struct node_ping ping = {.term = a->ctld->term};
        meta_encode(&record_node_ping, &ping, ret);
        return MSG_NODE_PING;
    }
    if (f->type == EFFECT_NODE_CONTROL) {
        struct node_control control = *(const struct node_control *)f->record;
        control.term = a->ctld->term;
        meta_encode(&record_node_control, &control, ret);
        return MSG_NODE_CONTROL;
    }
    return 0;
}

static void send_directly(struct agent *a, const struct batch_of_nodes *b, const uint32_t *nodes, uint32_t n,
                          struct snapshot *s)
{
    struct round *r = n > 1 ? mem_alloc(sizeof *r) : NULL;

    if (r)
        *r = (struct round){.type = b->type, .nodes = n, .open = n, .messages = n, .since = uv_now(&a->loop)};
    for (uint32_t i = 0; i < n; i++) {
        struct parcel *p = parcel_new(a, b->type, nodes[i]);
        p->round = r;
        buf_add(&p->body, b->body.s, b->body.len);
        link_deliver(link_of(a, ptree_get(&s->nodes, nodes[i])), p);
    }
}

/* Nodes that others are asked through: those that were there a moment ago. */
static bool fits_tree(struct agent *a, const struct node *n, bool ordered)
{
    const uint32_t away = NODEF_NOT_RESPONDING | NODEF_POWERED_DOWN | NODEF_POWERING_DOWN |
                          NODEF_POWERING_UP | NODEF_NO_CONTACT_YET;
    const struct link *l = link_of(a, n);

    if (!n->token || n->state != NODE_UP || n->flags & away || l->pause_ms)
        return false;
    return !ordered || link_idle(l);
}

static void batch_send(struct agent *a, struct batch_of_nodes *b, struct snapshot *s)
{
    struct shared_conf *conf = ctld_conf(a->ctld);
    uint32_t given = conf_u32(conf->conf, CONF_TREE_WIDTH), width = given ? given : WIDTH_USUAL;
    bool ordered = b->type != MSG_NODE_PING;
    VEC(struct routed) through = {0};
    VEC(uint32_t) alone = {0};

    for (uint32_t i = 0; i < b->nodes.n && b->nodes.n > width; i++) {
        uint32_t node = b->nodes.v[i];
        if (fits_tree(a, ptree_get(&s->nodes, node), ordered))
            VEC_PUSH(&through)->node = node;
        else
            *VEC_PUSH(&alone) = node;
    }
    bool grouped = through.n > width && routes_sort(a, conf, s, through.v, through.n);
    while (grouped && through.n && through.v[through.n - 1].group == ROUTE_ALONE)
        *VEC_PUSH(&alone) = through.v[--through.n].node;
    ctld_conf_drop(conf);
    if (through.n > width) {
        send_directly(a, b, alone.v, alone.n, s);
        tree_send(a, b->type, &b->body, through.v, through.n, grouped, width, ordered, s);
    } else
        send_directly(a, b, b->nodes.v, b->nodes.n, s);
    VEC_FREE(&through);
    VEC_FREE(&alone);
    b->nodes.n = 0;
    bits_release(&b->seen);
}

static bool same_message(const struct batch_of_nodes *b, uint16_t type, const struct buf *body)
{
    return b->type == type && b->body.len == body->len && memcmp(b->body.s, body->s, body->len) == 0;
}

void agent_send_effects(struct agent *a, const struct outbox *o, struct snapshot *s)
{
    struct batch_of_nodes b = {.body = BUF_INIT};
    struct buf body = BUF_INIT;

    for (uint32_t i = 0; i < o->list.n; i++) {
        const struct effect *f = &o->list.v[i];
        const struct node *node = f->node_index == NO_VAL ? NULL : ptree_get(&s->nodes, f->node_index);
        buf_clear(&body);
        if (f->type == EFFECT_LAUNCH_BATCH) {
            batch_send(a, &b, s);
            agent_send_launch(a, f->job_id, s);
            continue;
        }
        uint16_t type = node ? encode(a, f, s, &body) : 0;
        if (!type)
            continue;
        if (!same_message(&b, type, &body) || bits_test(&b.seen, f->node_index)) {
            batch_send(a, &b, s);
            b.type = type;
            buf_clear(&b.body);
            buf_add(&b.body, body.s, body.len);
        }
        *VEC_PUSH(&b.nodes) = f->node_index;
        bits_set(&b.seen, f->node_index);
    }
    batch_send(a, &b, s);
    VEC_FREE(&b.nodes);
    buf_release(&b.body);
    buf_release(&body);
}
