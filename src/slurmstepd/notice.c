/* SPDX-License-Identifier: Apache-2.0 */
/* Lines for the user: into the batch job's standard error, or to srun's. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "slurmstepd/patience.h"
#include "slurmstepd/stepd.h"
#include "nodecore/stepid.h"

/* The form of Slurm 26.05: "[2026-01-31T12:00:00.123] error: ". */
static void notice_begin(struct buf *b)
{
    struct timespec now;
    struct tm tm;
    char text[32];

    clock_gettime(CLOCK_REALTIME, &now);
    localtime_r(&now.tv_sec, &tm);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
    buf_addf(b, "[%s.%03ld] error: ", text, now.tv_nsec / 1000000);
}

void notice_write(int fd, const char *fmt, ...)
{
    struct buf b = BUF_INIT;
    va_list ap;

    notice_begin(&b);
    va_start(ap, fmt);
    buf_addv(&b, fmt, ap);
    va_end(ap);
    buf_addc(&b, '\n');
    patience_write(fd, b.s, b.len);
    buf_release(&b);
}

void step_notice(struct stepd *s, const char *fmt, ...)
{
    struct buf b = BUF_INIT;
    va_list ap;

    notice_begin(&b);
    va_start(ap, fmt);
    buf_addv(&b, fmt, ap);
    va_end(ap);
    if (s->stderr_fd >= 0) {
        buf_addc(&b, '\n');
        if (patience_write(s->stderr_fd, b.s, b.len) == -ETIMEDOUT) {
            close(s->stderr_fd); /* not for each further line again */
            s->stderr_fd = -1;
        }
    } else {
        srun_notice(s, b.s);
    }
    buf_release(&b);
}

/* Why the step ends, in Slurm's words; NULL: only the signal is known. */
static const char *cancel_reason(const struct step_order *o)
{
    switch (o->state) {
    case JOB_TIMEOUT:
        return "TIME LIMIT";
    case JOB_NODE_FAIL:
        return "NODE FAILURE";
    case JOB_PREEMPTED:
        return "PREEMPTION";
    case JOB_FAILED:
        return "TASK FAILURE";
    case JOB_PENDING:
        return "JOB REQUEUE";
    default:
        return NULL;
    }
}

void step_notice_cancelled(struct stepd *s, const struct step_order *o)
{
    const char *why = cancel_reason(o);
    struct buf line = BUF_INIT;
    time_t now = time(NULL);
    struct tm tm;
    char text[32];

    if (s->noticed)
        return;
    s->noticed = true;
    localtime_r(&now, &tm);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
    if (step_is_batch(s))
        buf_addf(&line, "*** JOB %u", s->job->job_id);
    else
        buf_addf(&line, "*** STEP %s", s->id_text);
    buf_addf(&line, " ON %s CANCELLED AT %s DUE ", s->launch->node_name, text);
    if (why)
        buf_addf(&line, "TO %s ***", why);
    else
        buf_addf(&line, "to SIGNAL %s ***", strsignal((int)o->signal));
    step_notice(s, "%s", line.s);
    buf_release(&line);
}
