/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kind: what all fields of one kind have in common. Private to src/meta.
 *
 * Most kinds are numbers that differ only in width, default and text, so the walkers treat them as one class
 * and look the differences up here.
 */
#ifndef META_KIND_H
#define META_KIND_H

#include <string.h>

#include "meta/meta.h"

enum meta_class {
    CLASS_NUMBER,
    CLASS_TEXT,  /* char * */
    CLASS_BYTES, /* struct meta_bytes */
    CLASS_BITS,  /* struct bits */
    CLASS_ONE,   /* pointer to a record: REC, REF */
    CLASS_STRS,  /* struct meta_strs */
    CLASS_U32S,  /* struct meta_u32s */
    CLASS_RECS,  /* struct meta_recs */
};

/* How a number goes on the wire. */
enum meta_form {
    FORM_VARINT,
    FORM_ZIGZAG,
    FORM_FIXED64,
};

/* Wire types of protobuf. */
enum {
    WIRE_VARINT = 0,
    WIRE_FIXED64 = 1,
    WIRE_LENGTH = 2,
    WIRE_FIXED32 = 5,
};

struct meta_kind_info {
    uint8_t class;     /* enum meta_class */
    uint8_t width;     /* of a number: 1, 2, 4 or 8 bytes */
    uint8_t form;      /* of a number: enum meta_form */
    uint8_t wire;      /* wire type */
    uint64_t unset;    /* of a number: its default */
    uint64_t infinite; /* of a number: "no limit", or 0 when the kind has no such value */
};

extern const struct meta_kind_info meta_kinds[META_KIND_COUNT];

static inline const struct meta_kind_info *meta_kind(const struct meta_field *f)
{
    return &meta_kinds[f->kind];
}

/* The bits of a number field, zero-extended: equal numbers have equal bits. */
static inline uint64_t number_load(uint8_t width, const void *p)
{
    switch (width) {
    case 1:
        return *(const uint8_t *)p;
    case 2:
        return *(const uint16_t *)p;
    case 4:
        return *(const uint32_t *)p;
    default:
        return *(const uint64_t *)p;
    }
}

static inline void number_store(uint8_t width, void *p, uint64_t v)
{
    switch (width) {
    case 1:
        *(uint8_t *)p = (uint8_t)v;
        break;
    case 2:
        *(uint16_t *)p = (uint16_t)v;
        break;
    case 4:
        *(uint32_t *)p = (uint32_t)v;
        break;
    default:
        *(uint64_t *)p = v;
    }
}

/* The value of a signed number from the bits that number_load gave. */
static inline int64_t number_signed(uint8_t width, uint64_t v)
{
    return width == 4 ? (int32_t)v : (int64_t)v;
}

static inline uint64_t number_of(const struct meta_field *f, const void *rec)
{
    return number_load(meta_kind(f)->width, (const char *)rec + f->offset);
}

static inline const void *field_of(const struct meta_field *f, const void *rec)
{
    return (const char *)rec + f->offset;
}

static inline void *field_in(const struct meta_field *f, void *rec)
{
    return (char *)rec + f->offset;
}

static inline void *member_in(const struct meta_record *r, void *list, size_t i)
{
    return (char *)list + i * r->size;
}

/* The default value, and nothing to free? */
bool meta_field_default(const struct meta_field *f, const void *rec);
/* Whether a number field may hold v (sign-extended for the signed kinds): its width, its kind and its `max`.
 */
bool meta_number_allowed(const struct meta_field *f, uint64_t v);
/* Frees what one field owns and makes it the default. */
void meta_field_release(const struct meta_field *f, void *rec);

/* The shortest decimal text that reads back as the same number; "0" for what is not finite. */
void meta_add_f64(struct buf *out, double v);

#endif
