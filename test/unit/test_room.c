/* SPDX-License-Identifier: Apache-2.0 */
/* The sums of what is free only save work: a planner that uses them plans what one plans that looks at every
 * node. */
#include "unit.h"

#include "base/bits.h"
#include "base/hash.h"
#include "base/mem.h"
#include "meta/meta.h"
#include "sched_world.h"

enum { MORE_NODES = 26, ROUNDS = 400, JOBS_MAX = 60 };

static void random_size(struct job_spec *s, uint64_t *seed)
{
    static const char *const features[] = {"intel", "amd|rack3", "[rack1|rack2|rack3]", "rack3&intel"};
    s->time_limit = 1 + (uint32_t)rand_below(seed, 40);
    s->min_nodes = 1 + (uint32_t)rand_below(seed, 6);
    if (rand_below(seed, 2))
        s->max_nodes = s->min_nodes + (uint32_t)rand_below(seed, 3);
    if (rand_below(seed, 3))
        s->ntasks = s->min_nodes * (1 + (uint32_t)rand_below(seed, 10));
    if (rand_below(seed, 3) == 0)
        s->cpus_per_task = 1 + (uint16_t)rand_below(seed, 5);
    if (rand_below(seed, 4) == 0)
        s->ntasks_per_node = 1 + (uint16_t)rand_below(seed, 6);
    if (rand_below(seed, 3) == 0)
        s->mem_per_cpu = 500 + rand_below(seed, 4000);
    else if (rand_below(seed, 4) == 0)
        s->mem_per_node = rand_below(seed, 4) * 6000;
    if (rand_below(seed, 4) == 0)
        s->features = mem_strdup(features[rand_below(seed, 4)]);
}

static void random_wishes(struct job_spec *s, uint64_t *seed)
{
    static const char *const gpus[] = {"gres/gpu:1", "gres/gpu:2", "gres/gpu:a100:1"};
    switch (rand_below(seed, 12)) {
    case 0:
        s->tres_per_node = mem_strdup(gpus[rand_below(seed, 3)]);
        break;
    case 1:
        s->tres_per_job = mem_strdup("gres/gpu:5");
        break;
    case 2:
        s->tres_per_task = mem_strdup("gres/gpu:1");
        break;
    case 3:
        s->share = SHARE_NODE;
        break;
    case 4:
        s->overcommit = 1;
        break;
    case 5:
        s->contiguous = 1;
        break;
    case 6:
        s->exc_nodes = mem_strdup("n3,n7,n20");
        break;
    case 7:
        s->req_nodes = mem_strdup("n2");
        break;
    case 8:
        s->core_spec = 1;
        break;
    case 9:
        s->ntasks_per_socket = 1;
        break;
    case 10:
        s->min_cpus_node = 3;
        break;
    default:
        break;
    }
}

static void submit(struct cluster *c, uint64_t *seed)
{
    struct job *j = new_job(c);
    random_size(j->spec, seed);
    random_wishes(j->spec, seed);
    if (rand_below(seed, 3) == 0)
        j->spec->partition = mem_strdup(rand_below(seed, 2) ? "long" : "debug,long");
    j->priority = (uint32_t)rand_below(seed, 1000) + 1;
    queue_job(c, j, NULL);
}

static void change_a_node(struct cluster *c, uint64_t *seed)
{
    struct node *n = node(c, (uint32_t)rand_below(seed, NODES + MORE_NODES));
    switch (rand_below(seed, 4)) {
    case 0:
        n->flags ^= NODEF_DRAIN;
        break;
    case 1:
        n->state = n->state == NODE_UP ? NODE_DOWN : NODE_UP;
        break;
    case 2:
        mem_set_str(&n->features, rand_below(seed, 2) ? "intel,rack1" : "amd,rack3");
        break;
    default:
        n->flags = 0;
        n->state = NODE_UP;
    }
}

static void end_some(struct cluster *c, uint64_t *seed)
{
    for (uint32_t id = 1; id < c->next_id; id++) {
        const struct job *j = job(c, id);
        if (!j)
            continue;
        if (j->state == JOB_RUNNING ? j->end_time <= c->view.now && rand_below(seed, 4)
                                    : !rand_below(seed, 30))
            end_job(c, id);
    }
}

static void assert_same_plan(const struct sched_result *a, const struct sched_result *b)
{
    assert_int_equal(a->starts.n, b->starts.n);
    for (uint32_t i = 0; i < a->starts.n; i++)
        assert_true(meta_equal(&record_start_job, &a->starts.v[i], &b->starts.v[i]));
    assert_true(meta_equal(&record_plan_notes, &a->notes, &b->notes));
    assert_true(a->next == b->next);
}

static void sums_change_no_plan(void **state)
{
    struct cluster c;
    uint64_t seed = 11;
    uint32_t started = 0, noted = 0;
    setup(&c);
    add_nodes(&c, MORE_NODES);
    struct planner *p = planner_new(), *everywhere = planner_new();
    planner_look_everywhere(everywhere);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        struct sched_budget budget = {0};
        struct sched_result a, b;
        c.view.now += (int64_t)rand_below(&seed, 300);
        end_some(&c, &seed);
        if (rand_below(&seed, 4) == 0)
            change_a_node(&c, &seed);
        for (uint64_t n = rand_below(&seed, 12); n > 0 && c.jobs.count < JOBS_MAX; n--)
            submit(&c, &seed);
        planner_run(p, &c.view, &budget, &a);
        planner_run(everywhere, &c.view, &budget, &b);
        assert_same_plan(&a, &b);
        apply_plan(&c, &a);
        started += a.starts.n;
        noted += a.notes.notes.n;
        sched_result_release(&a);
        sched_result_release(&b);
    }
    assert_true(started > 500 && noted > 1000);
    planner_free(p);
    planner_free(everywhere);
    teardown(&c);
}

/* Such a job was proposed, dropped by the core's check and proposed again for ever. */
static void overcommitted_tasks_need_memory_for_their_cpus(void **state)
{
    struct cluster c;
    setup(&c);
    for (uint32_t i = 0; i < NODES; i++)
        node(&c, i)->alloc_mem = 16000 - 1200;
    struct job *j = new_job(&c);
    j->spec->overcommit = 1;
    j->spec->cpus_per_task = 4;
    queue_job(&c, j, NULL);
    assert_int_equal(plan(&c), 0);
    node(&c, 2)->alloc_mem = 16000 - 2000;
    assert_int_equal(plan(&c), 1);
    teardown(&c);
}

static void tasks_of_a_node_all_get_their_gpus(void **state)
{
    struct cluster c;
    struct err e;
    setup(&c);
    struct job *j = new_job(&c);
    j->spec->min_nodes = j->spec->max_nodes = 1;
    j->spec->ntasks_per_node = 3;
    j->spec->tres_per_task = mem_strdup("gres/gpu:1"); /* a node has two */
    assert_int_not_equal(queue_job(&c, j, &e), 0);
    teardown(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_change_no_plan),
        cmocka_unit_test(overcommitted_tasks_need_memory_for_their_cpus),
        cmocka_unit_test(tasks_of_a_node_all_get_their_gpus),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
