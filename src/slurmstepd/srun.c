/* SPDX-License-Identifier: Apache-2.0 */
/* The connection with srun: output out, input and signals in. Frames as doc/spec/03-wire.md says. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "base/mem.h"
#include "model/label.h"
#include "model/message.h"
#include "port/frame.h"
#include "slurmstepd/patience.h"
#include "slurmstepd/stepd.h"

enum {
    QUEUE_MAX = 1 << 20, /* beyond it the other side has to wait */
    CHUNK = 65536,
};

void srun_send(struct stepd *s, enum msg_type type, const struct meta_record *record, const void *rec)
{
    if (s->srun_fd >= 0)
        frame_add(&s->srun_out, (uint16_t)type, 0, 0, record, rec);
}

/* Its step is told to end. */
void srun_drop(struct stepd *s)
{
    close(s->srun_fd);
    s->srun_fd = -1;
    s->srun_lost = true;
    buf_clear(&s->srun_out);
    for (uint32_t i = 0; i < s->tasks_n; i++)
        s->tasks[i].in_closing = true;
}

bool srun_full(const struct stepd *s)
{
    return s->srun_out.len >= QUEUE_MAX;
}

static void srun_write(struct stepd *s)
{
    size_t done = 0;

    while (s->srun_fd >= 0 && done < s->srun_out.len) {
        ssize_t put =
            send(s->srun_fd, s->srun_out.s + done, s->srun_out.len - done, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0 && errno != EAGAIN) {
            srun_drop(s);
            return;
        }
        if (put < 0)
            break;
        done += (size_t)put;
    }
    memmove(s->srun_out.s, s->srun_out.s + done, s->srun_out.len - done);
    buf_truncate(&s->srun_out, s->srun_out.len - done);
}

void srun_flush(struct stepd *s)
{
    if (s->srun_out.len)
        srun_write(s);
}

void srun_started(struct stepd *s)
{
    struct launch_reply reply;
    struct tasks_started m;

    if (s->srun_fd < 0)
        return;
    meta_init(&record_launch_reply, &reply);
    frame_add(&s->srun_out, MSG_LAUNCH_TASKS, FRAME_REPLY, s->launch->srun_seq, &record_launch_reply, &reply);
    meta_init(&record_tasks_started, &m);
    for (uint32_t i = 0; i < s->tasks_n; i++) {
        meta_u32s_push(&m.tasks, s->tasks[i].rank);
        meta_u32s_push(&m.pids, (uint32_t)s->tasks[i].pid);
    }
    m.node = mem_strdup(s->launch->node_name);
    srun_send(s, MSG_TASKS_STARTED, &record_tasks_started, &m);
    meta_release(&record_tasks_started, &m);
}

void srun_task_exits(struct stepd *s)
{
    for (uint32_t i = 0; i < s->tasks_n && s->srun_fd >= 0; i++) {
        struct task_exit m;
        struct task *t = &s->tasks[i];

        /* The status follows the last output, so that srun can end when it has all statuses. */
        if (t->reported || t->pid || t->out >= 0 || t->err >= 0)
            continue;
        meta_init(&record_task_exit, &m);
        m.status = (uint32_t)t->status;
        m.oom = t->oom;
        for (uint32_t j = i; j < s->tasks_n; j++) {
            struct task *other = &s->tasks[j];

            if (other->reported || other->pid || other->out >= 0 || other->err >= 0 ||
                other->status != t->status || other->oom != t->oom)
                continue;
            meta_u32s_push(&m.tasks, other->rank);
            other->reported = true;
        }
        srun_send(s, MSG_TASK_EXIT, &record_task_exit, &m);
        meta_release(&record_task_exit, &m);
    }
}

void srun_notice(struct stepd *s, const char *line)
{
    struct step_notice m = {.text = (char *)line};

    srun_send(s, MSG_STEP_NOTICE, &record_step_notice, &m);
}

/* Lines for a file of this node, as srun would label them. n == 0: the stream has ended. */
static void file_output(const struct stepd *s, struct task *t, struct labelled *f, const void *data, size_t n)
{
    uint32_t width = label_width(s->launch->tasks->step->ntasks);
    struct buf lines = BUF_INIT;
    bool gone;

    if (n)
        label_add(&f->part, t->rank, width, data, n, &lines);
    else
        label_end(&f->part, t->rank, width, &lines);
    /* A full disk costs lines, not the step; nor does a pipe that nobody reads. */
    gone = patience_write(f->fd, lines.s, lines.len) == -ETIMEDOUT;
    buf_release(&lines);
    if (n && !gone)
        return;
    close(f->fd);
    f->fd = -1;
}

static void stream_end(struct stepd *s, struct task *t, uint32_t stream)
{
    struct labelled *file = &t->files[stream - 1];
    int *fd = stream == 2 ? &t->err : &t->out;
    struct io m;

    if (t->pty)
        t->in = -1;
    close(*fd);
    *fd = -1;
    if (file->fd >= 0) {
        file_output(s, t, file, NULL, 0);
        return;
    }
    meta_init(&record_io, &m);
    m.task = t->rank;
    m.stream = stream;
    srun_send(s, MSG_IO, &record_io, &m);
}

