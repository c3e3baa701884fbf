/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log: a daemon's log as Slurm writes it: "[2026-11-22T21:00:00.123] error: text" in a file, "slurmctld:
 * error: text" on stderr.
 *
 * One log a process; every function may be called from any thread. Libraries never log: they return a struct
 * err, and the daemon says it here.
 */
#ifndef OS_LOG_H
#define OS_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* SLOG_: <syslog.h> has taken LOG_. */
enum log_level {
    SLOG_QUIET,
    SLOG_FATAL,
    SLOG_ERROR,
    SLOG_INFO,
    SLOG_VERBOSE,
    SLOG_DEBUG,
    SLOG_DEBUG2,
    SLOG_DEBUG3,
    SLOG_DEBUG4,
    SLOG_DEBUG5,
};

struct log_settings {
    const char *name; /* "slurmctld" */
    const char *path; /* NULL: no file */
    enum log_level file_level, stderr_level, syslog_level;
    bool no_time;      /* LogTimeFormat without a time */
    bool unix_seconds; /* LogTimeFormat=clock-like forms that scripts use */
};

/* The level for syslog of SlurmctldSyslogDebug and SlurmdSyslogDebug: what was given; in the foreground
 * nothing, and in the background fatal errors, or all that the daemon says when it has no file. */
struct log_syslog {
    bool given, foreground, has_file;
    enum log_level level, daemon_level;
};
enum log_level log_syslog_level(const struct log_syslog *s);

/* Before the first call everything goes to stderr. May be called again with other settings (reconfiguration).
 */
int log_open(const struct log_settings *s, struct err *e);
int log_reopen(struct err *e); /* SIGUSR2: after the file has been moved away */
void log_close(void);
void log_set_name(const char *name); /* prefix on stderr until log_open */
enum log_level log_file_level(void);
void log_set_level(enum log_level file, enum log_level stderr_level);
/* "debug2" or "6", as SlurmctldDebug= and `scontrol setdebug` take it. */
bool log_level_parse(const char *text, enum log_level *ret);
const char *log_level_text(enum log_level l);

/* Subsystems of DebugFlags that say more, at level verbose and with their name before the text: numbers of
 * schema/slurm_conf.toml. */
#define LOGF_AGENT       (UINT64_C(1) << 1)  /* messages to nodes */
#define LOGF_AUDIT_RPCS  (UINT64_C(1) << 2)  /* requests that come in */
#define LOGF_BACKFILL    (UINT64_C(1) << 4)  /* runs of the planner */
#define LOGF_POWER       (UINT64_C(1) << 30) /* what becomes of nodes */
#define LOGF_ROUTE       (UINT64_C(1) << 35) /* messages that go through nodes */
#define LOGF_SCRIPT      (UINT64_C(1) << 36) /* prologs, epilogs and other programs of the site */
#define LOGF_SELECT_TYPE (UINT64_C(1) << 37) /* what jobs are given */
#define LOGF_STEPS       (UINT64_C(1) << 38) /* what becomes of steps */
#define LOGF_TRACE_JOBS  (UINT64_C(1) << 42) /* what becomes of jobs */
void log_set_flags(uint64_t flags);
uint64_t log_flags(void);

void log_msg(enum log_level l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
#define log_error(...)   log_msg(SLOG_ERROR, __VA_ARGS__)
#define log_info(...)    log_msg(SLOG_INFO, __VA_ARGS__)
#define log_verbose(...) log_msg(SLOG_VERBOSE, __VA_ARGS__)
#define log_debug(...)   log_msg(SLOG_DEBUG, __VA_ARGS__)
#define log_debug2(...)  log_msg(SLOG_DEBUG2, __VA_ARGS__)
/* Only when one of these flags is in force: the arguments are not looked at otherwise. */
#define log_flag(flag, ...)                                                                                  \
    do {                                                                                                     \
        if (log_flags() & (flag))                                                                            \
            log_flag_msg(flag, __VA_ARGS__);                                                                 \
    } while (0)
void log_flag_msg(uint64_t flag, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* "fatal: text", then the end of the process with code 1 (abort when ABORT_ON_FATAL is set). */
_Noreturn void log_fatal(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
