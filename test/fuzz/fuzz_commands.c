/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands as users and nodes may send them, at a controller with jobs: each is a byte for the sender, a byte
 * for the type, and a piece that holds the record. All invariants are checked after each; at the end the
 * journal must give the same state.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "fuzz.h"
#include "model/fact.h"
#include "../unit/core_world.h"

enum { COMMANDS_MAX = 16, WAIT_MAX = 64 };

/* What slurmctld refuses from outside: net_thread.c. */
static bool outside(const struct message_type *t)
{
    return t->name && t->request && t->kind == MSGK_COMMAND && t->number != MSG_CONFIGURE &&
           t->number != MSG_START_JOB && t->number != MSG_PLAN_NOTES && t->number != MSG_TICK &&
           t->number != MSG_NODE_CONTACT && t->number != MSG_LAUNCH_DONE;
}

static const struct message_type *pick_type(uint8_t at)
{
    static const struct message_type *types[256];
    static uint32_t n;

    for (uint32_t i = 0; n == 0 && i < message_types_count; i++)
        if (outside(&message_types[i]))
            types[n++] = &message_types[i];
    return types[at % n];
}

static void one(struct world *w, struct fuzz_input *in)
{
    static const uint32_t users[] = {ALICE, BOB, 0, SLURM};
    uint8_t who = fuzz_u8(in);
    const struct message_type *t = pick_type(fuzz_u8(in));
    size_t len;
    const uint8_t *body = fuzz_piece(in, &len);
    void *rec = mem_alloc(t->request->size);
    struct err e;

    if (meta_decode(t->request, rec, body, len, &e) == 0) {
        const struct message_type *sent = t;
        if (t->access <= (users[who % 4] == 0 || users[who % 4] == SLURM ? ACCESS_DAEMON : ACCESS_USER))
            world_do(w, users[who % 4], (enum msg_type)sent->number, rec);
        meta_release(t->request, rec);
    }
    mem_free(rec);
    if (who & 4)
        world_plan(w);
    if (who & 8)
        world_pass(w, who % WAIT_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    struct world w;

    world_init(&w);
    world_register_all(&w);
    world_job(&w, ALICE);
    world_array(&w, "1-4%2");
    world_plan(&w);
    world_job(&w, BOB);
    for (int i = 0; i < COMMANDS_MAX && in.left; i++)
        one(&w, &in);
    world_close(&w);
    return 0;
}
