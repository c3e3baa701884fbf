/* SPDX-License-Identifier: Apache-2.0 */
/* Values of keys: from text, checked by kind. The words of a refusal are those of the key's row, else Slurm's
 * usual ones. */
#include "conf/internal.h"

#include "base/mem.h"
#include "base/text.h"

void conf_val_release(struct conf_val *v)
{
    mem_free(v->text);
    for (uint32_t i = 0; i < v->list.n; i++)
        mem_free(v->list.v[i]);
    mem_free(v->list.v);
    *v = (struct conf_val){0};
}

static bool is_infinite_word(const char *text)
{
    return text_same_nocase(text, "UNLIMITED") || text_same_nocase(text, "INFINITE");
}

bool conf_minutes(const char *text, uint32_t *ret)
{
    /* One field of a record, so that durations are read here as everywhere. */
    static const struct meta_field minutes = {.name = "minutes", .kind = META_MINUTES};
    return meta_parse(&minutes, ret, text, NULL) == 0 && *ret != NO_VAL;
}

static int digit_of(char c)
{
    if (text_is_digit(c))
        return c - '0';
    c = text_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

/* Decimal, 0x for hexadecimal, a leading 0 for octal. false: not a number; *ret is UINT64_MAX where it does
 * not fit. */
static bool read_number(const char *s, uint64_t *ret)
{
    unsigned base = s[0] != '0' ? 10 : text_lower(s[1]) == 'x' ? 16 : 8;
    uint64_t v = 0;
    if (base == 16)
        s += 2;
    if (!*s)
        return false;
    for (; *s; s++) {
        unsigned digit = (unsigned)digit_of(*s);
        if (digit >= base)
            return false;
        v = v > (UINT64_MAX - digit) / base ? UINT64_MAX : v * base + digit;
    }
    *ret = v;
    return true;
}

static uint64_t infinite_of(const struct conf_key_info *k)
{
    return k->kind == CONF_KIND_U16 ? INFINITE16 : k->kind == CONF_KIND_U32 ? INFINITE : INFINITE64;
}

bool conf_number(const struct conf_key_info *k, const char *text, uint64_t *ret, struct buf *why)
{
    /* Slurm quotes the text of 16-bit keys and brackets the others. */
    const char *open = k->kind == CONF_KIND_U16 ? "\"" : "(", *close = k->kind == CONF_KIND_U16 ? "\"" : ")";
    bool minus = *text == '-';
    if (is_infinite_word(text) || ((k->flags & CONF_KEY_MINUS) && text_same(text, "-1"))) {
        *ret = infinite_of(k);
        return true;
    }
    if (!read_number(text + minus, ret))
        buf_addf(why, "%s value %s%s%s is not a valid number", k->name, open, text, close);
    else if (minus && *ret)
        buf_addf(why, "%s value (%s) is less than zero", k->name, text);
    else if (*ret > k->max)
        buf_addf(why, "%s value (%s) is greater than %" PRIu64, k->name, text, k->max);
    else if (*ret < k->min)
        buf_addf(why, "%s value (%s) needs to be greater than %" PRIu64, k->name, text, k->min - 1);
    else
        return true;
    return false;
}

static bool read_bool(const char *text, uint64_t *ret)
{
    static const char *const words[][2] = {{"no", "yes"}, {"false", "true"}, {"down", "up"}, {"0", "1"}};
    for (unsigned i = 0; i < sizeof words / sizeof *words; i++) {
        for (unsigned value = 0; value < 2; value++) {
            if (text_same_nocase(text, words[i][value])) {
                *ret = value;
                return true;
            }
        }
    }
    return false;
}

static const struct conf_value *find_value(const struct conf_key_info *k, const char *name)
{
    for (uint32_t i = 0; i < k->n_values; i++) {
        if (text_same_nocase(k->values[i].name, name))
            return &k->values[i];
    }
    return NULL;
}

/* A plugin by its full name, or by the part after "/" where that is unambiguous for the key. */
static const struct conf_value *find_plugin(const struct conf_key_info *k, const char *name)
{
    for (uint32_t i = 0; i < k->n_values; i++) {
        const char *full = k->values[i].name, *slash = strchr(full, '/');
        if (text_same_nocase(full, name) || (slash && text_same_nocase(slash + 1, name)))
            return &k->values[i];
    }
    return NULL;
}

static bool is_number_kind(const struct conf_key_info *k)
{
    return k->kind == CONF_KIND_U16 || k->kind == CONF_KIND_U32 || k->kind == CONF_KIND_U64 ||
           k->kind == CONF_KIND_MB;
}

static void add_words(struct meta_strs *list, const char *text)
{
    struct text_list words = {0};
    text_split(&words, text, ',');
    for (uint32_t i = 0; i < words.n; i++)
        meta_strs_push(list, words.v[i]);
    text_list_release(&words);
}

/* ENUM and FLAGS: names, or for one of an enumeration its number. */
static bool read_names(const struct conf_key_info *k, struct conf_val *v)
{
    bool several = k->kind == CONF_KIND_FLAGS || (k->flags & CONF_KEY_FLAGS);
    if (several)
        add_words(&v->list, v->text);
    else
        meta_strs_push(&v->list, v->text);
    for (uint32_t i = 0; i < v->list.n; i++) {
        const struct conf_value *found = find_value(k, v->list.v[i]);
        uint64_t number = 0;
        if (!found && (several || !read_number(v->list.v[i], &number)))
            return false;
        v->num |= found ? found->value : number;
    }
    return true;
}

static bool read_plugins(const struct conf_key_info *k, struct conf_val *v)
{
    bool known = true;
    if (k->flags & CONF_KEY_LIST)
        add_words(&v->list, v->text);
    else
        meta_strs_push(&v->list, v->text);
    for (uint32_t i = 0; i < v->list.n; i++) {
        const struct conf_value *found = find_plugin(k, v->list.v[i]);
        known &= found != NULL || text_same_nocase(v->list.v[i], "none");
        if (found)
            mem_set_str(&v->list.v[i], found->name);
    }
    return known;
}

/* "6817" or "6817-6820". */
static bool read_ports(const char *text, uint64_t *ret)
{
    uint64_t first = 0, last = 0;
    const char *dash = strchr(text, '-');
    char *low = mem_strndup(text, dash ? (size_t)(dash - text) : strlen(text));
    bool ok = read_number(low, &first) && (dash ? read_number(dash + 1, &last) : (last = first, true));
    mem_free(low);
    *ret = first | last << 16;
    return ok && first <= last && last <= UINT16_MAX;
}

static void usual_refusal(const struct conf_key_info *k, const char *text, struct buf *why)
{
    switch (k->kind) {
    case CONF_KIND_BOOL:
        buf_addf(why, "\"%s\" is not a valid option for \"%s\"", text, k->name);
        break;
    case CONF_KIND_PLUGIN:
        buf_addf(why, "Can't find plugin for %s", text);
        break;
    default:
        buf_addf(why, "Bad value \"%s\" for %s", text, k->name);
    }
}

static void refuse(const struct conf_key_info *k, const char *text, struct buf *why)
{
    if (!k->bad) {
        if (!why->len)
            usual_refusal(k, text, why);
        return;
    }
    if (why->len && !(k->flags & CONF_KEY_LENIENT))
        return;
    buf_clear(why);
    conf_fill(k->bad, k, text, why);
}

void conf_fill(const char *pattern, const struct conf_key_info *k, const char *text, struct buf *out)
{
    for (const char *s = pattern; *s; s++) {
        if (s[0] == '%' && (s[1] == 'k' || s[1] == 'v'))
            buf_adds(out, *++s == 'k' ? k->name : text);
        else
            buf_addc(out, *s);
    }
}

static bool read_kind(const struct conf_key_info *k, struct conf_val *v, struct buf *why)
{
    uint32_t minutes = 0;
    switch (k->kind) {
    case CONF_KIND_BOOL:
        return read_bool(v->text, &v->num);
    case CONF_KIND_F64:
        return text_to_f64(v->text, &v->real);
    case CONF_KIND_MINUTES:
        if (!conf_minutes(v->text, &minutes) || minutes < k->min)
            return false;
        v->num = minutes;
        return true;
    case CONF_KIND_ENUM:
    case CONF_KIND_FLAGS:
        return read_names(k, v);
    case CONF_KIND_PLUGIN:
        return read_plugins(k, v);
    case CONF_KIND_PORTS:
        return read_ports(v->text, &v->num);
    case CONF_KIND_LIST:
        add_words(&v->list, v->text);
        return true;
    default:
        return !is_number_kind(k) || conf_number(k, v->text, &v->num, why);
    }
}

int conf_val_parse(const struct conf_key_info *k, const char *text, struct conf_val *ret, struct buf *why)
{
    conf_val_release(ret);
    ret->text = mem_strdup(text);
    if (k->flags & CONF_KEY_LOWER) {
        for (char *s = ret->text; *s; s++)
            *s = text_lower(*s);
    }
    buf_clear(why);
    if (read_kind(k, ret, why))
        return 0;
    refuse(k, text, why);
    return -1;
}

void conf_flags_text(const struct conf_key_info *k, uint64_t value, struct buf *out)
{
    uint64_t shown = 0;
    size_t start = out->len;
    for (uint32_t i = 0; i < k->n_values; i++) {
        uint64_t bits = k->values[i].value;
        if ((value & bits) != bits || (bits & ~shown) == 0)
            continue;
        if (out->len > start)
            buf_addc(out, ',');
        buf_adds(out, k->values[i].name);
        shown |= bits;
    }
}
