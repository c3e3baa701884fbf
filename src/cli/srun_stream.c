/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The standard streams of a step on srun's side: who gets what (srun(1), IO Redirection), labels, and queues
 * before slow readers.
 *
 * A file whose name has a part that differs from node to node or from task to task is opened by the nodes;
 * every other file is opened here, once.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "cli/srun.h"
#include "conf/conf.h"
#include "cli/srun_exit.h"
#include "os/folders.h"
#include "model/jobvars.h"
#include "model/pattern.h"

enum {
    SINK_STDOUT,
    SINK_STDERR,
    SINK_OUT_FILE,
    SINK_ERR_FILE,
    WRITE_AT_ONCE = 4096, /* PIPE_BUF: what a pipe that is writable takes without blocking */
    READ_SIZE = 64 << 10,
};

/* --- what -i, -o and -e say --- */

/* Has the name a %t, %n or %N, with or without a width? */
static bool differs_by_node(const char *pattern)
{
    for (const char *p = pattern; (p = strchr(p, '%'));) {
        p++;
        while (text_is_digit(*p))
            p++;
        if (*p == 't' || *p == 'n' || *p == 'N')
            return !strchr(pattern, '\\');
        p += *p != '\0';
    }
    return false;
}

static char *expand(const struct srun *s, const char *pattern)
{
    const struct job *job = s->reply.job;
    char sluid[SLUID_LEN + 1];
    struct buf b = BUF_INIT;
    struct pattern_values v = {.job_id = s->job_id,
                               .step_id = s->step->step_id,
                               .array_job_id = job->array_job_id,
                               .array_task_id = job->array_task_id,
                               .restarts = job->restarts,
                               .node_name = "",
                               .user_name = cli_getenv("USER"),
                               .job_name = s->step->name,
                               .sluid = sluid};
    if (!v.user_name)
        v.user_name = job->spec->user_name ? job->spec->user_name : "";
    if (!v.job_name)
        v.job_name = "";
    jobvars_sluid(job, sluid);
    pattern_expand(pattern, &v, &b);
    return buf_take(&b);
}

/* "all", "none" or the number of a task; everything else is a file. */
static bool is_whom(const struct srun *s, const char *text, uint32_t *ret_task)
{
    if (!text || text_casecmp(text, "all") == 0)
        *ret_task = INFINITE;
    else if (text_casecmp(text, "none") == 0)
        *ret_task = NO_VAL;
    else
        return text_to_u32(text, ret_task) && *ret_task < s->step->ntasks;
    return true;
}

static void sink_init(struct srun_sink *k, int fd)
{
    struct stat st;
    *k = (struct srun_sink){.fd = fd, .queue = BUF_INIT};
    k->plain = fd >= 0 && fstat(fd, &st) == 0 && (S_ISREG(st.st_mode) || major(st.st_rdev) == 1);
}

static int open_out(struct srun *s, struct srun_out *o, const char *text, const char *what, uint32_t own,
                    uint32_t file)
{
    *o = (struct srun_out){.sink = &s->io.sinks[own], .only = INFINITE};
    if (is_whom(s, text, &o->only))
        return 0;
    o->only = INFINITE;
    if (differs_by_node(text)) {
        o->node_path = mem_strdup(text);
        return 0;
    }
    char *path = expand(s, text);
    uint32_t mode = s->part->spec.open_mode;
    bool append =
        mode == OPEN_APPEND || (mode == OPEN_UNSET && conf_u32(cli_env(s->cli)->conf, CONF_JOB_FILE_APPEND));
    int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_APPEND | (append ? 0 : O_TRUNC);
    int fd = open(path, flags, 0666);
    if (fd < 0 && errno == ENOENT) {
        folders_make_above(path);
        fd = open(path, flags, 0666);
    }
    mem_free(path);
    if (fd < 0) {
        cli_error(s->cli, "Could not open %s file: %s", what, strerror(errno));
        return 1;
    }
    o->sink = &s->io.sinks[file];
    sink_init(o->sink, fd);
    return 0;
}

static int open_in(struct srun *s, const char *text)
{
    s->io.in_fd = -1;
    s->io.in_task = INFINITE;
    if (s->pty) {
        s->io.in_task = 0;
        s->io.in_fd = STDIN_FILENO;
        return 0;
    }
    if (is_whom(s, text, &s->io.in_task)) {
        s->io.in_fd = s->io.in_task == NO_VAL ? -1 : STDIN_FILENO;
        return 0;
    }
    s->io.in_task = INFINITE;
    if (differs_by_node(text)) {
        s->io.in_task = NO_VAL;
        s->io.in_node_path = mem_strdup(text);
        return 0;
    }
    char *path = expand(s, text);
    s->io.in_fd = open(path, O_RDONLY | O_CLOEXEC);
    mem_free(path);
    if (s->io.in_fd < 0) {
        cli_error(s->cli, "Could not open stdin file: %s", strerror(errno));
        return 1;
    }
    return 0;
}

