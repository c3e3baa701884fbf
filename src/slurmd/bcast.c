/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files for the jobs of this node. slurmd checks the credential; a forked process becomes the user for good,
 * takes the pieces from the connection and answers each. So a slow or hanging file system holds up nobody
 * else, and nothing is opened with more rights than the user has.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"
#include "model/message.h"
#include "os/compress.h"
#include "port/frame.h"
#include "slurmd/slurmd.h"

enum { RECEIVER_FD = 3, READ_SIZE = 64 << 10, PERMISSIONS = 0777, ALL_OF_MODE = 07777 };

struct receiver {
    int fd, file; /* the connection; the file, -1 until the first piece */
    struct bcast *first;
};

static int failed(struct err *e)
{
    return err_set(e, errno, "%s", strerror(errno));
}

static int become(const struct credential *c, struct err *e)
{
    if (geteuid() == 0 && (setgroups(c->gids.n, c->gids.v) < 0 || setresgid(c->gid, c->gid, c->gid) < 0 ||
                           setresuid(c->uid, c->uid, c->uid) < 0))
        return failed(e);
    errno = EPERM; /* a slurmd that is not root serves nobody but its own user */
    return geteuid() == c->uid ? 0 : failed(e);
}

static int open_file(struct receiver *r, struct err *e)
{
    const struct bcast *m = r->first;

    if (!m->path || *m->path != '/') {
        errno = EINVAL;
        return failed(e);
    }
    if (m->folder)
        return mkdir(m->path, 0700) < 0 && errno != EEXIST ? failed(e) : 0;
    /* A new file even with --force: what runs from the old one goes on, and no link is followed. */
    if (m->force && unlink(m->path) < 0 && errno != ENOENT && errno != EISDIR && errno != EPERM)
        return failed(e);
    r->file = open(m->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
    return r->file < 0 ? failed(e) : 0;
}

static int finish(struct receiver *r, struct err *e)
{
    const struct bcast *m = r->first;
    struct timespec times[2] = {{.tv_sec = m->atime}, {.tv_sec = m->mtime}};

    if (fchmod(r->file, m->mode & (m->preserve ? ALL_OF_MODE : PERMISSIONS)) < 0 ||
        (m->preserve && futimens(r->file, times) < 0))
        return failed(e);
    int file = r->file;
    r->file = -1;
    return close(file) < 0 ? failed(e) : 0;
}

static int take_piece(struct receiver *r, struct bcast *m, struct err *e)
{
    if (m->expanded && expand_bytes(&m->data, m->expanded, e) < 0)
        return -e->code;
    for (uint32_t done = 0; done < m->data.n;) {
        ssize_t put = write(r->file, m->data.v + done, m->data.n - done);
        if (put < 0 && errno != EINTR)
            return failed(e);
        done += put > 0 ? (uint32_t)put : 0;
    }
    return m->last ? finish(r, e) : 0;
}

/* False: the other side has gone. */
static bool answer(const struct receiver *r, uint32_t seq, int rc, const struct err *e)
{
    struct buf out = BUF_INIT;
    size_t done = 0;

    if (rc < 0)
        frame_add_error(&out, MSG_BCAST, seq, e->code, e->text);
    else
        frame_add(&out, MSG_BCAST, FRAME_REPLY, seq, NULL, NULL);
    while (done < out.len) {
        ssize_t put = send(r->fd, out.s + done, out.len - done, MSG_NOSIGNAL);
        if (put < 0 && errno != EINTR)
            break;
        done += put > 0 ? (size_t)put : 0;
    }
    bool ok = done == out.len;
    buf_release(&out);
    return ok;
}

/* 1: *ret is the next frame, at the beginning of `in`; else the connection has ended. */
static int next_frame(const struct receiver *r, struct buf *in, struct frame *ret)
{
    struct err e;
    int rc;

    while ((rc = frame_parse(in->s, in->len, FRAME_BODY_MAX, ret, &e)) == 0) {
        buf_reserve(in, READ_SIZE);
        ssize_t got = recv(r->fd, in->s + in->len, READ_SIZE, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return 0;
        in->len += (size_t)got;
        in->s[in->len] = '\0';
    }
    return rc;
}

static int take_frame(struct receiver *r, const struct frame *f, struct err *e)
{
    struct bcast m;
    int rc;

    if (f->type != MSG_BCAST)
        return err_set(e, ESLURM_UNEXPECTED_MESSAGE, "not a piece of a file");
    rc = meta_decode(&record_bcast, &m, f->body, f->len, e);
    if (rc < 0)
        return rc;
    rc = take_piece(r, &m, e);
    meta_release(&record_bcast, &m);
    return rc;
}

static void receive(struct receiver *r, const struct credential *c, uint32_t seq)
{
    struct buf in = BUF_INIT;
    struct frame f;
    struct err e;
    int rc = become(c, &e);

    if (rc == 0)
        rc = open_file(r, &e);
    if (rc == 0 && !r->first->folder)
        rc = take_piece(r, r->first, &e);
    while (answer(r, seq, rc, &e) && rc == 0 && r->file >= 0 && next_frame(r, &in, &f) > 0) {
        rc = take_frame(r, &f, &e);
        seq = f.seq;
        size_t done = FRAME_HEADER + f.len;
        memmove(in.s, in.s + done, in.len - done);
        buf_truncate(&in, in.len - done);
    }
    if (r->file >= 0) /* half a file is worse than none */
        unlink(r->first->path);
    buf_release(&in);
}

/* Nothing of slurmd's may be touched from the fork: its signals and descriptors go first. */
static void leave_slurmd(struct receiver *r)
{
    static const int own[] = {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGCHLD, SIGUSR2};

    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        signal(own[i], SIG_DFL);
    if (r->fd != RECEIVER_FD && dup2(r->fd, RECEIVER_FD) < 0)
        _exit(1);
    r->fd = RECEIVER_FD;
    syscall(SYS_close_range, RECEIVER_FD + 1, ~0U, 0);
    fcntl(r->fd, F_SETFL, 0); /* as the loop had it, it does not block */
}

int bcast_receive(struct slurmd *d, struct bcast *first, uint32_t uid, int fd, uint32_t seq, struct err *e)
{
    struct receiver r = {.fd = fd, .file = -1, .first = first};
    struct credential c;
    pid_t pid = -1;
    int rc = launch_credential(d, &first->credential, true, &c, e);

    if (rc < 0) {
        log_error("file refused: %s", e->text);
        close(fd);
        return rc;
    }
    if (uid != c.uid && uid != 0 && uid != d->slurm_uid)
        rc = err_set(e, ESLURM_ACCESS_DENIED, "uid %u may not use a credential of uid %u", uid, c.uid);
    else if ((pid = fork()) < 0)
        rc = failed(e);
    if (pid == 0) {
        leave_slurmd(&r);
        receive(&r, &c, seq);
        _exit(0);
    }
    log_info("JobId=%u: file %s for UID %u", c.job_id, first->path ? first->path : "", c.uid);
    meta_release(&record_credential, &c);
    close(fd);
    return rc;
}
