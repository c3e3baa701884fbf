/* SPDX-License-Identifier: Apache-2.0 */
/* Format strings of squeue(1) and sinfo(1): "%[[.]size]type[suffix]" and "type[:[.][size][suffix]]". */
#include "cli/columns.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"

const struct column *column_by_letter(const struct column *table, char letter)
{
    for (const struct column *c = table; c->name || c->letter; c++)
        if (c->letter && c->letter == letter)
            return c;
    return NULL;
}

const struct column *column_by_name(const struct column *table, const char *name)
{
    for (const struct column *c = table; c->name || c->letter; c++)
        if (c->name && text_same_nocase(c->name, name))
            return c;
    return NULL;
}

void layout_release(struct layout *l)
{
    for (uint32_t i = 0; i < l->uses.n; i++)
        mem_free(l->uses.v[i].suffix);
    VEC_FREE(&l->uses);
    mem_free(l->prefix);
    l->prefix = NULL;
}

bool layout_has(const struct layout *l, const struct column *c)
{
    for (uint32_t i = 0; i < l->uses.n; i++)
        if (l->uses.v[i].column == c)
            return true;
    return false;
}

/* Reads [.][size] at *s; the size is left at -2 where there is none. */
static void read_size(const char **s, bool *right, int *width)
{
    *right = **s == '.';
    if (*right)
        (*s)++;
    *width = -2;
    while (text_is_digit(**s)) {
        *width = (*width < 0 ? 0 : *width) * 10 + (**s - '0');
        if (*width > COLUMN_WIDTH_MAX)
            *width = COLUMN_WIDTH_MAX;
        (*s)++;
    }
}

static void set_suffix(struct column_use *u, const char *s, size_t len)
{
    mem_free(u->suffix);
    u->suffix = mem_strndup(s, len);
    u->suffix_len = (uint32_t)len;
}

static struct column_use *add_use(struct layout *l, const struct column *c, bool right, int width,
                                  const char *suffix, size_t suffix_len)
{
    struct column_use *u = VEC_PUSH(&l->uses);
    u->column = c;
    u->right = right;
    u->width = width < 0 && width != COLUMN_WIDTH_FIT ? 0 : width;
    set_suffix(u, suffix, suffix_len);
    return u;
}

/* "%all": every field of the table that has a letter, small ones first, with bars between. */
static void add_all(struct layout *l, const struct column *table)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for (const char *letter = letters; *letter; letter++) {
        const struct column *c = column_by_letter(table, *letter);
        if (c)
            add_use(l, c, false, 0, "|", 1);
    }
    if (l->uses.n)
        set_suffix(&l->uses.v[l->uses.n - 1], "", 0);
}

void layout_parse_short(struct layout *l, const struct column *table, const char *spec, column_bad_fn *bad,
                        void *arg)
{
    layout_release(l);
    size_t lead = strcspn(spec, "%");
    l->prefix = mem_strndup(spec, lead);
    for (const char *s = spec + lead; *s;) {
        while (s[1] == '%') /* "%%i" is "%i" */
            s++;
        const char *start = s++; /* at the % */
        if (text_starts_nocase(s, "all")) {
            add_all(l, table);
            s += 3 + strcspn(s + 3, "%");
            continue;
        }
        if (!*s)
            break;
        bool fit = *s == '#', right;
        int width;
        if (fit)
            s++;
        read_size(&s, &right, &width);
        const struct column *c = *s ? column_by_letter(table, *s) : NULL;
        const char *suffix = *s ? s + 1 : s;
        size_t suffix_len = strcspn(suffix, "%");
        if (c) {
            add_use(l, c, right, fit ? COLUMN_WIDTH_FIT : width, suffix, suffix_len);
        } else {
            bad(arg, (char[2]){*s, '\0'});
            add_use(l, NULL, false, 0, start, (size_t)(suffix + suffix_len - start));
        }
        s = suffix + suffix_len;
    }
}

