/* SPDX-License-Identifier: Apache-2.0 */
#include "core/conf_names.h"

#include <string.h>

#include "base/hostlist.h"
#include "base/mem.h"
#include "base/text.h"

/* The list behind the name of a NodeSet, or NULL. */
static const char *nodeset(const struct state *s, const char *name)
{
    size_t len = strlen(name);
    for (uint32_t i = 0; i < s->policy->nodesets.n; i++) {
        const char *row = s->policy->nodesets.v[i];
        if (strncmp(row, name, len) == 0 && row[len] == '=')
            return row + len + 1;
    }
    return NULL;
}

static void add_all(const struct state *s, struct bits *ret)
{
    const struct node *n;
    for (uint32_t i = 0; (n = ptree_next(&s->nodes, &i)); i++)
        bits_set(ret, i);
}

static int add_hosts(const struct state *s, const char *text, struct bits *ret, struct err *e)
{
    struct hostlist list = {0};
    if (hostlist_parse(&list, text, NULL) < 0)
        return err_set(e, ESLURM_INVALID_NODE_NAME, "Invalid node name specified");
    struct host_iter it = {.list = &list};
    const char *name;
    int rc = 0;
    while (rc == 0 && (name = host_iter_next(&it))) {
        const struct node *n = state_node(s, name);
        if (n)
            bits_set(ret, n->index);
        else if (e)
            rc = err_set(e, ESLURM_INVALID_NODE_NAME, "Invalid node name specified");
    }
    hostlist_release(&list);
    return rc;
}

int names_to_nodes(const struct state *s, const char *names, struct bits *ret, struct err *e)
{
    if (!names)
        return 0;
    struct text_list pieces = {0};
    text_split(&pieces, names, ',');
    int rc = 0;
    for (uint32_t i = 0; i < pieces.n && rc == 0; i++) {
        const char *set = nodeset(s, pieces.v[i]);
        if (text_same_nocase(pieces.v[i], "ALL"))
            add_all(s, ret);
        else
            rc = add_hosts(s, set ? set : pieces.v[i], ret, e);
    }
    text_list_release(&pieces);
    return rc;
}

char *nodes_to_names(const struct state *s, const struct bits *nodes)
{
    struct hostlist list = {0};
    for (uint32_t i = 0; (i = bits_next(nodes, i)) != BITS_MAX; i++) {
        const struct node *n = state_node_at(s, i);
        if (n)
            (void)hostlist_push(&list, n->name, NULL);
    }
    (void)hostlist_sort(&list, NULL);
    struct buf text = BUF_INIT;
    hostlist_text(&list, &text);
    hostlist_release(&list);
    return buf_take(&text);
}
