/* SPDX-License-Identifier: Apache-2.0 */
/* NodeName and DownNodes lines as node records. doc/spec/06-configuration.md says how the shape of a node is
 * derived. */
#include "conf/load.h"

#include "base/hostlist.h"
#include "base/mem.h"

/* The keys of a NodeName line in force, and where it stands. */
struct node_line {
    const struct conf_record *r;
    const char *text[NODE_KEYS];
};

static uint64_t number(const struct node_line *n, uint32_t key, uint64_t def)
{
    return record_number(CONF_LINE_NODE_NAME, key, n->text[key], def);
}

/* Slurm's words for a value of a node line that it puts right. */
static void put_right(struct loader *l, const struct node_line *n, const char *key, uint64_t given,
                      uint64_t now)
{
    load_warning(l, n->r->file, n->r->line, NULL, "NodeNames=%s %s=%" PRIu64 " is invalid, reset to %" PRIu64,
                 n->text[NODE_KEY_NODE_NAME], key, given, now);
}

/* A count of the shape; 0 is put right to 1. */
static uint16_t shape_count(struct loader *l, const struct node_line *n, uint32_t key)
{
    uint64_t v = number(n, key, 1);
    if (!v)
        put_right(l, n, conf_line_table[CONF_LINE_NODE_NAME].keys[key].name, 0, 1);
    return v ? (uint16_t)v : 1;
}

static void node_shape(struct loader *l, const struct node_line *n, struct node *node)
{
    const char *cpus_text = n->text[NODE_KEY_CPUS];
    uint32_t cpus = cpus_text ? shape_count(l, n, NODE_KEY_CPUS) : 0;
    node->boards = shape_count(l, n, NODE_KEY_BOARDS);
    node->cores = shape_count(l, n, NODE_KEY_CORES_PER_SOCKET);
    node->threads = shape_count(l, n, NODE_KEY_THREADS_PER_CORE);
    uint32_t per_socket = (uint32_t)node->cores * node->threads;
    if (n->text[NODE_KEY_SOCKETS_PER_BOARD]) {
        if (n->text[NODE_KEY_SOCKETS])
            load_warning(l, n->r->file, n->r->line, NULL,
                         "NodeNames=%s Sockets=# and SocketsPerBoard=# is invalid , using SocketsPerBoard",
                         n->text[NODE_KEY_NODE_NAME]);
        node->sockets = (uint16_t)(node->boards * shape_count(l, n, NODE_KEY_SOCKETS_PER_BOARD));
    } else if (n->text[NODE_KEY_SOCKETS]) {
        node->sockets = shape_count(l, n, NODE_KEY_SOCKETS);
    } else if (cpus) {
        node->sockets = cpus % per_socket ? 1 : (uint16_t)(cpus / per_socket);
    } else {
        node->sockets = node->boards;
    }
    uint32_t cores = (uint32_t)node->sockets * node->cores, threads = cores * node->threads;
    if (cpus && cpus != node->sockets && cpus != cores && cpus != threads) {
        load_warning(l, n->r->file, n->r->line, NULL,
                     "NodeNames=%s CPUs=%u match no Sockets, Sockets*CoresPerSocket or "
                     "Sockets*CoresPerSocket*ThreadsPerCore. Resetting CPUs.",
                     n->text[NODE_KEY_NODE_NAME], cpus);
        cpus = 0;
    }
    node->cpus = cpus ? cpus : threads;
}

static void node_reserved(struct loader *l, const struct node_line *n, struct node *node)
{
    uint32_t cores = (uint32_t)node->sockets * node->cores;
    uint64_t spec = number(n, NODE_KEY_CORE_SPEC_COUNT, 0), mem = number(n, NODE_KEY_MEM_SPEC_LIMIT, 0);
    if (spec && n->text[NODE_KEY_CPU_SPEC_LIST]) {
        load_warning(l, n->r->file, n->r->line, NULL,
                     "NodeNames=%s CoreSpecCount=%" PRIu64 " is invalid with CPUSpecList, reset to 0",
                     n->text[NODE_KEY_NODE_NAME], spec);
        spec = 0;
    } else if (spec >= cores) {
        put_right(l, n, "CoreSpecCount", spec, cores - 1);
        spec = cores - 1;
    }
    if (mem && mem >= node->real_memory) {
        put_right(l, n, "MemSpecLimit", mem, 0);
        mem = 0;
    }
    node->core_spec = (uint16_t)spec;
    node->mem_spec = mem;
}

