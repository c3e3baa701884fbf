/* SPDX-License-Identifier: Apache-2.0 */
/* kind.h: the table of kinds, and numbers as text. */
#include "meta/kind.h"

#include "base/text.h"

#define NUMBER(w, f, def, inf)                                                                               \
    {                                                                                                        \
        .class = CLASS_NUMBER, .width = w, .form = f,                                                        \
        .wire = f == FORM_FIXED64 ? WIRE_FIXED64 : WIRE_VARINT, .unset = def, .infinite = inf                \
    }
#define OWNED(c)                                                                                             \
    {                                                                                                        \
        .class = c, .wire = WIRE_LENGTH                                                                      \
    }

const struct meta_kind_info meta_kinds[META_KIND_COUNT] = {
    [META_BOOL] = NUMBER(1, FORM_VARINT, 0, 0),
    [META_TRI] = NUMBER(2, FORM_VARINT, NO_VAL16, 0),
    [META_U16] = NUMBER(2, FORM_VARINT, 0, 0),
    [META_U32] = NUMBER(4, FORM_VARINT, 0, 0),
    [META_U64] = NUMBER(8, FORM_VARINT, 0, 0),
    [META_I32] = NUMBER(4, FORM_ZIGZAG, 0, 0),
    [META_I64] = NUMBER(8, FORM_ZIGZAG, 0, 0),
    [META_F64] = NUMBER(8, FORM_FIXED64, 0, 0),
    [META_U16_OPT] = NUMBER(2, FORM_VARINT, NO_VAL16, INFINITE16),
    [META_U32_OPT] = NUMBER(4, FORM_VARINT, NO_VAL, INFINITE),
    [META_U64_OPT] = NUMBER(8, FORM_VARINT, NO_VAL64, INFINITE64),
    [META_TIME] = NUMBER(8, FORM_VARINT, 0, 0),
    [META_MINUTES] = NUMBER(4, FORM_VARINT, NO_VAL, INFINITE),
    [META_SECONDS] = NUMBER(4, FORM_VARINT, 0, 0),
    [META_MB] = NUMBER(8, FORM_VARINT, NO_VAL64, INFINITE64),
    [META_UID] = NUMBER(4, FORM_VARINT, NO_VAL, 0),
    [META_GID] = NUMBER(4, FORM_VARINT, NO_VAL, 0),
    [META_ENUM] = NUMBER(4, FORM_VARINT, 0, 0),
    [META_FLAGS] = NUMBER(8, FORM_VARINT, 0, 0),
    [META_STR] = OWNED(CLASS_TEXT),
    [META_HOSTS] = OWNED(CLASS_TEXT),
    [META_TRES] = OWNED(CLASS_TEXT),
    [META_BYTES] = OWNED(CLASS_BYTES),
    [META_BITS] = OWNED(CLASS_BITS),
    [META_REC] = OWNED(CLASS_ONE),
    [META_REF] = OWNED(CLASS_ONE),
    [META_STRS] = OWNED(CLASS_STRS),
    [META_U32S] = OWNED(CLASS_U32S),
    [META_RECS] = OWNED(CLASS_RECS),
};

bool meta_number_allowed(const struct meta_field *f, uint64_t v)
{
    const struct meta_kind_info *k = meta_kind(f);
    if (k->form == FORM_FIXED64)
        return true;
    if (k->form == FORM_ZIGZAG) {
        int64_t s = (int64_t)v;
        bool fits = k->width == 8 || (s >= INT32_MIN && s <= INT32_MAX);
        return fits && (!f->max || (s < 0 ? 0 - (uint64_t)s : (uint64_t)s) <= f->max);
    }
    if (v == k->unset || (k->infinite && v == k->infinite))
        return true;
    if (f->kind == META_BOOL || f->kind == META_TRI)
        return v <= 1;
    return (k->width == 8 || v >> (8 * k->width) == 0) && (!f->max || v <= f->max);
}

void meta_add_f64(struct buf *out, double v)
{
    if (v - v != 0) {
        buf_addc(out, '0');
        return;
    }
    char text[32];
    double back;
    for (int digits = 15; digits <= 17; digits++) {
        buf_print(text, sizeof text, "%.*g", digits, v);
        char *comma = strchr(text, ','); /* of the locale of a program that set one */
        if (comma)
            *comma = '.';
        if (text_to_f64(text, &back) && back == v)
            break;
    }
    buf_adds(out, text);
}
