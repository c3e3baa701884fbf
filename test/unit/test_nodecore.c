/* SPDX-License-Identifier: Apache-2.0 */
/* The node's state machine: single moves, and a small world that delivers everything late, twice or not at
 * all. */
#include "unit.h"

#include "base/mem.h"
#include "nodecore/nodecore.h"

enum { BATCH = 0xfffffffb };

/* --- helpers
 * ------------------------------------------------------------------------------------------------- */

static struct credential cred(uint32_t job, uint32_t step, uint64_t nonce)
{
    return (struct credential){
        .job_id = job, .step_id = step, .nonce = nonce, .issued = 0, .expires = 1000000, .term = 1};
}

static int launch(struct node_core *n, const struct credential *c, struct node_effects *out)
{
    bool known, job_known;
    struct err e;

    return node_launch(n, c, NULL, NULL, 10, &known, &job_known, out, &e);
}

static int end_job(struct node_core *n, uint32_t job, uint32_t wait, int64_t now, struct node_effects *out)
{
    struct kill_job k = {
        .job_id = job, .step_id = NO_VAL, .kill_wait = wait, .state = JOB_CANCELLED, .term = 1};
    bool kept;
    struct err e;

    return node_kill(n, &k, NULL, now, &kept, out, &e);
}

static void step_over(struct node_core *n, uint32_t job, uint32_t step, uint32_t status, int64_t now,
                      struct node_effects *out)
{
    struct node_report r;

    meta_init(&record_node_report, &r);
    r.job_id = job;
    r.step_id = step;
    r.exit_code = status;
    node_step_ended(n, &r, now, out);
}

/* The i-th effect of a type, or NULL. */
static struct node_effect *effect(struct node_effects *out, enum node_effect_type type, uint32_t nth)
{
    for (uint32_t i = 0; i < out->list.n; i++)
        if (out->list.v[i].type == type && nth-- == 0)
            return &out->list.v[i];
    return NULL;
}

static uint32_t order_signal(struct node_effects *out, uint32_t nth)
{
    struct node_effect *e = effect(out, NODE_ORDER, nth);

    return e ? ((struct step_order *)e->record)->signal : 0;
}

/* --- single moves
 * -------------------------------------------------------------------------------------------- */

static void test_batch_job_from_launch_to_gone(void **state)
{
    struct node_core n;
    struct node_effects out = {0};
    struct credential c = cred(7, BATCH, 1);

    node_init(&n, "n1", true, true);
    assert_int_equal(launch(&n, &c, &out), 0);
    assert_non_null(effect(&out, NODE_PROLOG, 0));
    assert_null(effect(&out, NODE_SPAWN, 0));
    node_prolog_done(&n, 7, true, NULL, 11, &out);
    assert_non_null(effect(&out, NODE_SPAWN, 0));
    node_spawned(&n, 7, BATCH, &out);
    step_over(&n, 7, BATCH, 3 << 8, 20, &out);
    assert_non_null(effect(&out, NODE_REPORT, 0));
    assert_non_null(effect(&out, NODE_EPILOG, 0)); /* the script's end is the job's: nobody has to say so */
    node_epilog_done(&n, 7, true, 21, &out);
    assert_int_equal(effect(&out, NODE_REPORT, 1)->step_id, NO_VAL);
    node_acknowledged(&n, effect(&out, NODE_REPORT, 0)->id, 22, &out);
    assert_non_null(effect(&out, NODE_FREE_REPORT, 0));
    assert_non_null(node_job_get(&n, 7));
    node_acknowledged(&n, effect(&out, NODE_REPORT, 1)->id, 22, &out);
    assert_null(node_job_get(&n, 7));
    assert_int_equal(node_deadline(&n), INT64_MAX);
    node_effects_release(&out);
    node_release(&n, &out);
    node_effects_release(&out);
}

