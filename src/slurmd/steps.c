/* SPDX-License-Identifier: Apache-2.0 */
/* slurmstepds: started with a record in a memory file, spoken to over a packet socket, known to be over when
 * that closes. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "os/process.h"
#include "slurmd/slurmd.h"
#include "nodecore/env.h"
#include "nodecore/spool.h"
#include "nodecore/stepid.h"

static uint64_t step_key(uint32_t job_id, uint32_t step_id)
{
    return (uint64_t)job_id << 32 | step_id;
}

bool steps_read_file(const char *path, struct buf *out)
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

struct node_report *steps_read_report(const char *path)
{
    struct node_report *r = mem_alloc(sizeof *r);
    struct buf b = BUF_INIT;
    bool ok = steps_read_file(path, &b) && meta_decode(&record_node_report, r, b.s, b.len, NULL) == 0;

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

void steps_over(struct slurmd *d, uint32_t job_id, uint32_t step_id, uint32_t restarts)
{
    struct job_info *j = map_u64_get(&d->jobs, job_id);
    struct node_effects out = {0};
    struct buf path = BUF_INIT;
    struct node_report *r;

    spool_report_path(d->spool, job_id, step_id, restarts, &path);
    r = steps_read_report(path.s);
    buf_release(&path);
    if (!r) { /* known to be over once nothing of it runs */
        log_error("StepId=%u.%u: slurmstepd has gone without a report", job_id, step_id);
        sweep_start(d, job_id, step_id, restarts, true);
        return;
    }
    if (j && r->exit_code > j->exit_code && step_id == STEP_ID_BATCH)
        j->exit_code = r->exit_code;
    log_debug("StepId=%u.%u has ended with status %u", job_id, step_id, r->exit_code);
    node_step_ended(&d->core, r, slurmd_now(), &out);
    meta_free(&record_node_report, r);
    effects_run(d, &out);
}

static void stepd_over(struct stepd *s)
{
    map_u64_remove(&s->d->stepds, step_key(s->job_id, s->step_id));
    uv_poll_stop(&s->poll);
    uv_close((uv_handle_t *)&s->poll, stepd_closed);
    steps_over(s->d, s->job_id, s->step_id, s->restarts);
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

void steps_watch(struct slurmd *d, uint32_t job_id, uint32_t step_id, uint32_t restarts, int fd)
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

/* From now on a later slurmd knows that this step was started. The lock on the file lives as long as the
 * slurmstepd, to which it goes over. */
static int mark_write(struct slurmd *d, const struct step_launch *l, struct err *e)
{
    const struct credential *c = l->cred;
    const struct job *job = launch_job(l);
    struct step_status st = {.job_id = c->job_id,
                             .step_id = c->step_id,
                             .restarts = c->restarts,
                             .uid = c->uid,
                             .start_time = l->start_time,
                             .job = (struct job *)job};
    struct buf path = BUF_INIT, b = BUF_INIT;
    int fd, rc = 0;

    spool_mark_path(d->spool, c->job_id, c->step_id, c->restarts, &path);
    meta_encode(&record_step_status, &st, &b);
    fd = open(path.s, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, SPOOL_MARK_WRITTEN);
    if (fd < 0 || fchmod(fd, SPOOL_MARK_WRITTEN) < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0 ||
        write(fd, b.s, b.len) != (ssize_t)b.len) {
        rc = err_set(e, errno ? errno : ENOSPC, "%s: %s", path.s, strerror(errno));
        if (fd >= 0)
            close(fd);
    }
    buf_release(&b);
    buf_release(&path);
    return rc < 0 ? rc : fd;
}

static int spawn(struct slurmd *d, struct launch *l, int mark, int ret_socket[2], struct err *e)
{
    const struct credential *c = l->record->cred;
    struct buf title = BUF_INIT;
    struct process_spec spec = {.path = d->stepd_path, .fds = {-1, -1, 2}, .fds_n = 7};
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
    spec.fds[6] = mark;
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
    int sock[2], mark, rc;
    struct err e;

    mark = mark_write(d, l->record, &e);
    rc = mark < 0 ? mark : spawn(d, l, mark, sock, &e);
    if (mark >= 0)
        close(mark);
    if (rc == 0) {
        steps_watch(d, job_id, step_id, restarts, sock[0]);
        node_spawned(&d->core, job_id, step_id, out);
        return;
    }
    log_error("StepId=%u.%u: cannot start slurmstepd: %s", job_id, step_id, e.text);
    steps_drop_mark(d, job_id, step_id, restarts);
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

/* --- what is left behind --- */

void steps_drop_mark(struct slurmd *d, uint32_t job_id, uint32_t step_id, uint32_t restarts)
{
    struct buf path = BUF_INIT;

    spool_mark_path(d->spool, job_id, step_id, restarts, &path);
    unlink(path.s);
    buf_release(&path);
}

void steps_drop_report(struct slurmd *d, uint32_t job_id, uint32_t step_id, uint32_t restarts)
{
    struct buf path = BUF_INIT;

    steps_drop_mark(d, job_id, step_id, restarts);
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
