/* SPDX-License-Identifier: Apache-2.0 */
/* Memory and time of many held jobs: `bench_core [JOBS]`. Not one of the tests. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/mem.h"
#include "core_world.h"

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static long resident(void)
{
    long total = 0, pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f) {
        if (fscanf(f, "%ld %ld", &total, &pages) != 2)
            pages = 0;
        fclose(f);
    }
    return pages * sysconf(_SC_PAGESIZE);
}

/* What sbatch sends for a small script; `i` makes it a different one each time. */
static struct submit_request *request(uint32_t i)
{
    struct submit_request *r = world_request();
    struct job_spec *s = r->spec;
    mem_free(s->name);
    s->name = buf_format("analysis-%u", i);
    s->account = mem_strdup("physics");
    s->std_out = mem_strdup("/home/alice/project/out/%x-%j.out");
    s->command = buf_format("/home/alice/project/run.sh %u", i);
    s->submit_line = buf_format("sbatch -H --job-name=analysis-%u -o out/%%x-%%j.out run.sh %u", i, i);
    s->alloc_node = mem_strdup("login1");
    s->hold = true;
    return r;
}

int main(int argc, char **argv)
{
    uint32_t n = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 50000;
    struct world w;
    world_init(&w);
    w.fast = true;
    for (uint32_t i = 0; i < w.journal.n; i++)
        buf_release(&w.journal.v[i].body);
    long before = resident();
    double spent = 0;
    for (uint32_t i = 0; i < n; i++) {
        struct submit_request *r = request(i);
        struct command c = {
            .type = MSG_SUBMIT, .record = r, .sender = {.uid = ALICE, .gid = ALICE, .level = ACCESS_USER}};
        struct facts facts = {0};
        struct reply reply;
        struct err e;
        double from = seconds();
        if (core_decide(w.s, &c, w.now, &facts, &reply, &e) < 0)
            return 1;
        for (uint32_t k = 0; k < facts.list.n; k++)
            core_apply(w.s, &facts.list.v[k], w.now);
        spent += seconds() - from;
        facts_release(&facts);
        reply_release(&reply);
        meta_free(&record_submit_request, r);
        if (i % 64 == 0)
            snapshot_drop(state_publish(w.s));
    }
    printf("%u held jobs: %ld bytes each, %.2f us to decide and apply each\n", n,
           (resident() - before) / (long)n, spent / n * 1e6);
    printf("sizes: job %zu, job_spec %zu, node %zu, step %zu\n", sizeof(struct job), sizeof(struct job_spec),
           sizeof(struct node), sizeof(struct step));
    return 0;
}
