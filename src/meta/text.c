/* SPDX-License-Identifier: Apache-2.0 */
/* meta.h: values as commands print them and as update commands give them. The forms are in
 * doc/spec/02-schema.md. */
#include "meta/kind.h"

#include "base/mem.h"
#include "base/text.h"
#include "meta/time.h"

static void number_text(const struct meta_field *f, const void *rec, struct buf *out)
{
    const struct meta_kind_info *k = meta_kind(f);
    uint64_t v = number_of(f, rec);
    if (v == k->unset && k->unset)
        buf_adds(out, "N/A");
    else if (v == k->infinite && k->infinite)
        buf_adds(out, "UNLIMITED");
    else if (k->form == FORM_ZIGZAG)
        meta_add_i64(out, number_signed(k->width, v));
    else
        meta_add_u64(out, v);
}

/* MiB with the largest unit that leaves a whole number. */
static void mb_text(const struct meta_field *f, const void *rec, struct buf *out)
{
    uint64_t v = *(const uint64_t *)field_of(f, rec);
    if (v >= NO_VAL64) {
        number_text(f, rec, out);
        return;
    }
    const char *unit = "MGTPE";
    while (v && v % 1024 == 0 && unit[1]) {
        v /= 1024;
        unit++;
    }
    meta_add_u64(out, v);
    buf_addc(out, *unit);
}

static void enum_text(const struct meta_field *f, const void *rec, struct buf *out)
{
    uint64_t v = number_of(f, rec);
    const char *name = meta_enum_text(f->enums, v);
    if (name)
        buf_adds(out, name);
    else
        meta_add_u64(out, v);
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
        meta_add_u64(out, l->v[i]);
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
        meta_time_text(*(const int64_t *)p, out);
        break;
    case META_MINUTES:
        if (*(const uint32_t *)p >= NO_VAL)
            number_text(f, rec, out);
        else
            meta_duration_text((uint64_t) * (const uint32_t *)p * 60, out);
        break;
    case META_SECONDS:
        meta_duration_text(*(const uint32_t *)p, out);
        break;
    case META_MB:
        mb_text(f, rec, out);
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