/* What State= may say. Up states are left to registration: NODE_UNKNOWN. */
static const struct {
    const char *name;
    uint32_t state;
    uint64_t flags;
} states[] = {
    {"UNKNOWN", NODE_UNKNOWN, 0},
    {"IDLE", NODE_UNKNOWN, 0},
    {"CLOUD", NODE_UP, NODEF_CLOUD | NODEF_POWERED_DOWN},
    {"DOWN", NODE_DOWN, 0},
    {"DRAIN", NODE_UNKNOWN, NODEF_DRAIN},
    {"DRAINED", NODE_UNKNOWN, NODEF_DRAIN},
    {"DRAINING", NODE_UNKNOWN, NODEF_DRAIN},
    {"FAIL", NODE_UNKNOWN, NODEF_FAIL},
    {"FAILING", NODE_UNKNOWN, NODEF_FAIL},
    {"FUTURE", NODE_FUTURE, 0},
};

static bool node_set_state(struct node *node, const char *text)
{
    for (unsigned i = 0; i < sizeof states / sizeof *states; i++) {
        if (text_same_nocase(states[i].name, text)) {
            node->state = states[i].state;
            node->flags |= states[i].flags;
            return true;
        }
    }
    return false;
}

static char *dup_given(const char *text)
{
    return text && *text ? mem_strdup(text) : NULL;
}

/* Everything the nodes of a line have in common. */
static void node_common(struct loader *l, const struct node_line *n, struct node *node)
{
    const char *state = n->text[NODE_KEY_STATE];
    meta_init(&record_node, node);
    node_shape(l, n, node);
    node->real_memory = number(n, NODE_KEY_REAL_MEMORY, 1);
    node->tmp_disk = (uint32_t)number(n, NODE_KEY_TMP_DISK, 0);
    node->weight = (uint32_t)number(n, NODE_KEY_WEIGHT, 1);
    node_reserved(l, n, node);
    node->cpu_bind = (uint32_t)number(n, NODE_KEY_CPU_BIND, 0);
    node->cores_per_gpu = (uint16_t)number(n, NODE_KEY_RESTRICTED_CORES_PER_GPU, 0);
    node->suspend_time = (uint32_t)number(n, NODE_KEY_SUSPEND_TIME, NO_VAL);
    node->cpu_spec_list = dup_given(n->text[NODE_KEY_CPU_SPEC_LIST]);
    node->features = dup_given(n->text[NODE_KEY_FEATURES]);
    node->active_features = dup_given(n->text[NODE_KEY_FEATURES]);
    node->gres_text = dup_given(n->text[NODE_KEY_GRES]);
    node->reason = dup_given(n->text[NODE_KEY_REASON]);
    node->parameters = dup_given(n->text[NODE_KEY_PARAMETERS]);
    node->topology = dup_given(n->text[NODE_KEY_TOPOLOGY]);
    if (state && !node_set_state(node, state)) {
        char *fatal = buf_format("Invalid state %s from %s", state, n->text[NODE_KEY_NODE_NAME]);
        load_error(l, fatal, n->r->file, n->r->line, NULL, "node %s has invalid state %s",
                   n->text[NODE_KEY_NODE_NAME], state);
        mem_free(fatal);
    }
}

/* The lists of a line that go with its names one by one, or are one for all. */
struct node_lists {
    struct hostlist names, addrs, hosts, bcasts, ports;
};

static void node_lists_release(struct node_lists *s)
{
    hostlist_release(&s->names);
    hostlist_release(&s->addrs);
    hostlist_release(&s->hosts);
    hostlist_release(&s->bcasts);
    hostlist_release(&s->ports);
}

