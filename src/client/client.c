/* SPDX-License-Identifier: Apache-2.0 */
/* Implements client.h: one connection, requests in order, replies by sequence number. */
#include "client/client.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/mem.h"
#include "client/internal.h"
#include "model/errors.h"

enum { READ_SIZE = 64 << 10 };

static struct client *client_new(void)
{
    struct client *c = mem_alloc(sizeof *c);

    c->fd = -1;
    c->timeout_ms = CLIENT_TIMEOUT_MS;
    c->patience_ms = CLIENT_PATIENCE_MS;
    buf_init(&c->in);
    return c;
}

struct client *client_open(const struct client_settings *s)
{
    struct client *c = client_new();

    c->addresses = mem_array(s->addresses_n, sizeof *c->addresses);
    c->addresses_n = s->addresses_n;
    for (uint32_t i = 0; i < s->addresses_n; i++)
        c->addresses[i] = (struct client_address){mem_strdup(s->addresses[i].host), s->addresses[i].port};
    c->cluster = mem_strdup(s->cluster);
    c->audience = mem_strdup(s->audience);
    c->auth_type = mem_strdup(s->auth_type ? s->auth_type : "auth/slurm");
    c->auth_socket = mem_strdup(s->auth_socket);
    c->program = mem_strdup(s->program);
    if (s->timeout_ms > 0)
        c->timeout_ms = s->timeout_ms;
    c->connect_ms = s->connect_ms > 0 ? s->connect_ms : c->timeout_ms;
    return c;
}

struct client *client_over(int fd, const char *auth_type)
{
    struct client *c = client_new();

    c->fd = fd;
    c->auth_type = mem_strdup(auth_type);
    return c;
}

static void disconnect(struct client *c)
{
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
    c->greeted = c->welcome = false;
    buf_clear(&c->in);
    c->in_pos = 0;
    c->item_pos = 0;
}

void client_close(struct client *c)
{
    if (!c)
        return;
    disconnect(c);
    buf_release(&c->in);
    for (uint32_t i = 0; i < c->addresses_n; i++)
        mem_free((char *)c->addresses[i].host);
    mem_free(c->addresses);
    mem_free(c->cluster);
    mem_free(c->audience);
    mem_free(c->auth_type);
    mem_free(c->auth_socket);
    mem_free(c->program);
    mem_free(c);
}

void client_set_token_source(struct client *c, client_token_fn *fn, void *arg)
{
    c->token = fn;
    c->token_arg = arg;
}

void client_set_patience(struct client *c, int patience_ms)
{
    c->patience_ms = patience_ms;
}

bool client_alive(const struct client *c)
{
    return c->fd >= 0;
}

static int lost(struct client *c, int code, struct err *e)
{
    disconnect(c);
    return err_set(e, code, "%s", error_text(code));
}

/* Waits for the descriptor: 1 ready, 0 time-out, -1 a signal came. */
static int wait_for(struct client *c, short events, int timeout_ms)
{
    struct pollfd p = {.fd = c->fd, .events = events};

    return poll(&p, 1, timeout_ms);
}

static int write_all(struct client *c, const struct buf *out, struct err *e)
{
    size_t done = 0;

    while (done < out->len) {
        ssize_t n = send(c->fd, out->s + done, out->len - done, MSG_NOSIGNAL);
        if (n > 0)
            done += (size_t)n;
        else if (n < 0 && errno == EAGAIN) {
            if (wait_for(c, POLLOUT, c->timeout_ms) == 0)
                return lost(c, ESLURM_SOCKET_TIMED_OUT_ON_SEND_RECV, e);
        } else if (errno != EINTR)
            return lost(c, ESLURM_UNABLE_CONTACT_SLURM_CONTROLLER_1801, e);
    }
    return 0;
}

/* Adds hello to the first bytes of a connection. */
static int greet(struct client *c, struct buf *out, struct err *e)
{
    struct hello hello;
    struct buf token = BUF_INIT;
    char host[256] = "";

    if (c->greeted)
        return 0;
    if (client_token(c, &token, e) < 0) {
        buf_release(&token);
        return -e->code;
    }
    gethostname(host, sizeof host - 1);
    meta_init(&record_hello, &hello);
    hello.version = WIRE_VERSION;
    hello.cluster = c->cluster;
    hello.auth = c->auth_type;
    hello.token = (struct meta_bytes){(uint8_t *)token.s, (uint32_t)token.len};
    hello.program = c->program;
    hello.host = host;
    frame_add(out, MSG_HELLO, 0, 0, &record_hello, &hello);
    buf_release(&token);
    c->greeted = true;
    return 0;
}

