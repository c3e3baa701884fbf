/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/show.h"
#include "model/jobvars.h"

#include <string.h>

#include "base/hostlist.h"
#include "cli/gresview.h"
#include "cli/jobview.h"
#include "cli/partview.h"
#include "cli/timefmt.h"
#include "base/timetext.h"

enum { SWITCH_WAIT = 300 }; /* the longest time that a job waits for its switches */

/* Between the lines of a record. */
static void next_line(const struct show *s)
{
    buf_adds(s->out, s->one_line ? " " : "\n   ");
}

/* "Key=value", with what Slurm prints for nothing. */
static void add_str(const struct show *s, const char *key, const char *value)
{
    buf_addf(s->out, "%s=%s", key, value && *value ? value : "(null)");
}

/* A line of its own, only when there is a value. */
static void line_if(const struct show *s, const char *key, const char *value)
{
    if (!value || !*value)
        return;
    next_line(s);
    buf_addf(s->out, "%s=%s", key, value);
}

static void add_time(const struct show *s, const char *key, int64_t t, const char *unset)
{
    buf_addf(s->out, "%s=", key);
    timefmt_time(t, unset, s->out);
}

static void add_limit(const struct show *s, const char *key, uint32_t minutes, const char *unset)
{
    buf_addf(s->out, "%s=", key);
    if (minutes == NO_VAL)
        buf_adds(s->out, unset);
    else
        time_add_limit_long(s->out, minutes);
}

static void add_identity(const struct show *s, const struct job *job)
{
    const struct job_spec *spec = job->spec;
    struct job_row row = job_row_of(job);
    buf_addf(s->out, "JobId=%u ", job->job_id);
    if (job->flags & (JOBF_ARRAY | JOBF_ARRAY_TASK)) {
        buf_addf(s->out, "ArrayJobId=%u ArrayTaskId=", job->array_job_id);
        jobview_array_tasks(&row, s->out);
        if (job->array_max)
            buf_addf(s->out, " ArrayTaskThrottle=%u", job->array_max);
        buf_addc(s->out, ' ');
    }
    buf_addf(s->out, "JobName=%s", spec->name ? spec->name : "(null)");
    next_line(s);
    if (s->details) {
        char sluid[SLUID_LEN + 1];
        jobvars_sluid(job, sluid);
        buf_addf(s->out, "SLUID=%s", sluid);
        next_line(s);
    }
    buf_adds(s->out, "UserId=");
    jobview_user(job, s->out);
    buf_addf(s->out, "(%u) GroupId=", job->uid);
    jobview_group(job, s->out);
    buf_addf(s->out, "(%u) MCS_label=%s", job->gid, spec->mcs_label ? spec->mcs_label : "N/A");
    next_line(s);
    buf_addf(s->out, "Priority=%u Nice=%d ", job->priority, spec->nice);
    add_str(s, "Account", spec->account);
    buf_addc(s->out, ' ');
    add_str(s, "QOS", spec->qos);
    if (spec->wckey)
        buf_addf(s->out, " WCKey=%s", spec->wckey);
    next_line(s);
}

/* Reason= has no blanks, so that the line can be taken apart. */
static void add_reason(const struct show *s, const struct job *job)
{
    size_t start = s->out->len;
    job_reason_text(job, s->out);
    for (size_t i = start; i < s->out->len; i++)
        if (s->out->s[i] == ' ')
            s->out->s[i] = '_';
}

static void add_state(const struct show *s, const struct job *job)
{
    buf_addf(s->out, "JobState=%s Reason=", job_state_text(job));
    add_reason(s, job);
    buf_addc(s->out, ' ');
    add_str(s, "Dependency", job->dependency);
    next_line(s);
    buf_addf(s->out, "Requeue=%d Restarts=%u BatchFlag=%d Reboot=%d ExitCode=", job->spec->requeue != 0,
             job->restarts, (job->flags & JOBF_BATCH) != 0, job->spec->reboot == 1);
    exit_code_text(job->exit_code, s->out);
    next_line(s);
    if (s->details) {
        buf_adds(s->out, "DerivedExitCode=");
        exit_code_text(job->derived_ec, s->out);
        next_line(s);
    }
}

