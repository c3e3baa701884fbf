/* SPDX-License-Identifier: Apache-2.0 */
/* Every record of the schema, by its table: life, wire and comparison hold for random content. */
#include "unit.h"

#include "base/arena.h"
#include "base/mem.h"
#include "model.h"

enum { SEEDS = 300, MUTATIONS = 2000 };

struct pair {
    const struct meta_record *r;
    void *a, *b;
    struct buf wire;
};

static void pair_begin(struct pair *p, const struct meta_record *r, uint64_t seed)
{
    *p = (struct pair){.r = r, .a = mem_alloc(r->size), .b = mem_alloc(r->size)};
    buf_init(&p->wire);
    meta_random(r, p->a, &seed);
    meta_init(r, p->b);
}

static void pair_end(struct pair *p)
{
    meta_release(p->r, p->a);
    meta_release(p->r, p->b);
    mem_free(p->a);
    mem_free(p->b);
    buf_release(&p->wire);
}

static void assert_same(const struct meta_record *r, const void *a, const void *b)
{
    struct buf text = BUF_INIT;
    bool equal = meta_equal(r, a, b);
    meta_diff(r, a, b, &text);
    if (!equal)
        fail_msg("%s differs:\n%s", r->name, text.s);
    assert_int_equal(text.len, 0);
    buf_release(&text);
}

static void check_round_trip(const struct meta_record *r, uint64_t seed)
{
    struct pair p;
    struct buf again = BUF_INIT;
    struct err e;
    pair_begin(&p, r, seed);
    meta_encode(r, p.a, &p.wire);
    if (meta_decode(r, p.b, p.wire.s, p.wire.len, &e) < 0)
        fail_msg("%s seed %d: %s", r->name, (int)seed, e.text);
    assert_same(r, p.a, p.b);
    meta_encode(r, p.b, &again);
    assert_int_equal(again.len, p.wire.len);
    assert_memory_equal(again.s, p.wire.s, again.len);
    buf_release(&again);

    void *copy = meta_dup(r, p.a);
    assert_same(r, p.a, copy);
    meta_free(r, copy);

    struct arena arena = {0};
    void *lent = arena_alloc(&arena, r->size);
    assert_int_equal(meta_decode_in(&arena, r, lent, p.wire.s, p.wire.len, &e), 0);
    assert_same(r, p.a, lent);
    arena_release(&arena);
    pair_end(&p);
}

static void test_round_trip(void **state)
{
    for (uint32_t i = 0; i < all_records_count; i++)
        for (uint64_t seed = 1; seed <= SEEDS; seed++)
            check_round_trip(all_records[i], seed);
}

/* Fields that come twice, as in two encodings one after the other: found by fuzzing, a list of numbers went
 * on beyond its new memory in an arena. */
static void test_fields_that_come_twice(void **state)
{
    for (uint32_t i = 0; i < all_records_count; i++)
        for (uint64_t seed = 1; seed <= SEEDS / 10; seed++) {
            struct pair p, q;
            struct arena arena = {0};
            void *lent = arena_alloc(&arena, all_records[i]->size);
            pair_begin(&p, all_records[i], seed);
            pair_begin(&q, all_records[i], seed + SEEDS);
            meta_encode(p.r, p.a, &p.wire);
            meta_encode(q.r, q.a, &p.wire);
            int rc = meta_decode(p.r, p.b, p.wire.s, p.wire.len, NULL);
            assert_int_equal(meta_decode_in(&arena, p.r, lent, p.wire.s, p.wire.len, NULL), rc);
            if (rc == 0)
                assert_same(p.r, p.b, lent);
            arena_release(&arena);
            pair_end(&p);
            pair_end(&q);
        }
}

/* The input is copied to a block of its own size, so that a sanitizer sees every byte read too many. */
static int decode_exactly(const struct meta_record *r, void *rec, const char *data, size_t len)
{
    char *copy = mem_alloc(len);
    memcpy(copy, data, len);
    int rc = meta_decode(r, rec, copy, len, NULL);
    mem_free(copy);
    return rc;
}

