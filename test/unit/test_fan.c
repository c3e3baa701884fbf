/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree that a message goes through: how it is split, and that with dead, hung and dying nodes in it every
 * node that can be reached is reached, in bounded time.
 */
#include "unit.h"

#include "base/mem.h"
#include "nodecore/fan.h"

enum { TIMEOUT = 1000, STEP = 50, NODES_MAX = 400 };

/* --- splitting --- */

/* Follows the tree from a head down; counts each target and checks the order. */
static uint32_t walk(uint32_t first, uint32_t n, uint32_t width, uint8_t *seen)
{
    uint32_t deepest = 0, expected = first;

    assert_true(fan_parts(n, width) <= width);
    for (uint32_t i = 0; i < fan_parts(n, width); i++) {
        uint32_t at, count;
        fan_part(n, width, i, &at, &count);
        assert_int_equal(first + at, expected); /* in order, without holes */
        assert_in_range(count, n / fan_parts(n, width), n / fan_parts(n, width) + 1);
        expected += count;
        seen[first + at]++;
        uint32_t below = walk(first + at + 1, count - 1, width, seen);
        deepest = below + 1 > deepest ? below + 1 : deepest;
    }
    assert_int_equal(expected, first + n);
    return deepest;
}

static void test_each_node_is_in_the_tree_once(void **state)
{
    const uint32_t widths[] = {1, 2, 3, 16, 50, FAN_WIDTH_MAX};
    uint8_t seen[NODES_MAX];

    for (size_t w = 0; w < sizeof widths / sizeof widths[0]; w++)
        for (uint32_t n = 0; n <= NODES_MAX; n = n < 60 ? n + 1 : n + 17) {
            memset(seen, 0, sizeof seen);
            uint32_t depth = walk(0, n, widths[w], seen);
            assert_int_equal(depth, fan_height(n, widths[w]));
            for (uint32_t i = 0; i < n; i++)
                assert_int_equal(seen[i], 1);
        }
}

static void test_how_deep_a_tree_is(void **state)
{
    assert_int_equal(fan_height(0, 16), 0);
    assert_int_equal(fan_height(16, 16), 1);
    assert_int_equal(fan_height(17, 16), 2);
    assert_int_equal(fan_height(16 + 256, 16), 2);
    assert_int_equal(fan_height(4368, 16), 3); /* as slurm.conf(5) says of TreeWidth */
    assert_int_equal(fan_height(4369, 16), 4);
    assert_int_equal(fan_height(100, FAN_WIDTH_MAX), 1);
}

/* --- a network in virtual time --- */

enum mode { FINE, DEAD, HUNG, DIES, MUTE_CHILDREN, MODES };

struct message; /* under way, or at work at a node */

struct net {
    enum mode modes[NODES_MAX];
    uint32_t acted[NODES_MAX]; /* how often the message came to the node */
    struct message *all[16 * NODES_MAX];
    uint32_t all_n;
    int64_t now;
};

/* Somebody who sends: the root (parent NULL), or a node with those behind it. */
struct message {
    struct message *parent;
    uint32_t head; /* of the parent */
    uint32_t node; /* of the root: NO_NODE */
    uint32_t *below;
    struct fan fan;
    bool answered, gone;
    int64_t born;
};

enum { NO_NODE = UINT32_MAX };

static struct message *sender_new(struct net *net, struct message *parent, uint32_t head, uint32_t node,
                                  const uint32_t *below, uint32_t n, uint32_t width)
{
    struct message *m = mem_alloc(sizeof *m);

    assert_true(net->all_n < sizeof net->all / sizeof net->all[0]);
    *m = (struct message){.parent = parent, .head = head, .node = node, .born = net->now};
    m->below = mem_array(n ? n : 1, sizeof *m->below);
    memcpy(m->below, below, n * sizeof *below);
    fan_init(&m->fan, n, width, TIMEOUT, !parent, NULL);
    net->all[net->all_n++] = m;
    return m;
}

/* The parent's number of a node. */
static uint32_t target_of(const struct message *m, uint32_t node)
{
    for (uint32_t i = 0; i < m->fan.n; i++)
        if (m->below[i] == node)
            return i;
    fail();
    return 0;
}

static void lose(struct message *m, uint32_t head);

