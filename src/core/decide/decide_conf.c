/* SPDX-License-Identifier: Apache-2.0 */
/* MSG_CONFIGURE as a transaction: refused whole or taken whole. MSG_NODE_CREATE, MSG_NODE_DELETE. */
#include "core/decide/decide.h"

#include <string.h>

#include "base/hostlist.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/conf_names.h"
#include "model/jobtext.h"

/* Names of the new configuration. */
struct names {
    struct map_str nodes, parts;
    const struct policy *policy;
};

static int check_hosts(struct decide *d, const struct names *names, const char *text, const char *where)
{
    struct hostlist list = {0};
    if (hostlist_parse(&list, text, NULL) < 0)
        return decide_fail_text(d, ESLURM_INVALID_NODE_NAME, "%s: %s", where, text);
    struct host_iter it = {.list = &list};
    const char *name;
    int rc = 0;
    while (rc == 0 && (name = host_iter_next(&it)))
        if (!map_str_has(&names->nodes, name))
            rc =
                decide_fail_text(d, ESLURM_INVALID_NODE_NAME, "%s: %s is not a configured node", where, name);
    hostlist_release(&list);
    return rc;
}

static bool is_nodeset(const struct policy *p, const char *name)
{
    size_t len = strlen(name);
    for (uint32_t i = 0; i < p->nodesets.n; i++)
        if (strncmp(p->nodesets.v[i], name, len) == 0 && p->nodesets.v[i][len] == '=')
            return true;
    return false;
}

static int check_list(struct decide *d, const struct names *names, const char *text, const char *where)
{
    struct text_list pieces = {0};
    int rc = 0;
    if (text)
        text_split(&pieces, text, ',');
    for (uint32_t i = 0; i < pieces.n && rc == 0; i++)
        if (!text_same_nocase(pieces.v[i], "ALL") && !is_nodeset(names->policy, pieces.v[i]))
            rc = check_hosts(d, names, pieces.v[i], where);
    text_list_release(&pieces);
    return rc;
}

static int collect_names(struct decide *d, const struct configure *c, struct names *names)
{
    for (uint32_t i = 0; i < c->nodes.n; i++) {
        const char *name = c->nodes.v[i].name;
        if (!name || map_str_put(&names->nodes, name, names))
            return decide_fail_text(d, ESLURM_INVALID_NODE_NAME, "node %s is configured twice",
                                    name ? name : "");
    }
    const struct node *n;
    for (uint32_t i = 0; (n = ptree_next(&d->s->nodes, &i)); i++)
        if (n->flags & NODEF_DYNAMIC_NORM)
            map_str_put(&names->nodes, n->name, names);
    for (uint32_t i = 0; i < c->parts.n; i++) {
        const char *name = c->parts.v[i].name;
        if (!name || map_str_put(&names->parts, name, names))
            return decide_fail_text(d, ESLURM_INVALID_PARTITION_NAME, "partition %s is configured twice",
                                    name ? name : "");
    }
    return 0;
}

static int check_configure(struct decide *d, const struct configure *c, struct names *names)
{
    int rc = collect_names(d, c, names);
    for (uint32_t i = 0; i < c->parts.n && rc == 0; i++)
        rc = check_list(d, names, c->parts.v[i].nodes, c->parts.v[i].name);
    for (uint32_t i = 0; i < c->down.n && rc == 0; i++)
        rc = check_list(d, names, c->down.v[i].nodes, "DownNodes");
    return rc;
}

/* Jobs on nodes that the new configuration does not have any more. */
static void end_jobs_of_absent(struct decide *d, const struct names *names)
{
    struct bits absent = {0};
    const struct node *n;
    for (uint32_t i = 0; (n = ptree_next(&d->s->nodes, &i)); i++)
        if (!map_str_has(&names->nodes, n->name))
            bits_set(&absent, i);
    const struct job *j;
    for (uint32_t id = 0; bits_any(&absent) && (j = ptree_next(&d->s->jobs, &id)); id++) {
        bool lost = false;
        for (uint32_t i = 0; i < j->alloc.n && job_holds(j); i++)
            lost |= bits_test(&absent, j->alloc.v[i].node_index) &&
                    (job_is_active(j) || bits_test(&j->completing, i));
        if (lost)
            decide_lost_node(d, j, &absent, true);
    }
    bits_release(&absent);
}

