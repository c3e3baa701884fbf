/* SPDX-License-Identifier: Apache-2.0 */
#include "model/multiprog.h"

#include <string.h>

#include "base/text.h"

enum { MULTIPROG_BAD = 22 };

static const char *read_number(const char *p, uint32_t *ret)
{
    uint64_t v = 0;

    if (!text_is_digit(*p))
        return NULL;
    for (; text_is_digit(*p) && v <= UINT32_MAX; p++)
        v = v * 10 + (uint64_t)(*p - '0');
    *ret = (uint32_t)v;
    return p;
}

/* Is the task in "1-2,5" or "*"? Its place among the line's tasks goes to *ret_offset. */
static bool ranks_have(const char *p, size_t len, uint32_t task, uint32_t *ret_offset)
{
    const char *end = p + len;
    uint32_t offset = 0;

    if (len == 1 && *p == '*') {
        *ret_offset = task;
        return true;
    }
    while (p < end) {
        uint32_t first, last;

        p = read_number(p, &first);
        if (!p)
            return false;
        last = first;
        if (*p == '-' && !(p = read_number(p + 1, &last)))
            return false;
        if (task >= first && task <= last) {
            *ret_offset = offset + task - first;
            return true;
        }
        offset += last >= first ? last - first + 1 : 0;
        if (p < end && *p++ != ',')
            return false;
    }
    return false;
}

static const char *next_word(const char *p, uint32_t task, uint32_t offset, struct buf *word)
{
    char quote = 0;

    for (; *p && (quote || !text_is_space(*p)); p++) {
        if (quote ? *p == quote : *p == '\'' || *p == '"')
            quote = quote ? 0 : *p;
        else if (*p == '\\' && p[1] && quote != '\'')
            buf_addc(word, *++p);
        else if (*p == '%' && p[1] == 't')
            p++, buf_addf(word, "%u", task);
        else if (*p == '%' && p[1] == 'o')
            p++, buf_addf(word, "%u", offset);
        else
            buf_addc(word, *p);
    }
    return text_skip_space(p);
}

/* One line without its end; true when it is the task's. */
static bool line_argv(const char *line, uint32_t task, struct meta_strs *argv)
{
    const char *p = text_skip_space(line);
    size_t len = strcspn(p, " \t");
    uint32_t offset = 0;

    if (!*p || *p == '#' || !ranks_have(p, len, task, &offset))
        return false;
    for (p = text_skip_space(p + len); *p;) {
        struct buf word = BUF_INIT;

        p = next_word(p, task, offset, &word);
        meta_strs_push(argv, word.s);
        buf_release(&word);
    }
    return argv->n > 0;
}

int multiprog_argv(const char *text, uint32_t task, struct meta_strs *argv, struct err *e)
{
    struct buf line = BUF_INIT;

    for (const char *p = text; *p;) {
        size_t len = strcspn(p, "\n");

        buf_add(&line, p, len);
        p += len + (p[len] == '\n');
        if (line.len && line.s[line.len - 1] == '\\') {
            line.s[line.len - 1] = ' ';
            continue;
        }
        if (line_argv(line.s, task, argv)) {
            buf_release(&line);
            return 0;
        }
        buf_clear(&line);
    }
    buf_release(&line);
    return err_set(e, MULTIPROG_BAD, "multi-prog: no program for task %u", task);
}
