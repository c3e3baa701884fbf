/* SPDX-License-Identifier: Apache-2.0 */
/* meta.h: random valid records for tests. About half of the fields are set, edges of each kind come often. */
#include "meta/kind.h"

#include "base/mem.h"

/* splitmix64 */
static uint64_t next(uint64_t *seed)
{
    uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static uint32_t below(uint64_t *seed, uint32_t n)
{
    return (uint32_t)(next(seed) % n);
}

static char *random_text(uint64_t *seed, size_t max)
{
    static const char *const pieces[] = {"a",  "n[1-3]", " ",        ",",    "=", "\"",  "\\",
                                         "\n", "\x01",   "\xc3\xa9", "\xff", "0", "null"};
    struct buf text = BUF_INIT;
    for (uint32_t n = below(seed, 12); n; n--)
        buf_adds(&text, pieces[below(seed, sizeof pieces / sizeof *pieces)]);
    if (text.len > max)
        buf_truncate(&text, max);
    return buf_take(&text);
}

static uint64_t random_flags(const struct meta_enum *e, uint64_t *seed)
{
    uint64_t flags = 0;
    for (uint32_t i = 0; i < e->n; i++)
        if (below(seed, 3) == 0)
            flags |= e->names[i].value;
    return flags;
}

/* Few enough digits for text to hold all of them. */
static double random_f64(uint64_t *seed)
{
    return (double)(int32_t)next(seed) / 8;
}

static uint64_t random_number(const struct meta_field *f, uint64_t *seed)
{
    const struct meta_kind_info *k = meta_kind(f);
    if (f->kind == META_ENUM)
        return f->enums->names[below(seed, f->enums->n)].value;
    if (f->kind == META_FLAGS)
        return random_flags(f->enums, seed);
    if (f->kind == META_F64) {
        double d = random_f64(seed);
        uint64_t v;
        memcpy(&v, &d, sizeof v);
        return v;
    }
    if (f->kind == META_BOOL || f->kind == META_TRI)
        return below(seed, 2);
    if (f->kind == META_TIME)
        return below(seed, UINT32_C(4000000000));
    if (k->infinite && below(seed, 8) == 0)
        return k->infinite;
    uint64_t v = next(seed) >> below(seed, 64);
    if (f->kind == META_MB)
        v >>= 4; /* texts go up to 2^60 */
    else if (k->form == FORM_ZIGZAG)
        v = k->width == 4 ? (uint64_t)(int32_t)v : v;
    else if (k->width < 8)
        v &= (UINT64_C(1) << (8 * k->width)) - 1;
    return meta_number_allowed(f, v) ? v : below(seed, 2);
}

static void random_bits(const struct meta_field *f, struct bits *b, uint64_t *seed)
{
    uint32_t max = f->max && f->max < 5000 ? (uint32_t)f->max : 5000;
    for (uint32_t n = below(seed, 6); n; n--) {
        uint32_t first = below(seed, max), room = max - first;
        bits_set_range(b, first, first + below(seed, room < 100 ? room : 100));
    }
}

static void random_record(const struct meta_record *r, void *rec, uint64_t *seed, unsigned depth);

static void random_recs(const struct meta_field *f, struct meta_recs *l, uint64_t *seed, unsigned depth)
{
    uint32_t n = below(seed, 4);
    for (n = f->max && n > f->max ? (uint32_t)f->max : n; n; n--)
        random_record(f->sub, meta_recs_push(f->sub, l), seed, depth + 1);
}

static void random_owned(const struct meta_field *f, void *p, uint64_t *seed, unsigned depth)
{
    uint32_t n = below(seed, 5);
    if (f->max && n > f->max)
        n = (uint32_t)f->max;
    switch (meta_kind(f)->class) {
    case CLASS_TEXT:
        *(char **)p = random_text(seed, f->max ? f->max : META_TEXT_MAX);
        break;
    case CLASS_BYTES: {
        uint64_t v = next(seed);
        meta_bytes_set(p, &v, n);
        break;
    }
    case CLASS_BITS:
        random_bits(f, p, seed);
        break;
    case CLASS_ONE:
        if (depth < META_DEPTH_MAX) {
            *(void **)p = meta_new(f->sub);
            random_record(f->sub, *(void **)p, seed, depth + 1);
        }
        break;
    case CLASS_STRS:
        for (; n; n--) {
            char *s = random_text(seed, META_TEXT_MAX);
            meta_strs_push(p, s);
            mem_free(s);
        }
        break;
    case CLASS_U32S:
        for (; n; n--)
            meta_u32s_push(p, (uint32_t)(next(seed) >> 32 >> below(seed, 32)));
        break;
    case CLASS_RECS:
        if (depth < META_DEPTH_MAX)
            random_recs(f, p, seed, depth);
        break;
    }
}

static void random_record(const struct meta_record *r, void *rec, uint64_t *seed, unsigned depth)
{
    for (uint32_t i = 0; i < r->n; i++) {
        const struct meta_field *f = &r->fields[i];
        const struct meta_kind_info *k = meta_kind(f);
        if (below(seed, 2))
            continue;
        if (k->class == CLASS_NUMBER)
            number_store(k->width, field_in(f, rec), random_number(f, seed));
        else
            random_owned(f, field_in(f, rec), seed, depth);
    }
}

void meta_random(const struct meta_record *r, void *rec, uint64_t *seed)
{
    meta_init(r, rec);
    random_record(r, rec, seed, 1);
}
