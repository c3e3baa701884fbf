/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs below switches, on the cluster of sched_world.h: leaf s1 has n0 and n1, s2 has n2 and n3, top has
 * both. */
#include "unit.h"

#include <string.h>

#include "base/bits.h"
#include "base/buf.h"
#include "base/mem.h"
#include "meta/meta.h"
#include "sched/switches.h"
#include "sched_world.h"

static void add_switch(struct cluster *c, const char *name, uint32_t level, const char *nodes,
                       const char *parent)
{
    struct topo_switch *s = meta_recs_push(&record_topo_switch, &c->policy->topology);
    s->name = mem_strdup(name);
    s->level = level;
    s->nodes = mem_strdup(nodes);
    s->parent = mem_strdup(parent);
}

static void setup_tree(struct cluster *c)
{
    setup(c);
    add_switch(c, "s1", 0, "n[0-1]", "top");
    add_switch(c, "s2", 0, "n[2-3]", "top");
    add_switch(c, "top", 1, "n[0-3]", NULL);
}

static struct job *wide_job(struct cluster *c, uint32_t nodes, uint32_t switches, uint32_t wait)
{
    struct job *j = new_job(c);
    j->spec->min_nodes = j->spec->max_nodes = j->node_count = nodes;
    j->spec->ntasks = nodes;
    j->spec->switches = switches;
    j->spec->switches_wait = wait;
    return j;
}

static void switches_are_tried_from_the_lowest_level_up(void **state)
{
    static const struct {
        uint32_t nodes, switches, sets;
        bool only;
    } rows[] = {{1, 0, 0, false}, {2, 0, 3, false}, {2, 1, 2, true}, {2, 2, 3, true}, {4, 9, 3, true}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct cluster c;
        struct switch_sets sets;
        setup_tree(&c);
        struct job *j = wide_job(&c, rows[i].nodes, rows[i].switches, 60);
        switch_sets_init(&c.view, j, &sets);
        assert_int_equal(sets.list.n, rows[i].sets);
        assert_int_equal(sets.only, rows[i].only);
        for (uint32_t k = 0; k < sets.list.n; k++) {
            assert_int_equal(bits_count(&sets.list.v[k].nodes), k < 2 ? 2 : 4);
            assert_int_equal(bits_next(&sets.list.v[k].nodes, 0), k == 1 ? 2 : 0);
        }
        switch_sets_release(&sets);
        meta_free(&record_job, j);
        teardown(&c);
    }
}

static void a_flat_network_has_no_switches_to_wait_for(void **state)
{
    struct cluster c;
    struct switch_sets sets;
    setup(&c);
    struct job *j = wide_job(&c, 2, 1, 60);
    assert_int_equal(switches_until(&c.view, j), 0);
    switch_sets_init(&c.view, j, &sets);
    assert_int_equal(sets.list.n, 0);
    assert_false(sets.only);
    switch_sets_release(&sets);
    meta_free(&record_job, j);
    teardown(&c);
}

/* The job's own patience counts, at most max_switch_wait (300 s) of it, from when it was eligible. */
static void a_job_waits_for_its_switches_only_so_long(void **state)
{
    static const struct {
        uint32_t switches, wait;
        int64_t eligible, until;
    } rows[] = {{0, 60, NOW, 0},           {1, 60, NOW, NOW + 60},
                {1, 9999, NOW, NOW + 300}, {1, 60, NOW - 59, NOW + 1},
                {1, 60, NOW - 60, 0},      {1, 60, 0, NOW + 60}};
    struct cluster c;
    setup_tree(&c);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct job *j = wide_job(&c, 2, rows[i].switches, rows[i].wait);
        j->eligible_time = rows[i].eligible;
        assert_int_equal(switches_until(&c.view, j), rows[i].until);
        meta_free(&record_job, j);
    }
    teardown(&c);
}