static int ensure_connected(struct client *c, struct err *e)
{
    if (c->fd >= 0)
        return 0;
    int fd = client_connect(c, e);
    if (fd < 0)
        return fd;
    c->fd = fd;
    return 0;
}

/* Sends one frame, with hello before it where that is due. */
static int send_frame(struct client *c, enum msg_type type, uint32_t seq, const void *record, struct err *e)
{
    const struct message_type *t = message_by_number(type);
    struct buf out = BUF_INIT;

    REQUIRE(t && (!record || t->request));
    int rc = ensure_connected(c, e);
    if (rc == 0)
        rc = greet(c, &out, e);
    if (rc == 0) {
        frame_add(&out, (uint16_t)type, 0, seq, t->request, record);
        rc = write_all(c, &out, e);
    }
    buf_release(&out);
    return rc;
}

/* Reads until a whole frame is at in_pos: 1, or 0 on time-out (or signal, when that may end it), or negative
 * with the connection closed. */
static int next_frame(struct client *c, int timeout_ms, bool signal_ends, struct frame *ret, struct err *e)
{
    int64_t until = timeout_ms < 0 ? INT64_MAX : client_now_ms() + timeout_ms;

    for (;;) {
        int rc = frame_parse(c->in.s + c->in_pos, c->in.len - c->in_pos, FRAME_BODY_MAX, ret, e);
        if (rc < 0)
            disconnect(c);
        if (rc != 0)
            return rc;
        if (c->in_pos == c->in.len || c->in_pos > READ_SIZE) {
            memmove(c->in.s, c->in.s + c->in_pos, c->in.len - c->in_pos);
            buf_truncate(&c->in, c->in.len - c->in_pos);
            c->in_pos = 0;
        }
        size_t want = ret->len > READ_SIZE ? ret->len : READ_SIZE;
        buf_reserve(&c->in, want);
        ssize_t n = recv(c->fd, c->in.s + c->in.len, want, 0);
        if (n > 0) {
            c->in.len += (size_t)n;
            c->in.s[c->in.len] = 0;
            continue;
        }
        if (n == 0 || (errno != EAGAIN && errno != EINTR))
            return lost(c, ESLURM_UNABLE_CONTACT_SLURM_CONTROLLER_1802, e);
        int64_t left = timeout_ms < 0 ? -1 : until - client_now_ms();
        if (timeout_ms >= 0 && left <= 0)
            return 0;
        if (wait_for(c, POLLIN, (int)left) < 0 && signal_ends)
            return 0;
    }
}

static void drop_frame(struct client *c, const struct frame *f)
{
    c->in_pos += FRAME_HEADER + f->len;
    c->item_pos = 0;
}

/* The next frame that is no answer to hello. A refused hello ends the connection. */
static int next_answer(struct client *c, int timeout_ms, bool signal_ends, struct frame *ret, struct err *e)
{
    for (;;) {
        int rc = next_frame(c, timeout_ms, signal_ends, ret, e);
        if (rc <= 0)
            return rc;
        if (ret->type != MSG_HELLO || !(ret->flags & FRAME_REPLY))
            return 1;
        if (ret->flags & FRAME_ERROR) {
            rc = frame_read_error(ret, e);
            disconnect(c);
            return rc;
        }
        c->welcome = true;
        drop_frame(c, ret);
    }
}

/* The next frame that answers request `seq`; answers to others, which nobody waits for any more, are passed
 * over. */
static int await(struct client *c, uint32_t seq, struct frame *ret, struct err *e)
{
    for (;;) {
        int rc = next_answer(c, c->timeout_ms, false, ret, e);
        if (rc < 0)
            return rc;
        if (rc == 0)
            return lost(c, ESLURM_SOCKET_TIMED_OUT_ON_SEND_RECV, e);
        if ((ret->flags & FRAME_REPLY) && ret->seq == seq)
            break;
        drop_frame(c, ret);
    }
    if (!(ret->flags & FRAME_ERROR))
        return 0;
    int rc = frame_read_error(ret, e);
    drop_frame(c, ret);
    return rc;
}

