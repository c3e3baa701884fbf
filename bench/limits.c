/* SPDX-License-Identifier: Apache-2.0 */
/* Physical limits of this machine. usage: limits MODE [DIR]; prints operations per second.
 * spawn: posix_spawn+wait of /bin/true   sync: append 4 KiB + fdatasync in DIR
 * tcp: loopback connect, 1 byte there and back, close */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;
static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void die(const char *what)
{
    perror(what);
    exit(1);
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";
    char buf[4096] = {0};
    long n = 0;
    double start, secs = 2;

    if (!strcmp(mode, "spawn")) {
        char *av[] = {"true", NULL};
        pid_t pid;
        for (start = now(); now() - start < secs; n++) {
            if (posix_spawn(&pid, "/bin/true", NULL, NULL, av, environ))
                die("posix_spawn");
            waitpid(pid, NULL, 0);
        }
    } else if (!strcmp(mode, "sync")) {
        char path[4096];
        snprintf(path, sizeof(path), "%s/sync.dat", argc > 2 ? argv[2] : ".");
        int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC | O_APPEND, 0600);
        if (fd < 0)
            die(path);
        for (start = now(); now() - start < secs; n++)
            if (write(fd, buf, sizeof(buf)) != sizeof(buf) || fdatasync(fd))
                die("fdatasync");
        unlink(path);
    } else if (!strcmp(mode, "tcp")) {
        struct sockaddr_in a = {.sin_family = AF_INET};
        socklen_t len = sizeof(a);
        int ls = socket(AF_INET, SOCK_STREAM, 0);
        a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (bind(ls, (void *)&a, sizeof(a)) || listen(ls, 128) || getsockname(ls, (void *)&a, &len))
            die("listen");
        pid_t pid = fork();
        if (!pid)
            for (;;) {
                int s = accept(ls, NULL, NULL);
                if (read(s, buf, 1) == 1 && write(s, buf, 1) == 1)
                    close(s);
            }
        for (start = now(); now() - start < secs; n++) {
            int s = socket(AF_INET, SOCK_STREAM, 0);
            if (connect(s, (void *)&a, sizeof(a)) || write(s, buf, 1) != 1 || read(s, buf, 1) != 1)
                die("connect");
            close(s);
        }
        kill(pid, SIGKILL);
    } else {
        fprintf(stderr, "usage: limits spawn|sync|tcp [DIR]\n");
        return 2;
    }
    printf("%.1f\n", n / (now() - start));
    return 0;
}
