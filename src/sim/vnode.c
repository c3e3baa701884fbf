/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vnode: slurmd: the same thin shell around nodecore as src/slurmd, with simulated slurmstepds, scripts,
 * files and connection.
 */
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "meta/meta.h"
#include "model/jobtext.h"
#include "sim/world.h"

enum {
    REGISTER_MS = 5000,  /* a registration that was refused, or got lost, is repeated */
    RECONNECT_MS = 1000, /* between two tries to reach the controller */
    CREDENTIAL_SKEW_S = 60,
};

int64_t vnode_clock(const struct world *w, const struct vnode *n)
{
    return SIM_EPOCH + w->now / 1000 + n->clock_skew;
}

void vnode_wake_at(struct world *w, struct vnode *n, int64_t at)
{
    if (at <= w->now)
        at = w->now + 1;
    if (n->wake > w->now && n->wake <= at)
        return;
    n->wake = at;
    world_push(w, at - w->now, (struct event){.kind = EV_NODE_WAKE, .node = n->index});
}

/* --- effects --- */

static void report(struct world *w, struct vnode *n, const struct node_effect *e)
{
    if (!n->registered)
        return; /* node_connected brings it again */
    world_send(w, EV_TO_CONTROLLER,
               (struct message){.type = MSG_NODE_REPORT,
                                .node = n->index,
                                .life = n->token,
                                .ask = e->id,
                                .record = meta_dup(&record_node_report, e->record)});
}

static void spawn(struct world *w, struct vnode *n, const struct vlaunch *l, struct node_effects *more)
{
    uint32_t job_id = l->job_id, step_id = l->step_id;
    vstep_mark(n, l);
    if (vstep_start(w, n, l)) {
        node_spawned(&n->core, job_id, step_id, more);
        return;
    }
    vstep_unmark(n, job_id, step_id, l->restarts);
    node_spawn_failed(&n->core, job_id, step_id, l->restarts, "no slurmstepd", vnode_clock(w, n), more);
}

static void early_gone(struct world *w, struct vnode *n, const struct node_effect *e)
{
    if (w->opt.bug != SIM_BUG_EARLY_GONE || !n->registered)
        return;
    struct node_report *r = meta_new(&record_node_report);
    r->node_name = mem_strdup(n->name);
    r->job_id = e->job_id;
    r->restarts = e->restarts;
    world_send(
        w, EV_TO_CONTROLLER,
        (struct message){
            .type = MSG_NODE_REPORT, .node = n->index, .life = n->token, .ask = UINT64_MAX, .record = r});
}

static void effect(struct world *w, struct vnode *n, const struct node_effect *e, struct node_effects *more)
{
    switch (e->type) {
    case NODE_PROLOG:
        vstep_script(w, n, e->job_id, false);
        break;
    case NODE_SPAWN:
        spawn(w, n, e->ctx, more);
        break;
    case NODE_ORDER:
        vstep_order(w, n, e);
        early_gone(w, n, e);
        break;
    case NODE_EPILOG:
        vstep_script(w, n, e->job_id, true);
        break;
    case NODE_REPORT:
        report(w, n, e);
        break;
    case NODE_FREE_REPORT:
        vstep_unmark(n, e->job_id, e->step_id, e->restarts);
        vstep_drop_file(n, e->job_id, e->step_id, e->restarts);
        break;
    case NODE_FREE_STEP:
        vlaunch_free(e->ctx);
        break;
    case NODE_FREE_JOB:
        break; /* jobs have no context here */
    }
}

static void effects_run(struct world *w, struct vnode *n, struct node_effects *out)
{
    for (uint32_t i = 0; i < out->list.n; i++) {
        struct node_effect e = out->list.v[i];
        effect(w, n, &e, out); /* may add further effects */
    }
    node_effects_release(out);
    int64_t at = node_deadline(&n->core);
    if (at != INT64_MAX)
        vnode_wake_at(w, n, w->now + (at - vnode_clock(w, n)) * 1000);
}

/* --- life --- */

void vnode_init(struct world *w, uint32_t index)
{
    struct vnode *n = VEC_PUSH(&w->nodes);
    n->index = index;
    n->boot_time = SIM_EPOCH;
    n->just_booted = true;
    n->off = conf_is_cloud(w, index);
    buf_print(n->name, sizeof n->name, "v%u", index);
}

