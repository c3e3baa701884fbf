/* SPDX-License-Identifier: Apache-2.0 */
/* topology.yaml: several topologies, of which the default one is in force for every partition. */
#include <string.h>

#include "base/mem.h"
#include "conf/topology.h"
#include "conf/yamltree.h"

static const char *const kinds[] = {"block", "flat", "ring", "torus3d", "tree"};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

static const char no_plugin[] = "Failed to initialize topology plugin";

static void refuse(struct topo_reader *t, uint32_t line, char *text)
{
    load_error(t->l, no_plugin, t->path, line, NULL, "%s", text);
    mem_free(text);
    t->failed = true;
}

static void wrong_kind(struct topo_reader *t, const char *where, const struct yaml *y, const char *wanted)
{
    refuse(t, y->line,
           buf_format("source: #/%s, description: Unexpected type %s when expecting a %s", where,
                      yaml_kind_text(y), wanted));
}

static const char *text_of(const struct yaml *map, const char *key)
{
    const struct yaml *y = yaml_get(map, key);
    return y && y->kind == YAML_SCALAR ? y->text : NULL;
}

static bool is_true(const struct yaml *y)
{
    static const char *const words[] = {"true", "yes", "on", "1"};
    for (size_t i = 0; y && y->kind == YAML_SCALAR && i < sizeof words / sizeof words[0]; i++)
        if (text_same_nocase(y->text, words[i]))
            return true;
    return false;
}

/* The list of switches or blocks. */
static void read_units(struct topo_reader *t, const struct yaml *list, const char *where,
                       const char *name_key)
{
    if (!list)
        return;
    if (list->kind != YAML_LIST) {
        wrong_kind(t, where, list, "list");
        return;
    }
    for (uint32_t i = 0; i < list->entries.n && !t->failed; i++) {
        const struct yaml *y = &list->entries.v[i].value;
        const char *name = text_of(y, name_key), *children = t->block ? NULL : text_of(y, "children");
        if (!name) {
            topo_fatal(t, buf_format("Can't create a %s without a name", name_key));
            return;
        }
        *VEC_PUSH(&t->units) = (struct topo_unit){.name = mem_strdup(name),
                                                  .nodes = mem_strdup(children ? NULL : text_of(y, "nodes")),
                                                  .children = mem_strdup(children),
                                                  .level = -1,
                                                  .parent = NO_VAL};
    }
}

/* Each size is the first one times a power of two, larger than the one before. */
static void read_sizes(struct topo_reader *t, const struct yaml *y, struct topo_plan *plan)
{
    struct buf text = BUF_INIT;
    uint32_t first = 0, last = 0;
    const struct yaml_entry one = {.value = y ? *y : (struct yaml){0}};
    bool list = y && y->kind == YAML_LIST;
    for (uint32_t i = 0; i < (list ? y->entries.n : y != NULL) && !t->failed; i++) {
        const struct yaml *v = list ? &y->entries.v[i].value : &one.value;
        uint32_t n = 0;
        if (v->kind != YAML_SCALAR || !text_to_u32(v->text, &n)) {
            refuse(
                t, v->line,
                buf_format("source: #/block/block_sizes[%u]/, description: Expected integer but got \"%s\"",
                           i, v->kind == YAML_SCALAR ? v->text : yaml_kind_text(v)));
        } else if (!n || n <= last || (first && (n % first || (n / first & (n / first - 1))))) {
            topo_fatal(
                t, buf_format("Invalid BlockSizes value in topology %s", plan->name ? plan->name : "(null)"));
        }
        first = first ? first : n;
        last = n;
        buf_addf(&text, "%s%u", i ? "," : "", n);
    }
    mem_set_str(&plan->block_sizes, text.s);
    buf_release(&text);
}

