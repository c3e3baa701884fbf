/* SPDX-License-Identifier: Apache-2.0 */
/*
 * salloc: an allocation, and a command that has it until it ends.
 *
 * The command runs as a child in a process group of its own, in the foreground where there is a terminal.
 * salloc itself waits for three things: the child's end, the job's end, and signals.
 */
#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/alloc.h"
#include "cli/commands.h"
#include "cli/jobvars.h"
#include "cli/submit.h"
#include "conf/conf.h"

enum { BELL_AFTER_MS = 10000 };

struct salloc {
    struct cli *cli;
    struct jobopt opt;
    struct alloc alloc;
    pid_t child;
    int status;    /* wait(2) status of the child */
    bool terminal; /* there is one, and we are its foreground group */
    bool revoked;  /* the job went away while the command ran */
    bool hung_up;  /* SIGHUP was handed on to the command */
};

/* --- the command --- */

static const char *shell_of_user(uint32_t uid)
{
    const struct passwd *pw = getpwuid(uid);
    const char *shell = pw && *pw->pw_shell ? pw->pw_shell : cli_getenv("SHELL");
    return shell ? shell : "/bin/sh";
}

/* LaunchParameters=use_interactive_step: the shell runs on the first node of the job, through srun. */
static char **interactive_step(struct salloc *s)
{
    const char *options = conf_str(cli_env(s->cli)->conf, CONF_INTERACTIVE_STEP_OPTIONS);
    char **argv = mem_array(4, sizeof *argv);
    argv[0] = mem_strdup("/bin/sh");
    argv[1] = mem_strdup("-c");
    argv[2] = buf_format("exec srun %s", options ? options : "");
    return argv;
}

static char **command(struct salloc *s)
{
    const struct jobopt_part *p = s->opt.parts[0];
    if (p->argc)
        return p->argv;
    if (conf_has_param(cli_env(s->cli)->conf, CONF_LAUNCH_PARAMETERS, "use_interactive_step", NULL))
        return interactive_step(s);
    char **argv = mem_array(2, sizeof *argv);
    argv[0] = mem_strdup(shell_of_user(s->opt.world.uid));
    return argv;
}

static bool is_program(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

/* As execvp would find it, but known before anything is forked. */
static bool can_run(const char *name)
{
    if (strchr(name, '/'))
        return is_program(name);
    bool found = false;
    const char *path = cli_getenv("PATH");
    for (const char *at = path ? path : "/usr/bin:/bin"; *at && !found;) {
        size_t len = strcspn(at, ":");
        char *full = buf_format("%.*s%s%s", (int)len, at, len ? "/" : "", name);
        found = is_program(full);
        mem_free(full);
        at += len + (at[len] == ':');
    }
    return found;
}

static _Noreturn void run_child(const struct salloc *s, char **argv)
{
    setpgid(0, 0);
    if (s->terminal) {
        /* Not yet in the foreground, it would be stopped for wanting to be. */
        signal(SIGTTOU, SIG_IGN);
        tcsetpgrp(STDIN_FILENO, getpid());
        signal(SIGTTOU, SIG_DFL);
    }
    alloc_signals_child();
    execvp(argv[0], argv);
    cli_error(s->cli, "Unable to exec command \"%s\": %s", argv[0], strerror(errno));
    _exit(EXIT_FAILURE);
}

static int start(struct salloc *s, char **argv)
{
    if (!can_run(argv[0])) {
        cli_error(s->cli, "_fork_command: Unable to find command \"%s\"", argv[0]);
        return -1;
    }
    s->child = fork();
    if (s->child == 0)
        run_child(s, argv);
    if (s->child < 0) {
        cli_error(s->cli, "fork failed: %s", strerror(errno));
        return -1;
    }
    setpgid(s->child, s->child);
    if (s->terminal)
        tcsetpgrp(STDIN_FILENO, s->child);
    return 0;
}

static void take_terminal_back(const struct salloc *s)
{
    if (!s->terminal)
        return;
    signal(SIGTTOU, SIG_IGN);
    tcsetpgrp(STDIN_FILENO, getpgrp());
}

/* --- while it runs --- */

static void job_gone(struct salloc *s)
{
    const struct job_cli_opts *c = &s->opt.parts[0]->cli;
    if (s->revoked)
        return;
    s->revoked = true;
    cli_info(s->cli, "Job allocation %u has been revoked.", s->alloc.job_id);
    if (c->kill_command)
        killpg(s->child, (int)c->kill_command);
    else if (s->terminal)
        killpg(s->child, SIGHUP); /* a shell without its job is of no use to a person */
}

/* SIGTSTP of the child stops us too, so that the shell above gets its prompt back. */
static void child_stopped(struct salloc *s)
{
    take_terminal_back(s);
    kill(getpid(), SIGSTOP);
    if (s->terminal)
        tcsetpgrp(STDIN_FILENO, s->child);
    killpg(s->child, SIGCONT);
}

static bool child_ended(struct salloc *s)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(s->child, &status, WNOHANG | WUNTRACED)) > 0) {
        if (!WIFSTOPPED(status)) {
            s->status = status;
            return true;
        }
        if (s->terminal)
            child_stopped(s);
    }
    return pid < 0;
}

