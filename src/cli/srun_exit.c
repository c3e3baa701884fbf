/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/srun_exit.h"

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