/* Forgets what only the process knew. */
static void daemon_end(struct vnode *n)
{
    struct node_effects out = {0};
    if (!n->up)
        return;
    node_release(&n->core, &out);
    for (uint32_t i = 0; i < out.list.n; i++)
        if (out.list.v[i].type == NODE_FREE_STEP)
            vlaunch_free(out.list.v[i].ctx);
    node_effects_release(&out);
    n->scripts.n = 0;
    n->up = n->registered = false;
}

void vnode_release(struct vnode *n)
{
    daemon_end(n);
    vstep_reboot(n);
    message_release(&n->last);
    VEC_FREE(&n->stepds);
    VEC_FREE(&n->scripts);
    VEC_FREE(&n->files);
    VEC_FREE(&n->marks);
    map_u64_release(&n->ran);
}

void vnode_crash(struct world *w, struct vnode *n, bool reboot)
{
    daemon_end(n);
    if (!reboot)
        return;
    vstep_reboot(n);
    n->boot_time = vnode_clock(w, n);
    n->booted = w->now;
    n->just_booted = true;
}

static void send_register(struct world *w, struct vnode *n)
{
    struct node_register *r = meta_new(&record_node_register);
    r->node = meta_new(&record_node);
    conf_describe(w, n->index, r->node);
    r->node->boot_time = n->boot_time;
    r->node->asked = n->asked;
    node_running(&n->core, r);
    r->starting = !n->registered;
    r->node_boot = n->just_booted;
    r->token = n->token;
    n->register_at = w->now + REGISTER_MS;
    world_send(w, EV_TO_CONTROLLER,
               (struct message){.type = MSG_NODE_REGISTER, .node = n->index, .record = r, .life = n->token});
    vnode_wake_at(w, n, n->register_at);
}

static void adopt(struct world *w, struct vnode *n, struct node_effects *out)
{
    for (uint32_t i = 0; i < n->stepds.n; i++) {
        const struct vlaunch *l = &n->stepds.v[i].l;
        struct step_status st = {.job_id = l->job_id, .step_id = l->step_id, .restarts = l->restarts};
        node_adopt(&n->core, &st, NULL);
    }
    for (uint32_t i = 0; i < n->files.n && w->opt.bug != SIM_BUG_LOST_REPORTS; i++)
        node_adopt_report(&n->core, n->files.v[i], vnode_clock(w, n));
    for (uint32_t i = 0; i < n->marks.n; i++) {
        const struct vmark *m = &n->marks.v[i];
        struct step_status st = {.job_id = m->job_id, .step_id = m->step_id, .restarts = m->restarts};
        if (vstep_left(n, m))
            continue;
        world_trace(w, m->job_id, n->index, "  %s: %u.%u was lost", n->name, m->job_id, m->step_id);
        node_adopt(&n->core, &st, NULL);
        node_step_lost(&n->core, m->job_id, m->step_id, m->restarts, vnode_clock(w, n), out);
    }
}

void vnode_start(struct world *w, struct vnode *n)
{
    struct node_effects out = {0};
    world_trace(w, NO_VAL, n->index, "%s starts", n->name);
    n->up = true;
    n->token = ++w->ask;
    n->asked = n->term_seen = 0;
    node_init(&n->core, n->name, w->prolog, w->epilog);
    n->core.token = n->token;
    adopt(w, n, &out);
    send_register(w, n);
    if (n->last.record && world_chance(w, SIM_DUPLICATE, 2))
        world_repeat(w, EV_TO_NODE, &n->last, (int64_t)world_rand(w, 10000));
    effects_run(w, n, &out);
}

void vnode_unlink(struct world *w, struct vnode *n)
{
    if (!n->up)
        return;
    n->registered = false;
    n->register_at = w->now + RECONNECT_MS + (int64_t)world_rand(w, 200);
    vnode_wake_at(w, n, n->register_at);
}

/* --- requests --- */

static void answer(struct world *w, struct vnode *n, enum msg_type type, void *record)
{
    world_send(w, EV_TO_CONTROLLER,
               (struct message){.type = type, .node = n->index, .record = record, .life = n->token});
}

static struct vlaunch *read_launch(const struct vnode *n, const struct credential *c)
{
    struct vlaunch *l = mem_alloc(sizeof *l);
    l->job_id = c->job_id;
    l->step_id = c->step_id;
    l->restarts = c->restarts;
    for (uint32_t i = 0; i < c->nodes.n; i++) {
        const struct cred_node *share = &c->nodes.v[i];
        if (!text_same(share->name, n->name))
            continue;
        bits_copy(&l->cores, &share->cores);
        for (uint32_t g = 0; g < share->gres.n; g++)
            meta_copy(&record_job_gres, VEC_PUSH(&l->gres), &share->gres.v[g]);
        return l;
    }
    vlaunch_free(l);
    return NULL;
}

