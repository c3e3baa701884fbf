/* SPDX-License-Identifier: Apache-2.0 */
/* The keys and their order are those of `squeue --json`; many hold what this system has no use for and are
 * constant. */
#include "cli/jobjson.h"
#include "model/jobvars.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/hostlist.h"
#include "cli/docmeta.h"
#include "cli/jobview.h"

static void add_time(struct docout *d, const char *key, int64_t t)
{
    docout_num(d, key, true, false, t > 0 ? (uint64_t)t : 0);
}

static void add_zero(struct docout *d, const char *key)
{
    docout_num(d, key, true, false, 0);
}

static void add_unset(struct docout *d, const char *key)
{
    docout_num(d, key, false, false, 0);
}

static void add_exit(struct docout *d, const char *key, uint32_t status)
{
    docout_map(d, key);
    docout_list(d, "status");
    docout_str(d, NULL, WIFSIGNALED(status) ? "SIGNALED" : WEXITSTATUS(status) ? "ERROR" : "SUCCESS");
    docout_end(d);
    docout_num(d, "return_code", !WIFSIGNALED(status), false, WEXITSTATUS(status));
    docout_map(d, "signal");
    docout_num(d, "id", WIFSIGNALED(status), false, WTERMSIG(status));
    const char *name = WIFSIGNALED(status) ? sigabbrev_np(WTERMSIG(status)) : NULL;
    docout_str(d, "name", name);
    docout_end(d);
    docout_end(d);
}

static void add_flags(struct docout *d, const struct job *job)
{
    docout_list(d, "flags");
    if (job->spec->ntasks != NO_VAL)
        docout_str(d, NULL, "EXACT_TASK_COUNT_REQUESTED");
    if (!job_is_pending(job))
        docout_str(d, NULL, "JOB_WAS_RUNNING");
    if (!job->spec->account)
        docout_str(d, NULL, "USING_DEFAULT_ACCOUNT");
    if (!job->spec->qos)
        docout_str(d, NULL, "USING_DEFAULT_QOS");
    if (!job->spec->wckey)
        docout_str(d, NULL, "USING_DEFAULT_WCKEY");
    docout_str(d, NULL, "PARTITION_ASSIGNED");
    if (job->scheduler && strcmp(job->scheduler, "Backfill") == 0)
        docout_str(d, NULL, "BACKFILL_ATTEMPTED");
    docout_end(d);
}

static void add_array(struct docout *d, const struct job *job)
{
    struct buf tasks = BUF_INIT;
    bool array = job->flags & (JOBF_ARRAY | JOBF_ARRAY_TASK);
    docout_num(d, "array_job_id", true, false, array ? job->array_job_id : 0);
    bool task = job->flags & JOBF_ARRAY_TASK;
    docout_num(d, "array_task_id", task, false, task ? job->array_task_id : 0);
    docout_num(d, "array_max_tasks", true, false, job->array_max);
    if (job->flags & JOBF_ARRAY)
        job_array_text(job, 0, &tasks);
    docout_str(d, "array_task_string", tasks.s);
    buf_release(&tasks);
}

/* "gpu:a100:1(IDX:0)" */
static void add_gres_text(const struct job_node *n, struct buf *out)
{
    for (uint32_t i = 0; i < n->gres.n; i++) {
        const struct job_gres *g = &n->gres.v[i];
        buf_sep(out, ",");
        buf_addf(out, "%s%s%s:%llu", g->name, g->type ? ":" : "", g->type ? g->type : "",
                 (unsigned long long)g->count);
        if (bits_any(&g->index)) {
            buf_adds(out, "(IDX:");
            bits_text(&g->index, out);
            buf_addc(out, ')');
        }
    }
}

static void add_gres_detail(struct docout *d, const struct job *job)
{
    struct buf b = BUF_INIT;
    docout_list(d, "gres_detail");
    for (uint32_t i = 0; i < job->alloc.n; i++) {
        buf_clear(&b);
        add_gres_text(&job->alloc.v[i], &b);
        if (b.len)
            docout_str(d, NULL, b.s);
    }
    docout_end(d);
    buf_release(&b);
}

