/* SPDX-License-Identifier: Apache-2.0 */
/* What a loaded configuration says. */
#include "conf/internal.h"

#include "base/hash.h"
#include "base/mem.h"

static const struct conf_val *val(const struct conf *c, enum conf_key key)
{
    REQUIRE((unsigned)key < CONF_KEY_COUNT);
    return &c->v[key];
}

const char *conf_str(const struct conf *c, enum conf_key key)
{
    return val(c, key)->text;
}

uint64_t conf_u64(const struct conf *c, enum conf_key key)
{
    const struct conf_val *v = val(c, key);
    if (conf_key_table[key].kind == CONF_KIND_PORTS)
        return v->num & UINT16_MAX;
    return v->num;
}

/* No limit is INFINITE whatever the width of the key. */
uint32_t conf_u32(const struct conf *c, enum conf_key key)
{
    uint64_t v = conf_u64(c, key);
    if ((conf_key_table[key].flags & CONF_KEY_INF) && conf_key_table[key].kind == CONF_KIND_U16 &&
        v == INFINITE16)
        return INFINITE;
    return v >= INFINITE ? INFINITE : (uint32_t)v;
}

bool conf_bool(const struct conf *c, enum conf_key key)
{
    return val(c, key)->num != 0;
}

bool conf_given(const struct conf *c, enum conf_key key)
{
    return val(c, key)->file != NULL;
}

const struct meta_strs *conf_list(const struct conf *c, enum conf_key key)
{
    return &val(c, key)->list;
}

void conf_ports(const struct conf *c, enum conf_key key, uint16_t *ret_first, uint16_t *ret_last)
{
    uint64_t v = val(c, key)->num;
    *ret_first = (uint16_t)v;
    *ret_last = (uint16_t)(v >> 16);
}

bool conf_has_param(const struct conf *c, enum conf_key key, const char *name, const char **ret_value)
{
    const struct meta_strs *list = conf_list(c, key);
    size_t len = strlen(name);
    if (ret_value)
        *ret_value = NULL;
    for (uint32_t i = 0; i < list->n; i++) {
        const char *s = list->v[i];
        if (!text_starts_nocase(s, name) || (s[len] && s[len] != '='))
            continue;
        if (ret_value && s[len])
            *ret_value = s + len + 1;
        return true;
    }
    return false;
}

uint32_t conf_param_u32(const struct conf *c, enum conf_key key, const char *name, uint32_t def)
{
    const char *value;
    uint32_t v;
    return conf_has_param(c, key, name, &value) && value && text_to_u32(value, &v) ? v : def;
}

bool conf_plugin(const struct conf *c, enum conf_key key, const char *name)
{
    const struct meta_strs *list = conf_list(c, key);
    for (uint32_t i = 0; i < list->n; i++) {
        const char *slash = strchr(list->v[i], '/');
        if (text_same_nocase(slash ? slash + 1 : list->v[i], name))
            return true;
    }
    return false;
}

const struct conf_host *conf_hosts(const struct conf *c, uint32_t *ret_n)
{
    *ret_n = c->hosts.n;
    return c->hosts.v;
}

const struct node *conf_nodes(const struct conf *c, uint32_t *ret_n)
{
    *ret_n = c->nodes.n;
    return c->nodes.v;
}

const struct node *conf_node(const struct conf *c, const char *name)
{
    void *found = map_str_get(&c->node_names, name);
    return found ? &c->nodes.v[(uintptr_t)found - 1] : NULL;
}

const struct node *conf_node_by_host(const struct conf *c, const char *host)
{
    void *found = map_str_get(&c->node_hosts, host);
    if (found == HOST_SHARED)
        return NULL;
    return found ? &c->nodes.v[(uintptr_t)found - 1] : conf_node(c, host);
}

const struct part *conf_parts(const struct conf *c, uint32_t *ret_n)
{
    *ret_n = c->parts.n;
    return c->parts.v;
}

const struct part *conf_part(const struct conf *c, const char *name)
{
    for (uint32_t i = 0; i < c->parts.n; i++) {
        if (text_same(c->parts.v[i].name, name))
            return &c->parts.v[i];
    }
    return NULL;
}

const struct conf_nodeset *conf_nodesets(const struct conf *c, uint32_t *ret_n)
{
    *ret_n = c->sets.n;
    return c->sets.v;
}

const struct conf_power_action *conf_power_actions(const struct conf *c, uint32_t *ret_n)
{
    *ret_n = c->power.n;
    return c->power.v;
}

const char *conf_gres_autodetect(const struct conf *c, const char *node_name)
{
    int detect = gres_conf_detect(&c->gres, node_name);
    const struct conf_key_info *k = &conf_line_table[CONF_LINE_GRES].keys[GRES_KEY_AUTO_DETECT];
    for (uint32_t i = 0; detect > 0 && i < k->n_values; i++) {
        if (k->values[i].value == (uint64_t)detect)
            return k->values[i].name;
    }
    return NULL;
}

uint32_t conf_hash(const struct conf *c)
{
    return (uint32_t)(c->hash ^ c->hash >> 32);
}

struct conf_file_list conf_files(const struct conf *c)
{
    return (struct conf_file_list){c->files.v, c->files.n, c->dir};
}

const char *conf_path(const struct conf *c)
{
    return c->path;
}
