/* SPDX-License-Identifier: Apache-2.0 */
#include "nodecore/pmi.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"

enum { KEY_MAX = 64, VALUE_MAX = 1024, NAME_MAX_1 = 256 };

static const char MAPPING[] = "PMI_process_mapping";

/* --- what is known --- */

static void pair_set(struct map_str *pairs, const char *key, const char *value)
{
    mem_free(map_str_put(pairs, key, mem_strdup(value)));
}

static void pairs_release(struct map_str *pairs)
{
    MAP_EACH (pairs, entry)
        mem_free(entry->value);
    map_str_release(pairs);
}

void pmi_mapping(const struct step *step, struct buf *out)
{
    uint32_t n = step->ntasks ? step->ntasks : 1, *node = mem_array(n, sizeof *node);
    uint32_t first = 0, nodes = 0, tasks = 0;

    for (uint32_t i = 0; i < step->layout.n; i++)
        for (uint32_t k = 0; k < step->layout.v[i].tasks.n; k++)
            if (step->layout.v[i].tasks.v[k] < n)
                node[step->layout.v[i].tasks.v[k]] = i;
    buf_adds(out, "(vector");
    for (uint32_t rank = 0, run = 0; rank < n; rank += run) {
        for (run = 1; rank + run < n && node[rank + run] == node[rank];)
            run++;
        if (nodes && run == tasks && node[rank] == first + nodes) {
            nodes++;
            continue;
        }
        if (nodes)
            buf_addf(out, ",(%u,%u,%u)", first, nodes, tasks);
        first = node[rank];
        nodes = 1;
        tasks = run;
    }
    buf_addf(out, ",(%u,%u,%u))", first, nodes, tasks);
    mem_free(node);
}

void pmi_init(struct pmi *p, const char *id, const struct step *step, uint32_t nodeid)
{
    const struct step_node *here = &step->layout.v[nodeid];
    struct buf mapping = BUF_INIT;

    *p = (struct pmi){.id = mem_strdup(id), .size = step->ntasks, .clients_n = here->tasks.n};
    p->clients = mem_array(p->clients_n ? p->clients_n : 1, sizeof *p->clients);
    for (uint32_t i = 0; i < p->clients_n; i++) {
        p->clients[i] = (struct pmi_client){.rank = here->tasks.v[i], .wire = PMI_1};
        buf_init(&p->clients[i].in);
        buf_init(&p->clients[i].out);
    }
    meta_init(&record_pmi_fence, &p->put);
    pmi_mapping(step, &mapping);
    pair_set(&p->pairs, MAPPING, mapping.s);
    buf_release(&mapping);
}

void pmi_release(struct pmi *p)
{
    for (uint32_t i = 0; i < p->clients_n; i++) {
        buf_release(&p->clients[i].in);
        buf_release(&p->clients[i].out);
        mem_free(p->clients[i].thread);
    }
    for (uint32_t i = 0; i < p->waiters.n; i++) {
        mem_free(p->waiters.v[i].key);
        mem_free(p->waiters.v[i].thread);
    }
    VEC_FREE(&p->waiters);
    pairs_release(&p->pairs);
    pairs_release(&p->node_pairs);
    meta_release(&record_pmi_fence, &p->put);
    mem_free(p->clients);
    mem_free(p->id);
    mem_free(p->abort_text);
    *p = (struct pmi){0};
}

/* --- what both protocols do --- */

struct call {
    struct pmi *p;
    struct pmi_client *c;
    const struct pmi_request *r;
};

static bool put(struct call *k)
{
    const char *key = pmi_word(k->r, "key"), *value = pmi_word(k->r, "value");

    if (!key || !*key || !value || strlen(key) > KEY_MAX || strlen(value) > VALUE_MAX)
        return false;
    meta_strs_push(&k->p->put.keys, key);
    meta_strs_push(&k->p->put.values, value);
    return true;
}

