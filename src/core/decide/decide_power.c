/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Saving power: what time does to nodes that are idle, asked for, or on their way up or down; and jobs that
 * wait for their nodes to come up. Limits and moments are in core/power.h.
 */
#include "core/decide/decide.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "core/conf_names.h"
#include "core/power.h"
#include "model/jobtext.h"
#include "model/schedopts.h"

/* --- time --- */

/* What is left of a rate, and when there is more. */
struct allowance {
    uint32_t left;
    int64_t until;
};

static struct allowance allowance(const struct power_rate *r, uint32_t rate, int64_t now)
{
    bool running = now >= r->since && now < r->since + POWER_RATE_SECONDS;
    uint32_t used = running ? r->count : 0;
    return (struct allowance){.left = !rate         ? UINT32_MAX
                                      : rate > used ? rate - used
                                                    : 0,
                              .until = (running ? r->since : now) + POWER_RATE_SECONDS};
}

static void hold(struct decide *d, const struct node *n, int64_t until)
{
    struct node_power_held *f = facts_add(d->out, FACT_NODE_POWER_HELD);
    f->node_index = n->index;
    f->until = until > d->now ? until : d->now + 1;
}

/* Is it one of those that a part of SuspendExcNodes keeps up? */
static bool must_stay(struct decide *d, const struct node *n, const struct bits *going)
{
    const char *at = d->s->policy->suspend_exc_nodes;
    struct bits set = {0};
    uint32_t count;
    bool stays = false;
    while (!stays && n->power_counted && node_stays_up(n) && power_exc_next(d->s, &at, &set, &count)) {
        if (count == NO_VAL || !bits_test(&set, n->index))
            continue;
        uint32_t up = 0;
        for (uint32_t i = 0; (i = bits_next(&set, i)) != BITS_MAX; i++)
            up += !bits_test(going, i) && node_stays_up(state_node_at(d->s, i));
        stays = up <= count;
    }
    bits_release(&set);
    return stays;
}

static void move(struct decide *d, const struct node *n, enum power_move what)
{
    struct node_powered *f = facts_add(d->out, FACT_NODE_POWERED);
    f->node_index = n->index;
    f->move = what;
}

static void resume(struct decide *d, const struct node *n, struct allowance *a)
{
    if (!a->left) {
        hold(d, n, a->until);
        return;
    }
    a->left--;
    move(d, n, POWER_RESUMING);
}

static void suspend(struct decide *d, const struct node *n, struct allowance *a, struct bits *going)
{
    if (!node_power_asked(n) && must_stay(d, n, going)) {
        hold(d, n, d->now + d->s->policy->power_interval);
        return;
    }
    if (!a->left) {
        hold(d, n, a->until);
        return;
    }
    a->left--;
    bits_set(going, n->index);
    move(d, n, POWER_SUSPENDING);
}

/* Their jobs go back to the queue, with requeue_on_resume_failure also those that do not want to. */
static void lose_jobs(struct decide *d, const struct bits *failed)
{
    bool always = sched_opts_of(d->s->policy).requeue_on_resume_failure;
    struct idset jobs = {0};
    for (uint32_t i = 0; (i = bits_next(failed, i)) != BITS_MAX; i++) {
        const struct idset *set = index_node_jobs(d->s, i);
        if (!set)
            continue;
        IDSET_EACH (set, id)
            idset_add(&jobs, id);
    }
    IDSET_EACH (&jobs, id) {
        const struct job *j = state_job(d->s, id);
        struct ending how = ENDING(JOB_PENDING, WHY_NODEDOWN);
        how.gone = failed;
        if (always && j->flags & JOBF_BATCH && job_is_active(j))
            decide_end(d, j, &how);
        else
            decide_lost_node(d, j, failed, false);
    }
    idset_release(&jobs);
}

void decide_power_tick(struct decide *d, const struct bits *due)
{
    const struct policy *p = d->s->policy;
    struct allowance up = allowance(&d->s->resumed, p->resume_rate, d->now);
    struct allowance down = allowance(&d->s->suspended, p->suspend_rate, d->now);
    struct bits going = {0}, failed = {0};
    for (uint32_t i = 0; (i = bits_next(due, i)) != BITS_MAX; i++) {
        const struct node *n = state_node_at(d->s, i);
        enum power_move what = node_power_move(n);
        if (what == POWER_RESUMING) {
            resume(d, n, &up);
        } else if (what == POWER_SUSPENDING) {
            suspend(d, n, &down, &going);
        } else {
            if (what == POWER_RESUME_FAILED)
                bits_set(&failed, i);
            move(d, n, what);
        }
    }
    lose_jobs(d, &failed);
    bits_release(&going);
    bits_release(&failed);
}