void srun_end_streams(struct stepd *s)
{
    for (uint32_t i = 0; i < s->tasks_n; i++) {
        if (s->tasks[i].out >= 0)
            stream_end(s, &s->tasks[i], 1);
        if (s->tasks[i].err >= 0)
            stream_end(s, &s->tasks[i], 2);
    }
}

void srun_output(struct stepd *s, struct task *t, uint32_t stream)
{
    struct labelled *file = &t->files[stream - 1];
    uint8_t chunk[CHUNK];
    ssize_t got = read(stream == 2 ? t->err : t->out, chunk, sizeof chunk);
    struct io m;

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        stream_end(s, t, stream);
        return;
    }
    if (file->fd >= 0) {
        file_output(s, t, file, chunk, (size_t)got);
        return;
    }
    meta_init(&record_io, &m);
    m.task = t->rank;
    m.stream = stream;
    m.data.v = chunk;
    m.data.n = (uint32_t)got;
    srun_send(s, MSG_IO, &record_io, &m);
}

/* --- from srun --- */

void task_feed(struct task *t)
{
    size_t done = 0;

    while (t->in >= 0 && done < t->in_queue.len) {
        ssize_t put = write(t->in, t->in_queue.s + done, t->in_queue.len - done);

        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0 && errno == EAGAIN)
            break;
        if (put < 0) {
            buf_clear(&t->in_queue); /* the task does not want more */
            t->in_closing = true;
            done = 0;
            break;
        }
        done += (size_t)put;
    }
    memmove(t->in_queue.s, t->in_queue.s + done, t->in_queue.len - done);
    buf_truncate(&t->in_queue, t->in_queue.len - done);
    if (t->in >= 0 && t->in_closing && !t->in_queue.len && !t->pty) {
        close(t->in);
        t->in = -1;
    }
}

static void srun_input(struct stepd *s, const struct io *m)
{
    for (uint32_t i = 0; i < s->tasks_n; i++) {
        struct task *t = &s->tasks[i];

        if (t->in < 0 || (m->task != t->rank && m->task != INFINITE && m->task != NO_VAL))
            continue;
        if (m->data.n)
            buf_add(&t->in_queue, m->data.v, m->data.n);
        else if (t->pty)
            buf_addc(&t->in_queue, 4); /* what ^D sends */
        else
            t->in_closing = true;
        task_feed(t);
    }
}

static void srun_window(struct stepd *s, const struct window *m)
{
    struct winsize size = {.ws_row = m->rows, .ws_col = m->cols};

    for (uint32_t i = 0; i < s->tasks_n; i++)
        if (s->tasks[i].pty && s->tasks[i].out >= 0)
            ioctl(s->tasks[i].out, TIOCSWINSZ, &size);
}

static void srun_signal(struct stepd *s, const struct signal_tasks *m)
{
    uint32_t sig = m->signal;
    struct step_order o = {.signal = sig, .state = m->task_failed ? JOB_FAILED : JOB_CANCELLED};

    if (sig >= NSIG)
        return;
    if (sig == SIGKILL || m->task_failed)
        step_notice_cancelled(s, &o);
    s->track->ops->signal(s->track, (int)sig);
}

/* False: not a frame that srun may send. */
static bool srun_frame(struct stepd *s, const struct frame *f)
{
    const struct message_type *mt = message_by_number(f->type);
    void *rec;

    if (!mt || !mt->request)
        return false;
    rec = mem_alloc(mt->request->size);
    if (meta_decode(mt->request, rec, f->body, f->len, NULL) < 0) {
        mem_free(rec);
        return false;
    }
    if (f->type == MSG_IO)
        srun_input(s, rec);
    else if (f->type == MSG_SIGNAL_TASKS)
        srun_signal(s, rec);
    else if (f->type == MSG_WINDOW)
        srun_window(s, rec);
    else if (f->type == MSG_PMI_FENCE)
        pmi_link_fence_done(s, rec);
    meta_free(mt->request, rec);
    return true;
}

void srun_readable(struct stepd *s)
{
    char chunk[CHUNK];
    ssize_t got = recv(s->srun_fd, chunk, sizeof chunk, MSG_DONTWAIT);
    size_t done = 0;
    struct frame f;
    int rc;

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        srun_drop(s);
        return;
    }
    buf_add(&s->srun_in, chunk, (size_t)got);
    while ((rc = frame_parse(s->srun_in.s + done, s->srun_in.len - done, FRAME_BODY_MAX, &f, NULL)) > 0) {
        if (!srun_frame(s, &f)) {
            rc = -1;
            break;
        }
        done += FRAME_HEADER + f.len;
    }
    if (rc < 0) {
        srun_drop(s);
        return;
    }
    memmove(s->srun_in.s, s->srun_in.s + done, s->srun_in.len - done);
    buf_truncate(&s->srun_in, s->srun_in.len - done);
}
