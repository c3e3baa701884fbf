/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as they come from a connection: frames, and the lists and records in them. */
#include "fuzz.h"
#include "model.h"
#include "model/message.h"
#include "port/frame.h"

static void decode(const struct meta_record *r, const void *body, uint32_t len)
{
    void *rec = mem_alloc(r->size);
    struct err e;

    if (meta_decode(r, rec, body, len, &e) == 0)
        meta_release(r, rec);
    mem_free(rec);
}

static void take(const struct frame *f)
{
    const struct message_type *t = message_by_number(f->type);
    const void *item;
    uint32_t pos = 0, len;
    struct err e;

    if (f->flags & FRAME_ERROR) {
        REQUIRE(frame_read_error(f, &e) < 0);
        return;
    }
    const struct meta_record *r = !t ? NULL : f->flags & FRAME_REPLY ? t->reply : t->request;
    if (!r)
        return;
    if (!(f->flags & FRAME_MORE)) {
        decode(r, f->body, f->len);
        return;
    }
    while (frame_list_next(f->body, f->len, &pos, &item, &len, &e) > 0)
        decode(r, item, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct frame f;
    struct err e;

    for (size_t at = 0; frame_parse(data + at, size - at, FRAME_BODY_MAX_NEW, &f, &e) > 0;) {
        REQUIRE(f.len <= size - at - FRAME_HEADER);
        take(&f);
        at += FRAME_HEADER + f.len;
    }
    return 0;
}
