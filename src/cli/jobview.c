/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/jobview.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/mem.h"
#include "base/text.h"
#include "cli/names.h"

enum { TASK_LIST_MAX = 64 }; /* SLURM_BITSTR_LEN when unset */

struct job_row job_row_of(const struct job *job)
{
    bool task = job->flags & JOBF_ARRAY_TASK;
    return (struct job_row){job, task ? job->array_task_id : NO_VAL,
                            job->partition ? job->partition : job->spec->partition};
}

uint32_t jobview_tasks_max(void)
{
    const char *text = getenv("SLURM_BITSTR_LEN");
    uint32_t max = TASK_LIST_MAX;
    if (text)
        text_to_u32(text, &max);
    return max;
}

void jobview_array_tasks(const struct job_row *r, struct buf *out)
{
    if (r->task != NO_VAL)
        buf_add_u64(out, r->task);
    else
        job_array_text(r->job, r->job->flags & JOBF_ARRAY ? jobview_tasks_max() : 0, out);
}

void jobview_id(const struct job_row *r, struct buf *out)
{
    if (r->task != NO_VAL)
        buf_addf(out, "%u_%u", r->job->array_job_id, r->task);
    else
        job_id_text(r->job, r->job->flags & JOBF_ARRAY ? jobview_tasks_max() : 0, out);
}

int64_t jobview_start(const struct job *job)
{
    return !job->start_time && job_is_pending(job) ? job->spec->begin_time : job->start_time;
}

int64_t jobview_end(const struct job *job)
{
    int64_t start = jobview_start(job);
    if (job->end_time || !start || job->time_limit >= NO_VAL)
        return job->end_time;
    return start + (int64_t)job->time_limit * 60;
}

bool jobview_has_nodes(const struct job *job)
{
    return job->nodes && *job->nodes;
}

void jobview_nodes_or_reason(const struct job *job, struct buf *out)
{
    static const uint32_t failures[] = {JOB_FAILED,   JOB_TIMEOUT,       JOB_NODE_FAIL,     JOB_BOOT_FAIL,
                                        JOB_DEADLINE, JOB_OUT_OF_MEMORY, JOB_LAUNCH_FAILED, JOB_PENDING};
    bool reason = job->state == JOB_CANCELLED && !jobview_has_nodes(job);
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++)
        reason |= job->state == failures[i];
    if (job->flags & JOBF_COMPLETING)
        reason = false;
    if (!reason) {
        buf_adds(out, job->nodes);
        return;
    }
    buf_addc(out, '(');
    job_reason_text(job, out);
    buf_addc(out, ')');
}

