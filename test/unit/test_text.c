/* SPDX-License-Identifier: Apache-2.0 */
/* text.h, hash.h, arena.h, sizetext.h and signame.h. */
#include "unit.h"

#include "base/arena.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/signame.h"
#include "base/sizetext.h"
#include "base/text.h"

static void comparing(void **state)
{
    assert_true(text_casecmp("Abc", "aBC") == 0);
    assert_true(text_casecmp("ab", "abc") < 0);
    assert_true(text_casecmp("b", "A") > 0);
    assert_true(text_same(NULL, NULL) && !text_same("a", NULL) && !text_same("a", "A"));
    assert_true(text_starts("abc", "ab") && !text_starts("ab", "abc") && text_starts_nocase("ABc", "ab"));
    assert_true(text_ends("abc", "bc") && !text_ends("c", "bc"));
    assert_true(text_has("one Two", "two") && text_has("x", "") && !text_has("on", "one"));
    char padded[] = " \t a b \n";
    assert_string_equal(text_trim(padded), "a b");
}

static void numbers(void **state)
{
    uint32_t u32 = 7;
    uint64_t u64;
    int64_t i64;
    double f64;
    assert_true(text_to_u32("4294967295", &u32) && u32 == UINT32_MAX);
    static const char *const bad[] = {
        "", "-1", "+1", " 1", "1 ", "0x1", "4294967296", "99999999999999999999", "1e3"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(text_to_u32(bad[i], &u32));
    assert_int_equal(u32, UINT32_MAX);
    assert_true(text_to_u64("18446744073709551615", &u64) && u64 == UINT64_MAX);
    assert_false(text_to_u64("18446744073709551616", &u64));
    assert_true(text_to_i64("-9223372036854775808", &i64) && i64 == INT64_MIN);
    assert_false(text_to_i64("-9223372036854775809", &i64) || text_to_i64("9223372036854775808", &i64));
    assert_false(text_to_i64("-", &i64) || text_to_i64("--1", &i64));
    assert_true(text_to_f64("-12.5e-1", &f64) && f64 == -1.25);
    assert_true(text_to_f64("0.1", &f64) && f64 == 0.1);
    assert_true(text_to_f64("1e22", &f64) && f64 == 1e22);
    assert_false(text_to_f64(".", &f64) || text_to_f64("nan", &f64) || text_to_f64("1.2.3", &f64));
    assert_false(text_to_f64("1e309", &f64) || text_to_f64("1e", &f64) || text_to_f64("", &f64));
}

static void splitting(void **state)
{
    static const struct {
        const char *text, *joined;
    } cases[] = {
        {"n[1,3],m2", "n[1,3]|m2"}, {" a , ,b,", "a|b"}, {"gpu:2(IDX:0,1),x", "gpu:2(IDX:0,1)|x"}, {"", ""},
        {"a]b,c", "a]b|c"},         {"a[b,c", "a[b,c"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct text_list l = {0};
        struct buf b = BUF_INIT;
        text_split(&l, cases[i].text, ',');
        text_join(&l, "|", &b);
        assert_string_equal(b.s, cases[i].joined);
        buf_release(&b);
        text_list_release(&l);
    }
}

static void nearest(void **state)
{
    static const char *const options[] = {"gpus-per-node", "ntasks", "mem", "mem-per-cpu"};
    assert_int_equal(text_distance("kitten", "sitting"), 3);
    assert_int_equal(text_distance("ab", "BA"), 1);
    assert_int_equal(text_distance("", "abc"), 3);
    assert_string_equal(text_nearest("gpu-per-node", options, 4), "gpus-per-node");
    assert_string_equal(text_nearest("ntaks", options, 4), "ntasks");
    assert_null(text_nearest("frobnicate", options, 4));
    assert_null(text_nearest("x", options, 4));
}

static void hashes_and_randomness(void **state)
{
    uint64_t seed = 0;
    assert_int_equal(rand_next(&seed),
                     UINT64_C(0xe220a8397b1dcdaf)); /* the published first value of splitmix64 */
    assert_int_equal(hash_text("abc"), hash_bytes("abc", 3));
    assert_int_equal(hash_text_nocase("aBc"), hash_text("abc"));
    for (int i = 0; i < 1000; i++)
        assert_true(rand_below(&seed, 7) < 7);
}

static void arenas(void **state)
{
    struct arena a = {0};
    for (int round = 0; round < 2; round++) {
        for (size_t size = 1; size < 40000; size = size * 2 + 1) {
            uint8_t *p = arena_alloc(&a, size);
            assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
            for (size_t i = 0; i < size; i++)
                assert_int_equal(p[i], 0);
            memset(p, 0xff, size);
        }
        assert_string_equal(arena_format(&a, "%d-%s", 7, arena_strdup(&a, "x")), "7-x");
        arena_clear(&a);
    }
    arena_release(&a);
}

/* As Slurm 26.05 took --mem and printed it. */
static void sizes(void **state)
{
    static const struct {
        const char *given, *printed;
    } cases[] = {
        {"100", "100M"},
        {"100m", "100M"},
        {"100MB", "100M"},
        {"1g", "1G"},
        {"1T", "1T"},
        {"1P", "1P"},
        {"1K", "1M"},
        {"1025K", "2M"},
        {"1536M", "1.50G"},
        {"2000M", "2000M"},
        {"64000", "62.50G"},
        {"1048577", "1048577M"},
        {"1572864", "1.50T"},
        {"1280", "1280M"},
        {"1576960", "1540G"},
        {"0", "0"},
        {"4000000000", "3906250G"},
        {"512", "512M"},
        {"1.5G", NULL},
        {"-1", NULL},
        {"100b", NULL},
        {"5X", NULL},
        {"100 M", NULL},
        {"", NULL},
        {"1G5", NULL},
        {"1KiB", NULL},
        {"18446744073709551615T", NULL},
        {"99999999999999999999", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf b = BUF_INIT;
        struct err e;
        uint64_t mib;
        int rc = size_parse_mib(cases[i].given, &mib, &e);
        assert_int_equal(rc < 0, cases[i].printed == NULL);
        if (rc == 0) {
            size_add_mib(&b, mib);
            assert_string_equal(b.s, cases[i].printed);
        }
        buf_release(&b);
    }
    struct buf b = BUF_INIT;
    size_add_units(&b, 1536, 'B');
    size_add_units(&b, 3, 'B');
    assert_string_equal(b.s, "1.50K3");
    buf_release(&b);
    uint64_t bytes;
    assert_int_equal(size_parse_bytes("2", 1024, &bytes, NULL), 0);
    assert_int_equal(bytes, 2048);
    assert_int_equal(size_parse_bytes("3G", 1024, &bytes, NULL), 0);
    assert_int_equal(bytes, UINT64_C(3) << 30);
}

static void signals(void **state)
{
    static const struct {
        const char *text;
        int number;
    } cases[] = {{"USR1", 10}, {"SIGUSR1", 10}, {"sigterm", 15}, {"9", 9}, {"64", 64}, {"CLD", 17},
                 {"0", 0},     {"65", 0},       {"SIG", 0},      {"", 0},  {"-9", 0},  {"bogus", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int number = 0;
        assert_int_equal(signame_parse(cases[i].text, &number, NULL) < 0, cases[i].number == 0);
        assert_int_equal(number, cases[i].number);
    }
    for (int i = 1; i <= 31; i++) {
        int back;
        assert_int_equal(signame_parse(signame_text(i), &back, NULL), 0);
        assert_int_equal(back, i);
    }
    assert_null(signame_text(0));
    assert_null(signame_text(40));
}

static void plain_text(void **state)
{
    struct buf b = BUF_INIT;
    buf_add_plain(&b, "a b\tc\n\x1b[31m\x7f\xc3\xa9\\");
    assert_string_equal(b.s, "a b\tc\\012\\033[31m\\177\xc3\xa9\\");
    buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comparing),
        cmocka_unit_test(numbers),
        cmocka_unit_test(splitting),
        cmocka_unit_test(nearest),
        cmocka_unit_test(hashes_and_randomness),
        cmocka_unit_test(arenas),
        cmocka_unit_test(sizes),
        cmocka_unit_test(signals),
        cmocka_unit_test(plain_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
