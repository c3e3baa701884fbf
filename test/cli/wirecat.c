/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wirecat: speaks doc/spec/03-wire.md for the tests of daemons, rightly or wrongly.
 *
 *   wirecat CONF call TYPE [FIELD=TEXT...]
 *       one request; prints the answer's fields, lists a record after the other
 *   wirecat CONF raw HEX...
 *       sends these bytes on a bare connection, prints what comes back as frames until it is closed
 *   wirecat CONF token KEYFILE [CLUSTER AUDIENCE AGE [NUMBER HEX]...]
 *       hello with a token of our own, then ping, then frames of these types with these bodies
 *   wirecat CONF replay
 *       the same hello on two connections
 *   wirecat CONF forward KEYFILE NODE PORT NODES HOPS [SEAL_KEYFILE AGE BYTE TYPE]
 *       as SlurmUser asks NODE to pass "reconfigure" on; the seal of another key, AGE seconds old, with one
 *       byte of it (counted from its end) changed, for a message of another type
 *   wirecat CONF submit N [SCRIPT]
 *       N jobs one after the other, prints their ids
 *
 * Exit code 0, or 1 with "error CODE: TEXT" on stdout.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "client/client.h"
#include "client/internal.h"
#include "conf/conf.h"
#include "os/auth.h"
#include "port/frame.h"

static int fail(const struct err *e)
{
    printf("error %d: %s\n", e->code, e->text);
    return 1;
}

static void print_record(const struct meta_record *r, const void *rec)
{
    struct buf b = BUF_INIT;

    meta_dump(r, rec, &b);
    printf("%s\n", b.s);
    buf_release(&b);
}

/* FIELD=TEXT, or FIELD.SUB=TEXT inside a record that is made when it is missing. */
static int set_field(const struct meta_record *r, void *rec, char *text, struct err *e)
{
    char *equals = strchr(text, '='), *dot = strchr(text, '.');

    if (!equals)
        return err_set(e, EINVAL, "%s is not FIELD=TEXT", text);
    if (dot && dot < equals) {
        *dot = 0;
        const struct meta_field *f = meta_find(r, text);
        if (!f || !f->sub)
            return err_set(e, EINVAL, "%s is no record of %s", text, r->name);
        void **sub = (void **)((char *)rec + f->offset);
        if (!*sub)
            *sub = meta_new(f->sub);
        return set_field(f->sub, *sub, dot + 1, e);
    }
    *equals = 0;
    const struct meta_field *f = meta_find(r, text);
    if (!f)
        return err_set(e, EINVAL, "%s has no field %s", r->name, text);
    if (f->kind == META_BYTES) {
        meta_bytes_set((struct meta_bytes *)((char *)rec + f->offset), equals + 1, strlen(equals + 1));
        return 0;
    }
    if (f->kind == META_STRS) {
        meta_strs_push((struct meta_strs *)((char *)rec + f->offset), equals + 1);
        return 0;
    }
    return meta_parse(f, rec, equals + 1, e);
}

enum { PATIENCE_MS = 60000, SILENCE_MS = 1000 };

static int call(struct client *c, char **argv)
{
    const struct message_type *t = message_by_name(argv[0]);
    void *request, *record;
    enum msg_type type;
    struct err e;
    int rc = 0;

    if (!t)
        return fail(&(struct err){EINVAL, "no such message"});
    request = t->request ? meta_new(t->request) : NULL;
    for (char **a = argv + 1; *a && rc == 0; a++)
        rc = set_field(t->request, request, *a, &e);
    if (rc == 0)
        rc = client_send(c, t->number, request, &e);
    /* A list has no empty record before its end, a single answer has one record at most. */
    while (rc == 0) {
        rc = client_receive(c, PATIENCE_MS, &type, &record, &e);
        if (rc == 0)
            rc = err_set(&e, ETIMEDOUT, "no answer");
        if (rc < 0 || !record)
            break;
        print_record(t->reply, record);
        meta_free(t->reply, record);
        bool list = t->number == MSG_JOBS || t->number == MSG_NODES || t->number == MSG_PARTS ||
                    t->number == MSG_JOB_WATCH;
        rc = list ? 0 : 1;
    }
    if (t->request)
        meta_free(t->request, request);
    return rc < 0 ? fail(&e) : 0;
}

