/* SPDX-License-Identifier: Apache-2.0 */
/* Saving power, as an administrator and users see it: nodes that go off by themselves, and come up for jobs.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "core_world.h"
#include "model/schedopts.h"

static struct world w;

enum { IDLE_S = 100, DOWN_S = 30, UP_S = 60 };

static struct policy *saving(void)
{
    struct policy *p = world_policy();
    p->power_save = p->reboot_program = true;
    p->suspend_time = IDLE_S;
    p->suspend_timeout = DOWN_S;
    p->resume_timeout = UP_S;
    p->power_interval = 10;
    return p;
}

static int up_unseen(void **arg)
{
    world_init(&w);
    world_configure(&w, saving());
    return 0;
}

static int up(void **arg)
{
    up_unseen(arg);
    world_register_all(&w);
    return 0;
}

static int down(void **arg)
{
    world_close(&w);
    return 0;
}

static void boots(const char *name)
{
    struct snapshot *snap = state_publish(w.s);
    struct node_register r;
    meta_init(&record_node_register, &r);
    r.node = meta_dup(&record_node, snapshot_node(snap, name));
    r.node->asked = 0;
    r.node_boot = true;
    r.token = ++w.token;
    assert_int_equal(world_do(&w, 0, MSG_NODE_REGISTER, &r), 0);
    meta_release(&record_node_register, &r);
    snapshot_drop(snap);
}

static void all_off(void)
{
    world_pass(&w, IDLE_S + DOWN_S);
    NODE("n1", "idle~");
    NODE("n4", "idle~");
    world_forget(&w);
}

static void idle_nodes_are_powered_down(void **arg)
{
    int64_t id = world_job(&w, ALICE);
    assert_int_equal(world_plan(&w), 1);
    world_pass(&w, IDLE_S - 1);
    NODE("n2", "idle");
    world_pass(&w, 1);
    NODE("n1", "mixed");
    NODE("n2", "idle%");
    assert_int_equal(world_effects(&w, EFFECT_SUSPEND, NO_VAL), 3);
    world_pass(&w, DOWN_S);
    NODE("n2", "idle~");
    world_finish(&w, (uint32_t)id, 0);
    world_pass(&w, IDLE_S - 1);
    NODE("n1", "idle");
    world_pass(&w, 1);
    NODE("n1", "idle%");
}

static void only_so_many_a_minute(void **arg)
{
    struct policy *p = saving();
    p->suspend_rate = 3;
    world_configure(&w, p);
    world_pass(&w, IDLE_S);
    assert_int_equal(world_effects(&w, EFFECT_SUSPEND, NO_VAL), 3);
    world_pass(&w, 59);
    assert_int_equal(world_effects(&w, EFFECT_SUSPEND, NO_VAL), 3);
    NODE("n4", "idle");
    world_pass(&w, 1);
    assert_int_equal(world_effects(&w, EFFECT_SUSPEND, NO_VAL), 4);
    NODE("n4", "idle%");
}

static void excluded_nodes_stay_up(void **arg)
{
    struct policy *p = saving();
    p->suspend_exc_nodes = mem_strdup("n[1,3]:1,n4");
    world_configure(&w, p);
    world_pass(&w, 10 * IDLE_S);
    NODE("n1", "idle~");
    NODE("n2", "idle~");
    NODE("n3", "idle");
    NODE("n4", "idle");
    assert_int_equal(world_node_state(&w, "n4", "POWER_DOWN", NULL), 0); /* what is asked for is done */
    world_tick(&w);
    NODE("n4", "idle%");
}

static void excluded_partitions_and_states(void **arg)
{
    struct policy *p = saving();
    meta_strs_push(&p->suspend_exc_parts, "long");
    p->suspend_exc_flags = NODEF_DRAIN;
    p->suspend_exc_down = true;
    world_configure(&w, p);
    assert_int_equal(world_node_state(&w, "n3", "DRAIN", "mine"), 0);
    world_pass(&w, 2 * IDLE_S);
    NODE("n1", "idle");
    NODE("n2", "idle");
    NODE("n3", "drained");
    NODE("n4", "idle~");
}

