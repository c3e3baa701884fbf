/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only thread that touches the state. It takes every command that waits, decides and applies one after the other, and hands the
 * facts of all of them on as one batch. While the disk writes that, the next batch is decided already: nothing of it is
 * published before the batches in front of it are durable, so what was decided on top of them is told to nobody too early.
 */
#include <errno.h>
#include <time.h>

#include "base/mem.h"
#include "model/fact.h"
#include "os/log.h"
#include "slurmctld/ctld.h"

struct core_thread {
    struct ctld *ctld;
    struct state *state; /* the core thread's */
    uint64_t next_index;
    pthread_t thread;
    pthread_mutex_t lock; /* of the members below */
    pthread_cond_t wake;
    VEC(struct work *) queue;
    bool stopping;
    bool idle;
};

static void add_fact(struct batch *b, const struct fact *f, const struct fact_type_row *row, int64_t now)
{
    struct buf body = BUF_INIT;
    struct fact_batch one;
    struct record_of_fact {
        int none;
    };
    meta_init(&record_fact_batch, &one);
    void *rec = meta_recs_push(&record_fact, &one.facts);
    (void)sizeof(struct record_of_fact);
    meta_encode(row->record, f->record, &body);
    typeof(one.facts.v) stored = rec;
    stored->type = f->type;
    stored->time = now;
    stored->body = (struct meta_bytes){(uint8_t *)body.s, (uint32_t)body.len};
    meta_encode(&record_fact_batch, &one, &b->facts);
    stored->body = (struct meta_bytes){0};
    meta_release(&record_fact_batch, &one);
    buf_release(&body);
    b->facts_n++;
}
