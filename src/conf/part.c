/* SPDX-License-Identifier: Apache-2.0 */
/* NodeSet and PartitionName lines as records, and the texts that name nodes in them. */
#include "conf/load.h"

#include "base/hostlist.h"
#include "base/mem.h"

/* A partition line in force, and where it stands. */
struct part_line {
    const struct conf_record *r;
    const char *text[PART_KEYS];
};

/* Jobs that share a resource when OverSubscribe=YES or FORCE gives no number. */
enum { OVERSUBSCRIBE_DEFAULT = 4 };

static uint64_t number(const struct part_line *p, uint32_t key, uint64_t def)
{
    return record_number(CONF_LINE_PARTITION_NAME, key, p->text[key], def);
}

/* "UNLIMITED" of a 16-bit or 32-bit key as the 32-bit fields hold it. */
static uint32_t number_u32(const struct part_line *p, uint32_t key, uint32_t def)
{
    bool narrow = conf_line_table[CONF_LINE_PARTITION_NAME].keys[key].kind == CONF_KIND_U16;
    uint64_t v = number(p, key, def);
    return narrow && v == INFINITE16 ? INFINITE : (uint32_t)v;
}

static uint64_t flag(const struct part_line *p, uint32_t key, uint64_t bit)
{
    return number(p, key, 0) ? bit : 0;
}

/* --- names of nodes ---------------------------------------------------------------------------------- */

static bool has_feature(const struct node *node, const char *feature)
{
    struct text_list names = {0};
    bool found = false;
    if (node->features)
        text_split(&names, node->features, ',');
    for (uint32_t i = 0; i < names.n; i++)
        found |= text_same(names.v[i], feature);
    text_list_release(&names);
    return found;
}

static void add_feature(const struct conf *c, const char *feature, struct bits *ret)
{
    for (uint32_t i = 0; i < c->nodes.n; i++) {
        if (has_feature(&c->nodes.v[i], feature))
            bits_set(ret, i);
    }
}

static const struct conf_nodeset *find_set(const struct conf *c, const char *name)
{
    for (uint32_t i = 0; i < c->sets.n; i++) {
        if (text_same(c->sets.v[i].name, name))
            return &c->sets.v[i];
    }
    return NULL;
}

/* "feature{a100}": the nodes that have it. */
static bool is_feature_word(const char *word, char **ret_feature)
{
    static const char open[] = "feature{";
    size_t len = strlen(word);
    if (!text_starts_nocase(word, open) || word[len - 1] != '}')
        return false;
    *ret_feature = mem_strndup(word + sizeof open - 1, len - sizeof open);
    return true;
}

static int add_hosts(const struct conf *c, const char *text, struct bits *ret, struct err *e)
{
    struct hostlist names = {0};
    int rc = hostlist_parse(&names, text, e);
    struct host_iter it = {.list = &names};
    for (const char *name; rc == 0 && (name = host_iter_next(&it));) {
        void *found = map_str_get(&c->node_names, name);
        if (found)
            bits_set(ret, (uint32_t)((uintptr_t)found - 1));
        else
            rc = err_set(e, ERR_INVALID, "lookup failure for node \"%s\"", name);
    }
    hostlist_release(&names);
    return rc;
}

static int add_word(const struct conf *c, const char *word, struct bits *ret, struct err *e)
{
    const struct conf_nodeset *set = find_set(c, word);
    char *feature = NULL;
    if (set) {
        bits_or(ret, &set->members);
        return 0;
    }
    if (is_feature_word(word, &feature)) {
        add_feature(c, feature, ret);
        mem_free(feature);
        return 0;
    }
    return add_hosts(c, word, ret, e);
}

int conf_expand_nodes(const struct conf *c, const char *text, struct bits *ret, struct err *e)
{
    struct text_list words = {0};
    int rc = 0;
    if (text_same_nocase(text, "ALL")) {
        if (c->nodes.n)
            bits_set_range(ret, 0, c->nodes.n - 1);
        return 0;
    }
    text_split(&words, text, ',');
    for (uint32_t i = 0; i < words.n && rc == 0; i++)
        rc = add_word(c, words.v[i], ret, e);
    text_list_release(&words);
    return rc;
}

/* --- node sets --------------------------------------------------------------------------------------- */

static void add_set(struct loader *l, const struct conf_record *r)
{
    const char *name = r->text[SET_KEY_NODE_SET];
    struct conf_nodeset set = {.name = mem_strdup(name),
                               .feature = mem_strdup(r->text[SET_KEY_FEATURE]),
                               .nodes = mem_strdup(r->text[SET_KEY_NODES])};
    struct err why;
    if (map_str_has(&l->c->node_names, name))
        load_error(l, NULL, r->file, r->line, NULL, "NodeSet with name %s overlaps with an existing NodeName",
                   name);
    if (set.feature)
        add_feature(l->c, set.feature, &set.members);
    if (set.nodes && conf_expand_nodes(l->c, set.nodes, &set.members, &why) < 0)
        load_warning(l, r->file, r->line, NULL, "NodeSet %s: %s", name, why.text);
    *VEC_PUSH(&l->c->sets) = set;
}

