/* SPDX-License-Identifier: Apache-2.0 */
/* conf.h: from files to a struct conf. */
#include "conf/load.h"

#include "base/hash.h"
#include "base/mem.h"

/* --- hosts and power actions ------------------------------------------------------------------------- */

static void add_host(struct conf *c, const char *name, size_t len, const char *addr, size_t addr_len)
{
    struct conf_host *h = VEC_PUSH(&c->hosts);
    h->name = mem_strndup(name, len);
    h->addr = mem_strndup(addr ? addr : name, addr ? addr_len : len);
}

/* "name" or "name(address)". */
static void read_host(struct loader *l, const char *text)
{
    const struct conf_val *v = &l->c->v[CONF_SLURMCTLD_HOST];
    const char *open = strchr(text, '('), *close = open ? strchr(open, ')') : NULL;
    if (open == text || (open && (!close || close[1] || close == open + 1)) || (!open && strchr(text, ')')))
        load_error(l, NULL, v->file, v->line, "write SlurmctldHost=NAME(ADDRESS)",
                   "Bad value \"%s\" for SlurmctldHost", text);
    else if (open)
        add_host(l->c, text, (size_t)(open - text), open + 1, (size_t)(close - open - 1));
    else
        add_host(l->c, text, strlen(text), NULL, 0);
}

static void old_hosts(struct loader *l)
{
    static const char *const names[OLD_HOSTS] = {"ControlMachine", "ControlAddr", "BackupController",
                                                 "BackupAddr"};
    struct meta_strs *lines = &l->c->v[CONF_SLURMCTLD_HOST].list;
    if (lines->n) {
        for (int i = 0; i < OLD_HOSTS; i++) {
            if (l->old[i].text)
                load_warning(l, l->old[i].file, l->old[i].line, NULL,
                             "Ignoring %s since SlurmctldHost is set.", names[i]);
        }
        return;
    }
    struct buf all = BUF_INIT;
    for (int i = 0; i < OLD_HOSTS && l->old[i].text; i += 2) {
        const char *addr = l->old[i + 1].text;
        char *line = addr ? buf_format("%s(%s)", l->old[i].text, addr) : mem_strdup(l->old[i].text);
        meta_strs_push(lines, line);
        buf_sep(&all, ",");
        buf_adds(&all, line);
        mem_free(line);
    }
    if (lines->n) {
        l->c->v[CONF_SLURMCTLD_HOST].file = l->old[0].file;
        l->c->v[CONF_SLURMCTLD_HOST].line = l->old[0].line;
        l->c->v[CONF_SLURMCTLD_HOST].text = buf_take(&all);
    }
}

void load_hosts(struct loader *l)
{
    old_hosts(l);
    const struct meta_strs *lines = conf_list(l->c, CONF_SLURMCTLD_HOST);
    for (uint32_t i = 0; i < lines->n; i++)
        read_host(l, lines->v[i]);
}

static void load_power(struct loader *l)
{
    for (uint32_t i = 0; i < l->c->records.n; i++) {
        const struct conf_record *r = &l->c->records.v[i];
        if (r->kind != CONF_LINE_POWER_ACTION || !r->text[POWER_KEY_POWER_ACTION])
            continue;
        const char *name = r->text[POWER_KEY_POWER_ACTION], *where = r->text[POWER_KEY_LOCATION];
        if (!text_same_nocase(where, "slurmctld") && !text_same_nocase(where, "slurmd"))
            load_error(l, NULL, r->file, r->line, NULL,
                       "PowerAction '%s' requires Location=slurmctld or Location=slurmd", name);
        else
            *VEC_PUSH(&l->c->power) = (struct conf_power_action){mem_strdup(name), mem_strdup(where),
                                                                 mem_strdup(r->text[POWER_KEY_PROGRAM])};
    }
}

/* --- files ------------------------------------------------------------------------------------------- */

static int read_keys(struct loader *l, enum conf_key_file file, const char *path)
{
    struct reader r = {.source = l->source,
                       .msgs = l->msgs,
                       .dir = l->c->dir,
                       .paths = &l->c->paths,
                       .texts = &l->c->texts,
                       .take = load_line,
                       .ctx = l};
    l->file = file;
    /* ClusterName is known to the includes that follow it. */
    r.cluster = &l->c->v[CONF_CLUSTER_NAME].text;
    struct err why = {0};
    int rc = reader_file(&r, path, &why);
    if (rc < 0 && !l->failed) {
        err_set(l->e, why.code, "%s", why.text);
        l->failed = true;
    }
    return rc;
}

static bool file_exists(struct loader *l, const char *path)
{
    char *text = NULL;
    struct err why;
    bool there = l->source->read(l->source->ctx, path, &text, &why) != -CONF_ENOENT;
    mem_free(text);
    return there;
}

static void load_cgroup(struct loader *l)
{
    char *path = reader_join(l->c->dir, "cgroup.conf");
    if (file_exists(l, path))
        read_keys(l, CONF_FILE_CGROUP, path);
    mem_free(path);
    load_defaults(l, CONF_FILE_CGROUP);
}

