/* SPDX-License-Identifier: Apache-2.0 */
/* state_impl.h: the writer's indexes over jobs, kept in step with the tables by job_edit() and
 * job_edit_end(). */
#include "core/state_impl.h"

#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/depend.h"
#include "model/jobtext.h"

static void set_add(struct map_u64 *map, uint64_t key, uint32_t id)
{
    struct idset *set = map_u64_get(map, key);
    if (!set) {
        set = mem_alloc(sizeof *set);
        map_u64_put(map, key, set);
    }
    idset_add(set, id);
}

static void set_remove(struct map_u64 *map, uint64_t key, uint32_t id)
{
    struct idset *set = map_u64_get(map, key);
    if (!set)
        return;
    idset_remove(set, id);
    if (idset_count(set) == 0) {
        map_u64_remove(map, key);
        idset_release(set);
        mem_free(set);
    }
}

static void sets_release(struct map_u64 *map)
{
    MAP_EACH (map, e) {
        idset_release(e->value);
        mem_free(e->value);
    }
    map_u64_release(map);
}

static uint64_t name_key(uint32_t uid, const char *name)
{
    return hash_text(name ? name : "") ^ hash_u64(uid);
}

const struct idset *index_array(const struct state *s, uint32_t array_job_id)
{
    return map_u64_get(&s->by_array, array_job_id);
}

const struct idset *index_dependents(const struct state *s, uint32_t job_id)
{
    return map_u64_get(&s->dependents, job_id);
}

const struct idset *index_namesakes(const struct state *s, uint32_t uid, const char *name)
{
    return map_u64_get(&s->by_name, name_key(uid, name));
}

const struct idset *index_node_jobs(const struct state *s, uint32_t node_index)
{
    return node_index < s->node_jobs_n ? &s->node_jobs[node_index] : NULL;
}

/* How many jobs a record counts for in MaxJobCount. */
static uint32_t weight(const struct job *j)
{
    return j->flags & JOBF_ARRAY ? bits_count(&j->array_tasks) : 1;
}

void payload_key(const struct meta_bytes *name, uint64_t *ret)
{
    *ret = hash_bytes(name->v, name->n);
}

static void payload_count(struct state *s, const struct job *j, int delta)
{
    if (!j->script.n)
        return;
    uint64_t key;
    payload_key(&j->script, &key);
    uintptr_t count = (uintptr_t)map_u64_get(&s->payloads, key);
    if (count + (uintptr_t)(intptr_t)delta == 0)
        map_u64_remove(&s->payloads, key);
    else
        map_u64_put(&s->payloads, key, (void *)(count + (uintptr_t)(intptr_t)delta));
}

/* The dependency of a job that waits for it; one that was cancelled keeps its text but waits no more. */
static const char *waits_for(const struct job *j)
{
    return job_is_pending(j) ? j->dependency : NULL;
}

/* Enters or removes the job among those who wait for others. */
static void link_dependency(struct state *s, uint32_t job_id, const char *dependency, bool add)
{
    struct depend d;
    if (!dependency || depend_parse(&d, dependency, NULL) < 0)
        return;
    for (uint32_t i = 0; i < d.parts.n; i++) {
        uint32_t target = d.parts.v[i].job_id;
        if (d.parts.v[i].type == DEP_SINGLETON)
            (add ? idset_add : idset_remove)(&s->singletons, job_id);
        else
            (add ? set_add : set_remove)(&s->dependents, target, job_id);
    }
    depend_release(&d);
}

/* An ARRAY record knows how many of its tasks hold something. */
static void count_array_task(struct state *s, const struct job *j, int delta)
{
    if (!delta || !(j->flags & JOBF_ARRAY_TASK) || j->job_id == j->array_job_id)
        return;
    const struct job *record = state_job(s, j->array_job_id);
    if (!record || !(record->flags & JOBF_ARRAY))
        return;
    struct job *r = ptree_edit(&s->jobs, j->array_job_id);
    r->array_running += (uint32_t)delta;
}

struct job *job_edit(struct job_edit *e, struct state *s, uint32_t job_id)
{
    struct job *j = ptree_edit(&s->jobs, job_id);
    REQUIRE(j);
    *e = (struct job_edit){
        .s = s,
        .job = j,
        .old_dependency = mem_strdup(waits_for(j)),
        .old_name = name_key(j->uid, j->spec->name),
        .old_weight = weight(j),
        .was_unended = !job_is_ended(j),
        .was_holding = job_holds(j),
    };
    return j;
}

static void edit_names(const struct job_edit *e)
{
    uint64_t key = name_key(e->job->uid, e->job->spec->name);
    bool unended = !job_is_ended(e->job);
    if (key == e->old_name && unended == e->was_unended)
        return;
    if (e->was_unended)
        set_remove(&e->s->by_name, e->old_name, e->job->job_id);
    if (unended)
        set_add(&e->s->by_name, key, e->job->job_id);
}

