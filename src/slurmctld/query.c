/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Queries: answered from the newest snapshot on the thread that received them. Lists go out in pieces; the
 * next piece is made when the connection has room for it, so that a slow reader of a million jobs holds a
 * snapshot and little else.
 */
#include <time.h>

#include "base/mem.h"
#include "base/text.h"
#include "model/errors.h"
#include "model/jobtext.h"
#include "os/log.h"
#include "slurmctld/jobfilter.h"
#include "slurmctld/net_thread.h"
#include "version.h"

enum { PIECE = 64 << 10 }; /* bytes of a frame of a list: the reader works on one while the next is made */

struct query {
    struct query *next;
    struct snapshot *snapshot;
    uint16_t type;
    uint32_t seq, uid;
    enum message_access access;
    void *select; /* owned: the request record */
    const struct meta_record *select_type;
    struct job_filter *filter; /* of MSG_JOBS */
    struct meta_mask masks[2]; /* of MSG_JOBS: the wanted fields */
    uint32_t masks_n;
    struct hostlist hosts; /* of MSG_NODES with names */
    uint32_t key;          /* where to go on */
    bool end;
};

static bool is_private(const struct snapshot *s, const char *what)
{
    struct text_list list = {0};
    bool found = false;

    if (!s->policy || !s->policy->private_data)
        return false;
    text_split(&list, s->policy->private_data, ',');
    for (uint32_t i = 0; i < list.n; i++)
        found |= text_same_nocase(list.v[i], what);
    text_list_release(&list);
    return found;
}

bool query_may_see(const struct snapshot *s, uint32_t uid, enum message_access access, const struct job *job)
{
    return job->uid == uid || access >= ACCESS_OPERATOR || !is_private(s, "jobs");
}

/* --- lists --- */

static bool more_jobs(struct query *q, struct buf *out, size_t limit)
{
    const struct job_select *sel = q->select;
    const struct job *job;

    while (out->len < limit && (job = job_filter_next(q->filter, q->snapshot, &q->key))) {
        if (sel->with_steps || !job->steps.n) {
            frame_list_add_fields(out, &record_job, job, q->masks, q->masks_n);
            continue;
        }
        struct job copy;
        BORROW_SHARED(&copy, job);
        copy.steps.n = 0;
        frame_list_add_fields(out, &record_job, &copy, q->masks, q->masks_n);
    }
    return out->len >= limit;
}

static bool more_nodes(struct query *q, struct buf *out, size_t limit)
{
    const struct node *node;
    char name[HOSTLIST_NAME_SIZE];

    if (q->hosts.count) {
        for (; out->len < limit && q->key < q->hosts.count; q->key++) {
            hostlist_nth(&q->hosts, q->key, name);
            if ((node = snapshot_node(q->snapshot, name)))
                frame_list_add(out, &record_node, node);
        }
        return q->key < q->hosts.count;
    }
    for (; out->len < limit && (node = ptree_next(&q->snapshot->nodes, &q->key)); q->key++)
        frame_list_add(out, &record_node, node);
    return out->len >= limit;
}

static bool wanted_part(const struct query *q, const struct part *p)
{
    const struct part_select *sel = q->select;
    bool named = sel->names.n == 0;

    for (uint32_t i = 0; i < sel->names.n && !named; i++)
        named = text_same(sel->names.v[i], p->name);
    return named && (sel->all || sel->names.n || !part_is_hidden(p, q->uid, q->access));
}

static bool more_parts(struct query *q, struct buf *out, size_t limit)
{
    const struct part *p;

    for (; out->len < limit && (p = ptree_next(&q->snapshot->parts, &q->key)); q->key++)
        if (wanted_part(q, p))
            frame_list_add(out, &record_part, p);
    return out->len >= limit;
}

static void query_free(struct query *q)
{
    snapshot_drop(q->snapshot);
    meta_free(q->select_type, q->select);
    job_filter_free(q->filter);
    for (uint32_t i = 0; i < q->masks_n; i++)
        meta_mask_release(&q->masks[i]);
    hostlist_release(&q->hosts);
    mem_free(q);
}

