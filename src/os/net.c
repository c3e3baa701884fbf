/* SPDX-License-Identifier: Apache-2.0 */
#include "os/net.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "model.h"

enum { READ_SIZE = 256 << 10, BACKLOG = 4096, SWEEP_MS = 1000, LISTENERS_MAX = 64 };

struct listener {
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } u;
    struct net *net;
    const struct net_ops *ops;
    bool is_unix;
};

struct net {
    uv_loop_t *loop;
    void *user;
    struct net_conn *conns, *dirty;
    uint32_t conns_n, listeners_n;
    struct listener *listeners[LISTENERS_MAX];
    uv_timer_t sweep;
    bool stopping;
    char *scratch; /* what a read puts its bytes into */
};

static void read_some(uv_stream_t *stream, ssize_t n, const uv_buf_t *b);

/* --- life --- */

static void sweep(uv_timer_t *t)
{
    struct net *n = t->data;

    for (struct net_conn *c = n->conns, *next; c; c = next) {
        next = c->next;
        if (!c->accepted && !c->closing && uv_now(n->loop) - c->opened_at > NET_HELLO_MS) {
            c->reason = -ETIMEDOUT;
            net_abort(c);
        }
    }
}

struct net *net_new(uv_loop_t *loop, void *user)
{
    struct net *n = mem_alloc(sizeof *n);

    n->loop = loop;
    n->user = user;
    n->scratch = mem_alloc(READ_SIZE);
    REQUIRE(uv_timer_init(loop, &n->sweep) == 0);
    n->sweep.data = n;
    uv_timer_start(&n->sweep, sweep, SWEEP_MS, SWEEP_MS);
    return n;
}

void *net_user(const struct net *n)
{
    return n->user;
}

static void listener_closed(uv_handle_t *h)
{
    mem_free(h->data);
}

void net_stop(struct net *n)
{
    if (n->stopping)
        return;
    n->stopping = true;
    uv_close((uv_handle_t *)&n->sweep, NULL);
    for (uint32_t i = 0; i < n->listeners_n; i++)
        uv_close(&n->listeners[i]->u.handle, listener_closed);
    net_flush(n);
    for (struct net_conn *c = n->conns, *next; c; c = next) {
        next = c->next;
        net_abort(c);
    }
}

void net_free(struct net *n)
{
    mem_free(n->scratch);
    mem_free(n);
}

static struct net_conn *conn_new(struct net *n, const struct net_ops *ops)
{
    struct net_conn *c = mem_alloc(sizeof *c);

    c->net = n;
    c->ops = ops;
    buf_init(&c->in);
    buf_init(&c->out);
    c->opened_at = uv_now(n->loop);
    c->next = n->conns;
    if (c->next)
        c->next->prev = c;
    n->conns = c;
    n->conns_n++;
    return c;
}

static void conn_free(struct net_conn *c)
{
    struct net *n = c->net;

    if (c->prev)
        c->prev->next = c->next;
    else
        n->conns = c->next;
    if (c->next)
        c->next->prev = c->prev;
    n->conns_n--;
    buf_release(&c->in);
    buf_release(&c->out);
    mem_free(c);
}

static void conn_closed(uv_handle_t *h)
{
    struct net_conn *c = h->data;

    c->handle_closed = true;
    if (c->pending == 0 && !c->dirty)
        conn_free(c);
}

void net_abort(struct net_conn *c)
{
    if (c->closing)
        return;
    c->closing = true;
    if (c->ops->closed)
        c->ops->closed(c, c->reason);
    uv_close(&c->u.handle, conn_closed);
}

static void fail(struct net_conn *c, int reason)
{
    if (!c->closing)
        c->reason = reason;
    net_abort(c);
}

/* --- reading --- */

static void alloc_scratch(uv_handle_t *h, size_t suggested, uv_buf_t *ret)
{
    struct net_conn *c = h->data;

    *ret = uv_buf_init(c->net->scratch, READ_SIZE);
}

static bool must_pause(const struct net_conn *c)
{
    return c->pending >= NET_PENDING_MAX || c->high;
}

