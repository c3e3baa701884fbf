/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of os/debugflags.h, and of the numbers and levels in os/log.h that configuration files speak of. */
#include "os/debugflags.h"

#include <stdlib.h>

#include "base/mem.h"
#include "conf/conf.h"
#include "model.h"
#include "os/log.h"
#include "unit.h"

static void test_numbers_are_those_of_the_schema(void **state)
{
    static const struct {
        uint64_t flag;
        const char *name;
    } rows[] = {
        {LOGF_AGENT, "Agent"},          {LOGF_AUDIT_RPCS, "AuditRPCs"},
        {LOGF_BACKFILL, "Backfill"},    {LOGF_POWER, "Power"},
        {LOGF_ROUTE, "Route"},          {LOGF_SCRIPT, "Script"},
        {LOGF_STEPS, "Steps"},          {LOGF_SELECT_TYPE, "SelectType"},
        {LOGF_TRACE_JOBS, "TraceJobs"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        setenv("SLURM_DEBUG_FLAGS", rows[i].name, 1);
        debug_flags_load(NULL);
        assert_true(log_flags() == rows[i].flag);
    }
    setenv("SLURM_DEBUG_FLAGS", "steps,route", 1);
    debug_flags_load(NULL);
    assert_true(log_flags() == (LOGF_STEPS | LOGF_ROUTE));
}

static void test_an_unknown_name_refuses_the_whole(void **state)
{
    struct set_debug s;
    struct err e;
    log_set_flags(LOGF_STEPS);
    meta_init(&record_set_debug, &s);
    mem_set_str(&s.flags, "+Agent,-Foo");
    assert_true(debug_set(&s, &e) < 0);
    assert_true(log_flags() == LOGF_STEPS);
    mem_set_str(&s.flags, "+Agent,-Steps");
    assert_int_equal(debug_set(&s, &e), 0);
    assert_true(log_flags() == LOGF_AGENT);
    meta_release(&record_set_debug, &s);
}

static void test_levels_of_syslog(void **state)
{
    static const struct {
        struct log_syslog s;
        enum log_level want;
    } rows[] = {
        {{.given = true, .level = SLOG_DEBUG, .foreground = true}, SLOG_DEBUG},
        {{.given = true, .level = SLOG_QUIET}, SLOG_QUIET},
        {{.foreground = true, .daemon_level = SLOG_INFO}, SLOG_QUIET},
        {{.has_file = true, .daemon_level = SLOG_INFO}, SLOG_FATAL},
        {{.daemon_level = SLOG_INFO}, SLOG_INFO},
        {{.daemon_level = SLOG_QUIET}, SLOG_FATAL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(log_syslog_level(&rows[i].s), rows[i].want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_are_those_of_the_schema),
        cmocka_unit_test(test_an_unknown_name_refuses_the_whole),
        cmocka_unit_test(test_levels_of_syslog),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