/* Adds frames until the answer is complete (true) or the connection is full. */
static bool send_pieces(struct net_conn *c, struct query *q)
{
    bool more = true;

    while (more && !net_full(c)) {
        struct buf *out = net_out(c);
        size_t begin = frame_begin(out, q->type, FRAME_REPLY | FRAME_MORE, q->seq), limit = begin + PIECE;
        more = q->type == MSG_JOBS    ? more_jobs(q, out, limit)
               : q->type == MSG_NODES ? more_nodes(q, out, limit)
                                      : more_parts(q, out, limit);
        if (out->len == begin + FRAME_HEADER)
            buf_truncate(out, begin);
        else
            frame_end(out, begin);
        if (more)
            net_push(c);
    }
    if (!more)
        frame_add(net_out(c), q->type, FRAME_REPLY, q->seq, NULL, NULL);
    return !more;
}

/* Answers on one connection go out one after the other, in the order of the questions. */
void query_go_on(struct net_conn *c)
{
    struct peer *p = c->user;

    while (p && p->queries && send_pieces(c, p->queries)) {
        struct query *done = p->queries;
        p->queries = done->next;
        query_free(done);
    }
}

void query_drop_all(struct peer *p)
{
    while (p->queries) {
        struct query *q = p->queries;
        p->queries = q->next;
        query_free(q);
    }
}

static void want_fields(struct query *q, const struct meta_record *r, const struct meta_u32s *tags)
{
    if (tags->n)
        meta_mask_init(&q->masks[q->masks_n++], r, tags);
}

static int prepare(struct query *q, struct err *e)
{
    static const struct {
        uint16_t type;
        const char *private;
    } closed[] = {{MSG_NODES, "nodes"}, {MSG_PARTS, "partitions"}};

    for (uint32_t i = 0; i < sizeof closed / sizeof *closed; i++)
        if (q->type == closed[i].type && q->access < ACCESS_OPERATOR &&
            is_private(q->snapshot, closed[i].private))
            return err_set(e, ESLURM_ACCESS_DENIED, "%s", error_text(ESLURM_ACCESS_DENIED));
    if (q->type == MSG_NODES)
        return hostlist_parse(&q->hosts, ((const struct node_select *)q->select)->nodes, e);
    if (q->type != MSG_JOBS)
        return 0;
    const struct job_select *sel = q->select;
    want_fields(q, &record_job, &sel->job_fields);
    want_fields(q, &record_job_spec, &sel->spec_fields);
    q->filter = job_filter_new(q->select, q->snapshot, q->uid, q->access,
                               q->access < ACCESS_OPERATOR && is_private(q->snapshot, "jobs"), e);
    return q->filter ? 0 : -e->code;
}

static void answer_list(struct request *r)
{
    struct query *q = mem_alloc(sizeof *q);
    struct query **last = &r->peer->queries;
    struct err e;

    q->snapshot = ctld_snapshot(r->t->ctld);
    q->type = r->type->number;
    q->seq = r->seq;
    q->uid = r->peer->uid;
    q->access = access_of(q->snapshot, q->uid);
    q->select = r->record;
    q->select_type = r->type->request;
    r->record = NULL;
    if (prepare(q, &e) < 0) {
        reply_error(r->conn, q->type, q->seq, e.code, e.text);
        query_free(q);
        return;
    }
    while (*last)
        last = &(*last)->next;
    *last = q;
    if (r->peer->queries == q)
        query_go_on(r->conn);
}

/* --- single answers --- */

static const char *user_name(void *ctx, uint32_t uid)
{
    struct user *user = users_get(ctx, uid);
    static _Thread_local char name[256];

    bool known = user->name && buf_print(name, sizeof name, "%s", user->name);
    user_drop(user);
    return known ? name : NULL;
}

static bool user_id(void *ctx, const char *name, uint32_t *ret_uid)
{
    uint32_t gid;

    return users_id(name, ret_uid, &gid);
}

static void time_text(int64_t t, char ret[32])
{
    struct tm tm;
    time_t when = (time_t)t;

    localtime_r(&when, &tm);
    strftime(ret, 32, "%Y-%m-%dT%H:%M:%S", &tm);
}

/* "Key   = Value" lines as Key=Value pairs. */
static void add_pairs(struct config_reply *to, const char *text)
{
    struct text_list lines = {0};

    text_split(&lines, text, '\n');
    for (uint32_t i = 0; i < lines.n; i++) {
        char *equals = strstr(lines.v[i], " = ");
        if (!equals)
            continue;
        struct buf b = BUF_INIT;
        buf_add(&b, lines.v[i], text_trimmed_len(lines.v[i], (size_t)(equals - lines.v[i])));
        buf_addf(&b, "=%s", equals + 3);
        meta_strs_push(&to->pairs, b.s);
        buf_release(&b);
    }
    text_list_release(&lines);
}

