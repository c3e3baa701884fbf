/* SPDX-License-Identifier: Apache-2.0 */
/* Values of scontrol update: two bytes pick a field of a record, the rest is its text. What is taken must
 * print, and read back as the same. */
#include "fuzz.h"
#include "model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct meta_record *const records[] = {&record_job_spec, &record_node, &record_part,
                                                        &record_policy};
    struct fuzz_input in = {data, size};
    const struct meta_record *r = records[fuzz_u8(&in) % (sizeof records / sizeof records[0])];
    const struct meta_field *f = &r->fields[fuzz_u8(&in) % r->n];
    char *text = mem_strndup((const char *)in.p, strnlen((const char *)in.p, in.left));
    void *rec = meta_new(r), *again = meta_new(r);
    struct buf out = BUF_INIT;
    struct err e;

    if (meta_parse(f, rec, text, &e) == 0) {
        meta_text(f, rec, &out);
        meta_parse(f, again, out.s ? out.s : "", &e);
    }
    buf_release(&out);
    meta_free(r, rec);
    meta_free(r, again);
    mem_free(text);
    return 0;
}