static void test_launch_twice_starts_once(void **state)
{
    struct node_core n;
    struct node_effects out = {0};
    struct credential c = cred(7, BATCH, 1), other = cred(8, BATCH, 1);

    node_init(&n, "n1", false, false);
    assert_int_equal(launch(&n, &c, &out), 0);
    assert_int_equal(launch(&n, &c, &out), 0);
    assert_null(effect(&out, NODE_SPAWN, 1));
    assert_int_equal(launch(&n, &other, &out), -ESLURM_JOB_CREDENTIAL_REPLAYED);
    other.nonce = 2;
    other.term = 0;
    assert_int_equal(launch(&n, &other, &out), -ESLURM_SLURM_BACKUP_CONTROLLER_IN_STANDBY_MODE);
    other.term = 2;
    other.expires = 9;
    assert_int_equal(launch(&n, &other, &out), -ESLURM_JOB_CREDENTIAL_EXPIRED);
    node_effects_release(&out);
    node_release(&n, &out);
    node_effects_release(&out);
}

static void test_a_job_in_its_prolog_is_listed(void **state)
{
    struct node_core n;
    struct node_effects out = {0};
    struct credential c = cred(7, BATCH, 1);
    struct node_register m;

    meta_init(&record_node_register, &m);
    node_init(&n, "n1", true, true);
    assert_int_equal(launch(&n, &c, &out), 0);
    node_running(&n, &m);
    assert_int_equal(m.jobs.n, 1);
    assert_int_equal(m.jobs.v[0].job_id, 7);
    meta_release(&record_node_register, &m);
    node_release(&n, &out);
    node_effects_release(&out);
}

static void test_no_step_joins_a_job_that_was_ended_in_its_prolog(void **state)
{
    struct node_core n;
    struct node_effects out = {0};
    struct credential batch = cred(7, BATCH, 1), step = cred(7, 0, 2);

    node_init(&n, "n1", true, false);
    assert_int_equal(launch(&n, &batch, &out), 0);
    assert_int_equal(end_job(&n, 7, 30, 11, &out), 0);
    assert_int_equal(launch(&n, &step, &out), -ESLURM_JOB_STEP_NOT_RUNNING);
    node_prolog_done(&n, 7, true, NULL, 12, &out);
    assert_int_equal(node_job_get(&n, 7)->state, NJOB_REPORTING);
    node_effects_release(&out);
    node_release(&n, &out);
    node_effects_release(&out);
}

static void test_a_credential_for_the_slurmd_before_is_refused(void **state)
{
    struct node_core n;
    struct node_effects out = {0};
    struct cred_node share = {.name = (char *)"n1", .token = 5};
    struct credential c = cred(7, 0, 1);

    c.nodes.v = &share;
    c.nodes.n = 1;
    node_init(&n, "n1", false, false);
    n.token = 6;
    assert_int_equal(launch(&n, &c, &out), -ESLURM_INVALID_NODE_STATE);
    share.token = 6;
    assert_int_equal(launch(&n, &c, &out), 0);
    node_release(&n, &out);
    node_effects_release(&out);
}

static void test_a_launch_from_before_the_node_was_taken_for_down_is_refused(void **state)
{
    struct node_core n;
    struct node_effects out = {0};
    struct cred_node share = {.name = (char *)"n1", .token = 6, .asked = 1};
    struct credential c = cred(7, 0, 1);

    c.nodes.v = &share;
    c.nodes.n = 1;
    node_init(&n, "n1", false, false);
    n.token = 6;
    n.asked = 2;
    assert_int_equal(launch(&n, &c, &out), -ESLURM_INVALID_NODE_STATE);
    share.asked = 2;
    assert_int_equal(launch(&n, &c, &out), 0);
    node_release(&n, &out);
    node_effects_release(&out);
}

