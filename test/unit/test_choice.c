/* SPDX-License-Identifier: Apache-2.0 */
/* Which of eight nodes with two sockets of four cores the reference chose, and how it shared the tasks. */
#include "unit.h"

#include <string.h>

#include "base/bits.h"
#include "base/buf.h"
#include "base/mem.h"
#include "sched_world.h"

static void eight_nodes(struct cluster *c)
{
    setup(c);
    add_nodes(c, 4);
    for (uint32_t i = 0; i < 8; i++) {
        struct node *n = node(c, i);
        n->cpus = 8;
        n->sockets = 2;
        n->cores = 4;
        n->threads = 1;
        n->weight = 1;
        n->core_spec = 0;
    }
    c->policy->cr_memory = false;
}

struct row {
    const char *what;
    uint32_t nodes_min, nodes_max, ntasks;   /* 0 = not given */
    uint16_t tasks_per_node, min_cpus;       /* 0 = not given */
    const char *required, *sizes, *features; /* NULL = not given */
    bool contiguous, spread;
    const char *nodes, *cpus; /* indexes; CPUs of each */
};

static void check(const struct row *r, struct cluster *c)
{
    struct job *j = new_job(c);
    struct job_spec *s = j->spec;
    s->min_nodes = r->nodes_min ? r->nodes_min : NO_VAL;
    s->max_nodes = r->nodes_max ? r->nodes_max : NO_VAL;
    s->ntasks = r->ntasks ? r->ntasks : NO_VAL;
    s->ntasks_per_node = r->tasks_per_node ? r->tasks_per_node : NO_VAL16;
    s->min_cpus_node = r->min_cpus ? r->min_cpus : NO_VAL16;
    s->req_nodes = mem_strdup(r->required);
    s->node_sizes = mem_strdup(r->sizes);
    s->features = mem_strdup(r->features);
    s->contiguous = r->contiguous;
    s->spread_job = r->spread;
    queue_job(c, j, NULL);
    plan(c);
    struct bits nodes = {0};
    struct buf names = BUF_INIT, cpus = BUF_INIT;
    const struct job *started = job(c, 1);
    for (uint32_t i = 0; i < started->alloc.n; i++) {
        bits_set(&nodes, started->alloc.v[i].node_index);
        buf_addf(&cpus, "%s%u", i ? "," : "", started->alloc.v[i].cpus);
    }
    bits_text(&nodes, &names);
    if (strcmp(names.s, r->nodes) != 0 || strcmp(cpus.s, r->cpus) != 0)
        fail_msg("%s: nodes %s with %s CPUs", r->what, names.s, cpus.s);
    bits_release(&nodes);
    buf_release(&names);
    buf_release(&cpus);
}

static void nodes_are_those_of_the_reference(void **state)
{
    static const struct row rows[] = {
        {.what = "-N1-5:2",
         .nodes_min = 1,
         .nodes_max = 5,
         .sizes = "1-5:2",
         .nodes = "0-2",
         .cpus = "1,1,1"},
        {.what = "-N2,4,8 -n5", 2, 8, 5, .sizes = "2,4,8", .nodes = "0-4", .cpus = "1,1,1,1,1"},
        {.what = "-N1,3 -n12", 1, 3, 12, .sizes = "1,3", .nodes = "0-2", .cpus = "8,3,1"},
        {.what = "--spread-job -n20",
         .ntasks = 20,
         .spread = true,
         .nodes = "0-7",
         .cpus = "3,3,3,3,2,2,2,2"},
        {.what = "-n3 --ntasks-per-node=2 -N2", 2, 2, 3, 2, .nodes = "0-1", .cpus = "2,2"},
        {.what = "-n8 -N1-2 --mincpus=4", 1, 2, 8, 0, 4, .nodes = "0-1", .cpus = "4,4"},
        {.what = "-n9 -N3 --mincpus=2", 3, 3, 9, 0, 2, .nodes = "0-2", .cpus = "5,2,2"},
        {.what = "-N3 --contiguous -w n3",
         3,
         3,
         .required = "n3",
         .contiguous = true,
         .nodes = "3-5",
         .cpus = "1,1,1"},
        {.what = "-N3 --contiguous -w n6",
         3,
         3,
         .required = "n6",
         .contiguous = true,
         .nodes = "5-7",
         .cpus = "1,1,1"},
        {.what = "-N4 -w n3,n5", 4, 4, .required = "n3,n5", .nodes = "3-6", .cpus = "1,1,1,1"},
        {.what = "-N4 -w n1,n4 -n20", 4, 4, 20, .required = "n1,n4", .nodes = "1-4", .cpus = "8,3,1,8"},
        {.what = "-w n2 -n20", .ntasks = 20, .required = "n2", .nodes = "2-4", .cpus = "8,8,4"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct cluster c;
        eight_nodes(&c);
        check(&rows[i], &c);
        teardown(&c);
    }
}

static void a_job_of_one_node_gets_the_tightest_that_will_do(void **state)
{
    static const struct row rows[] = {
        {.what = "-n4", .ntasks = 4, .nodes = "6", .cpus = "4"},
        {.what = "-n7", .ntasks = 7, .nodes = "0", .cpus = "7"},
        {.what = "-N1 -n4", 1, 1, 4, .nodes = "0", .cpus = "4"},
        {.what = "-n1", .ntasks = 1, .nodes = "0", .cpus = "1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct cluster c;
        eight_nodes(&c);
        node(&c, 6)->cpus = 6;
        node(&c, 6)->cores = 3;
        check(&rows[i], &c);
        teardown(&c);
    }
}

static void counted_features_get_as_many_nodes(void **state)
{
    static const char *const features[] = {"a,b,r1", "a,b,r1", "a,r1",   "b,r2",
                                           "b,r2",   "b,c,r2", "a,c,r3", "c,r3"};
    static const struct row rows[] = {
        {.what = "[a*1&b*1]", .features = "[a*1&b*1]", .nodes = "0,6", .cpus = "1,1"},
        {.what = "[a*2&b*2]", .features = "[a*2&b*2]", .nodes = "0-1,3-4", .cpus = "1,1,1,1"},
        {.what = "[a*1&c*2] -N3", 3, 3, .features = "[a*1&c*2]", .nodes = "5-7", .cpus = "1,1,1"},
        {.what = "[r1*1&r2*1&r3*1]", .features = "[r1*1&r2*1&r3*1]", .nodes = "0,3,6", .cpus = "1,1,1"},
        {.what = "[(a&b)*1&c*1]", .features = "[(a&b)*1&c*1]", .nodes = "0,5", .cpus = "1,1"},
        {.what = "[a*1&b*1] -n12", .ntasks = 12, .features = "[a*1&b*1]", .nodes = "0,6", .cpus = "8,4"},
        {.what = "a*2", .features = "a*2", .nodes = "0-1", .cpus = "1,1"},
        {.what = "c|a&b -N3", 3, 3, .features = "c|a&b", .nodes = "0-1,5", .cpus = "1,1,1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct cluster c;
        eight_nodes(&c);
        for (uint32_t n = 0; n < 8; n++)
            mem_set_str(&node(&c, n)->features, features[n]);
        check(&rows[i], &c);
        teardown(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes_are_those_of_the_reference),
        cmocka_unit_test(counted_features_get_as_many_nodes),
        cmocka_unit_test(a_job_of_one_node_gets_the_tightest_that_will_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
