/* SPDX-License-Identifier: Apache-2.0 */
/* gres.h: gres.conf, and what it adds to the Gres= of a node. */
#include "conf/load.h"

#include "base/mem.h"
#include "conf/lex.h"

enum { GRES_COUNT_MAX_DIGITS = 18 };

struct gres_reader {
    struct gres_conf *g;
    struct conf_messages *msgs;
    bool failed;
};

static void line_release(struct gres_line *line)
{
    hostlist_release(&line->nodes);
    mem_free(line->name);
    mem_free(line->type);
    for (uint32_t i = 0; i < line->files.n; i++)
        mem_free(line->files.v[i]);
    mem_free(line->files.v);
    mem_free(line->cores);
    mem_free(line->links);
    mem_free(line->flags);
    mem_free(line->file);
}

void gres_conf_release(struct gres_conf *g)
{
    for (uint32_t i = 0; i < g->n; i++)
        line_release(&g->v[i]);
    mem_free(g->v);
    *g = (struct gres_conf){0};
}

/* "4", "1K", "2G". */
static bool read_count(const char *text, uint64_t *ret)
{
    static const char units[] = "KMGTP";
    size_t digits = strspn(text, "0123456789");
    const char *unit = text[digits] ? strchr(units, text_upper(text[digits])) : NULL;
    if (!digits || digits > GRES_COUNT_MAX_DIGITS || (text[digits] && (!unit || text[digits + 1])))
        return false;
    char *number = mem_strndup(text, digits);
    bool ok = text_to_u64(number, ret);
    mem_free(number);
    unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;
    uint64_t v = *ret << shift;
    ok = ok && v >> shift == *ret;
    *ret = v;
    return ok;
}

int gres_parse(const char *text, char **ret_name, char **ret_type, uint64_t *ret_count, bool *ret_no_consume,
               struct err *e)
{
    struct text_list words = {0};
    uint64_t count = 1;
    *ret_name = *ret_type = NULL;
    *ret_no_consume = false;
    text_split(&words, text, ':');
    uint32_t n = words.n;
    if (n > 1 && read_count(words.v[n - 1], &count))
        n--;
    for (uint32_t i = 1; i < n; i++) {
        if (text_same_nocase(words.v[i], "no_consume"))
            *ret_no_consume = true;
        else if (!*ret_type)
            *ret_type = mem_strdup(words.v[i]);
        else
            n = 0;
    }
    if (n)
        *ret_name = mem_strdup(words.v[0]);
    *ret_count = count;
    text_list_release(&words);
    if (*ret_name)
        return 0;
    mem_free(*ret_type);
    *ret_type = NULL;
    return err_set(e, ERR_INVALID, "\"%s\" is not name[:type][:count]", text);
}

/* --- lines ------------------------------------------------------------------------------------------- */

static void bad_line(struct gres_reader *r, const struct conf_place *at, const char *hint, const char *what,
                     const char *detail)
{
    conf_messages_add(r->msgs, CONF_ERROR, at->file, at->line, hint, "%s%s", what, detail);
    r->failed = true;
}

static void add_files(struct gres_reader *r, const struct conf_place *at, struct gres_line *line,
                      const char *text)
{
    struct hostlist files = {0};
    struct err why;
    if (hostlist_parse(&files, text, &why) < 0)
        bad_line(r, at, NULL, "File: ", why.text);
    struct host_iter it = {.list = &files};
    for (const char *name; (name = host_iter_next(&it));)
        meta_strs_push(&line->files, name);
    hostlist_release(&files);
}

static void set_detect(struct gres_reader *r, const struct conf_place *at, struct gres_line *line,
                       const char *text)
{
    struct conf_val v = {0};
    struct buf why = BUF_INIT;
    if (conf_val_parse(&conf_line_table[CONF_LINE_GRES].keys[GRES_KEY_AUTO_DETECT], text, &v, &why) == 0)
        line->detect = (int)v.num;
    else {
        line->detect = GRES_DETECT_OFF;
        conf_messages_add(r->msgs, CONF_WARNING, at->file, at->line, NULL, "unknown AutoDetect value: %s",
                          text);
    }
    conf_val_release(&v);
    buf_release(&why);
}

