/* SPDX-License-Identifier: Apache-2.0 */
/* jobfilter: which jobs of a snapshot a job_select means. Everything is decided here, so that clients receive
 * only what they show. */
#ifndef SLURMCTLD_JOBFILTER_H
#define SLURMCTLD_JOBFILTER_H

#include "base/hostlist.h"
#include "slurmctld/ctld.h"

struct job_filter;

/* NULL with *e when an id or host list cannot be read. `select` must outlive it. own_only: PrivateData=jobs.
 */
struct job_filter *job_filter_new(const struct job_select *select, const struct snapshot *s, uint32_t uid,
                                  enum message_access access, bool own_only, struct err *e);
void job_filter_free(struct job_filter *f); /* NULL allowed */
/* The next job that matches, from *key on; *key is then behind it. NULL at the end. */
const struct job *job_filter_next(struct job_filter *f, const struct snapshot *s, uint32_t *key);

bool part_is_hidden(const struct part *p, uint32_t uid, enum message_access access);

#endif
