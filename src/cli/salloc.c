/* SPDX-License-Identifier: Apache-2.0 */
/* salloc(1): get an allocation, run a command in it, give it back. */
#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/allocate.h"
#include "cli/commands.h"
#include "cli/jobenv.h"
#include "cli/jobview.h"
#include "cli/jobvars.h"
#include "conf/conf.h"

struct salloc {
    struct cli *cli;
    struct jobopt o;
    struct submit_watch watch;
    struct job *job;
    pid_t child;
    bool terminal; /* the command is given the terminal */
    bool revoked;
};

static const int passed_on[] = {SIGHUP, SIGTERM, SIGQUIT, SIGUSR1, SIGUSR2, SIGCONT};

/* The caller's environment, with what belongs to the allocation. */
static char **make_environment(struct salloc *s)
{
    static struct jobenv env; /* lives as long as the process */
    struct err e;
    if (jobenv_make(&env, &s->o, s->o.parts[0], &e) < 0) {
        cli_error(s->cli, "%s", e.text);
        return NULL;
    }
    jobvars_job(&env, s->job, cli_cluster(s->cli), cli_env(s->cli)->conf_path);
    *VEC_PUSH(&env.vars) = NULL;
    return env.vars.v;
}

static const char *user_shell(void)
{
    const char *shell = cli_getenv("SHELL");
    const struct passwd *pw = shell ? NULL : getpwuid(getuid());
    return shell ? shell : pw && pw->pw_shell && *pw->pw_shell ? pw->pw_shell : "/bin/sh";
}

static _Noreturn void run_child(struct salloc *s, char *const *argv, char **env)
{
    sigset_t none;
    sigemptyset(&none);
    if (s->terminal) {
        setpgid(0, 0);
        signal(SIGTTOU, SIG_IGN);
        tcsetpgrp(STDIN_FILENO, getpid());
        signal(SIGTTOU, SIG_DFL);
    }
    sigprocmask(SIG_SETMASK, &none, NULL);
    execvpe(argv[0], argv, env);
    if (errno == ENOENT)
        cli_error(s->cli, "_fork_command: Unable to find command \"%s\"", argv[0]);
    else
        cli_error(s->cli, "_fork_command: %s: %s", argv[0], strerror(errno));
    _exit(1);
}

/* The allocation has gone while the command runs. */
static void on_revoked(struct salloc *s)
{
    uint32_t sig = s->o.parts[0]->cli.kill_command;
    s->revoked = true;
    cli_info(s->cli, "Job allocation %u has been revoked.", s->job->job_id);
    if (!sig && s->terminal)
        sig = SIGHUP;
    if (sig)
        kill(s->terminal ? -s->child : s->child, (int)sig);
}

static void read_watch(struct salloc *s, struct pollfd *fd)
{
    struct job *job;
    struct err e;
    int rc = submit_watch_next(&s->watch, 0, &job, &e);
    if (rc < 0)
        fd->fd = -1; /* the controller is away; the command goes on */
    if (rc > 0 && job_is_final(job) && !s->revoked)
        on_revoked(s);
    meta_free(&record_job, job);
}

static void take_signal(struct salloc *s, int sigfd)
{
    struct signalfd_siginfo info;
    if (read(sigfd, &info, sizeof info) != (ssize_t)sizeof info)
        return;
    for (size_t i = 0; i < sizeof passed_on / sizeof passed_on[0]; i++)
        if ((int)info.ssi_signo == passed_on[i])
            kill(s->terminal ? -s->child : s->child, passed_on[i]);
}

/* Waits for the command; the wait(2) status. */
static int wait_command(struct salloc *s, int sigfd)
{
    struct err e;
    struct pollfd fds[] = {{.fd = sigfd, .events = POLLIN}, {.fd = submit_watch_fd(&s->watch, &e), .events = POLLIN}};
    for (;;) {
        int status;
        if (waitpid(s->child, &status, WNOHANG) == s->child)
            return status;
        if (poll(fds, 2, -1) < 0)
            continue;
        if (fds[0].revents)
            take_signal(s, sigfd);
        if (fds[1].revents)
            read_watch(s, &fds[1]);
    }
}

static int block_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGINT); /* the terminal gives it to the command as well */
    for (size_t i = 0; i < sizeof passed_on / sizeof passed_on[0]; i++)
        sigaddset(&set, passed_on[i]);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int run_command(struct salloc *s)
{
    char *shell[] = {(char *)user_shell(), NULL};
    const struct jobopt_part *p = s->o.parts[0];
    char *const *argv = p->argc ? p->argv : shell;
    char **env = make_environment(s);
    if (!env)
        return EXIT_FAILURE;
    s->terminal = !p->argc && isatty(STDIN_FILENO) && tcgetpgrp(STDIN_FILENO) == getpgrp();
    int sigfd = block_signals();
    s->child = fork();
    if (s->child < 0) {
        cli_error(s->cli, "fork: %s", strerror(errno));
        return EXIT_FAILURE;
    }
    if (s->child == 0)
        run_child(s, argv, env);
    int status = wait_command(s, sigfd);
    if (s->terminal) {
        signal(SIGTTOU, SIG_IGN);
        tcsetpgrp(STDIN_FILENO, getpgrp());
    }
    if (!s->revoked) {
        cli_info(s->cli, "Relinquishing job allocation %u", s->job->job_id);
        allocate_give_back(s->cli, s->job->job_id, (uint32_t)status);
    }
    return jobview_exit_status((uint32_t)status);
}

int cmd_salloc(struct cli *cli)
{
    struct salloc s = {.cli = cli};
    int status;
    if (!submit_read_options(cli, JOBOPT_SALLOC, &s.o, &status))
        return status;
    s.job = allocate(cli, &s.o, "Job submit/allocate failed: ", &s.watch, &status);
    if (!s.job)
        return status;
    cli_info(cli, "Granted job allocation %u", s.job->job_id);
    cli_info(cli, "Nodes %s are ready for job", s.job->nodes ? s.job->nodes : "");
    if (s.o.parts[0]->cli.bell == JOBOPT_BELL_ALWAYS && isatty(STDOUT_FILENO))
        fputc('\a', stdout);
    return s.o.parts[0]->cli.no_shell ? 0 : run_command(&s);
}
