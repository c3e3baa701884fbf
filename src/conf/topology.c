/* SPDX-License-Identifier: Apache-2.0 */
/* topology.conf: the switches of topology/tree and the blocks of topology/block, as records of struct
 * topo_switch. */
#include "conf/topology.h"

#include <string.h>

#include "base/mem.h"
#include "conf/lex.h"

void topo_refuse(struct topo_reader *t, uint32_t line, const char *what, const char *detail)
{
    char *fatal = buf_format("something wrong with opening/reading %s: Invalid argument", t->path);
    load_error(t->l, fatal, t->path, line, NULL, "%s%s", what, detail);
    mem_free(fatal);
    t->failed = true;
}

/* False when the key is not one of this kind of topology. */
static bool set_key(struct topo_reader *t, struct topo_unit *u, const char *key, const char *value)
{
    if (text_same_nocase(key, t->block ? "BlockName" : "SwitchName"))
        mem_set_str(&u->name, value);
    else if (text_same_nocase(key, "Nodes"))
        mem_set_str(&u->nodes, value);
    else if (!t->block && text_same_nocase(key, "Switches"))
        mem_set_str(&u->children, value);
    else if (!t->block && text_same_nocase(key, "LinkSpeed"))
        return text_to_u32(value, &u->speed);
    else
        return t->block && text_same_nocase(key, "BlockSizes");
    return true;
}

static void take_line(void *ctx, const struct conf_place *at, const char *text)
{
    struct topo_reader *t = ctx;
    struct lex_pair pair = {BUF_INIT, BUF_INIT};
    struct topo_unit u = {.speed = 1, .level = -1, .parent = NO_VAL};
    int got;
    while ((got = lex_pair(&text, &pair)) > 0)
        if (!set_key(t, &u, pair.key.s, pair.value.s))
            topo_refuse(t, at->line, "_parse_next_key: Parsing error at unrecognized key: ", pair.key.s);
    if (got < 0)
        topo_refuse(t, at->line, "Parse error at: ", text);
    if (u.nodes && u.children)
        topo_refuse(t, at->line, u.name ? u.name : "", ": switch has both child switches and nodes");
    if (u.name) {
        *VEC_PUSH(&t->units) = u;
    } else {
        mem_free(u.nodes);
        mem_free(u.children);
    }
    lex_pair_release(&pair);
}

void topo_fatal(struct topo_reader *t, char *text)
{
    load_error(t->l, text, t->path, 0, NULL, "%s", text);
    mem_free(text);
    t->failed = true;
}

static struct topo_unit *find_unit(struct topo_reader *t, const char *name)
{
    for (uint32_t i = 0; i < t->units.n; i++)
        if (strcmp(t->units.v[i].name, name) == 0)
            return &t->units.v[i];
    return NULL;
}

/* Nodes that are not configured are left out with a warning. */
static void find_nodes(struct topo_reader *t, struct topo_unit *u)
{
    struct hostlist given = {0}, unknown = {0};
    struct buf text = BUF_INIT;
    struct err why;
    u->level = u->children ? -1 : 0;
    if (!u->nodes)
        return;
    if (text_same_nocase(u->nodes, "ALL")) {
        (void)conf_expand_nodes(t->l->c, u->nodes, &u->members, NULL);
        return;
    }
    if (hostlist_parse(&given, u->nodes, &why) < 0)
        topo_refuse(t, 0, "hostlist: ", why.text);
    struct host_iter it = {.list = &given};
    for (const char *name; (name = host_iter_next(&it));)
        if (conf_expand_nodes(t->l->c, name, &u->members, NULL) < 0)
            (void)hostlist_push(&unknown, name, NULL);
    if (unknown.count) {
        hostlist_text(&unknown, &text);
        load_warning(t->l, t->path, 0, NULL, "Invalid hostnames in switch configuration: %s", text.s);
    }
    buf_release(&text);
    hostlist_release(&given);
    hostlist_release(&unknown);
}

/* One round over the switches whose children are known by now; false when nothing moved. */
static bool climb(struct topo_reader *t)
{
    bool moved = false;
    for (uint32_t i = 0; i < t->units.n && !t->failed; i++) {
        struct topo_unit *u = &t->units.v[i];
        struct hostlist below = {0};
        struct bits members = {0};
        int level = 0;
        if (u->level >= 0 || hostlist_parse(&below, u->children, NULL) < 0)
            continue;
        struct host_iter it = {.list = &below};
        for (const char *name; level >= 0 && (name = host_iter_next(&it));) {
            struct topo_unit *child = find_unit(t, name);
            if (!child) {
                topo_fatal(t, buf_format("Switch configuration %s has invalid child (%s)", u->name, name));
                break;
            }
            child->parent = i;
            bits_or(&members, &child->members);
            level = child->level < 0 ? -1 : child->level > level ? child->level : level;
        }
        if (level >= 0 && !t->failed) {
            u->level = level + 1;
            bits_or(&u->members, &members);
            moved = true;
        }
        bits_release(&members);
        hostlist_release(&below);
    }
    return moved;
}

static void check_reach(struct topo_reader *t)
{
    uint32_t nodes = t->l->c->nodes.n, most = 0;
    struct bits all = {0}, away = {0};
    for (uint32_t i = 0; i < t->units.n; i++) {
        uint32_t n = bits_count(&t->units.v[i].members);
        most = n > most ? n : most;
        bits_or(&all, &t->units.v[i].members);
    }
    if (nodes)
        bits_set_range(&away, 0, nodes - 1);
    bits_minus(&away, &all);
    if (most && bits_any(&away) && !t->block) {
        struct hostlist names = {0};
        struct buf text = BUF_INIT;
        for (uint32_t i = bits_next(&away, 0); i < nodes; i = bits_next(&away, i + 1))
            (void)hostlist_push(&names, t->l->c->nodes.v[i].name, NULL);
        hostlist_text(&names, &text);
        load_warning(t->l, t->path, 0, NULL, "switches lack access to %u nodes: %s", names.count, text.s);
        hostlist_release(&names);
        buf_release(&text);
    }
    if (t->units.n && most < nodes && !t->block)
        load_warning(t->l, t->path, 0, NULL,
                     "TOPOLOGY: no switch can reach all nodes through its descendants. If this is not "
                     "intentional, fix the topology.conf file.");
    bits_release(&all);
    bits_release(&away);
}