static void add_times(const struct show *s, const struct job *job)
{
    buf_adds(s->out, "RunTime=");
    timefmt_long(job_run_time(job, s->now), s->out);
    buf_addc(s->out, ' ');
    add_limit(s, "TimeLimit", job->time_limit, "Partition_Limit");
    buf_addc(s->out, ' ');
    add_limit(s, "TimeMin", job->spec->time_min ? job->spec->time_min : NO_VAL, "N/A");
    next_line(s);
    add_time(s, "SubmitTime", job->submit_time, "Unknown");
    buf_addc(s->out, ' ');
    add_time(s, "EligibleTime", job->eligible_time, "Unknown");
    next_line(s);
    add_time(s, "AccrueTime", job->accrue_time, "Unknown");
    next_line(s);
    add_time(s, "StartTime", jobview_start(job), "Unknown");
    buf_addc(s->out, ' ');
    add_time(s, "EndTime", jobview_end(job), "Unknown");
    buf_addc(s->out, ' ');
    add_time(s, "Deadline", job->spec->deadline, "N/A");
    next_line(s);
    add_time(s, "SuspendTime", job->suspend_time, "None");
    buf_addf(s->out, " SecsPreSuspend=%u ", job->pre_sus_time);
    add_time(s, "LastSchedEval", job->last_sched_eval, "Unknown");
    buf_addf(s->out, " Scheduler=%s", job->scheduler ? job->scheduler : "Main");
    next_line(s);
}

static void add_places(const struct show *s, const struct job *job)
{
    const struct job_spec *spec = job->spec;
    bool pending = job_is_pending(job);
    add_str(s, "Partition", job->partition ? job->partition : spec->partition);
    buf_addf(s->out, " AllocNode:Sid=%s:%u", spec->alloc_node ? spec->alloc_node : "(null)", spec->alloc_sid);
    next_line(s);
    add_str(s, "ReqNodeList", spec->req_nodes);
    buf_addc(s->out, ' ');
    add_str(s, "ExcNodeList", spec->exc_nodes);
    next_line(s);
    buf_addf(s->out, "NodeList=%s", !pending && job->nodes ? job->nodes : "");
    if (pending && job->sched_nodes)
        buf_addf(s->out, " SchedNodeList=%s", job->sched_nodes);
    next_line(s);
    if (job->batch_host && !pending) {
        buf_addf(s->out, "BatchHost=%s", job->batch_host);
        next_line(s);
    }
}

/* A number of S:C:T, "*" when it was not asked for. */
static void add_star(const struct show *s, uint16_t v)
{
    if (v == NO_VAL16)
        buf_addc(s->out, '*');
    else
        buf_addf(s->out, "%u", v);
}

static void add_sizes(const struct show *s, const struct job *job)
{
    const struct job_spec *spec = job->spec;
    buf_adds(s->out, "NumNodes=");
    jobview_num_nodes(job, s->out);
    buf_addf(s->out, " NumCPUs=%u NumTasks=%u CPUs/Task=%u ReqB:S:C:T=0:", job->cpus, job->ntasks,
             spec->cpus_per_task == NO_VAL16 ? 1 : spec->cpus_per_task);
    buf_adds(s->out, "0:"); /* the sockets are in Socks/Node */
    add_star(s, spec->cores_per_socket);
    buf_addc(s->out, ':');
    add_star(s, spec->threads_per_core);
    next_line(s);
    add_str(s, "ReqTRES", job->req_tres);
    next_line(s);
    add_str(s, "AllocTRES", job_is_pending(job) ? NULL : job->alloc_tres);
    next_line(s);
    buf_adds(s->out, "Socks/Node=");
    add_star(s, spec->sockets_per_node);
    buf_addf(s->out,
             " NtasksPerN:B:S:C=%u:0:", spec->ntasks_per_node == NO_VAL16 ? 0 : spec->ntasks_per_node);
    add_star(s, spec->ntasks_per_socket);
    buf_addc(s->out, ':');
    add_star(s, spec->ntasks_per_core);
    if (spec->thread_spec != NO_VAL16) {
        buf_addf(s->out, " ThreadSpec=%u", spec->thread_spec);
    } else {
        buf_adds(s->out, " CoreSpec=");
        add_star(s, spec->core_spec);
    }
}

/* CPUs of abstract cores, as ranges: a core is so many threads. */
static void add_cpu_ids(const struct job_node *n, struct buf *out)
{
    uint32_t cores = bits_count(&n->cores);
    uint32_t threads = cores && n->cpus > cores ? n->cpus / cores : 1;
    struct bits cpus = {0};
    for (uint32_t c = bits_next(&n->cores, 0); c < BITS_MAX; c = bits_next(&n->cores, c + 1))
        bits_set_range(&cpus, c * threads, c * threads + threads - 1);
    bits_text(&cpus, out);
    bits_release(&cpus);
}

static void add_node_line(const struct job_node *n, struct buf *out)
{
    buf_adds(out, "CPU_IDs=");
    add_cpu_ids(n, out);
    buf_addf(out, " Mem=%llu GRES=", (unsigned long long)n->mem);
    gresview_job_node(n, out);
}

