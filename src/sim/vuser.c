/* SPDX-License-Identifier: Apache-2.0 */
/* vuser: the people who use the cluster: they submit, cancel, hold, release, requeue, run steps, drain and
 * reconfigure at random. */
#include <string.h>

#include "base/bits.h"
#include "base/mem.h"
#include "base/text.h"
#include "meta/meta.h"
#include "model/jobtext.h"
#include "sim/world.h"

enum {
    PAUSE_MS = 8000,              /* longest pause between two acts */
    ALL_ACTS_MS = 30 * 60 * 1000, /* however many there are, they take about half of this */
    RELEASE_MS = 600000,
    SIGNAL_USR1 = 10,
};

static void send(struct world *w, enum msg_type type, void *record)
{
    world_send(w, EV_TO_CONTROLLER,
               (struct message){.type = type, .node = NO_VAL, .record = record, .ask = ++w->ask});
}

/* --- jobs --- */

/* So many of the last nodes go at most. */
static uint32_t nodes_going(const struct world *w)
{
    return w->opt.nodes < 4 ? 0 : 2;
}

/* No more than the partition always has: what can never run would be taken for stuck. */
static void fit_partition(const struct world *w, struct job_spec *s)
{
    uint32_t nodes = w->opt.nodes - nodes_going(w);
    if (text_same(s->partition, "small"))
        nodes = conf_small_nodes(nodes);
    if (s->tres_per_node)
        nodes = (nodes + SIM_GPUS_EVERY - 1) / SIM_GPUS_EVERY;
    if (s->min_nodes != NO_VAL && s->min_nodes > nodes)
        s->min_nodes = s->max_nodes = nodes;
    if (s->max_nodes != NO_VAL && s->max_nodes < nodes)
        nodes = s->max_nodes;
    if (s->ntasks > nodes * SIM_CORES)
        s->ntasks = nodes * SIM_CORES;
}

static void random_size(struct world *w, struct job_spec *s)
{
    s->ntasks = 1 + (uint32_t)world_rand(w, 12);
    s->time_limit = 1 + (uint32_t)world_rand(w, 3);
    if (world_rand(w, 4) == 0)
        s->min_nodes = s->max_nodes = 1 + (uint32_t)world_rand(w, w->opt.nodes < 4 ? w->opt.nodes : 4);
    if (world_rand(w, 6) == 0)
        s->share = SHARE_NODE;
    if (world_rand(w, 8) == 0)
        s->tres_per_node = buf_format("gres/gpu:%u", 1 + (uint32_t)world_rand(w, 2));
    if (world_rand(w, 5) == 0)
        s->partition = mem_strdup(world_rand(w, 2) ? "small" : "small,main");
    fit_partition(w, s);
}

static void random_wishes(struct world *w, struct job_spec *s)
{
    if (world_rand(w, 8) == 0)
        s->array = mem_strdup("1-5%2");
    if (world_rand(w, 10) == 0)
        s->hold = true;
    if (world_rand(w, 10) == 0)
        s->dependency =
            buf_format("%s:%u", world_rand(w, 3) ? "afterany" : "afterok", 1 + (uint32_t)world_rand(w, 20));
    else if (world_rand(w, 12) == 0)
        s->dependency = mem_strdup("singleton");
    if (world_rand(w, 10) == 0)
        s->begin_time = SIM_EPOCH + w->now / 1000 + (int64_t)world_rand(w, 600);
    if (world_rand(w, 10) == 0)
        s->requeue = 0;
    if (world_rand(w, 20) == 0)
        s->no_kill = 1;
}

static void submit(struct world *w, bool batch)
{
    struct submit_request *r = meta_new(&record_submit_request);
    struct job_spec *s = r->spec = meta_new(&record_job_spec);
    r->uid = r->gid = 1000;
    s->name = mem_strdup("sim");
    s->user_name = mem_strdup("sim");
    s->work_dir = mem_strdup("/");
    random_size(w, s);
    if (batch) {
        if (world_rand(w, 3) == 0) /* nothing but its own end, or what is known of it, ends such a job */
            s->time_limit = INFINITE;
        meta_bytes_set(&r->payload_name, "script", 6);
        random_wishes(w, s);
    }
    send(w, MSG_SUBMIT, r);
    w->out->submitted++;
}

static char *some_job(struct world *w)
{
    uint32_t known = w->ctl.up ? w->ctl.seen->next_job_id : w->opt.jobs;
    return buf_format("%u", 1 + (uint32_t)world_rand(w, known + 3));
}

static void one_id(struct meta_strs *ids, char *text)
{
    meta_strs_push(ids, text);
    mem_free(text);
}