static int exclude(const char *nodes, const char *parts, const char *states)
{
    struct power_exclude r;
    meta_init(&record_power_exclude, &r);
    mem_set_str(&r.nodes, nodes);
    mem_set_str(&r.parts, parts);
    mem_set_str(&r.states, states);
    int rc = world_do(&w, 0, MSG_POWER_EXCLUDE, &r);
    meta_release(&record_power_exclude, &r);
    return rc;
}

/* An empty text was read beyond its end. */
static void what_is_no_change_of_the_excluded_is_refused(void **arg)
{
    static const char *const bad[] = {"", "n1", "*n1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(exclude(bad[i], NULL, NULL), -ESLURM_INVALID_NODE_NAME);
        assert_int_equal(exclude(NULL, bad[i], NULL), -ESLURM_INVALID_NODE_NAME);
        assert_int_equal(exclude(NULL, NULL, bad[i]), -ESLURM_INVALID_NODE_NAME);
    }
}

static void what_is_excluded_changes_by_command(void **arg)
{
    assert_int_equal(exclude("=n[1-2]", "=none", "=DOWN"), 0);
    assert_int_equal(exclude("+n3", "+long", "+DRAIN"), 0);
    assert_int_equal(exclude("-n1", "-none,long", "-DOWN"), 0);
    assert_true(exclude("+n4:1", NULL, NULL) < 0);
    assert_int_equal(world_node_state(&w, "n4", "DRAIN", "mine"), 0);
    world_pass(&w, IDLE_S + DOWN_S);
    NODE("n1", "idle~");
    NODE("n2", "idle");
    NODE("n3", "idle");
    NODE("n4", "drained");
    struct policy *p = saving();
    p->keep_power = true;
    world_configure(&w, p);
    world_pass(&w, IDLE_S);
    NODE("n2", "idle");
    world_configure(&w, saving());
    world_pass(&w, IDLE_S + DOWN_S);
    NODE("n2", "idle~");
}

static void a_drained_node_that_is_powered_down_stays_drained(void **arg)
{
    assert_int_equal(world_node_state(&w, "n1", "DRAIN", "mine"), 0);
    assert_int_equal(world_node_state(&w, "n2", "POWER_DOWN_ASAP", NULL), 0);
    NODE("n2", "drained!");
    world_tick(&w);
    NODE("n2", "idle%");
    world_pass(&w, IDLE_S + DOWN_S);
    NODE("n1", "drained~");
    boots("n1");
    NODE("n1", "drained");
}

static void a_job_waits_for_its_node_to_come_up(void **arg)
{
    all_off();
    int64_t id = world_job(&w, ALICE);
    int64_t began = w.now;
    assert_int_equal(world_plan(&w), 1);
    SHOWS(id, "CONFIGURING None");
    NODE("n1", "mixed~");
    world_tick(&w);
    NODE("n1", "mixed#");
    assert_int_equal(world_effects(&w, EFFECT_RESUME, NO_VAL), 1);
    assert_int_equal(world_effects(&w, EFFECT_LAUNCH_BATCH, NO_VAL), 0);
    world_pass(&w, 20);
    boots("n1");
    SHOWS(id, "RUNNING None");
    assert_int_equal(world_get(&w, id)->start_time, began + 20);
    assert_int_equal(world_get(&w, id)->end_time, began + 20 + 600);
    assert_int_equal(world_effects(&w, EFFECT_LAUNCH_BATCH, id), 1);
}

static void a_job_begins_when_the_last_of_its_nodes_is_up(void **arg)
{
    all_off();
    struct submit_request *r = world_request();
    r->spec->min_nodes = 3;
    r->spec->ntasks = 3;
    int64_t id = world_submit(&w, ALICE, r);
    assert_int_equal(world_plan(&w), 1);
    world_tick(&w);
    boots("n2");
    boots("n1");
    SHOWS(id, "CONFIGURING None");
    boots("n3");
    SHOWS(id, "RUNNING None");
}

static void nodes_that_are_up_come_first(void **arg)
{
    all_off();
    boots("n3");
    int64_t id = world_job(&w, ALICE);
    assert_int_equal(world_plan(&w), 1);
    SHOWS(id, "RUNNING None");
    assert_string_equal(world_get(&w, id)->nodes, "n3");
}