static void fence_answer(struct pmi_client *c)
{
    if (c->wire == PMI_1)
        pmi_answer(PMI_1, &c->out, "barrier_out", "rc", "0", NULL);
    else
        pmi_answer(PMI_2, &c->out, "kvs-fence-response", "rc", "0", "thrid", c->thread, NULL);
}

static void fence(struct call *k)
{
    k->c->fenced = true;
    mem_set_str(&k->c->thread, pmi_word(k->r, "thrid"));
    for (uint32_t i = 0; i < k->p->clients_n; i++)
        if (!k->p->clients[i].fenced)
            return;
    k->p->fence_wanted = true;
}

void pmi_fence_done(struct pmi *p, const struct pmi_fence *all)
{
    uint32_t n = all->keys.n < all->values.n ? all->keys.n : all->values.n;

    for (uint32_t i = 0; i < n; i++)
        pair_set(&p->pairs, all->keys.v[i], all->values.v[i]);
    meta_release(&record_pmi_fence, &p->put);
    meta_init(&record_pmi_fence, &p->put);
    for (uint32_t i = 0; i < p->clients_n; i++) {
        if (p->clients[i].fenced)
            fence_answer(&p->clients[i]);
        p->clients[i].fenced = false;
    }
}

static void aborted(struct call *k)
{
    const char *text = pmi_word(k->r, "msg");

    if (k->p->aborted)
        return;
    k->p->aborted = true;
    k->p->abort_text = buf_format("task %u called abort%s%s", k->c->rank, text ? ": " : "", text ? text : "");
}

/* --- PMI-1 --- */

#define ANSWER(k, ...) pmi_answer((k)->c->wire, &(k)->c->out, __VA_ARGS__, NULL)

static void number_text(char (*ret)[16], uint32_t v)
{
    buf_print(*ret, sizeof *ret, "%u", v);
}

static void one_init(struct call *k)
{
    const char *version = pmi_word(k->r, "pmi_version");
    bool two = version && strcmp(version, "2") == 0;

    ANSWER(k, "response_to_init", "rc", "0", "pmi_version", two ? "2" : "1", "pmi_subversion",
           two ? "0" : "1");
    k->c->greeted = true;
    k->c->wire = two ? PMI_2 : PMI_1;
}

static void one_maxes(struct call *k)
{
    char name[16], key[16], value[16];

    number_text(&name, NAME_MAX_1);
    number_text(&key, KEY_MAX);
    number_text(&value, VALUE_MAX);
    ANSWER(k, "maxes", "rc", "0", "kvsname_max", name, "keylen_max", key, "vallen_max", value);
}

static void one_universe(struct call *k)
{
    char size[16];

    number_text(&size, k->p->size);
    ANSWER(k, "universe_size", "rc", "0", "size", size);
}

static void one_appnum(struct call *k)
{
    ANSWER(k, "appnum", "rc", "0", "appnum", "-1");
}

static void one_kvsname(struct call *k)
{
    ANSWER(k, "my_kvsname", "rc", "0", "kvsname", k->p->id);
}

static void one_put(struct call *k)
{
    bool ok = put(k);

    ANSWER(k, "put_result", "rc", ok ? "0" : "-1", "msg", ok ? "success" : "bad_key_or_value");
}

static void one_get(struct call *k)
{
    const char *key = pmi_word(k->r, "key");
    const char *value = key ? map_str_get(&k->p->pairs, key) : NULL;

    ANSWER(k, "get_result", "rc", value ? "0" : "-1", "msg", value ? "success" : "key_not_found", "value",
           value ? value : "unknown");
}

static void one_by_index(struct call *k)
{
    uint32_t wanted = 0, i = 0;
    char next[16];

    if (pmi_word(k->r, "idx"))
        text_to_u32(pmi_word(k->r, "idx"), &wanted);
    MAP_EACH (&k->p->pairs, entry) {
        if (i++ != wanted)
            continue;
        number_text(&next, i);
        ANSWER(k, "getbyidx_results", "rc", "0", "nextidx", next, "key", entry->name, "val",
               (const char *)entry->value);
        return;
    }
    ANSWER(k, "getbyidx_results", "rc", "-2", "reason", "no_more_keyvals");
}

