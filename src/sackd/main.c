/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sackd(8): tokens for the users of a host where no other daemon runs (login nodes), and there the files of a
 * configless cluster.
 */
#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "client/configless.h"
#include "conf/conf.h"
#include "os/auth.h"
#include "os/conf_source.h"
#include "os/daemon.h"
#include "os/log.h"
#include "os/sack.h"
#include "os/users.h"
#include "version.h"

enum { REFRESH_MS = 600000 };

struct sackd {
    const char *conf_path, *servers;
    bool foreground;
    int verbose;
    struct conf *conf;
    struct auth *auth;
    uint64_t hash;
    uv_loop_t loop;
    uv_timer_t refresh;
    uv_signal_t hup, term, interrupt, usr2;
    struct sack *sack;
};

static const char usage[] = "Usage: sackd [OPTIONS]\n"
                            "   --conf-server host[:port]  Get configs from slurmctld at `host[:port]`.\n"
                            "   -D                         Run daemon in foreground.\n"
                            "   -f config                  Read configuration from the specified file.\n"
                            "   -h                         Print this help message.\n"
                            "   --systemd                  Started from a systemd unit file.\n"
                            "   -v                         Verbose mode. Multiple -v's increase verbosity.\n"
                            "   -V                         Print version information and exit.\n";

static void parse_options(struct sackd *s, int argc, char **argv)
{
    static const struct option long_options[] = {{"conf-server", required_argument, NULL, 'C'},
                                                 {"disable-reconfig", no_argument, NULL, 'r'},
                                                 {"help", no_argument, NULL, 'h'},
                                                 {"systemd", no_argument, NULL, 'D'},
                                                 {"version", no_argument, NULL, 'V'},
                                                 {0}};
    int c;

    while ((c = getopt_long(argc, argv, "Df:hvV", long_options, NULL)) != -1)
        switch (c) {
        case 'C':
            s->servers = optarg;
            break;
        case 'D':
            s->foreground = true;
            break;
        case 'f':
            s->conf_path = optarg;
            break;
        case 'r':
            break; /* files are refreshed without a restart */
        case 'v':
            s->verbose++;
            break;
        case 'V':
            printf("slurm %s (Sluice %s)\n", SLURM_VERSION, SLUICE_VERSION);
            exit(0);
        case 'h':
            fputs(usage, stdout);
            exit(0);
        default:
            fputs(usage, stderr);
            exit(1);
        }
}

static int own_token(void *arg, const char *audience, struct buf *ret, struct err *e)
{
    struct auth_identity me = {geteuid(), getegid()};

    return auth_make_token(arg, &me, audience, time(NULL), ret, e);
}

static const char *key_folder(const struct sackd *s)
{
    static char folder[4096];
    const char *slash = s->conf_path ? strrchr(s->conf_path, '/') : NULL;

    if (!slash || s->servers)
        return SYSCONFDIR;
    buf_print(folder, sizeof folder, "%.*s", (int)(slash - s->conf_path), s->conf_path);
    return folder;
}

/* Without a configuration there is no cluster name yet; the controller checks the key alone then. */
static struct auth *open_auth(const struct sackd *s, const char *cluster, const char *key_path,
                              uid_t slurm_uid)
{
    char *beside = buf_format("%s/slurm.key", key_folder(s));
    struct key key;
    struct err e;

    if (key_load(key_path ? key_path : beside, slurm_uid, &key, &e) < 0)
        log_fatal("%s", e.text);
    struct auth *a =
        auth_open(&(struct auth_settings){.cluster = cluster, .key = &key, .slurm_uid = slurm_uid}, &e);
    explicit_bzero(&key, sizeof key);
    mem_free(beside);
    if (!a)
        log_fatal("%s", e.text);
    return a;
}

static int fetch(struct sackd *s, struct auth *auth, struct err *e)
{
    struct config_files files;

    int rc = client_fetch_config(s->servers, own_token, auth, &files, e);
    if (rc < 0)
        return rc;
    if (files.hash != s->hash || !s->hash)
        rc = configless_store(&files, CONFIGLESS_FOLDER, e);
    if (rc == 0)
        s->hash = files.hash;
    meta_release(&record_config_files, &files);
    return rc;
}

