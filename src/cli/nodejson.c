/* SPDX-License-Identifier: Apache-2.0 */
/* The keys and their order are those of Slurm's documents; some hold what this system has no use for and are
 * constant. */
#include "cli/nodejson.h"

#include "cli/docmeta.h"
#include "cli/gresview.h"
#include "cli/names.h"
#include "cli/nodeview.h"
#include "cli/partview.h"
#include "model/nodetext.h"

static void add_time(struct docout *d, const char *key, int64_t t)
{
    docout_num(d, key, true, false, t > 0 ? (uint64_t)t : 0);
}

/* A text made by a function of one record. */
static void add_made(struct docout *d, const char *key, void (*make)(const struct node *n, struct buf *out),
                     const struct node *n)
{
    struct buf b = BUF_INIT;
    make(n, &b);
    docout_str(d, key, b.s);
    buf_release(&b);
}

static void add_state(struct docout *d, const char *key, const struct node *n)
{
    struct buf b = BUF_INIT;
    if (n)
        node_state_list(n, ",", &b);
    docout_words(d, key, b.s);
    buf_release(&b);
}

static void add_energy(struct docout *d)
{
    docout_map(d, "energy");
    docout_uint(d, "average_watts", 0);
    docout_uint(d, "base_consumed_energy", 0);
    docout_uint(d, "consumed_energy", 0);
    docout_num(d, "current_watts", true, false, 0);
    docout_uint(d, "previous_consumed_energy", 0);
    docout_uint(d, "last_collected", 0);
    docout_end(d);
}

static void add_hardware(struct docout *d, const struct node *n)
{
    docout_str(d, "architecture", n->arch);
    docout_str(d, "burstbuffer_network_address", n->bcast_addr);
    docout_uint(d, "boards", n->boards);
    add_time(d, "boot_time", n->boot_time);
    docout_num(d, "tls_cert_last_renewal", true, false, 0);
    docout_words(d, "cert_flags", NULL);
    docout_str(d, "cluster_name", "");
    docout_uint(d, "cores", n->cores);
    docout_uint(d, "specialized_cores", n->core_spec);
    docout_uint(d, "cpu_binding", n->cpu_bind);
    docout_uint(d, "cpu_load", n->cpu_load == NO_VAL ? 0 : n->cpu_load);
    docout_opt64(d, "free_mem", n->free_mem);
    docout_uint(d, "cpus", n->cpus);
    docout_uint(d, "effective_cpus", node_usable_cpus(n));
    docout_str(d, "specialized_cpus", n->cpu_spec_list);
    add_energy(d);
    docout_str(d, "extra", n->extra);
    docout_words(d, "features", n->features);
    docout_words(d, "active_features", n->active_features);
    docout_str(d, "gpu_spec", "");
    docout_str(d, "gres", n->gres_text);
    docout_str(d, "gres_drained", "N/A");
    add_made(d, "gres_used", gresview_used, n);
    docout_str(d, "instance_id", n->instance_id);
    docout_str(d, "instance_type", n->instance_type);
    add_time(d, "last_busy", n->last_busy);
    docout_str(d, "mcs_label", n->mcs_label);
    docout_uint(d, "specialized_memory", n->mem_spec);
}

void nodejson_node(struct docout *d, const struct node *n)
{
    struct buf user = BUF_INIT;
    docout_map(d, NULL);
    add_hardware(d, n);
    docout_str(d, "name", n->name);
    docout_words(d, "next_state_after_reboot", "INVALID");
    docout_str(d, "address", n->addr);
    docout_str(d, "hostname", n->hostname);
    add_state(d, "state", n);
    docout_str(d, "operating_system", n->os);
    docout_str(d, "owner", "");
    docout_words(d, "partitions", n->partitions);
    docout_uint(d, "port", n->port);
    docout_uint(d, "real_memory", n->real_memory);
    docout_uint(d, "res_cores_per_gpu", n->cores_per_gpu);
    docout_str(d, "comment", n->comment);
    docout_str(d, "reason", n->reason);
    add_time(d, "reason_changed_at", n->reason ? n->reason_time : 0);
    if (n->reason && n->reason_uid != NO_VAL)
        names_user(n->reason_uid, &user);
    docout_str(d, "reason_set_by_user", user.s);
    add_time(d, "resume_after", n->resume_after);
    docout_str(d, "reservation", "");
    if (n->suspend_time == NO_VAL || n->suspend_time == INFINITE)
        docout_num(d, "suspend_time", false, true, 0);
    else
        docout_num(d, "suspend_time", true, false, n->suspend_time);
    docout_uint(d, "alloc_memory", n->alloc_mem);
    docout_uint(d, "alloc_cpus", n->alloc_cpus);
    docout_uint(d, "alloc_idle_cpus", n->cpus > n->alloc_cpus ? n->cpus - n->alloc_cpus : 0);
    add_made(d, "tres_used", nodeview_alloc_tres, n);
    add_time(d, "slurmd_start_time", n->slurmd_start);
    docout_uint(d, "sockets", n->sockets);
    docout_uint(d, "threads", n->threads);
    docout_uint(d, "temporary_disk", n->tmp_disk);
    docout_uint(d, "weight", n->weight);
    docout_str(d, "topology", n->topology);
    add_made(d, "tres", nodeview_cfg_tres, n);
    docout_str(d, "version", n->version);
    docout_end(d);
    buf_release(&user);
}

