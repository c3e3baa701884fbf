/* SPDX-License-Identifier: Apache-2.0 */
#include "core/array.h"

#include <string.h>

#include "base/text.h"
#include "model/errors.h"
#include "model/jobtext.h"

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

int array_parse(struct array_spec *ret, const char *text, uint32_t id_limit, struct err *e)
{
    *ret = (struct array_spec){.step = 1};
    bool ok;
    const char *s = text;
    bool bracket = *s == '[';
    s += bracket;
    for (ok = take_range(&s, ret, id_limit); ok && *s == ',';) {
        s++;
        ok = take_range(&s, ret, id_limit);
    }
    if (ok && *s == '%') {
        s++;
        ok = take_number(&s, &ret->running_max);
    }
    if (ok && bracket)
        ok = *s++ == ']';
    if (ok && !*s)
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