static void one_finalize(struct call *k)
{
    ANSWER(k, "finalize_ack", "rc", "0");
}

static void one_publish(struct call *k)
{
    ANSWER(k, "publish_result", "rc", "-1", "msg", "not_supported");
}

static void one_unpublish(struct call *k)
{
    ANSWER(k, "unpublish_result", "rc", "-1", "msg", "not_supported");
}

static void one_lookup(struct call *k)
{
    ANSWER(k, "lookup_result", "rc", "-1", "msg", "not_supported");
}

/* --- PMI-2 --- */

/* Every answer of PMI-2 echoes the thread of its request and says whether it went well. */
#define ANSWER2(k, name, rc, ...)                                                                            \
    pmi_answer(PMI_2, &(k)->c->out, name "-response", "rc", rc, "thrid", pmi_word((k)->r, "thrid"),          \
               ##__VA_ARGS__, NULL)

static void two_init(struct call *k)
{
    char rank[16], size[16];

    number_text(&rank, k->c->rank);
    number_text(&size, k->p->size);
    ANSWER2(k, "fullinit", "0", "pmi-version", "2", "pmi-subversion", "0", "rank", rank, "size", size,
            "appnum", "-1", "debugged", "FALSE", "pmiverbose", "FALSE");
}

static void two_finalize(struct call *k)
{
    ANSWER2(k, "finalize", "0");
}

static void two_id(struct call *k)
{
    ANSWER2(k, "job-getid", "0", "jobid", k->p->id);
}

static void two_job_attribute(struct call *k)
{
    const char *key = pmi_word(k->r, "key"), *value = NULL;
    char size[16];

    number_text(&size, k->p->size);
    if (key && strcmp(key, MAPPING) == 0)
        value = map_str_get(&k->p->pairs, MAPPING);
    else if (key && strcmp(key, "universeSize") == 0)
        value = size;
    ANSWER2(k, "info-getjobattr", "0", "found", value ? "TRUE" : "FALSE", "value", value);
}

static void node_attribute(struct pmi_client *c, const char *thread, const char *value)
{
    pmi_answer(PMI_2, &c->out, "info-getnodeattr-response", "rc", "0", "thrid", thread, "found",
               value ? "TRUE" : "FALSE", "value", value, NULL);
}

static void two_get_node(struct call *k)
{
    const char *key = pmi_word(k->r, "key"), *wait = pmi_word(k->r, "wait");
    const char *value = key ? map_str_get(&k->p->node_pairs, key) : NULL;

    if (!value && key && wait && strcmp(wait, "TRUE") == 0) {
        *VEC_PUSH(&k->p->waiters) = (struct pmi_waiter){(uint32_t)(k->c - k->p->clients), mem_strdup(key),
                                                        mem_strdup(pmi_word(k->r, "thrid"))};
        return;
    }
    node_attribute(k->c, pmi_word(k->r, "thrid"), value);
}

static void two_put_node(struct call *k)
{
    const char *key = pmi_word(k->r, "key"), *value = pmi_word(k->r, "value");
    uint32_t left = 0;

    if (!key || !*key || !value || strlen(key) > KEY_MAX || strlen(value) > VALUE_MAX) {
        ANSWER2(k, "info-putnodeattr", "1", "errmsg", "bad key or value");
        return;
    }
    pair_set(&k->p->node_pairs, key, value);
    ANSWER2(k, "info-putnodeattr", "0");
    for (uint32_t i = 0; i < k->p->waiters.n; i++) {
        struct pmi_waiter *w = &k->p->waiters.v[i];
        if (strcmp(w->key, key) != 0) {
            k->p->waiters.v[left++] = *w;
            continue;
        }
        node_attribute(&k->p->clients[w->client], w->thread, value);
        mem_free(w->key);
        mem_free(w->thread);
    }
    k->p->waiters.n = left;
}

static void two_put(struct call *k)
{
    bool ok = put(k);

    ANSWER2(k, "kvs-put", ok ? "0" : "1", "errmsg", ok ? NULL : "bad key or value");
}

static void two_get(struct call *k)
{
    const char *key = pmi_word(k->r, "key");
    const char *value = key ? map_str_get(&k->p->pairs, key) : NULL;

    ANSWER2(k, "kvs-get", "0", "found", value ? "TRUE" : "FALSE", "value", value);
}

static const struct {
    enum pmi_wire wire;
    const char *name;
    void (*call)(struct call *k);
} COMMANDS[] = {
    {PMI_1, "init", one_init},
    {PMI_1, "get_maxes", one_maxes},
    {PMI_1, "get_universe_size", one_universe},
    {PMI_1, "get_appnum", one_appnum},
    {PMI_1, "get_my_kvsname", one_kvsname},
    {PMI_1, "put", one_put},
    {PMI_1, "get", one_get},
    {PMI_1, "getbyidx", one_by_index},
    {PMI_1, "barrier_in", fence},
    {PMI_1, "finalize", one_finalize},
    {PMI_1, "abort", aborted},
    {PMI_1, "publish_name", one_publish},
    {PMI_1, "unpublish_name", one_unpublish},
    {PMI_1, "lookup_name", one_lookup},
    {PMI_2, "fullinit", two_init},
    {PMI_2, "finalize", two_finalize},
    {PMI_2, "job-getid", two_id},
    {PMI_2, "info-getjobattr", two_job_attribute},
    {PMI_2, "info-getnodeattr", two_get_node},
    {PMI_2, "info-putnodeattr", two_put_node},
    {PMI_2, "kvs-put", two_put},
    {PMI_2, "kvs-get", two_get},
    {PMI_2, "kvs-fence", fence},
    {PMI_2, "abort", aborted},
};

/* PMI-2 names its answers after its requests, also those that are refused. */
static void refuse_2(struct call *k, const char *command)
{
    struct buf name = BUF_INIT;

    buf_addf(&name, "%s-response", command);
    pmi_answer(PMI_2, &k->c->out, name.s, "rc", "1", "thrid", pmi_word(k->r, "thrid"), "errmsg",
               "not supported", NULL);
    buf_release(&name);
}

static int answer_request(struct call *k, struct err *e)
{
    const char *command = pmi_word(k->r, "cmd");

    if (k->c->spawning || pmi_word(k->r, "mcmd")) {
        bool end = k->r->n && strcmp(k->r->words[0].key, "endcmd") == 0;
        k->c->spawning = !end;
        if (end)
            ANSWER(k, "spawn_result", "rc", "-1", "status", "not_supported");
        return 0;
    }
    if (!command)
        return err_set(e, ERR_INVALID, "PMI: a request without a command");
    if (k->c->wire == PMI_1 && !k->c->greeted && strcmp(command, "init") != 0)
        return err_set(e, ERR_INVALID, "PMI: %s before init", command);
    for (size_t i = 0; i < sizeof COMMANDS / sizeof *COMMANDS; i++) {
        if (COMMANDS[i].wire != k->c->wire || strcmp(COMMANDS[i].name, command) != 0)
            continue;
        COMMANDS[i].call(k);
        return 0;
    }
    if (k->c->wire == PMI_1)
        return err_set(e, ERR_INVALID, "PMI: unknown command %s", command);
    refuse_2(k, command);
    return 0;
}

int pmi_feed(struct pmi *p, uint32_t client, const void *data, size_t len, struct err *e)
{
    struct pmi_client *c = &p->clients[client];
    struct pmi_request r;
    size_t done = 0;
    int used, rc = 0;

    buf_add(&c->in, data, len);
    while (rc == 0 && (used = pmi_parse(c->wire, c->in.s + done, c->in.len - done, &r, e)) != 0) {
        if (used < 0)
            return used;
        rc = answer_request(&(struct call){p, c, &r}, e);
        pmi_request_release(&r);
        done += (size_t)used;
    }
    memmove(c->in.s, c->in.s + done, c->in.len - done);
    buf_truncate(&c->in, c->in.len - done);
    return rc;
}
