/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reboots by command: asked for (REBOOT_REQUESTED), issued when the node is free (REBOOT_ISSUED), over when
 * it registers with a later boot time, or failed after ResumeTimeout. Texts of reasons are those of
 * scontrol(1).
 */
#include "core/decide/decide.h"

#include "base/mem.h"
#include "base/text.h"
#include "core/conf_names.h"
#include "core/deadline.h"

static void set_reason(struct decide *d, struct node *n, const char *reason)
{
    mem_set_str(&n->reason, reason);
    n->reason_uid = d->sender->uid;
    n->reason_time = d->now;
}

static char *with_more(const char *reason, const char *more)
{
    return reason ? buf_format("%s : %s", reason, more) : mem_strdup(more);
}

static bool is_drained(const struct node *n)
{
    return n->flags & (NODEF_DRAIN | NODEF_FAIL) || n->state == NODE_DOWN;
}

static void clear_reason(struct node *n)
{
    mem_set_str(&n->reason, NULL);
    n->reason_uid = NO_VAL;
    n->reason_time = 0;
}

/* --- asking --- */

bool decide_may_reboot(const struct node *n)
{
    const uint64_t others = NODEF_POWER_DOWN | NODEF_POWERED_DOWN | NODEF_POWERING_DOWN |
                            NODEF_REBOOT_ISSUED | NODEF_REBOOT_REQUESTED;
    return n->state != NODE_FUTURE && !(n->flags & others);
}

void decide_reboot_ask(struct decide *d, struct node *n, const struct reboot_nodes *r)
{
    const uint64_t former = NODEF_REBOOT_ISSUED | NODEF_POWER_DOWN | NODEF_POWER_UP | NODEF_POWERED_DOWN |
                            NODEF_POWERING_DOWN | NODEF_POWERING_UP;
    bool drain = (r->asap || r->force) && !(n->flags & NODEF_DRAIN);
    if (r->force)
        n->flags &= ~former;
    n->flags |= NODEF_REBOOT_REQUESTED | (drain ? NODEF_DRAIN : 0);
    n->reboot_drained = drain;
    n->reboot_time = r->force ? d->now - REBOOT_GRACE_SECONDS : d->now;
    mem_set_str(&n->next_state, r->next_state ? r->next_state : drain ? "UNDRAIN" : NULL);
    if (r->reason && *r->reason)
        set_reason(d, n, r->reason);
    else if (!n->reason)
        set_reason(d, n, r->asap ? "Reboot ASAP" : "reboot requested");
}

int decide_reboot_nodes(struct decide *d, const void *record)
{
    const struct reboot_nodes *r = record;
    struct reboot_reply *reply = d->reply;
    if (r->next_state && !text_same(r->next_state, "DOWN") && !text_same(r->next_state, "RESUME"))
        return decide_fail(d, ESLURM_INVALID_NODE_STATE);
    struct bits nodes = {0}, skipped = {0};
    int rc = r->nodes && *r->nodes ? names_to_nodes(d->s, r->nodes, &nodes, d->e)
                                   : decide_fail(d, ESLURM_INVALID_NODE_NAME);
    for (uint32_t i = bits_next(&nodes, 0); i != BITS_MAX && rc == 0; i = bits_next(&nodes, i + 1))
        if (state_node_at(d->s, i)->state == NODE_FUTURE ||
            (!r->force && !decide_may_reboot(state_node_at(d->s, i))))
            bits_set(&skipped, i);
    bits_minus(&nodes, &skipped);
    if (rc == 0 && r->force)
        decide_end_jobs(d, &nodes);
    for (uint32_t i = bits_next(&nodes, 0); i != BITS_MAX && rc == 0; i = bits_next(&nodes, i + 1))
        decide_reboot_ask(d, decide_node_change(d, state_node_at(d->s, i)), r);
    if (rc == 0 && bits_any(&skipped))
        reply->skipped = nodes_to_names(d->s, &skipped);
    bits_release(&nodes);
    bits_release(&skipped);
    return rc;
}

void decide_reboot_cancel(struct node *n)
{
    n->flags &= ~NODEF_REBOOT_REQUESTED;
    if (n->reboot_drained)
        n->flags &= ~NODEF_DRAIN;
    if (!is_drained(n))
        clear_reason(n);
}

/* --- time --- */

static void issue(struct decide *d, const struct node *n)
{
    struct node *f = decide_node_change(d, n);
    char *reason = with_more(n->reason, "reboot issued");
    set_reason(d, f, reason);
    mem_free(reason);
    struct node_ref *ref = facts_add(d->out, FACT_NODE_REBOOTING);
    ref->node_index = n->index;
}

static void time_out(struct decide *d, const struct node *n)
{
    struct node *f = decide_node_change(d, n);
    char *reason = with_more(n->reason, "reboot timed out");
    f->state = NODE_DOWN;
    f->flags &= ~NODEF_REBOOT_ISSUED;
    if (n->reboot_drained)
        f->flags &= ~NODEF_DRAIN;
    set_reason(d, f, reason);
    mem_free(reason);
    struct bits lost = {0};
    bits_set(&lost, n->index);
    decide_end_jobs(d, &lost); /* --reboot */
    bits_release(&lost);
}

bool decide_reboot_tick(struct decide *d, const struct node *n)
{
    if (node_reboot_due(d->s, n) > d->now)
        return false;
    if (n->flags & NODEF_REBOOT_ISSUED)
        time_out(d, n);
    else
        issue(d, n);
    return true;
}

/* --- back --- */

void decide_rebooted(const struct node *n, struct node_registered *f)
{
    bool resume = text_same(n->next_state, "RESUME");
    f->flags &= ~NODEF_REBOOT_ISSUED;
    if (n->reboot_drained || resume)
        f->flags &= ~NODEF_DRAIN;
    if (resume)
        f->flags &= ~NODEF_FAIL;
    if (text_same(n->next_state, "DOWN")) {
        f->state = NODE_DOWN;
        f->reason = with_more(n->reason, "reboot complete");
        return;
    }
    f->state = NODE_UP;
    if (!(f->flags & (NODEF_DRAIN | NODEF_FAIL)))
        mem_set_str(&f->reason, "");
}
