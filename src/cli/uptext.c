/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/uptext.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "conf/lex.h"

/* Keys that begin a record; the other keys of such a line belong to it. */
static const char *const record_keys[] = {"NodeName", "PartitionName", "NodeSet", "DownNodes", "Name"};

/* --- reading
 * ------------------------------------------------------------------------------------------------- */

struct reading {
    struct up_text *text;
    const struct conf_source *source;
    char *dir; /* of the first file: relative names are looked for here */
    struct buf before;
    uint32_t depth;
};

static int read_file(struct reading *r, const char *path, struct err *e);

/* The name after "Include", or NULL when the line is something else. */
static const char *include_name(const char *line)
{
    const char *s = text_skip_space(line);

    if (!text_starts_nocase(s, "include") || !text_is_space(s[strlen("include")]))
        return NULL;
    s = text_skip_space(s + strlen("include"));
    return *s && *s != '=' ? s : NULL;
}

static int read_include(struct reading *r, const char *name, struct err *e)
{
    struct meta_strs found = {0};
    int rc = 0;

    if (r->depth >= CONF_DEPTH_MAX)
        return err_set(e, ERR_TOO_BIG, "Include goes deeper than %d files", CONF_DEPTH_MAX);
    char *path = buf_format("%s%s", name[0] == '/' ? "" : r->dir, name);
    if (r->source->glob && strpbrk(name, "*?["))
        rc = r->source->glob(r->source->ctx, path, &found, e);
    else
        meta_strs_push(&found, path);
    buf_addf(&r->before, "# sluice up: here was Include %s\n", name);
    r->depth++;
    for (uint32_t i = 0; i < found.n; i++) {
        if (rc == 0)
            rc = read_file(r, found.v[i], e);
        mem_free(found.v[i]);
    }
    r->depth--;
    mem_free(found.v);
    mem_free(path);
    return rc;
}

static void add_line(struct reading *r, const struct lex *lex, const char *raw)
{
    size_t len = (size_t)(lex->next - raw);
    struct up_line *line = VEC_PUSH(&r->text->lines);

    while (len > 0 && (raw[len - 1] == '\n' || raw[len - 1] == '\r'))
        len--;
    line->before = buf_take(&r->before);
    line->raw = mem_strndup(raw, len);
    line->text = mem_strdup(lex->text.s);
}

/* Moves *at over blank lines and comments, up to physical line `n` (counted in *at_line). */
static void take_comments(struct reading *r, const char **at, uint32_t *at_line, uint32_t n)
{
    const char *from = *at;

    while (*at_line < n && **at) {
        *at += strcspn(*at, "\n");
        *at += **at == '\n';
        ++*at_line;
    }
    buf_add(&r->before, from, (size_t)(*at - from));
}

static int read_file(struct reading *r, const char *path, struct err *e)
{
    char *text = NULL;
    struct lex lex;
    int rc = r->source->read(r->source->ctx, path, &text, e);

    if (rc == -CONF_ENOENT)
        return err_set(e, CONF_ENOENT, "%s: no such file", path);
    if (rc < 0)
        return rc;
    const char *at = text;
    uint32_t at_line = 1;
    lex_init(&lex, text);
    while (rc == 0 && lex_line(&lex)) {
        const char *name = include_name(lex.text.s);
        take_comments(r, &at, &at_line, lex.line);
        if (name)
            rc = read_include(r, name, e);
        else
            add_line(r, &lex, at);
        at = lex.next;
        at_line = lex.ended + 1;
    }
    if (rc == 0)
        buf_adds(&r->before, at);
    if (r->before.len > 0 && r->before.s[r->before.len - 1] != '\n')
        buf_addc(&r->before, '\n');
    lex_release(&lex);
    mem_free(text);
    return rc;
}

int up_text_read(struct up_text *t, const struct conf_source *source, const char *path, struct err *e)
{
    const char *slash = strrchr(path, '/');
    struct reading r = {.text = t, .source = source, .before = BUF_INIT};

    *t = (struct up_text){0};
    r.dir = mem_strndup(path, slash ? (size_t)(slash - path) + 1 : 0);
    int rc = read_file(&r, path, e);
    t->tail = buf_take(&r.before);
    mem_free(r.dir);
    if (rc < 0)
        up_text_release(t);
    return rc;
}

