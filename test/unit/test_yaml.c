/* SPDX-License-Identifier: Apache-2.0 */
/* The YAML reader: trees written in one line again, and what it refuses. */
#include "unit.h"

#include "base/buf.h"
#include "conf/yamltree.h"

static void show(const struct yaml *y, struct buf *out)
{
    if (y->kind == YAML_SCALAR)
        buf_addf(out, "'%s'", y->text);
    if (y->kind == YAML_NULL)
        buf_addc(out, '~');
    if (y->kind == YAML_LIST || y->kind == YAML_MAP)
        buf_addc(out, y->kind == YAML_LIST ? '[' : '{');
    for (uint32_t i = 0; i < y->entries.n; i++) {
        buf_adds(out, i ? "," : "");
        if (y->entries.v[i].key)
            buf_addf(out, "%s:", y->entries.v[i].key);
        show(&y->entries.v[i].value, out);
    }
    if (y->kind == YAML_LIST || y->kind == YAML_MAP)
        buf_addc(out, y->kind == YAML_LIST ? ']' : '}');
}

static void texts_become_trees(void **state)
{
    static const struct {
        const char *text, *tree;
    } rows[] = {
        {"", "~"},
        {"---\n# nothing\n...\nrest", "~"},
        {"word", "'word'"},
        {"a: 1\nb:\nc: two words # comment\n", "{a:'1',b:~,c:'two words'}"},
        {"- a\n-\n- b: c\n  d: e\n", "['a',~,{b:'c',d:'e'}]"},
        {"k:\n- a\n- b\nl: m", "{k:['a','b'],l:'m'}"},
        {"k:\n  - - a\n    - b\n  - c", "{k:[['a','b'],'c']}"},
        {"nodes: n[1-4]\nurl: a:b", "{nodes:'n[1-4]',url:'a:b'}"},
        {"\"q k\": 'it''s'\nn: \"a\\n\\\"b\"", "{q k:'it's',n:'a\n\"b'}"},
        {"[a, {b: c, d: [1,2]},\n e]", "['a',{b:'c',d:['1','2']},'e']"},
        {"{\"a\": {\"x\": 1}, \"b\": []}", "{a:{x:'1'},b:[]}"},
        {"{a b}", "{a b:~}"},
        {"a: |\n  one\n  two\nb: &x 1", "{a:'one\ntwo\n',b:'1'}"},
        {"%YAML 1.1\n---\na: null\nb: 'null'", "{a:~,b:'null'}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct yaml y;
        struct err e;
        struct buf out = BUF_INIT;
        if (yaml_parse(rows[i].text, &y, &e) < 0)
            fail_msg("%s: %s", rows[i].text, e.text);
        show(&y, &out);
        assert_string_equal(out.s, rows[i].tree);
        buf_release(&out);
        yaml_release(&y);
    }
}

static void what_is_no_yaml_is_refused_with_its_place(void **state)
{
    static const struct {
        const char *text, *place;
    } rows[] = {
        {"a: b: c", "line: 1, column: 5"},
        {"- a\n  b: c\n", "line: 2"},
        {"a: 1\n  b: 2\n", "line: 2, column: 4"},
        {"[a", "line: 2, column: 1"},
        {"a: \"x", "line: "},
        {"[&x 1, *x]", "aliases are not supported"},
        {"a: \"x\\0y\"", "zero byte"},
        {"[a]: b", "a key that is no string"},
        {"a: 1\n- b\n", "line: 2"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct yaml y;
        struct err e;
        if (yaml_parse(rows[i].text, &y, &e) == 0)
            fail_msg("accepted: %s", rows[i].text);
        if (!strstr(e.text, rows[i].place))
            fail_msg("%s: %s", rows[i].text, e.text);
    }
}

static void deep_nesting_ends(void **state)
{
    char text[1000];
    struct yaml y;
    struct err e;
    memset(text, '[', sizeof text);
    text[sizeof text - 1] = '\0';
    assert_int_equal(yaml_parse(text, &y, &e), -1);
    for (size_t i = 0; i + 2 < sizeof text; i += 2)
        memcpy(&text[i], "- ", 2);
    text[sizeof text - 2] = '\0';
    assert_int_equal(yaml_parse(text, &y, &e), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_become_trees),
        cmocka_unit_test(what_is_no_yaml_is_refused_with_its_place),
        cmocka_unit_test(deep_nesting_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
