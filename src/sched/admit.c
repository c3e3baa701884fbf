/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sched_admit(): what can be said of a request at submission, whatever the load. A request that no node could
 * ever serve is refused; one that only breaks a partition's limits waits with a reason
 * (EnforcePartLimits=NO), as Slurm does.
 */
#include <string.h>

#include "base/bits.h"
#include "base/mem.h"
#include "base/text.h"
#include "model/errors.h"
#include "model/schedopts.h"
#include "sched/demand.h"
#include "sched/constraint.h"
#include "sched/licenses.h"
#include "sched/limits.h"
#include "sched/nodeset.h"
#include "sched/offer.h"
#include "sched/select.h"
#include "sched/tres.h"

static int refuse(struct err *e, int code, const char *detail)
{
    return detail ? err_set(e, code, "%s\n%s", error_text(code), detail)
                  : err_set(e, code, "%s", error_text(code));
}

static bool name_in(const char *list, const char *name)
{
    struct text_list names = {0};
    text_split(&names, list, ',');
    bool found = false;
    for (uint32_t i = 0; i < names.n && !found; i++)
        found = name && text_same_nocase(names.v[i], name);
    text_list_release(&names);
    return found;
}

static int check_access(const struct part *p, const struct job *job, uint32_t uid, bool privileged,
                        struct err *e)
{
    const char *account = job->spec->account;
    if (p->state == PART_INACTIVE || p->state == PART_DRAIN)
        return refuse(e, ESLURM_REQUIRED_PARTITION_NOT_AVAILABLE, NULL);
    if (p->flags & PARTF_ROOTONLY && !privileged)
        return refuse(e, ESLURM_ACCESS_DENIED, NULL);
    if (p->flags & PARTF_DISABLEROOTJOBS && uid == 0)
        return refuse(e, ESLURM_ACCESS_DENIED, "root may not run jobs in this partition");
    if (account && p->allow_accounts && text_casecmp(p->allow_accounts, "ALL") != 0 &&
        !name_in(p->allow_accounts, account))
        return refuse(e, ESLURM_INVALID_ACCOUNT_OR_ACCOUNT_PARTITION_COMBINATION, NULL);
    if (account && !p->allow_accounts && p->deny_accounts && name_in(p->deny_accounts, account))
        return refuse(e, ESLURM_INVALID_ACCOUNT_OR_ACCOUNT_PARTITION_COMBINATION, NULL);
    return 0;
}

struct known_features {
    const struct sched_view *v;
};

static bool feature_known(void *arg, const char *name)
{
    const struct known_features *k = arg;
    uint32_t i = 0;
    for (const struct node *n; (n = ptree_next(k->v->nodes, &i)); i++)
        if (n->features && constraint_match(name, n->features))
            return true;
    return false;
}

static int check_names(const struct sched_view *v, const struct job *job, const struct demand *d,
                       struct err *e)
{
    struct known_features known = {v};
    int r = 0;
    if (!sched_opts_of(v->policy).ignore_constraint_validation)
        r = constraint_check(job->spec->features, ESLURM_INVALID_FEATURE, feature_known, &known, e);
    if (r == 0 && !sched_opts_of(v->policy).ignore_prefer_validation)
        r = constraint_check(job->spec->prefer, ESLURM_INVALID_PREFERRED_FEATURE_SPECIFICATION, feature_known,
                             &known, e);
    for (uint32_t i = 0; r == 0 && i < d->gres_n; i++) {
        bool configured = false;
        for (uint32_t k = 0; k < v->policy->gres_types.n; k++)
            configured |= text_same(v->policy->gres_types.v[k], d->gres[i].name);
        if (!configured)
            r = refuse(e, ESLURM_INVALID_GRES, NULL);
    }
    struct bits wanted = {0}, unwanted = {0};
    if (r == 0)
        r = nodeset_parse(v, job->spec->req_nodes, &wanted, e);
    if (r == 0)
        r = nodeset_parse(v, job->spec->exc_nodes, &unwanted, e);
    if (r == 0 && bits_intersects(&wanted, &unwanted))
        r = refuse(e, ESLURM_INVALID_NODE_NAME, NULL);
    bits_release(&wanted);
    bits_release(&unwanted);
    return r;
}

