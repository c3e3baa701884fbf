/* SPDX-License-Identifier: Apache-2.0 */
/* The choice of nodes and the layout of steps, on the cluster of sched_world.h. */
#include "unit.h"

#include "base/bits.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"
#include "meta/meta.h"
#include "model/errors.h"
#include "sched/constraint.h"
#include "sched/licenses.h"
#include "sched_world.h"

static void one_task_gets_one_core_with_its_threads(void **state)
{
    struct cluster c;
    setup(&c);
    assert_int_equal(queue_job(&c, new_job(&c), NULL), 0);
    assert_string_equal(job(&c, 1)->req_tres, "cpu=1,mem=500M,node=1,billing=1");
    assert_int_equal(plan(&c), 1);
    const struct job *j = job(&c, 1);
    assert_int_equal(j->alloc.n, 1);
    assert_int_equal(j->alloc.v[0].node_index, 0);
    assert_int_equal(j->cpus, 2);
    assert_int_equal(j->alloc.v[0].mem, 1000);
    teardown(&c);
}

static void exclusive_takes_the_whole_node(void **state)
{
    struct cluster c;
    setup(&c);
    struct job *j = new_job(&c);
    j->spec->share = SHARE_NODE;
    queue_job(&c, j, NULL);
    queue_job(&c, new_job(&c), NULL);
    assert_int_equal(plan(&c), 2);
    assert_int_equal(job(&c, 1)->cpus, 8);
    assert_int_equal(job(&c, 2)->alloc.v[0].node_index, 1);
    teardown(&c);
}

/* As Slurm 26.05 was seen to do: first what each node's first core has room for, then block by block. */
static void tasks_fill_nodes_block_by_block(void **state)
{
    static const struct {
        uint32_t ntasks, cpus_per_task, tasks[3], cpus[3];
    } rows[] = {{5, 1, {2, 2, 1}, {2, 2, 2}}, {7, 2, {4, 2, 1}, {8, 4, 2}}, {3, 1, {1, 1, 1}, {2, 2, 2}}};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct cluster c;
        setup(&c);
        struct job *j = new_job(&c);
        j->spec->min_nodes = j->spec->max_nodes = 3;
        j->spec->ntasks = rows[i].ntasks;
        j->spec->cpus_per_task = (uint16_t)rows[i].cpus_per_task;
        queue_job(&c, j, NULL);
        plan(&c);
        const struct job *r = job(&c, 1);
        assert_int_equal(r->alloc.n, 3);
        for (uint32_t n = 0; n < 3; n++) {
            assert_int_equal(r->alloc.v[n].tasks, rows[i].tasks[n]);
            assert_int_equal(r->alloc.v[n].cpus, rows[i].cpus[n]);
        }
        teardown(&c);
    }
}

/* Seen in Slurm 26.05 on nodes of 8 CPUs in 2 sockets of 2 cores: CPUs, SLURM_TASKS_PER_NODE and cores of the
 * first node. */