/* The answer of a node, or that it cannot be reached, goes up the tree. */
static void tell(struct message *m, uint32_t head, uint32_t node, bool ok)
{
    uint32_t target = target_of(m, node);
    bool outcome = ok ? fan_done(&m->fan, head, target) : fan_failed(&m->fan, head, target);

    if (outcome && m->parent && !m->gone)
        tell(m->parent, m->head, node, ok);
}

static void lose(struct message *m, uint32_t head)
{
    uint32_t own = m->below[m->fan.heads.v[head].targets[0]];

    if (fan_lost(&m->fan, head) && m->parent && !m->gone)
        tell(m->parent, m->head, own, false);
}

static void deliver(struct net *net, struct message *m, uint32_t head, uint32_t width)
{
    const struct fan_head *h = &m->fan.heads.v[head];
    uint32_t node = m->below[h->targets[0]], nodes[NODES_MAX];

    for (uint32_t i = 1; i < h->given; i++)
        nodes[i - 1] = m->below[h->targets[i]];
    if (net->modes[node] == DEAD)
        lose(m, head);
    else if (net->modes[node] != HUNG)
        sender_new(net, m, head, node, nodes, h->given - 1, width);
}

static void step(struct net *net, struct message *m, uint32_t width)
{
    uint32_t head;

    if (m->gone)
        return;
    if (m->node != NO_NODE && !m->answered) {
        m->answered = true;
        net->acted[m->node]++;
        tell(m->parent, m->head, m->node, true);
        if (net->modes[m->node] == DIES) { /* with the others behind it */
            m->gone = true;
            lose(m->parent, m->head);
            return;
        }
    }
    if (m->node != NO_NODE && net->modes[m->node] == MUTE_CHILDREN)
        return; /* alive, and passes nothing on */
    fan_tick(&m->fan, net->now);
    while (fan_late(&m->fan, net->now, &head))
        lose(m, head);
    while (fan_next(&m->fan, net->now, &head))
        deliver(net, m, head, width);
}

static void net_run(struct net *net, uint32_t n, uint32_t width, int64_t limit)
{
    uint32_t all[NODES_MAX];

    for (uint32_t i = 0; i < n; i++)
        all[i] = i;
    struct message *root = sender_new(net, NULL, 0, NO_NODE, all, n, width);
    for (; root->fan.open && net->now <= limit; net->now += STEP)
        for (uint32_t i = 0; i < net->all_n; i++)
            step(net, net->all[i], width);
    assert_int_equal(root->fan.open, 0);
    assert_true(root->fan.open || fan_deadline(&root->fan) == INT64_MAX);
    for (uint32_t i = 0; i < n; i++) {
        bool reachable = net->modes[i] != DEAD && net->modes[i] != HUNG;
        assert_int_equal(root->fan.states[i], reachable ? FAN_DONE : FAN_FAILED);
        assert_int_equal(net->acted[i] > 0, reachable);
    }
}

static void net_end(struct net *net)
{
    for (uint32_t i = 0; i < net->all_n; i++) {
        fan_release(&net->all[i]->fan);
        mem_free(net->all[i]->below);
        mem_free(net->all[i]);
    }
    mem_free(net);
}

static void test_without_faults_each_node_hears_it_once(void **state)
{
    for (uint32_t n = 0; n <= NODES_MAX; n += 57) {
        struct net *net = mem_alloc(sizeof *net);
        net_run(net, n, 4, TIMEOUT);
        for (uint32_t i = 0; i < n; i++)
            assert_int_equal(net->acted[i], 1);
        net_end(net);
    }
}

static void test_one_bad_node_costs_nobody_the_message(void **state)
{
    for (enum mode m = DEAD; m < MODES; m++)
        for (uint32_t bad = 0; bad < 40; bad++) {
            struct net *net = mem_alloc(sizeof *net);
            net->modes[bad] = m;
            net_run(net, 40, 3, fan_height(40, 3) * TIMEOUT + TIMEOUT);
            net_end(net);
        }
}

static void test_many_bad_nodes(void **state)
{
    uint64_t seed = 1;

    for (uint32_t round = 0; round < 300; round++) {
        struct net *net = mem_alloc(sizeof *net);
        uint32_t n = 1 + round % 120, width = 1 + round % 7;
        for (uint32_t i = 0; i < n; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            net->modes[i] = (seed >> 40) % 3 ? FINE : (enum mode)((seed >> 33) % MODES);
        }
        int64_t levels = fan_height(n, width) + 2;
        net_run(net, n, width, levels * levels * TIMEOUT); /* each loss takes a level away */
        net_end(net);
    }
}

