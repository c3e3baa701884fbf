/* SPDX-License-Identifier: Apache-2.0 */
/* What a task sees and where its output goes: file patterns, environments, --multi-prog and bindings, as
 * tables. */
#include "unit.h"

#include "base/mem.h"
#include "nodecore/bind.h"
#include "nodecore/env.h"
#include "model/multiprog.h"
#include "model/pattern.h"
#include "nodecore/stepid.h"

/* --- file patterns
 * ------------------------------------------------------------------------------------------- */

static const struct pattern_values batch = {.job_id = 70010,
                                            .step_id = STEP_ID_BATCH,
                                            .array_task_id = NO_VAL,
                                            .node_name = "n1.cluster",
                                            .user_name = "alice",
                                            .job_name = "wrap",
                                            .sluid = "s5Q1M82KYP9400"};
static const struct pattern_values task = {.job_id = 128,
                                           .step_id = 0,
                                           .array_job_id = 120,
                                           .array_task_id = 8,
                                           .node_rank = 1,
                                           .task = 3,
                                           .restarts = 2,
                                           .node_name = "n2",
                                           .user_name = "bob",
                                           .job_name = "a b/c",
                                           .sluid = ""};

static void test_patterns(void **state)
{
    static const struct {
        const struct pattern_values *values;
        const char *pattern, *name;
    } rows[] = {
        /* As Slurm 26.05 named a file. */
        {&batch, "%4j-%10a-%12A-%N-%5n-%t-%2s-%J-%x-%u-%r-%S-%b-%q",
         "70010-4294967294-0000070010-n1-00000-0-batch-70010-wrap-alice-0-s5Q1M82KYP9400-4-%q"},
        {&batch, "p2\\%j", "p2%j"},
        {&batch, "\\\\p3%j", "p3%j"},
        {&batch, "%%j%x%", "%jwrap"},
        {&batch, "plain", "plain"},
        {&task, "job%J.out", "job128.0.out"},
        {&task, "job%2j-%2t.out", "job128-03.out"},
        {&task, "%A_%a_%b_%n_%s_%r_%N", "120_8_8_1_0_2_n2"},
        {&task, "%x", "a b/c"},
        {&task, "%99j", "0000000128"},
        {&task, "%4u", "bob"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf b = BUF_INIT;

        pattern_expand(rows[i].pattern, rows[i].values, &b);
        assert_string_equal(b.s, rows[i].name);
        buf_release(&b);
    }
}

/* --- environments
 * -------------------------------------------------------------------------------------------- */

static void add_node(struct job *job, uint32_t cpus, uint64_t mem, uint32_t tasks)
{
    struct job_node *n = meta_recs_push(&record_job_node, &job->alloc);

    n->cpus = cpus;
    n->mem = mem;
    n->tasks = tasks;
}

static void add_gpus(void *list, uint32_t first, uint32_t n)
{
    struct job_gres *g = meta_recs_push(&record_job_gres, list);

    g->name = mem_strdup("gpu");
    g->count = n;
    bits_set_range(&g->index, first, first + n - 1);
}

/* The job of the golden case env-batch: -n 3 -c 2 -N 2 -t 5 -J envjob. */
static struct job *make_job(void)
{
    struct job *job = meta_new(&record_job);

    job->job_id = 70001;
    job->submit_time = 1795384241;
    job->start_time = 1795384241;
    job->end_time = 1795384541;
    job->partition = mem_strdup("debug");
    job->nodes = mem_strdup("n[1-2]");
    job->ntasks = 3;
    add_node(job, 4, 2000, 2);
    add_node(job, 2, 1000, 1);
    job->spec = meta_new(&record_job_spec);
    job->spec->name = mem_strdup("envjob");
    job->def_mem_cpu = 500;
    job->spec->ntasks = 3;
    job->spec->cpus_per_task = 2;
    job->spec->work_dir = mem_strdup("/home/case");
    job->spec->alloc_node = mem_strdup("head");
    return job;
}

static struct step_launch *make_launch(uint32_t step_id)
{
    struct step_launch *l = meta_new(&record_step_launch);

    l->node_name = mem_strdup("n1");
    l->conf_path = mem_strdup("/etc/slurm/slurm.conf");
    l->cred = meta_new(&record_credential);
    l->cred->cluster = mem_strdup("diff");
    l->cred->step_id = step_id;
    l->cred->uid = l->cred->gid = 2001;
    l->cred->user_name = mem_strdup("alice");
    l->share = meta_new(&record_cred_node);
    l->share->cpus = 4;
    return l;
}

static struct step_launch *make_batch(void)
{
    struct step_launch *l = make_launch(STEP_ID_BATCH);

    l->batch = meta_new(&record_launch_batch);
    l->batch->job = make_job();
    l->batch->payload = meta_new(&record_payload);
    return l;
}

static struct step_launch *make_step(uint32_t tasks_here)
{
    struct step_launch *l = make_launch(0);
    struct step *step = meta_new(&record_step);

    l->tasks = meta_new(&record_launch_tasks);
    l->cred->job = make_job();
    l->tasks->step = step;
    step->name = mem_strdup("bash");
    step->nodes = mem_strdup("n[1-2]");
    step->ntasks = tasks_here + 1;
    for (uint32_t n = 0, rank = 0; n < 2; n++) {
        struct step_node *node = meta_recs_push(&record_step_node, &step->layout);

        for (uint32_t i = 0; i < (n ? 1 : tasks_here); i++)
            meta_u32s_push(&node->tasks, rank++);
    }
    return l;
}

static void env_release(struct meta_strs *env)
{
    for (uint32_t i = 0; i < env->n; i++)
        mem_free(env->v[i]);
    mem_free(env->v);
    *env = (struct meta_strs){0};
}

static void assert_env(const struct meta_strs *env, const char *name, const char *want)
{
    const char *got = env_get(env, name);

    if (!want && !got)
        return;
    if (!want || !got || strcmp(want, got) != 0)
        fail_msg("%s is '%s', not '%s'", name, got ? got : "(unset)", want ? want : "(unset)");
}

static void test_batch_environment(void **state)
{
    static const char *const want[][2] = {
        {"ENVIRONMENT", "BATCH"},
        {"HOSTNAME", "n1"},
        {"TMPDIR", "/tmp"},
        {"SLURMD_NODENAME", "n1"},
        {"SLURM_CLUSTER_NAME", "diff"},
        {"SLURM_CONF", "/etc/slurm/slurm.conf"},
        {"SLURM_CPUS_ON_NODE", "4"},
        {"SLURM_CPUS_PER_TASK", "2"},
        {"SLURM_GTIDS", "0"},
        {"SLURM_JOBID", "70001"},
        {"SLURM_JOB_CPUS_PER_NODE", "4,2"},
        {"SLURM_JOB_END_TIME", "1795384541"},
        {"SLURM_JOB_EXCLUSIVE", "NO"},
        {"SLURM_JOB_GID", "2001"},
        {"SLURM_JOB_ID", "70001"},
        {"SLURM_JOB_NAME", "envjob"},
        {"SLURM_JOB_NODELIST", "n[1-2]"},
        {"SLURM_JOB_NUM_NODES", "2"},
        {"SLURM_JOB_OVERSUBSCRIBE", "NO"},
        {"SLURM_JOB_PARTITION", "debug"},
        {"SLURM_JOB_START_TIME", "1795384241"},
        {"SLURM_JOB_UID", "2001"},
        {"SLURM_JOB_USER", "alice"},
        {"SLURM_LOCALID", "0"},
        {"SLURM_MEM_PER_CPU", "500"},
        {"SLURM_NNODES", "2"},
        {"SLURM_NODEID", "0"},
        {"SLURM_NODELIST", "n[1-2]"},
        {"SLURM_NPROCS", "3"},
        {"SLURM_NTASKS", "3"},
        {"SLURM_OOM_KILL_STEP", "0"},
        {"SLURM_PRIO_PROCESS", "10"},
        {"SLURM_PROCID", "0"},
        {"SLURM_STEPID", "-5"},
        {"SLURM_STEP_ID", "-5"},
        {"SLURM_SUBMIT_DIR", "/home/case"},
        {"SLURM_SUBMIT_HOST", "head"},
        {"SLURM_TASKS_PER_NODE", "2,1"},
        {"SLURM_TASK_PID", "77"},
        {"SLURM_TOPOLOGY_ADDR", "n1"},
        {"SLURM_TOPOLOGY_ADDR_PATTERN", "node"},
        {"SLURM_TRES_PER_TASK", "cpu=2"},
        {"OMPI_MCA_plm_slurm_args", "--external-launcher"},
        {"HYDRA_BOOTSTRAP", "slurm"},
        {"CUDA_VISIBLE_DEVICES", NULL},
        {"SLURM_JOB_GPUS", NULL},
        {"SLURM_ARRAY_JOB_ID", NULL},
        {"SLURM_RESTART_COUNT", NULL},
        {"MINE", "kept"},
    };
    struct step_launch *l = make_batch();
    struct meta_strs env = {0};

    meta_strs_push(&l->batch->payload->env, "MINE=kept");
    meta_strs_push(&l->batch->payload->env, "CUDA_VISIBLE_DEVICES=7"); /* of the submitter: not this job's */
    env_build(&env, l, 10);
    env_task(&env, l, 0, 77, NULL);
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++)
        assert_env(&env, want[i][0], want[i][1]);
    env_release(&env);
    meta_free(&record_step_launch, l);
}

