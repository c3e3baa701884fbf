/* SPDX-License-Identifier: Apache-2.0 */
/* conf.h: what `scontrol show config` prints. The order is that of the table; doc/spec/06-configuration.md
 * lists the exceptions. */
#include "conf/internal.h"

#include "base/mem.h"

enum { KEY_WIDTH = 23 };

static void line(struct buf *out, const char *key, const char *value)
{
    buf_addf(out, "%-*s = %s\n", KEY_WIDTH, key, value ? value : "(null)");
}

static void user_text(const struct conf_runtime *run, const char *user, struct buf *out)
{
    uint32_t uid = 0;
    if (text_to_u32(user, &uid)) {
        const char *name = run->user_name ? run->user_name(run->ctx, uid) : NULL;
        buf_addf(out, "%s(%u)", name ? name : user, uid);
    } else if (run->user_id && run->user_id(run->ctx, user, &uid)) {
        buf_addf(out, "%s(%u)", user, uid);
    } else {
        buf_adds(out, user);
    }
}

static bool is_unlimited(const struct conf_key_info *k, uint64_t v)
{
    return (k->kind == CONF_KIND_U16 && v == INFINITE16) || (k->kind == CONF_KIND_U32 && v == INFINITE) ||
           ((k->kind == CONF_KIND_U64 || k->kind == CONF_KIND_MB) && v == INFINITE64);
}

static void number_text(const struct conf_key_info *k, const struct conf_val *v, struct buf *out)
{
    /* Slurm says INFINITE of seconds and UNLIMITED of minutes. */
    bool infinite = (k->flags & CONF_KEY_INF) && is_unlimited(k, v->num);
    if (infinite)
        buf_adds(out, text_same(k->unit, "sec") ? "INFINITE" : "UNLIMITED");
    else
        buf_addf(out, "%" PRIu64, v->num);
    if (k->unit && !infinite)
        buf_addf(out, " %s", k->unit);
}

static void minutes_text(uint64_t minutes, struct buf *out)
{
    uint64_t days = minutes / (24 * 60), hours = minutes / 60 % 24;
    if (minutes == INFINITE)
        buf_adds(out, "UNLIMITED");
    else if (days)
        buf_addf(out, "%" PRIu64 "-%02" PRIu64 ":%02" PRIu64 ":00", days, hours, minutes % 60);
    else
        buf_addf(out, "%02" PRIu64 ":%02" PRIu64 ":00", hours, minutes % 60);
}

static void ports_text(const struct conf *c, enum conf_key key, struct buf *out)
{
    uint16_t first, last;
    conf_ports(c, key, &first, &last);
    if (first == last && key != CONF_SRUN_PORT_RANGE)
        buf_addf(out, "%u", first);
    else
        buf_addf(out, "%u-%u", first, last);
}

static const char *name_of(const struct conf_key_info *k, uint64_t value)
{
    for (uint32_t i = 0; i < k->n_values; i++) {
        if (k->values[i].value == value)
            return k->values[i].name;
    }
    return NULL;
}

static void names_text(const struct conf_key_info *k, const struct conf_val *v, struct buf *out)
{
    size_t start = out->len;
    if (k->kind == CONF_KIND_ENUM && !(k->flags & CONF_KEY_FLAGS))
        buf_adds(out, v->text ? name_of(k, v->num) : NULL);
    else
        conf_flags_text(k, v->num, out);
    if (out->len == start && (k->flags & CONF_KEY_FLAGS))
        buf_adds(out, name_of(k, 0));
    if (out->len == start)
        buf_adds(out, k->none ? k->none : "(null)");
}

/* Of most keys "none" is no plugin; these three have one of that name. */
static void plugin_text(const struct conf_val *v, enum conf_key key, struct buf *out)
{
    bool real = key == CONF_AUTH_TYPE || key == CONF_CRED_TYPE || key == CONF_TLS_TYPE;
    bool none = !real && (text_ends(v->text, "/none") || text_same_nocase(v->text, "none"));
    buf_adds(out, none ? "(null)" : v->text);
}

