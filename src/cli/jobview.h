/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jobview: what the commands derive from a job's record before they show it.
 *
 * A job array that has not started is one record; squeue -r shows a line for each of its tasks, squeue -P one
 * for each partition. A `struct job_row` is such a line.
 */
#ifndef CLI_JOBVIEW_H
#define CLI_JOBVIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "model.h"
#include "model/jobtext.h"

struct job_row {
    const struct job *job;
    uint32_t task;         /* of an array record: the task this line is about; NO_VAL = all */
    const char *partition; /* the one this line is about; borrowed */
};
struct step_row {
    const struct job *job;
    const struct step *step; /* NULL: the batch script */
    uint32_t id;             /* number, or STEP_BATCH ... of model/jobtext.h */
};

/* The line for a whole record. */
struct job_row job_row_of(const struct job *job);

/* 7, 7_3, 7_[1-5,9%2]. The task list is cut off at SLURM_BITSTR_LEN bytes (default 64, 0 = never). */
void jobview_id(const struct job_row *r, struct buf *out);
void jobview_array_tasks(const struct job_row *r, struct buf *out);
/* When it started or is expected to, with the earliest that there can be for a held one; when it ends at the
 * latest. 0 = not known. */
int64_t jobview_start(const struct job *job);
int64_t jobview_end(const struct job *job);
bool jobview_has_nodes(const struct job *job);
void jobview_nodes_or_reason(const struct job *job, struct buf *out); /* %R of squeue */
/* Exit status for a shell: the code, or 128 + signal. */
int jobview_exit_status(uint32_t wait_status);
/* Bytes of task lists: SLURM_BITSTR_LEN, 64 by default, 0 = all. */
uint32_t jobview_tasks_max(void);

/* Node count as "2", or "2-4" while pending (scontrol). */
void jobview_num_nodes(const struct job *job, struct buf *out);

/* MiB with a unit, converted where two decimals hold it exactly: 500M, 2G, 62.50G. */
void jobview_mb(uint64_t mb, bool convert, struct buf *out);
/* CPUs that a node must have at least: MinCPUsNode. */
uint32_t jobview_min_cpus(const struct job_spec *spec);
/* Least memory on a node (or a CPU): *ret_key is MinMemoryNode, MinMemoryCPU, ... */
uint64_t jobview_min_mem(const struct job *job, const char **ret_key);

/* As given, or what --cpus-per-task means: "cpu=2"; nothing when not asked. */
void jobview_tres_per_task(const struct job *job, struct buf *out);

/* A file name pattern (sbatch(1), FILENAME PATTERN) with the job's values; relative names begin in the
 * working directory. */
void jobview_path(const struct job *job, const char *pattern, bool absolute, struct buf *out);
/* The pattern in force for standard output; NULL when there is none (interactive jobs). */
const char *jobview_stdout_pattern(const struct job *job);
const char *jobview_stdin_pattern(const struct job *job);

/* Names, from the record or the password file, or the number. */
void jobview_user(const struct job *job, struct buf *out);
void jobview_group(const struct job *job, struct buf *out);

#endif
