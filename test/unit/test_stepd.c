/* SPDX-License-Identifier: Apache-2.0 */
/* slurmstepd from outside: launch records in, files and node_reports out. Its path is the first argument. */
#include "unit.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "model.h"
#include "port/frame.h"
#include "nodecore/spool.h"
#include "nodecore/stepid.h"

enum { WAIT_MS = 60000 };
static const char *stepd_path;
static char dir[] = "/tmp/test_stepd.XXXXXX";

/* --- launch records
 * ------------------------------------------------------------------------------------------ */

static char *in_dir(const char *name)
{
    return buf_format("%s/%s", dir, name);
}

static void put_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0755);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static char *get_file(const char *path)
{
    struct buf b = BUF_INIT;
    char chunk[4096];
    ssize_t got;
    int fd = open(path, O_RDONLY);

    if (fd < 0)
        return NULL;
    while ((got = read(fd, chunk, sizeof chunk)) > 0)
        buf_add(&b, chunk, (size_t)got);
    close(fd);
    return buf_take(&b);
}

static struct job *make_job(void)
{
    struct job *job = meta_new(&record_job);
    struct job_node *node;

    job->job_id = 7;
    job->uid = getuid();
    job->gid = getgid();
    job->spec = meta_new(&record_job_spec);
    job->spec->name = mem_strdup("test");
    job->spec->work_dir = mem_strdup(dir);
    job->nodes = mem_strdup("n1");
    job->partition = mem_strdup("debug");
    job->ntasks = 1;
    job->start_time = 1000;
    job->end_time = 2000;
    node = meta_recs_push(&record_job_node, &job->alloc);
    node->cpus = 2;
    node->tasks = 1;
    return job;
}

static struct step_launch *make_launch(uint32_t step_id)
{
    struct step_launch *l = meta_new(&record_step_launch);

    l->node_name = mem_strdup("n1");
    l->host_name = mem_strdup("host1");
    l->spool_dir = mem_strdup(dir);
    l->conf_path = mem_strdup("/etc/slurm/slurm.conf");
    l->cred = meta_new(&record_credential);
    l->cred->cluster = mem_strdup("test");
    l->cred->job_id = 7;
    l->cred->step_id = step_id;
    l->cred->uid = getuid();
    l->cred->gid = getgid();
    l->cred->user_name = mem_strdup("tester");
    l->share = meta_new(&record_cred_node);
    l->share->name = mem_strdup("n1");
    l->share->cpus = 2;
    return l;
}

static struct step_launch *make_batch(const char *script)
{
    struct step_launch *l = make_launch(STEP_ID_BATCH);

    l->script = in_dir("script");
    put_file(l->script, script);
    l->batch = meta_new(&record_launch_batch);
    l->batch->job = make_job();
    l->batch->payload = meta_new(&record_payload);
    meta_strs_push(&l->batch->payload->argv, "script");
    meta_strs_push(&l->batch->payload->env, "PATH=/usr/bin:/bin");
    return l;
}

static pid_t start(const struct step_launch *l, int srun_fd)
{
    struct buf b = BUF_INIT;
    int fd = memfd_create("launch", 0);
    pid_t pid;

    meta_encode(&record_step_launch, l, &b);
    assert_int_equal(write(fd, b.s, b.len), (ssize_t)b.len);
    lseek(fd, 0, SEEK_SET);
    buf_release(&b);
    pid = fork();
    if (pid == 0) {
        if (srun_fd >= 0)
            srun_fd = fcntl(srun_fd, F_DUPFD, 10);
        dup2(fd, 3);
        if (srun_fd >= 0)
            dup2(srun_fd, 4);
        execl(stepd_path, "slurmstepd: [7.test]", NULL);
        _exit(127);
    }
    close(fd);
    return pid;
}

static struct node_report *report_of(uint32_t step_id)
{
    struct node_report *r = mem_alloc(sizeof *r);
    struct buf path = BUF_INIT;
    struct stat st;
    char *text;
    struct err e;

    spool_report_path(dir, 7, step_id, 0, &path);
    text = get_file(path.s);
    assert_non_null(text);
    assert_int_equal(stat(path.s, &st), 0);
    assert_int_equal(meta_decode(&record_node_report, r, text, (size_t)st.st_size, &e), 0);
    unlink(path.s);
    mem_free(text);
    buf_release(&path);
    return r;
}