void up_text_release(struct up_text *t)
{
    for (uint32_t i = 0; i < t->lines.n; i++) {
        mem_free(t->lines.v[i].before);
        mem_free(t->lines.v[i].raw);
        mem_free(t->lines.v[i].text);
    }
    VEC_FREE(&t->lines);
    mem_free(t->tail);
    t->tail = NULL;
}

/* --- looking
 * ------------------------------------------------------------------------------------------------- */

static bool is_record(const char *text)
{
    struct lex_pair p = {BUF_INIT, BUF_INIT};
    bool yes = false;

    if (lex_pair(&text, &p) == 1)
        for (size_t i = 0; i < sizeof record_keys / sizeof record_keys[0] && !yes; i++)
            yes = text_same_nocase(p.key.s, record_keys[i]);
    lex_pair_release(&p);
    return yes;
}

bool up_line_value(const char *text, const char *name, struct buf *ret)
{
    struct lex_pair p = {BUF_INIT, BUF_INIT};
    bool found = false;

    while (!found && lex_pair(&text, &p) == 1)
        found = text_same_nocase(p.key.s, name);
    if (found) {
        buf_clear(ret);
        buf_adds(ret, p.value.s);
    }
    lex_pair_release(&p);
    return found;
}

char *up_text_value(const struct up_text *t, const char *name)
{
    struct buf value = BUF_INIT;
    bool found = false;

    for (uint32_t i = 0; i < t->lines.n; i++)
        if (!is_record(t->lines.v[i].text) && up_line_value(t->lines.v[i].text, name, &value))
            found = true;
    char *ret = found ? mem_strdup(value.s) : NULL;
    buf_release(&value);
    return ret;
}

/* --- changing
 * ------------------------------------------------------------------------------------------------ */

void up_change(struct up_changes *c, const char *names, char *value, const char *why)
{
    *VEC_PUSH(&c->list) = (struct up_change){.names = names, .value = value, .why = why};
}

void up_changes_release(struct up_changes *c)
{
    for (uint32_t i = 0; i < c->list.n; i++)
        mem_free(c->list.v[i].value);
    VEC_FREE(&c->list);
}

static struct up_change *find_change(struct up_changes *c, const char *key)
{
    size_t len = strlen(key);

    for (uint32_t i = 0; i < c->list.n; i++)
        for (const char *s = c->list.v[i].names; s; s = strchr(s, ','), s = s ? s + 1 : NULL)
            if (text_casecmp_n(s, key, len) == 0 && (s[len] == '\0' || s[len] == ','))
                return &c->list.v[i];
    return NULL;
}

static void add_change(struct buf *out, struct up_change *change)
{
    const char *quote = strpbrk(change->value, " \t") ? "\"" : "";

    buf_add(out, change->names, strcspn(change->names, ","));
    buf_addf(out, "=%s%s%s\n", quote, change->value, quote);
    change->written = true;
}

/* A key of the cluster, which has a line of its own. Further lines with a key that is changed are left out.
 */
static void write_key(const struct up_line *line, struct up_changes *c, struct buf *out)
{
    struct lex_pair p = {BUF_INIT, BUF_INIT};
    const char *at = line->text;
    struct up_change *change = lex_pair(&at, &p) == 1 ? find_change(c, p.key.s) : NULL;

    if (!change) {
        buf_addf(out, "%s\n", line->raw);
    } else {
        buf_addf(out, "# sluice up: %s. Was: %s\n", change->why, text_skip_space(line->text));
        if (change->value && !change->written)
            add_change(out, change);
    }
    lex_pair_release(&p);
}

void up_text_write(const struct up_text *t, struct up_changes *c, up_record_fn record, void *ctx,
                   struct buf *out)
{
    const char *why = NULL;

    for (uint32_t i = 0; i < t->lines.n; i++) {
        const struct up_line *line = &t->lines.v[i];
        buf_adds(out, line->before);
        if (!is_record(line->text))
            write_key(line, c, out);
        else if (!record || !record(ctx, line->text, out))
            buf_addf(out, "%s\n", line->raw);
    }
    buf_adds(out, t->tail);
    for (uint32_t i = 0; i < c->list.n; i++) {
        struct up_change *change = &c->list.v[i];
        if (change->written || !change->value)
            continue;
        if (!why)
            buf_adds(out, "\n# --- added by sluice up\n");
        if (!text_same(why, change->why))
            buf_addf(out, "# %s\n", change->why);
        why = change->why;
        add_change(out, change);
    }
}
