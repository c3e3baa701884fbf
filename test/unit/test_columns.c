/* SPDX-License-Identifier: Apache-2.0 */
/* Format strings: widths, sides, any bytes between fields, what is not understood, sorting. */
#include "unit.h"

#include "base/mem.h"
#include "cli/columns.h"

struct row {
    const char *name;
    int size;
};

static void name_text(const void *row, const void *ctx, struct buf *out)
{
    buf_adds(out, ((const struct row *)row)->name);
}
static void size_text(const void *row, const void *ctx, struct buf *out)
{
    buf_addf(out, "%d", ((const struct row *)row)->size);
}
static int64_t size_order(const void *row, const void *ctx)
{
    return ((const struct row *)row)->size;
}

static const struct column table[] = {
    {"Name", 'j', "NAME", name_text},
    {"Size", 's', "SIZE", size_text, size_order},
    {0},
};

static void bad(void *arg, const char *field)
{
    buf_addf(arg, "<%s>", field);
}

struct sample {
    bool names; /* -O */
    const char *format, *row, *complaint;
};
static const struct sample samples[] = {
    {false, "%j %s", "alpha 7\n", ""},
    {false, "%.8j|%8j|", "   alpha|alpha   |\n", ""},
    {false, "%.3j", "alp\n", ""},
    {false, "x=%j\x1f%s^^^",
     "x=alpha\x1f"
     "7^^^\n",
     ""},
    {false, "{\"n\":\"%j\"}", "{\"n\":\"alpha\"}\n", ""},
    {false, "%j \xe2\x98\x83 %s", "alpha \xe2\x98\x83 7\n", ""},
    {false, "%j %q %s", "alpha %q 7\n", "<q>"},
    {false, "%-8j|", "%-8j|\n", "<->"},
    {false, "%all", "alpha|7\n", ""},
    {false, "plain", "plain\n", ""},
    {true, "name,size", "alpha               7                   \n", ""},
    {true, "NAME:8,size:.4", "alpha      7\n", ""},
    {true, "name:|,size:|", "alpha|7|\n", ""},
    {true, "name:,size:", "alpha7\n", ""},
    {true, "name:6xx,size:.3;", "alpha xx  7;\n", ""},
    {true, "nosuch:|,name:|", "|alpha|\n", "<nosuch>"},
};

static void test_formats(void **state)
{
    struct row row = {"alpha", 7};
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        struct layout l = {0};
        struct buf out = BUF_INIT, complaint = BUF_INIT;
        (samples[i].names ? layout_parse_long : layout_parse_short)(&l, table, samples[i].format, bad,
                                                                    &complaint);
        layout_row(&l, &row, NULL, &out);
        assert_string_equal(out.s, samples[i].row);
        assert_string_equal(complaint.s, samples[i].complaint);
        layout_release(&l);
        buf_release(&out);
        buf_release(&complaint);
    }
}

static void test_characters_are_not_cut(void **state)
{
    struct row row = {"\xc5\xbc\xc3\xb3\xc5\x82\xc4\x87-long", 1};
    struct layout l = {0};
    struct buf out = BUF_INIT;
    layout_parse_short(&l, table, "%.3j|%12j|", bad, &out);
    layout_row(&l, &row, NULL, &out);
    assert_string_equal(out.s, "\xc5\xbc\xc3\xb3\xc5\x82|\xc5\xbc\xc3\xb3\xc5\x82\xc4\x87-long   |\n");
    layout_release(&l);
    buf_release(&out);
}

/* Texts are looked at several bytes at a time: a character of two bytes counts once wherever it stands. */
static void test_a_character_counts_once_at_any_place(void **state)
{
    enum { LONGEST = 20, WIDTH = 24 };
    for (int len = 2; len <= LONGEST; len++) {
        for (int at = 0; at + 2 <= len; at++) {
            struct layout left = {0}, right = {0};
            struct buf out = BUF_INIT, want = BUF_INIT;
            char name[LONGEST + 1];
            memset(name, 'x', (size_t)len);
            memcpy(name + at, "\xc3\xb3", 2);
            name[len] = '\0';
            layout_parse_short(&left, table, "%24j|", bad, &out);
            layout_parse_short(&right, table, "%.24j|", bad, &out);
            layout_row(&left, &(struct row){name, 1}, NULL, &out);
            layout_row(&right, &(struct row){name, 1}, NULL, &out);
            int pad = WIDTH - (len - 1);
            buf_addf(&want, "%s%*s|\n%*s%s|\n", name, pad, "", pad, "", name);
            assert_string_equal(out.s, want.s);
            layout_release(&left);
            layout_release(&right);
            buf_release(&out);
            buf_release(&want);
        }
    }
}

static void test_fit(void **state)
{
    struct row rows[] = {{"a", 1}, {"longest", 2}};
    struct layout l = {0};
    struct buf out = BUF_INIT;
    layout_parse_short(&l, table, "%#j|", bad, &out);
    layout_fit(&l, rows, 2, sizeof rows[0], NULL);
    layout_head(&l, &out);
    layout_row(&l, &rows[0], NULL, &out);
    assert_string_equal(out.s, "NAME   |\na      |\n");
    layout_release(&l);
    buf_release(&out);
}

static void test_sort(void **state)
{
    struct row rows[] = {{"b", 2}, {"a", 10}, {"c", 2}};
    struct sort_spec s = {0};
    char wrong;
    assert_int_equal(sort_parse(&s, table, NULL, "s,-j", &wrong), 0);
    sort_rows(&s, rows, 3, sizeof rows[0], NULL);
    assert_string_equal(rows[0].name, "c");
    assert_string_equal(rows[1].name, "b");
    assert_string_equal(rows[2].name, "a");
    assert_int_equal(sort_parse(&s, table, NULL, "-size", &wrong), 0);
    sort_rows(&s, rows, 3, sizeof rows[0], NULL);
    assert_string_equal(rows[0].name, "a");
    assert_int_equal(sort_parse(&s, table, NULL, "j,?", &wrong), -1);
    assert_int_equal(wrong, '?');
    assert_int_equal(sort_parse(&s, table, "j", "j,s,j", &wrong), -1);
    assert_int_equal(wrong, 's');
    sort_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_characters_are_not_cut),
        cmocka_unit_test(test_a_character_counts_once_at_any_place),
        cmocka_unit_test(test_fit),
        cmocka_unit_test(test_sort),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