static void sizes_are_those_of_the_reference(void **state)
{
    static const struct {
        const char *what;
        uint32_t nodes_min, nodes_max, ntasks, cpus_per_task, min_cpus, threads; /* 0 = not given */
        uint32_t nodes, cpus[3], tasks[3];
        const char *cores;
    } rows[] = {
        {"-N 2-3", 2, 3, 0, 0, 0, 0, 3, {2, 2, 2}, {2, 2, 2}, "0"},
        {"-N 1-3 -n 5", 1, 3, 5, 0, 0, 0, 3, {4, 2, 2}, {2, 2, 1}, "0,2"},
        {"-N 1-3 -n 7", 1, 3, 7, 0, 0, 0, 3, {6, 2, 2}, {3, 2, 2}, "0-2"},
        {"-n 9", 0, 0, 9, 0, 0, 0, 2, {8, 2}, {7, 2}, "0-3"},
        {"-n 3 -c 3", 0, 0, 3, 3, 0, 0, 2, {6, 4}, {2, 1}, "0-2"},
        {"-c 3", 0, 0, 0, 3, 0, 0, 1, {4}, {1}, "0-1"},
        {"--mincpus=4", 0, 0, 0, 0, 4, 0, 1, {4}, {4}, "0-1"},
        {"--mincpus=4 -n 1", 0, 0, 1, 0, 4, 0, 1, {2}, {1}, "0"},
        {"--threads-per-core=1 -n 5", 0, 0, 5, 0, 0, 1, 2, {8, 2}, {4, 1}, "0-3"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct cluster c;
        setup(&c);
        struct job *j = new_job(&c);
        struct job_spec *s = j->spec;
        s->min_nodes = rows[i].nodes_min ? rows[i].nodes_min : NO_VAL;
        s->max_nodes = rows[i].nodes_max ? rows[i].nodes_max : NO_VAL;
        s->ntasks = rows[i].ntasks ? rows[i].ntasks : NO_VAL;
        s->cpus_per_task = rows[i].cpus_per_task ? (uint16_t)rows[i].cpus_per_task : NO_VAL16;
        s->min_cpus_node = rows[i].min_cpus ? (uint16_t)rows[i].min_cpus : NO_VAL16;
        s->threads_per_core = rows[i].threads ? (uint16_t)rows[i].threads : NO_VAL16;
        queue_job(&c, j, NULL);
        plan(&c);
        const struct job *r = job(&c, 1);
        struct buf cores = BUF_INIT;
        bool same = r->alloc.n == rows[i].nodes;
        for (uint32_t n = 0; same && n < rows[i].nodes; n++)
            same = r->alloc.v[n].cpus == rows[i].cpus[n] && r->alloc.v[n].tasks == rows[i].tasks[n];
        if (same)
            bits_text(&r->alloc.v[0].cores, &cores);
        if (!same || strcmp(cores.s, rows[i].cores) != 0)
            fail_msg("%s: %u nodes, cores %s", rows[i].what, r->alloc.n, cores.s);
        buf_release(&cores);
        teardown(&c);
    }
}

static void a_gpu_brings_its_memory_and_has_a_type(void **state)
{
    struct cluster c;
    setup(&c);
    struct job *j = new_job(&c);
    j->spec->mem_per_gpu = 100;
    j->spec->tres_per_node = mem_strdup("gres/gpu:2");
    queue_job(&c, j, NULL);
    assert_non_null(strstr(job(&c, 1)->req_tres, "mem=200M"));
    assert_int_equal(plan(&c), 1);
    assert_int_equal(job(&c, 1)->alloc.v[0].mem, 200);
    assert_string_equal(job(&c, 1)->alloc.v[0].gres.v[0].type, "a100");
    teardown(&c);
}

/* Held jobs are taken as they are; once released, one that is too large waits and holds up nobody. */
static void an_impossible_held_job_waits_for_bad_constraints(void **state)
{
    struct cluster c;
    setup(&c);
    struct job *j = new_job(&c);
    j->spec->hold = true;
    j->spec->ntasks = 9;
    j->spec->min_nodes = j->spec->max_nodes = 1;
    assert_int_equal(queue_job(&c, j, NULL), 0);
    queue_job(&c, new_job(&c), NULL);
    assert_int_equal(plan(&c), 1);
    assert_int_equal(job(&c, 1)->reason, WHY_BADCONSTRAINTS);
    teardown(&c);
}

static void two_jobs_never_hold_the_same_gpu(void **state)
{
    struct cluster c;
    setup(&c);
    for (int i = 0; i < 9; i++) {
        struct job *j = new_job(&c);
        j->spec->tres_per_node = mem_strdup("gres/gpu:a100:1");
        queue_job(&c, j, NULL);
    }
    assert_int_equal(plan(&c), 8); /* hold() checks that indexes differ */
    assert_int_equal(job(&c, 9)->reason, WHY_RESOURCES);
    assert_int_equal(job(&c, 9)->start_time, NOW + 600);
    teardown(&c);
}

static void gpus_of_a_job_are_spread_over_its_nodes(void **state)
{
    struct cluster c;
    setup(&c);
    struct job *j = new_job(&c);
    j->spec->tres_per_job = mem_strdup("gres/gpu:3");
    queue_job(&c, j, NULL);
    plan(&c);
    const struct job *r = job(&c, 1);
    assert_int_equal(r->alloc.n, 2);
    assert_int_equal(r->alloc.v[0].gres.v[0].count + r->alloc.v[1].gres.v[0].count, 3);
    teardown(&c);
}

static void backfill_never_delays_a_promise(void **state)
{
    struct cluster c;
    setup(&c);
    struct job *holder = new_job(&c), *big = new_job(&c), *brief = new_job(&c), *lengthy = new_job(&c);
    holder->spec->share = big->spec->share = SHARE_NODE;
    holder->spec->time_limit = big->spec->time_limit = 10;
    big->spec->min_nodes = big->spec->max_nodes = 4;
    brief->spec->time_limit = 2;
    lengthy->spec->time_limit = 40;
    queue_job(&c, holder, NULL);
    plan(&c);
    queue_job(&c, big, NULL);
    queue_job(&c, brief, NULL);
    queue_job(&c, lengthy, NULL);
    assert_int_equal(plan(&c), 1);
    assert_int_equal(job(&c, 3)->state, JOB_RUNNING);
    assert_int_equal(job(&c, 2)->start_time, NOW + 600);
    assert_int_equal(job(&c, 4)->reason, WHY_PRIORITY);
    teardown(&c);
}

static void best_fit_keeps_large_holes_for_large_jobs(void **state)
{
    struct cluster c;
    setup(&c);
    struct job *j = new_job(&c);
    j->spec->req_nodes = mem_strdup("n1");
    j->spec->share = SHARE_NODE;
    queue_job(&c, j, NULL);
    plan(&c);
    j = new_job(&c);
    j->spec->share = SHARE_NODE;
    queue_job(&c, j, NULL);
    plan(&c);
    assert_int_equal(job(&c, 2)->alloc.v[0].node_index, 0); /* n2-n3 stay together */
    teardown(&c);
}

/* One row a refused or waiting request. */
struct request {
    const char *what;
    uint32_t nodes, ntasks, cpus_per_task;
    uint64_t mem_node, mem_cpu;
    const char *features, *gres, *partition, *req_nodes;
    uint32_t time_limit;
    int code;
    enum job_reason reason;
    const char *detail;
};

static const struct request requests[] = {
    {"9 CPUs a task", .cpus_per_task = 9, .code = ESLURM_NODE_CONFIG_UNAVAILABLE,
     .detail = "CPU count per node"},
    {"more tasks than CPUs", .ntasks = 33, .reason = WHY_RESOURCES},
    {"more memory than a node", .mem_node = 20000, .code = ESLURM_NODE_CONFIG_UNAVAILABLE,
     .detail = "Memory spec"},
    {"memory for 8 CPUs of one node", .nodes = 1, .ntasks = 8, .mem_cpu = 8000,
     .code = ESLURM_NODE_CONFIG_UNAVAILABLE},
    {"5 nodes of 4", .nodes = 5, .reason = WHY_PARTITIONNODELIMIT},
    {"3 amd nodes of 2", .nodes = 3, .features = "amd", .code = ESLURM_NODE_CONFIG_UNAVAILABLE},
    {"unknown feature", .features = "nosuch", .code = ESLURM_INVALID_FEATURE},
    {"malformed feature", .features = "amd&(", .code = ESLURM_INVALID_FEATURE},
    {"3 GPUs on a node", .gres = "gres/gpu:3", .code = ESLURM_NODE_CONFIG_UNAVAILABLE},
    {"GPUs of another type", .gres = "gres/gpu:v100:1", .code = ESLURM_NODE_CONFIG_UNAVAILABLE},
    {"unknown device", .gres = "gres/fpga", .code = ESLURM_INVALID_GRES},
    {"unknown partition", .partition = "bad", .code = ESLURM_INVALID_PARTITION_NAME,
     .detail = "invalid partition specified: bad"},
    {"unknown node", .req_nodes = "n9", .code = ESLURM_INVALID_NODE_NAME},
    {"over the time limit", .time_limit = 300, .reason = WHY_PARTITIONTIMELIMIT},
    {"a node outside the partition", .partition = "long", .nodes = 4, .reason = WHY_PARTITIONNODELIMIT},
};

static void requests_are_refused_or_wait_for_the_right_reason(void **state)
{
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        const struct request *q = &requests[i];
        struct cluster c;
        setup(&c);
        struct job *j = new_job(&c);
        struct job_spec *s = j->spec;
        if (q->nodes)
            s->min_nodes = s->max_nodes = q->nodes;
        s->ntasks = q->ntasks ? q->ntasks : NO_VAL;
        s->cpus_per_task = q->cpus_per_task ? (uint16_t)q->cpus_per_task : NO_VAL16;
        s->mem_per_node = q->mem_node ? q->mem_node : NO_VAL64;
        s->mem_per_cpu = q->mem_cpu ? q->mem_cpu : NO_VAL64;
        s->time_limit = q->time_limit ? q->time_limit : NO_VAL;
        s->features = mem_strdup(q->features);
        s->tres_per_node = mem_strdup(q->gres);
        s->partition = mem_strdup(q->partition);
        s->req_nodes = mem_strdup(q->req_nodes);
        struct err e = {0};
        int code = queue_job(&c, j, &e);
        if (code != q->code || (q->detail && !strstr(e.text, q->detail)))
            fail_msg("%s: code %d, text '%s'", q->what, code, e.text);
        if (!code) {
            assert_int_equal(plan(&c), 0);
            if (job(&c, 1)->reason != q->reason)
                fail_msg("%s: reason %s", q->what, meta_enum_text(&enum_job_reason, job(&c, 1)->reason));
        }
        teardown(&c);
    }
}