/* Hands over the frames in p; gives the bytes that were used. */
static size_t take_frames(struct net_conn *c, const char *p, size_t len)
{
    size_t used = 0;

    while (!c->closing && !c->end_after_write && !must_pause(c)) {
        struct frame f;
        struct err e;
        int rc = frame_parse(p + used, len - used, c->accepted ? FRAME_BODY_MAX : FRAME_BODY_MAX_NEW, &f, &e);
        if (rc < 0) {
            frame_add_error(net_out(c), f.type, f.seq, e.code, e.text);
            net_end(c);
            return len;
        }
        if (rc == 0)
            return used;
        used += FRAME_HEADER + f.len;
        c->ops->frame(c, &f);
    }
    return c->closing || c->end_after_write ? len : used;
}

static void set_reading(struct net_conn *c, bool on)
{
    if (on == c->reading || c->closing)
        return;
    c->reading = on;
    if (on)
        uv_read_start(&c->u.stream, alloc_scratch, read_some);
    else
        uv_read_stop(&c->u.stream);
}

/* Goes on with what was kept while the connection was paused. */
static void resume(struct net_conn *c)
{
    if (c->closing || must_pause(c))
        return;
    c->paused = false;
    size_t used = take_frames(c, c->in.s, c->in.len);
    memmove(c->in.s, c->in.s + used, c->in.len - used);
    buf_truncate(&c->in, c->in.len - used);
    c->paused = must_pause(c);
    set_reading(c, !c->paused);
}

static void read_some(uv_stream_t *stream, ssize_t n, const uv_buf_t *b)
{
    struct net_conn *c = stream->data;
    size_t used;

    if (n == 0)
        return;
    if (n < 0) {
        fail(c, n == UV_EOF ? 0 : (int)n);
        return;
    }
    if (c->in.len == 0) {
        used = take_frames(c, b->base, (size_t)n);
        if (used < (size_t)n && !c->closing)
            buf_add(&c->in, b->base + used, (size_t)n - used);
    } else {
        buf_add(&c->in, b->base, (size_t)n);
        used = take_frames(c, c->in.s, c->in.len);
        memmove(c->in.s, c->in.s + used, c->in.len - used);
        buf_truncate(&c->in, c->in.len - used);
    }
    if (c->in.len == 0 && c->in.cap > READ_SIZE)
        buf_release(&c->in);
    if (must_pause(c)) {
        c->paused = true;
        set_reading(c, false);
    }
    net_flush(c->net);
}

/* --- writing --- */

struct write {
    uv_write_t req;
    struct net_conn *c;
    struct buf data;
};

/* Little is unsent: who waits for room is told, and requests are read again. */
static void relax(struct net_conn *c)
{
    if (!c->high || c->closing || c->out_waiting + c->out.len >= NET_OUT_LOW)
        return;
    c->high = false;
    if (c->ops->drained)
        c->ops->drained(c);
    if (c->paused)
        resume(c);
}

static void shut(uv_shutdown_t *req, int status)
{
    mem_free(req);
}

/* All is sent after net_end: no more from us. */
static void end(struct net_conn *c)
{
    uv_shutdown_t *req;

    if (c->ended || c->closing)
        return;
    c->ended = true;
    c->accepted = false; /* the sweep waits for the other side, but not for ever */
    c->opened_at = uv_now(c->net->loop);
    req = mem_alloc(sizeof *req);
    if (uv_shutdown(req, &c->u.stream, shut) != 0) {
        mem_free(req);
        net_abort(c);
        return;
    }
    set_reading(c, true);
}

static void wrote(uv_write_t *req, int status)
{
    struct write *w = (struct write *)req;
    struct net_conn *c = w->c;

    c->out_waiting -= w->data.len;
    buf_release(&w->data);
    mem_free(w);
    if (status < 0) {
        if (status != UV_ECANCELED)
            fail(c, status);
        return;
    }
    if (c->end_after_write && c->out_waiting == 0 && c->out.len == 0) {
        end(c);
        return;
    }
    relax(c);
    net_flush(c->net);
}