static bool read_list(struct loader *l, const struct node_line *n, uint32_t key, uint32_t names,
                      struct hostlist *ret)
{
    const char *text = n->text[key], *name = conf_line_table[CONF_LINE_NODE_NAME].keys[key].name;
    struct err why;
    char *fatal = NULL;
    if (!text)
        return true;
    if (hostlist_parse(ret, text, &why) < 0 || !ret->count) {
        fatal = buf_format("Unable to create %s list from %s", name, text);
        load_error(l, fatal, n->r->file, n->r->line, why.code ? why.text : NULL, "%s", fatal);
    } else if (names && ret->count != 1 && ret->count != names) {
        const char *rule = "count must equal that of NodeName records or there must be no more than one";
        fatal = key == NODE_KEY_PORT ? buf_format("%s %s (%u != %u)", name, rule, ret->count, names)
                                     : buf_format("%s %s", name, rule);
        load_error(l, fatal, n->r->file, n->r->line, NULL, "%s: %u for %u nodes", name, ret->count, names);
    }
    mem_free(fatal);
    return !fatal;
}

/* "7000", "7000-7003", "[7000-7003]", "7000,7002": the same as a hostlist without a name. */
static bool read_port_list(struct loader *l, struct node_line *n, uint32_t names, struct hostlist *ret)
{
    const char *text = n->text[NODE_KEY_PORT];
    if (!text || text[0] == '[')
        return read_list(l, n, NODE_KEY_PORT, names, ret);
    char *list = buf_format("[%s]", text);
    n->text[NODE_KEY_PORT] = list;
    bool ok = read_list(l, n, NODE_KEY_PORT, names, ret);
    n->text[NODE_KEY_PORT] = text;
    mem_free(list);
    return ok;
}

/* The i-th of a list, or its only one; NULL when it is empty. */
static const char *list_nth(const struct hostlist *list, uint32_t i, char name[HOSTLIST_NAME_SIZE])
{
    if (!list->count)
        return NULL;
    hostlist_nth(list, list->count == 1 ? 0 : i, name);
    return name;
}

static void add_host(struct conf *c, const char *host, uint32_t index)
{
    void *known = map_str_get(&c->node_hosts, host);
    map_str_put(&c->node_hosts, host, known ? HOST_SHARED : (void *)(uintptr_t)(index + 1));
}

static bool add_node(struct loader *l, const struct node_line *n, const struct node_lists *s,
                     const struct node *common, uint32_t i)
{
    struct conf *c = l->c;
    char name[HOSTLIST_NAME_SIZE], other[HOSTLIST_NAME_SIZE];
    uint64_t port = conf_u32(c, CONF_SLURMD_PORT);
    hostlist_nth(&s->names, i, name);
    if (map_str_has(&c->node_names, name)) {
        char *fatal = buf_format("Duplicated NodeHostName %s in config file", name);
        load_error(l, fatal, n->r->file, n->r->line, NULL, "%s", fatal);
        mem_free(fatal);
        return false;
    }
    const char *port_text = list_nth(&s->ports, i, other);
    if (port_text && (!text_to_u64(port_text, &port) || port > UINT16_MAX)) {
        load_error(l, NULL, n->r->file, n->r->line, NULL, "Port %s is not a port number", port_text);
        return false;
    }
    uint32_t index = c->nodes.n;
    struct node *node = VEC_PUSH(&c->nodes);
    meta_copy(&record_node, node, common);
    shared_init(&node->sh);
    node->index = index;
    node->port = (uint16_t)port;
    node->name = mem_strdup(name);
    const char *host = list_nth(&s->hosts, i, other);
    node->hostname = mem_strdup(host ? host : name);
    const char *addr = list_nth(&s->addrs, i, other);
    node->addr = mem_strdup(addr ? addr : node->hostname);
    node->bcast_addr = mem_strdup(list_nth(&s->bcasts, i, other));
    map_str_put(&c->node_names, name, (void *)(uintptr_t)(index + 1));
    add_host(c, node->hostname, index);
    return true;
}

