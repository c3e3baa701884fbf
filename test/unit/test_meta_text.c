/* SPDX-License-Identifier: Apache-2.0 */
/* Values as text and as JSON: what is printed reads back, and JSON is JSON. */
#include "unit.h"

#include <json-c/json.h>

#include "base/mem.h"
#include "model.h"

enum { SEEDS = 100 };

/* Kinds whose text holds all of the value. A list of texts does not: its members may hold commas. */
static bool parsable(const struct meta_field *f)
{
    return f->kind != META_REC && f->kind != META_REF && f->kind != META_RECS && f->kind != META_STRS;
}

static void check_parse(const struct meta_record *r, const void *from, void *to)
{
    for (uint32_t i = 0; i < r->n; i++) {
        struct buf text = BUF_INIT, again = BUF_INIT;
        struct err e;
        const struct meta_field *f = &r->fields[i];
        meta_text(f, from, &text);
        if (f->kind == META_MB &&
            strchr(text.s, '.')) { /* printed as Slurm does, which does not read it either */
            assert_true(meta_parse(f, to, text.s, &e) < 0);
            memcpy((char *)to + f->offset, (const char *)from + f->offset, sizeof(uint64_t));
        } else if (parsable(f)) {
            if (meta_parse(f, to, text.s, &e) < 0)
                fail_msg("%s.%s: %s", r->name, f->name, e.text);
            meta_text(f, to, &again);
            assert_string_equal(text.s, again.s);
        } else if (f->kind != META_STRS) {
            assert_true(meta_parse(f, to, text.s, &e) < 0);
        }
        buf_release(&text);
        buf_release(&again);
    }
}

static bool all_parsable(const struct meta_record *r)
{
    for (uint32_t i = 0; i < r->n; i++)
        if (!parsable(&r->fields[i]))
            return false;
    return true;
}

static void test_text_reads_back(void **state)
{
    for (uint32_t i = 0; i < all_records_count; i++) {
        const struct meta_record *r = all_records[i];
        for (uint64_t seed = 1; seed <= SEEDS; seed++) {
            uint64_t s = seed;
            void *a = meta_new(r), *b = meta_new(r);
            meta_random(r, a, &s);
            check_parse(r, a, b);
            if (all_parsable(r))
                assert_true(meta_equal(r, a, b));
            meta_free(r, a);
            meta_free(r, b);
        }
    }
}

static void test_json_is_json(void **state)
{
    for (uint32_t i = 0; i < all_records_count; i++) {
        const struct meta_record *r = all_records[i];
        for (uint64_t seed = 1; seed <= SEEDS; seed++) {
            uint64_t s = seed;
            struct buf text = BUF_INIT;
            void *a = meta_new(r);
            meta_random(r, a, &s);
            meta_json(r, a, &text);
            struct json_tokener *tok = json_tokener_new();
            json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
            struct json_object *o = json_tokener_parse_ex(tok, text.s, (int)text.len + 1);
            if (!o)
                fail_msg("%s: %s in %s", r->name, json_tokener_error_desc(json_tokener_get_error(tok)),
                         text.s);
            json_object_put(o);
            json_tokener_free(tok);
            meta_free(r, a);
            buf_release(&text);
        }
    }
}

/* One value of one field, printed. */
static void assert_text(const struct meta_record *r, const void *rec, const char *field, const char *expected)
{
    struct buf text = BUF_INIT;
    const struct meta_field *f = meta_find(r, field);
    assert_non_null(f);
    meta_text(f, rec, &text);
    assert_string_equal(text.s, expected);
    buf_release(&text);
}

static const struct {
    const char *field, *given, *printed; /* printed NULL: refused */
} spec_cases[] = {
    {"time_limit", "90", "01:30:00"},
    {"time_limit", "1:30", "00:02:00"},
    {"time_limit", "1-2", "1-02:00:00"},
    {"time_limit", "1-02:03:04", "1-02:04:00"},
    {"time_limit", "unlimited", "UNLIMITED"},
    {"time_limit", "n/a", "N/A"},
    {"time_limit", "1:2:3:4", NULL},
    {"time_limit", "", NULL},
    {"time_limit", "99999999999", NULL},
    {"mem_per_node", "2048", "2G"},
    {"mem_per_node", "1500M", "1500M"},
    {"mem_per_node", "64000", "62.50G"},
    {"mem_per_node", "1K", "1M"},
    {"mem_per_node", "3tb", "3T"},
    {"mem_per_node", "18446744073709551615", NULL},
    {"mem_per_node", "1X", NULL},
    {"mem_per_node", "99999999999999P", NULL},
    {"nice", "-100", "-100"},
    {"nice", "3000000000", NULL},
    {"cpus_per_task", "65535", NULL},
    {"cpus_per_task", "65533", "65533"},
    {"cpus_per_task", "65536", NULL},
    {"cpus_per_task", "-1", "UNLIMITED"},
    {"requeue", "Yes", "1"},
    {"requeue", "2", NULL},
    {"hold", "off", "0"},
    {"deadline", "2026-05-01T12:00", "2026-05-01T12:00:00"},
    {"deadline", "1970-01-02T00:00:01", "1970-01-02T00:00:01"},
    {"deadline", "unknown", "Unknown"},
    {"deadline", "2024-02-29T00:00:00", "2024-02-29T00:00:00"},
    {"deadline", "2026-02-30T00:00:00", "2026-03-02T00:00:00"},
    {"deadline", "2026-13-01T00:00:00", NULL},
    {"deadline", "2026-05-01", "2026-05-01T00:00:00"},
    {"deadline", "noon", NULL},
    {"share", "node", "NODE"},
    {"share", "nobody", NULL},
    {"comment", "", ""},
    {"comment", "(null)", "(null)"},
};

