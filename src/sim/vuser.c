/* SPDX-License-Identifier: Apache-2.0 */
/* vuser: the cluster's configuration and the people who use it: they submit, cancel, hold, release and drain
 * at random. */
#include "base/bits.h"
#include "base/mem.h"
#include "meta/meta.h"
#include "model/jobtext.h"
#include "sim/world.h"

static void configure_policy(struct policy *p)
{
    p->cluster_name = mem_strdup("sim");
    p->first_job_id = 1;
    p->max_job_id = 67043328;
    p->max_job_count = 1000000;
    p->max_array_size = 1001;
    p->max_step_count = 40000;
    p->max_tasks_node = 512;
    p->min_job_age = 300;
    p->kill_wait = 30;
    p->slurmd_timeout = 300;
    p->slurmctld_timeout = 120;
    p->return_to_service = 2;
    p->batch_start_timeout = 10;
    p->cr_core = p->cr_memory = true;
    p->def_mem_cpu = 500;
    p->job_requeue = true;
    p->priority_type = mem_strdup("priority/basic");
    p->requeue_delay = 10;
    meta_strs_push(&p->gres_types, "gpu");
}

struct configure *user_config(struct world *w)
{
    struct configure *c = meta_new(&record_configure);
    c->policy = meta_new(&record_policy);
    configure_policy(c->policy);
    struct part *p = meta_recs_push(&record_part, &c->parts);
    p->name = mem_strdup("main");
    p->flags = PARTF_DEFAULT;
    p->nodes = mem_strdup("ALL");
    p->max_time = INFINITE;
    p->max_nodes = INFINITE;
    p->max_share = 1;
    p->priority_tier = p->priority_factor = 1;
    for (uint32_t i = 0; i < w->opt.nodes; i++) {
        struct node *n = meta_recs_push(&record_node, &c->nodes);
        n->index = i;
        n->name = buf_format("v%u", i);
        n->addr = mem_strdup(n->name);
        n->hostname = mem_strdup(n->name);
        n->cpus = 8;
        n->boards = 1;
        n->sockets = 2;
        n->cores = 4;
        n->threads = 1;
        n->real_memory = 16000;
        n->weight = 1;
        bits_set(&p->members, i);
    }
    p->total_nodes = w->opt.nodes;
    p->total_cpus = w->opt.nodes * 8;
    return c;
}

static struct submit_request *random_job(struct world *w)
{
    struct submit_request *r = meta_new(&record_submit_request);
    struct job_spec *s = r->spec = meta_new(&record_job_spec);
    r->payload_name = (struct meta_bytes){0};
    meta_bytes_set(&r->payload_name, "script", 6);
    r->uid = r->gid = 1000;
    s->name = mem_strdup("sim");
    s->user_name = mem_strdup("sim");
    s->work_dir = mem_strdup("/");
    s->ntasks = 1 + (uint32_t)world_rand(w, 12);
    if (world_rand(w, 4) == 0)
        s->min_nodes = s->max_nodes = 1 + (uint32_t)world_rand(w, w->opt.nodes < 4 ? w->opt.nodes : 4);
    if (world_rand(w, 6) == 0)
        s->share = SHARE_NODE;
    if (world_rand(w, 8) == 0)
        s->array = mem_strdup("1-5%2");
    if (world_rand(w, 10) == 0)
        s->hold = true;
    if (world_rand(w, 10) == 0)
        s->dependency = buf_format("afterany:%u", 1 + (uint32_t)world_rand(w, 20));
    if (world_rand(w, 10) == 0)
        s->begin_time = SIM_EPOCH + w->now / 1000 + (int64_t)world_rand(w, 600);
    if (world_rand(w, 12) == 0)
        mem_set_str(&s->dependency, "singleton");
    s->time_limit = 1 + (uint32_t)world_rand(w, 3);
    return r;
}

static void send(struct world *w, enum msg_type type, void *record)
{
    world_send(w, EV_TO_CONTROLLER,
               (struct message){.type = type, .node = NO_VAL, .record = record, .ask = ++w->ask});
}

static char *some_job(struct world *w)
{
    return buf_format("%u", 1 + (uint32_t)world_rand(w, w->opt.jobs + 4));
}

static void one_id(struct meta_strs *ids, char *text)
{
    meta_strs_push(ids, text);
    mem_free(text);
}

static void cancel_some(struct world *w)
{
    struct job_signal *r = meta_new(&record_job_signal);
    r->select = meta_new(&record_job_select);
    one_id(&r->select->ids, some_job(w));
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

void user_act(struct world *w)
{
    if (!w->users_left)
        return;
    w->users_left--;
    switch (world_rand(w, 12)) {
    case 0:
        cancel_some(w);
        break;
    case 1:
        hold_some(w, 1);
        break;
    case 2:
        hold_some(w, 0);
        break;
    case 3:
        requeue_some(w);
        break;
    default:
        send(w, MSG_SUBMIT, random_job(w));
        w->out->submitted++;
        break;
    }
    world_push(w, (int64_t)world_rand(w, 8000), (struct event){.kind = EV_USER});
}

static void cancel_one(struct world *w, uint32_t id)
{
    struct job_signal *r = meta_new(&record_job_signal);
    r->select = meta_new(&record_job_select);
    one_id(&r->select->ids, buf_format("%u", id));
    send(w, MSG_JOB_SIGNAL, r);
}

/* In the end every job is let run, and those that never can are cancelled. */
void user_release_all(struct world *w)
{
    struct job_update *r = meta_new(&record_job_update);
    uint32_t id = 0;
    for (const struct job *j; w->ctl.up && (j = ptree_next(&w->ctl.seen->jobs, &id)); id++) {
        if (job_is_held(j))
            one_id(&r->ids, buf_format("%u", id));
        else if (job_is_pending(j) && j->reason == WHY_BADCONSTRAINTS)
            cancel_one(w, id);
    }
    r->hold = 0;
    if (r->ids.n)
        send(w, MSG_JOB_UPDATE, r);
    else
        meta_free(&record_job_update, r);
    world_push(w, 600000, (struct event){.kind = EV_RELEASE, .node = NO_VAL});
}

void user_reply(struct world *w, const struct pending_reply *r)
{
    if (r->type == MSG_SUBMIT && r->code == 0)
        map_u64_put(&w->acked, r->job_id, w);
}
