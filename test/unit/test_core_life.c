/* SPDX-License-Identifier: Apache-2.0 */
/* Scenarios of jobs and nodes, told as a user would see them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "base/bits.h"
#include "base/mem.h"
#include "core_world.h"
#include "model/errors.h"
#include "model/jobtext.h"
#include "model/schedopts.h"

static struct world w;

static int up(void **arg)
{
    world_init(&w);
    world_register_all(&w);
    return 0;
}

static int down(void **arg)
{
    world_close(&w);
    return 0;
}

static void a_job_runs_and_ends(void **arg)
{
    int64_t id = world_job(&w, ALICE);
    assert_true(id > 0);
    SHOWS(id, "PENDING None");
    assert_int_equal(world_plan(&w), 1);
    SHOWS(id, "RUNNING None");
    assert_int_equal(world_effects(&w, EFFECT_LAUNCH_BATCH, id), 1);
    NODE("n1", "mixed");
    world_script_ends(&w, id, 0);
    SHOWS(id, "COMPLETING None");
    assert_int_equal(world_effects(&w, EFFECT_KILL_JOB, id), 1);
    NODE("n1", "completing");
    world_nodes_done(&w, id);
    SHOWS(id, "COMPLETED None");
    NODE("n1", "idle");
    world_pass(&w, 299);
    SHOWS(id, "COMPLETED None");
    world_pass(&w, 1);
    SHOWS(id, "gone");
    assert_int_equal(world_effects(&w, EFFECT_DROP_PAYLOAD, id), 1);
}

static void exit_codes_become_states(void **arg)
{
    static const struct {
        uint32_t status;
        const char *shows;
    } rows[] = {
        {0, "COMPLETED None"},
        {3 << 8, "FAILED NonZeroExitCode"},
        {9, "FAILED RaisedSignal:9(Killed)"},
        {15, "FAILED RaisedSignal:15(Terminated)"},
    };
    for (uint32_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t id = world_job(&w, ALICE);
        world_plan(&w);
        world_finish(&w, id, rows[i].status);
        SHOWS(id, rows[i].shows);
    }
}

static void reports_are_taken_once(void **arg)
{
    int64_t id = world_job(&w, ALICE);
    world_plan(&w);
    world_script_ends(&w, id, 0);
    world_script_ends(&w, id, 256);
    assert_int_equal(w.facts, 0);
    world_nodes_done(&w, id);
    world_nodes_done(&w, id);
    assert_int_equal(w.facts, 0);
    SHOWS(id, "COMPLETED None");
}

static void cancelled_pending_and_running(void **arg)
{
    struct submit_request *r = world_request();
    r->spec->hold = true;
    int64_t held = world_submit(&w, ALICE, r), runs = world_job(&w, ALICE);
    world_plan(&w);
    assert_int_equal(world_cancel(&w, BOB, "1"), ESLURM_ACCESS_DENIED);
    assert_int_equal(world_cancel(&w, ALICE, "1"), 0);
    SHOWS(held, "CANCELLED JobHeldUser");
    assert_int_equal(world_cancel(&w, 0, "2"), 0);
    SHOWS(runs, "COMPLETING None");
    assert_int_equal(world_cancel(&w, 0, "2"), ESLURM_JOB_STEP_ALREADY_COMPLETING_OR_COMPLETED);
    assert_int_equal(world_cancel(&w, ALICE, "99"), ESLURM_INVALID_JOB_ID);
    struct job_signal all = {.select = meta_new(&record_job_select)};
    assert_int_equal(world_do(&w, 0, MSG_JOB_SIGNAL, &all), -ESLURM_INVALID_SIGNAL_JOBS_REQUEST_AT_LEAST);
    meta_free(&record_job_select, all.select);
    world_nodes_done(&w, runs);
    SHOWS(runs, "CANCELLED None");
    assert_int_equal(world_get(&w, runs)->killed_by, 0);
}

/* `scancel 1_[1-2] 1_3` and `scancel 1_4 1` name one array more than once in a command. */
static void an_array_is_named_twice_in_one_cancel(void **arg)
{
    int64_t id = world_array(&w, "1-5");
    struct job_signal some = {.select = meta_new(&record_job_select)}, rest = some;
    meta_strs_push(&some.select->ids, "1_[1-2]");
    meta_strs_push(&some.select->ids, "1_3");
    assert_int_equal(world_do(&w, ALICE, MSG_JOB_SIGNAL, &some), 0);
    assert_int_equal(bits_count(&world_get(&w, id)->array_tasks), 2);
    meta_free(&record_job_select, some.select);
    rest.select = meta_new(&record_job_select);
    meta_strs_push(&rest.select->ids, "1_4");
    meta_strs_push(&rest.select->ids, "1");
    assert_int_equal(world_do(&w, ALICE, MSG_JOB_SIGNAL, &rest), 0);
    assert_int_equal(world_get(&w, id)->state, JOB_CANCELLED);
    meta_free(&record_job_select, rest.select);
}

static void the_limit_ends_a_job(void **arg)
{
    int64_t id = world_job(&w, ALICE);
    world_plan(&w);
    world_pass(&w, 599);
    SHOWS(id, "RUNNING None");
    world_pass(&w, 1);
    SHOWS(id, "COMPLETING TimeLimit");
    world_forget(&w);
    world_pass(&w, 60); /* no node has confirmed: told again after KillWait and a while */
    assert_int_equal(world_effects(&w, EFFECT_KILL_JOB, id), 1);
    world_nodes_done(&w, id);
    SHOWS(id, "TIMEOUT TimeLimit");
}

static void hold_and_release(void **arg)
{
    int64_t id = world_job(&w, ALICE);
    struct job_update *u = world_change("1");
    u->hold = 1;
    assert_int_equal(world_update(&w, 0, u), 0);
    SHOWS(id, "PENDING JobHeldAdmin");
    assert_int_equal(world_plan(&w), 0);
    u = world_change("1");
    u->hold = 0;
    assert_int_equal(world_update(&w, ALICE, u), ESLURM_ACCESS_DENIED);
    u = world_change("1");
    u->hold = 0;
    assert_int_equal(world_update(&w, 0, u), 0);
    assert_int_equal(world_plan(&w), 1);
}

static void begin_time_is_awaited(void **arg)
{
    struct submit_request *r = world_request();
    r->spec->begin_time = w.now + 3600;
    int64_t id = world_submit(&w, ALICE, r);
    SHOWS(id, "PENDING BeginTime");
    assert_int_equal(world_plan(&w), 0);
    world_pass(&w, 3600);
    SHOWS(id, "PENDING None");
    assert_int_equal(world_plan(&w), 1);
}

