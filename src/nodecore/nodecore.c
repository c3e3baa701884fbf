/* SPDX-License-Identifier: Apache-2.0 */
#include "nodecore/nodecore.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "nodecore/internal.h"

/* --- states --- */

#define TO(state) (1u << (state))
static const uint8_t job_moves[NJOB_STATES] = {
    [NJOB_STARTING] = TO(NJOB_RUNNING) | TO(NJOB_ENDING) | TO(NJOB_KILLING) | TO(NJOB_EPILOG),
    [NJOB_RUNNING] = TO(NJOB_ENDING) | TO(NJOB_KILLING) | TO(NJOB_EPILOG),
    [NJOB_ENDING] = TO(NJOB_KILLING) | TO(NJOB_EPILOG),
    [NJOB_KILLING] = TO(NJOB_EPILOG),
    [NJOB_EPILOG] = TO(NJOB_REPORTING),
    [NJOB_REPORTING] = 0,
};
static const uint8_t step_moves[NSTEP_STATES] = {
    [NSTEP_WAITING] = TO(NSTEP_STARTING),
    [NSTEP_STARTING] = TO(NSTEP_RUNNING),
    [NSTEP_RUNNING] = 0,
};

static void job_move(struct node_job *j, enum node_job_state to)
{
    REQUIRE(job_moves[j->state] & TO(to));
    j->state = (uint8_t)to;
}

static void step_move(struct node_step *s, enum node_step_state to)
{
    REQUIRE(step_moves[s->state] & TO(to));
    s->state = (uint8_t)to;
}

/* --- life --- */

void node_init(struct node_core *n, const char *name, bool prolog, bool epilog)
{
    *n = (struct node_core){.name = mem_strdup(name), .prolog = prolog, .epilog = epilog, .next_report = 1};
}

void node_effects_release(struct node_effects *e)
{
    for (uint32_t i = 0; i < e->list.n; i++)
        meta_free(e->list.v[i].record_type, e->list.v[i].record);
    VEC_FREE(&e->list);
}

struct node_effect *node_effect_add(struct node_effects *out, enum node_effect_type type,
                                    const struct node_job *j, uint32_t step_id)
{
    struct node_effect *e = VEC_PUSH(&out->list);

    e->type = type;
    e->job_id = j->job_id;
    e->restarts = j->restarts;
    e->step_id = step_id;
    return e;
}

static struct node_job *job_get(const struct node_core *n, uint32_t job_id)
{
    return map_u64_get(&n->jobs, job_id);
}

const struct node_job *node_job_get(const struct node_core *n, uint32_t job_id)
{
    return job_get(n, job_id);
}

static struct node_job *job_new(struct node_core *n, uint32_t job_id, uint32_t restarts, uint32_t uid,
                                void *ctx)
{
    struct node_job *j = mem_alloc(sizeof *j);

    j->job_id = job_id;
    j->restarts = restarts;
    j->uid = uid;
    j->ctx = ctx;
    map_u64_put(&n->jobs, job_id, j);
    return j;
}

static struct node_step *step_find(const struct node_job *j, uint32_t step_id)
{
    for (uint32_t i = 0; i < j->steps.n; i++)
        if (j->steps.v[i].step_id == step_id)
            return &j->steps.v[i];
    return NULL;
}

static void step_free(struct node_job *j, struct node_step *s, struct node_effects *out)
{
    uint32_t at = (uint32_t)(s - j->steps.v);

    if (s->ctx)
        node_effect_add(out, NODE_FREE_STEP, j, s->step_id)->ctx = s->ctx;
    memmove(s, s + 1, (j->steps.n - at - 1) * sizeof *s);
    j->steps.n--;
}

static void job_free(struct node_core *n, struct node_job *j, struct node_effects *out)
{
    while (j->steps.n)
        step_free(j, &j->steps.v[j->steps.n - 1], out);
    node_effect_add(out, NODE_FREE_JOB, j, NO_VAL)->ctx = j->ctx;
    VEC_FREE(&j->steps);
    map_u64_remove(&n->jobs, j->job_id);
    mem_free(j);
}

