/* SPDX-License-Identifier: Apache-2.0 */
/* Who gets which mail when. The subjects are those that Slurm 26.05 made in the same scenarios. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "base/text.h"
#include "core_world.h"

static struct world w;

#define ALL "INVALID_DEPEND,BEGIN,END,FAIL,REQUEUE,STAGE_OUT"

static int up(void **arg)
{
    world_init(&w);
    world_register_all(&w);
    world_forget(&w);
    return 0;
}

static int down(void **arg)
{
    world_close(&w);
    return 0;
}

static int64_t submit(const char *types, const char *array, const char *dependency)
{
    struct submit_request *r = world_request();
    r->spec->mail_type = mem_strdup(types);
    r->spec->array = mem_strdup(array);
    r->spec->dependency = mem_strdup(dependency);
    return world_submit(&w, ALICE, r);
}

/* The subjects since the last look, without "Slurm ", one a line. */
static void mails_are(const char *want)
{
    struct buf text = BUF_INIT;
    for (uint32_t i = 0; i < w.out.list.n; i++) {
        const struct effect *e = &w.out.list.v[i];
        if (e->type == EFFECT_MAIL)
            buf_addf(&text, "%s\n", ((const struct mail *)e->record)->subject + strlen("Slurm "));
    }
    assert_string_equal(text.s ? text.s : "", want);
    buf_release(&text);
    world_forget(&w);
}

/* A variable of the last mail. */
static const char *var(const char *name)
{
    const struct mail *m = NULL;
    for (uint32_t i = 0; i < w.out.list.n; i++)
        if (w.out.list.v[i].type == EFFECT_MAIL)
            m = w.out.list.v[i].record;
    assert_non_null(m);
    for (uint32_t i = 0; i < m->vars.n; i++)
        if (text_starts(m->vars.v[i], name) && m->vars.v[i][strlen(name)] == '=')
            return m->vars.v[i] + strlen(name) + 1;
    return NULL;
}

static void a_job_tells_of_its_begin_and_end(void **arg)
{
    int64_t id = submit(ALL, NULL, NULL);
    world_pass(&w, 61);
    world_plan(&w);
    assert_string_equal(var("SLURM_JOB_QUEUED_TIME"), "00:01:01");
    assert_string_equal(var("SLURM_JOB_STATE"), "RUNNING");
    mails_are("Job_id=1 Name=wrap Began, Queued time 00:01:01\n");
    world_pass(&w, 5);
    world_finish(&w, id, 0);
    assert_string_equal(var("SLURM_JOB_MAIL_TYPE"), "Ended");
    assert_string_equal(var("SLURM_JOB_EXIT_CODE_MAX"), "0");
    mails_are("Job_id=1 Name=wrap Ended, Run time 00:00:05, COMPLETED, ExitCode 0\n");
}