static void dependencies(void **arg)
{
    int64_t a = world_job(&w, ALICE);
    int64_t ok = world_job_after(&w, "afterok:1"), bad = world_job_after(&w, "afternotok:1");
    int64_t either = world_job_after(&w, "afternotok:1?afterany:1"), late = world_job_after(&w, "after:1+60");
    SHOWS(ok, "PENDING Dependency");
    assert_string_equal(world_get(&w, late)->dependency, "after:1+60(unfulfilled)");
    assert_int_equal(world_plan(&w), 1);
    world_tick(&w);
    world_finish(&w, a, 0);
    world_tick(&w);
    SHOWS(ok, "PENDING None");
    SHOWS(bad, "PENDING DependencyNeverSatisfied");
    assert_string_equal(world_get(&w, bad)->dependency, "afternotok:1(failed)");
    SHOWS(either, "PENDING None");
    assert_null(world_get(&w, either)->dependency);
    SHOWS(late, "PENDING Dependency");
    world_pass(&w, 3600);
    SHOWS(late, "PENDING None");
    assert_int_equal(world_job_after(&w, "afterok:99"), -ESLURM_DEPENDENCY);
    assert_int_equal(world_job_after(&w, "sometime:1"), -ESLURM_DEPENDENCY);
}

static void singleton_waits_for_its_name(void **arg)
{
    int64_t a = world_job(&w, ALICE), b = world_job_after(&w, "singleton");
    struct submit_request *r = world_request();
    r->spec->dependency = mem_strdup("singleton");
    int64_t other = world_submit(&w, BOB, r);
    SHOWS(b, "PENDING Dependency");
    SHOWS(other, "PENDING None");
    world_cancel(&w, ALICE, "1");
    SHOWS(a, "CANCELLED None");
    world_tick(&w);
    SHOWS(b, "PENDING None");
}

static void invalid_dependency_may_kill(void **arg)
{
    world_job(&w, ALICE);
    struct submit_request *r = world_request();
    r->spec->dependency = mem_strdup("afterok:1");
    r->spec->kill_on_invalid_dep = 1;
    int64_t id = world_submit(&w, ALICE, r);
    world_cancel(&w, ALICE, "1");
    world_tick(&w);
    SHOWS(id, "CANCELLED DependencyNeverSatisfied");
}

static const char *id_text(int64_t id)
{
    static char text[128];
    struct buf b = BUF_INIT;
    job_id_text(world_get(&w, id), 0, &b);
    buf_print(text, sizeof text, "%s", b.s);
    buf_release(&b);
    return text;
}

static void arrays_are_one_record(void **arg)
{
    int64_t id = world_array(&w, "1-9%3");
    assert_string_equal(id_text(id), "1_[1-9%3]");
    assert_int_equal(world_cancel(&w, ALICE, "1_2"), 0);
    assert_int_equal(world_cancel(&w, ALICE, "1_[5-6]"), 0);
    assert_string_equal(id_text(id), "1_[1,3-4,7-9%3]");
    assert_int_equal(world_plan(&w), 3);
    assert_string_equal(id_text(id), "1_[7-9%3]");
    assert_string_equal(id_text(2), "1_1");
    assert_int_equal(world_get(&w, id)->array_running, 3);
    assert_int_equal(world_plan(&w), 0);
    world_finish(&w, 3, 0);
    assert_int_equal(world_plan(&w), 1);
    assert_string_equal(id_text(5), "1_7");
    world_finish(&w, 2, 0);
    world_finish(&w, 4, 0);
    assert_int_equal(world_plan(&w), 2);
    assert_string_equal(id_text(1), "1_9"); /* the last one keeps the array's id */
    assert_int_equal(world_cancel(&w, ALICE, "1"), 0);
    SHOWS(1, "COMPLETING None");
    assert_int_equal(world_cancel(&w, ALICE, "1"), ESLURM_JOB_STEP_ALREADY_COMPLETING_OR_COMPLETED);
}

static void array_results_are_grouped(void **arg)
{
    struct submit_request *r = world_request();
    r->spec->array = mem_strdup("1-3");
    r->spec->hold = true;
    world_submit(&w, ALICE, r);
    struct job_update *u = world_change("1_2");
    u->hold = 0;
    assert_int_equal(world_update(&w, ALICE, u), 0);
    assert_int_equal(world_plan(&w), 1);
    world_finish(&w, 2, 0);
    u = world_change("1");
    u->hold = 0;
    assert_int_equal(world_update(&w, ALICE, u), 0);
    const struct job_results *results = w.reply.record;
    assert_int_equal(results->results.n, 2);
    assert_string_equal(results->results.v[0].id, "1_[1,3]");
    assert_string_equal(results->results.v[0].text, "No error");
    assert_string_equal(results->results.v[1].id, "1_[2]");
    assert_string_equal(results->results.v[1].text, "Job has already finished");
    u = world_change("1_9");
    u->hold = 1;
    assert_int_equal(world_update(&w, ALICE, u), ESLURM_INVALID_JOB_ID);
}

static void requeue_waits_and_runs_again(void **arg)
{
    int64_t id = world_job(&w, ALICE);
    world_plan(&w);
    struct job_requeue *r = meta_new(&record_job_requeue);
    meta_strs_push(&r->ids, "1");
    assert_int_equal(world_do(&w, ALICE, MSG_JOB_REQUEUE, r), 0);
    SHOWS(id, "COMPLETING None");
    world_nodes_done(&w, id);
    SHOWS(id, "PENDING BeginTime");
    assert_int_equal(world_get(&w, id)->restarts, 1);
    assert_int_equal(world_plan(&w), 0);
    world_pass(&w, 121);
    assert_int_equal(world_plan(&w), 1);
    r->hold = true;
    assert_int_equal(world_do(&w, ALICE, MSG_JOB_REQUEUE, r), 0);
    world_nodes_done(&w, id);
    SHOWS(id, "PENDING job requeued in held state");
    meta_free(&record_job_requeue, r);
}

static void a_silent_node_goes_down(void **arg)
{
    int64_t id = world_job(&w, ALICE);
    world_plan(&w);
    w.silent = true;
    world_pass(&w, 299);
    SHOWS(id, "RUNNING None");
    assert_true(world_effects(&w, EFFECT_PING, NO_VAL) > 0);
    world_pass(&w, 1);
    NODE("n1", "down*");
    SHOWS(id, "PENDING BeginTime");
    world_register(&w, "n1");
    NODE("n1", "idle");
}

static void a_small_host_is_invalid(void **arg)
{
    struct node_register *r = meta_new(&record_node_register);
    r->node = meta_new(&record_node);
    r->node->name = mem_strdup("n2");
    r->token = UINT64_C(1) << 40; /* of a later start */
    r->node->cpus = 2;
    r->node->sockets = r->node->threads = 1;
    r->node->cores = 2;
    r->node->real_memory = 1000;
    r->token = 8;
    assert_int_equal(world_do(&w, 0, MSG_NODE_REGISTER, r), 0);
    meta_free(&record_node_register, r);
    NODE("n2", "inval");
    struct snapshot *snap = state_publish(w.s);
    assert_string_equal(snapshot_node(snap, "n2")->reason,
                        "Low socket*core*thread count, Low CPUs, "
                        "Low RealMemory (reported:1000 < 100.00% of configured:4000)");
    snapshot_drop(snap);
    assert_int_equal(world_node_state(&w, "n2", "RESUME", NULL), -ESLURM_INVALID_NODE_STATE_TRANSITION);
    w.token = 9;
    world_register(&w, "n2");
    NODE("n2", "idle");
}

