/* SPDX-License-Identifier: Apache-2.0 */
/* vconf: what slurm.conf says in a simulation. */
#include "base/bits.h"
#include "base/mem.h"
#include "meta/meta.h"
#include "sim/world.h"

enum { MEMORY_MB = 16000, GPUS = 2 };

enum { CLOUD_EVERY = 4 };

bool conf_is_cloud(const struct world *w, uint32_t index)
{
    return w->saving && index % CLOUD_EVERY == CLOUD_EVERY - 1;
}

/* Short times, so that nodes go and come often; the first one stays on. */
static void save_power(struct policy *p, uint32_t variant)
{
    p->power_save = true;
    p->suspend_time = variant & 1 ? 30 : 90;
    p->suspend_timeout = 20;
    p->resume_timeout = 120;
    p->suspend_rate = variant & 2 ? 0 : 4;
    p->resume_rate = variant & 1 ? 0 : 6;
    p->suspend_exc_nodes = mem_strdup("v0,v[1-5]:1");
    p->power_interval = 10;
}

static struct policy *policy(const struct world *w, uint32_t variant)
{
    struct policy *p = meta_new(&record_policy);
    p->cluster_name = mem_strdup("sim");
    p->first_job_id = 1;
    p->max_job_id = 67043328;
    p->max_job_count = 1000000;
    p->max_array_size = 1001;
    p->max_step_count = 40000;
    p->max_tasks_node = 512;
    p->min_job_age = 300;
    p->kill_wait = variant & 1 ? 10 : 30;
    p->slurmd_timeout = 300;
    p->slurmctld_timeout = 120;
    p->return_to_service = 2;
    p->batch_start_timeout = 10;
    p->cr_core = p->cr_memory = true;
    p->def_mem_cpu = 500;
    p->job_requeue = true;
    p->priority_type = mem_strdup("priority/basic");
    p->requeue_delay = 10;
    meta_strs_push(&p->gres_types, "gpu");
    if (w->saving)
        save_power(p, variant);
    return p;
}

static void add_part(struct configure *c, const char *name, uint32_t nodes, bool first)
{
    struct part *p = meta_recs_push(&record_part, &c->parts);
    p->name = mem_strdup(name);
    p->flags = first ? PARTF_DEFAULT : 0;
    p->nodes = first ? mem_strdup("ALL") : buf_format("v[0-%u]", nodes - 1);
    p->max_time = INFINITE;
    p->max_nodes = INFINITE;
    p->max_share = 1;
    p->priority_tier = p->priority_factor = first ? 1 : 2;
    bits_set_range(&p->members, 0, nodes - 1);
    p->total_nodes = nodes;
    p->total_cpus = nodes * SIM_CORES;
}

static void add_gpus(struct node *n, uint32_t index)
{
    if (index % SIM_GPUS_EVERY)
        return;
    struct gres_decl *g = meta_recs_push(&record_gres_decl, &n->gres);
    g->name = mem_strdup("gpu");
    g->count = GPUS;
    for (uint32_t i = 0; i < GPUS; i++)
        meta_strs_push(&g->files, i ? "/dev/gpu1" : "/dev/gpu0");
    n->gres_text = buf_format("gpu:%u", GPUS);
}

void conf_describe(struct world *w, uint32_t index, struct node *ret)
{
    mem_set_str(&ret->name, w->nodes.v[index].name);
    ret->cpus = SIM_CORES;
    ret->boards = 1;
    ret->sockets = 2;
    ret->cores = SIM_CORES / 2;
    ret->threads = 1;
    ret->real_memory = MEMORY_MB;
    add_gpus(ret, index);
}

uint32_t conf_small_nodes(uint32_t nodes)
{
    return (nodes + 1) / 2;
}

struct configure *conf_make(struct world *w, uint32_t nodes, uint32_t variant)
{
    struct configure *c = meta_new(&record_configure);
    c->policy = policy(w, variant);
    c->policy->prolog_slurmctld = c->policy->epilog_slurmctld = w->hooks;
    add_part(c, "main", nodes, true);
    if (!(variant & 2))
        add_part(c, "small", conf_small_nodes(nodes), false);
    for (uint32_t i = 0; i < nodes; i++) {
        struct node *n = meta_recs_push(&record_node, &c->nodes);
        n->index = i;
        n->name = buf_format("v%u", i);
        n->addr = mem_strdup(n->name);
        n->hostname = mem_strdup(n->name);
        n->cpus = SIM_CORES;
        n->boards = 1;
        n->sockets = 2;
        n->cores = SIM_CORES / 2;
        n->threads = 1;
        n->real_memory = MEMORY_MB;
        n->weight = 1;
        n->flags = conf_is_cloud(w, i) ? NODEF_CLOUD : 0;
        add_gpus(n, i);
    }
    return c;
}
