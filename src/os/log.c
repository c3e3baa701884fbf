/* SPDX-License-Identifier: Apache-2.0 */
#include "os/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"

static const char *const level_names[] = {"quiet", "fatal",  "error",  "info",   "verbose",
                                          "debug", "debug2", "debug3", "debug4", "debug5"};
enum { LEVELS = sizeof level_names / sizeof *level_names };

static const struct {
    uint64_t flag;
    const char *name;
} flag_names[] = {
    {LOGF_AGENT, "AGENT"},
    {LOGF_AUDIT_RPCS, "AUDIT_RPCS"},
    {LOGF_BACKFILL, "BACKFILL"},
    {LOGF_POWER, "POWER"},
    {LOGF_ROUTE, "ROUTE"},
    {LOGF_SCRIPT, "SCRIPT"},
    {LOGF_SELECT_TYPE, "SELECT_TYPE"},
    {LOGF_STEPS, "STEPS"},
    {LOGF_TRACE_JOBS, "TRACE_JOBS"},
};
static _Atomic uint64_t the_flags;

static struct {
    pthread_mutex_t lock;
    char *name, *path;
    int fd;
    _Atomic enum log_level file_level, stderr_level, syslog_level; /* read without the lock too */
    bool no_time, unix_seconds;
} the_log = {.lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1, .stderr_level = SLOG_INFO};

bool log_level_parse(const char *text, enum log_level *ret)
{
    uint32_t n;

    for (int i = 0; i < LEVELS; i++)
        if (text_same_nocase(text, level_names[i])) {
            *ret = (enum log_level)i;
            return true;
        }
    if (!text_to_u32(text, &n) || n >= LEVELS)
        return false;
    *ret = (enum log_level)n;
    return true;
}

const char *log_level_text(enum log_level l)
{
    return level_names[l];
}

/* An existing file is appended to; nobody but its owner and group may read what jobs and users are called. */
static int open_file(const char *path, struct err *e)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);

    return fd >= 0 ? fd : err_set(e, errno, "Unable to open logfile `%s': %s", path, strerror(errno));
}

int log_open(const struct log_settings *s, struct err *e)
{
    int fd = s->path ? open_file(s->path, e) : -1;

    if (s->path && fd < 0)
        return fd;
    pthread_mutex_lock(&the_log.lock);
    if (the_log.fd >= 0)
        close(the_log.fd);
    the_log.fd = fd;
    mem_set_str(&the_log.name, s->name);
    mem_set_str(&the_log.path, s->path);
    the_log.file_level = s->file_level;
    the_log.stderr_level = s->stderr_level;
    the_log.syslog_level = s->syslog_level;
    the_log.no_time = s->no_time;
    the_log.unix_seconds = s->unix_seconds;
    if (s->syslog_level > SLOG_QUIET)
        openlog(the_log.name, LOG_PID, LOG_DAEMON);
    pthread_mutex_unlock(&the_log.lock);
    return 0;
}

int log_reopen(struct err *e)
{
    int rc = 0;

    pthread_mutex_lock(&the_log.lock);
    if (the_log.path) {
        int fd = open_file(the_log.path, e);
        if (fd >= 0) {
            close(the_log.fd);
            the_log.fd = fd;
        } else
            rc = fd;
    }
    pthread_mutex_unlock(&the_log.lock);
    return rc;
}

void log_close(void)
{
    pthread_mutex_lock(&the_log.lock);
    if (the_log.fd >= 0)
        close(the_log.fd);
    the_log.fd = -1;
    mem_set_str(&the_log.name, NULL);
    mem_set_str(&the_log.path, NULL);
    pthread_mutex_unlock(&the_log.lock);
}

void log_set_name(const char *name)
{
    pthread_mutex_lock(&the_log.lock);
    mem_set_str(&the_log.name, name);
    pthread_mutex_unlock(&the_log.lock);
}

enum log_level log_file_level(void)
{
    return the_log.file_level;
}

