/* SPDX-License-Identifier: Apache-2.0 */
/* filters: options that choose jobs, turned into a struct job_select. Shared by squeue and scancel. */
#ifndef CLI_FILTERS_H
#define CLI_FILTERS_H

#include <stdbool.h>

#include "cli/cli.h"
#include "model.h"

/* Appends the pieces of a comma separated list; brackets protect commas. */
void filters_strings(struct meta_strs *to, const char *list);

/* Names or numbers of users. Unknown ones are complained about (unless `cli` is NULL) and left out; false
 * when one was. */
bool filters_users(const struct cli *cli, struct job_select *s, const char *list);

/* State names, long or short, or "all" (which is every state). False with a complaint when one is unknown. */
bool filters_states(const struct cli *cli, struct job_select *s, const char *list);
/* Pending, running, suspended and completing. */
void filters_states_default(struct job_select *s);
/* Whether a job is in one of the states of `s`; nothing given means all. */
bool filters_has_state(const struct job_select *s, const struct job *job);

/* "7", "7_3", "7_[1-3]", "7+1", with ".STEP" when steps are allowed. False when the text is not of that form.
 */
bool filters_is_job_id(const char *text, bool step_allowed);

#endif
