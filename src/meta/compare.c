/* SPDX-License-Identifier: Apache-2.0 */
/* meta.h: are two records the same, and where do they differ. */
#include "base/text.h"
#include "meta/kind.h"

static bool bytes_equal(const void *a, const void *b, size_t n)
{
    return n == 0 || memcmp(a, b, n) == 0;
}

static bool strs_equal(const struct meta_strs *a, const struct meta_strs *b)
{
    for (uint32_t i = 0; i < a->n && i < b->n; i++)
        if (!text_same(a->v[i], b->v[i]))
            return false;
    return a->n == b->n;
}

static bool record_equal(const struct meta_record *r, const void *a, const void *b, uint8_t skip);

static bool recs_equal(const struct meta_record *sub, const struct meta_recs *a, const struct meta_recs *b,
                       uint8_t skip)
{
    for (uint32_t i = 0; i < a->n && i < b->n; i++)
        if (!record_equal(sub, member_in(sub, a->v, i), member_in(sub, b->v, i), skip))
            return false;
    return a->n == b->n;
}

static bool one_equal(const struct meta_record *sub, const void *a, const void *b, uint8_t skip)
{
    return a == b || (a && b && record_equal(sub, a, b, skip));
}

static bool field_equal(const struct meta_field *f, const void *a, const void *b, uint8_t skip)
{
    const void *p = field_of(f, a), *q = field_of(f, b);
    switch (meta_kind(f)->class) {
    case CLASS_TEXT:
        return text_same(*(char *const *)p, *(char *const *)q);
    case CLASS_BYTES: {
        const struct meta_bytes *x = p, *y = q;
        return x->n == y->n && bytes_equal(x->v, y->v, x->n);
    }
    case CLASS_BITS:
        return bits_equal(p, q);
    case CLASS_ONE:
        return one_equal(f->sub, *(void *const *)p, *(void *const *)q, skip);
    case CLASS_STRS:
        return strs_equal(p, q);
    case CLASS_U32S: {
        const struct meta_u32s *x = p, *y = q;
        return x->n == y->n && bytes_equal(x->v, y->v, x->n * sizeof *x->v);
    }
    case CLASS_RECS:
        return recs_equal(f->sub, p, q, skip);
    default:
        return number_of(f, a) == number_of(f, b);
    }
}

/* Fields with a flag of `skip` do not count. */
static bool record_equal(const struct meta_record *r, const void *a, const void *b, uint8_t skip)
{
    for (uint32_t i = 0; i < r->n; i++)
        if (!(r->fields[i].flags & skip) && !field_equal(&r->fields[i], a, b, skip))
            return false;
    return true;
}

bool meta_equal(const struct meta_record *r, const void *a, const void *b)
{
    return record_equal(r, a, b, 0);
}

bool meta_equal_durable(const struct meta_record *r, const void *a, const void *b)
{
    return record_equal(r, a, b, META_F_VOLATILE);
}

bool meta_field_default(const struct meta_field *f, const void *rec)
{
    const void *p = field_of(f, rec);
    switch (meta_kind(f)->class) {
    case CLASS_TEXT:
    case CLASS_ONE:
        return !*(void *const *)p;
    case CLASS_BYTES:
        return !((const struct meta_bytes *)p)->n;
    case CLASS_BITS:
        return !bits_any(p);
    case CLASS_STRS:
        return !((const struct meta_strs *)p)->n;
    case CLASS_U32S:
        return !((const struct meta_u32s *)p)->n;
    case CLASS_RECS:
        return !((const struct meta_recs *)p)->n;
    default:
        return number_of(f, rec) == meta_kind(f)->unset;
    }
}

/* The value of one field, for people. */
static void show(const struct meta_field *f, const void *rec, struct buf *out)
{
    if (f->flags & META_F_SECRET)
        buf_adds(out, meta_field_default(f, rec) ? "(unset)" : "(hidden)");
    else
        meta_text(f, rec, out);
}

static void diff(const struct meta_record *r, const void *a, const void *b, struct buf *path,
                 struct buf *out);

static void diff_recs(const struct meta_field *f, const void *a, const void *b, struct buf *path,
                      struct buf *out)
{
    const struct meta_recs *x = field_of(f, a), *y = field_of(f, b);
    size_t len = path->len;
    if (x->n != y->n)
        buf_addf(out, "%s: %u -> %u members\n", path->s, x->n, y->n);
    for (uint32_t i = 0; i < x->n && i < y->n; i++) {
        buf_addf(path, "[%u]", i);
        diff(f->sub, member_in(f->sub, x->v, i), member_in(f->sub, y->v, i), path, out);
        buf_truncate(path, len);
    }
}

static void diff_field(const struct meta_field *f, const void *a, const void *b, struct buf *path,
                       struct buf *out)
{
    if (f->kind == META_RECS && !(f->flags & META_F_SECRET)) {
        diff_recs(f, a, b, path, out);
        return;
    }
    if (meta_kind(f)->class == CLASS_ONE && !(f->flags & META_F_SECRET)) {
        const void *x = *(void *const *)field_of(f, a), *y = *(void *const *)field_of(f, b);
        if (x && y) {
            diff(f->sub, x, y, path, out);
            return;
        }
    }
    buf_addf(out, "%s: ", path->s);
    show(f, a, out);
    buf_adds(out, " -> ");
    show(f, b, out);
    buf_addc(out, '\n');
}

static void diff(const struct meta_record *r, const void *a, const void *b, struct buf *path, struct buf *out)
{
    size_t len = path->len;
    for (uint32_t i = 0; i < r->n; i++) {
        const struct meta_field *f = &r->fields[i];
        if (field_equal(f, a, b, 0))
            continue;
        buf_sep(path, ".");
        buf_adds(path, f->name);
        diff_field(f, a, b, path, out);
        buf_truncate(path, len);
    }
}

void meta_diff(const struct meta_record *r, const void *a, const void *b, struct buf *out)
{
    struct buf path = BUF_INIT;
    diff(r, a, b, &path, out);
    buf_release(&path);
}