static void add_part_flags(struct docout *d, const struct part *p)
{
    static const struct {
        uint64_t flag;
        const char *name;
    } flags[] = {{PARTF_DEFAULT, "DEFAULT"},
                 {PARTF_HIDDEN, "HIDDEN"},
                 {PARTF_ROOTONLY, "ROOT_ONLY"},
                 {PARTF_REQRESV, "REQ_RESV"},
                 {PARTF_DISABLEROOTJOBS, "NO_ROOT"},
                 {PARTF_EXCLUSIVEUSER, "EXCLUSIVE_USER"},
                 {PARTF_LLN, "LLN"},
                 {PARTF_POWERDOWNONIDLE, "PDOI"}};
    docout_list(d, "flags");
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        if (p->flags & flags[i].flag)
            docout_str(d, NULL, flags[i].name);
    docout_end(d);
}

static void add_part_defaults(struct docout *d, const struct part *p)
{
    docout_map(d, "defaults");
    docout_uint(d, "memory_per_cpu", 0);
    docout_opt64(d, "partition_memory_per_cpu", p->def_mem_cpu);
    docout_opt64(d, "partition_memory_per_node", p->def_mem_node);
    docout_opt32(d, "time", p->default_time);
    docout_str(d, "job", p->job_defaults);
    docout_end(d);
}

static void add_part_maximums(struct docout *d, const struct part *p)
{
    bool no_limit = p->max_mem_cpu == NO_VAL64 && p->max_mem_node == NO_VAL64;
    docout_map(d, "maximums");
    docout_num(d, "cpus_per_node", p->max_cpus_node < NO_VAL, p->max_cpus_node >= NO_VAL, p->max_cpus_node);
    docout_num(d, "cpus_per_socket", p->max_cpus_socket < NO_VAL, p->max_cpus_socket >= NO_VAL,
               p->max_cpus_socket);
    docout_uint(d, "memory_per_cpu", 0);
    docout_opt64(d, "partition_memory_per_cpu", p->max_mem_cpu);
    docout_opt64(d, "partition_memory_per_node", no_limit ? 0 : p->max_mem_node);
    docout_num(d, "nodes", p->max_nodes < NO_VAL, p->max_nodes >= NO_VAL, p->max_nodes);
    docout_uint(d, "shares", p->max_share > 1 ? p->max_share : 0);
    docout_map(d, "oversubscribe");
    docout_uint(d, "jobs", p->max_share > 1 ? p->max_share : 0);
    docout_words(d, "flags", p->share_force ? "force" : NULL);
    docout_end(d);
    docout_num(d, "time", p->max_time < NO_VAL, p->max_time >= NO_VAL, p->max_time);
    docout_opt16(d, "over_time_limit", p->over_time_limit);
    docout_end(d);
}

static void add_allow_deny(struct docout *d, const char *key, const char *allow, const char *deny,
                           const char *assigned)
{
    docout_map(d, key);
    docout_str(d, "allowed", allow);
    docout_str(d, "deny", deny);
    if (assigned)
        docout_str(d, "assigned", assigned);
    docout_end(d);
}

