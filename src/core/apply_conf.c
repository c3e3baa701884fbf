/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apply.h: configuration, nodes and partitions that come and go.
 *
 * A node keeps its index as long as it exists; a new one gets an index that was never used, because records
 * of ended jobs still name old ones. decide_conf.c has checked every list that is parsed here.
 */
#include "core/apply.h"

#include "base/hostlist.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/conf_names.h"
#include "core/power.h"

/* --- nodes
 * --------------------------------------------------------------------------------------------------- */

/* What a node is and was told, carried over to the record of a new configuration. */
static void keep_runtime(struct node *to, const struct node *from)
{
    to->state = from->state;
    to->flags = from->flags;
    mem_set_str(&to->reason, from->reason);
    to->reason_uid = from->reason_uid;
    to->reason_time = from->reason_time;
    mem_set_str(&to->comment, from->comment);
    mem_set_str(&to->extra, from->extra);
    mem_set_str(&to->version, from->version);
    mem_set_str(&to->os, from->os);
    mem_set_str(&to->arch, from->arch);
    mem_set_str(&to->instance_id, from->instance_id);
    mem_set_str(&to->instance_type, from->instance_type);
    to->boot_time = from->boot_time;
    to->slurmd_start = from->slurmd_start;
    to->last_busy = from->last_busy;
    to->last_contact = from->last_contact;
    to->cpu_load = from->cpu_load;
    to->free_mem = from->free_mem;
    to->token = from->token;
    to->asked = from->asked;
    to->resume_after = from->resume_after;
    mem_set_str(&to->next_state, from->next_state);
    to->reboot_time = from->reboot_time;
    to->reboot_drained = from->reboot_drained;
    to->power_time = from->power_time;
    to->power_drained = from->power_drained;
    to->alloc_cpus = from->alloc_cpus;
    to->alloc_mem = from->alloc_mem;
    to->running_jobs = from->running_jobs;
    to->completing = from->completing;
    to->exclusive_job = from->exclusive_job;
    to->owner = from->owner;
    bits_copy(&to->alloc_cores, &from->alloc_cores);
    if (from->gres_used.n)
        to->gres_used.v = mem_array(from->gres_used.n, sizeof *to->gres_used.v);
    to->gres_used.n = from->gres_used.n;
    for (uint32_t i = 0; i < from->gres_used.n; i++)
        meta_copy(&record_job_gres, &to->gres_used.v[i], &from->gres_used.v[i]);
}

/* A new node has no past, whatever the record says. */
static void start_anew(struct node *n)
{
    n->flags &= NODEF_CLOUD | NODEF_DYNAMIC_NORM;
    n->alloc_cpus = n->running_jobs = n->completing = n->exclusive_job = 0;
    n->alloc_mem = n->token = n->asked = 0;
    n->owner = NO_VAL;
    n->last_ping = n->last_busy = n->resume_after = 0;
    bits_release(&n->alloc_cores);
    for (uint32_t i = 0; i < n->gres_used.n; i++)
        meta_release(&record_job_gres, &n->gres_used.v[i]);
    n->gres_used.n = 0;
    mem_set_str(&n->partitions, NULL);
    if (n->flags & NODEF_CLOUD) {
        n->state = NODE_UP;
        n->flags |= NODEF_POWERED_DOWN;
    } else if (n->state != NODE_FUTURE) {
        n->state = NODE_UNKNOWN;
    }
    n->flags |= NODEF_NO_CONTACT_YET;
}

static void grow_node_jobs(struct state *s)
{
    s->node_jobs = mem_realloc(s->node_jobs, s->next_node_index * sizeof *s->node_jobs);
    for (; s->node_jobs_n < s->next_node_index; s->node_jobs_n++)
        s->node_jobs[s->node_jobs_n] = (struct idset){0};
}

/* Puts one configured node into the table; gives its index. */
static uint32_t put_node(struct state *s, const struct node *conf, int64_t time, bool *ret_new)
{
    const struct node *old = state_node(s, conf->name);
    struct node *n = meta_dup(&record_node, conf);
    *ret_new = !old;
    if (old) {
        n->index = old->index;
        keep_runtime(n, old);
    } else {
        n->index = s->next_node_index++;
        start_anew(n);
        grow_node_jobs(s);
    }
    if (!n->active_features)
        mem_set_str(&n->active_features, n->features);
    n->last_contact = time; /* SlurmdTimeout counts anew from here */
    ptree_put(&s->nodes, n->index, n);
    return n->index;
}

