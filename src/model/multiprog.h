/* SPDX-License-Identifier: Apache-2.0 */
/*
 * multiprog: which program of a --multi-prog file a task runs. Pure; the form is "MULTIPLE PROGRAM
 * CONFIGURATION" of srun(1).
 */
#ifndef MODEL_MULTIPROG_H
#define MODEL_MULTIPROG_H

#include "base/err.h"
#include "meta/meta.h"

/* Appends program and arguments of the task, %t and %o replaced. The first line that names the task counts.
 */
int multiprog_argv(const char *text, uint32_t task, struct meta_strs *argv, struct err *e);

/* How many tasks the file is for when nobody says: up to the highest that it names, at least one. */
uint32_t multiprog_tasks(const char *text);

/* Whether every one of the tasks has just one program. On failure e->text says what is wrong, in srun's
 * words; it is empty for a line without a program. *ret_line: the line, or 0 when it is the whole file. */
int multiprog_check(const char *text, uint32_t ntasks, uint32_t *ret_line, struct err *e);

#endif
