/* SPDX-License-Identifier: Apache-2.0 */
#include "slurmctld/schedlog.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "base/hostlist.h"
#include "base/mem.h"
#include "model/jobtext.h"
#include "os/log.h"

static struct {
    pthread_mutex_t lock; /* of the path and the file */
    char *path;
    int fd;
    _Atomic bool on;
} sched_log = {.lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1};

static void open_file(void)
{
    if (sched_log.fd >= 0)
        close(sched_log.fd);
    sched_log.fd = sched_log.path
                       ? open(sched_log.path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640)
                       : -1;
    if (sched_log.path && sched_log.fd < 0)
        log_error("SlurmSchedLogFile %s: %s", sched_log.path, strerror(errno));
    sched_log.on = sched_log.fd >= 0;
}

void schedlog_open(const struct conf *conf)
{
    const char *path = conf_str(conf, CONF_SLURM_SCHED_LOG_FILE);

    pthread_mutex_lock(&sched_log.lock);
    mem_set_str(&sched_log.path, conf_u32(conf, CONF_SLURM_SCHED_LOG_LEVEL) && path && *path ? path : NULL);
    open_file();
    pthread_mutex_unlock(&sched_log.lock);
}

void schedlog_reopen(void)
{
    pthread_mutex_lock(&sched_log.lock);
    open_file();
    pthread_mutex_unlock(&sched_log.lock);
}

void schedlog_close(void)
{
    pthread_mutex_lock(&sched_log.lock);
    mem_set_str(&sched_log.path, NULL);
    open_file();
    pthread_mutex_unlock(&sched_log.lock);
}

/* "sched: [2026-11-22T21:00:00.123] text". What cannot be written is lost: it is a log. */
static void say(const struct buf *text)
{
    struct buf line = BUF_INIT;
    struct timeval now;
    struct tm tm;
    char stamp[32];

    gettimeofday(&now, NULL);
    localtime_r(&now.tv_sec, &tm);
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &tm);
    buf_addf(&line, "sched: [%s.%03d] %s\n", stamp, (int)(now.tv_usec / 1000), text->s);
    pthread_mutex_lock(&sched_log.lock);
    if (sched_log.fd >= 0 && write(sched_log.fd, line.s, line.len) < 0)
        sched_log.on = false;
    pthread_mutex_unlock(&sched_log.lock);
    buf_release(&line);
}

static void add_nodes(const struct start_job *start, const struct snapshot *s, struct buf *out)
{
    struct hostlist list = {0};

    for (uint32_t i = 0; i < start->alloc.n; i++) {
        const struct node *n = ptree_get(&s->nodes, start->alloc.v[i].node_index);
        if (n)
            (void)hostlist_push(&list, n->name, NULL);
    }
    hostlist_text(&list, out);
    hostlist_release(&list);
}

void schedlog_start(const struct start_job *start, const struct snapshot *s)
{
    struct buf text = BUF_INIT;

    if (!sched_log.on)
        return;
    buf_addf(&text, "Allocate JobId=%u", start->job_id);
    if (start->array_task != NO_VAL)
        buf_addf(&text, "_%u", start->array_task);
    buf_adds(&text, " NodeList=");
    add_nodes(start, s, &text);
    buf_addf(&text, " #CPUs=%u Partition=%s", start->cpus, start->partition);
    say(&text);
    buf_release(&text);
}

void schedlog_notes(const struct plan_notes *notes, const struct snapshot *s)
{
    for (uint32_t i = 0; i < notes->notes.n && sched_log.on; i++) {
        const struct job *j = snapshot_job(s, notes->notes.v[i].job_id);
        struct buf text = BUF_INIT;

        if (!j || !job_is_pending(j))
            continue;
        buf_adds(&text, "JobId=");
        job_id_text(j, 0, &text);
        buf_addf(&text, ". State=%s. Reason=", job_state_text(j));
        job_reason_text(j, &text);
        buf_addf(&text, ". Priority=%u. Partition=%s.", j->priority, j->partition ? j->partition : "");
        say(&text);
        buf_release(&text);
    }
}