/* What slurmd's launch.c and os/auth.c do before and around node_launch. */
static int launch(struct world *w, struct vnode *n, const struct meta_bytes *bytes, struct err *e)
{
    struct credential c;
    struct node_effects out = {0};
    bool known, job_known;
    int64_t now = vnode_clock(w, n);
    REQUIRE(meta_decode(&record_credential, &c, bytes->v, bytes->n, e) == 0);
    struct vlaunch *l = read_launch(n, &c);
    int rc;
    if (now > c.expires)
        rc = err_set(e, ESLURM_JOB_CREDENTIAL_EXPIRED, "expired");
    else if (!l || c.issued > now + CREDENTIAL_SKEW_S)
        rc = err_set(e, ESLURM_INVALID_JOB_CREDENTIAL, "not for %s", n->name);
    else
        rc = node_launch(&n->core, &c, l, NULL, now, &known, &job_known, &out, e);
    check_term(w, n, c.term, rc);
    if (rc < 0 || known)
        vlaunch_free(l);
    if (rc < 0)
        world_trace(w, c.job_id, n->index, "  %s refuses %u.%u: %s", n->name, c.job_id, c.step_id, e->text);
    meta_release(&record_credential, &c);
    effects_run(w, n, &out);
    return rc;
}

static void take_batch(struct world *w, struct vnode *n, const struct launch_batch *l)
{
    struct launch_done *done = meta_new(&record_launch_done);
    struct credential c;
    struct err e = {0};
    REQUIRE(meta_decode(&record_credential, &c, l->credential.v, l->credential.n, &e) == 0);
    done->job_id = c.job_id;
    done->restarts = c.restarts;
    done->token = l->token;
    meta_release(&record_credential, &c);
    int rc = n->registered && l->token == n->token
                 ? launch(w, n, &l->credential, &e)
                 : err_set(&e, ESLURM_INVALID_NODE_STATE, "this slurmd has not registered yet");
    done->error = rc < 0 ? (uint32_t)e.code : 0;
    done->error_text = rc < 0 ? mem_strdup(e.text) : NULL;
    answer(w, n, MSG_LAUNCH_DONE, done);
}

static void take_kill(struct world *w, struct vnode *n, const struct kill_job *k)
{
    struct node_effects out = {0};
    bool kept;
    check_term(w, n, k->term, node_kill(&n->core, k, NULL, vnode_clock(w, n), &kept, &out, NULL));
    effects_run(w, n, &out);
}

static void take_signal(struct world *w, struct vnode *n, const struct kill_job *k)
{
    struct node_effects out = {0};
    check_term(w, n, k->term, node_signal(&n->core, k, &out, NULL));
    effects_run(w, n, &out);
}

static void take_ping(struct world *w, struct vnode *n, const struct node_ping *p)
{
    int rc = node_check_term(&n->core, p->term, NULL);
    check_term(w, n, p->term, rc);
    if (rc < 0)
        return;
    const struct node *seen = w->ctl.up ? snapshot_node(w->ctl.seen, n->name) : NULL;
    if (!seen)
        return;
    struct node_contact *contact = meta_new(&record_node_contact);
    contact->node_index = seen->index;
    contact->ok = true;
    answer(w, n, MSG_NODE_CONTACT, contact);
}

static void take_control(struct world *w, struct vnode *n, const struct node_control *c)
{
    int rc = node_check_term(&n->core, c->term, NULL);
    check_term(w, n, c->term, rc);
    if (rc == 0 && text_same(c->action, "register"))
        send_register(w, n);
}

/* A launch that this process has seen comes once more, now or after its next start. */
static void keep_launch(struct vnode *n, const struct message *m)
{
    bool batch = m->type == MSG_LAUNCH_BATCH;
    message_release(&n->last);
    n->last = *m;
    n->last.record = meta_dup(batch ? &record_launch_batch : &record_launch_tasks, m->record);
}

