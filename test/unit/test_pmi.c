/* SPDX-License-Identifier: Apache-2.0 */
/* PMI-1 and PMI-2 as the tasks of a node see them: dialogues, fences over two nodes, random bytes. */
#include "unit.h"

#include "base/mem.h"
#include "nodecore/pmi.h"

/* A step whose task i runs on node[i]. */
static struct step *step_of(const uint32_t *node, uint32_t tasks, uint32_t nodes)
{
    struct step *step = meta_new(&record_step);
    step->ntasks = tasks;
    for (uint32_t n = 0; n < nodes; n++) {
        struct step_node *where = meta_recs_push(&record_step_node, &step->layout);
        for (uint32_t i = 0; i < tasks; i++)
            if (node[i] == n)
                meta_u32s_push(&where->tasks, i);
    }
    return step;
}

static void test_mapping(void **state)
{
    static const struct {
        uint32_t node[8], tasks, nodes;
        const char *text;
    } rows[] = {
        {{0}, 1, 1, "(vector,(0,1,1))"},
        {{0, 0, 1, 1}, 4, 2, "(vector,(0,2,2))"},
        {{0, 1, 0, 1}, 4, 2, "(vector,(0,2,1),(0,2,1))"},
        {{0, 0, 0, 1}, 4, 2, "(vector,(0,1,3),(1,1,1))"},
        {{0, 1, 0, 1, 1}, 5, 2, "(vector,(0,2,1),(0,1,1),(1,1,2))"},
        {{1, 1, 0}, 3, 2, "(vector,(1,1,2),(0,1,1))"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct step *step = step_of(rows[i].node, rows[i].tasks, rows[i].nodes);
        struct buf text = BUF_INIT;
        pmi_mapping(step, &text);
        assert_string_equal(text.s, rows[i].text);
        buf_release(&text);
        meta_free(&record_step, step);
    }
}

/* Says something and compares what was answered so far. */
static void say(struct pmi *p, uint32_t client, const char *text, const char *answer)
{
    struct err e;
    assert_int_equal(pmi_feed(p, client, text, strlen(text), &e), 0);
    assert_string_equal(p->clients[client].out.s, answer);
    buf_clear(&p->clients[client].out);
}

static void say2(struct pmi *p, uint32_t client, const char *text, const char *answer)
{
    char *request = buf_format("%-6zu%s", strlen(text), text);
    char *expected = *answer ? buf_format("%-6zu%s", strlen(answer), answer) : buf_format("%s", "");
    say(p, client, request, expected);
    mem_free(request);
    mem_free(expected);
}

static void test_pmi_1(void **state)
{
    struct step *step = step_of((uint32_t[]){0, 0}, 2, 1);
    struct pmi p;
    pmi_init(&p, "7.0", step, 0);
    say(&p, 0, "cmd=init pmi_version=1 pmi_subversion=1\n",
        "cmd=response_to_init rc=0 pmi_version=1 pmi_subversion=1\n");
    say(&p, 1, "cmd=init pmi_version=1 pmi_subv", "");
    say(&p, 1, "ersion=1\ncmd=get_my_kvsname\n",
        "cmd=response_to_init rc=0 pmi_version=1 pmi_subversion=1\ncmd=my_kvsname rc=0 kvsname=7.0\n");
    say(&p, 0, "cmd=get_maxes\n", "cmd=maxes rc=0 kvsname_max=256 keylen_max=64 vallen_max=1024\n");
    say(&p, 0, "cmd=get_universe_size\n", "cmd=universe_size rc=0 size=2\n");
    say(&p, 0, "cmd=get kvsname=7.0 key=PMI_process_mapping\n",
        "cmd=get_result rc=0 msg=success value=(vector,(0,1,2))\n");
    say(&p, 0, "cmd=put kvsname=7.0 key=a value=b=c\n", "cmd=put_result rc=0 msg=success\n");
    say(&p, 0, "cmd=put kvsname=7.0 key=a\n", "cmd=put_result rc=-1 msg=bad_key_or_value\n");
    say(&p, 0, "cmd=get key=a\n", "cmd=get_result rc=-1 msg=key_not_found value=unknown\n");
    say(&p, 0, "cmd=barrier_in\n", "");
    assert_false(p.fence_wanted);
    say(&p, 1, "cmd=barrier_in\n", "");
    assert_true(p.fence_wanted);
    pmi_fence_done(&p, &(struct pmi_fence){.keys = p.put.keys, .values = p.put.values});
    say(&p, 0, "", "cmd=barrier_out rc=0\n");
    say(&p, 1, "cmd=get key=a\n", "cmd=barrier_out rc=0\ncmd=get_result rc=0 msg=success value=b=c\n");
    say(&p, 1, "mcmd=spawn\nnprocs=1\nexecname=x\nendcmd\n", "cmd=spawn_result rc=-1 status=not_supported\n");
    say(&p, 1, "cmd=getbyidx kvsname=7.0 idx=1\n", "cmd=getbyidx_results rc=0 nextidx=2 key=a val=b=c\n");
    say(&p, 1, "cmd=finalize\n", "cmd=finalize_ack rc=0\n");
    say(&p, 0, "cmd=abort exitcode=3 msg=no\n", "");
    assert_string_equal(p.abort_text, "task 0 called abort: no");
    pmi_release(&p);
    meta_free(&record_step, step);
}

static void hello_2(struct pmi *p, uint32_t client)
{
    say(p, client, "cmd=init pmi_version=2 pmi_subversion=0\n",
        "cmd=response_to_init rc=0 pmi_version=2 pmi_subversion=0\n");
}

static void test_pmi_2(void **state)
{
    struct step *step = step_of((uint32_t[]){0, 1, 1}, 3, 2);
    struct pmi p;
    pmi_init(&p, "7.0", step, 1);
    hello_2(&p, 0);
    hello_2(&p, 1);
    say2(&p, 1, "cmd=fullinit;pmijobid=7.0;pmirank=2;thrid=9;",
         "cmd=fullinit-response;rc=0;thrid=9;pmi-version=2;pmi-subversion=0;rank=2;size=3;appnum=-1;"
         "debugged=FALSE;pmiverbose=FALSE;");
    say2(&p, 0, "cmd=job-getid;", "cmd=job-getid-response;rc=0;jobid=7.0;");
    say2(&p, 0, "cmd=info-getjobattr;key=universeSize;",
         "cmd=info-getjobattr-response;rc=0;found=TRUE;value=3;");
    say2(&p, 0, "cmd=info-getnodeattr;key=n;wait=FALSE;", "cmd=info-getnodeattr-response;rc=0;found=FALSE;");
    say2(&p, 0, "cmd=info-getnodeattr;key=n;wait=TRUE;", "");
    say2(&p, 1, "cmd=info-putnodeattr;key=n;value=v;;1;", "cmd=info-putnodeattr-response;rc=0;");
    say2(&p, 1, "cmd=kvs-put;key=k;value=a;;b;", "cmd=kvs-put-response;rc=0;");
    assert_string_equal(p.clients[0].out.s,
                        "57    cmd=info-getnodeattr-response;rc=0;found=TRUE;value=v;;1;");
    buf_clear(&p.clients[0].out);
    say2(&p, 0, "cmd=spawn;ncmds=1;", "cmd=spawn-response;rc=1;errmsg=not supported;");
    say2(&p, 0, "cmd=kvs-fence;thrid=4;", "");
    say2(&p, 1, "cmd=kvs-fence;", "");
    assert_true(p.fence_wanted);

    char *keys[] = {(char *)"k", (char *)"other"}, *values[] = {(char *)"a;b", (char *)"x"};
    struct pmi_fence all = {.keys = {.v = keys, .n = 2}, .values = {.v = values, .n = 2}};
    pmi_fence_done(&p, &all);
    assert_string_equal(p.clients[0].out.s, "36    cmd=kvs-fence-response;rc=0;thrid=4;");
    assert_string_equal(p.clients[1].out.s, "28    cmd=kvs-fence-response;rc=0;");
    buf_clear(&p.clients[0].out);
    buf_clear(&p.clients[1].out);
    say2(&p, 1, "cmd=kvs-get;jobid=7.0;srcid=-1;key=k;", "cmd=kvs-get-response;rc=0;found=TRUE;value=a;;b;");
    say2(&p, 1, "cmd=kvs-get;key=none;", "cmd=kvs-get-response;rc=0;found=FALSE;");
    say2(&p, 1, "cmd=finalize;", "cmd=finalize-response;rc=0;");
    pmi_release(&p);
    meta_free(&record_step, step);
}

static void test_what_is_not_pmi(void **state)
{
    static const char *const rows[] = {"rubbish\n",
                                       "cmd=put key=a value=b\n",
                                       "cmd=init pmi_version=1\ncmd=what\n",
                                       "cmd=init pmi_version=2\nxxxxxxcmd=",
                                       "cmd=init pmi_version=2\n999999x",
                                       "cmd=init pmi_version=2\n     0x"};
    struct step *step = step_of((uint32_t[]){0}, 1, 1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct pmi p;
        struct err e;
        pmi_init(&p, "7.0", step, 0);
        assert_true(pmi_feed(&p, 0, rows[i], strlen(rows[i]), &e) < 0);
        assert_int_equal(strncmp(e.text, "PMI: ", 5), 0);
        pmi_release(&p);
    }
    meta_free(&record_step, step);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mapping),
        cmocka_unit_test(test_pmi_1),
        cmocka_unit_test(test_pmi_2),
        cmocka_unit_test(test_what_is_not_pmi),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