void load_node_sets(struct loader *l)
{
    for (uint32_t i = 0; i < l->c->records.n; i++) {
        const struct conf_record *r = &l->c->records.v[i];
        if (r->kind == CONF_LINE_NODE_SET && r->text[SET_KEY_NODE_SET])
            add_set(l, r);
    }
}

/* --- partitions -------------------------------------------------------------------------------------- */

static char *dup_given(const char *text)
{
    return text && *text ? mem_strdup(text) : NULL;
}

/* NO, YES[:n], FORCE[:n], EXCLUSIVE. */
static void part_share(struct loader *l, const struct part_line *p, struct part *part)
{
    const char *text = p->text[PART_KEY_OVER_SUBSCRIBE];
    const char *colon = text ? strchr(text, ':') : NULL;
    uint64_t count = OVERSUBSCRIBE_DEFAULT;
    part->max_share = 1;
    if (!text || text_same_nocase(text, "NO"))
        return;
    if (text_same_nocase(text, "EXCLUSIVE")) {
        part->max_share = 0;
        part->flags |= PARTF_EXCLUSIVE;
        return;
    }
    char *word = mem_strndup(text, colon ? (size_t)(colon - text) : strlen(text));
    bool force = text_same_nocase(word, "FORCE"), known = force || text_same_nocase(word, "YES");
    if (!known)
        load_error(l, NULL, p->r->file, p->r->line, NULL,
                   "Bad value \"%s\" for OverSubscribe (use NO, YES, FORCE)", text);
    else if (colon && (!text_to_u64(colon + 1, &count) || !count || count >= 1 << 15))
        load_warning(l, p->r->file, p->r->line, NULL, "Ignoring bad OverSubscribe value: %s", text);
    else
        part->max_share = (uint16_t)count;
    part->share_force = force && part->max_share == count;
    if (part->share_force)
        part->flags |= PARTF_ALLOCATEDBYFORCE;
    mem_free(word);
}

enum { EXCLUSIVE_NODE = 1, EXCLUSIVE_USER = 2, EXCLUSIVE_TOPO = 3 }; /* values of the key Exclusive */

static void part_flags(struct loader *l, const struct part_line *p, struct part *part)
{
    bool cluster_no_root = conf_bool(l->c, CONF_DISABLE_ROOT_JOBS);
    part->flags |= flag(p, PART_KEY_HIDDEN, PARTF_HIDDEN) | flag(p, PART_KEY_LLN, PARTF_LLN) |
                   flag(p, PART_KEY_ROOT_ONLY, PARTF_ROOTONLY) | flag(p, PART_KEY_REQ_RESV, PARTF_REQRESV) |
                   flag(p, PART_KEY_POWER_DOWN_ON_IDLE, PARTF_POWERDOWNONIDLE) |
                   flag(p, PART_KEY_EXCLUSIVE_USER, PARTF_EXCLUSIVEUSER) |
                   flag(p, PART_KEY_EXCLUSIVE_TOPO, PARTF_EXCLUSIVETOPO);
    if (number(p, PART_KEY_DISABLE_ROOT_JOBS, cluster_no_root))
        part->flags |= PARTF_DISABLEROOTJOBS;
    switch (number(p, PART_KEY_EXCLUSIVE, 0)) {
    case EXCLUSIVE_NODE:
        part->flags |= PARTF_EXCLUSIVE;
        part->max_share = 0;
        break;
    case EXCLUSIVE_USER:
        part->flags |= PARTF_EXCLUSIVEUSER;
        break;
    case EXCLUSIVE_TOPO:
        part->flags |= PARTF_EXCLUSIVETOPO;
        break;
    }
}

/* The memory keys of one purpose, of which a line may have one; the one given per node wins, as in Slurm. */
static void part_memory(struct loader *l, const struct part_line *p, uint32_t cpu_key, uint32_t node_key,
                        uint64_t *ret_cpu, uint64_t *ret_node)
{
    const struct conf_key_info *keys = conf_line_table[CONF_LINE_PARTITION_NAME].keys;
    *ret_cpu = number(p, cpu_key, NO_VAL64);
    *ret_node = number(p, node_key, NO_VAL64);
    if (*ret_cpu != NO_VAL64 && *ret_node != NO_VAL64) {
        if (p->r->text[cpu_key] && p->r->text[node_key])
            load_warning(l, p->r->file, p->r->line, NULL, "%s ignored, since it's mutually exclusive with %s",
                         keys[cpu_key].name, keys[node_key].name);
        if (p->r->text[cpu_key] && !p->r->text[node_key])
            *ret_node = NO_VAL64;
        else
            *ret_cpu = NO_VAL64;
    }
}