void node_release(struct node_core *n, struct node_effects *out)
{
    MAP_EACH (&n->jobs, e)
        job_free(n, e->value, out);
    map_u64_release(&n->jobs);
    map_u64_release(&n->nonces);
    map_u64_release(&n->old_nonces);
    for (uint32_t i = 0; i < n->unsent.n; i++)
        meta_free(&record_node_report, n->unsent.v[i].report);
    VEC_FREE(&n->unsent);
    VEC_FREE(&n->gone);
    mem_free(n->name);
    n->name = NULL;
}

/* --- guards --- */

int node_check_term(struct node_core *n, uint64_t term, struct err *e)
{
    if (term < n->term)
        return err_set(e, ESLURM_SLURM_BACKUP_CONTROLLER_IN_STANDBY_MODE,
                       "a controller of term %llu has been replaced by term %llu", (unsigned long long)term,
                       (unsigned long long)n->term);
    n->term = term;
    return 0;
}

/* True the first time within the life of a credential. */
static bool nonce_take(struct node_core *n, const struct credential *c, int64_t now)
{
    int64_t life = c->expires - c->issued;

    if (now - n->nonces_since - 2 * NODE_CLOCK_SKEW_S > life) {
        map_u64_release(&n->old_nonces);
        n->old_nonces = n->nonces;
        n->nonces = (struct map_u64){0};
        n->nonces_since = now;
    }
    if (map_u64_has(&n->nonces, c->nonce) || map_u64_has(&n->old_nonces, c->nonce) ||
        map_u64_count(&n->nonces) >= NODE_NONCES_MAX)
        return false;
    map_u64_put(&n->nonces, c->nonce, NULL);
    return true;
}

static bool was_here(const struct node_core *n, uint32_t job_id, uint32_t restarts)
{
    for (uint32_t i = n->gone.n; i-- > 0;)
        if (n->gone.v[i].job_id == job_id && n->gone.v[i].restarts >= restarts)
            return true;
    return false;
}

static void forget_gone(struct node_core *n, uint32_t first, uint32_t count)
{
    memmove(n->gone.v + first, n->gone.v + first + count, (n->gone.n - first - count) * sizeof *n->gone.v);
    n->gone.n -= count;
}

void node_remember_gone(struct node_core *n, const struct node_job *j, int64_t now)
{
    uint32_t drop = 0;

    for (uint32_t i = n->gone.n; i-- > 0;)
        if (n->gone.v[i].job_id == j->job_id && n->gone.v[i].restarts == j->restarts)
            forget_gone(n, i, 1);
    while (drop < n->gone.n &&
           (n->gone.v[drop].time + NODE_GONE_KEEP_S < now || n->gone.n - drop >= NODE_GONE_MAX))
        drop++;
    if (drop)
        forget_gone(n, 0, drop);
    *VEC_PUSH(&n->gone) = (struct node_gone){j->job_id, j->restarts, now};
}

/* --- launching --- */

static void steps_spawn(struct node_job *j, struct node_effects *out)
{
    for (uint32_t i = 0; i < j->steps.n; i++) {
        struct node_step *s = &j->steps.v[i];

        if (s->state != NSTEP_WAITING)
            continue;
        step_move(s, NSTEP_STARTING);
        node_effect_add(out, NODE_SPAWN, j, s->step_id)->ctx = s->ctx;
    }
}

/* Made for the process before this one, which alone knew whether it was used; or before the node was taken
 * for down, when the job has ended without a word from here. */
static bool is_stale(const struct node_core *n, const struct credential *c)
{
    for (uint32_t i = 0; i < c->nodes.n; i++) {
        const struct cred_node *mine = &c->nodes.v[i];
        if (text_same(mine->name, n->name))
            return n->token && mine->token && (mine->token != n->token || mine->asked < n->asked);
    }
    return false;
}

