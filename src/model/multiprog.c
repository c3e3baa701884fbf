/* SPDX-License-Identifier: Apache-2.0 */
#include "model/multiprog.h"

#include <string.h>

#include "base/bits.h"
#include "base/text.h"

enum { MULTIPROG_BAD = 22, MULTIPROG_TASKS_MAX = 1 << 20 };

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
    bool quoted = false; /* only single quotes hold words together; double ones are part of the word */

    for (; *p && (quoted || !text_is_space(*p)); p++) {
        if (*p == '\'')
            quoted = !quoted;
        else if (*p == '\\' && p[1] && !quoted)
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

/* The next line with those that continue it; false at the end. *number: of its last physical line. */
static bool next_line(const char **at, struct buf *line, uint32_t *number)
{
    const char *p = *at;

    buf_clear(line);
    while (*p) {
        size_t len = strcspn(p, "\n");

        buf_add(line, p, len);
        p += len + (p[len] == '\n');
        ++*number;
        if (!line->len || line->s[line->len - 1] != '\\')
            break;
        line->s[line->len - 1] = ' ';
    }
    bool found = p != *at;
    *at = p;
    return found;
}

/* --- checks --- */

/* Marks the tasks that a line is for. */
static int mark_ranks(const char *spec, uint32_t ntasks, struct bits *seen, struct err *e)
{
    const char *p = spec;

    while (*p) {
        uint32_t first, last;

        if (!(p = read_number(p, &first)))
            return err_set(e, MULTIPROG_BAD, "Invalid task range specification (%s)", spec);
        last = first;
        if (*p == '-' && p[1] && !(p = read_number(p + 1, &last)))
            return err_set(e, MULTIPROG_BAD, "Invalid task range specification");
        p += *p == '-';
        if (*p && *p++ != ',')
            return err_set(e, MULTIPROG_BAD, "Invalid task range specification (%s)", spec);
        if (last < first)
            return err_set(e, MULTIPROG_BAD, "Invalid task range, %u-%u", first, last);
        if (last >= ntasks)
            return err_set(e, MULTIPROG_BAD, "Invalid task id, %u >= ntasks", last);
        for (uint32_t task = first; task <= last; task++) {
            if (bits_test(seen, task))
                return err_set(e, MULTIPROG_BAD, "Duplicate record for task %u", task);
            bits_set(seen, task);
        }
    }
    return 0;
}

uint32_t multiprog_tasks(const char *text)
{
    struct buf line = BUF_INIT;
    struct bits seen = {0};
    uint32_t number = 0, highest = 0;
    struct err e;

    while (next_line(&text, &line, &number)) {
        char *spec = (char *)text_skip_space(line.s);

        spec[strcspn(spec, " \t")] = 0;
        mark_ranks(spec, MULTIPROG_TASKS_MAX, &seen, &e); /* what is wrong with it is for multiprog_check */
    }
    for (uint32_t task = bits_next(&seen, 0); task != BITS_MAX; task = bits_next(&seen, task + 1))
        highest = task;
    bits_release(&seen);
    buf_release(&line);
    return highest + 1;
}

static int check_line(char *line, uint32_t ntasks, struct bits *seen, bool *star, struct err *e)
{
    char *spec = (char *)text_skip_space(line), *end = spec + strcspn(spec, " \t");
    const char *program = text_skip_space(end);

    if (!*spec || *spec == '#')
        return 0;
    if (*star)
        return err_set(e, MULTIPROG_BAD, "Task range specification with asterisk must be last");
    if (!*program)
        return err_set(e, MULTIPROG_BAD, "%s", "");
    *end = 0;
    *star = strcmp(spec, "*") == 0;
    return *star ? 0 : mark_ranks(spec, ntasks, seen, e);
}

int multiprog_check(const char *text, uint32_t ntasks, uint32_t *ret_line, struct err *e)
{
    struct buf line = BUF_INIT;
    struct bits seen = {0};
    bool star = false;
    int rc = 0;

    *ret_line = 0;
    while (rc == 0 && next_line(&text, &line, ret_line))
        rc = check_line(line.s, ntasks, &seen, &star, e);
    for (uint32_t task = 0; task < ntasks && rc == 0 && !star; task++) {
        if (bits_test(&seen, task))
            continue;
        *ret_line = 0;
        rc = err_set(e, MULTIPROG_BAD, "no record for task id %u", task);
    }
    bits_release(&seen);
    buf_release(&line);
    return rc;
}

/* --- use --- */

int multiprog_argv(const char *text, uint32_t task, struct meta_strs *argv, struct err *e)
{
    struct buf line = BUF_INIT;
    uint32_t number = 0;

    while (next_line(&text, &line, &number)) {
        if (line_argv(line.s, task, argv)) {
            buf_release(&line);
            return 0;
        }
    }
    buf_release(&line);
    return err_set(e, MULTIPROG_BAD, "multi-prog: no program for task %u", task);
}