static void node_states_by_command(void **arg)
{
    int64_t id = world_job(&w, ALICE);
    world_plan(&w);
    assert_int_equal(world_node_state(&w, "n1", "DRAIN", "test"), 0);
    NODE("n1", "draining");
    world_finish(&w, id, 0);
    NODE("n1", "drained");
    assert_int_equal(world_node_state(&w, "n1", "FAIL", "test"), 0);
    NODE("n1", "fail");
    assert_int_equal(world_node_state(&w, "n1", "IDLE", NULL), 0);
    NODE("n1", "idle");
    assert_int_equal(world_node_state(&w, "n1", "IDLE", NULL), 0); /* no change, no refusal */
    assert_int_equal(world_node_state(&w, "n1", "RESUME", NULL), -ESLURM_INVALID_NODE_STATE_TRANSITION);
    assert_int_equal(world_node_state(&w, "n9", "DRAIN", "x"), -ESLURM_INVALID_NODE_NAME);
    assert_int_equal(world_node_state(&w, "n1", "NOSUCH", "x"), -ESLURM_INVALID_NODE_STATE);
    assert_int_equal(world_node_state(&w, "n1", "DOWN", "dead"), 0);
    NODE("n1", "down");
    assert_int_equal(world_node_state(&w, "n1", "RESUME", NULL), 0);
    NODE("n1", "idle*");
    struct node_contact c = {.node_index = 0, .ok = true, .cpu_load = NO_VAL, .free_mem = NO_VAL64};
    world_do(&w, 0, MSG_NODE_CONTACT, &c);
    NODE("n1", "idle*"); /* until it has said what runs there */
    world_register(&w, "n1");
    NODE("n1", "idle");
    world_do(&w, ALICE, MSG_NODE_CONTACT, &c);
    assert_int_equal(w.e.code, ESLURM_INVALID_USER_ID);
}

/* A ping that failed before the node registered, and is told of afterwards. */
static void a_late_failure_does_not_silence_a_node(void **arg)
{
    struct node_contact c = {.node_index = 0, .asked = w.now - 1, .cpu_load = NO_VAL, .free_mem = NO_VAL64};
    world_register(&w, "n1");
    assert_int_equal(world_do(&w, 0, MSG_NODE_CONTACT, &c), 0);
    NODE("n1", "idle");
    c.asked = w.now += 5;
    assert_int_equal(world_do(&w, 0, MSG_NODE_CONTACT, &c), 0);
    NODE("n1", "idle*");
}

/* What runs on a node that was taken out of service is known again only when the node has said so. */
static void a_resumed_node_has_to_register(void **arg)
{
    world_node_state(&w, "n1", "DOWN", "test");
    world_forget(&w);
    world_node_state(&w, "n1", "RESUME", NULL);
    assert_int_equal(world_effects(&w, EFFECT_NODE_CONTROL, NO_VAL), 1);
    struct running_step stray = {.job_id = 77, .step_id = NO_VAL};
    struct node found = {.name = (char *)"n1",
                         .cpus = 4,
                         .sockets = 1,
                         .boards = 1,
                         .cores = 4,
                         .threads = 1,
                         .asked = 1,
                         .real_memory = 4000};
    struct node_register r;
    meta_init(&record_node_register, &r);
    r.node = &found;
    r.jobs.v = &stray;
    r.jobs.n = 1;
    r.token = ++w.token;
    assert_int_equal(world_do(&w, 0, MSG_NODE_REGISTER, &r), 0);
    NODE("n1", "idle*"); /* not before job 77 is gone */
    world_register(&w, "n1");
    NODE("n1", "idle");
}

/* Seen in the simulator: a node that was taken down came back by what it had said before that. */
static void a_registration_from_before_the_fall_brings_no_node_back(void **arg)
{
    struct snapshot *snap = state_publish(w.s);
    struct node_register *early = meta_new(&record_node_register);
    early->node = meta_dup(&record_node, snapshot_node(snap, "n1"));
    early->token = w.token;
    snapshot_drop(snap);
    world_node_state(&w, "n1", "DOWN", "test");
    world_node_state(&w, "n1", "RESUME", NULL);
    assert_int_equal(world_do(&w, 0, MSG_NODE_REGISTER, early), 0);
    meta_free(&record_node_register, early);
    NODE("n1", "idle*");
    world_register(&w, "n1");
    NODE("n1", "idle");
}

static void an_idle_node_has_to_register(void **arg)
{
    world_node_state(&w, "n[1-4]", "DOWN", "test");
    int64_t id = world_job(&w, ALICE);
    world_forget(&w);
    assert_int_equal(world_node_state(&w, "n1", "IDLE", NULL), 0);
    assert_int_equal(world_effects(&w, EFFECT_NODE_CONTROL, NO_VAL), 1);
    NODE("n1", "idle");
    assert_int_equal(world_plan(&w), 0);
    world_register(&w, "n1");
    assert_int_equal(world_plan(&w), 1);
    SHOWS(id, "RUNNING None");
}

/* The slurmd that had taken the job is gone, and the next one does not know it: nobody will start it. */
static void a_launch_that_a_restart_forgot_is_lost_at_once(void **arg)
{
    int64_t id = world_job(&w, ALICE);
    world_plan(&w);
    struct launch_done d = {.job_id = (uint32_t)id, .token = w.token};
    world_do(&w, 0, MSG_LAUNCH_DONE, &d);
    assert_true(world_get(&w, id)->flags & JOBF_LAUNCHED);
    world_register(&w, "n1");
    SHOWS(id, "RUNNING None");
    w.token++;
    world_register(&w, "n1");
    world_nodes_done(&w, (uint32_t)id);
    SHOWS(id, "PENDING BeginTime");
    assert_int_equal(world_get(&w, id)->restarts, 1);
}

/*
 * Seen in the simulator: the launch had to be repeated for long, and what the node had said before it took
 * the job was heard just after its answer.
 */
static void a_launch_just_answered_is_not_lost_by_an_older_registration(void **arg)
{
    int64_t id = world_job(&w, ALICE);
    world_plan(&w);
    world_pass(&w, 60);
    struct launch_done d = {.job_id = (uint32_t)id, .token = w.token};
    world_do(&w, 0, MSG_LAUNCH_DONE, &d);
    world_register(&w, "n1");
    SHOWS(id, "RUNNING None");
    world_pass(&w, 60);
    world_register(&w, "n1");
    world_nodes_done(&w, (uint32_t)id);
    SHOWS(id, "PENDING BeginTime");
}

/* Its answer comes after its successor has registered: the launch is made anew. */
static void a_launch_by_an_earlier_slurmd_does_not_count(void **arg)
{
    int64_t id = world_job(&w, ALICE);
    world_plan(&w);
    struct launch_done d = {.job_id = (uint32_t)id, .token = w.token++};
    world_register(&w, "n1");
    world_do(&w, 0, MSG_LAUNCH_DONE, &d);
    assert_false(world_get(&w, id)->flags & JOBF_LAUNCHED);
    d.token = w.token;
    world_do(&w, 0, MSG_LAUNCH_DONE, &d);
    assert_true(world_get(&w, id)->flags & JOBF_LAUNCHED);
}

/*
 * Seen in the simulator: a dependent is looked at in the tick in which the last job ends that it waits for.
 * That end wakes it; that it was looked at must not put it to sleep again.
 */