static int launch_refused(const struct node_core *n, const struct node_job *j, const struct credential *c,
                          struct err *e)
{
    if (is_stale(n, c))
        return err_set(e, ESLURM_INVALID_NODE_STATE,
                       "this slurmd has started or was down since job %u was sent here", c->job_id);
    if (was_here(n, c->job_id, c->restarts))
        return err_set(e, ESLURM_JOB_STEP_ALREADY_COMPLETING_OR_COMPLETED, "job %u has ended on this node",
                       c->job_id);
    if (!j)
        return 0;
    if (c->restarts < j->restarts)
        return err_set(e, ESLURM_JOB_STEP_ALREADY_COMPLETING_OR_COMPLETED, "job %u: an earlier run",
                       c->job_id);
    if (c->restarts > j->restarts || j->state > NJOB_RUNNING || j->killed_early)
        return err_set(e, ESLURM_JOB_STEP_NOT_RUNNING, "job %u is ending on this node", c->job_id);
    if (j->steps.n >= NODE_STEPS_MAX)
        return err_set(e, ESLURM_TOO_MANY_JOB_STEPS_ON_NODE, "job %u has too many steps on this node",
                       c->job_id);
    return 0;
}

bool node_launched(const struct node_core *n, const struct credential *c)
{
    const struct node_job *j = job_get(n, c->job_id);

    /* A report that nobody has acknowledged says that this launch ran, also after a restart. */
    return (j && j->restarts == c->restarts && step_find(j, c->step_id)) ||
           node_report_waits(n, c->job_id, c->step_id, c->restarts);
}

int node_launch(struct node_core *n, const struct credential *c, void *ctx, void *job_ctx, int64_t now,
                bool *ret_known, bool *ret_job_known, struct node_effects *out, struct err *e)
{
    struct node_job *j = job_get(n, c->job_id);
    struct node_step *s;
    int rc = node_check_term(n, c->term, e);

    *ret_known = node_launched(n, c);
    *ret_job_known = j;
    if (rc < 0)
        return rc;
    if (*ret_known)
        return 0;
    if (c->expires < now)
        return err_set(e, ESLURM_JOB_CREDENTIAL_EXPIRED, "credential of job %u has expired", c->job_id);
    rc = launch_refused(n, j, c, e);
    if (rc < 0)
        return rc;
    if (!nonce_take(n, c, now))
        return err_set(e, ESLURM_JOB_CREDENTIAL_REPLAYED, "credential of job %u was used before", c->job_id);
    if (!j) {
        j = job_new(n, c->job_id, c->restarts, c->uid, job_ctx);
        if (n->prolog)
            node_effect_add(out, NODE_PROLOG, j, NO_VAL);
        else
            job_move(j, NJOB_RUNNING);
    }
    s = VEC_PUSH(&j->steps);
    s->step_id = c->step_id;
    s->ctx = ctx;
    if (j->state == NJOB_RUNNING)
        steps_spawn(j, out);
    return 0;
}

void node_spawned(struct node_core *n, uint32_t job_id, uint32_t step_id, struct node_effects *out)
{
    struct node_job *j = job_get(n, job_id);
    struct node_step *s = j ? step_find(j, step_id) : NULL;

    if (!s || s->state != NSTEP_STARTING)
        return;
    step_move(s, NSTEP_RUNNING);
    if (s->ctx)
        node_effect_add(out, NODE_FREE_STEP, j, step_id)->ctx = s->ctx;
    s->ctx = NULL;
    /* An end that came while it was being started. */
    if (s->ending || j->state == NJOB_ENDING || j->state == NJOB_KILLING)
        node_order(out, j, s, SIGNAL_KILL, true);
}

/* --- ending --- */

void node_order(struct node_effects *out, const struct node_job *j, const struct node_step *s,
                uint32_t signal, bool notice)
{
    struct step_order *o = meta_new(&record_step_order);
    struct node_effect *e = node_effect_add(out, NODE_ORDER, j, s->step_id);

    o->action = STEP_ORDER_SIGNAL;
    o->signal = signal;
    o->state = j->end_state;
    o->notice = notice;
    e->record = o;
    e->record_type = &record_step_order;
}