static void add_resources(struct docout *d, const struct job *job)
{
    if (!job->alloc.n || job_is_pending(job)) {
        docout_map(d, "job_resources");
        docout_end(d);
        return;
    }
    struct hostlist names = {0};
    hostlist_parse(&names, job->nodes, NULL);
    docout_map(d, "job_resources");
    docout_words(d, "select_type", "CR_CORE_MEMORY");
    docout_map(d, "nodes");
    docout_uint(d, "count", job->alloc.n);
    docout_words(d, "select_type", "ONE_ROW");
    docout_str(d, "list", job->nodes);
    docout_bool(d, "whole", job->spec->share == SHARE_NODE);
    docout_list(d, "allocation");
    for (uint32_t i = 0; i < job->alloc.n; i++) {
        const struct job_node *n = &job->alloc.v[i];
        char name[HOSTLIST_NAME_SIZE] = "";
        if (i < names.count)
            hostlist_nth(&names, i, name);
        docout_map(d, NULL);
        docout_uint(d, "index", i);
        docout_str(d, "name", name);
        docout_map(d, "cpus");
        docout_uint(d, "count", n->cpus);
        docout_uint(d, "used", 0);
        docout_end(d);
        docout_map(d, "memory");
        docout_uint(d, "used", 0);
        docout_uint(d, "allocated", n->mem);
        docout_end(d);
        docout_end(d);
    }
    docout_end(d);
    docout_end(d);
    docout_uint(d, "cpus", job->cpus);
    docout_opt16(d, "threads_per_core", job->spec->threads_per_core);
    docout_end(d);
    hostlist_release(&names);
}

static void add_path(struct docout *d, const char *key, const struct job *job, const char *pattern,
                     bool expand)
{
    struct buf b = BUF_INIT;
    if (pattern && expand)
        jobview_path(job, pattern, true, &b);
    else
        buf_adds(&b, pattern);
    docout_str(d, key, b.s);
    buf_release(&b);
}

static void add_head(struct docout *d, const struct job *job, const char *cluster)
{
    const struct job_spec *s = job->spec;
    docout_str(d, "account", s->account);
    add_time(d, "accrue_time", job->accrue_time);
    docout_str(d, "admin_comment", s->admin_comment);
    docout_str(d, "allocating_node", s->alloc_node);
    add_array(d, job);
    docout_uint(d, "association_id", 0);
    docout_str(d, "batch_features", job->spec->batch_features);
    docout_bool(d, "batch_flag", job->flags & JOBF_BATCH);
    docout_str(d, "batch_host", job->batch_host);
    add_flags(d, job);
    docout_str(d, "burst_buffer", s->burst_buffer);
    docout_str(d, "burst_buffer_state", "");
    docout_str(d, "cluster", cluster);
    docout_str(d, "cluster_features", s->cluster_features);
    docout_str(d, "command", s->command);
    docout_str(d, "comment", s->comment);
    docout_str(d, "container", s->container);
    docout_str(d, "container_id", s->container_id);
    docout_str(d, "container_type", "");
    docout_bool(d, "contiguous", s->contiguous == 1);
    docout_uint(d, "core_spec", s->core_spec == NO_VAL16 ? 0 : s->core_spec);
    docout_uint(d, "thread_spec", s->thread_spec == NO_VAL16 ? 32766 : s->thread_spec);
    docout_opt16(d, "cores_per_socket", s->cores_per_socket);
    docout_map(d, "billable_tres");
    docout_bool(d, "set", true);
    docout_bool(d, "infinite", false);
    docout_float(d, "number", job->cpus);
    docout_end(d);
    docout_num(d, "cpus_per_task", true, false, s->cpus_per_task == NO_VAL16 ? 1 : s->cpus_per_task);
    add_unset(d, "cpu_frequency_minimum");
    add_unset(d, "cpu_frequency_maximum");
    add_unset(d, "cpu_frequency_governor");
    docout_str(d, "cpus_per_tres", s->cpus_per_tres);
    docout_str(d, "cron", "");
}

