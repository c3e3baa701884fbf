/* SPDX-License-Identifier: Apache-2.0 */
/* Standard streams of tasks: files by pattern, pipes to srun, or a terminal. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "base/mem.h"
#include "model/jobvars.h"
#include "model/pattern.h"
#include "nodecore/env.h"
#include "slurmstepd/patience.h"
#include "slurmstepd/stepd.h"
#include "nodecore/stepid.h"
#include "os/folders.h"

/* What one stream of a task is. */
struct stream_plan {
    const char *pattern; /* NULL: a pipe to srun, or nothing */
    bool append;
};

char *files_expand(const struct stepd *s, const char *pattern, const struct task *t)
{
    char sluid[SLUID_LEN + 1];
    struct buf b = BUF_INIT;
    const struct job *job = s->job;
    struct pattern_values v = {
        .job_id = job->job_id,
        .step_id = s->step_id,
        .array_job_id = job->array_job_id,
        .array_task_id = job->array_task_id,
        .node_rank = launch_node_rank(s->launch),
        .task = t->rank,
        .restarts = s->launch->cred->restarts,
        .node_name = s->launch->node_name,
        .user_name = s->launch->cred->user_name ? s->launch->cred->user_name : "",
        .job_name = step_is_batch(s) ? job->spec->name : s->launch->tasks->step->name,
        .sluid = sluid,
    };

    jobvars_sluid(job, sluid);
    pattern_expand(pattern, &v, &b);
    return buf_take(&b);
}

static bool called_off(void *s)
{
    return step_called_off(s);
}

static int open_output(struct stepd *s, const char *path, bool append, const char *what, struct err *e)
{
    int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | (append ? 0 : O_TRUNC);
    int fd = patience_open(path, flags, 0666, called_off, s);

    if (fd < 0 && errno == ENOENT) {
        folders_make_above(path);
        fd = open(path, flags, 0666);
    }
    if (fd < 0)
        return err_set(e, errno, "Could not open %s file %s: %s", what, path, strerror(errno));
    return fd;
}

static int open_input(struct stepd *s, const char *path, struct err *e)
{
    int fd = patience_open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY, 0, called_off, s);

    if (fd < 0)
        return err_set(e, errno, "Could not open stdin file %s: %s", path, strerror(errno));
    return fd;
}

static int make_pipe(int *ret_read, int *ret_write, struct err *e)
{
    int fd[2];

    if (pipe2(fd, O_CLOEXEC) < 0)
        return err_set(e, errno, "pipe: %s", strerror(errno));
    *ret_read = fd[0];
    *ret_write = fd[1];
    return 0;
}

static int keep_nonblocking(int fd)
{
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    return fd;
}

/* --- batch: everything is a file --- */

static int files_batch(struct stepd *s, struct task *t, struct task_files *f, struct err *e)
{
    const struct job_spec *spec = s->job->spec;
    bool array = s->job->array_task_id != NO_VAL && s->job->array_job_id;
    /* A requeued job goes on in its file, unless the user says otherwise. */
    bool append = spec->open_mode == OPEN_APPEND ||
                  (spec->open_mode == OPEN_UNSET && (s->launch->cred->restarts || s->launch->append));
    char *out = files_expand(s,
                             spec->std_out ? spec->std_out
                             : array       ? "slurm-%A_%a.out"
                                           : "slurm-%j.out",
                             t);
    char *err = spec->std_err ? files_expand(s, spec->std_err, t) : NULL;
    char *in = spec->std_in ? files_expand(s, spec->std_in, t) : mem_strdup("/dev/null");

    f->in = open_input(s, in, e);
    if (f->in >= 0)
        f->out = open_output(s, out, append, "stdout", e);
    if (f->in >= 0 && f->out >= 0)
        f->err = err && strcmp(err, out) != 0 ? open_output(s, err, append, "stderr", e)
                                              : fcntl(f->out, F_DUPFD_CLOEXEC, 0);
    mem_free(out);
    mem_free(err);
    mem_free(in);
    return f->err < 0 ? -e->code : 0;
}

/* --- steps: files where a pattern is given, else pipes --- */

static int output_pipe(int *ret_task, int *ret_ours, struct err *e)
{
    int rc = make_pipe(ret_ours, ret_task, e);

    if (rc == 0)
        keep_nonblocking(*ret_ours);
    return rc;
}

