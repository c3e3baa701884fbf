/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes that register, answer or fall silent: MSG_NODE_REGISTER, MSG_NODE_CONTACT, and what being down means
 * for jobs. */
#include "core/decide/decide.h"

#include "base/mem.h"
#include "base/shared.h"
#include "base/text.h"
#include "core/power.h"
#include "model/jobtext.h"

enum { BOOT_TIME_ERROR = 2 }; /* seconds by which a host may err about when it booted */

struct node *decide_node_change(struct decide *d, const struct node *n)
{
    struct node *f = facts_add(d->out, FACT_NODE_CHANGED);
    meta_release(&record_node, f);
    meta_copy(&record_node, f, n);
    return f;
}

static void set_reason(struct decide *d, struct node *n, const char *reason)
{
    mem_set_str(&n->reason, reason);
    n->reason_uid = d->s->policy->slurm_uid;
    n->reason_time = d->now;
}

void decide_drain(struct decide *d, const struct node *n, const char *reason)
{
    if (n->flags & NODEF_DRAIN)
        return;
    struct node *f = decide_node_change(d, n);
    f->flags |= NODEF_DRAIN;
    if (!f->reason)
        set_reason(d, f, reason);
}

/* Every job on these nodes, each once, in the order of ids. */
static void jobs_on(const struct state *s, const struct bits *nodes, struct idset *ret)
{
    for (uint32_t i = bits_next(nodes, 0); i != BITS_MAX; i = bits_next(nodes, i + 1)) {
        const struct idset *set = index_node_jobs(s, i);
        if (!set)
            continue;
        IDSET_EACH (set, id)
            idset_add(ret, id);
    }
}

void decide_nodes_down(struct decide *d, const struct bits *nodes, const char *reason, uint64_t set_flags)
{
    struct idset jobs = {0};
    jobs_on(d->s, nodes, &jobs);
    IDSET_EACH (&jobs, id)
        decide_lost_node(d, state_job(d->s, id), nodes, false);
    idset_release(&jobs);
    for (uint32_t i = bits_next(nodes, 0); i != BITS_MAX; i = bits_next(nodes, i + 1)) {
        struct node *f = decide_node_change(d, state_node_at(d->s, i));
        bool fell_silent = f->state != NODE_DOWN && set_flags & NODEF_NOT_RESPONDING;
        f->state = NODE_DOWN;
        f->asked++;
        f->flags |= set_flags;
        if (reason && f->reason && *f->reason && fell_silent && !text_has(f->reason, reason)) {
            char *both = buf_format("%s : %s", f->reason, reason);
            set_reason(d, f, both);
            mem_free(both);
        } else if (reason && !f->reason) {
            set_reason(d, f, reason);
        }
    }
}

/* --- registration
 * -------------------------------------------------------------------------------------------- */

static void add_why(struct buf *out, const char *text)
{
    buf_sep(out, ", ");
    buf_adds(out, text);
}

static uint64_t gres_count(const struct node *n, const char *name, const char *type)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < n->gres.n; i++)
        if (text_same(n->gres.v[i].name, name) && (!type || text_same_nocase(n->gres.v[i].type, type)))
            sum += n->gres.v[i].count;
    return sum;
}

/* In which ways the host is less than its configuration says. */
static void compare_size(const struct node *conf, const struct node *found, struct buf *out)
{
    uint32_t want = (uint32_t)conf->sockets * conf->cores * conf->threads;
    uint32_t have = (uint32_t)found->sockets * found->cores * found->threads;
    if (have && have < want)
        add_why(out, "Low socket*core*thread count");
    if (found->cpus < conf->cpus)
        add_why(out, "Low CPUs");
    if (found->real_memory < conf->real_memory) {
        buf_sep(out, ", ");
        buf_addf(out, "Low RealMemory (reported:%llu < 100.00%% of configured:%llu)",
                 (unsigned long long)found->real_memory, (unsigned long long)conf->real_memory);
    }
    if (found->tmp_disk < conf->tmp_disk)
        add_why(out, "Low TmpDisk");
    for (uint32_t i = 0; i < conf->gres.n; i++) {
        const struct gres_decl *g = &conf->gres.v[i];
        uint64_t asked = gres_count(conf, g->name, g->type), real = gres_count(found, g->name, g->type);
        if (real >= asked)
            continue;
        buf_sep(out, ", ");
        buf_addf(out, "gres/%s count reported lower than configured (%llu < %llu)", g->name,
                 (unsigned long long)real, (unsigned long long)asked);
    }
}