static void add_nodes(struct loader *l, struct node_line *n)
{
    struct node_lists s = {0};
    struct node common;
    bool ok = read_list(l, n, NODE_KEY_NODE_NAME, 0, &s.names);
    uint32_t count = s.names.count;
    ok = ok && read_list(l, n, NODE_KEY_NODE_ADDR, count, &s.addrs);
    ok = ok && read_list(l, n, NODE_KEY_NODE_HOSTNAME, count, &s.hosts);
    ok = ok && read_list(l, n, NODE_KEY_BCAST_ADDR, count, &s.bcasts);
    ok = ok && read_port_list(l, n, count, &s.ports);
    uint32_t most = l->c->v[CONF_MAX_NODE_COUNT].text ? conf_u32(l->c, CONF_MAX_NODE_COUNT) : CONF_NODES_MAX;
    if (ok && (uint64_t)l->c->nodes.n + count > most) {
        char *fatal =
            buf_format("read_slurm_conf reading %s: Unable to add node, node table is full", l->c->path);
        load_error(l, fatal, n->r->file, n->r->line, NULL,
                   "Attempting to create node record past MaxNodeCount:%u", most);
        mem_free(fatal);
        ok = false;
    }
    if (ok) {
        node_common(l, n, &common);
        for (uint32_t i = 0; i < count && ok; i++)
            ok = add_node(l, n, &s, &common, i);
        meta_release(&record_node, &common);
    }
    node_lists_release(&s);
}

static void check_default_line(struct loader *l, const struct conf_record *r)
{
    static const uint32_t forbidden[] = {NODE_KEY_NODE_ADDR, NODE_KEY_NODE_HOSTNAME, NODE_KEY_BCAST_ADDR};
    for (unsigned i = 0; i < sizeof forbidden / sizeof *forbidden; i++) {
        if (r->text[forbidden[i]])
            load_error(l, NULL, r->file, r->line, NULL, "%s not allowed with NodeName=DEFAULT",
                       conf_line_table[CONF_LINE_NODE_NAME].keys[forbidden[i]].name);
    }
}

void load_nodes(struct loader *l)
{
    char *defaults[NODE_KEYS] = {0};
    for (uint32_t i = 0; i < l->c->records.n; i++) {
        const struct conf_record *r = &l->c->records.v[i];
        struct node_line n = {.r = r};
        if (r->kind != CONF_LINE_NODE_NAME || !r->text[NODE_KEY_NODE_NAME])
            continue;
        if (text_same_nocase(r->text[NODE_KEY_NODE_NAME], "DEFAULT")) {
            check_default_line(l, r);
            record_defaults(defaults, r);
        } else if (text_same_nocase(r->text[NODE_KEY_NODE_NAME], "ALL")) {
            load_error(l, "'ALL' is a reserved word disallowed for use with NodeName", r->file, r->line, NULL,
                       "'ALL' is a reserved word disallowed for use with NodeName");
        } else {
            for (uint32_t k = 0; k < NODE_KEYS; k++)
                n.text[k] = record_text(r, defaults, k);
            n.text[NODE_KEY_NODE_NAME] = r->text[NODE_KEY_NODE_NAME];
            add_nodes(l, &n);
        }
    }
    for (uint32_t k = 0; k < NODE_KEYS; k++)
        mem_free(defaults[k]);
}

static void set_down(struct loader *l, const struct conf_record *r, const char *name)
{
    void *found = map_str_get(&l->c->node_names, name);
    const char *state = r->text[DOWN_KEY_STATE], *reason = r->text[DOWN_KEY_REASON];
    if (!found) {
        load_warning(l, r->file, r->line, NULL, "DownNode \"%s\" does not exist!", name);
        return;
    }
    struct node *node = &l->c->nodes.v[(uintptr_t)found - 1];
    if (!node_set_state(node, state ? state : "DOWN"))
        load_warning(l, r->file, r->line, NULL, "Invalid State \"%s\"", state);
    else
        mem_set_str(&node->reason, reason ? reason : "Set in slurm.conf");
}

void load_down_nodes(struct loader *l)
{
    for (uint32_t i = 0; i < l->c->records.n; i++) {
        const struct conf_record *r = &l->c->records.v[i];
        struct hostlist names = {0};
        struct err why;
        if (r->kind != CONF_LINE_DOWN_NODES || !r->text[DOWN_KEY_DOWN_NODES])
            continue;
        if (hostlist_parse(&names, r->text[DOWN_KEY_DOWN_NODES], &why) < 0)
            load_error(l, NULL, r->file, r->line, NULL, "DownNodes: %s", why.text);
        struct host_iter it = {.list = &names};
        for (const char *name; (name = host_iter_next(&it));)
            set_down(l, r, name);
        hostlist_release(&names);
    }
}