/* The controller's clock is a minute ahead; other launches come meanwhile. */
static void test_a_nonce_is_kept_while_clocks_may_differ(void **state)
{
    static const struct {
        uint32_t job;
        uint64_t nonce;
        int64_t now, issued;
        int rc;
    } launches[] = {{7, 1, 1000, 1060, 0},
                    {8, 2, 1121, 1121, 0},
                    {9, 3, 1122, 1122, 0},
                    {10, 1, 1179, 1060, -ESLURM_JOB_CREDENTIAL_REPLAYED}};
    struct node_core n;
    struct node_effects out = {0};
    bool known, job_known;
    struct err e;

    node_init(&n, "n1", false, false);
    n.nonces_since = 1000 - 120;
    for (size_t i = 0; i < sizeof launches / sizeof *launches; i++) {
        struct credential c = cred(launches[i].job, 0, launches[i].nonce);

        c.issued = launches[i].issued;
        c.expires = c.issued + 120;
        assert_int_equal(node_launch(&n, &c, NULL, NULL, launches[i].now, &known, &job_known, &out, &e),
                         launches[i].rc);
    }
    node_effects_release(&out);
    node_release(&n, &out);
    node_effects_release(&out);
}

static void test_term_then_kill(void **state)
{
    struct node_core n;
    struct node_effects out = {0};
    struct credential c = cred(7, 0, 1);

    node_init(&n, "n1", false, false);
    launch(&n, &c, &out);
    node_spawned(&n, 7, 0, &out);
    node_effects_release(&out);
    end_job(&n, 7, 30, 100, &out);
    assert_int_equal(order_signal(&out, 0), 15);
    assert_int_equal(order_signal(&out, 1), 18);
    assert_int_equal(node_deadline(&n), 130);
    end_job(&n, 7, 30, 110, &out); /* repeated: nothing new */
    assert_int_equal(order_signal(&out, 2), 0);
    node_tick(&n, 130, &out);
    assert_int_equal(order_signal(&out, 2), 9);
    step_over(&n, 7, 0, 9, 131, &out);
    assert_int_equal(effect(&out, NODE_REPORT, 1)->step_id, NO_VAL);
    assert_int_equal(((struct node_report *)effect(&out, NODE_REPORT, 0)->record)->exit_code, 9);
    node_effects_release(&out);
    node_release(&n, &out);
    node_effects_release(&out);
}

static void test_kill_while_the_prolog_runs(void **state)
{
    struct node_core n;
    struct node_effects out = {0};
    struct credential c = cred(7, BATCH, 1);

    node_init(&n, "n1", true, true);
    launch(&n, &c, &out);
    end_job(&n, 7, 30, 100, &out);
    assert_null(effect(&out, NODE_EPILOG, 0));
    node_prolog_done(&n, 7, true, NULL, 105, &out);
    assert_null(effect(&out, NODE_SPAWN, 0));
    assert_non_null(effect(&out, NODE_EPILOG, 0));
    node_effects_release(&out);
    node_release(&n, &out);
    node_effects_release(&out);
}

/* A batch launch that came after a step of its job waited behind it, and nobody heard of its end. */
static void test_each_step_that_waits_for_a_prolog_hears_that_it_failed(void **state)
{
    struct node_core n;
    struct node_effects out = {0};
    struct credential step = cred(7, 0, 1), batch = cred(7, BATCH, 2);

    node_init(&n, "n1", true, false);
    launch(&n, &step, &out);
    launch(&n, &batch, &out);
    node_prolog_done(&n, 7, false, "status 1", 105, &out);
    assert_int_equal(((struct node_report *)effect(&out, NODE_REPORT, 0)->record)->step_id, 0);
    const struct node_report *r = effect(&out, NODE_REPORT, 1)->record;
    assert_int_equal(r->step_id, BATCH);
    assert_int_equal(r->error, ESLURM_JOB_PROLOG_FAILED);
    node_effects_release(&out);
    node_release(&n, &out);
    node_effects_release(&out);
}

