/* SPDX-License-Identifier: Apache-2.0 */
#include "nodecore/bind.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "nodecore/env.h"

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

/* Reads "12" or "0x1f" and gives the first byte after it. */
static const char *read_number(const char *p, uint64_t *ret)
{
    uint64_t base = 10, v = 0;

    if (p[0] == '0' && text_lower(p[1]) == 'x') {
        base = 16;
        p += 2;
    }
    for (;; p++) {
        char c = text_lower(*p);
        uint64_t digit = text_is_digit(c)       ? (uint64_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint64_t)(c - 'a') + 10
                                                : 16;

        if (digit >= base)
            break;
        v = v * base + digit;
    }
    *ret = v;
    return p;
}

/* One member of a list: a number, which "*4" repeats. Gives the place of the next one. */
static const char *read_member(const char *p, uint64_t *ret, uint64_t *ret_times)
{
    p = read_number(p, ret);
    *ret_times = 1;
    if (*p == '*')
        p = read_number(p + 1, ret_times);
    p += strcspn(p, ",");
    return *p ? p + 1 : p;
}

/* Member `which` of a comma separated list, counting round. */
static uint64_t list_number(const char *list, uint64_t which)
{
    uint64_t total = 0, value = 0, times;

    for (const char *p = list; *p; total += times)
        p = read_member(p, &value, &times);
    which %= total ? total : 1;
    for (const char *p = list; *p; which -= times) {
        p = read_member(p, &value, &times);
        if (which < times)
            break;
    }
    return value;
}

/* --- CPUs --- */

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

/* --- GPUs --- */

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
        uint64_t each = list_number(how + 9, 0);

        for (uint64_t i = 0; i < each && i < bits_count(gpus); i++)
            bits_set(ret, member(gpus, local_id * each + i));
    } else if (text_starts(how, "single:")) {
        uint64_t tasks_each = list_number(how + 7, 0);

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