/* Why no node of the partition can serve even one task, in Slurm's words; NULL when it is something else. */
static const char *impossible_detail(const struct sched_view *v, const struct demand *d,
                                     const struct part *part)
{
    bool cpus = false, geometry = false, memory = false, disk = false;
    for (uint32_t i = bits_next(&part->members, 0); i != BITS_MAX; i = bits_next(&part->members, i + 1)) {
        const struct node *n = ptree_get(v->nodes, i);
        struct node_shape s = node_shape(v->policy, n);
        uint32_t all = s.units * s.unit_cpus;
        cpus |= d->cpus_per_task <= all && d->cpus_node_min <= all;
        geometry |= d->sockets_min <= s.sockets && d->cores_min <= n->cores &&
                    d->threads_min <= (n->threads ? n->threads : 1u);
        memory |= d->mem_node <= n->real_memory && d->mem_cpu <= n->real_memory;
        disk |= d->tmp_disk <= n->tmp_disk;
    }
    if (!cpus)
        return "CPU count per node can not be satisfied";
    if (!geometry)
        return "Socket, core and/or thread specification can not be satisfied";
    if (!memory)
        return "Memory specification can not be satisfied";
    return disk ? NULL : "Temporary disk specification can not be satisfied";
}

/* Could the partition as a whole be large enough? When not, the job waits for a larger one rather than being
 * refused, whatever else it asks for. */
static bool larger_than_partition(const struct demand *d, const struct part *part)
{
    uint64_t cpus = (uint64_t)(d->overcommit ? d->nodes_min : d->ntasks) * d->cpus_per_task;
    return d->nodes_min > part->total_nodes || (d->nodes_max == INFINITE && cpus > part->total_cpus) ||
           (d->nodes_max > 1 && cpus > part->total_cpus) || cpus > part->total_cpus;
}

static int check_possible(const struct sched_view *v, const struct job *job, const struct demand *d,
                          const struct part *part, struct err *e)
{
    if (larger_than_partition(d, part))
        return 0;
    const char *detail = impossible_detail(v, d, part);
    if (detail)
        return refuse(e, ESLURM_NODE_CONFIG_UNAVAILABLE, detail);
    struct selection s;
    sched_select(v, job, part, SELECT_EMPTY, NULL, &s);
    int r = s.ok ? 0 : refuse(e, ESLURM_NODE_CONFIG_UNAVAILABLE, NULL);
    selection_release(&s);
    return r;
}

/* The nodes that a waiting job shows: as many as its tasks fill, going by the partition's average node. */
static uint32_t nodes_shown(const struct demand *d, const struct part *part)
{
    uint64_t cpus = (uint64_t)d->ntasks * d->cpus_per_task, nodes;
    if (!part->total_nodes || !part->total_cpus)
        return d->nodes_min;
    uint32_t node_cpus = part->total_cpus / part->total_nodes;
    nodes = node_cpus ? (cpus + node_cpus - 1) / node_cpus : 0;
    return nodes > d->nodes_min && nodes < NO_VAL ? (uint32_t)nodes : d->nodes_min;
}

