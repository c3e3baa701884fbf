/* SPDX-License-Identifier: Apache-2.0 */
#include "os/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

extern char **environ;

/* Copies above the targets first: a source must not be overwritten before it is used. */
static int plan_fds(const struct process_spec *s, posix_spawn_file_actions_t *fa, int *ret_high)
{
    int rc = 0;

    for (uint32_t i = 0; i < s->fds_n && rc == 0; i++) {
        ret_high[i] = s->fds[i] < 0 ? -1 : fcntl(s->fds[i], F_DUPFD_CLOEXEC, PROCESS_FDS_MAX + 8);
        if (s->fds[i] >= 0 && ret_high[i] < 0)
            return errno;
        if (ret_high[i] >= 0)
            rc = posix_spawn_file_actions_adddup2(fa, ret_high[i], (int)i);
        else if (i < 3)
            rc = posix_spawn_file_actions_addopen(fa, (int)i, "/dev/null", O_RDWR, 0);
    }
    return rc;
}

pid_t process_start(const struct process_spec *s, struct err *e)
{
    posix_spawn_file_actions_t fa;
    posix_spawnattr_t attr;
    int high[PROCESS_FDS_MAX], rc;
    sigset_t set;
    pid_t pid = -1;
    short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;

    REQUIRE(s->fds_n >= 3 && s->fds_n <= PROCESS_FDS_MAX);
    memset(high, -1, sizeof high);
    posix_spawn_file_actions_init(&fa);
    posix_spawnattr_init(&attr);
    sigemptyset(&set);
    posix_spawnattr_setsigmask(&attr, &set);
    sigaddset(&set, SIGPIPE); /* what daemons ignore; handlers are reset by exec */
    sigaddset(&set, SIGHUP);
    posix_spawnattr_setsigdefault(&attr, &set);
    if (s->own_group) {
        posix_spawnattr_setpgroup(&attr, 0);
        flags |= POSIX_SPAWN_SETPGROUP;
    }
    posix_spawnattr_setflags(&attr, flags);
    rc = plan_fds(s, &fa, high);
    if (rc == 0)
        rc = posix_spawn(&pid, s->path, &fa, &attr, s->argv, s->env ? s->env : environ);
    for (uint32_t i = 0; i < s->fds_n; i++)
        if (high[i] >= 0)
            close(high[i]);
    posix_spawn_file_actions_destroy(&fa);
    posix_spawnattr_destroy(&attr);
    return rc ? err_set(e, rc, "%s: %s", s->path, strerror(rc)) : pid;
}
