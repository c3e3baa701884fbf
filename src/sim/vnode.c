/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vnode: a node: what a slurmd and its slurmstepds do, as the controller sees it. A node remembers which runs
 * of which jobs it has had, so that a late or repeated launch starts nothing; unacknowledged reports survive
 * the daemon, not the machine.
 */
#include "base/bits.h"
#include "base/mem.h"
#include "base/text.h"
#include "meta/meta.h"
#include "model/jobtext.h"
#include "sim/world.h"

enum { REPEAT_MS = 5000, REGISTER_MS = 10000 };

void vnode_init(struct world *w, uint32_t index)
{
    struct vnode *n = VEC_PUSH(&w->nodes);
    n->index = index;
    buf_print(n->name, sizeof n->name, "v%u", index);
}

static void forget_jobs(struct vnode *n)
{
    for (uint32_t i = 0; i < n->jobs.n; i++)
        bits_release(&n->jobs.v[i].cores);
    n->jobs.n = 0;
}

static void forget_reports(struct vnode *n)
{
    for (uint32_t i = 0; i < n->unacked.n; i++)
        meta_release(&record_node_report, &n->unacked.v[i].record);
    n->unacked.n = 0;
}

void vnode_release(struct vnode *n)
{
    forget_jobs(n);
    forget_reports(n);
    VEC_FREE(&n->jobs);
    VEC_FREE(&n->unacked);
}

static void wake_at(struct world *w, struct vnode *n, int64_t at)
{
    if (n->wake && n->wake <= at)
        return;
    n->wake = at > w->now ? at : w->now + 1;
    world_push(w, n->wake - w->now, (struct event){.kind = EV_NODE_WAKE, .node = n->index});
}

static void send_register(struct world *w, struct vnode *n, bool starting, bool reboot)
{
    struct node_register r;
    meta_init(&record_node_register, &r);
    r.node = meta_new(&record_node);
    r.node->name = mem_strdup(n->name);
    r.node->cpus = 8;
    r.node->sockets = 2;
    r.node->cores = 4;
    r.node->threads = 1;
    r.node->boards = 1;
    r.node->real_memory = 16000;
    r.starting = starting;
    r.node_boot = reboot;
    r.token = n->token;
    for (uint32_t i = 0; i < n->jobs.n; i++)
        if (n->jobs.v[i].running) {
            struct running_step *s = meta_recs_push(&record_running_step, &r.jobs);
            s->job_id = n->jobs.v[i].job_id;
            s->step_id = STEP_BATCH;
        }
    n->registered = false;
    n->register_at = w->now + REGISTER_MS;
    world_send(w, EV_TO_CONTROLLER,
               (struct message){.type = MSG_NODE_REGISTER,
                                .node = n->index,
                                .record = meta_dup(&record_node_register, &r),
                                .ask = n->token});
    meta_release(&record_node_register, &r);
    wake_at(w, n, n->register_at);
}

void vnode_start(struct world *w, struct vnode *n, bool reboot)
{
    n->up = true;
    n->token = ++w->ask;
    send_register(w, n, true, reboot);
    if (n->unacked.n)
        wake_at(w, n, w->now + 1);
}

void vnode_crash(struct world *w, struct vnode *n, bool reboot)
{
    n->up = n->registered = false;
    if (reboot) {
        for (uint32_t i = 0; i < n->jobs.n; i++)
            n->jobs.v[i].running = false; /* their runs stay known: the disk survives */
        forget_reports(n);
    }
}

static void report(struct world *w, struct vnode *n, const struct vjob *j, uint32_t step_id,
                   uint32_t exit_code)
{
    struct vreport *r = VEC_PUSH(&n->unacked);
    meta_init(&record_node_report, &r->record);
    r->record.node_name = mem_strdup(n->name);
    r->record.job_id = j->job_id;
    r->record.restarts = j->restarts;
    r->record.step_id = step_id;
    r->record.exit_code = exit_code;
    r->ask = ++w->ask;
    r->next = w->now;
    wake_at(w, n, w->now + 1);
}

static struct vjob *find_job(struct vnode *n, uint32_t job_id, uint32_t restarts)
{
    for (uint32_t i = 0; i < n->jobs.n; i++)
        if (n->jobs.v[i].job_id == job_id && n->jobs.v[i].restarts == restarts)
            return &n->jobs.v[i];
    return NULL;
}

/* The real world's own check: two jobs on one core, or one run of a job twice, is what must never happen. */
static void check_start(struct world *w, struct vnode *n, const struct vjob *j)
{
    for (uint32_t i = 0; i < n->jobs.n; i++)
        if (n->jobs.v[i].running && bits_intersects(&n->jobs.v[i].cores, &j->cores))
            world_fail(w, "%s: jobs %u and %u run on the same core", n->name, n->jobs.v[i].job_id, j->job_id);
    uint64_t run = (uint64_t)j->job_id << 32 | j->restarts;
    if (map_u64_has(&w->runs, run))
        world_fail(w, "job %u (run %u) is started twice, now on %s", j->job_id, j->restarts, n->name);
    map_u64_put(&w->runs, run, n);
}

