/* SPDX-License-Identifier: Apache-2.0 */
/* The kept connection to the controller: hello, registration, reports. Lost ones are opened again, and
 * everything that has not been acknowledged is sent once more. */
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "model/message.h"
#include "os/host.h"
#include "slurmd/slurmd.h"

static void try_connect(struct slurmd *d);

static void on_retry(uv_timer_t *t)
{
    struct slurmd *d = t->data;

    if (!d->ctld)
        try_connect(d);
    else if (!d->registered)
        link_register(d);
}

static void retry_in(struct slurmd *d, uint64_t ms)
{
    d->retry.data = d;
    if (!d->stopping)
        uv_timer_start(&d->retry, on_retry, ms, 0);
}

static uint32_t link_send(struct slurmd *d, enum msg_type type, const struct meta_record *r, const void *rec)
{
    frame_add(net_out(d->ctld), (uint16_t)type, 0, ++d->seq, r, rec);
    return d->seq;
}

/* --- registration --- */

void link_register(struct slurmd *d)
{
    struct node_register m;

    if (!d->ctld || !d->ctld->user)
        return;
    meta_init(&record_node_register, &m);
    m.node = d->node;
    d->node->cpu_load = topology_cpu_load();
    d->node->free_mem = topology_free_memory();
    node_running(&d->core, &m);
    m.starting = !d->registered;
    m.node_boot = d->opt->just_booted && !d->ever_registered;
    m.config_hash = conf_hash(d->conf);
    m.token = d->token;
    d->register_seq = link_send(d, MSG_NODE_REGISTER, &record_node_register, &m);
    m.node = NULL;
    meta_release(&record_node_register, &m);
    net_flush(d->net);
}

void link_end_jobs(struct slurmd *d)
{
    struct meta_u32s ids = {0};
    struct node_effects out = {0};

    MAP_EACH (&d->core.jobs, e) {
        meta_u32s_push(&ids, ((const struct node_job *)e->value)->job_id);
        log_info("-c: ending JobId=%u", ids.v[ids.n - 1]);
    }
    node_end_strangers(&d->core, &ids, slurmd_now(), &out);
    mem_free(ids.v);
    effects_run(d, &out);
}

static void take_registered(struct slurmd *d, const struct frame *f)
{
    struct node_register_reply r;
    struct node_effects out = {0};
    struct err e;
    bool again;

    if (f->flags & FRAME_ERROR) {
        frame_read_error(f, &e);
        log_error("registration refused: %s", e.text);
        retry_in(d, SLURMD_REGISTER_AGAIN_MS);
        return;
    }
    if (meta_decode(&record_node_register_reply, &r, f->body, f->len, &e) < 0) {
        log_error("registration: %s", e.text);
        retry_in(d, SLURMD_REGISTER_AGAIN_MS);
        return;
    }
    if (!d->registered)
        log_info("registered with the controller as node %u", r.node_index);
    d->registered = d->ever_registered = true;
    again = r.node && r.node->asked != d->node->asked; /* it was taken for down, and counts from here */
    if (again)
        d->node->asked = d->core.asked = r.node->asked;
    for (uint32_t i = 0; i < r.kill_jobs.n; i++)
        log_info("JobId=%u must not be here: ending it", r.kill_jobs.v[i]);
    node_end_strangers(&d->core, &r.kill_jobs, slurmd_now(), &out);
    if (r.kill_jobs.n)
        retry_in(d,
                 SLURMD_REGISTER_AGAIN_MS); /* a node that was out of service stays so until they are gone */
    meta_release(&record_node_register_reply, &r);
    node_connected(&d->core, slurmd_now(), &out);
    effects_run(d, &out);
    if (again)
        link_register(d);
}

/* --- reports --- */

void link_report(struct slurmd *d, const struct node_effect *e)
{
    uint32_t seq;

    if (!d->ctld || !d->registered)
        return; /* node_connected brings it again */
    seq = link_send(d, MSG_NODE_REPORT, &record_node_report, e->record);
    map_u64_put(&d->sent, seq, (void *)(uintptr_t)(e->id + 1));
}