/* The one kind that it names; -1 where there is none or more than one. */
static int find_kind(struct topo_reader *t, const struct yaml *y)
{
    int found = -1;
    for (int k = 0; k < KINDS; k++) {
        const struct yaml *v = yaml_get(y, kinds[k]);
        if (!v || v->kind == YAML_NULL ||
            (strcmp(kinds[k], "flat") == 0 && v->kind == YAML_SCALAR && !is_true(v)))
            continue;
        if (found >= 0) {
            refuse(t, v->line,
                   buf_format("source: #/%s/, description: Field %s is mutually exclusive with field %s",
                              kinds[k], kinds[k], kinds[found]));
            return -1;
        }
        if (strcmp(kinds[k], "flat") != 0 && v->kind != YAML_MAP) {
            refuse(t, v->line,
                   buf_format("source: #/%s/, description: Rejecting %s when dictionary expected", kinds[k],
                              yaml_kind_text(v)));
            return -1;
        }
        found = k;
    }
    if (found < 0)
        refuse(t, y->line,
               buf_format("cannot create topo context for (null): a topology is one of block, flat, ring, "
                          "torus3d and tree"));
    return found;
}

static void read_topology(struct topo_reader *t, const struct yaml *y)
{
    struct topo_plan *plan = VEC_PUSH(&t->l->c->topologies);
    meta_init(&record_topo_plan, plan);
    if (y->kind != YAML_MAP) {
        wrong_kind(t, "", y, "dictionary");
        return;
    }
    mem_set_str(&plan->name, text_of(y, "topology"));
    plan->cluster_default = is_true(yaml_get(y, "cluster_default"));
    int kind = find_kind(t, y);
    if (kind < 0)
        return;
    mem_set_str(&plan->kind, kinds[kind]);
    const struct yaml *what = yaml_get(y, kinds[kind]);
    t->block = strcmp(kinds[kind], "block") == 0;
    if (t->block) {
        read_sizes(t, yaml_get(what, "block_sizes"), plan);
        read_units(t, yaml_get(what, "blocks"), "block/blocks/", "block");
    } else if (strcmp(kinds[kind], "tree") == 0) {
        read_units(t, yaml_get(what, "switches"), "tree/switches/", "switch");
    } else if (strcmp(kinds[kind], "flat") != 0) {
        load_warning(t->l, t->path, y->line, NULL, "topology %s: %s is taken as a flat network",
                     plan->name ? plan->name : "(null)", kinds[kind]);
    }
    topo_finish(t, plan);
}

/* The first with cluster_default, else the first, is in force and comes first. */
static void choose(struct conf *c)
{
    uint32_t chosen = 0;
    while (chosen < c->topologies.n && !c->topologies.v[chosen].cluster_default)
        chosen++;
    if (!c->topologies.n)
        return;
    struct topo_plan plan = c->topologies.v[chosen < c->topologies.n ? chosen : (chosen = 0)];
    memmove(&c->topologies.v[1], &c->topologies.v[0], sizeof plan * chosen);
    c->topologies.v[0] = plan;
    topo_use(c, &plan);
}

bool load_topology_yaml(struct loader *l)
{
    char *path = reader_join(l->c->dir, "topology.yaml"), *text = NULL;
    struct topo_reader t = {.l = l, .path = path};
    struct yaml y = {0};
    struct err why;
    int rc = l->source->read(l->source->ctx, path, &text, &why);
    bool there = rc == 0 || why.code != CONF_ENOENT;
    if (rc < 0 && there) {
        refuse(&t, 0, buf_format("%s", why.text));
    } else if (there) {
        text_list_push(&l->c->paths, path);
        text_list_push(&l->c->texts, text);
        if (yaml_parse(text, &y, &why) < 0)
            refuse(&t, 0, buf_format("YAML parser error: %s", why.text));
        else if (y.kind == YAML_MAP)
            read_topology(&t, &y);
        else if (y.kind != YAML_LIST)
            wrong_kind(&t, "", &y, "list");
        for (uint32_t i = 0; y.kind == YAML_LIST && i < y.entries.n && !t.failed; i++)
            read_topology(&t, &y.entries.v[i].value);
        if (!t.failed)
            choose(l->c);
        yaml_release(&y);
    }
    mem_free(text);
    mem_free(path);
    return there;
}