static void fill_effective(const struct sched_view *v, struct job *job, const struct demand *d,
                           const struct part *part)
{
    /* A range of nodes says how many tasks only when it starts; with --overcommit tasks need no CPUs. */
    bool open = job->spec->ntasks == NO_VAL && d->nodes_max != INFINITE && d->nodes_max != d->nodes_min;
    uint32_t tasks = d->overcommit ? d->nodes_min : open ? 1 : d->ntasks;
    uint64_t cpus = (uint64_t)tasks * d->cpus_per_task;
    uint64_t gpu_cpus = d->cpus_per_gpu * demand_gpus(d, d->nodes_min, d->ntasks);
    if (gpu_cpus > cpus)
        cpus = gpu_cpus;
    job->def_mem_cpu = d->mem_default && d->mem_cpu ? d->mem_cpu : NO_VAL64;
    job->def_mem_node = d->mem_default && d->mem_node ? d->mem_node : NO_VAL64;
    job->time_limit = demand_time_limit(job->spec, part);
    job->ntasks = d->ntasks;
    job->cpus = cpus > UINT32_MAX ? UINT32_MAX : (uint32_t)cpus;
    job->node_count = nodes_shown(d, part);
    uint64_t mem = d->mem_node ? d->mem_node * d->nodes_min : d->mem_cpu * cpus;
    if (d->mem_gpu)
        mem = d->mem_gpu * demand_gpus(d, d->nodes_min, d->ntasks);
    bool whole =
        d->mem_whole || (!d->mem_node && !d->mem_cpu && !d->mem_gpu); /* also where it is not counted */
    if (whole) {
        uint32_t first = bits_next(&part->members, 0);
        const struct node *n = first == BITS_MAX ? NULL : ptree_get(v->nodes, first);
        mem = n ? n->real_memory * d->nodes_min : 0;
    }
    mem_free(job->req_tres);
    job->req_tres = tres_of_request(v->policy, d, job->cpus, d->nodes_min, mem);
}

/* EnforcePartLimits: otherwise such a job waits with a reason. */
static bool enforces_limits(const struct policy *p)
{
    return p->enforce_part_limits && !text_same_nocase(p->enforce_part_limits, "NO");
}

static int check_limits(const struct part *part, const struct job *job, const struct demand *d, uint32_t uid,
                        struct err *e)
{
    enum job_reason why = part_limit_reason(part, job, d);
    if (part_denies_user(part, uid))
        return refuse(e, ESLURM_USER_GROUP_NOT_PERMITTED, NULL);
    if (why == WHY_PARTITIONTIMELIMIT)
        return refuse(e, ESLURM_INVALID_TIME_LIMIT, NULL);
    return why == WHY_NONE ? 0 : refuse(e, ESLURM_INVALID_NODE_COUNT, NULL);
}

static int admit_partition(const struct sched_view *v, struct job *job, const struct part *part, uint32_t uid,
                           bool privileged, bool first, struct err *e)
{
    struct demand d;
    int r = check_access(part, job, uid, privileged, e);
    if (r == 0)
        r = demand_init(&d, v, job, part, e);
    if (r < 0)
        return r;
    r = check_names(v, job, &d, e);
    bool held = job->spec->hold || job->spec->priority == 0; /* it may be changed before it is released */
    if (r == 0 && !held)
        r = check_possible(v, job, &d, part, e);
    if (r == 0 && enforces_limits(v->policy))
        r = check_limits(part, job, &d, uid, e);
    if (r == 0 && first)
        fill_effective(v, job, &d, part);
    demand_release(&d);
    return r;
}

static const struct part *default_partition(const struct sched_view *v)
{
    uint32_t i = 0;
    for (const struct part *p; (p = ptree_next(v->parts, &i)); i++)
        if (p->flags & PARTF_DEFAULT)
            return p;
    return NULL;
}

