/* SPDX-License-Identifier: Apache-2.0 */
#include "os/sack.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/map.h"
#include "base/mem.h"
#include "model/errors.h"
#include "os/net.h"

enum { TURN_MS = 500 };

struct sack {
    struct auth *auth;
    char *path;
    struct net *net;
    uv_timer_t turn;
    struct map_u64 conns; /* by uid, how many connections it has: not a pointer but a number */
    int lock_fd;
    bool serving;
};

struct caller {
    uid_t uid;
    bool greeted;
};

/* --- who is there --- */

/* Of one user: the other users of this host need descriptors too. */
static uint64_t conns_max(void)
{
    struct rlimit files;

    return getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur > 256 ? files.rlim_cur / 4 : 64;
}

static void on_opened(struct net_conn *c)
{
    struct sack *s = net_user(c->net);
    struct caller *who;
    uint64_t n;
    uid_t uid;
    gid_t gid;
    pid_t pid;

    if (!net_peer_cred(c, &uid, &gid, &pid)) {
        net_abort(c);
        return;
    }
    who = mem_alloc(sizeof *who);
    who->uid = uid;
    c->user = who;
    n = (uintptr_t)map_u64_get(&s->conns, uid) + 1;
    map_u64_put(&s->conns, uid, (void *)(uintptr_t)n);
    if (uid != 0 && n > conns_max())
        net_abort(c);
}

static void on_closed(struct net_conn *c, int reason)
{
    struct sack *s = net_user(c->net);
    struct caller *who = c->user;
    uint64_t n;

    (void)reason;
    if (!who)
        return;
    n = (uintptr_t)map_u64_remove(&s->conns, who->uid) - 1;
    if (n)
        map_u64_put(&s->conns, who->uid, (void *)(uintptr_t)n);
    mem_free(who);
    c->user = NULL;
}

/* --- what is asked --- */

static void say_hello(struct net_conn *c, const struct frame *f)
{
    struct hello_reply reply = {.version = WIRE_VERSION};

    /* Never net_accept_peer: who keeps a connection, to have it, loses it after NET_HELLO_MS. */
    frame_add(net_out(c), MSG_HELLO, FRAME_REPLY, f->seq, &record_hello_reply, &reply);
    ((struct caller *)c->user)->greeted = true;
}

static void give_token(struct sack *s, struct net_conn *c, const struct frame *f)
{
    struct token_request request;
    struct token_reply reply;
    struct buf token = BUF_INIT;
    struct err e;
    uid_t uid;
    gid_t gid;
    pid_t pid;

    if (meta_decode(&record_token_request, &request, f->body, f->len, &e) < 0) {
        frame_add_error(net_out(c), f->type, f->seq, ESLURM_UNEXPECTED_MESSAGE, e.text);
        net_end(c);
        return;
    }
    if (!net_peer_cred(c, &uid, &gid, &pid))
        frame_add_error(net_out(c), f->type, f->seq, ESLURM_UNABLE_QUERY_KERNEL_SOCKET_PEER_CREDENTIAL,
                        error_text(ESLURM_UNABLE_QUERY_KERNEL_SOCKET_PEER_CREDENTIAL));
    else if (auth_make_token(s->auth, &(struct auth_identity){uid, gid}, request.audience, time(NULL), &token,
                             &e) < 0)
        frame_add_error(net_out(c), f->type, f->seq, e.code, e.text);
    else {
        meta_init(&record_token_reply, &reply);
        reply.token = (struct meta_bytes){(uint8_t *)token.s, (uint32_t)token.len};
        frame_add(net_out(c), f->type, FRAME_REPLY, f->seq, &record_token_reply, &reply);
    }
    buf_release(&token);
    meta_release(&record_token_request, &request);
}

static void on_frame(struct net_conn *c, const struct frame *f)
{
    struct sack *s = net_user(c->net);
    bool greeted = ((struct caller *)c->user)->greeted;

    if (f->type == MSG_HELLO && !greeted)
        say_hello(c, f);
    else if (f->type == MSG_TOKEN && greeted)
        give_token(s, c, f);
    else {
        frame_add_error(net_out(c), f->type, f->seq, ESLURM_UNEXPECTED_MESSAGE,
                        error_text(ESLURM_UNEXPECTED_MESSAGE));
        net_end(c);
    }
}

static const struct net_ops ops = {.opened = on_opened, .frame = on_frame, .closed = on_closed};

/* The socket, listening; whoever holds the lock may replace what a dead owner has left. */
static int bind_socket(const char *path, struct err *e)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};

    if (!buf_print(sa.sun_path, sizeof sa.sun_path, "%s", path))
        return err_set(e, ESLURM_UNIX_SOCKET_NAME_EXCEEDED_MAXIMUM_LENGTH, "%s: %s",
                       error_text(ESLURM_UNIX_SOCKET_NAME_EXCEEDED_MAXIMUM_LENGTH), path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return err_set(e, errno, "%s: %s", path, strerror(errno));
    unlink(path);
    if (bind(fd, (struct sockaddr *)&sa, sizeof sa) < 0 || chmod(path, 0666) < 0 || listen(fd, 1024) < 0) {
        int code = errno;
        close(fd);
        return err_set(e, code, "%s: %s", path, strerror(code));
    }
    return fd;
}

static int try_turn(struct sack *s, struct err *e)
{
    if (flock(s->lock_fd, LOCK_EX | LOCK_NB) < 0)
        return 0;
    int fd = bind_socket(s->path, e);
    if (fd < 0)
        return fd;
    s->serving = true;
    return net_listen(s->net, fd, &ops, e);
}

static void on_turn(uv_timer_t *t)
{
    struct sack *s = t->data;
    struct err e;

    if (!s->serving && try_turn(s, &e) < 0)
        flock(s->lock_fd, LOCK_UN);
    if (s->serving)
        uv_timer_stop(&s->turn);
}

/* The last folder of the path is made when it is missing. */
static int open_lock(const char *path, struct err *e)
{
    char *folder = mem_strdup(path), *lock = buf_format("%s.lock", path);
    char *slash = strrchr(folder, '/');

    if (slash && slash != folder) {
        *slash = 0;
        mkdir(folder, 0755);
    }
    int fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        fd = err_set(e, errno, "%s: %s", lock, strerror(errno));
    mem_free(folder);
    mem_free(lock);
    return fd;
}

struct sack *sack_start(uv_loop_t *loop, struct auth *auth, const char *path, struct err *e)
{
    int fd = open_lock(path, e);

    if (fd < 0)
        return NULL;
    struct sack *s = mem_alloc(sizeof *s);
    s->auth = auth;
    s->path = mem_strdup(path);
    s->lock_fd = fd;
    s->net = net_new(loop, s);
    REQUIRE(uv_timer_init(loop, &s->turn) == 0);
    s->turn.data = s;
    uv_timer_start(&s->turn, on_turn, TURN_MS, TURN_MS);
    if (try_turn(s, e) < 0) {
        sack_stop(s);
        return NULL;
    }
    return s;
}

void sack_stop(struct sack *s)
{
    if (!s || s->lock_fd < 0)
        return;
    if (s->serving)
        unlink(s->path);
    net_stop(s->net);
    uv_close((uv_handle_t *)&s->turn, NULL);
    close(s->lock_fd);
    s->lock_fd = -1;
}

void sack_free(struct sack *s)
{
    if (!s)
        return;
    net_free(s->net);
    map_u64_release(&s->conns);
    mem_free(s->path);
    mem_free(s);
}
