/* SPDX-License-Identifier: Apache-2.0 */
/* The columns of jobs in squeue(1). One row a column in the table below; a reader for each that is not a
 * plain field. */
#include "cli/jobcols.h"

#include <limits.h>

#include "base/mem.h"
#include "base/text.h"
#include "cli/jobview.h"
#include "cli/names.h"
#include "cli/timefmt.h"
#include "model/jobvars.h"

enum { STATE_LETTERS = 4 };

#define READER(fn) static void fn(const void *row, const void *ctx_, struct buf *out)
#define ORDER(fn)  static int64_t fn(const void *row, const void *ctx_)
#define JOB(row)   (((const struct job_row *)(row))->job)
#define SPEC(row)  (JOB(row)->spec)
#define CTX        ((const struct jobcols_ctx *)ctx_)

/* A text field with what stands for an unset one. */
#define STR(fn, expr, unset)                                                                                 \
    READER(fn)                                                                                               \
    {                                                                                                        \
        const char *s = expr;                                                                                \
        buf_adds(out, s &&*s ? s : unset);                                                                   \
    }
#define NUM(fn, expr)                                                                                        \
    READER(fn)                                                                                               \
    {                                                                                                        \
        buf_add_i64(out, (int64_t)(expr));                                                                   \
    }                                                                                                        \
    ORDER(fn##_order)                                                                                        \
    {                                                                                                        \
        return (int64_t)(expr);                                                                              \
    }
#define TIME(fn, expr, unset)                                                                                \
    READER(fn)                                                                                               \
    {                                                                                                        \
        timefmt_time(expr, unset, out);                                                                      \
    }                                                                                                        \
    ORDER(fn##_order)                                                                                        \
    {                                                                                                        \
        return expr;                                                                                         \
    }
/* Small numbers that stand for "not asked" when unset. */
#define OPT16(fn, expr, unset)                                                                               \
    READER(fn)                                                                                               \
    {                                                                                                        \
        uint16_t v = expr;                                                                                   \
        if (v == NO_VAL16)                                                                                   \
            buf_adds(out, unset);                                                                            \
        else                                                                                                 \
            buf_add_u64(out, v);                                                                             \
    }
#define FIXED(fn, text)                                                                                      \
    READER(fn)                                                                                               \
    {                                                                                                        \
        buf_adds(out, text);                                                                                 \
    }

/* --- plain fields
 * ------------------------------------------------------------------------------------------------ */
STR(account, SPEC(row)->account, "(null)")
STR(admin_comment, SPEC(row)->admin_comment, "(null)")
STR(alloc_node, SPEC(row)->alloc_node, "(null)")
STR(burst_buffer, SPEC(row)->burst_buffer, "(null)")
STR(cluster_features, SPEC(row)->cluster_features, "(null)")
STR(comment, SPEC(row)->comment, "(null)")
STR(container, SPEC(row)->container, "(null)")
STR(container_id, SPEC(row)->container_id, "(null)")
STR(cpus_per_tres, SPEC(row)->cpus_per_tres, "N/A")
STR(dependency, JOB(row)->dependency, "(null)")
STR(exc_nodes, SPEC(row)->exc_nodes, "")
STR(features, SPEC(row)->features, "(null)")
STR(licenses, SPEC(row)->licenses, "(null)")
STR(licenses_alloc, jobview_has_nodes(JOB(row)) ? SPEC(row)->licenses : NULL, "(null)")
STR(mcs_label, SPEC(row)->mcs_label, "(null)")
STR(mem_per_tres, SPEC(row)->mem_per_tres, "N/A")
STR(name, SPEC(row)->name, "(null)")
STR(network, SPEC(row)->network, "(null)")
STR(nodes, JOB(row)->state == JOB_PENDING ? NULL : JOB(row)->nodes, "")
STR(partition, ((const struct job_row *)row)->partition, "(null)")
STR(prefer, SPEC(row)->prefer, "(null)")
STR(profile, SPEC(row)->profile, "NotSet")
STR(qos, SPEC(row)->qos, "(null)")
STR(req_nodes, SPEC(row)->req_nodes, "")
STR(reservation, SPEC(row)->reservation, "(null)")
STR(share, jobvars_oversubscribe(JOB(row)), "NO")
STR(exclusive, jobvars_exclusive(JOB(row)), "NO")
STR(state, job_state_text(JOB(row)), "")
STR(state_short, job_state_short(JOB(row)), "")
STR(tres_alloc, JOB(row)->alloc_tres ? JOB(row)->alloc_tres : JOB(row)->req_tres, "N/A")
STR(tres_bind, SPEC(row)->tres_bind, "N/A")
STR(tres_freq, SPEC(row)->tres_freq, "N/A")
STR(tres_per_job, SPEC(row)->tres_per_job, "N/A")
STR(tres_per_node, SPEC(row)->tres_per_node, "N/A")
STR(tres_per_socket, SPEC(row)->tres_per_socket, "N/A")
STR(wckey, SPEC(row)->wckey, "(null)")
STR(work_dir, SPEC(row)->work_dir, "(null)")
STR(cluster, CTX->cluster, "(null)")
STR(exec_host, JOB(row)->batch_host ? JOB(row)->batch_host : JOB(row)->alloc_resp_host, "n/a")
STR(sched_nodes, JOB(row)->state == JOB_PENDING ? JOB(row)->sched_nodes : NULL, "(null)")
FIXED(null_text, "(null)")
FIXED(none_na, "N/A")
FIXED(none_federation, "NA")
FIXED(zero, "0")
FIXED(cron_job, "No")

NUM(alloc_sid, SPEC(row)->alloc_sid)
NUM(array_job, JOB(row)->flags &(JOBF_ARRAY | JOBF_ARRAY_TASK) ? JOB(row)->array_job_id : JOB(row)->job_id)
NUM(batch_flag, (JOB(row)->flags & JOBF_BATCH) != 0)
NUM(contiguous, SPEC(row)->contiguous == 1)
NUM(cpus, JOB(row)->cpus)
NUM(gid, JOB(row)->gid)
NUM(job_number, JOB(row)->job_id)
NUM(max_cpus, SPEC(row)->max_cpus != NO_VAL ? SPEC(row)->max_cpus : JOB(row)->cpus)
NUM(max_nodes,
    job_is_pending(JOB(row)) && SPEC(row)->max_nodes != NO_VAL ? SPEC(row)->max_nodes : JOB(row)->node_count)
NUM(nice, SPEC(row)->nice)
NUM(node_count, JOB(row)->node_count)
NUM(ntasks, JOB(row)->ntasks)
NUM(priority, JOB(row)->priority)
NUM(reboot, SPEC(row)->reboot == 1)
NUM(requeue, SPEC(row)->requeue != 0)
NUM(restarts, JOB(row)->restarts)
NUM(switches, SPEC(row)->switches)
NUM(uid, JOB(row)->uid)

TIME(accrue_time, JOB(row)->accrue_time, "N/A")
TIME(deadline, SPEC(row)->deadline, "N/A")
TIME(eligible_time, JOB(row)->eligible_time, "N/A")
TIME(last_sched_eval, JOB(row)->last_sched_eval, "N/A")
TIME(start_time, jobview_start(JOB(row)), "N/A")
TIME(submit_time, JOB(row)->submit_time, "N/A")

OPT16(sockets, SPEC(row)->sockets_per_node, "*")
OPT16(cores, SPEC(row)->cores_per_socket, "*")
OPT16(threads, SPEC(row)->threads_per_core, "*")
OPT16(core_spec, SPEC(row)->core_spec, "N/A")
OPT16(tasks_per_core, SPEC(row)->ntasks_per_core, "N/A")
OPT16(tasks_per_node, SPEC(row)->ntasks_per_node, "0")
OPT16(tasks_per_socket, SPEC(row)->ntasks_per_socket, "N/A")

/* --- computed
 * ---------------------------------------------------------------------------------------------------- */
READER(array_task)
{
    size_t before = out->len;
    jobview_array_tasks(row, out);
    if (out->len == before)
        buf_adds(out, "N/A");
}

READER(command)
{
    const char *s = SPEC(row)->command;
    if (!s || !*s)
        buf_adds(out, "(null)");
    else
        buf_add(out, s, strcspn(s, " "));
}

READER(job_id)
{
    jobview_id(row, out);
}
ORDER(job_id_order)
{
    const struct job_row *r = row;
    uint32_t base = r->job->flags & (JOBF_ARRAY | JOBF_ARRAY_TASK) ? r->job->array_job_id : r->job->job_id;
    return (int64_t)base << 28 | (r->task == NO_VAL ? 0xfffffff : r->task);
}

READER(cpus_per_task)
{
    uint16_t n = SPEC(row)->cpus_per_task;
    buf_addf(out, "%u", n == NO_VAL16 || n == 0 ? 1 : n);
}

READER(tres_per_task)
{
    size_t before = out->len;
    jobview_tres_per_task(JOB(row), out);
    if (out->len == before)
        buf_adds(out, "N/A");
}

READER(delay_boot)
{
    uint32_t s = SPEC(row)->delay_boot;
    timefmt_short(s == NO_VAL ? 0 : s, out);
}

READER(derived_ec)
{
    exit_code_text(JOB(row)->derived_ec, out);
}
READER(exit_code)
{
    exit_code_text(JOB(row)->exit_code, out);
}

TIME(end_time, jobview_end(JOB(row)), "N/A")

READER(group)
{
    jobview_group(JOB(row), out);
}
READER(user)
{
    jobview_user(JOB(row), out);
}

NUM(min_cpus, jobview_min_cpus(SPEC(row)))

READER(min_memory)
{
    const char *key;
    jobview_mb(jobview_min_mem(JOB(row), &key), CTX->convert, out);
}
ORDER(min_memory_order)
{
    const char *key;
    return (int64_t)jobview_min_mem(JOB(row), &key);
}

READER(min_tmp_disk)
{
    uint32_t mb = SPEC(row)->tmp_disk;
    jobview_mb(mb == NO_VAL ? 0 : mb, CTX->convert, out);
}

static void add_minutes(uint32_t minutes, const char *unset, struct buf *out)
{
    if (minutes == NO_VAL)
        buf_adds(out, unset);
    else if (minutes == INFINITE)
        buf_adds(out, "UNLIMITED");
    else
        timefmt_short((int64_t)minutes * 60, out);
}

READER(time_limit)
{
    add_minutes(JOB(row)->time_limit, "NOT_SET", out);
}
ORDER(time_limit_order)
{
    return JOB(row)->time_limit;
}
READER(time_min)
{
    add_minutes(SPEC(row)->time_min == NO_VAL ? 0 : SPEC(row)->time_min, "0:00", out);
}

READER(time_left)
{
    const struct job *job = JOB(row);
    if (job->time_limit >= NO_VAL)
        add_minutes(job->time_limit, "NOT_SET", out);
    else
        timefmt_short((int64_t)job->time_limit * 60 - job_run_time(job, CTX->now), out);
}
ORDER(time_left_order)
{
    const struct job *job = JOB(row);
    return job->time_limit >= NO_VAL ? INT64_MAX
                                     : (int64_t)job->time_limit * 60 - job_run_time(job, CTX->now);
}

READER(time_used)
{
    timefmt_short(job_run_time(JOB(row), CTX->now), out);
}
ORDER(time_used_order)
{
    return job_run_time(JOB(row), CTX->now);
}

NUM(pending_time, (JOB(row)->start_time && !job_is_pending(JOB(row)) ? JOB(row)->start_time : CTX->now) -
                      JOB(row)->submit_time)

READER(priority_float)
{
    buf_addf(out, "%16.14f", (double)JOB(row)->priority / (double)UINT32_MAX);
}

READER(reason)
{
    job_reason_text(JOB(row), out);
}

READER(nodes_or_reason)
{
    jobview_nodes_or_reason(JOB(row), out);
}

READER(sct)
{
    sockets(row, ctx_, out);
    buf_addc(out, ':');
    cores(row, ctx_, out);
    buf_addc(out, ':');
    threads(row, ctx_, out);
}

READER(segment_size)
{
    if (SPEC(row)->segment_size)
        buf_addf(out, "%u", SPEC(row)->segment_size);
    else
        buf_adds(out, "N/A");
}

READER(sluid)
{
    char text[SLUID_LEN + 1];
    jobvars_sluid(JOB(row), text);
    buf_adds(out, text);
}

/* The letters of the short form as a number: CANCELLED (CA) comes before COMPLETED (CD), that before PENDING.
 */
ORDER(state_order)
{
    int64_t letters = 0;
    const char *s = job_state_short(JOB(row));
    for (int i = 0; i < STATE_LETTERS; i++) {
        letters = letters << CHAR_BIT | (unsigned char)*s;
        s += *s != '\0';
    }
    return letters;
}

static void add_path(const void *row, const void *ctx_, const char *pattern, struct buf *out)
{
    if (!pattern)
        buf_adds(out, "(null)");
    else if (CTX->expand)
        jobview_path(JOB(row), pattern, true, out);
    else
        buf_adds(out, pattern);
}
READER(std_err)
{
    add_path(row, ctx_, SPEC(row)->std_err, out);
}
READER(std_in)
{
    add_path(row, ctx_, jobview_stdin_pattern(JOB(row)), out);
}
READER(std_out)
{
    add_path(row, ctx_, jobview_stdout_pattern(JOB(row)), out);
}

READER(wait4switch)
{
    uint32_t s = SPEC(row)->switches_wait;
    timefmt_short(s >= NO_VAL ? 0 : s, out);
}

/* --- orders without a letter
 * --------------------------------------------------------------------------------------- */
ORDER(never_last)
{
    int64_t start = jobview_start(JOB(row));
    return start ? 0 : 1;
}
ORDER(nodeless)
{
    return jobview_has_nodes(JOB(row)) ? 0 : 1;
}
ORDER(nodeless_start)
{
    return jobview_has_nodes(JOB(row)) ? 0 : jobview_start(JOB(row));
}
ORDER(nodeless_id)
{
    return jobview_has_nodes(JOB(row)) ? 0 : JOB(row)->job_id;
}

const char jobcols_sortable[] = "BcCdDefgGhHiIjJlLmMnNOPpQStTuUvVz";

#define HIDDEN(order, reads)                                                                                 \
    {                                                                                                        \
        "#" #order, 0, "", NULL, order, reads                                                                \
    }
static const struct column by_never = HIDDEN(never_last, "spec.begin_time"),
                           by_nodeless = HIDDEN(nodeless, "nodes"),
                           by_nodeless_start = HIDDEN(nodeless_start, "nodes spec.begin_time"),
                           by_nodeless_id = HIDDEN(nodeless_id, "nodes");

void jobcols_settle_sort(struct sort_spec *s)
{
    const struct column *id = column_by_letter(jobcols_jobs, 'i');
    struct sort_spec given = *s;
    *s = (struct sort_spec){0};
    for (uint32_t i = 0; i < given.keys.n; i++) {
        struct sort_key k = given.keys.v[i];
        if (k.column->letter == 'n')
            continue; /* Slurm takes it and does nothing */
        if (k.column->letter == 'S')
            sort_add(s, &by_never, false);
        if (k.column->letter == 'N')
            sort_add(s, &by_nodeless, k.descending);
        sort_add(s, k.column, k.descending);
        if (k.column->letter == 'S')
            sort_add(s, id, false);
        if (k.column->letter == 'N' && !k.descending) {
            sort_add(s, &by_nodeless_start, false);
            sort_add(s, &by_nodeless_id, false);
        }
    }
    sort_add(s, column_by_letter(jobcols_jobs, 'S'), true);
    sort_add(s, column_by_letter(jobcols_jobs, 'F'), true);
    sort_add(s, id, false);
    sort_release(&given);
}

const struct column jobcols_jobs[] = {
    {"Account", 'a', "ACCOUNT", account, NULL, "spec.account"},
    {"JobID", 'A', "JOBID", job_number, job_number_order, ""},
    {"BatchHost", 'B', "EXEC_HOST", exec_host, NULL, "batch_host alloc_resp_host"},
    {"tres-per-node", 'b', "TRES_PER_NODE", tres_per_node, NULL, "spec.tres_per_node"},
    {"MinCpus", 'c', "MIN_CPUS", min_cpus, min_cpus_order,
     "spec.min_cpus_node spec.cpus_per_task spec.ntasks_per_node"},
    {"NumCPUs", 'C', "CPUS", cpus, cpus_order, "cpus"},
    {"MinTmpDisk", 'd', "MIN_TMP_DISK", min_tmp_disk, NULL, "spec.tmp_disk"},
    {"NumNodes", 'D', "NODES", node_count, node_count_order, "node_count"},
    {"EndTime", 'e', "END_TIME", end_time, end_time_order, "time_limit spec.begin_time"},
    {"Dependency", 'E', "DEPENDENCY", dependency, NULL, "dependency"},
    {"Feature", 'f', "FEATURES", features, NULL, "spec.features"},
    {"ArrayJobID", 'F', "ARRAY_JOB_ID", array_job, array_job_order, ""},
    {"GroupName", 'g', "GROUP", group, NULL, "gid spec.group_name"},
    {"GroupID", 'G', "GROUP", gid, gid_order, "gid"},
    {"OverSubscribe", 'h', "OVER_SUBSCRIBE", share, NULL, "spec.share"},
    {"Sockets", 'H', "SOCKETS_PER_NODE", sockets, NULL, "spec.sockets_per_node"},
    {"JobArrayID", 'i', "JOBID", job_id, job_id_order, "array_max"},
    {"Cores", 'I', "CORES_PER_SOCKET", cores, NULL, "spec.cores_per_socket"},
    {"Name", 'j', "NAME", name, NULL, "spec.name"},
    {"Threads", 'J', "THREADS_PER_CORE", threads, NULL, "spec.threads_per_core"},
    {"Comment", 'k', "COMMENT", comment, NULL, "spec.comment"},
    {"ArrayTaskID", 'K', "ARRAY_TASK_ID", array_task, NULL, "array_max"},
    {"TimeLimit", 'l', "TIME_LIMIT", time_limit, time_limit_order, "time_limit", true},
    {"TimeLeft", 'L', "TIME_LEFT", time_left, time_left_order, "time_limit", true},
    {"MinMemory", 'm', "MIN_MEMORY", min_memory, min_memory_order,
     "spec.mem_per_cpu spec.mem_per_gpu spec.mem_per_node def_mem_cpu def_mem_node"},
    {"TimeUsed", 'M', "TIME", time_used, time_used_order, "", true},
    {"ReqNodes", 'n', "REQ_NODES", req_nodes, NULL, "spec.req_nodes"},
    {"NodeList", 'N', "NODELIST", nodes, NULL, "nodes"},
    {"Command", 'o', "COMMAND", command, NULL, "spec.command"},
    {"Contiguous", 'O', "CONTIGUOUS", contiguous, contiguous_order, "spec.contiguous"},
    {"Priority", 'p', "PRIORITY", priority_float, priority_order, "priority"},
    {"Partition", 'P', "PARTITION", partition, NULL, ""},
    {"QOS", 'q', "QOS", qos, NULL, "spec.qos"},
    {"PriorityLong", 'Q', "PRIORITY", priority, priority_order, "priority"},
    {"Reason", 'r', "REASON", reason, NULL, "reason reason_text"},
    {"ReasonList", 'R', "NODELIST(REASON)", nodes_or_reason, NULL, "nodes reason reason_text"},
    {"Sluid", 's', "SLUID", sluid, NULL, "submit_time"},
    {"StartTime", 'S', "START_TIME", start_time, start_time_order, "spec.begin_time"},
    {"StateCompact", 't', "ST", state_short, state_order, ""},
    {"State", 'T', "STATE", state, NULL, ""},
    {"UserName", 'u', "USER", user, NULL, "spec.user_name"},
    {"UserID", 'U', "UID", uid, uid_order, ""},
    {"Reservation", 'v', "RESERVATION", reservation, NULL, "spec.reservation"},
    {"SubmitTime", 'V', "SUBMIT_TIME", submit_time, submit_time_order, "submit_time"},
    {"WCKey", 'w', "WCKEY", wckey, NULL, "spec.wckey"},
    {"Licenses", 'W', "LICENSES", licenses, NULL, "spec.licenses"},
    {"ExcNodes", 'x', "EXC_NODES", exc_nodes, NULL, "spec.exc_nodes"},
    {"CoreSpec", 'X', "CORE_SPEC", core_spec, NULL, "spec.core_spec"},
    {"Nice", 'y', "NICE", nice, nice_order, "spec.nice"},
    {"SchedNodes", 'Y', "SCHEDNODES", sched_nodes, NULL, "state sched_nodes"},
    {"SCT", 'z', "S:C:T", sct, NULL, "spec.sockets_per_node spec.cores_per_socket spec.threads_per_core"},
    {"WorkDir", 'Z', "WORK_DIR", work_dir, NULL, "spec.work_dir"},
    {"AccrueTime", 0, "ACCRUE_TIME", accrue_time, accrue_time_order, "accrue_time"},
    {"admin_comment", 0, "ADMIN_COMMENT", admin_comment, NULL, "spec.admin_comment"},
    {"AllocNodes", 0, "ALLOC_NODES", alloc_node, NULL, "spec.alloc_node"},
    {"AllocSID", 0, "ALLOC_SID", alloc_sid, alloc_sid_order, "spec.alloc_sid"},
    {"AssocID", 0, "ASSOC_ID", zero, NULL, ""},
    {"BatchFlag", 0, "BATCH_FLAG", batch_flag, batch_flag_order, ""},
    {"BoardsPerNode", 0, "BOARDS_PER_NODE", zero, NULL, ""},
    {"BurstBuffer", 0, "BURST_BUFFER", burst_buffer, NULL, "spec.burst_buffer"},
    {"BurstBufferState", 0, "BURST_BUFFER_STATE", null_text, NULL, ""},
    {"Cluster", 0, "CLUSTER", cluster, NULL, ""},
    {"ClusterFeature", 0, "CLUSTER_FEATURES", cluster_features, NULL, "spec.cluster_features"},
    {"Container", 0, "CONTAINER", container, NULL, "spec.container"},
    {"ContainerID", 0, "CONTAINERID", container_id, NULL, "spec.container_id"},
    {"ContainerType", 0, "CONTAINERTYPE", null_text, NULL, ""},
    {"cpus-per-task", 0, "CPUS_PER_TASK", cpus_per_task, NULL, "spec.cpus_per_task"},
    {"CPUsPerTask", 0, "CPUS_PER_TASK", cpus_per_task, NULL, "spec.cpus_per_task"},
    {"cpus-per-tres", 0, "CPUS_PER_TRES", cpus_per_tres, NULL, "spec.cpus_per_tres"},
    {"CronJob", 0, "CRON_JOB", cron_job, NULL, ""},
    {"Deadline", 0, "DEADLINE", deadline, deadline_order, "spec.deadline"},
    {"DelayBoot", 0, "DELAY_BOOT", delay_boot, NULL, "spec.delay_boot"},
    {"DerivedEC", 0, "DERIVED_EC", derived_ec, NULL, "derived_ec"},
    {"EligibleTime", 0, "ELIGIBLE_TIME", eligible_time, eligible_time_order, "eligible_time"},
    {"Exclusive", 0, "EXCLUSIVE", exclusive, NULL, "spec.share"},
    {"exit_code", 0, "EXIT_CODE", exit_code, NULL, "exit_code"},
    {"HetJobID", 0, "HET_JOB_ID", none_na, NULL, ""},
    {"HetJobIDSet", 0, "HET_JOB_ID_SET", none_na, NULL, ""},
    {"HetJobOffset", 0, "HET_JOB_OFFSET", none_na, NULL, ""},
    {"LastSchedEval", 0, "LAST_SCHED_EVAL", last_sched_eval, last_sched_eval_order, "last_sched_eval"},
    {"LicensesAlloc", 0, "LICENSES_ALLOC", licenses_alloc, NULL, "spec.licenses nodes"},
    {"MaxCPUs", 0, "MAX_CPUS", max_cpus, max_cpus_order, "spec.max_cpus cpus"},
    {"MaxNodes", 0, "MAX_NODES", max_nodes, max_nodes_order, "spec.max_nodes node_count"},
    {"MCSLabel", 0, "MCSLABEL", mcs_label, NULL, "spec.mcs_label"},
    {"mem-per-tres", 0, "MEM_PER_TRES", mem_per_tres, NULL, "spec.mem_per_tres"},
    {"MinTime", 0, "TIME_MIN", time_min, NULL, "spec.time_min"},
    {"Network", 0, "NETWORK", network, NULL, "spec.network"},
    {"NTPerBoard", 0, "NTASKS_PER_BOARD", zero, NULL, ""},
    {"NTPerCore", 0, "NTASKS_PER_CORE", tasks_per_core, NULL, "spec.ntasks_per_core"},
    {"NTPerNode", 0, "NTASKS_PER_NODE", tasks_per_node, NULL, "spec.ntasks_per_node"},
    {"NTPerSocket", 0, "NTASKS_PER_SOCKET", tasks_per_socket, NULL, "spec.ntasks_per_socket"},
    {"NumTasks", 0, "TASKS", ntasks, ntasks_order, "ntasks"},
    {"Origin", 0, "ORIGIN", none_federation, NULL, ""},
    {"OriginRaw", 0, "ORIGIN_RAW", none_federation, NULL, ""},
    {"PendingTime", 0, "PENDING_TIME", pending_time, pending_time_order, "submit_time"},
    {"PreemptTime", 0, "PREEMPT_TIME", none_na, NULL, ""},
    {"Prefer", 0, "PREFER", prefer, NULL, "spec.prefer"},
    {"Profile", 0, "PROFILE", profile, NULL, "spec.profile"},
    {"Reboot", 0, "REBOOT", reboot, reboot_order, "spec.reboot"},
    {"ReqSwitch", 0, "REQ_SWITCH", switches, switches_order, "spec.switches"},
    {"Requeue", 0, "REQUEUE", requeue, requeue_order, "spec.requeue"},
    {"ResizeTime", 0, "RESIZE_TIME", none_na, NULL, ""},
    {"RestartCnt", 0, "RESTART_COUNT", restarts, restarts_order, "restarts"},
    {"SPerBoard", 0, "SOCKETS_PER_BOARD", zero, NULL, ""},
    {"SegmentSize", 0, "SEGMENT_SIZE", segment_size, NULL, "spec.segment_size"},
    {"SiblingsActive", 0, "ACTIVE_SIBLINGS", none_federation, NULL, ""},
    {"SiblingsActiveRaw", 0, "ACTIVE_SIBLINGS_RAW", none_federation, NULL, ""},
    {"SiblingsViable", 0, "VIABLE_SIBLINGS", none_federation, NULL, ""},
    {"SiblingsViableRaw", 0, "VIALBLE_SIBLINGS_RAW", none_federation, NULL, ""}, /* spelt so by Slurm */
    {"STDERR", 0, "STDERR", std_err, NULL, "spec.std_err spec.work_dir batch_host spec.name spec.user_name"},
    {"STDIN", 0, "STDIN", std_in, NULL, "spec.std_in spec.work_dir batch_host spec.name spec.user_name"},
    {"STDOUT", 0, "STDOUT", std_out, NULL, "spec.std_out spec.work_dir batch_host spec.name spec.user_name"},
    {"system_comment", 0, "SYSTEM_COMMENT", null_text, NULL, ""},
    {"tres-alloc", 0, "TRES_ALLOC", tres_alloc, NULL, "alloc_tres req_tres"},
    {"tres-bind", 0, "TRES_BIND", tres_bind, NULL, "spec.tres_bind"},
    {"tres-freq", 0, "TRES_FREQ", tres_freq, NULL, "spec.tres_freq"},
    {"tres-per-job", 0, "TRES_PER_JOB", tres_per_job, NULL, "spec.tres_per_job"},
    {"tres-per-socket", 0, "TRES_PER_SOCKET", tres_per_socket, NULL, "spec.tres_per_socket"},
    {"tres-per-task", 0, "TRES_PER_TASK", tres_per_task, NULL, "spec.tres_per_task spec.cpus_per_task"},
    {"Wait4Switch", 0, "WAIT4SWITCH", wait4switch, NULL, "spec.switches_wait"},
    {0},
};
