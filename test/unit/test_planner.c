/* SPDX-License-Identifier: Apache-2.0 */
/* What the planner remembers between runs, and what SchedulerParameters make of a run. */
#include "unit.h"

#include "base/bits.h"
#include "base/hash.h"
#include "base/mem.h"
#include "meta/meta.h"
#include "model/schedopts.h"
#include "sched/backlog.h"
#include "sched_world.h"

/* --- the backlog ------------------------------------------------------------------------------------- */

static void assert_same_queue(const struct backlog *a, const struct backlog *b)
{
    assert_int_equal(a->queue.n, b->queue.n);
    for (uint32_t i = 0; i < a->queue.n; i++) {
        assert_ptr_equal(a->queue.v[i].job, b->queue.v[i].job);
        assert_true(a->queue.v[i].shape == b->queue.v[i].shape);
        assert_int_equal(a->queue.v[i].tier, b->queue.v[i].tier);
        assert_int_equal(a->queue.v[i].part, b->queue.v[i].part);
    }
}

static const struct hold *find_hold(const struct timeline_node *n, uint32_t job_id)
{
    for (uint32_t i = 0; n && i < n->holds.n; i++)
        if (n->holds.v[i].job_id == job_id)
            return &n->holds.v[i];
    return NULL;
}

static void assert_same_holds(const struct timeline *a, const struct timeline *b)
{
    assert_int_equal(a->ends.n, b->ends.n);
    for (uint32_t i = 0; i < a->ends.n; i++)
        assert_true(a->ends.v[i] == b->ends.v[i]);
    for (uint32_t i = 0; i < NODES; i++) {
        const struct timeline_node *x = timeline_node(a, i), *y = timeline_node(b, i);
        assert_int_equal(x ? x->holds.n : 0, y ? y->holds.n : 0);
        for (uint32_t k = 0; x && k < x->holds.n; k++) {
            const struct hold *h = find_hold(y, x->holds.v[k].job_id);
            assert_non_null(h);
            assert_ptr_equal(h->share, x->holds.v[k].share);
            assert_true(h->end == x->holds.v[k].end);
            assert_int_equal(h->cores_given, x->holds.v[k].cores_given);
        }
    }
}

static void random_hold(struct job *j, uint64_t *seed)
{
    for (uint32_t i = 0; i < j->alloc.n; i++)
        meta_release(&record_job_node, &j->alloc.v[i]);
    j->alloc.n = 0;
    for (uint32_t n = 0; n < NODES; n++) {
        if (rand_below(seed, 2))
            continue;
        struct job_node *a = meta_recs_push(&record_job_node, &j->alloc);
        a->node_index = n;
        bits_set(&a->cores, (uint32_t)rand_below(seed, 4));
    }
}

/* One change of one job, of all kinds that the planner has to follow. */
static void random_change(struct cluster *c, uint64_t *seed)
{
    uint32_t id = (uint32_t)rand_below(seed, 40) + 1;
    struct job *j = ptree_edit(&c->jobs, id);
    if (!j) {
        j = new_job(c);
        j->job_id = id;
        j->partition = mem_strdup(rand_below(seed, 3) ? "debug" : "debug,long");
        j->spec->ntasks = (uint32_t)rand_below(seed, 3) + 1;
        ptree_put(&c->jobs, id, j);
        return;
    }
    switch (rand_below(seed, 7)) {
    case 0:
        ptree_remove(&c->jobs, id);
        break;
    case 1:
        j->priority = (uint32_t)rand_below(seed, 5);
        break;
    case 2:
        j->state = JOB_RUNNING;
        j->end_time = NOW + (int64_t)rand_below(seed, 20);
        random_hold(j, seed);
        break;
    case 3:
        j->flags ^= JOBF_CPUS_GIVEN;
        break;
    case 4:
        j->flags |= JOBF_COMPLETING;
        bits_clear_all(&j->completing);
        bits_set(&j->completing, (uint32_t)rand_below(seed, 4));
        break;
    case 5:
        j->state = JOB_PENDING;
        j->flags = 0;
        break;
    default:
        j->end_time += (int64_t)rand_below(seed, 9);
    }
}

