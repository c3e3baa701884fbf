/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration of a private cluster: from nothing, and from others'. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "cli/upconf.h"
#include "cli/uphost.h"
#include "cli/uptext.h"
#include "conf/conf.h"
#include "model.h"
#include "os/conf_source.h"

static struct up_folder folder;
static char place[] = "/tmp/sluice-up-XXXXXX";

static int set_up(void **state)
{
    struct err e;

    if (!mkdtemp(place) || up_folder_name(&folder, place, &e) < 0)
        return -1;
    return up_folder_make(&folder, &e);
}

static int tear_down(void **state)
{
    static const char *const files[] = {"etc/slurm.conf", "etc/cgroup.conf", "etc/gres.conf",
                                        "given/slurm.conf", "given/more.conf"};
    static const char *const folders[] = {"etc", "state", "spool", "log", "run", "given", ""};
    int rc = 0;

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char *path = buf_format("%s/%s", place, files[i]);
        unlink(path);
        mem_free(path);
    }
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        char *path = buf_format("%s/%s", place, folders[i]);
        rc = rmdir(path);
        mem_free(path);
    }
    return rc;
}

static struct conf *load(void)
{
    struct conf_source source = conf_file_source();
    struct conf_messages msgs = {0};
    struct buf text = BUF_INIT;
    struct err e;
    struct conf *c = conf_load(&source, folder.conf, CONF_WANT_ALL, &msgs, &e);

    for (uint32_t i = 0; i < msgs.n && !c; i++)
        conf_message_text(&msgs.v[i], &text);
    if (!c)
        fail_msg("%s: %s", e.text, text.s);
    buf_release(&text);
    conf_messages_release(&msgs);
    return c;
}

static char *text_of(const char *path)
{
    struct conf_source source = conf_file_source();
    char *text = NULL;
    struct err e;

    assert_int_equal(source.read(source.ctx, path, &text, &e), 0);
    return text;
}

static void test_from_nothing(void **state)
{
    struct err e;
    uint32_t n;

    assert_int_equal(up_conf_new(&folder, 3, 2, &e), 0);
    struct conf *c = load();
    const struct node *nodes = conf_nodes(c, &n);
    assert_int_equal(n, 3);
    assert_string_equal(nodes[2].name, "n3");
    assert_int_equal(nodes[2].cpus, 2);
    assert_int_equal(nodes[2].port, conf_u32(c, CONF_SLURMCTLD_PORT) + 3);
    assert_string_equal(nodes[2].addr, "127.0.0.1");
    assert_string_equal(conf_str(c, CONF_SLURM_USER), up_host_user());
    conf_free(c);
}

/* The mission's files as they are. */
static void test_lambda(void **state)
{
    struct err e = {0};
    uint32_t n;

    if (up_conf_derive(&folder, TEST_DATA "/lambda/slurm.conf", &e) < 0)
        fail_msg("%s", e.text);
    struct conf *c = load();
    const struct node *nodes = conf_nodes(c, &n);
    assert_int_equal(n, 32);
    assert_string_equal(nodes[31].name, "lambda-gpu-032");
    assert_true(text_starts(nodes[16].addr, "127."));
    assert_true(text_ends(nodes[16].addr, ".0.17"));
    assert_string_equal(nodes[16].hostname, "lambda-gpu-017");
    assert_int_equal(nodes[0].cpus, 64);
    assert_true(conf_plugin(c, CONF_PROCTRACK_TYPE, "linuxproc"));
    assert_true(conf_plugin(c, CONF_ACCOUNTING_STORAGE_TYPE, "none"));
    assert_true(conf_has_param(c, CONF_SLURMD_PARAMETERS, "config_overrides", NULL));
    assert_string_equal(conf_str(c, CONF_CLUSTER_NAME), "lambda-cluster");
    conf_free(c);

    /* Every line of the original is there: as it was, or after "Was: ". */
    char *text = text_of(folder.conf), *given = text_of(TEST_DATA "/lambda/slurm.conf");
    for (char *line = given, *end; (end = strchr(line, '\n')); line = end + 1) {
        *end = '\0';
        assert_non_null(strstr(text, line));
    }
    mem_free(text);
    mem_free(given);
}

