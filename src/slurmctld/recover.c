/* SPDX-License-Identifier: Apache-2.0 */
/* From the disk to a state and back: doc/spec/05-facts.md. */
#include "base/mem.h"
#include "model/fact.h"
#include "os/log.h"
#include "slurmctld/ctld.h"

enum { SAVE_CHUNK = 1024 }; /* records encoded at a time */

struct replay {
    struct state *state;
    uint64_t index;
    uint64_t facts;
    struct err *e;
};

static int apply_entry(struct replay *r, const void *entry_ptr, uint64_t index)
{
    const typeof(*((struct fact_batch *)0)->facts.v) *entry = entry_ptr;
    const struct fact_type_row *row = fact_by_number(entry->type);

    if (!row)
        return err_set(r->e, ESLURM_GENERIC_ERROR,
                       "journal entry %llu has a fact of type %u, which this version does not know",
                       (unsigned long long)index, entry->type);
    struct fact f = {.type = entry->type, .record = mem_alloc(row->record->size)};
    int rc = meta_decode(row->record, f.record, entry->body.v, entry->body.n, r->e);
    if (rc == 0)
        core_apply(r->state, &f, entry->time);
    meta_free(row->record, f.record);
    return rc;
}

static int apply_batch(void *arg, uint64_t index, const void *data, size_t len)
{
    struct replay *r = arg;
    struct fact_batch b;

    int rc = meta_decode(&record_fact_batch, &b, data, len, r->e);
    if (rc < 0)
        return err_wrap(r->e, "journal entry %llu", (unsigned long long)index);
    state_set_index(r->state, index, b.term);
    for (uint32_t i = 0; i < b.facts.n && rc == 0; i++)
        rc = apply_entry(r, &b.facts.v[i], index);
    r->facts += b.facts.n;
    if (rc == 0)
        r->index = index;
    meta_release(&record_fact_batch, &b);
    return rc;
}

static int restore_snapshot(struct ctld *c, struct state *state, uint64_t *ret_index, struct err *e)
{
    struct saved_state saved;
    struct buf data = BUF_INIT;
    bool found;

    *ret_index = 0;
    int rc = c->journal->ops->snapshot_get(c->journal, &data, &found, e);
    if (rc == 0 && found) {
        rc = meta_decode(&record_saved_state, &saved, data.s, data.len, e);
        if (rc == 0) {
            rc = state_restore(state, &saved, e);
            *ret_index = saved.index;
            meta_release(&record_saved_state, &saved);
        }
    }
    buf_release(&data);
    return rc;
}

int recover(struct ctld *c, bool ignore_errors, struct state *state, uint64_t *ret_index, uint64_t *ret_kept,
            struct err *e)
{
    struct replay r = {.state = state, .e = e};
    uint64_t begin = stat_now_us();

    int rc = restore_snapshot(c, state, &r.index, e);
    *ret_kept = r.index;
    if (rc == 0)
        rc = c->journal->ops->read(c->journal, r.index, apply_batch, &r, e);
    if (rc < 0 && ignore_errors) {
        log_error("%s; -i was given: what follows is lost", e->text);
        rc = 0;
    }
    *ret_index = r.index;
    if (rc == 0 && r.index)
        log_info("Recovered state: journal entry %llu, %llu facts replayed in %llu ms",
                 (unsigned long long)r.index, (unsigned long long)r.facts,
                 (unsigned long long)(stat_now_us() - begin) / 1000);
    return rc;
}

/* --- storing --- */

/* One table of the snapshot, a chunk of records at a time: encoded pieces that follow each other are one
 * record. The pieces borrow what the snapshot holds. */
#define SAVE_TABLE(table, member, saved, out)                                                                \
    do {                                                                                                     \
        typeof((saved).member.v) chunk_ = mem_array(SAVE_CHUNK, sizeof *chunk_);                             \
        const void *rec_;                                                                                    \
        (saved).member.v = chunk_;                                                                           \
        for (uint32_t key_ = 0; (rec_ = ptree_next((table), &key_)); key_++) {                               \
            BORROW_SHARED(&chunk_[(saved).member.n], (typeof(chunk_))rec_);                                  \
            (saved).member.n++;                                                                              \
            if ((saved).member.n == SAVE_CHUNK) {                                                            \
                meta_encode(&record_saved_state, &(saved), (out));                                           \
                (saved).member.n = 0;                                                                        \
            }                                                                                                \
            if (key_ == UINT32_MAX)                                                                          \
                break;                                                                                       \
        }                                                                                                    \
        meta_encode(&record_saved_state, &(saved), (out));                                                   \
        (saved).member.v = NULL;                                                                             \
        (saved).member.n = 0;                                                                                \
        mem_free(chunk_);                                                                                    \
    } while (0)

static void encode_snapshot(const struct snapshot *s, struct buf *out)
{
    struct saved_state head, part;

    meta_init(&record_saved_state, &head);
    head.index = s->index;
    head.term = s->term;
    head.time = s->time;
    head.next_job_id = s->next_job_id;
    head.next_node_index = s->next_node_index;
    head.policy = s->policy;
    meta_encode(&record_saved_state, &head, out);
    meta_init(&record_saved_state, &part);
    SAVE_TABLE(&s->nodes, nodes, part, out);
    SAVE_TABLE(&s->parts, parts, part, out);
    SAVE_TABLE(&s->jobs, jobs, part, out);
}

int snapshot_store(struct ctld *c, struct snapshot *s, struct err *e)
{
    VEC(struct journal_name) live = {0};
    struct buf data = BUF_INIT;
    const struct job *job;

    encode_snapshot(s, &data);
    for (uint32_t id = 0; (job = ptree_next(&s->jobs, &id)) && id < UINT32_MAX; id++)
        if (job->script.n)
            *VEC_PUSH(&live) = (struct journal_name){job->script.v, job->script.n};
    int rc = c->journal->ops->snapshot_put(c->journal, s->index, data.s, data.len, live.v, live.n, e);
    VEC_FREE(&live);
    buf_release(&data);
    return rc;
}
