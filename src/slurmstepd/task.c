/* SPDX-License-Identifier: Apache-2.0 */
/* Tasks: from fork to exec, and what happens when one ends. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "model/multiprog.h"
#include "nodecore/bind.h"
#include "nodecore/env.h"
#include "slurmstepd/stepd.h"

/* --- in the child --- */

/* What a daemon may have ignored; handlers are gone with exec anyway. All 64 would cost a tenth of a
 * millisecond. */
static void child_signals(void)
{
    static const int ignored[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGPIPE, SIGTERM,
                                  SIGCHLD, SIGTSTP, SIGTTIN, SIGTTOU, SIGXFSZ};
    sigset_t none;

    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
        signal(ignored[i], SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* posix_spawn leaves glibc's own two ignored, and signal() does not reach them. After user_become: glibc
 * changes the user of further threads (a sanitizer's) with one of them. */
static void child_libc_signals(void)
{
    struct {
        void *handler, *restorer;
        unsigned long flags, mask;
    } kernel_default = {0};

    for (int sig = 32; sig <= 33; sig++)
        syscall(SYS_rt_sigaction, sig, &kernel_default, NULL, sizeof kernel_default.mask);
}

/* Where the task's PMI socket is found. */
enum { CHILD_FD_PMI = 3 };

static void child_streams(const struct task *t, const struct task_files *f)
{
    if (t->pty) {
        setsid();
        ioctl(f->in, TIOCSCTTY, 0);
    } else {
        setpgid(0, 0);
    }
    dup2(f->in, 0);
    dup2(f->out, 1);
    dup2(f->err, 2);
    /* Nothing else may be inherited: neither ours nor what slurmd forgot. */
    if (f->pmi >= 0)
        dup2(f->pmi, CHILD_FD_PMI);
    syscall(SYS_close_range, f->pmi >= 0 ? CHILD_FD_PMI + 1 : CHILD_FD_PMI, ~0U, 0);
}

static void child_limits(struct stepd *s)
{
    uint64_t mem = s->launch->share->mem ? s->launch->share->mem : s->launch->share->job_mem;
    uint16_t mask = step_is_batch(s) ? s->job->spec->umask : s->launch->tasks->umask;
    struct err e;

    for (uint32_t i = 0; i < s->limits.n; i++)
        if (user_set_limit(s->limits.v[i], &e) < 0)
            notice_write(2, "%s", e.text);
    if (mem) {
        struct rlimit rss = {mem << 20, mem << 20};

        setrlimit(RLIMIT_RSS, &rss);
    }
    if (mem && s->launch->vsize_factor) {
        rlim_t most = (rlim_t)((mem << 20) / 100 * s->launch->vsize_factor);
        struct rlimit space = {most, most};

        setrlimit(RLIMIT_AS, &space);
    }
    umask(mask == NO_VAL16 ? 022 : mask);
}

/* PropagatePrioProcess: 1 gives the task the nice value of its submitter, 2 the same or at least one more
 * than slurmd's. */
static void child_nice(const struct stepd *s)
{
    enum { ABOVE_DAEMON = 2 };
    const char *text = env_get(&s->env, "SLURM_PRIO_PROCESS");
    int own = getpriority(PRIO_PROCESS, 0), nice_value = text ? (int)strtol(text, NULL, 10) : own;

    if (!text || !s->launch->prio_process)
        return;
    if (s->launch->prio_process == ABOVE_DAEMON && nice_value <= own)
        nice_value = own + 1;
    /* The text is the user's own. */
    if (s->user.uid != 0 && nice_value < 0 && nice_value < own)
        nice_value = own < 0 ? own : 0;
    setpriority(PRIO_PROCESS, 0, nice_value);
}

/* Nodes may claim more CPUs than the host has: what the kernel refuses stays unbound. */
static void child_affinity(const struct step_launch *l, uint32_t local_id)
{
    struct bits own = {0};
    const struct bits *cpus = bind_choose_cpus(l, local_id, &own) ? &own : &l->cpus;
    cpu_set_t set;

    CPU_ZERO(&set);
    for (uint32_t i = bits_next(cpus, 0); i < CPU_SETSIZE; i = bits_next(cpus, i + 1))
        CPU_SET(i, &set);
    if (CPU_COUNT(&set))
        sched_setaffinity(0, sizeof set, &set);
    bits_release(&own);
}

/* The interpreter of a script that cannot be executed, or NULL. Lets the message name the real culprit. */
static char *script_interpreter(const char *path)
{
    char line[256], *p;
    ssize_t got;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return NULL;
    got = read(fd, line, sizeof line - 1);
    close(fd);
    if (got < 3 || line[0] != '#' || line[1] != '!')
        return NULL;
    line[got] = 0;
    p = (char *)text_skip_space(line + 2);
    p[strcspn(p, " \t\r\n")] = 0;
    return mem_strdup(p);
}

/* Looks a name without a slash up in the task's own PATH. */
static char *find_program(const char *name, const struct meta_strs *env)
{
    const char *path = env_get(env, "PATH");

    if (strchr(name, '/') || !path)
        return mem_strdup(name);
    for (const char *p = path; *p;) {
        size_t len = strcspn(p, ":");
        char *full = buf_format("%.*s/%s", (int)len, p, name);
        struct stat st;

        if (len && access(full, X_OK) == 0 && stat(full, &st) == 0 && S_ISREG(st.st_mode))
            return full;
        mem_free(full);
        p += len + (p[len] == ':');
    }
    return mem_strdup(name);
}

static char **null_terminated(const struct meta_strs *l)
{
    char **v = mem_array(l->n + 1, sizeof *v);

    memcpy(v, l->v, l->n * sizeof *v);
    return v;
}

_Noreturn static void child_exec(struct meta_strs *argv, struct meta_strs *env)
{
    char *program = find_program(argv->v[0], env);
    char *interpreter;

    execve(program, null_terminated(argv), null_terminated(env));
    interpreter = errno == ENOENT ? script_interpreter(program) : NULL;
    if (interpreter)
        notice_write(2, "execve(): bad interpreter(%s): %s", interpreter, strerror(ENOENT));
    else
        notice_write(2, "execve(): %s: %s", program, strerror(errno));
    _exit(WEXITSTATUS(STATUS_EXEC_FAILED));
}

static void child_argv(struct stepd *s, const struct task *t, struct meta_strs *argv)
{
    const struct meta_strs *given =
        step_is_batch(s) ? &s->launch->batch->payload->argv : &s->launch->tasks->argv;
    struct err e;

    if (!step_is_batch(s) && s->launch->tasks->multi_prog) {
        if (multiprog_argv(s->launch->tasks->multi_prog, t->rank, argv, &e) == 0)
            return;
        notice_write(2, "%s", e.text);
        _exit(1);
    }
    for (uint32_t i = 0; i < given->n; i++)
        meta_strs_push(argv, i == 0 && step_is_batch(s) ? s->launch->script : given->v[i]);
    if (!argv->n && step_is_batch(s))
        meta_strs_push(argv, s->launch->script);
}

/* The program of --task-prolog. */
static void child_own_prolog(const char *path, struct meta_strs *env)
{
    struct err e;
    int status = 0;

    if (access(path, X_OK) < 0) {
        notice_write(2, "run_command: user task_prolog can not be executed (%s) %s", path, strerror(errno));
        notice_write(2, "user task_prolog did not exit normally. reason: Run command failed - configuration "
                        "error");
        status = 1;
    } else if (prolog_run(path, env, &e) < 0) {
        status = WIFEXITED(e.code) ? WEXITSTATUS(e.code) : e.code;
    }
    if (!status)
        return;
    notice_write(2, "--task-prolog failed status=%d", status);
    _exit(1);
}

/* TaskProlog and TaskEpilog are told the limits that were propagated; the task just has them. */
static void tell_limits(struct stepd *s, bool on)
{
    for (uint32_t i = 0; i < s->limits.n; i++) {
        const char *text = s->limits.v[i], *value = strchr(text, '=');
        char *name = buf_format("SLURM_RLIMIT_%.*s", (int)strcspn(text, "="), text);

        if (on && value)
            env_set(&s->env, name, "%s", value + 1);
        else
            env_unset(&s->env, name);
        mem_free(name);
    }
}

/* The program of slurm.conf, then that of srun; what they print changes the environment of the task. */
static void child_prologs(struct stepd *s)
{
    const char *own = step_is_batch(s) ? NULL : s->launch->tasks->task_prolog;
    struct err e;

    if (!own && !s->launch->task_prolog)
        return;
    tell_limits(s, true);
    env_set(&s->env, "SLURM_SCRIPT_CONTEXT", "prolog_task");
    if (s->launch->task_prolog && prolog_run(s->launch->task_prolog, &s->env, &e) < 0) {
        notice_write(2, "TaskProlog failed status=%d", e.code);
        _exit(1);
    }
    if (own)
        child_own_prolog(own, &s->env);
    tell_limits(s, false);
}

_Noreturn static void child_run(struct stepd *s, struct task *t, const struct task_files *f)
{
    struct meta_strs argv = {0};
    struct bits devices = {0};
    bool bound = bind_devices(s->launch, t->local_id, &devices);
    struct err e;

    child_signals();
    child_streams(t, f);
    if (s->track->ops->join(s->track, t->local_id, &e) < 0) {
        notice_write(2, "%s", e.text);
        _exit(1);
    }
    child_limits(s);
    child_nice(s);
    child_affinity(s->launch, t->local_id);
    if (user_become(&s->user, &e) < 0) {
        notice_write(2, "%s", e.text);
        _exit(1);
    }
    child_libc_signals();
    files_enter_work_dir(s); /* again, now with the user's own rights for good */
    env_task(&s->env, s->launch, t->local_id, (uint32_t)getpid(), bound ? &devices : NULL);
    if (f->pmi >= 0)
        pmi_link_env(s, t, CHILD_FD_PMI, &s->env);
    if (t->local_id == 0 && !step_is_batch(s) && env_get(&s->env, "SLURMD_TRES_FREQ") &&
        env_get(&s->env, "SLURM_GPUS_ON_NODE"))
        dprintf(2, "GpuFreq=control_disabled\n"); /* as on nodes whose GPUs let nobody set it */
    child_prologs(s);
    child_argv(s, t, &argv);
    if (!argv.n) {
        notice_write(2, "execve(): no command");
        _exit(WEXITSTATUS(STATUS_EXEC_FAILED));
    }
    child_exec(&argv, &s->env);
}

/* --- in slurmstepd --- */

static int task_fork(struct stepd *s, struct task *t, const struct task_files *f, struct err *e)
{
    pid_t pid = fork();

    if (pid < 0)
        return err_set(e, errno, "fork: %s", strerror(errno));
    if (pid == 0)
        child_run(s, t, f);
    t->pid = pid;
    s->alive++;
    return 0;
}

static int tasks_open_files(struct stepd *s, struct task_files *files, struct err *e)
{
    struct user_saved saved;
    int rc = user_borrow(&s->user, &saved, e), lost = 0;
    mode_t mask;

    if (rc < 0)
        return rc;
    mask = umask(step_is_batch(s) ? (s->job->spec->umask == NO_VAL16 ? 022 : s->job->spec->umask)
                                  : (s->launch->tasks->umask == NO_VAL16 ? 022 : s->launch->tasks->umask));
    lost = files_enter_work_dir(s);
    for (uint32_t i = 0; i < s->tasks_n && rc == 0; i++)
        rc = files_open(s, &s->tasks[i], &files[i], e);
    for (uint32_t i = 0; i < s->tasks_n && rc == 0; i++)
        rc = pmi_link_pair(s, &s->tasks[i], &files[i].pmi, e);
    umask(mask);
    user_return(&saved);
    if (rc < 0)
        return rc;
    if (step_is_batch(s))
        s->stderr_fd = fcntl(files[0].err, F_DUPFD_CLOEXEC, 0);
    if (lost)
        step_notice(s, "couldn't chdir to `%s': %s: going to /tmp instead", files_work_dir(s),
                    strerror(lost));
    return 0;
}

int task_start_all(struct stepd *s, struct err *e)
{
    struct task_files *files = mem_array(s->tasks_n, sizeof *files);
    int rc;

    for (uint32_t i = 0; i < s->tasks_n; i++)
        files[i] = (struct task_files){-1, -1, -1, -1};
    rc = tasks_open_files(s, files, e);
    if (rc < 0)
        s->worst = STATUS_IO_FAILED;
    for (uint32_t i = 0; i < s->tasks_n && rc == 0; i++)
        rc = task_fork(s, &s->tasks[i], &files[i], e);
    for (uint32_t i = 0; i < s->tasks_n; i++)
        files_close(&files[i]);
    mem_free(files);
    return rc;
}

static void task_epilog(struct stepd *s, struct task *t)
{
    const char *const programs[] = {s->launch->task_epilog,
                                    step_is_batch(s) ? NULL : s->launch->tasks->task_epilog};
    struct err e;
    pid_t pid;
    int failed = 0;

    if (!programs[0] && !programs[1])
        return;
    pid = fork();
    if (pid < 0)
        return;
    if (pid > 0) {
        t->epilog = pid;
        s->alive++;
        return;
    }
    child_signals();
    setpgid(0, 0);
    if (s->track->ops->join(s->track, t->local_id, &e) < 0 || user_become(&s->user, &e) < 0)
        _exit(1);
    child_libc_signals();
    files_enter_work_dir(s);
    env_task(&s->env, s->launch, t->local_id, (uint32_t)getpid(), NULL);
    env_set(&s->env, "SLURM_TASK_EXIT_CODE", "%d", t->status);
    env_set(&s->env, "SLURM_SCRIPT_CONTEXT", "epilog_task");
    if (step_is_batch(s)) {
        env_unset(&s->env, "SLURM_STEP_ID");
        env_unset(&s->env, "SLURM_STEPID");
    }
    tell_limits(s, true);
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++)
        if (programs[i] && prolog_run(programs[i], &s->env, &e) < 0)
            failed = WIFEXITED(e.code) ? WEXITSTATUS(e.code) : 1;
    _exit(failed);
}

static bool user_may_execute(const struct stepd *s, const char *path)
{
    struct user_saved saved;
    struct err e;
    int failed;

    if (user_borrow(&s->user, &saved, &e) < 0)
        return false;
    failed = faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0 ? errno : 0;
    user_return(&saved);
    errno = failed;
    return !failed;
}

/* srun is told that an epilog has failed; the task's own status stays. */
static void epilog_ended(struct stepd *s, int status)
{
    enum { NOT_EXECUTED = 127 };
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : status;
    const char *own = step_is_batch(s) ? NULL : s->launch->tasks->task_epilog;

    if (!code || step_is_batch(s))
        return;
    /* Asked as the user: root would tell what the user must not see. */
    if (code == NOT_EXECUTED && own && !user_may_execute(s, own))
        step_notice(s, "execve(%s): %s", own, strerror(errno));
    step_notice(s, "TaskEpilog failed status=%d", code);
}

void task_reaped(struct stepd *s, pid_t pid, int status)
{
    for (uint32_t i = 0; i < s->tasks_n; i++) {
        struct task *t = &s->tasks[i];

        if (t->epilog == pid) {
            t->epilog = 0;
            s->alive--;
            epilog_ended(s, status);
            return;
        }
        if (t->pid != pid)
            continue;
        t->pid = 0;
        t->status = status;
        s->alive--;
        if (status > s->worst)
            s->worst = status;
        t->oom = s->track->ops->oom_kills(s->track, t->local_id) > 0;
        if (t->oom)
            step_check_memory(s); /* said before srun hears of the exit */
        task_epilog(s, t);
        return;
    }
}
