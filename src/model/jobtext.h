/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jobtext: questions about a job's state, and how Slurm's commands print it. Specified by
 * doc/spec/01-states.md.
 *
 * The state a user sees is one word: the first of the job's modifiers that is set, else the base state. Ids
 * of array tasks are "7_3"; the record of tasks that have not started is "7_[1-3,8%2]".
 */
#ifndef MODEL_JOBTEXT_H
#define MODEL_JOBTEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "model.h"

/* Step ids of slurm.h that are not numbers of srun's steps. */
#define STEP_BATCH       UINT32_C(0xfffffffb)
#define STEP_EXTERN      UINT32_C(0xfffffffc)
#define STEP_INTERACTIVE UINT32_C(0xfffffffa)

/* In a final base state. A job that is COMPLETING or waits to be requeued still holds nodes: see job_holds().
 */
static inline bool job_is_final(const struct job *j)
{
    return j->state >= JOB_COMPLETED;
}
/* Nothing of it is left, nor will it run again. */
static inline bool job_is_ended(const struct job *j)
{
    return job_is_final(j) && !(j->flags & JOBF_COMPLETING);
}
/* Waits for resources; false while a requeued job is still being cleaned up. */
static inline bool job_is_pending(const struct job *j)
{
    return j->state == JOB_PENDING && !(j->flags & JOBF_COMPLETING);
}
static inline bool job_is_active(const struct job *j)
{
    return j->state == JOB_RUNNING || j->state == JOB_SUSPENDED;
}
/* Some node still has something of it. */
static inline bool job_holds(const struct job *j)
{
    return job_is_active(j) || (j->flags & JOBF_COMPLETING);
}
static inline bool job_is_held(const struct job *j)
{
    return j->priority == 0;
}
/* Nothing but resources, limits and the order of the queue keeps it from starting at `now`. */
static inline bool job_is_eligible(const struct job *j, int64_t now)
{
    return job_is_pending(j) && !job_is_held(j) && !j->dependency && j->eligible_time &&
           j->eligible_time <= now;
}

/* "RUNNING", "COMPLETING", ...; and "R", "CG". Static texts. */
const char *job_state_text(const struct job *j);
const char *job_state_short(const struct job *j);
/* "PENDING", then the modifiers: each added with `sep` before it. */
void job_state_list(const struct job *j, const char *sep, struct buf *out);
/* The reason as squeue %r prints it: "Resources", "ReqNodeNotAvail, UnavailableNodes:n3",
 * "RaisedSignal:9(Killed)". */
void job_reason_text(const struct job *j, struct buf *out);

/* Task ids of a set as Slurm prints them: "1,3-5", or "0-60:2" for a long one with a stride; cut to fewer
 * than len_max bytes with "..." (0 = never cut). */
void array_tasks_text(const struct bits *tasks, uint32_t len_max, struct buf *out);
/* "7", "7_3", "7_[1-3%2]". len_max limits the part in brackets (squeue: SLURM_BITSTR_LEN, 64 by default; 0 =
 * no limit). */
void job_id_text(const struct job *j, uint32_t len_max, struct buf *out);
/* As given by --array: "1-3%2" or "3"; nothing for a job without array. */
void job_array_text(const struct job *j, uint32_t len_max, struct buf *out);

/* The id of a step as commands print it: "7.0", "7.batch", "7.extern", "7_3.interactive". */
void step_id_text(const struct job *j, uint32_t step_id, struct buf *out);
/* Seconds the job has run: without times of suspension. 0 while pending. */
int64_t job_run_time(const struct job *j, int64_t now);
/* "exit:signal" of a wait(2) status, as ExitCode is printed. */
void exit_code_text(uint32_t status, struct buf *out);
/* Name of a signal as strsignal(3) says it in the C locale: "Killed". NULL when unknown. */
const char *signal_description(uint32_t signal);

/* The seconds of one type in what --acctg-freq and JobAcctGatherFrequency take: "30" (which is that of task)
 * or "task=30,energy=60". False: it does not name it, or is no such text; *ret is left as it was. */
bool acctg_interval(const char *text, const char *type, uint32_t *ret);

#endif
