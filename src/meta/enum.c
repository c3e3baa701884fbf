/* SPDX-License-Identifier: Apache-2.0 */
/* meta.h: names of values, and finding fields by name. */
#include "meta/meta.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"

const char *meta_enum_text(const struct meta_enum *e, uint64_t value)
{
    if (value < e->n && e->names[value].value == value)
        return e->names[value].name;
    for (uint32_t i = 0; i < e->n; i++)
        if (e->names[i].value == value)
            return e->names[i].name;
    return NULL;
}

bool meta_enum_value(const struct meta_enum *e, const char *text, uint64_t *ret_value)
{
    for (uint32_t i = 0; i < e->n; i++) {
        const struct meta_enum_name *n = &e->names[i];
        if (text_casecmp(n->name, text) == 0 || (n->alt && text_casecmp(n->alt, text) == 0)) {
            *ret_value = n->value;
            return true;
        }
    }
    return false;
}

void meta_flags_text(const struct meta_enum *e, uint64_t flags, const char *sep, struct buf *out)
{
    const char *between = "";
    for (uint32_t i = 0; i < e->n; i++) {
        if (!(flags & e->names[i].value))
            continue;
        buf_adds(out, between);
        buf_adds(out, e->names[i].name);
        between = sep;
        flags &= ~e->names[i].value;
    }
    if (flags) /* bits of a newer peer */
        buf_addf(out, "%s0x%" PRIx64, between, flags);
}

const struct meta_field *meta_find(const struct meta_record *r, const char *name)
{
    for (uint32_t i = 0; i < r->n; i++)
        if (strcmp(r->fields[i].name, name) == 0)
            return &r->fields[i];
    return NULL;
}

const struct meta_field *meta_find_kv(const struct meta_record *r, const char *key)
{
    for (uint32_t i = 0; i < r->n; i++)
        if (r->fields[i].kv && text_casecmp(r->fields[i].kv, key) == 0)
            return &r->fields[i];
    return NULL;
}