static void test_prolog_that_fails_drains_and_requeues(void **state)
{
    struct node_core n;
    struct node_effects out = {0};
    struct credential c = cred(7, BATCH, 1);
    struct node_report *r;

    node_init(&n, "n1", true, false);
    launch(&n, &c, &out);
    node_prolog_done(&n, 7, false, "status 1", 105, &out);
    r = effect(&out, NODE_REPORT, 0)->record;
    assert_int_equal(r->error, ESLURM_JOB_PROLOG_FAILED);
    assert_true(r->drain && r->requeue);
    assert_null(effect(&out, NODE_SPAWN, 0));
    node_effects_release(&out);
    node_release(&n, &out);
    node_effects_release(&out);
}

static void test_kill_of_a_job_that_is_gone(void **state)
{
    struct node_core n;
    struct node_effects out = {0};

    node_init(&n, "n1", false, false);
    assert_int_equal(end_job(&n, 7, 30, 100, &out), 0);
    assert_int_equal(effect(&out, NODE_REPORT, 0)->step_id, NO_VAL);
    node_effects_release(&out);
    node_release(&n, &out);
    node_effects_release(&out);
}

static void test_signals_reach_whom_they_are_for(void **state)
{
    struct node_core n;
    struct node_effects out = {0};
    struct credential batch = cred(7, BATCH, 1), step = cred(7, 0, 2);
    struct kill_job k = {.job_id = 7, .step_id = NO_VAL, .signal = 10, .term = 1};
    struct err e;

    node_init(&n, "n1", false, false);
    launch(&n, &batch, &out);
    launch(&n, &step, &out);
    node_spawned(&n, 7, BATCH, &out);
    node_spawned(&n, 7, 0, &out);
    node_effects_release(&out);
    node_signal(&n, &k, &out, &e);
    assert_int_equal(effect(&out, NODE_ORDER, 0)->step_id, 0);
    assert_null(effect(&out, NODE_ORDER, 1));
    node_effects_release(&out);
    k.flags = KILLF_BATCH;
    node_signal(&n, &k, &out, &e);
    assert_int_equal(effect(&out, NODE_ORDER, 0)->step_id, BATCH);
    assert_null(effect(&out, NODE_ORDER, 1));
    node_effects_release(&out);
    k.flags = KILLF_FULL;
    node_signal(&n, &k, &out, &e);
    assert_non_null(effect(&out, NODE_ORDER, 1));
    node_effects_release(&out);
    node_release(&n, &out);
    node_effects_release(&out);
}

static void test_reports_are_repeated(void **state)
{
    struct node_core n;
    struct node_effects out = {0};

    node_init(&n, "n1", false, false);
    step_over(&n, 7, 0, 0, 100, &out);
    assert_int_equal(node_deadline(&n), 105);
    node_tick(&n, 104, &out);
    assert_null(effect(&out, NODE_REPORT, 1));
    node_tick(&n, 105, &out);
    assert_non_null(effect(&out, NODE_REPORT, 1));
    assert_int_equal(node_deadline(&n), 115);
    node_connected(&n, 106, &out);
    assert_non_null(effect(&out, NODE_REPORT, 2));
    node_acknowledged(&n, effect(&out, NODE_REPORT, 2)->id, 107, &out);
    assert_int_equal(node_deadline(&n), INT64_MAX);
    node_effects_release(&out);
    node_release(&n, &out);
    node_effects_release(&out);
}

/* The controller goes on sending launches until it hears that the job is over, and one of them may take its
 * time. */