static void load_conf(struct sackd *s)
{
    struct conf_source source = conf_file_source();
    struct conf_messages msgs = {0};
    struct err e;

    s->conf = conf_load(&source, s->conf_path, CONF_WANT_KEYS, &msgs, &e);
    for (uint32_t i = 0; i < msgs.n; i++)
        if (msgs.v[i].severity == CONF_ERROR)
            log_error("%s", msgs.v[i].text);
    conf_messages_release(&msgs);
    if (!s->conf)
        log_fatal("%s", e.text);
}

static void find_conf(struct sackd *s)
{
    const char *env = getenv("SLURM_CONF");
    struct err e;

    if (s->servers) {
        struct auth *first = open_auth(s, NULL, NULL, geteuid());
        if (fetch(s, first, &e) < 0)
            log_fatal("%s", e.text);
        auth_close(first);
        s->conf_path = CONFIGLESS_FOLDER "/slurm.conf";
    } else if (!s->conf_path)
        s->conf_path = env && *env ? env : SYSCONFDIR "/slurm.conf";
    load_conf(s);
}

static void refresh(uv_timer_t *t)
{
    struct sackd *s = t->data;
    struct err e;

    if (s->servers && fetch(s, s->auth, &e) < 0)
        log_error("the configuration cannot be refreshed: %s", e.text);
}

static void on_signal(uv_signal_t *h, int number)
{
    struct sackd *s = h->data;
    struct err e;

    if (number == SIGHUP)
        refresh(&s->refresh);
    else if (number == SIGUSR2 && log_reopen(&e) < 0)
        log_error("%s", e.text);
    else if (number == SIGTERM || number == SIGINT)
        uv_stop(&s->loop);
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
    uv_timer_init(&s->loop, &s->refresh);
    s->refresh.data = s;
    uv_timer_start(&s->refresh, refresh, REFRESH_MS, REFRESH_MS);
    conf_has_param(s->conf, CONF_AUTH_INFO, "socket", &path);
    s->sack = sack_start(&s->loop, s->auth, path ? path : SACK_PATH, &e);
    if (!s->sack)
        log_fatal("%s", e.text);
    log_info("sackd version %s (Sluice %s) started", SLURM_VERSION, SLUICE_VERSION);
    daemon_ready();
    uv_run(&s->loop, UV_RUN_DEFAULT);
    for (uint32_t i = 0; i < sizeof signals / sizeof *signals; i++)
        uv_close((uv_handle_t *)signals[i].handle, NULL);
    uv_close((uv_handle_t *)&s->refresh, NULL);
    sack_stop(s->sack);
    uv_run(&s->loop, UV_RUN_DEFAULT);
    uv_loop_close(&s->loop);
    sack_free(s->sack);
}

int main(int argc, char **argv)
{
    struct sackd s = {0};
    const char *key_path = NULL;
    struct err e;

    log_set_name("sackd");
    parse_options(&s, argc, argv);
    if (!s.foreground && daemon_fork(&e) < 0)
        log_fatal("%s", e.text);
    signal(SIGPIPE, SIG_IGN);
    enum log_level level = (enum log_level)(SLOG_INFO + (s.verbose > 6 ? 6 : s.verbose));
    log_open(&(struct log_settings){.name = "sackd",
                                    .stderr_level = level,
                                    .syslog_level = s.foreground ? SLOG_QUIET : level},
             &e);
    find_conf(&s);
    if (!text_same(conf_str(s.conf, CONF_AUTH_TYPE), "auth/slurm"))
        log_fatal("sackd serves AuthType=auth/slurm only");
    conf_has_param(s.conf, CONF_AUTH_INFO, "key", &key_path);
    s.auth = open_auth(&s, conf_str(s.conf, CONF_CLUSTER_NAME), key_path,
                       users_daemon_uid(conf_str(s.conf, CONF_SLURM_USER)));
    serve(&s);
    log_info("sackd shutdown completed");
    auth_close(s.auth);
    conf_free(s.conf);
    log_close();
    return 0;
}
