/* SPDX-License-Identifier: Apache-2.0 */
/* One loop over the nodes, the input, signals and the controller, until every task has ended. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/hostlist.h"
#include "base/mem.h"
#include "cli/jobview.h"
#include "cli/srun.h"
#include "conf/conf.h"

enum {
    GATHER_MS = 50,      /* exits of one kind within this time make one message */
    ABORT_MORE_MS = 2000, /* beyond KillWait */
    INTERRUPT_MS = 1000, /* two interrupts within this time end the step */
};

/* Exits that have not been told yet: of one node, with one status. */
struct gathered {
    uint32_t node, status;
    struct bits tasks;
};
struct loop {
    struct srun *s;
    VEC(struct gathered) exits;
    int64_t tell_at; /* ms; 0 = nothing to tell */
    int sigfd;
    bool input_open;
    VEC(struct pollfd) fds;
};

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void send_signal(struct srun *s, uint32_t sig)
{
    struct signal_tasks m = {.signal = sig};
    struct err e;
    for (uint32_t i = 0; i < s->step->layout.n; i++)
        if (s->nodes[i].c)
            client_send(s->nodes[i].c, MSG_SIGNAL_TASKS, &m, &e);
}

/* Ends the step: by `sig` now, by KILL when that does not help. */
static void abort_step(struct srun *s, uint32_t sig)
{
    if (s->aborted)
        return;
    s->aborted = true;
    int64_t wait = (int64_t)conf_u32(cli_env(s->cli)->conf, CONF_KILL_WAIT) * 1000 + ABORT_MORE_MS;
    cli_info(s->cli, "Job step aborted: Waiting up to %lld seconds for job step to finish.", (long long)(wait / 1000));
    send_signal(s, sig);
    s->kill_at = now_ms() + wait;
}

/* "tasks 0-3: running" for the tasks of each kind. */
static void say_states(struct srun *s)
{
    static const char *const names[] = {"running", "exited"};
    for (int kind = 0; kind < 2; kind++) {
        struct bits tasks = {0};
        struct buf list = BUF_INIT;
        for (uint32_t i = 0; i < s->step->ntasks; i++)
            if (s->tasks[i].exited == (kind == 1))
                bits_set(&tasks, i);
        bits_text(&tasks, &list);
        if (list.len)
            cli_info(s->cli, "StepId=%u.%u task%s %s: %s", s->step->job_id, s->step->step_id,
                     bits_count(&tasks) > 1 ? "s" : "", list.s, names[kind]);
        bits_release(&tasks);
        buf_release(&list);
    }
}

/* --- what the nodes say ------------------------------------------------------------------------------------------ */

static void tell_exit(struct srun *s, const struct gathered *g)
{
    struct buf tasks = BUF_INIT;
    bits_text(&g->tasks, &tasks);
    const char *node = s->step->layout.v[g->node].name, *many = bits_count(&g->tasks) > 1 ? "s" : "";
    if (WIFSIGNALED(g->status))
        cli_error(s->cli, "%s: task%s %s: %s%s", node, many, tasks.s, strsignal(WTERMSIG(g->status)),
                  WCOREDUMP(g->status) ? " (core dumped)" : "");
    else if (WEXITSTATUS(g->status))
        cli_error(s->cli, "%s: task%s %s: Exited with exit code %d", node, many, tasks.s, WEXITSTATUS(g->status));
    else
        cli_verbose(s->cli, "%s: task%s %s: Completed", node, many, tasks.s);
    buf_release(&tasks);
}

static void tell_exits(struct loop *l)
{
    for (uint32_t i = 0; i < l->exits.n; i++) {
        tell_exit(l->s, &l->exits.v[i]);
        bits_release(&l->exits.v[i].tasks);
    }
    l->exits.n = 0;
    l->tell_at = 0;
}

static void gather(struct loop *l, uint32_t node, uint32_t status, uint32_t task)
{
    struct gathered *g = NULL;
    for (uint32_t i = 0; i < l->exits.n && !g; i++)
        if (l->exits.v[i].node == node && l->exits.v[i].status == status)
            g = &l->exits.v[i];
    if (!g) {
        g = VEC_PUSH(&l->exits);
        g->node = node;
        g->status = status;
    }
    bits_set(&g->tasks, task);
    if (!l->tell_at)
        l->tell_at = now_ms() + GATHER_MS;
}

static void on_exit_status(struct srun *s, uint32_t status)
{
    int code = jobview_exit_status(status);
    if (code > s->exit_status || (code == 0 && s->exit_status == 0)) {
        s->exit_status = code;
        s->wait_status = status;
    }
}

/* A bad exit may end the others (-K), and so may the first one after a while (-W). */
static void on_first_exits(struct loop *l, uint32_t status)
{
    struct srun *s = l->s;
    uint32_t kill = s->opts->kill_on_bad_exit;
    if (kill == NO_VAL)
        kill = conf_u32(cli_env(s->cli)->conf, CONF_KILL_ON_BAD_EXIT);
    if (!s->first_exit)
        s->first_exit = now_ms();
    if (kill && status && s->open_tasks && !s->aborted) {
        tell_exits(l);
        cli_info(s->cli, "Terminating StepId=%u.%u", s->step->job_id, s->step->step_id);
        s->aborted = true;
        send_signal(s, SIGTERM);
        s->kill_at = now_ms() + (int64_t)conf_u32(cli_env(s->cli)->conf, CONF_KILL_WAIT) * 1000;
    }
}

