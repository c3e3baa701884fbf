/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/updaemons.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "os/process.h"

enum {
    START_TOGETHER = 64, /* daemons that are starting at a time */
    START_MS_MAX = 30000,
    TERM_MS_MAX = 10000, /* after SIGTERM */
    KILL_MS_MAX = 5000,
    ENVIRON_MAX = 4 << 20,
    TAIL_LINES = 8,
};

static const char *const programs[] = {
    [UP_CTLD] = "slurmctld", [UP_SLURMD] = "slurmd", [UP_STEPD] = "slurmstepd"};

extern char **environ;

int64_t up_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * (int64_t)1000 + t.tv_nsec / 1000000;
}

/* --- finding
 * -------------------------------------------------------------------------------------------------- */

static bool read_proc(pid_t pid, const char *file, struct buf *out)
{
    char path[64];
    ssize_t n = 0;

    buf_clear(out);
    buf_print(path, sizeof path, "/proc/%d/%s", pid, file);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    do {
        out->len += (size_t)n;
        buf_reserve(out, 4096);
        n = read(fd, out->s + out->len, out->cap - out->len - 1);
    } while (n > 0 && out->len < ENVIRON_MAX);
    close(fd);
    out->s[out->len] = '\0';
    return n == 0;
}

/* The base name of what it runs, as an index of programs; -1: something else. */
static int program_of(pid_t pid)
{
    char path[64], exe[4096];

    buf_print(path, sizeof path, "/proc/%d/exe", pid);
    ssize_t n = readlink(path, exe, sizeof exe - 1);
    if (n <= 0)
        return -1;
    exe[n] = '\0';
    if (text_ends(exe, " (deleted)")) /* it has been built again since */
        exe[n - (ssize_t)strlen(" (deleted)")] = '\0';
    const char *slash = strrchr(exe, '/');
    for (size_t i = 0; slash && i < sizeof programs / sizeof programs[0]; i++)
        if (strcmp(slash + 1, programs[i]) == 0)
            return (int)i;
    return -1;
}

/* Is `text` one of the zero-terminated texts in b? */
static const char *find_text(const struct buf *b, const char *text)
{
    for (size_t at = 0; at < b->len; at += strlen(b->s + at) + 1)
        if (strcmp(b->s + at, text) == 0)
            return b->s + at;
    return NULL;
}

static void add_process(struct up_processes *p, pid_t pid, enum up_kind kind, char *node)
{
    *VEC_PUSH(&p->list) = (struct up_process){.pid = pid, .fd = -1, .kind = kind, .node = node};
}

static bool is_listed(const struct up_processes *p, pid_t pid)
{
    for (uint32_t i = 0; i < p->list.n; i++)
        if (p->list.v[i].pid == pid)
            return true;
    return false;
}

static pid_t parent_of(pid_t pid, struct buf *scratch)
{
    const char *end = read_proc(pid, "stat", scratch) ? strrchr(scratch->s, ')') : NULL;

    return end && strlen(end) > 4 ? (pid_t)strtol(end + 4, NULL, 10) : -1; /* ") S PPID" */
}

typedef VEC(pid_t) pid_list;

static void all_pids(pid_list *ret)
{
    DIR *proc = opendir("/proc");
    struct dirent *entry;
    uint32_t pid;

    while (proc && (entry = readdir(proc)))
        if (text_to_u32(entry->d_name, &pid))
            *VEC_PUSH(ret) = (pid_t)pid;
    if (proc)
        closedir(proc);
}

/* What descends from a slurmstepd: it adopts what its tasks leave behind, so nothing gets away. */
static void find_tasks(struct up_processes *p, const pid_list *pids)
{
    struct buf scratch = BUF_INIT;
    pid_t *parents = mem_array(pids->n ? pids->n : 1, sizeof *parents);
    bool more = up_count(p, UP_STEPD) > 0;

    for (uint32_t i = 0; more && i < pids->n; i++)
        parents[i] = parent_of(pids->v[i], &scratch);
    while (more) {
        more = false;
        for (uint32_t i = 0; i < pids->n; i++) {
            bool child = false;
            for (uint32_t k = 0; k < p->list.n && !child; k++)
                child = p->list.v[k].kind >= UP_STEPD && p->list.v[k].pid == parents[i];
            if (child && !is_listed(p, pids->v[i])) {
                add_process(p, pids->v[i], UP_TASK, NULL);
                more = true;
            }
        }
    }
    mem_free(parents);
    buf_release(&scratch);
}

/* Opens a pidfd for each; those that have ended meanwhile leave the list. */
static void hold(struct up_processes *p)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < p->list.n; i++) {
        struct up_process *x = &p->list.v[i];
        x->fd = (int)syscall(SYS_pidfd_open, x->pid, 0);
        if (x->fd < 0)
            mem_free(x->node);
        else
            p->list.v[kept++] = *x;
    }
    p->list.n = kept;
}

