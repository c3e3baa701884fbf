/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/show.h"

#include "base/hostlist.h"
#include "base/timetext.h"
#include "cli/gresview.h"
#include "cli/names.h"
#include "cli/nodeview.h"
#include "cli/partview.h"
#include "cli/timefmt.h"
#include "model/nodetext.h"

enum { SLURMD_PORT = 6818 }; /* the default is not shown */

static void next_line(const struct show *s)
{
    buf_adds(s->out, s->one_line ? " " : "\n   ");
}

static void line_if(const struct show *s, const char *key, const char *value)
{
    if (!value || !*value)
        return;
    next_line(s);
    buf_addf(s->out, "%s=%s", key, value);
}

static const char *or_null(const char *text)
{
    return text && *text ? text : "(null)";
}

static void add_time(const struct show *s, const char *key, int64_t t, const char *unset)
{
    buf_addf(s->out, "%s=", key);
    timefmt_time(t, unset, s->out);
}

static void add_load(const struct show *s, const struct node *n)
{
    next_line(s);
    buf_addf(s->out, "CPUAlloc=%u CPUEfctv=%u CPUTot=%u CPULoad=", n->alloc_cpus, node_usable_cpus(n),
             n->cpus);
    if (n->cpu_load == NO_VAL)
        buf_adds(s->out, "N/A");
    else
        buf_addf(s->out, "%u.%02u", n->cpu_load / 100, n->cpu_load % 100);
}

static void add_hardware(const struct show *s, const struct node *n)
{
    next_line(s);
    buf_addf(s->out, "AvailableFeatures=%s", or_null(n->features));
    next_line(s);
    buf_addf(s->out, "ActiveFeatures=%s", or_null(n->active_features));
    next_line(s);
    buf_addf(s->out, "Gres=%s", or_null(n->gres_text));
    if (s->details) {
        next_line(s);
        buf_adds(s->out, "GresDrain=N/A");
        next_line(s);
        buf_adds(s->out, "GresUsed=");
        gresview_used(n, s->out);
    }
    next_line(s);
    buf_addf(s->out, "NodeAddr=%s NodeHostName=%s", or_null(n->addr), or_null(n->hostname));
    if (n->bcast_addr)
        buf_addf(s->out, " BcastAddr=%s", n->bcast_addr);
    if (n->port && n->port != SLURMD_PORT)
        buf_addf(s->out, " Port=%u", n->port);
    if (n->version)
        buf_addf(s->out, " Version=%s", n->version);
    if (n->os) {
        next_line(s);
        buf_addf(s->out, "OS=%s ", n->os);
    }
    next_line(s);
    buf_addf(s->out, "RealMemory=%llu AllocMem=%llu FreeMem=", (unsigned long long)n->real_memory,
             (unsigned long long)n->alloc_mem);
    if (n->free_mem == NO_VAL64)
        buf_adds(s->out, "N/A");
    else
        buf_addf(s->out, "%llu", (unsigned long long)n->free_mem);
    buf_addf(s->out, " Sockets=%u Boards=%u", n->sockets, n->boards);
    if (n->cores_per_gpu) {
        next_line(s);
        buf_addf(s->out, "RestrictedCoresPerGPU=%u((null)) ", n->cores_per_gpu);
    }
    if (n->core_spec || n->mem_spec) {
        next_line(s);
        buf_addf(s->out, "CoreSpecCount=%u CPUSpecList=%s MemSpecLimit=%llu", n->core_spec,
                 n->cpu_spec_list ? n->cpu_spec_list : "", (unsigned long long)n->mem_spec);
    }
}

static void add_state(const struct show *s, const struct node *n)
{
    next_line(s);
    buf_adds(s->out, "State=");
    node_state_list(n, "+", s->out);
    buf_addf(s->out, " ThreadsPerCore=%u TmpDisk=%u Weight=%u Owner=", n->threads, n->tmp_disk, n->weight);
    if (n->owner == NO_VAL) {
        buf_adds(s->out, "N/A");
    } else {
        names_user(n->owner, s->out);
        buf_addf(s->out, "(%u)", n->owner);
    }
    buf_addf(s->out, " MCS_label=%s", n->mcs_label ? n->mcs_label : "N/A");
    if (n->flags & (NODEF_REBOOT_REQUESTED | NODEF_REBOOT_ISSUED) && n->next_state) {
        next_line(s);
        buf_addf(s->out, "NextState=%s", n->next_state);
    }
    if (n->partitions && *n->partitions) {
        next_line(s);
        buf_addf(s->out, "Partitions=%s ", n->partitions);
    }
    next_line(s);
    add_time(s, "BootTime", n->boot_time, "None");
    buf_addc(s->out, ' ');
    add_time(s, "SlurmdStartTime", n->slurmd_start, "None");
    next_line(s);
    add_time(s, "LastBusyTime", n->last_busy, "Unknown");
    buf_addc(s->out, ' ');
    add_time(s, "ResumeAfterTime", n->resume_after, "None");
    if (n->suspend_time == NO_VAL || n->suspend_time == INFINITE)
        buf_adds(s->out, " SuspendTime=INFINITE");
    else
        buf_addf(s->out, " SuspendTime=%u", n->suspend_time);
}

