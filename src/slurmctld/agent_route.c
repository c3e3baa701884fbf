/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TopologyParam=RoutePart and RouteTree: which nodes belong together in the controller's trees. With
 * RoutePart those whose first partition is the same, with RouteTree those of a leaf switch; each such group
 * is one part of a tree, and is split by TreeWidth from its head on.
 */
#include "base/hostlist.h"
#include "base/mem.h"
#include "slurmctld/agent.h"

static uint32_t first_part(const struct snapshot *s, uint32_t node_index)
{
    const struct part *p;

    for (uint32_t i = 0; (p = ptree_next(&s->parts, &i)); i++)
        if (bits_test(&p->members, node_index))
            return i;
    return ROUTE_ALONE;
}

/* Names of nodes -> 1 + the number of their leaf switch; kept while the configuration is the same. */
static void read_switches(struct agent *a, struct shared_conf *conf)
{
    uint32_t n;
    const struct topo_switch *t = conf_topology(conf->conf, &n);

    if (a->route_conf == conf)
        return;
    routes_release(a);
    a->route_conf = conf;
    shared_keep(&conf->sh);
    for (uint32_t i = 0; i < n; i++) {
        struct hostlist names = {0};
        struct host_iter it = {.list = &names};
        const char *name;
        if (t[i].level == 0 && !t[i].block && hostlist_parse(&names, t[i].nodes, NULL) == 0)
            while ((name = host_iter_next(&it)))
                map_str_put(&a->route_leaf, name, (void *)(uintptr_t)(i + 1));
        hostlist_release(&names);
    }
}

void routes_release(struct agent *a)
{
    map_str_release(&a->route_leaf);
    if (a->route_conf)
        ctld_conf_drop(a->route_conf);
    a->route_conf = NULL;
}

static int by_group(const void *x, const void *y, void *arg)
{
    const struct routed *a = x, *b = y;

    (void)arg;
    return a->group < b->group ? -1 : a->group > b->group;
}

bool routes_sort(struct agent *a, struct shared_conf *conf, const struct snapshot *s, struct routed *v,
                 uint32_t n)
{
    bool by_part = conf_has_param(conf->conf, CONF_TOPOLOGY_PARAM, "RoutePart", NULL);

    if (!by_part && !conf_has_param(conf->conf, CONF_TOPOLOGY_PARAM, "RouteTree", NULL))
        return false;
    if (!by_part)
        read_switches(a, conf);
    if (!by_part && !map_str_count(&a->route_leaf))
        return false;
    for (uint32_t i = 0; i < n; i++) {
        const struct node *node = ptree_get(&s->nodes, v[i].node);
        v[i].group =
            by_part ? first_part(s, v[i].node) : (uint32_t)(uintptr_t)map_str_get(&a->route_leaf, node->name);
        if (!by_part && !v[i].group)
            v[i].group = ROUTE_ALONE;
    }
    vec_sort(v, n, sizeof *v, by_group, NULL);
    return true;
}
