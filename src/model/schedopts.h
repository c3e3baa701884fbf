/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schedopts: SchedulerParameters as one table of names, types, defaults and ranges. The controller and
 * `sluice check` read the text with it, the scheduler and the core only the struct. What each parameter does
 * here is said in doc/spec/07-scheduling.md.
 */
#ifndef MODEL_SCHEDOPTS_H
#define MODEL_SCHEDOPTS_H

#include <stdbool.h>
#include <stdint.h>

#include "model.h"

enum sched_param_type {
    SCHED_PARAM_FLAG, /* bool: set by its mere name */
    SCHED_PARAM_U32,
    SCHED_PARAM_I32,
    SCHED_PARAM_U64,
    SCHED_PARAM_MOOT,  /* bounds a cost that Sluice does not have: accepted, nothing to do */
    SCHED_PARAM_LATER, /* recognised, but without an effect yet */
};

struct sched_parameter {
    const char *name;
    enum sched_param_type type;
    uint16_t offset; /* in struct sched_opts; 0 for the last two types */
    int64_t def, min, max;
};
extern const struct sched_parameter sched_param_table[];
extern const uint32_t sched_param_count;

/* What is wrong with one parameter. Severe: a number that cannot be used, its default stands. Otherwise a
 * name that is unknown or without an effect yet. hint may be NULL. */
typedef void sched_opts_report(void *arg, bool severe, const char *text, const char *hint);

/* The defaults. sched_opts owns nothing: it may be copied by assignment. */
void sched_opts_init(struct sched_opts *ret);
/* "bf_interval=60,defer": what is not named has its default. text and report may be NULL. */
void sched_opts_parse(struct sched_opts *ret, const char *text, sched_opts_report *report, void *arg);
/* Those of the policy, or the defaults. */
struct sched_opts sched_opts_of(const struct policy *p);

#endif