int jobview_exit_status(uint32_t status)
{
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void jobview_num_nodes(const struct job *job, struct buf *out)
{
    const struct job_spec *s = job->spec;
    buf_addf(out, "%u", job->node_count);
    bool by_nodes = s->min_nodes != NO_VAL;
    /* One task of several CPUs has no range; nor has a job that is not waiting any more. */
    if (!job_is_pending(job) || (!by_nodes && s->ntasks == NO_VAL && s->cpus_per_task != NO_VAL16))
        return;
    uint32_t max = !by_nodes ? job->ntasks : s->max_nodes == NO_VAL ? s->min_nodes : s->max_nodes;
    buf_addf(out, "-%u", max > job->node_count ? max : job->node_count);
}

void jobview_mb(uint64_t mb, bool convert, struct buf *out)
{
    static const char units[] = "MGTPE";
    uint32_t unit = 0;
    uint64_t scale = 1;
    if (mb == 0) {
        buf_addc(out, '0');
        return;
    }
    while (convert && units[unit + 1] && mb >= scale * 1024 && mb * 100 % (scale * 1024) == 0) {
        scale *= 1024;
        unit++;
    }
    uint64_t hundredths = mb * 100 / scale;
    if (hundredths % 100)
        buf_addf(out, "%llu.%02llu%c", (unsigned long long)(hundredths / 100),
                 (unsigned long long)(hundredths % 100), units[unit]);
    else
        buf_addf(out, "%llu%c", (unsigned long long)(hundredths / 100), units[unit]);
}

uint32_t jobview_min_cpus(const struct job_spec *spec)
{
    uint32_t cpus = spec->min_cpus_node != NO_VAL16 ? spec->min_cpus_node : spec->cpus_per_task;
    uint32_t tasks = spec->ntasks_per_node;
    if (cpus == NO_VAL16)
        cpus = 1;
    return tasks != NO_VAL16 && tasks > cpus ? tasks : cpus;
}

uint64_t jobview_min_mem(const struct job *job, const char **ret_key)
{
    const struct job_spec *s = job->spec;
    if (s->mem_per_cpu != NO_VAL64) {
        *ret_key = "MinMemoryCPU";
        return s->mem_per_cpu;
    }
    if (s->mem_per_gpu != NO_VAL64) {
        *ret_key = "MinMemoryGPU";
        return s->mem_per_gpu;
    }
    if (s->mem_per_node == NO_VAL64 && job->def_mem_cpu != NO_VAL64) {
        *ret_key = "MinMemoryCPU";
        return job->def_mem_cpu;
    }
    uint64_t per_node = s->mem_per_node == NO_VAL64 ? job->def_mem_node : s->mem_per_node;
    *ret_key = "MinMemoryNode";
    return per_node == NO_VAL64 ? 0 : per_node;
}

void jobview_tres_per_task(const struct job *job, struct buf *out)
{
    const struct job_spec *s = job->spec;
    if (s->tres_per_task && *s->tres_per_task)
        buf_adds(out, s->tres_per_task);
    else if (s->cpus_per_task != NO_VAL16)
        buf_addf(out, "cpu=%u", s->cpus_per_task);
}

/* One escape of a file name pattern; false when it is none. */
static bool add_escape(const struct job *job, char c, int width, struct buf *out)
{
    bool array = job->flags & (JOBF_ARRAY | JOBF_ARRAY_TASK);
    const char *text = NULL;
    uint32_t number = 0;
    switch (c) {
    case 'A':
        number = array ? job->array_job_id : job->job_id;
        break;
    case 'a':
        number = job->flags & JOBF_ARRAY_TASK ? job->array_task_id : NO_VAL;
        break;
    case 'j':
    case 'J':
        number = job->job_id;
        break;
    case 'n':
    case 't':
        break;
    case 'b':
        number = job->flags & JOBF_ARRAY_TASK ? job->array_task_id % 10 : 0;
        break;
    case 'N':
        text = job->batch_host ? job->batch_host : "";
        break;
    case 's':
        text = "batch";
        break;
    case 'u': {
        jobview_user(job, out);
        return true;
    }
    case 'x':
        text = job->spec->name ? job->spec->name : "";
        break;
    default:
        return false;
    }
    if (text)
        buf_adds(out, text);
    else
        buf_addf(out, "%0*u", width > 10 ? 10 : width, number);
    return true;
}

void jobview_path(const struct job *job, const char *pattern, bool absolute, struct buf *out)
{
    if (absolute && *pattern != '/' && job->spec->work_dir)
        buf_addf(out, "%s/", job->spec->work_dir);
    if (strchr(pattern, '\\')) { /* a backslash switches the escapes off */
        for (const char *p = pattern; *p; p++)
            if (*p != '\\')
                buf_addc(out, *p);
        return;
    }
    for (const char *p = pattern; *p; p++) {
        if (*p != '%') {
            buf_addc(out, *p);
            continue;
        }
        const char *q = p + 1;
        int width = 0;
        while (text_is_digit(*q) && width < 100)
            width = width * 10 + (*q++ - '0');
        if (*q == '%')
            buf_addc(out, '%');
        else if (!add_escape(job, *q, width, out)) {
            buf_addc(out, '%');
            continue;
        }
        p = q;
    }
}

const char *jobview_stdout_pattern(const struct job *job)
{
    if (!(job->flags & JOBF_BATCH))
        return NULL;
    if (job->spec->std_out)
        return job->spec->std_out;
    return job->flags & (JOBF_ARRAY | JOBF_ARRAY_TASK) ? "slurm-%A_%a.out" : "slurm-%j.out";
}

const char *jobview_stdin_pattern(const struct job *job)
{
    if (!(job->flags & JOBF_BATCH))
        return NULL;
    return job->spec->std_in ? job->spec->std_in : "/dev/null";
}

void jobview_user(const struct job *job, struct buf *out)
{
    if (job->spec->user_name)
        buf_adds(out, job->spec->user_name);
    else
        names_user(job->uid, out);
}

void jobview_group(const struct job *job, struct buf *out)
{
    if (job->spec->group_name)
        buf_adds(out, job->spec->group_name);
    else
        names_group(job->gid, out);
}
