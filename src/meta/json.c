/* SPDX-License-Identifier: Apache-2.0 */
/* meta.h: records as JSON (RFC 8259) in the form of Slurm's REST documents. */
#include "meta/kind.h"

/* Bytes of the UTF-8 sequence at s, or 0 when it is not one (overlong, surrogate, beyond U+10FFFF, cut off).
 */
static unsigned utf8_len(const unsigned char *s)
{
    static const struct {
        uint8_t first, last; /* first byte */
        uint8_t low, high;   /* second byte */
        uint8_t len;
    } forms[] = {
        {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
        {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
        {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    for (unsigned i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (s[0] < forms[i].first || s[0] > forms[i].last)
            continue;
        if (s[1] < forms[i].low || s[1] > forms[i].high)
            return 0;
        for (unsigned k = 2; k < forms[i].len; k++)
            if (s[k] < 0x80 || s[k] > 0xbf)
                return 0;
        return forms[i].len;
    }
    return 0;
}

static void escaped(unsigned char c, struct buf *out)
{
    static const char letters[] = "\bb\ff\nn\rr\tt\"\"\\\\";
    for (const char *p = letters; *p; p += 2) {
        if ((unsigned char)*p == c) {
            buf_addc(out, '\\');
            buf_addc(out, p[1]);
            return;
        }
    }
    buf_addf(out, "\\u%04x", c);
}

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

void meta_json_string(const char *s, struct buf *out)
{
    buf_addc(out, '"');
    const unsigned char *p = (const unsigned char *)(s ? s : "");
    while (*p) {
        const unsigned char *start = p;
        unsigned len;
        while (is_plain(*p) || (*p >= 0x80 && (len = utf8_len(p)) > 0))
            p += *p < 0x80 ? 1 : len;
        buf_add(out, start, (size_t)(p - start));
        if (!*p)
            break;
        if (*p >= 0x80)
            buf_adds(out, "\xef\xbf\xbd");
        else
            escaped(*p, out);
        p++;
    }
    buf_addc(out, '"');
}

static void optional_number(const struct meta_field *f, const void *rec, struct buf *out)
{
    const struct meta_kind_info *k = meta_kind(f);
    uint64_t v = number_of(f, rec);
    bool infinite = k->infinite && v == k->infinite;
    bool set = v != k->unset && !infinite;
    buf_addf(out, "{\"set\":%s,\"infinite\":%s,\"number\":", set ? "true" : "false",
             infinite ? "true" : "false");
    if (f->kind == META_TIME)
        buf_add_i64(out, (int64_t)v);
    else
        buf_add_u64(out, set ? v : 0);
    buf_addc(out, '}');
}

static void enum_value(const struct meta_field *f, uint64_t v, struct buf *out)
{
    for (uint32_t i = 0; i < f->enums->n; i++) {
        const struct meta_enum_name *n = &f->enums->names[i];
        if (n->value == v) {
            meta_json_string(n->json ? n->json : n->name, out);
            return;
        }
    }
    buf_addc(out, '"'); /* of a newer peer */
    buf_add_u64(out, v);
    buf_addc(out, '"');
}

static void flags_value(const struct meta_field *f, uint64_t flags, struct buf *out)
{
    const char *between = "";
    buf_addc(out, '[');
    for (; flags; flags &= flags - 1) {
        buf_adds(out, between);
        enum_value(f, flags & -flags, out);
        between = ",";
    }
    buf_addc(out, ']');
}

static void text_value(const struct meta_field *f, const void *rec, struct buf *out)
{
    struct buf text = BUF_INIT;
    meta_text(f, rec, &text);
    meta_json_string(text.s, out);
    buf_release(&text);
}

static void number_value(const struct meta_field *f, const void *rec, struct buf *out)
{
    uint64_t v = number_of(f, rec);
    switch (f->kind) {
    case META_BOOL:
    case META_TRI:
        buf_adds(out, v == 1 ? "true" : "false");
        break;
    case META_ENUM:
        enum_value(f, v, out);
        break;
    case META_FLAGS:
        flags_value(f, v, out);
        break;
    case META_F64:
        meta_add_f64(out, *(const double *)field_of(f, rec));
        break;
    case META_TIME:
        optional_number(f, rec, out);
        break;
    default:
        if (meta_kind(f)->infinite)
            optional_number(f, rec, out);
        else if (meta_kind(f)->form == FORM_ZIGZAG)
            buf_add_i64(out, number_signed(meta_kind(f)->width, v));
        else
            buf_add_u64(out, v);
    }
}

static void list_value(const struct meta_field *f, const void *rec, struct buf *out)
{
    const struct meta_recs *l = field_of(f, rec); /* n is at the same place in all lists */
    buf_addc(out, '[');
    for (uint32_t i = 0; i < l->n; i++) {
        buf_adds(out, i ? "," : "");
        if (f->kind == META_RECS)
            meta_json(f->sub, member_in(f->sub, l->v, i), out);
        else if (f->kind == META_STRS)
            meta_json_string(((char *const *)l->v)[i], out);
        else
            buf_add_u64(out, ((const uint32_t *)l->v)[i]);
    }
    buf_addc(out, ']');
}

static void value(const struct meta_field *f, const void *rec, struct buf *out)
{
    const void *p = field_of(f, rec);
    switch (meta_kind(f)->class) {
    case CLASS_NUMBER:
        number_value(f, rec, out);
        break;
    case CLASS_TEXT:
        meta_json_string(*(char *const *)p, out);
        break;
    case CLASS_ONE:
        if (*(void *const *)p)
            meta_json(f->sub, *(void *const *)p, out);
        else
            buf_adds(out, "{}");
        break;
    case CLASS_BYTES:
    case CLASS_BITS:
        text_value(f, rec, out);
        break;
    default:
        list_value(f, rec, out);
    }
}

void meta_json(const struct meta_record *r, const void *rec, struct buf *out)
{
    const char *between = "";
    buf_addc(out, '{');
    for (uint32_t i = 0; i < r->n; i++) {
        const struct meta_field *f = &r->fields[i];
        if (!f->json || f->flags & META_F_SECRET)
            continue;
        buf_adds(out, between);
        meta_json_string(f->json, out);
        buf_addc(out, ':');
        value(f, rec, out);
        between = ",";
    }
    buf_addc(out, '}');
}