static int bare(struct client *c, struct err *e)
{
    client_set_patience(c, 0);
    return client_connect(c, e);
}

/* Gives the number of answers that have come whole. */
static uint32_t walk_frames(const struct buf *in, bool print)
{
    struct frame f;
    struct err e;
    uint32_t n = 0;

    for (size_t at = 0; frame_parse(in->s + at, in->len - at, FRAME_BODY_MAX, &f, &e) > 0;
         at += FRAME_HEADER + f.len) {
        n += !(f.flags & FRAME_MORE);
        if (print && f.flags & FRAME_ERROR && frame_read_error(&f, &e) < 0)
            printf("frame %u error %d: %s\n", f.type, e.code, e.text);
        else if (print)
            printf("frame %u flags %u seq %u len %u\n", f.type, f.flags, f.seq, f.len);
    }
    return n;
}

/* Everything that comes until the other side closes, or at least so many answers and what follows them
 * within silence_ms. */
static void print_frames(int fd, uint32_t least, int silence_ms)
{
    struct buf in = BUF_INIT;
    struct pollfd p = {.fd = fd, .events = POLLIN};
    ssize_t n = 1;

    while (n > 0 && poll(&p, 1, walk_frames(&in, false) < least ? PATIENCE_MS : silence_ms) > 0) {
        buf_reserve(&in, 65536);
        n = recv(fd, in.s + in.len, 65536, 0);
        in.len += n > 0 ? (size_t)n : 0;
    }
    walk_frames(&in, true);
    printf("%s\n", n == 0 ? "closed" : n < 0 ? "reset" : "open");
    buf_release(&in);
}

static void add_hex(struct buf *out, const char *hex)
{
    for (; hex[0] && hex[1]; hex += 2) {
        char pair[3] = {hex[0], hex[1]};
        buf_addc(out, (char)strtol(pair, NULL, 16));
    }
}

static int send_raw(struct client *c, char **hex)
{
    struct buf out = BUF_INIT;
    struct err e;
    int fd = bare(c, &e);

    if (fd < 0)
        return fail(&e);
    for (; *hex; hex++)
        add_hex(&out, *hex);
    if (send(fd, out.s, out.len, MSG_NOSIGNAL) < 0)
        printf("reset\n");
    buf_release(&out);
    print_frames(fd, UINT32_MAX, 0);
    close(fd);
    return 0;
}

enum { HELLO_ANSWERS = 2 }; /* to add_hello(), when nothing is refused */

static void add_hello(struct buf *out, const char *type, const char *cluster, const struct buf *token)
{
    struct hello h = {.version = WIRE_VERSION,
                      .cluster = (char *)cluster,
                      .auth = (char *)type,
                      .token = {(uint8_t *)token->s, (uint32_t)token->len}};

    frame_add(out, MSG_HELLO, 0, 0, &record_hello, &h);
    frame_add(out, MSG_PING, 0, 1, NULL, NULL);
}

static int own_token(struct client *c, const struct client_env *env, char **argv, int argc)
{
    const char *cluster = argc > 1 ? argv[1] : conf_str(env->conf, CONF_CLUSTER_NAME);
    struct buf token = BUF_INIT, out = BUF_INIT;
    struct auth_identity me = {geteuid(), getegid()};
    struct key key;
    struct err e;

    if (key_load(argv[0], geteuid(), &key, &e) < 0)
        return fail(&e);
    struct auth *a = auth_open(&(struct auth_settings){.cluster = cluster, .key = &key}, &e);
    int64_t age = argc > 3 ? strtol(argv[3], NULL, 10) : 0;
    if (!a || auth_make_token(a, &me, argc > 2 ? argv[2] : "slurmctld", time(NULL) - age, &token, &e) < 0)
        return fail(&e);
    add_hello(&out, "auth/slurm", cluster, &token);
    for (int i = 4; i + 1 < argc; i += 2) { /* TYPE BODY */
        struct buf body = BUF_INIT;
        uint16_t head[] = {(uint16_t)strtoul(argv[i], NULL, 10), 0};
        uint32_t seq = 2;
        add_hex(&body, argv[i + 1]);
        buf_add(&out, &(uint32_t){(uint32_t)body.len}, sizeof(uint32_t));
        buf_add(&out, head, sizeof head);
        buf_add(&out, &seq, sizeof seq);
        buf_add(&out, body.s, body.len);
        buf_release(&body);
    }
    int fd = bare(c, &e);
    if (fd < 0)
        return fail(&e);
    if (send(fd, out.s, out.len, MSG_NOSIGNAL) < 0)
        printf("reset\n");
    print_frames(fd, HELLO_ANSWERS, argc > 4 ? SILENCE_MS : 0);
    close(fd);
    buf_release(&token);
    buf_release(&out);
    auth_close(a);
    return 0;
}