static void on_task_exit(struct loop *l, uint32_t node, const struct task_exit *m)
{
    struct srun *s = l->s;
    for (uint32_t i = 0; i < m->tasks.n; i++) {
        uint32_t t = m->tasks.v[i];
        if (t >= s->step->ntasks || s->tasks[t].exited)
            continue;
        s->tasks[t].exited = true;
        s->tasks[t].status = m->status;
        s->open_tasks--;
        s->nodes[node].open--;
        srun_io_output(s, t, 1, "", 0);
        srun_io_output(s, t, 2, "", 0);
        gather(l, node, m->status, t);
    }
    on_exit_status(s, m->status);
    on_first_exits(l, m->status);
}

static void close_node(struct srun *s, uint32_t node)
{
    client_close(s->nodes[node].c);
    s->nodes[node].c = NULL;
    s->open_nodes--;
    s->open_tasks -= s->nodes[node].open; /* those that were never heard of again */
    s->nodes[node].open = 0;
}

static void on_launch_failed(struct srun *s, uint32_t node, const char *text)
{
    cli_error(s->cli, "Task launch for StepId=%u.%u failed on node %s: %s", s->step->job_id, s->step->step_id,
              s->step->layout.v[node].name, text);
    if (!s->launch_failed)
        cli_error(s->cli, "Application launch failed: %s", text);
    s->launch_failed = true;
    s->exit_status = EXIT_FAILURE;
    s->wait_status = EXIT_FAILURE << 8;
    close_node(s, node);
    abort_step(s, SIGKILL);
}

static void on_frame(struct loop *l, uint32_t node, enum msg_type type, const void *record)
{
    struct srun *s = l->s;
    if (type == MSG_IO) {
        const struct io *m = record;
        srun_io_output(s, m->task, m->stream, m->data.v, m->data.n);
    } else if (type == MSG_TASK_EXIT) {
        on_task_exit(l, node, record);
    } else if (type == MSG_TASKS_STARTED) {
        const struct tasks_started *m = record;
        for (uint32_t i = 0; i < m->tasks.n; i++)
            if (m->tasks.v[i] < s->step->ntasks)
                s->tasks[m->tasks.v[i]].started = true;
        cli_verbose(s->cli, "Node %s, %u tasks started", s->step->layout.v[node].name, m->tasks.n);
    } else if (type == MSG_STEP_NOTICE) {
        const struct step_notice *m = record;
        fprintf(stderr, "%s%s", m->text ? m->text : "", m->text && text_ends(m->text, "\n") ? "" : "\n");
    } else if (type == MSG_LAUNCH_TASKS) {
        const struct launch_reply *m = record;
        if (m && m->code)
            on_launch_failed(s, node, m->text ? m->text : "Unspecified error");
    }
}

static const struct meta_record *record_of(enum msg_type type)
{
    const struct message_type *mt = message_by_number(type);
    return type == MSG_LAUNCH_TASKS ? mt->reply : mt->request;
}

static void read_node(struct loop *l, uint32_t node)
{
    struct srun *s = l->s;
    while (s->nodes[node].c) {
        enum msg_type type;
        void *record;
        struct err e;
        int rc = client_receive(s->nodes[node].c, 0, &type, &record, &e);
        if (rc == 0)
            return;
        if (rc < 0 && s->nodes[node].open && !s->tasks[s->step->layout.v[node].tasks.v[0]].started) {
            on_launch_failed(s, node, e.text);
        } else if (rc < 0) {
            if (s->nodes[node].open && !s->aborted) {
                cli_error(s->cli, "Node failure on %s", s->step->layout.v[node].name);
                on_exit_status(s, SIGKILL);
            }
            close_node(s, node);
        } else {
            on_frame(l, node, type, record);
            if (record)
                meta_free(record_of(type), record);
            if (s->nodes[node].c && !s->nodes[node].open)
                close_node(s, node);
        }
    }
}

/* --- what happens here ------------------------------------------------------------------------------------------- */

static void on_interrupt(struct srun *s)
{
    int64_t now = now_ms();
    bool second = s->last_interrupt && now - s->last_interrupt < INTERRUPT_MS;
    s->last_interrupt = now;
    if (s->opts->quit_on_interrupt || second) {
        cli_info(s->cli, "sending Ctrl-C to StepId=%u.%u", s->step->job_id, s->step->step_id);
        send_signal(s, SIGINT);
        abort_step(s, SIGKILL);
    } else if (!s->opts->disable_status) {
        cli_info(s->cli, "interrupt (one more within 1 sec to abort)");
        say_states(s);
    } else {
        send_signal(s, SIGINT);
    }
}