/* --- jobs that wait for their nodes --- */

bool decide_nodes_ready(const struct decide *d, const struct job *j, const struct node *but)
{
    for (uint32_t i = 0; i < j->alloc.n; i++) {
        const struct node *n = state_node_at(d->s, j->alloc.v[i].node_index);
        if (n && n != but && !node_is_ready(n))
            return false;
    }
    return true;
}

void decide_node_came_up(struct decide *d, const struct node *n)
{
    const struct idset *set = index_node_jobs(d->s, n->index);
    if (!set)
        return;
    IDSET_EACH (set, id) {
        const struct job *j = state_job(d->s, id);
        bool waits = job_is_active(j) && j->flags & JOBF_CONFIGURING;
        if (!waits || !decide_nodes_ready(d, j, n) || !decide_touch(d, id))
            continue;
        struct job_changed *f = decide_job_change(d, id);
        f->start_time = d->now; /* its time begins when it can use them */
        f->end_time = decide_limit_end(d, j->time_limit);
        if (!(j->flags & JOBF_PROLOG))
            f->clear_flags = JOBF_CONFIGURING;
    }
}

/* --- scontrol update SuspendExc* --- */

static bool is_in(const struct text_list *list, const char *name)
{
    for (uint32_t i = 0; i < list->n; i++)
        if (text_same_nocase(list->v[i], name))
            return true;
    return false;
}

static int by_name(const void *a, const void *b, void *arg)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* NULL, or "=", "+" or "-" and a list. */
static bool is_change(const char *text)
{
    return !text || *text == '=' || *text == '+' || *text == '-';
}

/* "=a,b", "+a", "-a" or NULL against what is there. What is added to or taken from comes out sorted. */
static void change_list(const struct meta_strs *old, const char *text, struct meta_strs *ret)
{
    struct text_list given = {0};
    char op = text ? *text : ' ';
    if (text)
        text_split(&given, text + 1, ',');
    for (uint32_t i = 0; i < old->n && op != '='; i++)
        if (!is_in(&given, old->v[i]))
            meta_strs_push(ret, old->v[i]);
    for (uint32_t i = 0; i < given.n && op != '-'; i++)
        meta_strs_push(ret, given.v[i]);
    if (ret->n && (op == '+' || op == '-'))
        vec_sort(ret->v, ret->n, sizeof *ret->v, by_name, NULL);
    text_list_release(&given);
}

/* Parts with a count are only set as a whole. Names of no node are passed over. */
static int change_nodes(struct decide *d, const char *text, char **ret)
{
    const char *old = d->s->policy->suspend_exc_nodes;
    struct bits nodes = {0}, more = {0};
    if (!text || *text == '=') {
        *ret = !text ? mem_strdup(old) : text[1] ? mem_strdup(text + 1) : NULL;
        return 0;
    }
    if (strchr(text, ':') || (old && strchr(old, ':')))
        return decide_fail(d, ESLURM_INVALID_NODE_NAME);
    names_to_nodes(d->s, old, &nodes, NULL);
    names_to_nodes(d->s, text + 1, &more, NULL);
    if (*text == '+')
        bits_or(&nodes, &more);
    else
        bits_minus(&nodes, &more);
    *ret = bits_any(&nodes) ? nodes_to_names(d->s, &nodes) : NULL;
    bits_release(&nodes);
    bits_release(&more);
    return 0;
}

int decide_power_exclude(struct decide *d, const void *record)
{
    const struct power_exclude *r = record;
    const struct policy *p = d->s->policy;
    char *nodes = NULL;
    if (!is_change(r->nodes) || !is_change(r->parts) || !is_change(r->states))
        return decide_fail(d, ESLURM_INVALID_NODE_NAME);
    int rc = change_nodes(d, r->nodes, &nodes);
    if (rc == 0) {
        struct power_excluded *f = facts_add(d->out, FACT_POWER_EXCLUDED);
        f->nodes = mem_strdup(nodes);
        change_list(&p->suspend_exc_parts, r->parts, &f->parts);
        change_list(&p->suspend_exc_states, r->states, &f->states);
    }
    mem_free(nodes);
    return rc;
}
