/* SPDX-License-Identifier: Apache-2.0 */
/* What a run of the planner costs: `plan_runs [NODES [RUNNING [WAITING]]]`. Each node has 64 cores, the
 * running jobs have six each and end at different times, the waiting ones are of fifty shapes and mostly too
 * large. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/bits.h"
#include "base/mem.h"
#include "meta/meta.h"
#include "model.h"
#include "sched/sched.h"
#include "../test/unit/sched_lists.h"

enum { CORES = 64, CORES_A_JOB = 6, SHAPES = 50, ROUNDS = 20, CHANGES = 10 };
static const int64_t NOW = 1800000000;

struct cluster {
    struct ptree jobs, nodes, parts;
    struct sched_view view;
    uint32_t nodes_n;
};

static uint32_t node_index(const void *ctx, const char *name)
{
    return NO_VAL;
}
static uint32_t part_index(const void *ctx, const char *name)
{
    return 0;
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void add_nodes(struct cluster *c, uint32_t n)
{
    struct part *p = meta_new(&record_part);
    p->name = mem_strdup("batch");
    p->flags = PARTF_DEFAULT;
    p->max_share = p->priority_tier = 1;
    p->max_time = INFINITE;
    p->max_nodes = NO_VAL;
    p->total_nodes = n;
    p->total_cpus = n * CORES;
    bits_set_range(&p->members, 0, n - 1);
    ptree_put(&c->parts, 0, p);
    for (uint32_t i = 0; i < n; i++) {
        struct node *x = meta_new(&record_node);
        x->index = i;
        x->name = buf_format("n%u", i);
        x->state = NODE_UP;
        x->cpus = CORES;
        x->sockets = 2;
        x->cores = CORES / 2;
        x->threads = x->weight = 1;
        x->real_memory = 256000;
        ptree_put(&c->nodes, i, x);
    }
    c->nodes_n = n;
}

static struct job *new_job(uint32_t id, uint32_t shape)
{
    struct job *j = meta_new(&record_job);
    j->job_id = id;
    j->spec = meta_new(&record_job_spec);
    j->partition = mem_strdup("batch");
    j->priority = 1000000 - id;
    j->eligible_time = j->submit_time = NOW - 1000;
    j->spec->min_nodes = j->spec->max_nodes = 1 + shape % 10;
    j->spec->ntasks = j->spec->min_nodes * (8 + shape);
    j->spec->mem_per_cpu = 1000;
    j->spec->time_limit = j->time_limit = 30 + shape * 10;
    return j;
}

static void add_running(struct cluster *c, uint32_t id)
{
    struct job *j = new_job(id, 0);
    struct node *n = ptree_edit(&c->nodes, id % c->nodes_n);
    struct job_node *a = meta_recs_push(&record_job_node, &j->alloc);
    uint32_t first = bits_count(&n->alloc_cores);
    j->state = JOB_RUNNING;
    j->end_time = NOW + 60 + (int64_t)id * 7919 % 86400;
    a->node_index = n->index;
    a->cpus = CORES_A_JOB;
    a->mem = CORES_A_JOB * 1000;
    bits_set_range(&a->cores, first, first + CORES_A_JOB - 1);
    bits_or(&n->alloc_cores, &a->cores);
    n->alloc_mem += a->mem;
    n->running_jobs++;
    ptree_put(&c->jobs, id, j);
}

static void end_running(struct cluster *c, uint32_t id)
{
    const struct job *j = ptree_get(&c->jobs, id);
    if (!j || !j->alloc.n)
        return;
    const struct job_node *a = &j->alloc.v[0];
    struct node *n = ptree_edit(&c->nodes, a->node_index);
    bits_minus(&n->alloc_cores, &a->cores);
    n->alloc_mem -= a->mem;
    n->running_jobs--;
    ptree_remove(&c->jobs, id);
}

/* What the core does with the notes, so that the next run has nothing new to say. Starts are not applied. */
static double run(struct cluster *c, struct planner *p, uint64_t *ret_work)
{
    struct sched_budget budget = {.work_max = 2000000, .starts_max = 1000};
    struct sched_result r;
    double from = now_ms();
    planner_run(p, &c->view, &budget, &r);
    double spent = now_ms() - from;
    for (uint32_t i = 0; i < r.notes.notes.n; i++) {
        struct job *j = ptree_edit(&c->jobs, r.notes.notes.v[i].job_id);
        j->reason = r.notes.notes.v[i].reason;
        j->start_time = r.notes.notes.v[i].start_time;
        mem_set_str(&j->sched_nodes, r.notes.notes.v[i].nodes);
    }
    *ret_work = r.work;
    sched_result_release(&r);
    return spent;
}

static uint32_t expected_starts(const struct cluster *c)
{
    uint32_t n = 0, id = 0;
    for (const struct job *j; (j = ptree_next(&c->jobs, &id)); id++)
        n += j->state == JOB_PENDING && j->start_time > NOW;
    return n;
}

int main(int argc, char **argv)
{
    uint32_t nodes = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 10000;
    uint32_t running = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 100000;
    uint32_t waiting = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 50000;
    struct cluster c = {0};
    struct policy *policy = meta_new(&record_policy);
    uint64_t work;
    policy->cr_core = policy->cr_memory = true;
    ptree_init(&c.jobs, &list_of_jobs);
    ptree_init(&c.nodes, &list_of_nodes);
    ptree_init(&c.parts, &list_of_parts);
    add_nodes(&c, nodes);
    for (uint32_t id = 1; id <= running; id++)
        add_running(&c, id);
    for (uint32_t i = 0; i < waiting; i++)
        ptree_put(&c.jobs, running + 1 + i, new_job(running + 1 + i, i % SHAPES));
    c.view = (struct sched_view){.jobs = &c.jobs,
                                 .nodes = &c.nodes,
                                 .parts = &c.parts,
                                 .policy = policy,
                                 .node_index = node_index,
                                 .part_index = part_index,
                                 .now = NOW};
    struct planner *p = planner_new();
    double first = run(&c, p, &work), again = 0, changed = 0;
    printf("%u nodes, %u running, %u waiting\nfirst run %.1f ms, %llu units of work\n", nodes, running,
           waiting, first, (unsigned long long)work);
    printf("%u jobs have an expected start\n", expected_starts(&c));
    run(&c, p, &work);
    for (uint32_t i = 0; i < ROUNDS; i++)
        again += run(&c, p, &work);
    for (uint32_t i = 0; i < ROUNDS; i++) {
        for (uint32_t k = 0; k < CHANGES; k++)
            end_running(&c, 1 + (i * CHANGES + k) * 97 % running);
        changed += run(&c, p, &work);
    }
    printf("nothing changed %.1f ms, %u jobs ended %.1f ms, %llu units of work\n", again / ROUNDS, CHANGES,
           changed / ROUNDS, (unsigned long long)work);
    printf("%u jobs have an expected start\n", expected_starts(&c));
    planner_free(p);
    ptree_release(&c.jobs);
    ptree_release(&c.nodes);
    ptree_release(&c.parts);
    meta_free(&record_policy, policy);
    return 0;
}
