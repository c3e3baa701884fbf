/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jobview: what the commands derive from a job's record before they show it.
 *
 * A job array that has not started is one record; squeue -r shows a line for each of its tasks, squeue -P one for each partition. A
 * `struct job_row` is such a line.
 */
#ifndef CLI_JOBVIEW_H
#define CLI_JOBVIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "model.h"

/* Steps that are not started by srun have numbers of slurm.h. */
enum {
    STEP_NUM_PENDING = 0xfffffffdu,
    STEP_NUM_EXTERN = 0xfffffffcu,
    STEP_NUM_BATCH = 0xfffffffbu,
    STEP_NUM_INTERACTIVE = 0xfffffffau,
};

struct job_row {
    const struct job *job;
    uint32_t task;         /* of an array record: the task this line is about; NO_VAL = all */
    const char *partition; /* the one this line is about; borrowed */
};
struct step_row {
    const struct job *job;
    const struct step *step; /* NULL: the batch script */
    uint32_t id;             /* number, or STEP_NUM_* */
};

/* The line for a whole record. */
struct job_row job_row_of(const struct job *job);

/* 7, 7_3, 7_[1-5,9%2]. The task list is cut off at SLURM_BITSTR_LEN bytes (default 64, 0 = never). */
void jobview_id(const struct job_row *r, struct buf *out);
void jobview_array_tasks(const struct job_row *r, struct buf *out); /* 3, 1-5%2; nothing when it is no array */
void jobview_step_id(const struct step_row *s, struct buf *out);    /* 7.0, 7_3.batch */
void jobview_step_num(uint32_t id, struct buf *out);                /* 0, batch, extern, interactive */
const char *jobview_sluid(const struct job *job, char text[static 16]);

/* Names of the state; flags such as COMPLETING come before what lies below them. */
const char *jobview_state(const struct job *job);
const char *jobview_state_short(const struct job *job);
bool jobview_is_pending(const struct job *job);
bool jobview_is_ended(const struct job *job); /* also while COMPLETING */
bool jobview_has_nodes(const struct job *job);

const char *jobview_reason(const struct job *job);
void jobview_nodes_or_reason(const struct job *job, struct buf *out); /* %R of squeue */
void jobview_exit_code(uint32_t wait_status, struct buf *out);        /* code:signal */
/* Exit status for a shell: the code, or 128 + signal. */
int jobview_exit_status(uint32_t wait_status);

int64_t jobview_run_time(const struct job *job, int64_t now);
/* Node count as "2", or "2-4" while pending (scontrol). */
void jobview_num_nodes(const struct job *job, struct buf *out);
const char *jobview_share(const struct job *job);     /* OverSubscribe: NO, YES, OK */
const char *jobview_exclusive(const struct job *job); /* NO, NODE, USER, MCS, TOPO */

/* MiB with a unit, converted where two decimals hold it exactly: 500M, 2G, 62.50G. */
void jobview_mb(uint64_t mb, bool convert, struct buf *out);
/* Least memory on a node (or a CPU): *ret_key is MinMemoryNode, MinMemoryCPU, ... */
uint64_t jobview_min_mem(const struct job *job, const char **ret_key);

/* A file name pattern (sbatch(1), FILENAME PATTERN) with the job's values; relative names begin in the working directory. */
void jobview_path(const struct job *job, const char *pattern, bool absolute, struct buf *out);
/* The pattern in force for standard output; NULL when there is none (interactive jobs). */
const char *jobview_stdout_pattern(const struct job *job);
const char *jobview_stdin_pattern(const struct job *job);

/* Names, from the record or the password file, or the number. */
void jobview_user(const struct job *job, struct buf *out);
void jobview_group(const struct job *job, struct buf *out);

#endif