void vnode_message(struct world *w, struct vnode *n, struct message *m)
{
    struct err e;
    if (m->type == MSG_LAUNCH_BATCH || m->type == MSG_LAUNCH_TASKS)
        keep_launch(n, m);
    if (m->type == MSG_LAUNCH_BATCH)
        take_batch(w, n, m->record);
    else if (m->type == MSG_LAUNCH_TASKS)
        launch(w, n, &((const struct launch_tasks *)m->record)->credential, &e);
    else if (m->type == MSG_KILL_JOB)
        take_kill(w, n, m->record);
    else if (m->type == MSG_SIGNAL_JOB)
        take_signal(w, n, m->record);
    else if (m->type == MSG_NODE_PING)
        take_ping(w, n, m->record);
    else if (m->type == MSG_NODE_CONTROL)
        take_control(w, n, m->record);
}

/* --- answers --- */

static void registered(struct world *w, struct vnode *n, const struct answer *a)
{
    struct node_effects out = {0};
    n->register_at = w->now + REGISTER_MS;
    if (a->code < 0) {
        world_trace(w, NO_VAL, n->index, "%s: registration refused", n->name);
        vnode_wake_at(w, n, n->register_at);
        return;
    }
    const struct node_register_reply *r = a->reply.record;
    n->registered = true;
    n->just_booted = false;
    n->register_at = r->kill_jobs.n ? n->register_at : INT64_MAX;
    if (r->kill_jobs.n) {
        world_trace(w, r->kill_jobs.v[0], n->index, "%s: job %u and %u others must not be here", n->name,
                    r->kill_jobs.v[0], r->kill_jobs.n - 1);
        vnode_wake_at(w, n, n->register_at);
    }
    node_end_strangers(&n->core, &r->kill_jobs, vnode_clock(w, n), &out);
    node_connected(&n->core, vnode_clock(w, n), &out);
    effects_run(w, n, &out);
    if (n->asked == r->node->asked)
        return;
    n->asked = n->core.asked = r->node->asked;
    send_register(w, n);
}

void vnode_answer(struct world *w, struct vnode *n, const struct answer *a)
{
    struct node_effects out = {0};
    if (a->life != n->token)
        return; /* its connection was the one of the process before */
    if (a->type == MSG_NODE_REGISTER)
        registered(w, n, a);
    else if (a->type == MSG_NODE_REPORT && (a->code == 0 || node_report_refused(-a->code)))
        node_acknowledged(&n->core, a->ask, vnode_clock(w, n), &out);
    effects_run(w, n, &out);
}

/* --- time --- */

static void end_due_steps(struct world *w, struct vnode *n)
{
    for (uint32_t i = 0; i < n->stepds.n;) {
        const struct vstepd *s = &n->stepds.v[i];
        uint32_t job_id = s->l.job_id, step_id = s->l.step_id, restarts = s->l.restarts;
        if (s->ends_at > w->now) {
            vnode_wake_at(w, n, s->ends_at);
            i++;
            continue;
        }
        const struct node_report *r = vstep_end(w, n, i);
        struct node_effects out = {0};
        if (!n->up)
            continue; /* processes live on, and die, without their daemon */
        if (r)
            node_step_ended(&n->core, r, vnode_clock(w, n), &out);
        else
            node_step_lost(&n->core, job_id, step_id, restarts, vnode_clock(w, n), &out);
        effects_run(w, n, &out);
    }
}

static void end_due_scripts(struct world *w, struct vnode *n)
{
    for (uint32_t i = 0; i < n->scripts.n;) {
        struct vscript s = n->scripts.v[i];
        struct node_effects out = {0};
        if (s.done_at > w->now) {
            vnode_wake_at(w, n, s.done_at);
            i++;
            continue;
        }
        n->scripts.v[i] = n->scripts.v[--n->scripts.n];
        world_trace(w, s.job_id, n->index, "  %s: %s of job %u is over", n->name,
                    s.epilog ? "epilog" : "prolog", s.job_id);
        if (s.epilog)
            node_epilog_done(&n->core, s.job_id, s.ok, vnode_clock(w, n), &out);
        else
            node_prolog_done(&n->core, s.job_id, s.ok, "rc:1", vnode_clock(w, n), &out);
        effects_run(w, n, &out);
    }
}

void vnode_wake(struct world *w, struct vnode *n)
{
    struct node_effects out = {0};
    n->wake = 0;
    end_due_steps(w, n);
    if (!n->up)
        return;
    end_due_scripts(w, n);
    if (n->register_at <= w->now)
        send_register(w, n);
    else if (n->register_at != INT64_MAX)
        vnode_wake_at(w, n, n->register_at);
    if (node_deadline(&n->core) <= vnode_clock(w, n))
        node_tick(&n->core, vnode_clock(w, n), &out);
    effects_run(w, n, &out);
}
