/* SPDX-License-Identifier: Apache-2.0 */
/* What `sluice check` says of configurations that load, or do not. */
#include "unit.h"

#include "base/text.h"
#include "conf/lint.h"
#include "conf_files.h"

#define NODE "NodeName=n1 CPUs=1 RealMemory=100\n"

/* The whole output for a slurm.conf. */
static char *lint(const char *text)
{
    struct conf_file file = {(char *)"slurm.conf", (char *)text};
    struct conf_file_list list = {&file, 1, "/etc/slurm/"};
    struct conf_source source = conf_list_source(&list);
    struct conf_messages msgs = {0};
    struct buf out = BUF_INIT;
    int rc = conf_lint(&source, "/etc/slurm/slurm.conf", &msgs);
    assert_int_equal(rc, msgs.errors ? -1 : 0);
    conf_lint_text(&msgs, &out);
    conf_messages_release(&msgs);
    return buf_take(&out);
}

static void findings(void **state)
{
    static const struct {
        const char *text, *expected;
    } table[] = {
        {CONF_HEAD NODE "DefMemPerCPU=10\nPartitionName=p Nodes=n1 Default=YES\n", "0 errors, 0 warnings\n"},
        {CONF_HEAD NODE "DefMemPerCPU=10\nSchedulerParameters=defer,bf_window=2000,max_rpc_cnt=9\n"
                        "PartitionName=p Nodes=n1 Default=YES\n",
         "0 errors, 0 warnings\n"},
        {CONF_HEAD NODE "DefMemPerCPU=10\nSchedulerParameters=bf_interval=0x,bf_widnow=5,bf_licenses\n"
                        "PartitionName=p Nodes=n1 Default=YES\n",
         "/etc/slurm/slurm.conf:5: error: Invalid SchedulerParameters bf_interval: 0x (write a number from "
         "-1 to "
         "10800)\n"
         "/etc/slurm/slurm.conf:5: warning: SchedulerParameters: bf_widnow is unknown (did you mean "
         "bf_window?)\n"
         "/etc/slurm/slurm.conf:5: warning: SchedulerParameters: bf_licenses has no effect yet\n"
         "1 error, 2 warnings\n"},
        {CONF_HEAD NODE "PartitionName=p Nodes=n1 Default=YES\n",
         "/etc/slurm/slurm.conf:4: warning: partition p: a job that does not say how much memory it needs "
         "gets all of a "
         "node's (set DefMemPerCPU)\n0 errors, 1 warning\n"},
        {CONF_HEAD NODE "DefMemPerCPU=10\nPartitionName=p Nodes=n1 MaxTime=5 DefaultTime=9 Default=YES\n",
         "/etc/slurm/slurm.conf:5: warning: partition p: DefaultTime is longer than MaxTime\n0 errors, 1 "
         "warning\n"},
        {CONF_HEAD NODE "DefMemPerCPU=10\nPartitionName=p Default=YES\n",
         "/etc/slurm/slurm.conf: warning: 1 nodes are in no partition, the first is n1\n"
         "/etc/slurm/slurm.conf:5: warning: partition p has no nodes (give it Nodes=)\n0 errors, 2 "
         "warnings\n"},
        {CONF_HEAD "Prologg=/x\nKillWait=no\n",
         "/etc/slurm/slurm.conf:3: error: _parse_next_key: Parsing error at unrecognized key: Prologg "
         "(did you mean Prolog?)\n"
         "/etc/slurm/slurm.conf:4: error: KillWait value \"no\" is not a valid number\n2 errors, 0 "
         "warnings\n"},
        {CONF_HEAD NODE "DefMemPerCPU=10\nDebugFlags=Route,Gres,NO_CONF_HASH\n"
                        "PartitionName=p Nodes=n1 Default=YES\n",
         "/etc/slurm/slurm.conf:5: warning: DebugFlags: Gres has no effect yet\n0 errors, 1 warning\n"},
        {CONF_HEAD NODE "DefMemPerCPU=10\nBurstBufferType=burst_buffer/lua\nTaskPlugin=task/cgroup\n"
                        "ProctrackType=proctrack/linuxproc\nPartitionName=p Nodes=n1 Default=YES\n",
         "/etc/slurm/slurm.conf:5: warning: BurstBufferType has no effect yet\n"
         "/etc/slurm/slurm.conf:6: warning: task/cgroup works only with proctrack/cgroup "
         "(set ProctrackType=proctrack/cgroup)\n0 errors, 2 warnings\n"},
        {CONF_HEAD
         "DefMemPerCPU=10\nNodeName=n1 RealMemory=9 Gres=gpu:1\nPartitionName=p Nodes=n1 Default=YES\n",
         "warning: Invalid GRES configured on node n1: gpu:1 (add it to GresTypes)\n0 errors, 1 warning\n"},
    };
    for (unsigned i = 0; i < sizeof table / sizeof *table; i++) {
        char *got = lint(table[i].text);
        assert_string_equal(got, table[i].expected);
        mem_free(got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(findings)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