static uint32_t run_batch(struct step_launch *l)
{
    struct node_report *r;
    uint32_t status;
    int wait_status;
    pid_t pid = start(l, -1);

    assert_int_equal(waitpid(pid, &wait_status, 0), pid);
    assert_int_equal(wait_status, 0);
    r = report_of(STEP_ID_BATCH);
    assert_int_equal(r->job_id, 7);
    status = r->exit_code;
    meta_free(&record_node_report, r);
    meta_free(&record_step_launch, l);
    return status;
}

static void assert_file(const char *name, const char *want)
{
    char *path = in_dir(name), *text = get_file(path);

    assert_non_null(text);
    assert_string_equal(text, want);
    unlink(path);
    mem_free(path);
    mem_free(text);
}

static void assert_file_has(const char *name, const char *want)
{
    char *path = in_dir(name), *text = get_file(path);

    assert_non_null(text);
    if (!strstr(text, want))
        fail_msg("'%s' is not in %s: %s", want, name, text);
    mem_free(path);
    mem_free(text);
}

/* --- batch
 * --------------------------------------------------------------------------------------------------- */

static void test_batch_output_and_status(void **state)
{
    struct step_launch *l =
        make_batch("#!/bin/sh\necho out $1 $SLURM_JOB_ID $SLURM_STEP_ID $PWD; echo err >&2; exit 3\n");
    char *want = buf_format("out a 7 -5 %s\nerr\n", dir);

    meta_strs_push(&l->batch->payload->argv, "a");
    assert_int_equal(run_batch(l), 3 << 8);
    assert_file("slurm-7.out", want);
    mem_free(want);
}

/* With PropagatePrioProcess the environment, which is the user's own, says how nice a task is. */
static void test_users_cannot_ask_to_be_less_nice(void **state)
{
    struct step_launch *l;

    if (geteuid() != 0)
        skip();
    l = make_batch("");
    l->cred->uid = l->cred->gid = 65534;
    l->prio_process = 1;
    mem_set_str(&l->script, "/bin/sh");
    mem_set_str(&l->batch->job->spec->work_dir, "/");
    mem_set_str(&l->batch->job->spec->std_out, "/dev/null");
    meta_strs_push(&l->batch->payload->argv, "-c");
    meta_strs_push(&l->batch->payload->argv, "exit $(nice)");
    meta_strs_push(&l->batch->payload->env, "SLURM_PRIO_PROCESS=-7");
    assert_int_equal(run_batch(l), 0);
}

static void test_batch_signal_status(void **state)
{
    assert_int_equal(run_batch(make_batch("#!/bin/sh\nkill -USR1 $$\n")), SIGUSR1);
}

static void test_batch_folder_of_output_is_made(void **state)
{
    struct step_launch *l = make_batch("#!/bin/sh\necho hi\n");

    l->batch->job->spec->std_out = mem_strdup("a/b/o-%4j.txt");
    assert_int_equal(run_batch(l), 0);
    assert_file("a/b/o-0007.txt", "hi\n");
}

static void test_batch_input_that_is_missing(void **state)
{
    struct step_launch *l = make_batch("#!/bin/sh\necho hi\n");

    l->batch->job->spec->std_in = mem_strdup("nofile");
    assert_int_equal(run_batch(l), 53);
}

static void test_batch_bad_interpreter(void **state)
{
    assert_int_equal(run_batch(make_batch("#!/nosuch/interp\n")), 2 << 8);
    assert_file_has("slurm-7.out",
                    "error: execve(): bad interpreter(/nosuch/interp): No such file or directory");
}

static void test_batch_work_dir_is_gone(void **state)
{
    struct step_launch *l = make_batch("#!/bin/sh\npwd\n");

    mem_set_str(&l->batch->job->spec->work_dir, "/nonono");
    l->batch->job->spec->std_out = in_dir("gone.out");
    assert_int_equal(run_batch(l), 0);
    assert_file_has("gone.out",
                    "error: couldn't chdir to `/nonono': No such file or directory: going to /tmp instead");
    assert_file_has("gone.out", "\n/tmp\n");
}

static void test_batch_leaves_nothing_running(void **state)
{
    char *pid_file;
    char *text;

    assert_int_equal(run_batch(make_batch("#!/bin/sh\nsetsid sleep 1000 & echo $! > left; sleep 0.05\n")), 0);
    pid_file = in_dir("left");
    text = get_file(pid_file);
    assert_non_null(text);
    assert_int_equal(kill((pid_t)strtol(text, NULL, 10), 0), -1);
    mem_free(text);
    mem_free(pid_file);
}

/* --- orders
 * -------------------------------------------------------------------------------------------------- */