static void job_epilog_if_empty(struct node_core *n, struct node_job *j, int64_t now,
                                struct node_effects *out)
{
    if (j->steps.n || (j->state != NJOB_ENDING && j->state != NJOB_KILLING))
        return;
    job_move(j, NJOB_EPILOG);
    j->kill_time = 0;
    if (n->epilog)
        node_effect_add(out, NODE_EPILOG, j, NO_VAL);
    else
        node_epilog_done(n, j->job_id, true, now, out);
}

/* Steps that have not been started will not be: the prolog that they wait for may go on. */
static void steps_drop_waiting(struct node_core *n, struct node_job *j, int64_t now, struct node_effects *out)
{
    for (uint32_t i = j->steps.n; i-- > 0;) {
        struct node_report r;

        if (j->steps.v[i].state != NSTEP_WAITING)
            continue;
        meta_init(&record_node_report, &r);
        r.job_id = j->job_id;
        r.step_id = j->steps.v[i].step_id;
        r.restarts = j->restarts;
        r.exit_code = SIGNAL_TERM;
        r.start_time = r.end_time = now;
        node_report_add(n, &r, now, out);
        step_free(j, &j->steps.v[i], out);
    }
}

static void job_end(struct node_core *n, struct node_job *j, const struct kill_job *k, int64_t now,
                    struct node_effects *out)
{
    bool hurry = k->kill_wait == 0 || k->flags & KILLF_HURRY || k->signal == SIGNAL_KILL;
    bool first = j->state <= NJOB_RUNNING;

    if (j->state > NJOB_KILLING)
        return; /* the epilog runs, or the report is under way */
    if (first) {
        j->end_state = k->state;
        /* A prolog that runs is waited for: the epilog must not overtake it. */
        steps_drop_waiting(n, j, now, out);
    }
    if (first && !hurry) {
        for (uint32_t i = 0; i < j->steps.n; i++) {
            if (j->steps.v[i].state != NSTEP_RUNNING)
                continue;
            node_order(out, j, &j->steps.v[i], SIGNAL_TERM, true);
            node_order(out, j, &j->steps.v[i], SIGNAL_CONT, false);
        }
        if (j->state == NJOB_RUNNING)
            job_move(j, NJOB_ENDING);
        j->kill_time = now + k->kill_wait;
    } else if (hurry && j->state != NJOB_KILLING) {
        for (uint32_t i = 0; i < j->steps.n; i++)
            if (j->steps.v[i].state == NSTEP_RUNNING)
                node_order(out, j, &j->steps.v[i], SIGNAL_KILL, first);
        if (j->state != NJOB_STARTING)
            job_move(j, NJOB_KILLING);
        j->kill_time = now + NODE_KILL_AGAIN_S;
    }
    if (j->state == NJOB_STARTING)
        j->killed_early = true;
    job_epilog_if_empty(n, j, now, out);
}

static void step_end(struct node_core *n, struct node_job *j, struct node_step *s, const struct kill_job *k,
                     int64_t now, struct node_effects *out)
{
    struct node_job named = *j;

    if (s->ending && k->signal != SIGNAL_KILL)
        return;
    s->ending = true;
    s->kill_time = now + (k->kill_wait ? k->kill_wait : NODE_KILL_AGAIN_S);
    if (s->state != NSTEP_RUNNING)
        return; /* node_spawned sees `ending` */
    named.end_state = k->state;
    if (k->kill_wait == 0 || k->signal == SIGNAL_KILL) {
        node_order(out, &named, s, SIGNAL_KILL, true);
    } else {
        node_order(out, &named, s, SIGNAL_TERM, true);
        node_order(out, &named, s, SIGNAL_CONT, false);
    }
    (void)n;
}

/* A job that this daemon does not know: its epilog still has to run once on every node of the job. */
static void kill_unknown(struct node_core *n, const struct kill_job *k, void *job_ctx, int64_t now,
                         bool *ret_ctx_kept, struct node_effects *out)
{
    struct node_job *j;

    if (!n->epilog || !k->job || was_here(n, k->job_id, k->restarts)) {
        struct node_job named = {.job_id = k->job_id, .restarts = k->restarts};

        node_remember_gone(n, &named, now); /* a launch that comes late is refused */
        node_report_gone(n, &named, now, out);
        return;
    }
    j = job_new(n, k->job_id, k->restarts, k->uid, job_ctx);
    *ret_ctx_kept = true;
    job_move(j, NJOB_RUNNING);
    j->end_state = k->state;
    job_move(j, NJOB_ENDING);
    job_epilog_if_empty(n, j, now, out);
}

