/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/ptree.h"

enum { KEYS = 300, SNAPSHOTS = 200, STEPS = 6000 };

struct item {
    struct shared ref;
    uint64_t value;
};

static int alive;

static struct item *item_new(uint64_t value)
{
    struct item *item = mem_alloc(sizeof *item);
    shared_init(&item->ref);
    item->value = value;
    alive++;
    return item;
}

static struct shared *item_copy(const struct shared *record)
{
    return &item_new(((const struct item *)record)->value)->ref;
}

static void item_free(struct shared *record)
{
    alive--;
    mem_free(record);
}

static const struct ptree_type item_type = {.copy = item_copy, .free = item_free};

static void put(struct ptree *t, uint32_t key, uint64_t value)
{
    ptree_put(t, key, item_new(value));
}

static uint64_t value_at(const struct ptree *t, uint32_t key)
{
    const struct item *item = ptree_get(t, key);
    return item ? item->value : 0;
}

static void empty_tree(void **state)
{
    struct ptree t;
    uint32_t key = 0;
    ptree_init(&t, &item_type);
    assert_null(ptree_get(&t, 0));
    assert_null(ptree_edit(&t, 7));
    assert_false(ptree_remove(&t, 7));
    assert_null(ptree_next(&t, &key));
    ptree_release(&t);
    ptree_release(&t);
}

static void keys_at_the_limits(void **state)
{
    static const uint32_t keys[] = {0, 63, 64, 4095, 4096, 1u << 30, UINT32_MAX - 1, UINT32_MAX};
    enum { N = sizeof keys / sizeof keys[0] };
    struct ptree t;
    ptree_init(&t, &item_type);
    for (unsigned i = 0; i < N; i++)
        put(&t, keys[i], i + 1);
    assert_int_equal(t.count, N);
    uint32_t key = 0;
    for (unsigned i = 0; i < N; i++, key++) {
        const struct item *item = ptree_next(&t, &key);
        assert_non_null(item);
        assert_int_equal(key, keys[i]);
        assert_int_equal(item->value, i + 1);
    }
    for (unsigned i = N; i-- > 0;) {
        assert_true(ptree_remove(&t, keys[i]));
        assert_null(ptree_get(&t, keys[i]));
        assert_int_equal(t.count, i);
    }
    assert_null(t.root);
    assert_int_equal(alive, 0);
}

static void an_edit_is_not_seen_in_a_snapshot(void **state)
{
    struct ptree t, old;
    ptree_init(&t, &item_type);
    put(&t, 5, 50);
    struct item *alone = ptree_edit(&t, 5);
    assert_ptr_equal(alone, ptree_get(&t, 5)); /* nobody else holds it: no copy */
    ptree_snapshot(&t, &old);
    struct item *mine = ptree_edit(&t, 5);
    assert_ptr_not_equal(mine, alone);
    mine->value = 51;
    assert_ptr_equal(ptree_edit(&t, 5), mine); /* one copy is enough */
    assert_int_equal(value_at(&old, 5), 50);
    assert_int_equal(value_at(&t, 5), 51);
    ptree_release(&old);
    ptree_release(&t);
    assert_int_equal(alive, 0);
}

static void check_equal(const struct ptree *t, const uint32_t *keys, const uint64_t *values)
{
    uint32_t count = 0;
    for (int i = 0; i < KEYS; i++) {
        assert_int_equal(value_at(t, keys[i]), values[i]);
        count += values[i] != 0;
    }
    assert_int_equal(t->count, count);
    uint32_t key = 0, seen = 0, last = 0;
    for (; ptree_next(t, &key); key++) {
        assert_true(!seen || key > last);
        last = key;
        seen++;
    }
    assert_int_equal(seen, count);
}

struct seen {
    const struct ptree *was, *is;
    uint32_t n, last;
};

static void saw(void *arg, uint32_t key, const void *was, const void *is)
{
    struct seen *s = arg;
    assert_true(s->n == 0 || key > s->last);
    assert_ptr_not_equal(was, is);
    assert_ptr_equal(was, ptree_get(s->was, key));
    assert_ptr_equal(is, ptree_get(s->is, key));
    s->last = key;
    s->n++;
}

