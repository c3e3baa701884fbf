/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/gresview.h"

#include "base/text.h"

static void add_one(const char *name, const char *type, uint64_t count, const struct bits *index,
                    bool always_index, struct buf *out)
{
    buf_addf(out, "%s%s%s:%llu", name, type && *type ? ":" : "", type ? type : "", (unsigned long long)count);
    bool any = index && bits_any(index);
    if (!any && !always_index)
        return;
    buf_adds(out, "(IDX:");
    if (any)
        bits_text(index, out);
    else
        buf_adds(out, "N/A");
    buf_addc(out, ')');
}

/* What jobs hold of a declared kind; a holding without type counts for the first kind of its name. */
static const struct job_gres *find_used(const struct node *n, const struct gres_decl *decl)
{
    for (uint32_t k = 0; k < n->gres_used.n; k++) {
        const struct job_gres *used = &n->gres_used.v[k];
        if (text_same(used->name, decl->name) && (!used->type || text_same(used->type, decl->type)))
            return used;
    }
    return NULL;
}

void gresview_used(const struct node *n, struct buf *out)
{
    for (uint32_t i = 0; i < n->gres.n; i++) {
        const struct gres_decl *decl = &n->gres.v[i];
        const struct job_gres *used = find_used(n, decl);
        if (i)
            buf_addc(out, ',');
        add_one(decl->name, decl->type, used ? used->count : 0, used ? &used->index : NULL, decl->files.n > 0,
                out);
    }
}

void gresview_job_node(const struct job_node *n, struct buf *out)
{
    for (uint32_t i = 0; i < n->gres.n; i++) {
        const struct job_gres *g = &n->gres.v[i];
        if (i)
            buf_addc(out, ',');
        add_one(g->name, g->type, g->count, &g->index, false, out);
    }
}