static void make_records(struct topo_reader *t, struct topo_plan *ret)
{
    const struct conf *c = t->l->c;
    for (uint32_t i = 0; i < t->units.n; i++) {
        const struct topo_unit *u = &t->units.v[i];
        struct topo_switch *s = meta_recs_push(&record_topo_switch, &ret->units);
        struct hostlist names = {0};
        struct buf text = BUF_INIT;
        for (uint32_t k = bits_next(&u->members, 0); k < c->nodes.n; k = bits_next(&u->members, k + 1))
            (void)hostlist_push(&names, c->nodes.v[k].name, NULL);
        (void)hostlist_sort(&names, NULL);
        hostlist_text(&names, &text);
        s->name = mem_strdup(u->name);
        s->level = u->level < 0 ? 0 : (uint32_t)u->level;
        s->link_speed = u->speed;
        s->nodes = mem_strdup(text.s);
        s->children = mem_strdup(u->children);
        s->parent = u->parent != NO_VAL ? mem_strdup(t->units.v[u->parent].name) : NULL;
        s->block = t->block;
        s->size = names.count;
        buf_release(&text);
        hostlist_release(&names);
    }
}

void topo_finish(struct topo_reader *t, struct topo_plan *ret)
{
    for (uint32_t i = 0; i < t->units.n && !t->failed; i++) {
        struct topo_unit *u = &t->units.v[i];
        if (find_unit(t, u->name) != u)
            topo_fatal(
                t, buf_format("%s (%s) has already been defined", t->block ? "Block" : "Switch", u->name));
        else
            find_nodes(t, u);
    }
    while (!t->failed && climb(t))
        ;
    if (!t->failed) {
        check_reach(t);
        make_records(t, ret);
    }
    for (uint32_t i = 0; i < t->units.n; i++) {
        mem_free(t->units.v[i].name);
        mem_free(t->units.v[i].nodes);
        mem_free(t->units.v[i].children);
        bits_release(&t->units.v[i].members);
    }
    VEC_FREE(&t->units);
}

void topo_use(struct conf *c, const struct topo_plan *plan)
{
    for (uint32_t i = 0; i < plan->units.n; i++) {
        struct topo_switch *s = VEC_PUSH(&c->topology);
        meta_copy(&record_topo_switch, s, &plan->units.v[i]);
    }
}

static void load_topology_conf(struct loader *l, bool block)
{
    char *path = reader_join(l->c->dir, "topology.conf"), *text = NULL;
    struct topo_reader t = {.l = l, .path = path, .block = block};
    struct reader reader = {.source = l->source, .msgs = l->msgs, .take = take_line, .ctx = &t};
    struct topo_plan plan;
    struct err why;
    meta_init(&record_topo_plan, &plan);
    if (reader_optional(&reader, path, &why) < 0)
        topo_refuse(&t, 0, "topology.conf: ", why.text);
    if (l->source->read(l->source->ctx, path, &text, &why) == 0) {
        text_list_push(&l->c->paths, path);
        text_list_push(&l->c->texts, text);
    }
    topo_finish(&t, &plan);
    topo_use(l->c, &plan);
    meta_release(&record_topo_plan, &plan);
    mem_free(text);
    mem_free(path);
}

void load_topology(struct loader *l)
{
    const char *plugin = conf_str(l->c, CONF_TOPOLOGY_PLUGIN);
    bool block = text_same(plugin, "topology/block");
    if (!load_topology_yaml(l) && (block || text_same(plugin, "topology/tree")))
        load_topology_conf(l, block);
}

const struct topo_switch *conf_topology(const struct conf *c, uint32_t *ret_n)
{
    *ret_n = c->topology.n;
    return c->topology.v;
}

static bool has_node(const struct topo_switch *s, const char *node)
{
    struct hostlist l = {0};
    bool there = hostlist_parse(&l, s->nodes, NULL) == 0 && hostlist_find(&l, node) >= 0;
    hostlist_release(&l);
    return there;
}

static const struct topo_switch *by_name(const struct conf *c, const char *name)
{
    for (uint32_t i = 0; i < c->topology.n && name; i++)
        if (strcmp(c->topology.v[i].name, name) == 0)
            return &c->topology.v[i];
    return NULL;
}

void conf_topology_address(const struct conf *c, const char *node, struct buf *addr, struct buf *pattern)
{
    const struct topo_switch *path[64];
    uint32_t depth = 0;
    for (uint32_t i = 0; i < c->topology.n && !depth; i++)
        if (c->topology.v[i].level == 0 && has_node(&c->topology.v[i], node))
            path[depth++] = &c->topology.v[i];
    for (const struct topo_switch *up; depth && depth < 64 && (up = by_name(c, path[depth - 1]->parent));)
        path[depth++] = up;
    while (depth--) {
        buf_addf(addr, "%s.", path[depth]->name);
        buf_adds(pattern, path[depth]->block ? "block." : "switch.");
    }
    buf_adds(addr, node);
    buf_adds(pattern, "node");
}

const struct topo_plan *conf_topologies(const struct conf *c, uint32_t *ret_n)
{
    *ret_n = c->topologies.n;
    return c->topologies.v;
}
