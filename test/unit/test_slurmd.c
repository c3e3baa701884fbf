/* SPDX-License-Identifier: Apache-2.0 */
/* slurmd from outside: this program plays the controller. The path of slurmd is the first argument. */
#include "unit.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "client/client.h"
#include "model.h"
#include "model/message.h"
#include "nodecore/spool.h"
#include "os/auth.h"
#include "os/host.h"
#include "port/frame.h"

#define STEP_BATCH UINT32_C(0xfffffffb)

static const char *slurmd_path;
static char dir[] = "/tmp/test_slurmd.XXXXXX";
static struct auth *auth;
static int listener, link_fd = -1;
static uint64_t registration; /* token of the last one */
static uint16_t ctld_port, node_port;
static struct buf link_in = BUF_INIT;
static pid_t slurmd_pid;

enum { WAIT_MS = 60000 };

/* --- the controller's side
 * ----------------------------------------------------------------------------------- */

static int listen_any(uint16_t *ret_port)
{
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof sa;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof sa), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
    *ret_port = ntohs(sa.sin_port);
    return fd;
}

static void send_frame(uint16_t type, uint16_t flags, uint32_t seq, const struct meta_record *r,
                       const void *rec)
{
    struct buf b = BUF_INIT;

    frame_add(&b, type, flags, seq, r, rec);
    assert_int_equal(write(link_fd, b.s, b.len), (ssize_t)b.len);
    buf_release(&b);
}

/* The next frame on slurmd's connection; false after WAIT_MS. The body is in *body. */
static bool next_frame(struct frame *f, struct buf *body)
{
    for (;;) {
        struct pollfd p = {.fd = link_fd, .events = POLLIN};
        char chunk[4096];
        ssize_t got;

        if (frame_parse(link_in.s, link_in.len, FRAME_BODY_MAX, f, NULL) == 1) {
            size_t used = FRAME_HEADER + f->len;

            buf_clear(body);
            buf_add(body, f->body, f->len);
            f->body = body->s;
            memmove(link_in.s, link_in.s + used, link_in.len - used);
            buf_truncate(&link_in, link_in.len - used);
            return true;
        }
        if (poll(&p, 1, WAIT_MS) <= 0 || (got = read(link_fd, chunk, sizeof chunk)) <= 0)
            return false;
        buf_add(&link_in, chunk, (size_t)got);
    }
}

/* Accepts slurmd's connection and answers until it has registered; gives what it registered. */
static struct node_register *take_registration(void)
{
    struct pollfd p = {.fd = listener, .events = POLLIN};
    struct node_register *m = mem_alloc(sizeof *m);
    struct hello_reply hello = {.version = WIRE_VERSION, .term = 1};
    struct node_register_reply reply;
    struct buf body = BUF_INIT;
    struct auth_identity who;
    struct frame f;
    struct hello h;
    struct err e;

    if (link_fd >= 0)
        close(link_fd);
    buf_clear(&link_in);
    assert_int_equal(poll(&p, 1, WAIT_MS), 1);
    link_fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    assert_true(next_frame(&f, &body));
    assert_int_equal(f.type, MSG_HELLO);
    assert_int_equal(meta_decode(&record_hello, &h, f.body, f.len, &e), 0);
    assert_int_equal(auth_check_token(auth, h.auth, h.token.v, h.token.n, "slurmctld", time(NULL), &who, &e),
                     0);
    assert_int_equal(who.uid, getuid());
    meta_release(&record_hello, &h);
    send_frame(MSG_HELLO, FRAME_REPLY, f.seq, &record_hello_reply, &hello);
    assert_true(next_frame(&f, &body));
    assert_int_equal(f.type, MSG_NODE_REGISTER);
    assert_int_equal(meta_decode(&record_node_register, m, f.body, f.len, &e), 0);
    registration = m->token;
    meta_init(&record_node_register_reply, &reply);
    send_frame(MSG_NODE_REGISTER, FRAME_REPLY, f.seq, &record_node_register_reply, &reply);
    buf_release(&body);
    return m;
}

