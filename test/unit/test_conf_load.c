/* SPDX-License-Identifier: Apache-2.0 */
/* slurm.conf, gres.conf and cgroup.conf as records; the numbers and texts are those of the reference. */
#include "unit.h"

#include "base/hash.h"
#include "base/text.h"
#include "conf/plugstack.h"
#include "conf_files.h"

static struct conf *must_load(const char *slurm, const char *gres, struct conf_messages *msgs)
{
    struct err e;
    struct conf *c = load_texts(slurm, gres, CONF_WANT_ALL | CONF_WANT_DAEMON, msgs, &e);
    if (!c)
        fail_msg("%s: %s", e.text, msgs->n ? msgs->v[0].text : "?");
    return c;
}

static void every_known_configuration_loads(void **state)
{
    static const char *const dirs[] = {"lambda",          "conf/cgroup", "conf/hooks", "conf/linear",
                                       "conf/minimal",    "conf/none",   "conf/power", "conf/preemptpart",
                                       "conf/preemptqos", "conf/prio",   "conf/rest",  "conf/small",
                                       "conf/topo"};
    for (unsigned i = 0; i < sizeof dirs / sizeof *dirs; i++) {
        char *path = buf_format(TEST_DATA "/%s/slurm.conf", dirs[i]);
        struct conf_messages msgs = {0};
        struct err e = {0};
        struct conf *c = conf_load(&disk_source, path, CONF_WANT_ALL | CONF_WANT_DAEMON, &msgs, &e);
        if (!c)
            fail_msg("%s: %s: %s", path, e.text, msgs.n ? msgs.v[0].text : "");
        assert_int_equal(msgs.errors, 0);
        conf_free(c);
        conf_messages_release(&msgs);
        mem_free(path);
    }
}

static void lambda_cluster(void **state)
{
    struct conf_messages msgs = {0};
    struct err e;
    uint32_t n;
    struct conf *c = conf_load(&disk_source, TEST_DATA "/lambda/slurm.conf", CONF_WANT_ALL, &msgs, &e);
    assert_non_null(c);
    const struct node *nodes = conf_nodes(c, &n);
    assert_int_equal(n, 32);
    assert_string_equal(nodes[16].name, "lambda-gpu-017");
    assert_string_equal(nodes[16].features, "h200");
    assert_int_equal(nodes[16].cpus, 64);
    assert_int_equal(nodes[16].real_memory, 515000);
    assert_int_equal(nodes[16].gres.n, 1);
    assert_string_equal(nodes[16].gres.v[0].type, "h200");
    assert_int_equal(nodes[16].gres.v[0].count, 8);
    assert_int_equal(nodes[16].gres.v[0].files.n, 8);
    assert_string_equal(nodes[16].gres.v[0].files.v[7], "/dev/nvidia7");
    assert_string_equal(nodes[16].gres.v[0].cores.v[0], "32-63");
    assert_string_equal(nodes[0].gres.v[0].cores.v[0], "0-31");
    assert_string_equal(conf_gres_autodetect(c, "lambda-gpu-001"), "nvml");
    const struct part *parts = conf_parts(c, &n);
    assert_int_equal(n, 3);
    assert_true(parts[0].flags & PARTF_DEFAULT);
    assert_int_equal(parts[0].max_time, 7 * 24 * 60);
    assert_int_equal(parts[1].total_nodes, 4);
    assert_int_equal(parts[2].total_cpus, 28 * 64);
    assert_true(conf_plugin(c, CONF_TASK_PLUGIN, "cgroup"));
    assert_int_equal(conf_u32(c, CONF_SLURMD_TIMEOUT), 300);
    conf_free(c);
    conf_messages_release(&msgs);
}

