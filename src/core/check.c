/* SPDX-License-Identifier: Apache-2.0 */
/* state.h: what must hold after every fact. Slow on purpose: it adds everything up again. */
#include "core/state_impl.h"

#include "base/mem.h"
#include "base/text.h"
#include "core/moves.h"
#include "core/power.h"
#include "model/jobtext.h"

/* What jobs hold on one node, added up. */
struct sum {
    uint64_t cpus, mem, gres;
    uint32_t jobs, completing, exclusive;
    struct bits cores;
    bool twice;
};

struct check {
    const struct state *s;
    struct buf *out;
    struct sum *sums; /* by node index */
};

static void add_share(struct check *c, const struct job *j, uint32_t i)
{
    const struct job_node *a = &j->alloc.v[i];
    struct sum *sum = &c->sums[a->node_index];
    if (!(j->flags & JOBF_CPUS_GIVEN)) {
        if (bits_intersects(&sum->cores, &a->cores))
            buf_addf(c->out, "job %u: a core of node %u is held twice\n", j->job_id, a->node_index);
        bits_or(&sum->cores, &a->cores);
        sum->cpus += a->cpus;
    }
    sum->mem += a->mem;
    for (uint32_t g = 0; g < a->gres.n; g++)
        sum->gres += a->gres.v[g].count;
    sum->jobs++;
    sum->completing += j->flags & JOBF_COMPLETING ? 1 : 0;
    if (j->flags & JOBF_WHOLE_NODES)
        sum->exclusive = j->job_id;
    const struct idset *set = index_node_jobs(c->s, a->node_index);
    if (!set || !idset_has(set, j->job_id))
        buf_addf(c->out, "job %u: not in the index of node %u\n", j->job_id, a->node_index);
}

static void check_alloc(struct check *c, const struct job *j)
{
    for (uint32_t i = 0; i < j->alloc.n; i++) {
        bool holds = job_is_active(j) || (j->flags & JOBF_COMPLETING && bits_test(&j->completing, i));
        if (!holds)
            continue;
        if (!state_node_at(c->s, j->alloc.v[i].node_index))
            buf_addf(c->out, "job %u: holds node %u, which is not there\n", j->job_id,
                     j->alloc.v[i].node_index);
        else
            add_share(c, j, i);
        const struct node *n = state_node_at(c->s, j->alloc.v[i].node_index);
        if (n && job_is_active(j) && !(j->flags & JOBF_CONFIGURING) && n->state == NODE_UP &&
            !node_is_ready(n))
            buf_addf(c->out, "job %u: runs on node %s, which is off or boots\n", j->job_id, n->name);
    }
}

static void check_job(struct check *c, const struct job *j, uint32_t key)
{
    enum job_phase phase = job_phase(j);
    bool completing = phase == PHASE_COMPLETING || phase == PHASE_REQUEUING;
    if (j->job_id != key)
        buf_addf(c->out, "job %u: filed under %u\n", j->job_id, key);
    if (completing != (bits_any(&j->completing) || j->flags & JOBF_EPILOG))
        buf_addf(c->out, "job %u: COMPLETING and the nodes that clean up disagree\n", j->job_id);
    if ((phase == PHASE_RUNNING || phase == PHASE_SUSPENDED) && (!j->alloc.n || !j->start_time))
        buf_addf(c->out, "job %u: runs on nothing\n", j->job_id);
    if (phase == PHASE_PENDING && j->alloc.n)
        buf_addf(c->out, "job %u: waits and holds nodes\n", j->job_id);
    if (phase == PHASE_ENDED && !j->end_time)
        buf_addf(c->out, "job %u: ended without a time\n", j->job_id);
    if (!job_is_active(j) && j->steps.n)
        buf_addf(c->out, "job %u: has steps and does not run\n", j->job_id);
    if (j->flags & JOBF_ARRAY && (phase != PHASE_PENDING && phase != PHASE_ENDED))
        buf_addf(c->out, "job %u: tasks that have not started run\n", j->job_id);
    if (j->flags & JOBF_ARRAY && (!bits_any(&j->array_tasks) || j->array_job_id != j->job_id))
        buf_addf(c->out, "job %u: an array without tasks or with a foreign id\n", j->job_id);
    if (job_is_held(j) && phase == PHASE_PENDING && !(j->flags & (JOBF_HELD_ADMIN | JOBF_HELD_USER)))
        buf_addf(c->out, "job %u: held by nobody\n", j->job_id);
    if (timers_get(&c->s->timers, timer_key(TIMER_JOB, key)) != job_deadline(c->s, j))
        buf_addf(c->out, "job %u: its timer is wrong\n", j->job_id);
    check_alloc(c, j);
}

