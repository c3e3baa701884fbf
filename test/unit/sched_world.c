/* SPDX-License-Identifier: Apache-2.0 */
#include "sched_world.h"

#include "sched_lists.h"
#include "unit.h"

#include "base/bits.h"
#include "base/mem.h"
#include "base/text.h"
#include "meta/meta.h"

static uint32_t node_index(const void *ctx, const char *name)
{
    const struct cluster *c = ctx;
    uint32_t i;
    return name[0] == 'n' && text_to_u32(name + 1, &i) && i < c->nodes.count ? i : NO_VAL;
}
static uint32_t part_index(const void *ctx, const char *name)
{
    return strcmp(name, "debug") == 0 ? 0 : strcmp(name, "long") == 0 ? 1 : NO_VAL;
}

static void add_part(struct cluster *c, uint32_t index, const char *name, uint32_t nodes)
{
    struct part *p = meta_new(&record_part);
    p->index = index;
    p->name = mem_strdup(name);
    p->flags = index ? 0 : PARTF_DEFAULT;
    p->max_share = 1;
    p->max_time = 60;
    p->default_time = 10;
    p->max_nodes = NO_VAL;
    p->def_mem_cpu = 500;
    p->total_nodes = nodes;
    p->total_cpus = nodes * 8;
    p->priority_tier = 1;
    bits_set_range(&p->members, 0, nodes - 1);
    ptree_put(&c->parts, index, p);
}

static void add_node(struct cluster *c, uint32_t i)
{
    struct node *n = meta_new(&record_node);
    n->index = i;
    n->name = buf_format("n%u", i);
    n->state = NODE_UP;
    n->cpus = 8;
    n->sockets = n->cores = n->threads = 2;
    n->real_memory = 16000;
    n->weight = 1;
    n->features = mem_strdup(i < 2 ? "intel,rack1" : "amd,rack2");
    struct gres_decl *g = meta_recs_push(&record_gres_decl, &n->gres);
    g->name = mem_strdup("gpu");
    g->type = mem_strdup("a100");
    g->count = 2;
    meta_strs_push(&g->files, "/dev/nvidia0");
    meta_strs_push(&g->files, "/dev/nvidia1");
    ptree_put(&c->nodes, i, n);
}

void setup(struct cluster *c)
{
    *c = (struct cluster){.next_id = 1};
    ptree_init(&c->jobs, &list_of_jobs);
    ptree_init(&c->nodes, &list_of_nodes);
    ptree_init(&c->parts, &list_of_parts);
    c->policy = meta_new(&record_policy);
    c->policy->cr_core = c->policy->cr_memory = true;
    c->policy->licenses = mem_strdup("matlab:4");
    meta_strs_push(&c->policy->gres_types, "gpu");
    meta_strs_push(&c->policy->account_tres, "gres/gpu");
    for (uint32_t i = 0; i < NODES; i++)
        add_node(c, i);
    add_part(c, 0, "debug", 4);
    add_part(c, 1, "long", 3);
    c->view = (struct sched_view){.jobs = &c->jobs,
                                  .nodes = &c->nodes,
                                  .parts = &c->parts,
                                  .policy = c->policy,
                                  .node_index = node_index,
                                  .part_index = part_index,
                                  .ctx = c,
                                  .now = NOW};
}

void add_nodes(struct cluster *c, uint32_t n)
{
    for (uint32_t i = 0; i < 2; i++) {
        struct part *p = ptree_edit(&c->parts, i);
        bits_set_range(&p->members, NODES, NODES + n - 1 - i * (n / 2));
        p->total_nodes = bits_count(&p->members);
        p->total_cpus = p->total_nodes * 8;
    }
    for (uint32_t i = NODES; i < NODES + n; i++) {
        add_node(c, i);
        struct node *x = node(c, i);
        x->weight = 1 + i % 2;
        if (i % 3 == 0) {
            x->cores = 4;
            x->cpus = 16;
            x->real_memory = 30000;
            mem_set_str(&x->features, "intel,rack3");
        }
        if (i % 3 == 1) {
            meta_release(&record_gres_decl, &x->gres.v[0]);
            x->gres.n = 0;
        }
        if (i % 5 == 0)
            x->core_spec = 1;
    }
}

void teardown(struct cluster *c)
{
    ptree_release(&c->jobs);
    ptree_release(&c->nodes);
    ptree_release(&c->parts);
    meta_free(&record_policy, c->policy);
}

