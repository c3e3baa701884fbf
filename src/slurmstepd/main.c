/* SPDX-License-Identifier: Apache-2.0 */
/* slurmstepd: one step of one job on this node. See stepd.h. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "nodecore/env.h"
#include "nodecore/spool.h"
#include "slurmstepd/stepd.h"
#include "nodecore/stepid.h"
#include "version.h"

enum {
    LAUNCH_MAX = 256 << 20,
    KILL_AGAIN_MS = 20, /* between two SIGKILL to what is left of a step; doubles up to the next */
    KILL_AGAIN_MS_MAX = 2000,
    LINGER_MS = 1000,   /* a stream of dead tasks in which nothing comes for so long has ended */
    GIVE_UP_MS = 10000, /* an srun that has not read all so long after the step had to end is lost */
};

/* --- start --- */

static int read_launch(int fd, struct step_launch *ret, struct err *e)
{
    struct buf b = BUF_INIT;
    struct stat st;
    ssize_t got = 0;
    int rc;

    if (fstat(fd, &st) < 0)
        return err_set(e, errno, "no launch record: slurmstepd is started by slurmd only");
    buf_reserve(&b, st.st_size > 0 && st.st_size < LAUNCH_MAX ? (size_t)st.st_size + 1 : 65536);
    do {
        b.len += (size_t)got;
        buf_reserve(&b, 65536);
        got = read(fd, b.s + b.len, b.cap - b.len - 1);
    } while (got > 0 && b.len < LAUNCH_MAX);
    close(fd);
    rc = meta_decode(&record_step_launch, ret, b.s, b.len, e);
    buf_release(&b);
    return rc;
}

/* What a launch record must hold before anything trusts it. */
static bool launch_complete(const struct step_launch *l)
{
    const struct job *job;

    if (!l->cred || !l->share || !l->node_name || !l->spool_dir || (!l->batch && !l->tasks))
        return false;
    if (l->batch && (!l->batch->payload || !l->script))
        return false;
    if (l->tasks && (!l->tasks->step || l->tasks->nodeid >= l->tasks->step->layout.n))
        return false;
    job = launch_job(l);
    return job && job->spec;
}

static void step_take_limits(struct stepd *s)
{
    const struct meta_strs *given =
        s->launch->batch ? &s->launch->batch->payload->rlimits : &s->launch->tasks->rlimits;

    env_take_limits(&s->env, &s->limits);
    for (uint32_t i = 0; i < given->n; i++)
        meta_strs_push(&s->limits, given->v[i]);
}

static void step_init(struct stepd *s, struct step_launch *l)
{
    struct buf id = BUF_INIT;

    *s = (struct stepd){.launch = l,
                        .job = launch_job(l),
                        .step_id = l->cred->step_id,
                        .signal_fd = -1,
                        .listen_fd = -1,
                        .stderr_fd = -1,
                        .srun_fd = l->batch ? -1 : STEPD_FD_SRUN,
                        .start_time = l->start_time ? l->start_time : time(NULL)};
    buf_init(&s->srun_in);
    buf_init(&s->srun_out);
    s->user = (struct user){l->cred->uid, l->cred->gid, l->cred->gids.v, l->cred->gids.n};
    buf_addf(&id, "%u.", s->job->job_id);
    step_id_text(s->step_id, &id);
    s->id_text = buf_take(&id);
    s->tasks_n = launch_task_count(l);
    s->tasks = mem_array(s->tasks_n ? s->tasks_n : 1, sizeof *s->tasks);
    for (uint32_t i = 0; i < s->tasks_n; i++) {
        s->tasks[i] = (struct task){
            .rank = launch_task_rank(l, i), .local_id = i, .in = -1, .out = -1, .err = -1, .pmi = -1};
        buf_init(&s->tasks[i].in_queue);
        for (size_t k = 0; k < sizeof s->tasks[i].files / sizeof s->tasks[i].files[0]; k++) {
            s->tasks[i].files[k].fd = -1;
            buf_init(&s->tasks[i].files[k].part);
        }
    }
    env_build(&s->env, l, getpriority(PRIO_PROCESS, 0));
    step_take_limits(s);
}

