/* SPDX-License-Identifier: Apache-2.0 */
/* Files, what they include, and their lines. */
#include "conf/reader.h"

#include <string.h>

#include "base/mem.h"
#include "conf/lex.h"

char *reader_dir(const char *path)
{
    const char *slash = strrchr(path, '/');
    return mem_strndup(path, slash ? (size_t)(slash - path) + 1 : 0);
}

char *reader_join(const char *dir, const char *name)
{
    return buf_format("%s%s", name[0] == '/' ? "" : dir, name);
}

/* The name after "Include", or NULL when the line is something else. */
static const char *include_name(const char *line)
{
    static const char word[] = "include";
    const char *s = text_skip_space(line);
    if (!text_starts_nocase(s, word) || !text_is_space(s[sizeof word - 1]))
        return NULL;
    s = text_skip_space(s + sizeof word - 1);
    return *s && *s != '=' ? s : NULL;
}

/* %c is the name of the cluster; other patterns are kept. */
static char *expand(const struct reader *r, const char *name)
{
    struct buf out = BUF_INIT;
    for (const char *s = name; *s; s++) {
        if (s[0] == '%' && s[1] == 'c' && r->cluster && *r->cluster) {
            buf_adds(&out, *r->cluster);
            s++;
        } else {
            buf_addc(&out, *s);
        }
    }
    return buf_take(&out);
}

static int include(struct reader *r, const struct conf_place *at, const char *name, struct err *e)
{
    if (r->depth >= CONF_DEPTH_MAX) {
        conf_messages_add(r->msgs, CONF_ERROR, at->file, at->line, NULL, "Include goes deeper than %d files",
                          CONF_DEPTH_MAX);
        return err_set(e, ERR_TOO_BIG, "Unable to process configuration file");
    }
    char *expanded = expand(r, name), *path = reader_join(r->dir, expanded);
    struct meta_strs found = {0};
    int rc = 0;
    if (r->source->glob && strpbrk(expanded, "*?["))
        rc = r->source->glob(r->source->ctx, path, &found, e);
    else
        meta_strs_push(&found, path);
    r->depth++;
    for (uint32_t i = 0; i < found.n; i++) {
        if (rc == 0)
            rc = reader_file(r, found.v[i], e);
        mem_free(found.v[i]);
    }
    r->depth--;
    mem_free(found.v);
    mem_free(path);
    mem_free(expanded);
    return rc;
}

static int read_lines(struct reader *r, const char *file, const char *text, struct err *e)
{
    struct lex lex;
    int rc = 0;
    lex_init(&lex, text);
    while (rc == 0 && lex_line(&lex)) {
        struct conf_place at = {file, lex.line};
        const char *name = include_name(lex.text.s);
        if (lex.text.len > CONF_LINE_MAX) {
            conf_messages_add(r->msgs, CONF_ERROR, file, lex.line, NULL, "line is longer than %d bytes",
                              CONF_LINE_MAX);
            rc = err_set(e, ERR_TOO_BIG, "Unable to process configuration file");
        } else if (name) {
            rc = include(r, &at, name, e);
        } else {
            r->take(r->ctx, &at, lex.text.s);
        }
    }
    lex_release(&lex);
    return rc;
}

int reader_file(struct reader *r, const char *path, struct err *e)
{
    char *text = NULL;
    struct err why = {0};
    if (r->paths->n >= CONF_FILES_MAX) {
        conf_messages_add(r->msgs, CONF_ERROR, path, 0, NULL, "more than %d files", CONF_FILES_MAX);
        return err_set(e, ERR_TOO_BIG, "Unable to process configuration file");
    }
    int rc = r->source->read(r->source->ctx, path, &text, &why);
    if (rc == -CONF_ENOENT) {
        err_set(&why, CONF_ENOENT, "s_p_parse_file: cannot stat file %s: No such file or directory", path);
    } else if (rc == 0 && strlen(text) > CONF_FILE_MAX) {
        mem_free(text);
        rc = err_set(&why, ERR_TOO_BIG, "file is larger than %d bytes", CONF_FILE_MAX);
    }
    if (rc < 0) {
        conf_messages_add(r->msgs, CONF_ERROR, path, 0, NULL, "%s", why.text);
        return err_set(e, why.code ? why.code : ERR_INVALID, "%s", why.text);
    }
    text_list_push(r->paths, path);
    const char *file = r->paths->v[r->paths->n - 1];
    if (r->texts)
        text_list_push(r->texts, text);
    rc = read_lines(r, file, text, e);
    mem_free(text);
    return rc;
}

int reader_optional(struct reader *r, const char *path, struct err *e)
{
    struct text_list paths = {0};
    char *dir = reader_dir(path), *text = NULL;
    struct err why;
    int rc = r->source->read(r->source->ctx, path, &text, &why);
    mem_free(text);
    r->dir = dir;
    r->paths = &paths;
    if (rc == 0)
        rc = reader_file(r, path, e);
    else if (rc == -CONF_ENOENT)
        rc = 0;
    mem_free(dir);
    text_list_release(&paths);
    return rc;
}
