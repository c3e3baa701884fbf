/* SPDX-License-Identifier: Apache-2.0 */
/* Words for states and ids, against what squeue, sinfo and scontrol printed. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/mem.h"
#include "model/jobtext.h"
#include "model/nodetext.h"

static void array_ids(void **arg)
{
    static const struct {
        uint32_t first, last, step, max, cut;
        const char *text;
    } rows[] = {
        {1, 5, 1, 0, 0, "9_[1-5]"},          {1, 4, 1, 2, 64, "9_[1-4%2]"},
        {5, 5, 1, 0, 64, "9_[5]"},           {0, 6, 2, 0, 64, "9_[0,2,4,6]"},
        {0, 60, 2, 0, 64, "9_[0-60:2]"},     {1, 69, 2, 4, 64, "9_[1-69:2%4]"},
        {10, 60, 10, 0, 64, "9_[10-60:10]"}, {0, 40, 10, 0, 64, "9_[0,10,20,30,40]"},
        {0, 40, 10, 0, 10, "9_[0,10,2...]"},
    };
    for (uint32_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct job *j = meta_new(&record_job);
        struct buf b = BUF_INIT;
        j->job_id = j->array_job_id = 9;
        j->flags = JOBF_ARRAY;
        j->array_max = rows[i].max;
        for (uint32_t t = rows[i].first; t <= rows[i].last; t += rows[i].step)
            bits_set(&j->array_tasks, t);
        job_id_text(j, rows[i].cut, &b);
        assert_string_equal(b.s, rows[i].text);
        buf_release(&b);
        meta_free(&record_job, j);
    }
}

static void one_word_for_a_job(void **arg)
{
    struct job j = {.state = JOB_CANCELLED, .flags = JOBF_COMPLETING | JOBF_BATCH};
    assert_string_equal(job_state_text(&j), "COMPLETING");
    assert_string_equal(job_state_short(&j), "CG");
    j.flags = JOBF_BATCH;
    assert_string_equal(job_state_short(&j), "CA");
    j = (struct job){.state = JOB_PENDING, .flags = JOBF_SPECIAL_EXIT};
    assert_string_equal(job_state_text(&j), "SPECIAL_EXIT");
}

static void words_for_nodes(void **arg)
{
    static const struct {
        uint32_t state, alloc, jobs, completing;
        uint64_t flags;
        const char *text, *brief, *list;
    } rows[] = {
        {NODE_UP, 0, 0, 0, 0, "idle", "idle", "IDLE"},
        {NODE_UNKNOWN, 0, 0, 0, 0, "unknown", "unk", "UNKNOWN"},
        {NODE_UP, 1, 1, 0, 0, "mixed", "mix", "MIXED"},
        {NODE_UP, 4, 1, 0, 0, "allocated", "alloc", "ALLOCATED"},
        {NODE_UP, 0, 1, 0, 0, "mixed", "mix", "MIXED"},
        {NODE_UP, 4, 1, 0, NODEF_DRAIN, "draining", "drng", "ALLOCATED+DRAIN"},
        {NODE_DOWN, 0, 0, 0, NODEF_DRAIN | NODEF_NOT_RESPONDING, "drained*", "drain*",
         "DOWN+DRAIN+NOT_RESPONDING"},
        {NODE_UP, 1, 1, 0, NODEF_FAIL | NODEF_NOT_RESPONDING, "failing*", "failg*",
         "MIXED+FAIL+NOT_RESPONDING"},
        {NODE_UP, 0, 0, 0, NODEF_CLOUD | NODEF_DRAIN | NODEF_POWERED_DOWN, "drained~", "drain~",
         "IDLE+CLOUD+DRAIN+POWERED_DOWN"},
        {NODE_UP, 0, 0, 0, NODEF_POWER_DOWN | NODEF_NOT_RESPONDING, "idle!", "idle!",
         "IDLE+POWER_DOWN+NOT_RESPONDING"},
        {NODE_DOWN, 0, 0, 0, NODEF_DRAIN | NODEF_INVALID_REG, "inval", "inval", "DOWN+DRAIN+INVALID_REG"},
        {NODE_UP, 1, 1, 1, 0, "completing", "comp", "IDLE+COMPLETING"},
    };
    for (uint32_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct node n = {.state = rows[i].state,
                         .flags = rows[i].flags,
                         .cpus = 4,
                         .alloc_cpus = rows[i].alloc,
                         .running_jobs = rows[i].jobs,
                         .completing = rows[i].completing};
        struct buf text = BUF_INIT, brief = BUF_INIT, list = BUF_INIT;
        node_state_text(&n, &text);
        node_state_short(&n, &brief);
        node_state_list(&n, "+", &list);
        assert_string_equal(text.s, rows[i].text);
        assert_string_equal(brief.s, rows[i].brief);
        assert_string_equal(list.s, rows[i].list);
        buf_release(&text);
        buf_release(&brief);
        buf_release(&list);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(array_ids),
        cmocka_unit_test(one_word_for_a_job),
        cmocka_unit_test(words_for_nodes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
