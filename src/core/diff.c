/* SPDX-License-Identifier: Apache-2.0 */
/* state.h: two states compared by what is durable in them. */
#include "core/state_impl.h"

#include "base/mem.h"
#include "model/jobtext.h"

/* Takes volatile fields back to their defaults, by their descriptors. */
static void still(const struct meta_record *r, void *rec)
{
    void *fresh = meta_new(r);
    for (uint32_t i = 0; i < r->n; i++)
        if (r->fields[i].flags & META_F_VOLATILE)
            meta_copy_field(&r->fields[i], rec, fresh);
    meta_free(r, fresh);
}

/* What the planner notes about waiting jobs comes again with its next run. */
static void still_job(struct job *j)
{
    still(&record_job, j);
    if (!job_is_pending(j))
        return;
    j->start_time = 0;
    if (job_is_held(j) || j->dependency)
        return;
    j->reason = WHY_NONE;
    mem_set_str(&j->reason_text, NULL);
}

struct table {
    const struct meta_record *record;
    const struct ptree *a, *b;
    const char *name;
};

static void diff_record(const struct table *t, uint32_t key, const void *a, const void *b, struct buf *out)
{
    if (!a || !b) {
        buf_addf(out, "%s %u: %s\n", t->name, key, a ? "only in the first" : "only in the second");
        return;
    }
    void *x = meta_dup(t->record, a), *y = meta_dup(t->record, b);
    if (t->record == &record_job) {
        still_job(x);
        still_job(y);
    } else {
        still(t->record, x);
        still(t->record, y);
    }
    struct buf lines = BUF_INIT;
    meta_diff(t->record, x, y, &lines);
    if (lines.len)
        buf_addf(out, "%s %u:\n%s%s", t->name, key, lines.s, lines.s[lines.len - 1] == '\n' ? "" : "\n");
    buf_release(&lines);
    meta_free(t->record, x);
    meta_free(t->record, y);
}

static void diff_table(const struct table *t, struct buf *out)
{
    uint32_t i = 0, k = 0;
    for (;;) {
        const void *a = ptree_next(t->a, &i), *b = ptree_next(t->b, &k);
        if (!a && !b)
            return;
        uint32_t key = !b || (a && i <= k) ? i : k;
        diff_record(t, key, a && i == key ? a : NULL, b && k == key ? b : NULL, out);
        i = k = key + 1;
    }
}

void state_diff(const struct state *a, const struct state *b, struct buf *out)
{
    diff_table(&(struct table){&record_node, &a->nodes, &b->nodes, "node"}, out);
    diff_table(&(struct table){&record_part, &a->parts, &b->parts, "partition"}, out);
    diff_table(&(struct table){&record_job, &a->jobs, &b->jobs, "job"}, out);
    meta_diff(&record_policy, a->policy, b->policy, out);
    if (a->next_job_id != b->next_job_id)
        buf_addf(out, "next job id: %u and %u\n", a->next_job_id, b->next_job_id);
    if (a->next_node_index != b->next_node_index)
        buf_addf(out, "next node index: %u and %u\n", a->next_node_index, b->next_node_index);
    if (a->job_count != b->job_count)
        buf_addf(out, "job count: %u and %u\n", a->job_count, b->job_count);
}
