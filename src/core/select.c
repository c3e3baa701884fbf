/* SPDX-License-Identifier: Apache-2.0 */
#include "core/select.h"

#include "base/hostlist.h"
#include "base/mem.h"
#include "base/text.h"
#include "model/errors.h"
#include "model/jobtext.h"

static void fill(struct map_str *map, const struct meta_strs *names, bool nocase)
{
    map_str_init(map, nocase);
    for (uint32_t i = 0; i < names->n; i++)
        map_str_put(map, names->v[i], map);
}

static int fill_nodes(struct job_filter *f, const char *text, struct err *e)
{
    map_str_init(&f->nodes, false);
    if (!text)
        return 0;
    struct hostlist list = {0};
    if (hostlist_parse(&list, text, NULL) < 0)
        return err_set(e, ESLURM_INVALID_NODE_NAME, "%s\n%s", error_text(ESLURM_INVALID_NODE_NAME), text);
    struct host_iter it = {.list = &list};
    const char *name;
    while ((name = host_iter_next(&it)))
        map_str_put(&f->nodes, name, f);
    hostlist_release(&list);
    return 0;
}

int job_filter_init(struct job_filter *f, const struct job_select *want, struct err *e)
{
    *f = (struct job_filter){.want = want};
    fill(&f->partitions, &want->partitions, false);
    fill(&f->names, &want->names, false);
    fill(&f->accounts, &want->accounts, true);
    fill(&f->qos, &want->qos, true);
    fill(&f->reservations, &want->reservations, false);
    fill(&f->wckeys, &want->wckeys, false);
    int rc = fill_nodes(f, want->nodes, e);
    for (uint32_t i = 0; i < want->ids.n && rc == 0; i++) {
        struct job_target t;
        rc = job_target_parse(&t, want->ids.v[i], NULL);
        if (rc == 0)
            *VEC_PUSH(&f->ids) = t;
        else
            err_set(e, ESLURM_INVALID_JOB_ID, "%s\n%s", error_text(ESLURM_INVALID_JOB_ID), want->ids.v[i]);
    }
    if (rc < 0)
        job_filter_release(f);
    return rc;
}

void job_filter_release(struct job_filter *f)
{
    for (uint32_t i = 0; i < f->ids.n; i++)
        job_target_release(&f->ids.v[i]);
    VEC_FREE(&f->ids);
    map_str_release(&f->partitions);
    map_str_release(&f->names);
    map_str_release(&f->accounts);
    map_str_release(&f->qos);
    map_str_release(&f->reservations);
    map_str_release(&f->wckeys);
    map_str_release(&f->nodes);
}

static bool text_in(const struct map_str *map, const char *text)
{
    return !map_str_count(map) || map_str_has(map, text ? text : "");
}

/* One of a comma separated list is wanted. */
static bool any_in(const struct map_str *map, const char *list)
{
    if (!map_str_count(map))
        return true;
    struct text_list names = {0};
    if (list)
        text_split(&names, list, ',');
    bool found = false;
    for (uint32_t i = 0; i < names.n; i++)
        found |= map_str_has(map, names.v[i]);
    text_list_release(&names);
    return found;
}

static bool number_in(const struct meta_u32s *l, uint32_t v)
{
    for (uint32_t i = 0; i < l->n; i++)
        if (l->v[i] == v)
            return true;
    return false;
}

static bool state_wanted(const struct job_select *w, const struct job *j)
{
    if (!w->states.n && !w->flag_states)
        return true;
    if (w->flag_states & j->flags)
        return true;
    bool masked = j->flags & JOBF_COMPLETING; /* it shows as COMPLETING, not as what it will be */
    return !masked && number_in(&w->states, j->state);
}

static bool on_nodes(const struct map_str *nodes, const char *hosts)
{
    if (!map_str_count(nodes))
        return true;
    struct hostlist list = {0};
    if (!hosts || hostlist_parse(&list, hosts, NULL) < 0)
        return false;
    struct host_iter it = {.list = &list};
    const char *name;
    bool found = false;
    while (!found && (name = host_iter_next(&it)))
        found = map_str_has(nodes, name);
    hostlist_release(&list);
    return found;
}

bool job_filter_match(const struct job_filter *f, const struct job *j)
{
    const struct job_spec *s = j->spec;
    return (!f->want->uids.n || number_in(&f->want->uids, j->uid)) && state_wanted(f->want, j) &&
           any_in(&f->partitions, j->partition) && text_in(&f->names, s->name) &&
           text_in(&f->accounts, s->account) && text_in(&f->qos, s->qos) &&
           text_in(&f->reservations, s->reservation) && text_in(&f->wckeys, s->wckey) &&
           on_nodes(&f->nodes, j->nodes);
}

bool job_target_names(const struct job_target *t, const struct job *j)
{
    if (t->has_tasks) {
        if (j->array_job_id != t->job_id || !j->array_job_id)
            return false;
        return j->flags & JOBF_ARRAY ? bits_intersects(&t->tasks, &j->array_tasks)
                                     : bits_test(&t->tasks, j->array_task_id);
    }
    return j->job_id == t->job_id || (j->array_job_id && j->array_job_id == t->job_id);
}
