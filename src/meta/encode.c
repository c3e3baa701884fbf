/* SPDX-License-Identifier: Apache-2.0 */
/*
 * meta.h: records to protobuf's wire format.
 *
 * The length of a nested record is not known before it is written: one byte is left for it, and what follows
 * is moved up when the length needs more. Each byte is moved at most once a level of nesting.
 */
#include "meta/kind.h"

#include "base/mem.h"

enum { VARINT_MAX = 10 };

/* Where writing goes on. The buffer's own length is set at the end only. */
struct writer {
    uint8_t *p, *end;
    struct buf *buf;
    const struct meta_mask *masks;
    uint32_t masks_n;
};

static void writer_sync(struct writer *w)
{
    w->buf->len = (size_t)(w->p - (uint8_t *)w->buf->s);
}

static void writer_grow(struct writer *w, size_t more)
{
    writer_sync(w);
    buf_reserve(w->buf, more);
    w->p = (uint8_t *)w->buf->s + w->buf->len;
    w->end = (uint8_t *)w->buf->s + w->buf->cap - 1;
}

static inline void need(struct writer *w, size_t more)
{
    if ((size_t)(w->end - w->p) < more)
        writer_grow(w, more);
}

/* The caller has asked for room. */
static inline void put_varint(struct writer *w, uint64_t v)
{
    while (v >= 0x80) {
        *w->p++ = (uint8_t)(v | 0x80);
        v >>= 7;
    }
    *w->p++ = (uint8_t)v;
}

static inline void put_tag(struct writer *w, const struct meta_field *f, uint8_t wire)
{
    put_varint(w, (uint32_t)f->tag << 3 | wire);
}

static void put_bytes(struct writer *w, const struct meta_field *f, const void *p, size_t n)
{
    REQUIRE(n <= UINT32_MAX);
    need(w, n + 2 * VARINT_MAX);
    put_tag(w, f, WIRE_LENGTH);
    put_varint(w, n);
    if (n)
        memcpy(w->p, p, n);
    w->p += n;
}

static void put_number(struct writer *w, const struct meta_field *f, const struct meta_kind_info *k,
                       uint64_t v)
{
    need(w, 2 * VARINT_MAX);
    put_tag(w, f, k->wire);
    if (k->form == FORM_VARINT) {
        put_varint(w, v);
    } else if (k->form == FORM_ZIGZAG) {
        int64_t s = number_signed(k->width, v);
        put_varint(w, (uint64_t)s << 1 ^ (uint64_t)(s >> 63));
    } else {
        for (int i = 0; i < 8; i++)
            *w->p++ = (uint8_t)(v >> (8 * i));
    }
}

/* Begins something whose length follows later; gives the place of its first byte, counted from the buffer's
 * start. */
static size_t open_length(struct writer *w, const struct meta_field *f)
{
    need(w, 2 * VARINT_MAX);
    put_tag(w, f, WIRE_LENGTH);
    w->p++;
    return (size_t)(w->p - (uint8_t *)w->buf->s);
}

static void close_length(struct writer *w, size_t start)
{
    size_t len = (size_t)(w->p - (uint8_t *)w->buf->s) - start;
    REQUIRE(len <= UINT32_MAX);
    size_t more = 0;
    for (size_t rest = len >> 7; rest; rest >>= 7)
        more++;
    need(w, more);
    uint8_t *body = (uint8_t *)w->buf->s + start;
    if (more)
        memmove(body + more, body, len);
    w->p = body - 1;
    put_varint(w, len);
    w->p += len;
}

/* The first number from i on that is not a member. */
static uint32_t run_end(const struct bits *b, uint32_t i)
{
    for (uint32_t w = i / 64; w < b->n; w++) {
        uint64_t holes = ~b->v[w];
        if (w == i / 64)
            holes &= ~UINT64_C(0) << (i % 64);
        if (holes)
            return w * 64 + (uint32_t)__builtin_ctzll(holes);
    }
    return b->n * 64;
}

