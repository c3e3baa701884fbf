/* SPDX-License-Identifier: Apache-2.0 */
/* How long the walkers take for 10,000 jobs with about 60 set fields each. Prints milliseconds, best of
 * ROUNDS. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "model.h"

enum { JOBS = 10000, ROUNDS = 9 };

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static uint32_t set_fields(const struct meta_record *r, const void *rec)
{
    uint32_t n = 0;
    void *plain = meta_new(r);
    for (uint32_t i = 0; i < r->n; i++) {
        struct buf a = BUF_INIT, b = BUF_INIT;
        meta_text(&r->fields[i], rec, &a);
        meta_text(&r->fields[i], plain, &b);
        n += strcmp(a.s, b.s) != 0;
        buf_release(&a);
        buf_release(&b);
    }
    meta_free(r, plain);
    return n;
}

/* What a usual batch job on two nodes has, as text: set_fields() tells how many fields that is. */
static const char *const spec_values[][2] = {
    {"name", "simulation-42"},
    {"user_name", "alice"},
    {"group_name", "physics"},
    {"account", "phys-0042"},
    {"qos", "normal"},
    {"partition", "batch"},
    {"comment", "third run"},
    {"min_nodes", "2"},
    {"max_nodes", "2"},
    {"ntasks", "64"},
    {"min_cpus", "64"},
    {"cpus_per_task", "1"},
    {"ntasks_per_node", "32"},
    {"mem_per_node", "64G"},
    {"tres_per_node", "gres/gpu:2"},
    {"licenses", "matlab:1"},
    {"features", "skylake&ib"},
    {"exc_nodes", "n[17-19]"},
    {"time_limit", "1-00:00:00"},
    {"time_min", "12:00:00"},
    {"nice", "100"},
    {"requeue", "1"},
    {"mail_type", "END,FAIL"},
    {"mail_user", "alice@example.org"},
    {"work_dir", "/home/alice/runs/42"},
    {"std_out", "out-%j.txt"},
    {"std_err", "err-%j.txt"},
    {"open_mode", "APPEND"},
    {"command", "/home/alice/runs/42/run.sh"},
    {"submit_line", "sbatch -N2 run.sh"},
    {"alloc_node", "login1"},
    {"alloc_sid", "12345"},
    {"umask", "18"},
};
static const char *const job_values[][2] = {
    {"job_id", "123456"},
    {"uid", "1001"},
    {"gid", "1001"},
    {"state", "RUNNING"},
    {"flags", "BATCH,LAUNCHED"},
    {"priority", "4294901"},
    {"submit_time", "1750000000"},
    {"eligible_time", "1750000000"},
    {"accrue_time", "1750000000"},
    {"start_time", "1750000100"},
    {"end_time", "1750086500"},
    {"partition", "batch"},
    {"last_sched_eval", "1750000100"},
    {"nodes", "n[1-2]"},
    {"batch_host", "n1"},
    {"next_step_id", "3"},
    {"script", "00112233445566778899aabbccddeeff"},
    {"alloc_tres", "cpu=64,mem=128G,node=2,gres/gpu=4"},
    {"req_tres", "cpu=64,mem=128G,node=2"},
    {"time_limit", "1-00:00:00"},
    {"ntasks", "64"},
    {"cpus", "64"},
    {"scheduler", "main"},
    {"node_count", "2"},
    {"last_active", "1750000100"},
    {"restarts", "1"},
};

static void fill(const struct meta_record *r, void *rec, const char *const (*values)[2], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct err e;
        const struct meta_field *f = meta_find(r, values[i][0]);
        REQUIRE(f);
        if (meta_parse(f, rec, values[i][1], &e) < 0) {
            fprintf(stderr, "%s\n", e.text);
            REQUIRE(!"a value of the bench is not accepted");
        }
    }
}

static struct job *make_job(uint32_t id)
{
    struct job *job = meta_new(&record_job);
    job->spec = meta_new(&record_job_spec);
    fill(&record_job_spec, job->spec, spec_values, sizeof spec_values / sizeof *spec_values);
    fill(&record_job, job, job_values, sizeof job_values / sizeof *job_values);
    job->job_id = id;
    for (uint32_t i = 0; i < 2; i++) {
        struct job_node *node = meta_recs_push(&record_job_node, &job->alloc);
        node->node_index = id % 1000 + i;
        node->cpus = 32;
        node->mem = 65536;
        bits_set_range(&node->cores, 0, 31);
    }
    return job;
}

static void report(const char *what, double ms)
{
    printf("%-8s %8.2f ms\n", what, ms);
}

int main(void)
{
    static struct job *jobs[JOBS], copy;
    static size_t ends[JOBS];
    for (uint32_t i = 0; i < JOBS; i++)
        jobs[i] = make_job(i + 1);
    printf("%d jobs, %u set fields in each, %u in its request\n", JOBS, set_fields(&record_job, jobs[0]),
           set_fields(&record_job_spec, jobs[0]->spec));

    struct buf wire = BUF_INIT, text = BUF_INIT;
    double encode = 1e9, decode = 1e9, copying = 1e9, json = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        buf_clear(&wire);
        double t = now_ms();
        for (uint32_t i = 0; i < JOBS; i++) {
            meta_encode(&record_job, jobs[i], &wire);
            ends[i] = wire.len;
        }
        encode = now_ms() - t < encode ? now_ms() - t : encode;
        t = now_ms();
        for (uint32_t i = 0; i < JOBS; i++) {
            size_t from = i ? ends[i - 1] : 0;
            REQUIRE(meta_decode(&record_job, &copy, wire.s + from, ends[i] - from, NULL) == 0);
            meta_release(&record_job, &copy);
        }
        decode = now_ms() - t < decode ? now_ms() - t : decode;
        t = now_ms();
        for (uint32_t i = 0; i < JOBS; i++)
            meta_free(&record_job, meta_dup(&record_job, jobs[i]));
        copying = now_ms() - t < copying ? now_ms() - t : copying;
        buf_clear(&text);
        t = now_ms();
        for (uint32_t i = 0; i < JOBS; i++)
            meta_json(&record_job, jobs[i], &text);
        json = now_ms() - t < json ? now_ms() - t : json;
    }
    printf("%zu bytes on the wire, sizeof job %zu, job_spec %zu\n", wire.len, sizeof(struct job),
           sizeof(struct job_spec));
    report("encode", encode);
    report("decode", decode);
    report("copy", copying);
    report("json", json);
    for (uint32_t i = 0; i < JOBS; i++)
        meta_free(&record_job, jobs[i]);
    buf_release(&wire);
    buf_release(&text);
    return 0;
}