static void test_parse_cases(void **state)
{
    for (size_t i = 0; i < sizeof spec_cases / sizeof *spec_cases; i++) {
        struct job_spec *spec = meta_new(&record_job_spec);
        struct err e;
        const struct meta_field *f = meta_find(&record_job_spec, spec_cases[i].field);
        int rc = meta_parse(f, spec, spec_cases[i].given, &e);
        if ((rc == 0) != (spec_cases[i].printed != NULL))
            fail_msg("%s=%s gave %d", f->name, spec_cases[i].given, rc);
        if (rc == 0)
            assert_text(&record_job_spec, spec, f->name, spec_cases[i].printed);
        else
            assert_non_null(strchr(e.text, ':'));
        meta_free(&record_job_spec, spec);
    }
}

static void test_text_too_long_is_refused(void **state)
{
    struct job_spec *spec = meta_new(&record_job_spec);
    const struct meta_field *f = meta_find_kv(&record_job_spec, "jobname");
    struct buf text = BUF_INIT;
    struct err e;
    assert_non_null(f);
    buf_addn(&text, 'x', 1024);
    assert_int_equal(meta_parse(f, spec, text.s, &e), 0);
    buf_addc(&text, 'x');
    assert_int_equal(meta_parse(f, spec, text.s, &e), -ERR_TOO_BIG);
    assert_int_equal(strlen(spec->name), 1024);
    buf_release(&text);
    meta_free(&record_job_spec, spec);
}

static void test_json_form(void **state)
{
    struct buf text = BUF_INIT;
    struct part *part = meta_new(&record_part);
    mem_set_str(&part->name, "a\"\\\n\x01\xff\xed\xa0\x80\xc3\xa9");
    meta_json(&record_part, part, &text);
    assert_string_equal(
        text.s, "{\"name\":\"a\\\"\\\\\\n\\u0001\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xc3\xa9\"}");
    buf_clear(&text);
    meta_json_string(NULL, &text);
    assert_string_equal(text.s, "\"\"");
    buf_release(&text);
    meta_free(&record_part, part);

    struct job_spec *spec = meta_new(&record_job_spec);
    spec->time_limit = 5;
    spec->mem_per_node = INFINITE64;
    meta_json(&record_job_spec, spec, &text);
    assert_non_null(strstr(text.s, "\"time_limit\":{\"set\":true,\"infinite\":false,\"number\":5}"));
    assert_non_null(strstr(text.s, "\"memory_per_node\":{\"set\":false,\"infinite\":true,\"number\":0}"));
    assert_non_null(strstr(text.s, "\"time_minimum\":{\"set\":false,\"infinite\":false,\"number\":0}"));
    buf_release(&text);
    meta_free(&record_job_spec, spec);
}

static void test_flags_and_names(void **state)
{
    struct buf text = BUF_INIT;
    uint64_t v = 0;
    meta_flags_text(&enum_job_flag, JOBF_COMPLETING | JOBF_BATCH | UINT64_C(1) << 63, "+", &text);
    assert_string_equal(text.s, "COMPLETING+BATCH+0x8000000000000000");
    assert_true(meta_enum_value(&enum_job_state, "pd", &v));
    assert_int_equal(v, JOB_PENDING);
    assert_string_equal(meta_enum_text(&enum_job_state, JOB_OUT_OF_MEMORY), "OUT_OF_MEMORY");
    assert_null(meta_enum_text(&enum_job_state, 4711));
    assert_false(meta_enum_value(&enum_job_state, "nothing", &v));
    buf_release(&text);
}

static void test_kv_and_dump(void **state)
{
    struct buf text = BUF_INIT;
    struct step *step = meta_new(&record_step);
    mem_set_str(&step->name, "run");
    step->ntasks = 4;
    bits_set_range(&step->launched_nodes, 0, 3);
    meta_kv(&record_step, step, &text);
    assert_non_null(
        strstr(text.s, "Name=run Partition=(null) NodeList=(null) Tasks=4 StartTime=Unknown TimeLimit=N/A"));
    buf_clear(&text);
    meta_dump(&record_step, step, &text);
    assert_string_equal(text.s, "name = run\nntasks = 4\nlaunched_nodes = 0-3\n");
    buf_release(&text);
    meta_free(&record_step, step);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_reads_back), cmocka_unit_test(test_json_is_json),
        cmocka_unit_test(test_parse_cases),     cmocka_unit_test(test_text_too_long_is_refused),
        cmocka_unit_test(test_json_form),       cmocka_unit_test(test_flags_and_names),
        cmocka_unit_test(test_kv_and_dump),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
