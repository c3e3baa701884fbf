/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/lines.h"

#include <string.h>

#include "base/mem.h"

static void add_keys(struct lines *l, const void *row)
{
    for (uint32_t i = 0; i < l->sort->keys.n; i++) {
        const struct column *c = l->sort->keys.v[i].column;
        union line_key *key = VEC_PUSH(&l->keys);
        if (c->order) {
            key->number = c->order(row, l->ctx);
            continue;
        }
        key->text = l->text.len;
        c->text(row, l->ctx, &l->text);
        buf_addc(&l->text, '\0');
    }
}

void lines_add(struct lines *l, const void *row)
{
    struct line *line = VEC_PUSH(&l->list);
    line->key = l->keys.n;
    add_keys(l, row);
    line->begin = l->text.len;
    layout_row(l->layout, row, l->ctx, &l->text);
    line->len = (uint32_t)(l->text.len - line->begin);
}

static int compare(const void *a, const void *b, void *arg)
{
    const struct lines *l = arg;
    const union line_key *x = &l->keys.v[((const struct line *)a)->key],
                         *y = &l->keys.v[((const struct line *)b)->key];
    for (uint32_t i = 0; i < l->sort->keys.n; i++) {
        const struct sort_key *k = &l->sort->keys.v[i];
        int d = k->column->order ? (x[i].number > y[i].number) - (x[i].number < y[i].number)
                                 : strcmp(l->text.s + x[i].text, l->text.s + y[i].text);
        if (d)
            return k->descending ? -d : d;
    }
    return 0;
}

void lines_sort(struct lines *l)
{
    if (l->sort->keys.n)
        vec_sort(l->list.v, l->list.n, sizeof *l->list.v, compare, l);
}

void lines_release(struct lines *l)
{
    buf_release(&l->text);
    VEC_FREE(&l->list);
    VEC_FREE(&l->keys);
}
