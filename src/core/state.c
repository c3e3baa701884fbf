/* SPDX-License-Identifier: Apache-2.0 */
#include "core/state_impl.h"

#include "base/mem.h"
#include "core/apply.h"
#include "core/core.h"
#include "model/jobtext.h"

/* Copy and free of a tree's records. */
#define TREE_TYPE(tree, record)                                                                              \
    static struct shared *record##_copy(const struct shared *r)                                              \
    {                                                                                                        \
        return meta_dup(&record_##record, r);                                                                \
    }                                                                                                        \
    static void record##_drop(struct shared *r)                                                              \
    {                                                                                                        \
        meta_release(&record_##record, r);                                                                   \
        mem_free(r);                                                                                         \
    }                                                                                                        \
    const struct ptree_type tree = {.copy = record##_copy, .free = record##_drop}

TREE_TYPE(job_tree, job);
TREE_TYPE(node_tree, node);
TREE_TYPE(part_tree, part);

static struct directory *directory_new(void)
{
    struct directory *d = mem_alloc(sizeof *d);
    shared_init(&d->sh);
    return d;
}

static void directory_drop(struct directory *d)
{
    if (!shared_drop(&d->sh))
        return;
    map_str_release(&d->nodes);
    map_str_release(&d->parts);
    mem_free(d);
}

void directory_rebuild(struct state *s)
{
    struct directory *d = directory_new();
    const struct node *n;
    for (uint32_t i = 0; (n = ptree_next(&s->nodes, &i)); i++)
        map_str_put(&d->nodes, n->name, (void *)(uintptr_t)(i + 1));
    const struct part *p;
    s->default_part = NO_VAL;
    for (uint32_t i = 0; (p = ptree_next(&s->parts, &i)); i++) {
        map_str_put(&d->parts, p->name, (void *)(uintptr_t)(i + 1));
        if (p->flags & PARTF_DEFAULT)
            s->default_part = i;
    }
    directory_drop(s->dir);
    s->dir = d;
}

/* Tables hold the index + 1, so that NULL can mean absent. */
static uint32_t index_of(const struct map_str *map, const char *name)
{
    uintptr_t found = name ? (uintptr_t)map_str_get(map, name) : 0;
    return found ? (uint32_t)(found - 1) : NO_VAL;
}

const struct node *state_node(const struct state *s, const char *name)
{
    return ptree_get(&s->nodes, index_of(&s->dir->nodes, name));
}

const struct part *state_part(const struct state *s, const char *name)
{
    return ptree_get(&s->parts, index_of(&s->dir->parts, name));
}

static uint32_t view_node(const void *ctx, const char *name)
{
    return index_of(&((const struct directory *)ctx)->nodes, name);
}

static uint32_t view_part(const void *ctx, const char *name)
{
    return index_of(&((const struct directory *)ctx)->parts, name);
}

void state_view(const struct state *s, int64_t now, struct sched_view *ret)
{
    *ret = (struct sched_view){
        .jobs = &s->jobs,
        .nodes = &s->nodes,
        .parts = &s->parts,
        .policy = s->policy,
        .node_index = view_node,
        .part_index = view_part,
        .ctx = s->dir,
        .version = s->version,
        .now = now,
    };
}

void snapshot_view(const struct snapshot *s, int64_t now, struct sched_view *ret)
{
    *ret = (struct sched_view){
        .jobs = &s->jobs,
        .nodes = &s->nodes,
        .parts = &s->parts,
        .policy = s->policy,
        .node_index = view_node,
        .part_index = view_part,
        .ctx = s->dir,
        .version = s->version,
        .now = now,
    };
}

struct state *state_new(void)
{
    struct state *s = mem_alloc(sizeof *s);
    ptree_init(&s->jobs, &job_tree);
    ptree_init(&s->nodes, &node_tree);
    ptree_init(&s->parts, &part_tree);
    s->dir = directory_new();
    s->policy = meta_new(&record_policy);
    s->default_part = NO_VAL;
    s->next_job_id = 1;
    return s;
}

/* Everything but the struct itself. */
static void release(struct state *s)
{
    index_release(s);
    ptree_release(&s->jobs);
    ptree_release(&s->nodes);
    ptree_release(&s->parts);
    meta_free(&record_policy, s->policy);
    directory_drop(s->dir);
}

void state_free(struct state *s)
{
    if (!s)
        return;
    release(s);
    mem_free(s);
}

void state_set_index(struct state *s, uint64_t index, uint64_t term)
{
    s->index = index;
    s->term = term;
}

struct snapshot *state_publish(struct state *s)
{
    struct snapshot *n = mem_alloc(sizeof *n);
    shared_init(&n->sh);
    ptree_snapshot(&s->jobs, &n->jobs);
    ptree_snapshot(&s->nodes, &n->nodes);
    ptree_snapshot(&s->parts, &n->parts);
    n->policy = s->policy;
    shared_keep(&n->policy->sh);
    n->dir = s->dir;
    shared_keep(&n->dir->sh);
    n->index = s->index;
    n->version = s->version;
    n->time = s->time;
    n->default_part = s->default_part;
    n->term = s->term;
    n->next_job_id = s->next_job_id;
    n->next_node_index = s->next_node_index;
    return n;
}

void snapshot_drop(struct snapshot *s)
{
    if (!s || !shared_drop(&s->sh))
        return;
    ptree_release(&s->jobs);
    ptree_release(&s->nodes);
    ptree_release(&s->parts);
    meta_free(&record_policy, s->policy);
    directory_drop(s->dir);
    mem_free(s);
}

const struct job *snapshot_job(const struct snapshot *s, uint32_t job_id)
{
    return ptree_get(&s->jobs, job_id);
}

const struct node *snapshot_node(const struct snapshot *s, const char *name)
{
    return ptree_get(&s->nodes, index_of(&s->dir->nodes, name));
}

const struct part *snapshot_part(const struct snapshot *s, const char *name)
{
    return ptree_get(&s->parts, index_of(&s->dir->parts, name));
}

bool snapshot_has_step(const struct snapshot *s, const struct step *step)
{
    const struct job *job = snapshot_job(s, step->job_id);
    return job && job_is_active(job) && job->start_time <= step->start_time &&
           job_step(job, step->step_id) >= 0;
}

bool state_uses_payload(const struct state *s, const struct meta_bytes *name)
{
    uint64_t key;
    payload_key(name, &key);
    return map_u64_has(&s->payloads, key);
}

/* Copies a table into a list of records. */
static void save_table(const struct ptree *t, const struct meta_record *r, void *list)
{
    struct meta_recs *l = list;
    l->v = t->count ? mem_array(t->count, r->size) : NULL;
    l->n = 0;
    const void *rec;
    for (uint32_t key = 0; (rec = ptree_next(t, &key)); key++)
        meta_copy(r, (char *)l->v + (size_t)l->n++ * r->size, rec);
}

void state_save(const struct state *s, struct saved_state *ret)
{
    meta_init(&record_saved_state, ret);
    ret->index = s->index;
    ret->term = s->term;
    ret->time = s->time;
    ret->next_job_id = s->next_job_id;
    ret->next_node_index = s->next_node_index;
    ret->policy = s->policy;
    shared_keep(&s->policy->sh);
    save_table(&s->nodes, &record_node, &ret->nodes);
    save_table(&s->parts, &record_part, &ret->parts);
    save_table(&s->jobs, &record_job, &ret->jobs);
}

enum { NODE_INDEXES_MAX = 1 << 22 }; /* ever given: four times the nodes that a cluster may have */

static int check_saved(const struct saved_state *saved, struct err *e)
{
    if (saved->next_node_index > NODE_INDEXES_MAX)
        return err_set(e, ESLURM_INTERNAL, "saved state: %u nodes are too many", saved->next_node_index);
    if (!saved->policy)
        return err_set(e, ESLURM_INTERNAL, "saved state has no policy");
    for (uint32_t i = 0; i < saved->nodes.n; i++)
        if (!saved->nodes.v[i].name || saved->nodes.v[i].index >= saved->next_node_index)
            return err_set(e, ESLURM_INTERNAL, "saved state: node %u is not complete", i);
    for (uint32_t i = 0; i < saved->parts.n; i++)
        if (!saved->parts.v[i].name)
            return err_set(e, ESLURM_INTERNAL, "saved state: partition %u has no name", i);
    for (uint32_t i = 0; i < saved->jobs.n; i++) {
        const struct job *j = &saved->jobs.v[i];
        if (!j->spec || !j->job_id || j->job_id & IDSET_GONE)
            return err_set(e, ESLURM_INTERNAL, "saved state: job %u is not complete", j->job_id);
        for (uint32_t k = 0; k < j->alloc.n; k++)
            if (j->alloc.v[k].node_index >= saved->next_node_index)
                return err_set(e, ESLURM_INTERNAL, "saved state: job %u is on an unknown node", j->job_id);
    }
    return 0;
}

int state_restore(struct state *s, const struct saved_state *saved, struct err *e)
{
    int rc = check_saved(saved, e);
    if (rc < 0)
        return rc;
    struct state fresh = {
        .policy = saved->policy,
        .dir = directory_new(),
        .index = saved->index,
        .term = saved->term,
        .time = saved->time,
        .next_job_id = saved->next_job_id,
        .next_node_index = saved->next_node_index,
    };
    shared_keep(&saved->policy->sh);
    ptree_init(&fresh.jobs, &job_tree);
    ptree_init(&fresh.nodes, &node_tree);
    ptree_init(&fresh.parts, &part_tree);
    for (uint32_t i = 0; i < saved->nodes.n; i++)
        ptree_put(&fresh.nodes, saved->nodes.v[i].index, meta_dup(&record_node, &saved->nodes.v[i]));
    for (uint32_t i = 0; i < saved->parts.n; i++)
        ptree_put(&fresh.parts, saved->parts.v[i].index, meta_dup(&record_part, &saved->parts.v[i]));
    for (uint32_t i = 0; i < saved->jobs.n; i++)
        ptree_put(&fresh.jobs, saved->jobs.v[i].job_id, meta_dup(&record_job, &saved->jobs.v[i]));
    release(s);
    *s = fresh;
    directory_rebuild(s);
    index_rebuild(s);
    return 0;
}
