/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/nodecols.h"

#include <string.h>

#include "base/hostlist.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/gresview.h"
#include "cli/names.h"
#include "cli/partview.h"
#include "cli/timefmt.h"
#include "model/nodetext.h"

#define READER(fn) static void fn(const void *row, const void *ctx_, struct buf *out)
#define ORDER(fn)  static int64_t fn(const void *row, const void *ctx_)
#define GROUP      ((const struct node_group *)row)
#define CTX        ((const struct nodecols_ctx *)ctx_)

/* The node that stands for the group, or NULL. */
static const struct node *first(const struct node_group *g)
{
    return g->nodes.n ? g->nodes.v[0] : NULL;
}

/* A text of the first node, with what stands for an unset one. */
#define NODE_STR(fn, field, unset)                                                                           \
    READER(fn)                                                                                               \
    {                                                                                                        \
        const char *s = first(GROUP) ? first(GROUP)->field : NULL;                                           \
        buf_adds(out, s &&*s ? s : unset);                                                                   \
    }
/* A number of the nodes: the least one, with "+" when there are others. */
#define NODE_RANGE(fn, field)                                                                                \
    ORDER(fn##_order)                                                                                        \
    {                                                                                                        \
        uint64_t min = UINT64_MAX;                                                                           \
        for (uint32_t i = 0; i < GROUP->nodes.n; i++)                                                        \
            min = GROUP->nodes.v[i]->field < min ? GROUP->nodes.v[i]->field : min;                           \
        return GROUP->nodes.n ? (int64_t)min : 0;                                                            \
    }                                                                                                        \
    READER(fn)                                                                                               \
    {                                                                                                        \
        int64_t min = fn##_order(row, ctx_);                                                                 \
        bool more = false;                                                                                   \
        for (uint32_t i = 0; i < GROUP->nodes.n; i++)                                                        \
            more |= (int64_t)GROUP->nodes.v[i]->field != min;                                                \
        buf_addf(out, "%lld%s", (long long)min, more ? "+" : "");                                            \
    }
#define PART_TEXT(fn, call)                                                                                  \
    READER(fn)                                                                                               \
    {                                                                                                        \
        const struct part *p = GROUP->part;                                                                  \
        if (!p)                                                                                              \
            buf_adds(out, "n/a");                                                                            \
        else                                                                                                 \
            call;                                                                                            \
    }

NODE_STR(features, features, "(null)")
NODE_STR(features_act, active_features, "(null)")
NODE_STR(gres, gres_text, "(null)")
NODE_STR(comment, comment, "(null)")
NODE_STR(extra, extra, "(null)")
NODE_STR(version, version, "")
NODE_STR(reason, reason, "none")
NODE_RANGE(cpus, cpus)
NODE_RANGE(disk, tmp_disk)
NODE_RANGE(memory, real_memory)
NODE_RANGE(weight, weight)
NODE_RANGE(sockets, sockets)
NODE_RANGE(cores, cores)
NODE_RANGE(threads, threads)
NODE_RANGE(alloc_mem, alloc_mem)
NODE_RANGE(port, port)

READER(sct)
{
    sockets(row, ctx_, out);
    buf_addc(out, ':');
    cores(row, ctx_, out);
    buf_addc(out, ':');
    threads(row, ctx_, out);
}

/* "min" or "min-max" of a measured value; N/A when nothing is known. */
static void add_measure(struct buf *out, bool known, uint64_t min, uint64_t max, bool hundredths)
{
    if (!known) {
        buf_adds(out, "N/A");
        return;
    }
    for (int i = 0; i < (min == max ? 1 : 2); i++) {
        uint64_t v = i ? max : min;
        if (i)
            buf_addc(out, '-');
        if (hundredths)
            buf_addf(out, "%llu.%02llu", (unsigned long long)(v / 100), (unsigned long long)(v % 100));
        else
            buf_addf(out, "%llu", (unsigned long long)v);
    }
}

READER(cpu_load)
{
    uint64_t min = UINT64_MAX, max = 0;
    bool known = false;
    for (uint32_t i = 0; i < GROUP->nodes.n; i++) {
        uint32_t v = GROUP->nodes.v[i]->cpu_load;
        if (v == NO_VAL)
            continue;
        known = true;
        min = v < min ? v : min;
        max = v > max ? v : max;
    }
    add_measure(out, known, min, max, true);
}

READER(free_mem)
{
    uint64_t min = UINT64_MAX, max = 0;
    bool known = false;
    for (uint32_t i = 0; i < GROUP->nodes.n; i++) {
        uint64_t v = GROUP->nodes.v[i]->free_mem;
        if (v == NO_VAL64)
            continue;
        known = true;
        min = v < min ? v : min;
        max = v > max ? v : max;
    }
    add_measure(out, known, min, max, false);
}

READER(gres_used)
{
    if (first(GROUP))
        gresview_used(first(GROUP), out);
}

READER(reason_time)
{
    const struct node *n = first(GROUP);
    timefmt_time(n && n->reason ? n->reason_time : 0, "Unknown", out);
}

READER(reason_user)
{
    const struct node *n = first(GROUP);
    if (n && n->reason && *n->reason && n->reason_uid != NO_VAL)
        names_user(n->reason_uid, out);
    else
        buf_adds(out, "Unknown");
}

READER(reason_user_long)
{
    const struct node *n = first(GROUP);
    reason_user(row, ctx_, out);
    if (n && n->reason && *n->reason && n->reason_uid != NO_VAL)
        buf_addf(out, "(%u)", n->reason_uid);
}

READER(state_short)
{
    if (first(GROUP))
        node_state_short(first(GROUP), out);
    else
        buf_adds(out, "n/a");
}
READER(state_long)
{
    if (first(GROUP))
        node_state_text(first(GROUP), out);
    else
        buf_adds(out, "n/a");
}
READER(state_complete)
{
    if (!first(GROUP)) {
        buf_adds(out, "n/a");
        return;
    }
    size_t start = out->len;
    node_state_list(first(GROUP), "+", out);
    for (size_t i = start; i < out->len; i++)
        out->s[i] = text_lower(out->s[i]);
}

int64_t node_state_order(const struct node *n)
{
    /* Rising, in the order in which Slurm numbers them. */
    static const uint64_t flags[] = {
        NODEF_RESERVED,      NODEF_UNDRAIN,      NODEF_CLOUD,          NODEF_RESUME,
        NODEF_DRAIN,         0 /* completing */, NODEF_NOT_RESPONDING, NODEF_POWERED_DOWN,
        NODEF_FAIL,          NODEF_POWERING_UP,  NODEF_MAINTENANCE,    NODEF_REBOOT_REQUESTED,
        NODEF_POWERING_DOWN, NODEF_DYNAMIC_NORM, NODEF_REBOOT_ISSUED,  NODEF_PLANNED,
        NODEF_INVALID_REG,   NODEF_POWER_DOWN,   NODEF_POWER_UP,       NODEF_BLOCKED};
    static const uint8_t use_order[] = {
        [NODE_USE_UNKNOWN] = 0, [NODE_USE_DOWN] = 1,  [NODE_USE_IDLE] = 2,   [NODE_USE_ALLOCATED] = 3,
        [NODE_USE_ERROR] = 4,   [NODE_USE_MIXED] = 5, [NODE_USE_FUTURE] = 6,
    };
    int64_t order = use_order[node_use(n)];
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        if (flags[i] ? (n->flags & flags[i]) != 0 : n->completing > 0)
            order |= INT64_C(16) << i;
    return order;
}

ORDER(state_order)
{
    return first(GROUP) ? node_state_order(first(GROUP)) : -1;
}

/* --- sums
 * -------------------------------------------------------------------------------------------------------- */

static bool out_of_service(const struct node *n)
{
    enum node_use use = node_use(n);
    return use == NODE_USE_DOWN || use == NODE_USE_UNKNOWN || use == NODE_USE_FUTURE ||
           use == NODE_USE_ERROR || n->flags & (NODEF_DRAIN | NODEF_FAIL | NODEF_INVALID_REG);
}

struct node_counts node_group_nodes(const struct node_group *g)
{
    struct node_counts c = {.total = g->nodes.n};
    for (uint32_t i = 0; i < g->nodes.n; i++) {
        const struct node *n = g->nodes.v[i];
        enum node_use use = node_use(n);
        if (use == NODE_USE_ALLOCATED || use == NODE_USE_MIXED || (n->completing && use != NODE_USE_DOWN))
            c.alloc++;
        else if (out_of_service(n))
            c.other++;
        else
            c.idle++;
    }
    return c;
}

struct node_counts node_group_cpus(const struct node_group *g)
{
    struct node_counts c = {0};
    for (uint32_t i = 0; i < g->nodes.n; i++) {
        const struct node *n = g->nodes.v[i];
        uint64_t rest = n->cpus > n->alloc_cpus ? n->cpus - n->alloc_cpus : 0;
        c.total += n->cpus;
        c.alloc += n->alloc_cpus;
        if (out_of_service(n))
            c.other += rest;
        else
            c.idle += rest;
    }
    return c;
}

static void add_counts(const struct node_counts *c, struct buf *out)
{
    buf_addf(out, "%llu/%llu/%llu/%llu", (unsigned long long)c->alloc, (unsigned long long)c->idle,
             (unsigned long long)c->other, (unsigned long long)c->total);
}

READER(nodes_ai)
{
    struct node_counts c = node_group_nodes(GROUP);
    buf_addf(out, "%llu/%llu", (unsigned long long)c.alloc, (unsigned long long)c.idle);
}
READER(nodes_aiot)
{
    struct node_counts c = node_group_nodes(GROUP);
    add_counts(&c, out);
}
READER(cpus_aiot)
{
    struct node_counts c = node_group_cpus(GROUP);
    add_counts(&c, out);
}
READER(node_count)
{
    buf_addf(out, "%u", GROUP->nodes.n);
}
ORDER(node_count_order)
{
    return GROUP->nodes.n;
}

/* Names of all nodes of the group, each once, sorted. */
static void add_names(const struct node_group *g, size_t offset, struct buf *out)
{
    struct hostlist l = {0};
    for (uint32_t i = 0; i < g->nodes.n; i++) {
        const char *name = *(char *const *)((const char *)g->nodes.v[i] + offset);
        if (name)
            hostlist_push(&l, name, NULL);
    }
    hostlist_uniq(&l);
    hostlist_text(&l, out);
    hostlist_release(&l);
}

READER(node_names)
{
    add_names(GROUP, offsetof(struct node, name), out);
}
READER(node_hosts)
{
    add_names(GROUP, offsetof(struct node, hostname), out);
}
READER(node_addrs)
{
    add_names(GROUP, offsetof(struct node, addr), out);
}
ORDER(node_names_order)
{
    return first(GROUP) ? first(GROUP)->index : -1;
}

/* --- partitions
 * -------------------------------------------------------------------------------------------------- */

PART_TEXT(part_name, buf_adds(out, p->name))
PART_TEXT(part_star, buf_addf(out, "%s%s", p->name, p->flags &PARTF_DEFAULT ? "*" : ""))
PART_TEXT(available, partview_available(p, out))
PART_TEXT(max_time, partview_limit(p->max_time, "infinite", out))
PART_TEXT(default_time, partview_limit(p->default_time, "infinite", out))
PART_TEXT(part_groups, buf_adds(out, p->allow_groups && * p->allow_groups ? p->allow_groups : "all"))
PART_TEXT(alloc_nodes,
          buf_adds(out, p->allow_alloc_nodes && * p->allow_alloc_nodes ? p->allow_alloc_nodes : "all"))
PART_TEXT(max_cpus_node, partview_count(p->max_cpus_node, "UNLIMITED", out))
PART_TEXT(oversubscribe, partview_oversubscribe(p, out))
PART_TEXT(preempt_mode, buf_adds(out, p->preempt_mode && * p->preempt_mode ? p->preempt_mode : "OFF"))
PART_TEXT(job_factor, buf_addf(out, "%u", p->priority_factor))
PART_TEXT(tier, buf_addf(out, "%u", p->priority_tier))
PART_TEXT(root_only, buf_adds(out, p->flags &PARTF_ROOTONLY ? "yes" : "no"))
PART_TEXT(job_size, partview_size(p, out))

ORDER(part_order)
{
    return GROUP->part_order;
}

READER(cluster)
{
    buf_adds(out, CTX->cluster);
}
READER(nothing) {}

const struct column nodecols[] = {
    {"Available", 'a', "AVAIL", available},
    {"NodeAI", 'A', "NODES(A/I)", nodes_ai},
    {"features_act", 'b', "ACTIVE_FEATURES", features_act},
    {"MaxCPUsPerNode", 'B', "MAX_CPUS_PER_NODE", max_cpus_node},
    {"CPUs", 'c', "CPUS", cpus, cpus_order},
    {"CPUsState", 'C', "CPUS(A/I/O/T)", cpus_aiot},
    {"Disk", 'd', "TMP_DISK", disk, disk_order},
    {"Nodes", 'D', "NODES", node_count, node_count_order},
    {"FreeMem", 'e', "FREE_MEM", free_mem},
    {"Reason", 'E', "REASON", reason},
    {"Features", 'f', "AVAIL_FEATURES", features},
    {"NodeAIOT", 'F', "NODES(A/I/O/T)", nodes_aiot},
    {"Groups", 'g', "GROUPS", part_groups},
    {"Gres", 'G', "GRES", gres},
    {"OverSubscribe", 'h', "OVERSUBSCRIBE", oversubscribe},
    {"TimeStamp", 'H', "TIMESTAMP", reason_time},
    {"Reservation", 'i', "RESERVATION", nothing},
    {"PriorityJobFactor", 'I', "PRIO_JOB_FACTOR", job_factor},
    {"Time", 'l', "TIMELIMIT", max_time},
    {"DefaultTime", 'L', "DEFAULTTIME", default_time},
    {"Memory", 'm', "MEMORY", memory, memory_order},
    {"PreemptMode", 'M', "PREEMPT_MODE", preempt_mode},
    {"NodeHost", 'n', "HOSTNAMES", node_hosts},
    {"NodeList", 'N', "NODELIST", node_names, node_names_order},
    {"NodeAddr", 'o', "NODE_ADDR", node_addrs},
    {"CPUsLoad", 'O', "CPU_LOAD", cpu_load},
    {"PriorityTier", 'p', "PRIO_TIER", tier},
    {"Partition", 'P', "PARTITION", part_star, .mark = true},
    {"Root", 'r', "ROOT", root_only},
    {"PartitionName", 'R', "PARTITION", part_name},
    {"Size", 's', "JOB_SIZE", job_size},
    {"AllocNodes", 'S', "ALLOCNODES", alloc_nodes},
    {"StateCompact", 't', "STATE", state_short, state_order},
    {"StateLong", 'T', "STATE", state_long, state_order},
    {"User", 'u', "USER", reason_user},
    {"UserLong", 'U', "USER", reason_user_long},
    {"Version", 'v', "VERSION", version},
    {"Cluster", 'V', "CLUSTER", cluster},
    {"Weight", 'w', "WEIGHT", weight, weight_order},
    {"Sockets", 'X', "SOCKETS", sockets, sockets_order},
    {"Cores", 'Y', "CORES", cores, cores_order},
    {"SocketCoreThread", 'z', "S:C:T", sct},
    {"Threads", 'Z', "THREADS", threads, threads_order},
    {"AllocMem", 0, "ALLOCMEM", alloc_mem, alloc_mem_order},
    {"Comment", 0, "COMMENT", comment},
    {"Extra", 0, "EXTRA", extra},
    {"GresUsed", 0, "GRES_USED", gres_used},
    {"Port", 0, "PORT", port, port_order},
    {"StateComplete", 0, "STATECOMPLETE", state_complete, state_order},
    {"#P", 0, "PARTITION", part_name, part_order}, /* for sorting: as configured */
    {0},
};

enum nodecol_sort nodecol_sort(const struct column *c)
{
    static const char sums[] = "ACDFnNoOe", ranges[] = "cdmwXYZz";
    if (c->letter && strchr(sums, c->letter))
        return NODECOL_SUM;
    if (c->letter && strchr(ranges, c->letter))
        return NODECOL_RANGE;
    return NODECOL_KEY;
}

bool nodecol_is_partition(const struct column *c)
{
    return c->letter == 'P' || c->letter == 'R';
}
