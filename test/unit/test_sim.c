/* SPDX-License-Identifier: Apache-2.0 */
/* 200 seeds with every fault; and that the same seed gives the same run. */
#include "sim/sim.h"
#include "unit.h"

static void many_seeds_without_a_complaint(void **state)
{
    struct sim_options o = {.nodes = 8, .jobs = 30, .faults = SIM_ALL};
    for (o.seed = 1; o.seed <= 200; o.seed++) {
        struct sim_outcome out;
        sim_run(&o, &out);
        if (!out.ok)
            fail_msg("seed %llu: %s", (unsigned long long)o.seed, out.complaint.s);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_seeds_without_a_complaint),
        cmocka_unit_test(a_seed_repeats_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