void layout_parse_long(struct layout *l, const struct column *table, const char *spec, column_bad_fn *bad,
                       void *arg)
{
    layout_release(l);
    l->prefix = mem_strdup("");
    while (*spec) {
        size_t len = strcspn(spec, ",");
        if (!len) {
            spec++;
            continue;
        }
        char *field = mem_strndup(spec, len);
        char *options = strchr(field, ':');
        bool right = false;
        int width = -2;
        const char *suffix = "";
        if (options) {
            *options++ = '\0';
            const char *s = options;
            read_size(&s, &right, &width);
            suffix = s;
        }
        if (width == -2 && !options)
            width = COLUMN_WIDTH_LONG;
        const struct column *c = column_by_name(table, field);
        if (c)
            add_use(l, c, right, width, suffix, strlen(suffix));
        else if (text_same_nocase(field, "all"))
            add_all(l, table);
        else {
            bad(arg, field);
            add_use(l, NULL, false, 0, suffix, strlen(suffix));
        }
        mem_free(field);
        spec += len + (spec[len] == ',');
    }
}

/* Bytes of the first `chars` characters of UTF-8 text; *ret_chars is how many there were. */
static size_t utf8_span(const char *s, size_t chars, size_t *ret_chars)
{
    size_t n = 0, i = 0;
    while (s[i]) {
        if (n == chars)
            break;
        i++;
        while (((unsigned char)s[i] & 0xc0) == 0x80)
            i++;
        n++;
    }
    *ret_chars = n;
    return i;
}

static bool is_ascii(const char *s, size_t len)
{
    uint64_t seen = 0, eight;
    uint32_t four;
    uint16_t two;
    for (; len >= sizeof eight; s += sizeof eight, len -= sizeof eight)
        seen |= *(uint64_t *)memcpy(&eight, s, sizeof eight);
    if (len & sizeof four)
        seen |= *(uint32_t *)memcpy(&four, s, sizeof four), s += sizeof four;
    if (len & sizeof two)
        seen |= *(uint16_t *)memcpy(&two, s, sizeof two), s += sizeof two;
    if (len & 1)
        seen |= (unsigned char)*s;
    return !(seen & UINT64_C(0x8080808080808080));
}

/* Characters of `len` bytes; nearly all are ASCII. */
static size_t utf8_count(const char *s, size_t len)
{
    if (is_ascii(s, len))
        return len;
    size_t n = 0;
    for (size_t i = 0; i < len; i++)
        n += ((unsigned char)s[i] & 0xc0) != 0x80;
    return n;
}

/* Pads or cuts what `out` holds from `begin` on. */
static void fit_cell(const struct column_use *u, size_t begin, struct buf *out)
{
    if (u->width <= 0)
        return;
    size_t chars = utf8_count(out->s + begin, out->len - begin);
    if (chars > (size_t)u->width && u->column->uncut && text_is_digit(out->s[begin]))
        return;
    if (chars > (size_t)u->width) {
        bool mark = u->column->mark && out->s[out->len - 1] == '*';
        buf_truncate(out, begin + utf8_span(out->s + begin, (size_t)u->width, &chars));
        if (mark)
            out->s[out->len - 1] = '*';
    }
    if (u->right)
        buf_insertn(out, begin, ' ', (size_t)u->width - chars);
    else
        buf_addn(out, ' ', (size_t)u->width - chars);
}

void layout_fit(struct layout *l, const void *rows, uint32_t n, size_t row_size, const void *ctx)
{
    struct buf b = BUF_INIT;
    for (uint32_t i = 0; i < l->uses.n; i++) {
        struct column_use *u = &l->uses.v[i];
        if (u->width != COLUMN_WIDTH_FIT)
            continue;
        size_t chars, widest;
        utf8_span(u->column->head, COLUMN_WIDTH_MAX, &widest);
        for (uint32_t r = 0; r < n; r++) {
            buf_clear(&b);
            u->column->text((const char *)rows + r * row_size, ctx, &b);
            utf8_span(b.s, COLUMN_WIDTH_MAX, &chars);
            if (chars > widest)
                widest = chars;
        }
        u->width = (int)widest;
    }
    buf_release(&b);
}