/* A lost terminal is the command's affair, which then decides when the allocation is given back. */
static void take_signal(struct salloc *s, int signal)
{
    switch (signal) {
    case SIGHUP:
        s->hung_up = true;
        killpg(s->child, SIGHUP);
        break;
    case SIGINT:
    case SIGTERM:
    case SIGQUIT:
    case SIGUSR1:
    case SIGUSR2:
    case SIGPIPE:
        alloc_give_back(&s->alloc, 0);
        job_gone(s);
        break;
    default:
        break;
    }
}

static void run(struct salloc *s)
{
    for (bool ended = false; !ended;) {
        struct pollfd fds[2] = {{.fd = s->alloc.signal_fd, .events = POLLIN},
                                {.fd = alloc_fd(&s->alloc), .events = POLLIN}};
        int64_t left = s->alloc.retry_ms - alloc_now_ms();
        poll(fds, 2, !s->alloc.retry_ms ? -1 : left > 0 ? (int)left : 0);
        alloc_news(&s->alloc);
        if (s->alloc.over)
            job_gone(s);
        for (int signal; (signal = alloc_next_signal(&s->alloc));)
            take_signal(s, signal);
        ended = child_ended(s);
    }
    take_terminal_back(s);
}

/* --- all together --- */

static void bell(const struct salloc *s, int64_t waited_ms)
{
    enum jobopt_bell mode = s->opt.parts[0]->cli.bell;
    if (!isatty(STDOUT_FILENO))
        return;
    if (mode == JOBOPT_BELL_ALWAYS || (mode == JOBOPT_BELL_AFTER_DELAY && waited_ms > BELL_AFTER_MS))
        fputc('\a', stdout), fflush(stdout);
}

static int export_job(struct salloc *s)
{
    struct jobenv e;
    struct err err;
    if (jobenv_make(&e, &s->opt, s->opt.parts[0], &err) < 0) {
        cli_error(s->cli, "%s", err.text);
        return -1;
    }
    jobvars_add(&e, s->alloc.job, cli_cluster(s->cli));
    jobenv_add_launchers(
        &e, conf_has_param(cli_env(s->cli)->conf, CONF_MPI_PARAMS, "disable_slurm_hydra_bootstrap", NULL));
    jobvars_export(&e);
    jobenv_release(&e);
    return 0;
}

/* The exit code that a shell's `$?` after salloc shows. The signals with which people leave a shell are no
 * failure, as in Slurm. */
static int exit_status(const struct salloc *s)
{
    if (WIFEXITED(s->status))
        return WEXITSTATUS(s->status);
    int signal = WTERMSIG(s->status);
    bool left = signal == SIGHUP || signal == SIGINT || signal == SIGQUIT || signal == SIGKILL;
    return left && !s->hung_up ? 0 : EXIT_FAILURE;
}

static int enter_folder(struct salloc *s)
{
    const char *dir = s->opt.parts[0]->spec.work_dir;
    if (!jobopt_given(s->opt.parts[0], "chdir") || !dir || chdir(dir) == 0)
        return 0;
    cli_error(s->cli, "chdir(%s): %s", dir, strerror(errno));
    return alloc_exit_error();
}

static int work(struct salloc *s)
{
    int64_t begin = alloc_now_ms();
    int rc = enter_folder(s);
    if (rc != 0)
        return rc;
    alloc_signals(&s->alloc, true);
    rc = alloc_submit(&s->alloc);
    if (rc == 0)
        rc = alloc_wait(&s->alloc);
    if (rc != 0)
        return rc;
    bell(s, alloc_now_ms() - begin);
    if (s->opt.parts[0]->cli.no_shell)
        return 0;
    s->terminal = isatty(STDIN_FILENO) && tcgetpgrp(STDIN_FILENO) == getpgrp();
    rc = alloc_exit_error();
    if (export_job(s) == 0 && start(s, command(s)) == 0) {
        run(s);
        rc = exit_status(s);
    }
    if (!s->revoked) {
        cli_info(s->cli, "Relinquishing job allocation %u", s->alloc.job_id);
        alloc_give_back(&s->alloc, s->child <= 0 ? 1 << 8 : (uint32_t)s->status);
    }
    return rc;
}

int cmd_salloc(struct cli *cli)
{
    struct salloc s = {.cli = cli};
    int rc;
    if (!submit_read_options(cli, JOBOPT_SALLOC, &s.opt, &rc))
        return rc;
    if (cli_getenv("SLURM_JOB_ID") && s.opt.parts[0]->cli.verbose)
        cli_info(cli, "Warning: salloc within a job allocation");
    alloc_init(&s.alloc, cli, &s.opt, true);
    rc = s.opt.parts[0]->cli.test_only ? alloc_test(&s.alloc) : work(&s);
    alloc_release(&s.alloc);
    return rc;
}
