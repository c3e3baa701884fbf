/* SPDX-License-Identifier: Apache-2.0 */
/* Sorting: stable, whatever order the list comes in. */
#include "unit.h"

#include "base/mem.h"
#include "base/vec.h"

struct item {
    uint32_t key, place;
};

static int by_key(const void *a, const void *b, void *arg)
{
    const struct item *x = a, *y = b;
    ++*(uint32_t *)arg;
    return x->key < y->key ? -1 : x->key > y->key;
}

static uint32_t sort_and_check(struct item *v, uint32_t n)
{
    uint32_t compared = 0;
    for (uint32_t i = 0; i < n; i++)
        v[i].place = i;
    vec_sort(v, n, sizeof *v, by_key, &compared);
    for (uint32_t i = 1; i < n; i++)
        assert_true(v[i - 1].key < v[i].key || (v[i - 1].key == v[i].key && v[i - 1].place < v[i].place));
    return compared;
}

static void test_random_lists(void **state)
{
    uint64_t seed = 1;
    for (uint32_t n = 0; n < 200; n++)
        for (uint32_t range = 1; range < 300; range = range * 3 + 1) {
            struct item *v = mem_array(n + 1, sizeof *v);
            for (uint32_t i = 0; i < n; i++) {
                seed = seed * 6364136223846793005u + 1442695040888963407u;
                v[i].key = (uint32_t)(seed >> 33) % range;
            }
            sort_and_check(v, n);
            mem_free(v);
        }
}

static void test_lists_in_order_are_cheap(void **state)
{
    enum { N = 1000 };
    struct item *v = mem_array(N, sizeof *v);
    for (uint32_t i = 0; i < N; i++)
        v[i].key = i;
    assert_in_range(sort_and_check(v, N), 0, 2 * N);
    for (uint32_t i = 0; i < N; i++)
        v[i].key = N - i;
    assert_in_range(sort_and_check(v, N), 0, 2 * N);
    for (uint32_t i = 0; i < N; i++)
        v[i].key = (N - i) / 3; /* with ties it is not turned round */
    sort_and_check(v, N);
    mem_free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_lists),
        cmocka_unit_test(test_lists_in_order_are_cheap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
