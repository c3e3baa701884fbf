/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seeds: makes the first inputs of targets that read records, which nobody can write by hand:
 *     fuzz_seeds FOLDER
 * fills FOLDER/TARGET/ for each of them from random valid records; the same ones every time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "fuzz.h"
#include "model.h"
#include "model/fact.h"
#include "model/message.h"
#include "port/frame.h"

enum { EACH = 3, TOO_LONG = 4096 };

static const char *top;
static uint64_t seed = 1;

static void save(const char *target, const struct buf *b)
{
    static uint32_t number;
    char *folder = buf_format("%s/%s", top, target), *path = buf_format("%s/%05u", folder, number++);

    mkdir(folder, 0777);
    FILE *f = b->len <= TOO_LONG ? fopen(path, "wb") : NULL;
    if (b->len <= TOO_LONG && (!f || fwrite(b->s, 1, b->len, f) != b->len || fclose(f) != 0)) {
        perror(path);
        exit(1);
    }
    mem_free(folder);
    mem_free(path);
}

static void add_record(struct buf *b, const struct meta_record *r)
{
    void *rec = mem_alloc(r->size);

    meta_random(r, rec, &seed);
    meta_encode(r, rec, b);
    meta_release(r, rec);
    mem_free(rec);
}

/* `head` bytes, then, where wanted, the length, then a record. */
static void save_record(const char *target, const struct meta_record *r, const uint8_t *head, size_t head_n,
                        bool length)
{
    for (int i = 0; i < EACH; i++) {
        struct buf b = BUF_INIT, body = BUF_INIT;
        add_record(&body, r);
        buf_add(&b, head, head_n);
        if (length) {
            buf_addc(&b, (char)body.len);
            buf_addc(&b, (char)(body.len >> 8));
        }
        buf_add(&b, body.s, body.len);
        save(target, &b);
        buf_release(&b);
        buf_release(&body);
    }
}

static void save_frame(const char *const *targets, uint16_t type, uint16_t flags, const struct meta_record *r)
{
    struct buf b = BUF_INIT;
    void *rec = mem_alloc(r->size);

    meta_random(r, rec, &seed);
    frame_add(&b, type, flags, 1, r, rec);
    for (; *targets; targets++)
        save(*targets, &b);
    meta_release(r, rec);
    mem_free(rec);
    buf_release(&b);
}

static void messages(void)
{
    static const char *const streams[] = {"frame", "sack", "stepd", "srun", NULL};
    uint8_t commands = 0;

    for (uint32_t i = 0; i < message_types_count; i++) {
        const struct message_type *t = &message_types[i];
        if (t->name && t->request) {
            save_frame(streams, t->number, 0, t->request);
            if (t->kind == MSGK_COMMAND)
                for (uint8_t user = 0; user < 4; user++)
                    save_record("commands", t->request, (uint8_t[]){user, commands}, 2, true);
            commands += t->kind == MSGK_COMMAND;
        }
        if (t->name && t->reply)
            save_frame(streams, t->number, FRAME_REPLY, t->reply);
    }
}

static void node_calls(void)
{
    static const struct meta_record *const records[] = {&record_step_status, &record_node_report,
                                                        &record_node_report, &record_credential,
                                                        &record_kill_job,    &record_kill_job};

    for (uint8_t call = 0; call < sizeof records / sizeof records[0]; call++)
        save_record("node", records[call], (uint8_t[]){call, 1}, 2, true);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    top = argv[1];
    messages();
    node_calls();
    for (uint32_t i = 0; i < all_records_count; i++)
        save_record("meta", all_records[i], (uint8_t[]){(uint8_t)i}, 1, false);
    save_record("saved", &record_saved_state, (uint8_t[]){0}, 1, false);
    save_record("saved", &record_fact_batch, (uint8_t[]){1}, 1, false);
    save_record("query", &record_job_select, (uint8_t[]){0}, 1, false);
    save_record("token", &record_signed_blob, NULL, 0, false);
    return 0;
}
