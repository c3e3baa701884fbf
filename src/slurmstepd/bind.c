/* SPDX-License-Identifier: Apache-2.0 */
#include "slurmstepd/bind.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "slurmstepd/env.h"

/* The n-th member (from 0), counting round; BITS_MAX when the set is empty. */
static uint32_t member(const struct bits *set, uint64_t n)
{
    uint32_t count = bits_count(set), i;

    if (!count)
        return BITS_MAX;
    i = bits_next(set, 0);
    for (n %= count; n; n--)
        i = bits_next(set, i + 1);
    return i;
}

/* Member `which` of a comma separated list, counting round, as a number of any base; "*4" repeats it. */
static uint64_t list_number(const char *list, uint32_t which)
{
    uint32_t total = 0;
    uint64_t value = 0;

    for (int pass = 0; pass < 2; pass++) {
        uint32_t at = 0;

        if (pass == 1)
            which %= total ? total : 1;
        for (const char *p = list; *p;) {
            char *end;
            uint64_t v = strtoull(p, &end, 0);
            uint32_t times = *end == '*' ? (uint32_t)strtoul(end + 1, &end, 10) : 1;

            if (pass == 1 && which >= at && which < at + times)
                return v;
            at += times;
            value = v;
            p = *end ? end + 1 : end;
            if (end == p)
                break;
        }
        total = at;
    }
    return value;
}

/* --- CPUs
 * ---------------------------------------------------------------------------------------------------- */

static void add_mask(const struct bits *of, uint64_t mask, struct bits *ret)
{
    for (uint32_t i = 0; i < 64; i++)
        if (mask >> i & 1 && bits_test(of, i))
            bits_set(ret, i);
}

/* An even share of the step's CPUs, in their order. */
static void share_cpus(const struct bits *cpus, uint32_t local_id, uint32_t tasks, uint32_t each,
                       struct bits *ret)
{
    uint32_t total = bits_count(cpus);

    if (each == 0)
        each = total / tasks ? total / tasks : 1;
    for (uint32_t i = 0; i < each; i++)
        bits_set(ret, member(cpus, (uint64_t)local_id * each + i));
}

bool bind_choose_cpus(const struct step_launch *l, uint32_t local_id, struct bits *ret)
{
    const char *how = l->tasks ? l->tasks->cpu_bind : NULL;
    uint32_t tasks = launch_task_count(l);
    uint16_t each = l->tasks ? l->tasks->step->cpus_per_task : NO_VAL16;

    if (!bits_any(&l->cpus))
        return false;
    if (how && strchr(how, ','))
        how = text_starts(how, "quiet,") || text_starts(how, "verbose,") ? strchr(how, ',') + 1 : how;
    if (!how || text_starts_nocase(how, "none") || !l->tasks)
        return false;
    if (text_starts_nocase(how, "map_cpu:"))
        add_mask(&l->cpus, UINT64_C(1) << (list_number(how + 8, local_id) & 63), ret);
    else if (text_starts_nocase(how, "mask_cpu:"))
        add_mask(&l->cpus, list_number(how + 9, local_id), ret);
    else
        share_cpus(&l->cpus, local_id, tasks, each == NO_VAL16 ? 0 : each, ret);
    return bits_any(ret);
}

static bool to_cpu_set(const struct bits *cpus, cpu_set_t *set)
{
    bool any = false;

    CPU_ZERO(set);
    for (uint32_t i = bits_next(cpus, 0); i < CPU_SETSIZE; i = bits_next(cpus, i + 1)) {
        CPU_SET(i, set);
        any = true;
    }
    return any;
}

void bind_cpus(const struct step_launch *l, uint32_t local_id)
{
    struct bits own = {0};
    cpu_set_t set;

    if (!bits_any(&l->cpus))
        return;
    /* Nodes may claim more CPUs than the host has: what the kernel refuses stays unbound. */
    if (to_cpu_set(bind_choose_cpus(l, local_id, &own) ? &own : &l->cpus, &set))
        sched_setaffinity(0, sizeof set, &set);
    bits_release(&own);
}

/* --- GPUs
 * ---------------------------------------------------------------------------------------------------- */

static const struct bits *step_gpus(const struct step_launch *l)
{
    for (uint32_t i = 0; i < l->share->gres.n; i++)
        if (text_same(l->share->gres.v[i].name, "gpu") && bits_any(&l->share->gres.v[i].index))
            return &l->share->gres.v[i].index;
    return NULL;
}

bool bind_devices(const struct step_launch *l, uint32_t local_id, struct bits *ret)
{
    const char *how = l->tasks ? l->tasks->tres_bind : NULL;
    const struct bits *gpus = step_gpus(l);

    if (!how || !gpus)
        return false;
    if (text_starts(how, "gres/"))
        how += 5;
    if (!text_starts(how, "gpu:"))
        return false;
    how += 4;
    if (text_starts(how, "verbose,"))
        how += 8;
    if (text_starts(how, "per_task:")) {
        uint32_t each = (uint32_t)strtoul(how + 9, NULL, 10);

        for (uint32_t i = 0; i < each; i++)
            bits_set(ret, member(gpus, (uint64_t)local_id * each + i));
    } else if (text_starts(how, "single:")) {
        uint32_t tasks_each = (uint32_t)strtoul(how + 7, NULL, 10);

        bits_set(ret, member(gpus, local_id / (tasks_each ? tasks_each : 1)));
    } else if (text_starts(how, "map_gpu:") || text_starts(how, "map:")) {
        bits_set(ret, member(gpus, list_number(strchr(how, ':') + 1, local_id)));
    } else if (text_starts(how, "mask_gpu:") || text_starts(how, "mask:")) {
        uint64_t mask = list_number(strchr(how, ':') + 1, local_id);

        for (uint32_t i = 0; i < 64 && i < bits_count(gpus); i++)
            if (mask >> i & 1)
                bits_set(ret, member(gpus, i));
    }
    return bits_any(ret);
}