int srun_streams_open(struct srun *s)
{
    const struct job_spec *spec = &s->part->spec;
    struct srun_streams *io = &s->io;
    sink_init(&io->sinks[SINK_STDOUT], STDOUT_FILENO);
    sink_init(&io->sinks[SINK_STDERR], STDERR_FILENO);
    sink_init(&io->sinks[SINK_OUT_FILE], -1);
    sink_init(&io->sinks[SINK_ERR_FILE], -1);
    int rc = open_in(s, spec->std_in);
    if (rc == 0)
        rc = open_out(s, &io->out, spec->std_out, "stdout", SINK_STDOUT, SINK_OUT_FILE);
    if (rc == 0 && spec->std_out && !spec->std_err && io->out.sink != &io->sinks[SINK_STDOUT])
        io->err = io->out; /* both in one file */
    else if (rc == 0)
        rc = open_out(s, &io->err, spec->std_err, "stderr", SINK_STDERR, SINK_ERR_FILE);
    if (rc != 0)
        return rc;
    if (s->pty)
        io->out.only = 0;
    io->label = s->given->label && !s->pty;
    io->label_width = srun_label_width(s->step->ntasks);
    if (io->label) {
        io->out.part = mem_array(s->step->ntasks, sizeof *io->out.part);
        io->err.part = mem_array(s->step->ntasks, sizeof *io->err.part);
        for (uint32_t i = 0; i < s->step->ntasks; i++)
            buf_init(&io->out.part[i]), buf_init(&io->err.part[i]);
    }
    return 0;
}

/* --- output --- */

static struct srun_out *stream_of(struct srun *s, uint32_t task, uint32_t stream)
{
    struct srun_out *o = stream == 2 ? &s->io.err : &s->io.out;
    if (task >= s->step->ntasks || (o->only != INFINITE && o->only != task) || o->sink->fd < 0 ||
        o->sink->broken)
        return NULL;
    return o;
}

void srun_output(struct srun *s, uint32_t task, uint32_t stream, const void *data, size_t n)
{
    struct srun_out *o = stream_of(s, task, stream);
    if (!o)
        return;
    if (o->part)
        srun_label_add(&o->part[task], task, s->io.label_width, data, n, &o->sink->queue);
    else
        buf_add(&o->sink->queue, data, n);
    srun_sink_write(s, o->sink);
}

void srun_output_end(struct srun *s, uint32_t task, uint32_t stream)
{
    struct srun_out *o = stream_of(s, task, stream);
    if (!o || !o->part)
        return;
    srun_label_end(&o->part[task], task, s->io.label_width, &o->sink->queue);
    srun_sink_write(s, o->sink);
}

static bool is_writable(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    return poll(&p, 1, 0) > 0;
}

void srun_sink_write(struct srun *s, struct srun_sink *k)
{
    size_t done = 0;
    while (done < k->queue.len && !k->broken && (k->plain || is_writable(k->fd))) {
        size_t left = k->queue.len - done;
        ssize_t put =
            write(k->fd, k->queue.s + done, k->plain || left < WRITE_AT_ONCE ? left : WRITE_AT_ONCE);
        if (put < 0 && errno != EINTR && errno != EAGAIN)
            k->broken = true;
        else if (put > 0)
            done += (size_t)put;
    }
    memmove(k->queue.s, k->queue.s + done, k->queue.len - done);
    buf_truncate(&k->queue, k->broken ? 0 : k->queue.len - done);
    /* Nobody reads any more: what writes for nobody is ended, as a pipe would end it. */
    if (k->broken && s->open_tasks && !s->aborting)
        srun_abort(s);
}

bool srun_sinks_full(const struct srun *s)
{
    for (size_t i = 0; i < sizeof s->io.sinks / sizeof s->io.sinks[0]; i++)
        if (s->io.sinks[i].queue.len >= SRUN_QUEUE_MAX)
            return true;
    return false;
}

bool srun_sinks_empty(const struct srun *s)
{
    for (size_t i = 0; i < sizeof s->io.sinks / sizeof s->io.sinks[0]; i++)
        if (s->io.sinks[i].queue.len)
            return false;
    return true;
}

/* --- input --- */

bool srun_wants_input(const struct srun *s)
{
    if (s->io.in_fd < 0 || !s->nodes_open || srun_nodes_full(s))
        return false;
    /* In the background of a terminal a read would stop us. */
    return !isatty(s->io.in_fd) || tcgetpgrp(s->io.in_fd) == getpgrp();
}

void srun_input(struct srun *s)
{
    static uint8_t chunk[READ_SIZE];
    struct io m;
    ssize_t n = read(s->io.in_fd, chunk, sizeof chunk);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    meta_init(&record_io, &m);
    m.task = s->io.in_task;
    if (n > 0)
        m.data = (struct meta_bytes){chunk, (uint32_t)n};
    else
        s->io.in_fd = -1;
    for (uint32_t i = 0; i < s->nodes_n; i++)
        if (s->nodes[i].open_tasks && (m.task == INFINITE || srun_node_has(&s->nodes[i], m.task)))
            srun_node_send(s, &s->nodes[i], MSG_IO, &record_io, &m);
}
