/* SPDX-License-Identifier: Apache-2.0 */
/* The one loop of srun: signals, the job's record, connections, standard streams. */
#include <poll.h>

#include "base/mem.h"
#include "cli/srun.h"

enum watch_kind { WATCH_SIGNAL, WATCH_JOB, WATCH_INPUT, WATCH_SINK, WATCH_NODE };

struct watch_set {
    VEC(struct pollfd) fds;
    VEC(struct {
        enum watch_kind kind;
        uint32_t index;
    })
    what;
};

static void watch(struct watch_set *w, int fd, int events, enum watch_kind kind, uint32_t index)
{
    if (fd < 0 || !events)
        return;
    struct pollfd *p = VEC_PUSH(&w->fds);
    p->fd = fd;
    p->events = (short)events;
    (void)VEC_PUSH(&w->what);
    w->what.v[w->what.n - 1].kind = kind;
    w->what.v[w->what.n - 1].index = index;
}

static void fill(struct watch_set *w, struct srun *s)
{
    bool full = srun_sinks_full(s);
    w->fds.n = w->what.n = 0;
    watch(w, s->alloc.signal_fd, POLLIN, WATCH_SIGNAL, 0);
    watch(w, alloc_fd(&s->alloc), POLLIN, WATCH_JOB, 0);
    if (srun_wants_input(s))
        watch(w, s->io.in_fd, POLLIN, WATCH_INPUT, 0);
    for (uint32_t i = 0; i < sizeof s->io.sinks / sizeof s->io.sinks[0]; i++)
        if (s->io.sinks[i].queue.len)
            watch(w, s->io.sinks[i].fd, POLLOUT, WATCH_SINK, i);
    for (uint32_t i = 0; i < s->nodes_n; i++)
        watch(w, s->nodes[i].fd,
              (full ? 0 : POLLIN) | (s->nodes[i].accepted && s->nodes[i].out.len ? POLLOUT : 0), WATCH_NODE,
              i);
}

static void node_ready(struct srun *s, struct srun_node *n, short got, short asked)
{
    if (got & POLLOUT)
        srun_node_writable(s, n);
    if (asked & POLLIN && got & (POLLIN | POLLHUP | POLLERR))
        srun_node_readable(s, n);
}

static void handle(struct srun *s, const struct watch_set *w)
{
    for (uint32_t i = 0; i < w->fds.n; i++) {
        uint32_t index = w->what.v[i].index;
        short got = w->fds.v[i].revents;
        if (!got)
            continue;
        switch (w->what.v[i].kind) {
        case WATCH_SIGNAL:
            srun_signals(s);
            break;
        case WATCH_JOB:
            alloc_news(&s->alloc);
            break;
        case WATCH_INPUT:
            if (s->io.in_fd >= 0)
                srun_input(s);
            break;
        case WATCH_SINK:
            srun_sink_write(s, &s->io.sinks[index]);
            break;
        case WATCH_NODE:
            if (s->nodes[index].fd >= 0)
                node_ready(s, &s->nodes[index], got, w->fds.v[i].events);
            break;
        }
    }
}

/* Connections stay open a little longer than tasks: what a step has to say at its end comes last. */
static bool over(const struct srun *s)
{
    return s->leave || (!s->open_tasks && !s->nodes_open && srun_sinks_empty(s));
}

void srun_loop(struct srun *s)
{
    struct watch_set w = {0};
    bool was_over = s->alloc.over;
    while (!over(s)) {
        fill(&w, s);
        int64_t until = srun_deadline(s), left = until - alloc_now_ms();
        if (poll(w.fds.v, w.fds.n, !until ? -1 : left > 0 ? (int)left : 0) > 0)
            handle(s, &w);
        else if (s->alloc.retry_ms)
            alloc_news(&s->alloc);
        srun_timers(s);
        /* The nodes end the tasks of a job that is over; we only stop waiting for ever. */
        if (s->alloc.over && !was_over && s->open_tasks)
            srun_abort_said(s);
        was_over = s->alloc.over;
    }
    srun_tell_exits(s, true);
    VEC_FREE(&w.fds);
    VEC_FREE(&w.what);
}
