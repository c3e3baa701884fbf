/* SPDX-License-Identifier: Apache-2.0 */
/* Parcels, and what becomes of them: their answers are commands for the core. */
#include "model/errors.h"
#include "model/message.h"
#include "base/mem.h"
#include "os/log.h"
#include "slurmctld/agent.h"

/* Then its credential is too old: a node that answers at last would refuse it, and the job would be held. */
enum { LAUNCH_TRIES_MS = AUTH_CREDENTIAL_LIFE_S * 1000 / 2 };

struct parcel *parcel_new(struct agent *a, uint16_t type, uint32_t node_index)
{
    struct parcel *p = mem_alloc(sizeof *p);

    p->type = type;
    p->node_index = node_index;
    p->made_at = uv_now(&a->loop);
    p->time = ctld_now();
    buf_init(&p->body);
    return p;
}

static void round_end_one(struct agent *a, struct round *r)
{
    const struct message_type *t = message_by_number(r->type);

    if (--r->open)
        return;
    log_flag(LOGF_AGENT, "%s to %u nodes: %u messages, %llu ms", t ? t->name : "message", r->nodes,
             r->messages, (unsigned long long)(uv_now(&a->loop) - r->since));
    mem_free(r);
}

void parcel_free(struct agent *a, struct parcel *p)
{
    if (p->round)
        round_end_one(a, p->round);
    buf_release(&p->body);
    mem_free(p);
}

static void post(struct agent *a, enum msg_type type, void *record)
{
    core_post(a->ctld->core, work_new(type, record));
}

void parcel_report_launch(struct agent *a, const struct parcel *p, uint32_t error, const char *text)
{
    struct launch_done *d = meta_new(&record_launch_done);

    d->job_id = p->job_id;
    d->restarts = p->restarts;
    d->token = p->token;
    d->error = error;
    d->error_text = mem_strdup(text);
    post(a, MSG_LAUNCH_DONE, d);
}

static void report_contact(struct agent *a, const struct parcel *p, const struct node_ping_reply *reply)
{
    struct node_contact *c = meta_new(&record_node_contact);

    c->node_index = p->node_index;
    c->asked = p->time;
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

bool parcel_undeliverable(struct link *l, struct parcel *p)
{
    struct agent *a = l->agent;

    stat_add(STAT_NODE_ERRORS, 1);
    if (p->tree) {
        tree_undeliverable(p);
        return false;
    }
    if (p->type == MSG_NODE_PING)
        report_contact(a, p, NULL);
    if (p->type != MSG_LAUNCH_BATCH || !launch_still_wanted(a, p))
        return false;
    /* The core asks for a fresh one every half minute, until the job does not want it or its node is down. */
    return uv_now(&a->loop) - p->made_at < LAUNCH_TRIES_MS;
}

void parcel_answered(struct link *l, struct parcel *p, const struct frame *f)
{
    struct agent *a = l->agent;
    struct node_ping_reply reply;
    struct err e = {0};
    int rc = f->flags & FRAME_ERROR ? frame_read_error(f, &e) : 0;

    if (p->type == MSG_LAUNCH_BATCH) {
        stat_add(STAT_LAUNCHES, 1);
        if (rc == -ESLURM_INVALID_NODE_STATE) {
            *VEC_PUSH(&a->again) = p->job_id; /* it will have registered in a moment */
            parcel_free(a, p);
            return;
        }
        if (rc < 0)
            log_error("node %s did not take job %u: %s", l->name, p->job_id, e.text);
        parcel_report_launch(a, p, rc < 0 ? (uint32_t)e.code : 0, rc < 0 ? e.text : NULL);
    } else if (p->type == MSG_NODE_PING && rc == 0 &&
               meta_decode(&record_node_ping_reply, &reply, f->body, f->len, &e) == 0) {
        report_contact(a, p, &reply);
        meta_release(&record_node_ping_reply, &reply);
    } else if (rc < 0)
        log_error("node %s: %s", l->name, e.text);
    parcel_free(a, p);
}
