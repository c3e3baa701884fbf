/* SPDX-License-Identifier: Apache-2.0 */
/* The socket of tokens, and with it all that src/os/net.c does with a connection: any bytes from a stranger,
 * whole or in two parts. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fuzz.h"
#include "os/sack.h"

static char folder[] = "/tmp/fuzz_sackXXXXXX", path[64];
static uv_loop_t loop;
static struct auth *auth;
static struct sack *sack;

static void clean(void)
{
    char lock[80];

    sack_stop(sack);
    uv_run(&loop, UV_RUN_DEFAULT);
    sack_free(sack);
    auth_close(auth);
    buf_print(lock, sizeof lock, "%s.lock", path);
    unlink(lock);
    rmdir(folder);
}

static void begin(void)
{
    struct key key = {.len = 64};
    struct err e;

    memset(key.v, 7, key.len);
    auth = auth_open(&(struct auth_settings){.cluster = "fuzz", .key = &key}, &e);
    REQUIRE(mkdtemp(folder) && uv_loop_init(&loop) == 0);
    buf_print(path, sizeof path, "%s/sack", folder);
    sack = sack_start(&loop, auth, path, &e);
    REQUIRE(sack);
    atexit(clean);
}

static void turn(void)
{
    for (int i = 0; i < 3; i++)
        uv_run(&loop, UV_RUN_NOWAIT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    struct fuzz_input in = {data, size};
    uint8_t answer[4096];

    if (!sack)
        begin();
    size_t first = fuzz_u8(&in);
    first %= in.left + 1;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    buf_print(sa.sun_path, sizeof sa.sun_path, "%s", path);
    REQUIRE(fd >= 0 && connect(fd, (struct sockaddr *)&sa, sizeof sa) == 0);
    if (first && send(fd, in.p, first, MSG_NOSIGNAL) > 0)
        turn();
    if (in.left > first)
        send(fd, in.p + first, in.left - first, MSG_NOSIGNAL);
    shutdown(fd, SHUT_WR);
    turn();
    while (recv(fd, answer, sizeof answer, 0) > 0)
        turn();
    close(fd);
    turn();
    return 0;
}