static void add_middle(struct docout *d, const struct job *job)
{
    const struct job_spec *s = job->spec;
    struct buf group = BUF_INIT;
    jobview_group(job, &group);
    add_time(d, "deadline", s->deadline);
    docout_num(d, "delay_boot", true, false, s->delay_boot == NO_VAL ? 0 : s->delay_boot);
    docout_str(d, "dependency", job->dependency);
    add_exit(d, "derived_exit_code", job->derived_ec);
    add_time(d, "eligible_time", job->eligible_time);
    add_time(d, "end_time", job->end_time);
    docout_str(d, "excluded_nodes", s->exc_nodes);
    add_exit(d, "exit_code", job->exit_code);
    docout_str(d, "extra", s->extra);
    docout_str(d, "failed_node", "");
    docout_str(d, "features", s->features);
    docout_str(d, "federation_origin", "");
    docout_str(d, "federation_siblings_active", "");
    docout_str(d, "federation_siblings_viable", "");
    add_gres_detail(d, job);
    docout_uint(d, "group_id", job->gid);
    docout_str(d, "group_name", group.s);
    add_zero(d, "het_job_id");
    docout_str(d, "het_job_id_set", "");
    add_zero(d, "het_job_offset");
    docout_uint(d, "job_id", job->job_id);
    add_resources(d, job);
    docout_words(d, "job_size_str", s->node_sizes);
    struct buf states = BUF_INIT;
    job_state_list(job, ",", &states);
    docout_words(d, "job_state", states.s);
    add_time(d, "last_sched_evaluation", job->last_sched_eval);
    docout_str(d, "licenses", s->licenses);
    docout_str(d, "licenses_allocated", jobview_has_nodes(job) ? s->licenses : "");
    docout_words(d, "mail_type", s->mail_type);
    docout_str(d, "mail_user", s->mail_user ? s->mail_user : s->user_name);
    docout_num(d, "max_cpus", true, false, s->max_cpus == NO_VAL ? 0 : s->max_cpus);
    docout_num(d, "max_nodes", true, false,
               s->max_nodes == NO_VAL || !job_is_pending(job) ? 0 : s->max_nodes);
    docout_str(d, "mcs_label", s->mcs_label);
    docout_str(d, "memory_per_tres", s->mem_per_tres);
    docout_uint(d, "memory_update_delay", 0);
    docout_uint(d, "memory_update_margin", 0);
    docout_str(d, "name", s->name);
    docout_str(d, "network", s->network);
    docout_str(d, "nodes", job_is_pending(job) ? "" : job->nodes);
    docout_int(d, "nice", s->nice);
    buf_release(&states);
    buf_release(&group);
}

/* Tasks per something: not asked for is "infinite" in these documents. */
static void add_per(struct docout *d, const char *key, uint16_t v)
{
    docout_num(d, key, v != NO_VAL16, v == NO_VAL16, v);
}

static void add_sizes(struct docout *d, const struct job *job)
{
    const struct job_spec *s = job->spec;
    add_per(d, "tasks_per_core", s->ntasks_per_core);
    docout_num(d, "tasks_per_tres", true, false, s->ntasks_per_gpu == NO_VAL16 ? 0 : s->ntasks_per_gpu);
    docout_num(d, "tasks_per_node", true, false, s->ntasks_per_node == NO_VAL16 ? 0 : s->ntasks_per_node);
    add_per(d, "tasks_per_socket", s->ntasks_per_socket);
    add_zero(d, "tasks_per_board");
    docout_num(d, "cpus", true, false, job->cpus);
    docout_num(d, "node_count", true, false, job->node_count);
    docout_num(d, "tasks", true, false, job->ntasks);
    docout_str(d, "partition", job->partition ? job->partition : s->partition);
    docout_str(d, "prefer", s->prefer);
    docout_opt64(d, "memory_per_cpu", s->mem_per_cpu != NO_VAL64 ? s->mem_per_cpu : job->def_mem_cpu);
    const char *key;
    uint64_t mem = jobview_min_mem(job, &key);
    docout_num(d, "memory_per_node", s->mem_per_cpu == NO_VAL64 && job->def_mem_cpu == NO_VAL64, false, mem);
    uint16_t min_cpus = s->min_cpus_node != NO_VAL16 ? s->min_cpus_node : s->cpus_per_task;
    docout_num(d, "minimum_cpus_per_node", true, false, min_cpus == NO_VAL16 ? 1 : min_cpus);
    docout_num(d, "minimum_tmp_disk_per_node", true, false, s->tmp_disk == NO_VAL ? 0 : s->tmp_disk);
    add_zero(d, "preempt_time");
    add_zero(d, "preemptable_time");
    docout_num(d, "pre_sus_time", true, false, job->pre_sus_time);
    docout_bool(d, "hold", job_is_held(job));
    docout_num(d, "priority", true, false, job->priority);
    docout_list(d, "priority_by_partition");
    docout_end(d);
    docout_words(d, "profile", s->profile ? s->profile : "NOT_SET");
    docout_str(d, "qos", s->qos);
    docout_bool(d, "reboot", s->reboot == 1);
    docout_str(d, "required_nodes", s->req_nodes);
    docout_uint(d, "required_switches", s->switches);
    docout_bool(d, "requeue", s->requeue != 0);
    add_zero(d, "resize_time");
    docout_uint(d, "restart_cnt", job->restarts);
    docout_str(d, "resv_name", s->reservation);
    docout_str(d, "scheduled_nodes", job_is_pending(job) ? job->sched_nodes : "");
    docout_uint(d, "segment_size", s->segment_size);
    docout_str(d, "selinux_context", s->selinux_context);
    docout_words(d, "shared",
                 s->share == SHARE_YES    ? "oversubscribe"
                 : s->share == SHARE_USER ? "user"
                 : s->share == SHARE_MCS  ? "mcs"
                                          : NULL);
}

