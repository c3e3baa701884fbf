/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/yaml.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"

enum { DEPTH_MAX = 32 };

struct parser {
    const char *at, *line_start;
    uint32_t line, depth;
    struct err *e;
};

static int parse_block(struct parser *p, uint32_t least, struct yaml *ret);
static int parse_flow(struct parser *p, struct yaml *ret);

static uint32_t column(const struct parser *p)
{
    return (uint32_t)(p->at - p->line_start);
}

static int bad(struct parser *p, const char *what)
{
    return err_set(p->e, 1, "%s, line: %u, column: %u", what, p->line, column(p) + 1);
}

static bool ends_word(char c)
{
    return c == '\0' || c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_line(struct parser *p)
{
    while (*p->at && *p->at != '\n')
        p->at++;
}

/* Blanks and a comment of this line. */
static void skip_blanks(struct parser *p)
{
    while (*p->at == ' ' || *p->at == '\t' || *p->at == '\r')
        p->at++;
    if (*p->at == '#')
        skip_line(p);
}

/* To the next word, over comments, empty lines and directives; a line "..." ends the text. */
static void next_word(struct parser *p)
{
    for (;;) {
        skip_blanks(p);
        if (column(p) == 0 && *p->at == '%') {
            skip_line(p);
        } else if (column(p) == 0 && strncmp(p->at, "...", 3) == 0 && ends_word(p->at[3])) {
            p->at += strlen(p->at);
        } else if (column(p) == 0 && strncmp(p->at, "---", 3) == 0 && ends_word(p->at[3])) {
            p->at += 3;
            continue;
        }
        if (*p->at != '\n')
            return;
        p->line_start = ++p->at;
        p->line++;
    }
}

static int parse_quoted(struct parser *p, struct buf *out)
{
    char quote = *p->at++;
    for (;; p->at++) {
        if (*p->at == '\0' || *p->at == '\n')
            return bad(p, "found unexpected end of a quoted text");
        if (*p->at == quote && quote == '\'' && p->at[1] == '\'')
            p->at++;
        else if (*p->at == quote)
            break;
        else if (*p->at == '\\' && quote == '"' && p->at[1]) {
            p->at++;
            buf_addc(out, *p->at == 'n' ? '\n' : *p->at == 't' ? '\t' : *p->at);
            continue;
        }
        buf_addc(out, *p->at);
    }
    p->at++;
    return 0;
}

/* A plain scalar ends at a comment, at ": " and, in a flow, at its signs. */
static int parse_plain(struct parser *p, bool flow, struct buf *out)
{
    const char *start = p->at;
    if (strchr("&*!|>%@`", *p->at))
        return bad(p, "anchors, tags and block texts are not supported");
    for (; *p->at && *p->at != '\n'; p->at++) {
        bool colon = *p->at == ':' && (ends_word(p->at[1]) || (flow && strchr(",]}", p->at[1])));
        bool comment = *p->at == '#' && p->at > start && (p->at[-1] == ' ' || p->at[-1] == '\t');
        if (colon || comment || (flow && strchr(",[]{}", *p->at)))
            break;
    }
    buf_add(out, start, text_trimmed_len(start, (size_t)(p->at - start)));
    return 0;
}

static int parse_text(struct parser *p, bool flow, struct buf *out)
{
    return *p->at == '"' || *p->at == '\'' ? parse_quoted(p, out) : parse_plain(p, flow, out);
}

static int parse_scalar(struct parser *p, bool flow, struct yaml *ret)
{
    struct buf text = BUF_INIT;
    bool quoted = *p->at == '"' || *p->at == '\'';
    int rc = parse_text(p, flow, &text);
    bool null = !quoted && (text.len == 0 || strcmp(text.s, "~") == 0 || text_same_nocase(text.s, "null"));
    if (rc == 0 && !null) {
        ret->kind = YAML_SCALAR;
        ret->text = mem_strdup(text.s ? text.s : "");
    }
    buf_release(&text);
    return rc;
}

/* [a, b] or {a: b}; may go over lines. */
static int parse_flow_items(struct parser *p, struct yaml *ret)
{
    bool map = *p->at++ == '{';
    ret->kind = map ? YAML_MAP : YAML_LIST;
    for (;;) {
        next_word(p);
        if (*p->at == (map ? '}' : ']'))
            break;
        struct yaml_entry *item = VEC_PUSH(&ret->entries);
        if (map) {
            struct buf key = BUF_INIT;
            int rc = parse_text(p, true, &key);
            item->key = mem_strdup(key.s ? key.s : "");
            buf_release(&key);
            next_word(p);
            if (rc < 0 || *p->at != ':')
                return rc < 0 ? rc : bad(p, "did not find expected ':'");
            p->at++;
            next_word(p);
        }
        if (parse_flow(p, &item->value) < 0)
            return -1;
        next_word(p);
        if (*p->at == ',')
            p->at++;
        else if (*p->at != (map ? '}' : ']'))
            return bad(p, map ? "did not find expected ',' or '}'" : "did not find expected ',' or ']'");
    }
    p->at++;
    return 0;
}

static int parse_flow(struct parser *p, struct yaml *ret)
{
    ret->line = p->line;
    if (*p->at != '[' && *p->at != '{')
        return parse_scalar(p, true, ret);
    if (p->depth >= DEPTH_MAX)
        return bad(p, "exceeded the maximum depth");
    p->depth++;
    int rc = parse_flow_items(p, ret);
    p->depth--;
    return rc;
}

static bool at_dash(const struct parser *p)
{
    return *p->at == '-' && ends_word(p->at[1]);
}

static int parse_list(struct parser *p, uint32_t col, struct yaml *ret)
{
    ret->kind = YAML_LIST;
    for (;;) {
        next_word(p);
        if (!*p->at || column(p) < col || (column(p) == col && !at_dash(p)))
            return 0;
        if (column(p) > col)
            return bad(p, "did not find expected '-' indicator");
        p->at++;
        struct yaml_entry *item = VEC_PUSH(&ret->entries);
        if (parse_block(p, col + 1, &item->value) < 0)
            return -1;
    }
}

/* Is there "key:" here? */
static bool at_key(const struct parser *here)
{
    struct parser p = *here;
    struct err e;
    struct buf text = BUF_INIT;
    p.e = &e;
    bool flow = *p.at == '[' || *p.at == '{';
    bool key = !flow && parse_text(&p, false, &text) == 0;
    skip_blanks(&p);
    buf_release(&text);
    return key && *p.at == ':' && ends_word(p.at[1]);
}

/* What follows "key:": on the same line, on deeper ones, or a list as deep as the key. */
static int parse_member(struct parser *p, uint32_t col, struct yaml *ret)
{
    uint32_t line = p->line;
    next_word(p);
    if (p->line == line && *p->at && at_key(p))
        return bad(p, "mapping values are not allowed in this context");
    if (p->line != line && *p->at && column(p) == col && at_dash(p))
        return parse_list(p, col, ret);
    return p->line == line || column(p) > col ? parse_block(p, 0, ret) : 0;
}

static int parse_map(struct parser *p, uint32_t col, struct yaml *ret)
{
    ret->kind = YAML_MAP;
    for (;;) {
        next_word(p);
        if (!*p->at || column(p) < col)
            return 0;
        if (column(p) > col || !at_key(p))
            return bad(p, "did not find expected key");
        struct yaml_entry *member = VEC_PUSH(&ret->entries);
        struct buf key = BUF_INIT;
        (void)parse_text(p, false, &key);
        member->key = mem_strdup(key.s ? key.s : "");
        member->value.line = p->line;
        buf_release(&key);
        skip_blanks(p);
        p->at++; /* the colon */
        if (parse_member(p, col, &member->value) < 0)
            return -1;
    }
}

/* A value whose first word is `least` columns deep or more. */
static int parse_block(struct parser *p, uint32_t least, struct yaml *ret)
{
    int rc;
    next_word(p);
    ret->line = p->line;
    if (!*p->at || column(p) < least)
        return 0;
    if (p->depth >= DEPTH_MAX)
        return bad(p, "exceeded the maximum depth");
    p->depth++;
    if (at_dash(p)) {
        rc = parse_list(p, column(p), ret);
    } else if (*p->at == '[' || *p->at == '{') {
        rc = parse_flow(p, ret);
    } else if (at_key(p)) {
        rc = parse_map(p, column(p), ret);
    } else {
        rc = parse_scalar(p, false, ret);
        skip_blanks(p);
        if (rc == 0 && *p->at && *p->at != '\n')
            rc = bad(p, "mapping values are not allowed in this context");
    }
    p->depth--;
    return rc;
}

int yaml_parse(const char *text, struct yaml *ret, struct err *e)
{
    struct parser p = {.at = text, .line_start = text, .line = 1, .e = e};
    *ret = (struct yaml){.line = 1};
    int rc = parse_block(&p, 0, ret);
    next_word(&p);
    if (rc == 0 && *p.at)
        rc = bad(&p, "did not find the end of the document");
    if (rc < 0)
        yaml_release(ret);
    return rc;
}

void yaml_release(struct yaml *y)
{
    for (uint32_t i = 0; i < y->entries.n; i++) {
        mem_free(y->entries.v[i].key);
        yaml_release(&y->entries.v[i].value);
    }
    VEC_FREE(&y->entries);
    mem_free(y->text);
    *y = (struct yaml){0};
}

const struct yaml *yaml_get(const struct yaml *map, const char *key)
{
    for (uint32_t i = 0; map->kind == YAML_MAP && i < map->entries.n; i++)
        if (text_same(map->entries.v[i].key, key))
            return &map->entries.v[i].value;
    return NULL;
}

const char *yaml_kind_text(const struct yaml *y)
{
    static const char *const names[] = {"null", "string", "list", "dictionary"};
    return names[y->kind];
}
