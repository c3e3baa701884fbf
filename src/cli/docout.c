/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/docout.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "meta/meta.h"

static void indent(struct docout *d)
{
    buf_addn(d->out, ' ', 2 * d->depth);
}

/* What comes before a value in JSON: comma, newline, indentation and key. */
static void json_lead(struct docout *d, const char *key)
{
    if (d->depth) {
        buf_adds(d->out, d->level[d->depth - 1].members++ ? ",\n" : "\n");
        indent(d);
    }
    if (key) {
        meta_json_string(key, d->out);
        buf_adds(d->out, ": ");
    }
}

/* In YAML the members of a list stand below the first letter of its key, those of a map two further to the
 * right. */
static void yaml_lead(struct docout *d, const char *key)
{
    if (!d->depth)
        return;
    d->level[d->depth - 1].members++;
    buf_addn(d->out, ' ', d->level[d->depth - 1].indent);
    if (d->level[d->depth - 1].list)
        buf_adds(d->out, "- ");
    if (key)
        buf_addf(d->out, "!!str %s: ", key);
}

static void lead(struct docout *d, const char *key)
{
    if (d->yaml)
        yaml_lead(d, key);
    else
        json_lead(d, key);
}

static void open_level(struct docout *d, const char *key, bool list)
{
    REQUIRE(d->depth < DOCOUT_DEPTH_MAX);
    lead(d, key);
    if (d->yaml)
        buf_adds(d->out, list ? "!!seq\n" : d->depth ? "!!map\n" : "--- !!map\n");
    else
        buf_addc(d->out, list ? '[' : '{');
    uint32_t outer = d->depth ? d->level[d->depth - 1].indent : 0;
    d->level[d->depth].list = list;
    d->level[d->depth].members = 0;
    d->level[d->depth].indent = list || !d->depth ? outer : outer + 2;
    d->depth++;
}

void docout_begin(struct docout *d, struct buf *out, bool yaml)
{
    memset(d, 0, sizeof *d);
    d->out = out;
    d->yaml = yaml;
    if (yaml)
        buf_adds(out, "%YAML 1.1\n");
    open_level(d, NULL, false);
}

void docout_finish(struct docout *d)
{
    docout_end(d);
    buf_adds(d->out, d->yaml ? "...\n\n" : "\n");
}

void docout_map(struct docout *d, const char *key)
{
    open_level(d, key, false);
}

void docout_list(struct docout *d, const char *key)
{
    open_level(d, key, true);
}

void docout_end(struct docout *d)
{
    REQUIRE(d->depth > 0);
    d->depth--;
    bool list = d->level[d->depth].list, empty = d->level[d->depth].members == 0;
    if (d->yaml) {
        if (empty && d->depth) {
            buf_truncate(d->out, d->out->len - 1);
            buf_adds(d->out, list ? " []\n" : " {}\n");
        }
        return;
    }
    if (!empty) {
        buf_addc(d->out, '\n');
        indent(d);
    }
    buf_addc(d->out, list ? ']' : '}');
}

/* meta_json_string leaves "/" as it is; Slurm writes "\/". */
static void json_text(const char *s, struct buf *out)
{
    if (!s || !strchr(s, '/')) {
        meta_json_string(s, out);
        return;
    }
    struct buf b = BUF_INIT;
    meta_json_string(s, &b);
    const char *p = b.s, *slash;
    for (; (slash = strchr(p, '/')); p = slash + 1) {
        buf_add(out, p, (size_t)(slash - p));
        if (slash[-1] != '\\') /* there is at least the quote before it */
            buf_addc(out, '\\');
        buf_addc(out, '/');
    }
    buf_adds(out, p);
    buf_release(&b);
}

/* Quotes are needed where a plain scalar would be read as something else. */
static bool yaml_needs_quotes(const char *s)
{
    return strpbrk(s, ":#{}[],&*!|>'\"%@`\n\\") || text_is_space(*s) || *s == '-' || *s == '?';
}

void docout_str(struct docout *d, const char *key, const char *value)
{
    lead(d, key);
    if (!d->yaml) {
        json_text(value, d->out);
        return;
    }
    buf_adds(d->out, "!!str");
    if (value && *value) {
        buf_addc(d->out, ' ');
        if (yaml_needs_quotes(value))
            meta_json_string(value, d->out);
        else
            buf_adds(d->out, value);
    }
    buf_addc(d->out, '\n');
}

static void scalar(struct docout *d, const char *key, const char *tag, const char *text)
{
    lead(d, key);
    if (d->yaml)
        buf_addf(d->out, "!!%s %s\n", tag, text);
    else
        buf_adds(d->out, text);
}

void docout_int(struct docout *d, const char *key, int64_t value)
{
    lead(d, key);
    if (d->yaml)
        buf_adds(d->out, "!!int ");
    buf_add_i64(d->out, value);
    if (d->yaml)
        buf_addc(d->out, '\n');
}

void docout_uint(struct docout *d, const char *key, uint64_t value)
{
    lead(d, key);
    if (d->yaml)
        buf_adds(d->out, "!!int ");
    buf_add_u64(d->out, value);
    if (d->yaml)
        buf_addc(d->out, '\n');
}

void docout_bool(struct docout *d, const char *key, bool value)
{
    scalar(d, key, "bool", value ? "true" : "false");
}

void docout_float(struct docout *d, const char *key, double value)
{
    char text[64];
    if (d->yaml)
        buf_print(text, sizeof text, "%f", value);
    else if (value == (double)(int64_t)value)
        buf_print(text, sizeof text, "%.1f", value);
    else
        buf_print(text, sizeof text, "%.17g", value);
    scalar(d, key, "float", text);
}

void docout_num(struct docout *d, const char *key, bool set, bool infinite, uint64_t number)
{
    docout_map(d, key);
    docout_bool(d, "set", set && !infinite);
    docout_bool(d, "infinite", infinite);
    docout_uint(d, "number", set && !infinite ? number : 0);
    docout_end(d);
}

void docout_opt32(struct docout *d, const char *key, uint32_t v)
{
    docout_num(d, key, v != NO_VAL, v == INFINITE, v);
}

void docout_opt16(struct docout *d, const char *key, uint16_t v)
{
    docout_num(d, key, v != NO_VAL16, v == INFINITE16, v);
}

void docout_opt64(struct docout *d, const char *key, uint64_t v)
{
    docout_num(d, key, v != NO_VAL64, v == INFINITE64, v);
}

void docout_words(struct docout *d, const char *key, const char *list)
{
    struct text_list words = {0};
    if (list)
        text_split(&words, list, ',');
    docout_list(d, key);
    for (uint32_t i = 0; i < words.n; i++)
        docout_str(d, NULL, words.v[i]);
    docout_end(d);
    text_list_release(&words);
}