static void a_failure_is_one_mail_whatever_was_asked(void **arg)
{
    static const struct {
        const char *types;
        uint32_t status;
        const char *want;
    } cases[] = {
        {"END,FAIL", 0x300, " Name=wrap Failed, Run time 00:00:00, FAILED, ExitCode 3\n"},
        {"FAIL", 0x300, " Name=wrap Failed, Run time 00:00:00, FAILED, ExitCode 3\n"},
        {"END", 0x300, " Name=wrap Ended, Run time 00:00:00, FAILED, ExitCode 3\n"},
        {"FAIL", 9, " Name=wrap Failed, Run time 00:00:00, FAILED\n"},
        {"FAIL", 0, ""},
        {"REQUEUE,TIME_LIMIT", 0x300, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t id = submit(cases[i].types, NULL, NULL);
        world_plan(&w);
        world_finish(&w, id, cases[i].status);
        char *want = *cases[i].want ? buf_format("Job_id=%u%s", (uint32_t)id, cases[i].want) : mem_strdup("");
        mails_are(want);
        mem_free(want);
    }
}

static void a_cancelled_job_has_ended_and_not_failed(void **arg)
{
    submit("FAIL", NULL, NULL);
    world_cancel(&w, ALICE, "1");
    mails_are("");
    submit(ALL, NULL, NULL);
    world_cancel(&w, ALICE, "2");
    mails_are("Job_id=2 Name=wrap Ended, Run time 00:00:00, CANCELLED, ExitCode 0\n");
    submit("END", NULL, NULL);
    world_plan(&w);
    world_pass(&w, 2);
    world_cancel(&w, ALICE, "3");
    world_nodes_done(&w, 3);
    mails_are("Job_id=3 Name=wrap Ended, Run time 00:00:02, CANCELLED, ExitCode 0\n");
}

static void a_requeued_job_tells_when_it_leaves_its_nodes(void **arg)
{
    struct job_requeue *r = meta_new(&record_job_requeue);
    int64_t id = submit("REQUEUE,BEGIN,END", NULL, NULL);
    world_plan(&w);
    world_forget(&w);
    world_pass(&w, 4);
    meta_strs_push(&r->ids, "1");
    assert_int_equal(world_do(&w, ALICE, MSG_JOB_REQUEUE, r), 0);
    mails_are("Job_id=1 Name=wrap Requeued, Run time 00:00:04\n");
    world_nodes_done(&w, id);
    mails_are("");
    world_pass(&w, 121);
    world_plan(&w);
    mails_are("Job_id=1 Name=wrap Began, Queued time 00:02:01\n"); /* since it was put back */
    meta_free(&record_job_requeue, r);
}

static void a_lost_node_is_a_failure_and_a_requeue(void **arg)
{
    submit(ALL, NULL, NULL);
    world_plan(&w);
    world_forget(&w);
    world_node_state(&w, "n[1-4]", "DOWN", "gone");
    mails_are("Job_id=1 Name=wrap Failed, Run time 00:00:00, NODE_FAIL\n"
              "Job_id=1 Name=wrap Requeued, Run time 00:00:00\n");
}

static void parts_of_the_limit_are_told_in_time(void **arg)
{
    int64_t id = submit("TIME_LIMIT_50,TIME_LIMIT_80,TIME_LIMIT_90,TIME_LIMIT", NULL, NULL);
    world_plan(&w);
    world_pass(&w, 299);
    mails_are("");
    world_pass(&w, 1);
    mails_are("Job_id=1 Name=wrap Reached 50% of time limit, Run time 00:05:00\n");
    world_pass(&w, 180);
    mails_are("Job_id=1 Name=wrap Reached 80% of time limit, Run time 00:08:00\n");
    world_pass(&w, 60);
    mails_are("Job_id=1 Name=wrap Reached 90% of time limit, Run time 00:09:00\n");
    world_pass(&w, 60);
    mails_are("Job_id=1 Name=wrap Reached time limit, Run time 00:10:00\n");
    world_nodes_done(&w, id);
    mails_are("");
}

static void a_limit_that_was_passed_is_a_failure(void **arg)
{
    submit(ALL, NULL, NULL);
    world_plan(&w);
    world_forget(&w);
    world_pass(&w, 600);
    mails_are("Job_id=1 Name=wrap Failed, Run time 00:10:00, TIMEOUT, ExitCode 0\n");
}

static void a_bad_dependency_is_told_once(void **arg)
{
    int64_t id = world_job(&w, ALICE);
    submit(ALL, NULL, "afterok:1");
    world_plan(&w);
    world_finish(&w, id, 0x100);
    world_tick(&w);
    mails_are("Job_id=2 Name=wrap Invalid dependency\n");
    world_pass(&w, 100);
    mails_are("");
    submit("INVALID_DEPEND", NULL, "afterok:1");
    mails_are("Job_id=3 Name=wrap Invalid dependency\n");
}

static void an_array_is_told_of_as_a_whole(void **arg)
{
    submit(ALL, "1-3", NULL);
    world_plan(&w);
    mails_are("Array Summary Job_id=1_* (1) Name=wrap Began\n");
    world_finish(&w, 2, 0);
    world_finish(&w, 3, 0x200);
    mails_are("");
    world_finish(&w, 1, 0);
    assert_string_equal(var("SLURM_JOB_EXIT_CODE_MIN"), "0");
    assert_string_equal(var("SLURM_JOB_EXIT_CODE_MAX"), "2");
    mails_are("Array Summary Job_id=1_* (1) Name=wrap Failed, Mixed, ExitCode [0-2]\n");
}

static void ends_of_arrays(void **arg)
{
    static const struct {
        const char *types;
        uint32_t one, two; /* statuses */
        const char *want;
    } cases[] = {
        {ALL, 0, 0, "Ended, COMPLETED, ExitCode [0-0]\n"},
        {ALL, 0x300, 0x300, "Failed, FAILED, ExitCode [3-3]\n"},
        {"END", 0, 0x100, "Ended, Mixed, ExitCode [0-1]\n"},
        {ALL, 0, 15, "Ended, Mixed, MaxSignal [15]\n"},
        {"FAIL", 9, 15, "Failed, Mixed, MaxSignal [15]\n"}, /* Slurm would be silent */
        {"FAIL", 0, 0, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t id = (uint32_t)submit(cases[i].types, "1-2", NULL);
        world_plan(&w);
        world_forget(&w);
        world_finish(&w, id, cases[i].one);
        world_finish(&w, id + 1, cases[i].two);
        char *want = cases[i].want
                         ? buf_format("Array Summary Job_id=%u_* (%u) Name=wrap %s", id, id, cases[i].want)
                         : mem_strdup("");
        mails_are(want);
        mem_free(want);
    }
}

static void the_end_of_an_array_remembers_tasks_that_were_purged(void **arg)
{
    submit("END", "1-2%1", NULL);
    world_plan(&w);
    world_finish(&w, 2, 0x700);
    world_pass(&w, 301);
    assert_null(world_get(&w, 2));
    world_plan(&w);
    world_finish(&w, 1, 0);
    mails_are("Array Summary Job_id=1_* (1) Name=wrap Ended, Mixed, ExitCode [0-7]\n");
}

static void a_cancelled_array_counts_as_killed(void **arg)
{
    submit(ALL, "1-2", NULL);
    world_cancel(&w, ALICE, "1");
    mails_are("Array Summary Job_id=1_* (1) Name=wrap Ended, Mixed, MaxSignal [9]\n");
    submit(ALL, "1-2%1", NULL);
    world_plan(&w);
    world_forget(&w);
    world_cancel(&w, ALICE, "2_2");
    mails_are("");
    world_finish(&w, 3, 0);
    mails_are("Array Summary Job_id=2_* (2) Name=wrap Ended, Mixed, MaxSignal [9]\n");
}

static void array_tasks_are_told_of_one_by_one(void **arg)
{
    submit(ALL ",ARRAY_TASKS", "1-2", NULL);
    world_plan(&w);
    mails_are("Array Task Job_id=1_1 (2) Name=wrap Began, Queued time 00:00:00\n"
              "Array Task Job_id=1_2 (1) Name=wrap Began, Queued time 00:00:00\n");
    world_finish(&w, 2, 0);
    mails_are("Array Task Job_id=1_1 (2) Name=wrap Ended, Run time 00:00:00, COMPLETED, ExitCode 0\n");
}

static void a_name_does_not_begin_another_line(void **arg)
{
    struct submit_request *r = world_request();
    mem_set_str(&r->spec->name, "a\nBcc: b");
    r->spec->mail_type = mem_strdup("BEGIN");
    world_submit(&w, ALICE, r);
    world_plan(&w);
    mails_are("Job_id=1 Name=a Bcc: b Began, Queued time 00:00:00\n");
}

static void the_domain_is_for_who_named_no_address(void **arg)
{
    struct policy *p = world_policy();
    p->mail_domain = mem_strdup("dom.example");
    world_configure(&w, p);
    struct submit_request *r = world_request();
    r->spec->mail_user = mem_strdup("carol");
    world_submit(&w, ALICE, r);
    world_job(&w, ALICE);
    assert_string_equal(world_get(&w, 1)->spec->mail_user, "carol");
    assert_string_equal(world_get(&w, 2)->spec->mail_user, "alice@dom.example");
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, up, down)
    const struct CMUnitTest tests[] = {
        CASE(a_job_tells_of_its_begin_and_end),
        CASE(a_failure_is_one_mail_whatever_was_asked),
        CASE(a_cancelled_job_has_ended_and_not_failed),
        CASE(a_requeued_job_tells_when_it_leaves_its_nodes),
        CASE(a_lost_node_is_a_failure_and_a_requeue),
        CASE(parts_of_the_limit_are_told_in_time),
        CASE(a_limit_that_was_passed_is_a_failure),
        CASE(a_bad_dependency_is_told_once),
        CASE(an_array_is_told_of_as_a_whole),
        CASE(ends_of_arrays),
        CASE(the_end_of_an_array_remembers_tasks_that_were_purged),
        CASE(a_cancelled_array_counts_as_killed),
        CASE(array_tasks_are_told_of_one_by_one),
        CASE(a_name_does_not_begin_another_line),
        CASE(the_domain_is_for_who_named_no_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
