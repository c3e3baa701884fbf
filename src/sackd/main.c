/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sackd(8): tokens for the users of a host where no other daemon runs (login nodes), and there the files of a
 * configless cluster, which it keeps as they are in the controller.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "client/configless.h"
#include "client/daemonconf.h"
#include "conf/conf.h"
#include "os/auth.h"
#include "os/cmdline.h"
#include "os/conf_source.h"
#include "os/daemon.h"
#include "os/log.h"
#include "os/sack.h"
#include "os/users.h"
#include "version.h"

enum {
    ASK_MS = 5000,    /* between two questions for the configuration; while it is the same, a hash is sent */
    FIRST_TRIES = 60, /* the controller may come up after us */
    FIRST_PAUSE_S = 1,
};

struct options {
    const char *conf_path, *servers;
    bool foreground, systemd, fixed;
    int verbose;
};

struct sackd {
    struct options opt;
    char *conf_path, *folder;
    struct conf *conf;
    struct auth *auth;
    struct config_files files; /* the last that came */
    struct err e;
    int rc; /* of the last question */
    bool asking;
    uv_work_t question;
    uv_loop_t loop;
    uv_timer_t ask;
    uv_signal_t hup, term, interrupt, usr2;
    struct sack *sack;
};

#define AT(member) offsetof(struct options, member)

static const struct cmdline_option table[] = {
    {0, "conf-server", CMDLINE_TEXT, AT(servers), "host[:port]",
     "Get configs from slurmctld at `host[:port]`."},
    {'D', NULL, CMDLINE_FLAG, AT(foreground), NULL, "Run daemon in foreground."},
    {0, "disable-reconfig", CMDLINE_FLAG, AT(fixed), NULL, "Keep the configuration of the start."},
    {'f', NULL, CMDLINE_TEXT, AT(conf_path), "config", "Read configuration from the specified file."},
    {'h', "help", CMDLINE_HELP, 0, NULL, "Print this help message."},
    {0, "systemd", CMDLINE_FLAG, AT(systemd), NULL, "Started from a systemd unit file."},
    {'v', NULL, CMDLINE_COUNT, AT(verbose), NULL, "Verbose mode. Multiple -v's increase verbosity."},
    {'V', "version", CMDLINE_VERSION, 0, NULL, "Print version information and exit."},
};

/* --- the configuration --- */

static struct conf *load_conf(const char *path, struct err *e)
{
    struct conf_source source = conf_file_source();
    struct conf_messages msgs = {0};
    struct conf *conf = conf_load(&source, path, CONF_WANT_KEYS, &msgs, e);

    for (uint32_t i = 0; i < msgs.n; i++)
        if (msgs.v[i].severity == CONF_ERROR)
            log_error("%s", msgs.v[i].text);
    conf_messages_release(&msgs);
    return conf;
}

/* What came is checked first, so that no command of this host ever reads a file that is broken. */
static int keep_files(struct sackd *s, struct config_files *files, struct err *e)
{
    int rc = daemonconf_check(files, CONF_WANT_KEYS, e);

    if (rc == 0)
        rc = configless_store(files, s->folder, e);
    if (rc < 0) {
        meta_release(&record_config_files, files);
        return rc;
    }
    meta_release(&record_config_files, &s->files);
    s->files = *files;
    return 0;
}

/* Before the loop runs. */
static int first_files(struct sackd *s, struct auth *auth, struct err *e)
{
    struct config_files files;
    int rc = -1;

    for (int i = 0; i < FIRST_TRIES && rc < 0; i++) {
        if (i)
            sleep(FIRST_PAUSE_S);
        rc = daemonconf_fetch(s->opt.servers, auth, 0, &files, e);
        if (rc < 0)
            log_error("cannot fetch the configuration: %s", e->text);
    }
    return rc < 0 ? rc : keep_files(s, &files, e);
}

static void find_conf(struct sackd *s)
{
    const char *env = getenv("SLURM_CONF");
    struct err e;

    if (s->opt.servers) {
        char *key_path = daemonconf_key_path(env);
        struct auth *first = daemonconf_auth(key_path, NULL, &e);

        mem_free(key_path);
        if (!first || first_files(s, first, &e) < 0)
            log_fatal("%s", e.text);
        auth_close(first);
        s->conf_path = buf_format("%s/slurm.conf", s->folder);
    } else {
        s->conf_path = mem_strdup(s->opt.conf_path ? s->opt.conf_path
                                  : env && *env    ? env
                                                   : SYSCONFDIR "/slurm.conf");
    }
    s->conf = load_conf(s->conf_path, &e);
    if (!s->conf)
        log_fatal("%s", e.text);
}

static struct auth *open_auth(const struct sackd *s)
{
    struct auth_settings settings = {.cluster = conf_str(s->conf, CONF_CLUSTER_NAME),
                                     .slurm_uid = users_daemon_uid(conf_str(s->conf, CONF_SLURM_USER))};
    const char *given = NULL;
    char *beside = daemonconf_key_path(s->opt.servers ? getenv("SLURM_CONF") : s->conf_path);
    struct key key;
    struct err e;

