/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mail: which mail a user gets because of a fact, and the words of it. Private to src/core.
 *
 * The types are those of --mail-type in sbatch(1), the words and variables those of "MailProg" in
 * slurm.conf(5). An array without ARRAY_TASKS gets one mail for all of its tasks; what that says about their
 * ends is gathered in the record that has the array's own id.
 *
 * A mail is sent at most once: recovery does not repeat it.
 */
#ifndef CORE_MAIL_H
#define CORE_MAIL_H

#include "core/core.h"
#include "core/state_impl.h"

/* Adds EFFECT_MAIL for what the fact, just applied, brings about. */
void mail_of(const struct state *s, const struct fact *f, struct outbox *out);

/* The next moment at which a part of the time limit is over that is to be told, INT64_MAX: none; and
 * the marks (MAILED_50 ...) of all that are due at `now`. */
int64_t mail_time(const struct job *j);
uint64_t mail_due(const struct job *j, int64_t now);
/* What a run ended as. A job that goes back to the queue because of its exit code or of a lost node ends as
 * what it would have been; else it is PENDING. */
enum job_state mail_end_state(const struct job *j, uint32_t exit_code);
/* The job tells of its array as a whole. */
bool mail_of_array(const struct job *j);
/* Others of its array are waiting or running. */
bool mail_array_goes_on(const struct state *s, const struct job *j);
/* A task of an array has ended or goes back to the queue: apply() keeps count for that mail. */
void mail_count_end(struct state *s, uint32_t job_id);
/* Tasks of this ARRAY record are cancelled before they started. */
void mail_count_dropped(struct job *array);

#endif