static void an_end_in_the_tick_that_judges_its_dependent_wakes_it(void **arg)
{
    struct submit_request *r = world_request();
    r->spec->requeue = 0;
    int64_t first = world_job(&w, ALICE), second = world_submit(&w, ALICE, r);
    world_plan(&w);
    char *text = buf_format("afterany:%u:%u", (uint32_t)first, (uint32_t)second);
    int64_t last = world_job_after(&w, text);
    mem_free(text);
    w.silent = true;
    world_pass(&w, 299);
    w.now += 2;
    world_finish(&w, (uint32_t)first, 0); /* wakes the dependent */
    world_tick(&w);                       /* looks at it, and the second job ends with its node */
    SHOWS(second, "NODE_FAIL NodeDown");
    assert_null(world_get(&w, last)->dependency);
}

static void suspended_jobs_give_cpus_back(void **arg)
{
    struct submit_request *r = world_request();
    r->spec->ntasks = 4;
    r->spec->req_nodes = mem_strdup("n1");
    int64_t id = world_submit(&w, ALICE, r);
    world_plan(&w);
    NODE("n1", "allocated");
    struct job_suspend *s = meta_new(&record_job_suspend);
    meta_strs_push(&s->ids, "1");
    world_do(&w, 0, MSG_JOB_SUSPEND, s);
    SHOWS(id, "SUSPENDED None");
    NODE("n1", "mixed");
    w.now += 100;
    s->resume = true;
    world_do(&w, 0, MSG_JOB_SUSPEND, s);
    SHOWS(id, "RUNNING None");
    assert_int_equal(world_get(&w, id)->end_time, WORLD_START + 700);
    assert_int_equal(job_run_time(world_get(&w, id), w.now + 5), 5);
    s->resume = false;
    world_do(&w, 0, MSG_JOB_SUSPEND, s);
    meta_free(&record_job_suspend, s);
    world_cancel(&w, ALICE, "1");
    world_nodes_done(&w, id);
    SHOWS(id, "CANCELLED None");
}

static int reboot(const char *nodes, const char *next_state, bool asap)
{
    struct reboot_nodes *r = meta_new(&record_reboot_nodes);
    r->nodes = mem_strdup(nodes);
    r->next_state = mem_strdup(next_state);
    r->asap = asap;
    int rc = world_do(&w, 0, MSG_REBOOT_NODES, r);
    meta_free(&record_reboot_nodes, r);
    return rc;
}

static const struct node *node_now(const char *name)
{
    static struct snapshot *last;
    if (last)
        snapshot_drop(last);
    last = name ? state_publish(w.s) : NULL;
    return last ? snapshot_node(last, name) : NULL;
}

static void boots(const char *name)
{
    struct node_register r;
    meta_init(&record_node_register, &r);
    r.node = meta_dup(&record_node, node_now(name));
    r.node_boot = true;
    r.token = ++w.token;
    assert_int_equal(world_do(&w, 0, MSG_NODE_REGISTER, &r), 0);
    meta_release(&record_node_register, &r);
    node_now(NULL);
}

static void shows_reason(const char *name, const char *want)
{
    const struct node *n = node_now(name);
    if (want)
        assert_string_equal(n->reason, want);
    else
        assert_null(n->reason);
    node_now(NULL);
}

static void a_reboot_waits_for_the_job_and_brings_the_node_back(void **arg)
{
    int64_t id = world_job(&w, ALICE);
    world_plan(&w);
    assert_int_equal(reboot("n1", NULL, true), 0);
    shows_reason("n1", "Reboot ASAP");
    world_pass(&w, 60);
    assert_int_equal(world_effects(&w, EFFECT_NODE_CONTROL, NO_VAL), 0);
    assert_int_equal(reboot("n1", NULL, true), 0);
    assert_string_equal(((struct reboot_reply *)w.reply.record)->skipped, "n1");
    world_finish(&w, (uint32_t)id, 0);
    world_pass(&w, 1);
    assert_int_equal(world_effects(&w, EFFECT_NODE_CONTROL, NO_VAL), 1);
    shows_reason("n1", "Reboot ASAP : reboot issued");
    boots("n1");
    NODE("n1", "idle");
    shows_reason("n1", NULL);
}

static void a_reboot_can_be_taken_back(void **arg)
{
    assert_int_equal(reboot("n1", "DOWN", true), 0);
    NODE("n1", "reboot");
    assert_int_equal(world_node_state(&w, "n1", "CANCEL_REBOOT", NULL), 0);
    NODE("n1", "idle");
    shows_reason("n1", NULL);
    assert_int_equal(world_node_state(&w, "n1", "CANCEL_REBOOT", NULL),
                     -ESLURM_INVALID_NODE_STATE_TRANSITION);
    world_pass(&w, 60);
    assert_int_equal(world_effects(&w, EFFECT_NODE_CONTROL, NO_VAL), 0);
}

static void a_rebooted_node_stays_down_when_that_was_asked(void **arg)
{
    assert_int_equal(reboot("n1", "DOWN", false), 0);
    world_pass(&w, 10);
    boots("n1");
    NODE("n1", "down");
    shows_reason("n1", "reboot requested : reboot issued : reboot complete");
}

static void a_node_that_does_not_come_back_from_its_reboot_is_down(void **arg)
{
    struct policy *p = world_policy();
    p->resume_timeout = 60;
    world_configure(&w, p);
    assert_int_equal(reboot("n1", NULL, false), 0);
    world_pass(&w, 10);
    world_register(&w, "n1"); /* the slurmd is still there: it has not booted */
    world_pass(&w, 60);
    NODE("n1", "down");
    shows_reason("n1", "reboot requested : reboot issued : reboot timed out");
}

static void with_power_saving(void)
{
    struct policy *p = world_policy();
    p->power_save = true;
    p->suspend_timeout = 30;
    p->resume_timeout = 60;
    world_configure(&w, p);
}

static void nodes_are_powered_down_and_up_by_hand(void **arg)
{
    with_power_saving();
    int64_t id = world_job(&w, ALICE);
    world_plan(&w);
    assert_int_equal(world_node_state(&w, "n1", "POWER_DOWN", NULL), 0);
    world_pass(&w, 60);
    assert_int_equal(world_effects(&w, EFFECT_SUSPEND, NO_VAL), 0); /* its job first */
    world_finish(&w, (uint32_t)id, 0);
    world_tick(&w);
    assert_int_equal(world_effects(&w, EFFECT_SUSPEND, NO_VAL), 1);
    NODE("n1", "idle%");
    world_pass(&w, 30);
    NODE("n1", "idle~");
    assert_int_equal(world_node_state(&w, "n1", "POWER_UP", NULL), 0);
    world_tick(&w);
    assert_int_equal(world_effects(&w, EFFECT_RESUME, NO_VAL), 1);
    NODE("n1", "idle#");
    world_register(&w, "n1"); /* the slurmd from before is still there */
    NODE("n1", "idle#");
    boots("n1");
    NODE("n1", "idle");
}

static void a_node_that_does_not_power_up_is_down(void **arg)
{
    with_power_saving();
    assert_int_equal(world_node_state(&w, "n2", "POWER_DOWN_FORCE", NULL), 0);
    world_pass(&w, 40);
    assert_int_equal(world_node_state(&w, "n2", "POWER_UP", NULL), 0);
    world_pass(&w, 60);
    NODE("n2", "down~");
    shows_reason("n2", "ResumeTimeout reached");
    assert_int_equal(world_effects(&w, EFFECT_RESUME_FAIL, NO_VAL), 1);
}