static void take_acknowledged(struct slurmd *d, const struct frame *f)
{
    uintptr_t id = (uintptr_t)map_u64_remove(&d->sent, f->seq);
    struct node_effects out = {0};
    struct err e;

    if (f->flags & FRAME_ERROR) {
        frame_read_error(f, &e);
        log_error("a report was not taken: %s", e.text);
        if (!node_report_refused(e.code))
            return;
    }
    if (id)
        node_acknowledged(&d->core, id - 1, slurmd_now(), &out);
    effects_run(d, &out);
}

/* --- the connection --- */

static void on_frame(struct net_conn *c, const struct frame *f)
{
    struct slurmd *d = net_user(c->net);
    struct hello_reply hello;
    struct err e;

    if (f->type == MSG_HELLO && f->flags & FRAME_ERROR) {
        frame_read_error(f, &e);
        log_error("the controller refuses us: %s", e.text);
        net_end(c);
    } else if (f->type == MSG_HELLO) {
        if (meta_decode(&record_hello_reply, &hello, f->body, f->len, NULL) == 0) {
            node_check_term(&d->core, hello.term, &e);
            meta_release(&record_hello_reply, &hello);
        }
    } else if (f->type == MSG_NODE_REGISTER) {
        take_registered(d, f);
    } else if (f->type == MSG_NODE_REPORT) {
        take_acknowledged(d, f);
    }
}

static void say_hello(struct slurmd *d)
{
    struct auth_identity who = {(uint32_t)getuid(), (uint32_t)getgid()};
    struct buf token = BUF_INIT;
    struct hello h;
    struct err e;

    meta_init(&record_hello, &h);
    h.version = WIRE_VERSION;
    h.cluster = mem_strdup(conf_str(d->conf, CONF_CLUSTER_NAME));
    h.auth = mem_strdup(auth_type(d->auth));
    h.program = mem_strdup("slurmd");
    h.host = mem_strdup(d->node_name);
    if (auth_make_token(d->auth, &who, "slurmctld", slurmd_now(), &token, &e) < 0)
        log_error("no token: %s", e.text);
    meta_bytes_set(&h.token, token.s, token.len);
    link_send(d, MSG_HELLO, &record_hello, &h);
    buf_release(&token);
    meta_release(&record_hello, &h);
}

static void on_opened(struct net_conn *c)
{
    struct slurmd *d = net_user(c->net);

    net_accept_peer(c);
    c->user = d;
    say_hello(d);
    link_register(d);
}

static void on_closed(struct net_conn *c, int reason)
{
    struct slurmd *d = net_user(c->net);
    uint32_t n;

    if (d->ctld != c)
        return;
    if (d->registered)
        log_info("the connection to the controller is lost%s%s", reason ? ": " : "",
                 reason ? strerror(-reason) : "");
    d->ctld = NULL;
    d->registered = false;
    map_u64_release(&d->sent);
    conf_hosts(d->conf, &n);
    d->ctld_at = n ? (d->ctld_at + 1) % n : 0;
    retry_in(d, SLURMD_RETRY_MS);
}

static void try_connect(struct slurmd *d)
{
    static const struct net_ops ops = {.opened = on_opened, .frame = on_frame, .closed = on_closed};
    struct sockaddr_storage sa;
    const struct conf_host *hosts;
    uint32_t n;
    uint16_t first, last;
    struct err e;

    if (!d->auth && setup_auth(d, &e) < 0) {
        log_debug("%s", e.text);
        retry_in(d, SLURMD_RETRY_MS);
        return;
    }
    hosts = conf_hosts(d->conf, &n);
    conf_ports(d->conf, CONF_SLURMCTLD_PORT, &first, &last);
    if (!n || host_lookup(hosts[d->ctld_at].addr, first, &sa, &e) < 0) {
        log_error("controller: %s", n ? e.text : "no SlurmctldHost");
        retry_in(d, SLURMD_RETRY_MS);
        return;
    }
    d->ctld = net_connect(d->net, (struct sockaddr *)&sa, &ops, NULL);
    if (!d->ctld)
        retry_in(d, SLURMD_RETRY_MS);
}

void link_start(struct slurmd *d)
{
    try_connect(d);
}
