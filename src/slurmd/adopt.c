/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an earlier slurmd has left in the spool folder: slurmstepds that live, reports, and marks of steps
 * that were started. A step with a mark and no report either lives, which the lock on its mark says even
 * before it has a socket, or it was lost.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "slurmd/slurmd.h"
#include "nodecore/spool.h"
#include "nodecore/stepid.h"

enum {
    STATUS_PACKET_MAX = 1 << 20,
    ADOPT_WAIT_MS = 5000, /* for an answer at the start; later the loop is not held up */
    ADOPT_WAIT_LATER_MS = 50,
    WAIT_AGAIN_MS = 20, /* doubles from try to try */
    WAIT_AGAIN_MS_MAX = 2000,
};

/* --- slurmstepds --- */

static int connect_stepd(const char *path, int wait_ms)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    struct timeval limit = {.tv_sec = wait_ms / 1000, .tv_usec = wait_ms % 1000 * 1000};
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return fd;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (!buf_print(addr.sun_path, sizeof addr.sun_path, "%s", path) ||
        connect(fd, (struct sockaddr *)&addr, sizeof addr) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static bool ask_status(int fd, struct step_status *ret)
{
    struct step_order ask = {.action = STEP_ORDER_STATUS};
    struct buf b = BUF_INIT;
    uint8_t *packet = mem_alloc(STATUS_PACKET_MAX);
    ssize_t got = -1;
    bool ok;

    meta_encode(&record_step_order, &ask, &b);
    if (send(fd, b.s, b.len, MSG_NOSIGNAL) == (ssize_t)b.len)
        got = recv(fd, packet, STATUS_PACKET_MAX, 0);
    ok = got > 0 && meta_decode(&record_step_status, ret, packet, (size_t)got, NULL) == 0;
    buf_release(&b);
    mem_free(packet);
    return ok;
}

/* job: as the mark has it; NULL: this step was adopted before. */
static void adopt_core(struct slurmd *d, const struct step_status *st, const struct job *job)
{
    struct job_info *j = job_info_new(job, st->uid, job ? job->gid : 0, st->restarts);

    if (node_adopt(&d->core, st, j))
        map_u64_put(&d->jobs, st->job_id, j);
    else
        job_info_free(j);
}

/* False: nobody answers at this socket. */
static bool adopt_socket(struct slurmd *d, const char *path, const struct job *job, int wait_ms)
{
    struct step_status st;
    int fd = connect_stepd(path, wait_ms);

    if (fd < 0)
        return false;
    if (!ask_status(fd, &st)) {
        log_error("%s: slurmstepd does not answer", path);
        close(fd);
        return false;
    }
    adopt_core(d, &st, job);
    steps_watch(d, st.job_id, st.step_id, st.restarts, fd);
    log_info("StepId=%u.%u runs on", st.job_id, st.step_id);
    meta_release(&record_step_status, &st);
    return true;
}

/* --- marks --- */

/* A step that was started. */
struct mark {
    char *path;
    struct step_status st;
};
struct marks {
    VEC(struct mark) list;
};

static bool lives(const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    bool held = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;

    if (fd >= 0)
        close(fd);
    return held;
}

static char *socket_of(const struct slurmd *d, uint32_t job_id, uint32_t step_id)
{
    struct buf path = BUF_INIT;

    spool_socket_path(d->spool, d->node_name, job_id, step_id, &path);
    return buf_take(&path);
}

/* A slurmstepd that lives and does not answer: it has only just been started, or is about to end. */
struct wait {
    struct slurmd *d;
    uv_timer_t timer;
    uint64_t wait_ms;
    uint32_t job_id, step_id, restarts;
};

static void wait_closed(uv_handle_t *h)
{
    mem_free(h->data);
}

static uint64_t wait_key(const struct wait *w)
{
    return (uint64_t)w->job_id << 32 | w->step_id;
}

static void on_wait(uv_timer_t *t)
{
    struct wait *w = t->data;
    struct slurmd *d = w->d;
    struct buf mark = BUF_INIT;
    char *socket_path = socket_of(d, w->job_id, w->step_id);
    bool alive, answers;

    spool_mark_path(d->spool, w->job_id, w->step_id, w->restarts, &mark);
    alive = lives(mark.s);
    answers = alive && adopt_socket(d, socket_path, NULL, ADOPT_WAIT_LATER_MS);
    buf_release(&mark);
    if (alive && !answers) {
        uv_timer_start(t, on_wait, w->wait_ms, 0);
        if (w->wait_ms < WAIT_AGAIN_MS_MAX)
            w->wait_ms *= 2;
    } else {
        map_u64_remove(&d->waits, wait_key(w));
        uv_close((uv_handle_t *)t, wait_closed);
    }
    if (!alive) {
        unlink(socket_path);
        steps_over(d, w->job_id, w->step_id, w->restarts);
    }
    mem_free(socket_path);
}

static void wait_start(struct slurmd *d, const struct step_status *st)
{
    struct wait *w = mem_alloc(sizeof *w);

    *w = (struct wait){.d = d,
                       .wait_ms = WAIT_AGAIN_MS,
                       .job_id = st->job_id,
                       .step_id = st->step_id,
                       .restarts = st->restarts};
    adopt_core(d, st, st->job);
    uv_timer_init(&d->loop, &w->timer);
    w->timer.data = w;
    map_u64_put(&d->waits, wait_key(w), w);
    uv_timer_start(&w->timer, on_wait, 0, 0);
}

void adopt_release(struct slurmd *d)
{
    MAP_EACH (&d->waits, e)
        mem_free(e->value);
    map_u64_release(&d->waits);
}

static bool is_settled(const struct slurmd *d, const struct step_status *st)
{
    struct credential c = {.job_id = st->job_id, .step_id = st->step_id, .restarts = st->restarts};

    return node_launched(&d->core, &c);
}

/* A slurmd that was killed before its slurmstepd began has run nothing of the script. And what was written
 * before this host has booted (or is said to have, by -b) says nothing of a batch script:
 * the controller hears that the job is not here, and starts it anew. */
static bool says_nothing(const struct slurmd *d, const char *path, const struct step_status *st)
{
    struct stat s;

    if (st->step_id != STEP_ID_BATCH || stat(path, &s) < 0)
        return false;
    return d->opt->just_booted || (s.st_mode & 0777) == SPOOL_MARK_WRITTEN ||
           (d->node->boot_time && s.st_mtime < d->node->boot_time);
}

/* Those that live are adopted at once, the others are left in *lost: their runs may be older. */
static void adopt_mark(struct slurmd *d, char *path, struct marks *lost)
{
    struct buf b = BUF_INIT;
    struct mark m = {.path = path};
    char *socket_path;
    bool ok = steps_read_file(path, &b) && meta_decode(&record_step_status, &m.st, b.s, b.len, NULL) == 0;

    buf_release(&b);
    if (!ok) { /* slurmd was killed while it wrote this: nothing was started */
        unlink(path);
        mem_free(path);
        return;
    }
    socket_path = socket_of(d, m.st.job_id, m.st.step_id);
    if (is_settled(d, &m.st) || (lives(path) && adopt_socket(d, socket_path, m.st.job, ADOPT_WAIT_MS))) {
        meta_release(&record_step_status, &m.st);
        mem_free(path);
    } else if (lives(path)) {
        wait_start(d, &m.st);
        meta_release(&record_step_status, &m.st);
        mem_free(path);
    } else {
        unlink(socket_path);
        *VEC_PUSH(&lost->list) = m;
    }
    mem_free(socket_path);
}

static void adopt_lost(struct slurmd *d, struct marks *lost)
{
    for (uint32_t i = 0; i < lost->list.n; i++) {
        struct mark *m = &lost->list.v[i];

        if (says_nothing(d, m->path, &m->st)) {
            unlink(m->path);
        } else {
            adopt_core(d, &m->st, m->st.job);
            steps_over(d, m->st.job_id, m->st.step_id, m->st.restarts);
        }
        meta_release(&record_step_status, &m->st);
        mem_free(m->path);
    }
    VEC_FREE(&lost->list);
}

/* --- the folder --- */

static void adopt_report(struct slurmd *d, const char *path)
{
    struct node_report *r = steps_read_report(path);

    if (!r) {
        log_error("%s: not a report", path);
        return;
    }
    node_adopt_report(&d->core, r, slurmd_now());
    meta_free(&record_node_report, r);
}

/* Full paths of the files whose names begin with the prefix. Both are the caller's. */
static void list_files(const struct slurmd *d, const char *prefix, struct meta_strs *out)
{
    DIR *dir = opendir(d->spool);
    struct dirent *de;

    while (dir && (de = readdir(dir))) {
        char *path;

        if (!text_starts(de->d_name, prefix) || text_ends(de->d_name, ".part"))
            continue;
        path = buf_format("%s/%s", d->spool, de->d_name);
        meta_strs_push(out, path);
        mem_free(path);
    }
    if (dir)
        closedir(dir);
}

static void free_files(struct meta_strs *files)
{
    for (uint32_t i = 0; i < files->n; i++)
        mem_free(files->v[i]);
    mem_free(files->v);
    *files = (struct meta_strs){0};
}

void steps_adopt(struct slurmd *d)
{
    struct meta_strs files = {0};
    struct marks lost = {0};

    list_files(d, "report.", &files);
    for (uint32_t i = 0; i < files.n; i++)
        adopt_report(d, files.v[i]);
    free_files(&files);
    list_files(d, "step.", &files);
    for (uint32_t i = 0; i < files.n; i++)
        adopt_mark(d, mem_strdup(files.v[i]), &lost);
    free_files(&files);
    adopt_lost(d, &lost);
}
