/* SPDX-License-Identifier: Apache-2.0 */
/* topology.conf as records, and what is refused in it. */
#include "unit.h"

#include "base/text.h"
#include "conf_files.h"

#define TREE  CONF_HEAD "TopologyPlugin=topology/tree\nNodeName=n[0-3]\nPartitionName=p Nodes=ALL\n"
#define BLOCK CONF_HEAD "TopologyPlugin=topology/block\nNodeName=n[0-3]\nPartitionName=p Nodes=ALL\n"

static struct conf *load(const char *slurm, const char *topology, struct conf_messages *msgs, struct err *e)
{
    struct conf_file files[2] = {{(char *)"slurm.conf", (char *)slurm},
                                 {(char *)"topology.conf", (char *)topology}};
    struct conf_file_list list = {files, 2, "/etc/slurm/"};
    struct conf_source source = conf_list_source(&list);
    *e = (struct err){0};
    return conf_load(&source, "/etc/slurm/slurm.conf", CONF_WANT_ALL | CONF_WANT_DAEMON, msgs, e);
}

static bool told(const struct conf_messages *msgs, const char *part)
{
    for (uint32_t i = 0; i < msgs->n; i++)
        if (strstr(msgs->v[i].text, part))
            return true;
    return false;
}

/* Parents may come before their children. */
static void a_tree_has_levels_and_parents(void **state)
{
    static const struct {
        const char *name, *nodes, *parent, *children;
        uint32_t level, size;
    } rows[] = {{"root", "n[0-3]", NULL, "mid,s2", 2, 4},
                {"mid", "n[0-1]", "root", "s1", 1, 2},
                {"s1", "n[0-1]", "mid", NULL, 0, 2},
                {"s2", "n[2-3]", "root", NULL, 0, 2}};
    struct conf_messages msgs = {0};
    struct err e;
    uint32_t n;
    struct conf *c = load(TREE,
                          "SwitchName=root Switches=mid,s2\nSwitchName=mid Switches=s1\n"
                          "SwitchName=s1 Nodes=n[0-1]\nSwitchName=s2 Nodes=n[2-3] LinkSpeed=7\n",
                          &msgs, &e);
    assert_non_null(c);
    const struct topo_switch *s = conf_topology(c, &n);
    assert_int_equal(n, 4);
    for (uint32_t i = 0; i < n; i++) {
        assert_string_equal(s[i].name, rows[i].name);
        assert_string_equal(s[i].nodes, rows[i].nodes);
        assert_true(text_same(s[i].parent, rows[i].parent));
        assert_true(text_same(s[i].children, rows[i].children));
        assert_int_equal(s[i].level, rows[i].level);
        assert_int_equal(s[i].size, rows[i].size);
        assert_false(s[i].block);
    }
    assert_int_equal(s[3].link_speed, 7);
    struct buf addr = BUF_INIT, pattern = BUF_INIT;
    conf_topology_address(c, "n1", &addr, &pattern);
    assert_string_equal(addr.s, "root.mid.s1.n1");
    assert_string_equal(pattern.s, "switch.switch.switch.node");
    buf_release(&addr);
    buf_release(&pattern);
    conf_free(c);
    conf_messages_release(&msgs);
}

static void bad_files_are_refused(void **state)
{
    static const struct {
        const char *slurm, *topology, *told;
    } rows[] = {
        {TREE, "SwitchName=s1 Nodes=n0\nSwitchName=s1 Nodes=n1\n", "Switch (s1) has already been defined"},
        {BLOCK, "BlockName=b1 Nodes=n0\nBlockName=b1 Nodes=n1\n", "Block (b1) has already been defined"},
        {TREE, "SwitchName=s1 Switches=gone\n", "Switch configuration s1 has invalid child (gone)"},
        {TREE, "SwitchName=s1 Switches=s2 Nodes=n0\nSwitchName=s2 Nodes=n1\n",
         "switch has both child switches and nodes"},
        {TREE, "SwitchName=s1 Nodes=n0 Colour=red\n", "unrecognized key: Colour"},
        {TREE, "BlockName=b1 Nodes=n0\n", "unrecognized key: BlockName"},
        {BLOCK, "SwitchName=s1 Nodes=n0\n", "unrecognized key: SwitchName"},
        {TREE, "SwitchName=s1 Nodes=n[0-\n", "hostlist: "},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct conf_messages msgs = {0};
        struct err e;
        struct conf *c = load(rows[i].slurm, rows[i].topology, &msgs, &e);
        if (c || !told(&msgs, rows[i].told))
            fail_msg("row %zu: %s, %s", i, c ? "loaded" : e.text, msgs.n ? msgs.v[0].text : "no message");
        conf_messages_release(&msgs);
    }
}

static void what_is_only_odd_is_warned_of(void **state)
{
    static const struct {
        const char *topology, *told;
    } rows[] = {
        {"SwitchName=s1 Nodes=n[0-3],x9\n", "Invalid hostnames in switch configuration: x9"},
        {"SwitchName=s1 Nodes=n[0-1]\n", "switches lack access to 2 nodes: n[2-3]"},
        {"SwitchName=s1 Nodes=n[0-1]\nSwitchName=s2 Nodes=n[2-3]\n", "no switch can reach all nodes"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct conf_messages msgs = {0};
        struct err e;
        struct conf *c = load(TREE, rows[i].topology, &msgs, &e);
        if (!c || !told(&msgs, rows[i].told))
            fail_msg("row %zu: %s, %s", i, c ? "loaded" : e.text, msgs.n ? msgs.v[0].text : "no message");
        conf_free(c);
        conf_messages_release(&msgs);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tree_has_levels_and_parents),
        cmocka_unit_test(bad_files_are_refused),
        cmocka_unit_test(what_is_only_odd_is_warned_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