/* The next report; acknowledged unless told otherwise. */
static struct node_report *take_report(bool acknowledge)
{
    struct node_report *r = mem_alloc(sizeof *r);
    struct buf body = BUF_INIT;
    struct frame f;
    struct err e;

    assert_true(next_frame(&f, &body));
    assert_int_equal(f.type, MSG_NODE_REPORT);
    assert_int_equal(meta_decode(&record_node_report, r, f.body, f.len, &e), 0);
    if (acknowledge)
        send_frame(MSG_NODE_REPORT, FRAME_REPLY, f.seq, NULL, NULL);
    buf_release(&body);
    return r;
}

static int own_token(void *arg, const char *audience, struct buf *ret, struct err *e)
{
    struct auth_identity who = {(uint32_t)getuid(), (uint32_t)getgid()};

    (void)arg;
    return auth_make_token(auth, &who, audience, time(NULL), ret, e);
}

static struct client *to_slurmd(void)
{
    struct client_address at = {"127.0.0.1", node_port};
    struct client_settings s = {.addresses = &at, .addresses_n = 1, .audience = "n1"};
    struct client *c = client_open(&s);

    client_set_token_source(c, own_token, NULL);
    return c;
}

/* --- jobs
 * ---------------------------------------------------------------------------------------------------- */

static struct job *make_job(uint32_t job_id)
{
    struct job *job = meta_new(&record_job);

    job->job_id = job_id;
    job->uid = getuid();
    job->gid = getgid();
    job->spec = meta_new(&record_job_spec);
    job->spec->name = mem_strdup("test");
    job->spec->work_dir = mem_strdup(dir);
    job->nodes = mem_strdup("n1");
    job->ntasks = 1;
    ((struct job_node *)meta_recs_push(&record_job_node, &job->alloc))->cpus = 1;
    return job;
}

/* What the credentials of steps say of their job. */
static uint32_t job_of_step;
static uint32_t uid_of_job; /* and whose it is */

static void sign(struct meta_bytes *ret, uint32_t job_id, uint32_t step_id, const char *node)
{
    struct credential c;
    struct cred_node *n;
    struct buf b = BUF_INIT;
    struct err e;

    meta_init(&record_credential, &c);
    c.job_id = job_id;
    c.step_id = step_id;
    c.uid = uid_of_job;
    c.gid = getgid();
    c.term = 1;
    c.job = step_id == STEP_BATCH ? NULL : make_job(job_of_step);
    n = meta_recs_push(&record_cred_node, &c.nodes);
    n->name = mem_strdup(node);
    n->cpus = 1;
    meta_u32s_push(&n->tasks, 0);
    assert_int_equal(auth_sign_credential(auth, &c, time(NULL), &b, &e), 0);
    meta_bytes_set(ret, b.s, b.len);
    buf_release(&b);
    meta_release(&record_credential, &c);
}

/* The answer to the registration travels on another connection: until it is there, launches are refused. */
static int call_launch(struct client *c, const struct launch_batch *m, struct err *e)
{
    int rc;
    for (int i = 0; (rc = client_call(c, MSG_LAUNCH_BATCH, m, NULL, e)) == -ESLURM_INVALID_NODE_STATE &&
                    i < WAIT_MS / 10;
         i++)
        poll(NULL, 0, 10);
    return rc;
}

static void make_batch(struct launch_batch *m, uint32_t job_id, const char *script)
{
    meta_init(&record_launch_batch, m);
    m->job = make_job(job_id);
    m->payload = meta_new(&record_payload);
    meta_bytes_set(&m->payload->script, script, strlen(script));
    meta_strs_push(&m->payload->argv, "script");
    meta_strs_push(&m->payload->env, "PATH=/usr/bin:/bin");
    m->token = registration;
    sign(&m->credential, job_id, STEP_BATCH, "n1");
}

static int send_batch(uint32_t job_id, const char *script)
{
    struct client *c = to_slurmd();
    struct launch_batch m;
    struct err e;
    int rc;

    make_batch(&m, job_id, script);
    rc = call_launch(c, &m, &e);
    meta_release(&record_launch_batch, &m);
    client_close(c);
    return rc;
}