static int step_open_signals(struct stepd *s, struct err *e)
{
    sigset_t set;

    sigfillset(&set);
    sigdelset(&set, SIGSEGV);
    sigdelset(&set, SIGABRT);
    sigdelset(&set, SIGBUS);
    sigprocmask(SIG_SETMASK, &set, NULL);
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    s->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (s->signal_fd < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
        return err_set(e, errno, "signals: %s", strerror(errno));
    return 0;
}

static int step_open(struct stepd *s, struct err *e)
{
    const struct step_launch *l = s->launch;
    struct track_step what = {.uid = s->user.uid,
                              .job_id = s->job->job_id,
                              .step_name = strchr(s->id_text, '.') + 1,
                              .tasks = s->tasks_n,
                              .cgroup = l->cgroup,
                              .devices = l->devices.v,
                              .devices_n = l->devices.n};
    struct bits allowed = {0};
    int rc = step_open_signals(s, e);

    for (uint32_t i = 0; i < l->devices.n; i++)
        for (uint32_t g = 0; g < l->share->gres.n; g++)
            if (strcmp(l->devices.v[i].gres, l->share->gres.v[g].name) == 0 &&
                bits_test(&l->share->gres.v[g].index, l->devices.v[i].index))
                bits_set(&allowed, i);
    what.allowed = &allowed;
    if (rc == 0)
        rc = control_open(s, e);
    if (rc == 0) {
        s->track = track_open(&what, e);
        rc = s->track ? 0 : -e->code;
    }
    bits_release(&allowed);
    if (rc == 0)
        pmi_link_open(s);
    return rc;
}

/* --- run --- */

void step_check_memory(struct stepd *s)
{
    uint64_t kills = s->oom ? 0 : s->track->ops->oom_kills(s->track, TRACK_ALL);

    if (!kills)
        return;
    s->oom = true;
    step_notice(s,
                "Detected %llu oom_kill event%s in StepId=%s. Some of the step tasks have been OOM Killed.",
                (unsigned long long)kills, kills == 1 ? "" : "s", s->id_text);
}

static void reap(struct stepd *s)
{
    struct signalfd_siginfo info;
    int status;
    pid_t pid;

    while (read(s->signal_fd, &info, sizeof info) > 0)
        ;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        task_reaped(s, pid, status);
}

static bool streams_open(const struct stepd *s)
{
    for (uint32_t i = 0; i < s->tasks_n; i++)
        if (s->tasks[i].out >= 0 || s->tasks[i].err >= 0)
            return true;
    return false;
}

enum watch_kind {
    WATCH_SIGNAL,
    WATCH_LISTEN,
    WATCH_CONTROL,
    WATCH_SRUN,
    WATCH_OUT,
    WATCH_ERR,
    WATCH_IN,
    WATCH_PMI
};
struct watch_set {
    VEC(struct pollfd) fds;
    VEC(struct {
        enum watch_kind kind;
        uint32_t index;
    })
    what;
};

static void poll_add(struct watch_set *p, int fd, short events, enum watch_kind kind, uint32_t index)
{
    struct pollfd *f;

    if (fd < 0)
        return;
    f = VEC_PUSH(&p->fds);
    f->fd = fd;
    f->events = events;
    (void)VEC_PUSH(&p->what);
    p->what.v[p->what.n - 1].kind = kind;
    p->what.v[p->what.n - 1].index = index;
}

static bool input_full(const struct stepd *s)
{
    for (uint32_t i = 0; i < s->tasks_n; i++)
        if (s->tasks[i].in >= 0 && s->tasks[i].in_queue.len > (1 << 20))
            return true;
    return false;
}

static void poll_fill(struct watch_set *p, const struct stepd *s)
{
    bool full = srun_full(s);

    p->fds.n = p->what.n = 0;
    poll_add(p, s->signal_fd, POLLIN, WATCH_SIGNAL, 0);
    poll_add(p, s->listen_fd, POLLIN, WATCH_LISTEN, 0);
    for (uint32_t i = 0; i < s->controls.n; i++)
        poll_add(p, s->controls.v[i].fd, POLLIN, WATCH_CONTROL, i);
    poll_add(p, s->srun_fd, (short)((input_full(s) ? 0 : POLLIN) | (s->srun_out.len ? POLLOUT : 0)),
             WATCH_SRUN, 0);
    for (uint32_t i = 0; i < s->tasks_n; i++) {
        const struct task *t = &s->tasks[i];

        if (!full) {
            poll_add(p, t->out, POLLIN, WATCH_OUT, i);
            poll_add(p, t->err, POLLIN, WATCH_ERR, i);
        }
        if (t->in_queue.len)
            poll_add(p, t->in, POLLOUT, WATCH_IN, i);
        if (t->pmi >= 0)
            poll_add(p, t->pmi, (short)(POLLIN | (s->pmi->clients[i].out.len ? POLLOUT : 0)), WATCH_PMI, i);
    }
}

static void drop_controls(struct stepd *s)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < s->controls.n; i++)
        if (s->controls.v[i].fd >= 0)
            s->controls.v[kept++] = s->controls.v[i];
    s->controls.n = kept;
}

