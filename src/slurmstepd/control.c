/* SPDX-License-Identifier: Apache-2.0 */
/* The socket in the spool folder: orders come in, a status goes out. One packet each, so that nothing has to
 * be framed. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "nodecore/spool.h"
#include "slurmstepd/stepd.h"

enum { ORDER_MAX = 4096, CONTROLS_MAX = 64 };

/* The socket that slurmd has made for us, so that orders reach us from the first moment. */
static void control_inherit(struct stepd *s)
{
    int type;
    socklen_t len = sizeof type;

    if (getsockopt(STEPD_FD_SLURMD, SOL_SOCKET, SO_TYPE, &type, &len) < 0 || type != SOCK_SEQPACKET)
        return;
    fcntl(STEPD_FD_SLURMD, F_SETFD, FD_CLOEXEC);
    fcntl(STEPD_FD_SLURMD, F_SETFL, fcntl(STEPD_FD_SLURMD, F_GETFL) | O_NONBLOCK);
    *VEC_PUSH(&s->controls) = (struct control){.fd = STEPD_FD_SLURMD, .uid = getuid()};
}

int control_open(struct stepd *s, struct err *e)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    struct buf path = BUF_INIT;

    spool_socket_path(s->launch->spool_dir, s->launch->node_name, s->job->job_id, s->step_id, &path);
    s->socket_path = buf_take(&path);
    if (!buf_print(addr.sun_path, sizeof addr.sun_path, "%s", s->socket_path))
        return err_set(e, ENAMETOOLONG, "%s: longer than a socket's name may be", s->socket_path);
    control_inherit(s);
    unlink(s->socket_path);
    s->listen_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s->listen_fd < 0 || bind(s->listen_fd, (struct sockaddr *)&addr, sizeof addr) < 0 ||
        listen(s->listen_fd, 16) < 0)
        return err_set(e, errno, "%s: %s", s->socket_path, strerror(errno));
    return 0;
}

void control_accept(struct stepd *s)
{
    struct ucred who;
    socklen_t len = sizeof who;
    int fd = accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd < 0)
        return;
    /* slurmd runs as root, or as ourselves, also while we borrow the user's rights; the user may look at the
     * own step. */
    if (s->controls.n >= CONTROLS_MAX || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) < 0 ||
        (who.uid != 0 && who.uid != getuid() && who.uid != s->user.uid)) {
        close(fd);
        return;
    }
    *VEC_PUSH(&s->controls) = (struct control){.fd = fd, .uid = who.uid};
}

static void send_status(struct stepd *s, int fd)
{
    struct step_status st;
    struct buf b = BUF_INIT;

    meta_init(&record_step_status, &st);
    st.job_id = s->job->job_id;
    st.step_id = s->step_id;
    st.restarts = s->launch->cred->restarts;
    st.uid = s->user.uid;
    st.pid = (uint32_t)getpid();
    st.phase = s->phase;
    st.start_time = s->start_time;
    for (uint32_t i = 0; i < s->tasks_n; i++)
        meta_u32s_push(&st.tasks, (uint32_t)s->tasks[i].pid);
    meta_encode(&record_step_status, &st,
                &b); /* without the job, which may be longer than a packet: see the mark */
    meta_release(&record_step_status, &st);
    if (send(fd, b.s, b.len, MSG_NOSIGNAL) < 0)
        shutdown(fd, SHUT_RDWR); /* the reader is stuck or gone: it will be dropped */
    buf_release(&b);
}

static void signal_tasks(struct stepd *s, int sig)
{
    for (uint32_t i = 0; i < s->tasks_n; i++)
        if (s->tasks[i].pid)
            kill(s->tasks[i].pid, sig);
}

static void obey_signal(struct stepd *s, const struct step_order *o)
{
    int sig = (int)o->signal;

    s->ending |= o->notice || sig == SIGKILL;
    if (o->notice)
        step_notice_cancelled(s, o);
    if (sig == SIGSTOP && !(o->flags & KILLF_BATCH)) {
        s->track->ops->stop(s->track, true); /* a suspended job: all of it, whoever hears other signals */
        return;
    }
    /* With control groups only the tasks themselves are told, unless SignalChildrenProcesses says otherwise.
     */
    if (sig == SIGKILL)
        unkillable_begin(s);
    if (sig != SIGKILL &&
        (o->flags & KILLF_BATCH || (s->launch->cgroup && !s->launch->cgroup->signal_children)))
        signal_tasks(s, sig);
    else
        s->track->ops->signal(s->track, sig);
    /* What is stopped would not hear of its end. It wakes with the signal already waiting for it: the other
     * way round, a script that stopped itself ran on to its next command.
     */
    if (sig == SIGCONT || sig == SIGKILL || o->notice)
        s->track->ops->stop(s->track, false);
}

static void obey(struct stepd *s, struct control *c, const struct step_order *o)
{
    bool trusted = c->uid == 0 || c->uid == getuid();

    switch (o->action) {
    case STEP_ORDER_STATUS:
        send_status(s, c->fd);
        break;
    case STEP_ORDER_SIGNAL:
        if (trusted)
            obey_signal(s, o);
        break;
    case STEP_ORDER_SUSPEND:
    case STEP_ORDER_RESUME:
        if (trusted)
            s->track->ops->stop(s->track, o->action == STEP_ORDER_SUSPEND);
        break;
    }
}

bool control_readable(struct stepd *s, uint32_t i)
{
    struct control *c = &s->controls.v[i];
    uint8_t packet[ORDER_MAX];
    struct step_order o;
    ssize_t got = recv(c->fd, packet, sizeof packet, 0);

    if (got < 0)
        return errno == EAGAIN || errno == EINTR;
    if (got == 0)
        return false;
    if (meta_decode(&record_step_order, &o, packet, (size_t)got, NULL) < 0)
        return false;
    obey(s, c, &o);
    meta_release(&record_step_order, &o);
    return true;
}

void control_close(struct stepd *s)
{
    if (s->listen_fd >= 0)
        close(s->listen_fd);
    if (s->socket_path)
        unlink(s->socket_path);
    for (uint32_t i = 0; i < s->controls.n; i++)
        close(s->controls.v[i].fd);
    VEC_FREE(&s->controls);
}