struct buf *net_out(struct net_conn *c)
{
    if (!c->dirty) {
        c->dirty = true;
        c->dirty_next = c->net->dirty;
        c->net->dirty = c;
    }
    return &c->out;
}

static void flush_one(struct net_conn *c)
{
    size_t done = 0;

    if (c->closing || c->connecting) {
        if (c->closing)
            buf_clear(&c->out);
        return;
    }
    if (c->out_waiting == 0) {
        uv_buf_t b = uv_buf_init(c->out.s, (unsigned)c->out.len);
        int rc = c->out.len ? uv_try_write(&c->u.stream, &b, 1) : 0;
        if (rc < 0 && rc != UV_EAGAIN) {
            fail(c, rc);
            return;
        }
        done = rc > 0 ? (size_t)rc : 0;
    }
    if (done < c->out.len) {
        struct write *w = mem_alloc(sizeof *w);
        w->c = c;
        buf_init(&w->data);
        buf_add(&w->data, c->out.s + done, c->out.len - done);
        uv_buf_t b = uv_buf_init(w->data.s, (unsigned)w->data.len);
        c->out_waiting += w->data.len;
        if (uv_write(&w->req, &c->u.stream, &b, 1, wrote) != 0)
            fail(c, -EPIPE);
    } else if (c->end_after_write && c->out_waiting == 0)
        end(c);
    if (c->out.cap > NET_OUT_LOW)
        buf_release(&c->out);
    else
        buf_clear(&c->out);
    c->high |= c->out_waiting > NET_OUT_HIGH;
    relax(c);
}

void net_push(struct net_conn *c)
{
    if (c->closing || c->connecting || c->out_waiting || !c->out.len)
        return;
    uv_buf_t b = uv_buf_init(c->out.s, (unsigned)c->out.len);
    int rc = uv_try_write(&c->u.stream, &b, 1);
    if (rc <= 0)
        return; /* the flush at the end of the callback sees it too */
    memmove(c->out.s, c->out.s + rc, c->out.len - (size_t)rc);
    buf_truncate(&c->out, c->out.len - (size_t)rc);
}

void net_flush(struct net *n)
{
    while (n->dirty) {
        struct net_conn *c = n->dirty;
        n->dirty = c->dirty_next;
        c->dirty = false;
        flush_one(c);
        if (c->handle_closed && c->pending == 0 && !c->dirty)
            conn_free(c);
    }
}

bool net_full(struct net_conn *c)
{
    c->high |= c->out.len + c->out_waiting > NET_OUT_HIGH;
    return c->high;
}

void net_end(struct net_conn *c)
{
    c->end_after_write = true;
    net_out(c);
}

void net_accept_peer(struct net_conn *c)
{
    c->accepted = true;
}

void net_hold(struct net_conn *c)
{
    c->pending++;
}

void net_release(struct net_conn *c)
{
    REQUIRE(c->pending > 0);
    c->pending--;
    if (c->handle_closed && c->pending == 0 && !c->dirty)
        conn_free(c);
    else if (c->paused && c->pending < NET_PENDING_MAX / 2)
        resume(c);
}

/* --- listening and connecting --- */

static void incoming(uv_stream_t *stream, int status)
{
    struct listener *l = stream->data;
    struct net *n = l->net;

    if (status < 0)
        return;
    struct net_conn *c = conn_new(n, l->ops);
    REQUIRE((l->is_unix ? uv_pipe_init(n->loop, &c->u.pipe, 0) : uv_tcp_init(n->loop, &c->u.tcp)) == 0);
    c->u.handle.data = c;
    if (uv_accept(stream, &c->u.stream) != 0 || n->conns_n > NET_CONNS_MAX) {
        c->closing = true;
        uv_close(&c->u.handle, conn_closed);
        return;
    }
    if (!l->is_unix)
        uv_tcp_nodelay(&c->u.tcp, 1);
    set_reading(c, true);
    if (c->ops->opened)
        c->ops->opened(c);
    net_flush(n);
}

