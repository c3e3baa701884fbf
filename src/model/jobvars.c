/* SPDX-License-Identifier: Apache-2.0 */
#include "model/jobvars.h"

#include "base/bits.h"

static void add_counts(uint32_t n, uint32_t (*at)(const void *arg, uint32_t i), const void *arg,
                       struct buf *out)
{
    for (uint32_t i = 0, run; i < n; i += run) {
        uint32_t count = at(arg, i);

        for (run = 1; i + run < n && at(arg, i + run) == count; run++)
            ;
        buf_addf(out, i ? ",%u" : "%u", count);
        if (run > 1)
            buf_addf(out, "(x%u)", run);
    }
}

uint32_t jobvars_usable_cpus(const struct job *job, const struct bits *cores, uint32_t cpus)
{
    uint32_t threads = job->spec->threads_per_core, usable = bits_count(cores) * threads;
    return threads != NO_VAL16 && threads && usable < cpus ? usable : cpus;
}

static uint32_t job_cpus_at(const void *arg, uint32_t i)
{
    const struct job *job = arg;
    return jobvars_usable_cpus(job, &job->alloc.v[i].cores, job->alloc.v[i].cpus);
}
static uint32_t job_tasks_at(const void *arg, uint32_t i)
{
    return ((const struct job *)arg)->alloc.v[i].tasks;
}
static uint32_t step_tasks_at(const void *arg, uint32_t i)
{
    return ((const struct step *)arg)->layout.v[i].tasks.n;
}

void jobvars_cpus_per_node(const struct job *job, struct buf *out)
{
    add_counts(job->alloc.n, job_cpus_at, job, out);
}

void jobvars_tasks_per_node(const struct job *job, struct buf *out)
{
    add_counts(job->alloc.n, job_tasks_at, job, out);
}

void jobvars_step_tasks_per_node(const struct step *step, struct buf *out)
{
    add_counts(step->layout.n, step_tasks_at, step, out);
}

const char *jobvars_oversubscribe(const struct job *job)
{
    return job->spec->share == SHARE_YES ? "YES" : "NO";
}

const char *jobvars_exclusive(const struct job *job)
{
    switch (job->spec->share) {
    case SHARE_NODE:
        return "NODE";
    case SHARE_USER:
        return "USER";
    case SHARE_MCS:
        return "MCS";
    case SHARE_TOPO:
        return "TOPO";
    default:
        return "NO";
    }
}

void jobvars_sluid(const struct job *job, char ret[SLUID_LEN + 1])
{
    static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    uint64_t v = (uint64_t)job->submit_time << 31 | (job->job_id & INT32_MAX);

    ret[0] = 's';
    for (int i = SLUID_LEN - 1; i > 0; i--, v >>= 5)
        ret[i] = digits[v & 31];
    ret[SLUID_LEN] = 0;
}