static void assert_text_in(const char *name, const char *want)
{
    char *path = buf_format("%s/%s", dir, name);
    char text[4096] = "";

    for (int i = 0; i < WAIT_MS / 10; i++) {
        int fd = open(path, O_RDONLY);
        ssize_t got = fd < 0 ? 0 : read(fd, text, sizeof text - 1);

        if (fd >= 0)
            close(fd);
        text[got > 0 ? got : 0] = 0;
        if (strstr(text, want)) {
            mem_free(path);
            return;
        }
        poll(NULL, 0, 10);
    }
    fail_msg("'%s' does not come in %s: %s", want, name, text);
}

/* A report may come again when slurmd died before it saw the acknowledgement: those that we had are passed
 * over. */
static bool had_before(uint32_t job_id, uint32_t step_id)
{
    static struct {
        uint32_t job_id, step_id;
    } had[64];
    static uint32_t n;

    for (uint32_t i = 0; i < n; i++)
        if (had[i].job_id == job_id && had[i].step_id == step_id)
            return true;
    assert_true(n < 64);
    had[n].job_id = job_id;
    had[n++].step_id = step_id;
    return false;
}

static void expect_report(uint32_t job_id, uint32_t step_id, uint32_t status)
{
    struct node_report *r = take_report(true);

    while (had_before(r->job_id, r->step_id)) {
        meta_free(&record_node_report, r);
        r = take_report(true);
    }
    assert_int_equal(r->job_id, job_id);
    assert_int_equal(r->step_id, step_id);
    assert_int_equal(r->exit_code, status);
    assert_string_equal(r->node_name, "n1");
    meta_free(&record_node_report, r);
}

static void start_slurmd(void)
{
    slurmd_pid = fork();
    if (slurmd_pid == 0) {
        execl(slurmd_path, "slurmd", "-D", "-N", "n1", NULL);
        _exit(127);
    }
}

static void end_slurmd(int signal)
{
    int status;

    kill(slurmd_pid, signal);
    assert_int_equal(waitpid(slurmd_pid, &status, 0), slurmd_pid);
}

/* --- tests
 * --------------------------------------------------------------------------------------------------- */

static void test_registers(void **state)
{
    struct node_register *m;

    start_slurmd();
    m = take_registration();
    assert_string_equal(m->node->name, "n1");
    assert_int_equal(m->node->cpus, 4);
    assert_int_equal(m->jobs.n, 0);
    assert_true(m->starting);
    meta_free(&record_node_register, m);
}

static void test_runs_a_batch_job(void **state)
{
    assert_int_equal(send_batch(7, "#!/bin/sh\necho hello; exit 3\n"), 0);
    expect_report(7, STEP_BATCH, 3 << 8);
    expect_report(7, NO_VAL, 0);
    assert_text_in("slurm-7.out", "hello");
    assert_text_in("epilog.log", "epilog 7 code 768");
}

static void test_refuses_credentials(void **state)
{
    struct client *c = to_slurmd();
    struct launch_batch m;
    struct err e;

    make_batch(&m, 8, "#!/bin/sh\n");
    sign(&m.credential, 8, STEP_BATCH, "n2");
    assert_true(call_launch(c, &m, &e) < 0);
    sign(&m.credential, 9, STEP_BATCH, "n1");
    assert_int_equal(call_launch(c, &m, &e), -ESLURM_INVALID_JOB_CREDENTIAL);
    sign(&m.credential, 8, STEP_BATCH, "n1");
    m.credential.v[20] ^= 1;
    assert_true(call_launch(c, &m, &e) < 0);
    uid_of_job = UINT32_MAX;
    sign(&m.credential, 8, STEP_BATCH, "n1");
    uid_of_job = getuid();
    assert_int_equal(call_launch(c, &m, &e), -ESLURM_INVALID_JOB_CREDENTIAL);
    meta_release(&record_launch_batch, &m);
    client_close(c);
}

