/* SPDX-License-Identifier: Apache-2.0 */
#include "model/nodetext.h"

#include <string.h>

#include "base/bits.h"
#include "base/text.h"

struct word {
    const char *text, *brief;
};

static const struct word use_words[] = {
    [NODE_USE_DOWN] = {"down", "down"},
    [NODE_USE_UNKNOWN] = {"unknown", "unk"},
    [NODE_USE_FUTURE] = {"future", "futr"},
    [NODE_USE_ERROR] = {"error", "err"},
    [NODE_USE_IDLE] = {"idle", "idle"},
    [NODE_USE_MIXED] = {"mixed", "mix"},
    [NODE_USE_ALLOCATED] = {"allocated", "alloc"},
};
static const char *const use_names[] = {
    [NODE_USE_DOWN] = "DOWN",           [NODE_USE_UNKNOWN] = "UNKNOWN", [NODE_USE_FUTURE] = "FUTURE",
    [NODE_USE_ERROR] = "ERROR",         [NODE_USE_IDLE] = "IDLE",       [NODE_USE_MIXED] = "MIXED",
    [NODE_USE_ALLOCATED] = "ALLOCATED",
};

/* Suffixes, the first that is set wins. */
static const struct {
    uint64_t flag;
    char suffix;
} suffixes[] = {
    {NODEF_MAINTENANCE, '$'}, {NODEF_REBOOT_ISSUED, '^'},  {NODEF_REBOOT_REQUESTED, '@'},
    {NODEF_POWERING_UP, '#'}, {NODEF_POWERING_DOWN, '%'},  {NODEF_POWERED_DOWN, '~'},
    {NODEF_POWER_DOWN, '!'},  {NODEF_NOT_RESPONDING, '*'},
};

/* Modifiers in the order in which scontrol lists them. */
static const struct {
    uint64_t flag;
    const char *name;
} listed[] = {
    {NODEF_BLOCKED, "BLOCKED"},
    {NODEF_CLOUD, "CLOUD"},
    {NODEF_DRAIN, "DRAIN"},
    {NODEF_DYNAMIC_NORM, "DYNAMIC_NORM"},
    {NODEF_INVALID_REG, "INVALID_REG"},
    {NODEF_FAIL, "FAIL"},
    {NODEF_MAINTENANCE, "MAINTENANCE"},
    {NODEF_POWER_DOWN, "POWER_DOWN"},
    {NODEF_POWER_UP, "POWER_UP"},
    {NODEF_NOT_RESPONDING, "NOT_RESPONDING"},
    {NODEF_POWERED_DOWN, "POWERED_DOWN"},
    {NODEF_POWERING_DOWN, "POWERING_DOWN"},
    {NODEF_POWERING_UP, "POWERING_UP"},
    {NODEF_PLANNED, "PLANNED"},
    {NODEF_REBOOT_ISSUED, "REBOOT_ISSUED"},
    {NODEF_REBOOT_REQUESTED, "REBOOT_REQUESTED"},
    {NODEF_RESERVED, "RESERVED"},
};

uint32_t node_usable_cpus(const struct node *n)
{
    uint32_t spec = n->core_spec * (n->threads ? n->threads : 1);
    struct bits list = {0};
    if (!spec && n->cpu_spec_list && bits_parse(&list, n->cpu_spec_list, NULL) == 0)
        spec = bits_count(&list);
    bits_release(&list);
    return spec < n->cpus ? n->cpus - spec : n->cpus;
}

enum node_use node_use(const struct node *n)
{
    switch (n->state) {
    case NODE_DOWN:
        return NODE_USE_DOWN;
    case NODE_FUTURE:
        return NODE_USE_FUTURE;
    case NODE_ERROR:
        return NODE_USE_ERROR;
    case NODE_UNKNOWN:
        if (!n->running_jobs)
            return NODE_USE_UNKNOWN;
        break;
    default:
        break;
    }
    if (n->alloc_cpus && n->alloc_cpus >= node_usable_cpus(n))
        return NODE_USE_ALLOCATED;
    return n->running_jobs > n->completing ? NODE_USE_MIXED : NODE_USE_IDLE;
}

/* A node that is neither down nor busy shows what it is set aside for. */
static const struct {
    uint64_t flag;
    struct word word;
} idle_words[] = {
    {NODEF_MAINTENANCE, {"maint", "maint"}},      {NODEF_REBOOT_ISSUED, {"reboot", "boot"}},
    {NODEF_REBOOT_REQUESTED, {"reboot", "boot"}}, {NODEF_BLOCKED, {"blocked", "block"}},
    {NODEF_RESERVED, {"reserved", "resv"}},       {NODEF_PLANNED, {"planned", "plnd"}},
};

/* `scontrol reboot ASAP` of an idle node: neither the drain nor the wish is shown otherwise. */
static bool waits_for_reboot(const struct node *n, enum node_use use)
{
    return use == NODE_USE_IDLE && !n->completing && n->flags & NODEF_DRAIN &&
           n->flags & NODEF_REBOOT_REQUESTED;
}

