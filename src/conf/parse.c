/* SPDX-License-Identifier: Apache-2.0 */
/* A line of slurm.conf or cgroup.conf: one key, or a record of several. */
#include "conf/load.h"

#include "base/mem.h"
#include "base/text.h"
#include "conf/lex.h"

void load_error(struct loader *l, const char *fatal, const char *file, uint32_t line, const char *hint,
                const char *fmt, ...)
{
    struct buf text = BUF_INIT;
    va_list ap;
    va_start(ap, fmt);
    buf_addv(&text, fmt, ap);
    va_end(ap);
    conf_messages_add(l->msgs, CONF_ERROR, file, line, hint, "%s", text.s);
    buf_release(&text);
    if (!l->failed)
        err_set(l->e, ERR_INVALID, "%s", fatal ? fatal : "Unable to process configuration file");
    l->failed = true;
}

void load_warning(struct loader *l, const char *file, uint32_t line, const char *hint, const char *fmt, ...)
{
    struct buf text = BUF_INIT;
    va_list ap;
    va_start(ap, fmt);
    buf_addv(&text, fmt, ap);
    va_end(ap);
    conf_messages_add(l->msgs, CONF_WARNING, file, line, hint, "%s", text.s);
    buf_release(&text);
}

/* "did you mean X?", or NULL. The caller's. */
static char *nearest_hint(const char *given, const char *const *names, uint32_t n)
{
    const char *near = text_nearest(given, names, n);
    return near ? buf_format("did you mean %s?", near) : NULL;
}

static void unknown_key(struct loader *l, const struct conf_place *at, const char *name)
{
    const char *names[CONF_KEY_COUNT + CONF_LINE_COUNT];
    uint32_t n = 0;
    for (uint32_t i = 0; i < CONF_KEY_COUNT; i++) {
        if (conf_key_table[i].file == l->file && conf_key_table[i].kind != CONF_KIND_RUN)
            names[n++] = conf_key_table[i].name;
    }
    for (uint32_t i = 0; i < CONF_LINE_COUNT; i++) {
        if (conf_line_table[i].file == l->file)
            names[n++] = conf_line_table[i].name;
    }
    char *hint = nearest_hint(name, names, n);
    load_error(l, NULL, at->file, at->line, hint, "_parse_next_key: Parsing error at unrecognized key: %s",
               name);
    mem_free(hint);
}

static void parse_error(struct loader *l, const struct conf_place *at, const char *rest)
{
    load_error(l, NULL, at->file, at->line, NULL, "Parse error in file %s line %u: \"%s\"", at->file,
               at->line, rest);
}

/* A value of former versions under its present name. */
static const char *renamed_value(struct loader *l, const struct conf_place *at, const struct conf_key_info *k,
                                 const char *value)
{
    if (k->kind != CONF_KIND_PLUGIN)
        return value;
    for (uint32_t i = 0; i < conf_renamed_count; i++) {
        if (!text_same_nocase(conf_renamed_table[i].from, value))
            continue;
        char *hint = buf_format("write %s=%s", k->name, conf_renamed_table[i].to);
        load_warning(l, at->file, at->line, hint, "%s=%s is an old spelling", k->name, value);
        mem_free(hint);
        return conf_renamed_table[i].to;
    }
    return value;
}

/* What was wrong with a value: an error, or a warning where Slurm goes on with the default. */
static void bad_value(struct loader *l, const struct conf_place *at, const struct conf_key_info *k,
                      const char *value, const char *why)
{
    bool plugin = k->kind == CONF_KIND_PLUGIN;
    struct buf fatal = BUF_INIT;
    const char *names[64];
    uint32_t n = 0;
    for (; n < k->n_values && n < 64; n++)
        names[n] = k->values[n].name;
    char *hint = nearest_hint(value, names, n);
    if (k->fatal)
        conf_fill(k->fatal, k, value, &fatal);
    if ((k->flags & CONF_KEY_LENIENT) ||
        (plugin && (k->flags & CONF_KEY_DAEMON) && !(l->want & CONF_WANT_DAEMON)))
        load_warning(l, at->file, at->line, hint, "%s", why);
    else
        load_error(l, k->fatal ? fatal.s : NULL, at->file, at->line, hint, "%s", why);
    buf_release(&fatal);
    mem_free(hint);
}