static void set_field(struct gres_reader *r, const struct conf_place *at, struct gres_line *line,
                      uint32_t key, const char *text)
{
    struct err why;
    switch (key) {
    case GRES_KEY_NODE_NAME:
        if (hostlist_parse(&line->nodes, text, &why) < 0)
            bad_line(r, at, NULL, "NodeName: ", why.text);
        break;
    case GRES_KEY_NAME:
        mem_set_str(&line->name, text);
        break;
    case GRES_KEY_TYPE:
        mem_set_str(&line->type, text);
        break;
    case GRES_KEY_AUTO_DETECT:
        set_detect(r, at, line, text);
        break;
    case GRES_KEY_COUNT:
        if (!read_count(text, &line->count))
            bad_line(r, at, NULL, "Invalid GRES record Count value: ", text);
        break;
    case GRES_KEY_MULTIPLE_FILES:
        line->multiple = true;
        add_files(r, at, line, text);
        break;
    case GRES_KEY_FILE:
        add_files(r, at, line, text);
        break;
    case GRES_KEY_CORES:
    case GRES_KEY_CPUS:
        mem_set_str(&line->cores, text);
        break;
    case GRES_KEY_FLAGS:
        mem_set_str(&line->flags, text);
        break;
    case GRES_KEY_LINKS:
        mem_set_str(&line->links, text);
        break;
    }
}

static int find_gres_key(const char *name)
{
    const struct conf_line_info *info = &conf_line_table[CONF_LINE_GRES];
    for (uint32_t i = 0; i < info->n; i++) {
        if (text_same_nocase(info->keys[i].name, name))
            return (int)i;
    }
    return -1;
}

static void unknown_key(struct gres_reader *r, const struct conf_place *at, const char *name)
{
    const char *names[GRES_KEYS];
    for (uint32_t i = 0; i < GRES_KEYS; i++)
        names[i] = conf_line_table[CONF_LINE_GRES].keys[i].name;
    const char *near = text_nearest(name, names, GRES_KEYS);
    char *hint = near ? buf_format("did you mean %s?", near) : NULL;
    bad_line(r, at, hint, "Parsing error at unrecognized key: ", name);
    mem_free(hint);
}

static void check_line(struct gres_reader *r, const struct conf_place *at, struct gres_line *line)
{
    uint64_t files = line->multiple ? line->files.n != 0 : line->files.n;
    if (!line->name && line->detect < 0)
        bad_line(r, at, NULL, "line has neither Name nor AutoDetect", "");
    else if (files && line->count != NO_VAL64 && line->count != files && line->name &&
             !text_same_nocase(line->name, "mps") && !text_same_nocase(line->name, "shard"))
        conf_messages_add(r->msgs, CONF_WARNING, at->file, at->line, NULL,
                          "Count=%" PRIu64 " does not match File, which names %" PRIu64 ": File counts",
                          line->count, files);
}

static void take_line(void *ctx, const struct conf_place *at, const char *text)
{
    struct gres_reader *r = ctx;
    struct lex_pair pair = {BUF_INIT, BUF_INIT};
    struct gres_line *line = VEC_PUSH(r->g);
    int got;
    *line =
        (struct gres_line){.detect = -1, .count = NO_VAL64, .file = mem_strdup(at->file), .line = at->line};
    while ((got = lex_pair(&text, &pair)) > 0) {
        int key = find_gres_key(pair.key.s);
        if (key < 0)
            unknown_key(r, at, pair.key.s);
        else
            set_field(r, at, line, (uint32_t)key, pair.value.s);
    }
    if (got < 0)
        bad_line(r, at, NULL, "Parse error at: ", text);
    check_line(r, at, line);
    lex_pair_release(&pair);
}

int gres_conf_load(const struct conf_source *source, const char *path, struct gres_conf *ret,
                   struct conf_messages *msgs, struct err *e)
{
    struct gres_reader r = {.g = ret, .msgs = msgs};
    struct reader reader = {.source = source, .msgs = msgs, .take = take_line, .ctx = &r};
    *ret = (struct gres_conf){0};
    int rc = reader_optional(&reader, path, e);
    if (rc == 0 && !r.failed)
        return 0;
    gres_conf_release(ret);
    return err_set(e, ERR_INVALID, "error opening/reading %s", path);
}

/* --- nodes ------------------------------------------------------------------------------------------- */

