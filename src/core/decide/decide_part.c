/* SPDX-License-Identifier: Apache-2.0 */
/* Partitions by command: MSG_PART_UPDATE creates and changes, MSG_PART_DELETE deletes. They last until the
 * next start. */
#include "core/decide/decide.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "core/conf_names.h"
#include "model/jobtext.h"

/* Nodes+= and Nodes-= */
static int apply_delta(struct decide *d, const char *delta, struct part *p)
{
    struct bits named = {0}, members = {0};
    int rc = names_to_nodes(d->s, delta + 1, &named, d->e);
    if (rc == 0) {
        (void)names_to_nodes(d->s, p->nodes, &members, NULL);
        if (*delta == '-')
            bits_minus(&members, &named);
        else
            bits_or(&members, &named);
        char *text = nodes_to_names(d->s, &members);
        mem_set_str(&p->nodes, *text ? text : NULL);
        mem_free(text);
    }
    bits_release(&named);
    bits_release(&members);
    return rc;
}

/* Those of topology.yaml; without that file there is one, named "default". */
static bool knows_topology(const struct policy *policy, const char *name)
{
    for (uint32_t i = 0; i < policy->topology_names.n; i++)
        if (text_same(policy->topology_names.v[i], name))
            return true;
    return !policy->topology_names.n && text_same(name, "default");
}

static int check_part(struct decide *d, const struct part_update *r, struct part *p)
{
    struct bits members = {0};
    int rc = names_to_nodes(d->s, p->nodes, &members, d->e);
    bits_release(&members);
    if (rc == 0 && r->node_delta && *r->node_delta)
        rc = apply_delta(d, r->node_delta, p);
    if (rc == 0 && p->topology && *p->topology && !knows_topology(d->s->policy, p->topology))
        rc = decide_fail(d, ESLURM_REQUESTED_TOPOLOGY_CONFIGURATION_NOT_AVAILABLE);
    return rc;
}

static int change_part(struct decide *d, const struct part_update *r, struct part *p)
{
    for (uint32_t i = 0; i < r->fields.n; i++) {
        const struct meta_field *f = meta_find(&record_part, r->fields.v[i]);
        bool fixed = !f || strcmp(f->name, "name") == 0 || strcmp(f->name, "index") == 0 ||
                     strcmp(f->name, "members") == 0 || strcmp(f->name, "flags") == 0;
        if (!fixed)
            meta_copy_field(f, p, r->part);
    }
    char **all[] = {&p->allow_accounts, &p->allow_groups, &p->allow_qos, &p->allow_alloc_nodes, &p->cpu_bind};
    for (uint32_t i = 0; i < sizeof all / sizeof *all; i++)
        if (*all[i] && (text_same_nocase(*all[i], "ALL") || !**all[i]))
            mem_set_str(all[i], NULL);
    p->flags = (p->flags & ~r->flag_mask) | (r->part->flags & r->flag_mask);
    return check_part(d, r, p);
}

static uint32_t next_index(const struct state *s)
{
    uint32_t index = 0;
    const struct part *p;
    for (uint32_t i = 0; (p = ptree_next(&s->parts, &i)); i++)
        index = i + 1;
    return index;
}

static struct part *new_part(const struct decide *d, const struct part_update *r)
{
    struct part *p = meta_new(&record_part);
    p->name = mem_strdup(r->part->name);
    p->index = next_index(d->s);
    p->min_nodes = 1;
    p->max_nodes = INFINITE;
    p->max_time = INFINITE;
    p->priority_tier = 1;
    p->priority_factor = 1;
    p->max_share = 1;
    return p;
}

int decide_part_update(struct decide *d, const void *record)
{
    const struct part_update *r = record;
    const char *name = r->part ? r->part->name : NULL;
    const struct part *old = name ? state_part(d->s, name) : NULL;
    if (!name || !*name || (r->create && old) || (!r->create && !old))
        return decide_fail(d, ESLURM_INVALID_PARTITION_NAME);
    struct part *p = old ? meta_dup(&record_part, old) : new_part(d, r);
    int rc = change_part(d, r, p);
    if (rc == 0) {
        struct part *f = facts_add(d->out, FACT_PART_CHANGED);
        meta_release(&record_part, f);
        meta_copy(&record_part, f, p);
    }
    meta_free(&record_part, p);
    return rc;
}

static bool in_use(const struct state *s, const char *name)
{
    const struct job *j;
    for (uint32_t id = 0; (j = ptree_next(&s->jobs, &id)); id++)
        if (!job_is_ended(j) && job_asks_part(j, name))
            return true;
    return false;
}

int decide_part_delete(struct decide *d, const void *record)
{
    const struct part_select *r = record;
    if (!r->names.n)
        return decide_fail(d, ESLURM_INVALID_PARTITION_NAME);
    for (uint32_t i = 0; i < r->names.n; i++) {
        const struct part *p = state_part(d->s, r->names.v[i]);
        if (!p)
            return decide_fail(d, ESLURM_INVALID_PARTITION_NAME);
        if (in_use(d->s, p->name))
            return decide_fail(d, ESLURM_PARTITION_IN_USE);
        bool again = false;
        for (uint32_t k = 0; k < i; k++)
            again |= text_same(r->names.v[k], r->names.v[i]);
        if (again)
            continue;
        struct part_ref *f = facts_add(d->out, FACT_PART_REMOVED);
        f->part_index = p->index;
    }
    return 0;
}
