/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What goes to the nodes: one thread, one loop.
 *
 * Effects are idempotent and, but for launches, repeated by the core until the node has reported: what cannot
 * be delivered is dropped here. A launch is tried until the job does not want it any more.
 */
#include "base/mem.h"
#include "slurmctld/agent.h"

enum { SWEEP_MS = 250 };

struct order {
    struct agent *agent;
    struct outbox effects;
    struct snapshot *snapshot;
};

static void on_order(void *arg)
{
    struct order *o = arg;

    agent_send_effects(o->agent, &o->effects, o->snapshot);
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

static void flush(void *arg)
{
    struct agent *a = arg;

    net_flush(a->net);
}

static void on_sweep(uv_timer_t *t)
{
    struct agent *a = t->data;

    agent_launch_again(a);
    trees_sweep(a);
    links_sweep(a);
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

static void stop(void *arg)
{
    struct agent *a = arg;

    a->stopping = true;
    links_stop(a);
    uv_close((uv_handle_t *)&a->sweep, NULL);
    net_stop(a->net);
    mailbox_close(&a->mailbox);
}

void agent_stop(struct agent *a)
{
    mailbox_post(&a->mailbox, stop, a);
    pthread_join(a->thread, NULL);
    links_release(a);
    trees_release(a);
    routes_release(a);
    VEC_FREE(&a->again);
    net_free(a->net);
    uv_loop_close(&a->loop);
    mem_free(a);
}