/* A planner that follows the snapshots knows what one knows that sees the last snapshot only. */
static void following_equals_starting_anew(void **state)
{
    struct cluster c;
    struct backlog follows;
    uint64_t seed = 7;
    setup(&c);
    backlog_init(&follows);
    for (uint32_t round = 0; round < 4000; round++) {
        struct backlog anew;
        for (uint64_t n = rand_below(&seed, 4); n > 0; n--)
            random_change(&c, &seed);
        backlog_update(&follows, &c.view);
        backlog_init(&anew);
        backlog_update(&anew, &c.view);
        assert_same_queue(&follows, &anew);
        assert_same_holds(&follows.time, &anew.time);
        assert_int_equal(map_u64_count(&follows.completing), map_u64_count(&anew.completing));
        backlog_release(&anew);
    }
    backlog_release(&follows);
    teardown(&c);
}

/* --- runs -------------------------------------------------------------------------------------------- */

struct run_result {
    uint32_t started;
    int64_t next;
};

static struct run_result run(struct cluster *c, struct planner *p)
{
    struct sched_budget budget = {0};
    struct sched_result r;
    planner_run(p, &c->view, &budget, &r);
    apply_plan(c, &r);
    struct run_result ret = {r.starts.n, r.next};
    sched_result_release(&r);
    return ret;
}

/* The same jobs come and go before one planner that lives on and before one that is made anew each time. */
static void a_planner_that_lives_on_decides_alike(void **state)
{
    for (uint64_t seed = 1; seed <= 8; seed++) {
        struct cluster a, b;
        uint64_t s = seed;
        struct planner *p = planner_new();
        setup(&a);
        setup(&b);
        for (uint32_t i = 0; i < 60; i++) {
            uint32_t ntasks = (uint32_t)rand_below(&s, 20) + 1, limit = (uint32_t)rand_below(&s, 60) + 1;
            struct cluster *both[] = {&a, &b};
            for (uint32_t k = 0; k < 2; k++) {
                struct job *j = new_job(both[k]);
                j->spec->ntasks = ntasks;
                j->spec->time_limit = limit;
                queue_job(both[k], j, NULL);
            }
            uint32_t victim = (uint32_t)rand_below(&s, i + 1) + 1;
            if (job(&a, victim) && job(&a, victim)->state == JOB_RUNNING) {
                end_job(&a, victim);
                end_job(&b, victim);
            }
            a.view.now = b.view.now = NOW + i * 20;
            assert_int_equal(run(&a, p).started, plan(&b));
            for (uint32_t id = 1; id < a.next_id; id++) {
                const struct job *x = job(&a, id), *y = job(&b, id);
                assert_int_equal(x != NULL, y != NULL);
                if (x && !meta_equal(&record_job, x, y))
                    fail_msg("job %u differs in round %u of seed %llu", id, i, (unsigned long long)seed);
            }
        }
        planner_free(p);
        teardown(&a);
        teardown(&b);
    }
}

/* --- SchedulerParameters ------------------------------------------------------------------------------ */

static void set_params(struct cluster *c, const char *params)
{
    if (!c->policy->sched)
        c->policy->sched = meta_new(&record_sched_opts);
    sched_opts_parse(c->policy->sched, params, NULL, NULL);
}

/* A job of so many whole nodes for so many minutes. */
static uint32_t queue_nodes(struct cluster *c, uint32_t nodes, uint32_t minutes)
{
    struct job *j = new_job(c);
    j->spec->share = SHARE_NODE;
    j->spec->min_nodes = j->spec->max_nodes = nodes;
    j->spec->time_limit = minutes;
    assert_int_equal(queue_job(c, j, NULL), 0);
    return j->job_id;
}

/* One node is held for ten minutes; a job of all nodes waits, and four brief ones of a node each behind it.
 */