/* What a host that is no less than configured becomes, by ReturnToService. */
static void back_in_service(const struct decide *d, const struct node *n, const struct node_register *r,
                            struct node_registered *f)
{
    const char *silent = "Not responding";
    bool by_silence = n->reason && text_starts(n->reason, silent);
    /* A slurmd from before it was powered down does not make it come up. */
    if (node_is_asleep(n) && !r->node_boot && r->node->boot_time <= n->boot_time + BOOT_TIME_ERROR)
        return;
    f->flags &= ~(NODEF_NOT_RESPONDING | NODEF_NO_CONTACT_YET | NODEF_POWERING_UP | NODEF_POWERED_DOWN);
    if (n->flags & NODEF_INVALID_REG) {
        f->flags &= ~(NODEF_INVALID_REG | NODEF_DRAIN);
        f->reason = mem_strdup("");
    }
    if (n->state == NODE_UNKNOWN) {
        f->state = NODE_UP;
    } else if (n->state == NODE_DOWN) {
        uint32_t rule = d->s->policy->return_to_service;
        if (rule == 2 || (rule == 1 && by_silence)) {
            f->state = NODE_UP;
            if (!(f->flags & (NODEF_DRAIN | NODEF_FAIL)) && !f->reason)
                f->reason = mem_strdup("");
        }
    }
}

static bool listed(const struct node_register *r, uint32_t job_id)
{
    for (uint32_t i = 0; i < r->jobs.n; i++)
        if (r->jobs.v[i].job_id == job_id)
            return true;
    return false;
}

/* Jobs of which the node should have something and has nothing. */
static void find_lost(struct decide *d, const struct node_register *r, const struct node *n)
{
    const struct idset *set = index_node_jobs(d->s, n->index);
    if (!set)
        return;
    uint32_t grace = d->s->policy->batch_start_timeout;
    bool started = r->token != n->token; /* a repeated message says nothing new */
    bool booted = r->node_boot && started;
    struct bits here = {0};
    bits_set(&here, n->index);
    IDSET_EACH (set, id) {
        const struct job *j = state_job(d->s, id);
        if (listed(r, id) || (j->flags & JOBF_CONFIGURING && !node_is_ready(n)))
            continue; /* what waits for the node to boot has not been there */
        bool batch = j->flags & JOBF_BATCH && text_same(j->batch_host, n->name);
        /* What an earlier slurmd had taken and this one does not know will not be started by anybody. One
         * that has said that it took the job may yet be heard saying, late, that it did not have it before.
         */
        bool lost =
            booted || (batch && j->flags & JOBF_LAUNCHED && (started || j->launch_time + grace < d->now));
        if (job_is_active(j) && lost) {
            struct ending how = decide_can_requeue(d, j) ? ENDING(JOB_PENDING, WHY_NODEDOWN)
                                                         : ENDING(JOB_NODE_FAIL, WHY_NODEDOWN);
            if (booted)
                how.gone = &here;
            decide_end(d, j, &how);
        } else if (j->flags & JOBF_COMPLETING && booted) {
            decide_lost_node(d, j, &here, false);
        }
    }
    bits_release(&here);
}

/* Jobs that live on the node and must not. */
static void find_strays(struct decide *d, const struct node_register *r, const struct node *n)
{
    struct node_register_reply *reply = d->reply;
    const struct idset *set = index_node_jobs(d->s, n->index);
    uint32_t last = 0;
    for (uint32_t i = 0; i < r->jobs.n; i++) {
        uint32_t id = r->jobs.v[i].job_id;
        if (id == last || (set && !(id & IDSET_GONE) && idset_has(set, id)))
            continue;
        meta_u32s_push(&reply->kill_jobs, id);
        last = id;
    }
}

