/* SPDX-License-Identifier: Apache-2.0 */
/* Records as squeue and scontrol print them: the texts that Slurm 26.05 printed for the same job. */
#include "model/jobvars.h"
#include "unit.h"

#include <stdlib.h>

#include "base/mem.h"
#include "cli/columns.h"
#include "cli/jobcols.h"
#include "cli/jobview.h"
#include "cli/show.h"

/* 2026-11-22T21:51:37 UTC */
#define SUBMITTED INT64_C(1795384297)

static struct job *running_job(void)
{
    struct job *j = meta_new(&record_job);
    struct job_spec *s = j->spec = meta_new(&record_job_spec);
    j->job_id = 70001;
    j->state = JOB_RUNNING;
    j->flags = JOBF_BATCH;
    j->priority = 1;
    j->uid = j->gid = 0;
    j->submit_time = j->eligible_time = j->accrue_time = j->start_time = j->last_sched_eval = SUBMITTED;
    j->end_time = SUBMITTED + 1200;
    j->time_limit = 20;
    j->ntasks = j->cpus = 4;
    j->node_count = 2;
    j->scheduler = mem_strdup("Backfill");
    j->partition = mem_strdup("debug");
    j->nodes = mem_strdup("n[1-2]");
    j->batch_host = mem_strdup("n1");
    j->req_tres = mem_strdup("cpu=4,mem=2000M,node=2,billing=4");
    j->alloc_tres = mem_strdup("cpu=4,mem=2000M,node=2,billing=4");
    for (uint32_t i = 0; i < 2; i++) {
        struct job_node *n = meta_recs_push(&record_job_node, &j->alloc);
        struct job_gres *g = meta_recs_push(&record_job_gres, &n->gres);
        n->node_index = i;
        n->cpus = 2;
        n->mem = 1000;
        bits_set(&n->cores, 0);
        g->name = mem_strdup("gpu");
        g->type = mem_strdup("a100");
        g->count = 1;
        bits_set(&g->index, 0);
    }
    s->name = mem_strdup("run2");
    s->user_name = mem_strdup("root");
    s->group_name = mem_strdup("root");
    s->ntasks = 4;
    s->min_nodes = s->max_nodes = 2;
    s->requeue = 1;
    s->mem_per_cpu = 500;
    s->comment = mem_strdup("my comment");
    s->command = mem_strdup("/tmp/j.sh a1 b 2");
    s->submit_line = mem_strdup("sbatch -J run2 /tmp/j.sh");
    s->work_dir = mem_strdup("/tmp");
    s->std_out = mem_strdup("out-%j-%N");
    s->tres_per_node = mem_strdup("gres/gpu:1");
    s->alloc_node = mem_strdup("head");
    return j;
}