int node_kill(struct node_core *n, const struct kill_job *k, void *job_ctx, int64_t now, bool *ret_ctx_kept,
              struct node_effects *out, struct err *e)
{
    struct node_job *j = job_get(n, k->job_id);
    int rc = node_check_term(n, k->term, e);

    *ret_ctx_kept = false;
    if (rc < 0)
        return rc;
    /* The run that is to end has been followed by another one here: it is gone. */
    if (!j || j->restarts > k->restarts) {
        if (k->step_id == NO_VAL) {
            if (j) {
                struct node_job named = {.job_id = k->job_id, .restarts = k->restarts};

                node_report_gone(n, &named, now, out);
            } else {
                kill_unknown(n, k, job_ctx, now, ret_ctx_kept, out);
            }
        }
        return 0;
    }
    if (k->step_id == NO_VAL) {
        job_end(n, j, k, now, out);
    } else {
        struct node_step *s = step_find(j, k->step_id);

        if (s)
            step_end(n, j, s, k, now, out);
    }
    return 0;
}

static bool signal_meant_for(const struct node_step *s, const struct kill_job *k)
{
    bool batch = s->step_id == NODE_STEP_BATCH;

    if (s->state != NSTEP_RUNNING)
        return false;
    if (k->step_id != NO_VAL)
        return s->step_id == k->step_id;
    if (k->flags & KILLF_FULL)
        return true;
    if (k->flags & KILLF_BATCH)
        return batch;
    return !batch || k->signal == SIGNAL_KILL || k->signal == SIGNAL_STOP || k->signal == SIGNAL_CONT;
}

int node_signal(struct node_core *n, const struct kill_job *k, struct node_effects *out, struct err *e)
{
    struct node_job *j = job_get(n, k->job_id);
    int rc = node_check_term(n, k->term, e);

    if (rc < 0)
        return rc;
    if (!j || j->restarts != k->restarts)
        return err_set(e, ESLURM_INVALID_JOB_ID, "job %u is not on this node", k->job_id);
    for (uint32_t i = 0; i < j->steps.n; i++) {
        const struct node_step *s = &j->steps.v[i];

        if (!signal_meant_for(s, k))
            continue;
        node_order(out, j, s, k->signal, k->signal == SIGNAL_KILL);
        struct step_order *o = out->list.v[out->list.n - 1].record;
        if (j->state <= NJOB_RUNNING)
            o->state = JOB_CANCELLED; /* a signal alone ends no job */
        if (k->flags & KILLF_BATCH && s->step_id == NODE_STEP_BATCH)
            o->flags = KILLF_BATCH;
    }
    return 0;
}

/* --- what happens here --- */

static void report_prolog_failed(struct node_core *n, const struct node_job *j, uint32_t step_id,
                                 const char *why, int64_t now, struct node_effects *out)
{
    struct node_report r;

    meta_init(&record_node_report, &r);
    r.job_id = j->job_id;
    r.restarts = j->restarts;
    r.step_id = step_id;
    r.error = ESLURM_JOB_PROLOG_FAILED;
    r.error_text = mem_strdup(why);
    r.requeue = r.drain = true;
    r.start_time = r.end_time = now;
    node_report_add(n, &r, now, out);
    meta_release(&record_node_report, &r);
}

void node_prolog_done(struct node_core *n, uint32_t job_id, bool ok, const char *why, int64_t now,
                      struct node_effects *out)
{
    struct node_job *j = job_get(n, job_id);

