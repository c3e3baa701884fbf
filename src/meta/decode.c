/* SPDX-License-Identifier: Apache-2.0 */
/*
 * meta.h: records from protobuf's wire format. The input may come from anybody.
 *
 * Lengths are compared with what is left, counts and sizes with the limits of the field, before memory is
 * taken. Few bytes can describe much (a set of 2^26 members takes four), so the memory of one call is limited
 * too: DECODE_FREE plus DECODE_FACTOR times the input. Everything taken hangs on the record at once: on
 * failure meta_release frees it all.
 */
#include "meta/kind.h"

#include "base/arena.h"
#include "base/mem.h"

enum {
    DECODE_FREE = 64 << 20,
    DECODE_FACTOR = 64,
};

struct reader {
    const uint8_t *p, *end;
    size_t *budget;      /* bytes of memory that may still be taken */
    struct arena *arena; /* where memory comes from; NULL: the heap */
    struct err *err;
    unsigned depth;
};

static int bad(struct reader *in, const struct meta_field *f, const char *what)
{
    return err_set(in->err, ERR_INVALID, "%s: %s", f->name, what);
}

static bool take(struct reader *in, size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total) || total > *in->budget)
        return false;
    *in->budget -= total;
    return true;
}

static void *room(const struct reader *in, size_t count, size_t size)
{
    return in->arena ? arena_array(in->arena, count, size) : mem_array(count, size);
}

static bool get_varint(struct reader *in, uint64_t *ret)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64 && in->p < in->end; shift += 7) {
        uint8_t byte = *in->p++;
        if (shift == 63 && byte > 1)
            return false;
        v |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *ret = v;
            return true;
        }
    }
    return false;
}

/* A length-delimited part: *ret_part reads it, `in` goes on behind it. */
static bool get_part(struct reader *in, struct reader *ret_part)
{
    uint64_t len;
    if (!get_varint(in, &len) || len > (size_t)(in->end - in->p))
        return false;
    *ret_part = *in;
    ret_part->end = in->p + len;
    in->p += len;
    return true;
}

static bool get_tag(struct reader *in, uint32_t *ret_tag, uint8_t *ret_wire)
{
    uint64_t v;
    if (!get_varint(in, &v) || v > UINT32_MAX || v < 8)
        return false;
    *ret_tag = (uint32_t)(v >> 3);
    *ret_wire = v & 7;
    return true;
}

static bool skip(struct reader *in, uint8_t wire)
{
    uint64_t v;
    struct reader part;
    size_t fixed = wire == WIRE_FIXED64 ? 8 : 4;
    switch (wire) {
    case WIRE_VARINT:
        return get_varint(in, &v);
    case WIRE_LENGTH:
        return get_part(in, &part);
    case WIRE_FIXED64:
    case WIRE_FIXED32:
        if ((size_t)(in->end - in->p) < fixed)
            return false;
        in->p += fixed;
        return true;
    default:
        return false;
    }
}

/* How many further entries of this tag the record holds, so that a list is allocated once. */
static uint32_t count_tag(struct reader in, uint32_t tag)
{
    uint32_t count = 0, t;
    uint8_t wire;
    while (in.p < in.end && get_tag(&in, &t, &wire) && skip(&in, wire))
        count += t == tag;
    return count;
}

static int read_number(struct reader *in, const struct meta_field *f, void *p)
{
    const struct meta_kind_info *k = meta_kind(f);
    uint64_t v = 0;
    if (k->form == FORM_FIXED64) {
        if (in->end - in->p < 8)
            return bad(in, f, "cut off");
        for (int i = 0; i < 8; i++)
            v |= (uint64_t)*in->p++ << (8 * i);
    } else if (!get_varint(in, &v)) {
        return bad(in, f, "bad number");
    }
    if (k->form == FORM_ZIGZAG)
        v = v >> 1 ^ (0 - (v & 1));
    if (!meta_number_allowed(f, v))
        return bad(in, f, "number too large");
    number_store(k->width, p, v);
    return 0;
}

/* One text out of a part that is all of it. */
static int read_text(struct reader *part, const struct meta_field *f, size_t max, char **ret)
{
    size_t n = (size_t)(part->end - part->p);
    if (n > max)
        return bad(part, f, "text too long");
    if (memchr(part->p, 0, n))
        return bad(part, f, "text with a zero byte");
    if (!take(part, n + 1, 1))
        return bad(part, f, "too much");
    *ret = room(part, n + 1, 1);
    memcpy(*ret, part->p, n);
    return 0;
}