static int send_token(struct client *c, const struct client_env *env, const char *type, char *text)
{
    struct buf token = {.s = text, .len = strlen(text)}, out = BUF_INIT;
    struct err e;
    int fd = bare(c, &e);

    if (fd < 0)
        return fail(&e);
    add_hello(&out, type, conf_str(env->conf, CONF_CLUSTER_NAME), &token);
    if (send(fd, out.s, out.len, MSG_NOSIGNAL) < 0)
        printf("reset\n");
    print_frames(fd, HELLO_ANSWERS, 0);
    close(fd);
    buf_release(&out);
    return 0;
}

static int replay(struct client *c, const struct client_env *env)
{
    struct buf token = BUF_INIT, out = BUF_INIT;
    struct err e;

    if (client_token(c, &token, &e) < 0)
        return fail(&e);
    add_hello(&out, "auth/slurm", conf_str(env->conf, CONF_CLUSTER_NAME), &token);
    for (int i = 0; i < 2; i++) {
        int fd = bare(c, &e);
        if (fd < 0)
            return fail(&e);
        if (send(fd, out.s, out.len, MSG_NOSIGNAL) < 0)
            printf("reset\n");
        print_frames(fd, HELLO_ANSWERS, 0);
        close(fd);
    }
    buf_release(&token);
    buf_release(&out);
    return 0;
}

static int submit(struct client *c, uint32_t n, const char *script)
{
    struct submit_request r;
    struct submit_reply reply;
    struct err e;

    meta_init(&record_submit_request, &r);
    r.spec = meta_new(&record_job_spec);
    r.spec->name = mem_strdup("wirecat");
    r.spec->work_dir = mem_strdup("/tmp");
    r.payload = meta_new(&record_payload);
    meta_bytes_set(&r.payload->script, script, strlen(script));
    for (uint32_t i = 0; i < n; i++) {
        if (client_call(c, MSG_SUBMIT, &r, &reply, &e) < 0)
            return fail(&e);
        printf("%u\n", reply.job_id);
        fflush(stdout);
        meta_release(&record_submit_reply, &reply);
    }
    meta_release(&record_submit_request, &r);
    return 0;
}

/* What would be sent, sealed as asked. Empty after a failure. */
static struct buf seal_forward(const char *cluster, char **argv, int argc, struct err *e)
{
    struct node_control control = {.action = (char *)"reconfigure", .term = UINT64_MAX};
    struct forward_body b;
    struct forward m = {0};
    struct buf body = BUF_INIT, sealed = BUF_INIT, ret = BUF_INIT;
    struct text_list hops = {0};
    struct key key;
    struct auth *a = NULL;