static void write_given(const char *name, const char *text)
{
    struct err e;
    char *dir = buf_format("%s/given", place), *path = buf_format("%s/%s", dir, name);

    mkdir(dir, 0755);
    assert_int_equal(up_write(path, text, 0644, &e), 0);
    mem_free(dir);
    mem_free(path);
}

/* Old spellings, continued lines, Include, programs that are not here, many nodes. */
static void test_changes(void **state)
{
    struct err e = {0};
    uint32_t n;
    char *given = buf_format("%s/given/slurm.conf", place);

    write_given("slurm.conf",
                "# a site\nClusterName=site\nControlMachine=far\nControlAddr=10.0.0.1\n"
                "BackupController=farther\nInclude more.conf\nslurmuser=nobody-here-by-that-name\n"
                "Prolog=/nowhere/prolog  # ours\nTaskPlugin=task/affinity,task/cgroup\nauthtype=auth/none\n"
                "NodeName=DEFAULT CPUs=4 \\\n  RealMemory=1000 # each\n"
                "NodeName=a[1-600] NodeAddr=10.1.0.[1-200],10.1.1.[1-200],10.1.2.[1-200]\n"
                "NodeName=b1 Port=7000\n# the end\n");
    write_given("more.conf", "# more\nPartitionName=p Nodes=ALL Default=YES\nNodeSet=s Nodes=b1\n");
    if (up_conf_derive(&folder, given, &e) < 0)
        fail_msg("%s", e.text);
    struct conf *c = load();
    const struct node *nodes = conf_nodes(c, &n);
    assert_int_equal(n, 601);
    assert_true(text_ends(nodes[249].addr, ".0.250"));
    assert_true(text_ends(nodes[250].addr, ".1.1"));
    assert_true(text_ends(nodes[600].addr, ".2.101"));
    assert_int_equal(nodes[600].port, 7000);
    assert_int_equal(nodes[0].cpus, 4);
    (void)conf_hosts(c, &n);
    assert_int_equal(n, 1);
    assert_null(conf_str(c, CONF_PROLOG));
    assert_string_equal(conf_str(c, CONF_CLUSTER_NAME), "site");
    assert_non_null(conf_part(c, "p"));
    conf_free(c);

    char *text = text_of(folder.conf);
    assert_non_null(strstr(text, "# a site\n"));
    assert_non_null(strstr(text, "# the end\n"));
    assert_non_null(strstr(text, "# sluice up: this program is not here. Was: Prolog=/nowhere/prolog\n"));
    assert_non_null(strstr(text, "NodeName=DEFAULT CPUs=4 \\\n  RealMemory=1000 # each\n"));
    assert_null(strstr(text, "\nInclude"));
    mem_free(text);
    mem_free(given);
}

static void test_refusals(void **state)
{
    struct up_folder f;
    struct err e = {0};
    char name[200];

    assert_true(up_conf_derive(&folder, "/nowhere/slurm.conf", &e) < 0);
    assert_string_equal(e.text, "/nowhere/slurm.conf: no such file");
    memset(name, 'x', sizeof name);
    name[0] = '/';
    name[sizeof name - 1] = '\0';
    assert_true(up_folder_name(&f, name, &e) < 0);
    assert_true(up_folder_name(&f, "/tmp/with space", &e) < 0);
    write_given("slurm.conf", "Include slurm.conf\n");
    char *given = buf_format("%s/given/slurm.conf", place);
    assert_true(up_conf_derive(&folder, given, &e) < 0);
    assert_non_null(strstr(e.text, "Include goes deeper than"));
    mem_free(given);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_from_nothing),
        cmocka_unit_test(test_lambda),
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
