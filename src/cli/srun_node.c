/* SPDX-License-Identifier: Apache-2.0 */
/* The connections with the nodes of a step: frames out and in, and what the nodes say about their tasks. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/srun.h"
#include "cli/srun_exit.h"
#include "model/errors.h"
#include "port/frame.h"

enum { READ_SIZE = 64 << 10 };

/* --- out --- */

void srun_node_send(struct srun *s, struct srun_node *n, enum msg_type type, const struct meta_record *r,
                    const void *rec)
{
    if (n->fd < 0)
        return;
    frame_add(&n->out, (uint16_t)type, 0, 0, r, rec);
    srun_node_writable(s, n);
}

void srun_node_writable(struct srun *s, struct srun_node *n)
{
    size_t done = 0;
    if (!n->accepted)
        return; /* the daemon hands the connection on with its reply: what came before that would be lost */
    while (n->fd >= 0 && done < n->out.len) {
        ssize_t put = send(n->fd, n->out.s + done, n->out.len - done, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            break; /* a lost connection is found by reading */
        done += (size_t)put;
    }
    memmove(n->out.s, n->out.s + done, n->out.len - done);
    buf_truncate(&n->out, n->out.len - done);
}

bool srun_nodes_full(const struct srun *s)
{
    for (uint32_t i = 0; i < s->nodes_n; i++)
        if (s->nodes[i].fd >= 0 && s->nodes[i].out.len >= SRUN_QUEUE_MAX)
            return true;
    return false;
}

void srun_nodes_signal(struct srun *s, int signal, bool task_failed)
{
    struct signal_tasks m = {.signal = (uint32_t)signal, .task_failed = task_failed};
    for (uint32_t i = 0; i < s->nodes_n; i++)
        if (s->nodes[i].open_tasks)
            srun_node_send(s, &s->nodes[i], MSG_SIGNAL_TASKS, &record_signal_tasks, &m);
}

bool srun_node_has(const struct srun_node *n, uint32_t task)
{
    for (uint32_t i = 0; i < n->where->tasks.n; i++)
        if (n->where->tasks.v[i] == task)
            return true;
    return false;
}

/* --- ends of tasks --- */

static void note_exit(struct srun_node *n, uint32_t task, uint32_t status, bool oom)
{
    struct srun_exit *x = NULL;
    for (uint32_t i = 0; i < n->exits.n && !x; i++)
        if (n->exits.v[i].status == status && n->exits.v[i].oom == oom)
            x = &n->exits.v[i];
    if (!x) {
        x = VEC_PUSH(&n->exits);
        x->status = status;
        x->oom = oom;
    }
    bits_set(&x->tasks, task);
    if (!n->exits_ms)
        n->exits_ms = alloc_now_ms() + SRUN_EXITS_TOGETHER_MS;
}

static void say_launch_failed(struct srun *s, const struct bits *tasks)
{
    for (uint32_t t = bits_next(tasks, 0); t != BITS_MAX; t = bits_next(tasks, t + 1))
        cli_error(s->cli, "task %u launch failed: Slurmd could not connect IO", t);
}

/* Ctrl-C is no news to who pressed it. */
static bool is_silent(const struct srun *s, const struct srun_exit *x)
{
    enum { INTERRUPT = 2 };
    return s->aborting && (x->status & 0x7f) == INTERRUPT;
}

static void tell_exit(struct srun *s, const struct srun_node *n, const struct srun_exit *x)
{
    enum { KILL = 9, TERM = 15 };
    uint32_t signal = x->status & 0x7f;
    struct buf line = BUF_INIT;
    cli_verbose(s->cli, "Received task exit notification for %u task%s of StepId=%s (status=0x%04x).",
                bits_count(&x->tasks), bits_count(&x->tasks) == 1 ? "" : "s", s->id, x->status);
    if (signal == SRUN_STATUS_IO_FAILED) {
        say_launch_failed(s, &x->tasks);
        return;
    }
    buf_addf(&line, "%s: ", n->where->name);
    srun_tasks_text(&x->tasks, &line);
    buf_adds(&line, ": ");
    srun_status_text(x->status, x->oom, &line);
    if (x->status && !is_silent(s, x))
        cli_error(s->cli, "%s", line.s);
    else if (!x->status)
        cli_verbose(s->cli, "%s", line.s);
    buf_release(&line);
    if ((signal == KILL || signal == TERM) && !s->aborting && !s->forced) {
        s->forced = true;
        cli_info(s->cli, "Force Terminated StepId=%s", s->id);
    }
}

static int by_first_task(const void *a, const void *b, void *arg)
{
    const struct srun_exit *x = a, *y = b;
    (void)arg;
    return bits_next(&x->tasks, 0) < bits_next(&y->tasks, 0) ? -1 : 1;
}

void srun_tell_exits(struct srun *s, bool all)
{
    int64_t now = alloc_now_ms();
    for (uint32_t i = 0; i < s->nodes_n; i++) {
        struct srun_node *n = &s->nodes[i];
        if (!n->exits.n || (!all && s->open_tasks && now < n->exits_ms))
            continue;
        vec_sort(n->exits.v, n->exits.n, sizeof *n->exits.v, by_first_task, NULL);
        for (uint32_t k = 0; k < n->exits.n; k++) {
            tell_exit(s, n, &n->exits.v[k]);
            bits_release(&n->exits.v[k].tasks);
        }
        n->exits.n = 0;
        n->exits_ms = 0;
    }
}

static void task_ended(struct srun *s, struct srun_node *n, uint32_t task, uint32_t status, bool oom)
{
    if (task >= s->step->ntasks || s->states[task] >= TASK_EXITED)
        return;
    if (oom) /* whatever the task itself has made of it; a job of srun's own ends for that reason */
        status = SRUN_STATUS_OUT_OF_MEMORY;
    s->states[task] = status ? TASK_ABNORMAL : TASK_EXITED;
    s->open_tasks--;
    n->open_tasks--;
    int shell = srun_shell_status(status, oom);
    if (oom || (shell > s->status && s->worst != SRUN_STATUS_OUT_OF_MEMORY))
        s->worst = status;
    if (shell > s->status)
        s->status = shell;
    note_exit(n, task, status, oom);
}

void srun_node_lost(struct srun *s, struct srun_node *n, const char *text)
{
    if (n->fd >= 0) {
        close(n->fd);
        s->nodes_open--;
    }
    n->fd = -1;
    n->fenced = false;
    buf_clear(&n->out);
    srun_pmi_check(s);
    if (!n->open_tasks)
        return;
    if (text && !n->accepted)
        cli_error(s->cli, "Task launch for StepId=%s failed on node %s: %s", s->id, n->where->name, text);
    else if (!s->aborting)
        cli_error(s->cli, "Node failure on %s", n->where->name);
    if (text && !n->accepted && !s->aborting)
        cli_error(s->cli, "Application launch failed: %s", text);
    for (uint32_t i = 0; i < n->where->tasks.n; i++) {
        uint32_t task = n->where->tasks.v[i];
        if (task < s->step->ntasks && s->states[task] < TASK_EXITED) {
            s->states[task] = TASK_ABNORMAL;
            s->open_tasks--;
        }
    }
    n->open_tasks = 0;
    if (s->status == 0)
        s->status = 1;
    if (!s->worst)
        s->worst = 1 << 8;
    if (!s->aborting && (!n->accepted || s->part->spec.no_kill != 1))
        srun_abort(s);
}

/* --- in --- */

/* The answer to the launch: from now on the connection is that of the step. */
static void took_launch(struct srun *s, struct srun_node *n, const struct launch_reply *r)
{
    n->accepted = r->code == 0;
    if (r->code)
        srun_node_lost(s, n, r->text ? r->text : error_text((int)r->code));
    else
        srun_node_writable(s, n);
}

static void tasks_started(struct srun *s, const struct tasks_started *m)
{
    cli_verbose(s->cli, "Node %s, %u tasks started", m->node ? m->node : "", m->tasks.n);
    for (uint32_t i = 0; i < m->tasks.n; i++)
        if (m->tasks.v[i] < s->step->ntasks && s->states[m->tasks.v[i]] == TASK_UNKNOWN)
            s->states[m->tasks.v[i]] = TASK_RUNNING;
}

static void tasks_exited(struct srun *s, struct srun_node *n, const struct task_exit *m)
{
    bool bad = m->status != 0;
    for (uint32_t i = 0; i < m->tasks.n; i++)
        if (srun_node_has(n, m->tasks.v[i]))
            task_ended(s, n, m->tasks.v[i], m->status, m->oom);
    srun_task_failed(s, bad);
}

/* A line of the step's own. That it was cancelled is how we learn that somebody else ended it. */
static void step_notice(struct srun *s, const struct step_notice *m)
{
    if (!m->text)
        return;
    if (strstr(m->text, "CANCELLED AT") && !strstr(m->text, "TASK FAILURE") && !s->aborting)
        srun_abort_said(s);
    fprintf(stderr, "%s\n", m->text);
}

static void output(struct srun *s, const struct io *m)
{
    if (m->data.n)
        srun_output(s, m->task, m->stream, m->data.v, m->data.n);
    else
        srun_output_end(s, m->task, m->stream);
}

/* False: the connection is no use any more. */
static bool take_frame(struct srun *s, struct srun_node *n, const struct frame *f)
{
    const struct message_type *t = message_by_number(f->type);
    const struct meta_record *r = !t ? NULL : f->flags & FRAME_REPLY ? t->reply : t->request;
    struct err e;
    if (f->flags & FRAME_ERROR) {
        frame_read_error(f, &e);
        srun_node_lost(s, n, e.text);
        return false;
    }
    if (!r || f->type == MSG_HELLO)
        return true;
    void *rec = mem_alloc(r->size);
    if (meta_decode(r, rec, f->body, f->len, &e) < 0) {
        mem_free(rec);
        srun_node_lost(s, n, e.text);
        return false;
    }
    if (f->type == MSG_LAUNCH_TASKS)
        took_launch(s, n, rec);
    else if (f->type == MSG_TASKS_STARTED)
        tasks_started(s, rec);
    else if (f->type == MSG_TASK_EXIT)
        tasks_exited(s, n, rec);
    else if (f->type == MSG_STEP_NOTICE)
        step_notice(s, rec);
    else if (f->type == MSG_IO)
        output(s, rec);
    else if (f->type == MSG_PMI_FENCE)
        srun_pmi_fence(s, n, rec);
    else if (f->type == MSG_PMI_ABORT)
        srun_pmi_abort(s, n, rec);
    meta_free(r, rec);
    return n->fd >= 0;
}

void srun_node_readable(struct srun *s, struct srun_node *n)
{
    struct frame f;
    struct err e;
    size_t done = 0;
    int rc;
    buf_reserve(&n->in, READ_SIZE);
    ssize_t got = recv(n->fd, n->in.s + n->in.len, READ_SIZE, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        srun_node_lost(s, n, error_text(ESLURM_CONNECTION));
        return;
    }
    n->in.len += (size_t)got;
    n->in.s[n->in.len] = '\0';
    while ((rc = frame_parse(n->in.s + done, n->in.len - done, FRAME_BODY_MAX, &f, &e)) > 0) {
        if (!take_frame(s, n, &f))
            return;
        done += FRAME_HEADER + f.len;
    }
    if (rc < 0) {
        srun_node_lost(s, n, e.text);
        return;
    }
    memmove(n->in.s, n->in.s + done, n->in.len - done);
    buf_truncate(&n->in, n->in.len - done);
}
