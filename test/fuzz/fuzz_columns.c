/* SPDX-License-Identifier: Apache-2.0 */
/* Formats and sort orders of squeue and sinfo over random records: the first byte picks the table and the
 * form. */
#include "cli/columns.h"
#include "cli/jobcols.h"
#include "cli/jobview.h"
#include "cli/nodecols.h"
#include "fuzz.h"

enum { ROWS = 3, TABLES = 3, FORMS = 3 };

static struct job *jobs[ROWS];
static struct job_row job_rows[ROWS];
static struct step_row step_rows[ROWS];
static struct node_group groups[ROWS];

static void make_rows(void)
{
    uint64_t seed = 1;

    for (uint32_t i = 0; i < ROWS; i++) {
        struct node *n = meta_new(&record_node);
        struct part *p = meta_new(&record_part);
        jobs[i] = meta_new(&record_job);
        do {
            meta_release(&record_job, jobs[i]);
            meta_random(&record_job, jobs[i], &seed);
        } while (!jobs[i]->spec); /* the controller always has one */
        meta_random(&record_node, n, &seed);
        meta_random(&record_part, p, &seed);
        job_rows[i] = job_row_of(jobs[i]);
        step_rows[i] = (struct step_row){.job = jobs[i], .id = STEP_BATCH};
        groups[i] = (struct node_group){.part = p, .part_order = i};
        *VEC_PUSH(&groups[i].nodes) = n;
    }
}

static void no_column(void *arg, const char *field)
{
    REQUIRE(field);
}

static void show(struct layout *l, const void *rows, size_t row_size, const void *ctx)
{
    struct buf out = BUF_INIT;

    layout_fit(l, rows, ROWS, row_size, ctx);
    layout_head(l, &out);
    for (uint32_t i = 0; i < ROWS; i++)
        layout_row(l, (const char *)rows + i * row_size, ctx, &out);
    buf_release(&out);
    layout_release(l);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct jobcols_ctx job_ctx = {
        .now = 1795384517, .cluster = "c", .convert = true, .expand = true};
    static const struct nodecols_ctx node_ctx = {.cluster = "c", .convert = true};
    const struct {
        const struct column *table;
        const void *rows, *ctx;
        size_t row_size;
    } tables[TABLES] = {{jobcols_jobs, job_rows, &job_ctx, sizeof job_rows[0]},
                        {jobcols_steps, step_rows, &job_ctx, sizeof step_rows[0]},
                        {nodecols, groups, &node_ctx, sizeof groups[0]}};
    struct fuzz_input in = {data, size};
    uint8_t pick = fuzz_u8(&in);
    typeof(tables[0]) *t = &tables[pick % TABLES];
    char *spec = mem_strndup((const char *)in.p, strnlen((const char *)in.p, in.left));
    struct layout l = {0};
    struct sort_spec sort = {0};
    char bad;
    char *copy = NULL;

    if (!jobs[0])
        make_rows();
    switch (pick / TABLES % FORMS) {
    case 0:
        layout_parse_short(&l, t->table, spec, no_column, NULL);
        show(&l, t->rows, t->row_size, t->ctx);
        break;
    case 1:
        layout_parse_long(&l, t->table, spec, no_column, NULL);
        show(&l, t->rows, t->row_size, t->ctx);
        break;
    default:
        copy = mem_dup(t->rows, ROWS * t->row_size);
        if (sort_parse(&sort, t->table, NULL, spec, &bad) == 0)
            sort_rows(&sort, copy, ROWS, t->row_size, t->ctx);
        else
            REQUIRE(bad && strchr(spec, bad));
        sort_release(&sort);
        mem_free(copy);
    }
    mem_free(spec);
    return 0;
}