int net_bind_tcp(const char *addr, uint16_t port, struct err *e)
{
    struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *list = NULL;
    char text[8];
    int fd = -1, one = 1, code = EADDRNOTAVAIL;

    buf_print(text, sizeof text, "%u", port);
    if (getaddrinfo(addr, text, &hints, &list) != 0)
        return err_set(e, EADDRNOTAVAIL, "cannot listen at %s port %u: no such address", addr ? addr : "*",
                       port);
    for (const struct addrinfo *i = list; i && fd < 0; i = i->ai_next) {
        fd = socket(i->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
            continue;
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
        if (bind(fd, i->ai_addr, i->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0) {
            code = errno;
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(list);
    return fd >= 0
               ? fd
               : err_set(e, code, "cannot listen at %s port %u: %s", addr ? addr : "*", port, strerror(code));
}

int net_listen(struct net *n, int fd, const struct net_ops *ops, struct err *e)
{
    struct listener *l = mem_alloc(sizeof *l);
    int domain = AF_INET;
    socklen_t len = sizeof domain;

    REQUIRE(n->listeners_n < LISTENERS_MAX);
    getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len);
    l->net = n;
    l->ops = ops;
    l->is_unix = domain == AF_UNIX;
    int rc = l->is_unix ? uv_pipe_init(n->loop, &l->u.pipe, 0) : uv_tcp_init(n->loop, &l->u.tcp);
    REQUIRE(rc == 0);
    l->u.handle.data = l;
    rc = l->is_unix ? uv_pipe_open(&l->u.pipe, fd) : uv_tcp_open(&l->u.tcp, fd);
    if (rc == 0)
        rc = uv_listen(&l->u.stream, BACKLOG, incoming);
    if (rc < 0) {
        uv_close(&l->u.handle, listener_closed);
        return err_set(e, -rc, "cannot serve connections: %s", uv_strerror(rc));
    }
    n->listeners[n->listeners_n++] = l;
    return 0;
}

static void connected(uv_connect_t *req, int status)
{
    struct net_conn *c = req->data;

    mem_free(req);
    if (status == UV_ECANCELED)
        return;
    c->connecting = false;
    if (status < 0) {
        fail(c, status);
        return;
    }
    uv_tcp_nodelay(&c->u.tcp, 1);
    set_reading(c, true);
    if (c->ops->opened)
        c->ops->opened(c);
    net_out(c);
    net_flush(c->net);
}

struct net_conn *net_connect(struct net *n, const struct sockaddr *sa, const struct net_ops *ops, void *user)
{
    struct net_conn *c = conn_new(n, ops);
    uv_connect_t *req = mem_alloc(sizeof *req);

    c->user = user;
    c->accepted = true; /* we know whom we have called; time limits are the caller's */
    c->connecting = true;
    REQUIRE(uv_tcp_init(n->loop, &c->u.tcp) == 0);
    c->u.handle.data = c;
    req->data = c;
    int rc = uv_tcp_connect(req, &c->u.tcp, sa, connected);
    if (rc < 0) {
        mem_free(req);
        fail(c, rc);
    }
    return c;
}

/* --- who is there --- */

void net_peer(const struct net_conn *c, char *ret, size_t size)
{
    struct sockaddr_storage sa;
    int len = sizeof sa;

    if (c->u.handle.type == UV_TCP && uv_tcp_getpeername(&c->u.tcp, (struct sockaddr *)&sa, &len) == 0 &&
        getnameinfo((struct sockaddr *)&sa, (socklen_t)len, ret, (socklen_t)size, NULL, 0, NI_NUMERICHOST) ==
            0)
        return;
    buf_print(ret, size, "%s", c->u.handle.type == UV_TCP ? "unknown" : "unix");
}

bool net_peer_cred(const struct net_conn *c, uid_t *ret_uid, gid_t *ret_gid, pid_t *ret_pid)
{
    struct ucred cred;
    socklen_t len = sizeof cred;
    uv_os_fd_t fd;

    if (c->u.handle.type != UV_NAMED_PIPE || uv_fileno(&c->u.handle, &fd) != 0 ||
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
        return false;
    *ret_uid = cred.uid;
    *ret_gid = cred.gid;
    *ret_pid = cred.pid;
    return true;
}
