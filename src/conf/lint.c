/* SPDX-License-Identifier: Apache-2.0 */
/* lint.h: findings about a configuration that loads, and the texts of all findings. */
#include "conf/lint.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "conf/internal.h"

enum { CR_MEMORY = 16 }; /* SelectTypeParameters, schema/slurm_conf.toml */

struct lint {
    const struct conf *c;
    struct conf_messages *msgs;
};

static void say(struct lint *l, const char *file, uint32_t line, const char *hint, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
static void say(struct lint *l, const char *file, uint32_t line, const char *hint, const char *fmt, ...)
{
    struct buf text = BUF_INIT;
    va_list ap;
    va_start(ap, fmt);
    buf_addv(&text, fmt, ap);
    va_end(ap);
    conf_messages_add(l->msgs, CONF_WARNING, file, line, hint, "%s", text.s);
    buf_release(&text);
}

/* The default, or a plugin that does nothing: what has no effect yet is not missed. */
static bool asks_nothing(const struct conf_key_info *info, const struct conf_val *v)
{
    size_t len = v->text ? strlen(v->text) : 0;
    return !len || text_same_nocase(v->text, info->def) || text_same_nocase(v->text, "none") ||
           (len > 5 && text_same_nocase(v->text + len - 5, "/none"));
}

static void lint_keys(struct lint *l)
{
    for (uint32_t i = 0; i < CONF_KEY_COUNT; i++) {
        const struct conf_val *v = &l->c->v[i];
        if (v->file && (conf_key_table[i].flags & CONF_KEY_INEFFECTIVE) &&
            !asks_nothing(&conf_key_table[i], v))
            say(l, v->file, v->line, NULL, "%s has no effect yet", conf_key_table[i].name);
    }
    for (uint32_t i = 0; i < l->c->records.n; i++) {
        const struct conf_record *r = &l->c->records.v[i];
        const struct conf_line_info *info = &conf_line_table[r->kind];
        for (uint32_t k = 0; k < info->n; k++) {
            if (r->text[k] && (info->keys[k].flags & CONF_KEY_INEFFECTIVE))
                say(l, r->file, r->line, NULL, "%s has no effect yet", info->keys[k].name);
        }
    }
}

/* Where a partition was defined. */
static const struct conf_record *part_record(const struct conf *c, const char *name)
{
    for (uint32_t i = 0; i < c->records.n; i++) {
        const struct conf_record *r = &c->records.v[i];
        if (r->kind == CONF_LINE_PARTITION_NAME && text_same(r->text[PART_KEY_PARTITION_NAME], name))
            return r;
    }
    return NULL;
}

static void lint_part(struct lint *l, const struct part *p, struct bits *used)
{
    const struct conf_record *r = part_record(l->c, p->name);
    REQUIRE(r);
    if (!bits_any(&p->members))
        say(l, r->file, r->line, "give it Nodes=", "partition %s has no nodes", p->name);
    bits_or(used, &p->members);
    if (p->max_time != INFINITE && p->default_time != NO_VAL && p->default_time > p->max_time)
        say(l, r->file, r->line, NULL, "partition %s: DefaultTime is longer than MaxTime", p->name);
    if (p->max_nodes < p->min_nodes)
        say(l, r->file, r->line, NULL, "partition %s: MinNodes is more than MaxNodes", p->name);
    if (p->alternate && !conf_part(l->c, p->alternate))
        say(l, r->file, r->line, NULL, "partition %s: there is no partition %s for Alternate", p->name,
            p->alternate);
    bool counted = conf_u64(l->c, CONF_SELECT_TYPE_PARAMETERS) & CR_MEMORY ||
                   !conf_given(l->c, CONF_SELECT_TYPE_PARAMETERS);
    bool cluster = conf_given(l->c, CONF_DEF_MEM_PER_CPU) || conf_given(l->c, CONF_DEF_MEM_PER_NODE) ||
                   conf_given(l->c, CONF_DEF_MEM_PER_GPU);
    if (counted && !cluster && p->def_mem_cpu == NO_VAL64 && p->def_mem_node == NO_VAL64)
        say(l, r->file, r->line, "set DefMemPerCPU",
            "partition %s: a job that does not say how much memory it needs gets all of a node's", p->name);
}

static void lint_parts(struct lint *l)
{
    const struct conf *c = l->c;
    struct bits used = {0}, lonely = {0};
    bool has_default = false;
    for (uint32_t i = 0; i < c->parts.n; i++) {
        lint_part(l, &c->parts.v[i], &used);
        has_default |= (c->parts.v[i].flags & PARTF_DEFAULT) != 0;
    }
    if (!c->parts.n)
        say(l, c->path, 0, "add PartitionName=NAME Nodes=ALL Default=YES",
            "there is no partition: no job can run");
    else if (!has_default)
        say(l, c->path, 0, "add Default=YES to one of them",
            "no partition is the default: every job has to name one");
    for (uint32_t i = 0; i < c->nodes.n; i++) {
        if (!bits_test(&used, i))
            bits_set(&lonely, i);
    }
    uint32_t first = bits_next(&lonely, 0), count = bits_count(&lonely);
    if (count && c->parts.n)
        say(l, c->path, 0, NULL, "%u nodes are in no partition, the first is %s", count,
            c->nodes.v[first].name);
    bits_release(&used);
    bits_release(&lonely);
}

static void lint_nodes(struct lint *l)
{
    const struct conf *c = l->c;
    bool memory =
        conf_u64(c, CONF_SELECT_TYPE_PARAMETERS) & CR_MEMORY || !conf_given(c, CONF_SELECT_TYPE_PARAMETERS);
    uint32_t small = 0;
    if (!c->nodes.n)
        say(l, c->path, 0, "add NodeName=NAME CPUs=N RealMemory=MIB", "there are no nodes");
    for (uint32_t i = 0; i < c->nodes.n; i++)
        small += c->nodes.v[i].real_memory <= 1;
    if (small && memory)
        say(l, c->path, 0, "set RealMemory, as slurmd -C prints it",
            "%u nodes have no RealMemory: with 1 MiB hardly any job fits", small);
}

static void lint_plugins(struct lint *l)
{
    const struct conf *c = l->c;
    const struct conf_val *task = &c->v[CONF_TASK_PLUGIN], *track = &c->v[CONF_PROCTRACK_TYPE];
    bool cgroup_tasks = conf_plugin(c, CONF_TASK_PLUGIN, "cgroup");
    bool disabled = conf_plugin(c, CONF_CG_CGROUP_PLUGIN, "disabled");
    if (cgroup_tasks && !conf_plugin(c, CONF_PROCTRACK_TYPE, "cgroup"))
        say(l, task->file, task->line, "set ProctrackType=proctrack/cgroup",
            "task/cgroup works only with proctrack/cgroup");
    if (cgroup_tasks && disabled)
        say(l, task->file, task->line, NULL, "task/cgroup cannot work with CgroupPlugin=disabled");
    if (conf_plugin(c, CONF_PROCTRACK_TYPE, "cgroup") && disabled)
        say(l, track->file, track->line, "set ProctrackType=proctrack/linuxproc",
            "proctrack/cgroup cannot work with CgroupPlugin=disabled");
    static const enum conf_key constrain[] = {CONF_CG_CONSTRAIN_CORES, CONF_CG_CONSTRAIN_DEVICES,
                                              CONF_CG_CONSTRAIN_RAM_SPACE, CONF_CG_CONSTRAIN_SWAP_SPACE};
    for (unsigned i = 0; i < sizeof constrain / sizeof *constrain; i++) {
        const struct conf_val *v = &c->v[constrain[i]];
        if (v->num && !cgroup_tasks)
            say(l, v->file, v->line, "set TaskPlugin=task/cgroup", "%s has no effect without task/cgroup",
                conf_key_table[constrain[i]].name);
    }
}

/* By file and line; what is about the whole comes last. */
static int compare_messages(const void *a, const void *b, void *arg)
{
    const struct conf_message *x = a, *y = b;
    if (!x->file || !y->file)
        return (x->file == NULL) - (y->file == NULL);
    int order = strcmp(x->file, y->file);
    if (order)
        return order;
    return x->line < y->line ? -1 : x->line > y->line;
}

int conf_lint(const struct conf_source *source, const char *path, struct conf_messages *msgs)
{
    struct err e;
    struct conf *c = conf_load(source, path, CONF_WANT_ALL | CONF_WANT_DAEMON, msgs, &e);
    struct lint l = {c, msgs};
    if (c) {
        lint_keys(&l);
        lint_nodes(&l);
        lint_parts(&l);
        lint_plugins(&l);
    }
    conf_free(c);
    vec_sort(msgs->v, msgs->n, sizeof *msgs->v, compare_messages, NULL);
    return msgs->errors ? -1 : 0;
}

void conf_lint_text(const struct conf_messages *msgs, struct buf *out)
{
    for (uint32_t i = 0; i < msgs->n; i++) {
        conf_message_text(&msgs->v[i], out);
        buf_addc(out, '\n');
    }
    if (msgs->n < msgs->errors + msgs->warnings)
        buf_addf(out, "%u more findings are not shown\n", msgs->errors + msgs->warnings - msgs->n);
    buf_addf(out, "%u error%s, %u warning%s\n", msgs->errors, msgs->errors == 1 ? "" : "s", msgs->warnings,
             msgs->warnings == 1 ? "" : "s");
}