static void fill_reply(struct decide *d, const struct node *n)
{
    struct node_register_reply *reply = d->reply;
    reply->node = meta_dup(&record_node, n);
    reply->node_index = n->index;
    mem_set_str(&reply->cluster, d->s->policy->cluster_name);
}

int decide_node_register(struct decide *d, const void *record)
{
    const struct node_register *r = record;
    const struct node *n = r->node && r->node->name ? state_node(d->s, r->node->name) : NULL;
    if (!n)
        return decide_fail(d, ESLURM_INVALID_NODE_NAME);
    if (n->state == NODE_FUTURE)
        return decide_fail(d, ESLURM_INVALID_NODE_STATE);
    if (r->token < n->token)
        return decide_fail_text(d, ESLURM_INVALID_NODE_STATE, "a newer slurmd of %s has registered", n->name);
    struct node_registered *f = facts_add(d->out, FACT_NODE_REGISTERED);
    f->node_index = n->index;
    f->node = meta_dup(&record_node, r->node);
    f->state = n->state;
    f->flags = n->flags;
    f->token = r->token;
    struct buf why = BUF_INIT;
    if (!d->s->policy->config_overrides)
        compare_size(n, r->node, &why);
    if (why.len) {
        f->state = n->state == NODE_UNKNOWN ? NODE_UP : n->state;
        f->flags =
            (f->flags | NODEF_INVALID_REG | NODEF_DRAIN) & ~(NODEF_NOT_RESPONDING | NODEF_NO_CONTACT_YET);
        f->reason = mem_strdup(why.s);
    } else {
        back_in_service(d, n, r, f);
        if (n->flags & NODEF_REBOOT_ISSUED && (r->node_boot || r->node->boot_time > n->reboot_time))
            decide_rebooted(n, f);
    }
    buf_release(&why);
    find_lost(d, r, n);
    find_strays(d, r, n);
    const struct node_register_reply *reply = d->reply;
    bool away = n->state != NODE_UP || n->flags & NODEF_NO_CONTACT_YET;
    struct node next;
    BORROW_SHARED(&next, n);
    next.flags = f->flags;
    bool came_up = node_is_asleep(n) && !node_is_asleep(&next); /* it has booted since it went down */
    /* Back in service once it registers without them, and not by what it sent before it went down. */
    if (away && (reply->kill_jobs.n || (r->node->asked != n->asked && !came_up))) {
        f->node->boot_time = n->boot_time;
        f->state = n->state;
        f->flags = n->flags;
        mem_set_str(&f->reason, NULL);
    }
    next.flags = f->flags;
    if (f->state == NODE_UP && !node_is_ready(n) && node_is_ready(&next))
        decide_node_came_up(d, n);
    fill_reply(d, n);
    return 0;
}

/* --- contact
 * ------------------------------------------------------------------------------------------------- */

int decide_node_contact(struct decide *d, const void *record)
{
    const struct node_contact *r = record;
    const struct node *n = state_node_at(d->s, r->node_index);
    if (!n)
        return decide_fail(d, ESLURM_INVALID_NODE_NAME);
    if (!r->ok && r->asked && r->asked <= n->last_contact)
        return 0; /* the failure is older than what we know */
    bool silent = n->flags & NODEF_NOT_RESPONDING;
    bool must_register = n->state == NODE_DOWN || n->state == NODE_FUTURE || n->flags & NODEF_NO_CONTACT_YET;
    if (r->ok && silent && !must_register)
        decide_node_change(d, n)->flags &= ~NODEF_NOT_RESPONDING;
    else if (!r->ok && !silent && n->state != NODE_FUTURE && !node_is_asleep(n) &&
             !(n->flags & NODEF_POWERING_DOWN))
        decide_node_change(d, n)->flags |= NODEF_NOT_RESPONDING;
    struct node_contact *f = facts_add(d->out, FACT_NODE_CONTACTED);
    meta_release(&record_node_contact, f);
    meta_copy(&record_node_contact, f, r);
    return 0;
}
