/* SPDX-License-Identifier: Apache-2.0 */
/* slurmstepds: started with a record in a memory file, spoken to over a packet socket, known to be over when
 * that closes. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "os/process.h"
#include "slurmd/slurmd.h"
#include "nodecore/spool.h"
#include "nodecore/stepid.h"

enum { STATUS_PACKET_MAX = 1 << 20, ADOPT_WAIT_MS = 5000 };

static uint64_t step_key(uint32_t job_id, uint32_t step_id)
{
    return (uint64_t)job_id << 32 | step_id;
}

static bool read_file(const char *path, struct buf *out)
{
    char chunk[4096];
    ssize_t got;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return false;
    while ((got = read(fd, chunk, sizeof chunk)) > 0)
        buf_add(out, chunk, (size_t)got);
    close(fd);
    return got == 0;
}

/* What the slurmstepd left, or NULL. */
static struct node_report *read_report(const char *path)
{
    struct node_report *r = mem_alloc(sizeof *r);
    struct buf b = BUF_INIT;
    bool ok = read_file(path, &b) && meta_decode(&record_node_report, r, b.s, b.len, NULL) == 0;

    buf_release(&b);
    if (ok)
        return r;
    mem_free(r);
    return NULL;
}

static void stepd_closed(uv_handle_t *h)
{
    struct stepd *s = h->data;

    close(s->fd);
    mem_free(s);
}

static void stepd_over(struct stepd *s)
{
    struct slurmd *d = s->d;
    struct buf path = BUF_INIT;
    struct node_effects out = {0};
    struct node_report *r;
    struct job_info *j = map_u64_get(&d->jobs, s->job_id);

    spool_report_path(d->spool, s->job_id, s->step_id, s->restarts, &path);
    r = read_report(path.s);
    buf_release(&path);
    map_u64_remove(&d->stepds, step_key(s->job_id, s->step_id));
    uv_poll_stop(&s->poll);
    uv_close((uv_handle_t *)&s->poll, stepd_closed);
    if (!r) { /* known to be over once nothing of it runs */
        log_error("StepId=%u.%u: slurmstepd has gone without a report", s->job_id, s->step_id);
        sweep_start(d, s->job_id, s->step_id, s->restarts, true);
        return;
    }
    if (j && r->exit_code > j->exit_code && s->step_id == STEP_ID_BATCH)
        j->exit_code = r->exit_code;
    log_debug("StepId=%u.%u has ended with status %u", s->job_id, s->step_id, r->exit_code);
    node_step_ended(&d->core, r, slurmd_now(), &out);
    meta_free(&record_node_report, r);
    effects_run(d, &out);
}

static void on_stepd(uv_poll_t *p, int status, int events)
{
    struct stepd *s = p->data;
    uint8_t packet[4096];
    ssize_t got = recv(s->fd, packet, sizeof packet, MSG_DONTWAIT);

    (void)events;
    if (status == 0 && (got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR))))
        return;
    stepd_over(s);
}

static void stepd_watch(struct slurmd *d, uint32_t job_id, uint32_t step_id, uint32_t restarts, int fd)
{
    struct stepd *s = mem_alloc(sizeof *s);

    *s = (struct stepd){.d = d, .job_id = job_id, .step_id = step_id, .restarts = restarts, .fd = fd};
    s->poll.data = s;
    uv_poll_init(&d->loop, &s->poll, fd);
    uv_poll_start(&s->poll, UV_READABLE, on_stepd);
    map_u64_put(&d->stepds, step_key(job_id, step_id), s);
}

/* --- starting --- */

static int launch_file(const struct step_launch *l, struct err *e)
{
    struct buf b = BUF_INIT;
    int fd = memfd_create("step_launch", MFD_CLOEXEC);

    meta_encode(&record_step_launch, l, &b);
    if (fd >= 0 && (write(fd, b.s, b.len) != (ssize_t)b.len || lseek(fd, 0, SEEK_SET) < 0)) {
        close(fd);
        fd = -1;
    }
    buf_release(&b);
    return fd < 0 ? err_set(e, errno, "launch record: %s", strerror(errno)) : fd;
}

static int spawn(struct slurmd *d, struct launch *l, int ret_socket[2], struct err *e)
{
    const struct credential *c = l->record->cred;
    struct buf title = BUF_INIT;
    struct process_spec spec = {.path = d->stepd_path, .fds = {-1, -1, 2}, .fds_n = 6};
    char *argv[] = {NULL, NULL};
    int file = launch_file(l->record, e);
    pid_t pid;

    if (file < 0)
        return file;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret_socket) < 0) {
        close(file);
        return err_set(e, errno, "socketpair: %s", strerror(errno));
    }
    buf_addf(&title, "slurmstepd: [%u.", c->job_id);
    step_id_text(c->step_id, &title);
    buf_addc(&title, ']');
    argv[0] = title.s;
    spec.argv = argv;
    spec.fds[3] = file;
    spec.fds[4] = l->srun_fd;
    spec.fds[5] = ret_socket[1];
    pid = process_start(&spec, e);
    buf_release(&title);
    close(file);
    close(ret_socket[1]);
    if (pid < 0)
        close(ret_socket[0]);
    return pid < 0 ? -e->code : 0;
}

