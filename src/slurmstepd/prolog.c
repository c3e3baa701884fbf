/* SPDX-License-Identifier: Apache-2.0 */
/* TaskProlog: a program whose output changes the task's environment. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "nodecore/env.h"
#include "slurmstepd/stepd.h"

static void prolog_line(char *line, struct meta_strs *env)
{
    char *rest = line + strcspn(line, " \t");
    char *value;

    if (*rest)
        *rest++ = 0;
    rest = (char *)text_skip_space(rest);
    if (strcmp(line, "print") == 0) {
        dprintf(1, "%s\n", rest);
    } else if (strcmp(line, "unset") == 0) {
        env_unset(env, text_trim(rest));
    } else if (strcmp(line, "export") == 0 && (value = strchr(rest, '='))) {
        *value++ = 0;
        env_set(env, text_trim(rest), "%s", value);
    }
}

static void prolog_lines(char *text, struct meta_strs *env)
{
    for (char *line = text, *end; *line; line = end) {
        end = line + strcspn(line, "\n");
        if (*end)
            *end++ = 0;
        prolog_line(line, env);
    }
}

int prolog_run(const char *path, struct meta_strs *env, struct err *e)
{
    struct buf out = BUF_INIT;
    char chunk[4096], *argv[] = {(char *)path, NULL};
    int fd[2], status = 0;
    ssize_t got;
    pid_t pid;

    if (pipe(fd) < 0 || (pid = fork()) < 0)
        return err_set(e, errno, "%s: %s", path, strerror(errno));
    if (pid == 0) {
        char **envp = mem_array(env->n + 1, sizeof *envp);

        memcpy(envp, env->v, env->n * sizeof *envp);
        dup2(fd[1], 1);
        close(fd[0]);
        close(fd[1]);
        execve(path, argv, envp);
        _exit(127);
    }
    close(fd[1]);
    while ((got = read(fd[0], chunk, sizeof chunk)) > 0)
        buf_add(&out, chunk, (size_t)got);
    close(fd[0]);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (out.len)
        prolog_lines(out.s, env);
    buf_release(&out);
    return status ? err_set(e, status, "%s: status %d", path, status) : 0;
}