/* --- one sender --- */

static void test_a_slow_head_keeps_itself_and_loses_the_others(void **state)
{
    struct fan f;
    uint32_t head;

    fan_init(&f, 6, 2, TIMEOUT, true, NULL);
    assert_true(fan_next(&f, 0, &head) && fan_next(&f, 0, &head) && !fan_next(&f, 0, &head));
    assert_true(fan_done(&f, 1, 3)); /* the second one is quick */
    assert_int_equal(fan_deadline(&f), TIMEOUT / 2);
    fan_tick(&f, TIMEOUT / 2);
    assert_true(fan_next(&f, TIMEOUT / 2, &head)); /* 1 and 2, directly */
    assert_int_equal(f.heads.v[head].targets[0], 1);
    assert_int_equal(f.heads.v[head].given, 1);
    assert_true(fan_next(&f, TIMEOUT / 2, &head));
    assert_false(fan_next(&f, TIMEOUT / 2, &head));
    assert_false(fan_late(&f, TIMEOUT - 1, &head));
    assert_true(fan_done(&f, 0, 2)); /* late, and as good */
    assert_false(fan_done(&f, 3, 2));
    assert_true(fan_done(&f, 0, 0));
    fan_release(&f);
}

static void test_answers_for_others_are_not_taken(void **state)
{
    struct fan f;
    uint32_t head;

    fan_init(&f, 6, 2, TIMEOUT, false, NULL);
    while (fan_next(&f, 0, &head))
        ;
    assert_false(fan_done(&f, 0, 4)); /* of the other head */
    assert_false(fan_failed(&f, 0, 4));
    assert_false(fan_done(&f, 0, 6)); /* of nobody */
    assert_false(fan_done(&f, 2, 0)); /* from nobody */
    assert_true(fan_failed(&f, 0, 2));
    assert_false(fan_done(&f, 0, 2)); /* it has an outcome */
    assert_int_equal(f.open, 5);
    fan_release(&f);
}

static void test_the_last_word_about_a_node_is_said_directly(void **state)
{
    struct fan f;
    uint32_t head;

    fan_init(&f, 6, 2, TIMEOUT, true, NULL);
    while (fan_next(&f, 0, &head))
        ;
    assert_false(fan_failed(&f, 0, 1)); /* the head says so: we ask ourselves */
    assert_true(fan_next(&f, 0, &head));
    assert_int_equal(f.heads.v[head].targets[0], 1);
    assert_false(fan_failed(&f, 0, 1)); /* said twice */
    assert_false(fan_next(&f, 0, &(uint32_t){0}));
    assert_true(fan_lost(&f, head));
    assert_int_equal(f.states[1], FAN_FAILED);
    fan_release(&f);
}

static void test_groups_are_parts(void **state)
{
    const uint32_t groups[] = {4, 4, 4, 7, 9, 9}, sizes[] = {3, 1, 2};
    struct fan f;
    uint32_t head;

    fan_init(&f, 6, 2, TIMEOUT, true, groups);
    assert_int_equal(f.heads.n, 3);
    for (uint32_t i = 0, first = 0; i < 3; first += f.heads.v[i++].given) {
        assert_true(fan_next(&f, 0, &head));
        assert_int_equal(f.heads.v[i].given, sizes[i]);
        assert_int_equal(f.heads.v[i].targets[0], first);
    }
    fan_release(&f);
    fan_init(&f, 0, 2, TIMEOUT, true, groups);
    assert_int_equal(f.heads.n, 0);
    fan_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_node_is_in_the_tree_once),
        cmocka_unit_test(test_how_deep_a_tree_is),
        cmocka_unit_test(test_without_faults_each_node_hears_it_once),
        cmocka_unit_test(test_one_bad_node_costs_nobody_the_message),
        cmocka_unit_test(test_many_bad_nodes),
        cmocka_unit_test(test_a_slow_head_keeps_itself_and_loses_the_others),
        cmocka_unit_test(test_answers_for_others_are_not_taken),
        cmocka_unit_test(test_groups_are_parts),
        cmocka_unit_test(test_the_last_word_about_a_node_is_said_directly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
