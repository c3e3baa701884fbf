/* SPDX-License-Identifier: Apache-2.0 */
#include "model/schedopts.h"

#include <stddef.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"

#define AT(field) offsetof(struct sched_opts, field)
#define FLAG(field)                                                                                          \
    {                                                                                                        \
#field, SCHED_PARAM_FLAG, AT(field), 0, 0, 1                                                         \
    }
#define U32(field, def, min, max)                                                                            \
    {                                                                                                        \
#field, SCHED_PARAM_U32, AT(field), def, min, max                                                    \
    }
#define I32(field, def, min, max)                                                                            \
    {                                                                                                        \
#field, SCHED_PARAM_I32, AT(field), def, min, max                                                    \
    }
#define U64(field, def, min, max)                                                                            \
    {                                                                                                        \
#field, SCHED_PARAM_U64, AT(field), def, min, max                                                    \
    }
#define MOOT(name)                                                                                           \
    {                                                                                                        \
        name, SCHED_PARAM_MOOT, 0, 0, 0, 0                                                                   \
    }
#define LATER(name)                                                                                          \
    {                                                                                                        \
        name, SCHED_PARAM_LATER, 0, 0, 0, 0                                                                  \
    }

/* Slurm's ranges. Its defaults too, but for those that only bound what a run costs: there 0 is no bound. */
const struct sched_parameter sched_param_table[] = {
    FLAG(allow_zero_lic),
    LATER("assoc_limit_stop"),
    U32(batch_sched_delay, 0, 0, INT32_MAX),
    LATER("bb_array_stage_cnt"),
    LATER("bf_allow_magnetic_slot"),
    LATER("bf_busy_nodes"),
    MOOT("bf_continue"), /* every run works on a snapshot, which nothing changes */
    LATER("bf_hetjob_immediate"),
    LATER("bf_hetjob_prio"),
    I32(bf_interval, 0, -1, 10800),
    U32(bf_job_part_count_reserve, 0, 0, 100000),
    LATER("bf_licenses"),
    U32(bf_max_job_array_resv, 20, 0, 1000),
    U32(bf_max_job_assoc, 0, 0, 1000000),
    U32(bf_max_job_part, 0, 0, 1000000),
    U32(bf_max_job_start, 0, 0, 10000),
    U32(bf_max_job_test, 0, 1, 1000000),
    U32(bf_max_job_user, 0, 0, 1000000),
    U32(bf_max_job_user_part, 0, 0, 1000000),
    U32(bf_max_time, 0, 1, 3600),
    U32(bf_min_age_reserve, 0, 0, 2592000),
    U64(bf_min_prio_reserve, 0, 0, INT64_MAX),
    U32(bf_node_space_size, 0, 2, 2000000),
    FLAG(bf_one_resv_per_job),
    U32(bf_resolution, 0, 1, 3600),
    MOOT("bf_running_job_reserve"), /* running jobs hold what they hold until they end */
    LATER("bf_topopt_enable"),
    LATER("bf_topopt_iterations"),
    U32(bf_window, 43200, 1, 43200),
    MOOT("bf_window_linear"),
    MOOT("bf_yield_interval"),
    MOOT("bf_yield_rpc_cnt"),
    MOOT("bf_yield_sleep"),
    MOOT("build_queue_timeout"),
    MOOT("correspond_after_task_cnt"),
    U32(default_queue_depth, 0, 0, INT32_MAX),
    FLAG(defer),
    FLAG(defer_batch),
    LATER("delay_boot"),
    LATER("disable_hetjob_steps"),
    LATER("disable_job_shrink"),
    MOOT("enable_hetjob_steps"),
    FLAG(enable_user_top),
    LATER("extra_constraints"),
    FLAG(ignore_constraint_validation),
    LATER("Ignore_NUMA"),
    LATER("ignore_prefer_validation"),
    U32(max_array_tasks, 0, 0, 4000001),
    MOOT("max_rpc_cnt"), /* queries never hold up scheduling */
    U32(max_sched_time, 2, 1, 65533),
    U32(max_script_size, 4194304, 1, 67108864),
    U32(max_submit_line_size, 1048576, 1, 2097152),
    U32(max_switch_wait, 300, 0, INT32_MAX),
    LATER("no_backup_scheduling"),
    FLAG(nohold_on_prolog_fail),
    FLAG(pack_serial_at_end),
    U32(partition_job_depth, 0, 0, INT32_MAX),
    LATER("preempt_reorder_count"),
    LATER("preempt_send_user_signal"),
    LATER("preempt_strict_order"),
    LATER("preempt_youngest_first"),
    FLAG(reduce_completing_frag),
    U32(requeue_delay, NO_VAL, 0, INT32_MAX),
    FLAG(requeue_on_resume_failure),
    FLAG(salloc_wait_nodes),
    FLAG(sbatch_wait_nodes),
    I32(sched_interval, 60, -1, INT32_MAX),
    U32(sched_max_job_start, 0, 0, INT32_MAX),
    U32(sched_min_interval, 2, 0, INT32_MAX),
    FLAG(spec_cores_first),
    MOOT("step_retry_count"), /* a waiting step is tried whenever another ends */
    MOOT("step_retry_time"),
    LATER("time_min_as_soft_limit"),
    LATER("whole_hetjob"),
    LATER("whole_pack"),
};
const uint32_t sched_param_count = sizeof sched_param_table / sizeof *sched_param_table;