void job_edit_end(struct job_edit *e)
{
    struct state *s = e->s;
    struct job *j = e->job;
    edit_names(e);
    s->job_count += weight(j) - e->old_weight;
    if (!text_same(e->old_dependency, waits_for(j))) {
        link_dependency(s, j->job_id, e->old_dependency, false);
        link_dependency(s, j->job_id, waits_for(j), true);
        timers_set(&s->timers, timer_key(TIMER_DEPENDENCY, j->job_id), waits_for(j) ? s->time : INT64_MAX);
    }
    count_array_task(s, j, (int)job_holds(j) - (int)e->was_holding);
    timers_set(&s->timers, timer_key(TIMER_JOB, j->job_id), job_deadline(s, j));
    mem_free(e->old_dependency);
}

/* The indexes that a new, restored or removed record is in; not what nodes hold. */
static void job_link(struct state *s, const struct job *j)
{
    if (!job_is_ended(j))
        set_add(&s->by_name, name_key(j->uid, j->spec->name), j->job_id);
    if (j->array_job_id)
        set_add(&s->by_array, j->array_job_id, j->job_id);
    link_dependency(s, j->job_id, waits_for(j), true);
    if (waits_for(j))
        timers_set(&s->timers, timer_key(TIMER_DEPENDENCY, j->job_id), s->time);
    payload_count(s, j, 1);
    s->job_count += weight(j);
    timers_set(&s->timers, timer_key(TIMER_JOB, j->job_id), job_deadline(s, j));
}

void job_insert(struct state *s, struct job *job)
{
    ptree_put(&s->jobs, job->job_id, job);
    job_link(s, job);
}

void job_delete(struct state *s, uint32_t job_id)
{
    const struct job *j = state_job(s, job_id);
    REQUIRE(j);
    if (!job_is_ended(j))
        set_remove(&s->by_name, name_key(j->uid, j->spec->name), job_id);
    if (j->array_job_id)
        set_remove(&s->by_array, j->array_job_id, job_id);
    link_dependency(s, job_id, waits_for(j), false);
    payload_count(s, j, -1);
    s->job_count -= weight(j);
    timers_set(&s->timers, timer_key(TIMER_JOB, job_id), INT64_MAX);
    timers_set(&s->timers, timer_key(TIMER_DEPENDENCY, job_id), INT64_MAX);
    ptree_remove(&s->jobs, job_id);
}

void node_timer(struct state *s, const struct node *n)
{
    timers_set(&s->timers, timer_key(TIMER_NODE, n->index), node_record_deadline(s, n));
}

static void wake(struct state *s, const struct idset *set)
{
    if (!set)
        return;
    IDSET_EACH (set, id)
        timers_set(&s->timers, timer_key(TIMER_DEPENDENCY, id), s->time);
}

void wake_dependents(struct state *s, const struct job *job)
{
    wake(s, index_dependents(s, job->job_id));
    if (job->array_job_id && job->array_job_id != job->job_id)
        wake(s, index_dependents(s, job->array_job_id));
    const struct idset *namesakes =
        idset_count(&s->singletons) ? index_namesakes(s, job->uid, job->spec->name) : NULL;
    if (!namesakes)
        return;
    IDSET_EACH (namesakes, id)
        if (idset_has(&s->singletons, id))
            timers_set(&s->timers, timer_key(TIMER_DEPENDENCY, id), s->time);
}

void index_release(struct state *s)
{
    timers_release(&s->timers);
    sets_release(&s->by_array);
    sets_release(&s->by_name);
    sets_release(&s->dependents);
    idset_release(&s->singletons);
    map_u64_release(&s->payloads);
    for (uint32_t i = 0; i < s->node_jobs_n; i++)
        idset_release(&s->node_jobs[i]);
    mem_free(s->node_jobs);
    s->node_jobs = NULL;
    s->node_jobs_n = 0;
    s->job_count = 0;
}

static void link_nodes(struct state *s, const struct job *j)
{
    for (uint32_t i = 0; i < j->alloc.n; i++)
        if (job_is_active(j) || (j->flags & JOBF_COMPLETING && bits_test(&j->completing, i)))
            idset_add(&s->node_jobs[j->alloc.v[i].node_index], j->job_id);
}

void index_rebuild(struct state *s)
{
    index_release(s);
    s->node_jobs_n = s->next_node_index;
    s->node_jobs = mem_array(s->node_jobs_n, sizeof *s->node_jobs);
    const struct job *j;
    for (uint32_t id = 0; (j = ptree_next(&s->jobs, &id)); id++) {
        job_link(s, j);
        link_nodes(s, j);
    }
    const struct node *n;
    for (uint32_t i = 0; (n = ptree_next(&s->nodes, &i)); i++)
        node_timer(s, n);
}