/* "JOB_GRES=gpu:a100:2": sums over the nodes. */
static void add_job_gres(const struct show *s, const struct job *job)
{
    size_t start = s->out->len;
    for (uint32_t i = 0; i < job->alloc.n; i++) {
        const struct job_node *n = &job->alloc.v[i];
        for (uint32_t k = 0; k < n->gres.n; k++) {
            const struct job_gres *g = &n->gres.v[k];
            uint64_t sum = 0;
            bool first = true;
            for (uint32_t j = 0; j < job->alloc.n; j++)
                for (uint32_t m = 0; m < job->alloc.v[j].gres.n; m++) {
                    const struct job_gres *o = &job->alloc.v[j].gres.v[m];
                    if (strcmp(o->name, g->name) != 0 ||
                        strcmp(o->type ? o->type : "", g->type ? g->type : "") != 0)
                        continue;
                    sum += o->count;
                    first = first && (j > i || (j == i && m >= k));
                }
            if (!first)
                continue;
            buf_adds(s->out, s->out->len > start ? "," : "");
            buf_addf(s->out, "%s%s%s:%llu", g->name, g->type ? ":" : "", g->type ? g->type : "",
                     (unsigned long long)sum);
        }
    }
    if (s->out->len == start)
        buf_adds(s->out, "(null)");
}

/* Nodes with the same share are one line. */
static void add_allocation(const struct show *s, const struct job *job)
{
    struct hostlist names = {0}, same = {0};
    struct buf line = BUF_INIT, next = BUF_INIT;
    if (!s->details || job_is_pending(job) || !job->alloc.n)
        return;
    next_line(s);
    buf_adds(s->out, "JOB_GRES=");
    add_job_gres(s, job);
    hostlist_parse(&names, job->nodes, NULL);
    for (uint32_t i = 0; i < job->alloc.n && i < names.count; i++) {
        char name[HOSTLIST_NAME_SIZE];
        hostlist_nth(&names, i, name);
        hostlist_push(&same, name, NULL);
        buf_clear(&line);
        add_node_line(&job->alloc.v[i], &line);
        buf_clear(&next);
        if (i + 1 < job->alloc.n)
            add_node_line(&job->alloc.v[i + 1], &next);
        if (i + 1 < job->alloc.n && strcmp(line.s, next.s) == 0)
            continue;
        buf_adds(s->out, s->one_line ? " Nodes=" : "\n     Nodes=");
        hostlist_text(&same, s->out);
        buf_addf(s->out, " %s", line.s);
        hostlist_parse(&same, NULL, NULL);
    }
    hostlist_release(&names);
    hostlist_release(&same);
    buf_release(&line);
    buf_release(&next);
}

static void add_minima(const struct show *s, const struct job *job)
{
    const struct job_spec *spec = job->spec;
    const char *key;
    uint64_t mem = jobview_min_mem(job, &key);
    buf_addf(s->out, "MinCPUsNode=%u %s=", jobview_min_cpus(spec),
             strcmp(key, "MinMemoryGPU") == 0 ? "MinMemoryTRES" : key);
    jobview_mb(mem, true, s->out);
    buf_adds(s->out, " MinTmpDiskNode=");
    jobview_mb(spec->tmp_disk == NO_VAL ? 0 : spec->tmp_disk, true, s->out);
    next_line(s);
    add_str(s, "Features", spec->features);
    buf_adds(s->out, " DelayBoot=");
    timefmt_long(spec->delay_boot == NO_VAL ? 0 : spec->delay_boot, s->out);
    line_if(s, "Prefer", spec->prefer);
    line_if(s, "ClusterFeatures", spec->cluster_features);
    line_if(s, "Reservation", spec->reservation);
    next_line(s);
    buf_addf(s->out, "OverSubscribe=%s Exclusive=%s Contiguous=%d ", jobvars_oversubscribe(job),
             jobvars_exclusive(job), spec->contiguous == 1);
    add_str(s, "Licenses", spec->licenses);
    buf_addc(s->out, ' ');
    add_str(s, "LicensesAlloc", jobview_has_nodes(job) && !job_is_pending(job) ? spec->licenses : NULL);
    buf_addc(s->out, ' ');
    add_str(s, "Network", spec->network);
    next_line(s);
}

static void line_path(const struct show *s, const char *key, const struct job *job, const char *pattern)
{
    next_line(s);
    buf_addf(s->out, "%s=", key);
    if (pattern)
        jobview_path(job, pattern, true, s->out);
}

