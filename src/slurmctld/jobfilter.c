/* SPDX-License-Identifier: Apache-2.0 */
#include "slurmctld/jobfilter.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "model/errors.h"

/* One wanted id: 7 (the job and all tasks of the array), 7_3, 7_[1-5,9]; "+1" and ".0" narrow what the client
 * shows. */
struct wanted_id {
    uint32_t job_id;
    bool has_tasks;
    struct bits tasks;
};

struct job_filter {
    const struct job_select *select;
    VEC(struct wanted_id) ids;
    bool direct; /* every wanted id is a plain job: no need to look at all jobs */
    struct hostlist hosts;
    uint32_t uid;
    enum message_access access;
    bool own_only;
    bool hides; /* there are partitions whose jobs the asker does not see unless he asks for all */
};

static int parse_id(struct wanted_id *ret, const char *text, struct err *e)
{
    size_t digits = strspn(text, "0123456789");
    char *number = mem_strndup(text, digits), *tasks = NULL;
    bool ok = text_to_u32(number, &ret->job_id);

    mem_free(number);
    if (ok && text[digits] == '_') {
        const char *from = text + digits + 1;
        size_t len = *from == '[' ? strcspn(++from, "]") : strspn(from, "0123456789");
        tasks = mem_strndup(from, len);
        ret->has_tasks = true;
        ok = len && bits_parse(&ret->tasks, tasks, e) == 0;
        mem_free(tasks);
    } else if (ok)
        ok = !text[digits] || strchr("+.", text[digits]);
    return ok ? 0 : err_set(e, ESLURM_INVALID_JOB_ID, "%s: %s", error_text(ESLURM_INVALID_JOB_ID), text);
}

static int by_id(const void *a, const void *b, void *arg)
{
    uint32_t x = ((const struct wanted_id *)a)->job_id, y = ((const struct wanted_id *)b)->job_id;

    return x < y ? -1 : x > y;
}

static bool hides_part(const struct part *p, uint32_t uid, enum message_access access)
{
    return p->flags & PARTF_HIDDEN && part_is_hidden(p, uid, access);
}

static bool hides_any(const struct snapshot *s, uint32_t uid, enum message_access access)
{
    const struct part *p;

    for (uint32_t key = 0; (p = ptree_next(&s->parts, &key)); key++)
        if (hides_part(p, uid, access))
            return true;
    return false;
}

struct job_filter *job_filter_new(const struct job_select *select, const struct snapshot *s, uint32_t uid,
                                  enum message_access access, bool own_only, struct err *e)
{
    struct job_filter *f = mem_alloc(sizeof *f);
    int rc = hostlist_parse(&f->hosts, select->nodes, e);

    f->select = select;
    f->uid = uid;
    f->access = access;
    f->own_only = own_only;
    f->hides = !select->all && hides_any(s, uid, access);
    f->direct = select->ids.n > 0;
    for (uint32_t i = 0; i < select->ids.n && rc == 0; i++) {
        struct wanted_id *id = VEC_PUSH(&f->ids);
        rc = parse_id(id, select->ids.v[i], e);
        const struct job *job = rc == 0 ? snapshot_job(s, id->job_id) : NULL;
        f->direct &= job && !job->array_job_id && !id->has_tasks;
    }
    if (rc == 0 && f->direct) /* so that an id that is named twice is found once */
        vec_sort(f->ids.v, f->ids.n, sizeof *f->ids.v, by_id, NULL);
    if (rc == 0)
        return f;
    job_filter_free(f);
    return NULL;
}

void job_filter_free(struct job_filter *f)
{
    if (!f)
        return;
    for (uint32_t i = 0; i < f->ids.n; i++)
        bits_release(&f->ids.v[i].tasks);
    VEC_FREE(&f->ids);
    hostlist_release(&f->hosts);
    mem_free(f);
}

static bool has_id(const struct job_filter *f, const struct job *job)
{
    for (uint32_t i = 0; i < f->ids.n; i++) {
        const struct wanted_id *id = &f->ids.v[i];
        if (!id->has_tasks && (job->job_id == id->job_id || job->array_job_id == id->job_id))
            return true;
        if (id->has_tasks && job->array_job_id == id->job_id &&
            (job->flags & JOBF_ARRAY
                 ? bits_intersects(&job->array_tasks, &id->tasks)
                 : job->array_task_id != NO_VAL && bits_test(&id->tasks, job->array_task_id)))
            return true;
    }
    return false;
}

