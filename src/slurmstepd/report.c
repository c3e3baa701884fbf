/* SPDX-License-Identifier: Apache-2.0 */
/* The node_report that outlives slurmd: a file in the spool folder, taken away when the controller has
 * acknowledged it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "nodecore/spool.h"
#include "slurmstepd/stepd.h"

static int write_file(const char *path, const struct buf *b, struct err *e)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && write(fd, b->s, b->len) == (ssize_t)b->len;

    if (fd >= 0 && close(fd) < 0)
        ok = false;
    return ok ? 0 : err_set(e, errno, "%s: %s", path, strerror(errno));
}

int report_write(struct stepd *s, struct err *e)
{
    struct node_report r;
    struct buf body = BUF_INIT, path = BUF_INIT, part = BUF_INIT;
    int rc;

    meta_init(&record_node_report, &r);
    r.node_name = mem_strdup(s->launch->node_name);
    r.job_id = s->job->job_id;
    r.step_id = s->step_id;
    r.exit_code = (uint32_t)s->worst;
    r.error = (uint32_t)s->error;
    r.error_text = mem_strdup(s->error_text);
    r.oom = s->oom;
    r.drain = s->unkillable;
    r.restarts = s->launch->cred->restarts;
    r.start_time = s->start_time;
    r.end_time = time(NULL);
    meta_encode(&record_node_report, &r, &body);
    meta_release(&record_node_report, &r);

    spool_report_path(s->launch->spool_dir, s->job->job_id, s->step_id, s->launch->cred->restarts, &path);
    buf_addf(&part, "%s.part", path.s);
    rc = write_file(part.s, &body, e);
    if (rc == 0 && rename(part.s, path.s) < 0)
        rc = err_set(e, errno, "%s: %s", path.s, strerror(errno));
    buf_release(&body);
    buf_release(&path);
    buf_release(&part);
    return rc;
}