static void on_window(struct srun *s)
{
    struct winsize size;
    struct window m;
    struct err e;
    if (!s->pty || ioctl(STDIN_FILENO, TIOCGWINSZ, &size) < 0)
        return;
    meta_init(&record_window, &m);
    m.rows = size.ws_row;
    m.cols = size.ws_col;
    for (uint32_t i = 0; i < s->step->layout.n; i++)
        if (s->nodes[i].c)
            client_send(s->nodes[i].c, MSG_WINDOW, &m, &e);
}

static void take_signal(struct loop *l)
{
    struct signalfd_siginfo info;
    while (read(l->sigfd, &info, sizeof info) == (ssize_t)sizeof info) {
        switch (info.ssi_signo) {
        case SIGINT:
            on_interrupt(l->s);
            break;
        case SIGTERM:
        case SIGQUIT:
        case SIGHUP:
            cli_info(l->s->cli, "forcing job termination");
            abort_step(l->s, SIGKILL);
            break;
        case SIGWINCH:
            on_window(l->s);
            break;
        case SIGCONT:
            cli_info(l->s->cli, "got SIGCONT");
            break;
        default:
            send_signal(l->s, info.ssi_signo);
        }
    }
}

static void read_watch(struct srun *s)
{
    struct job *job;
    struct err e;
    int rc = submit_watch_next(&s->watch, 0, &job, &e);
    if (rc < 0)
        s->watching = false;
    if (rc > 0 && job_is_final(job) && !s->aborted && s->open_tasks) {
        cli_info(s->cli, "Force Terminated job %u", job->job_id);
        abort_step(s, SIGTERM);
    }
    meta_free(&record_job, job);
}

/* -W: others may go on for so long after the first has ended. */
static int64_t max_wait_ms(struct srun *s)
{
    uint32_t wait = s->opts->max_wait;
    if (wait == NO_VAL)
        wait = conf_u32(cli_env(s->cli)->conf, CONF_WAIT_TIME);
    return (int64_t)wait * 1000;
}

static void on_time(struct loop *l)
{
    struct srun *s = l->s;
    int64_t now = now_ms(), wait = max_wait_ms(s);
    if (l->tell_at && now >= l->tell_at)
        tell_exits(l);
    if (s->kill_at && now >= s->kill_at) {
        s->kill_at = 0;
        send_signal(s, SIGKILL);
    }
    if (wait && s->first_exit && !s->aborted && s->open_tasks && now - s->first_exit >= wait) {
        cli_info(s->cli, "First task exited %llds ago", (long long)(wait / 1000));
        say_states(s);
        cli_info(s->cli, "Terminating StepId=%u.%u", s->step->job_id, s->step->step_id);
        abort_step(s, SIGKILL);
    }
}

/* Milliseconds until on_time() has something to do; -1 = nothing is planned. */
static int next_time(const struct loop *l)
{
    struct srun *s = l->s;
    int64_t at = INT64_MAX, wait = max_wait_ms(s);
    if (l->tell_at)
        at = l->tell_at;
    if (s->kill_at && s->kill_at < at)
        at = s->kill_at;
    if (wait && s->first_exit && !s->aborted && s->first_exit + wait < at)
        at = s->first_exit + wait;
    if (at == INT64_MAX)
        return -1;
    int64_t left = at - now_ms();
    return left < 0 ? 0 : left > 60000 ? 60000 : (int)left;
}

static void add_fd(struct loop *l, int fd)
{
    struct pollfd *p = VEC_PUSH(&l->fds);
    p->fd = fd;
    p->events = POLLIN;
}

/* The order of descriptors: signals, input, controller, then the nodes. */
static void wait_once(struct loop *l)
{
    struct srun *s = l->s;
    struct err e;
    l->fds.n = 0;
    add_fd(l, l->sigfd);
    add_fd(l, l->input_open ? s->in_fd : -1);
    add_fd(l, s->watching ? submit_watch_fd(&s->watch, &e) : -1);
    for (uint32_t i = 0; i < s->step->layout.n; i++)
        add_fd(l, s->nodes[i].c ? client_fd(s->nodes[i].c, &e) : -1);
    if (poll(l->fds.v, l->fds.n, next_time(l)) < 0)
        return;
    for (uint32_t i = 0; i < s->step->layout.n; i++)
        if (l->fds.v[3 + i].revents)
            read_node(l, i);
    if (l->fds.v[0].revents)
        take_signal(l);
    if (l->fds.v[1].revents)
        l->input_open = srun_io_input(s);
    if (l->fds.v[2].revents)
        read_watch(s);
    on_time(l);
}

static int block_signals(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGCONT, SIGALRM, SIGWINCH};
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        sigaddset(&set, signals[i]);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int srun_run(struct srun *s)
{
    struct loop l = {.s = s, .input_open = s->in_fd >= 0 && s->stdin_task != NO_VAL};
    l.sigfd = block_signals();
    while (s->open_nodes)
        wait_once(&l);
    tell_exits(&l);
    VEC_FREE(&l.exits);
    VEC_FREE(&l.fds);
    return s->exit_status;
}