int client_call(struct client *c, enum msg_type type, const void *request, void *reply, struct err *e)
{
    const struct message_type *t = message_by_number(type);
    uint32_t seq = ++c->seq;
    struct frame f;

    int rc = send_frame(c, type, seq, request, e);
    if (rc == 0)
        rc = await(c, seq, &f, e);
    if (rc < 0)
        return rc;
    if (reply)
        rc = meta_decode(t->reply, reply, f.body, f.len, e);
    drop_frame(c, &f);
    return rc;
}

/* A record of a list, in the arena or on the heap. */
static void *list_item(struct arena *a, const struct meta_record *r, const void *item, uint32_t len,
                       struct err *e)
{
    void *record = a ? arena_alloc(a, r->size) : mem_alloc(r->size);

    if ((a ? meta_decode_in(a, r, record, item, len, e) : meta_decode(r, record, item, len, e)) == 0)
        return record;
    if (!a)
        mem_free(record);
    return NULL;
}

/* Gives every record of one list body to `each`. */
static int walk_list(const struct frame *f, struct arena *a, const struct meta_record *r,
                     int (*each)(void *arg, void *record), void *arg, struct err *e)
{
    const void *item;
    uint32_t pos = 0, len;
    int rc;

    while ((rc = frame_list_next(f->body, f->len, &pos, &item, &len, e)) > 0) {
        void *record = list_item(a, r, item, len, e);
        if (!record)
            return -e->code;
        rc = each(arg, record);
        if (rc != 0)
            return rc;
    }
    return rc;
}

int client_list_in(struct client *c, struct arena *a, enum msg_type type, const void *request,
                   int (*each)(void *arg, void *record), void *arg, struct err *e)
{
    const struct message_type *t = message_by_number(type);
    uint32_t seq = ++c->seq;
    bool more = true;

    int rc = send_frame(c, type, seq, request, e);
    while (rc == 0 && more) {
        struct frame f;
        rc = await(c, seq, &f, e);
        if (rc < 0)
            break;
        more = f.flags & FRAME_MORE;
        rc = walk_list(&f, a, t->reply, each, arg, e);
        drop_frame(c, &f);
    }
    return rc;
}

int client_list(struct client *c, enum msg_type type, const void *request,
                int (*each)(void *arg, void *record), void *arg, struct err *e)
{
    return client_list_in(c, NULL, type, request, each, arg, e);
}

int client_send(struct client *c, enum msg_type type, const void *record, struct err *e)
{
    return send_frame(c, type, ++c->seq, record, e);
}

int client_receive(struct client *c, int timeout_ms, enum msg_type *ret_type, void **ret_record,
                   struct err *e)
{
    struct frame f;
    const void *body;
    uint32_t len;

    *ret_record = NULL;
    int rc = ensure_connected(c, e);
    if (rc < 0)
        return rc;
    while ((rc = next_answer(c, timeout_ms, true, &f, e)) > 0) {
        const struct message_type *t = message_by_number(f.type);
        const struct meta_record *r = !t ? NULL : f.flags & FRAME_REPLY ? t->reply : t->request;
        *ret_type = f.type;
        body = f.body;
        len = f.len;
        if (f.flags & FRAME_ERROR) {
            rc = frame_read_error(&f, e);
            drop_frame(c, &f);
            return rc;
        }
        if (f.flags & FRAME_MORE) {
            rc = frame_list_next(f.body, f.len, &c->item_pos, &body, &len, e);
            if (rc == 0) { /* past the last item of this frame */
                drop_frame(c, &f);
                continue;
            }
        }
        if (rc > 0 && r && len) {
            *ret_record = mem_alloc(r->size);
            rc = meta_decode(r, *ret_record, body, len, e) < 0 ? -e->code : 1;
            if (rc < 0) {
                mem_free(*ret_record);
                *ret_record = NULL;
            }
        }
        if (!(f.flags & FRAME_MORE) || rc < 0)
            drop_frame(c, &f);
        return rc;
    }
    return rc;
}

int client_fd(struct client *c, struct err *e)
{
    int rc = ensure_connected(c, e);

    return rc < 0 ? rc : c->fd;
}

int client_take_fd(struct client *c)
{
    int fd = c->fd;

    c->fd = -1;
    client_close(c);
    return fd;
}