static void add_tail(struct docout *d, const struct job *job)
{
    const struct job_spec *s = job->spec;
    struct buf user = BUF_INIT, reason = BUF_INIT;
    char sluid[SLUID_LEN + 1];
    jobview_user(job, &user);
    job_reason_text(job, &reason);
    docout_map(d, "step_id");
    jobvars_sluid(job, sluid);
    docout_str(d, "sluid", sluid);
    docout_num(d, "job_id", true, false, job->job_id);
    add_unset(d, "step_het_component");
    docout_str(d, "step_id", "entire");
    docout_end(d);
    docout_uint(d, "sockets_per_board", 0);
    docout_opt16(d, "sockets_per_node", s->sockets_per_node);
    add_time(d, "start_time", job->start_time);
    docout_str(d, "state_description", job->reason_text);
    const char *name = meta_enum_text(&enum_job_reason, job->reason);
    docout_str(d, "state_reason", name ? name : reason.s);
    add_path(d, "standard_input", job, jobview_stdin_pattern(job), false);
    add_path(d, "standard_output", job, jobview_stdout_pattern(job), false);
    add_path(d, "standard_error", job, s->std_err, false);
    add_path(d, "stdin_expanded", job, jobview_stdin_pattern(job), true);
    add_path(d, "stdout_expanded", job, jobview_stdout_pattern(job), true);
    add_path(d, "stderr_expanded", job, s->std_err, true);
    add_time(d, "submit_time", job->submit_time);
    docout_str(d, "submit_line", s->submit_line);
    add_time(d, "suspend_time", job->suspend_time);
    docout_str(d, "system_comment", "");
    docout_opt32(d, "time_limit", job->time_limit);
    docout_num(d, "time_minimum", true, false, s->time_min == NO_VAL ? 0 : s->time_min);
    docout_opt16(d, "threads_per_core", s->threads_per_core);
    docout_str(d, "tres_bind", s->tres_bind);
    docout_str(d, "tres_freq", s->tres_freq);
    docout_str(d, "tres_per_job", s->tres_per_job);
    docout_str(d, "tres_per_node", s->tres_per_node);
    docout_str(d, "tres_per_socket", s->tres_per_socket);
    struct buf per_task = BUF_INIT;
    jobview_tres_per_task(job, &per_task);
    docout_str(d, "tres_per_task", per_task.s);
    docout_str(d, "tres_req_str", job->req_tres);
    docout_str(d, "tres_alloc_str", job->alloc_tres);
    docout_uint(d, "user_id", job->uid);
    docout_str(d, "user_name", user.s);
    docout_uint(d, "maximum_switch_wait_time", s->switches_wait == NO_VAL ? 0 : s->switches_wait);
    docout_str(d, "wckey", s->wckey);
    docout_str(d, "current_working_directory", s->work_dir);
    buf_release(&per_task);
    buf_release(&user);
    buf_release(&reason);
}

void jobjson_job(struct docout *d, const struct job *job, const char *cluster)
{
    docout_map(d, NULL);
    add_head(d, job, cluster);
    add_middle(d, job);
    add_sizes(d, job);
    add_tail(d, job);
    docout_end(d);
}

int jobjson_jobs(struct cli *cli, struct job *const *jobs, uint32_t n, bool yaml)
{
    struct buf out = BUF_INIT;
    struct docout d;
    docout_begin(&d, &out, yaml);
    docout_list(&d, "jobs");
    for (uint32_t i = 0; i < n; i++) {
        jobjson_job(&d, jobs[i], cli_cluster(cli));
        cli_flush_some(&out);
    }
    docout_end(&d);
    add_time(&d, "last_backfill", cli_now());
    docmeta_finish(&d, cli, cli_now());
    cli_flush(&out);
    buf_release(&out);
    return 0;
}

