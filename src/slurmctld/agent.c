/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What goes to the nodes. One thread, one loop; each node has at most one connection, which is kept while it
 * is used. A node that does not answer keeps only its own queue waiting: connections are opened in the
 * background, OPENING_MAX at a time, and tried again after a growing pause.
 *
 * Effects are idempotent and, but for launches, repeated by the core until the node has reported: what cannot
 * be delivered is dropped here. A launch is tried until the job does not want it any more.
 */
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "model/errors.h"
#include "os/host.h"
#include "os/log.h"
#include "os/mailbox.h"
#include "os/net.h"
#include "slurmctld/ctld.h"

enum {
    OPENING_MAX = 256,
    SWEEP_MS = 250,
    CONNECT_MS = 5000,
    PAUSE_MIN_MS = 500,
    PAUSE_MAX_MS = 30000,
    IDLE_MS = 120000,
    LAUNCH_TRIES_MS = 300000, /* then the launch has failed */
};

/* A message for a node, encoded. */
struct parcel {
    struct parcel *next;
    uint16_t type;
    uint32_t seq; /* 0 while it waits for a connection */
    uint32_t job_id, restarts, node_index;
    uint64_t made_at, sent_at;
    struct buf body;
};

enum link_state {
    LINK_CLOSED,
    LINK_WAITING, /* for its turn to be opened */
    LINK_LOOKUP,  /* the resolver works */
    LINK_OPENING,
    LINK_OPEN,
};

struct link {
    struct agent *agent;
    uint32_t index;
    enum link_state state;
    char *name, *host;
    uint16_t port;
    struct sockaddr_storage addr;
    bool known_addr;
    struct net_conn *conn;
    struct parcel *queue, *sent; /* oldest first */
    uint32_t seq;
    uint64_t since;      /* of the state */
    uint64_t not_before; /* pause after a failure */
    uint64_t token;      /* of the node's last known registration */
    uint32_t pause_ms;
    struct link *next_active;
    bool active; /* in the list of links that have something to do */
};

struct agent {
    struct ctld *ctld;
    pthread_t thread;
    uv_loop_t loop;
    struct net *net;
    struct mailbox mailbox;
    uv_timer_t sweep;
    struct map_u64 links; /* node index -> struct link */
    struct link *active;
    uint32_t opening;
    VEC(uint32_t) again; /* jobs whose launch reached a slurmd that had not registered yet */
    bool stopping;
    uint64_t timeout_ms;
};

static void link_pump(struct link *l);
static const struct net_ops node_ops;

/* --- parcels --- */

static struct parcel *parcel_new(struct agent *a, uint16_t type, uint32_t node_index)
{
    struct parcel *p = mem_alloc(sizeof *p);

    p->type = type;
    p->node_index = node_index;
    p->made_at = uv_now(&a->loop);
    buf_init(&p->body);
    return p;
}

static void parcel_free(struct parcel *p)
{
    buf_release(&p->body);
    mem_free(p);
}

static void append(struct parcel **list, struct parcel *p)
{
    while (*list)
        list = &(*list)->next;
    p->next = NULL;
    *list = p;
}

static void post(struct agent *a, enum msg_type type, void *record)
{
    core_post(a->ctld->core, work_new(type, record));
}

static void report_launch(struct agent *a, const struct parcel *p, uint32_t error, const char *text)
{
    struct launch_done *d = meta_new(&record_launch_done);

    d->job_id = p->job_id;
    d->restarts = p->restarts;
    d->error = error;
    d->error_text = mem_strdup(text);
    post(a, MSG_LAUNCH_DONE, d);
}

static void report_contact(struct agent *a, uint32_t node_index, const struct node_ping_reply *reply)
{
    struct node_contact *c = meta_new(&record_node_contact);

    c->node_index = node_index;
    c->ok = reply != NULL;
    if (reply) {
        c->cpu_load = reply->cpu_load;
        c->free_mem = reply->free_mem;
    }
    post(a, MSG_NODE_CONTACT, c);
}

