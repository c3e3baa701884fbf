/* SPDX-License-Identifier: Apache-2.0 */
#include "core/array.h"

#include <string.h>

#include "base/text.h"
#include "model/errors.h"
#include "model/jobtext.h"

enum { ITEM_MAX = 64 };

static bool take_number(const char **s, uint32_t *ret)
{
    uint64_t v = 0;
    const char *from = *s;
    while (text_is_digit(**s) && v <= UINT32_MAX)
        v = v * 10 + (uint64_t)(*(*s)++ - '0');
    *ret = (uint32_t)v;
    return *s > from && v < NO_VAL;
}

/* FIRST[-LAST[:STEP]] */
static bool take_range(const char **s, struct array_spec *a, uint32_t id_limit)
{
    uint32_t first, last, step = 1;
    if (!take_number(s, &first))
        return false;
    last = first;
    if (**s == '-') {
        (*s)++;
        if (!take_number(s, &last))
            return false;
        if (**s == ':') {
            (*s)++;
            if (!take_number(s, &step) || step == 0)
                return false;
            a->step = step;
        }
    }
    if (last < first || last >= id_limit || last >= BITS_MAX)
        return false;
    for (uint64_t i = first; i <= last; i += step)
        bits_set(&a->tasks, (uint32_t)i);
    return true;
}

/* One item as Slurm takes it: a bracket or blanks may stand before it, a bracket or a limit after it; no
 * digits are 0. */
static bool take_item(const char *item, struct array_spec *a, uint32_t id_limit)
{
    const char *s = text_skip_space(item + (*item == '['));
    if (*s == ']' || *s == '%' || !*s) {
        bits_set(&a->tasks, 0);
        return true;
    }
    struct array_spec one = {.step = 1};
    char tidy[ITEM_MAX];
    size_t n = 0;
    bool range = false;
    for (; *s && n + 1 < sizeof tidy; s++) { /* "1- 3" is "1-3" */
        if (text_is_space(*s) && range)
            continue;
        range = *s == '-';
        tidy[n++] = *s;
    }
    tidy[n] = '\0';
    const char *at = tidy;
    bool ok = !*s && take_range(&at, &one, id_limit);
    at += ok && *at == ']';
    ok = ok && (!*at || *at == '%');
    if (ok) {
        a->step = one.step;
        bits_or(&a->tasks, &one.tasks);
    }
    bits_release(&one.tasks);
    return ok;
}

int array_parse(struct array_spec *ret, const char *text, uint32_t id_limit, struct err *e)
{
    *ret = (struct array_spec){.step = 1};
    struct text_list items = {0};
    text_split(&items, text, ',');
    bool ok = items.n > 0;
    for (uint32_t i = 0; i < items.n && ok; i++)
        ok = take_item(items.v[i], ret, id_limit);
    text_list_release(&items);
    const char *limit = strchr(text, '%');
    if (limit) {
        limit++;
        if (!take_number(&limit, &ret->running_max))
            ret->running_max = 0; /* as many as there is room for */
    }
    if (ok)
        return 0;
    bits_release(&ret->tasks);
    return err_set(e, ESLURM_INVALID_ARRAY, "%s", error_text(ESLURM_INVALID_ARRAY));
}

/* "_3", "_[1-3,8]" or "_*" */
static bool take_tasks(const char **s, struct job_target *t)
{
    if (**s == '*') {
        (*s)++;
        return true;
    }
    bool bracket = **s == '[';
    *s += bracket;
    struct array_spec a = {0};
    bool ok = take_range(s, &a, BITS_MAX);
    while (ok && bracket && **s == ',') {
        (*s)++;
        ok = take_range(s, &a, BITS_MAX);
    }
    if (ok && bracket && **s == '%') {
        uint32_t ignored;
        (*s)++;
        ok = take_number(s, &ignored);
    }
    if (ok && bracket)
        ok = *(*s)++ == ']';
    t->tasks = a.tasks;
    t->has_tasks = true;
    return ok;
}

static bool take_step(const char **s, struct job_target *t)
{
    static const struct {
        const char *name;
        uint32_t id;
    } names[] = {{"batch", STEP_BATCH}, {"extern", STEP_EXTERN}, {"interactive", STEP_INTERACTIVE}};
    for (uint32_t i = 0; i < sizeof names / sizeof *names; i++)
        if (text_starts_nocase(*s, names[i].name)) {
            t->step_id = names[i].id;
            *s += strlen(names[i].name);
            return true;
        }
    return take_number(s, &t->step_id);
}

int job_target_parse(struct job_target *ret, const char *text, struct err *e)
{
    *ret = (struct job_target){.step_id = NO_VAL};
    const char *s = text_skip_space(text);
    bool ok = take_number(&s, &ret->job_id) && ret->job_id;
    if (ok && *s == '+') {
        uint32_t offset;
        s++;
        ok = take_number(&s, &offset);
        ret->job_id += offset;
    }
    if (ok && *s == '_') {
        s++;
        ok = take_tasks(&s, ret);
    }
    if (ok && *s == '.') {
        s++;
        ok = take_step(&s, ret);
    }
    if (ok && !*text_skip_space(s))
        return 0;
    job_target_release(ret);
    return err_set(e, ESLURM_INVALID_JOB_ID, "%s", error_text(ESLURM_INVALID_JOB_ID));
}

void job_target_release(struct job_target *t)
{
    bits_release(&t->tasks);
}
