/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "base/mem.h"
#include "model.h"
#include "port/frame.h"

static void headers_come_back(void **state)
{
    struct buf b = BUF_INIT;
    struct frame f;
    struct err e;
    struct token_request r = {.audience = (char *)"n1"};

    frame_add(&b, MSG_TOKEN, FRAME_MORE, 0xdeadbeef, &record_token_request, &r);
    for (size_t i = 0; i < b.len; i++)
        assert_int_equal(frame_parse(b.s, i, FRAME_BODY_MAX, &f, &e), 0);
    assert_int_equal(frame_parse(b.s, b.len, FRAME_BODY_MAX, &f, &e), 1);
    assert_int_equal(f.type, MSG_TOKEN);
    assert_int_equal(f.flags, FRAME_MORE);
    assert_int_equal(f.seq, 0xdeadbeef);
    assert_int_equal(f.len, b.len - FRAME_HEADER);
    struct token_request back;
    assert_int_equal(meta_decode(&record_token_request, &back, f.body, f.len, &e), 0);
    assert_string_equal(back.audience, "n1");
    meta_release(&record_token_request, &back);
    buf_release(&b);
}

static void long_bodies_are_refused_from_the_header(void **state)
{
    struct buf b = BUF_INIT;
    struct frame f;
    struct err e;

    size_t begin = frame_begin(&b, MSG_HELLO, 0, 0);
    buf_addn(&b, 'x', 100);
    frame_end(&b, begin);
    assert_int_equal(frame_parse(b.s, FRAME_HEADER, 99, &f, &e), -ESLURM_INSANE_MESSAGE_LENGTH);
    assert_int_equal(frame_parse(b.s, FRAME_HEADER, 100, &f, &e), 0);
    memset(b.s, 0xff, 4);
    assert_int_equal(frame_parse(b.s, b.len, FRAME_BODY_MAX, &f, &e), -ESLURM_INSANE_MESSAGE_LENGTH);
    buf_release(&b);
}

static void lists_of_every_record_size(void **state)
{
    static const size_t sizes[] = {0, 1, 100, 120, 127, 128, 5000, 16380, 16384, 65000};
    enum { N = sizeof sizes / sizeof *sizes };
    struct buf b = BUF_INIT;
    struct err e;
    const void *item;
    uint32_t pos = 0, len, i = 0;

    for (i = 0; i < N; i++) {
        struct error_reply r = {.code = i, .text = mem_alloc(sizes[i] + 1)};
        memset(r.text, 'a', sizes[i]);
        frame_list_add(&b, &record_error_reply, &r);
        mem_free(r.text);
    }
    for (i = 0; frame_list_next(b.s, (uint32_t)b.len, &pos, &item, &len, &e) == 1; i++) {
        struct error_reply r;
        assert_int_equal(meta_decode(&record_error_reply, &r, item, len, &e), 0);
        assert_int_equal(r.code, i);
        assert_int_equal(strlen(r.text), sizes[i]);
        meta_release(&record_error_reply, &r);
    }
    assert_int_equal(i, N);
    assert_int_equal(pos, b.len);
    pos = 0;
    int rc;
    while ((rc = frame_list_next(b.s, (uint32_t)b.len - 1, &pos, &item, &len, &e)) == 1)
        ;
    assert_true(rc < 0);
    buf_release(&b);
}

static void errors_travel(void **state)
{
    struct buf b = BUF_INIT;
    struct frame f;
    struct err e;

    frame_add_error(&b, MSG_SUBMIT, 7, ESLURM_INVALID_PARTITION_NAME, "Invalid partition name specified");
    assert_int_equal(frame_parse(b.s, b.len, FRAME_BODY_MAX, &f, &e), 1);
    assert_true(f.flags & FRAME_ERROR);
    assert_int_equal(frame_read_error(&f, &e), -ESLURM_INVALID_PARTITION_NAME);
    assert_string_equal(e.text, "Invalid partition name specified");
    f.len--;
    assert_int_equal(frame_read_error(&f, &e), -ESLURM_MESSAGE_RECEIVE_FAILURE);
    buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_come_back),
        cmocka_unit_test(long_bodies_are_refused_from_the_header),
        cmocka_unit_test(lists_of_every_record_size),
        cmocka_unit_test(errors_travel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
