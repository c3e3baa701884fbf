/* SPDX-License-Identifier: Apache-2.0 */
#include "sched/nodeset.h"

#include "base/bits.h"
#include "base/hostlist.h"
#include "model/errors.h"

int nodeset_parse(const struct sched_view *v, const char *hosts, struct bits *ret, struct err *e)
{
    if (!hosts || !*hosts)
        return 0;
    struct hostlist list = {0};
    struct err why;
    if (hostlist_parse(&list, hosts, &why) < 0)
        return err_set(e, ESLURM_INVALID_NODE_NAME, "%s\n%s", error_text(ESLURM_INVALID_NODE_NAME), why.text);
    struct host_iter it = {.list = &list};
    int r = 0;
    for (const char *name; r == 0 && (name = host_iter_next(&it));) {
        uint32_t index = v->node_index(v->ctx, name);
        if (index == NO_VAL)
            r = err_set(e, ESLURM_INVALID_NODE_NAME, "%s\nno node is called '%s'",
                        error_text(ESLURM_INVALID_NODE_NAME), name);
        else
            bits_set(ret, index);
    }
    hostlist_release(&list);
    return r;
}

char *nodeset_text(const struct sched_view *v, const struct bits *nodes)
{
    struct hostlist list = {0};
    for (uint32_t i = bits_next(nodes, 0); i != BITS_MAX; i = bits_next(nodes, i + 1)) {
        const struct node *n = ptree_get(v->nodes, i);
        if (n)
            hostlist_push(&list, n->name, NULL);
    }
    struct buf text = BUF_INIT;
    hostlist_text(&list, &text);
    hostlist_release(&list);
    return buf_take(&text);
}