void show_node(const struct show *s, const struct node *n)
{
    buf_addf(s->out, "NodeName=%s ", n->name);
    if (n->arch)
        buf_addf(s->out, "Arch=%s ", n->arch);
    if (node_cpu_bind_text(n->cpu_bind))
        buf_addf(s->out, "CpuBind=%s ", node_cpu_bind_text(n->cpu_bind));
    buf_addf(s->out, "CoresPerSocket=%u ", n->cores);
    add_load(s, n);
    add_hardware(s, n);
    add_state(s, n);
    next_line(s);
    buf_adds(s->out, "CfgTRES=");
    nodeview_cfg_tres(n, s->out);
    next_line(s);
    buf_adds(s->out, "AllocTRES=");
    nodeview_alloc_tres(n, s->out);
    next_line(s);
    buf_adds(s->out, "CurrentWatts=0 AveWatts=0");
    line_if(s, "Comment", n->comment);
    line_if(s, "Parameters", n->parameters);
    line_if(s, "Extra", n->extra);
    if (n->instance_id || n->instance_type) {
        next_line(s);
        buf_addf(s->out, "InstanceId=%s InstanceType=%s", or_null(n->instance_id), or_null(n->instance_type));
    }
    if (n->reason && *n->reason) {
        line_if(s, "Reason", n->reason);
        buf_adds(s->out, " [");
        names_user(n->reason_uid == NO_VAL ? 0 : n->reason_uid, s->out);
        buf_addc(s->out, '@');
        timefmt_time(n->reason_time, "Unknown", s->out);
        buf_addc(s->out, ']');
    }
    line_if(s, "Topology", n->topology);
    buf_adds(s->out, s->one_line ? "\n" : "\n\n");
}

static const char *yes_no(bool v)
{
    return v ? "YES" : "NO";
}

static const char *or_all(const char *text)
{
    return text && *text ? text : "ALL";
}

static void add_limit(const struct show *s, const char *key, uint32_t minutes)
{
    buf_addf(s->out, "%s=", key);
    if (minutes == NO_VAL)
        buf_adds(s->out, "NONE");
    else
        time_add_limit_long(s->out, minutes);
}

static void add_count(const struct show *s, const char *key, uint32_t v)
{
    buf_addf(s->out, " %s=", key);
    partview_count(v, "UNLIMITED", s->out);
}

static void add_access(const struct show *s, const struct part *p)
{
    next_line(s);
    buf_addf(s->out, "AllowGroups=%s ", or_all(p->allow_groups));
    if (p->deny_accounts && *p->deny_accounts && !(p->allow_accounts && *p->allow_accounts))
        buf_addf(s->out, "DenyAccounts=%s ", p->deny_accounts);
    else
        buf_addf(s->out, "AllowAccounts=%s ", or_all(p->allow_accounts));
    if (p->deny_qos && *p->deny_qos && !(p->allow_qos && *p->allow_qos))
        buf_addf(s->out, "DenyQos=%s", p->deny_qos);
    else
        buf_addf(s->out, "AllowQos=%s", or_all(p->allow_qos));
    next_line(s);
    buf_addf(s->out, "AllocNodes=%s ", or_all(p->allow_alloc_nodes));
    if (p->alternate)
        buf_addf(s->out, "Alternate=%s ", p->alternate);
    buf_addf(s->out, "Default=%s ", yes_no(p->flags & PARTF_DEFAULT));
    if (p->cpu_bind && *p->cpu_bind)
        buf_addf(s->out, "CpuBind=%s  ", p->cpu_bind);
    buf_addf(s->out, "QoS=%s", p->qos && *p->qos ? p->qos : "N/A");
}