static void part_limits(struct loader *l, const struct part_line *p, struct part *part)
{
    const char *factor = p->text[PART_KEY_PRIORITY];
    part->max_time = (uint32_t)number(p, PART_KEY_MAX_TIME, INFINITE);
    part->default_time = (uint32_t)number(p, PART_KEY_DEFAULT_TIME, NO_VAL);
    part->min_nodes = number_u32(p, PART_KEY_MIN_NODES, 0);
    part->max_nodes = number_u32(p, PART_KEY_MAX_NODES, INFINITE);
    part->max_cpus_node = number_u32(p, PART_KEY_MAX_CPUS_PER_NODE, INFINITE);
    part->max_cpus_socket = number_u32(p, PART_KEY_MAX_CPUS_PER_SOCKET, INFINITE);
    part->grace_time = number_u32(p, PART_KEY_GRACE_TIME, 0);
    part->over_time_limit = (uint16_t)number(p, PART_KEY_OVER_TIME_LIMIT, NO_VAL16);
    part->resume_timeout = number_u32(p, PART_KEY_RESUME_TIMEOUT, NO_VAL);
    part->suspend_timeout = number_u32(p, PART_KEY_SUSPEND_TIMEOUT, NO_VAL);
    part->suspend_time = number_u32(p, PART_KEY_SUSPEND_TIME, NO_VAL);
    part->priority_factor =
        (uint16_t)number(p, PART_KEY_PRIORITY_JOB_FACTOR, factor ? number(p, PART_KEY_PRIORITY, 1) : 1);
    part->priority_tier =
        (uint16_t)number(p, PART_KEY_PRIORITY_TIER, factor ? number(p, PART_KEY_PRIORITY, 1) : 1);
    part_memory(l, p, PART_KEY_DEF_MEM_PER_CPU, PART_KEY_DEF_MEM_PER_NODE, &part->def_mem_cpu,
                &part->def_mem_node);
    part_memory(l, p, PART_KEY_MAX_MEM_PER_CPU, PART_KEY_MAX_MEM_PER_NODE, &part->max_mem_cpu,
                &part->max_mem_node);
}

static void part_access(struct loader *l, const struct part_line *p, struct part *part)
{
    static const uint32_t pairs[][2] = {{PART_KEY_ALLOW_ACCOUNTS, PART_KEY_DENY_ACCOUNTS},
                                        {PART_KEY_ALLOW_QOS, PART_KEY_DENY_QOS}};
    part->allow_accounts = dup_given(p->text[PART_KEY_ALLOW_ACCOUNTS]);
    part->deny_accounts = dup_given(p->text[PART_KEY_DENY_ACCOUNTS]);
    part->allow_groups = dup_given(p->text[PART_KEY_ALLOW_GROUPS]);
    part->allow_qos = dup_given(p->text[PART_KEY_ALLOW_QOS]);
    part->deny_qos = dup_given(p->text[PART_KEY_DENY_QOS]);
    part->allow_alloc_nodes = dup_given(p->text[PART_KEY_ALLOC_NODES]);
    char **all[] = {&part->allow_accounts, &part->allow_groups, &part->allow_qos, &part->allow_alloc_nodes};
    for (unsigned i = 0; i < sizeof all / sizeof *all; i++) {
        if (*all[i] && text_same_nocase(*all[i], "ALL"))
            mem_set_str(all[i], NULL);
    }
    for (unsigned i = 0; i < 2; i++) {
        const struct conf_key_info *keys = conf_line_table[CONF_LINE_PARTITION_NAME].keys;
        const char *deny = keys[pairs[i][1]].name;
        if (p->text[pairs[i][0]] && p->text[pairs[i][1]])
            load_warning(l, p->r->file, p->r->line, NULL, "Both %s and %s are defined, %s will be ignored",
                         keys[pairs[i][0]].name, deny, deny);
    }
    if (part->allow_accounts)
        mem_set_str(&part->deny_accounts, NULL);
    if (part->allow_qos)
        mem_set_str(&part->deny_qos, NULL);
}

static char *canonical(const struct part_line *p, uint32_t key)
{
    struct buf out = BUF_INIT;
    if (!p->text[key])
        return NULL;
    conf_flags_text(&conf_line_table[CONF_LINE_PARTITION_NAME].keys[key], number(p, key, 0), &out);
    if (!out.len)
        buf_adds(&out, conf_line_table[CONF_LINE_PARTITION_NAME].keys[key].values[0].name);
    return buf_take(&out);
}