static void signal_job(struct world *w, char *id, uint32_t signal)
{
    struct job_signal *r = meta_new(&record_job_signal);
    r->select = meta_new(&record_job_select);
    r->signal = signal;
    if (world_rand(w, 8) == 0 && !signal)
        r->flags = KILLF_HURRY;
    one_id(&r->select->ids, id);
    send(w, MSG_JOB_SIGNAL, r);
}

static void hold_some(struct world *w, uint16_t hold)
{
    struct job_update *r = meta_new(&record_job_update);
    one_id(&r->ids, some_job(w));
    r->hold = hold;
    r->hold_by_user = true;
    send(w, MSG_JOB_UPDATE, r);
}

static void requeue_some(struct world *w)
{
    struct job_requeue *r = meta_new(&record_job_requeue);
    one_id(&r->ids, some_job(w));
    send(w, MSG_JOB_REQUEUE, r);
    w->out->requeues++;
}

/* One that runs as far as is known, or NULL. */
static const struct job *some_running_job(struct world *w)
{
    for (uint32_t tries = 0; w->ctl.up && tries < 8; tries++) {
        const struct job *j =
            snapshot_job(w->ctl.seen, 1 + (uint32_t)world_rand(w, w->ctl.seen->next_job_id));
        if (j && job_is_active(j))
            return j;
    }
    return NULL;
}

static void create_step(struct world *w)
{
    const struct job *j = some_running_job(w);
    if (!j)
        return;
    struct step_create *r = meta_new(&record_step_create);
    r->job_id = j->job_id;
    r->ntasks = 1 + (uint32_t)world_rand(w, 4);
    r->overlap = world_rand(w, 3) == 0;
    if (world_rand(w, 4) == 0)
        r->time_limit = 1;
    send(w, MSG_STEP_CREATE, r);
}

static void complete_allocation(struct world *w)
{
    const struct job *j = some_running_job(w);
    if (!j || j->flags & JOBF_BATCH)
        return;
    struct job_complete *r = meta_new(&record_job_complete);
    r->job_id = j->job_id;
    send(w, MSG_JOB_COMPLETE, r);
}

/* --- nodes --- */

static void update_node(struct world *w, const char *name, const char *state)
{
    struct node_update *r = meta_new(&record_node_update);
    r->nodes = mem_strdup(name);
    r->state = mem_strdup(state);
    r->reason = mem_strdup("sim");
    send(w, MSG_NODE_UPDATE, r);
}

/* An operator who takes a node back before what ran there has ended. */
static void take_back_soon(struct world *w, const char *name)
{
    struct node_update *r = meta_new(&record_node_update);
    r->nodes = mem_strdup(name);
    r->state = mem_strdup(world_rand(w, 2) ? "RESUME" : "IDLE");
    world_push(w, 100 + (int64_t)world_rand(w, 8000),
               (struct event){.kind = EV_TO_CONTROLLER,
                              .node = NO_VAL,
                              .msg = {.type = MSG_NODE_UPDATE, .node = NO_VAL, .record = r}});
}

static const char *node_out_of_service(struct world *w)
{
    const struct node *n;
    uint32_t from = (uint32_t)world_rand(w, w->nodes.n);
    for (uint32_t i = from; w->ctl.up && (n = ptree_next(&w->ctl.seen->nodes, &i)); i++)
        if (n->state == NODE_DOWN || n->flags & (NODEF_DRAIN | NODEF_FAIL))
            return n->name;
    return NULL;
}

/* Nodes with jobs are taken out, and such that are out are taken back. */
static void update_some_node(struct world *w)
{
    static const char *const states[] = {"DRAIN",  "DOWN",       "DOWN",     "FAIL",           "UNDRAIN",
                                         "RESUME", "POWER_DOWN", "POWER_UP", "POWER_DOWN_ASAP"};
    const uint32_t plain = 6; /* the rest is about power */
    const char *out = world_rand(w, 2) ? node_out_of_service(w) : NULL;
    const struct job *j = some_running_job(w);
    const char *name = out                  ? out
                       : j && j->batch_host ? j->batch_host
                                            : w->nodes.v[world_rand(w, w->nodes.n)].name;
    const char *state = out ? world_rand(w, 4) ? "RESUME" : "IDLE"
                            : states[world_rand(w, w->saving ? sizeof states / sizeof *states : plain)];
    if (!strcmp(name, "v0") && text_starts(state, "POWER"))
        return; /* which is never off: a check */
    update_node(w, name, state);
    if (!strcmp(state, "DOWN") && world_rand(w, 2))
        take_back_soon(w, name);
}

/* The last nodes go and come, limits change, a partition goes and comes. */
static void reconfigure(struct world *w, uint32_t nodes, uint32_t variant)
{
    world_trace(w, NO_VAL, NO_VAL, "reconfigure: %u nodes, variant %u", nodes, variant);
    meta_free(&record_configure, w->config);
    w->config = conf_make(w, nodes, variant);
    vctl_configure(w);
}