static void poll_handle(struct stepd *s, const struct watch_set *p)
{
    for (uint32_t i = 0; i < p->fds.n; i++) {
        uint32_t index = p->what.v[i].index;
        short got = p->fds.v[i].revents;

        if (!got)
            continue;
        switch (p->what.v[i].kind) {
        case WATCH_SIGNAL:
            reap(s);
            break;
        case WATCH_LISTEN:
            control_accept(s);
            break;
        case WATCH_CONTROL:
            if (!control_readable(s, index)) {
                close(s->controls.v[index].fd);
                s->controls.v[index].fd = -1;
            }
            break;
        case WATCH_SRUN:
            if (got & (POLLIN | POLLHUP | POLLERR) && s->srun_fd >= 0)
                srun_readable(s);
            break;
        case WATCH_OUT:
        case WATCH_ERR:
            srun_output(s, &s->tasks[index], p->what.v[i].kind == WATCH_OUT ? 1 : 2);
            break;
        case WATCH_IN:
            task_feed(&s->tasks[index]);
            break;
        case WATCH_PMI:
            if (got & POLLOUT)
                pmi_link_write(s, &s->tasks[index]);
            if (s->tasks[index].pmi >= 0 && got & (POLLIN | POLLHUP | POLLERR))
                pmi_link_readable(s, &s->tasks[index]);
            break;
        }
    }
    drop_controls(s);
    srun_task_exits(s);
    srun_flush(s);
}

/* How many descriptors had something. */
static int poll_once(struct stepd *s, struct watch_set *p, int timeout_ms)
{
    int n;

    poll_fill(p, s);
    n = poll(p->fds.v, p->fds.n, timeout_ms);
    if (n > 0)
        poll_handle(s, p);
    return n;
}

static void watch_free(struct watch_set *p)
{
    VEC_FREE(&p->fds);
    VEC_FREE(&p->what);
}

bool step_called_off(struct stepd *s)
{
    struct watch_set p = {0};

    poll_once(s, &p, 0);
    watch_free(&p);
    return s->ending || s->srun_lost;
}