static void test_hydra_is_left_out_unless_it_is_asked_for(void **state)
{
    struct step_launch *l = make_batch();
    struct meta_strs env = {0};

    l->no_hydra = true;
    env_build(&env, l, 0);
    assert_env(&env, "HYDRA_BOOTSTRAP", NULL);
    assert_env(&env, "I_MPI_HYDRA_BOOTSTRAP_EXEC_EXTRA_ARGS", NULL);
    assert_env(&env, "OMPI_MCA_plm_slurm_args", "--external-launcher");
    env_release(&env);
    meta_strs_push(&l->batch->payload->env, "HYDRA_BOOTSTRAP=slurm");
    env = (struct meta_strs){0};
    env_build(&env, l, 0);
    assert_env(&env, "HYDRA_LAUNCHER_EXTRA_ARGS", "--external-launcher");
    env_release(&env);
    meta_free(&record_step_launch, l);
}

static void test_environment_of_gpus_arrays_and_restarts(void **state)
{
    struct step_launch *l = make_batch();
    struct job *job = l->batch->job;
    struct meta_strs env = {0};

    add_gpus(&l->share->gres, 2, 2);
    job->array_job_id = 69000;
    job->array_task_id = 5;
    job->array_task_min = 2;
    job->array_task_max = 8;
    job->array_task_step = 3;
    job->array_task_count = 3;
    job->restarts = 2;
    env_build(&env, l, 0);
    assert_env(&env, "CUDA_VISIBLE_DEVICES", "2,3");
    assert_env(&env, "GPU_DEVICE_ORDINAL", "2,3");
    assert_env(&env, "SLURM_JOB_GPUS", "2,3");
    assert_env(&env, "SLURM_GPUS_ON_NODE", "2");
    assert_env(&env, "SLURM_ARRAY_JOB_ID", "69000");
    assert_env(&env, "SLURM_ARRAY_TASK_ID", "5");
    assert_env(&env, "SLURM_ARRAY_TASK_COUNT", "3");
    assert_env(&env, "SLURM_RESTART_COUNT", "2");
    env_release(&env);
    /* In a devices control group programs number what they can see from 0. */
    l->cgroup = meta_new(&record_step_cgroup);
    l->cgroup->devices = true;
    env_build(&env, l, 0);
    assert_env(&env, "CUDA_VISIBLE_DEVICES", "0,1");
    assert_env(&env, "SLURM_JOB_GPUS", "2,3");
    env_release(&env);
    meta_free(&record_step_launch, l);
}

