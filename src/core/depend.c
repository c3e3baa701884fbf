/* SPDX-License-Identifier: Apache-2.0 */
#include "core/depend.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "model.h"

static const char *const type_names[DEP_TYPE_COUNT] = {
    [DEP_AFTER] = "after",
    [DEP_AFTERANY] = "afterany",
    [DEP_AFTERBURSTBUFFER] = "afterburstbuffer",
    [DEP_AFTERCORR] = "aftercorr",
    [DEP_AFTERNOTOK] = "afternotok",
    [DEP_AFTEROK] = "afterok",
    [DEP_SINGLETON] = "singleton",
};

void depend_release(struct depend *d)
{
    VEC_FREE(&d->parts);
}

static bool find_type(const char *s, size_t len, enum depend_type *ret)
{
    for (int t = 0; t < DEP_TYPE_COUNT; t++)
        if (strlen(type_names[t]) == len && text_casecmp_n(s, type_names[t], len) == 0) {
            *ret = (enum depend_type)t;
            return true;
        }
    return false;
}

static void add_part(struct depend *d, const struct depend_part *p)
{
    for (uint32_t i = 0; i < d->parts.n; i++) {
        const struct depend_part *o = &d->parts.v[i];
        if (o->type == p->type && o->job_id == p->job_id && o->task_id == p->task_id)
            return;
    }
    *VEC_PUSH(&d->parts) = *p;
}

/* Decimal digits at *s, below 2^31. */
static bool take_number(const char **s, uint32_t *ret)
{
    uint64_t v = 0;
    const char *from = *s;
    while (text_is_digit(**s) && v < UINT64_C(1) << 31)
        v = v * 10 + (uint64_t)(*(*s)++ - '0');
    *ret = (uint32_t)v;
    return *s > from && v < UINT64_C(1) << 31;
}

/* "(unfulfilled)" as listings show it. */
static bool take_state(const char **s, struct depend_part *p)
{
    static const char *const texts[] = {"(unfulfilled)", "(fulfilled)", "(failed)"};
    static const enum depend_state states[] = {DEP_OPEN, DEP_FULFILLED, DEP_FAILED};
    if (**s != '(')
        return true;
    for (int i = 0; i < 3; i++)
        if (text_starts(*s, texts[i])) {
            p->state = states[i];
            *s += strlen(texts[i]);
            return true;
        }
    return false;
}

/* ID[_TASK|_*][+MINUTES][(STATE)] */
static bool take_target(const char **s, struct depend_part *p)
{
    p->task_id = NO_VAL;
    p->array = false;
    p->minutes = 0;
    p->state = DEP_OPEN;
    if (!take_number(s, &p->job_id) || p->job_id == 0)
        return false;
    if ((*s)[0] == '_' && (*s)[1] == '*') {
        p->array = true;
        *s += 2;
    } else if (**s == '_') {
        (*s)++;
        if (!take_number(s, &p->task_id))
            return false;
    }
    if (**s == '+') {
        (*s)++;
        if (!take_number(s, &p->minutes))
            return false;
    }
    return take_state(s, p);
}

/* ID_[FIRST[-LAST],...]: one part for each task. */
static bool take_tasks(struct depend *d, const char **s, struct depend_part p)
{
    uint32_t last;
    if (!take_number(s, &p.job_id) || p.job_id == 0)
        return false;
    p.array = false;
    p.minutes = 0;
    p.state = DEP_OPEN;
    for (*s += strlen("_["); **s != ']'; *s += **s == ',') {
        if (!take_number(s, &p.task_id))
            return false;
        last = p.task_id;
        if (**s == '-') {
            (*s)++;
            if (!take_number(s, &last))
                return false;
        }
        if ((**s != ',' && **s != ']') || last < p.task_id)
            return false;
        for (; p.task_id <= last; p.task_id++) {
            if (d->parts.n >= DEPEND_PARTS_MAX)
                return false;
            add_part(d, &p);
        }
    }
    (*s)++;
    return true;
}

static bool has_task_list(const char *s)
{
    s += strspn(s, "0123456789");
    return s[0] == '_' && s[1] == '[' && s[2] != ']';
}

/* TYPE:TARGET[:TARGET...], singleton, or a bare TARGET. */
static bool take_clause(struct depend *d, const char **s)
{
    struct depend_part p = {.type = DEP_AFTERANY, .task_id = NO_VAL};
    if (!text_is_digit(**s)) {
        size_t len = strcspn(*s, ":(,?");
        if (!find_type(*s, len, &p.type))
            return false;
        *s += len;
        if (p.type == DEP_SINGLETON) {
            if (!take_state(s, &p))
                return false;
            add_part(d, &p);
            return true;
        }
        if (*(*s)++ != ':')
            return false;
    }
    for (;;) {
        if (has_task_list(*s)) {
            if (!take_tasks(d, s, p))
                return false;
        } else {
            if (!take_target(s, &p) || d->parts.n >= DEPEND_PARTS_MAX)
                return false;
            add_part(d, &p);
        }
        if (**s != ':')
            return true;
        (*s)++;
    }
}

int depend_parse(struct depend *d, const char *text, struct err *e)
{
    *d = (struct depend){0};
    char sep = '\0';
    if (text_starts_nocase(text, "expand:"))
        return err_set(e, ESLURM_REQUESTED_OPERATION_NOT_SUPPORTED_ON_THIS,
                       "Requested operation not supported on this system");
    for (const char *s = text;;) {
        if (!take_clause(d, &s))
            break;
        if (!*s) {
            d->any = sep == '?';
            return 0;
        }
        if ((*s != ',' && *s != '?') || (sep && *s != sep))
            break;
        sep = *s++;
    }
    depend_release(d);
    *d = (struct depend){0};
    return err_set(e, ESLURM_DEPENDENCY, "Job dependency problem");
}

static void part_text(const struct depend_part *p, struct buf *out)
{
    buf_adds(out, type_names[p->type]);
    if (p->type != DEP_SINGLETON)
        buf_addf(out, ":%u", p->job_id);
    if (p->array)
        buf_adds(out, "_*");
    else if (p->task_id != NO_VAL)
        buf_addf(out, "_%u", p->task_id);
    if (p->minutes)
        buf_addf(out, "+%u", p->minutes);
    buf_adds(out, p->state == DEP_FAILED ? "(failed)" : "(unfulfilled)");
}

bool depend_text(const struct depend *d, struct buf *out)
{
    uint32_t open = 0;
    for (uint32_t i = 0; i < d->parts.n; i++) {
        if (d->parts.v[i].state == DEP_FULFILLED && d->any)
            return true;
        open += d->parts.v[i].state != DEP_FULFILLED;
    }
    if (!open)
        return true;
    for (uint32_t i = 0, shown = 0; i < d->parts.n; i++) {
        if (d->parts.v[i].state == DEP_FULFILLED)
            continue;
        if (shown++)
            buf_addc(out, d->any ? '?' : ',');
        part_text(&d->parts.v[i], out);
    }
    return false;
}

bool depend_never(const struct depend *d)
{
    uint32_t failed = 0;
    for (uint32_t i = 0; i < d->parts.n; i++)
        failed += d->parts.v[i].state == DEP_FAILED;
    return d->any ? failed == d->parts.n : failed > 0;
}