static void blocked_cluster(struct cluster *c, const char *params)
{
    setup(c);
    queue_nodes(c, 1, 10);
    assert_int_equal(plan(c), 1);
    set_params(c, params);
    queue_nodes(c, 4, 10);
    for (uint32_t i = 0; i < 4; i++)
        queue_nodes(c, 1, 2 + i);
}

static void parameters_bound_what_backfill_does(void **state)
{
    static const struct {
        const char *params;
        uint32_t started;
        int64_t big; /* expected start of the large job, from now on */
    } rows[] = {
        {"", 3, 600},
        {"bf_interval=-1", 0, 0},
        {"bf_max_job_start=2", 2, 600},
        {"bf_max_job_test=2", 1, 600}, /* the large job is the first */
        {"bf_max_job_user=3", 2, 600},
        {"bf_max_job_part=4", 3, 600},
        {"bf_max_job_user_part=1", 0, 600},
        {"bf_window=5", 3, 0},
        {"bf_resolution=900", 3, 900},
        {"bf_min_prio_reserve=5000", 3, 0},
        {"bf_min_age_reserve=60", 3, 0},
        {"sched_interval=-1", 3, 600},
        {"default_queue_depth=1", 3, 600}, /* the first run is a full one */
        {"partition_job_depth=1", 3, 600},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct cluster c;
        blocked_cluster(&c, rows[i].params);
        uint32_t started = plan(&c);
        int64_t big = job(&c, 2)->start_time ? job(&c, 2)->start_time - NOW : 0;
        if (started != rows[i].started || big != rows[i].big)
            fail_msg("%s: %u started, the large job in %lld", rows[i].params, started, (long long)big);
        teardown(&c);
    }
}

/* sched/builtin: nobody overtakes, and nothing is planned. */
static void builtin_keeps_strict_order(void **state)
{
    struct cluster c;
    blocked_cluster(&c, "");
    c.policy->sched->builtin = true;
    assert_int_equal(plan(&c), 0);
    assert_int_equal(job(&c, 2)->start_time, 0);
    assert_int_equal(job(&c, 3)->reason, WHY_PRIORITY);
    teardown(&c);
}

static void main_turns_are_counted(void **state)
{
    struct cluster c;
    setup(&c);
    set_params(&c, "sched_max_job_start=2,bf_interval=-1");
    for (uint32_t i = 0; i < 4; i++)
        queue_nodes(&c, 1, 5);
    assert_int_equal(plan(&c), 2);
    set_params(&c, "default_queue_depth=1,bf_interval=-1,sched_interval=50");
    struct planner *p = planner_new();
    assert_int_equal(run(&c, p).started, 2); /* a full run */
    for (uint32_t id = 1; id <= 4; id++)
        end_job(&c, id);
    for (uint32_t i = 0; i < 4; i++)
        queue_nodes(&c, 1, 5);
    struct run_result r = run(&c, p);
    assert_int_equal(r.started, 1);
    assert_int_equal(r.next, NOW + 50);
    c.view.now += 50;
    assert_int_equal(run(&c, p).started, 3);
    planner_free(p);
    teardown(&c);
}

static void backfill_comes_every_bf_interval(void **state)
{
    struct cluster c;
    struct planner *p = planner_new();
    blocked_cluster(&c, "bf_interval=30");
    assert_int_equal(run(&c, p).started, 3);
    end_job(&c, 3);
    struct run_result r = run(&c, p);
    assert_int_equal(r.started, 0);
    assert_int_equal(r.next, NOW + 30);
    assert_int_equal(job(&c, 2)->start_time, NOW + 600); /* what was found out stays */
    c.view.now += 30;
    assert_int_equal(run(&c, p).started, 1);
    planner_free(p);
    teardown(&c);
}