/* "DefMemPerCPU=500 MaxMemPerNode=UNLIMITED": per CPU when that was given, else per node. */
static void add_mem(const struct show *s, const char *what, uint64_t cpu, uint64_t node)
{
    bool per_cpu = cpu != NO_VAL64;
    uint64_t v = per_cpu ? cpu : node;
    buf_addf(s->out, "%sMemPer%s=", what, per_cpu ? "CPU" : "Node");
    if (v >= NO_VAL64)
        buf_adds(s->out, "UNLIMITED");
    else
        buf_addf(s->out, "%llu", (unsigned long long)v);
}

/* Nodes by name; before them the text of the configuration, where that speaks of sets or of ALL. */
static void add_members(const struct show *s, const struct part *p, struct node *const *nodes, uint32_t n)
{
    struct hostlist given = {0}, members = {0};
    struct buf names = BUF_INIT;
    uint32_t known = 0;
    bool plain = p->nodes && hostlist_parse(&given, p->nodes, NULL) == 0;
    for (uint32_t i = 0; i < n; i++) {
        if (!bits_test(&p->members, nodes[i]->index))
            continue;
        (void)hostlist_push(&members, nodes[i]->name, NULL);
        known += plain && hostlist_find(&given, nodes[i]->name) >= 0;
    }
    if (p->nodes && !(plain && known == given.count))
        line_if(s, "NodeSets", p->nodes);
    if (members.count && hostlist_sort(&members, NULL) == 0)
        hostlist_text(&members, &names);
    next_line(s);
    buf_addf(s->out, "Nodes=%s", or_null(names.s));
    hostlist_release(&given);
    hostlist_release(&members);
    buf_release(&names);
}

void show_part(const struct show *s, const struct part *p, struct node *const *nodes, uint32_t n_nodes)
{
    buf_addf(s->out, "PartitionName=%s", p->name);
    add_access(s, p);
    next_line(s);
    add_limit(s, "DefaultTime", p->default_time);
    buf_addf(s->out, " DisableRootJobs=%s Exclusive=%s GraceTime=%u Hidden=%s",
             yes_no(p->flags & PARTF_DISABLEROOTJOBS), partview_exclusive(p), p->grace_time,
             yes_no(p->flags & PARTF_HIDDEN));
    next_line(s);
    buf_adds(s->out, "MaxNodes=");
    partview_count(p->max_nodes, "UNLIMITED", s->out);
    buf_addc(s->out, ' ');
    add_limit(s, "MaxTime", p->max_time == NO_VAL ? INFINITE : p->max_time);
    buf_addf(s->out, " MinNodes=%u LLN=%s", p->min_nodes, yes_no(p->flags & PARTF_LLN));
    add_count(s, "MaxCPUsPerNode", p->max_cpus_node);
    add_count(s, "MaxCPUsPerSocket", p->max_cpus_socket);
    add_members(s, p, nodes, n_nodes);
    next_line(s);
    buf_addf(s->out,
             "PriorityJobFactor=%u PriorityTier=%u RootOnly=%s ReqResv=%s OverSubscribe=", p->priority_factor,
             p->priority_tier, yes_no(p->flags & PARTF_ROOTONLY), yes_no(p->flags & PARTF_REQRESV));
    partview_oversubscribe(p, s->out);
    next_line(s);
    buf_adds(s->out, "OverTimeLimit=");
    if (p->over_time_limit == NO_VAL16)
        buf_adds(s->out, "NONE");
    else if (p->over_time_limit == INFINITE16)
        buf_adds(s->out, "UNLIMITED");
    else
        buf_addf(s->out, "%u", p->over_time_limit);
    buf_addf(s->out, " PreemptMode=%s", p->preempt_mode && *p->preempt_mode ? p->preempt_mode : "OFF");
    line_if(s, "Topology", p->topology);
    next_line(s);
    buf_addf(s->out, "State=%s TotalCPUs=%u TotalNodes=%u SelectTypeParameters=%s",
             meta_enum_text(&enum_part_state, p->state), p->total_cpus, p->total_nodes,
             p->select_params && *p->select_params ? p->select_params : "NONE");
    next_line(s);
    buf_addf(s->out, "JobDefaults=%s", or_null(p->job_defaults));
    next_line(s);
    add_mem(s, "Def", p->def_mem_cpu, p->def_mem_node);
    buf_addc(s->out, ' ');
    add_mem(s, "Max", p->max_mem_cpu, p->max_mem_node);
    next_line(s);
    buf_adds(s->out, "TRES=");
    partview_tres(p, nodes, n_nodes, s->out);
    line_if(s, "TRESBillingWeights", p->tres_weights);
    buf_adds(s->out, s->one_line ? "\n" : "\n\n");
}
