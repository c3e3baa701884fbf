/* SPDX-License-Identifier: Apache-2.0 */
/* A node's daemon: what its folder, its slurmstepds and the controller may tell it, in any order. Each is a
 * byte for the call, a byte for the job, and a piece that holds the record. */
#include "fuzz.h"
#include "nodecore/nodecore.h"

enum { CALLS_MAX = 32, JOBS = 4 };

/* The record of a call; NULL when the piece is none. */
static void *take(struct fuzz_input *in, const struct meta_record *r)
{
    size_t len;
    const uint8_t *piece = fuzz_piece(in, &len);
    void *rec = mem_alloc(r->size);
    struct err e;

    if (meta_decode(r, rec, piece, len, &e) == 0)
        return rec;
    mem_free(rec);
    return NULL;
}

static void adopt(struct node_core *n, struct fuzz_input *in, uint32_t job_id)
{
    struct step_status *st = take(in, &record_step_status);

    if (!st)
        return;
    st->job_id = job_id;
    node_adopt(n, st, NULL);
    meta_free(&record_step_status, st);
}

static void report(struct node_core *n, struct fuzz_input *in, uint32_t job_id, int64_t now, bool adopted,
                   struct node_effects *out)
{
    struct node_report *r = take(in, &record_node_report);

    if (!r)
        return;
    r->job_id = job_id;
    if (adopted)
        node_adopt_report(n, r, now);
    else
        node_step_ended(n, r, now, out);
    meta_free(&record_node_report, r);
}

static void launch(struct node_core *n, struct fuzz_input *in, uint32_t job_id, int64_t now,
                   struct node_effects *out)
{
    struct credential *c = take(in, &record_credential);
    bool known, job_known;
    struct err e;

    if (!c)
        return;
    c->job_id = job_id;
    node_launch(n, c, NULL, NULL, now, &known, &job_known, out, &e);
    meta_free(&record_credential, c);
}

static void kill_or_signal(struct node_core *n, struct fuzz_input *in, uint32_t job_id, int64_t now, bool end,
                           struct node_effects *out)
{
    struct kill_job *k = take(in, &record_kill_job);
    bool kept;
    struct err e;

    if (!k)
        return;
    k->job_id = job_id;
    if (end)
        node_kill(n, k, NULL, now, &kept, out, &e);
    else
        node_signal(n, k, out, &e);
    meta_free(&record_kill_job, k);
}

static void one(struct node_core *n, struct fuzz_input *in, int64_t now, struct node_effects *out)
{
    uint8_t call = fuzz_u8(in);
    uint32_t job_id = 1 + fuzz_u8(in) % JOBS;

    switch (call % 10) {
    case 0:
        adopt(n, in, job_id);
        break;
    case 1:
    case 2:
        report(n, in, job_id, now, call % 10 == 1, out);
        break;
    case 3:
        launch(n, in, job_id, now, out);
        break;
    case 4:
    case 5:
        kill_or_signal(n, in, job_id, now, call % 10 == 4, out);
        break;
    case 6:
        node_prolog_done(n, job_id, call & 0x80, "why", now, out);
        break;
    case 7:
        node_spawned(n, job_id, fuzz_u8(in), out);
        break;
    case 8:
        node_epilog_done(n, job_id, call & 0x80, now, out);
        break;
    default:
        node_acknowledged(n, fuzz_u8(in), now, out);
        node_connected(n, now, out);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    struct node_effects out = {0};
    struct node_core n;
    int64_t now = 1795384517;

    node_init(&n, "n1", true, true);
    for (int i = 0; i < CALLS_MAX && in.left; i++) {
        one(&n, &in, now, &out);
        now += 3;
        node_tick(&n, now, &out);
        node_effects_release(&out);
    }
    node_release(&n, &out);
    node_effects_release(&out);
    return 0;
}