struct job *new_job(struct cluster *c)
{
    struct job *j = meta_new(&record_job);
    j->job_id = c->next_id++;
    j->spec = meta_new(&record_job_spec);
    j->priority = 1000 - j->job_id;
    j->eligible_time = NOW;
    return j;
}

int queue_job(struct cluster *c, struct job *j, struct err *e)
{
    int r = sched_admit(&c->view, j, 1000, false, e);
    if (r < 0)
        meta_free(&record_job, j);
    else
        ptree_put(&c->jobs, j->job_id, j);
    return -r;
}

static void hold(struct cluster *c, const struct start_job *s, const struct job *j)
{
    for (uint32_t i = 0; i < s->alloc.n; i++) {
        const struct job_node *share = &s->alloc.v[i];
        struct node *n = ptree_edit(&c->nodes, share->node_index);
        assert_false(bits_intersects(&n->alloc_cores, &share->cores));
        bits_or(&n->alloc_cores, &share->cores);
        n->alloc_mem += share->mem;
        assert_true(n->alloc_mem <= n->real_memory);
        assert_int_equal(n->exclusive_job, 0);
        n->running_jobs++;
        if (j->spec->share == SHARE_NODE) {
            assert_int_equal(n->running_jobs, 1);
            n->exclusive_job = j->job_id;
        }
        for (uint32_t g = 0; g < share->gres.n; g++) {
            for (uint32_t k = 0; k < n->gres_used.n; k++)
                assert_false(bits_intersects(&n->gres_used.v[k].index, &share->gres.v[g].index));
            meta_copy(&record_job_gres, meta_recs_push(&record_job_gres, &n->gres_used), &share->gres.v[g]);
        }
    }
}

void apply_plan(struct cluster *c, const struct sched_result *r)
{
    for (uint32_t i = 0; i < r->starts.n; i++) {
        const struct start_job *s = &r->starts.v[i];
        struct job *j = ptree_edit(&c->jobs, s->job_id);
        assert_int_equal(sched_check_alloc(&c->view, s, j, NULL), 0);
        hold(c, s, j);
        j->state = JOB_RUNNING;
        j->cpus = s->cpus;
        j->end_time = c->view.now + j->time_limit * 60;
        mem_set_str(&j->scheduler, s->scheduler);
        for (uint32_t k = 0; k < s->alloc.n; k++)
            meta_copy(&record_job_node, meta_recs_push(&record_job_node, &j->alloc), &s->alloc.v[k]);
    }
    for (uint32_t i = 0; i < r->notes.notes.n; i++) {
        const struct plan_note *n = &r->notes.notes.v[i];
        struct job *j = ptree_edit(&c->jobs, n->job_id);
        j->reason = n->reason;
        j->start_time = n->start_time;
        mem_set_str(&j->reason_text, n->text);
        mem_set_str(&j->sched_nodes, n->nodes);
    }
}

uint32_t plan(struct cluster *c)
{
    struct planner *p = planner_new();
    struct sched_budget budget = {0};
    struct sched_result r;
    planner_run(p, &c->view, &budget, &r);
    apply_plan(c, &r);
    uint32_t started = r.starts.n;
    sched_result_release(&r);
    planner_free(p);
    return started;
}

struct node *node(struct cluster *c, uint32_t index)
{
    return ptree_edit(&c->nodes, index);
}

static void give_back(struct node *n, const struct job_node *share, uint32_t job_id)
{
    bits_minus(&n->alloc_cores, &share->cores);
    n->alloc_mem -= share->mem;
    n->running_jobs--;
    if (n->exclusive_job == job_id)
        n->exclusive_job = 0;
    for (uint32_t g = 0; g < share->gres.n; g++)
        for (uint32_t k = 0; k < n->gres_used.n; k++)
            if (bits_subset(&share->gres.v[g].index, &n->gres_used.v[k].index)) {
                bits_minus(&n->gres_used.v[k].index, &share->gres.v[g].index);
                n->gres_used.v[k].count -= share->gres.v[g].count;
            }
}

void end_job(struct cluster *c, uint32_t id)
{
    const struct job *j = job(c, id);
    for (uint32_t i = 0; i < j->alloc.n; i++)
        give_back(node(c, j->alloc.v[i].node_index), &j->alloc.v[i], id);
    ptree_remove(&c->jobs, id);
}

const struct job *job(struct cluster *c, uint32_t id)
{
    return ptree_get(&c->jobs, id);
}