static uint32_t state_by_name(const char *text, uint64_t *ret_flags)
{
    static const struct {
        const char *name;
        uint32_t state;
        uint64_t flags;
    } names[] = {
        {"DOWN", NODE_DOWN, 0},
        {"DRAIN", NODE_UNKNOWN, NODEF_DRAIN},
        {"FAIL", NODE_UNKNOWN, NODEF_FAIL},
        {"FUTURE", NODE_FUTURE, 0},
        {"CLOUD", NODE_UP, NODEF_CLOUD | NODEF_POWERED_DOWN},
    };
    for (uint32_t i = 0; i < sizeof names / sizeof *names; i++)
        if (text_same_nocase(text, names[i].name)) {
            *ret_flags = names[i].flags;
            return names[i].state;
        }
    *ret_flags = 0;
    return NODE_UNKNOWN;
}

/* DownNodes and State= of the configuration: only for nodes that were not known before. */
static void start_down(struct state *s, const struct node_update *u, const struct bits *fresh, int64_t time)
{
    struct bits members = {0};
    names_to_nodes(s, u->nodes, &members, NULL);
    for (uint32_t i = 0; (i = bits_next(&members, i)) != BITS_MAX; i++) {
        if (!bits_test(fresh, i))
            continue;
        struct node *n = ptree_edit(&s->nodes, i);
        uint64_t flags;
        n->state = state_by_name(u->state, &flags);
        n->flags |= flags;
        if (u->reason) {
            mem_set_str(&n->reason, u->reason);
            n->reason_uid = s->policy->slurm_uid;
            n->reason_time = time;
        }
    }
    bits_release(&members);
}

static void remove_absent(struct state *s, const struct bits *present)
{
    const struct node *n;
    for (uint32_t i = 0; (n = ptree_next(&s->nodes, &i)); i++)
        if (!bits_test(present, i) && !(n->flags & NODEF_DYNAMIC_NORM)) {
            REQUIRE(n->running_jobs == 0);
            timers_set(&s->timers, timer_key(TIMER_NODE, i), INT64_MAX);
            ptree_remove(&s->nodes, i);
        }
}

static void put_nodes(struct state *s, const struct configure *c, int64_t time)
{
    struct bits present = {0}, fresh = {0};
    for (uint32_t i = 0; i < c->nodes.n; i++) {
        bool new;
        uint32_t index = put_node(s, &c->nodes.v[i], time, &new);
        bits_set(&present, index);
        if (new)
            bits_set(&fresh, index);
    }
    remove_absent(s, &present);
    directory_rebuild(s);
    for (uint32_t i = 0; i < c->down.n; i++)
        start_down(s, &c->down.v[i], &fresh, time);
    bits_release(&present);
    bits_release(&fresh);
}

/* --- partitions
 * ---------------------------------------------------------------------------------------------- */

/* Totals of each partition and the partitions of each node. */
static void link_parts(struct state *s)
{
    uint32_t limit = s->next_node_index;
    struct buf *names = mem_array(limit, sizeof *names);
    for (uint32_t i = 0; i < limit; i++)
        buf_init(&names[i]);
    const struct part *p;
    for (uint32_t i = 0; (p = ptree_next(&s->parts, &i)); i++) {
        struct part *mine = ptree_edit(&s->parts, i);
        bits_clear_all(&mine->members);
        names_to_nodes(s, mine->nodes, &mine->members, NULL);
        mine->total_nodes = mine->total_cpus = 0;
        for (uint32_t k = 0; (k = bits_next(&mine->members, k)) != BITS_MAX; k++) {
            mine->total_nodes++;
            mine->total_cpus += state_node_at(s, k)->cpus;
            buf_sep(&names[k], ",");
            buf_adds(&names[k], mine->name);
        }
    }
    const struct node *n;
    for (uint32_t i = 0; (n = ptree_next(&s->nodes, &i)); i++)
        if (!text_same(n->partitions ? n->partitions : "", names[i].s))
            mem_set_str(&((struct node *)ptree_edit(&s->nodes, i))->partitions,
                        names[i].len ? names[i].s : NULL);
    for (uint32_t i = 0; i < limit; i++)
        buf_release(&names[i]);
    mem_free(names);
    power_link(s);
}