static void deferred_jobs_are_taken_together(void **state)
{
    static const struct {
        const char *params;
        uint64_t flags;
        int64_t wait; /* 0: at once */
    } rows[] = {
        {"defer", 0, 3},       {"defer,batch_sched_delay=7", JOBF_BATCH, 7}, {"defer_batch", JOBF_BATCH, 3},
        {"defer_batch", 0, 0}, {"batch_sched_delay=5", JOBF_BATCH, 5},       {"batch_sched_delay=5", 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct cluster c;
        struct planner *p = planner_new();
        setup(&c);
        set_params(&c, rows[i].params);
        struct job *j = new_job(&c);
        j->submit_time = NOW;
        j->flags |= rows[i].flags;
        queue_job(&c, j, NULL);
        struct run_result r = run(&c, p);
        assert_int_equal(r.started, rows[i].wait == 0);
        if (rows[i].wait) {
            assert_int_equal(r.next, NOW + rows[i].wait);
            c.view.now += rows[i].wait;
            assert_int_equal(run(&c, p).started, 1);
        }
        planner_free(p);
        teardown(&c);
    }
}

static void serial_jobs_go_to_the_end(void **state)
{
    struct cluster c;
    setup(&c);
    set_params(&c, "pack_serial_at_end");
    queue_job(&c, new_job(&c), NULL);
    struct job *j = new_job(&c);
    j->spec->ntasks = 3;
    j->spec->min_nodes = j->spec->max_nodes = 1;
    queue_job(&c, j, NULL);
    assert_int_equal(plan(&c), 2);
    assert_int_equal(job(&c, 1)->alloc.v[0].node_index, 3);
    assert_int_equal(job(&c, 2)->alloc.v[0].node_index, 0);
    teardown(&c);
}

static void completing_jobs_withhold_their_partitions(void **state)
{
    static const struct {
        const char *params;
        uint32_t started;
    } rows[] = {{"", 0}, {"reduce_completing_frag", 1}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct cluster c;
        setup(&c);
        set_params(&c, rows[i].params);
        c.policy->complete_wait = 20;
        struct part *other = (struct part *)ptree_get(&c.parts, 1); /* its nodes are not those of debug */
        struct part *debug = (struct part *)ptree_get(&c.parts, 0);
        bits_clear_all(&debug->members);
        bits_set(&debug->members, 3);
        debug->total_nodes = 1;
        struct job *leaving = new_job(&c), *j = new_job(&c);
        leaving->state = JOB_COMPLETED;
        leaving->flags |= JOBF_COMPLETING;
        leaving->complete_time = NOW - 5;
        leaving->partition = mem_strdup(debug->name);
        ((struct job_node *)meta_recs_push(&record_job_node, &leaving->alloc))->node_index = 3;
        ptree_put(&c.jobs, leaving->job_id, leaving);
        j->spec->partition = mem_strdup(other->name);
        queue_job(&c, j, NULL);
        queue_job(&c, new_job(&c), NULL);
        struct planner *p = planner_new();
        struct run_result r = run(&c, p);
        assert_int_equal(r.started, rows[i].started);
        assert_int_equal(r.next, NOW + 15);
        c.view.now += 15;
        assert_int_equal(run(&c, p).started, 2 - rows[i].started);
        planner_free(p);
        teardown(&c);
    }
}

/* --- the future --------------------------------------------------------------------------------------- */

/* Seen in Slurm 26.05 (which rounds up to its resolution of a minute): one node is held for 5 minutes,
 * another for 9. */
static void expected_starts_are_those_of_the_reference(void **state)
{
    struct cluster c;
    setup(&c);
    queue_nodes(&c, 1, 5);
    queue_nodes(&c, 1, 9);
    plan(&c);
    uint32_t big = queue_nodes(&c, 4, 10), same = queue_nodes(&c, 4, 10);
    struct job *j = new_job(&c);
    j->spec->req_nodes = mem_strdup("n0");
    j->spec->time_limit = 3;
    uint32_t one = j->job_id;
    queue_job(&c, j, NULL);
    uint32_t fit = queue_nodes(&c, 1, 8), lengthy = queue_nodes(&c, 1, 60);
    assert_int_equal(plan(&c), 1);
    assert_int_equal(job(&c, fit)->state, JOB_RUNNING);
    assert_int_equal(job(&c, big)->start_time, NOW + 540);
    assert_int_equal(job(&c, big)->reason, WHY_RESOURCES);
    assert_string_equal(job(&c, big)->sched_nodes, "n[0-3]");
    assert_int_equal(job(&c, same)->start_time, NOW + 1140);
    assert_int_equal(job(&c, same)->reason, WHY_PRIORITY);
    assert_int_equal(job(&c, one)->start_time, NOW + 300);
    assert_int_equal(job(&c, lengthy)->start_time, NOW + 1740);
    teardown(&c);
}

/* What should have ended, but has not, is expected to end in the next second. */
static void an_overdue_job_is_expected_to_end_at_once(void **state)
{
    struct cluster c;
    setup(&c);
    queue_nodes(&c, 4, 1);
    plan(&c);
    c.view.now += 3600;
    queue_nodes(&c, 1, 5);
    assert_int_equal(plan(&c), 0);
    assert_int_equal(job(&c, 2)->start_time, NOW + 3601);
    teardown(&c);
}

/* Cores that a node leaves to the system; cores and memory as seen in Slurm 26.05. It charges a job with
 * --core-spec on such a node for other CPUs than it gets; here the charge has to tell the threads of a core.
 */
static void specialised_cores_of_a_node_are_left_alone(void **state)
{
    static const struct {
        uint16_t count, job; /* CoreSpecCount, and --core-spec or NO_VAL16 */
        const char *list;    /* CPUSpecList */
        bool first;          /* spec_cores_first */
        uint32_t cpus, mem;
        const char *cores;
    } rows[] = {
        {1, NO_VAL16, NULL, false, 6, 3000, "0-2"}, {0, NO_VAL16, "0-1", false, 6, 3000, "1-3"},
        {1, 2, NULL, false, 4, 2000, "0,2"},        {1, 0, NULL, false, 8, 4000, "0-3"},
        {2, NO_VAL16, NULL, true, 4, 2000, "1,3"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct cluster c;
        struct buf cores = BUF_INIT;
        setup(&c);
        set_params(&c, rows[i].first ? "spec_cores_first" : "");
        node(&c, 0)->core_spec = rows[i].count;
        node(&c, 0)->cpu_spec_list = mem_strdup(rows[i].list);
        struct job *j = new_job(&c);
        j->spec->share = SHARE_NODE;
        j->spec->core_spec = rows[i].job;
        j->spec->req_nodes = mem_strdup("n0");
        queue_job(&c, j, NULL);
        assert_int_equal(plan(&c), 1);
        const struct job_node *a = &job(&c, 1)->alloc.v[0];
        bits_text(&a->cores, &cores);
        if (a->cpus != rows[i].cpus || a->mem != rows[i].mem || strcmp(cores.s, rows[i].cores) != 0)
            fail_msg("row %zu: %u CPUs, %llu MiB, cores %s", i, a->cpus, (unsigned long long)a->mem, cores.s);
        buf_release(&cores);
        teardown(&c);
    }
}

/* --- runs that their budget ends ---------------------------------------------------------------------- */

enum { LARGE_JOBS = 40, SMALL_BUDGET = 60 };

/* All nodes but n3 are taken; jobs of different sizes want two nodes each. */
static void long_queue(struct cluster *c)
{
    for (uint32_t i = 0; i < 3; i++) {
        struct job *j = new_job(c);
        j->priority = 5000;
        j->spec->share = SHARE_NODE;
        j->spec->time_limit = 30 + i;
        queue_job(c, j, NULL);
    }
    plan(c);
    for (uint32_t i = 0; i < LARGE_JOBS; i++) {
        struct job *j = new_job(c);
        j->spec->min_nodes = j->spec->max_nodes = 2;
        j->spec->cpus_per_task = 8;
        j->spec->time_limit = 10 + i;
        queue_job(c, j, NULL);
    }
}

static uint32_t small_job(struct cluster *c, uint32_t minutes)
{
    struct job *j = new_job(c);
    j->priority = 1;
    j->spec->time_limit = minutes;
    queue_job(c, j, NULL);
    return j->job_id;
}

/* Runs of little budget, until one says that all was looked at. */
static uint32_t run_to_the_end(struct cluster *c, struct planner *p)
{
    for (uint32_t runs = 1;; runs++) {
        struct sched_budget budget = {.work_max = SMALL_BUDGET};
        struct sched_result r;
        planner_run(p, &c->view, &budget, &r);
        apply_plan(c, &r);
        bool complete = r.complete;
        sched_result_release(&r);
        assert_true(runs < LARGE_JOBS);
        if (complete)
            return runs;
    }
}

static void a_run_goes_on_where_its_budget_ended_it(void **state)
{
    struct cluster c;
    setup(&c);
    long_queue(&c);
    uint32_t fits = small_job(&c, 5), disturbs = small_job(&c, 59);
    struct planner *p = planner_new();
    planner_look_everywhere(p);
    assert_true(run_to_the_end(&c, p) > 2);
    assert_int_equal(job(&c, fits)->state, JOB_RUNNING);
    /* the first of the large jobs is promised n3 too, and that is remembered at the end of the queue */
    assert_int_equal(job(&c, disturbs)->state, JOB_PENDING);
    planner_free(p);
    teardown(&c);
}

/* Half of each run is for the first jobs. */
static void the_head_of_the_queue_does_not_wait_for_the_tail(void **state)
{
    struct cluster c;
    struct sched_budget budget = {.work_max = SMALL_BUDGET};
    struct sched_result r;
    setup(&c);
    long_queue(&c);
    struct planner *p = planner_new();
    planner_look_everywhere(p);
    planner_run(p, &c.view, &budget, &r);
    apply_plan(&c, &r);
    assert_false(r.complete);
    sched_result_release(&r);
    end_job(&c, 1);
    planner_run(p, &c.view, &budget, &r);
    assert_int_equal(r.starts.n, 1);
    assert_int_equal(r.starts.v[0].job_id, 4);
    sched_result_release(&r);
    planner_free(p);
    teardown(&c);
}

/* The job of two nodes has to wait: without the option it is promised the lowest ones. */
static void promises_go_to_busy_nodes_where_the_site_wants_it(void **state)
{
    for (uint32_t busy = 0; busy < 2; busy++) {
        struct cluster c;
        setup(&c);
        c.policy->sched = meta_new(&record_sched_opts);
        sched_opts_init(c.policy->sched);
        c.policy->sched->bf_busy_nodes = busy;
        for (uint32_t i = 1; i < NODES; i++) {
            struct job *j = new_job(&c);
            j->spec->req_nodes = buf_format("n%u", i);
            j->spec->share = SHARE_NODE;
            queue_job(&c, j, NULL);
        }
        plan(&c);
        struct job *j = new_job(&c);
        j->spec->min_nodes = j->spec->max_nodes = 2;
        j->spec->share = SHARE_NODE;
        queue_job(&c, j, NULL);
        plan(&c);
        assert_string_equal(job(&c, 4)->sched_nodes, busy ? "n[1-2]" : "n[0-1]");
        teardown(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(following_equals_starting_anew),
        cmocka_unit_test(promises_go_to_busy_nodes_where_the_site_wants_it),
        cmocka_unit_test(a_run_goes_on_where_its_budget_ended_it),
        cmocka_unit_test(the_head_of_the_queue_does_not_wait_for_the_tail),
        cmocka_unit_test(a_planner_that_lives_on_decides_alike),
        cmocka_unit_test(parameters_bound_what_backfill_does),
        cmocka_unit_test(builtin_keeps_strict_order),
        cmocka_unit_test(main_turns_are_counted),
        cmocka_unit_test(backfill_comes_every_bf_interval),
        cmocka_unit_test(deferred_jobs_are_taken_together),
        cmocka_unit_test(serial_jobs_go_to_the_end),
        cmocka_unit_test(completing_jobs_withhold_their_partitions),
        cmocka_unit_test(expected_starts_are_those_of_the_reference),
        cmocka_unit_test(an_overdue_job_is_expected_to_end_at_once),
        cmocka_unit_test(specialised_cores_of_a_node_are_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