void layout_head(const struct layout *l, struct buf *out)
{
    buf_adds(out, l->prefix);
    for (uint32_t i = 0; i < l->uses.n; i++) {
        const struct column_use *u = &l->uses.v[i];
        if (u->column) {
            size_t begin = out->len;
            buf_adds(out, u->column->head);
            fit_cell(u, begin, out);
        }
        buf_adds(out, u->suffix);
    }
    buf_addc(out, '\n');
}

void layout_row(const struct layout *l, const void *row, const void *ctx, struct buf *out)
{
    buf_adds(out, l->prefix);
    for (uint32_t i = 0; i < l->uses.n; i++) {
        const struct column_use *u = &l->uses.v[i];
        if (u->column) {
            size_t begin = out->len;
            u->column->text(row, ctx, out);
            fit_cell(u, begin, out);
        }
        if (u->suffix_len == 1) /* nearly all: a blank */
            buf_addc(out, u->suffix[0]);
        else
            buf_add(out, u->suffix, u->suffix_len);
    }
    buf_addc(out, '\n');
}

int column_compare(const struct column *c, const void *a, const void *b, const void *ctx)
{
    if (c->order) {
        int64_t x = c->order(a, ctx), y = c->order(b, ctx);
        return x < y ? -1 : x > y;
    }
    struct buf x = BUF_INIT, y = BUF_INIT;
    c->text(a, ctx, &x);
    c->text(b, ctx, &y);
    int d = strcmp(x.s, y.s);
    buf_release(&x);
    buf_release(&y);
    return d;
}

void sort_add(struct sort_spec *s, const struct column *c, bool descending)
{
    struct sort_key *key = VEC_PUSH(&s->keys);
    key->column = c;
    key->descending = descending;
}

/* One piece: the name of a column, or letters of columns. */
static void add_keys(struct sort_spec *s, const struct column *table, const char *letters, const char *piece,
                     char *ret_bad)
{
    bool descending = false;
    for (; *piece == '-' || *piece == '+'; piece++)
        descending = *piece == '-';
    const struct column *c = strlen(piece) > 1 ? column_by_name(table, piece) : NULL;
    if (c) {
        sort_add(s, c, descending);
        return;
    }
    for (; *piece; piece++) {
        if (*piece == '-' || *piece == '+') {
            descending = *piece == '-';
            continue;
        }
        c = letters && !strchr(letters, *piece) ? NULL : column_by_letter(table, *piece);
        if (c)
            sort_add(s, c, descending);
        else
            *ret_bad = *piece;
    }
}

int sort_parse(struct sort_spec *s, const struct column *table, const char *letters, const char *spec,
               char *ret_bad)
{
    struct text_list pieces = {0};
    sort_release(s);
    *ret_bad = '\0';
    text_split(&pieces, spec, ',');
    for (uint32_t i = 0; i < pieces.n; i++)
        add_keys(s, table, letters, pieces.v[i], ret_bad);
    text_list_release(&pieces);
    return *ret_bad ? -1 : 0;
}

void sort_release(struct sort_spec *s)
{
    VEC_FREE(&s->keys);
}

struct sort_call {
    const struct sort_spec *spec;
    const void *ctx;
};

static int compare_rows(const void *a, const void *b, void *arg)
{
    const struct sort_call *call = arg;
    for (uint32_t i = 0; i < call->spec->keys.n; i++) {
        const struct sort_key *k = &call->spec->keys.v[i];
        int d = column_compare(k->column, a, b, call->ctx);
        if (d)
            return k->descending ? -d : d;
    }
    return 0;
}

void sort_rows(const struct sort_spec *s, void *rows, uint32_t n, size_t row_size, const void *ctx)
{
    struct sort_call call = {s, ctx};
    if (s->keys.n)
        vec_sort(rows, n, row_size, compare_rows, &call);
}
