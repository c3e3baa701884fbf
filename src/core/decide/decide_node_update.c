/* SPDX-License-Identifier: Apache-2.0 */
/* MSG_NODE_UPDATE: states and fields of nodes by command. Which state may follow which was watched on the
 * real thing. */
#include "core/decide/decide.h"

#include "base/hostlist.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/conf_names.h"
#include "model/jobtext.h"
#include "model/nodetext.h"

enum {
    POWER_FLAGS =
        NODEF_POWERED_DOWN | NODEF_POWERING_UP | NODEF_POWERING_DOWN | NODEF_POWER_DOWN | NODEF_POWER_UP
};

static bool is_plain(const struct node *n)
{
    const uint64_t special = NODEF_DRAIN | NODEF_FAIL | NODEF_REBOOT_REQUESTED | NODEF_REBOOT_ISSUED;
    return n->state != NODE_DOWN && n->state != NODE_FUTURE && !(n->flags & (special | POWER_FLAGS));
}

static bool may_resume(const struct node *n)
{
    bool waited_for = n->flags & POWER_FLAGS && n->state == NODE_UP && n->running_jobs &&
                      !(n->flags & (NODEF_DRAIN | NODEF_FAIL));
    return !(n->flags & NODEF_INVALID_REG) && !is_plain(n) && !waited_for;
}

static bool may_idle(const struct node *n)
{
    return n->state == NODE_DOWN ||
           (n->state == NODE_UP && !n->running_jobs && !(n->flags & NODEF_INVALID_REG));
}

static bool may_future(const struct node *n)
{
    return !n->running_jobs;
}

static bool may_always(const struct node *n)
{
    return true;
}

static bool may_never(const struct node *n)
{
    return false;
}

static bool may_cancel_reboot(const struct node *n)
{
    return n->flags & NODEF_REBOOT_REQUESTED;
}

static void clear_reason(struct node *n)
{
    mem_set_str(&n->reason, NULL);
    n->reason_time = 0;
    n->reason_uid = NO_VAL;
}

/* A node that comes back is asked first whether it is there, and what still runs on it: a kill may have been
 * lost while nobody waited for an answer. */
static void do_resume(struct decide *d, struct node *n)
{
    n->flags &=
        ~(NODEF_DRAIN | NODEF_FAIL | NODEF_REBOOT_REQUESTED | NODEF_REBOOT_ISSUED | NODEF_POWERING_DOWN);
    if (n->state == NODE_DOWN || n->state == NODE_FUTURE) {
        n->state = NODE_UP;
        n->flags |= NODEF_NO_CONTACT_YET | (n->flags & NODEF_POWERED_DOWN ? 0 : NODEF_NOT_RESPONDING);
        n->last_contact = d->now;
        n->last_ping = 0;
    }
    n->resume_after = 0;
    clear_reason(n);
}

static void do_idle(struct decide *d, struct node *n)
{
    if (n->state == NODE_DOWN) { /* shown as idle at once, and used when it has registered */
        n->flags = (n->flags & ~NODEF_NOT_RESPONDING) | NODEF_NO_CONTACT_YET;
        n->last_contact = d->now;
        n->last_ping = 0;
    }
    n->state = NODE_UP;
    n->flags &= ~(NODEF_DRAIN | NODEF_FAIL);
    clear_reason(n);
}

static void do_undrain(struct decide *d, struct node *n)
{
    n->flags &= ~NODEF_DRAIN;
    if (n->state != NODE_DOWN && !(n->flags & NODEF_FAIL))
        clear_reason(n);
}

static void do_drain(struct decide *d, struct node *n)
{
    n->flags = (n->flags | NODEF_DRAIN) & ~NODEF_FAIL;
    n->power_drained = false;
}

static void do_fail(struct decide *d, struct node *n)
{
    n->flags = (n->flags | NODEF_FAIL) & ~NODEF_DRAIN;
}

static void do_down(struct decide *d, struct node *n)
{
    n->state = NODE_DOWN;
    n->asked++;
    n->flags &= ~NODEF_FAIL;
}

static void do_future(struct decide *d, struct node *n)
{
    n->state = NODE_FUTURE;
    n->flags &= NODEF_CLOUD | NODEF_DYNAMIC_NORM;
    clear_reason(n);
}

