/* SPDX-License-Identifier: Apache-2.0 */
/* Hostile input, and the kinds that no record of the schema may use today: on a record made for the test. */
#include "unit.h"

#include "base/mem.h"
#include "base/shared.h"
#include "meta/meta.h"

/* One field of each kind; `child` nests the record in itself. */
struct zoo {
    struct shared sh;
    bool yes;
    uint16_t tri, u16, u16_opt;
    uint32_t u32, u32_opt, minutes, seconds, uid, gid, color;
    int32_t i32;
    uint64_t u64, u64_opt, mb, flags;
    int64_t i64, time;
    double f64;
    char *str, *secret;
    struct meta_bytes bytes;
    struct bits bits;
    struct zoo *child, *friend;
    struct meta_strs strs;
    struct meta_u32s u32s;
    struct {
        struct zoo *v;
        uint32_t n;
    } recs;
};

static const struct meta_enum_name color_names[] = {{0, "NONE"}, {1, "RED", "R"}, {2, "BLUE"}};
static const struct meta_enum colors = {"color", color_names, 3};
static const struct meta_enum_name mark_names[] = {{1, "Odd"}, {2, "Even"}, {UINT64_C(1) << 63, "Last"}};
static const struct meta_enum marks = {"mark", mark_names, 3};
static const struct meta_record zoo_record;

#define FIELD(t, member, k, ...)                                                                             \
    {                                                                                                        \
        .name = #member, .kv = #member, .json = #member, .tag = t, .kind = k,                                \
        .offset = offsetof(struct zoo, member), ##__VA_ARGS__                                                \
    }
enum {
    TAG_U16 = 3,
    TAG_I32 = 6,
    TAG_STR = 20,
    TAG_BITS = 22,
    TAG_CHILD = 23,
    TAG_STRS = 25,
    TAG_U32S = 26,
    TAG_RECS = 300
};
static const struct meta_field zoo_fields[] = {
    FIELD(1, yes, META_BOOL),
    FIELD(2, tri, META_TRI),
    FIELD(TAG_U16, u16, META_U16, .max = 1000),
    FIELD(4, u32, META_U32),
    FIELD(5, u64, META_U64),
    FIELD(TAG_I32, i32, META_I32),
    FIELD(7, i64, META_I64, .max = 1000000),
    FIELD(8, f64, META_F64),
    FIELD(9, u16_opt, META_U16_OPT),
    FIELD(10, u32_opt, META_U32_OPT),
    FIELD(11, u64_opt, META_U64_OPT),
    FIELD(12, time, META_TIME),
    FIELD(13, minutes, META_MINUTES),
    FIELD(14, seconds, META_SECONDS, .flags = META_F_VOLATILE),
    FIELD(15, mb, META_MB),
    FIELD(16, uid, META_UID),
    FIELD(17, gid, META_GID),
    FIELD(18, color, META_ENUM, .enums = &colors),
    FIELD(19, flags, META_FLAGS, .enums = &marks),
    FIELD(TAG_STR, str, META_STR, .max = 40),
    FIELD(21, bytes, META_BYTES, .max = 6),
    FIELD(TAG_BITS, bits, META_BITS),
    FIELD(TAG_CHILD, child, META_REC, .sub = &zoo_record),
    FIELD(24, friend, META_REF, .sub = &zoo_record),
    FIELD(TAG_STRS, strs, META_STRS, .max = 5),
    FIELD(TAG_U32S, u32s, META_U32S, .max = 100),
    FIELD(27, secret, META_STR, .flags = META_F_SECRET),
    FIELD(TAG_RECS, recs, META_RECS, .sub = &zoo_record),
};
#define OWNED(i, field)                                                                                      \
    {                                                                                                        \
        i, offsetof(struct zoo, field)                                                                       \
    }
static const struct meta_owned zoo_owned[] = {
    OWNED(19, str),  OWNED(20, bytes), OWNED(21, bits),   OWNED(22, child), OWNED(23, friend),
    OWNED(24, strs), OWNED(25, u32s),  OWNED(26, secret), OWNED(27, recs),
};
static const struct zoo zoo_blank = {
    .sh = {1},
    .tri = NO_VAL16,
    .u16_opt = NO_VAL16,
    .u32_opt = NO_VAL,
    .u64_opt = NO_VAL64,
    .minutes = NO_VAL,
    .mb = NO_VAL64,
    .uid = NO_VAL,
    .gid = NO_VAL,
};
static const struct meta_record zoo_record = {
    .name = "zoo",
    .fields = zoo_fields,
    .n = sizeof zoo_fields / sizeof *zoo_fields,
    .size = sizeof(struct zoo),
    .shared = true,
    .owned = zoo_owned,
    .owned_n = sizeof zoo_owned / sizeof *zoo_owned,
    .blank = &zoo_blank,
};

