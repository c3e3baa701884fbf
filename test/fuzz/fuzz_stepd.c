/* SPDX-License-Identifier: Apache-2.0 */
/* What an srun may send to a slurmstepd: input, signals, window sizes, or anything else. */
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz.h"
#include "slurmstepd/stepd.h"

enum { TASKS = 2 };

/* Instead of notice.c. */
void step_notice_cancelled(struct stepd *s, const struct step_order *o)
{
    REQUIRE(o->signal < 65);
}

void step_notice(struct stepd *s, const char *fmt, ...)
{
    REQUIRE(fmt);
}

static uint32_t nobody(struct track *t, int sig)
{
    REQUIRE(sig >= 0 && sig < 65);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct track_ops ops = {.signal = nobody};
    struct track track = {&ops};
    struct task tasks[TASKS] = {{0}, {.pty = true, .rank = 1}};
    struct stepd s = {.track = &track, .tasks = tasks, .tasks_n = TASKS};
    int pair[2];

    buf_init(&s.srun_in);
    buf_init(&s.srun_out);
    for (int i = 0; i < TASKS; i++) {
        buf_init(&tasks[i].in_queue);
        tasks[i].in = open("/dev/null", O_WRONLY | O_CLOEXEC);
        tasks[i].out = tasks[i].err = tasks[i].pmi = -1;
    }
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    s.srun_fd = pair[0];
    if (send(pair[1], data, size, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)size) {
        shutdown(pair[1], SHUT_WR);
        while (s.srun_fd >= 0)
            srun_readable(&s);
    }
    if (s.srun_fd >= 0)
        close(s.srun_fd);
    close(pair[1]);
    for (int i = 0; i < TASKS; i++) {
        buf_release(&tasks[i].in_queue);
        if (tasks[i].in >= 0)
            close(tasks[i].in);
    }
    buf_release(&s.srun_in);
    buf_release(&s.srun_out);
    return 0;
}
