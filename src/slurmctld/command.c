/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests that change something: on to the core, and the answer back when it is durable. What the core must
 * not trust the sender for (names and groups of users) or cannot do itself (storing payloads, signing
 * credentials) is done here.
 */
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "model/errors.h"
#include "os/sha256.h"
#include "slurmctld/net_thread.h"

/* --- the way back --- */

static void sign_step(struct net_thread *t, struct work *w)
{
    struct step_create_reply *reply = w->reply.record;
    struct buf cred = BUF_INIT;

    if (!reply->step)
        return;
    const struct job *job = snapshot_job(w->snapshot, reply->step->job_id);
    if (!job)
        w->rc = err_set(&w->e, ESLURM_INVALID_JOB_ID, "%s", error_text(ESLURM_INVALID_JOB_ID));
    else
        w->rc = credential_for_step(t->ctld, job, reply->step, &cred, &w->e);
    if (w->rc == 0) {
        meta_bytes_set(&reply->credential, cred.s, cred.len);
        if (!reply->job)
            reply->job = meta_dup(&record_job, job);
    }
    buf_release(&cred);
}

struct test {
    uv_work_t req;
    struct work *w;
};

static void answer(void *arg);

static void run_test(uv_work_t *req)
{
    struct test *t = (struct test *)req;

    t->w->rc = test_only(t->w);
}

static void test_run(uv_work_t *req, int status)
{
    struct test *t = (struct test *)req;
    struct net_conn *c = t->w->user;

    answer(t->w);
    net_flush(c->net);
    mem_free(t);
}

static void answer(void *arg)
{
    struct work *w = arg;
    struct net_conn *c = w->user;
    uint16_t type = (uint16_t)w->command.type;

    if (w->test_job) {
        struct test *t = mem_alloc(sizeof *t);
        t->w = w;
        REQUIRE(uv_queue_work(&thread_of(c)->loop, &t->req, run_test, test_run) == 0);
        return;
    }
    if (w->rc == 0 && type == MSG_STEP_CREATE && w->reply.record)
        sign_step(thread_of(c), w);
    if (c->closing)
        ; /* the answer comes too late */
    else if (w->rc < 0)
        reply_error(c, type, w->seq, w->e.code, w->e.text);
    else
        reply_record(c, type, w->seq, w->reply.type, w->reply.record);
    net_release(c);
    work_free(w);
}

static void durable(struct work *w)
{
    struct net_conn *c = w->user;

    if (w->command.type == MSG_SUBMIT && w->rc == 0)
        stat_add(STAT_JOBS_SUBMITTED, 1);
    mailbox_post(&thread_of(c)->mailbox, answer, w);
}

/* --- the way there --- */

/* The payload leaves the request: the core knows only the name under which it is stored. The name is a
 * cryptographic hash, because whoever could make another payload with the same name could run it as somebody
 * else. */
static void take_payload(struct work *w, struct submit_request *r)
{
    uint8_t hash[SHA256_LEN];

    mem_free(r->payload_name.v);
    r->payload_name = (struct meta_bytes){0};
    r->script_size = r->payload ? r->payload->script.n : 0;
    if (!r->payload)
        return;
    meta_encode(&record_payload, r->payload, &w->payload);
    sha256(w->payload.s, w->payload.len, hash);
    meta_bytes_set(&w->payload_name, hash, sizeof hash);
    meta_bytes_set(&r->payload_name, hash, sizeof hash);
    meta_free(&record_payload, r->payload);
    r->payload = NULL;
}

/* Names and groups as the name service gives them; what the sender says of itself is not believed. */
static void set_user(struct submit_request *r, const struct user *user)
{
    mem_free(r->group_names.v);
    r->group_names = (struct meta_u32s){0};
    for (uint32_t i = 0; i < user->groups_n; i++)
        meta_u32s_push(&r->group_names, user->groups[i]);
    if (r->spec)
        mem_set_str(&r->spec->user_name, user->name);
}

struct lookup {
    uv_work_t req;
    struct net_thread *t;
    struct work *w;
    uint32_t uid;
    struct user *user;
};

static void look_up(uv_work_t *req)
{
    struct lookup *l = (struct lookup *)req;

    l->user = users_get(l->t->ctld->users, l->uid);
}

static void looked_up(uv_work_t *req, int status)
{
    struct lookup *l = (struct lookup *)req;

    set_user(l->w->record, l->user);
    user_drop(l->user);
    core_post(l->t->ctld->core, l->w);
    mem_free(l);
}

/* Submission waits for the name service on a thread of the pool when the user is not known yet. */
static void post_submit(struct net_thread *t, struct work *w, uint32_t sender)
{
    struct submit_request *r = w->record;
    uint32_t uid = r->uid == NO_VAL ? sender : r->uid;
    struct user *user = users_peek(t->ctld->users, uid);

    take_payload(w, r);
    if (user) {
        set_user(r, user);
        user_drop(user);
        core_post(t->ctld->core, w);
        return;
    }
    struct lookup *l = mem_alloc(sizeof *l);
    l->t = t;
    l->w = w;
    l->uid = uid;
    REQUIRE(uv_queue_work(&t->loop, &l->req, look_up, looked_up) == 0);
}

/* The core knows uids, not groups. An administrator's rare command may wait for the name service here. */
static void add_members(struct part_update *u)
{
    if (!u->part || !u->part->allow_groups)
        return;
    configure_groups(u->part);
    meta_strs_push(&u->fields, "allow_uids");
}

void command_post(struct request *r)
{
    if (r->type->number == MSG_SUBMIT && !room_for_jobs(r->t->ctld)) {
        reply_error(r->conn, r->type->number, r->seq, ENOSPC,
                    "No space left on device: StateSaveLocation of slurmctld is nearly full");
        return;
    }
    struct snapshot *s = ctld_snapshot(r->t->ctld);
    struct work *w = work_new(r->type->number, r->record);

    r->record = NULL;
    w->command.sender.uid = r->peer->uid;
    w->command.sender.gid = r->peer->gid;
    w->command.sender.level = access_of(s, r->peer->uid);
    w->host = mem_strdup(r->peer->host);
    w->seq = r->seq;
    w->user = r->conn;
    w->done = durable;
    snapshot_drop(s);
    net_hold(r->conn);
    if (r->type->number == MSG_PART_UPDATE)
        add_members(w->record);
    if (r->type->number == MSG_SUBMIT)
        post_submit(r->t, w, r->peer->uid);
    else
        core_post(r->t->ctld->core, w);
}
