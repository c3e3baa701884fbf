/* SPDX-License-Identifier: Apache-2.0 */
/* The columns of steps in squeue(1). The batch script is a step without a record: it is derived from its job.
 */
#include "cli/jobcols.h"

#include "cli/jobview.h"
#include "cli/timefmt.h"

#define READER(fn) static void fn(const void *row_, const void *ctx_, struct buf *out)
#define ORDER(fn)  static int64_t fn(const void *row_, const void *ctx_)
#define ROW        ((const struct step_row *)row_)
#define CTX        ((const struct jobcols_ctx *)ctx_)
/* A text field of the step; what stands in for an unset one and for the batch script. */
#define STR(fn, expr, unset)                                                                                 \
    READER(fn)                                                                                               \
    {                                                                                                        \
        const char *s = expr;                                                                                \
        buf_adds(out, s ? s : unset);                                                                        \
    }

static const char *partition_of(const struct step_row *r)
{
    if (r->step && r->step->partition)
        return r->step->partition;
    return r->job->partition ? r->job->partition : r->job->spec->partition;
}

static int64_t start_of(const struct step_row *r)
{
    return r->step ? r->step->start_time : r->job->start_time;
}

STR(step_name, ROW->step ? ROW->step->name : "batch", "(null)")
STR(partition, partition_of(ROW), "(null)")
STR(nodes, ROW->step ? ROW->step->nodes : ROW->job->batch_host, "")
STR(container, ROW->step ? ROW->step->container : NULL, "(null)")
STR(network, ROW->step ? ROW->step->network : NULL, "(null)")
STR(tres_per_node, ROW->step ? ROW->step->tres_per_node : NULL, "(null)")
STR(cluster, CTX->cluster, "(null)")
STR(state, ROW->step ? meta_enum_text(&enum_step_state, ROW->step->state) : job_state_text(ROW->job),
    "RUNNING")
STR(null_text, NULL, "(null)")
STR(empty, NULL, "")

READER(step_id)
{
    step_id_text(ROW->job, ROW->id, out);
}
ORDER(step_id_order)
{
    return (int64_t)((uint64_t)ROW->job->job_id << 32 | ROW->id);
}
READER(job_number)
{
    buf_addf(out, "%u", ROW->job->job_id);
}
ORDER(job_number_order)
{
    return ROW->job->job_id;
}
READER(array_job)
{
    buf_addf(out, "%u", ROW->job->flags & JOBF_ARRAY_TASK ? ROW->job->array_job_id : 0);
}
READER(array_task)
{
    if (ROW->job->flags & JOBF_ARRAY_TASK)
        buf_addf(out, "%u", ROW->job->array_task_id);
    else
        buf_adds(out, "N/A");
}
READER(ntasks)
{
    buf_addf(out, "%u", ROW->step ? ROW->step->ntasks : 1);
}
ORDER(ntasks_order)
{
    return ROW->step ? ROW->step->ntasks : 1;
}
READER(cpus)
{
    uint32_t n = 0;
    for (uint32_t i = 0; ROW->step && i < ROW->step->layout.n; i++)
        n += ROW->step->layout.v[i].cpus;
    buf_addf(out, "%u", n);
}
READER(cpu_freq)
{
    buf_adds(out, ROW->step ? "Unknown-Unknown:Unknown" : "0-0:0");
}
READER(time_limit)
{
    if (!ROW->step || ROW->step->time_limit >= NO_VAL)
        buf_adds(out, "UNLIMITED");
    else
        timefmt_short((int64_t)ROW->step->time_limit * 60, out);
}
READER(time_used)
{
    timefmt_short(CTX->now - start_of(ROW), out);
}
ORDER(time_used_order)
{
    return CTX->now - start_of(ROW);
}
READER(start_time)
{
    timefmt_time(start_of(ROW), "N/A", out);
}
ORDER(start_time_order)
{
    return start_of(ROW);
}
READER(user)
{
    jobview_user(ROW->job, out);
}
READER(uid)
{
    buf_addf(out, "%u", ROW->job->uid);
}
ORDER(uid_order)
{
    return ROW->job->uid;
}

const struct column jobcols_steps[] = {
    {"NumTasks", 'A', "TASKS", ntasks, ntasks_order},
    {"tres-per-node", 'b', "TRES_PER_JOB", tres_per_node},
    {"StepID", 'i', "STEPID", step_id, step_id_order},
    {"StepName", 'j', "NAME", step_name},
    {"TimeLimit", 'l', "TIME_LIMIT", time_limit, .uncut = true},
    {"TimeUsed", 'M', "TIME", time_used, time_used_order, .uncut = true},
    {"Nodes", 'N', "NODELIST", nodes},
    {"Partition", 'P', "PARTITION", partition},
    {"StartTime", 'S', "START_TIME", start_time, start_time_order},
    {"UserName", 'u', "USER", user},
    {"UserID", 'U', "UID", uid, uid_order},
    {"ArrayJobID", 0, "ARRAY_JOB_ID", array_job},
    {"ArrayTaskID", 0, "ARRAY_TASK_ID", array_task},
    {"Cluster", 0, "CLUSTER", cluster},
    {"Container", 0, "CONTAINER", container},
    {"ContainerID", 0, "CONTAINERID", null_text},
    {"ContainerType", 0, "CONTAINERTYPE", null_text},
    {"CPUFreq", 0, "CPU_FREQ", cpu_freq},
    {"cpus-per-tres", 0, "CPUS_PER_TRES", null_text},
    {"JobID", 0, "JOB_ID", job_number, job_number_order},
    {"mem-per-tres", 0, "MEM_PER_TRES", null_text},
    {"Network", 0, "NETWORK", network},
    {"NumCPUs", 0, "NUM_CPUS", cpus},
    {"ResvPort", 0, "RESV_PORT", null_text},
    {"StepState", 0, "STATE", state},
    {"STDERR", 0, "STDERR", empty},
    {"STDIN", 0, "STDIN", empty},
    {"STDOUT", 0, "STDOUT", empty},
    {"tres-bind", 0, "TRES_BIND", null_text},
    {"tres-freq", 0, "TRES_FREQ", null_text},
    {"tres-per-job", 0, "TRES_PER_STEP", null_text},
    {"tres-per-socket", 0, "TRES_PER_SOCKET", null_text},
    {"tres-per-step", 0, "TRES_PER_STEP", null_text},
    {"tres-per-task", 0, "TRES_PER_TASK", null_text},
    {0},
};
