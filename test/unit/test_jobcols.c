/* SPDX-License-Identifier: Apache-2.0 */
/* Columns of jobs: each shows and sorts by the same, whether it was sent all of a job or what it asked for.
 */
#include "unit.h"

#include "base/mem.h"
#include "cli/jobcols.h"
#include "cli/jobfields.h"
#include "cli/jobview.h"
#include "cli/lines.h"

enum { SEEDS = 60 };

static const struct jobcols_ctx ctx = {.now = 1800000000, .cluster = "one", .convert = true, .expand = true};

static struct job *random_job(uint64_t seed)
{
    struct job *job = mem_alloc(sizeof *job);
    meta_random(&record_job, job, &seed);
    if (!job->spec) {
        job->spec = mem_alloc(sizeof *job->spec);
        meta_random(&record_job_spec, job->spec, &seed);
    }
    return job;
}

/* The job as the controller would send it. */
static struct job *masked(const struct job *job, const struct job_select *select)
{
    struct job *got = mem_alloc(sizeof *got);
    struct meta_mask masks[2];
    struct buf wire = BUF_INIT;
    assert_int_not_equal(select->job_fields.n, 0);
    meta_mask_init(&masks[0], &record_job, &select->job_fields);
    meta_mask_init(&masks[1], &record_job_spec, &select->spec_fields);
    meta_encode_fields(&record_job, job, masks, 2, &wire);
    assert_int_equal(meta_decode(&record_job, got, wire.s, wire.len, NULL), 0);
    meta_mask_release(&masks[0]);
    meta_mask_release(&masks[1]);
    buf_release(&wire);
    return got;
}

static void check_column(const struct column *c, const struct layout *l, const struct sort_spec *sort,
                         const struct job *job, const struct job *got)
{
    struct lines lines = {.layout = l, .sort = sort, .ctx = &ctx, .text = BUF_INIT};
    struct job_row whole = job_row_of(job), part = job_row_of(got);
    lines_add(&lines, &whole);
    lines_add(&lines, &part);
    const struct line *a = &lines.list.v[0], *b = &lines.list.v[1];
    const char *text = lines.text.s;
    if (a->len != b->len || memcmp(text + a->begin, text + b->begin, a->len) != 0)
        fail_msg("%s: '%.*s' and '%.*s'", c->name, (int)a->len, text + a->begin, (int)b->len,
                 text + b->begin);
    if (c->order)
        assert_int_equal(lines.keys.v[a->key].number, lines.keys.v[b->key].number);
    lines_release(&lines);
}

static void no_complaint(void *arg, const char *field)
{
    fail_msg("%s is not known", field);
}

static void test_fewer_fields_show_the_same(void **state)
{
    for (const struct column *c = jobcols_jobs; c->name; c++) {
        struct layout l = {0};
        struct sort_spec sort = {0};
        struct job_select select;
        char bad;
        meta_init(&record_job_select, &select);
        layout_parse_long(&l, jobcols_jobs, c->name, no_complaint, NULL);
        l.uses.v[0].width = 0;
        if (sort_parse(&sort, jobcols_jobs, NULL, c->name, &bad) < 0)
            fail_msg("%s cannot be sorted by", c->name);
        jobfields_of_columns(&select, &l, &sort);
        for (uint64_t seed = 1; seed <= SEEDS; seed++) {
            struct job *job = random_job(seed), *got = masked(job, &select);
            check_column(c, &l, &sort, job, got);
            meta_free(&record_job, job);
            meta_free(&record_job, got);
        }
        layout_release(&l);
        sort_release(&sort);
        meta_release(&record_job_select, &select);
    }
}

/* What a column does not tell is asked for whole. */
static void test_untold_means_all(void **state)
{
    struct layout l = {0};
    struct sort_spec sort = {0};
    struct job_select select;
    meta_init(&record_job_select, &select);
    layout_parse_short(&l, jobcols_steps, "%i %j", no_complaint, NULL);
    jobfields_of_columns(&select, &l, &sort);
    assert_int_equal(select.job_fields.n + select.spec_fields.n, 0);
    layout_release(&l);
    meta_release(&record_job_select, &select);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fewer_fields_show_the_same),
        cmocka_unit_test(test_untold_means_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
