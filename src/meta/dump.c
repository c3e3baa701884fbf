/* SPDX-License-Identifier: Apache-2.0 */
/* meta.h: a record for people who debug. */
#include "meta/kind.h"

void meta_dump(const struct meta_record *r, const void *rec, struct buf *out)
{
    for (uint32_t i = 0; i < r->n; i++) {
        const struct meta_field *f = &r->fields[i];
        if (meta_field_default(f, rec))
            continue;
        buf_adds(out, f->name);
        buf_adds(out, " = ");
        if (f->flags & META_F_SECRET)
            buf_adds(out, "(hidden)");
        else
            meta_text(f, rec, out);
        buf_addc(out, '\n');
    }
}
