/* SPDX-License-Identifier: Apache-2.0 */
/* What the controller wants of a node besides launches, whether it says so itself or through other nodes. */
#include "base/mem.h"
#include "base/text.h"
#include "model/errors.h"
#include "model/message.h"
#include "os/daemon.h"
#include "os/debugflags.h"
#include "slurmd/slurmd.h"

struct order {
    struct slurmd *d;
    uint16_t type;
    uint32_t seq;
    struct buf *out;
    char *action; /* to be carried out when the answer is on its way */
};

static void reply(struct order *o, const struct meta_record *r, const void *rec)
{
    frame_add(o->out, o->type, FRAME_REPLY, o->seq, r, rec);
}

static void reply_result(struct order *o, int rc, const struct err *e)
{
    if (rc < 0)
        frame_add_error(o->out, o->type, o->seq, e->code, e->text);
    else
        reply(o, NULL, NULL);
}

static void kill_job(struct order *o, void *rec)
{
    struct slurmd *d = o->d;
    struct kill_job *k = rec;
    struct node_effects out = {0};
    struct job_info *j = k->job ? job_info_new(k->job, k->job->uid, k->job->gid, k->restarts) : NULL;
    struct job_info *known = map_u64_get(&d->jobs, k->job_id);
    bool kept;
    struct err e;
    int rc;

    if (known && k->job)
        known->exit_code = k->job->exit_code;
    rc = node_kill(&d->core, k, j, slurmd_now(), &kept, &out, &e);
    if (kept)
        map_u64_put(&d->jobs, k->job_id, j);
    else
        job_info_free(j);
    reply_result(o, rc, &e);
    effects_run(d, &out);
}

static void signal_job(struct order *o, void *rec)
{
    struct node_effects out = {0};
    struct err e;
    int rc = node_signal(&o->d->core, rec, &out, &e);

    reply_result(o, rc, &e);
    effects_run(o->d, &out);
}

static void node_ping(struct order *o, void *rec)
{
    struct node_ping_reply r;
    struct err e;

    if (node_check_term(&o->d->core, ((struct node_ping *)rec)->term, &e) < 0) {
        reply_result(o, -e.code, &e);
        return;
    }
    meta_init(&record_node_ping_reply, &r);
    r.cpu_load = topology_cpu_load();
    r.free_mem = topology_free_memory();
    r.token = o->d->token;
    reply(o, &record_node_ping_reply, &r);
}

static void node_control(struct order *o, void *rec)
{
    const struct node_control *m = rec;
    struct err e;
    int rc = node_check_term(&o->d->core, m->term, &e);

    if (rc == 0 && m->debug)
        rc = debug_set(m->debug, &e);
    reply_result(o, rc, &e);
    if (rc == 0)
        o->action = mem_strdup(m->action);
}

static const struct {
    enum msg_type type;
    void (*take)(struct order *o, void *rec);
} orders[] = {
    {MSG_KILL_JOB, kill_job},
    {MSG_SIGNAL_JOB, signal_job},
    {MSG_NODE_PING, node_ping},
    {MSG_NODE_CONTROL, node_control},
};

bool order_known(uint32_t type)
{
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++)
        if (orders[i].type == type)
            return true;
    return false;
}

char *order_take(struct slurmd *d, uint16_t type, uint32_t seq, void *rec, struct buf *out)
{
    struct order o = {.d = d, .type = type, .seq = seq, .out = out};

    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++)
        if (orders[i].type == type)
            orders[i].take(&o, rec);
    return o.action;
}

void order_act(struct slurmd *d, char *action)
{
    if (text_same(action, "shutdown"))
        slurmd_stop(d);
    else if (text_same(action, "reconfigure"))
        slurmd_reconfigure(d);
    else if (text_same(action, "register"))
        link_register(d);
    else if (text_same(action, "health"))
        script_health(d);
    else if (text_same(action, "reboot"))
        script_reboot(d);
    mem_free(action);
}