static void add_topology(struct config_reply *reply, const struct conf *c)
{
    uint32_t n;
    const struct topo_switch *units = conf_topology(c, &n);

    for (uint32_t i = 0; i < n; i++) {
        struct topo_switch *s = meta_recs_push(&record_topo_switch, &reply->topology);
        meta_release(&record_topo_switch, s);
        meta_copy(&record_topo_switch, s, &units[i]);
    }
    const struct topo_plan *plans = conf_topologies(c, &n);
    for (uint32_t i = 0; i < n; i++) {
        struct topo_plan *p = meta_recs_push(&record_topo_plan, &reply->topologies);
        meta_release(&record_topo_plan, p);
        meta_copy(&record_topo_plan, p, &plans[i]);
    }
}

/* The line of a setting that scontrol can change says what is in force. */
static void show_list(struct buf *text, const char *key, const char *value)
{
    char *line = strstr(text->s, key);
    struct buf with = BUF_INIT;

    if (!line)
        return;
    const char *from = strstr(line, "= "), *to = from ? strchr(from, '\n') : NULL;
    REQUIRE(to);
    buf_add(&with, text->s, (size_t)(from + 2 - text->s));
    buf_adds(&with, value && *value ? value : "(null)");
    buf_adds(&with, to);
    buf_release(text);
    *text = with;
}

static void show_excluded(const struct policy *p, struct buf *text)
{
    struct buf parts = BUF_INIT, states = BUF_INIT;

    for (uint32_t i = 0; i < p->suspend_exc_parts.n; i++)
        buf_addf(&parts, "%s%s", i ? "," : "", p->suspend_exc_parts.v[i]);
    for (uint32_t i = 0; i < p->suspend_exc_states.n; i++)
        buf_addf(&states, "%s%s", i ? "," : "", p->suspend_exc_states.v[i]);
    show_list(text, "\nSuspendExcNodes ", p->suspend_exc_nodes);
    show_list(text, "\nSuspendExcParts ", parts.s);
    show_list(text, "\nSuspendExcStates ", states.s);
    buf_release(&parts);
    buf_release(&states);
}

static void answer_config(struct request *r)
{
    struct ctld *c = r->t->ctld;
    struct shared_conf *conf = ctld_conf(c);
    struct snapshot *s = ctld_snapshot(c);
    struct config_reply reply;
    struct buf text = BUF_INIT;
    char now[32], boot[32];

    time_text(ctld_now(), now);
    time_text(c->boot_time, boot);
    uint64_t debug_flags = log_flags();
    struct conf_runtime run = {
        .user_name = user_name,
        .user_id = user_id,
        .ctx = c->users,
        .as_of = now,
        .boot_time = boot,
        .conf_path = c->conf_path,
        .version = SLURM_VERSION,
        .plugin_dir = PREFIX "/lib/slurm",
        .hash_val = "Match",
        .next_job_id = s->next_job_id,
        .node_count = s->nodes.count,
        .debug_flags = &debug_flags,
    };
    conf_text(conf->conf, &run, &text);
    show_excluded(s->policy, &text);
    meta_init(&record_config_reply, &reply);
    add_pairs(&reply, text.s);
    add_topology(&reply, conf->conf);
    reply.text = buf_take(&text);
    reply_record(r->conn, r->type->number, r->seq, &record_config_reply, &reply);
    meta_release(&record_config_reply, &reply);
    snapshot_drop(s);
    ctld_conf_drop(conf);
}

static void answer_config_files(struct request *r)
{
    struct shared_conf *conf = ctld_conf(r->t->ctld);
    const struct config_files_request *asked = r->record;
    struct config_files unchanged = {.hash = conf->files.hash};

    if (!conf->files.files.n)
        reply_error(r->conn, r->type->number, r->seq, ESLURM_CONFIGLESS_MODE_DISABLED_IN_SLURM_CONFIGURATION,
                    NULL);
    else
        reply_record(r->conn, r->type->number, r->seq, &record_config_files,
                     asked->hash == conf->files.hash ? &unchanged : &conf->files);
    ctld_conf_drop(conf);
}

static int find_script(struct request *r, const struct snapshot *s, struct buf *ret, struct err *e)
{
    struct journal *j = r->t->ctld->journal;
    const struct job *job = snapshot_job(s, ((const struct job_script_request *)r->record)->job_id);

    if (!job || !query_may_see(s, r->peer->uid, access_of(s, r->peer->uid), job))
        return err_set(e, ESLURM_INVALID_JOB_ID, "%s", error_text(ESLURM_INVALID_JOB_ID));
    if (job->uid != r->peer->uid && access_of(s, r->peer->uid) < ACCESS_OPERATOR)
        return err_set(e, ESLURM_INVALID_USER_ID, "%s", error_text(ESLURM_INVALID_USER_ID));
    if (!job->script.n)
        return err_set(e, ESLURM_NO_SCRIPT, "%s", error_text(ESLURM_NO_SCRIPT));
    return j->ops->blob_get(j, job->script.v, job->script.n, ret, e);
}