static int read_bits(struct reader *part, const struct meta_field *f, struct bits *b)
{
    uint64_t max = f->max && f->max < BITS_MAX ? f->max : BITS_MAX;
    uint64_t end = 0;
    uint32_t held = 0;
    while (part->p < part->end) {
        uint64_t gap, run;
        if (!get_varint(part, &gap) || !get_varint(part, &run) || run == 0)
            return bad(part, f, "bad set");
        if (gap > max - end || run > max - end - gap)
            return bad(part, f, "member too large");
        uint64_t first = end + gap;
        end = first + run;
        /* bits_set_range at most doubles what the set holds beyond its need. */
        uint32_t words = (uint32_t)(end / 64 + 1) * 2;
        if (words > held && !take(part, words - held, sizeof *b->v))
            return bad(part, f, "too much");
        held = words > held ? words : held;
        bits_set_range(b, (uint32_t)first, (uint32_t)end - 1);
    }
    return 0;
}

static int read_u32s(struct reader *part, const struct meta_field *f, struct meta_u32s *l)
{
    size_t count = 0;
    for (const uint8_t *p = part->p; p < part->end; p++)
        count += *p < 0x80;
    if (count > (f->max ? f->max : META_LIST_MAX))
        return bad(part, f, "list too long");
    if (!take(part, count, sizeof *l->v))
        return bad(part, f, "too much");
    l->v = count ? room(part, count, sizeof *l->v) : NULL;
    while (part->p < part->end) {
        uint64_t v;
        if (!get_varint(part, &v) || v > UINT32_MAX)
            return bad(part, f, "bad number");
        l->v[l->n++] = (uint32_t)v;
    }
    return 0;
}

static int read_record(struct reader *in, const struct meta_record *r, void *rec);

static int read_one(struct reader *part, const struct meta_field *f, void **slot)
{
    if (!take(part, 1, f->sub->size))
        return bad(part, f, "too much");
    *slot = room(part, 1, f->sub->size);
    meta_init(f->sub, *slot);
    return read_record(part, f->sub, *slot);
}

/* Makes room for a list when its first member comes: *v and n are those of meta_strs or meta_recs. */
static int list_begin(const struct reader *in, struct reader *part, const struct meta_field *f, void **v,
                      size_t size)
{
    size_t count = (size_t)count_tag(*in, f->tag) + 1;
    if (count > (f->max ? f->max : META_LIST_MAX))
        return bad(part, f, "list too long");
    if (!take(part, count, size))
        return bad(part, f, "too much");
    *v = room(part, count, size);
    return 0;
}

static int read_str_member(const struct reader *in, struct reader *part, const struct meta_field *f,
                           struct meta_strs *l)
{
    int rc = l->n ? 0 : list_begin(in, part, f, (void **)&l->v, sizeof *l->v);
    if (rc < 0)
        return rc;
    rc = read_text(part, f, META_TEXT_MAX, &l->v[l->n]);
    if (rc == 0)
        l->n++;
    return rc;
}

static int read_rec_member(const struct reader *in, struct reader *part, const struct meta_field *f,
                           struct meta_recs *l)
{
    int rc = l->n ? 0 : list_begin(in, part, f, &l->v, f->sub->size);
    if (rc < 0)
        return rc;
    void *member = member_in(f->sub, l->v, l->n++);
    meta_init(f->sub, member);
    return read_record(part, f->sub, member);
}

/* Sets grow on the heap. */
static void move_bits(struct arena *a, struct bits *b)
{
    uint64_t *v = arena_array(a, b->n, sizeof *v);
    if (b->n)
        memcpy(v, b->v, b->n * sizeof *v);
    mem_free(b->v);
    b->v = b->n ? v : NULL;
}

static int read_bytes(struct reader *part, const struct meta_field *f, struct meta_bytes *b)
{
    size_t n = (size_t)(part->end - part->p);
    if (n > (f->max ? f->max : META_TEXT_MAX))
        return bad(part, f, "too many bytes");
    if (!take(part, n, 1))
        return bad(part, f, "too much");
    b->v = n ? room(part, n, 1) : NULL;
    b->n = (uint32_t)n;
    if (n)
        memcpy(b->v, part->p, n);
    return 0;
}

