/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as any record: the first byte picks it. What is accepted must be writable and read back the same.
 */
#include "base/arena.h"
#include "fuzz.h"
#include "model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const struct meta_record *r = all_records[data[0] % all_records_count];
    void *a = mem_alloc(r->size), *b = mem_alloc(r->size);
    struct arena arena = {0};
    void *lent = arena_alloc(&arena, r->size);
    struct err e;
    int rc = meta_decode(r, a, data + 1, size - 1, &e);
    REQUIRE(meta_decode_in(&arena, r, lent, data + 1, size - 1, &e) == rc);
    if (rc == 0) {
        struct buf wire = BUF_INIT, text = BUF_INIT;
        meta_encode(r, a, &wire);
        REQUIRE(meta_decode(r, b, wire.s, wire.len, &e) == 0);
        REQUIRE(meta_equal(r, a, b) && meta_equal(r, a, lent));
        meta_diff(r, a, b, &text);
        REQUIRE(text.len == 0);
        meta_json(r, a, &text);
        meta_kv(r, a, &text);
        meta_dump(r, a, &text);
        meta_release(r, b);
        buf_release(&wire);
        buf_release(&text);
    }
    arena_release(&arena);
    meta_release(r, a);
    mem_free(a);
    mem_free(b);
    return 0;
}
