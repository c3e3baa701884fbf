/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls on what users name may wait for ever: a named pipe that nobody reads. A timer interrupts them
 * again and again, so that slurmstepd still hears that its step has to end.
 */
#include "slurmstepd/patience.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/time.h>
#include <unistd.h>

enum { TICK_MS = 100, WRITE_TICKS_MAX = 100 };

static void on_tick(int sig)
{
    (void)sig;
}

static void ticks(bool on)
{
    const struct timeval tick = {.tv_usec = on ? TICK_MS * 1000 : 0};
    const struct itimerval timer = {tick, tick};
    struct sigaction act = {.sa_handler = on_tick}; /* without SA_RESTART */
    int kept = errno;
    sigset_t set;

    sigaction(SIGALRM, &act, NULL);
    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    setitimer(ITIMER_REAL, &timer, NULL);
    sigprocmask(on ? SIG_UNBLOCK : SIG_BLOCK, &set, NULL);
    errno = kept;
}

int patience_open(const char *path, int flags, mode_t mode, bool (*called_off)(void *ctx), void *ctx)
{
    for (;;) {
        int fd;

        ticks(true);
        fd = open(path, flags, mode);
        ticks(false);
        if (fd >= 0 || errno != EINTR)
            return fd;
        if (called_off(ctx)) {
            errno = ECANCELED;
            return -1;
        }
    }
}

int patience_write(int fd, const char *p, size_t len)
{
    uint32_t waited = 0;

    ticks(true);
    while (len) {
        ssize_t put = write(fd, p, len);

        if (put < 0 && errno == EINTR && ++waited < WRITE_TICKS_MAX)
            continue;
        if (put <= 0)
            break;
        p += put;
        len -= (size_t)put;
    }
    ticks(false);
    return !len ? 0 : waited < WRITE_TICKS_MAX ? -EIO : -ETIMEDOUT;
}