static void test_every_kind_round_trips(void **state)
{
    for (uint64_t seed = 1; seed <= 200; seed++) {
        uint64_t s = seed;
        struct zoo a, b, c;
        struct buf wire = BUF_INIT, again = BUF_INIT;
        struct err e;
        meta_random(&zoo_record, &a, &s);
        meta_encode(&zoo_record, &a, &wire);
        if (meta_decode(&zoo_record, &b, wire.s, wire.len, &e) < 0)
            fail_msg("seed %d: %s", (int)seed, e.text);
        assert_true(meta_equal(&zoo_record, &a, &b));
        meta_copy(&zoo_record, &c, &b);
        meta_encode(&zoo_record, &c, &again);
        assert_int_equal(again.len, wire.len);
        assert_memory_equal(again.s, wire.s, wire.len);
        meta_release(&zoo_record, &a);
        meta_release(&zoo_record, &b);
        meta_release(&zoo_record, &c);
        buf_release(&wire);
        buf_release(&again);
    }
}

static void test_every_kind_reads_back_from_text(void **state)
{
    for (uint64_t seed = 1; seed <= 200; seed++) {
        uint64_t s = seed;
        struct zoo a, b;
        meta_random(&zoo_record, &a, &s);
        meta_init(&zoo_record, &b);
        for (uint32_t i = 0; i < zoo_record.n; i++) {
            const struct meta_field *f = &zoo_fields[i];
            struct buf text = BUF_INIT, again = BUF_INIT;
            struct err e;
            meta_text(f, &a, &text);
            if (!f->sub && f->kind != META_STRS && f->kind != META_MB) {
                if (meta_parse(f, &b, text.s, &e) < 0)
                    fail_msg("%s", e.text);
                meta_text(f, &b, &again);
                assert_string_equal(text.s, again.s);
            }
            buf_release(&text);
            buf_release(&again);
        }
        assert_true(a.f64 == b.f64);
        meta_release(&zoo_record, &a);
        meta_release(&zoo_record, &b);
    }
}

static void put_varint(struct buf *b, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        buf_addc(b, (char)(v | 0x80));
    buf_addc(b, (char)v);
}

static void put_tag(struct buf *b, uint32_t tag, uint32_t wire)
{
    put_varint(b, (uint64_t)tag << 3 | wire);
}

static void put_part(struct buf *b, uint32_t tag, const void *p, size_t n)
{
    put_tag(b, tag, 2);
    put_varint(b, n);
    buf_add(b, p, n);
}

static void assert_refused(struct buf *wire, const char *part_of_text)
{
    struct zoo z;
    struct err e;
    int rc = meta_decode(&zoo_record, &z, wire->s, wire->len, &e);
    if (rc >= 0)
        fail_msg("accepted, wanted \"%s\"", part_of_text);
    if (!strstr(e.text, part_of_text))
        fail_msg("\"%s\" does not say \"%s\"", e.text, part_of_text);
    assert_int_equal(rc, -e.code);
    struct zoo fresh;
    meta_init(&zoo_record, &fresh);
    assert_memory_equal(&z, &fresh, sizeof z);
    buf_release(wire);
}

