/* SPDX-License-Identifier: Apache-2.0 */
/* scontrol show topology and show topoconf. */
#include <stdlib.h>
#include <string.h>

#include "base/hostlist.h"
#include "base/mem.h"
#include "cli/scontrol.h"

static bool holds(const struct topo_switch *u, const char *node)
{
    struct hostlist l = {0};
    bool there = hostlist_parse(&l, u->nodes, NULL) == 0 && hostlist_find(&l, node) >= 0;
    hostlist_release(&l);
    return there;
}

static void print_unit(const struct topo_switch *u, uint32_t index)
{
    const char *nodes = u->nodes ? u->nodes : "";
    if (u->block)
        printf("BlockName=%s BlockIndex=%u Nodes=%s BlockSize=%u\n", u->name, index, nodes, u->size);
    else if (u->children)
        printf("SwitchName=%s Level=%u LinkSpeed=%u Nodes=%s Switches=%s\n", u->name, u->level, u->link_speed,
               nodes, u->children);
    else
        printf("SwitchName=%s Level=%u LinkSpeed=%u Nodes=%s\n", u->name, u->level, u->link_speed, nodes);
}

/* Units that unit=NAME or node=NAME chooses (p->value NULL: all). Those of topology.conf come by level, those
 * of topology.yaml in its order. */
static uint32_t print_units(const struct topo_switch *units, uint32_t n, const struct pair *p, bool by_level)
{
    bool by_node = p->value && scontrol_is_key(p->key, "node", 1);
    uint32_t shown = 0;
    for (uint32_t level = 0, left = n; left; level++) {
        for (uint32_t i = 0; i < n; i++) {
            const struct topo_switch *u = &units[i];
            if (by_level && u->level != level)
                continue;
            left--;
            if (p->value && (by_node ? !holds(u, p->value) : strcmp(u->name, p->value) != 0))
                continue;
            print_unit(u, i);
            shown++;
        }
    }
    return shown;
}

static const struct topo_plan *find_plan(const struct config_reply *config, const char *name)
{
    for (uint32_t i = 0; i < config->topologies.n; i++)
        if (!name || text_same(config->topologies.v[i].name, name))
            return &config->topologies.v[i];
    return NULL;
}

/* ID is nothing, unit=NAME (also switch=, block=), node=NAME; a mere name is a topology. */
int scontrol_show_topology(struct scontrol *s, const char *id)
{
    struct config_reply config;
    struct err e;
    struct pair p = {.value = NULL};
    if (client_call(cli_ctld(s->cli), MSG_CONFIG, NULL, &config, &e) < 0)
        return scontrol_fail(s, "slurm_load_topo error: ", &e);
    const char *name = id && !scontrol_split(id, &p) ? id : NULL;
    const struct topo_plan *plan = find_plan(&config, name);
    const struct topo_switch *units = plan ? plan->units.v : config.topology.v;
    uint32_t n = plan ? plan->units.n : config.topology.n;
    bool known = plan || !name || (!config.topologies.n && text_same_nocase(name, "default"));
    if (!known)
        fprintf(stderr, "slurm_load_topo error: Requested topology configuration is not available\n");
    else if (!print_units(units, n, &p, !plan) && p.value && n)
        cli_error(s->cli, "Topology information contains no %s named %s", units[0].block ? "block" : "switch",
                  p.value);
    meta_release(&record_config_reply, &config);
    return 0;
}

static void print_switches(const struct topo_plan *plan)
{
    puts("  tree:\n    switches:");
    for (uint32_t i = 0; i < plan->units.n; i++) {
        const struct topo_switch *u = &plan->units.v[i];
        printf("    - switch: %s\n      children:%s%s\n      nodes:%s%s\n", u->name, u->children ? " " : "",
               u->children ? u->children : "", u->children ? "" : " ", u->children ? "" : u->nodes);
    }
}

static void print_blocks(const struct topo_plan *plan)
{
    struct text_list sizes = {0};
    text_split(&sizes, plan->block_sizes ? plan->block_sizes : "", ',');
    puts("  block:\n    block_sizes:");
    for (uint32_t i = 0; i < sizes.n; i++)
        printf("    - %s\n", sizes.v[i]);
    puts("    blocks:");
    for (uint32_t i = 0; i < plan->units.n; i++)
        printf("    - block: %s\n      nodes: %s\n", plan->units.v[i].name, plan->units.v[i].nodes);
    text_list_release(&sizes);
}

/* What a topology.yaml of the present topologies would hold; without that file Slurm leaves its parts empty.
 */
int scontrol_show_topoconf(struct scontrol *s, const char *id)
{
    struct config_reply config;
    struct err e;
    if (client_call(cli_ctld(s->cli), MSG_CONFIG, NULL, &config, &e) < 0)
        return scontrol_fail(s, "slurm_load_topo error: ", &e);
    puts("%YAML 1.1\n---");
    for (uint32_t i = 0; i < config.topologies.n || i == 0; i++) {
        const struct topo_plan *plan = i < config.topologies.n ? &config.topologies.v[i] : NULL;
        const char *kind = plan && plan->kind ? plan->kind : "";
        printf("- topology: %s\n  cluster_default: %s\n", plan ? plan->name : "default",
               plan && plan->cluster_default ? "true" : "false");
        if (strcmp(kind, "block") == 0)
            print_blocks(plan);
        else
            puts("  block: {}");
        printf("  flat: %s\n  ring: {}\n  torus3d: {}\n", strcmp(kind, "flat") == 0 ? "true" : "{}");
        if (strcmp(kind, "tree") == 0)
            print_switches(plan);
        else
            puts("  tree: {}");
    }
    puts("...\n");
    meta_release(&record_config_reply, &config);
    return 0;
}