/* How CPUs, Boards, Sockets, CoresPerSocket and ThreadsPerCore give the shape of a node. */
static void shapes(void **state)
{
    static const struct {
        const char *line;
        uint16_t boards, sockets, cores, threads;
        uint32_t cpus, core_spec, warnings;
    } table[] = {
        {"", 1, 1, 1, 1, 1, 0, 0},
        {"CPUs=4", 1, 4, 1, 1, 4, 0, 0},
        {"Procs=4", 1, 4, 1, 1, 4, 0, 0},
        {"CPUs=0", 1, 1, 1, 1, 1, 0, 1},
        {"CoresPerSocket=2 CPUs=8", 1, 4, 2, 1, 8, 0, 0},
        {"CoresPerSocket=2 ThreadsPerCore=2 CPUs=8", 1, 2, 2, 2, 8, 0, 0},
        {"CoresPerSocket=3 CPUs=8", 1, 1, 3, 1, 3, 0, 1},
        {"Sockets=2 CPUs=3", 1, 2, 1, 1, 2, 0, 1},
        {"Sockets=2 CoresPerSocket=2 ThreadsPerCore=2 CPUs=4", 1, 2, 2, 2, 4, 0, 0},
        {"Sockets=2 CoresPerSocket=2 ThreadsPerCore=2 CPUs=2", 1, 2, 2, 2, 2, 0, 0},
        {"Sockets=2 CoresPerSocket=2 ThreadsPerCore=2 CPUs=6", 1, 2, 2, 2, 8, 0, 1},
        {"Sockets=2 SocketsPerBoard=2", 1, 2, 1, 1, 2, 0, 1},
        {"Boards=2 SocketsPerBoard=2 CoresPerSocket=3", 2, 4, 3, 1, 12, 0, 0},
        {"Boards=2 Sockets=3", 2, 3, 1, 1, 3, 0, 0},
        {"Boards=2 CPUs=8", 2, 8, 1, 1, 8, 0, 0},
        {"Boards=0", 1, 1, 1, 1, 1, 0, 1},
        {"CoreSpecCount=2 CPUs=2", 1, 2, 1, 1, 2, 1, 1},
        {"CoreSpecCount=1 CpuSpecList=0 CPUs=2", 1, 2, 1, 1, 2, 0, 1},
    };
    for (unsigned i = 0; i < sizeof table / sizeof *table; i++) {
        struct conf_messages msgs = {0};
        char *text = buf_format(CONF_HEAD "NodeName=n1 %s\nPartitionName=p Nodes=ALL\n", table[i].line);
        struct conf *c = must_load(text, NULL, &msgs);
        const struct node *n = conf_node(c, "n1");
        if (n->boards != table[i].boards || n->sockets != table[i].sockets || n->cores != table[i].cores ||
            n->threads != table[i].threads || n->cpus != table[i].cpus ||
            n->core_spec != table[i].core_spec || msgs.warnings != table[i].warnings)
            fail_msg("%s: %u %u %u %u, %u CPUs, %u reserved, %u warnings", table[i].line, n->boards,
                     n->sockets, n->cores, n->threads, n->cpus, n->core_spec, msgs.warnings);
        conf_free(c);
        conf_messages_release(&msgs);
        mem_free(text);
    }
}

#define NODE  "NodeName=n1 CPUs=1\n"
#define PART  "PartitionName=p Nodes=n1\n"
#define USUAL "Unable to process configuration file"