static void test_step_environment(void **state)
{
    static const char *const want[][2] = {
        {"SLURM_STEP_ID", "0"},
        {"SLURM_STEP_NODELIST", "n[1-2]"},
        {"SLURM_STEP_NUM_NODES", "2"},
        {"SLURM_STEP_NUM_TASKS", "3"},
        {"SLURM_STEP_TASKS_PER_NODE", "2,1"},
        {"SLURM_TASKS_PER_NODE", "2,1"},
        {"SLURM_GTIDS", "0,1"},
        {"SLURM_PROCID", "1"},
        {"SLURM_LOCALID", "1"},
        {"SLURM_NODEID", "0"},
        {"SLURM_NTASKS", "3"},
        {"SLURM_JOB_NAME", "outer"},
        {"ENVIRONMENT", "BATCH"},
    };
    struct step_launch *l = make_step(2);
    struct meta_strs env = {0};

    meta_strs_push(&l->tasks->env, "ENVIRONMENT=BATCH");
    meta_strs_push(&l->tasks->env, "SLURM_STEP_ID=-5");
    meta_strs_push(&l->tasks->env, "SLURM_JOB_NAME=outer");
    env_build(&env, l, 0);
    env_task(&env, l, 1, 5, NULL);
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++)
        assert_env(&env, want[i][0], want[i][1]);
    env_release(&env);
    meta_free(&record_step_launch, l);
}