static void resume_rate_holds_nodes_back(void **arg)
{
    struct policy *p = saving();
    p->resume_rate = 1;
    world_configure(&w, p);
    all_off();
    struct submit_request *r = world_request();
    r->spec->min_nodes = 2;
    r->spec->ntasks = 2;
    int64_t id = world_submit(&w, ALICE, r);
    assert_int_equal(world_plan(&w), 1);
    world_tick(&w);
    assert_int_equal(world_effects(&w, EFFECT_RESUME, NO_VAL), 1);
    boots("n1");
    world_pass(&w, 59);
    NODE("n2", "mixed~");
    world_pass(&w, 1);
    NODE("n2", "mixed#");
    boots("n2");
    SHOWS(id, "RUNNING None");
}

static void a_job_whose_node_does_not_come_up_is_requeued(void **arg)
{
    all_off();
    int64_t id = world_job(&w, ALICE);
    struct submit_request *r = world_request();
    r->spec->requeue = 0;
    mem_set_str(&r->spec->req_nodes, "n2");
    int64_t once = world_submit(&w, ALICE, r);
    assert_int_equal(world_plan(&w), 2);
    world_pass(&w, UP_S);
    NODE("n1", "down~");
    assert_int_equal(world_effects(&w, EFFECT_RESUME_FAIL, NO_VAL), 2);
    SHOWS(id, "PENDING BeginTime");
    SHOWS(once, "NODE_FAIL NodeDown");
    assert_int_equal(world_node_state(&w, "n1", "RESUME", NULL), 0);
    NODE("n1", "idle~");
}

static void a_node_that_was_down_before_it_went_off_comes_up(void **arg)
{
    assert_int_equal(world_node_state(&w, "n1", "DOWN", "bad"), 0);
    world_pass(&w, IDLE_S + DOWN_S);
    NODE("n1", "down~");
    assert_int_equal(world_node_state(&w, "n1", "RESUME", NULL), 0);
    NODE("n1", "idle~");
    boots("n1"); /* its slurmd has not heard how often it went down */
    NODE("n1", "idle");
}

static void no_kill_keeps_no_job_that_has_not_begun(void **arg)
{
    all_off();
    struct submit_request *r = world_request();
    r->spec->min_nodes = 2;
    r->spec->ntasks = 2;
    r->spec->no_kill = 1;
    int64_t id = world_submit(&w, ALICE, r);
    assert_int_equal(world_plan(&w), 1);
    world_tick(&w);
    boots("n1");
    world_pass(&w, UP_S);
    world_nodes_done(&w, (uint32_t)id);
    SHOWS(id, "PENDING BeginTime");
    NODE("n2", "down~");
}

static void requeue_on_resume_failure_asks_nobody(void **arg)
{
    struct policy *p = saving();
    p->sched = meta_new(&record_sched_opts);
    sched_opts_parse(p->sched, "requeue_on_resume_failure", NULL, NULL);
    world_configure(&w, p);
    all_off();
    struct submit_request *r = world_request();
    r->spec->requeue = 0;
    int64_t id = world_submit(&w, ALICE, r);
    assert_int_equal(world_plan(&w), 1);
    world_pass(&w, UP_S);
    SHOWS(id, "PENDING BeginTime");
}

static void a_job_that_waits_for_its_node_is_cancelled_at_once(void **arg)
{
    all_off();
    int64_t id = world_job(&w, ALICE);
    assert_int_equal(world_plan(&w), 1);
    world_tick(&w);
    assert_int_equal(world_cancel(&w, ALICE, "1"), 0);
    SHOWS(id, "CANCELLED None");
    NODE("n1", "idle#");
    boots("n1");
    NODE("n1", "idle");
}

static void the_prolog_of_the_controller_is_awaited_too(void **arg)
{
    struct policy *p = saving();
    p->prolog_slurmctld = true;
    world_configure(&w, p);
    all_off();
    int64_t id = world_job(&w, ALICE);
    assert_int_equal(world_plan(&w), 1);
    assert_int_equal(world_effects(&w, EFFECT_PROLOG, id), 1);
    world_tick(&w);
    boots("n1");
    SHOWS(id, "CONFIGURING None");
    struct prolog_done done = {.job_id = (uint32_t)id};
    assert_int_equal(world_do(&w, 0, MSG_PROLOG_DONE, &done), 0);
    SHOWS(id, "RUNNING None");
}

