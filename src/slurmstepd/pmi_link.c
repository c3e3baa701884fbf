/* SPDX-License-Identifier: Apache-2.0 */
/* --mpi=pmi2: a socket a task for PMI, answered by nodecore/pmi.h; fences and aborts go over srun. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "model/message.h"
#include "nodecore/env.h"
#include "slurmstepd/stepd.h"

static bool wanted(const struct stepd *s)
{
    return !step_is_batch(s) && s->launch->tasks->mpi && strcmp(s->launch->tasks->mpi, "pmi2") == 0;
}

void pmi_link_open(struct stepd *s)
{
    if (!wanted(s))
        return;
    s->pmi = mem_alloc(sizeof *s->pmi);
    pmi_init(s->pmi, s->id_text, s->launch->tasks->step, s->launch->tasks->nodeid);
}

int pmi_link_pair(struct stepd *s, struct task *t, int *ret_child, struct err *e)
{
    int pair[2];

    *ret_child = -1;
    if (!s->pmi)
        return 0;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return err_set(e, errno, "PMI socket: %s", strerror(errno));
    t->pmi = pair[0];
    *ret_child = pair[1];
    return 0;
}

void pmi_link_env(const struct stepd *s, const struct task *t, int fd, struct meta_strs *env)
{
    env_set(env, "PMI_FD", "%d", fd);
    env_set(env, "PMI_JOBID", "%s", s->id_text);
    env_set(env, "PMI_RANK", "%u", t->rank);
    env_set(env, "PMI_SIZE", "%u", s->launch->tasks->step->ntasks);
    env_set(env, "SLURM_MPI_TYPE", "%s", s->launch->tasks->mpi);
}

static void hang_up(struct task *t)
{
    close(t->pmi);
    t->pmi = -1;
}

/* Answers are short and a task reads what it asked for: it is waited for only when it does not. */
void pmi_link_write(struct stepd *s, struct task *t)
{
    struct buf *out = &s->pmi->clients[t->local_id].out;
    size_t done = 0;

    while (t->pmi >= 0 && done < out->len) {
        ssize_t put = send(t->pmi, out->s + done, out->len - done, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0 && errno == EAGAIN)
            break;
        if (put < 0)
            hang_up(t);
        else
            done += (size_t)put;
    }
    memmove(out->s, out->s + done, out->len - done);
    buf_truncate(out, out->len - done);
}

static void to_srun(struct stepd *s)
{
    if (s->pmi->fence_wanted) {
        s->pmi->fence_wanted = false;
        srun_send(s, MSG_PMI_FENCE, &record_pmi_fence, &s->pmi->put);
    }
    if (s->pmi->aborted && !s->pmi_abort_told) {
        struct pmi_abort m = {.text = s->pmi->abort_text};

        s->pmi_abort_told = true;
        srun_send(s, MSG_PMI_ABORT, &record_pmi_abort, &m);
    }
}

void pmi_link_readable(struct stepd *s, struct task *t)
{
    char chunk[4096];
    ssize_t got = recv(t->pmi, chunk, sizeof chunk, MSG_DONTWAIT);
    struct err e;

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        hang_up(t);
        return;
    }
    if (pmi_feed(s->pmi, t->local_id, chunk, (size_t)got, &e) < 0) {
        step_notice(s, "task %u: %s", t->rank, e.text);
        hang_up(t);
        return;
    }
    to_srun(s);
    for (uint32_t i = 0; i < s->tasks_n; i++)
        pmi_link_write(s, &s->tasks[i]);
}

void pmi_link_fence_done(struct stepd *s, const struct pmi_fence *all)
{
    if (!s->pmi)
        return;
    pmi_fence_done(s->pmi, all);
    for (uint32_t i = 0; i < s->tasks_n; i++)
        pmi_link_write(s, &s->tasks[i]);
}

void pmi_link_close(struct stepd *s)
{
    if (!s->pmi)
        return;
    for (uint32_t i = 0; i < s->tasks_n; i++)
        if (s->tasks[i].pmi >= 0)
            hang_up(&s->tasks[i]);
    pmi_release(s->pmi);
    mem_free(s->pmi);
    s->pmi = NULL;
}