static void launch(struct world *w, struct vnode *n, const struct launch_batch *l)
{
    const struct job *job = l->job;
    /* Before the controller knows of this daemon, it may take a late registration for a sign that the job is
     * gone. */
    if (!n->registered || l->token != n->token || find_job(n, job->job_id, job->restarts))
        return;
    struct vjob j = {.job_id = job->job_id, .restarts = job->restarts, .running = true};
    j.ends_at = w->now + 100 + (int64_t)world_rand(w, 60000);
    for (uint32_t i = 0; i < job->alloc.n; i++)
        if (job->alloc.v[i].node_index == n->index)
            bits_copy(&j.cores, &job->alloc.v[i].cores);
    check_start(w, n, &j);
    world_trace(w, "  %s starts job %u.%u", n->name, j.job_id, j.restarts);
    *VEC_PUSH(&n->jobs) = j;
    wake_at(w, n, j.ends_at);
}

static void kill_job(struct world *w, struct vnode *n, const struct kill_job *k)
{
    struct vjob *j = find_job(n, k->job_id, k->restarts);
    if (!j) { /* remembered, so that a launch that comes later starts nothing */
        j = VEC_PUSH(&n->jobs);
        *j = (struct vjob){.job_id = k->job_id, .restarts = k->restarts};
    }
    if (j->running && !k->signal && world_rand(w, 2)) { /* takes until its KILL */
        int64_t at = w->now + (int64_t)k->kill_wait * 1000;
        if (j->ends_at > at)
            j->ends_at = at;
        wake_at(w, n, j->ends_at);
        return;
    }
    j->running = false;
    for (uint32_t i = 0; i < n->unacked.n; i++)
        if (n->unacked.v[i].record.job_id == k->job_id && n->unacked.v[i].record.restarts == k->restarts &&
            n->unacked.v[i].record.step_id == NO_VAL)
            return;
    report(w, n, j, NO_VAL, 0);
}

static void answer(struct world *w, struct vnode *n, enum msg_type type, const struct meta_record *r,
                   void *record)
{
    world_send(w, EV_TO_CONTROLLER,
               (struct message){.type = type, .node = n->index, .record = meta_dup(r, record)});
    meta_release(r, record);
}

void vnode_message(struct world *w, struct vnode *n, struct message *m)
{
    if (m->type == MSG_LAUNCH_BATCH) {
        const struct launch_batch *l = m->record;
        struct launch_done done;
        meta_init(&record_launch_done, &done);
        done.job_id = l->job->job_id;
        done.restarts = l->job->restarts;
        launch(w, n, l);
        answer(w, n, MSG_LAUNCH_DONE, &record_launch_done, &done);
    } else if (m->type == MSG_KILL_JOB) {
        const struct kill_job *k = m->record;
        if (k->term < n->term)
            return;
        n->term = k->term;
        kill_job(w, n, k);
    } else if (m->type == MSG_NODE_PING) {
        struct node_contact contact;
        meta_init(&record_node_contact, &contact);
        contact.node_index = n->index;
        contact.ok = true;
        answer(w, n, MSG_NODE_CONTACT, &record_node_contact, &contact);
    } else if (m->type == MSG_NODE_CONTROL) {
        send_register(w, n, false, false);
    }
}

/* A daemon that hears of jobs that must not be here ends them and registers again. */
static void registered(struct world *w, struct vnode *n, const struct pending_reply *r)
{
    if (r->ask != n->token || r->code < 0)
        return;
    for (uint32_t i = 0; i < r->kill_jobs.n; i++)
        for (uint32_t k = 0; k < n->jobs.n; k++)
            if (n->jobs.v[k].job_id == r->kill_jobs.v[i])
                n->jobs.v[k].running = false;
    n->registered = r->kill_jobs.n == 0;
    if (!n->registered)
        wake_at(w, n, n->register_at);
}

void vnode_acked(struct world *w, struct vnode *n, const struct pending_reply *r)
{
    if (r->type == MSG_NODE_REGISTER)
        registered(w, n, r);
    if (r->type != MSG_NODE_REPORT)
        return;
    for (uint32_t i = 0; i < n->unacked.n; i++)
        if (n->unacked.v[i].ask == r->ask) {
            meta_release(&record_node_report, &n->unacked.v[i].record);
            n->unacked.v[i] = n->unacked.v[--n->unacked.n];
            return;
        }
}

static void end_due_jobs(struct world *w, struct vnode *n, int64_t *next)
{
    for (uint32_t i = 0; i < n->jobs.n; i++) {
        struct vjob *j = &n->jobs.v[i];
        if (!j->running)
            continue;
        if (j->ends_at <= w->now) {
            j->running = false;
            world_trace(w, "  %s: job %u.%u ends", n->name, j->job_id, j->restarts);
            report(w, n, j, STEP_BATCH, world_rand(w, 8) ? 0 : 256);
        } else if (j->ends_at < *next) {
            *next = j->ends_at;
        }
    }
}

void vnode_wake(struct world *w, struct vnode *n)
{
    int64_t next = INT64_MAX;
    n->wake = 0;
    end_due_jobs(w, n, &next); /* processes live on without their daemon */
    if (n->up && !n->registered) {
        if (n->register_at <= w->now)
            send_register(w, n, false, false);
        if (n->register_at < next)
            next = n->register_at;
    }
    for (uint32_t i = 0; n->up && i < n->unacked.n; i++) {
        struct vreport *r = &n->unacked.v[i];
        if (r->next <= w->now) {
            world_send(w, EV_TO_CONTROLLER,
                       (struct message){.type = MSG_NODE_REPORT,
                                        .node = n->index,
                                        .ask = r->ask,
                                        .record = meta_dup(&record_node_report, &r->record)});
            r->next = w->now + REPEAT_MS;
        }
        if (r->next < next)
            next = r->next;
    }
    if (next != INT64_MAX)
        wake_at(w, n, next);
}