    meta_init(&record_forward_body, &b);
    if (key_load(argc > 5 ? argv[5] : argv[0], geteuid(), &key, e) == 0)
        a = auth_open(&(struct auth_settings){.cluster = cluster, .key = &key, .slurm_uid = geteuid()}, e);
    int64_t now = time(NULL) - (argc > 6 ? strtol(argv[6], NULL, 10) : 0);
    meta_encode(&record_node_control, &control, &body);
    meta_bytes_set(&b.body, body.s, body.len);
    mem_set_str(&b.nodes, argv[3]);
    b.type = argc > 8 ? (uint32_t)strtoul(argv[8], NULL, 10) : MSG_NODE_CONTROL;
    b.width = 2;
    b.timeout = PATIENCE_MS;
    b.expires = now + 60;
    text_split(&hops, argv[4], ',');
    for (uint32_t i = 0; i < hops.n; i++)
        meta_u32s_push(&m.hops, (uint32_t)strtoul(hops.v[i], NULL, 10));
    if (a && auth_seal_forward(a, &b, now, &sealed, e) == 0) {
        size_t byte = argc > 7 ? strtoul(argv[7], NULL, 10) : 0;
        if (byte && byte <= sealed.len)
            sealed.s[sealed.len - byte] ^= 1;
        m.sealed = (struct meta_bytes){(uint8_t *)sealed.s, (uint32_t)sealed.len};
        m.wait = PATIENCE_MS;
        meta_encode(&record_forward, &m, &ret);
    }
    text_list_release(&hops);
    mem_free(m.hops.v);
    meta_release(&record_forward_body, &b);
    buf_release(&body);
    buf_release(&sealed);
    auth_close(a);
    return ret;
}

static int forward(const struct client_env *env, char **argv, int argc)
{
    const char *cluster = conf_str(env->conf, CONF_CLUSTER_NAME);
    uint16_t port = (uint16_t)strtoul(argv[2], NULL, 10);
    struct auth_identity me = {geteuid(), getegid()};
    struct buf token = BUF_INIT, out = BUF_INIT;
    struct key key;
    struct err e = {0};
    struct auth *a = NULL;

    if (key_load(argv[0], geteuid(), &key, &e) == 0)
        a = auth_open(&(struct auth_settings){.cluster = cluster, .key = &key}, &e);
    struct buf body = seal_forward(cluster, argv, argc, &e);
    if (!a || !body.len || auth_make_token(a, &me, argv[1], time(NULL), &token, &e) < 0)
        return fail(&e);
    add_hello(&out, "auth/slurm", cluster, &token);
    size_t begin = frame_begin(&out, MSG_FORWARD, 0, 2);
    buf_add(&out, body.s, body.len);
    frame_end(&out, begin);
    struct client *c = client_to_node(env, "127.0.0.1", port, argv[1]);
    int fd = bare(c, &e);
    if (fd < 0)
        return fail(&e);
    if (send(fd, out.s, out.len, MSG_NOSIGNAL) < 0)
        printf("reset\n");
    print_frames(fd, HELLO_ANSWERS + 1, 0);
    close(fd);
    client_close(c);
    buf_release(&body);
    buf_release(&token);
    buf_release(&out);
    auth_close(a);
    return 0;
}

int main(int argc, char **argv)
{
    struct client_env env;
    struct err e;
    int rc = 2;

    if (argc < 3)
        return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    setenv("SLURM_CONF", argv[1], 1);
    if (client_env_load(&env, &e) < 0)
        return fail(&e);
    struct client *c = client_to_controller(&env);
    if (strcmp(argv[2], "call") == 0 && argc > 3)
        rc = call(c, argv + 3);
    else if (strcmp(argv[2], "raw") == 0)
        rc = send_raw(c, argv + 3);
    else if (strcmp(argv[2], "token") == 0 && argc > 3)
        rc = own_token(c, &env, argv + 3, argc - 3);
    else if (strcmp(argv[2], "forward") == 0 && argc > 7)
        rc = forward(&env, argv + 3, argc - 3);
    else if (strcmp(argv[2], "rawtoken") == 0 && argc > 4)
        rc = send_token(c, &env, argv[3], argv[4]);
    else if (strcmp(argv[2], "replay") == 0)
        rc = replay(c, &env);
    else if (strcmp(argv[2], "submit") == 0 && argc > 3)
        rc = submit(c, (uint32_t)strtoul(argv[3], NULL, 10), argc > 4 ? argv[4] : "#!/bin/sh\ntrue\n");
    client_close(c);
    client_env_release(&env);
    return rc;
}