/* "gres/gpu:[verbose,]TYPE" of --tres-bind */
static bool bind_ok(const char *item)
{
    static const char *const plain[] = {"closest", "none", NULL};
    static const char *const valued[] = {
        "single:", "per_task:", "map:", "mask:", "map_gpu:", "mask_gpu:", NULL};
    const char *type = text_starts_nocase(item, "gres/") ? strchr(item, ':') : NULL;
    if (!type || type == item + strlen("gres/"))
        return false;
    type++;
    if (text_starts_nocase(type, "verbose,") || text_starts_nocase(type, "v,"))
        type = strchr(type, ',') + 1;
    for (int i = 0; plain[i]; i++)
        if (text_same_nocase(type, plain[i]))
            return true;
    for (int i = 0; valued[i]; i++) {
        if (!text_starts_nocase(type, valued[i]))
            continue;
        const char *value = type + strlen(valued[i]);
        return *valued[i] != 'm' || value[strspn(value, "0123456789abcdefABCDEFxX,*")] == '\0';
    }
    return false;
}

/* Resources of --tres-per-task with a count are CPUs, devices or licenses. */
static bool per_task_ok(const char *item)
{
    static const char *const types[] = {"cpu", "gres/", "gres:", "license/", NULL};
    if (!strpbrk(item, ":="))
        return true;
    for (int i = 0; types[i]; i++)
        if (text_starts_nocase(item, types[i]))
            return true;
    return false;
}

static bool all_ok(const char *list, char sep, bool (*ok)(const char *item))
{
    struct text_list items = {0};
    bool good = true;
    text_split(&items, list ? list : "", sep);
    for (uint32_t i = 0; i < items.n && good; i++)
        good = ok(items.v[i]);
    text_list_release(&items);
    return good;
}

/* What does not depend on the partition. */
static int check_request(const struct sched_view *v, const struct job_spec *spec, bool privileged,
                         struct err *e)
{
    if (spec->reservation && *spec->reservation) /* there are none */
        return refuse(e, ESLURM_REQUESTED_RESERVATION_INVALID, NULL);
    if (spec->reboot == 1 && !privileged)
        return refuse(e, ESLURM_ACCESS_DENIED, "rebooting of nodes is only allowed for admins");
    if (!all_ok(spec->tres_bind, '+', bind_ok) || !all_ok(spec->tres_per_task, ',', per_task_ok))
        return refuse(e, ESLURM_INVALID_TRACKABLE_RESOURCE_SPECIFICATION, NULL);
    struct licenses licenses;
    licenses_init(&licenses, v->policy->licenses);
    int r = licenses_check(&licenses, spec->licenses, sched_opts_of(v->policy).allow_zero_lic, e);
    licenses_release(&licenses);
    return r;
}

int sched_admit(const struct sched_view *v, struct job *job, uint32_t uid, bool privileged, struct err *e)
{
    struct text_list names = {0};
    int r = check_request(v, job->spec, privileged, e);
    if (r < 0)
        return r;
    if (job->spec->partition) {
        text_split(&names, job->spec->partition, ',');
    } else {
        const struct part *p = default_partition(v);
        if (!p)
            return refuse(e, ESLURM_DEFAULT_PARTITION_NOT_SET, NULL);
        text_list_push(&names, p->name);
    }
    r = names.n ? 0 : refuse(e, ESLURM_INVALID_PARTITION_NAME, NULL);
    struct buf accepted = BUF_INIT;
    for (uint32_t i = 0; r == 0 && i < names.n; i++) {
        uint32_t index = v->part_index(v->ctx, names.v[i]);
        if (index == NO_VAL) {
            r = err_set(e, ESLURM_INVALID_PARTITION_NAME, "%s\ninvalid partition specified: %s",
                        error_text(ESLURM_INVALID_PARTITION_NAME), names.v[i]);
            break;
        }
        struct err why;
        int one =
            admit_partition(v, job, ptree_get(v->parts, index), uid, privileged, accepted.len == 0, &why);
        if (one == 0) {
            buf_sep(&accepted, ",");
            buf_adds(&accepted, names.v[i]);
        } else if (names.n == 1 || (i + 1 == names.n && !accepted.len)) {
            if (e)
                *e = why;
            r = one;
        }
    }
    if (r == 0)
        mem_set_str(&job->partition, accepted.s);
    buf_release(&accepted);
    text_list_release(&names);
    return r;
}