static uint32_t count_changes(const struct ptree *was, const struct ptree *is)
{
    uint32_t n = 0, key = 0;
    for (const void *item; (item = ptree_next(was, &key)) != NULL; key++)
        n += item != ptree_get(is, key);
    key = 0;
    for (; ptree_next(is, &key); key++)
        n += ptree_get(was, key) == NULL;
    return n;
}

/* Trees of any height against each other: every difference once, in order, and nothing else. */
static void a_difference_names_what_was_changed(void **state)
{
    uint64_t seed = 3;
    struct ptree t, old;
    ptree_init(&t, &item_type);
    for (int round = 0; round < 3000; round++) {
        uint32_t changes = (uint32_t)rand_below(&seed, 6);
        unsigned width = (unsigned)rand_below(&seed, 5) * 6 + 2; /* of keys: heights come and go */
        ptree_snapshot(&t, &old);
        for (uint32_t i = 0; i < changes; i++) {
            uint32_t key = (uint32_t)rand_below(&seed, UINT64_C(1) << width);
            uint32_t there = key;
            if (rand_below(&seed, 3) == 0 && ptree_next(&t, &there))
                ptree_remove(&t, there);
            else
                put(&t, key, seed);
        }
        struct seen s = {.was = &old, .is = &t}, back = {.was = &t, .is = &old};
        ptree_diff(&old, &t, saw, &s);
        ptree_diff(&t, &old, saw, &back);
        assert_int_equal(s.n, count_changes(&old, &t));
        assert_int_equal(back.n, s.n);
        ptree_release(&old);
    }
    ptree_release(&t);
    assert_int_equal(alive, 0);
}

/* Puts, edits and removals with up to SNAPSHOTS snapshots alive; each must go on showing its own moment. */
static void snapshots_keep_their_moment(void **state)
{
    static uint32_t keys[KEYS];
    static uint64_t now[KEYS], then[SNAPSHOTS][KEYS];
    static struct ptree snapshot[SNAPSHOTS];
    static bool held[SNAPSHOTS];
    uint64_t seed = 1;
    struct ptree t;
    ptree_init(&t, &item_type);
    for (uint32_t i = 0; i < KEYS; i++) /* half of the keys close together, half anywhere; none twice */
        keys[i] = i % 2 ? i : ((uint32_t)rand_next(&seed) << 10) + 1000 + i;
    for (int step = 0; step < STEPS; step++) {
        uint32_t i = (uint32_t)rand_below(&seed, KEYS), s = (uint32_t)rand_below(&seed, SNAPSHOTS);
        uint64_t value = (uint64_t)step + 1;
        struct item *item;
        switch (rand_below(&seed, 5)) {
        case 0:
        case 1:
            put(&t, keys[i], value);
            now[i] = value;
            break;
        case 2:
            item = ptree_edit(&t, keys[i]);
            assert_int_equal(item != NULL, now[i] != 0);
            if (item)
                now[i] = item->value = value;
            break;
        case 3:
            assert_int_equal(ptree_remove(&t, keys[i]), now[i] != 0);
            now[i] = 0;
            break;
        case 4:
            if (held[s]) {
                check_equal(&snapshot[s], keys, then[s]);
                ptree_release(&snapshot[s]);
            }
            held[s] = true;
            ptree_snapshot(&t, &snapshot[s]);
            memcpy(then[s], now, sizeof now);
            break;
        }
    }
    check_equal(&t, keys, now);
    ptree_release(&t);
    for (int s = 0; s < SNAPSHOTS; s++) {
        if (!held[s])
            continue;
        check_equal(&snapshot[s], keys, then[s]);
        ptree_release(&snapshot[s]);
    }
    assert_int_equal(alive, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_tree),
        cmocka_unit_test(keys_at_the_limits),
        cmocka_unit_test(an_edit_is_not_seen_in_a_snapshot),
        cmocka_unit_test(a_difference_names_what_was_changed),
        cmocka_unit_test(snapshots_keep_their_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