/* Who had a script of that name, and had kept it open, could change what the next user runs. */
static void test_a_script_is_never_written_into_an_old_file(void **state)
{
    char *spool = buf_format("%s/d.n1", dir), *old;
    struct buf folder = BUF_INIT;
    int fd;

    spool_script_dir(spool, 24, &folder);
    old = buf_format("%s/slurm_script", folder.s);
    assert_int_equal(mkdir(folder.s, 0755), 0);
    fd = open(old, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(send_batch(24, "#!/bin/sh\necho new\n"), 0);
    assert_int_equal(lseek(fd, 0, SEEK_END), 0);
    close(fd);
    assert_text_in("slurm-24.out", "new");
    expect_report(24, STEP_BATCH, 0);
    mem_free(old);
    mem_free(spool);
    buf_release(&folder);
}

static void test_kills_a_job(void **state)
{
    struct kill_job k = {.job_id = 10, .step_id = NO_VAL, .kill_wait = 30, .state = JOB_TIMEOUT, .term = 1};
    struct client *c = to_slurmd();
    struct err e;

    assert_int_equal(send_batch(10, "#!/bin/sh\necho up; exec sleep 100\n"), 0);
    assert_text_in("slurm-10.out", "up");
    assert_int_equal(client_call(c, MSG_KILL_JOB, &k, NULL, &e), 0);
    expect_report(10, STEP_BATCH, SIGTERM);
    expect_report(10, NO_VAL, 0);
    assert_text_in("slurm-10.out", "*** JOB 10 ON n1 CANCELLED AT ");
    assert_text_in("slurm-10.out", " DUE TO TIME LIMIT ***");
    client_close(c);
}

static bool registered_with(const struct node_register *m, uint32_t job_id)
{
    for (uint32_t i = 0; i < m->jobs.n; i++)
        if (m->jobs.v[i].job_id == job_id)
            return true;
    return false;
}

/* slurmd dies; the job runs on, ends, and its end is not lost. */
static void test_survives_its_own_death(void **state)
{
    struct node_register *m;

    assert_int_equal(send_batch(11, "#!/bin/sh\necho up; while [ ! -e go11 ]; do sleep 0.02; done; exit 4\n"),
                     0);
    assert_int_equal(send_batch(12, "#!/bin/sh\necho up; while [ ! -e go12 ]; do sleep 0.02; done; exit 5\n"),
                     0);
    assert_text_in("slurm-11.out", "up");
    assert_text_in("slurm-12.out", "up");
    end_slurmd(SIGKILL);
    {
        char *go = buf_format("%s/go11", dir), *report = buf_format("%s/d.n1/report.11.4294967291.0", dir);

        close(open(go, O_WRONLY | O_CREAT, 0644));
        for (int i = 0; i < WAIT_MS / 10 && access(report, F_OK) < 0; i++)
            poll(NULL, 0, 10);
        assert_int_equal(access(report, F_OK), 0);
        mem_free(go);
        start_slurmd();
        m = take_registration();
        assert_true(registered_with(m, 12));
        assert_true(registered_with(m, 11)); /* its report follows */
        meta_free(&record_node_register, m);
        expect_report(11, STEP_BATCH, 4 << 8);
        for (int i = 0; i < WAIT_MS / 10 && access(report, F_OK) == 0; i++)
            poll(NULL, 0, 10);
        assert_int_equal(access(report, F_OK), -1); /* acknowledged: the file is gone */
        mem_free(report);
        go = buf_format("%s/go12", dir);
        close(open(go, O_WRONLY | O_CREAT, 0644));
        mem_free(go);
    }
    expect_report(12, STEP_BATCH, 5 << 8);
    expect_report(12, NO_VAL, 0);
}

/* The controller goes away while a job ends. */
static void test_reports_again_after_a_lost_connection(void **state)
{
    struct node_report *r;
    struct node_register *m;

    assert_int_equal(send_batch(13, "#!/bin/sh\nexit 0\n"), 0);
    r = take_report(false);
    assert_int_equal(r->job_id, 13);
    meta_free(&record_node_report, r);
    m = take_registration(); /* closes the old connection */
    assert_true(registered_with(m, 13));
    meta_free(&record_node_register, m);
    expect_report(13, STEP_BATCH, 0);
    expect_report(13, NO_VAL, 0);
}

/* --- a step of srun
 * ------------------------------------------------------------------------------------------ */

static void make_tasks(struct launch_tasks *m, uint32_t job_id, uint32_t ntasks)
{
    struct step_node *n;

    meta_init(&record_launch_tasks, m);
    m->step = meta_new(&record_step);
    m->step->job_id = job_id;
    m->step->name = mem_strdup("sh");
    m->step->nodes = mem_strdup("n1");
    m->step->ntasks = ntasks;
    n = meta_recs_push(&record_step_node, &m->step->layout);
    n->name = mem_strdup("n1");
    for (uint32_t i = 0; i < ntasks; i++)
        meta_u32s_push(&n->tasks, i);
    m->work_dir = mem_strdup(dir);
    m->stdin_task = INFINITE;
    meta_strs_push(&m->env, "PATH=/usr/bin:/bin");
    meta_strs_push(&m->argv, "sh");
    meta_strs_push(&m->argv, "-c");
    job_of_step = job_id;
    sign(&m->credential, job_id, 0, "n1");
}

static void test_step_carries_input_and_output(void **state)
{
    struct client *c = to_slurmd();
    struct launch_tasks m;
    struct launch_reply reply;
    struct io in = {.task = INFINITE, .data = {(uint8_t *)"abc\n", 4}}, end = {.task = INFINITE};
    struct buf out[2] = {BUF_INIT, BUF_INIT};
    uint32_t exits = 0;
    struct err e;

    make_tasks(&m, 20, 2);
    meta_strs_push(&m.argv, "read x; echo $SLURM_PROCID:$x; echo e >&2; exit $SLURM_PROCID");
    assert_int_equal(client_call(c, MSG_LAUNCH_TASKS, &m, &reply, &e), 0);
    assert_int_equal(client_send(c, MSG_IO, &in, &e), 0);
    assert_int_equal(client_send(c, MSG_IO, &end, &e), 0);
    while (exits < 2) {
        enum msg_type type;
        void *rec;

        assert_int_equal(client_receive(c, WAIT_MS, &type, &rec, &e), 1);
        if (type == MSG_IO && ((struct io *)rec)->stream == 1)
            buf_add(&out[((struct io *)rec)->task], ((struct io *)rec)->data.v, ((struct io *)rec)->data.n);
        if (type == MSG_TASK_EXIT) {
            const struct task_exit *x = rec;

            for (uint32_t i = 0; i < x->tasks.n; i++)
                assert_int_equal(x->status, x->tasks.v[i] << 8);
            exits += x->tasks.n;
        }
        meta_free(message_by_number(type)->request, rec);
    }
    assert_string_equal(out[0].s, "0:abc\n");
    assert_string_equal(out[1].s, "1:abc\n");
    expect_report(20, 0, 1 << 8);
    buf_release(&out[0]);
    buf_release(&out[1]);
    meta_release(&record_launch_tasks, &m);
    client_close(c);
}

/* srun dies: its step is ended. */
static void test_step_ends_with_srun(void **state)
{
    struct client *c = to_slurmd();
    struct launch_tasks m;
    struct launch_reply reply;
    struct err e;

    make_tasks(&m, 21, 1);
    meta_strs_push(&m.argv, "exec sleep 100");
    assert_int_equal(client_call(c, MSG_LAUNCH_TASKS, &m, &reply, &e), 0);
    client_close(c);
    expect_report(21, 0, SIGKILL);
    meta_release(&record_launch_tasks, &m);
}

/* What a job is was told by srun: prolog and epilog, which are root, believed it. */
static void test_a_step_whose_credential_is_not_of_its_job(void **state)
{
    struct client *c = to_slurmd();
    struct launch_tasks m;
    struct launch_reply reply;
    struct err e;

    make_tasks(&m, 22, 1);
    meta_strs_push(&m.argv, "true");
    job_of_step = 23;
    sign(&m.credential, 22, 0, "n1");
    assert_int_equal(client_call(c, MSG_LAUNCH_TASKS, &m, &reply, &e), -ESLURM_INVALID_JOB_CREDENTIAL);
    client_close(c);
    meta_release(&record_launch_tasks, &m);
}

/* --- frame
 * --------------------------------------------------------------------------------------------------- */

static void put_file(const char *name, const void *data, size_t len, mode_t mode)
{
    char *path = buf_format("%s/%s", dir, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);

    assert_int_equal(write(fd, data, len), (ssize_t)len);
    close(fd);
    mem_free(path);
}

static void write_conf(void)
{
    struct buf b = BUF_INIT;
    int fd = listen_any(&node_port);

    close(fd);
    buf_addf(&b, "ClusterName=test\nSlurmctldHost=%s(127.0.0.1)\nSlurmctldPort=%u\n", host_name(), ctld_port);
    buf_addf(&b, "AuthType=auth/slurm\nCredType=auth/slurm\nSlurmUser=%u\nSlurmdUser=%u\n", getuid(),
             getuid());
    buf_addf(&b, "SlurmdSpoolDir=%s/d.%%n\nSlurmdPidFile=%s/pid\nStateSaveLocation=%s\n", dir, dir, dir);
    buf_addf(&b, "SlurmdLogFile=%s/log\nProctrackType=proctrack/linuxproc\nTaskPlugin=task/none\n", dir);
    buf_addf(&b, "SlurmdParameters=config_overrides\nEpilog=%s/epilog\n", dir);
    buf_addf(&b, "NodeName=n1 CPUs=4 NodeAddr=127.0.0.1 NodeHostname=%s Port=%u\nPartitionName=p Nodes=n1\n",
             host_name(), node_port);
    put_file("slurm.conf", b.s, b.len, 0644);
    put_file("cgroup.conf", "CgroupPlugin=disabled\n", 22, 0644);
    buf_clear(&b);
    buf_addf(&b, "#!/bin/sh\necho epilog $SLURM_JOB_ID code $SLURM_JOB_EXIT_CODE >> %s/epilog.log\n", dir);
    put_file("epilog", b.s, b.len, 0755);
    buf_clear(&b);
    buf_addf(&b, "%s/slurm.conf", dir);
    setenv("SLURM_CONF", b.s, 1);
    buf_release(&b);
}

static int setup(void **state)
{
    struct auth_settings s = {.cluster = "test", .slurm_uid = getuid()};
    struct key key = {.len = 64};
    struct err e;

    (void)state;
    if (!mkdtemp(dir))
        return -1;
    for (uint32_t i = 0; i < key.len; i++)
        key.v[i] = (uint8_t)(i * 37 + 11);
    put_file("slurm.key", key.v, key.len, 0600);
    s.key = &key;
    uid_of_job = getuid();
    auth = auth_open(&s, &e);
    listener = listen_any(&ctld_port);
    write_conf();
    return auth ? 0 : -1;
}

static int teardown(void **state)
{
    pid_t pid;

    (void)state;
    if (slurmd_pid > 0)
        end_slurmd(SIGTERM);
    pid = fork();
    if (pid == 0) {
        execlp("rm", "rm", "-r", dir, NULL);
        _exit(1);
    }
    waitpid(pid, NULL, 0);
    auth_close(auth);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_registers),
        cmocka_unit_test(test_runs_a_batch_job),
        cmocka_unit_test(test_refuses_credentials),
        cmocka_unit_test(test_kills_a_job),
        cmocka_unit_test(test_step_carries_input_and_output),
        cmocka_unit_test(test_step_ends_with_srun),
        cmocka_unit_test(test_a_script_is_never_written_into_an_old_file),
        cmocka_unit_test(test_a_step_whose_credential_is_not_of_its_job),
        cmocka_unit_test(test_survives_its_own_death),
        cmocka_unit_test(test_reports_again_after_a_lost_connection),
    };

    if (argc < 2)
        return 77;
    slurmd_path = argv[1];
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, setup, teardown);
}