/* What ends a daemon, and the first finding. */
static void refusals(void **state)
{
    static const struct {
        const char *text, *fatal, *first, *hint;
    } table[] = {
        {CONF_HEAD PART, "Invalid node names in partition p", NULL, NULL},
        {CONF_HEAD NODE "PartitionName=p Nodes=n7\n", "Invalid node names in partition p", NULL, NULL},
        {CONF_HEAD NODE NODE PART, "Duplicated NodeHostName n1 in config file", NULL, NULL},
        {CONF_HEAD NODE PART PART, "_build_single_partitionline_info: duplicate entry for partition p", NULL,
         NULL},
        {CONF_HEAD NODE PART "JobSubmitPlugins=nosuch\n", "failed to initialize job_submit plugin", NULL,
         NULL},
        {CONF_HEAD NODE PART "JobCompType=jobcomp/nosuch\n", "Failed to initialize jobcomp plugin", NULL,
         NULL},
        {CONF_HEAD NODE PART "SelectTypeParameters=CR_NOSUCH\n", USUAL, "Bad SelectTypeParameter: CR_NOSUCH",
         NULL},
        {CONF_HEAD NODE PART "SelectType=select/linear\nSelectTypeParameters=CR_Core\n",
         "Invalid SelectTypeParameters for select/linear: CR_CORE (4), it can't contain "
         "CR_(CPU|CORE|SOCKET).",
         NULL, NULL},
        {"SlurmctldHost=h\n" NODE PART, USUAL, "ClusterName needs to be specified", NULL},
        {"ClusterName=c\n" NODE PART, USUAL, "No SlurmctldHost defined.", NULL},
        {CONF_HEAD "SlurmctldPrt=1\n", USUAL,
         "_parse_next_key: Parsing error at unrecognized key: SlurmctldPrt", "did you mean SlurmctldPort?"},
        {CONF_HEAD "NodeName=n1 CPU=1\n", USUAL, "Parsing error at unrecognized key: CPU",
         "did you mean CPUs?"},
        {CONF_HEAD "KillWait=zzz\n", USUAL, "KillWait value \"zzz\" is not a valid number", NULL},
        {CONF_HEAD "KillWait=-1\n", USUAL, "KillWait value (-1) is less than zero", NULL},
        {CONF_HEAD "TreeWidth=70000\n", USUAL, NULL, NULL},
        {CONF_HEAD "KillWait=5 WaitTime=3\n", USUAL,
         "Parse error in file /etc/slurm/slurm.conf line 3: \" WaitTime=3\"", NULL},
        {CONF_HEAD "KillWait=\n", USUAL, "Parse error in file /etc/slurm/slurm.conf line 3: \"KillWait=\"",
         NULL},
        {CONF_HEAD "foo\n", USUAL, "Parse error in file /etc/slurm/slurm.conf line 3: \"foo\"", NULL},
        {CONF_HEAD "DisableRootJobs=maybe\n", USUAL,
         "\"maybe\" is not a valid option for \"DisableRootJobs\"", NULL},
        {CONF_HEAD "SlurmctldDebug=loud\n", USUAL, "Invalid SlurmctldDebug loud", NULL},
        {CONF_HEAD "SlurmctldPort=5-3\n", USUAL, "Invalid SlurmctldPort 5-3", NULL},
        {CONF_HEAD "DefMemPerCPU=1G\n", USUAL, "DefMemPerCPU value (1G) is not a valid number", NULL},
        {CONF_HEAD "PreemptMode=REQUEUE\n", USUAL, "PreemptType and PreemptMode values incompatible", NULL},
        {CONF_HEAD "PreemptMode=SUSPEND\nPreemptType=preempt/qos\n", USUAL,
         "PreemptMode=SUSPEND requires GANG too", NULL},
        {CONF_HEAD "PriorityMaxAge=zzz\n", USUAL, "Bad value \"zzz\" for PriorityMaxAge", NULL},
        {CONF_HEAD "FirstJobId=0\n", "FirstJobId cannot be zero", NULL, NULL},
        {CONF_HEAD "SlurmctldHost=h(a\n", USUAL, "Bad value \"h(a\" for SlurmctldHost", NULL},
        {CONF_HEAD "NodeName=n[1-2] Port=7000-7002\n",
         "Port count must equal that of NodeName records or there must be no more than one (3 != 2)", NULL,
         NULL},
        {CONF_HEAD "NodeName=n[1-2] NodeAddr=a[1-3]\n",
         "NodeAddr count must equal that of NodeName records or there must be no more than one", NULL, NULL},
        {CONF_HEAD "NodeName=n[1-2\n", "Unable to create NodeName list from n[1-2", NULL, NULL},
        {CONF_HEAD "NodeName=n1 State=nosuch\n", "Invalid state nosuch from n1",
         "node n1 has invalid state nosuch", NULL},
        {CONF_HEAD "NodeName=ALL\n", "'ALL' is a reserved word disallowed for use with NodeName", NULL, NULL},
        {CONF_HEAD "NodeName=DEFAULT NodeAddr=a\n", USUAL, "NodeAddr not allowed with NodeName=DEFAULT",
         NULL},
        {CONF_HEAD NODE "NodeSet=n1 Nodes=n1\n", USUAL,
         "NodeSet with name n1 overlaps with an existing NodeName", NULL},
        {CONF_HEAD NODE "PartitionName=q MaxTime=zz\n", USUAL, "Bad value \"zz\" for MaxTime", NULL},
        {CONF_HEAD NODE "PartitionName=q OverSubscribe=maybe\n", USUAL,
         "Bad value \"maybe\" for OverSubscribe (use NO, YES, FORCE)", NULL},
        {CONF_HEAD NODE "PartitionName=q SelectTypeParameters=CR_Memory\n", USUAL,
         "Bad value for SelectTypeParameters: CR_Memory", NULL},
        {CONF_HEAD "Include other.conf\n",
         "s_p_parse_file: cannot stat file /etc/slurm/other.conf: No such file or directory", NULL, NULL},
        {CONF_HEAD "Include slurm.conf\n", USUAL, "Include goes deeper than 10 files", NULL},
    };
    for (unsigned i = 0; i < sizeof table / sizeof *table; i++) {
        struct conf_messages msgs = {0};
        struct err e;
        struct conf *c = load_texts(table[i].text, NULL, CONF_WANT_ALL | CONF_WANT_DAEMON, &msgs, &e);
        if (c || strcmp(e.text, table[i].fatal) != 0)
            fail_msg("%s gave %s, expected %s", table[i].text, c ? "no error" : e.text, table[i].fatal);
        if (table[i].first)
            assert_string_equal(msgs.v[0].text, table[i].first);
        if (table[i].hint)
            assert_string_equal(msgs.v[0].hint, table[i].hint);
        conf_free(c);
        conf_messages_release(&msgs);
    }
}