static void value_text(const struct conf *c, const struct conf_runtime *run, enum conf_key key,
                       struct buf *out)
{
    const struct conf_key_info *k = &conf_key_table[key];
    const struct conf_val *v = &c->v[key];
    bool named = k->kind == CONF_KIND_ENUM || k->kind == CONF_KIND_FLAGS;
    if (!v->text && !named) {
        buf_adds(out, k->none ? k->none : "(null)");
        return;
    }
    switch (k->kind) {
    case CONF_KIND_BOOL:
        buf_adds(out, v->num ? "yes" : "no");
        break;
    case CONF_KIND_U16:
    case CONF_KIND_U32:
    case CONF_KIND_U64:
    case CONF_KIND_MB:
        number_text(k, v, out);
        break;
    case CONF_KIND_MINUTES:
        minutes_text(v->num, out);
        break;
    case CONF_KIND_ENUM:
    case CONF_KIND_FLAGS:
        names_text(k, v, out);
        break;
    case CONF_KIND_PLUGIN:
        plugin_text(v, key, out);
        break;
    case CONF_KIND_USER:
        user_text(run, v->text, out);
        break;
    case CONF_KIND_PORTS:
        ports_text(c, key, out);
        break;
    default:
        buf_adds(out, v->text);
    }
}

/* The per-CPU and the per-node key are one line, of the one in force. */
static void memory_line(const struct conf *c, enum conf_key key, struct buf *out)
{
    bool cpu_key = key == CONF_DEF_MEM_PER_CPU || key == CONF_MAX_MEM_PER_CPU;
    enum conf_key node_key = key == CONF_DEF_MEM_PER_CPU || key == CONF_DEF_MEM_PER_NODE
                                 ? CONF_DEF_MEM_PER_NODE
                                 : CONF_MAX_MEM_PER_NODE;
    enum conf_key other = node_key == CONF_DEF_MEM_PER_NODE ? CONF_DEF_MEM_PER_CPU : CONF_MAX_MEM_PER_CPU;
    bool per_cpu = conf_given(c, other) && !conf_given(c, node_key);
    uint64_t mb = c->v[key].num;
    char number[24];
    if (per_cpu != cpu_key)
        return;
    buf_print(number, sizeof number, "%" PRIu64, mb);
    line(out, conf_key_table[key].name, mb && mb != INFINITE64 ? number : "UNLIMITED");
}

/* Lines that add up are numbered; none of them is no line. */
static void multi_lines(const struct conf *c, enum conf_key key, struct buf *out)
{
    const struct meta_strs *list = conf_list(c, key);
    for (uint32_t i = 0; i < list->n; i++) {
        char *name = buf_format("%s[%u]", conf_key_table[key].name, i);
        line(out, name, list->v[i]);
        mem_free(name);
    }
}

static const char *run_text(const struct conf *c, const struct conf_runtime *run, enum conf_key key,
                            char *number, size_t size)
{
    switch (key) {
    case CONF_BOOT_TIME:
        return run->boot_time;
    case CONF_HASH_VAL:
        return run->hash_val;
    case CONF_MULTIPLE_SLURMD:
        return run->multiple_slurmd ? "yes" : "no";
    case CONF_SLURM_CONF:
        return run->conf_path ? run->conf_path : c->path;
    case CONF_SLURM_VERSION:
        return run->version;
    case CONF_NEXT_JOB_ID:
        buf_print(number, size, "%u", run->next_job_id);
        return number;
    default:
        return NULL;
    }
}

/* LogTimeFormat without format_stderr, which is no form of times. */
static const char *log_format(const struct conf *c)
{
    const struct meta_strs *list = conf_list(c, CONF_LOG_TIME_FORMAT);
    for (uint32_t i = 0; i < list->n; i++) {
        if (!text_same_nocase(list->v[i], "format_stderr"))
            return list->v[i];
    }
    return conf_key_table[CONF_LOG_TIME_FORMAT].def;
}