static void store(struct sched_opts *o, const struct sched_parameter *p, int64_t value)
{
    char *at = (char *)o + p->offset;
    switch (p->type) {
    case SCHED_PARAM_FLAG:
        *(bool *)at = value != 0;
        break;
    case SCHED_PARAM_U32:
        *(uint32_t *)at = (uint32_t)value;
        break;
    case SCHED_PARAM_I32:
        *(int32_t *)at = (int32_t)value;
        break;
    case SCHED_PARAM_U64:
        *(uint64_t *)at = (uint64_t)value;
        break;
    case SCHED_PARAM_MOOT:
    case SCHED_PARAM_LATER:
        break;
    }
}

static void report_unknown(const char *name, sched_opts_report *report, void *arg)
{
    const char *names[sizeof sched_param_table / sizeof *sched_param_table];
    for (uint32_t i = 0; i < sched_param_count; i++)
        names[i] = sched_param_table[i].name;
    const char *near = text_nearest(name, names, sched_param_count);
    char text[300], hint[300];
    buf_print(text, sizeof text, "SchedulerParameters: %.200s is unknown", name);
    buf_print(hint, sizeof hint, "did you mean %s?", near ? near : "");
    report(arg, false, text, near ? hint : NULL);
}

static void report_number(const struct sched_parameter *p, const char *value, sched_opts_report *report,
                          void *arg)
{
    char text[300], hint[300];
    buf_print(text, sizeof text, "Invalid SchedulerParameters %s: %.200s", p->name, value ? value : "");
    buf_print(hint, sizeof hint, "write a number from %lld to %lld", (long long)p->min, (long long)p->max);
    report(arg, true, text, hint);
}

static const struct sched_parameter *find(const char *name)
{
    for (uint32_t i = 0; i < sched_param_count; i++)
        if (text_same_nocase(sched_param_table[i].name, name))
            return &sched_param_table[i];
    return NULL;
}

/* `item` is NAME or NAME=VALUE; it is cut at the "=". */
static void parse_one(struct sched_opts *o, char *item, sched_opts_report *report, void *arg)
{
    char *value = strchr(item, '=');
    if (value)
        *value++ = '\0';
    const struct sched_parameter *p = find(item);
    int64_t number;
    if (!p) {
        if (report)
            report_unknown(item, report, arg);
    } else if (p->type == SCHED_PARAM_LATER) {
        char text[300];
        buf_print(text, sizeof text, "SchedulerParameters: %s has no effect yet", p->name);
        if (report)
            report(arg, false, text, NULL);
    } else if (p->type == SCHED_PARAM_FLAG) {
        store(o, p, 1);
    } else if (p->type != SCHED_PARAM_MOOT) {
        if (value && text_to_i64(value, &number) && number >= p->min && number <= p->max)
            store(o, p, number);
        else if (report)
            report_number(p, value, report, arg);
    }
}

void sched_opts_init(struct sched_opts *ret)
{
    *ret = (struct sched_opts){0};
    for (uint32_t i = 0; i < sched_param_count; i++)
        store(ret, &sched_param_table[i], sched_param_table[i].def);
}

void sched_opts_parse(struct sched_opts *ret, const char *text, sched_opts_report *report, void *arg)
{
    struct text_list items = {0};
    sched_opts_init(ret);
    text_split(&items, text ? text : "", ',');
    for (uint32_t i = 0; i < items.n; i++)
        parse_one(ret, items.v[i], report, arg);
    text_list_release(&items);
}

struct sched_opts sched_opts_of(const struct policy *p)
{
    struct sched_opts o;
    if (p && p->sched)
        return *p->sched;
    sched_opts_init(&o);
    return o;
}