static void lines_comments_and_quotes(void **state)
{
    struct conf_messages msgs = {0};
    const char *value;
    struct conf *c =
        must_load("# comment\r\nclustername = Upper # trailing\r\nSlurmctldHost=a(1.2.3.4)\nSlurmctldHost=b\n"
                  "SchedulerParameters=bf_interval=30,\\\ndefer\n"
                  "MailDomain=a\\#b\nInteractiveStepOptions=\"--pty bash\"\nKillWait=0x10\nSuspendTime=-1\n"
                  "SlurmctldPort=6817-6820\nPrivateData=jobs,nodes\n",
                  NULL, &msgs);
    uint32_t n;
    uint16_t first, last;
    assert_int_equal(msgs.n, 0);
    assert_string_equal(conf_str(c, CONF_CLUSTER_NAME), "upper");
    assert_string_equal(conf_hosts(c, &n)[0].addr, "1.2.3.4");
    assert_int_equal(n, 2);
    assert_true(conf_has_param(c, CONF_SCHEDULER_PARAMETERS, "bf_interval", &value));
    assert_string_equal(value, "30");
    assert_true(conf_has_param(c, CONF_SCHEDULER_PARAMETERS, "DEFER", NULL));
    assert_false(conf_has_param(c, CONF_SCHEDULER_PARAMETERS, "bf_inter", NULL));
    assert_int_equal(conf_param_u32(c, CONF_SCHEDULER_PARAMETERS, "bf_interval", 1), 30);
    assert_int_equal(conf_param_u32(c, CONF_SCHEDULER_PARAMETERS, "bf_window", 1440), 1440);
    assert_string_equal(conf_str(c, CONF_MAIL_DOMAIN), "a#b");
    assert_string_equal(conf_str(c, CONF_INTERACTIVE_STEP_OPTIONS), "--pty bash");
    assert_int_equal(conf_u32(c, CONF_KILL_WAIT), 16);
    assert_int_equal(conf_u32(c, CONF_SUSPEND_TIME), INFINITE);
    conf_ports(c, CONF_SLURMCTLD_PORT, &first, &last);
    assert_int_equal(first, 6817);
    assert_int_equal(last, 6820);
    assert_int_equal(conf_u64(c, CONF_PRIVATE_DATA), 3);
    assert_true(conf_given(c, CONF_KILL_WAIT));
    assert_false(conf_given(c, CONF_WAIT_TIME));
    assert_int_equal(conf_u32(c, CONF_PRIORITY_CALC_PERIOD), 5);
    conf_free(c);
    conf_messages_release(&msgs);
}

static void old_spellings(void **state)
{
    struct conf_messages msgs = {0};
    struct conf *c =
        must_load("ClusterName=x\nControlMachine=head\nControlAddr=10.0.0.1\nBackupController=b\n"
                  "FastSchedule=1\nCacheGroups=0\nCryptoType=crypto/munge\nSelectType=select/cons_res\n" NODE
                  "PartitionName=p Nodes=n1 Shared=FORCE:4\n",
                  NULL, &msgs);
    uint32_t n;
    const struct conf_host *h = conf_hosts(c, &n);
    assert_int_equal(n, 2);
    assert_string_equal(h[0].name, "head");
    assert_string_equal(h[0].addr, "10.0.0.1");
    assert_string_equal(h[1].name, "b");
    assert_string_equal(conf_str(c, CONF_CRED_TYPE), "cred/munge");
    assert_true(conf_plugin(c, CONF_SELECT_TYPE, "cons_tres"));
    assert_int_equal(conf_part(c, "p")->max_share, 4);
    assert_true(conf_part(c, "p")->share_force);
    assert_int_equal(msgs.errors, 0);
    assert_int_equal(msgs.warnings, 8);
    conf_free(c);
    conf_messages_release(&msgs);
}