static void put_bits(struct writer *w, const struct meta_field *f, const struct bits *b)
{
    uint32_t i = bits_next(b, 0);
    if (i == BITS_MAX)
        return;
    size_t start = open_length(w, f);
    for (uint32_t end = 0; i < BITS_MAX; i = bits_next(b, end)) {
        need(w, 2 * VARINT_MAX);
        put_varint(w, i - end);
        end = run_end(b, i);
        put_varint(w, end - i);
    }
    close_length(w, start);
}

static void put_u32s(struct writer *w, const struct meta_field *f, const struct meta_u32s *l)
{
    if (!l->n)
        return;
    size_t start = open_length(w, f);
    for (uint32_t i = 0; i < l->n; i++) {
        need(w, VARINT_MAX);
        put_varint(w, l->v[i]);
    }
    close_length(w, start);
}

static void put_record(struct writer *w, const struct meta_record *r, const void *rec);

static void put_nested(struct writer *w, const struct meta_field *f, const void *rec)
{
    size_t start = open_length(w, f);
    put_record(w, f->sub, rec);
    close_length(w, start);
}

static void put_owned(struct writer *w, const struct meta_field *f, uint8_t class, const void *p)
{
    switch (class) {
    case CLASS_TEXT:
        if (*(char *const *)p)
            put_bytes(w, f, *(char *const *)p, strlen(*(char *const *)p));
        break;
    case CLASS_BYTES: {
        const struct meta_bytes *b = p;
        if (b->n)
            put_bytes(w, f, b->v, b->n);
        break;
    }
    case CLASS_BITS:
        put_bits(w, f, p);
        break;
    case CLASS_ONE:
        if (*(void *const *)p)
            put_nested(w, f, *(void *const *)p);
        break;
    case CLASS_STRS: {
        const struct meta_strs *l = p;
        for (uint32_t i = 0; i < l->n; i++)
            put_bytes(w, f, l->v[i], strlen(l->v[i]));
        break;
    }
    case CLASS_U32S:
        put_u32s(w, f, p);
        break;
    case CLASS_RECS: {
        const struct meta_recs *l = p;
        for (uint32_t i = 0; i < l->n; i++)
            put_nested(w, f, member_in(f->sub, l->v, i));
        break;
    }
    }
}

static inline void put_field(struct writer *w, const struct meta_field *f, const void *rec)
{
    const struct meta_kind_info *k = meta_kind(f);
    const void *p = field_of(f, rec);
    if (k->class != CLASS_NUMBER) {
        put_owned(w, f, k->class, p);
        return;
    }
    uint64_t v = number_load(k->width, p);
    if (v != k->unset)
        put_number(w, f, k, v);
}

static void put_record(struct writer *w, const struct meta_record *r, const void *rec)
{
    const struct meta_mask *m = w->masks;
    for (uint32_t left = w->masks_n; left > 0; left--, m++) {
        if (m->record != r)
            continue;
        for (uint32_t i = 0; i < m->n; i++)
            put_field(w, &r->fields[m->fields[i]], rec);
        return;
    }
    const struct meta_field *f = r->fields;
    for (uint32_t left = r->n; left > 0; left--, f++)
        put_field(w, f, rec);
}

void meta_encode_fields(const struct meta_record *r, const void *rec, const struct meta_mask *masks,
                        uint32_t masks_n, struct buf *out)
{
    struct writer w = {.buf = out, .masks = masks, .masks_n = masks_n};
    buf_reserve(out, 256);
    w.p = (uint8_t *)out->s + out->len;
    w.end = (uint8_t *)out->s + out->cap - 1;
    put_record(&w, r, rec);
    *w.p = '\0';
    writer_sync(&w);
}

void meta_encode(const struct meta_record *r, const void *rec, struct buf *out)
{
    meta_encode_fields(r, rec, NULL, 0, out);
}

void meta_mask_init(struct meta_mask *m, const struct meta_record *r, const struct meta_u32s *tags)
{
    *m = (struct meta_mask){.record = r, .fields = mem_array(r->n, sizeof *m->fields)};
    for (uint32_t i = 0; i < r->n; i++)
        for (uint32_t k = 0; k < tags->n; k++)
            if (r->fields[i].tag == tags->v[k]) {
                m->fields[m->n++] = (uint16_t)i;
                break;
            }
}

void meta_mask_release(struct meta_mask *m)
{
    mem_free(m->fields);
    *m = (struct meta_mask){0};
}