static void do_noresp(struct decide *d, struct node *n)
{
    n->flags |= NODEF_NOT_RESPONDING;
    if (n->state == NODE_UP && !(n->flags & (NODEF_DRAIN | NODEF_FAIL | NODEF_INVALID_REG)))
        clear_reason(n); /* only a node that is out of service keeps one */
}

static void do_power_up(struct decide *d, struct node *n)
{
    n->flags &= ~NODEF_POWER_DOWN;
    n->power_look = 0;
    if (n->flags & (NODEF_POWERED_DOWN | NODEF_POWERING_DOWN))
        n->flags |= NODEF_POWER_UP;
}

static void do_power_down(struct decide *d, struct node *n)
{
    n->flags |= NODEF_POWER_DOWN; /* when it is up, if it is to come up first */
    n->power_look = 0;
}

static void do_power_down_asap(struct decide *d, struct node *n)
{
    if (!(n->flags & NODEF_DRAIN))
        n->power_drained = true;
    n->flags |= NODEF_DRAIN;
    do_power_down(d, n);
}

static void do_reboot(struct decide *d, struct node *n)
{
    decide_reboot_ask(d, n, &(struct reboot_nodes){0});
}

static void do_cancel_reboot(struct decide *d, struct node *n)
{
    decide_reboot_cancel(n);
}

static const struct state_row {
    const char *name;
    bool (*may)(const struct node *n);
    void (*change)(struct decide *d, struct node *n);
    bool kills; /* jobs on the node end */
} state_rows[] = {
    {"RESUME", may_resume, do_resume, false},
    {"IDLE", may_idle, do_idle, false},
    {"UNDRAIN", may_always, do_undrain, false},
    {"DRAIN", may_always, do_drain, false},
    {"FAIL", may_always, do_fail, false},
    {"DOWN", may_always, do_down, true},
    {"FUTURE", may_future, do_future, false},
    {"NORESP", may_always, do_noresp, false},
    {"NO_RESPOND", may_always, do_noresp, false},
    {"POWER_UP", may_always, do_power_up, false},
    {"POWER_DOWN", may_always, do_power_down, false},
    {"POWER_DOWN_ASAP", may_always, do_power_down_asap, false},
    {"POWER_DOWN_FORCE", may_always, do_power_down, true},
    {"REBOOT", decide_may_reboot, do_reboot, false},
    {"CANCEL_REBOOT", may_cancel_reboot, do_cancel_reboot, false},
    {"ALLOC", may_never, NULL, false},
    {"ALLOCATED", may_never, NULL, false},
    {"MIXED", may_never, NULL, false},
    {"UNKNOWN", may_never, NULL, false},
};

static const struct state_row *find_state(const char *name)
{
    for (uint32_t i = 0; i < sizeof state_rows / sizeof *state_rows; i++)
        if (text_same_nocase(state_rows[i].name, name))
            return &state_rows[i];
    return NULL;
}

static bool is_subset(const char *part, const char *whole)
{
    struct text_list a = {0}, b = {0};
    text_split(&a, part, ',');
    text_split(&b, whole ? whole : "", ',');
    bool all = true;
    for (uint32_t i = 0; i < a.n; i++) {
        bool found = false;
        for (uint32_t k = 0; k < b.n; k++)
            found |= text_same(a.v[i], b.v[k]);
        all &= found;
    }
    text_list_release(&a);
    text_list_release(&b);
    return all;
}

/* "name[:type]:count" as configured, and nothing else: devices do not come by command. */
static bool gres_known(const struct node *n, const char *gres)
{
    return !*gres || text_same(gres, n->gres_text) || is_subset(gres, n->gres_text);
}

static void set_text(char **slot, const char *text)
{
    if (text)
        mem_set_str(slot, *text ? text : NULL);
}

/* One address for all, or a list with one for each. */
static int set_from_list(struct decide *d, char **slot, const char *text, uint32_t i, uint32_t count)
{
    if (!text)
        return 0;
    struct hostlist list = {0};
    if (hostlist_parse(&list, text, NULL) < 0)
        return decide_fail(d, ESLURM_INVALID_NODE_NAME);
    int rc = 0;
    if (list.count == count || list.count == 1) {
        char name[HOSTLIST_NAME_SIZE];
        hostlist_nth(&list, list.count == 1 ? 0 : i, name);
        mem_set_str(slot, name);
    } else {
        rc = decide_fail(d, ESLURM_INVALID_NODE_NAME);
    }
    hostlist_release(&list);
    return rc;
}

