/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "client/internal.h"
#include "model/errors.h"

int64_t client_now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Connects within the time limit: a descriptor or a negative errno. */
static int connect_one(const struct sockaddr *sa, socklen_t len, int timeout_ms)
{
    int fd = socket(sa->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), one = 1, failed = 0;
    socklen_t failed_len = sizeof failed;

    if (fd < 0)
        return -errno;
    if (connect(fd, sa, len) < 0) {
        struct pollfd p = {.fd = fd, .events = POLLOUT};
        if (errno != EINPROGRESS)
            failed = errno;
        else if (poll(&p, 1, timeout_ms) <= 0)
            failed = ETIMEDOUT;
        else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &failed_len) < 0)
            failed = errno;
    }
    if (failed) {
        close(fd);
        return -failed;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

/* An address in digits needs no resolver, which would cost a short-lived program more than the whole request.
 */
static int connect_digits(const char *host, uint16_t port, int timeout_ms, bool *ret_is_digits)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

    *ret_is_digits = true;
    if (inet_pton(AF_INET, host, &v4.sin_addr) == 1)
        return connect_one((struct sockaddr *)&v4, sizeof v4, timeout_ms);
    if (inet_pton(AF_INET6, host, &v6.sin6_addr) == 1)
        return connect_one((struct sockaddr *)&v6, sizeof v6, timeout_ms);
    *ret_is_digits = false;
    return -EADDRNOTAVAIL;
}

static int connect_address(const struct client_address *a, int timeout_ms)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV}, *list = NULL;
    bool is_digits;
    char port[8];

    int fd = connect_digits(a->host, a->port, timeout_ms, &is_digits);
    if (is_digits)
        return fd;
    buf_print(port, sizeof port, "%u", a->port);
    if (getaddrinfo(a->host, port, &hints, &list) != 0)
        return -EADDRNOTAVAIL;
    for (const struct addrinfo *i = list; i && fd < 0; i = i->ai_next)
        fd = connect_one(i->ai_addr, i->ai_addrlen, timeout_ms);
    freeaddrinfo(list);
    return fd;
}

/* A daemon that is just being started again refuses connections; one that is not there does so for longer. */
int client_connect(struct client *c, struct err *e)
{
    int64_t until = client_now_ms() + c->patience_ms;
    int pause_ms = 20;

    for (;;) {
        bool refused = false;
        for (uint32_t i = 0; i < c->addresses_n; i++) {
            int fd = connect_address(&c->addresses[i], c->connect_ms);
            if (fd >= 0)
                return fd;
            refused |= fd == -ECONNREFUSED;
        }
        if (!refused || client_now_ms() + pause_ms > until)
            return err_set(e, ESLURM_CONTROLLER_UNREACHABLE, "%s", error_text(ESLURM_CONTROLLER_UNREACHABLE));
        poll(NULL, 0, pause_ms);
        pause_ms = pause_ms < 200 ? pause_ms * 2 : pause_ms;
    }
}
