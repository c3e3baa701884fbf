/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of os/compress.h: what is packed comes back as it was, and nothing else does. */
#include "os/compress.h"
#include "base/mem.h"
#include "unit.h"

enum { SIZE = 100000 };

static struct meta_bytes text(void)
{
    struct meta_bytes b = {0};
    uint8_t *v = mem_alloc(SIZE);
    for (uint32_t i = 0; i < SIZE; i++)
        v[i] = (uint8_t)(i / 100);
    meta_bytes_set(&b, v, SIZE);
    mem_free(v);
    return b;
}

static void test_packed_bytes_come_back(void **state)
{
    struct meta_bytes b = text(), want = text();
    struct err e;
    if (!compress_available())
        skip();
    assert_true(compress_bytes(&b));
    assert_true(b.n < SIZE / 10);
    assert_int_equal(expand_bytes(&b, SIZE, &e), 0);
    assert_int_equal(b.n, SIZE);
    assert_memory_equal(b.v, want.v, SIZE);
    meta_bytes_set(&b, NULL, 0);
    meta_bytes_set(&want, NULL, 0);
}

static void test_what_gets_no_smaller_stays(void **state)
{
    struct meta_bytes b = {0};
    meta_bytes_set(&b, "a", 1);
    assert_false(compress_bytes(&b));
    meta_bytes_set(&b, "0123456789", 10);
    assert_false(compress_bytes(&b));
    assert_memory_equal(b.v, "0123456789", 10);
    meta_bytes_set(&b, NULL, 0);
}

static void test_sizes_and_bytes_that_lie_are_refused(void **state)
{
    struct meta_bytes b = text();
    struct err e;
    compress_bytes(&b);
    uint32_t n = b.n;
    assert_true(expand_bytes(&b, SIZE - 1, &e) < 0);
    assert_true(expand_bytes(&b, SIZE + 1, &e) < 0);
    assert_true(expand_bytes(&b, 0, &e) < 0);
    assert_int_equal(b.n, n);
    meta_bytes_set(&b, "0123456789", 10);
    assert_true(expand_bytes(&b, SIZE, &e) < 0);
    meta_bytes_set(&b, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_packed_bytes_come_back),
        cmocka_unit_test(test_what_gets_no_smaller_stays),
        cmocka_unit_test(test_sizes_and_bytes_that_lie_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