/* Lines whose value is not simply the key's; false: it is. */
static bool special_line(const struct conf *c, const struct conf_runtime *run, enum conf_key key,
                         struct buf *out)
{
    struct buf text = BUF_INIT;
    switch (key) {
    case CONF_DEF_MEM_PER_CPU:
    case CONF_DEF_MEM_PER_NODE:
    case CONF_MAX_MEM_PER_CPU:
    case CONF_MAX_MEM_PER_NODE:
        memory_line(c, key, out);
        return true;
    case CONF_ACCOUNTING_STORAGE_PORT:
        if (conf_given(c, key) || conf_plugin(c, CONF_ACCOUNTING_STORAGE_TYPE, "slurmdbd"))
            return false;
        line(out, conf_key_table[key].name, "0");
        return true;
    case CONF_ACCOUNTING_STORAGE_TRES:
        buf_adds(&text, "cpu,mem,energy,node,billing,fs/disk,vmem,pages");
        if (c->v[key].text)
            buf_addf(&text, ",%s", c->v[key].text);
        break;
    case CONF_MAX_NODE_COUNT:
        if (c->v[key].text)
            return false;
        buf_addf(&text, "%u", run->node_count);
        break;
    case CONF_DEBUG_FLAGS:
        if (!run->debug_flags)
            return false;
        names_text(&conf_key_table[key], &(struct conf_val){.num = *run->debug_flags}, &text);
        break;
    case CONF_PLUGIN_DIR:
        buf_adds(&text, c->v[key].text ? c->v[key].text : run->plugin_dir ? run->plugin_dir : "(null)");
        break;
    case CONF_JOB_DEFAULTS:
        if (c->v[CONF_DEF_CPU_PER_GPU].text)
            buf_addf(&text, "DefCpuPerGPU=%s", c->v[CONF_DEF_CPU_PER_GPU].text);
        if (c->v[CONF_DEF_MEM_PER_GPU].text)
            buf_addf(&text, "%sDefMemPerGPU=%s", text.len ? "," : "", c->v[CONF_DEF_MEM_PER_GPU].text);
        if (!text.len)
            buf_adds(&text, "(null)");
        break;
    case CONF_PROPAGATE_RESOURCE_LIMITS:
        buf_adds(&text, c->v[CONF_PROPAGATE_RESOURCE_LIMITS_EXCEPT].text ? "(null)" : c->v[key].text);
        break;
    case CONF_MPI_DEFAULT:
        if (!text_same_nocase(c->v[key].text, "none"))
            return false;
        buf_adds(&text, "(null)");
        break;
    case CONF_LOG_TIME_FORMAT:
        buf_adds(&text, log_format(c));
        break;
    case CONF_SELECT_TYPE_PARAMETERS:
        if (c->v[key].text)
            return false;
        buf_adds(&text, conf_plugin(c, CONF_SELECT_TYPE, "linear") ? "NONE" : "CR_CORE_MEMORY");
        break;
    default:
        return false;
    }
    line(out, conf_key_table[key].name, text.s);
    buf_release(&text);
    return true;
}

void conf_text(const struct conf *c, const struct conf_runtime *run, struct buf *out)
{
    struct buf value = BUF_INIT;
    char number[16];
    bool multifactor = conf_plugin(c, CONF_PRIORITY_TYPE, "multifactor");
    buf_addf(out, "Configuration data as of %s\n", run->as_of ? run->as_of : "Unknown");
    for (uint32_t i = 0; i < CONF_KEY_COUNT; i++) {
        enum conf_key key = (enum conf_key)i;
        const struct conf_key_info *k = &conf_key_table[key];
        if (k->file != CONF_FILE_SLURM || text_same(k->show, "") ||
            ((k->flags & CONF_KEY_MULTIFACTOR) && !multifactor) || special_line(c, run, key, out))
            continue;
        const char *name = k->show ? k->show : k->name;
        if (k->flags & CONF_KEY_MULTI) {
            multi_lines(c, key, out);
        } else if (k->kind == CONF_KIND_RUN) {
            line(out, name, run_text(c, run, key, number, sizeof number));
        } else {
            buf_clear(&value);
            value_text(c, run, key, &value);
            line(out, name, value.s);
        }
    }
    buf_release(&value);
}