static void test_scontrol_show_job(void **state)
{
    static const char expected[] =
        "JobId=70001 JobName=run2\n"
        "   SLUID=*\n"
        "   UserId=root(0) GroupId=root(0) MCS_label=N/A\n"
        "   Priority=1 Nice=0 Account=(null) QOS=(null)\n"
        "   JobState=RUNNING Reason=None Dependency=(null)\n"
        "   Requeue=1 Restarts=0 BatchFlag=1 Reboot=0 ExitCode=0:0\n"
        "   DerivedExitCode=0:0\n"
        "   RunTime=00:00:08 TimeLimit=00:20:00 TimeMin=N/A\n"
        "   SubmitTime=2026-11-22T21:51:37 EligibleTime=2026-11-22T21:51:37\n"
        "   AccrueTime=2026-11-22T21:51:37\n"
        "   StartTime=2026-11-22T21:51:37 EndTime=2026-11-22T22:11:37 Deadline=N/A\n"
        "   SuspendTime=None SecsPreSuspend=0 LastSchedEval=2026-11-22T21:51:37 Scheduler=Backfill\n"
        "   Partition=debug AllocNode:Sid=head:0\n"
        "   ReqNodeList=(null) ExcNodeList=(null)\n"
        "   NodeList=n[1-2]\n"
        "   BatchHost=n1\n"
        "   NumNodes=2 NumCPUs=4 NumTasks=4 CPUs/Task=1 ReqB:S:C:T=0:0:*:*\n"
        "   ReqTRES=cpu=4,mem=2000M,node=2,billing=4\n"
        "   AllocTRES=cpu=4,mem=2000M,node=2,billing=4\n"
        "   Socks/Node=* NtasksPerN:B:S:C=0:0:*:* CoreSpec=*\n"
        "   JOB_GRES=gpu:a100:2\n"
        "     Nodes=n[1-2] CPU_IDs=0-1 Mem=1000 GRES=gpu:a100:1(IDX:0)\n"
        "   MinCPUsNode=1 MinMemoryCPU=500M MinTmpDiskNode=0\n"
        "   Features=(null) DelayBoot=00:00:00\n"
        "   OverSubscribe=NO Exclusive=NO Contiguous=0 Licenses=(null) LicensesAlloc=(null) Network=(null)\n"
        "   Command=/tmp/j.sh\n"
        "   SubmitLine=sbatch -J run2 /tmp/j.sh\n"
        "   WorkDir=/tmp\n"
        "   Comment=my comment\n"
        "   StdErr=\n"
        "   StdIn=/dev/null\n"
        "   StdOut=/tmp/out-70001-n1\n"
        "   TresPerNode=gres/gpu:1\n"
        "\n";
    struct job *j = running_job();
    struct buf out = BUF_INIT;
    struct show s = {.out = &out, .details = true, .now = SUBMITTED + 8};
    char sluid[SLUID_LEN + 1];
    jobvars_sluid(j, sluid);
    show_job(&s, j);
    char *at = strstr(out.s, sluid);
    assert_non_null(at);
    at[0] = '*';
    memmove(at + 1, at + strlen(sluid), strlen(at + strlen(sluid)) + 1);
    assert_string_equal(out.s, expected);
    meta_free(&record_job, j);
    buf_release(&out);
}

static void quiet(void *arg, const char *field) {}

/* One line of squeue for a job. */
static void assert_line(const struct job *j, const char *format, const char *expected)
{
    struct jobcols_ctx ctx = {.now = SUBMITTED + 65, .cluster = "c", .convert = true};
    struct layout l = {0};
    struct buf out = BUF_INIT;
    struct job_row row = job_row_of(j);
    layout_parse_short(&l, jobcols_jobs, format, quiet, NULL);
    layout_row(&l, &row, &ctx, &out);
    assert_string_equal(out.s, expected);
    layout_release(&l);
    buf_release(&out);
}

static void test_squeue(void **state)
{
    struct job *j = running_job();
    assert_line(j, "%.18i %.9P %.8j %.8u %.2t %.10M %.6D %R",
                "             70001     debug     run2     root  R       1:05      2 n[1-2]\n");
    assert_line(j, "%l %L %m %C %p %Q %z", "20:00 18:55 500M 4 0.00000000023283 1 *:*:*\n");
    assert_line(j, "%e|%S|%V|%K|%o",
                "2026-11-22T22:11:37|2026-11-22T21:51:37|2026-11-22T21:51:37|N/A|/tmp/j.sh\n");
    meta_free(&record_job, j);
}

static void test_squeue_pending_array(void **state)
{
    struct job *j = running_job();
    j->state = JOB_PENDING;
    j->flags = JOBF_BATCH | JOBF_ARRAY;
    j->array_job_id = 70001;
    j->array_max = 2;
    bits_set_range(&j->array_tasks, 1, 5);
    j->reason = WHY_RESOURCES;
    mem_set_str(&j->nodes, NULL);
    assert_line(j, "%i %F %K %t %R", "70001_[1-5%2] 70001 1-5%2 PD (Resources)\n");
    meta_free(&record_job, j);
}

static void test_units(void **state)
{
    static const struct {
        uint64_t mb;
        const char *text;
    } samples[] = {{0, "0"},        {500, "500M"},     {1000, "1000M"},   {1024, "1G"},   {1536, "1.50G"},
                   {2000, "2000M"}, {48000, "48000M"}, {64000, "62.50G"}, {1048576, "1T"}};
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        struct buf b = BUF_INIT;
        jobview_mb(samples[i].mb, true, &b);
        assert_string_equal(b.s, samples[i].text);
        buf_release(&b);
    }
}

int main(void)
{
    setenv("TZ", "UTC0", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scontrol_show_job),
        cmocka_unit_test(test_squeue),
        cmocka_unit_test(test_squeue_pending_array),
        cmocka_unit_test(test_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