static void set_multi(struct conf_val *v, const struct conf_place *at, const char *value)
{
    meta_strs_push(&v->list, value);
    struct buf all = BUF_INIT;
    for (uint32_t i = 0; i < v->list.n; i++) {
        buf_sep(&all, ",");
        buf_adds(&all, v->list.v[i]);
    }
    mem_free(v->text);
    v->text = buf_take(&all);
    v->file = at->file;
    v->line = at->line;
}

static void set_key(struct loader *l, const struct conf_place *at, enum conf_key key, const char *value)
{
    const struct conf_key_info *k = &conf_key_table[key];
    struct conf_val *v = &l->c->v[key], given = {0};
    struct buf why = BUF_INIT;
    if (k->flags & CONF_KEY_MULTI) {
        set_multi(v, at, value);
        return;
    }
    int rc = conf_val_parse(k, renamed_value(l, at, k, value), &given, &why);
    if (rc < 0)
        bad_value(l, at, k, value, why.s);
    /* A plugin that is not known stays as it was written: only the program that loads it can tell. */
    if (rc == 0 || k->kind == CONF_KIND_PLUGIN) {
        conf_val_release(v);
        *v = given;
        v->file = at->file;
        v->line = at->line;
    } else {
        conf_val_release(&given);
    }
    buf_release(&why);
}

static const struct conf_old *find_old(enum conf_key_file file, const char *name)
{
    for (uint32_t i = 0; i < conf_old_count; i++) {
        if (conf_old_table[i].file == file && text_same_nocase(conf_old_table[i].name, name))
            return &conf_old_table[i];
    }
    return NULL;
}

static int old_host_index(const char *name)
{
    static const char *const names[OLD_HOSTS] = {"ControlMachine", "ControlAddr", "BackupController",
                                                 "BackupAddr"};
    for (int i = 0; i < OLD_HOSTS; i++) {
        if (text_same_nocase(names[i], name))
            return i;
    }
    return -1;
}

static void set_old(struct loader *l, const struct conf_place *at, const struct conf_old *old,
                    const char *value)
{
    int host = l->file == CONF_FILE_SLURM ? old_host_index(old->name) : -1;
    if (old->key < 0) {
        load_warning(l, at->file, at->line, old->drop, "%s has no effect any more", old->name);
        return;
    }
    const char *now = conf_key_table[old->key].name;
    char *hint = buf_format("write %s", old->note ? old->note : now);
    load_warning(l, at->file, at->line, hint, "%s is an old spelling of %s", old->name, now);
    mem_free(hint);
    if (host >= 0) {
        mem_set_str(&l->old[host].text, value);
        l->old[host].file = at->file;
        l->old[host].line = at->line;
        return;
    }
    for (uint32_t i = 0; old->values[i]; i += 2) {
        if (text_same_nocase(old->values[i], value))
            value = old->values[i + 1];
    }
    if (*value)
        set_key(l, at, (enum conf_key)old->key, value);
}

static int find_line_kind(enum conf_key_file file, const char *name)
{
    for (int i = 0; i < CONF_LINE_COUNT; i++) {
        if (conf_line_table[i].file == file && text_same_nocase(conf_line_table[i].name, name))
            return i;
    }
    return -1;
}

static int find_record_key(const struct conf_line_info *line, const char *name)
{
    for (uint32_t i = 0; i < line->n; i++) {
        if (text_same_nocase(line->keys[i].name, name))
            return (int)i;
    }
    return -1;
}

static void unknown_record_key(struct loader *l, const struct conf_place *at,
                               const struct conf_line_info *info, const char *name)
{
    const char *names[64];
    uint32_t n = 0;
    for (; n < info->n && n < 64; n++)
        names[n] = info->keys[n].name;
    char *hint = nearest_hint(name, names, n);
    load_error(l, NULL, at->file, at->line, hint, "Parsing error at unrecognized key: %s", name);
    mem_free(hint);
}

