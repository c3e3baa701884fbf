/* SPDX-License-Identifier: Apache-2.0 */
/* Input and output of srun's tasks: which streams come here, labels, files and the terminal. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/jobview.h"
#include "cli/srun.h"

enum { CHUNK = 65536, FILE_MODE = 0666 };

/* Names with these differ from task to task or node to node: the nodes open them. */
static bool is_per_task(const char *pattern)
{
    for (const char *p = strchr(pattern, '%'); p; p = strchr(p + 1, '%')) {
        const char *q = p + 1;
        while (text_is_digit(*q))
            q++;
        if (strchr("tnN", *q) && *q)
            return true;
        p = q;
    }
    return false;
}

static int open_here(struct srun *s, const char *pattern, int flags)
{
    struct buf path = BUF_INIT;
    jobview_path(s->job, pattern, true, &path);
    int fd = open(path.s, flags | O_CLOEXEC, FILE_MODE);
    if (fd < 0)
        cli_error(s->cli, "Could not open %s file %s: %s", flags & O_CREAT ? "stdout" : "stdin", path.s, strerror(errno));
    buf_release(&path);
    return fd;
}

static int set_sink(struct srun *s, struct srun_sink *sink, const char *pattern, int standard)
{
    *sink = (struct srun_sink){.fd = standard, .only = NO_VAL};
    if (!pattern || strcmp(pattern, "all") == 0)
        return 0;
    if (strcmp(pattern, "none") == 0) {
        sink->pattern = mem_strdup("/dev/null");
    } else if (text_to_u32(pattern, &sink->only)) {
        return 0;
    } else if (is_per_task(pattern) || strcmp(pattern, "/dev/null") == 0) {
        sink->pattern = mem_strdup(pattern);
    } else {
        bool append = s->part->spec.open_mode == OPEN_APPEND;
        sink->fd = open_here(s, pattern, O_WRONLY | O_CREAT | (append ? O_APPEND : O_TRUNC));
        return sink->fd < 0 ? -1 : 0;
    }
    return 0;
}

static int set_input(struct srun *s)
{
    const char *pattern = s->part->spec.std_in;
    s->in_fd = STDIN_FILENO;
    s->stdin_task = s->pty ? 0 : INFINITE;
    if (!pattern || strcmp(pattern, "all") == 0)
        return 0;
    if (strcmp(pattern, "none") == 0) {
        s->in_fd = -1;
        s->stdin_task = NO_VAL;
    } else if (!text_to_u32(pattern, &s->stdin_task)) {
        s->stdin_task = INFINITE;
        s->in_fd = open_here(s, pattern, O_RDONLY);
        return s->in_fd < 0 ? -1 : 0;
    }
    return 0;
}

/* Keys go to the task as they are typed. */
static void set_raw(struct srun *s)
{
    struct termios raw;
    if (tcgetattr(STDIN_FILENO, &s->terminal) < 0)
        return;
    raw = s->terminal;
    cfmakeraw(&raw);
    s->raw = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
}

void srun_io_restore(struct srun *s)
{
    if (s->raw)
        tcsetattr(STDIN_FILENO, TCSANOW, &s->terminal);
    s->raw = false;
}

int srun_io_setup(struct srun *s)
{
    struct winsize size;
    char digits[16];
    s->pty = s->opts->pty;
    if (s->pty && ioctl(STDIN_FILENO, TIOCGWINSZ, &size) < 0) {
        cli_error(s->cli, "ioctl(TIOCGWINSZ): %s", strerror(errno));
        cli_error(s->cli, "Not using a pseudo-terminal, disregarding --pty option");
        s->pty = false;
    }
    if (set_sink(s, &s->out, s->part->spec.std_out, STDOUT_FILENO) < 0 || set_input(s) < 0)
        return -1;
    if (s->part->spec.std_err) {
        if (set_sink(s, &s->err, s->part->spec.std_err, STDERR_FILENO) < 0)
            return -1;
    } else {
        s->err = s->out;
        s->err.pattern = mem_strdup(s->out.pattern);
        if (s->out.fd == STDOUT_FILENO)
            s->err.fd = STDERR_FILENO;
    }
    buf_print(digits, sizeof digits, "%u", s->step->ntasks ? s->step->ntasks - 1 : 0);
    s->label_width = (int)strlen(digits);
    if (s->pty)
        set_raw(s);
    return 0;
}

/* All of it, also to a descriptor that somebody has made non-blocking. */
static void write_all(int fd, const char *p, size_t len)
{
    while (len && fd >= 0) {
        ssize_t n = write(fd, p, len);
        if (n < 0 && errno == EAGAIN) {
            struct pollfd wait = {.fd = fd, .events = POLLOUT};
            poll(&wait, 1, -1);
            continue;
        }
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return;
        p += n;
        len -= (size_t)n;
    }
}

static void write_labelled(struct srun *s, int fd, uint32_t task, struct buf *line, const char *p, size_t len)
{
    struct buf out = BUF_INIT;
    while (len) {
        const char *nl = memchr(p, '\n', len);
        size_t part = nl ? (size_t)(nl - p) + 1 : len;
        buf_add(line, p, part);
        p += part;
        len -= part;
        if (!nl)
            break;
        buf_addf(&out, "%*u: ", s->label_width, task);
        buf_add(&out, line->s, line->len);
        buf_clear(line);
    }
    write_all(fd, out.s, out.len);
    buf_release(&out);
}

void srun_io_output(struct srun *s, uint32_t task, uint32_t stream, const void *data, size_t len)
{
    const struct srun_sink *sink = stream == 2 ? &s->err : &s->out;
    if (task >= s->step->ntasks || (sink->only != NO_VAL && sink->only != task))
        return;
    struct buf *line = &s->tasks[task].line[stream == 2];
    if (!s->opts->label || s->pty) {
        write_all(sink->fd, data, len);
    } else if (len) {
        write_labelled(s, sink->fd, task, line, data, len);
    } else if (line->len) {
        write_labelled(s, sink->fd, task, line, "\n", 1); /* the last line had no end */
    }
}

bool srun_io_input(struct srun *s)
{
    char chunk[CHUNK];
    ssize_t n = read(s->in_fd, chunk, sizeof chunk);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    struct io m;
    struct err e;
    meta_init(&record_io, &m);
    m.task = s->stdin_task;
    m.data.v = (uint8_t *)chunk;
    m.data.n = n > 0 ? (uint32_t)n : 0;
    for (uint32_t i = 0; i < s->step->layout.n; i++)
        if (s->nodes[i].c)
            client_send(s->nodes[i].c, MSG_IO, &m, &e);
    return n > 0;
}