static struct word word_of(const struct node *n, enum node_use use)
{
    bool busy = use == NODE_USE_MIXED || use == NODE_USE_ALLOCATED || n->completing;
    if (n->flags & NODEF_INVALID_REG)
        return (struct word){"inval", "inval"};
    if (waits_for_reboot(n, use))
        return (struct word){"reboot", "boot"};
    if (n->flags & NODEF_DRAIN)
        return busy ? (struct word){"draining", "drng"} : (struct word){"drained", "drain"};
    if (n->flags & NODEF_FAIL)
        return busy ? (struct word){"failing", "failg"} : (struct word){"fail", "fail"};
    if (use == NODE_USE_IDLE) {
        if (n->completing)
            return (struct word){"completing", "comp"};
        for (uint32_t i = 0; i < sizeof idle_words / sizeof *idle_words; i++)
            if (n->flags & idle_words[i].flag)
                return idle_words[i].word;
    }
    return use_words[use];
}

static char suffix_of(const struct node *n, enum node_use use)
{
    if (waits_for_reboot(n, use))
        return '\0';
    for (uint32_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        /* An idle node in a maintenance reservation already says so by its word. */
        if (suffixes[i].flag == NODEF_MAINTENANCE && use == NODE_USE_IDLE && !(n->flags & NODEF_DRAIN))
            continue;
        if (n->flags & suffixes[i].flag)
            return suffixes[i].suffix;
    }
    if (use == NODE_USE_ALLOCATED && n->completing)
        return '+';
    return use != NODE_USE_IDLE && n->flags & NODEF_PLANNED ? '-' : '\0';
}

static void add_state(const struct node *n, bool brief, struct buf *out)
{
    enum node_use use = node_use(n);
    struct word w = word_of(n, use);
    buf_adds(out, brief ? w.brief : w.text);
    char suffix = suffix_of(n, use);
    if (suffix)
        buf_addc(out, suffix);
}

void node_state_text(const struct node *n, struct buf *out)
{
    add_state(n, false, out);
}

void node_state_short(const struct node *n, struct buf *out)
{
    add_state(n, true, out);
}

void node_state_list(const struct node *n, const char *sep, struct buf *out)
{
    buf_adds(out, use_names[node_use(n)]);
    for (uint32_t i = 0; i < sizeof listed / sizeof *listed; i++) {
        if (n->flags & listed[i].flag)
            buf_addf(out, "%s%s", sep, listed[i].name);
        if (listed[i].flag == NODEF_CLOUD && n->completing)
            buf_addf(out, "%sCOMPLETING", sep);
    }
}

static const struct {
    const char *text;
    uint32_t value;
} bindings[] = {{"threads", 2}, {"cores", 4}, {"sockets", 8}, {"ldoms", 16}, {"none", 32}};

const char *node_cpu_bind_text(uint32_t cpu_bind)
{
    for (uint32_t i = 0; i < sizeof bindings / sizeof *bindings; i++)
        if (bindings[i].value == cpu_bind)
            return bindings[i].text;
    return NULL;
}

bool node_cpu_bind_parse(const char *text, uint32_t *ret)
{
    size_t len = strlen(text);

    *ret = 0;
    for (uint32_t i = 0; i < sizeof bindings / sizeof *bindings; i++) {
        size_t full = strlen(bindings[i].text);

        if ((len == full || len + 1 == full) && text_starts_nocase(bindings[i].text, text))
            *ret = bindings[i].value;
    }
    return *ret || !len || text_same_nocase(text, "off");
}

static const struct {
    const char *name;
    uint64_t flag;
} excluding[] = {
    {"CLOUD", NODEF_CLOUD},
    {"DOWN", 0},
    {"DRAIN", NODEF_DRAIN},
    {"DYNAMIC_FUTURE", 0}, /* there are none */
    {"DYNAMIC_NORM", NODEF_DYNAMIC_NORM},
    {"FAIL", NODEF_FAIL},
    {"INVALID_REG", NODEF_INVALID_REG},
    {"MAINTENANCE", NODEF_MAINTENANCE},
    {"NOT_RESPONDING", NODEF_NOT_RESPONDING},
    {"PLANNED", NODEF_PLANNED},
    {"RESERVED", NODEF_RESERVED},
};

const char *node_exc_states(const struct meta_strs *names, uint64_t *ret_flags, bool *ret_down)
{
    const char *bad = NULL;

    *ret_flags = 0;
    *ret_down = false;
    for (uint32_t i = 0; i < names->n; i++) {
        uint32_t k = 0, count = sizeof excluding / sizeof *excluding;

        while (k < count && !text_same_nocase(names->v[i], excluding[k].name))
            k++;
        if (k < count)
            *ret_flags |= excluding[k].flag;
        else if (!bad)
            bad = names->v[i];
        *ret_down |= text_same_nocase(names->v[i], "DOWN");
    }
    return bad;
}