void up_find(const struct up_folder *f, struct up_processes *ret)
{
    char *mark = buf_format("SLURM_CONF=%s", f->conf);
    struct buf b = BUF_INIT;
    pid_list pids = {0};

    *ret = (struct up_processes){0};
    all_pids(&pids);
    for (uint32_t i = 0; i < pids.n; i++) {
        int kind = program_of(pids.v[i]);
        char *node = NULL;
        if (kind < 0 || pids.v[i] == getpid() || !read_proc(pids.v[i], "environ", &b) || !find_text(&b, mark))
            continue;
        if (kind == UP_SLURMD && read_proc(pids.v[i], "cmdline", &b)) {
            const char *option = find_text(&b, "-N");
            node = option ? mem_strdup(option + strlen("-N") + 1) : NULL;
        }
        add_process(ret, pids.v[i], (enum up_kind)kind, node);
    }
    find_tasks(ret, &pids);
    hold(ret);
    VEC_FREE(&pids);
    buf_release(&b);
    mem_free(mark);
}

void up_processes_release(struct up_processes *p)
{
    for (uint32_t i = 0; i < p->list.n; i++) {
        close(p->list.v[i].fd);
        mem_free(p->list.v[i].node);
    }
    VEC_FREE(&p->list);
}

unsigned up_count(const struct up_processes *p, enum up_kind kind)
{
    unsigned n = 0;

    for (uint32_t i = 0; i < p->list.n; i++)
        n += p->list.v[i].kind == kind;
    return n;
}

bool up_runs_node(const struct up_processes *p, const char *node)
{
    for (uint32_t i = 0; i < p->list.n; i++)
        if (p->list.v[i].node && strcmp(p->list.v[i].node, node) == 0)
            return true;
    return false;
}

/* --- starting
 * ------------------------------------------------------------------------------------------------- */

char *up_bin_folder(void)
{
    char exe[4096];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);

    exe[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(exe, '/');
    return mem_strndup(exe, slash ? (size_t)(slash - exe) : 0);
}

char *up_program(const char *name, struct err *e)
{
    char *bin = up_bin_folder(), *installed = buf_format("%s/../sbin/%s", bin, name);
    char *built = buf_format("%s/../%s/%s", bin, name, name);
    char **found = access(installed, X_OK) == 0 ? &installed : access(built, X_OK) == 0 ? &built : NULL;
    char *path = found ? *found : NULL;

    if (found)
        *found = NULL;
    else
        err_set(e, ENOENT, "%s is neither in %s/../sbin nor in a build beside it", name, bin);
    mem_free(installed);
    mem_free(built);
    mem_free(bin);
    return path;
}

/* Our environment without what a job or another cluster has put there. */
static char **clean_env(const struct up_folder *f)
{
    VEC(char *) env = {0};

    for (char **v = environ; *v; v++)
        if (!text_starts(*v, "SLURM_") && !text_starts(*v, "SLURMD_"))
            *VEC_PUSH(&env) = mem_strdup(*v);
    *VEC_PUSH(&env) = buf_format("SLURM_CONF=%s", f->conf);
    *VEC_PUSH(&env) = mem_strdup("SLUICE_STAND_INS=1"); /* for devices that this host lacks */
    *VEC_PUSH(&env) = NULL;
    return env.v;
}

struct start {
    const struct up_folder *f;
    const char *program; /* its path */
    const char *name;    /* "slurmd" */
    char **env;
};

/* "log/slurmd.n1.start": what it says before it goes to the background. */
static char *start_log(const struct start *s, const char *node)
{
    return buf_format("%s/%s%s%s.start", s->f->log, s->name, node ? "." : "", node ? node : "");
}

static pid_t start_one(const struct start *s, const char *node, struct err *e)
{
    char option[] = "-N", *const argv[] = {(char *)s->program, node ? option : NULL, (char *)node, NULL};
    char *log = start_log(s, node);
    int fd = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    pid_t pid = -1;

    if (fd < 0) {
        err_set(e, errno, "%s: %s", log, strerror(errno));
    } else {
        pid = process_start(&(struct process_spec){s->program, argv, s->env, {-1, fd, fd}, 3, false}, e);
        close(fd);
    }
    mem_free(log);
    return pid;
}

