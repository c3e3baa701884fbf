/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of messages, facts and errors, and the rules that hold for each record. */
#include "unit.h"

#include "model.h"
#include "model/errors.h"
#include "model/fact.h"
#include "model/message.h"

static void test_messages(void **state)
{
    for (uint32_t i = 0; i < message_types_count; i++) {
        if (!message_types[i].name)
            continue;
        assert_int_equal(message_types[i].number, i);
        assert_ptr_equal(message_by_number(i), &message_types[i]);
        assert_ptr_equal(message_by_name(message_types[i].name), &message_types[i]);
    }
    assert_ptr_equal(message_by_number(MSG_SUBMIT)->request, &record_submit_request);
    assert_null(message_by_number(0));
    assert_null(message_by_number(message_types_count));
    assert_null(message_by_number(UINT32_MAX));
    assert_null(message_by_name("no such message"));
}

static void test_facts(void **state)
{
    assert_ptr_equal(fact_types[FACT_JOB_SUBMITTED].record, &record_job);
    assert_true(fact_by_name("job_submitted")->durable);
    assert_null(fact_by_number(fact_types_count));
    assert_null(fact_by_name("no such fact"));
    for (uint32_t i = 0; i < fact_types_count; i++)
        if (fact_types[i].name)
            assert_non_null(fact_types[i].record);
}

static void test_errors(void **state)
{
    assert_string_equal(error_text(ESLURM_INVALID_PARTITION_NAME), "Invalid partition name specified");
    assert_string_equal(error_name(2000), "ESLURM_INVALID_PARTITION_NAME");
    assert_null(error_text(1));
    assert_null(error_text(-1));
    for (uint32_t i = 1; i < error_rows_count; i++)
        assert_true(error_rows[i - 1].number < error_rows[i].number);
}

/* What generated structs and walkers rely on. */
static void test_tables(void **state)
{
    for (uint32_t i = 0; i < all_records_count; i++) {
        const struct meta_record *r = all_records[i];
        for (uint32_t k = 0; k < r->n; k++) {
            const struct meta_field *f = &r->fields[k];
            assert_true(k == 0 || r->fields[k - 1].tag < f->tag);
            assert_true(f->offset < r->size && (!r->shared || f->offset >= sizeof(struct shared)));
            assert_ptr_equal(meta_find(r, f->name), f);
            if (f->kv)
                assert_ptr_equal(meta_find_kv(r, f->kv), f);
        }
    }
    assert_int_equal(sizeof(((struct job *)0)->alloc), sizeof(struct meta_recs));
    assert_null(meta_find(&record_job, "no such field"));
    assert_null(meta_find_kv(&record_job, "NoSuchKey"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_facts),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