    if (!j || j->state != NJOB_STARTING)
        return;
    if (ok && !j->killed_early) {
        job_move(j, NJOB_RUNNING);
        steps_spawn(j, out);
        return;
    }
    if (!ok) {
        j->failed = true;
        if (!j->steps.n)
            report_prolog_failed(n, j, NODE_STEP_EXTERN, why, now, out);
        for (; j->steps.n; step_free(j, &j->steps.v[0], out)) /* each of those that waited for it */
            report_prolog_failed(n, j, j->steps.v[0].step_id, why, now, out);
    }
    job_move(j, NJOB_ENDING);
    job_epilog_if_empty(n, j, now, out);
}

void node_step_ended(struct node_core *n, const struct node_report *r, int64_t now, struct node_effects *out)
{
    struct node_job *j = job_get(n, r->job_id);
    struct node_step *s = j && j->restarts == r->restarts ? step_find(j, r->step_id) : NULL;

    node_report_add(n, r, now, out);
    if (!s)
        return;
    step_free(j, s, out);
    /* With its batch script a job has ended, and nothing else of it may live on. */
    if (r->step_id == NODE_STEP_BATCH && j->state == NJOB_RUNNING) {
        struct kill_job end = {.job_id = j->job_id, .state = JOB_COMPLETED};

        job_end(n, j, &end, now, out);
        return;
    }
    job_epilog_if_empty(n, j, now, out);
}

void node_epilog_done(struct node_core *n, uint32_t job_id, bool ok, int64_t now, struct node_effects *out)
{
    struct node_job *j = job_get(n, job_id);

    if (!j || j->state != NJOB_EPILOG)
        return;
    job_move(j, NJOB_REPORTING);
    j->failed |= !ok;
    node_remember_gone(n, j, now);
    j->report = node_report_gone(n, j, now, out);
}

bool node_adopt(struct node_core *n, const struct step_status *st, void *job_ctx)
{
    struct node_job *j = job_get(n, st->job_id);
    struct node_step *s;
    bool known = j;

    if (!j) {
        j = job_new(n, st->job_id, st->restarts, st->uid, job_ctx);
        job_move(j, NJOB_RUNNING);
    }
    if (j->restarts != st->restarts || step_find(j, st->step_id))
        return !known;
    s = VEC_PUSH(&j->steps);
    s->step_id = st->step_id;
    s->state = NSTEP_RUNNING;
    return !known;
}

/* --- acknowledgements --- */

void node_job_reported(struct node_core *n, uint64_t id, uint32_t job_id, struct node_effects *out)
{
    struct node_job *j = job_get(n, job_id);

    if (j && j->state == NJOB_REPORTING && j->report == id)
        job_free(n, j, out);
}

/* --- time --- */

static void job_tick(struct node_core *n, struct node_job *j, int64_t now, struct node_effects *out)
{
    bool due = j->kill_time && j->kill_time <= now;

    if (due && j->state == NJOB_ENDING)
        job_move(j, NJOB_KILLING);
    if (due)
        j->kill_time = now + NODE_KILL_AGAIN_S;
    for (uint32_t i = 0; i < j->steps.n; i++) {
        struct node_step *s = &j->steps.v[i];
        bool step_due = s->ending && s->kill_time <= now;

        if (step_due)
            s->kill_time = now + NODE_KILL_AGAIN_S;
        if (s->state == NSTEP_RUNNING && (step_due || (due && j->state == NJOB_KILLING)))
            node_order(out, j, s, SIGNAL_KILL, false);
    }
    (void)n;
}

void node_tick(struct node_core *n, int64_t now, struct node_effects *out)
{
    MAP_EACH (&n->jobs, e)
        job_tick(n, e->value, now, out);
    node_reports_tick(n, now, out);
}

int64_t node_deadline(const struct node_core *n)
{
    int64_t at = INT64_MAX;

    MAP_EACH (&n->jobs, e) {
        const struct node_job *j = e->value;

        if (j->kill_time && j->kill_time < at)
            at = j->kill_time;
        for (uint32_t i = 0; i < j->steps.n; i++)
            if (j->steps.v[i].ending && j->steps.v[i].kill_time < at)
                at = j->steps.v[i].kill_time;
    }
    for (uint32_t i = 0; i < n->unsent.n; i++)
        if (n->unsent.v[i].next < at)
            at = n->unsent.v[i].next;
    return at;
}
