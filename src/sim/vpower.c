/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vpower: ResumeProgram and SuspendProgram, and machines that are off. Both programs may be told twice, fail,
 * or take longer than the controller waits for them. A machine that is on although it is to come up, because
 * it was never powered down, reboots; one that has booted since the program was called is left alone.
 */
#include "sim/world.h"

enum { FAILS = 10, IS_SLOW = 8, SLOW_MS = 200000, ON_MS = 40000, OFF_MS = 10000 };

void vpower_order(struct world *w, struct vnode *n, bool on)
{
    bool fails = world_chance(w, SIM_NODE_FAULT, FAILS), slow = world_chance(w, SIM_NODE_FAULT, IS_SLOW);
    int64_t ms = 100 + (int64_t)world_rand(w, slow ? SLOW_MS : on ? ON_MS : OFF_MS) + w->late_ms;
    world_trace(w, NO_VAL, n->index, "  %s is to be powered %s%s", n->name, on ? "up" : "down",
                fails ? ", which fails" : "");
    if (!fails)
        world_push(w, ms,
                   (struct event){
                       .kind = on ? EV_POWER_ON : EV_POWER_OFF, .node = n->index, .msg = {.sent = w->now}});
}

void vpower_event(struct world *w, struct vnode *n, bool on, int64_t called)
{
    if (on && !n->off && n->booted >= called)
        return;
    world_trace(w, NO_VAL, n->index, "%s is powered %s", n->name, on ? "up" : "down");
    vnode_crash(w, n, true);
    n->off = !on;
    if (on)
        vnode_start(w, n);
}