enum log_level log_syslog_level(const struct log_syslog *s)
{
    if (s->given)
        return s->level;
    if (s->foreground)
        return SLOG_QUIET;
    return s->has_file || s->daemon_level == SLOG_QUIET ? SLOG_FATAL : s->daemon_level;
}

void log_set_level(enum log_level file, enum log_level stderr_level)
{
    pthread_mutex_lock(&the_log.lock);
    the_log.file_level = file;
    the_log.stderr_level = stderr_level;
    pthread_mutex_unlock(&the_log.lock);
}

static void add_time(struct buf *b)
{
    struct timespec t;
    struct tm tm;
    char text[32];

    if (the_log.no_time)
        return;
    clock_gettime(CLOCK_REALTIME, &t);
    if (the_log.unix_seconds) {
        buf_addf(b, "[%lld.%03ld] ", (long long)t.tv_sec, t.tv_nsec / 1000000);
        return;
    }
    localtime_r(&t.tv_sec, &tm);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
    buf_addf(b, "[%s.%03ld] ", text, t.tv_nsec / 1000000);
}

static void write_line(int fd, const struct buf *b)
{
    /* A log that cannot be written must not stop the daemon. */
    if (write(fd, b->s, b->len) < 0)
        return;
}

static void emit(enum log_level l, const char *fmt, va_list ap)
{
    static const int priorities[] = {LOG_CRIT, LOG_CRIT, LOG_ERR};
    struct buf text = BUF_INIT, plain = BUF_INIT, line = BUF_INIT;

    pthread_mutex_lock(&the_log.lock);
    if (l != SLOG_INFO && l != SLOG_VERBOSE)
        buf_addf(&text, "%s: ", level_names[l]);
    buf_addv(&text, fmt, ap);
    buf_add_plain(&plain, text.s); /* names that users chose must not look like lines of ours */
    if (the_log.fd >= 0 && l <= the_log.file_level) {
        add_time(&line);
        buf_addf(&line, "%s\n", plain.s);
        write_line(the_log.fd, &line);
    }
    if (l <= the_log.stderr_level) {
        buf_clear(&line);
        buf_addf(&line, "%s: %s\n", the_log.name ? the_log.name : "sluice", plain.s);
        write_line(STDERR_FILENO, &line);
    }
    if (the_log.syslog_level > SLOG_QUIET && l <= the_log.syslog_level)
        syslog((int)l < 3 ? priorities[l] : l <= (enum log_level)SLOG_VERBOSE ? 6 : 7, "%s", plain.s);
    pthread_mutex_unlock(&the_log.lock);
    buf_release(&text);
    buf_release(&plain);
    buf_release(&line);
}

static bool is_heard(enum log_level l)
{
    return l <= the_log.file_level || l <= the_log.stderr_level || l <= the_log.syslog_level;
}

void log_set_flags(uint64_t flags)
{
    the_flags = flags;
}

uint64_t log_flags(void)
{
    return the_flags;
}

void log_flag_msg(uint64_t flag, const char *fmt, ...)
{
    const char *name = "";
    struct buf text = BUF_INIT;
    va_list ap;

    if (!is_heard(SLOG_VERBOSE))
        return;
    for (size_t i = 0; i < sizeof flag_names / sizeof *flag_names; i++)
        if (flag_names[i].flag == flag)
            name = flag_names[i].name;
    va_start(ap, fmt);
    buf_addv(&text, fmt, ap);
    va_end(ap);
    log_verbose("%s: %s", name, text.s);
    buf_release(&text);
}

void log_msg(enum log_level l, const char *fmt, ...)
{
    va_list ap;

    if (!is_heard(l))
        return;
    va_start(ap, fmt);
    emit(l, fmt, ap);
    va_end(ap);
}

void log_fatal(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    emit(SLOG_FATAL, fmt, ap);
    va_end(ap);
    if (getenv("ABORT_ON_FATAL"))
        abort();
    _exit(1);
}