static void test_limits_leave_the_environment(void **state)
{
    struct meta_strs env = {0}, limits = {0};

    meta_strs_push(&env, "A=1");
    meta_strs_push(&env, "SLURM_RLIMIT_NOFILE=U512");
    meta_strs_push(&env, "SLURM_RLIMIT_CORE=0");
    meta_strs_push(&env, "B=2");
    env_take_limits(&env, &limits);
    assert_int_equal(env.n, 2);
    assert_string_equal(env.v[1], "B=2");
    assert_int_equal(limits.n, 2);
    assert_string_equal(limits.v[0], "NOFILE=512");
    env_release(&env);
    env_release(&limits);
}

/* --- --multi-prog
 * -------------------------------------------------------------------------------------------- */

static void test_multi_prog(void **state)
{
    static const char text[] =
        "# comment\n0      echo master %t %o\n1-2,5  echo \"a b\" 'c d' task:%t offset:%o\n"
        "*      bash -c 'echo rest $X' \\\n  more\n";
    static const struct {
        uint32_t task;
        const char *words;
    } rows[] = {
        {0, "echo|master|0|0"},
        {2, "echo|\"a|b\"|c d|task:2|offset:1"},
        {5, "echo|\"a|b\"|c d|task:5|offset:2"},
        {3, "bash|-c|echo rest $X|more"},
    };
    struct meta_strs argv = {0};
    struct err e;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf joined = BUF_INIT;

        assert_int_equal(multiprog_argv(text, rows[i].task, &argv, &e), 0);
        for (uint32_t k = 0; k < argv.n; k++) {
            buf_adds(&joined, k ? "|" : "");
            buf_adds(&joined, argv.v[k]);
        }
        assert_string_equal(joined.s, rows[i].words);
        buf_release(&joined);
        env_release(&argv);
    }
    assert_true(multiprog_argv("0 echo a\n", 1, &argv, &e) < 0);
}

static void test_faults_of_multi_prog(void **state)
{
    static const struct {
        const char *text;
        uint32_t line;
        const char *fault; /* NULL: none */
    } rows[] = {
        {"0 echo a\n1-2 echo b\n", 0, NULL},
        {"0,1, echo a\n# more\n* echo b\n", 0, NULL},
        {"0-2 echo \\\n a\n", 0, NULL},
        {"0 echo a\n", 0, "no record for task id 1"},
        {"0 echo a\n1,2\n", 2, ""},
        {"0 echo a\n0-2 echo b\n", 2, "Duplicate record for task 0"},
        {"0-9 echo a\n", 1, "Invalid task id, 9 >= ntasks"},
        {"2-0 echo a\n", 1, "Invalid task range, 2-0"},
        {"0x echo a\n", 1, "Invalid task range specification (0x)"},
        {"0-x echo a\n", 1, "Invalid task range specification"},
        {"* echo a\n0 echo b\n", 2, "Task range specification with asterisk must be last"},
    };
    uint32_t line;
    struct err e;

    assert_int_equal(multiprog_tasks("0 echo a\n4-6,2 echo b\n* echo c\n"), 7);
    assert_int_equal(multiprog_tasks("* echo c\n"), 1);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int rc = multiprog_check(rows[i].text, 3, &line, &e);

        assert_int_equal(rc < 0, rows[i].fault != NULL);
        if (!rows[i].fault)
            continue;
        assert_string_equal(e.text, rows[i].fault);
        assert_int_equal(line, rows[i].line);
    }
}