static void clear_default(struct state *s, uint32_t but)
{
    const struct part *p;
    for (uint32_t i = 0; (p = ptree_next(&s->parts, &i)); i++)
        if (i != but && p->flags & PARTF_DEFAULT)
            ((struct part *)ptree_edit(&s->parts, i))->flags &= ~PARTF_DEFAULT;
}

/* The partitions as configured; with ReconfigFlags as they were where those say so. */
static void put_parts(struct state *s, const struct configure *c)
{
    struct ptree old = s->parts;
    struct directory *names = s->dir;
    shared_keep(&names->sh);
    ptree_init(&s->parts, &part_tree);
    uint32_t next = 0;
    for (uint32_t i = 0; i < c->parts.n; i++) {
        struct part *p = meta_dup(&record_part, &c->parts.v[i]);
        uintptr_t at = (uintptr_t)map_str_get(&names->parts, p->name);
        const struct part *was = at ? ptree_get(&old, (uint32_t)(at - 1)) : NULL;
        if (was && c->policy->keep_part_info) {
            meta_free(&record_part, p);
            p = meta_dup(&record_part, was);
        } else if (was && c->policy->keep_part_state) {
            p->state = was->state;
        }
        p->index = next++;
        ptree_put(&s->parts, p->index, p);
    }
    directory_rebuild(s);
    const struct part *was;
    for (uint32_t i = 0; c->policy->keep_part_info && (was = ptree_next(&old, &i)); i++) {
        if (state_part(s, was->name))
            continue;
        struct part *p = meta_dup(&record_part, was);
        p->index = next++;
        ptree_put(&s->parts, p->index, p);
    }
    ptree_release(&old);
    if (shared_drop(&names->sh)) {
        map_str_release(&names->nodes);
        map_str_release(&names->parts);
        mem_free(names);
    }
}

static void retime_jobs(struct state *s)
{
    const struct job *j;
    for (uint32_t id = 0; (j = ptree_next(&s->jobs, &id)); id++)
        timers_set(&s->timers, timer_key(TIMER_JOB, id), job_deadline(s, j));
}

void apply_configured(struct state *s, const void *record, int64_t time)
{
    const struct configure *c = record;
    REQUIRE(c->policy);
    struct policy *policy = c->policy;
    shared_keep(&policy->sh);
    meta_free(&record_policy, s->policy);
    s->policy = policy;
    if (s->next_job_id < policy->first_job_id)
        s->next_job_id = policy->first_job_id;
    put_nodes(s, c, time);
    put_parts(s, c);
    link_parts(s);
    directory_rebuild(s);
    retime_jobs(s);
}

void apply_nodes_added(struct state *s, const void *record, int64_t time)
{
    const struct node_create *c = record;
    for (uint32_t i = 0; i < c->nodes.n; i++) {
        bool new;
        uint32_t index = put_node(s, &c->nodes.v[i], time, &new);
        directory_rebuild(s);
        node_timer(s, state_node_at(s, index));
    }
    link_parts(s);
}

void apply_node_removed(struct state *s, const void *record, int64_t time)
{
    uint32_t index = ((const struct node_ref *)record)->node_index;
    const struct node *n = state_node_at(s, index);
    REQUIRE(n && n->running_jobs == 0);
    timers_set(&s->timers, timer_key(TIMER_NODE, index), INT64_MAX);
    ptree_remove(&s->nodes, index);
    directory_rebuild(s);
    link_parts(s);
}

void apply_part_changed(struct state *s, const void *record, int64_t time)
{
    struct part *p = meta_dup(&record_part, record);
    ptree_put(&s->parts, p->index, p);
    if (p->flags & PARTF_DEFAULT)
        clear_default(s, p->index);
    directory_rebuild(s);
    link_parts(s);
    retime_jobs(s);
}

void apply_part_removed(struct state *s, const void *record, int64_t time)
{
    bool removed = ptree_remove(&s->parts, ((const struct part_ref *)record)->part_index);
    REQUIRE(removed);
    directory_rebuild(s);
    link_parts(s);
}