static void part_texts(const struct part_line *p, struct part *part)
{
    struct buf defaults = BUF_INIT;
    part->name = mem_strdup(p->text[PART_KEY_PARTITION_NAME]);
    part->qos = dup_given(p->text[PART_KEY_QOS]);
    part->alternate = dup_given(p->text[PART_KEY_ALTERNATE]);
    part->cpu_bind = dup_given(p->text[PART_KEY_CPU_BIND]);
    part->topology = dup_given(p->text[PART_KEY_TOPOLOGY]);
    part->tres_weights = dup_given(p->text[PART_KEY_TRES_BILLING_WEIGHTS]);
    if (number(p, PART_KEY_PREEMPT_MODE, 0))
        part->preempt_mode = canonical(p, PART_KEY_PREEMPT_MODE);
    else if (p->text[PART_KEY_PREEMPT_MODE])
        part->preempt_mode = mem_strdup("OFF");
    if (number(p, PART_KEY_SELECT_TYPE_PARAMETERS, 0))
        part->select_params = canonical(p, PART_KEY_SELECT_TYPE_PARAMETERS);
    if (p->text[PART_KEY_DEF_CPU_PER_GPU])
        buf_addf(&defaults, "DefCpuPerGPU=%s", p->text[PART_KEY_DEF_CPU_PER_GPU]);
    if (p->text[PART_KEY_DEF_MEM_PER_GPU])
        buf_addf(&defaults, "%sDefMemPerGPU=%s", defaults.len ? "," : "", p->text[PART_KEY_DEF_MEM_PER_GPU]);
    part->job_defaults = defaults.len ? buf_take(&defaults) : NULL;
}

static void part_nodes(struct loader *l, const struct part_line *p, struct part *part)
{
    const char *text = p->text[PART_KEY_NODES];
    struct err why;
    part->nodes = dup_given(text);
    if (!part->nodes)
        return;
    if (conf_expand_nodes(l->c, part->nodes, &part->members, &why) < 0) {
        char *fatal = buf_format("Invalid node names in partition %s", part->name);
        if (l->want & CONF_WANT_DAEMON)
            load_error(l, fatal, p->r->file, p->r->line, NULL, "partition %s: %s", part->name, why.text);
        else
            load_warning(l, p->r->file, p->r->line, NULL, "partition %s: %s", part->name, why.text);
        mem_free(fatal);
    }
    for (uint32_t i = bits_next(&part->members, 0); i < BITS_MAX; i = bits_next(&part->members, i + 1)) {
        part->total_nodes++;
        part->total_cpus += l->c->nodes.v[i].cpus;
    }
}

static void add_part(struct loader *l, const struct part_line *p)
{
    const char *name = p->text[PART_KEY_PARTITION_NAME];
    uint32_t index = l->c->parts.n;
    if (conf_part(l->c, name)) {
        char *fatal = buf_format("_build_single_partitionline_info: duplicate entry for partition %s", name);
        load_error(l, fatal, p->r->file, p->r->line, NULL, "duplicate entry for partition %s", name);
        mem_free(fatal);
        return;
    }
    struct part *part = VEC_PUSH(&l->c->parts);
    meta_init(&record_part, part);
    part->index = index;
    part->state = (uint32_t)number(p, PART_KEY_STATE, PART_UP);
    part_texts(p, part);
    part_share(l, p, part);
    part_flags(l, p, part);
    part_limits(l, p, part);
    part_access(l, p, part);
    part_nodes(l, p, part);
    /* The last one that says so is the default. */
    if (number(p, PART_KEY_DEFAULT, 0)) {
        for (uint32_t i = 0; i < index; i++)
            l->c->parts.v[i].flags &= ~PARTF_DEFAULT;
        part->flags |= PARTF_DEFAULT;
    }
}

void load_parts(struct loader *l)
{
    char *defaults[PART_KEYS] = {0};
    for (uint32_t i = 0; i < l->c->records.n; i++) {
        const struct conf_record *r = &l->c->records.v[i];
        struct part_line p = {.r = r};
        if (r->kind != CONF_LINE_PARTITION_NAME || !r->text[PART_KEY_PARTITION_NAME])
            continue;
        if (text_same_nocase(r->text[PART_KEY_PARTITION_NAME], "DEFAULT")) {
            record_defaults(defaults, r);
            continue;
        }
        for (uint32_t k = 0; k < PART_KEYS; k++)
            p.text[k] = record_text(r, defaults, k);
        p.text[PART_KEY_PARTITION_NAME] = r->text[PART_KEY_PARTITION_NAME];
        add_part(l, &p);
    }
    for (uint32_t k = 0; k < PART_KEYS; k++)
        mem_free(defaults[k]);
}