/* --- bindings
 * ------------------------------------------------------------------------------------------------ */

static void assert_bits(const struct bits *b, const char *want)
{
    struct buf text = BUF_INIT;

    bits_text(b, &text);
    assert_string_equal(text.s, want);
    buf_release(&text);
}

static void test_gpu_bindings(void **state)
{
    static const struct {
        const char *how;
        uint32_t local_id;
        const char *gpus; /* NULL: all of the step */
    } rows[] = {
        {NULL, 0, NULL},
        {"gres/gpu:none", 0, NULL},
        {"gres/gpu:closest", 1, NULL},
        {"gres/gpu:per_task:1", 0, "4"},
        {"gres/gpu:per_task:1", 3, "7"},
        {"gres/gpu:per_task:2", 1, "6-7"},
        {"gres/gpu:single:2", 1, "4"},
        {"gres/gpu:single:2", 2, "5"},
        {"gpu:map_gpu:1,0", 0, "5"},
        {"gpu:map_gpu:1,0", 2, "5"},
        {"gpu:mask_gpu:0x1,0x3", 1, "4-5"},
        {"gpu:verbose,mask_gpu:0x1*2,0x8", 2, "7"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct step_launch *l = make_step(4);
        struct bits got = {0};

        add_gpus(&l->share->gres, 4, 4);
        l->tasks->tres_bind = mem_strdup(rows[i].how);
        assert_int_equal(bind_devices(l, rows[i].local_id, &got), rows[i].gpus != NULL);
        assert_bits(&got, rows[i].gpus ? rows[i].gpus : "");
        bits_release(&got);
        meta_free(&record_step_launch, l);
    }
}

static void test_cpu_bindings(void **state)
{
    static const struct {
        const char *how;
        uint16_t each;
        uint32_t local_id;
        const char *cpus; /* NULL: not bound */
    } rows[] = {
        {NULL, NO_VAL16, 0, NULL},
        {"quiet,none", NO_VAL16, 0, NULL},
        {"threads", 1, 1, "3"},
        {"cores", NO_VAL16, 1, "4-5"},
        {"verbose,rank", 2, 0, "2-3"},
        {"map_cpu:3,2", NO_VAL16, 0, "3"},
        {"mask_cpu:0x3c", NO_VAL16, 1, "2-5"},
        {"map_cpu:60", NO_VAL16, 0, NULL},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct step_launch *l = make_step(2);
        struct bits got = {0};

        bits_set_range(&l->cpus, 2, 5);
        l->tasks->cpu_bind = mem_strdup(rows[i].how);
        l->tasks->step->cpus_per_task = rows[i].each;
        assert_int_equal(bind_choose_cpus(l, rows[i].local_id, &got), rows[i].cpus != NULL);
        assert_bits(&got, rows[i].cpus ? rows[i].cpus : "");
        bits_release(&got);
        meta_free(&record_step_launch, l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_batch_environment),
        cmocka_unit_test(test_hydra_is_left_out_unless_it_is_asked_for),
        cmocka_unit_test(test_environment_of_gpus_arrays_and_restarts),
        cmocka_unit_test(test_step_environment),
        cmocka_unit_test(test_limits_leave_the_environment),
        cmocka_unit_test(test_multi_prog),
        cmocka_unit_test(test_faults_of_multi_prog),
        cmocka_unit_test(test_gpu_bindings),
        cmocka_unit_test(test_cpu_bindings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