static void add_files(const struct show *s, const struct job *job)
{
    const struct job_spec *spec = job->spec;
    const char *command = spec->command;
    buf_addf(s->out, "Command=%.*s", command ? (int)strcspn(command, " ") : 6, command ? command : "(null)");
    line_if(s, "SubmitLine", spec->submit_line);
    next_line(s);
    add_str(s, "WorkDir", spec->work_dir);
    line_if(s, "AdminComment", spec->admin_comment);
    line_if(s, "Comment", spec->comment);
    line_if(s, "Extra", spec->extra);
    if (job->flags & JOBF_BATCH) {
        line_path(s, "StdErr", job, spec->std_err);
        line_path(s, "StdIn", job, jobview_stdin_pattern(job));
        line_path(s, "StdOut", job, jobview_stdout_pattern(job));
    }
}

static void add_rest(const struct show *s, const struct job *job)
{
    const struct job_spec *spec = job->spec;
    struct buf per_task = BUF_INIT;
    jobview_tres_per_task(job, &per_task);
    if (spec->switches) {
        next_line(s);
        buf_addf(s->out, "Switches=%u@", spec->switches);
        timefmt_long(spec->switches_wait < SWITCH_WAIT ? spec->switches_wait : SWITCH_WAIT, s->out);
    }
    if (spec->segment_size) {
        next_line(s);
        buf_addf(s->out, "SegmentSize=%u", spec->segment_size);
    }
    line_if(s, "CpusPerTres", spec->cpus_per_tres);
    line_if(s, "MemPerTres", spec->mem_per_tres);
    line_if(s, "TresBind", spec->tres_bind);
    line_if(s, "TresFreq", spec->tres_freq);
    line_if(s, "TresPerJob", spec->tres_per_job);
    line_if(s, "TresPerNode", spec->tres_per_node);
    line_if(s, "TresPerSocket", spec->tres_per_socket);
    line_if(s, "TresPerTask", per_task.s);
    if (spec->mail_type) {
        next_line(s);
        buf_adds(s->out, "MailUser=");
        if (spec->mail_user)
            buf_adds(s->out, spec->mail_user);
        else
            jobview_user(job, s->out);
        buf_addf(s->out, " MailType=%s", spec->mail_type);
    }
    buf_release(&per_task);
}

void show_job(const struct show *s, const struct job *job)
{
    add_identity(s, job);
    add_state(s, job);
    add_times(s, job);
    add_places(s, job);
    add_sizes(s, job);
    add_allocation(s, job);
    next_line(s);
    add_minima(s, job);
    add_files(s, job);
    add_rest(s, job);
    buf_adds(s->out, s->one_line ? "\n" : "\n\n");
}

void show_step(const struct show *s, const struct job *job, const struct step *step)
{
    static const char *const dists[] = {NULL, "Block", "Cyclic", "Arbitrary", "Plane"};
    uint32_t cpus = 0;
    for (uint32_t i = 0; step && i < step->layout.n; i++)
        cpus += step->layout.v[i].cpus;
    buf_adds(s->out, "StepId=");
    step_id_text(job, step ? step->step_id : STEP_BATCH, s->out);
    buf_addf(s->out, " UserId=%u ", job->uid);
    add_time(s, "StartTime", step ? step->start_time : job->start_time, "Unknown");
    buf_addc(s->out, ' ');
    uint32_t limit = step ? step->time_limit : INFINITE;
    add_limit(s, "TimeLimit", limit == NO_VAL ? INFINITE : limit, "UNLIMITED");
    next_line(s);
    const char *state = step ? meta_enum_text(&enum_step_state, step->state) : job_state_text(job);
    const char *nodes = step ? step->nodes : job->batch_host;
    buf_addf(s->out, "State=%s Partition=%s NodeList=%s", state,
             step && step->partition ? step->partition : job->partition, nodes ? nodes : "");
    next_line(s);
    buf_addf(s->out, "Nodes=%u CPUs=%u Tasks=%u Name=%s ", step ? step->layout.n : 1, cpus,
             step ? step->ntasks : 1, step ? step->name : "batch");
    add_str(s, "Network", step ? step->network : NULL);
    next_line(s);
    add_str(s, "TRES", step ? step->tres : NULL);
    next_line(s);
    buf_adds(s->out, "ResvPorts=(null)");
    next_line(s);
    buf_adds(s->out, "CPUFreqReq=Default");
    if (step && step->dist < sizeof dists / sizeof dists[0] && dists[step->dist])
        buf_addf(s->out, " Dist=%s", dists[step->dist]);
    next_line(s);
    buf_addf(s->out, "SrunHost:Pid=%s:%u", step && step->srun_host ? step->srun_host : "(null)",
             step ? step->srun_pid : 0);
    if (step)
        line_if(s, "TresPerNode", step->tres_per_node);
    buf_adds(s->out, s->one_line ? "\n" : "\n\n");
}