static void a_job_may_have_its_nodes_rebooted(void **arg)
{
    struct submit_request *r = world_request();
    r->spec->reboot = 1;
    int64_t id = world_submit(&w, 0, r);
    assert_int_equal(world_plan(&w), 1);
    SHOWS(id, "CONFIGURING None");
    NODE("n1", "allocated^");
    assert_int_equal(world_effects(&w, EFFECT_NODE_CONTROL, NO_VAL), 1);
    world_register(&w, "n1"); /* not booted yet */
    SHOWS(id, "CONFIGURING None");
    boots("n1");
    SHOWS(id, "RUNNING None");
    r = world_request();
    r->spec->reboot = 1;
    int64_t lost = world_submit(&w, 0, r);
    assert_int_equal(world_plan(&w), 1);
    world_pass(&w, UP_S);
    SHOWS(lost, "PENDING BeginTime");
    NODE("n2", "down");
}

static void a_node_is_powered_down_after_it_has_come_up(void **arg)
{
    all_off();
    assert_int_equal(world_node_state(&w, "n1", "POWER_UP", NULL), 0);
    world_tick(&w);
    assert_int_equal(world_node_state(&w, "n1", "POWER_DOWN", NULL), 0);
    world_tick(&w);
    NODE("n1", "idle#");
    boots("n1");
    NODE("n1", "idle!");
    world_tick(&w);
    NODE("n1", "idle%");
}

static void a_job_wakes_a_node_that_was_off_before_it_ever_registered(void **arg)
{
    assert_int_equal(world_node_state(&w, "n[1-4]", "POWER_DOWN", NULL), 0);
    world_pass(&w, DOWN_S);
    NODE("n1", "idle~");
    int64_t id = world_job(&w, ALICE);
    assert_int_equal(world_plan(&w), 1);
    world_tick(&w);
    boots("n1");
    SHOWS(id, "RUNNING None");
}

static void a_node_counts_as_idle_from_when_it_came_up(void **arg)
{
    all_off();
    world_pass(&w, 5 * IDLE_S);
    boots("n1");
    world_pass(&w, IDLE_S - 1);
    NODE("n1", "idle");
    world_pass(&w, 1);
    NODE("n1", "idle%");
}

static void power_down_on_idle(void **arg)
{
    struct part_update u = {0};
    meta_init(&record_part_update, &u);
    u.part = meta_new(&record_part);
    mem_set_str(&u.part->name, "long");
    u.part->flags = u.flag_mask = PARTF_POWERDOWNONIDLE;
    assert_int_equal(world_do(&w, 0, MSG_PART_UPDATE, &u), 0);
    meta_release(&record_part_update, &u);
    struct submit_request *r = world_request();
    mem_set_str(&r->spec->partition, "long");
    int64_t id = world_submit(&w, ALICE, r);
    assert_int_equal(world_plan(&w), 1);
    NODE("n1", "mixed!");
    world_finish(&w, (uint32_t)id, 0);
    world_tick(&w);
    NODE("n1", "idle%");
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, up, down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(idle_nodes_are_powered_down),
        CASE(only_so_many_a_minute),
        CASE(excluded_nodes_stay_up),
        CASE(excluded_partitions_and_states),
        CASE(what_is_excluded_changes_by_command),
        CASE(what_is_no_change_of_the_excluded_is_refused),
        CASE(a_drained_node_that_is_powered_down_stays_drained),
        CASE(a_job_waits_for_its_node_to_come_up),
        CASE(a_job_begins_when_the_last_of_its_nodes_is_up),
        CASE(nodes_that_are_up_come_first),
        CASE(resume_rate_holds_nodes_back),
        CASE(a_job_whose_node_does_not_come_up_is_requeued),
        CASE(a_node_that_was_down_before_it_went_off_comes_up),
        CASE(no_kill_keeps_no_job_that_has_not_begun),
        CASE(requeue_on_resume_failure_asks_nobody),
        CASE(a_job_that_waits_for_its_node_is_cancelled_at_once),
        CASE(the_prolog_of_the_controller_is_awaited_too),
        CASE(a_job_may_have_its_nodes_rebooted),
        CASE(a_node_is_powered_down_after_it_has_come_up),
        cmocka_unit_test_setup_teardown(a_job_wakes_a_node_that_was_off_before_it_ever_registered, up_unseen,
                                        down),
        CASE(a_node_counts_as_idle_from_when_it_came_up),
        CASE(power_down_on_idle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
