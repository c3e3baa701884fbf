/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/srun_exit.h"

#include <string.h>

#include "model/jobtext.h"

/* Parts of a wait(2) status, as Linux has them. */
enum { STATUS_SIGNAL = 0x7f, STATUS_CORE = 0x80, SHELL_SIGNALLED = 128 };

enum { REALTIME_FIRST = 34, REALTIME_LAST = 64 }; /* as the C library gives them to programs */

void srun_tasks_text(const struct bits *tasks, struct buf *out)
{
    buf_adds(out, bits_count(tasks) == 1 ? "task " : "tasks ");
    bits_text(tasks, out);
}

void srun_ranks_text(const struct bits *tasks, struct buf *out)
{
    bool one = bits_count(tasks) == 1;
    buf_adds(out, one ? "" : "[");
    bits_text(tasks, out);
    buf_adds(out, one ? "" : "]");
}

void srun_status_text(uint32_t wait_status, bool oom, struct buf *out)
{
    uint32_t signal = wait_status & STATUS_SIGNAL, code = wait_status >> 8 & 0xff;
    if (oom) {
        buf_adds(out, "Out Of Memory");
    } else if (signal) {
        const char *name = signal_description(signal);
        if (name)
            buf_adds(out, name);
        else if (signal >= REALTIME_FIRST && signal <= REALTIME_LAST)
            buf_addf(out, "Real-time signal %u", signal - REALTIME_FIRST);
        else
            buf_addf(out, "Unknown signal %u", signal);
        buf_adds(out, wait_status & STATUS_CORE ? " (core dumped)" : "");
    } else if (code) {
        buf_addf(out, "Exited with exit code %u", code);
    } else {
        buf_adds(out, "Completed");
    }
}

int srun_shell_status(uint32_t wait_status, bool oom)
{
    uint32_t signal = wait_status & STATUS_SIGNAL;
    if (oom)
        return 1;
    if (signal == SRUN_STATUS_IO_FAILED)
        return 1;
    return (int)(signal ? SHELL_SIGNALLED + signal : wait_status >> 8 & 0xff);
}

uint32_t srun_label_width(uint32_t ntasks)
{
    uint32_t width = 1;
    for (uint32_t highest = ntasks ? ntasks - 1 : 0; highest >= 10; highest /= 10)
        width++;
    return width;
}

static void add_line(const struct buf *part, uint32_t task, uint32_t width, const char *rest, size_t n,
                     struct buf *out)
{
    buf_addf(out, "%*u: ", (int)width, task);
    buf_add(out, part->s, part->len);
    buf_add(out, rest, n);
    buf_addc(out, '\n');
}

void srun_label_add(struct buf *part, uint32_t task, uint32_t width, const void *data, size_t n,
                    struct buf *out)
{
    const char *at = data, *end = at + n;
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t len = (size_t)((newline ? newline : end) - at);
        if (!newline && part->len + len < LABEL_LINE_MAX) {
            buf_add(part, at, len);
            return;
        }
        add_line(part, task, width, at, len, out);
        buf_clear(part);
        at += len + (newline != NULL);
    }
}

void srun_label_end(struct buf *part, uint32_t task, uint32_t width, struct buf *out)
{
    if (part->len)
        add_line(part, task, width, "", 0, out);
    buf_clear(part);
}