int decide_configure(struct decide *d, const void *record)
{
    const struct configure *c = record;
    if (!c->policy)
        return decide_fail_text(d, ESLURM_INTERNAL, "configuration without policy");
    if (!c->policy->max_job_id || c->policy->max_job_id & IDSET_GONE)
        return decide_fail_text(d, ESLURM_INTERNAL, "MaxJobId is out of range");
    if (c->policy->first_job_id > c->policy->max_job_id)
        return decide_fail_text(d, ESLURM_INTERNAL, "FirstJobId is above MaxJobId");
    struct names names = {.policy = c->policy};
    map_str_init(&names.nodes, false);
    map_str_init(&names.parts, false);
    int rc = check_configure(d, c, &names);
    if (rc == 0) {
        end_jobs_of_absent(d, &names);
        struct configure *f = facts_add(d->out, FACT_CONFIGURED);
        meta_release(&record_configure, f);
        meta_copy(&record_configure, f, c);
    }
    map_str_release(&names.nodes);
    map_str_release(&names.parts);
    return rc;
}

/* One name, that a hostlist can hold. */
static bool is_host_name(const char *name)
{
    struct hostlist list = {0};
    char back[HOSTLIST_NAME_SIZE];
    bool ok = name && hostlist_parse(&list, name, NULL) == 0 && list.count == 1;
    if (ok) {
        hostlist_nth(&list, 0, back);
        ok = strcmp(back, name) == 0;
    }
    hostlist_release(&list);
    return ok;
}

int decide_node_create(struct decide *d, const void *record)
{
    const struct node_create *r = record;
    if (!r->nodes.n)
        return decide_fail(d, ESLURM_INVALID_NODE_NAME);
    struct map_str seen;
    map_str_init(&seen, false);
    int rc = 0;
    for (uint32_t i = 0; i < r->nodes.n && rc == 0; i++) {
        const char *name = r->nodes.v[i].name;
        if (!is_host_name(name))
            rc = decide_fail(d, ESLURM_INVALID_NODE_NAME);
        else if (state_node(d->s, name) || map_str_put(&seen, name, d))
            rc = decide_fail(d, ESLURM_NODE_ALREADY_EXISTS_IN_NODE_TABLE);
    }
    map_str_release(&seen);
    if (rc < 0)
        return rc;
    struct node_create *f = facts_add(d->out, FACT_NODES_ADDED);
    meta_release(&record_node_create, f);
    meta_copy(&record_node_create, f, r);
    for (uint32_t i = 0; i < f->nodes.n; i++)
        f->nodes.v[i].flags |= NODEF_DYNAMIC_NORM;
    return 0;
}

int decide_node_delete(struct decide *d, const void *record)
{
    const struct node_select *r = record;
    struct bits nodes = {0};
    int rc =
        r->nodes ? names_to_nodes(d->s, r->nodes, &nodes, d->e) : decide_fail(d, ESLURM_INVALID_NODE_NAME);
    for (uint32_t i = bits_next(&nodes, 0); i != BITS_MAX && rc == 0; i = bits_next(&nodes, i + 1)) {
        const struct node *n = state_node_at(d->s, i);
        if (!(n->flags & NODEF_DYNAMIC_NORM))
            rc = decide_fail_text(d, ESLURM_INVALID_NODE_STATE, "%s is in the configuration files", n->name);
        else if (n->running_jobs)
            rc = decide_fail(d, ESLURM_NODES_BUSY);
    }
    for (uint32_t i = bits_next(&nodes, 0); i != BITS_MAX && rc == 0; i = bits_next(&nodes, i + 1)) {
        struct node_ref *f = facts_add(d->out, FACT_NODE_REMOVED);
        f->node_index = i;
    }
    bits_release(&nodes);
    return rc;
}
