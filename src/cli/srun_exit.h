/* SPDX-License-Identifier: Apache-2.0 */
/* srun_exit: how srun tells what became of tasks. Texts only; nothing here writes. */
#ifndef CLI_SRUN_EXIT_H
#define CLI_SRUN_EXIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bits.h"
#include "base/buf.h"

/* Signal numbers that stand for failures of the node, not of the task. */
enum { SRUN_STATUS_IO_FAILED = 53, SRUN_STATUS_OUT_OF_MEMORY = 125 };

/* "task 0", "tasks 0-3,5" */
void srun_tasks_text(const struct bits *tasks, struct buf *out);
/* "[0-3]" or "0": as -v lists them. */
void srun_ranks_text(const struct bits *tasks, struct buf *out);
/* "Completed", "Exited with exit code 3", "Killed", "Segmentation fault (core dumped)", "Out Of Memory" */
void srun_status_text(uint32_t wait_status, bool oom, struct buf *out);
/* What a shell sees: the exit code, or 128 + signal. */
int srun_shell_status(uint32_t wait_status, bool oom);

#endif