static void reconfigure_somehow(struct world *w)
{
    uint32_t less = (uint32_t)world_rand(w, nodes_going(w) + 1);
    reconfigure(w, w->opt.nodes - less, (uint32_t)world_rand(w, 4));
}

/* --- what they do, and how often --- */

static void act(struct world *w)
{
    uint64_t what = world_rand(w, 100);
    if (what < 48)
        submit(w, true);
    else if (what < 54)
        submit(w, false);
    else if (what < 61)
        signal_job(w, some_job(w), 0);
    else if (what < 63)
        signal_job(w, some_job(w), SIGNAL_USR1);
    else if (what < 66)
        hold_some(w, 1);
    else if (what < 70)
        hold_some(w, 0);
    else if (what < 75)
        requeue_some(w);
    else if (what < 90)
        create_step(w);
    else if (what < 93)
        complete_allocation(w);
    else if (what < 99)
        update_some_node(w);
    else
        reconfigure_somehow(w);
}

void user_act(struct world *w)
{
    uint64_t pause = ALL_ACTS_MS / w->opt.jobs;
    if (!w->users_left)
        return;
    w->users_left--;
    act(w);
    world_push(w, (int64_t)world_rand(w, pause < PAUSE_MS ? pause + 1 : PAUSE_MS),
               (struct event){.kind = EV_USER, .node = NO_VAL});
}

/* --- the end --- */

static bool never_runs(const struct job *j)
{
    return j->reason == WHY_BADCONSTRAINTS || j->reason == WHY_DEPENDENCYNEVERSATISFIED;
}

static void release_jobs(struct world *w)
{
    struct job_update *r = meta_new(&record_job_update);
    uint32_t id = 0;
    for (const struct job *j; (j = ptree_next(&w->ctl.seen->jobs, &id)); id++) {
        if (job_is_held(j) && !job_is_ended(j))
            one_id(&r->ids, buf_format("%u", id));
        else if (job_is_pending(j) && never_runs(j))
            signal_job(w, buf_format("%u", id), 0);
    }
    r->hold = 0;
    if (r->ids.n)
        send(w, MSG_JOB_UPDATE, r);
    else
        meta_free(&record_job_update, r);
}

/* What a late SuspendProgram has switched off behind the controller's back is switched on by hand. */
static void release_nodes(struct world *w)
{
    const struct node *n;
    for (uint32_t i = 0; (n = ptree_next(&w->ctl.seen->nodes, &i)); i++) {
        struct vnode *v = node_at(w, i);
        if (n->state == NODE_DOWN || n->flags & (NODEF_DRAIN | NODEF_FAIL))
            update_node(w, n->name, "RESUME");
        if (n->state == NODE_DOWN && !(n->flags & NODEF_POWERED_DOWN) && v && v->off)
            vpower_order(w, v, true);
    }
}

/* Once everything works again every job is let run, those that never can are cancelled, and nodes are taken
 * back. */
void user_release_all(struct world *w)
{
    if (w->ctl.up) {
        if (w->config->nodes.n != w->opt.nodes || w->config->parts.n != 2)
            reconfigure(w, w->opt.nodes, 0);
        release_jobs(w);
        release_nodes(w);
    }
    world_push(w, RELEASE_MS, (struct event){.kind = EV_RELEASE, .node = NO_VAL});
}

/* --- answers --- */

/* srun has its credential: a launch to each node of the step. */
static void launch_step(struct world *w, const struct step_create_reply *r)
{
    for (uint32_t i = 0; i < r->step->layout.n; i++) {
        struct vnode *n = w->ctl.up ? node_at(w, r->step->layout.v[i].node_index) : NULL;
        if (!n)
            continue;
        struct launch_tasks *l = meta_new(&record_launch_tasks);
        meta_bytes_set(&l->credential, r->credential.v, r->credential.n);
        world_send(w, EV_TO_NODE, (struct message){.type = MSG_LAUNCH_TASKS, .node = n->index, .record = l});
    }
}

/* Most sruns say how their step ended; some are gone by then. */
static void end_step(struct world *w, const struct step *st)
{
    if (world_rand(w, 3) == 0)
        return;
    struct step_done *d = meta_new(&record_step_done);
    d->job_id = st->job_id;
    d->step_id = st->step_id;
    world_push(w, 1000 + (int64_t)world_rand(w, 40000),
               (struct event){.kind = EV_TO_CONTROLLER,
                              .node = NO_VAL,
                              .msg = {.type = MSG_STEP_DONE, .node = NO_VAL, .record = d}});
}

void user_answer(struct world *w, const struct answer *a)
{
    if (a->type != MSG_STEP_CREATE || a->code < 0)
        return;
    const struct step_create_reply *r = a->reply.record;
    launch_step(w, r);
    end_step(w, r->step);
}