static void add_part(struct docout *d, const struct part *p, struct node *const *nodes, uint32_t n_nodes)
{
    struct buf b = BUF_INIT;
    docout_map(d, "nodes");
    docout_str(d, "allowed_allocation", p->allow_alloc_nodes);
    docout_str(d, "configured", p->nodes);
    docout_uint(d, "total", p->total_nodes);
    docout_end(d);
    add_allow_deny(d, "accounts", p->allow_accounts, p->deny_accounts, NULL);
    docout_map(d, "groups");
    docout_str(d, "allowed", p->allow_groups);
    docout_end(d);
    add_allow_deny(d, "qos", p->allow_qos, p->deny_qos, p->qos ? p->qos : "");
    docout_str(d, "alternate", p->alternate);
    docout_map(d, "tres");
    docout_str(d, "billing_weights", p->tres_weights);
    partview_tres(p, nodes, n_nodes, &b);
    docout_str(d, "configured", b.s);
    docout_end(d);
    docout_str(d, "cluster", "");
    docout_words(d, "select_type", p->select_params ? p->select_params : "NONE");
    docout_map(d, "cpus");
    docout_words(d, "task_binding", NULL);
    docout_uint(d, "total", p->total_cpus);
    docout_end(d);
    add_part_defaults(d, p);
    add_part_flags(d, p);
    docout_map(d, "partition");
    docout_str(d, "exclusive", partview_exclusive(p));
    buf_clear(&b);
    partview_oversubscribe(p, &b);
    docout_str(d, "oversubscribe", b.s);
    docout_words(d, "state", meta_enum_text(&enum_part_state, p->state));
    docout_end(d);
    docout_uint(d, "grace_time", p->grace_time);
    add_part_maximums(d, p);
    docout_map(d, "minimums");
    docout_uint(d, "nodes", p->min_nodes);
    docout_end(d);
    docout_str(d, "name", p->name);
    docout_str(d, "node_sets", "");
    docout_words(d, "preempt_mode", p->preempt_mode ? p->preempt_mode : "CLUSTER_GLOBAL");
    docout_map(d, "priority");
    docout_uint(d, "job_factor", p->priority_factor);
    docout_uint(d, "tier", p->priority_tier);
    docout_end(d);
    docout_map(d, "timeouts");
    docout_opt32(d, "resume", p->resume_timeout);
    docout_opt32(d, "suspend", p->suspend_timeout);
    docout_end(d);
    docout_str(d, "topology", p->topology);
    docout_opt32(d, "suspend_time", p->suspend_time);
    buf_release(&b);
}

void nodejson_part(struct docout *d, const struct part *p, struct node *const *nodes, uint32_t n_nodes)
{
    docout_map(d, NULL);
    add_part(d, p, nodes, n_nodes);
    docout_end(d);
}

/* {minimum, maximum} of a field of the nodes. */
#define ADD_RANGE(d, key, g, field)                                                                          \
    do {                                                                                                     \
        uint64_t min_ = UINT64_MAX, max_ = 0;                                                                \
        for (uint32_t i_ = 0; i_ < (g)->nodes.n; i_++) {                                                     \
            uint64_t v_ = (g)->nodes.v[i_]->field;                                                           \
            min_ = v_ < min_ ? v_ : min_;                                                                    \
            max_ = v_ > max_ ? v_ : max_;                                                                    \
        }                                                                                                    \
        docout_map(d, key);                                                                                  \
        docout_uint(d, "minimum", (g)->nodes.n ? min_ : 0);                                                  \
        docout_uint(d, "maximum", max_);                                                                     \
        docout_end(d);                                                                                       \
    } while (0)

static void add_counts(struct docout *d, struct node_counts c)
{
    docout_uint(d, "allocated", c.alloc);
    docout_uint(d, "idle", c.idle);
    docout_uint(d, "other", c.other);
    docout_uint(d, "total", c.total);
}

static void add_group_cpus(struct docout *d, const struct node_group *g)
{
    uint64_t min = UINT64_MAX, max = 0, load_min = UINT64_MAX, load_max = 0;
    for (uint32_t i = 0; i < g->nodes.n; i++) {
        const struct node *n = g->nodes.v[i];
        uint32_t load = n->cpu_load == NO_VAL ? 0 : n->cpu_load;
        min = n->cpus < min ? n->cpus : min;
        max = n->cpus > max ? n->cpus : max;
        load_min = load < load_min ? load : load_min;
        load_max = load > load_max ? load : load_max;
    }
    docout_map(d, "cpus");
    add_counts(d, node_group_cpus(g));
    docout_uint(d, "minimum", g->nodes.n ? min : 0);
    docout_uint(d, "maximum", max);
    docout_map(d, "load");
    docout_uint(d, "minimum", g->nodes.n ? load_min : 0);
    docout_uint(d, "maximum", load_max);
    docout_end(d);
    docout_map(d, "per_node");
    uint32_t limit = g->part ? g->part->max_cpus_node : NO_VAL;
    docout_num(d, "max", limit < NO_VAL, limit >= NO_VAL, limit);
    docout_end(d);
    docout_end(d);
}

static void add_group_memory(struct docout *d, const struct node_group *g)
{
    uint64_t min = UINT64_MAX, max = 0, free_min = UINT64_MAX, free_max = 0, allocated = 0;
    for (uint32_t i = 0; i < g->nodes.n; i++) {
        const struct node *n = g->nodes.v[i];
        uint64_t unused = n->free_mem == NO_VAL64 ? 0 : n->free_mem;
        min = n->real_memory < min ? n->real_memory : min;
        max = n->real_memory > max ? n->real_memory : max;
        free_min = unused < free_min ? unused : free_min;
        free_max = unused > free_max ? unused : free_max;
        allocated = n->alloc_mem > allocated ? n->alloc_mem : allocated;
    }
    docout_map(d, "memory");
    docout_uint(d, "minimum", g->nodes.n ? min : 0);
    docout_uint(d, "maximum", max);
    docout_map(d, "free");
    docout_num(d, "minimum", true, false, g->nodes.n ? free_min : 0);
    docout_num(d, "maximum", true, false, free_max);
    docout_end(d);
    docout_uint(d, "allocated", allocated);
    docout_end(d);
}