static int64_t configuring_job(uint32_t uid)
{
    struct policy *p = world_policy();
    p->prolog_slurmctld = true;
    world_configure(&w, p);
    int64_t id = world_job(&w, uid);
    assert_int_equal(world_plan(&w), 1);
    return id;
}

static void prolog_of_the_controller_comes_before_the_launch(void **arg)
{
    int64_t id = configuring_job(ALICE);
    SHOWS(id, "CONFIGURING None");
    assert_int_equal(world_effects(&w, EFFECT_PROLOG, id), 1);
    assert_int_equal(world_effects(&w, EFFECT_LAUNCH_BATCH, id), 0);
    world_pass(&w, 3600); /* it waits for ever: the limit of ten minutes does not count yet */
    SHOWS(id, "CONFIGURING None");
    assert_int_equal(world_effects(&w, EFFECT_LAUNCH_BATCH, id), 0);
    struct step_create early = {.job_id = (uint32_t)id};
    assert_int_equal(world_do(&w, ALICE, MSG_STEP_CREATE, &early), -ESLURM_PROLOGSLURMCTLD_STILL_RUNNING);
    struct prolog_done d = {.job_id = (uint32_t)id, .restarts = 7};
    world_do(&w, 0, MSG_PROLOG_DONE, &d); /* of another run */
    SHOWS(id, "CONFIGURING None");
    d.restarts = 0;
    world_do(&w, 0, MSG_PROLOG_DONE, &d);
    SHOWS(id, "RUNNING None");
    assert_int_equal(world_effects(&w, EFFECT_LAUNCH_BATCH, id), 1);
    assert_true(world_get(&w, id)->end_time == w.now + 600);
    world_finish(&w, (uint32_t)id, 0);
    SHOWS(id, "COMPLETED None");
}

static void a_failed_prolog_of_the_controller_puts_the_job_back(void **arg)
{
    int64_t id = configuring_job(ALICE);
    struct prolog_done d = {.job_id = (uint32_t)id, .failed = true};
    world_do(&w, 0, MSG_PROLOG_DONE, &d);
    world_nodes_done(&w, (uint32_t)id);
    SHOWS(id, "PENDING BeginTime");
    assert_int_equal(world_effects(&w, EFFECT_LAUNCH_BATCH, id), 0);
}

static void a_job_cancelled_in_its_prolog_is_not_configuring_any_more(void **arg)
{
    int64_t id = configuring_job(ALICE);
    assert_int_equal(world_cancel(&w, ALICE, "1"), 0);
    SHOWS(id, "COMPLETING None");
    struct prolog_done d = {.job_id = (uint32_t)id, .failed = true};
    world_do(&w, 0, MSG_PROLOG_DONE, &d); /* too late */
    world_nodes_done(&w, (uint32_t)id);
    SHOWS(id, "CANCELLED None");
}

/* Which nodes are told to run their health check while these seconds pass: "13" is n1 and n3. */
static void checks_are(uint32_t states, int64_t seconds, const char *want)
{
    struct policy *p = world_policy();
    p->health_interval = 60;
    p->health_states = states;
    world_configure(&w, p);
    world_pass(&w, 60 - w.now % 60); /* until all have just been asked */
    world_forget(&w);
    world_pass(&w, seconds);
    struct buf text = BUF_INIT;
    for (uint32_t n = 0; n < 4; n++)
        for (uint32_t i = 0; i < w.out.list.n; i++) {
            const struct effect *e = &w.out.list.v[i];
            if (e->type == EFFECT_NODE_CONTROL && e->node_index == n &&
                strcmp(((const struct node_control *)e->record)->action, "health") == 0)
                buf_addf(&text, "%u", n + 1);
        }
    assert_string_equal(text.s ? text.s : "", want);
    buf_release(&text);
}

static void nodes_are_checked_in_the_states_that_were_named(void **arg)
{
    struct submit_request *whole = world_request();
    whole->spec->share = SHARE_NODE;
    whole->spec->req_nodes = mem_strdup("n1");
    whole->spec->time_limit = 1000;
    world_submit(&w, ALICE, whole);
    struct submit_request *small = world_request();
    small->spec->req_nodes = mem_strdup("n2");
    small->spec->time_limit = 1000;
    world_submit(&w, ALICE, small);
    assert_int_equal(world_plan(&w), 2);
    world_node_state(&w, "n3", "DRAIN", "sick");
    checks_are(0, 59, "");
    checks_are(0, 60, "1234");
    checks_are(0x7f, 120, "11223344");
    checks_are(HEALTH_ALLOC, 60, "1");
    checks_are(HEALTH_MIXED, 60, "2");
    checks_are(HEALTH_IDLE, 60, "34");
    checks_are(HEALTH_NONDRAINED_IDLE, 60, "4");
    checks_are(HEALTH_IDLE | HEALTH_MIXED, 60, "234");
    checks_are(HEALTH_CYCLE, 60, "1234");
    checks_are(HEALTH_START_ONLY, 120, "");
    checks_are(HEALTH_REBOOT_ONLY, 120, "");
}

static int64_t job_with_epilog(void)
{
    struct policy *p = world_policy();
    p->epilog_slurmctld = true;
    world_configure(&w, p);
    int64_t id = world_job(&w, ALICE);
    world_plan(&w);
    world_forget(&w);
    return id;
}

static void epilog_ended(int64_t id, uint32_t restarts)
{
    struct epilog_done d = {.job_id = (uint32_t)id, .restarts = restarts};
    assert_int_equal(world_do(&w, 0, MSG_EPILOG_DONE, &d), 0);
}

static void a_job_is_completing_while_epilogslurmctld_runs(void **arg)
{
    int64_t id = job_with_epilog(), after = world_job_after(&w, "afterany:1");
    world_finish(&w, (uint32_t)id, 0);
    assert_int_equal(world_effects(&w, EFFECT_EPILOG, id), 1);
    SHOWS(id, "COMPLETING None");
    NODE("n1", "idle"); /* which does not wait */
    world_pass(&w, 3600);
    SHOWS(id, "COMPLETING None");
    SHOWS(after, "PENDING Dependency");
    epilog_ended(id, 7); /* of another run */
    SHOWS(id, "COMPLETING None");
    epilog_ended(id, 0);
    SHOWS(id, "COMPLETED None");
    epilog_ended(id, 0); /* said twice */
    world_tick(&w);
    SHOWS(after, "PENDING None");
}

static void an_epilog_may_end_before_the_nodes(void **arg)
{
    int64_t id = job_with_epilog();
    world_cancel(&w, ALICE, "1");
    epilog_ended(id, 0);
    SHOWS(id, "COMPLETING None");
    world_nodes_done(&w, (uint32_t)id);
    SHOWS(id, "CANCELLED None");
}

