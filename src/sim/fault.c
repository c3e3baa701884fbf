/* SPDX-License-Identifier: Apache-2.0 */
/* fault: what goes wrong, and when. Every choice comes from the seed. */
#include "base/mem.h"
#include "sim/world.h"

static struct vnode *some_node(struct world *w)
{
    return &w->nodes.v[world_rand(w, w->nodes.n)];
}

/* Faults of nodes come more often where there are more nodes, but not so often that nothing else happens. */
static int64_t node_pause(struct world *w, uint64_t ms)
{
    uint64_t crowd = w->nodes.n / 12;
    return (int64_t)world_rand(w, ms / (crowd < 1 ? 1 : crowd > 20 ? 20 : crowd));
}

static void again(struct world *w, int64_t delay, enum event_kind kind)
{
    world_push(w, delay, (struct event){.kind = kind, .node = NO_VAL});
}

bool fault_hangs(struct world *w)
{
    return world_chance(w, SIM_CRASH, 1000);
}

bool fault_dies(struct world *w, const char *where)
{
    if (!world_chance(w, SIM_CRASH, 4000))
        return false;
    world_trace(w, NO_VAL, NO_VAL, "controller dies %s", where);
    vctl_crash(w);
    return true;
}

bool fault_disk(struct world *w)
{
    if (w->now < w->disk_full_until)
        return true;
    if (!world_chance(w, SIM_FULL_DISK, 1500))
        return false;
    w->disk_full_until = w->now + (int64_t)world_rand(w, 40000);
    return true;
}

static void crash_controller(struct world *w)
{
    if (w->ctl.up) {
        world_trace(w, NO_VAL, NO_VAL, "controller dies");
        vctl_crash(w);
    }
    again(w, (int64_t)world_rand(w, 200000), EV_CRASH);
}

/* Half of them strike where something is just being started. */
static struct vnode *some_starting_node(struct world *w)
{
    uint32_t from = (uint32_t)world_rand(w, w->nodes.n);
    for (uint32_t i = 0; i < w->nodes.n; i++) {
        struct vnode *n = &w->nodes.v[(from + i) % w->nodes.n];
        if (n->up && n->scripts.n && !n->scripts.v[0].epilog)
            return n;
    }
    return &w->nodes.v[from];
}

static void crash_node(struct world *w)
{
    struct vnode *n = world_rand(w, 2) ? some_node(w) : some_starting_node(w);
    if (n->up) {
        bool reboot = world_rand(w, 2);
        world_trace(w, NO_VAL, n->index, "%s %s", n->name, reboot ? "reboots" : "loses its daemon");
        vnode_crash(w, n, reboot);
        /* Now and then it is away for longer than SlurmdTimeout. */
        world_push(w, (int64_t)world_rand(w, reboot || !world_rand(w, 4) ? 500000 : 20000),
                   (struct event){.kind = EV_NODE_START, .node = n->index});
    }
    again(w, node_pause(w, 120000), EV_NODE_CRASH);
}

static void cut_node(struct world *w)
{
    struct vnode *n = some_node(w);
    if (!n->cut) {
        world_trace(w, NO_VAL, n->index, "%s is cut off", n->name);
        n->cut = true;
        if (world_rand(w, 2)) /* else its connection outlives that */
            vnode_unlink(w, n);
        world_push(w, (int64_t)world_rand(w, 600000), (struct event){.kind = EV_HEAL, .node = n->index});
    }
    again(w, node_pause(w, 120000), EV_CUT);
}

static void jump_clock(struct world *w)
{
    w->ctl.clock_skew += (int64_t)world_rand(w, 240) - 120;
    some_node(w)->clock_skew = (int64_t)world_rand(w, 40) - 20;
    world_trace(w, NO_VAL, NO_VAL, "the clock is %lld s off", (long long)w->ctl.clock_skew);
    if (w->ctl.up)
        vctl_tick(w);
    again(w, (int64_t)world_rand(w, 300000), EV_CLOCK);
}

/* Clocks are set; whoever is away comes back by the event that is under way already. */
static void calm_down(struct world *w)
{
    world_trace(w, NO_VAL, NO_VAL, "no more faults");
    w->ctl.clock_skew = 0;
    w->disk_full_until = 0;
    for (uint32_t i = 0; i < w->nodes.n; i++)
        w->nodes.v[i].clock_skew = 0;
}

void fault_event(struct world *w, const struct event *e)
{
    struct vnode *n = e->node < w->nodes.n ? &w->nodes.v[e->node] : NULL;
    if (e->kind == EV_CALM)
        calm_down(w);
    else if (e->kind == EV_RECOVER)
        vctl_start(w);
    else if (e->kind == EV_NODE_START && !n->off && !n->up)
        vnode_start(w, n);
    else if (e->kind == EV_POWER_ON || e->kind == EV_POWER_OFF)
        vpower_event(w, n, e->kind == EV_POWER_ON, e->msg.sent);
    else if (e->kind == EV_HEAL)
        n->cut = false;
    else if (w->calm)
        return;
    else if (e->kind == EV_CRASH)
        crash_controller(w);
    else if (e->kind == EV_NODE_CRASH)
        crash_node(w);
    else if (e->kind == EV_CUT)
        cut_node(w);
    else if (e->kind == EV_CLOCK)
        jump_clock(w);
}

void fault_begin(struct world *w)
{
    static const struct {
        uint32_t fault;
        enum event_kind kind;
    } plan[] = {{SIM_CRASH, EV_CRASH},
                {SIM_NODE_CRASH, EV_NODE_CRASH},
                {SIM_PARTITION, EV_CUT},
                {SIM_CLOCK, EV_CLOCK}};
    for (size_t i = 0; i < sizeof plan / sizeof *plan; i++)
        if (w->opt.faults & plan[i].fault)
            again(w, (int64_t)world_rand(w, 100000), plan[i].kind);
}
