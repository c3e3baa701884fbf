/* SPDX-License-Identifier: Apache-2.0 */
/* 200 seeds with every fault; that the same seed gives the same run; and that the checkers notice bugs made
 * on purpose. */
#include "sim/sim.h"
#include "unit.h"

static void many_seeds_without_a_complaint(void **state)
{
    struct sim_options o = {.nodes = 8, .jobs = 40, .faults = SIM_ALL};
    for (o.seed = 1; o.seed <= 200; o.seed++) {
        struct sim_outcome out;
        sim_run(&o, &out);
        if (!out.ok)
            fail_msg("seed %llu: %s\nrepeat: sluice sim --seed %llu --nodes %u --jobs %u --trace",
                     (unsigned long long)o.seed, out.complaint.s, (unsigned long long)o.seed, o.nodes,
                     o.jobs);
        sim_outcome_release(&out);
    }
}

static void a_seed_repeats_itself(void **state)
{
    struct sim_options o = {.seed = 77, .nodes = 8, .jobs = 30, .faults = SIM_ALL};
    struct sim_outcome a, b;
    sim_run(&o, &a);
    sim_run(&o, &b);
    assert_true(a.steps == b.steps && a.virtual_s == b.virtual_s && a.ended == b.ended &&
                a.crashes == b.crashes);
    sim_outcome_release(&a);
    sim_outcome_release(&b);
}

/* Among so many seeds one has to complain, with this text. */
static void notices(enum sim_bug bug, uint32_t seeds, const char *text)
{
    struct sim_options o = {.nodes = 8, .jobs = 40, .faults = SIM_ALL, .bug = bug};
    bool found = false;
    for (o.seed = 1; o.seed <= seeds && !found; o.seed++) {
        struct sim_outcome out;
        sim_run(&o, &out);
        found = !out.ok && strstr(out.complaint.s, text) && strstr(out.complaint.s, "before that:");
        sim_outcome_release(&out);
    }
    assert_true(found);
}

static void an_answer_before_the_journal_is_noticed(void **state)
{
    notices(SIM_BUG_EARLY_REPLY, 100, "was acknowledged and is gone");
}

static void a_job_that_is_said_to_be_gone_and_runs_is_noticed(void **state)
{
    notices(SIM_BUG_EARLY_GONE, 100, "run on the same core");
}

static void reports_that_a_restart_forgets_are_noticed(void **state)
{
    notices(SIM_BUG_LOST_REPORTS, 100, "not at rest");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_seeds_without_a_complaint),
        cmocka_unit_test(a_seed_repeats_itself),
        cmocka_unit_test(an_answer_before_the_journal_is_noticed),
        cmocka_unit_test(a_job_that_is_said_to_be_gone_and_runs_is_noticed),
        cmocka_unit_test(reports_that_a_restart_forgets_are_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