/* Waits until it has gone to the background; what it said before is in *e where it did not. */
static int await_one(const struct start *s, pid_t pid, const char *node, struct err *e)
{
    struct pollfd p = {.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};
    char *log = start_log(s, node);
    struct buf tail = BUF_INIT;
    int status = 0, rc = 0, ended = poll(&p, 1, START_MS_MAX);

    close(p.fd);
    if (ended < 1)
        kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    if (ended == 1 && WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        unlink(log);
    } else {
        up_tail(log, TAIL_LINES, &tail);
        rc = err_set(e, ECHILD, "%s%s%s %s%s%s", s->name, node ? " of node " : "", node ? node : "",
                     ended == 1 ? "did not start" : "took too long to start", tail.len ? ":\n" : "", tail.s);
    }
    buf_release(&tail);
    mem_free(log);
    return rc;
}

/* names NULL: one daemon without a node. After a failure no more are started. */
static int start_all(const struct up_folder *f, enum up_kind kind, char *const *names, uint32_t n,
                     struct err *e)
{
    char *program = up_program(programs[kind], e);
    struct start s = {.f = f, .name = programs[kind], .program = program, .env = clean_env(f)};
    pid_t *pids = mem_array(n ? n : 1, sizeof *pids);
    uint32_t started = 0, awaited = 0;
    int rc = program ? 0 : -e->code;

    while (awaited < started || (rc == 0 && started < n)) {
        struct err later; /* the first failure is the one that is told */
        while (rc == 0 && started < n && started - awaited < START_TOGETHER) {
            pids[started] = start_one(&s, names ? names[started] : NULL, e);
            rc = pids[started] > 0 ? 0 : -e->code;
            started += rc == 0;
        }
        if (awaited < started) {
            int one = await_one(&s, pids[awaited], names ? names[awaited] : NULL, rc == 0 ? e : &later);
            rc = rc == 0 ? one : rc;
            awaited++;
        }
    }
    for (char **v = s.env; *v; v++)
        mem_free(*v);
    mem_free(s.env);
    mem_free(program);
    mem_free(pids);
    return rc;
}

int up_start_ctld(const struct up_folder *f, struct err *e)
{
    return start_all(f, UP_CTLD, NULL, 1, e);
}

int up_start_nodes(const struct up_folder *f, char *const *names, uint32_t n, struct err *e)
{
    return start_all(f, UP_SLURMD, names, n, e);
}

/* --- ending
 * --------------------------------------------------------------------------------------------------- */

static bool ended(const struct up_process *p, int64_t deadline)
{
    struct pollfd fd = {.fd = p->fd, .events = POLLIN};
    int64_t left = deadline - up_ms();

    return poll(&fd, 1, left > 0 ? (int)left : 0) == 1;
}

/* Sends sig to all of a kind, waits for their end, and gives the number of those that are still there. */
static unsigned signal_all(const struct up_processes *p, enum up_kind kind, int sig, int64_t wait_ms)
{
    int64_t deadline = up_ms() + wait_ms;
    unsigned left = 0;

    for (uint32_t i = 0; i < p->list.n; i++)
        if (p->list.v[i].kind == kind)
            syscall(SYS_pidfd_send_signal, p->list.v[i].fd, sig, NULL, 0);
    for (uint32_t i = 0; i < p->list.n; i++)
        if (p->list.v[i].kind == kind)
            left += !ended(&p->list.v[i], deadline);
    return left;
}

/* What is asked of each kind, in this order. A step ends by itself once its tasks have. */
static const struct {
    enum up_kind kind;
    int signal;
    int wait_ms;
} steps[] = {
    {UP_CTLD, SIGTERM, TERM_MS_MAX},
    {UP_CTLD, SIGKILL, KILL_MS_MAX},
    {UP_SLURMD, SIGTERM, TERM_MS_MAX},
    {UP_SLURMD, SIGKILL, KILL_MS_MAX},
    {UP_TASK, SIGTERM, 500},
    {UP_TASK, SIGKILL, KILL_MS_MAX},
    {UP_STEPD, 0, 1000},
    {UP_STEPD, SIGKILL, KILL_MS_MAX},
};

int up_end(const struct up_folder *f, unsigned *ret_ended, struct err *e)
{
    unsigned left[UP_KINDS] = {0}, rest = 0;

    *ret_ended = 0;
    /* A second look: a step may have been starting, and tasks may have forked. */
    for (int round = 0; round < 2; round++) {
        struct up_processes p;
        up_find(f, &p);
        for (int kind = 0; kind < UP_KINDS; kind++)
            left[kind] = up_count(&p, (enum up_kind)kind);
        for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
            if (left[steps[i].kind] > 0)
                left[steps[i].kind] = signal_all(&p, steps[i].kind, steps[i].signal, steps[i].wait_ms);
        *ret_ended += p.list.n;
        up_processes_release(&p);
    }
    for (int kind = 0; kind < UP_KINDS; kind++)
        rest += left[kind];
    *ret_ended -= rest;
    return rest ? err_set(e, EBUSY, "%u processes cannot be ended", rest) : 0;
}