static void add_group_texts(struct docout *d, const struct node_group *g)
{
    const struct node *n = g->nodes.n ? g->nodes.v[0] : NULL;
    struct buf used = BUF_INIT, user = BUF_INIT;
    docout_map(d, "features");
    docout_str(d, "total", n ? n->features : "");
    docout_str(d, "active", n ? n->active_features : "");
    docout_end(d);
    docout_map(d, "gres");
    docout_str(d, "total", n ? n->gres_text : "");
    if (n)
        gresview_used(n, &used);
    docout_str(d, "used", used.s);
    docout_end(d);
    docout_str(d, "cluster", "");
    docout_str(d, "comment", n ? n->comment : "");
    docout_str(d, "extra", n ? n->extra : "");
    docout_map(d, "reason");
    docout_str(d, "description", n ? n->reason : "");
    docout_uint(d, "time", n && n->reason ? (uint64_t)n->reason_time : 0);
    docout_end(d);
    docout_str(d, "reservation", "");
    if (n && n->reason && n->reason_uid != NO_VAL)
        names_user(n->reason_uid, &user);
    docout_str(d, "reason_set_by_user", user.s);
    docout_map(d, "resource_spec");
    docout_str(d, "cpus", n ? n->cpu_spec_list : "");
    docout_uint(d, "memory", n ? n->mem_spec : 0);
    docout_end(d);
    buf_release(&used);
    buf_release(&user);
}

static void add_group(struct docout *d, const struct node_group *g, struct node *const *nodes,
                      uint32_t n_nodes)
{
    docout_map(d, NULL);
    docout_uint(d, "port", g->nodes.n ? g->nodes.v[0]->port : 0);
    docout_map(d, "node");
    add_state(d, "state", g->nodes.n ? g->nodes.v[0] : NULL);
    docout_end(d);
    docout_map(d, "nodes");
    add_counts(d, node_group_nodes(g));
    docout_words(d, "hostnames", NULL);
    docout_words(d, "addresses", NULL);
    docout_list(d, "nodes");
    for (uint32_t i = 0; i < g->nodes.n; i++)
        docout_str(d, NULL, g->nodes.v[i]->name);
    docout_end(d);
    docout_end(d);
    add_group_cpus(d, g);
    ADD_RANGE(d, "sockets", g, sockets);
    ADD_RANGE(d, "cores", g, cores);
    ADD_RANGE(d, "threads", g, threads);
    ADD_RANGE(d, "disk", g, tmp_disk);
    add_group_memory(d, g);
    ADD_RANGE(d, "weight", g, weight);
    add_group_texts(d, g);
    docout_map(d, "partition");
    if (g->part)
        add_part(d, g->part, nodes, n_nodes);
    docout_end(d);
    docout_end(d);
}

void nodejson_groups(struct cli *cli, const struct node_group *groups, uint32_t n, struct node *const *nodes,
                     uint32_t n_nodes, bool yaml)
{
    struct buf out = BUF_INIT;
    struct docout d;
    docout_begin(&d, &out, yaml);
    docout_list(&d, "sinfo");
    for (uint32_t i = 0; i < n; i++) {
        add_group(&d, &groups[i], nodes, n_nodes);
        cli_flush_some(&out);
    }
    docout_end(&d);
    docmeta_finish(&d, cli, 0);
    cli_flush(&out);
}

void nodejson_nodes(struct cli *cli, struct node *const *nodes, uint32_t n, bool yaml)
{
    struct buf out = BUF_INIT;
    struct docout d;
    docout_begin(&d, &out, yaml);
    docout_list(&d, "nodes");
    for (uint32_t i = 0; i < n; i++) {
        nodejson_node(&d, nodes[i]);
        cli_flush_some(&out);
    }
    docout_end(&d);
    docmeta_finish(&d, cli, cli_now());
    cli_flush(&out);
}

void nodejson_parts(struct cli *cli, struct part *const *parts, uint32_t n, struct node *const *nodes,
                    uint32_t n_nodes, bool yaml)
{
    struct buf out = BUF_INIT;
    struct docout d;
    docout_begin(&d, &out, yaml);
    docout_list(&d, "partitions");
    for (uint32_t i = 0; i < n; i++) {
        nodejson_part(&d, parts[i], nodes, n_nodes);
        cli_flush_some(&out);
    }
    docout_end(&d);
    docmeta_finish(&d, cli, cli_now());
    cli_flush(&out);
}
