/* SPDX-License-Identifier: Apache-2.0 */
#include "os/devices.h"

#include <string.h>
#include <unistd.h>

#include "base/mem.h"

void devices_check(struct node *node, struct buf *comment)
{
    for (uint32_t i = 0; i < node->gres.n; i++) {
        struct gres_decl *g = &node->gres.v[i];
        uint32_t missing = 0;
        const char *first = NULL;

        for (uint32_t f = 0; f < g->files.n; f++) {
            if (access(g->files.v[f], F_OK) == 0)
                continue;
            missing++;
            first = first ? first : g->files.v[f];
        }
        g->stand_in = missing > 0;
        if (!missing)
            continue;
        buf_addf(comment, "%s%u stand-in%s for absent %s%s%s device%s (%s%s)", comment->len ? "; " : "",
                 missing, missing == 1 ? "" : "s", g->name, g->type ? ":" : "", g->type ? g->type : "",
                 missing == 1 ? "" : "s", first, missing == 1 ? "" : " ...");
    }
}

const char *devices_missing(const struct node *node)
{
    for (uint32_t i = 0; i < node->gres.n; i++)
        for (uint32_t f = 0; f < node->gres.v[i].files.n; f++)
            if (access(node->gres.v[i].files.v[f], F_OK) < 0)
                return node->gres.v[i].files.v[f];
    return NULL;
}

/* Devices of one name are counted on over all declarations of that name. */
static uint32_t next_index(const struct step_launch *l, const char *name)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < l->devices.n; i++)
        n += strcmp(l->devices.v[i].gres, name) == 0;
    return n;
}

void devices_list(const struct node *node, struct step_launch *l)
{
    for (uint32_t i = 0; i < node->gres.n; i++) {
        const struct gres_decl *g = &node->gres.v[i];

        for (uint32_t f = 0; f < g->files.n; f++) {
            uint32_t index = next_index(l, g->name);
            struct step_device *d = meta_recs_push(&record_step_device, &l->devices);

            d->gres = mem_strdup(g->name);
            d->index = index;
            d->path = mem_strdup(g->files.v[f]);
        }
    }
}