static int connect_to(uint32_t step_id)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    struct buf path = BUF_INIT;
    int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

    spool_socket_path(dir, "n1", 7, step_id, &path);
    assert_true(buf_print(addr.sun_path, sizeof addr.sun_path, "%s", path.s));
    buf_release(&path);
    for (int i = 0; i < WAIT_MS / 10; i++) {
        if (connect(fd, (struct sockaddr *)&addr, sizeof addr) == 0)
            return fd;
        poll(NULL, 0, 10);
    }
    fail_msg("slurmstepd does not listen");
    return -1;
}

static void send_order(int fd, struct step_order *o)
{
    struct buf b = BUF_INIT;

    meta_encode(&record_step_order, o, &b);
    assert_int_equal(send(fd, b.s, b.len, 0), (ssize_t)b.len);
    buf_release(&b);
}

static void wait_for_text(const char *name, const char *want)
{
    char *path = in_dir(name);

    for (int i = 0; i < WAIT_MS / 10; i++) {
        char *text = get_file(path);
        bool found = text && strstr(text, want);

        mem_free(text);
        if (found) {
            mem_free(path);
            return;
        }
        poll(NULL, 0, 10);
    }
    fail_msg("'%s' does not come in %s", want, name);
}

static void test_batch_time_limit(void **state)
{
    struct step_launch *l =
        make_batch("#!/bin/sh\ntrap 'echo caught; exit 9' TERM\necho up\nsleep 100 & wait\n");
    struct step_order term = {
        .action = STEP_ORDER_SIGNAL, .signal = SIGTERM, .state = JOB_TIMEOUT, .notice = true};
    struct node_report *r;
    pid_t pid = start(l, -1);
    int fd, status;

    wait_for_text("slurm-7.out", "up");
    fd = connect_to(STEP_ID_BATCH);
    send_order(fd, &term);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    r = report_of(STEP_ID_BATCH);
    assert_int_equal(r->exit_code, 9 << 8);
    assert_file_has("slurm-7.out", "error: *** JOB 7 ON n1 CANCELLED AT ");
    assert_file_has("slurm-7.out", " DUE TO TIME LIMIT ***\n");
    assert_file_has("slurm-7.out", "caught\n");
    meta_free(&record_node_report, r);
    meta_free(&record_step_launch, l);
    close(fd);
}

static void test_status(void **state)
{
    struct step_launch *l = make_batch("#!/bin/sh\necho up\nsleep 100\n");
    struct step_order ask = {.action = STEP_ORDER_STATUS},
                      kill9 = {.action = STEP_ORDER_SIGNAL, .signal = SIGKILL};
    struct step_status st;
    struct node_report *r;
    pid_t pid = start(l, -1);
    uint8_t packet[8192];
    ssize_t got;
    int fd, status;

    wait_for_text("slurm-7.out", "up");
    fd = connect_to(STEP_ID_BATCH);
    send_order(fd, &ask);
    got = recv(fd, packet, sizeof packet, 0);
    assert_true(got > 0);
    assert_int_equal(meta_decode(&record_step_status, &st, packet, (size_t)got, NULL), 0);
    assert_int_equal(st.job_id, 7);
    assert_int_equal(st.pid, pid);
    assert_int_equal(st.phase, STEP_PHASE_RUNNING);
    assert_int_equal(st.tasks.n, 1);
    meta_release(&record_step_status, &st);
    send_order(fd, &kill9);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    r = report_of(STEP_ID_BATCH);
    assert_int_equal(r->exit_code, SIGKILL);
    meta_free(&record_node_report, r);
    meta_free(&record_step_launch, l);
    close(fd);
}

static int setup(void **state)
{
    (void)state;
    return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
    pid_t pid = fork();

    if (pid == 0) {
        execlp("rm", "rm", "-r", dir, NULL);
        _exit(1);
    }
    return waitpid(pid, NULL, 0) == pid ? 0 : -1;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_batch_output_and_status),
        cmocka_unit_test(test_batch_signal_status),
        cmocka_unit_test(test_users_cannot_ask_to_be_less_nice),
        cmocka_unit_test(test_batch_folder_of_output_is_made),
        cmocka_unit_test(test_batch_input_that_is_missing),
        cmocka_unit_test(test_batch_bad_interpreter),
        cmocka_unit_test(test_batch_work_dir_is_gone),
        cmocka_unit_test(test_batch_leaves_nothing_running),
        cmocka_unit_test(test_batch_time_limit),
        cmocka_unit_test(test_status),
    };

    if (argc < 2)
        return 77;
    stepd_path = argv[1];
    return cmocka_run_group_tests(tests, setup, teardown);
}