static void several_daemons_on_a_host(void **state)
{
    struct conf_messages msgs = {0};
    struct conf *c =
        must_load(CONF_HEAD "NodeName=n[1-3] NodeHostname=head Port=[17001-17003] NodeAddr=127.0.0.1\n"
                            "NodeName=m1 NodeHostname=other State=CLOUD\nNodeName=m2 State=FUTURE\n"
                            "DownNodes=n2 State=DRAIN Reason=\"bad fan\"\n"
                            "NodeSet=some Nodes=n[1-2]\nPartitionName=p Nodes=some,m1\n",
                  NULL, &msgs);
    assert_int_equal(conf_node(c, "n3")->port, 17003);
    assert_string_equal(conf_node(c, "n3")->addr, "127.0.0.1");
    assert_null(conf_node_by_host(c, "head"));
    assert_string_equal(conf_node_by_host(c, "other")->name, "m1");
    assert_true(conf_node(c, "m1")->flags & NODEF_CLOUD);
    assert_int_equal(conf_node(c, "m2")->state, NODE_FUTURE);
    assert_true(conf_node(c, "n2")->flags & NODEF_DRAIN);
    assert_string_equal(conf_node(c, "n2")->reason, "bad fan");
    assert_int_equal(conf_part(c, "p")->total_nodes, 3);
    conf_free(c);
    conf_messages_release(&msgs);
}

static void gres_lines_for_some_nodes(void **state)
{
    struct conf_messages msgs = {0};
    struct conf *c =
        must_load(CONF_HEAD "GresTypes=gpu,fpga\nNodeName=n[1-2] Gres=gpu:a:2,gpu:b:1,fpga:1K,nosuch:1\n"
                            "PartitionName=p Nodes=ALL\n",
                  "AutoDetect=nvml\nNodeName=n2 AutoDetect=off\n"
                  "NodeName=n1 Name=gpu Type=a File=/dev/nvidia[0-1] Cores=0-1\n"
                  "NodeName=n2 Name=gpu Type=a File=/dev/nvidia0 Cores=0\n"
                  "NodeName=n2 Name=gpu Type=a File=/dev/nvidia1 Cores=1 Links=1,0\n"
                  "Name=gpu Type=b MultipleFiles=/dev/b[0-1]\n",
                  &msgs);
    const struct node *n1 = conf_node(c, "n1"), *n2 = conf_node(c, "n2");
    assert_int_equal(n1->gres.n, 3);
    assert_int_equal(n1->gres.v[2].count, 1024);
    assert_int_equal(n1->gres.v[0].files.n, 2);
    assert_string_equal(n2->gres.v[0].files.v[1], "/dev/nvidia1");
    assert_string_equal(n2->gres.v[0].cores.v[1], "1");
    assert_int_equal(n1->gres.v[1].files.n, 1);
    assert_string_equal(n1->gres.v[1].files.v[0], "/dev/b0,/dev/b1");
    assert_string_equal(conf_gres_autodetect(c, "n1"), "nvml");
    assert_null(conf_gres_autodetect(c, "n2"));
    assert_string_equal(msgs.v[0].text, "Invalid GRES configured on node n1: nosuch:1");
    conf_free(c);
    conf_messages_release(&msgs);
}

static void bad_gres_conf(void **state)
{
    struct conf_messages msgs = {0};
    struct err e;
    assert_null(load_texts(CONF_HEAD NODE PART, "Nosuch=1\n", CONF_WANT_ALL, &msgs, &e));
    assert_string_equal(e.text, "error opening/reading /etc/slurm/gres.conf");
    conf_messages_release(&msgs);
}