/* Whichever nodes are taken: with --switches=1 all nodes lie under one leaf, or the job waits. */
static void one_switch_means_one_leaf(void **state)
{
    for (uint32_t taken = 0; taken < 1u << NODES; taken++) {
        struct cluster c;
        setup_tree(&c);
        for (uint32_t i = 0; i < NODES; i++)
            if (taken >> i & 1)
                node(&c, i)->flags |= NODEF_DRAIN;
        struct job *j = wide_job(&c, 2, 1, 60);
        uint32_t id = j->job_id;
        j->spec->share = SHARE_NODE;
        assert_int_equal(queue_job(&c, j, NULL), 0);
        bool fits = !(taken & 3) || !(taken & 12);
        assert_int_equal(plan(&c), fits);
        const struct job *r = job(&c, id);
        if (fits) {
            assert_int_equal(r->alloc.n, 2);
            assert_int_equal(r->alloc.v[0].node_index / 2, r->alloc.v[1].node_index / 2);
        }
        teardown(&c);
    }
}

/* Four blocks of four nodes each, as in Slurm 26.05. */
static void blocks_hold_jobs_and_segments_together(void **state)
{
    static const struct {
        const char *busy;
        struct segments want;
        const char *first; /* set of nodes that is tried */
    } rows[] = {
        {"", {.nodes = 2}, "12-15"},
        {"", {.nodes = 5}, "8,12-15"},
        {"", {.nodes = 9}, "4,8-15"},
        {"", {.nodes = 6, .size = 2}, "8-9,12-15"},
        {"", {.nodes = 6, .size = 3}, "8-10,12-14"},
        {"", {.nodes = 12, .size = 3}, "0-2,4-6,8-10,12-14"},
        {"", {.nodes = 4, .size = 2, .spread = true}, "8-9,12-13"},
        {"", {.nodes = 3, .size = 1, .spread = true}, "4,8,12"},
        {"0", {.nodes = 2}, "1-3"},
        {"0", {.nodes = 7}, "1-7"},
        {"12", {.nodes = 5}, "8-11,13"},
        {"1,13-14", {.nodes = 10}, "4-12,15"},
        {"0-15", {.nodes = 1}, NULL},
        {"", {.nodes = 5, .size = 1, .spread = true}, NULL},
    };
    struct switch_sets blocks = {.blocks = true};
    for (uint32_t i = 0; i < 4; i++) {
        struct switch_set *set = VEC_PUSH(&blocks.list);
        *set = (struct switch_set){0};
        bits_set_range(&set->nodes, 4 * i, 4 * i + 3);
    }
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bits free = {0}, busy = {0};
        struct switch_sets sets;
        struct buf text = BUF_INIT;
        bits_set_range(&free, 0, 15);
        assert_int_equal(bits_parse(&busy, rows[i].busy, NULL), 0);
        bits_minus(&free, &busy);
        switch_sets_of_blocks(&blocks, &free, &rows[i].want, &sets);
        if (sets.list.n)
            bits_text(&sets.list.v[0].nodes, &text);
        if (!rows[i].first != !sets.list.n || (rows[i].first && strcmp(text.s, rows[i].first) != 0))
            fail_msg("row %zu: %s", i, text.s);
        buf_release(&text);
        switch_sets_release(&sets);
        bits_release(&free);
        bits_release(&busy);
    }
    switch_sets_release(&blocks);
}

static void the_switch_with_fewest_free_nodes_is_tried_first(void **state)
{
    struct cluster c;
    struct switch_sets sets;
    struct bits free = {0};
    setup_tree(&c);
    struct job *j = wide_job(&c, 2, 0, 60);
    switch_sets_init(&c.view, j, &sets);
    bits_set_range(&free, 0, 2);
    switch_sets_order(&sets, &free);
    assert_int_equal(bits_next(&sets.list.v[0].nodes, 0), 2);
    assert_int_equal(sets.list.v[1].free, 2);
    assert_int_equal(sets.list.v[2].level, 1);
    bits_release(&free);
    switch_sets_release(&sets);
    meta_free(&record_job, j);
    teardown(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_hold_jobs_and_segments_together),
        cmocka_unit_test(the_switch_with_fewest_free_nodes_is_tried_first),
        cmocka_unit_test(switches_are_tried_from_the_lowest_level_up),
        cmocka_unit_test(a_flat_network_has_no_switches_to_wait_for),
        cmocka_unit_test(a_job_waits_for_its_switches_only_so_long),
        cmocka_unit_test(one_switch_means_one_leaf),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