static void load_gres(struct loader *l)
{
    struct conf *c = l->c;
    char *path = reader_join(c->dir, "gres.conf"), *text = NULL;
    struct err why = {0};
    if (gres_conf_load(l->source, path, &c->gres, l->msgs, &why) < 0 && !l->failed) {
        err_set(l->e, why.code, "%s", why.text);
        l->failed = true;
    }
    if (l->source->read(l->source->ctx, path, &text, &why) == 0) {
        text_list_push(&c->paths, path);
        text_list_push(&c->texts, text);
    }
    mem_free(text);
    mem_free(path);
    const struct meta_strs *types = conf_list(c, CONF_GRES_TYPES);
    for (uint32_t i = 0; i < c->nodes.n; i++)
        gres_conf_apply(&c->gres, types, &c->nodes.v[i], l->msgs);
}

/* The files under the names that a node gets them by, and the hash of their texts. */
static void name_files(struct conf *c)
{
    size_t dir = strlen(c->dir);
    for (uint32_t i = 0; i < c->paths.n && i < c->texts.n; i++) {
        const char *path = c->paths.v[i];
        struct conf_file *f = VEC_PUSH(&c->files);
        f->name = mem_strdup(i == 0 ? "slurm.conf" : text_starts(path, c->dir) ? path + dir : path);
        f->text = mem_strdup(c->texts.v[i]);
        c->hash = hash_u64(c->hash ^ hash_text(f->text));
    }
}

static void load_rest(struct loader *l)
{
    load_defaults(l, CONF_FILE_SLURM);
    load_hosts(l);
    load_power(l);
    load_check(l);
    if (l->want & (CONF_WANT_NODES | CONF_WANT_GRES)) {
        load_nodes(l);
        load_down_nodes(l);
        load_node_sets(l);
        load_parts(l);
        load_topology(l);
    }
    if (l->want & CONF_WANT_GRES)
        load_gres(l);
    if (l->want & CONF_WANT_CGROUP)
        load_cgroup(l);
    name_files(l->c);
}

struct conf *conf_load(const struct conf_source *source, const char *path, unsigned want,
                       struct conf_messages *msgs, struct err *e)
{
    struct conf *c = mem_alloc(sizeof *c);
    struct err ignored;
    struct loader l = {.c = c, .source = source, .msgs = msgs, .e = e ? e : &ignored, .want = want};
    c->path = mem_strdup(path);
    c->dir = reader_dir(path);
    if (read_keys(&l, CONF_FILE_SLURM, path) == 0)
        load_rest(&l);
    for (int i = 0; i < OLD_HOSTS; i++)
        conf_val_release(&l.old[i]);
    if (!l.failed)
        return c;
    conf_free(c);
    return NULL;
}

void conf_free(struct conf *c)
{
    if (!c)
        return;
    for (uint32_t i = 0; i < CONF_KEY_COUNT; i++)
        conf_val_release(&c->v[i]);
    for (uint32_t i = 0; i < c->records.n; i++) {
        for (uint32_t k = 0; k < conf_line_table[c->records.v[i].kind].n; k++)
            mem_free(c->records.v[i].text[k]);
        mem_free(c->records.v[i].text);
    }
    for (uint32_t i = 0; i < c->hosts.n; i++) {
        mem_free(c->hosts.v[i].name);
        mem_free(c->hosts.v[i].addr);
    }
    for (uint32_t i = 0; i < c->nodes.n; i++)
        meta_release(&record_node, &c->nodes.v[i]);
    for (uint32_t i = 0; i < c->parts.n; i++)
        meta_release(&record_part, &c->parts.v[i]);
    for (uint32_t i = 0; i < c->sets.n; i++) {
        mem_free(c->sets.v[i].name);
        mem_free(c->sets.v[i].feature);
        mem_free(c->sets.v[i].nodes);
        bits_release(&c->sets.v[i].members);
    }
    for (uint32_t i = 0; i < c->power.n; i++) {
        mem_free(c->power.v[i].name);
        mem_free(c->power.v[i].location);
        mem_free(c->power.v[i].program);
    }
    for (uint32_t i = 0; i < c->files.n; i++) {
        mem_free(c->files.v[i].name);
        mem_free(c->files.v[i].text);
    }
    gres_conf_release(&c->gres);
    for (uint32_t i = 0; i < c->topology.n; i++)
        meta_release(&record_topo_switch, &c->topology.v[i]);
    VEC_FREE(&c->topology);
    for (uint32_t i = 0; i < c->topologies.n; i++)
        meta_release(&record_topo_plan, &c->topologies.v[i]);
    VEC_FREE(&c->topologies);
    map_str_release(&c->node_names);
    map_str_release(&c->node_hosts);
    text_list_release(&c->paths);
    text_list_release(&c->texts);
    mem_free(c->records.v);
    mem_free(c->hosts.v);
    mem_free(c->nodes.v);
    mem_free(c->parts.v);
    mem_free(c->sets.v);
    mem_free(c->power.v);
    mem_free(c->files.v);
    mem_free(c->path);
    mem_free(c->dir);
    mem_free(c);
}