static int change_fields(struct decide *d, const struct node_update *r, struct node *n, uint32_t i,
                         uint32_t count)
{
    if (r->features) {
        bool none = !n->active_features || !*n->active_features;
        set_text(&n->features, r->features);
        if (none && !r->active_features)
            set_text(&n->active_features, r->features);
        else if (!r->active_features && !is_subset(n->active_features, n->features))
            return decide_fail(d, ESLURM_ACTIVE_FEATURES_NOT_SUBSET_AVAILABLE_FEATURES);
    }
    if (r->active_features) {
        if (!is_subset(r->active_features, n->features))
            return decide_fail(d, ESLURM_ACTIVE_FEATURES_NOT_SUBSET_AVAILABLE_FEATURES);
        set_text(&n->active_features, r->active_features);
    }
    if (r->topology && *r->topology && !text_starts(r->topology, "default"))
        return decide_fail(d, ESLURM_REQUESTED_TOPOLOGY_CONFIGURATION_NOT_AVAILABLE);
    if (r->gres && !gres_known(n, r->gres))
        return decide_fail(d, ESLURM_INVALID_GRES);
    if (r->cpu_bind && !node_cpu_bind_parse(r->cpu_bind, &n->cpu_bind))
        return decide_fail(d, ESLURM_BAD_ARGUMENT);
    if (r->weight != NO_VAL)
        n->weight = r->weight;
    set_text(&n->comment, r->comment);
    set_text(&n->extra, r->extra);
    set_text(&n->instance_id, r->instance_id);
    set_text(&n->instance_type, r->instance_type);
    set_text(&n->topology, r->topology);
    if (r->resume_after != NO_VAL)
        n->resume_after = r->resume_after == INFINITE ? 0 : d->now + r->resume_after;
    if (r->reason) {
        set_text(&n->reason, r->reason);
        n->reason_uid = n->reason ? d->sender->uid : NO_VAL;
        n->reason_time = n->reason ? d->now : 0;
    }
    int rc = set_from_list(d, &n->addr, r->addr, i, count);
    return rc < 0 ? rc : set_from_list(d, &n->hostname, r->hostname, i, count);
}

static int change_node(struct decide *d, const struct node_update *r, const struct state_row *row,
                       const struct node *n, uint32_t i, uint32_t count)
{
    if (row && !row->may(n))
        return decide_fail(d, ESLURM_INVALID_NODE_STATE_TRANSITION);
    struct node *f = decide_node_change(d, n);
    int rc = change_fields(d, r, f, i, count);
    if (rc == 0 && row)
        row->change(d, f);
    return rc;
}

void decide_end_jobs(struct decide *d, const struct bits *nodes)
{
    struct idset jobs = {0};
    for (uint32_t i = bits_next(nodes, 0); i != BITS_MAX; i = bits_next(nodes, i + 1)) {
        const struct idset *set = index_node_jobs(d->s, i);
        if (!set)
            continue;
        IDSET_EACH (set, id)
            idset_add(&jobs, id);
    }
    IDSET_EACH (&jobs, id)
        decide_lost_node(d, state_job(d->s, id), nodes, false);
    idset_release(&jobs);
}

int decide_node_update(struct decide *d, const void *record)
{
    const struct node_update *r = record;
    const struct state_row *row = r->state ? find_state(r->state) : NULL;
    if (r->state && !row)
        return decide_fail(d, ESLURM_INVALID_NODE_STATE);
    struct bits nodes = {0};
    int rc = r->nodes && *r->nodes ? names_to_nodes(d->s, r->nodes, &nodes, d->e)
                                   : decide_fail(d, ESLURM_INVALID_NODE_NAME);
    if (rc == 0 && row && row->kills)
        decide_end_jobs(d, &nodes);
    uint32_t count = bits_count(&nodes), i = 0;
    for (uint32_t at = bits_next(&nodes, 0); at != BITS_MAX && rc == 0; at = bits_next(&nodes, at + 1))
        rc = change_node(d, r, row, state_node_at(d->s, at), i++, count);
    bits_release(&nodes);
    return rc;
}
