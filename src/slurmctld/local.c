/* SPDX-License-Identifier: Apache-2.0 */
/* What the shell does itself: ping, reconfigure, shutdown, set_debug. */
#include <unistd.h>

#include "base/hostlist.h"
#include "base/mem.h"
#include "base/text.h"
#include "model/errors.h"
#include "os/debugflags.h"
#include "os/host.h"
#include "os/log.h"
#include "slurmctld/net_thread.h"
#include "version.h"

static void answer_ping(struct request *r)
{
    struct ping_reply reply = {
        .host = (char *)host_name(),
        .mode = (char *)"primary",
        .pid = (uint32_t)getpid(),
        .boot_time = r->t->ctld->boot_time,
        .version = (char *)SLURM_VERSION,
    };

    reply_record(r->conn, r->type->number, r->seq, &record_ping_reply, &reply);
}

/* --- reconfigure --- */

struct reconfigure {
    uv_work_t req;
    struct ctld *ctld;
    struct work *w; /* MSG_CONFIGURE, or what becomes of it */
    struct shared_conf *conf;
    void (*done)(struct work *w);
    void *user;
};

/* Every slurmd that has ever come, or those of `only`. */
static void tell_nodes(struct ctld *ctld, struct snapshot *s, const struct node_control *what,
                       const struct hostlist *only)
{
    const uint32_t gone = NODEF_POWERED_DOWN | NODEF_POWERING_DOWN;
    struct outbox out = {0};
    const struct node *n;

    for (uint32_t i = 0; (n = ptree_next(&s->nodes, &i)); i++) {
        if (!n->token || n->flags & gone || (only && hostlist_find(only, n->name) < 0))
            continue;
        struct effect *f = VEC_PUSH(&out.list);
        struct node_control *c = meta_dup(&record_node_control, what);
        c->term = ctld->term;
        *f = (struct effect){.type = EFFECT_NODE_CONTROL,
                             .job_id = NO_VAL,
                             .step_id = NO_VAL,
                             .node_index = i,
                             .record = c,
                             .record_type = &record_node_control};
    }
    agent_post(ctld->agent, &out, s);
    outbox_release(&out);
}

/* They read their files again. Who cannot be reached now does so when it starts. */
void local_tell_nodes(struct ctld *ctld, struct snapshot *s)
{
    tell_nodes(ctld, s, &(struct node_control){.action = (char *)"reconfigure"}, NULL);
}

/* On the journal thread: the core has taken the configuration or refused it as a whole. */
static void configured(struct work *w)
{
    struct reconfigure *c = w->user;

    if (w->rc == 0) {
        ctld_conf_replace(c->ctld, c->conf);
        users_forget(c->ctld->users);
        ctld_log_open(c->ctld, c->conf->conf);
        log_info("Processing of the configuration is complete");
        local_tell_nodes(c->ctld, w->snapshot);
    } else {
        log_error("reconfiguration refused: %s", w->e.text);
        ctld_conf_drop(c->conf);
    }
    w->user = c->user;
    c->done(w);
    mem_free(c);
}

static struct configure *read_configuration(struct ctld *ctld, struct reconfigure *c, struct err *e)
{
    struct shared_conf *was = ctld_conf(ctld);
    struct configure *record = NULL;

    c->conf = configure_load(ctld->conf_path, e);
    if (c->conf && configure_restart(was->conf, c->conf->conf, e) == 0)
        record = configure_from(c->conf->conf, ctld->slurm_uid, e);
    ctld_conf_drop(was);
    return record;
}

void local_reconfigure(struct ctld *ctld, void (*done)(struct work *w), void *user, uint32_t seq)
{
    struct reconfigure *c = mem_alloc(sizeof *c);
    struct configure *record;
    struct err e = {0};

    c->ctld = ctld;
    c->done = done;
    c->user = user;
    record = read_configuration(ctld, c, &e);
    struct work *w = work_new(MSG_CONFIGURE, record);
    w->seq = seq;
    w->user = c;
    w->done = configured;
    if (record) {
        core_post(ctld->core, w);
        return;
    }
    w->rc = -e.code;
    w->e = e;
    configured(w);
}

static void answer_reconfigured(void *arg)
{
    struct work *w = arg;
    struct net_conn *c = w->user;

    if (!c->closing && w->rc < 0)
        reply_error(c, MSG_RECONFIGURE, w->seq, w->e.code, w->e.text);
    else if (!c->closing)
        reply_record(c, MSG_RECONFIGURE, w->seq, NULL, NULL);
    net_release(c);
    work_free(w);
}

static void reconfigured(struct work *w)
{
    struct net_conn *c = w->user;

    mailbox_post(&thread_of(c)->mailbox, answer_reconfigured, w);
}

struct reading {
    uv_work_t req;
    struct net_conn *conn;
    uint32_t seq;
};

static void read_files(uv_work_t *req)
{
    struct reading *r = (struct reading *)req;

    local_reconfigure(thread_of(r->conn)->ctld, reconfigured, r->conn, r->seq);
}

static void files_read(uv_work_t *req, int status)
{
    mem_free(req);
}

/* Files may lie on a slow file system: they are read on a thread of the pool. */
static void answer_reconfigure(struct request *r)
{
    struct reading *w = mem_alloc(sizeof *w);

    w->conn = r->conn;
    w->seq = r->seq;
    net_hold(r->conn);
    REQUIRE(uv_queue_work(&r->t->loop, &w->req, read_files, files_read) == 0);
}

/* --- the rest --- */

static void answer_shutdown(struct request *r)
{
    log_info("performing shutdown as uid %u asks", r->peer->uid);
    reply_record(r->conn, r->type->number, r->seq, NULL, NULL);
    net_flush(r->conn->net);
    ctld_stop(r->t->ctld);
}

/* With nodes= the slurmds of these, and not the controller. */
static int debug_nodes(struct request *r, struct err *e)
{
    const struct set_debug *s = r->record;
    struct hostlist nodes = {0};
    int rc = hostlist_parse(&nodes, s->nodes, e);

    if (rc == 0) {
        struct node_control what = {.action = (char *)"debug", .debug = (struct set_debug *)s};
        struct snapshot *now = ctld_snapshot(r->t->ctld);
        tell_nodes(r->t->ctld, now, &what, &nodes);
        snapshot_drop(now);
    }
    hostlist_release(&nodes);
    return rc;
}

static void answer_set_debug(struct request *r)
{
    const struct set_debug *s = r->record;
    struct err e;
    int rc = s->nodes && *s->nodes ? debug_nodes(r, &e) : debug_set(s, &e);

    if (rc < 0)
        reply_error(r->conn, r->type->number, r->seq, (uint32_t)-rc, e.text);
    else
        reply_record(r->conn, r->type->number, r->seq, NULL, NULL);
}

void local_answer(struct request *r)
{
    static const struct {
        uint16_t type;
        void (*answer)(struct request *r);
    } table[] = {
        {MSG_PING, answer_ping},
        {MSG_RECONFIGURE, answer_reconfigure},
        {MSG_SHUTDOWN, answer_shutdown},
        {MSG_SET_DEBUG, answer_set_debug},
    };

    for (uint32_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].type == r->type->number) {
            table[i].answer(r);
            return;
        }
    reply_error(r->conn, r->type->number, r->seq, ESLURM_UNEXPECTED_MESSAGE, NULL);
}
