/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "base/hash.h"
#include "base/map.h"
#include "base/mem.h"

enum { ROOM = 400 };

/* The same map as a list in insertion order. */
struct naive {
    uint64_t key[ROOM];
    char *value[ROOM];
    uint32_t n;
};

static int naive_find(const struct naive *list, uint64_t key)
{
    for (uint32_t i = 0; i < list->n; i++)
        if (list->key[i] == key)
            return (int)i;
    return -1;
}

static void like_a_list(void **state)
{
    static struct naive list;
    static char values[97];
    struct map_u64 map = {{0}};
    uint64_t seed = 31;
    for (int step = 0; step < 8000; step++) {
        uint64_t key = rand_below(&seed, ROOM) << 40;
        char *value = &values[rand_below(&seed, sizeof values)];
        int at = naive_find(&list, key);
        if (rand_below(&seed, 2)) {
            assert_ptr_equal(map_u64_put(&map, key, value), at < 0 ? NULL : list.value[at]);
            if (at < 0)
                list.key[at = (int)list.n++] = key;
            list.value[at] = value;
        } else {
            assert_ptr_equal(map_u64_remove(&map, key), at < 0 ? NULL : list.value[at]);
            if (at >= 0) {
                list.n--;
                memmove(&list.key[at], &list.key[at + 1], (list.n - at) * sizeof list.key[0]);
                memmove(&list.value[at], &list.value[at + 1], (list.n - at) * sizeof list.value[0]);
            }
        }
        assert_int_equal(map_u64_count(&map), list.n);
        uint32_t i = 0;
        MAP_EACH (&map, e) {
            assert_int_equal(e->key, list.key[i]);
            assert_ptr_equal(e->value, list.value[i]);
            i++;
        }
        assert_int_equal(i, list.n);
        assert_int_equal(map_u64_has(&map, key), naive_find(&list, key) >= 0);
    }
    map_u64_release(&map);
    assert_false(map_u64_has(&map, 0));
}

static void names(void **state)
{
    struct map_str map;
    int a, b;
    map_str_init(&map, true);
    assert_null(map_str_get(&map, "x"));
    assert_null(map_str_put(&map, "Anna", &a));
    assert_ptr_equal(map_str_put(&map, "ANNA", &b), &a);
    assert_ptr_equal(map_str_get(&map, "anna"), &b);
    assert_int_equal(map_str_count(&map), 1);
    MAP_EACH (&map, e)
        assert_string_equal(e->name, "Anna");
    assert_ptr_equal(map_str_remove(&map, "annA"), &b);
    assert_false(map_str_has(&map, "Anna"));
    map_str_release(&map);
    map_str_init(&map, false);
    map_str_put(&map, "Anna", &a);
    assert_null(map_str_get(&map, "anna"));
    map_str_put(&map, "anna", &b);
    map_str_put(&map, "otto", &b);
    MAP_EACH (&map, e) /* removing on the way is allowed */
        map_str_remove(&map, e->name);
    assert_int_equal(map_str_count(&map), 0);
    map_str_release(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(like_a_list),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
