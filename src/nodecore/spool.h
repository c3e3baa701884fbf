/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spool: what lies where in SlurmdSpoolDir. Shared by slurmd and slurmstepd.
 *
 *     job70001/slurm_script           the batch script, owned by the user
 *     n1_70001.4294967291             the socket of a slurmstepd (its step id as a number)
 *     report.70001.4294967291.0       the node_report of a step that has ended (job, step, restarts)
 *     step.70001.4294967291.0         that this step was started: a step_status, written before its
 * slurmstepd is started, locked while that lives, gone with its report
 */
#ifndef NODECORE_SPOOL_H
#define NODECORE_SPOOL_H

#include <stdint.h>

#include "base/buf.h"

static inline void spool_script_dir(const char *spool, uint32_t job_id, struct buf *out)
{
    buf_addf(out, "%s/job%05u", spool, job_id);
}
static inline void spool_socket_path(const char *spool, const char *node, uint32_t job_id, uint32_t step_id,
                                     struct buf *out)
{
    buf_addf(out, "%s/%s_%u.%u", spool, node, job_id, step_id);
}
static inline void spool_report_path(const char *spool, uint32_t job_id, uint32_t step_id, uint32_t restarts,
                                     struct buf *out)
{
    buf_addf(out, "%s/report.%u.%u.%u", spool, job_id, step_id, restarts);
}
/* Modes of a mark: slurmstepd changes it when it begins, so that what never began is not taken for lost. */
enum { SPOOL_MARK_WRITTEN = 0600, SPOOL_MARK_STARTED = 0700 };
static inline void spool_mark_path(const char *spool, uint32_t job_id, uint32_t step_id, uint32_t restarts,
                                   struct buf *out)
{
    buf_addf(out, "%s/step.%u.%u.%u", spool, job_id, step_id, restarts);
}

#endif
