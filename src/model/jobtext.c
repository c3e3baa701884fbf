/* SPDX-License-Identifier: Apache-2.0 */
#include "model/jobtext.h"

#include <string.h>

#include "base/text.h"

/* Modifiers that replace the base state in listings; the first that is set wins. */
static const uint64_t shown_flags[] = {
    JOBF_COMPLETING, JOBF_STAGE_OUT,   JOBF_CONFIGURING,   JOBF_RESIZING,
    JOBF_REQUEUED,   JOBF_REQUEUE_FED, JOBF_REQUEUE_HOLD,  JOBF_SPECIAL_EXIT,
    JOBF_STOPPED,    JOBF_REVOKED,     JOBF_RESV_DEL_HOLD, JOBF_SIGNALING,
};
/* Modifiers that --json and the REST documents list beside the base state. */
#define LISTED_FLAGS UINT64_C(0xffff)

/* Tasks with one stride are written as a range when there are many and their list is long. */
enum { LIST_MAX = 13, MEMBERS_MAX = 5 };

static const struct meta_enum_name *name_of(const struct meta_enum *e, uint64_t value)
{
    for (uint32_t i = 0; i < e->n; i++)
        if (e->names[i].value == value)
            return &e->names[i];
    return NULL;
}

static const struct meta_enum_name *state_name(const struct job *j)
{
    for (uint32_t i = 0; i < sizeof shown_flags / sizeof *shown_flags; i++)
        if (j->flags & shown_flags[i])
            return name_of(&enum_job_flag, shown_flags[i]);
    return name_of(&enum_job_state, j->state);
}

const char *job_state_text(const struct job *j)
{
    const struct meta_enum_name *n = state_name(j);
    return n ? n->name : "INVALID";
}

const char *job_state_short(const struct job *j)
{
    const struct meta_enum_name *n = state_name(j);
    return n && n->alt ? n->alt : "?";
}

void job_state_list(const struct job *j, const char *sep, struct buf *out)
{
    const char *base = meta_enum_text(&enum_job_state, j->state);
    buf_adds(out, base ? base : "INVALID");
    for (uint32_t i = 0; i < enum_job_flag.n; i++) {
        const struct meta_enum_name *n = &enum_job_flag.names[i];
        if (j->flags & n->value & LISTED_FLAGS)
            buf_addf(out, "%s%s", sep, n->name);
    }
}

void job_reason_text(const struct job *j, struct buf *out)
{
    const char *name = meta_enum_text(&enum_job_reason, j->reason);
    if (j->reason_text && *j->reason_text)
        buf_adds(out, j->reason_text);
    else
        buf_adds(out, name ? name : "None");
}

/* "0-60:2" for a set with one stride above 1. */
static bool stride_text(const struct bits *tasks, struct buf *out)
{
    uint32_t first = bits_next(tasks, 0), second = bits_next(tasks, first + 1), last = second;
    if (second == BITS_MAX || second - first < 2)
        return false;
    for (uint32_t i = bits_next(tasks, second + 1); i != BITS_MAX; i = bits_next(tasks, i + 1)) {
        if (i - last != second - first)
            return false;
        last = i;
    }
    buf_addf(out, "%u-%u:%u", first, last, second - first);
    return true;
}

void array_tasks_text(const struct bits *tasks, uint32_t len_max, struct buf *out)
{
    size_t before = out->len;
    if (!bits_any(tasks))
        return;
    bits_text(tasks, out);
    if (out->len - before > LIST_MAX && bits_count(tasks) > MEMBERS_MAX) {
        struct buf stride = BUF_INIT;
        if (stride_text(tasks, &stride)) {
            buf_truncate(out, before);
            buf_adds(out, stride.s);
        }
        buf_release(&stride);
    }
    if (!len_max || out->len - before < len_max)
        return;
    buf_truncate(out, before + (len_max > 4 ? len_max - 4 : 0));
    buf_adds(out, "...");
}

void job_array_text(const struct job *j, uint32_t len_max, struct buf *out)
{
    if (j->flags & JOBF_ARRAY) {
        array_tasks_text(&j->array_tasks, len_max, out);
        if (j->array_max)
            buf_addf(out, "%%%u", j->array_max);
    } else if (j->array_job_id) {
        buf_addf(out, "%u", j->array_task_id);
    }
}

void job_id_text(const struct job *j, uint32_t len_max, struct buf *out)
{
    if (!j->array_job_id) {
        buf_add_u64(out, j->job_id);
        return;
    }
    buf_addf(out, j->flags & JOBF_ARRAY ? "%u_[" : "%u_", j->array_job_id);
    job_array_text(j, len_max, out);
    if (j->flags & JOBF_ARRAY)
        buf_addc(out, ']');
}

void step_id_text(const struct job *j, uint32_t step_id, struct buf *out)
{
    job_id_text(j, 0, out);
    if (step_id == STEP_BATCH)
        buf_adds(out, ".batch");
    else if (step_id == STEP_EXTERN)
        buf_adds(out, ".extern");
    else if (step_id == STEP_INTERACTIVE)
        buf_adds(out, ".interactive");
    else
        buf_addf(out, ".%u", step_id);
}

int64_t job_run_time(const struct job *j, int64_t now)
{
    if (!j->start_time || job_is_pending(j))
        return 0;
    if (j->state == JOB_SUSPENDED)
        return j->pre_sus_time;
    int64_t end = j->state == JOB_RUNNING ? now : j->end_time;
    int64_t from = j->suspend_time ? j->suspend_time : j->start_time;
    return end > from ? j->pre_sus_time + end - from : j->pre_sus_time;
}

void exit_code_text(uint32_t status, struct buf *out)
{
    buf_addf(out, "%u:%u", status >> 8 & 0xff, status & 0x7f);
}

const char *signal_description(uint32_t signal)
{
    static const char *const names[] = {
        NULL,
        "Hangup",
        "Interrupt",
        "Quit",
        "Illegal instruction",
        "Trace/breakpoint trap",
        "Aborted",
        "Bus error",
        "Floating point exception",
        "Killed",
        "User defined signal 1",
        "Segmentation fault",
        "User defined signal 2",
        "Broken pipe",
        "Alarm clock",
        "Terminated",
        "Stack fault",
        "Child exited",
        "Continued",
        "Stopped (signal)",
        "Stopped",
        "Stopped (tty input)",
        "Stopped (tty output)",
        "Urgent I/O condition",
        "CPU time limit exceeded",
        "File size limit exceeded",
        "Virtual timer expired",
        "Profiling timer expired",
        "Window changed",
        "I/O possible",
        "Power failure",
        "Bad system call",
    };
    return signal < sizeof names / sizeof *names ? names[signal] : NULL;
}

bool acctg_interval(const char *text, const char *type, uint32_t *ret)
{
    struct text_list items = {0};
    bool found = false;
    text_split(&items, text ? text : "", ',');
    for (uint32_t i = 0; i < items.n; i++) {
        char *number = strchr(items.v[i], '=');
        const char *name = items.v[i];
        if (number)
            *number++ = '\0';
        else {
            number = items.v[i];
            name = "task";
        }
        found |= text_same_nocase(name, type) && text_to_u32(number, ret);
    }
    text_list_release(&items);
    return found;
}