static void test_a_launch_after_a_report_that_took_minutes_does_not_start_the_job_again(void **state)
{
    struct node_core n;
    struct node_effects out = {0};
    struct credential first = cred(7, BATCH, 1), late = cred(7, BATCH, 2);

    node_init(&n, "n1", false, false);
    assert_int_equal(launch(&n, &first, &out), 0);
    step_over(&n, 7, BATCH, 0, 20, &out);
    node_acknowledged(&n, effect(&out, NODE_REPORT, 0)->id, 600, &out);
    node_acknowledged(&n, effect(&out, NODE_REPORT, 1)->id, 600, &out);
    end_job(&n, 8, 0, 610, &out); /* a job that is gone now: what is older than minutes is forgotten */
    assert_int_equal(launch(&n, &late, &out), -ESLURM_JOB_STEP_ALREADY_COMPLETING_OR_COMPLETED);
    assert_null(effect(&out, NODE_SPAWN, 1));
    node_effects_release(&out);
    node_release(&n, &out);
    node_effects_release(&out);
}

/* slurmd and then the slurmstepd were killed; the mark on the disk says that the step was started. */
static void test_a_step_lost_while_slurmd_was_away_is_reported_and_not_started_again(void **state)
{
    struct node_core n;
    struct node_effects out = {0};
    struct step_status st = {.job_id = 7, .step_id = BATCH, .restarts = 2};
    struct credential c = cred(7, BATCH, 1);
    struct node_register m;

    c.restarts = 2;
    meta_init(&record_node_register, &m);
    node_init(&n, "n1", true, true);
    assert_true(node_adopt(&n, &st, NULL));
    node_running(&n, &m); /* while what it left is being killed */
    assert_int_equal(m.jobs.n, 1);
    meta_release(&record_node_register, &m);
    assert_int_equal(launch(&n, &c, &out), 0);
    node_step_lost(&n, 7, BATCH, 2, 20, &out);
    const struct node_report *r = effect(&out, NODE_REPORT, 0)->record;
    assert_true(r->restarts == 2 && r->exit_code == 9);
    assert_non_null(effect(&out, NODE_EPILOG, 0));
    assert_int_equal(launch(&n, &c, &out), 0);
    assert_null(effect(&out, NODE_SPAWN, 0));
    assert_null(effect(&out, NODE_PROLOG, 0));
    node_effects_release(&out);
    node_release(&n, &out);
    node_effects_release(&out);
}

/* --- a world
 * ------------------------------------------------------------------------------------------------- */

enum { JOBS = 6, STEPS = 3, ROUNDS = 300, SEEDS = 400 };

struct world {
    struct node_core node;
    uint64_t first_seed, seed;
    int64_t now;
    /* What the outside has seen. */
    uint32_t spawned[JOBS][STEPS], epilogs[JOBS], reported[JOBS][STEPS], gone[JOBS], crashes;
    bool alive[JOBS][STEPS], file[JOBS][STEPS], killed[JOBS], launched[JOBS][STEPS];
    VEC(struct node_effect) pending; /* effects that have not been carried out */
};

static uint32_t dice(struct world *w, uint32_t n)
{
    w->seed = w->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(w->seed >> 33) % n;
}

static uint32_t world_step(uint32_t i)
{
    return i ? i - 1 : BATCH;
}
static uint32_t world_index(uint32_t step_id)
{
    return step_id == BATCH ? 0 : step_id + 1;
}

static void take(struct world *w, struct node_effects *out)
{
    for (uint32_t i = 0; i < out->list.n; i++)
        *VEC_PUSH(&w->pending) = out->list.v[i];
    VEC_FREE(&out->list);
}

static void world_step_dies(struct world *w, uint32_t j, uint32_t s)
{
    struct node_effects out = {0};

    w->alive[j][s] = false;
    w->file[j][s] = true; /* slurmstepd leaves a file, whoever is there to read it */
    step_over(&w->node, j, world_step(s), 0, w->now, &out);
    take(w, &out);
}