/* A node without files of its own reads what its controller read. */
static void files_go_to_configless_nodes(void **state)
{
    struct conf_file files[] = {{(char *)"slurm.conf", (char *)CONF_HEAD "Include parts.d/*.conf\n" NODE},
                                {(char *)"parts.d/a.conf", (char *)PART},
                                {(char *)"parts.d/b.txt", (char *)"Nosuch=1\n"},
                                {(char *)"cgroup.conf", (char *)"ConstrainCores=yes\n"}};
    struct conf_file_list list = {files, 4, "/etc/slurm/"};
    struct conf_source source = conf_list_source(&list);
    struct conf_messages msgs = {0};
    struct err e = {0};
    struct conf *c = conf_load(&source, "/etc/slurm/slurm.conf", CONF_WANT_ALL, &msgs, &e);
    if (!c)
        fail_msg("%s", e.text);
    assert_true(conf_bool(c, CONF_CG_CONSTRAIN_CORES));
    assert_int_equal(conf_files(c).n, 3);
    struct conf_file_list sent = conf_files(c);
    sent.dir = "/run/slurm/conf/";
    struct conf_source other = conf_list_source(&sent);
    struct conf *d = conf_load(&other, "/run/slurm/conf/slurm.conf", CONF_WANT_ALL, &msgs, &e);
    if (!d)
        fail_msg("%s", e.text);
    assert_int_equal(conf_hash(c), conf_hash(d));
    assert_non_null(conf_part(d, "p"));
    conf_free(d);
    conf_free(c);
    conf_messages_release(&msgs);
}

static void plugin_stack(void **state)
{
    struct conf_file files[] = {
        {(char *)"plugstack.conf", (char *)"# c\nrequired a.so x=1 \"two words\"\ninclude d/*.conf\n"},
        {(char *)"d/b.conf", (char *)"optional /b.so\n"},
        {(char *)"bad.conf", (char *)"perhaps c.so\n"}};
    struct conf_file_list list = {files, 3, "/etc/slurm/"};
    struct conf_source source = conf_list_source(&list);
    struct conf_messages msgs = {0};
    struct plugstack stack;
    struct err e;
    assert_int_equal(plugstack_load(&source, "/etc/slurm/plugstack.conf", &stack, &msgs, &e), 0);
    assert_int_equal(stack.n, 2);
    assert_true(stack.v[0].required);
    assert_string_equal(stack.v[0].args.v[1], "two words");
    assert_string_equal(stack.v[1].path, "/b.so");
    plugstack_release(&stack);
    assert_int_equal(plugstack_load(&source, "/etc/slurm/none.conf", &stack, &msgs, &e), 0);
    assert_int_equal(stack.n, 0);
    assert_true(plugstack_load(&source, "/etc/slurm/bad.conf", &stack, &msgs, &e) < 0);
    conf_messages_release(&msgs);
}

/* Texts made of pieces that mean something here, in any order. */
static void random_texts(void **state)
{
    static const char *const pieces[] = {"NodeName=",  "n[1-3]",    "PartitionName=",
                                         "Nodes=",     "ALL",       "=",
                                         "\n",         "\\",        "\\\n",
                                         "\"",         "#",         " ",
                                         "Gres=gpu:2", "KillWait=", "Include ",
                                         "slurm.conf", "CPUs=",     "99999999999999999999",
                                         "[",          "]",         "-1",
                                         "NodeSet=",   "Feature=",  "DEFAULT",
                                         "Port=",      "7000-7001", "State=",
                                         "DownNodes=", ","};
    uint64_t seed = 7;
    for (int i = 0; i < 3000; i++) {
        struct buf text = BUF_INIT;
        struct conf_messages msgs = {0};
        struct err e;
        buf_adds(&text, CONF_HEAD);
        for (uint64_t k = rand_below(&seed, 30); k; k--)
            buf_adds(&text, pieces[rand_below(&seed, sizeof pieces / sizeof *pieces)]);
        conf_free(load_texts(text.s, text.s, CONF_WANT_ALL | CONF_WANT_DAEMON, &msgs, &e));
        conf_messages_release(&msgs);
        buf_release(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_known_configuration_loads),
        cmocka_unit_test(lambda_cluster),
        cmocka_unit_test(shapes),
        cmocka_unit_test(refusals),
        cmocka_unit_test(lines_comments_and_quotes),
        cmocka_unit_test(old_spellings),
        cmocka_unit_test(several_daemons_on_a_host),
        cmocka_unit_test(gres_lines_for_some_nodes),
        cmocka_unit_test(bad_gres_conf),
        cmocka_unit_test(files_go_to_configless_nodes),
        cmocka_unit_test(plugin_stack),
        cmocka_unit_test(random_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