static void check_array(struct check *c, const struct job *record)
{
    uint32_t running = 0;
    const struct idset *set = index_array(c->s, record->job_id);
    if (!set || !idset_has(set, record->job_id)) {
        buf_addf(c->out, "array %u: not in its own index\n", record->job_id);
        return;
    }
    IDSET_EACH (set, id) {
        const struct job *j = state_job(c->s, id);
        if (!j)
            buf_addf(c->out, "array %u: its task %u is gone\n", record->job_id, id);
        else
            running += job_holds(j);
    }
    if (running != record->array_running)
        buf_addf(c->out, "array %u: %u tasks run, counted %u\n", record->job_id, running,
                 record->array_running);
}

static void check_node(struct check *c, const struct node *n, uint32_t key)
{
    const struct sum *sum = &c->sums[key];
    uint64_t gres = 0;
    for (uint32_t i = 0; i < n->gres_used.n; i++)
        gres += n->gres_used.v[i].count;
    if (n->index != key)
        buf_addf(c->out, "node %s: filed under %u\n", n->name, key);
    if (n->alloc_cpus != sum->cpus || n->alloc_mem != sum->mem || gres != sum->gres ||
        !bits_equal(&n->alloc_cores, &sum->cores))
        buf_addf(c->out, "node %s: its load is not the sum over its jobs\n", n->name);
    if (n->running_jobs != sum->jobs || n->completing != sum->completing)
        buf_addf(c->out, "node %s: counts %u jobs, %u completing, has %u and %u\n", n->name, n->running_jobs,
                 n->completing, sum->jobs, sum->completing);
    if (n->exclusive_job != sum->exclusive || (n->exclusive_job && sum->jobs > 1))
        buf_addf(c->out, "node %s: not the node of job %u alone\n", n->name, n->exclusive_job);
    if (c->s->policy->cr_memory && n->alloc_mem > n->real_memory)
        buf_addf(c->out, "node %s: more memory is held than it has\n", n->name);
    const struct idset *set = index_node_jobs(c->s, key);
    if (set && idset_count(set) != sum->jobs)
        buf_addf(c->out, "node %s: its index has %u jobs\n", n->name, idset_count(set));
    if (timers_get(&c->s->timers, timer_key(TIMER_NODE, key)) != node_record_deadline(c->s, n))
        buf_addf(c->out, "node %s: its timer is wrong\n", n->name);
    if (state_node(c->s, n->name) != n)
        buf_addf(c->out, "node %s: not in the directory\n", n->name);
}

void state_check(const struct state *s, struct buf *out)
{
    struct check c = {.s = s, .out = out, .sums = mem_array(s->next_node_index, sizeof *c.sums)};
    uint32_t count = 0;
    const struct job *j;
    for (uint32_t id = 0; (j = ptree_next(&s->jobs, &id)); id++) {
        check_job(&c, j, id);
        if (j->flags & JOBF_ARRAY)
            check_array(&c, j);
        count += j->flags & JOBF_ARRAY ? bits_count(&j->array_tasks) : 1;
    }
    if (count != s->job_count)
        buf_addf(out, "%u jobs, counted %u\n", count, s->job_count);
    const struct node *n;
    for (uint32_t i = 0; (n = ptree_next(&s->nodes, &i)); i++)
        check_node(&c, n, i);
    const struct part *p;
    for (uint32_t i = 0; (p = ptree_next(&s->parts, &i)); i++)
        if (state_part(s, p->name) != p)
            buf_addf(out, "partition %s: not in the directory\n", p->name);
    for (uint32_t i = 0; i < s->next_node_index; i++)
        bits_release(&c.sums[i].cores);
    mem_free(c.sums);
}
