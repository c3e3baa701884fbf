/* SPDX-License-Identifier: Apache-2.0 */
/* decide.h: priorities, and why a job waits as far as the core knows. */
#include "core/decide/decide.h"

#include "base/text.h"
#include "model/jobtext.h"

#define PRIORITY_TOP UINT32_C(4294901760) /* priority/basic counts down from here, a job at a time */

uint32_t decide_priority(const struct state *s, const struct job *j)
{
    int64_t base = 1;
    if (s->policy->priority_type && text_has(s->policy->priority_type, "basic"))
        base = (int64_t)PRIORITY_TOP - (j->array_job_id ? j->array_job_id : j->job_id) - j->spec->nice;
    if (base < 1)
        base = 1;
    return base > PRIORITY_TOP ? PRIORITY_TOP : (uint32_t)base;
}

enum job_reason decide_reason(const struct job *j, int64_t now)
{
    if (job_is_held(j))
        return j->flags & JOBF_HELD_ADMIN ? WHY_JOBHELDADMIN : WHY_JOBHELDUSER;
    if (j->dependency)
        return j->flags & JOBF_DEP_NEVER ? WHY_DEPENDENCYNEVERSATISFIED : WHY_DEPENDENCY;
    return j->spec->begin_time > now ? WHY_BEGINTIME : WHY_NONE;
}
