/* SPDX-License-Identifier: Apache-2.0 */
/* meta.h: values from text. A field is changed only when all of the text was understood. */
#include "meta/kind.h"

#include "base/mem.h"
#include "base/sizetext.h"
#include "base/text.h"
#include "base/timetext.h"

static int refuse(const struct meta_field *f, const char *text, const char *expected, struct err *e)
{
    if (f->flags & META_F_SECRET)
        return err_set(e, ERR_INVALID, "%s: expected %s", f->kv ? f->kv : f->name, expected);
    return err_set(e, ERR_INVALID, "%s: bad value \"%s\": expected %s", f->kv ? f->kv : f->name, text,
                   expected);
}

/* "Not given" and "no limit" of the kinds that have them. */
static bool parse_special(const struct meta_kind_info *k, const char *text, uint64_t *ret)
{
    if (k->unset && text_casecmp(text, "n/a") == 0) {
        *ret = k->unset;
        return true;
    }
    if (k->infinite && (text_casecmp(text, "unlimited") == 0 || text_casecmp(text, "infinite") == 0 ||
                        strcmp(text, "-1") == 0)) {
        *ret = k->infinite;
        return true;
    }
    return false;
}

static bool parse_bool(const char *text, uint64_t *ret)
{
    static const char *const words[][2] = {{"0", "1"}, {"no", "yes"}, {"false", "true"}, {"off", "on"}};
    for (unsigned i = 0; i < sizeof words / sizeof *words; i++) {
        for (unsigned value = 0; value < 2; value++) {
            if (text_casecmp(words[i][value], text) == 0) {
                *ret = value;
                return true;
            }
        }
    }
    return false;
}

/* Only full dates: what depends on the present ("noon") is for commands, which know the time and the zone. */
static bool parse_time(const char *text, int64_t *ret)
{
    if (text_casecmp(text, "unknown") == 0) {
        *ret = 0;
        return true;
    }
    if (text_to_i64(text, ret))
        return true;
    return strspn(text, "0123456789") == 4 && text[4] == '-' &&
           time_parse(text, 0, NULL, true, ret, NULL) == 0;
}

static bool parse_duration(const struct meta_field *f, const char *text, uint64_t *ret)
{
    uint32_t v = 0;
    if (!text_is_digit(*text))
        return false;
    bool ok = f->kind == META_MINUTES ? time_parse_minutes(text, &v, NULL) == 0
                                      : text_to_u32(text, &v) || time_parse_seconds(text, &v, NULL) == 0;
    *ret = v;
    return ok;
}

static bool parse_flags(const struct meta_enum *names, const char *text, uint64_t *ret)
{
    struct text_list words = {0};
    bool ok = true;
    *ret = 0;
    text_split(&words, text, ',');
    for (uint32_t i = 0; i < words.n && ok; i++) {
        uint64_t v = 0;
        ok = meta_enum_value(names, words.v[i], &v) || text_to_u64(words.v[i], &v);
        *ret |= v;
    }
    text_list_release(&words);
    return ok;
}

/* The number, sign-extended for signed kinds; or what was expected instead. */
static const char *parse_number(const struct meta_field *f, const char *text, uint64_t *v)
{
    int64_t s = 0;
    switch (f->kind) {
    case META_BOOL:
    case META_TRI:
        return parse_bool(text, v) ? NULL : "yes or no";
    case META_TIME:
        if (!parse_time(text, &s))
            return "a time such as 2026-05-01T12:00:00";
        *v = (uint64_t)s;
        return NULL;
    case META_MINUTES:
        return parse_duration(f, text, v) ? NULL : "minutes or D-HH:MM:SS";
    case META_SECONDS:
        return parse_duration(f, text, v) ? NULL : "seconds or D-HH:MM:SS";
    case META_MB:
        return size_parse_mib(text, v, NULL) == 0 ? NULL : "a size such as 100M or 2G";
    case META_ENUM:
        return meta_enum_value(f->enums, text, v) || text_to_u64(text, v) ? NULL : "one of the known names";
    case META_FLAGS:
        return parse_flags(f->enums, text, v) ? NULL : "a list of known names";
    case META_I32:
    case META_I64:
        if (!text_to_i64(text, &s))
            return "a number";
        *v = (uint64_t)s;
        return NULL;
    default:
        return text_to_u64(text, v) ? NULL : "a number";
    }
}

