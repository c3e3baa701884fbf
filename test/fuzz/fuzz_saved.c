/* SPDX-License-Identifier: Apache-2.0 */
/* What the journal's file holds, should it come with a right checksum all the same: a snapshot of the state,
 * and rows of facts. The first byte tells which. */
#include "core/core.h"
#include "fuzz.h"

static void read_snapshot(const struct fuzz_input *in)
{
    struct saved_state saved, again;
    struct err e;

    if (meta_decode(&record_saved_state, &saved, in->p, in->left, &e) < 0)
        return;
    struct state *s = state_new();
    if (state_restore(s, &saved, &e) == 0) {
        meta_init(&record_saved_state, &again);
        state_save(s, &again);
        meta_release(&record_saved_state, &again);
    }
    state_free(s);
    meta_release(&record_saved_state, &saved);
}

static void read_facts(const struct fuzz_input *in)
{
    struct fact_batch batch;
    struct err e;

    if (meta_decode(&record_fact_batch, &batch, in->p, in->left, &e) < 0)
        return;
    for (uint32_t i = 0; i < batch.facts.n; i++) {
        const struct fact_type_row *row = fact_by_number(batch.facts.v[i].type);
        void *rec = row ? mem_alloc(row->record->size) : NULL;
        if (row && meta_decode(row->record, rec, batch.facts.v[i].body.v, batch.facts.v[i].body.n, &e) == 0)
            meta_release(row->record, rec);
        mem_free(rec);
    }
    meta_release(&record_fact_batch, &batch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};

    if (fuzz_u8(&in) & 1)
        read_facts(&in);
    else
        read_snapshot(&in);
    return 0;
}