static int output_stream(struct stepd *s, struct task *t, const char *pattern, uint32_t stream, int *ret_task,
                         int *ret_ours, struct err *e)
{
    const struct launch_tasks *lt = s->launch->tasks;
    char *path;
    bool append;
    int fd;

    if (!pattern)
        return output_pipe(ret_task, ret_ours, e);
    path = files_expand(s, pattern, t);
    /* Tasks that share a file must not truncate what an earlier one has written. */
    append = lt->open_mode == OPEN_APPEND || (lt->open_mode == OPEN_UNSET && s->launch->append);
    fd = open_output(s, path, append || t->local_id > 0, stream == 2 ? "stderr" : "stdout", e);
    mem_free(path);
    if (fd < 0)
        return -e->code;
    if (lt->label) {
        t->files[stream - 1].fd = fd; /* the lines come to us first */
        return output_pipe(ret_task, ret_ours, e);
    }
    *ret_task = fd;
    return 0;
}

static int input_stream(struct stepd *s, struct task *t, struct task_files *f, struct err *e)
{
    const struct launch_tasks *lt = s->launch->tasks;
    int rc;

    if (lt->std_in) {
        char *path = files_expand(s, lt->std_in, t);

        f->in = open_input(s, path, e);
        mem_free(path);
        return f->in < 0 ? -e->code : 0;
    }
    if (s->srun_fd < 0 || (lt->stdin_task != INFINITE && lt->stdin_task != t->rank)) {
        f->in = open_input(s, "/dev/null", e);
        return f->in < 0 ? -e->code : 0;
    }
    rc = make_pipe(&f->in, &t->in, e);
    if (rc == 0)
        keep_nonblocking(t->in);
    return rc;
}

static int files_pty(struct stepd *s, struct task *t, struct task_files *f, struct err *e)
{
    const struct launch_tasks *lt = s->launch->tasks;
    struct winsize size = {.ws_row = lt->rows, .ws_col = lt->cols};
    const char *name;

    t->out = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (t->out < 0 || grantpt(t->out) < 0 || unlockpt(t->out) < 0 || !(name = ptsname(t->out)))
        return err_set(e, errno, "pseudo terminal: %s", strerror(errno));
    f->in = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (f->in < 0)
        return err_set(e, errno, "%s: %s", name, strerror(errno));
    if (lt->rows)
        ioctl(t->out, TIOCSWINSZ, &size);
    f->out = fcntl(f->in, F_DUPFD_CLOEXEC, 0);
    f->err = fcntl(f->in, F_DUPFD_CLOEXEC, 0);
    t->in = keep_nonblocking(t->out);
    t->pty = true;
    return f->err < 0 ? err_set(e, errno, "dup: %s", strerror(errno)) : 0;
}

int files_open(struct stepd *s, struct task *t, struct task_files *f, struct err *e)
{
    const struct launch_tasks *lt = s->launch->tasks;
    int rc;

    *f = (struct task_files){-1, -1, -1, -1};
    if (step_is_batch(s))
        return files_batch(s, t, f, e);
    if (lt->pty && t->rank == 0)
        return files_pty(s, t, f, e);
    rc = input_stream(s, t, f, e);
    if (rc == 0)
        rc = output_stream(s, t, lt->std_out, 1, &f->out, &t->out, e);
    if (rc < 0)
        return rc;
    if (lt->std_out && (!lt->std_err || strcmp(lt->std_err, lt->std_out) == 0)) {
        f->err = fcntl(f->out, F_DUPFD_CLOEXEC, 0);
        return f->err < 0 ? err_set(e, errno, "dup: %s", strerror(errno)) : 0;
    }
    return output_stream(s, t, lt->std_err, 2, &f->err, &t->err, e);
}

void files_close(struct task_files *f)
{
    const int fds[] = {f->in, f->out, f->err, f->pmi};

    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    *f = (struct task_files){-1, -1, -1, -1};
}

int files_enter_work_dir(const struct stepd *s)
{
    const char *dir = files_work_dir(s);
    int failed;

    if (!dir || chdir(dir) == 0)
        return 0;
    failed = errno;
    if (chdir("/tmp") < 0 && chdir("/") < 0)
        return errno;
    return failed;
}

const char *files_work_dir(const struct stepd *s)
{
    return step_is_batch(s) ? s->job->spec->work_dir : s->launch->tasks->work_dir;
}