static void test_truncations(void **state)
{
    for (uint32_t i = 0; i < all_records_count; i++) {
        for (uint64_t seed = 1; seed <= 3; seed++) {
            struct pair p;
            pair_begin(&p, all_records[i], seed);
            meta_encode(p.r, p.a, &p.wire);
            for (size_t len = 0; len < p.wire.len; len++) {
                if (decode_exactly(p.r, p.b, p.wire.s, len) == 0)
                    meta_release(p.r, p.b);
            }
            pair_end(&p);
        }
    }
}

static void mutate(struct buf *wire, uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    uint32_t x = (uint32_t)(*seed >> 33);
    if (wire->len)
        wire->s[x % wire->len] ^= (char)(1 << (x >> 28));
    if (x % 7 == 0 && wire->len)
        memset(wire->s + x % wire->len, 0xff, wire->len - x % wire->len < 5 ? 1 : 5);
}

/* What was changed at random is refused, or is a record that can be written and read again. */
static void check_mutation(const struct meta_record *r, const struct buf *wire)
{
    struct buf again = BUF_INIT;
    void *a = mem_alloc(r->size), *b = mem_alloc(r->size);
    if (decode_exactly(r, a, wire->s, wire->len) == 0) {
        meta_encode(r, a, &again);
        assert_int_equal(meta_decode(r, b, again.s, again.len, NULL), 0);
        assert_same(r, a, b);
        meta_release(r, a);
        meta_release(r, b);
    }
    mem_free(a);
    mem_free(b);
    buf_release(&again);
}

static void test_mutations(void **state)
{
    for (uint32_t i = 0; i < all_records_count; i++) {
        uint64_t seed = i;
        for (int n = 0; n < MUTATIONS; n += 10) {
            struct pair p;
            pair_begin(&p, all_records[i], seed);
            meta_encode(p.r, p.a, &p.wire);
            for (int k = 0; k < 10; k++) {
                mutate(&p.wire, &seed);
                check_mutation(p.r, &p.wire);
            }
            pair_end(&p);
        }
    }
}

static void test_unset_records_are_empty(void **state)
{
    for (uint32_t i = 0; i < all_records_count; i++) {
        struct buf wire = BUF_INIT;
        void *rec = meta_new(all_records[i]);
        meta_encode(all_records[i], rec, &wire);
        assert_int_equal(wire.len, 0);
        buf_release(&wire);
        meta_free(all_records[i], rec);
    }
}

/* A mask of every other field: those arrive, the others are unset. */
static void check_mask(const struct meta_record *r, uint64_t seed)
{
    struct pair p;
    struct meta_u32s tags = {0};
    struct meta_mask mask;
    void *want = meta_new(r);
    pair_begin(&p, r, seed);
    for (uint32_t i = seed % 2; i < r->n; i += 2) {
        meta_u32s_push(&tags, r->fields[i].tag);
        if (r->fields[i].sub != r)
            meta_copy_field(&r->fields[i], want, p.a);
        else
            tags.n--;
    }
    meta_mask_init(&mask, r, &tags);
    meta_encode_fields(r, p.a, &mask, 1, &p.wire);
    assert_int_equal(meta_decode(r, p.b, p.wire.s, p.wire.len, NULL), 0);
    assert_same(r, want, p.b);
    meta_mask_release(&mask);
    mem_free(tags.v);
    meta_free(r, want);
    pair_end(&p);
}

static void test_masks(void **state)
{
    for (uint32_t i = 0; i < all_records_count; i++)
        for (uint64_t seed = 1; seed <= 20; seed++)
            check_mask(all_records[i], seed);
}

static void test_diff_names_each_difference(void **state)
{
    for (uint32_t i = 0; i < all_records_count; i++) {
        const struct meta_record *r = all_records[i];
        uint64_t seed = 7;
        void *a = meta_new(r), *b = meta_new(r);
        meta_random(r, b, &seed);
        struct buf text = BUF_INIT;
        meta_diff(r, a, b, &text);
        assert_int_equal(text.len == 0, meta_equal(r, a, b));
        buf_release(&text);
        meta_free(r, a);
        meta_free(r, b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_truncations),
        cmocka_unit_test(test_fields_that_come_twice),
        cmocka_unit_test(test_mutations),
        cmocka_unit_test(test_unset_records_are_empty),
        cmocka_unit_test(test_masks),
        cmocka_unit_test(test_diff_names_each_difference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
