/* SPDX-License-Identifier: Apache-2.0 */
#include "sched/licenses.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "model.h"
#include "model/errors.h"

static struct license *find(const struct licenses *l, const char *name, size_t len)
{
    for (uint32_t i = 0; i < l->list.n; i++)
        if (strlen(l->list.v[i].name) == len && memcmp(l->list.v[i].name, name, len) == 0)
            return &l->list.v[i];
    return NULL;
}

/* "name", "name:3" or "name=3": the length of the name, or 0 when the count is no number. */
static size_t read_item(const char *item, uint64_t *ret_count)
{
    size_t len = strcspn(item, ":=");
    *ret_count = 1;
    if (item[len] && !text_to_u64(item + len + 1, ret_count))
        return 0;
    return len;
}

/* Requests separate with ',' or ';' (all of them) or '|' (one of them). */
static char separator(const char *wanted)
{
    size_t at = strcspn(wanted, "|;");
    return wanted[at] ? wanted[at] : ',';
}

void licenses_init(struct licenses *l, const char *configured)
{
    *l = (struct licenses){0};
    struct text_list items = {0};
    text_split(&items, configured ? configured : "", ',');
    for (uint32_t i = 0; i < items.n; i++) {
        uint64_t count;
        size_t len = read_item(items.v[i], &count);
        if (len)
            *VEC_PUSH(&l->list) = (struct license){.name = mem_strndup(items.v[i], len), .total = count};
    }
    text_list_release(&items);
}

void licenses_release(struct licenses *l)
{
    for (uint32_t i = 0; i < l->list.n; i++)
        mem_free(l->list.v[i].name);
    VEC_FREE(&l->list);
}

/* Calls for each wanted license until one says no; any = "one of them is enough" ('|'). */
static bool each(const struct licenses *l, const char *wanted, bool (*ok)(struct license *x, uint64_t count))
{
    if (!wanted || !*wanted)
        return true;
    bool any = separator(wanted) == '|', all = true, one = false;
    struct text_list items = {0};
    text_split(&items, wanted, separator(wanted));
    for (uint32_t i = 0; i < items.n && !(any && one); i++) {
        uint64_t count;
        size_t len = read_item(items.v[i], &count);
        struct license *x = len ? find(l, items.v[i], len) : NULL;
        bool yes = x && ok(x, count);
        all &= yes;
        one |= yes;
    }
    text_list_release(&items);
    return any ? one : all;
}

static bool exists(struct license *x, uint64_t count)
{
    return count <= x->total;
}
static bool named(struct license *x, uint64_t count)
{
    return true;
}
static bool fits(struct license *x, uint64_t count)
{
    return x->used + count <= x->total;
}
static bool take(struct license *x, uint64_t count)
{
    x->used += count;
    return true;
}

int licenses_check(const struct licenses *l, const char *wanted, bool any_count, struct err *e)
{
    return each(l, wanted, any_count ? named : exists)
               ? 0
               : err_set(e, ESLURM_INVALID_LICENSES, "%s", error_text(ESLURM_INVALID_LICENSES));
}

bool licenses_fit(const struct licenses *l, const char *wanted)
{
    return each(l, wanted, fits);
}
void licenses_take(struct licenses *l, const char *wanted)
{
    each(l, wanted, take);
}