static bool in_strs(const struct meta_strs *l, const char *s)
{
    for (uint32_t i = 0; i < l->n; i++)
        if (text_same(l->v[i], s ? s : ""))
            return true;
    return false;
}

static bool in_strs_nocase(const struct meta_strs *l, const char *s)
{
    for (uint32_t i = 0; i < l->n; i++)
        if (text_same_nocase(l->v[i], s ? s : ""))
            return true;
    return false;
}

static bool in_u32s(const struct meta_u32s *l, uint32_t v)
{
    for (uint32_t i = 0; i < l->n; i++)
        if (l->v[i] == v)
            return true;
    return false;
}

/* Has the comma separated list a member that is wanted? */
static bool list_has(const struct meta_strs *wanted, const char *list)
{
    struct text_list members = {0};
    bool found = false;

    text_split(&members, list ? list : "", ',');
    for (uint32_t i = 0; i < members.n && !found; i++) {
        members.v[i][strcspn(members.v[i], ":=")] = 0; /* licenses have a count */
        found = in_strs(wanted, members.v[i]);
    }
    text_list_release(&members);
    return found;
}

static const char *partition_of(const struct job *job)
{
    return job->partition ? job->partition : job->spec->partition;
}

static bool in_hosts(const struct job_filter *f, const struct job *job)
{
    struct hostlist mine = {0};
    struct host_iter it = {.list = &mine};
    const char *name;
    bool found = false;

    if (!job->nodes || hostlist_parse(&mine, job->nodes, NULL) < 0)
        return false;
    while (!found && (name = host_iter_next(&it)))
        found = hostlist_find(&f->hosts, name) >= 0;
    hostlist_release(&mine);
    return found;
}

static bool state_matches(const struct job_select *sel, const struct job *job)
{
    if (!sel->states.n && !sel->flag_states)
        return true;
    return in_u32s(&sel->states, job->state) || (job->flags & sel->flag_states);
}

bool part_is_hidden(const struct part *p, uint32_t uid, enum message_access access)
{
    bool member = !p->allow_groups || text_same_nocase(p->allow_groups, "ALL");

    if (access >= ACCESS_OPERATOR)
        return false;
    for (uint32_t i = 0; !member && i < p->allow_uids.n; i++)
        member = p->allow_uids.v[i] == uid;
    return (p->flags & PARTF_HIDDEN) || !member;
}

static bool is_hidden(const struct job_filter *f, const struct snapshot *s, const struct job *job)
{
    const char *name = partition_of(job);
    const struct part *p = name ? snapshot_part(s, name) : NULL;

    return p && hides_part(p, f->uid, f->access);
}

static bool matches(const struct job_filter *f, const struct snapshot *s, const struct job *job)
{
    const struct job_select *sel = f->select;
    const struct job_spec *spec = job->spec;

    return (!f->own_only || job->uid == f->uid) && (!f->ids.n || has_id(f, job)) &&
           (!sel->uids.n || in_u32s(&sel->uids, job->uid)) && state_matches(sel, job) &&
           (!sel->partitions.n || list_has(&sel->partitions, partition_of(job))) &&
           (!sel->names.n || in_strs_nocase(&sel->names, spec->name)) &&
           (!sel->accounts.n || in_strs_nocase(&sel->accounts, spec->account)) &&
           (!sel->qos.n || in_strs_nocase(&sel->qos, spec->qos)) &&
           (!sel->wckeys.n || in_strs(&sel->wckeys, spec->wckey)) &&
           (!sel->reservations.n || list_has(&sel->reservations, spec->reservation)) &&
           (!sel->licenses.n || list_has(&sel->licenses, spec->licenses)) &&
           (!f->hosts.count || in_hosts(f, job)) && (!f->hides || !is_hidden(f, s, job));
}

const struct job *job_filter_next(struct job_filter *f, const struct snapshot *s, uint32_t *key)
{
    const struct job *job;

    while (f->direct && *key < f->ids.n) {
        const struct wanted_id *id = &f->ids.v[(*key)++];
        job = id > f->ids.v && id[-1].job_id == id->job_id ? NULL : snapshot_job(s, id->job_id);
        if (job && matches(f, s, job))
            return job;
    }
    while (!f->direct && *key < UINT32_MAX && (job = ptree_next(&s->jobs, key))) {
        (*key)++;
        if (matches(f, s, job))
            return job;
    }
    return NULL;
}
