/* SPDX-License-Identifier: Apache-2.0 */
/* apply.h: facts about nodes. */
#include "core/apply.h"

#include "base/mem.h"
#include "core/power.h"

static struct node *edit(struct state *s, uint32_t index)
{
    struct node *n = ptree_edit(&s->nodes, index);
    REQUIRE(n);
    return n;
}

/* What slurmd found out about its host. The configured size stays what it is. */
static void take_found(struct node *n, const struct node *found)
{
    mem_set_str(&n->version, found->version);
    mem_set_str(&n->os, found->os);
    mem_set_str(&n->arch, found->arch);
    if (found->instance_id)
        mem_set_str(&n->instance_id, found->instance_id);
    if (found->instance_type)
        mem_set_str(&n->instance_type, found->instance_type);
    if (found->extra)
        mem_set_str(&n->extra, found->extra);
    if (found->comment && !n->comment)
        mem_set_str(&n->comment, found->comment);
    n->boot_time = found->boot_time;
    n->slurmd_start = found->slurmd_start;
    n->cpu_load = found->cpu_load;
    n->free_mem = found->free_mem;
}

void apply_node_registered(struct state *s, const void *record, int64_t time)
{
    const struct node_registered *c = record;
    struct node *n = edit(s, c->node_index);
    const uint64_t off = NODEF_POWERED_DOWN | NODEF_POWERING_UP;
    bool came_up = n->flags & off && !(c->flags & off);
    if (c->node)
        take_found(n, c->node);
    n->state = c->state;
    n->flags = c->flags;
    if (c->reason && *c->reason) {
        mem_set_str(&n->reason, c->reason);
        n->reason_time = time;
        n->reason_uid = s->policy->slurm_uid;
    } else if (c->reason) {
        mem_set_str(&n->reason, NULL);
        n->reason_time = 0;
        n->reason_uid = NO_VAL;
    }
    if (came_up) /* idle from here on */
        n->last_busy = n->power_time = time;
    n->token = c->token;
    n->last_contact = n->last_health = time; /* slurmd checks it when it starts */
    if (!n->last_busy)                       /* idle since it came */
        n->last_busy = time;
    node_timer(s, n);
}

/* Moves what is derived from jobs and partitions from one record to another. */
static void keep_derived(struct node *to, struct node *from)
{
    to->alloc_cpus = from->alloc_cpus;
    to->alloc_mem = from->alloc_mem;
    to->running_jobs = from->running_jobs;
    to->completing = from->completing;
    to->exclusive_job = from->exclusive_job;
    to->owner = from->owner;
    to->last_busy = from->last_busy;
    struct bits cores = to->alloc_cores;
    to->alloc_cores = from->alloc_cores;
    from->alloc_cores = cores;
    struct job_gres *rows = to->gres_used.v;
    uint32_t rows_n = to->gres_used.n;
    to->gres_used.v = from->gres_used.v;
    to->gres_used.n = from->gres_used.n;
    from->gres_used.v = rows;
    from->gres_used.n = rows_n;
    to->power_idle = from->power_idle;
    to->power_counted = from->power_counted;
    to->power_up_s = from->power_up_s;
    to->power_down_s = from->power_down_s;
    char *parts = to->partitions;
    to->partitions = from->partitions;
    from->partitions = parts;
}

void apply_node_changed(struct state *s, const void *record, int64_t time)
{
    const struct node *c = record;
    struct node *n = edit(s, c->index);
    struct node *next = meta_dup(&record_node, c);
    keep_derived(next, n);
    ptree_put(&s->nodes, next->index, next);
    node_timer(s, next);
}

void apply_node_contacted(struct state *s, const void *record, int64_t time)
{
    const struct node_contact *c = record;
    struct node *n = edit(s, c->node_index);
    if (c->ok) {
        n->last_contact = time;
        n->cpu_load = c->cpu_load;
        n->free_mem = c->free_mem;
    }
    node_timer(s, n);
}

void apply_node_pinged(struct state *s, const void *record, int64_t time)
{
    struct node *n = edit(s, ((const struct node_ref *)record)->node_index);
    n->last_ping = time;
    node_timer(s, n);
}

void apply_node_checked(struct state *s, const void *record, int64_t time)
{
    struct node *n = edit(s, ((const struct node_ref *)record)->node_index);
    n->last_health = time;
    node_timer(s, n);
}

void apply_node_rebooting(struct state *s, const void *record, int64_t time)
{
    struct node *n = edit(s, ((const struct node_ref *)record)->node_index);
    n->flags = (n->flags & ~NODEF_REBOOT_REQUESTED) | NODEF_REBOOT_ISSUED;
    n->last_contact = n->reboot_time = time;
    node_timer(s, n);
}

/* SuspendRate, ResumeRate. */
static void count_move(struct power_rate *r, int64_t time)
{
    if (time >= r->since + POWER_RATE_SECONDS || time < r->since)
        *r = (struct power_rate){time, 0};
    r->count++;
}

/* DRAIN that came with the wish to power it down goes with it; an administrator's stays. */
static void begin_suspending(struct state *s, struct node *n)
{
    n->flags = (n->flags & ~(NODEF_POWER_DOWN | NODEF_POWERING_UP)) | NODEF_POWERING_DOWN;
    if (n->power_drained)
        n->flags &= ~NODEF_DRAIN;
    n->power_drained = false;
    if (s->policy->idle_on_suspend) {
        n->flags &= ~(NODEF_DRAIN | NODEF_FAIL);
        n->state = NODE_UP;
    }
    if (n->state == NODE_DOWN || n->flags & (NODEF_DRAIN | NODEF_FAIL))
        return;
    mem_set_str(&n->reason, NULL);
    n->reason_time = 0;
    n->reason_uid = NO_VAL;
}

void apply_node_powered(struct state *s, const void *record, int64_t time)
{
    const struct node_powered *c = record;
    struct node *n = edit(s, c->node_index);
    switch (c->move) {
    case POWER_RESUMING:
        n->flags &= ~(NODEF_POWER_UP | NODEF_POWERED_DOWN | NODEF_POWERING_DOWN);
        n->flags |= NODEF_POWERING_UP | NODEF_NOT_RESPONDING | NODEF_NO_CONTACT_YET;
        count_move(&s->resumed, time);
        break;
    case POWER_SUSPENDING:
        begin_suspending(s, n);
        count_move(&s->suspended, time);
        break;
    case POWER_SUSPENDED:
        n->flags &= ~(NODEF_POWERING_DOWN | NODEF_NOT_RESPONDING);
        n->flags |= NODEF_POWERED_DOWN | NODEF_NO_CONTACT_YET;
        if (n->state == NODE_UNKNOWN) /* one that is off is known to be: jobs may wake it */
            n->state = NODE_UP;
        break;
    case POWER_RESUME_FAILED:
        n->flags &= ~(NODEF_POWERING_UP | NODEF_POWER_DOWN | NODEF_NOT_RESPONDING);
        n->flags |= NODEF_POWERED_DOWN;
        n->state = NODE_DOWN;
        mem_set_str(&n->reason, "ResumeTimeout reached");
        n->reason_uid = s->policy->slurm_uid;
        n->reason_time = time;
        break;
    }
    n->power_time = time;
    n->power_look = 0;
    n->last_contact = time; /* SlurmdTimeout counts when it is up again */
    node_timer(s, n);
}

void apply_node_power_held(struct state *s, const void *record, int64_t time)
{
    const struct node_power_held *c = record;
    struct node *n = edit(s, c->node_index);
    n->power_look = c->until;
    node_timer(s, n);
}
