/* SPDX-License-Identifier: Apache-2.0 */
#include "sched/units.h"

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

struct taking {
    const struct demand *d;
    const struct node_shape *s;
    const struct node_load *l;
    const struct bits *only;
    struct bits *ret;
};

static bool is_free(const struct taking *t, uint32_t unit)
{
    return !bits_test(&t->l->units, unit) && !bits_test(t->ret, unit) &&
           (!t->only || bits_test(t->only, unit));
}

static uint32_t take_range(const struct taking *t, uint32_t from, uint32_t to, uint32_t want)
{
    uint32_t got = 0;
    for (uint32_t u = from; u < to && got < want; u++)
        if (is_free(t, u)) {
            bits_set(t->ret, u);
            got++;
        }
    return got;
}

static uint32_t take_of_socket(const struct taking *t, uint32_t socket, uint32_t want)
{
    uint32_t from = socket * t->s->socket_units;
    return take_range(t, from, socket + 1 == t->s->sockets ? t->s->units : from + t->s->socket_units, want);
}

/* One task after the other, each from the next socket. */
static uint32_t take_round(const struct taking *t, uint32_t want)
{
    uint32_t usable = usable_cpus(t->d, t->s), got = 0, each = (t->d->cpus_per_task + usable - 1) / usable;
    for (uint32_t before = UINT32_MAX; got < want && got != before;) {
        before = got;
        for (uint32_t k = 0; k < t->s->sockets && got < want; k++)
            got += take_of_socket(t, k, least(each, want - got));
    }
    return got;
}

/* Whole tasks that a socket has room for. */
static uint32_t socket_room(const struct taking *t, uint32_t socket, uint32_t usable)
{
    uint32_t from = socket * t->s->socket_units, free = 0;
    uint32_t end = socket + 1 == t->s->sockets ? t->s->units : from + t->s->socket_units;
    for (uint32_t u = from; u < end; u++)
        free += is_free(t, u);
    uint32_t tasks = free * usable / t->d->cpus_per_task;
    return t->d->tasks_per_socket ? least(tasks, t->d->tasks_per_socket) : tasks;
}

static uint32_t take_whole_tasks(const struct taking *t, uint32_t tasks, uint32_t want)
{
    uint32_t usable = usable_cpus(t->d, t->s), got = 0;
    for (uint32_t k = 0; k < t->s->sockets && got < want && tasks; k++) {
        uint32_t here = least(socket_room(t, k, usable), tasks);
        uint32_t units = (here * t->d->cpus_per_task + usable - 1) / usable;
        got += take_of_socket(t, k, least(units, want - got));
        tasks -= here;
    }
    return got;
}

uint32_t units_take(const struct demand *d, const struct node_shape *s, const struct node_load *l,
                    const struct bits *only, uint32_t tasks, uint32_t want, struct bits *ret)
{
    struct taking t = {d, s, l, only, ret};
    uint32_t got = 0;
    if (!d->block_cores && tasks > 1)
        got = d->cpus_per_task == 1 || d->gres_n ? take_round(&t, want) : take_whole_tasks(&t, tasks, want);
    return got + take_range(&t, 0, s->units, want - got);
}
