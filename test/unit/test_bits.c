/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "base/bits.h"
#include "base/hash.h"
#include "base/mem.h"

enum { SPAN = 400 };

static void texts(void **state)
{
    static const char *const good[] = {"", "0", "7", "0-3,7", "0-63", "63-64,128", "67108863"};
    static const char *const bad[] = {"a",    "1-", "-1",       "3-1",   "1,",         ",1",
                                      "1,,2", " 1", "67108864", "1-2-3", "99999999999"};
    struct bits b = {0};
    struct err e;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct buf text = BUF_INIT;
        assert_int_equal(bits_parse(&b, good[i], &e), 0);
        bits_text(&b, &text);
        assert_string_equal(text.s, good[i]);
        buf_release(&text);
    }
    assert_int_equal(bits_parse(&b, "5", &e), 0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(bits_parse(&b, bad[i], &e), -ERR_INVALID);
    assert_true(bits_test(&b, 5)); /* refused texts change nothing */
    assert_int_equal(bits_count(&b), 1);
    bits_release(&b);
}

static void check(const struct bits *b, const bool *naive)
{
    uint32_t count = 0, at = bits_next(b, 0);
    for (uint32_t i = 0; i < SPAN; i++) {
        assert_int_equal(bits_test(b, i), naive[i]);
        if (!naive[i])
            continue;
        assert_int_equal(at, i);
        at = bits_next(b, i + 1);
        count++;
    }
    assert_int_equal(at, BITS_MAX);
    assert_int_equal(bits_count(b), count);
    assert_int_equal(bits_any(b), count > 0);
}

static void check_pair(const struct bits *a, const bool *na, const struct bits *b, const bool *nb)
{
    uint32_t both = 0;
    bool subset = true;
    for (int i = 0; i < SPAN; i++) {
        both += na[i] && nb[i];
        subset = subset && (!na[i] || nb[i]);
    }
    assert_int_equal(bits_count_and(a, b), both);
    assert_int_equal(bits_intersects(a, b), both > 0);
    assert_int_equal(bits_subset(a, b), subset);
    assert_int_equal(bits_equal(a, b), memcmp(na, nb, SPAN) == 0);
}

static void like_an_array(void **state)
{
    static bool naive[2][SPAN];
    struct bits set[2] = {{0}};
    uint64_t seed = 21;
    for (int step = 0; step < 4000; step++) {
        int k = (int)rand_below(&seed, 2);
        uint32_t i = (uint32_t)rand_below(&seed, SPAN), j = i + (uint32_t)rand_below(&seed, SPAN - i);
        struct bits *b = &set[k], *other = &set[!k];
        bool *n = naive[k], *m = naive[!k];
        uint64_t what = rand_below(&seed, 9);
        if (what == 0)
            bits_set_range(b, i, j);
        else if (what == 1)
            bits_or(b, other);
        else if (what == 2)
            bits_and(b, other);
        else if (what == 3)
            bits_minus(b, other);
        else if (what == 4 && step % 10 == 0)
            bits_copy(b, other);
        else if (what == 5 && step % 10 == 0)
            bits_clear_all(b);
        else if (what == 6)
            bits_clear(b, i);
        else
            bits_set(b, i);
        for (uint32_t x = 0; x < SPAN; x++) {
            if (what == 0)
                n[x] = n[x] || (x >= i && x <= j);
            else if (what == 1)
                n[x] = n[x] || m[x];
            else if (what == 2)
                n[x] = n[x] && m[x];
            else if (what == 3)
                n[x] = n[x] && !m[x];
            else if (what == 4 && step % 10 == 0)
                n[x] = m[x];
            else if (what == 5 && step % 10 == 0)
                n[x] = false;
            else if (x == i)
                n[x] = what != 6;
        }
        check(b, n);
        check_pair(b, n, other, m);
    }
    bits_release(&set[0]);
    bits_release(&set[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts),
        cmocka_unit_test(like_an_array),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
