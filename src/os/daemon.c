/* SPDX-License-Identifier: Apache-2.0 */
#include "os/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "os/log.h"

/* The writing end of the pipe on which the waiting parent reads; -1 in the foreground. */
static int ready_fd = -1;

int daemon_fork(struct err *e)
{
    int pipe_fd[2];
    char byte;

    if (pipe2(pipe_fd, O_CLOEXEC) < 0)
        return err_set(e, errno, "pipe: %s", strerror(errno));
    pid_t pid = fork();
    if (pid < 0)
        return err_set(e, errno, "fork: %s", strerror(errno));
    if (pid > 0) {
        int status = 0;
        close(pipe_fd[1]);
        if (read(pipe_fd[0], &byte, 1) == 1)
            _exit(0);
        waitpid(pid, &status, 0);
        _exit(WIFEXITED(status) && WEXITSTATUS(status) ? WEXITSTATUS(status) : 1);
    }
    close(pipe_fd[0]);
    ready_fd = pipe_fd[1];
    setsid();
    return 0;
}

void daemon_check_systemd(bool wanted)
{
    if (wanted && !getenv("NOTIFY_SOCKET"))
        log_fatal("Missing NOTIFY_SOCKET.");
}

/* sd_notify(3) without its library. */
static void tell_systemd(void)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    char text[64];

    if (!path || !*path || !buf_print(sa.sun_path, sizeof sa.sun_path, "%s", path))
        return;
    socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    if (sa.sun_path[0] == '@')
        sa.sun_path[0] = 0; /* an abstract one */
    buf_print(text, sizeof text, "READY=1\nMAINPID=%d", getpid());
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&sa, len) < 0)
        log_error("systemd is not told: %s", strerror(errno));
    if (fd >= 0)
        close(fd);
}

void daemon_ready(void)
{
    tell_systemd();
    if (ready_fd < 0)
        return;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; fd <= 2 && null >= 0; fd++)
        dup2(null, fd);
    if (null > 2)
        close(null);
    if (write(ready_fd, "r", 1) < 0)
        ready_fd = -1; /* the parent has been killed: nobody waits */
    close(ready_fd);
    ready_fd = -1;
}

int pidfile_take(const char *path, uid_t owner, struct err *e)
{
    char text[16];
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);

    if (fd < 0)
        return err_set(e, errno, "Unable to open pidfile `%s': %s", path, strerror(errno));
    buf_print(text, sizeof text, "%d\n", getpid());
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        close(fd);
        return err_set(e, EAGAIN, "Unable to lock pidfile `%s': another daemon is running", path);
    }
    if (ftruncate(fd, 0) < 0 || pwrite(fd, text, strlen(text), 0) < 0 ||
        (geteuid() == 0 && fchown(fd, owner, (gid_t)-1) < 0)) {
        int code = errno;
        close(fd);
        return err_set(e, code, "Unable to write pidfile `%s': %s", path, strerror(code));
    }
    return fd;
}

void pidfile_drop(const char *path, int fd)
{
    if (fd < 0)
        return;
    /* After a change of user the folder may refuse the removal; an unlocked empty file says the same. */
    if (unlink(path) < 0 && ftruncate(fd, 0) < 0)
        errno = 0;
    close(fd);
}

int daemon_become(uid_t uid, gid_t gid, struct err *e)
{
    struct passwd *pw;

    if (geteuid() == uid)
        return 0;
    if (geteuid() != 0)
        return err_set(e, EPERM, "You are not running as SlurmUser (uid %u)", uid);
    pw = getpwuid(uid);
    if (!pw || initgroups(pw->pw_name, gid) < 0 || setresgid(gid, gid, gid) < 0 ||
        setresuid(uid, uid, uid) < 0)
        return err_set(e, errno ? errno : EPERM, "Can not set uid to SlurmUser(%u): %s", uid,
                       strerror(errno));
    prctl(PR_SET_DUMPABLE, 1);
    return 0;
}

void daemon_raise_files(void)
{
    struct rlimit r;

    if (getrlimit(RLIMIT_NOFILE, &r) == 0) {
        r.rlim_cur = r.rlim_max;
        setrlimit(RLIMIT_NOFILE, &r);
    }
}