void steps_spawn(struct slurmd *d, struct launch *l, struct node_effects *out)
{
    const struct credential *c = l->record->cred;
    uint32_t job_id = c->job_id, step_id = c->step_id, restarts = c->restarts;
    int sock[2];
    struct err e;

    if (spawn(d, l, sock, &e) == 0) {
        stepd_watch(d, job_id, step_id, restarts, sock[0]);
        node_spawned(&d->core, job_id, step_id, out);
        return;
    }
    log_error("StepId=%u.%u: cannot start slurmstepd: %s", job_id, step_id, e.text);
    node_spawn_failed(&d->core, job_id, step_id, restarts, e.text, slurmd_now(), out);
}

void steps_order(struct slurmd *d, uint32_t job_id, uint32_t step_id, const struct step_order *o)
{
    struct stepd *s = map_u64_get(&d->stepds, step_key(job_id, step_id));
    struct buf b = BUF_INIT;

    if (!s)
        return;
    meta_encode(&record_step_order, o, &b);
    if (send(s->fd, b.s, b.len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        log_error("StepId=%u.%u: cannot reach slurmstepd: %s", job_id, step_id, strerror(errno));
    buf_release(&b);
}

/* --- finding them again --- */

static int connect_stepd(const char *path)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    struct timeval limit = {.tv_sec = ADOPT_WAIT_MS / 1000};
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    if (fd < 0 || !buf_print(addr.sun_path, sizeof addr.sun_path, "%s", path))
        return fd;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (connect(fd, (struct sockaddr *)&addr, sizeof addr) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static bool ask_status(int fd, struct step_status *ret)
{
    struct step_order ask = {.action = STEP_ORDER_STATUS};
    struct buf b = BUF_INIT;
    uint8_t *packet = mem_alloc(STATUS_PACKET_MAX);
    ssize_t got = -1;
    bool ok;

    meta_encode(&record_step_order, &ask, &b);
    if (send(fd, b.s, b.len, MSG_NOSIGNAL) == (ssize_t)b.len)
        got = recv(fd, packet, STATUS_PACKET_MAX, 0);
    ok = got > 0 && meta_decode(&record_step_status, ret, packet, (size_t)got, NULL) == 0;
    buf_release(&b);
    mem_free(packet);
    return ok;
}

/* The name of a socket whose slurmstepd has died while no slurmd ran says which step that was. */
static void adopt_lost(struct slurmd *d, const char *path)
{
    const char *dot = strrchr(path, '.'), *job = dot;
    uint32_t job_id, step_id;
    char *text;

    unlink(path);
    while (job && job > path && job[-1] != '_')
        job--;
    text = dot ? mem_strndup(job, (size_t)(dot - job)) : NULL;
    if (text && text_to_u32(text, &job_id) && text_to_u32(dot + 1, &step_id))
        sweep_start(d, job_id, step_id, 0, false);
    mem_free(text);
}

static void adopt_step(struct slurmd *d, const char *path)
{
    struct step_status st;
    struct job_info *j;
    int fd = connect_stepd(path);

    if (fd < 0) {
        adopt_lost(d, path);
        return;
    }
    if (!ask_status(fd, &st)) {
        log_error("%s: slurmstepd does not answer", path);
        close(fd);
        return;
    }
    j = job_info_new(st.job, st.uid, st.job ? st.job->gid : 0, st.restarts);
    if (node_adopt(&d->core, &st, j))
        map_u64_put(&d->jobs, st.job_id, j);
    else
        job_info_free(j);
    stepd_watch(d, st.job_id, st.step_id, st.restarts, fd);
    log_info("StepId=%u.%u runs on", st.job_id, st.step_id);
    meta_release(&record_step_status, &st);
}

static void adopt_report(struct slurmd *d, const char *path)
{
    struct node_report *r = read_report(path);

    if (!r) {
        log_error("%s: not a report", path);
        return;
    }
    node_adopt_report(&d->core, r, slurmd_now());
    meta_free(&record_node_report, r);
}

void steps_adopt(struct slurmd *d)
{
    char *socket_prefix = buf_format("%s_", d->node_name);
    DIR *dir = opendir(d->spool);
    struct dirent *de;

    while (dir && (de = readdir(dir))) {
        char *path = buf_format("%s/%s", d->spool, de->d_name);
        size_t len = strlen(de->d_name);

        if (strncmp(de->d_name, socket_prefix, strlen(socket_prefix)) == 0)
            adopt_step(d, path);
        else if (strncmp(de->d_name, "report.", 7) == 0 && len > 5 &&
                 strcmp(de->d_name + len - 5, ".part") != 0)
            adopt_report(d, path);
        mem_free(path);
    }
    if (dir)
        closedir(dir);
    mem_free(socket_prefix);
}

/* --- what is left behind --- */

void steps_drop_report(struct slurmd *d, uint32_t job_id, uint32_t step_id, uint32_t restarts)
{
    struct buf path = BUF_INIT;

    spool_report_path(d->spool, job_id, step_id, restarts, &path);
    unlink(path.s);
    buf_release(&path);
}

void steps_drop_job(struct slurmd *d, uint32_t job_id)
{
    struct buf dir = BUF_INIT;
    char *script;

    spool_script_dir(d->spool, job_id, &dir);
    script = buf_format("%s/slurm_script", dir.s);
    if (unlink(script) == 0 || errno == ENOENT)
        rmdir(dir.s);
    mem_free(script);
    buf_release(&dir);
}