static void a_requeued_job_waits_for_its_epilog_and_has_one_only(void **arg)
{
    int64_t id = job_with_epilog();
    struct job_requeue *r = meta_new(&record_job_requeue);
    meta_strs_push(&r->ids, "1");
    assert_int_equal(world_do(&w, ALICE, MSG_JOB_REQUEUE, r), 0);
    meta_free(&record_job_requeue, r);
    world_nodes_done(&w, (uint32_t)id);
    SHOWS(id, "COMPLETING None");
    world_cancel(&w, ALICE, "1");
    SHOWS(id, "COMPLETING None");
    assert_int_equal(world_effects(&w, EFFECT_EPILOG, id), 1);
    epilog_ended(id, 0);
    SHOWS(id, "CANCELLED None");
}

static void an_epilog_that_has_not_ended_runs_again_after_a_restart(void **arg)
{
    int64_t id = job_with_epilog();
    world_finish(&w, (uint32_t)id, 0);
    struct state *again = world_replay(&w);
    struct outbox out = {0};
    core_resume(again, w.now, &out);
    uint32_t epilogs = 0;
    for (uint32_t i = 0; i < out.list.n; i++)
        epilogs += out.list.v[i].type == EFFECT_EPILOG;
    assert_int_equal(epilogs, 1);
    outbox_release(&out);
    state_free(again);
    epilog_ended(id, 0);
    again = world_replay(&w);
    core_resume(again, w.now, &out);
    for (uint32_t i = 0; i < out.list.n; i++)
        assert_true(out.list.v[i].type != EFFECT_EPILOG);
    outbox_release(&out);
    state_free(again);
}

static void launch_failure_holds_the_job(void **arg)
{
    int64_t id = world_job(&w, ALICE);
    world_plan(&w);
    struct launch_done d = {.job_id = 1, .error = ESLURM_SLURMD_COULD_NOT_CREATE_BATCH_DIRECTORY};
    world_do(&w, 0, MSG_LAUNCH_DONE, &d);
    world_nodes_done(&w, id);
    SHOWS(id, "PENDING launch failed requeued held");
    NODE("n1", "drained");
}

static void an_expedited_requeue_waits_for_nothing(void **arg)
{
    struct submit_request *r = world_request();
    r->spec->expedite = true;
    r->spec->requeue = 1;
    assert_int_equal(world_submit(&w, ALICE, r), -ESLURM_REQUESTED_OPERATION_NOT_SUPPORTED_ON_THIS);
    struct policy *p = world_policy();
    p->expedited_requeue = true;
    world_configure(&w, p);
    r = world_request();
    r->spec->expedite = true;
    r->spec->requeue = 1;
    int64_t id = world_submit(&w, ALICE, r);
    world_plan(&w);
    struct job_requeue *again = meta_new(&record_job_requeue);
    meta_strs_push(&again->ids, "1");
    world_do(&w, ALICE, MSG_JOB_REQUEUE, again);
    world_nodes_done(&w, id);
    meta_free(&record_job_requeue, again);
    int64_t other = world_job(&w, ALICE);
    assert_true(world_get(&w, id)->priority > world_get(&w, other)->priority);
    world_pass(&w, 1);
    world_plan(&w);
    SHOWS(id, "RUNNING None");
}

static void a_job_whose_prolog_fails_again_and_again_is_held(void **arg)
{
    struct policy *p = world_policy();
    p->max_batch_requeue = 2;
    p->sched = meta_new(&record_sched_opts);
    sched_opts_parse(p->sched, "nohold_on_prolog_fail", NULL, NULL);
    world_configure(&w, p);
    int64_t id = world_job(&w, ALICE);
    struct launch_done d = {.job_id = 1, .error = ESLURM_JOB_PROLOG_FAILED};
    world_plan(&w);
    world_do(&w, 0, MSG_LAUNCH_DONE, &d);
    world_nodes_done(&w, id);
    SHOWS(id, "PENDING BeginTime");
    world_pass(&w, 121);
    world_plan(&w);
    d.restarts = 1;
    world_do(&w, 0, MSG_LAUNCH_DONE, &d);
    world_nodes_done(&w, id);
    SHOWS(id, "REQUEUE_HOLD launch failure limit exceeded requeued held");
    struct job_update *u = world_change("1");
    u->hold = 0;
    assert_int_equal(world_update(&w, ALICE, u), 0);
    assert_true(world_get(&w, id)->priority > 0);
    world_pass(&w, 121);
    assert_int_equal(world_plan(&w), 1);
    SHOWS(id, "RUNNING None");
}

static void every_end_of_a_run_is_recorded_once(void **arg)
{
    struct policy *p = world_policy();
    p->job_comp = true;
    bits_set(&p->requeue_exit, 9);
    world_configure(&w, p);
    int64_t id = world_job(&w, ALICE), held = world_job(&w, ALICE);
    world_cancel(&w, ALICE, "2");
    assert_int_equal(world_effects(&w, EFFECT_JOB_COMP, held), 1);
    world_plan(&w);
    world_finish(&w, (uint32_t)id, 0x900);
    assert_int_equal(world_effects(&w, EFFECT_JOB_COMP, id), 1);
    for (uint32_t i = 0; i < w.out.list.n; i++)
        if (w.out.list.v[i].type == EFFECT_JOB_COMP && w.out.list.v[i].job_id == id)
            assert_int_equal(((const struct job_end *)w.out.list.v[i].record)->state, JOB_FAILED);
    world_pass(&w, 121);
    world_plan(&w);
    world_finish(&w, (uint32_t)id, 0);
    assert_int_equal(world_effects(&w, EFFECT_JOB_COMP, id), 2);
}

static void running_jobs_change_little(void **arg)
{
    int64_t id = world_job(&w, ALICE);
    world_plan(&w);
    struct job_update *u = world_change("1");
    u->spec->time_limit = 5;
    meta_strs_push(&u->fields, "time_limit");
    assert_int_equal(world_update(&w, ALICE, u), 0);
    assert_int_equal(world_get(&w, id)->end_time, w.now + 300);
    u = world_change("1");
    u->spec->time_limit = 30;
    meta_strs_push(&u->fields, "time_limit");
    assert_int_equal(world_update(&w, ALICE, u), ESLURM_ACCESS_DENIED);
    u = world_change("1");
    u->time_delta = 10;
    assert_int_equal(world_update(&w, 0, u), 0);
    assert_int_equal(world_get(&w, id)->time_limit, 15);
    u = world_change("1");
    u->spec->partition = mem_strdup("long");
    meta_strs_push(&u->fields, "partition");
    assert_int_equal(world_update(&w, ALICE, u), ESLURM_JOB_NO_LONGER_PENDING_EXECUTION);
}

static void reconfiguration_keeps_what_runs(void **arg)
{
    int64_t id = world_job(&w, ALICE);
    world_plan(&w);
    assert_int_equal(world_node_state(&w, "n2", "DRAIN", "test"), 0);
    struct saved_state saved;
    state_save(w.s, &saved);
    struct configure *c = meta_new(&record_configure);
    c->policy = saved.policy;
    shared_keep(&c->policy->sh);
    for (uint32_t i = saved.nodes.n; i-- > 1;) { /* without n1, in another order */
        struct node *n = meta_recs_push(&record_node, &c->nodes);
        n->name = mem_strdup(saved.nodes.v[i].name);
        n->cpus = n->cores = 8;
        n->sockets = n->threads = 1;
        n->real_memory = 4000;
    }
    assert_int_equal(world_do(&w, 0, MSG_CONFIGURE, c), 0);
    SHOWS(id, "NODE_FAIL NodeDown");
    NODE("n2", "drained");
    struct snapshot *snap = state_publish(w.s);
    assert_null(snapshot_node(snap, "n1"));
    assert_null(snapshot_part(snap, "debug"));
    assert_int_equal(snapshot_node(snap, "n2")->index, 1);
    snapshot_drop(snap);
    struct part *p = meta_recs_push(&record_part, &c->parts);
    p->name = mem_strdup("debug");
    p->nodes = mem_strdup("n1");
    assert_int_equal(world_do(&w, 0, MSG_CONFIGURE, c), -ESLURM_INVALID_NODE_NAME);
    meta_free(&record_configure, c);
    meta_release(&record_saved_state, &saved);
}