    conf_has_param(s->conf, CONF_AUTH_INFO, "key", &given);
    if (key_load(given ? given : beside, settings.slurm_uid, &key, &e) < 0)
        log_fatal("%s", e.text);
    settings.key = &key;
    struct auth *a = auth_open(&settings, &e);
    explicit_bzero(&key, sizeof key);
    mem_free(beside);
    if (!a)
        log_fatal("%s", e.text);
    return a;
}

/* --- while it runs --- */

/* On a thread of the pool: tokens are given meanwhile. */
static void ask(uv_work_t *req)
{
    struct sackd *s = req->data;
    struct config_files files;

    s->rc = daemonconf_fetch(s->opt.servers, s->auth, s->files.hash, &files, &s->e);
    if (s->rc < 0)
        return;
    if (files.files.n) {
        s->rc = keep_files(s, &files, &s->e);
        if (s->rc == 0)
            log_info("a new configuration is in %s", s->folder);
    } else
        meta_release(&record_config_files, &files);
}

static void asked(uv_work_t *req, int status)
{
    struct sackd *s = req->data;

    s->asking = false;
    if (status == 0 && s->rc < 0)
        log_error("the configuration cannot be refreshed: %s", s->e.text);
}

static void on_ask(uv_timer_t *t)
{
    struct sackd *s = t->data;

    if (s->asking)
        return;
    s->asking = true;
    s->question.data = s;
    REQUIRE(uv_queue_work(&s->loop, &s->question, ask, asked) == 0);
}

static void reconfigure(struct sackd *s)
{
    struct err e;
    struct conf *fresh;

    if (s->opt.servers) {
        on_ask(&s->ask);
        return;
    }
    fresh = load_conf(s->conf_path, &e);
    if (!fresh)
        log_error("the new configuration is not used: %s", e.text);
    conf_free(fresh ? s->conf : NULL);
    s->conf = fresh ? fresh : s->conf;
}

static void on_signal(uv_signal_t *h, int number)
{
    struct sackd *s = h->data;
    struct err e;

    if (number == SIGHUP)
        reconfigure(s);
    else if (number == SIGUSR2 && log_reopen(&e) < 0)
        log_error("%s", e.text);
    else if (number == SIGTERM || number == SIGINT)
        uv_stop(&s->loop);
}

static void start_timer(struct sackd *s)
{
    uv_timer_init(&s->loop, &s->ask);
    s->ask.data = s;
    if (s->opt.servers && !s->opt.fixed)
        uv_timer_start(&s->ask, on_ask, ASK_MS, ASK_MS);
}

static void serve(struct sackd *s)
{
    const struct {
        uv_signal_t *handle;
        int number;
    } signals[] = {{&s->hup, SIGHUP}, {&s->term, SIGTERM}, {&s->interrupt, SIGINT}, {&s->usr2, SIGUSR2}};
    const char *path = NULL;
    struct err e;

    REQUIRE(uv_loop_init(&s->loop) == 0);
    for (uint32_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        uv_signal_init(&s->loop, signals[i].handle);
        signals[i].handle->data = s;
        uv_signal_start(signals[i].handle, on_signal, signals[i].number);
    }
    start_timer(s);
    conf_has_param(s->conf, CONF_AUTH_INFO, "socket", &path);
    s->sack = sack_start(&s->loop, s->auth, path ? path : SACK_PATH, &e);
    if (!s->sack)
        log_fatal("%s", e.text);
    log_info("sackd version %s (Sluice %s) started", SLURM_VERSION, SLUICE_VERSION);
    daemon_ready();
    uv_run(&s->loop, UV_RUN_DEFAULT);
    for (uint32_t i = 0; i < sizeof signals / sizeof *signals; i++)
        uv_close((uv_handle_t *)signals[i].handle, NULL);
    uv_close((uv_handle_t *)&s->ask, NULL);
    sack_stop(s->sack);
    uv_run(&s->loop, UV_RUN_DEFAULT);
    uv_loop_close(&s->loop);
    sack_free(s->sack);
}

int main(int argc, char **argv)
{
    static const struct cmdline line = {"sackd", table, sizeof table / sizeof *table, 3, 30};
    static struct sackd s;
    struct err e;

    log_set_name("sackd");
    cmdline_parse(&line, &s.opt, argc, argv);
    s.opt.foreground |= s.opt.systemd;
    if (!s.opt.foreground && daemon_fork(&e) < 0)
        log_fatal("%s", e.text);
    signal(SIGPIPE, SIG_IGN);
    enum log_level level = (enum log_level)(SLOG_INFO + (s.opt.verbose > 6 ? 6 : s.opt.verbose));
    log_open(&(struct log_settings){.name = "sackd",
                                    .stderr_level = level,
                                    .syslog_level = s.opt.foreground ? SLOG_QUIET : level},
             &e);
    s.folder = daemonconf_folder();
    find_conf(&s);
    if (!text_same(conf_str(s.conf, CONF_AUTH_TYPE), "auth/slurm"))
        log_fatal("sackd serves AuthType=auth/slurm only");
    s.auth = open_auth(&s);
    serve(&s);
    log_info("sackd shutdown completed");
    auth_close(s.auth);
    conf_free(s.conf);
    meta_release(&record_config_files, &s.files);
    mem_free(s.conf_path);
    mem_free(s.folder);
    log_close();
    return 0;
}