/* What the tasks left behind must not outlive the step. */
static void step_clean(struct stepd *s, struct watch_set *p)
{
    int wait_ms = KILL_AGAIN_MS;

    s->phase = STEP_PHASE_ENDING;
    unkillable_begin(s);
    while (!s->unkillable && s->track->ops->signal(s->track, SIGKILL) > 0 && !unkillable_check(s)) {
        poll_once(s, p, unkillable_wait_ms(s, wait_ms));
        reap(s);
        if (wait_ms < KILL_AGAIN_MS_MAX)
            wait_ms *= 2;
    }
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* What is on its way to srun. Nothing of the step lives any more: who still holds a stream open is a
 * stranger. A reader may be as slow as it likes, until the step is told to end. */
static void step_drain(struct stepd *s)
{
    struct watch_set p = {0};
    int64_t ending_since = 0;

    while (s->srun_fd >= 0 && (streams_open(s) || s->srun_out.len)) {
        if (poll_once(s, &p, LINGER_MS) == 0 && !s->srun_out.len)
            srun_end_streams(s);
        srun_task_exits(s);
        srun_flush(s);
        if (s->ending && !ending_since)
            ending_since = now_ms();
        if (s->ending && now_ms() - ending_since > GIVE_UP_MS)
            srun_drop(s);
    }
    watch_free(&p);
}

static void step_run(struct stepd *s)
{
    struct watch_set p = {0};
    bool told_lost = false;

    s->phase = STEP_PHASE_RUNNING;
    srun_started(s);
    srun_flush(s);
    while (s->alive && !unkillable_check(s)) {
        poll_once(s, &p, unkillable_wait_ms(s, -1));
        if (s->srun_lost && !told_lost) {
            told_lost = true;
            s->track->ops->signal(s->track, SIGKILL);
            unkillable_begin(s);
        }
    }
    step_clean(s, &p);
    watch_free(&p);
}

/* A failure of ours: known to the user where that is possible, and in the report. */
static void step_failed(struct stepd *s, const struct err *e)
{
    fprintf(stderr, "[%s] error: %s\n", s->id_text, e->text);
    if (s->worst != STATUS_IO_FAILED || step_is_batch(s))
        step_notice(s, "%s", e->text); /* srun has a text of its own for tasks without streams */
    if (s->worst == 0) {
        s->error = e->code;
        s->error_text = mem_strdup(e->text);
        s->worst = 1 << 8;
    }
    for (uint32_t i = 0; i < s->tasks_n; i++)
        if (!s->tasks[i].pid)
            s->tasks[i].status = s->worst;
}

static void step_release(struct stepd *s)
{
    pmi_link_close(s);
    if (s->track)
        s->track->ops->close(s->track);
    for (uint32_t i = 0; i < s->tasks_n; i++)
        buf_release(&s->tasks[i].in_queue);
    for (uint32_t i = 0; i < s->env.n; i++)
        mem_free(s->env.v[i]);
    mem_free(s->env.v);
    for (uint32_t i = 0; i < s->limits.n; i++)
        mem_free(s->limits.v[i]);
    mem_free(s->limits.v);
    mem_free(s->tasks);
    mem_free(s->id_text);
    mem_free(s->socket_path);
    mem_free(s->error_text);
    buf_release(&s->srun_in);
    buf_release(&s->srun_out);
    meta_free(&record_step_launch, s->launch);
}

static int step_main(struct stepd *s)
{
    struct err e;
    int rc = step_open(s, &e);

    if (rc == 0)
        rc = task_start_all(s, &e);
    if (rc < 0) {
        step_failed(s, &e);
        if (s->track)
            s->track->ops->signal(s->track, SIGKILL);
    }
    if (s->track) {
        step_run(s);
        step_drain(s);
        step_check_memory(s);
    }
    if (s->oom)
        s->worst = STATUS_OUT_OF_MEMORY;
    srun_task_exits(s);
    step_drain(s);
    rc = report_write(s, &e);
    if (rc < 0)
        fprintf(stderr, "[%s] error: %s\n", s->id_text, e.text);
    control_close(s);
    if (s->srun_fd >= 0)
        close(s->srun_fd);
    return rc;
}

int main(int argc, char **argv)
{
    struct step_launch *l = mem_alloc(sizeof *l);
    struct stepd s;
    struct err e;
    int rc;

    if (argc > 1 && strcmp(argv[1], "-V") == 0) {
        printf("slurm %s (Sluice %s)\n", SLURM_VERSION, SLUICE_VERSION);
        return 0;
    }
    umask(022);
    setsid();
    if (read_launch(STEPD_FD_LAUNCH, l, &e) < 0) {
        fprintf(stderr, "slurmstepd: error: %s\n", e.text);
        return 1;
    }
    if (!launch_complete(l)) {
        fprintf(stderr, "slurmstepd: error: the launch record is incomplete\n");
        return 1;
    }
    if (l->tasks)
        fcntl(STEPD_FD_SRUN, F_SETFD, FD_CLOEXEC);
    fcntl(STEPD_FD_MARK, F_SETFD, FD_CLOEXEC);
    fchmod(STEPD_FD_MARK, SPOOL_MARK_STARTED);
    step_init(&s, l);
    rc = step_main(&s);
    step_release(&s);
    return rc < 0;
}