static bool launch_still_wanted(struct agent *a, const struct parcel *p)
{
    struct snapshot *s = ctld_snapshot(a->ctld);
    const struct job *job = snapshot_job(s, p->job_id);
    bool wanted =
        job && job->state == JOB_RUNNING && job->restarts == p->restarts && !(job->flags & JOBF_LAUNCHED);

    snapshot_drop(s);
    return wanted;
}

/* It could not be delivered. True when it is to be tried again. */
static bool undeliverable(struct link *l, struct parcel *p, const char *why)
{
    struct agent *a = l->agent;

    stat_add(STAT_NODE_ERRORS, 1);
    if (p->type == MSG_NODE_PING)
        report_contact(a, p->node_index, NULL);
    if (p->type != MSG_LAUNCH_BATCH || !launch_still_wanted(a, p))
        return false;
    if (uv_now(&a->loop) - p->made_at < LAUNCH_TRIES_MS)
        return true;
    report_launch(a, p, ESLURM_CONNECTION, why);
    return false;
}

/* --- links --- */

/* A node that has registered since it did not answer is there again: no further pause. */
static void forgive(struct link *l, const struct node *n)
{
    if (n && n->token != l->token) {
        l->token = n->token;
        l->pause_ms = 0;
        l->not_before = 0;
    }
}

static struct link *link_of(struct agent *a, const struct node *n)
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

    if (l->pause_ms == 0)
        log_error("node %s does not answer: %s", l->name, why);
    l->pause_ms = l->pause_ms ? l->pause_ms * 2 : PAUSE_MIN_MS;
    if (l->pause_ms > PAUSE_MAX_MS)
        l->pause_ms = PAUSE_MAX_MS;
    l->not_before = uv_now(&a->loop) + l->pause_ms;
    l->known_addr = false;
    set_state(l, LINK_CLOSED);
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
        if (undeliverable(l, p, why))
            append(&l->queue, p);
        else
            parcel_free(p);
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

struct lookup {
    uv_work_t req;
    struct link *link;
    char *host;
    uint16_t port;
    struct sockaddr_storage addr;
    int rc;
    struct err e;
};

static void look_up(uv_work_t *req)
{
    struct lookup *k = (struct lookup *)req;

    k->rc = host_lookup(k->host, k->port, &k->addr, &k->e);
}

static void looked_up(uv_work_t *req, int status)
{
    struct lookup *k = (struct lookup *)req;
    struct link *l = k->link;

    if (k->rc == 0) {
        l->addr = k->addr;
        l->known_addr = true;
        open_link(l);
    } else
        link_failed(l, k->e.text);
    mem_free(k->host);
    mem_free(k);
}

