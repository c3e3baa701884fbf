/* SPDX-License-Identifier: Apache-2.0 */
/* slurmctld's log as options and configuration say. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "os/conf_source.h"
#include "os/debugflags.h"
#include "os/log.h"
#include "slurmctld/ctld.h"
#include "slurmctld/options.h"
#include "slurmctld/schedlog.h"

/* -v counts more than the file. */
static enum log_level level_of(const struct ctld *c, const struct conf *conf)
{
    enum log_level level = SLOG_INFO;
    const char *debug = conf_str(conf, CONF_SLURMCTLD_DEBUG);

    if (debug)
        log_level_parse(debug, &level);
    if (c->opt->verbose)
        level = SLOG_INFO + (enum log_level)c->opt->verbose;
    return level > SLOG_DEBUG5 ? SLOG_DEBUG5 : level;
}

static enum log_level stderr_level(const struct ctld *c, enum log_level level)
{
    return c->opt->foreground ? level : SLOG_ERROR;
}

void ctld_log_open(const struct ctld *c, const struct conf *conf)
{
    const char *form = conf_str(conf, CONF_LOG_TIME_FORMAT);
    enum log_level level = level_of(c, conf);
    struct log_settings s = {
        .name = "slurmctld",
        .path = c->opt->log_path ? c->opt->log_path : conf_str(conf, CONF_SLURMCTLD_LOG_FILE),
        .file_level = level,
        .stderr_level = stderr_level(c, level),
        .unix_seconds = form && text_has(form, "clock"),
    };
    struct err e;

    if (s.path && !*s.path)
        s.path = NULL;
    s.syslog_level = log_syslog_level(&(struct log_syslog){
        .given = conf_given(conf, CONF_SLURMCTLD_SYSLOG_DEBUG),
        .foreground = c->opt->foreground,
        .has_file = s.path != NULL,
        .level = (enum log_level)conf_u32(conf, CONF_SLURMCTLD_SYSLOG_DEBUG),
        .daemon_level = level,
    });
    debug_flags_load(conf);
    if (log_open(&s, &e) < 0) {
        /* The log that there is goes on: the former file, or stderr alone. */
        log_error("%s", e.text);
        log_set_level(s.file_level, s.stderr_level);
        s.path = NULL;
    }
    /* The daemon goes on writing as SlurmUser. */
    if (s.path && geteuid() == 0 && chown(s.path, c->slurm_uid, (gid_t)-1) < 0)
        log_error("chown %s: %s", s.path, strerror(errno));
    const char *sched = conf_str(conf, CONF_SLURM_SCHED_LOG_FILE);
    schedlog_open(conf);
    if (sched && geteuid() == 0 && chown(sched, c->slurm_uid, (gid_t)-1) < 0 && errno != ENOENT)
        log_error("chown %s: %s", sched, strerror(errno));
}

void ctld_log_rotate(const struct ctld *c)
{
    struct conf_source source = conf_file_source();
    struct conf_messages msgs = {0};
    struct err e;
    struct conf *conf = conf_load(&source, c->conf_path, CONF_WANT_KEYS, &msgs, &e);

    if (conf)
        log_set_level(level_of(c, conf), stderr_level(c, level_of(c, conf)));
    else
        log_error("the log level stays: %s", e.text);
    conf_free(conf);
    conf_messages_release(&msgs);
    if (log_reopen(&e) < 0)
        log_error("%s", e.text);
    schedlog_reopen();
}