static void test_bad_input_is_refused(void **state)
{
    struct buf w = BUF_INIT;
    put_part(&w, TAG_U16, "x", 1);
    assert_refused(&w, "u16: wrong wire type");
    put_tag(&w, TAG_U16, 0), put_varint(&w, 1001);
    assert_refused(&w, "u16: number too large");
    put_tag(&w, TAG_U16, 0), put_varint(&w, 65537);
    assert_refused(&w, "u16: number too large");
    put_tag(&w, TAG_I32, 0), put_varint(&w, UINT64_C(1) << 33);
    assert_refused(&w, "i32: number too large");
    put_tag(&w, 1, 0), put_varint(&w, 2);
    assert_refused(&w, "yes: number too large");
    put_tag(&w, 8, 1), buf_adds(&w, "1234567");
    assert_refused(&w, "f64: cut off");
    put_tag(&w, TAG_U16, 0);
    assert_refused(&w, "u16: bad number");
    put_tag(&w, 5, 0), buf_adds(&w, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02");
    assert_refused(&w, "u64: bad number");
    put_part(&w, TAG_STR, "a\0b", 3);
    assert_refused(&w, "str: text with a zero byte");
    put_part(&w, TAG_STR, "0123456789012345678901234567890123456789x", 41);
    assert_refused(&w, "str: text too long");
    put_tag(&w, TAG_STR, 2), put_varint(&w, 9);
    assert_refused(&w, "str: cut off");
    put_part(&w, TAG_BITS, "\x05", 1);
    assert_refused(&w, "bits: bad set");
    put_part(&w, TAG_BITS, "\x05\x00", 2);
    assert_refused(&w, "bits: bad set");
    put_part(&w, TAG_BITS, "\x01\x80\x80\x80\x20", 5); /* one member more than BITS_MAX */
    assert_refused(&w, "bits: member too large");
    put_part(&w, TAG_U32S, "\xff\xff\xff\xff\x1f", 5);
    assert_refused(&w, "u32s: bad number");
    put_part(&w, TAG_U32S, "\x80", 1);
    assert_refused(&w, "u32s: bad number");
    buf_addc(&w, 0);
    assert_refused(&w, "bad tag");
    put_tag(&w, 4000, 3);
    assert_refused(&w, "unknown field 4000");
    put_tag(&w, 4000, 2), put_varint(&w, 1);
    assert_refused(&w, "unknown field 4000");
}

static void test_lists_have_limits(void **state)
{
    struct buf w = BUF_INIT;
    for (int i = 0; i < 6; i++)
        put_part(&w, TAG_STRS, "x", 1);
    assert_refused(&w, "strs: list too long");
    for (int i = 0; i < 101; i++)
        put_part(&w, TAG_RECS, "", 0);
    struct buf numbers = BUF_INIT;
    buf_addn(&numbers, 1, 101);
    put_part(&w, TAG_U32S, numbers.s, numbers.len);
    assert_refused(&w, "u32s: list too long");
    buf_release(&numbers);
}

static void put_nested(struct buf *w, unsigned depth)
{
    for (; depth > 1; depth--) {
        struct buf inner = *w;
        buf_init(w);
        put_part(w, TAG_CHILD, inner.s, inner.len);
        buf_release(&inner);
    }
}

static void test_depth_has_a_limit(void **state)
{
    struct zoo z;
    struct buf w = BUF_INIT;
    put_nested(&w, META_DEPTH_MAX);
    assert_int_equal(meta_decode(&zoo_record, &z, w.s, w.len, NULL), 0);
    meta_release(&zoo_record, &z);
    buf_release(&w);
    put_nested(&w, META_DEPTH_MAX + 1);
    assert_refused(&w, "nested too deeply");
}

/* Each part takes a few bytes and would be a set of 8 MiB. */
static void test_memory_has_a_limit(void **state)
{
    struct buf w = BUF_INIT, part = BUF_INIT;
    put_part(&part, TAG_BITS, "\xff\xff\xff\x1f\x01", 5);
    for (int i = 0; i < 100; i++)
        put_part(&w, TAG_RECS, part.s, part.len);
    assert_refused(&w, "bits: too much");
    buf_release(&part);
}

static void test_what_comes_again(void **state)
{
    struct zoo z;
    struct buf old = BUF_INIT, w = BUF_INIT;
    put_part(&old, TAG_STRS, "a", 1);
    put_tag(&old, TAG_U16, 0), put_varint(&old, 1);
    put_part(&old, TAG_STR, "old", 3);
    put_part(&old, TAG_BITS, "\x05\x01", 2);
    put_part(&old, TAG_U32S, "\x05\x01", 2);
    buf_add(&w, old.s, old.len);
    put_part(&w, TAG_CHILD, old.s, old.len);
    buf_release(&old);
    put_tag(&w, 4000, 5), buf_adds(&w, "1234");
    put_tag(&w, 4001, 1), buf_adds(&w, "12345678");
    put_part(&w, 4002, "anything", 8);
    put_tag(&w, TAG_U16, 0), put_varint(&w, 2);
    put_part(&w, TAG_STR, "new", 3);
    put_part(&w, TAG_BITS, "\x06\x01", 2);
    put_part(&w, TAG_U32S, "\x07", 1);
    put_part(&w, TAG_CHILD, "", 0);
    put_part(&w, TAG_STRS, "b", 1);
    assert_int_equal(meta_decode(&zoo_record, &z, w.s, w.len, NULL), 0);
    assert_int_equal(z.u16, 2);
    assert_string_equal(z.str, "new");
    assert_true(bits_test(&z.bits, 6) && !bits_test(&z.bits, 5));
    assert_int_equal(z.u32s.n, 1);
    assert_int_equal(z.u32s.v[0], 7);
    assert_null(z.child->str);
    assert_int_equal(z.strs.n, 2);
    assert_string_equal(z.strs.v[1], "b");
    meta_release(&zoo_record, &z);
    buf_release(&w);
}

static void test_set_of_everything_is_small(void **state)
{
    struct zoo z, back;
    struct buf w = BUF_INIT;
    meta_init(&zoo_record, &z);
    bits_set_range(&z.bits, 0, 99999);
    bits_clear(&z.bits, 500);
    meta_encode(&zoo_record, &z, &w);
    assert_true(w.len < 16);
    assert_int_equal(meta_decode(&zoo_record, &back, w.s, w.len, NULL), 0);
    assert_true(meta_equal(&zoo_record, &z, &back));
    meta_release(&zoo_record, &z);
    meta_release(&zoo_record, &back);
    buf_release(&w);
}

static void test_shared_records_are_counted(void **state)
{
    struct zoo *a = meta_new(&zoo_record), *friend = meta_new(&zoo_record), *b;
    a->friend = friend;
    b = meta_dup(&zoo_record, a);
    assert_ptr_equal(b->friend, friend);
    assert_false(shared_sole(&friend->sh));
    assert_true(shared_sole(&b->sh));
    meta_free(&zoo_record, a);
    assert_true(shared_sole(&friend->sh));
    shared_keep(&b->sh);
    meta_free(&zoo_record, b);
    assert_ptr_equal(b->friend, friend);
    meta_free(&zoo_record, b);
}

static void test_secrets_are_hidden(void **state)
{
    struct zoo *a = meta_new(&zoo_record), *b = meta_new(&zoo_record);
    struct buf text = BUF_INIT;
    struct err e;
    mem_set_str(&a->secret, "swordfish");
    mem_set_str(&b->secret, "perch");
    a->child = meta_dup(&zoo_record, b);
    meta_dump(&zoo_record, a, &text);
    meta_json(&zoo_record, a, &text);
    meta_kv(&zoo_record, a, &text);
    meta_diff(&zoo_record, a, b, &text);
    assert_null(strstr(text.s, "swordfish"));
    assert_null(strstr(text.s, "perch"));
    assert_non_null(strstr(text.s, "secret: (hidden) -> (hidden)"));
    buf_release(&text);
    buf_addn(&text, 'x', META_TEXT_MAX + 1);
    assert_true(meta_parse(meta_find(&zoo_record, "secret"), a, text.s, &e) < 0);
    assert_null(strstr(e.text, "xxx"));
    buf_release(&text);
    meta_free(&zoo_record, a);
    meta_free(&zoo_record, b);
}

static void test_volatile_is_not_durable(void **state)
{
    struct zoo *a = meta_new(&zoo_record), *b = meta_new(&zoo_record);
    a->seconds = 5;
    assert_false(meta_equal(&zoo_record, a, b));
    assert_true(meta_equal_durable(&zoo_record, a, b));
    a->child = meta_new(&zoo_record);
    b->child = meta_new(&zoo_record);
    a->child->seconds = 5;
    assert_true(meta_equal_durable(&zoo_record, a, b));
    a->child->u32 = 5;
    assert_false(meta_equal_durable(&zoo_record, a, b));
    meta_free(&zoo_record, a);
    meta_free(&zoo_record, b);
}

static void test_lists_grow(void **state)
{
    struct zoo *z = meta_new(&zoo_record);
    for (uint32_t i = 0; i < 1000; i++) {
        struct zoo *member = meta_recs_push(&zoo_record, &z->recs);
        assert_int_equal(member->minutes, NO_VAL);
        member->u32 = i;
        meta_u32s_push(&z->u32s, i);
        meta_strs_push(&z->strs, i ? "x" : NULL);
    }
    assert_int_equal(z->recs.v[999].u32, 999);
    assert_int_equal(z->u32s.v[999], 999);
    assert_string_equal(z->strs.v[0], "");
    struct zoo *copy = meta_dup(&zoo_record, z);
    ((struct zoo *)meta_recs_push(&zoo_record, &copy->recs))->u32 = 7;
    struct buf text = BUF_INIT;
    meta_diff(&zoo_record, z, copy, &text);
    assert_string_equal(text.s, "recs: 1000 -> 1001 members\n");
    buf_release(&text);
    meta_free(&zoo_record, copy);
    meta_free(&zoo_record, z);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_kind_round_trips),
        cmocka_unit_test(test_every_kind_reads_back_from_text),
        cmocka_unit_test(test_bad_input_is_refused),
        cmocka_unit_test(test_lists_have_limits),
        cmocka_unit_test(test_depth_has_a_limit),
        cmocka_unit_test(test_memory_has_a_limit),
        cmocka_unit_test(test_what_comes_again),
        cmocka_unit_test(test_set_of_everything_is_small),
        cmocka_unit_test(test_shared_records_are_counted),
        cmocka_unit_test(test_secrets_are_hidden),
        cmocka_unit_test(test_volatile_is_not_durable),
        cmocka_unit_test(test_lists_grow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