static void array_keeps_to_its_own_limit(void **state)
{
    struct cluster c;
    setup(&c);
    struct job *j = new_job(&c);
    j->flags = JOBF_ARRAY;
    bits_set_range(&j->array_tasks, 1, 20);
    j->array_max = 4;
    queue_job(&c, j, NULL);
    struct planner *p = planner_new();
    struct sched_budget budget = {0};
    struct sched_result r;
    planner_run(p, &c.view, &budget, &r);
    assert_int_equal(r.starts.n, 4);
    assert_int_equal(r.starts.v[3].array_task, 4);
    assert_int_equal(r.notes.notes.v[0].reason, WHY_JOBARRAYTASKLIMIT);
    sched_result_release(&r);
    planner_free(p);
    teardown(&c);
}

static void constraints_of_a_wrong_form_are_refused(void **state)
{
    static const struct {
        const char *expr;
        bool good;
    } rows[] = {
        {"a", true},           {"a&", true},
        {"a|", true},          {"a*2", true},
        {"a&b", true},         {"(a|b)&c", true},
        {"[a|b]", true},       {"[a]", true},
        {"[a*2&b*1]", true},   {"[(a&b)*1&c*1]", true},
        {"[a*1&b*1]&c", true}, {"a&&b", false},
        {"|a", false},         {"((a))", false},
        {"[[a]]", false},      {"[a&b]", false},
        {"a*0", false},        {"a*2&b*1", false},
        {"[a*1&b]", false},    {"[a*1|b*1]", false},
        {"(a*2)", false},      {"()", false},
        {"a*2|b", false},      {"[a*0]", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err e;
        int rc = constraint_check(rows[i].expr, ESLURM_INVALID_FEATURE, NULL, NULL, &e);
        if ((rc == 0) != rows[i].good)
            fail_msg("'%s' is %s", rows[i].expr, rc == 0 ? "taken" : "refused");
    }
}

static void constraints_match_as_the_manual_says(void **state)
{
    static const struct {
        const char *expr, *have;
        bool match;
    } rows[] = {
        {NULL, NULL, true},  {"a", "a,b", true},   {"a", "ab", false},       {"a&b", "b,a", true},
        {"a&b", "a", false}, {"a|b", "b", true},   {"(a|b)&c", "b,c", true}, {"(a|b)&c", "b", false},
        {"a*2", "a", true},  {"[a|b]", "b", true}, {"a&", "a", true},        {"a,b", "a,b", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (constraint_match(rows[i].expr, rows[i].have) != rows[i].match)
            fail_msg("'%s' against '%s'", rows[i].expr, rows[i].have);
    struct constraint_alternatives alt = {0};
    assert_int_equal(constraint_split("[rack1|rack2]&fast", &alt, NULL), 0);
    assert_int_equal(alt.n, 2);
    assert_string_equal(alt.v[1].expr, "(rack2)&fast");
    constraint_release(&alt);
}

static void licenses_are_counted(void **state)
{
    struct cluster c;
    setup(&c);
    for (int i = 0; i < 3; i++) {
        struct job *j = new_job(&c);
        j->spec->licenses = mem_strdup("matlab:2");
        queue_job(&c, j, NULL);
    }
    assert_int_equal(plan(&c), 2);
    assert_int_equal(job(&c, 3)->reason, WHY_LICENSES);
    teardown(&c);
}

/* Random requests in random order: nothing is ever held twice (hold() asserts), and every proposal passes the
 * core's check. */
static void random_queues_never_over_allocate(void **state)
{
    for (uint64_t seed = 1; seed <= 60; seed++) {
        uint64_t s = seed;
        struct cluster c;
        setup(&c);
        for (int i = 0; i < 30; i++) {
            struct job *j = new_job(&c);
            struct job_spec *p = j->spec;
            p->ntasks = (uint32_t)rand_below(&s, 12) + 1;
            p->cpus_per_task = (uint16_t)(rand_below(&s, 4) + 1);
            if (rand_below(&s, 3) == 0)
                p->min_nodes = p->max_nodes = (uint32_t)rand_below(&s, 4) + 1;
            if (rand_below(&s, 4) == 0)
                p->share = SHARE_NODE;
            if (rand_below(&s, 3) == 0)
                p->tres_per_node = mem_strdup(rand_below(&s, 2) ? "gres/gpu:1" : "gres/gpu:a100:2");
            if (rand_below(&s, 5) == 0)
                p->tres_per_job = mem_strdup("gres/gpu:3");
            if (rand_below(&s, 3) == 0)
                p->mem_per_node = rand_below(&s, 16000) + 1;
            p->time_limit = (uint32_t)rand_below(&s, 60) + 1;
            queue_job(&c, j, NULL);
            plan(&c);
        }
        teardown(&c);
    }
}

/* What Slurm 26.05 was seen to give on these nodes to jobs with options that change the choice: the nodes,
 * and on each CPUs, MiB (500 a CPU) and GPUs. */
enum option {
    OPT_NONE,
    OPT_CORE_SPEC,
    OPT_THREAD_SPEC,
    OPT_CONTIGUOUS,
    OPT_SPREAD,
    OPT_USE_MIN_NODES,
    OPT_TASKS_CORE,
    OPT_TASKS_SOCKET,
    OPT_TASKS_GPU,
    OPT_CPUS_GPU,
    OPT_MEM_GPU,
    OPT_GRES_FLAGS_BIND,
    OPT_GRES_FLAGS_UNBIND,
    OPT_THREADS,
    OPT_MIN_CPUS,
    OPT_TMP,
    OPT_PLANE,
    OPT_BLOCK_BLOCK,
    OPT_CYCLIC_CYCLIC,
    OPT_SOCKETS,
    OPT_CORES,
    OPT_EXCLUSIVE,
};

struct option_row {
    const char *what;
    enum option option;
    uint16_t value;
    uint32_t nodes_min, nodes_max, ntasks, cpus_per_task; /* 0 = not given */
    const char *per_job, *per_node, *per_task, *per_socket;
    int code; /* refused with it */
    const char *nodes;
    uint32_t cpus[4], mem[4], gpus[4];
    const char *cores; /* of the first node, or NULL */
};

static const struct option_row option_rows[] = {
    {"-S 1", OPT_CORE_SPEC, 1, .nodes = "0", .cpus = {8}, .mem = {3000}, .gpus = {2}, .cores = "0-2"},
    {"--thread-spec=1", OPT_THREAD_SPEC, 1, .nodes = "0", .cpus = {8}, .mem = {3500}, .gpus = {2},
     .cores = "0-3"},
    {"-S 0", OPT_CORE_SPEC, 0, .nodes = "0", .cpus = {8}, .mem = {4000}, .gpus = {2}, .cores = "0-3"},
    {"-S 4", OPT_CORE_SPEC, 4, .code = ESLURM_NODE_CONFIG_UNAVAILABLE},
    {"--exclusive", OPT_EXCLUSIVE, 1, .nodes = "0", .cpus = {8}, .mem = {4000}, .gpus = {2}, .cores = "0-3"},
    {"-n 3 --ntasks-per-core=1", OPT_TASKS_CORE, 1, .ntasks = 3, .nodes = "0", .cpus = {6}, .mem = {3000}},
    {"-n 4 -N 4 --contiguous", OPT_CONTIGUOUS, 1, 4, 4, 4, .nodes = "0-3", .cpus = {2, 2, 2, 2},
     .mem = {1000, 1000, 1000, 1000}},
    {"-N1 -n 2 --gpus-per-task=1 --gres-flags=enforce-binding", OPT_GRES_FLAGS_BIND, 0, 1, 1, 2,
     .per_task = "gres/gpu:1", .nodes = "0", .cpus = {4}, .mem = {2000}, .gpus = {2}, .cores = "0,2"},
    {"-N1 -n 2 --gpus-per-task=1 --gres-flags=disable-binding", OPT_GRES_FLAGS_UNBIND, 0, 1, 1, 2,
     .per_task = "gres/gpu:1", .nodes = "0", .cpus = {2}, .mem = {1000}, .gpus = {2}},
    {"-n 2 --cpus-per-gpu=3 --gpus=2", OPT_CPUS_GPU, 3, .ntasks = 2, .per_job = "gres/gpu:2", .nodes = "0",
     .cpus = {6}, .mem = {3000}, .gpus = {2}},
    {"--gpus-per-node=1 -N 2 --cpus-per-gpu=2", OPT_CPUS_GPU, 2, 2, 2, .per_node = "gres/gpu:1",
     .nodes = "0-1", .cpus = {2, 2}, .mem = {1000, 1000}, .gpus = {1, 1}},
    {"--mem-per-gpu=1000 --gpus=2", OPT_MEM_GPU, 1000, .per_job = "gres/gpu:2", .nodes = "0", .cpus = {2},
     .mem = {2000}, .gpus = {2}},
    {"-n 8 --hint=nomultithread", OPT_THREADS, 1, .ntasks = 8, .nodes = "0-1", .cpus = {8, 8},
     .mem = {2000, 2000}},
    {"-n 2 --threads-per-core=1", OPT_THREADS, 1, .ntasks = 2, .nodes = "0", .cpus = {4}, .mem = {1000},
     .cores = "0,2"},
    {"-n 4 --spread-job", OPT_SPREAD, 1, .ntasks = 4, .nodes = "0-3", .cpus = {2, 2, 2, 2},
     .mem = {1000, 1000, 1000, 1000}},
    {"-n 4 --ntasks-per-gpu=2 --gpus=2", OPT_TASKS_GPU, 2, .ntasks = 4, .per_job = "gres/gpu:2", .nodes = "0",
     .cpus = {4}, .mem = {2000}, .gpus = {2}, .cores = "0,2"},
    {"-n 2 --gpus-per-socket=1 --sockets-per-node=2", OPT_SOCKETS, 2, .ntasks = 2, .per_socket = "gres/gpu:1",
     .nodes = "0", .cpus = {2}, .mem = {1000}, .gpus = {1}},
    {"-n 3 -m block:block", OPT_BLOCK_BLOCK, 0, .ntasks = 3, .nodes = "0", .cpus = {4}, .mem = {2000},
     .cores = "0-1"},
    {"-n 3 -m cyclic:cyclic", OPT_CYCLIC_CYCLIC, 0, .ntasks = 3, .nodes = "0", .cpus = {4}, .mem = {2000},
     .cores = "0,2"},
    {"-n 5 -c 2 -m block:block", OPT_BLOCK_BLOCK, 0, .ntasks = 5, .cpus_per_task = 2, .nodes = "0-1",
     .cpus = {8, 2}, .mem = {4000, 1000}},
    {"-n 6 -m plane=2 -N2", OPT_PLANE, 2, 2, 2, 6, .nodes = "0-1", .cpus = {4, 2}, .mem = {2000, 1000}},
    {"-n 2 --ntasks-per-socket=1 -N1", OPT_TASKS_SOCKET, 1, 1, 1, 2, .nodes = "0", .cpus = {2},
     .mem = {1000}},
    {"-N 1-3 -n 6 --use-min-nodes", OPT_USE_MIN_NODES, 1, 1, 3, 6, .nodes = "0", .cpus = {6}, .mem = {3000}},
    {"-N 1-3 -n 6", OPT_NONE, 0, 1, 3, 6, .nodes = "0-2", .cpus = {4, 2, 2}, .mem = {2000, 1000, 1000},
     .cores = "0,2"},
    {"--tmp=500", OPT_TMP, 500, .nodes = "0", .cpus = {2}, .mem = {1000}},
    {"--tmp=2000", OPT_TMP, 2000, .code = ESLURM_NODE_CONFIG_UNAVAILABLE},
    {"--mincpus=4", OPT_MIN_CPUS, 4, .nodes = "0", .cpus = {4}, .mem = {2000}},
    {"--mincpus=3 -n 2", OPT_MIN_CPUS, 3, .ntasks = 2, .nodes = "0", .cpus = {2}, .mem = {1000}},
    {"-N 2 --gpus=3", OPT_NONE, 0, 2, 2, .per_job = "gres/gpu:3", .nodes = "0-1", .cpus = {2, 2},
     .mem = {1000, 1000}, .gpus = {2, 1}},
    {"--cores-per-socket=2 -n 1", OPT_CORES, 2, .ntasks = 1, .nodes = "0", .cpus = {2}, .mem = {1000}},
    {"--cores-per-socket=3 -n 1", OPT_CORES, 3, .ntasks = 1, .code = ESLURM_NODE_CONFIG_UNAVAILABLE},
};

static void set_option(struct job_spec *s, const struct option_row *row)
{
    switch (row->option) {
    case OPT_NONE:
        break;
    case OPT_CORE_SPEC:
        s->core_spec = row->value;
        break;
    case OPT_THREAD_SPEC:
        s->thread_spec = row->value;
        break;
    case OPT_CONTIGUOUS:
        s->contiguous = 1;
        break;
    case OPT_SPREAD:
        s->spread_job = 1;
        break;
    case OPT_USE_MIN_NODES:
        s->use_min_nodes = 1;
        break;
    case OPT_TASKS_CORE:
        s->ntasks_per_core = row->value;
        break;
    case OPT_TASKS_SOCKET:
        s->ntasks_per_socket = row->value;
        break;
    case OPT_TASKS_GPU:
        s->ntasks_per_gpu = row->value;
        break;
    case OPT_CPUS_GPU:
        s->cpus_per_tres = buf_format("gres/gpu:%u", row->value);
        break;
    case OPT_MEM_GPU:
        s->mem_per_gpu = row->value;
        break;
    case OPT_GRES_FLAGS_BIND:
        s->gres_flags = mem_strdup("enforce-binding");
        break;
    case OPT_GRES_FLAGS_UNBIND:
        s->gres_flags = mem_strdup("disable-binding");
        break;
    case OPT_THREADS:
        s->threads_per_core = row->value;
        break;
    case OPT_MIN_CPUS:
        s->min_cpus_node = row->value;
        break;
    case OPT_TMP:
        s->tmp_disk = row->value;
        break;
    case OPT_PLANE:
        s->dist = DIST_PLANE;
        s->plane_size = row->value;
        break;
    case OPT_BLOCK_BLOCK:
        s->dist = DIST_BLOCK;
        s->dist_sub = mem_strdup("block");
        break;
    case OPT_CYCLIC_CYCLIC:
        s->dist = DIST_CYCLIC;
        s->dist_sub = mem_strdup("cyclic");
        break;
    case OPT_SOCKETS:
        s->sockets_per_node = row->value;
        break;
    case OPT_CORES:
        s->cores_per_socket = row->value;
        break;
    case OPT_EXCLUSIVE:
        s->share = SHARE_NODE;
        break;
    }
}

static struct job *option_job(struct cluster *c, const struct option_row *row)
{
    struct job *j = new_job(c);
    struct job_spec *s = j->spec;
    s->min_nodes = row->nodes_min ? row->nodes_min : NO_VAL;
    s->max_nodes = row->nodes_max ? row->nodes_max : NO_VAL;
    s->ntasks = row->ntasks ? row->ntasks : NO_VAL;
    s->cpus_per_task = row->cpus_per_task ? (uint16_t)row->cpus_per_task : NO_VAL16;
    s->tres_per_job = mem_strdup(row->per_job);
    s->tres_per_node = mem_strdup(row->per_node);
    s->tres_per_task = mem_strdup(row->per_task);
    s->tres_per_socket = mem_strdup(row->per_socket);
    set_option(s, row);
    return j;
}

/* True when it is as the row says; what it is, is in *text. */
static bool option_holds(const struct job *j, const struct option_row *row, struct buf *text)
{
    struct bits nodes = {0};
    bool same = true;
    for (uint32_t i = 0; i < j->alloc.n; i++) {
        const struct job_node *a = &j->alloc.v[i];
        uint64_t gpus = 0;
        for (uint32_t k = 0; k < a->gres.n; k++)
            gpus += a->gres.v[k].count;
        bits_set(&nodes, a->node_index);
        buf_addf(text, " n%u: cpus %u mem %llu gpus %llu", a->node_index, a->cpus, (unsigned long long)a->mem,
                 (unsigned long long)gpus);
        same = same && i < 4 && a->cpus == row->cpus[i] && a->mem == row->mem[i] && gpus == row->gpus[i];
    }
    buf_adds(text, " nodes ");
    size_t at = text->len;
    bits_text(&nodes, text);
    same = same && strcmp(text->s + at, row->nodes) == 0;
    bits_release(&nodes);
    buf_adds(text, " cores ");
    at = text->len;
    if (j->alloc.n)
        bits_text(&j->alloc.v[0].cores, text);
    return same && (!row->cores || strcmp(text->s + at, row->cores) == 0);
}

static void options_change_the_choice_as_in_the_reference(void **state)
{
    uint32_t wrong = 0;
    for (size_t i = 0; i < sizeof option_rows / sizeof *option_rows; i++) {
        const struct option_row *row = &option_rows[i];
        struct cluster c;
        struct buf text = BUF_INIT;
        setup(&c);
        for (uint32_t n = 0; n < NODES; n++)
            ((struct node *)ptree_get(&c.nodes, n))->tmp_disk = 1000;
        int code = queue_job(&c, option_job(&c, row), NULL);
        if (code == 0)
            plan(&c);
        if (code != row->code || (code == 0 && !option_holds(job(&c, 1), row, &text))) {
            print_message("%s: code %d%s\n", row->what, code, text.len ? text.s : "");
            wrong++;
        }
        buf_release(&text);
        teardown(&c);
    }
    assert_int_equal(wrong, 0);
}

/* A job of 4 tasks on 2 nodes (2 cores each), for steps. */
static void step_cluster(struct cluster *c, struct job **ret)
{
    setup(c);
    struct job *j = new_job(c);
    j->spec->min_nodes = j->spec->max_nodes = 2;
    j->spec->ntasks = 8;
    j->spec->ntasks_per_node = 4;
    j->spec->tres_per_node = mem_strdup("gres/gpu:2");
    queue_job(c, j, NULL);
    plan(c);
    *ret = ptree_edit(&c->jobs, 1);
    assert_int_equal((*ret)->alloc.n, 2);
}

static char *task_text(const struct step *s)
{
    struct buf b = BUF_INIT;
    for (uint32_t i = 0; i < s->layout.n; i++) {
        buf_sep(&b, ";");
        for (uint32_t k = 0; k < s->layout.v[i].tasks.n; k++)
            buf_addf(&b, "%s%u", k ? "," : "", s->layout.v[i].tasks.v[k]);
    }
    return buf_take(&b);
}

static void steps_are_laid_out(void **state)
{
    static const struct {
        uint32_t ntasks, nodes;
        enum dist dist;
        uint32_t plane;
        const char *tasks;
        int code;
    } rows[] = {
        {NO_VAL, NO_VAL, DIST_UNSET, 0, "0;1", 0},
        {8, NO_VAL, DIST_UNSET, 0, "0,1,2,3;4,5,6,7", 0},
        {5, NO_VAL, DIST_BLOCK, 0, "0,1,2,3;4", 0},
        {5, NO_VAL, DIST_CYCLIC, 0, "0,2,4;1,3", 0},
        {6, NO_VAL, DIST_PLANE, 2, "0,1,4,5;2,3", 0},
        {1, NO_VAL, DIST_UNSET, 0, "0", 0},
        {1, 0, DIST_UNSET, 0, "0", 0},
        {9, NO_VAL, DIST_UNSET, 0, NULL, ESLURM_TOO_MANY_CPUS},
        {3, 3, DIST_UNSET, 0, NULL, ESLURM_NODE_CONFIG_UNAVAILABLE},
    };
    struct cluster c;
    struct job *j;
    step_cluster(&c, &j);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct step_create want;
        struct step s;
        meta_init(&record_step_create, &want);
        want.ntasks = rows[i].ntasks;
        want.min_nodes = want.max_nodes = rows[i].nodes;
        want.dist = rows[i].dist;
        want.plane_size = rows[i].plane;
        int r = sched_layout_step(&c.view, j, &want, &s, NULL);
        assert_int_equal(-r, rows[i].code);
        if (r == 0) {
            char *text = task_text(&s);
            assert_string_equal(text, rows[i].tasks);
            mem_free(text);
            assert_int_equal(s.layout.v[0].gres.v[0].count, 2);
            meta_release(&record_step, &s);
        }
        meta_release(&record_step_create, &want);
    }
    teardown(&c);
}

static void exact_steps_share_a_job_and_others_wait(void **state)
{
    struct cluster c;
    struct job *j;
    step_cluster(&c, &j);
    struct step_create want;
    meta_init(&record_step_create, &want);
    want.ntasks = 2;
    want.min_nodes = want.max_nodes = 1;
    want.exact = true;
    want.tres_per_node = mem_strdup("gres/gpu:1");
    struct step s;
    for (int i = 0; i < 2; i++) {
        meta_init(&record_step, &s);
        assert_int_equal(sched_layout_step(&c.view, j, &want, &s, NULL), 0);
        s.state = STEP_RUNNING;
        *(struct step *)meta_recs_push(&record_step, &j->steps) = s;
    }
    assert_false(bits_intersects(&j->steps.v[0].layout.v[0].cores, &j->steps.v[1].layout.v[0].cores) &&
                 j->steps.v[0].layout.v[0].node_index == j->steps.v[1].layout.v[0].node_index);
    want.min_nodes = want.max_nodes = 2;
    want.exact = false;
    assert_int_equal(sched_layout_step(&c.view, j, &want, &s, NULL), -ESLURM_NODES_BUSY);
    want.overlap = true;
    assert_int_equal(sched_layout_step(&c.view, j, &want, &s, NULL), 0);
    meta_release(&record_step, &s);
    meta_release(&record_step_create, &want);
    teardown(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_task_gets_one_core_with_its_threads),
        cmocka_unit_test(exclusive_takes_the_whole_node),
        cmocka_unit_test(tasks_fill_nodes_block_by_block),
        cmocka_unit_test(sizes_are_those_of_the_reference),
        cmocka_unit_test(a_gpu_brings_its_memory_and_has_a_type),
        cmocka_unit_test(an_impossible_held_job_waits_for_bad_constraints),
        cmocka_unit_test(two_jobs_never_hold_the_same_gpu),
        cmocka_unit_test(gpus_of_a_job_are_spread_over_its_nodes),
        cmocka_unit_test(backfill_never_delays_a_promise),
        cmocka_unit_test(best_fit_keeps_large_holes_for_large_jobs),
        cmocka_unit_test(requests_are_refused_or_wait_for_the_right_reason),
        cmocka_unit_test(array_keeps_to_its_own_limit),
        cmocka_unit_test(constraints_of_a_wrong_form_are_refused),
        cmocka_unit_test(constraints_match_as_the_manual_says),
        cmocka_unit_test(licenses_are_counted),
        cmocka_unit_test(random_queues_never_over_allocate),
        cmocka_unit_test(options_change_the_choice_as_in_the_reference),
        cmocka_unit_test(steps_are_laid_out),
        cmocka_unit_test(exact_steps_share_a_job_and_others_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
