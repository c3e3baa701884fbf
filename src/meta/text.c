/* SPDX-License-Identifier: Apache-2.0 */
/* meta.h: values as commands print them and as update commands give them. The forms are in
 * doc/spec/02-schema.md. */
#include "meta/kind.h"

#include "base/sizetext.h"
#include "base/timetext.h"

static void number_text(const struct meta_field *f, const void *rec, struct buf *out)
{
    const struct meta_kind_info *k = meta_kind(f);
    uint64_t v = number_of(f, rec);
    if (v == k->unset && k->unset)
        buf_adds(out, "N/A");
    else if (v == k->infinite && k->infinite)
        buf_adds(out, "UNLIMITED");
    else if (k->form == FORM_ZIGZAG)
        buf_add_i64(out, number_signed(k->width, v));
    else
        buf_add_u64(out, v);
}

static void time_text(int64_t t, struct buf *out)
{
    /* Beyond the years 1 to 9999 there is no form that anybody reads back. */
    const int64_t first = -INT64_C(62135596800), last = INT64_C(253402300799);
    if (t == 0)
        buf_adds(out, "Unknown");
    else if (t < first || t > last)
        buf_add_i64(out, t);
    else
        time_add_iso(out, t, NULL);
}

static void enum_text(const struct meta_field *f, const void *rec, struct buf *out)
{
    uint64_t v = number_of(f, rec);
    const char *name = meta_enum_text(f->enums, v);
    if (name)
        buf_adds(out, name);
    else
        buf_add_u64(out, v);
}

static void bytes_text(const struct meta_bytes *b, struct buf *out)
{
    for (uint32_t i = 0; i < b->n; i++) {
        buf_addc(out, "0123456789abcdef"[b->v[i] >> 4]);
        buf_addc(out, "0123456789abcdef"[b->v[i] & 15]);
    }
}

static void strs_text(const struct meta_strs *l, struct buf *out)
{
    for (uint32_t i = 0; i < l->n; i++) {
        buf_adds(out, i ? "," : "");
        buf_adds(out, l->v[i]);
    }
}

static void u32s_text(const struct meta_u32s *l, struct buf *out)
{
    for (uint32_t i = 0; i < l->n; i++) {
        buf_adds(out, i ? "," : "");
        buf_add_u64(out, l->v[i]);
    }
}

/* A nested record: every field that is not at its default, in braces. */
static void record_text(const struct meta_record *r, const void *rec, struct buf *out)
{
    const char *between = "";
    buf_addc(out, '{');
    for (uint32_t i = 0; i < r->n; i++) {
        const struct meta_field *f = &r->fields[i];
        if (meta_field_default(f, rec))
            continue;
        buf_adds(out, between);
        buf_adds(out, f->name);
        buf_addc(out, '=');
        if (f->flags & META_F_SECRET)
            buf_adds(out, "(hidden)");
        else
            meta_text(f, rec, out);
        between = " ";
    }
    buf_addc(out, '}');
}

static void recs_text(const struct meta_record *sub, const struct meta_recs *l, struct buf *out)
{
    for (uint32_t i = 0; i < l->n; i++) {
        buf_adds(out, i ? "," : "");
        record_text(sub, member_in(sub, l->v, i), out);
    }
}

static void one_text(const struct meta_record *sub, const void *rec, struct buf *out)
{
    if (rec)
        record_text(sub, rec, out);
    else
        buf_adds(out, "(null)");
}

void meta_text(const struct meta_field *f, const void *rec, struct buf *out)
{
    const void *p = field_of(f, rec);
    switch (f->kind) {
    case META_TIME:
        time_text(*(const int64_t *)p, out);
        break;
    case META_MINUTES:
        if (*(const uint32_t *)p >= NO_VAL)
            number_text(f, rec, out);
        else
            time_add_long(out, number_of(f, rec) * 60);
        break;
    case META_SECONDS:
        time_add_long(out, *(const uint32_t *)p);
        break;
    case META_MB:
        if (*(const uint64_t *)p >= NO_VAL64)
            number_text(f, rec, out);
        else
            size_add_mib(out, *(const uint64_t *)p);
        break;
    case META_F64:
        meta_add_f64(out, *(const double *)p);
        break;
    case META_ENUM:
        enum_text(f, rec, out);
        break;
    case META_FLAGS:
        meta_flags_text(f->enums, *(const uint64_t *)p, ",", out);
        break;
    case META_STR:
    case META_HOSTS:
    case META_TRES:
        buf_adds(out, *(char *const *)p ? *(char *const *)p : "(null)");
        break;
    case META_BYTES:
        bytes_text(p, out);
        break;
    case META_BITS:
        bits_text(p, out);
        break;
    case META_STRS:
        strs_text(p, out);
        break;
    case META_U32S:
        u32s_text(p, out);
        break;
    case META_REC:
    case META_REF:
        one_text(f->sub, *(void *const *)p, out);
        break;
    case META_RECS:
        recs_text(f->sub, p, out);
        break;
    default:
        number_text(f, rec, out);
    }
}

void meta_kv(const struct meta_record *r, const void *rec, struct buf *out)
{
    const char *between = "";
    for (uint32_t i = 0; i < r->n; i++) {
        const struct meta_field *f = &r->fields[i];
        if (!f->kv || f->flags & META_F_SECRET)
            continue;
        buf_adds(out, between);
        buf_adds(out, f->kv);
        buf_addc(out, '=');
        meta_text(f, rec, out);
        between = " ";
    }
}