/* What is stored is an encoded payload: the body as it must be. */
static void answer_job_script(struct request *r)
{
    struct snapshot *s = ctld_snapshot(r->t->ctld);
    struct buf payload = BUF_INIT;
    struct err e;

    if (find_script(r, s, &payload, &e) < 0)
        reply_error(r->conn, r->type->number, r->seq, e.code, e.text);
    else {
        struct buf *out = net_out(r->conn);
        size_t begin = frame_begin(out, r->type->number, FRAME_REPLY, r->seq);
        buf_add(out, payload.s, payload.len);
        frame_end(out, begin);
    }
    buf_release(&payload);
    snapshot_drop(s);
}

/* The job that files are wanted for; *ret_step is NULL when none was named. */
static int find_bcast(struct request *r, const struct snapshot *s, const struct job **ret,
                      const struct step **ret_step, struct err *e)
{
    const struct bcast_request *m = r->record;
    const struct job *job = snapshot_job(s, m->job_id);
    int code = 0;

    *ret = job;
    *ret_step = NULL;
    for (uint32_t i = 0; job && i < job->steps.n; i++)
        if (job->steps.v[i].step_id == m->step_id)
            *ret_step = &job->steps.v[i];
    if (!job || (m->step_id != NO_VAL && !*ret_step))
        code = ESLURM_INVALID_JOB_ID;
    else if (job->uid != r->peer->uid && access_of(s, r->peer->uid) < ACCESS_ADMIN)
        code = ESLURM_INVALID_USER_ID;
    else if (job_is_pending(job))
        code = ESLURM_JOB_NOT_RUNNING;
    else if (!job_is_active(job))
        code = ESLURM_JOB_STEP_ALREADY_COMPLETING_OR_COMPLETED;
    return code ? err_set(e, code, "%s", error_text(code)) : 0;
}

static void answer_bcast(struct request *r)
{
    struct ctld *c = r->t->ctld;
    struct snapshot *s = ctld_snapshot(c);
    struct bcast_grant reply;
    const struct job *job;
    const struct step *step;
    struct err e;

    meta_init(&record_bcast_grant, &reply);
    if (find_bcast(r, s, &job, &step, &e) < 0 || credential_for_bcast(c, s, job, step, &reply, &e) < 0)
        reply_error(r->conn, r->type->number, r->seq, e.code, e.text);
    else
        reply_record(r->conn, r->type->number, r->seq, &record_bcast_grant, &reply);
    meta_release(&record_bcast_grant, &reply);
    snapshot_drop(s);
}

static void answer_stats(struct request *r)
{
    struct stats reply;
    struct snapshot *s = ctld_snapshot(r->t->ctld);
    bool reset = ((const struct stats_request *)r->record)->reset;
    bool allowed = !reset || access_of(s, r->peer->uid) >= ACCESS_OPERATOR;

    snapshot_drop(s);
    if (!allowed) {
        reply_error(r->conn, r->type->number, r->seq, ESLURM_ACCESS_DENIED, NULL);
        return;
    }
    meta_init(&record_stats, &reply);
    stats_fill(r->t->ctld, &reply);
    if (reset)
        stats_reset();
    reply_record(r->conn, r->type->number, r->seq, &record_stats, &reply);
    meta_release(&record_stats, &reply);
}

void query_answer(struct request *r)
{
    static const struct {
        uint16_t type;
        void (*answer)(struct request *r);
    } table[] = {
        {MSG_JOBS, answer_list},
        {MSG_NODES, answer_list},
        {MSG_PARTS, answer_list},
        {MSG_CONFIG, answer_config},
        {MSG_CONFIG_FILES, answer_config_files},
        {MSG_JOB_SCRIPT, answer_job_script},
        {MSG_BCAST_GRANT, answer_bcast},
        {MSG_STATS, answer_stats},
    };

    for (uint32_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].type == r->type->number) {
            table[i].answer(r);
            return;
        }
    reply_error(r->conn, r->type->number, r->seq, ESLURM_UNEXPECTED_MESSAGE, NULL);
}