static void set_record_key(struct loader *l, const struct conf_place *at, const struct conf_line_info *info,
                           struct conf_record *r, uint32_t key, const char *value)
{
    const struct conf_key_info *k = &info->keys[key];
    struct conf_val given = {0};
    struct buf why = BUF_INIT;
    if (k->flags & CONF_KEY_OLD)
        load_warning(l, at->file, at->line, k->alias >= 0 ? k->help : NULL, "%s is an old spelling", k->name);
    if (conf_val_parse(k, value, &given, &why) < 0)
        bad_value(l, at, k, value, why.s);
    else if (k->alias >= 0)
        mem_set_str(&r->text[k->alias], value);
    conf_val_release(&given);
    buf_release(&why);
}

static void take_record(struct loader *l, const struct conf_place *at, enum conf_line_kind kind,
                        const char *line)
{
    const struct conf_line_info *info = &conf_line_table[kind];
    struct conf_record *r = VEC_PUSH(&l->c->records);
    struct lex_pair pair = {BUF_INIT, BUF_INIT};
    int got;
    *r = (struct conf_record){kind, at->file, at->line, mem_array(info->n, sizeof(char *))};
    while ((got = lex_pair(&line, &pair)) > 0) {
        int key = find_record_key(info, pair.key.s);
        if (key < 0)
            unknown_record_key(l, at, info, pair.key.s);
        else
            set_record_key(l, at, info, r, (uint32_t)key, pair.value.s);
    }
    if (got < 0)
        parse_error(l, at, line);
    lex_pair_release(&pair);
}

void load_line(void *ctx, const struct conf_place *at, const char *line)
{
    struct loader *l = ctx;
    const char *rest = line;
    struct lex_pair pair = {BUF_INIT, BUF_INIT};
    if (lex_pair(&rest, &pair) <= 0) {
        parse_error(l, at, line);
        lex_pair_release(&pair);
        return;
    }
    int kind = find_line_kind(l->file, pair.key.s), key = conf_key_find(l->file, pair.key.s);
    const struct conf_old *old = key < 0 ? find_old(l->file, pair.key.s) : NULL;
    if (kind >= 0)
        take_record(l, at, (enum conf_line_kind)kind, line);
    else if (key >= 0)
        set_key(l, at, (enum conf_key)key, pair.value.s);
    else if (old)
        set_old(l, at, old, pair.value.s);
    else
        unknown_key(l, at, pair.key.s);
    if (kind < 0 && (key >= 0 || old) && *text_skip_space(rest))
        parse_error(l, at, rest);
    lex_pair_release(&pair);
}

void load_defaults(struct loader *l, enum conf_key_file file)
{
    struct buf why = BUF_INIT;
    for (uint32_t i = 0; i < CONF_KEY_COUNT; i++) {
        const struct conf_key_info *k = &conf_key_table[i];
        if (k->file == file && k->def && !l->c->v[i].text)
            REQUIRE(conf_val_parse(k, k->def, &l->c->v[i], &why) == 0);
    }
    buf_release(&why);
}

const char *record_text(const struct conf_record *r, char *const *defaults, uint32_t key)
{
    return r->text[key] ? r->text[key] : defaults[key];
}

void record_defaults(char **defaults, const struct conf_record *r)
{
    for (uint32_t i = 0; i < conf_line_table[r->kind].n; i++) {
        if (r->text[i])
            mem_set_str(&defaults[i], r->text[i]);
    }
}

uint64_t record_number(enum conf_line_kind kind, uint32_t key, const char *text, uint64_t def)
{
    struct conf_val v = {0};
    struct buf why = BUF_INIT;
    if (!text || conf_val_parse(&conf_line_table[kind].keys[key], text, &v, &why) < 0)
        v.num = def;
    uint64_t num = v.num;
    conf_val_release(&v);
    buf_release(&why);
    return num;
}