/* The value that a field of one part has already. */
static void forget(const struct reader *in, const struct meta_field *f, void *rec, uint8_t class)
{
    void *p = field_in(f, rec);
    if (!in->arena)
        meta_field_release(f, rec);
    else if (class == CLASS_BITS)
        *(struct bits *)p = (struct bits){0};
    else if (class == CLASS_U32S)
        *(struct meta_u32s *)p = (struct meta_u32s){0};
    /* every other kind is replaced whole */
}

/* A field that comes again replaces what it was, except a list of texts or records, which goes on. */
static int read_owned(struct reader *in, const struct meta_field *f, void *rec)
{
    struct reader part;
    void *p = field_in(f, rec);
    if (!get_part(in, &part))
        return bad(in, f, "cut off");
    uint8_t class = meta_kind(f)->class;
    if (class == CLASS_STRS)
        return read_str_member(in, &part, f, p);
    if (class == CLASS_RECS)
        return read_rec_member(in, &part, f, p);
    forget(in, f, rec, class);
    int rc;
    switch (class) {
    case CLASS_TEXT:
        return read_text(&part, f, f->max ? f->max : META_TEXT_MAX, p);
    case CLASS_BITS:
        rc = read_bits(&part, f, p);
        if (in->arena)
            move_bits(in->arena, p);
        return rc;
    case CLASS_U32S:
        return read_u32s(&part, f, p);
    case CLASS_ONE:
        return read_one(&part, f, p);
    default:
        return read_bytes(&part, f, p);
    }
}

/* Tags ascend from 1 and few are missing: a field is seldom far before the place of its tag, and never behind
 * it. */
static const struct meta_field *find_tag(const struct meta_record *r, uint32_t tag)
{
    uint32_t i = tag < r->n ? tag : r->n;
    while (i > 0 && r->fields[i - 1].tag > tag)
        i--;
    return i > 0 && r->fields[i - 1].tag == tag ? &r->fields[i - 1] : NULL;
}

static int read_fields(struct reader *in, const struct meta_record *r, void *rec)
{
    while (in->p < in->end) {
        uint32_t tag;
        uint8_t wire;
        if (!get_tag(in, &tag, &wire))
            return err_set(in->err, ERR_INVALID, "bad tag");
        const struct meta_field *f = find_tag(r, tag);
        if (!f) {
            if (!skip(in, wire))
                return err_set(in->err, ERR_INVALID, "unknown field %u: cut off", tag);
            continue;
        }
        if (wire != meta_kind(f)->wire)
            return bad(in, f, "wrong wire type");
        int rc = wire == WIRE_LENGTH ? read_owned(in, f, rec) : read_number(in, f, field_in(f, rec));
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int read_record(struct reader *in, const struct meta_record *r, void *rec)
{
    if (++in->depth > META_DEPTH_MAX)
        return err_set(in->err, ERR_INVALID, "%s: nested too deeply", r->name);
    int rc = read_fields(in, r, rec);
    return rc < 0 && in->err ? err_wrap(in->err, "%s", r->name) : rc;
}

static int decode(struct arena *a, const struct meta_record *r, void *rec, const void *data, size_t len,
                  struct err *e)
{
    size_t budget;
    meta_init(r, rec);
    if (__builtin_mul_overflow(len, (size_t)DECODE_FACTOR, &budget) || budget > SIZE_MAX - DECODE_FREE)
        return err_set(e, ERR_TOO_BIG, "%s: too long", r->name);
    budget += DECODE_FREE;
    const uint8_t *p = len ? data : (const uint8_t *)"";
    struct reader in = {.p = p, .end = p + len, .budget = &budget, .arena = a, .err = e};
    return read_record(&in, r, rec);
}

int meta_decode(const struct meta_record *r, void *rec, const void *data, size_t len, struct err *e)
{
    int rc = decode(NULL, r, rec, data, len, e);
    if (rc < 0)
        meta_release(r, rec);
    return rc;
}

int meta_decode_in(struct arena *a, const struct meta_record *r, void *rec, const void *data, size_t len,
                   struct err *e)
{
    int rc = decode(a, r, rec, data, len, e);
    if (rc < 0)
        meta_init(r, rec);
    return rc;
}