static void begin_open(struct link *l)
{
    struct err e;

    if (l->known_addr || (host_is_digits(l->host) && host_lookup(l->host, l->port, &l->addr, &e) == 0)) {
        l->known_addr = true;
        open_link(l);
        return;
    }
    struct lookup *k = mem_alloc(sizeof *k);
    k->link = l;
    k->host = mem_strdup(l->host);
    k->port = l->port;
    set_state(l, LINK_LOOKUP);
    REQUIRE(uv_queue_work(&l->agent->loop, &k->req, look_up, looked_up) == 0);
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
    while (l->state == LINK_OPEN && l->conn && l->queue && !net_full(l->conn)) {
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

static void deliver(struct link *l, struct parcel *p)
{
    append(&l->queue, p);
    link_pump(l);
}

/* --- answers --- */

static struct parcel *take_sent(struct link *l, uint32_t seq)
{
    for (struct parcel **at = &l->sent; *at; at = &(*at)->next)
        if ((*at)->seq == seq) {
            struct parcel *p = *at;
            *at = p->next;
            return p;
        }
    return NULL;
}

static void take_answer(struct link *l, struct parcel *p, const struct frame *f)
{
    struct agent *a = l->agent;
    struct node_ping_reply reply;
    struct err e = {0};
    int rc = f->flags & FRAME_ERROR ? frame_read_error(f, &e) : 0;

    if (p->type == MSG_LAUNCH_BATCH) {
        stat_add(STAT_LAUNCHES, 1);
        if (rc == -ESLURM_INVALID_NODE_STATE) {
            *VEC_PUSH(&a->again) = p->job_id; /* it will have registered in a moment */
            parcel_free(p);
            return;
        }
        if (rc < 0)
            log_error("node %s did not take job %u: %s", l->name, p->job_id, e.text);
        report_launch(a, p, rc < 0 ? (uint32_t)e.code : 0, rc < 0 ? e.text : NULL);
    } else if (p->type == MSG_NODE_PING && rc == 0 &&
               meta_decode(&record_node_ping_reply, &reply, f->body, f->len, &e) == 0) {
        report_contact(a, p->node_index, &reply);
        meta_release(&record_node_ping_reply, &reply);
    } else if (rc < 0)
        log_error("node %s: %s", l->name, e.text);
    parcel_free(p);
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
    struct parcel *p = take_sent(l, f->seq);
    if (p) {
        l->since = uv_now(&l->agent->loop);
        l->pause_ms = 0;
        take_answer(l, p, f);
    }
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

static void send_launch(struct agent *a, uint32_t job_id, struct snapshot *s);

static void launch_again(struct agent *a)
{
    struct snapshot *s = a->again.n ? ctld_snapshot(a->ctld) : NULL;

    for (uint32_t i = 0; i < a->again.n; i++)
        send_launch(a, a->again.v[i], s);
    a->again.n = 0;
    snapshot_drop(s);
}

/* Time limits and second tries; links with nothing to do leave the list. */
static void on_sweep(uv_timer_t *t)
{
    struct agent *a = t->data;
    struct link *list = a->active, *next;
    struct snapshot *snapshot = list ? ctld_snapshot(a->ctld) : NULL;
    uint64_t now = uv_now(&a->loop);

    a->active = NULL;
    launch_again(a);
    for (struct link *l = list; l; l = next) {
        next = l->next_active;
        l->active = false;
        if (l->pause_ms)
            forgive(l, ptree_get(&snapshot->nodes, l->index));
        if (l->conn && l->state == LINK_OPENING && now - l->since > CONNECT_MS) {
            l->conn->reason = UV_ETIMEDOUT;
            net_abort(l->conn);
        } else if (l->conn && l->sent && now - l->sent->sent_at > a->timeout_ms) {
            l->conn->reason = UV_ETIMEDOUT;
            net_abort(l->conn);
        }
        if (l->conn && l->state == LINK_OPEN && !l->queue && !l->sent) {
            if (now - l->since > IDLE_MS)
                net_abort(l->conn);
        }
        if (l->queue)
            link_pump(l);
        if (l->queue || l->sent || l->conn)
            activate(l);
    }
    if (snapshot)
        snapshot_drop(snapshot);
    net_flush(a->net);
}

/* --- from effects to parcels --- */

/* What one node needs to know of a job. */
static struct job job_for_node(const struct job *job, uint32_t node_index)
{
    struct job copy;

    BORROW_SHARED(&copy, job);
    copy.steps.n = 0;
    for (uint32_t i = 0; i < job->alloc.n; i++)
        if (job->alloc.v[i].node_index == node_index) {
            copy.alloc.v = &job->alloc.v[i];
            copy.alloc.n = 1;
        }
    return copy;
}

static void send_kill(struct agent *a, const struct effect *f, const struct snapshot *s,
                      const struct node *node)
{
    const struct job *job = snapshot_job(s, f->job_id);
    struct kill_job kill = *(const struct kill_job *)f->record;
    struct job mine;

    kill.term = a->ctld->term;
    if (job) {
        mine = job_for_node(job, node->index);
        kill.job = &mine;
    }
    struct parcel *p = parcel_new(a, f->type == EFFECT_SIGNAL ? MSG_SIGNAL_JOB : MSG_KILL_JOB, node->index);
    meta_encode(&record_kill_job, &kill, &p->body);
    deliver(link_of(a, node), p);
}

struct launch {
    uv_work_t req;
    struct agent *agent;
    struct snapshot *snapshot;
    const struct job *job;   /* of the snapshot */
    const struct node *node; /* likewise */
    struct parcel *parcel;
    int rc;
    struct err e;
};

static int encode_launch(struct launch *l)
{
    struct ctld *c = l->agent->ctld;
    const struct job *job = l->job;
    struct buf stored = BUF_INIT, cred = BUF_INIT;
    struct launch_batch msg;
    struct payload payload;
    struct job mine;

    BORROW_SHARED(&mine, job);
    meta_init(&record_launch_batch, &msg);
    int rc = c->journal->ops->blob_get(c->journal, job->script.v, job->script.n, &stored, &l->e);
    if (rc == 0)
        rc = meta_decode(&record_payload, &payload, stored.s, stored.len, &l->e);
    if (rc == 0) {
        rc = credential_for_batch(c, job, l->node, &cred, &l->e);
        msg.credential = (struct meta_bytes){(uint8_t *)cred.s, (uint32_t)cred.len};
        mine.steps.n = 0;
        msg.job = &mine;
        msg.payload = &payload;
        msg.token = l->node->token;
        for (uint32_t i = 0; i < job->alloc.n; i++) {
            const struct node *n = ptree_get(&l->snapshot->nodes, job->alloc.v[i].node_index);
            meta_strs_push(&msg.node_addrs, n ? n->addr ? n->addr : n->name : "");
        }
        if (rc == 0)
            meta_encode(&record_launch_batch, &msg, &l->parcel->body);
        meta_release(&record_payload, &payload);
    }
    for (uint32_t i = 0; i < msg.node_addrs.n; i++)
        mem_free(msg.node_addrs.v[i]);
    mem_free(msg.node_addrs.v);
    buf_release(&stored);
    buf_release(&cred);
    return rc;
}

static void prepare_launch(uv_work_t *req)
{
    struct launch *l = (struct launch *)req;

    l->rc = encode_launch(l);
}

static void launch_prepared(uv_work_t *req, int status)
{
    struct launch *l = (struct launch *)req;

    if (l->rc == 0)
        deliver(link_of(l->agent, l->node), l->parcel);
    else {
        log_error("job %u cannot be launched: %s", l->job->job_id, l->e.text);
        report_launch(l->agent, l->parcel, (uint32_t)l->e.code, l->e.text);
        parcel_free(l->parcel);
    }
    snapshot_drop(l->snapshot);
    net_flush(l->agent->net);
    mem_free(l);
}

/* The name service and the journal may take their time: on a thread of the pool. */
static void send_launch(struct agent *a, uint32_t job_id, struct snapshot *s)
{
    const struct job *job = snapshot_job(s, job_id);
    const struct node *node = job && job->batch_host ? snapshot_node(s, job->batch_host) : NULL;

    if (!node || job->state != JOB_RUNNING || job->flags & JOBF_LAUNCHED)
        return; /* it has been overtaken */
    struct launch *l = mem_alloc(sizeof *l);
    l->agent = a;
    l->snapshot = snapshot_keep(s);
    l->job = job;
    l->node = node;
    l->parcel = parcel_new(a, MSG_LAUNCH_BATCH, node->index);
    l->parcel->job_id = job->job_id;
    l->parcel->restarts = job->restarts;
    REQUIRE(uv_queue_work(&a->loop, &l->req, prepare_launch, launch_prepared) == 0);
}

static void send_effect(struct agent *a, const struct effect *f, struct snapshot *s)
{
    if (f->type == EFFECT_LAUNCH_BATCH) {
        send_launch(a, f->job_id, s);
        return;
    }
    const struct node *node = ptree_get(&s->nodes, f->node_index);
    if (!node)
        return;
    if (f->type == EFFECT_KILL_JOB || f->type == EFFECT_SIGNAL)
        send_kill(a, f, s, node);
    else if (f->type == EFFECT_PING) {
        struct node_ping ping = {.term = a->ctld->term};
        struct parcel *p = parcel_new(a, MSG_NODE_PING, node->index);
        meta_encode(&record_node_ping, &ping, &p->body);
        deliver(link_of(a, node), p);
    } else if (f->type == EFFECT_NODE_CONTROL) {
        struct node_control control = *(const struct node_control *)f->record;
        struct parcel *p = parcel_new(a, MSG_NODE_CONTROL, node->index);
        control.term = a->ctld->term;
        meta_encode(&record_node_control, &control, &p->body);
        deliver(link_of(a, node), p);
    }
}

struct order {
    struct agent *agent;
    struct outbox effects;
    struct snapshot *snapshot;
};

static void on_order(void *arg)
{
    struct order *o = arg;

    for (uint32_t i = 0; i < o->effects.list.n; i++)
        send_effect(o->agent, &o->effects.list.v[i], o->snapshot);
    outbox_release(&o->effects);
    snapshot_drop(o->snapshot);
    mem_free(o);
}

void agent_post(struct agent *a, struct outbox *o, struct snapshot *s)
{
    struct order *order = mem_alloc(sizeof *order);

    *order = (struct order){.agent = a, .effects = *o, .snapshot = snapshot_keep(s)};
    *o = (struct outbox){0};
    mailbox_post(&a->mailbox, on_order, order);
}

/* --- the thread --- */

static void flush(void *arg)
{
    struct agent *a = arg;

    net_flush(a->net);
}

static void *agent_main(void *arg)
{
    struct agent *a = arg;

    uv_run(&a->loop, UV_RUN_DEFAULT);
    return NULL;
}

struct agent *agent_start(struct ctld *c)
{
    struct agent *a = mem_alloc(sizeof *a);
    struct shared_conf *conf = ctld_conf(c);

    a->ctld = c;
    a->timeout_ms = conf_u32(conf->conf, CONF_MESSAGE_TIMEOUT) * 1000;
    ctld_conf_drop(conf);
    REQUIRE(uv_loop_init(&a->loop) == 0);
    a->net = net_new(&a->loop, a);
    mailbox_init(&a->mailbox, &a->loop, flush, a);
    uv_timer_init(&a->loop, &a->sweep);
    a->sweep.data = a;
    uv_timer_start(&a->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
    REQUIRE(pthread_create(&a->thread, NULL, agent_main, a) == 0);
    pthread_setname_np(a->thread, "agent");
    return a;
}

static void free_parcels(struct parcel *p)
{
    while (p) {
        struct parcel *next = p->next;
        parcel_free(p);
        p = next;
    }
}

static void stop(void *arg)
{
    struct agent *a = arg;

    a->stopping = true;
    MAP_EACH (&a->links, e) {
        struct link *l = e->value;
        if (l->conn)
            l->conn->user = NULL;
        l->conn = NULL;
    }
    uv_close((uv_handle_t *)&a->sweep, NULL);
    net_stop(a->net);
    mailbox_close(&a->mailbox);
}

void agent_stop(struct agent *a)
{
    mailbox_post(&a->mailbox, stop, a);
    pthread_join(a->thread, NULL);
    MAP_EACH (&a->links, e) {
        struct link *l = e->value;
        free_parcels(l->queue);
        free_parcels(l->sent);
        mem_free(l->name);
        mem_free(l->host);
        mem_free(l);
    }
    map_u64_release(&a->links);
    VEC_FREE(&a->again);
    net_free(a->net);
    uv_loop_close(&a->loop);
    mem_free(a);
}