static void add_step_tres(struct docout *d, const struct step *step)
{
    docout_map(d, "cpu");
    docout_map(d, "frequency");
    add_zero(d, "min");
    add_zero(d, "max");
    add_zero(d, "governor");
    docout_end(d);
    docout_end(d);
    docout_map(d, "tres");
    docout_map(d, "per");
    docout_str(d, "cpu", "");
    docout_str(d, "memory", "");
    docout_str(d, "step", "");
    docout_str(d, "node", step ? step->tres_per_node : "");
    docout_str(d, "socket", "");
    docout_str(d, "task", "");
    docout_end(d);
    docout_str(d, "allocation", step ? step->tres : "");
    docout_str(d, "binding", "");
    docout_str(d, "frequency", "");
    docout_end(d);
}

static void add_step(struct docout *d, const struct job *job, const struct step *step, uint32_t id,
                     const char *cluster)
{
    static const char *const dists[] = {"Unknown", "Block", "Cyclic", "Arbitrary", "Plane"};
    struct buf text = BUF_INIT, user = BUF_INIT;
    char sluid[SLUID_LEN + 1];
    uint32_t cpus = 0;
    for (uint32_t i = 0; step && i < step->layout.n; i++)
        cpus += step->layout.v[i].cpus;
    int64_t start = step ? step->start_time : job->start_time;
    bool task = job->flags & JOBF_ARRAY_TASK;
    docout_map(d, NULL);
    docout_map(d, "array");
    docout_uint(d, "job_id", task ? job->array_job_id : 0);
    docout_uint(d, "task_id", task ? job->array_task_id : NO_VAL);
    docout_end(d);
    docout_str(d, "cluster", cluster);
    docout_str(d, "container", step ? step->container : "");
    docout_str(d, "container_id", "");
    docout_str(d, "container_type", "");
    add_step_tres(d, step);
    docout_str(d, "name", step ? step->name : "batch");
    docout_str(d, "network", step ? step->network : "");
    docout_str(d, "nodes", step ? step->nodes : job->batch_host);
    docout_uint(d, "number_cpus", cpus);
    docout_uint(d, "number_tasks", step ? step->ntasks : 1);
    docout_str(d, "partition", step && step->partition ? step->partition : job->partition);
    docout_str(d, "reserved_ports", "");
    docout_map(d, "time");
    docout_num(d, "running", true, false, (uint64_t)(cli_now() - start));
    add_time(d, "start", start);
    uint32_t limit = step ? step->time_limit : INFINITE;
    docout_opt32(d, "limit", limit == NO_VAL ? INFINITE : limit);
    docout_end(d);
    docout_map(d, "srun");
    docout_str(d, "host", step ? step->srun_host : "");
    docout_uint(d, "pid", step ? step->srun_pid : 0);
    docout_end(d);
    docout_words(d, "state", step ? meta_enum_text(&enum_step_state, step->state) : job_state_text(job));
    jobvars_sluid(job, sluid);
    docout_str(d, "sluid", sluid);
    step_id_text(job, id, &text);
    docout_str(d, "id", text.s);
    static const char *const empty[] = {"stderr",         "stdin",           "stdout",
                                        "stdin_expanded", "stdout_expanded", "stderr_expanded"};
    for (size_t i = 0; i < sizeof empty / sizeof empty[0]; i++)
        docout_str(d, empty[i], "");
    docout_str(d, "submit_line", step ? step->submit_line : "");
    docout_map(d, "task");
    docout_str(d, "distribution", dists[step && step->dist < 5 ? step->dist : 0]);
    docout_end(d);
    jobview_user(job, &user);
    docout_str(d, "user", user.s);
    docout_end(d);
    buf_release(&text);
    buf_release(&user);
}

int jobjson_steps(struct cli *cli, struct job *const *jobs, uint32_t n, bool yaml)
{
    struct buf out = BUF_INIT;
    struct docout d;
    docout_begin(&d, &out, yaml);
    docout_list(&d, "steps");
    for (uint32_t i = 0; i < n; i++) {
        if (!job_is_active(jobs[i]))
            continue;
        if (jobs[i]->flags & JOBF_BATCH)
            add_step(&d, jobs[i], NULL, STEP_BATCH, cli_cluster(cli));
        for (uint32_t k = 0; k < jobs[i]->steps.n; k++)
            add_step(&d, jobs[i], &jobs[i]->steps.v[k], jobs[i]->steps.v[k].step_id, cli_cluster(cli));
        cli_flush_some(&out);
    }
    docout_end(&d);
    docmeta_finish(&d, cli, cli_now());
    cli_flush(&out);
    buf_release(&out);
    return 0;
}