static int parse_number_field(const struct meta_field *f, void *rec, const char *text, struct err *e)
{
    uint64_t v = 0;
    if (f->kind == META_F64) {
        double d;
        if (!text_to_f64(text, &d))
            return refuse(f, text, "a number", e);
        *(double *)field_in(f, rec) = d;
        return 0;
    }
    const struct meta_kind_info *k = meta_kind(f);
    if (!parse_special(k, text, &v)) {
        const char *expected = parse_number(f, text, &v);
        if (expected)
            return refuse(f, text, expected, e);
        if ((k->unset && v == k->unset) || (k->infinite && v == k->infinite))
            return refuse(f, text, "a smaller number", e);
    }
    if (!meta_number_allowed(f, v))
        return refuse(f, text, "a smaller number", e);
    number_store(k->width, field_in(f, rec), v);
    return 0;
}

static int parse_text(const struct meta_field *f, char **slot, const char *text, struct err *e)
{
    size_t max = f->max ? f->max : META_TEXT_MAX;
    if (strlen(text) > max)
        return err_set(e, ERR_TOO_BIG, "%s: text of more than %zu bytes", f->kv ? f->kv : f->name, max);
    mem_set_str(slot, strcmp(text, "(null)") == 0 ? NULL : text);
    return 0;
}

static int parse_bytes(const struct meta_field *f, struct meta_bytes *b, const char *text, struct err *e)
{
    static const char digits[] = "0123456789abcdef";
    size_t n = strlen(text) / 2;
    if (strlen(text) % 2 || n > (f->max ? f->max : META_TEXT_MAX))
        return refuse(f, text, "pairs of hexadecimal digits", e);
    uint8_t *v = mem_alloc(n);
    for (size_t i = 0; i < 2 * n; i++) {
        const char *digit = strchr(digits, text_lower(text[i]));
        if (!digit) {
            mem_free(v);
            return refuse(f, text, "pairs of hexadecimal digits", e);
        }
        v[i / 2] = (uint8_t)(v[i / 2] << 4 | (digit - digits));
    }
    meta_bytes_set(b, v, n);
    mem_free(v);
    return 0;
}

static int parse_bits(const struct meta_field *f, struct bits *b, const char *text, struct err *e)
{
    struct bits fresh = {0};
    int rc = bits_parse(&fresh, text, e);
    if (rc == 0 && f->max && bits_next(&fresh, (uint32_t)f->max) < BITS_MAX)
        rc = refuse(f, text, "smaller numbers", e);
    else if (rc < 0 && e)
        err_wrap(e, "%s", f->kv ? f->kv : f->name);
    if (rc < 0) {
        bits_release(&fresh);
        return rc;
    }
    bits_release(b);
    *b = fresh;
    return 0;
}

static int parse_list(const struct meta_field *f, void *rec, const char *text, struct err *e)
{
    struct text_list words = {0};
    struct meta_u32s numbers = {0};
    bool ok = true;
    text_split(&words, text, ',');
    if (words.n > (f->max ? f->max : META_LIST_MAX)) {
        text_list_release(&words);
        return err_set(e, ERR_TOO_BIG, "%s: too many values", f->kv ? f->kv : f->name);
    }
    for (uint32_t i = 0; i < words.n && ok && f->kind == META_U32S; i++) {
        uint32_t v = 0;
        ok = text_to_u32(words.v[i], &v);
        meta_u32s_push(&numbers, v);
    }
    if (ok) {
        meta_field_release(f, rec);
        for (uint32_t i = 0; i < words.n && f->kind == META_STRS; i++)
            meta_strs_push(field_in(f, rec), words.v[i]);
        if (f->kind == META_U32S)
            *(struct meta_u32s *)field_in(f, rec) = numbers;
    } else {
        mem_free(numbers.v);
    }
    text_list_release(&words);
    return ok ? 0 : refuse(f, text, "a list of numbers", e);
}

int meta_parse(const struct meta_field *f, void *rec, const char *text, struct err *e)
{
    void *p = field_in(f, rec);
    switch (meta_kind(f)->class) {
    case CLASS_NUMBER:
        return parse_number_field(f, rec, text, e);
    case CLASS_TEXT:
        return parse_text(f, p, text, e);
    case CLASS_BYTES:
        return parse_bytes(f, p, text, e);
    case CLASS_BITS:
        return parse_bits(f, p, text, e);
    case CLASS_STRS:
    case CLASS_U32S:
        return parse_list(f, rec, text, e);
    default:
        return err_set(e, ERR_INVALID, "%s: a record cannot be given as text", f->kv ? f->kv : f->name);
    }
}
