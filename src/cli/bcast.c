/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/bcast.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "conf/conf.h"
#include "model/errors.h"
#include "model/message.h"
#include "os/compress.h"

struct target {
    const struct step_node *where;
    struct client *c;
};

struct transfer {
    struct cli *cli;
    const struct bcast_order *o;
    struct target *targets;
    uint32_t n;
    int fd;
    uint64_t left;
    struct bcast piece;
};

static int node_failed(struct transfer *t, const struct target *to, const struct err *e)
{
    struct buf line = BUF_INIT;
    cli_error(t->cli, "REQUEST_FILE_BCAST(%s): %s", to->where->name, cli_error_line(e, &line));
    buf_release(&line);
    return e->code > 0 && e->code < 256 ? e->code : EXIT_FAILURE;
}

static int read_piece(struct transfer *t, uint64_t want)
{
    struct meta_bytes *data = &t->piece.data;
    uint8_t *bytes = mem_alloc(want ? want : 1);
    size_t have = 0;
    ssize_t got = 1;
    while (have < want && got != 0) {
        got = read(t->fd, bytes + have, want - have);
        if (got < 0 && errno != EINTR) {
            cli_error(t->cli, "Can't read `%s`: %s", t->o->source, strerror(errno));
            mem_free(bytes);
            return EXIT_FAILURE;
        }
        have += got > 0 ? (size_t)got : 0;
    }
    meta_bytes_set(data, bytes, have);
    mem_free(bytes);
    t->left -= want;
    t->piece.last = t->left == 0 || have < want; /* a file that is being cut short ends here */
    return 0;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A wait that a signal ends is taken up again. */
static int await_answer(struct transfer *t, struct target *from)
{
    uint32_t seconds =
        t->o->timeout_s ? t->o->timeout_s : conf_u32(cli_env(t->cli)->conf, CONF_MESSAGE_TIMEOUT);
    int64_t end = now_ms() + (int64_t)seconds * 1000;
    enum msg_type type;
    void *reply;
    struct err e;
    int rc;
    do {
        int64_t left = end - now_ms();
        rc = client_receive(from->c, left < 0 ? 0 : left < INT_MAX ? (int)left : INT_MAX, &type, &reply, &e);
    } while (rc == 0 && now_ms() < end);
    if (rc == 0)
        rc = err_set(&e, ESLURM_SOCKET_TIMED_OUT_ON_SEND_RECV, "%s",
                     error_text(ESLURM_SOCKET_TIMED_OUT_ON_SEND_RECV));
    return rc < 0 ? node_failed(t, from, &e) : 0;
}

/* To nodes `first` up to `end`, then their answers: they write at the same time. */
static int send_piece_to(struct transfer *t, uint32_t first, uint32_t end)
{
    int status = 0, rc;
    struct err e;
    for (uint32_t i = first; i < end; i++) {
        struct target *to = &t->targets[i];
        const char *path = t->piece.path;
        bool names = t->o->name_nodes;
        char *named = buf_format("%s%s%s%s", path, names ? "_" : "", names ? to->where->name : "",
                                 t->o->suffix ? t->o->suffix : "");
        t->piece.path = named;
        rc = client_send(to->c, MSG_BCAST, &t->piece, &e);
        t->piece.path = (char *)path;
        mem_free(named);
        if (rc < 0)
            return node_failed(t, to, &e);
    }
    for (uint32_t i = first; i < end; i++) {
        rc = await_answer(t, &t->targets[i]);
        status = rc ? rc : status;
    }
    return status;
}

static int send_piece(struct transfer *t)
{
    uint32_t width = t->o->fanout && t->o->fanout < t->n ? t->o->fanout : t->n, size = t->piece.data.n;
    int status = 0;
    t->piece.expanded = t->o->compress && compress_bytes(&t->piece.data) ? size : 0;
    for (uint32_t first = 0; first < t->n; first += width) {
        int rc = send_piece_to(t, first, first + width < t->n ? first + width : t->n);
        status = rc ? rc : status;
    }
    return status;
}

static int send_all(struct transfer *t)
{
    uint64_t block = t->o->block && t->o->block < BCAST_BLOCK_MAX ? t->o->block : BCAST_BLOCK_MAX;
    int rc;
    do {
        rc = read_piece(t, t->left < block ? t->left : block);
        if (rc == 0)
            rc = send_piece(t);
        meta_bytes_set(&t->piece.credential, NULL, 0);
    } while (rc == 0 && !t->piece.last);
    return rc;
}

static int open_source(struct transfer *t)
{
    const char *name = t->o->source;
    struct stat st;
    t->fd = open(name, O_RDONLY | O_CLOEXEC);
    if (t->fd < 0 || fstat(t->fd, &st) < 0) {
        cli_error(t->cli, "Can't open `%s`: %s", name, strerror(errno));
        return 255;
    }
    if (!S_ISREG(st.st_mode)) {
        cli_error(t->cli, "Can't mmap file `%s`, %s.", name, strerror(ENODEV));
        return 255;
    }
    if (st.st_size == 0)
        fprintf(stderr, "%s: warning: file `%s` is empty.\n", t->cli->name, name);
    t->left = (uint64_t)st.st_size;
    t->piece.mode = st.st_mode & 07777;
    t->piece.atime = st.st_atime;
    t->piece.mtime = st.st_mtime;
    return 0;
}

int bcast_send(struct cli *cli, const struct bcast_grant *to, const struct bcast_order *o)
{
    struct transfer t = {.cli = cli, .o = o, .n = to->nodes.n, .fd = -1};
    t.targets = mem_array(t.n ? t.n : 1, sizeof *t.targets);
    meta_init(&record_bcast, &t.piece);
    meta_bytes_set(&t.piece.credential, to->credential.v, to->credential.n);
    t.piece.path = mem_strdup(o->dest);
    t.piece.force = o->force;
    t.piece.preserve = o->preserve;
    t.piece.folder = t.piece.last = o->folder;
    int rc = o->folder ? 0 : open_source(&t);
    for (uint32_t i = 0; i < t.n && rc == 0; i++) {
        const struct step_node *n = &to->nodes.v[i];
        t.targets[i].where = n;
        t.targets[i].c = client_to_node(cli_env(cli), n->addr ? n->addr : n->name, n->port, n->name);
    }
    if (rc == 0)
        rc = o->folder ? send_piece(&t) : send_all(&t);
    for (uint32_t i = 0; i < t.n; i++)
        client_close(t.targets[i].c);
    mem_free(t.targets);
    meta_release(&record_bcast, &t.piece);
    if (t.fd >= 0)
        close(t.fd);
    return rc;
}

char *bcast_dest(struct cli *cli, const char *dest)
{
    const char *folder = NULL;
    char cwd[4096];
    if (*dest == '/')
        return mem_strdup(dest);
    if (!conf_has_param(cli_env(cli)->conf, CONF_BCAST_PARAMETERS, "DestDir", &folder) || !folder)
        folder = getcwd(cwd, sizeof cwd);
    folder = folder ? folder : "";
    return buf_format("%.*s/%s", (int)strcspn(folder, ","), folder, dest);
}

void bcast_compression(struct cli *cli, struct bcast_order *o, const char *library)
{
    bool none = library && strcmp(library, "none") == 0;
    o->compress = !none && (!library || strcmp(library, "lz4") == 0) && compress_available();
    if (o->compress || none)
        return;
    if (library && strcmp(library, "lz4") != 0)
        cli_error(cli, "Compression type '%s' unknown, disabling compression support.", library);
    else
        cli_error(cli, "lz4 compression is not available, disabling compression support.");
}

void bcast_default_compression(struct cli *cli, struct bcast_order *o)
{
    const char *value = NULL;
    if (!conf_has_param(cli_env(cli)->conf, CONF_BCAST_PARAMETERS, "Compression", &value) || !value)
        return;
    char *library = buf_format("%.*s", (int)strcspn(value, ","), value);
    bcast_compression(cli, o, library);
    mem_free(library);
}

bool bcast_fanout(struct bcast_order *o, const char *text)
{
    uint32_t width = 0;
    if (!text_same_nocase(text, "off") && !text_to_u32(text, &width))
        return false;
    o->fanout = width < BCAST_FANOUT_MAX ? width : BCAST_FANOUT_MAX;
    return true;
}