static void partitions_by_command(void **arg)
{
    struct part_update *u = meta_new(&record_part_update);
    u->part = meta_new(&record_part);
    u->part->name = mem_strdup("temp");
    u->part->nodes = mem_strdup("n[1-2]");
    meta_strs_push(&u->fields, "nodes");
    u->create = true;
    assert_int_equal(world_do(&w, ALICE, MSG_PART_UPDATE, u), -ESLURM_INVALID_USER_ID);
    assert_int_equal(world_do(&w, 0, MSG_PART_UPDATE, u), 0);
    assert_int_equal(world_do(&w, 0, MSG_PART_UPDATE, u), -ESLURM_INVALID_PARTITION_NAME);
    u->create = false;
    mem_set_str(&u->part->nodes, "n9");
    assert_int_equal(world_do(&w, 0, MSG_PART_UPDATE, u), -ESLURM_INVALID_NODE_NAME);
    meta_free(&record_part_update, u);
    struct submit_request *r = world_request();
    r->spec->partition = mem_strdup("temp");
    r->spec->hold = true;
    assert_true(world_submit(&w, ALICE, r) > 0);
    struct part_select *s = meta_new(&record_part_select);
    meta_strs_push(&s->names, "temp");
    assert_int_equal(world_do(&w, 0, MSG_PART_DELETE, s), -ESLURM_PARTITION_IN_USE);
    world_cancel(&w, ALICE, "1");
    assert_int_equal(world_do(&w, 0, MSG_PART_DELETE, s), 0);
    assert_int_equal(world_do(&w, 0, MSG_PART_DELETE, s), -ESLURM_INVALID_PARTITION_NAME);
    meta_free(&record_part_select, s);
}

static void steps_come_and_go(void **arg)
{
    int64_t id = world_job(&w, ALICE);
    world_plan(&w);
    struct step_create *c = meta_new(&record_step_create);
    c->job_id = 1;
    c->ntasks = 1;
    assert_int_equal(world_do(&w, BOB, MSG_STEP_CREATE, c), -ESLURM_ACCESS_DENIED);
    assert_int_equal(world_do(&w, ALICE, MSG_STEP_CREATE, c), 0);
    assert_int_equal(((const struct step_create_reply *)w.reply.record)->step->step_id, 0);
    assert_int_equal(world_get(&w, id)->steps.n, 1);
    struct node_report *r = meta_new(&record_node_report);
    r->node_name = mem_strdup("n1");
    r->job_id = 1;
    r->step_id = 0;
    r->exit_code = 512;
    assert_int_equal(world_do(&w, 0, MSG_NODE_REPORT, r), 0);
    assert_int_equal(world_get(&w, id)->steps.n, 0);
    assert_int_equal(world_get(&w, id)->derived_ec, 512);
    assert_int_equal(world_do(&w, 0, MSG_NODE_REPORT, r), 0);
    assert_int_equal(w.facts, 0);
    meta_free(&record_node_report, r);
    meta_free(&record_step_create, c);
}

/*
 * Seen in the simulator (seed 3063): a step is asked for and its job is requeued in one batch. A credential
 * made after that batch would let the step run beside whatever gets the node next.
 */
static void a_step_of_an_earlier_run_is_none(void **arg)
{
    world_job(&w, ALICE);
    world_plan(&w);
    struct step_create *c = meta_new(&record_step_create);
    c->job_id = 1;
    c->ntasks = 1;
    assert_int_equal(world_do(&w, ALICE, MSG_STEP_CREATE, c), 0);
    struct step *step = meta_dup(&record_step, ((const struct step_create_reply *)w.reply.record)->step);
    struct snapshot *snap = state_publish(w.s);
    assert_true(snapshot_has_step(snap, step));
    snapshot_drop(snap);
    struct job_requeue *r = meta_new(&record_job_requeue);
    meta_strs_push(&r->ids, "1");
    assert_int_equal(world_do(&w, ALICE, MSG_JOB_REQUEUE, r), 0);
    snap = state_publish(w.s);
    assert_false(snapshot_has_step(snap, step));
    snapshot_drop(snap);
    meta_free(&record_job_requeue, r);
    meta_free(&record_step, step);
    meta_free(&record_step_create, c);
}

static void an_allocation_is_given_back(void **arg)
{
    struct submit_request *r = world_request();
    meta_bytes_set(&r->payload_name, NULL, 0);
    int64_t id = world_submit(&w, ALICE, r);
    world_plan(&w);
    assert_int_equal(world_effects(&w, EFFECT_LAUNCH_BATCH, id), 0);
    assert_true(world_effects(&w, EFFECT_JOB_CHANGED, id) > 0);
    struct job_complete c = {.job_id = 1, .status = 1 << 8};
    assert_int_equal(world_do(&w, BOB, MSG_JOB_COMPLETE, &c), -ESLURM_ACCESS_DENIED);
    assert_int_equal(world_do(&w, ALICE, MSG_JOB_COMPLETE, &c), 0);
    world_nodes_done(&w, id);
    SHOWS(id, "FAILED NonZeroExitCode");
    assert_int_equal(world_do(&w, ALICE, MSG_JOB_COMPLETE, &c),
                     -ESLURM_JOB_STEP_ALREADY_COMPLETING_OR_COMPLETED);
}

static void tasks_follow_their_counterparts(void **arg)
{
    world_array(&w, "1-2");
    struct submit_request *r = world_request();
    r->spec->array = mem_strdup("1-3");
    r->spec->dependency = mem_strdup("aftercorr:1");
    int64_t id = world_submit(&w, ALICE, r);
    assert_string_equal(world_get(&w, id)->dependency, "aftercorr:1_*(unfulfilled)");
    assert_int_equal(world_plan(&w), 2);
    world_tick(&w);
    world_finish(&w, 3, 0); /* 1_1; 1_2 has kept id 1 */
    world_tick(&w);
    assert_string_equal(id_text(4), "2_1");
    SHOWS(4, "PENDING None");
    assert_string_equal(id_text(id), "2_[2-3]");
    world_finish(&w, 1, 256);
    world_tick(&w);
    assert_string_equal(id_text(5), "2_2");
    SHOWS(5, "PENDING DependencyNeverSatisfied");
}

