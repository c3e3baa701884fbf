/* SPDX-License-Identifier: Apache-2.0 */
#include "model/pattern.h"

#include <stdbool.h>
#include <string.h>

#include "base/text.h"
#include "meta/meta.h"
#include "model/jobtext.h"

enum { PATTERN_WIDTH_MAX = 10 };

/* What %s is for the steps that have no number; NULL for the others. */
static const char *pattern_step_name(uint32_t step_id)
{
    switch (step_id) {
    case STEP_BATCH:
        return "batch";
    case STEP_EXTERN:
        return "extern";
    case STEP_INTERACTIVE:
        return "interactive";
    default:
        return NULL;
    }
}

/* Where the number of a symbol comes from; texts have their own table. */
static bool pattern_number(char symbol, const struct pattern_values *v, uint32_t *ret)
{
    /* Slurm prints NO_VAL for the array index of a batch job that is not an array, and 0 in a step of srun.
     */
    uint32_t no_index = pattern_step_name(v->step_id) ? NO_VAL : 0;
    uint32_t index = v->array_task_id == NO_VAL ? no_index : v->array_task_id;

    switch (symbol) {
    case 'A':
        *ret = v->array_job_id ? v->array_job_id : v->job_id;
        return true;
    case 'a':
        *ret = index;
        return true;
    case 'b':
        *ret = index % 10;
        return true;
    case 'j':
        *ret = v->job_id;
        return true;
    case 'n':
        *ret = v->node_rank;
        return true;
    case 'r':
        *ret = v->restarts;
        return true;
    case 's':
        *ret = v->step_id;
        return !pattern_step_name(v->step_id);
    case 't':
        *ret = v->task;
        return true;
    default:
        return false;
    }
}

static bool pattern_text(char symbol, const struct pattern_values *v, struct buf *out)
{
    switch (symbol) {
    case 'J':
        buf_addf(out, "%u", v->job_id);
        if (!pattern_step_name(v->step_id))
            buf_addf(out, ".%u", v->step_id);
        return true;
    case 'N':
        buf_add(out, v->node_name, strcspn(v->node_name, "."));
        return true;
    case 'S':
        buf_adds(out, v->sluid);
        return true;
    case 's':
        buf_adds(out, pattern_step_name(v->step_id));
        return true;
    case 'u':
        buf_adds(out, v->user_name);
        return true;
    case 'x':
        buf_adds(out, v->job_name);
        return true;
    case '%':
        buf_addc(out, '%');
        return true;
    default:
        return false;
    }
}

/* Handles one symbol, p behind its percent sign; gives the first byte after it. */
static const char *pattern_symbol(const char *p, const struct pattern_values *v, struct buf *out)
{
    const char *start = p;
    uint32_t width = 0, number;

    for (; text_is_digit(*p); p++)
        width = width > PATTERN_WIDTH_MAX ? width : width * 10 + (uint32_t)(*p - '0');
    if (width > PATTERN_WIDTH_MAX)
        width = PATTERN_WIDTH_MAX;
    if (!*p)
        return p;
    if (pattern_number(*p, v, &number)) {
        buf_addf(out, "%0*u", (int)width, number);
    } else if (!pattern_text(*p, v, out)) {
        buf_addc(out, '%');
        buf_add(out, start, (size_t)(p + 1 - start));
    }
    return p + 1;
}

void pattern_expand(const char *pattern, const struct pattern_values *v, struct buf *out)
{
    bool literal = strchr(pattern, '\\');

    for (const char *p = pattern; *p;) {
        if (*p == '\\') {
            p++;
        } else if (*p == '%' && !literal) {
            p = pattern_symbol(p + 1, v, out);
        } else {
            buf_addc(out, *p++);
        }
    }
}