static void carry_out(struct world *w, struct node_effect *e)
{
    struct node_effects out = {0};
    uint32_t s = e->step_id == NO_VAL ? 0 : world_index(e->step_id);

    switch (e->type) {
    case NODE_PROLOG:
        node_prolog_done(&w->node, e->job_id, true, NULL, w->now, &out);
        break;
    case NODE_SPAWN:
        w->spawned[e->job_id][s]++;
        w->alive[e->job_id][s] = true;
        node_spawned(&w->node, e->job_id, e->step_id, &out);
        break;
    case NODE_ORDER:
        if (w->alive[e->job_id][s] && (((struct step_order *)e->record)->signal == 9 || dice(w, 2)))
            world_step_dies(w, e->job_id, s);
        break;
    case NODE_EPILOG:
        w->epilogs[e->job_id]++;
        node_epilog_done(&w->node, e->job_id, true, w->now, &out);
        break;
    case NODE_REPORT:
        if (dice(w, 3) == 0)
            break; /* lost on the way */
        if (e->step_id == NO_VAL)
            w->gone[e->job_id]++, w->killed[e->job_id] = true;
        else
            w->reported[e->job_id][s]++;
        if (dice(w, 3))
            node_acknowledged(&w->node, e->id, w->now, &out);
        break;
    case NODE_FREE_REPORT:
        w->file[e->job_id][s] = false;
        break;
    case NODE_FREE_STEP:
    case NODE_FREE_JOB:
        break;
    }
    meta_free(e->record_type, e->record);
    take(w, &out);
}

/* One pending effect, mostly the oldest: orders of one step may overtake those of another. */
static bool carry_out_one(struct world *w)
{
    struct node_effect e;
    uint32_t at;

    if (!w->pending.n)
        return false;
    at = dice(w, 4) ? 0 : dice(w, w->pending.n);
    e = w->pending.v[at];
    memmove(&w->pending.v[at], &w->pending.v[at + 1], (w->pending.n - at - 1) * sizeof e);
    w->pending.n--;
    carry_out(w, &e);
    return true;
}

static void world_launch(struct world *w, uint32_t j, uint32_t s)
{
    struct credential c = cred(j, world_step(s), (uint64_t)j << 8 | s);
    struct node_effects out = {0};

    c.expires = INT64_MAX;
    if (w->killed[j] && !w->launched[j][s])
        return; /* the controller starts nothing of a job that it ends, but an older message may be late */
    if (w->crashes && (w->killed[j] || w->reported[j][s]))
        return; /* though not so late that slurmd has forgotten the end meanwhile */
    w->launched[j][s] = true;
    launch(&w->node, &c, &out);
    take(w, &out);
}

/* slurmd dies: what was to be done is lost, what lives and what lies in files is found again. */
static void world_crash(struct world *w)
{
    struct node_effects out = {0};

    w->crashes++;
    for (uint32_t i = 0; i < w->pending.n; i++)
        meta_free(w->pending.v[i].record_type, w->pending.v[i].record);
    w->pending.n = 0;
    node_release(&w->node, &out);
    node_effects_release(&out);
    node_init(&w->node, "n1", true, true);
    for (uint32_t j = 0; j < JOBS; j++) {
        for (uint32_t s = 0; s < STEPS; s++) {
            struct step_status st = {.job_id = j, .step_id = world_step(s)};
            struct node_report r;

            meta_init(&record_node_report, &r);
            r.job_id = j;
            r.step_id = world_step(s);
            if (w->alive[j][s])
                node_adopt(&w->node, &st, NULL);
            else if (w->file[j][s])
                node_adopt_report(&w->node, &r, w->now);
        }
    }
}

static void world_move(struct world *w, bool crashes)
{
    uint32_t j = dice(w, JOBS), s = dice(w, STEPS), what = dice(w, 100);
    struct node_effects out = {0};

    w->now += dice(w, 3);
    if (what < 20) {
        world_launch(w, j, s);
    } else if (what < 28) {
        w->killed[j] = true;
        end_job(&w->node, j, dice(w, 2) * 10, w->now, &out);
    } else if (what < 36) {
        if (w->alive[j][s])
            world_step_dies(w, j, s);
    } else if (what < 46) {
        node_tick(&w->node, w->now, &out);
    } else if (what == 46 && crashes) {
        world_crash(w);
    } else {
        carry_out_one(w);
    }
    take(w, &out);
}