static bool is_about(const struct gres_line *line, const char *node)
{
    return !line->nodes.count || hostlist_find(&line->nodes, node) >= 0;
}

int gres_conf_detect(const struct gres_conf *g, const char *node_name)
{
    int global = GRES_DETECT_OFF, own = -1;
    for (uint32_t i = 0; i < g->n; i++) {
        if (g->v[i].detect < 0)
            continue;
        if (!g->v[i].nodes.count)
            global = g->v[i].detect;
        else if (is_about(&g->v[i], node_name))
            own = g->v[i].detect;
    }
    return own >= 0 ? own : global;
}

static bool is_type_known(const struct meta_strs *types, const char *name)
{
    for (uint32_t i = 0; i < types->n; i++) {
        if (text_same_nocase(types->v[i], name))
            return true;
    }
    return false;
}

static struct gres_decl *add_decl(struct node *node, const char *name, const char *type, uint64_t count)
{
    struct gres_decl *d = meta_recs_push(&record_gres_decl, &node->gres);
    d->name = mem_strdup(name);
    d->type = mem_strdup(type);
    d->count = count;
    return d;
}

/* node->gres from its Gres=. Types of one name and type given twice add up. */
static void from_node_text(const struct meta_strs *types, struct node *node, struct conf_messages *msgs)
{
    struct text_list words = {0};
    if (node->gres_text)
        text_split(&words, node->gres_text, ',');
    for (uint32_t i = 0; i < words.n; i++) {
        char *name, *type;
        uint64_t count;
        bool no_consume;
        struct err why;
        if (gres_parse(words.v[i], &name, &type, &count, &no_consume, &why) < 0) {
            conf_messages_add(msgs, CONF_WARNING, NULL, 0, NULL, "Invalid GRES configured on node %s: %s",
                              node->name, words.v[i]);
            continue;
        }
        if (!is_type_known(types, name))
            conf_messages_add(msgs, CONF_WARNING, NULL, 0, "add it to GresTypes",
                              "Invalid GRES configured on node %s: %s", node->name, words.v[i]);
        else if (count) {
            struct gres_decl *d = add_decl(node, name, type, count);
            if (no_consume)
                d->flags = mem_strdup("no_consume");
        }
        mem_free(name);
        mem_free(type);
    }
    text_list_release(&words);
}

static bool fits(const struct gres_line *line, const struct gres_decl *d)
{
    return line->name && text_same_nocase(line->name, d->name) &&
           (!line->type || !d->type || text_same(line->type, d->type));
}

/* The devices of a line, as far as the node has a use for them. Files of one node of several lines add up. */
static void add_devices(const struct gres_line *line, struct gres_decl *d)
{
    uint32_t devices = line->multiple ? line->files.n != 0 : line->files.n;
    if (!d->type && line->type)
        d->type = mem_strdup(line->type);
    if (line->flags && !d->flags)
        d->flags = mem_strdup(line->flags);
    for (uint32_t i = 0; i < devices && d->files.n < d->count; i++) {
        struct buf all = BUF_INIT;
        for (uint32_t k = 0; line->multiple && k < line->files.n; k++) {
            buf_sep(&all, ",");
            buf_adds(&all, line->files.v[k]);
        }
        meta_strs_push(&d->files, line->multiple ? all.s : line->files.v[i]);
        buf_release(&all);
        if (line->cores)
            meta_strs_push(&d->cores, line->cores);
        if (line->links)
            meta_strs_push(&d->links, line->links);
    }
    /* Countable ones have cores too. */
    if (!devices && line->cores && !d->cores.n)
        meta_strs_push(&d->cores, line->cores);
}

void gres_conf_apply(const struct gres_conf *g, const struct meta_strs *types, struct node *node,
                     struct conf_messages *msgs)
{
    from_node_text(types, node, msgs);
    for (uint32_t i = 0; i < g->n; i++) {
        const struct gres_line *line = &g->v[i];
        if (!line->name || !is_about(line, node->name))
            continue;
        for (uint32_t k = 0; k < node->gres.n; k++) {
            struct gres_decl *d = &node->gres.v[k];
            if (fits(line, d) && (d->files.n < d->count || !line->files.n))
                add_devices(line, d);
        }
    }
}