static void fields_of_a_node(void **arg)
{
    struct node_update *u = meta_new(&record_node_update);
    u->nodes = mem_strdup("n1");
    u->features = mem_strdup("intel,new");
    u->active_features = mem_strdup("new");
    u->weight = 7;
    u->comment = mem_strdup("hello");
    assert_int_equal(world_do(&w, 0, MSG_NODE_UPDATE, u), 0);
    mem_set_str(&u->features, NULL);
    mem_set_str(&u->active_features, "other");
    assert_int_equal(world_do(&w, 0, MSG_NODE_UPDATE, u),
                     -ESLURM_ACTIVE_FEATURES_NOT_SUBSET_AVAILABLE_FEATURES);
    mem_set_str(&u->active_features, NULL);
    u->gres = mem_strdup("gpu:9");
    assert_int_equal(world_do(&w, 0, MSG_NODE_UPDATE, u), -ESLURM_INVALID_GRES);
    assert_int_equal(world_do(&w, ALICE, MSG_NODE_UPDATE, u), -ESLURM_INVALID_USER_ID);
    meta_free(&record_node_update, u);
    struct snapshot *snap = state_publish(w.s);
    assert_string_equal(snapshot_node(snap, "n1")->active_features, "new");
    assert_int_equal(snapshot_node(snap, "n1")->weight, 7);
    snapshot_drop(snap);
}

static void a_saved_state_with_too_many_nodes_is_refused(void **arg)
{
    struct saved_state saved;
    struct err e;
    state_save(w.s, &saved);
    saved.next_node_index = UINT32_MAX;
    assert_true(state_restore(w.s, &saved, &e) < 0);
    meta_release(&record_saved_state, &saved);
}

static void configure_parameters(const char *params)
{
    struct saved_state saved;
    state_save(w.s, &saved);
    struct configure *c = meta_new(&record_configure);
    c->policy = meta_dup(&record_policy, saved.policy);
    c->policy->sched = meta_new(&record_sched_opts);
    sched_opts_parse(c->policy->sched, params, NULL, NULL);
    for (uint32_t i = 0; i < saved.nodes.n; i++)
        meta_copy(&record_node, meta_recs_push(&record_node, &c->nodes), &saved.nodes.v[i]);
    for (uint32_t i = 0; i < saved.parts.n; i++)
        meta_copy(&record_part, meta_recs_push(&record_part, &c->parts), &saved.parts.v[i]);
    assert_int_equal(world_do(&w, 0, MSG_CONFIGURE, c), 0);
    meta_free(&record_configure, c);
    meta_release(&record_saved_state, &saved);
}

/* What SchedulerParameters say of submissions, and to whom `scontrol top` obeys. */
static void a_site_bounds_what_may_be_submitted(void **arg)
{
    configure_parameters("max_array_tasks=3,max_script_size=100,max_submit_line_size=20,sbatch_wait_nodes,"
                         "max_switch_wait=7,enable_user_top");
    assert_int_equal(world_array(&w, "1-4"), -ESLURM_INVALID_ARRAY);
    assert_true(world_array(&w, "10-12") > 0);
    struct submit_request *r = world_request();
    r->script_size = 101;
    assert_int_equal(world_submit(&w, ALICE, r), -ESLURM_NAME_TOO_LONG);
    r = world_request();
    mem_set_str(&r->spec->submit_line, "sbatch --wrap 'a rather long line'");
    assert_int_equal(world_submit(&w, ALICE, r), -ESLURM_NAME_TOO_LONG);
    r = world_request();
    r->spec->switches = 1;
    r->spec->switches_wait = 600;
    r->spec->core_spec = 1; /* AllowSpecResourcesUsage is not set */
    int64_t id = world_submit(&w, ALICE, r);
    const struct job *j = world_get(&w, id);
    assert_int_equal(j->spec->switches_wait, 7);
    assert_int_equal(j->spec->wait_all_nodes, 1);
    assert_int_equal(j->spec->core_spec, NO_VAL16);
    world_job(&w, ALICE);
    uint32_t before = j->priority;
    struct job_update top;
    meta_init(&record_job_update, &top);
    top.top = true;
    char *text = buf_format("%lld", (long long)id);
    meta_strs_push(&top.ids, text);
    world_do(&w, ALICE, MSG_JOB_UPDATE, &top);
    assert_true(world_get(&w, id)->priority > before);
    mem_free(text);
    meta_release(&record_job_update, &top);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, up, down)
    const struct CMUnitTest tests[] = {
        CASE(a_job_runs_and_ends),
        CASE(exit_codes_become_states),
        CASE(reports_are_taken_once),
        CASE(cancelled_pending_and_running),
        CASE(an_array_is_named_twice_in_one_cancel),
        CASE(the_limit_ends_a_job),
        CASE(hold_and_release),
        CASE(begin_time_is_awaited),
        CASE(dependencies),
        CASE(singleton_waits_for_its_name),
        CASE(invalid_dependency_may_kill),
        CASE(arrays_are_one_record),
        CASE(array_results_are_grouped),
        CASE(requeue_waits_and_runs_again),
        CASE(an_expedited_requeue_waits_for_nothing),
        CASE(a_silent_node_goes_down),
        CASE(a_small_host_is_invalid),
        CASE(node_states_by_command),
        CASE(a_late_failure_does_not_silence_a_node),
        CASE(a_resumed_node_has_to_register),
        CASE(a_registration_from_before_the_fall_brings_no_node_back),
        CASE(an_idle_node_has_to_register),
        CASE(a_launch_that_a_restart_forgot_is_lost_at_once),
        CASE(a_launch_just_answered_is_not_lost_by_an_older_registration),
        CASE(a_launch_by_an_earlier_slurmd_does_not_count),
        CASE(an_end_in_the_tick_that_judges_its_dependent_wakes_it),
        CASE(suspended_jobs_give_cpus_back),
        CASE(a_reboot_waits_for_the_job_and_brings_the_node_back),
        CASE(a_reboot_can_be_taken_back),
        CASE(a_rebooted_node_stays_down_when_that_was_asked),
        CASE(a_node_that_does_not_come_back_from_its_reboot_is_down),
        CASE(nodes_are_powered_down_and_up_by_hand),
        CASE(a_node_that_does_not_power_up_is_down),
        CASE(prolog_of_the_controller_comes_before_the_launch),
        CASE(a_job_cancelled_in_its_prolog_is_not_configuring_any_more),
        CASE(a_failed_prolog_of_the_controller_puts_the_job_back),
        CASE(nodes_are_checked_in_the_states_that_were_named),
        CASE(a_job_is_completing_while_epilogslurmctld_runs),
        CASE(an_epilog_may_end_before_the_nodes),
        CASE(a_requeued_job_waits_for_its_epilog_and_has_one_only),
        CASE(an_epilog_that_has_not_ended_runs_again_after_a_restart),
        CASE(launch_failure_holds_the_job),
        CASE(a_job_whose_prolog_fails_again_and_again_is_held),
        CASE(every_end_of_a_run_is_recorded_once),
        CASE(running_jobs_change_little),
        CASE(reconfiguration_keeps_what_runs),
        CASE(partitions_by_command),
        CASE(steps_come_and_go),
        CASE(a_step_of_an_earlier_run_is_none),
        CASE(an_allocation_is_given_back),
        CASE(tasks_follow_their_counterparts),
        CASE(fields_of_a_node),
        CASE(a_saved_state_with_too_many_nodes_is_refused),
        CASE(a_site_bounds_what_may_be_submitted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