/* The controller ends what is left; everything has to come to rest. */
static void world_settle(struct world *w)
{
    for (uint32_t round = 0; round < 2000; round++) {
        struct node_effects out = {0};
        bool all = true;

        for (uint32_t j = 0; j < JOBS; j++) {
            bool was = w->gone[j] || w->killed[j];

            for (uint32_t s = 0; s < STEPS; s++)
                was |= w->launched[j][s];
            if (was && !w->gone[j]) {
                w->killed[j] = true;
                end_job(&w->node, j, 0, w->now, &out);
            }
            all &= !was || w->gone[j];
        }
        take(w, &out);
        w->now += 10;
        node_tick(&w->node, w->now, &out);
        take(w, &out);
        while (carry_out_one(w))
            ;
        if (all && !map_u64_count(&w->node.jobs) && !w->node.unsent.n)
            return;
    }
    MAP_EACH (&w->node.jobs, e) {
        const struct node_job *job = e->value;

        print_error("job %u is in state %d with %u steps\n", job->job_id, job->state, job->steps.n);
    }
    fail_msg("seed %llu does not settle: %u jobs, %u reports", (unsigned long long)w->first_seed,
             map_u64_count(&w->node.jobs), w->node.unsent.n);
}

static void check_world(const struct world *w)
{
    for (uint32_t j = 0; j < JOBS; j++) {
        if (!w->crashes)
            assert_true(w->epilogs[j] <= 1);
        for (uint32_t s = 0; s < STEPS; s++) {
            assert_false(w->alive[j][s]);
            assert_true(w->spawned[j][s] <= 1);
            if (w->spawned[j][s])
                assert_true(w->reported[j][s] >= 1); /* no end is lost */
        }
    }
}

static void run_worlds(bool crashes)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct world w = {.first_seed = seed, .seed = seed, .now = 100};
        struct node_effects out = {0};

        node_init(&w.node, "n1", true, true);
        for (uint32_t i = 0; i < ROUNDS; i++)
            world_move(&w, crashes);
        world_settle(&w);
        check_world(&w);
        node_release(&w.node, &out);
        node_effects_release(&out);
        VEC_FREE(&w.pending);
    }
}

static void test_world(void **state)
{
    run_worlds(false);
}
static void test_world_with_crashes(void **state)
{
    run_worlds(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_batch_job_from_launch_to_gone),
        cmocka_unit_test(test_launch_twice_starts_once),
        cmocka_unit_test(test_a_job_in_its_prolog_is_listed),
        cmocka_unit_test(test_a_step_lost_while_slurmd_was_away_is_reported_and_not_started_again),
        cmocka_unit_test(test_no_step_joins_a_job_that_was_ended_in_its_prolog),
        cmocka_unit_test(test_a_credential_for_the_slurmd_before_is_refused),
        cmocka_unit_test(test_a_launch_from_before_the_node_was_taken_for_down_is_refused),
        cmocka_unit_test(test_a_nonce_is_kept_while_clocks_may_differ),
        cmocka_unit_test(test_term_then_kill),
        cmocka_unit_test(test_kill_while_the_prolog_runs),
        cmocka_unit_test(test_each_step_that_waits_for_a_prolog_hears_that_it_failed),
        cmocka_unit_test(test_prolog_that_fails_drains_and_requeues),
        cmocka_unit_test(test_kill_of_a_job_that_is_gone),
        cmocka_unit_test(test_signals_reach_whom_they_are_for),
        cmocka_unit_test(test_reports_are_repeated),
        cmocka_unit_test(test_a_launch_after_a_report_that_took_minutes_does_not_start_the_job_again),
        cmocka_unit_test(test_world),
        cmocka_unit_test(test_world_with_crashes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
