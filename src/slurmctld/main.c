/* SPDX-License-Identifier: Apache-2.0 */
/* slurmctld(8): start, signals, end. What runs in between is told in ctld.h. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "model/fact.h"
#include "os/daemon.h"
#include "os/host.h"
#include "os/key.h"
#include "os/log.h"
#include "os/process.h"
#include "os/journal_sqlite.h"
#include "os/net.h"
#include "slurmctld/net_thread.h"
#include "slurmctld/options.h"
#include "slurmctld/schedlog.h"
#include "version.h"

enum { CONF_TRIES = 60 };

struct startup {
    struct options opt;
    int pid_fd, signal_fd;
    char *pid_path;
    int fds[CTLD_PORTS_MAX];
};

/* --- configuration --- */

/* A shared file system may come up after us. */
static char *find_conf(const struct options *opt)
{
    const char *env = getenv("SLURM_CONF");
    const char *path = opt->conf_path ? opt->conf_path : env && *env ? env : SYSCONFDIR "/slurm.conf";

    for (int i = 0; access(path, F_OK) < 0 && i < CONF_TRIES; i++) {
        if (i == 0)
            log_error("s_p_parse_file: cannot stat file %s: %s, retrying in 1sec up to %dsec", path,
                      strerror(errno), CONF_TRIES);
        sleep(1);
    }
    char *real = realpath(path, NULL);
    char *ret = mem_strdup(real ? real : path);
    free(real);
    return ret;
}

static void load_conf(struct ctld *c, const struct options *opt)
{
    struct err e;

    c->conf_path = find_conf(opt);
    struct shared_conf *shared = configure_load(c->conf_path, &e);
    if (!shared)
        log_fatal("%s", e.text);
    ctld_conf_replace(c, shared);
    const struct conf *conf = shared->conf;
    c->slurm_uid = users_daemon_uid(conf_str(conf, CONF_SLURM_USER));
    c->state_folder = mem_strdup(conf_str(conf, CONF_STATE_SAVE_LOCATION));
    if (geteuid() != 0 && geteuid() != c->slurm_uid)
        c->slurm_uid = geteuid(); /* a private cluster */
}

static void check_host(const struct conf *conf)
{
    uint32_t n;
    const struct conf_host *hosts = conf_hosts(conf, &n);

    for (uint32_t i = 0; i < n; i++)
        if (host_is_me(hosts[i].name) || host_is_me(hosts[i].addr) || text_starts(hosts[i].addr, "127.") ||
            text_same(hosts[i].addr, "::1"))
            return;
    log_error("This host (%s) not a valid controller", host_name());
    exit(1);
}

/* --- pid file, user --- */

static void take_pidfile(struct startup *s, const struct ctld *c, const struct conf *conf)
{
    struct err e;

    s->pid_path = mem_strdup(conf_str(conf, CONF_SLURMCTLD_PID_FILE));
    s->pid_fd = s->pid_path ? pidfile_take(s->pid_path, c->slurm_uid, &e) : -1;
    if (s->pid_fd == -EAGAIN)
        log_fatal("%s", e.text);
    if (s->pid_path && s->pid_fd < 0)
        log_error("%s", e.text);
}

static void become_user(const struct ctld *c)
{
    uint32_t uid = c->slurm_uid, gid = 0;
    struct user *user = users_get(c->users, uid);
    struct err e;

    gid = user->gid == NO_VAL ? uid : user->gid;
    user_drop(user);
    if (mkdir(c->state_folder, 0755) == 0 && geteuid() == 0 && chown(c->state_folder, uid, gid) < 0)
        log_error("chown %s: %s", c->state_folder, strerror(errno));
    if (daemon_become(uid, gid, &e) < 0)
        log_fatal("%s", e.text);
    if (access(c->state_folder, R_OK | W_OK | X_OK) < 0)
        log_fatal("Incorrect permissions on state save loc: %s", c->state_folder);
}

/* --- key --- */

static char *beside_conf(const struct ctld *c, const char *name)
{
    const char *slash = strrchr(c->conf_path, '/');

    return buf_format("%.*s%s", slash ? (int)(slash - c->conf_path) + 1 : 0, c->conf_path, name);
}

/* slurm.key beside slurm.conf, or in StateSaveLocation; made where there is none and we may write. */
static int find_key(const struct ctld *c, const struct conf *conf, struct key *ret, struct err *e)
{
    const char *given = NULL;
    char *paths[2] = {beside_conf(c, "slurm.key"), buf_format("%s/slurm.key", c->state_folder)};
    char *jwks = beside_conf(c, "slurm.jwks");
    int rc = -ENOENT;

    if (conf_has_param(conf, CONF_AUTH_INFO, "key", &given) && given)
        rc = key_load(given, c->slurm_uid, ret, e);
    else {
        for (int i = 0; i < 2 && rc == -ENOENT; i++)
            rc = key_load(paths[i], c->slurm_uid, ret, e);
        /* The nodes have these keys; one of ours would shut them out. */
        if (rc == -ENOENT && access(jwks, F_OK) == 0)
            rc = err_set(e, ENOTSUP, "%s: sets of keys are not supported: put one key into %s", jwks,
                         paths[0]);
        for (int i = 0; i < 2 && rc == -ENOENT; i++)
            if (key_create(paths[i], c->slurm_uid, e) == 0) {
                log_info("Made the cluster's key: %s", paths[i]);
                rc = key_load(paths[i], c->slurm_uid, ret, e);
            }
    }
    mem_free(jwks);
    mem_free(paths[0]);
    mem_free(paths[1]);
    return rc;
}

static void open_auth(struct ctld *c, const struct conf *conf)
{
    struct auth_settings s = {
        .type = conf_str(conf, CONF_AUTH_TYPE),
        .alt_type = conf_str(conf, CONF_AUTH_ALT_TYPES),
        .cluster = conf_str(conf, CONF_CLUSTER_NAME),
        .slurm_uid = c->slurm_uid,
    };
    struct key key = {0};
    struct err e = {0};
    bool munge = text_same(s.type, "auth/munge");

    if (munge)
        conf_has_param(conf, CONF_AUTH_INFO, "socket", &s.socket);
    if (!munge || text_same(s.alt_type, "auth/slurm")) {
        if (find_key(c, conf, &key, &e) < 0)
            log_fatal("%s", e.text);
        s.key = &key;
    }
    c->auth = auth_open(&s, &e);
    explicit_bzero(&key, sizeof key);
    if (!c->auth)
        log_fatal("failed to initialize auth plugin: %s", e.text);
}

/* --- threads --- */

static void bind_ports(struct startup *s, struct ctld *c, const struct conf *conf)
{
    uint16_t first, last;
    struct err e;

    conf_ports(conf, CONF_SLURMCTLD_PORT, &first, &last);
    for (uint32_t port = first; port <= last && c->ports_n < CTLD_PORTS_MAX; port++) {
        int fd = net_bind_tcp(NULL, (uint16_t)port, &e);
        if (fd < 0)
            log_fatal("%s", e.text);
        s->fds[c->ports_n] = fd;
        c->ports[c->ports_n++] = (uint16_t)port;
    }
}

/* The state as it was, under the configuration as it is now. */
static struct state *recover_state(struct ctld *c, const struct options *opt, const struct conf *conf,
                                   uint64_t *ret_kept, uint64_t *ret_index)
{
    struct state *state = state_new();
    struct err e;

    if (recover(c, opt->ignore_errors, state, ret_index, ret_kept, &e) < 0)
        log_fatal("%s", e.text);
    struct configure *configure = configure_from(conf, c->slurm_uid, &e);
    if (!configure || core_configure(c, state, configure, opt->clear, ret_index, &e) < 0)
        log_fatal("%s", e.text);
    meta_free(&record_configure, configure);
    return state;
}

static void start_threads(struct startup *s, struct ctld *c, struct state *state, uint64_t index,
                          uint64_t kept)
{
    struct outbox resume = {0};

    core_resume(state, ctld_now(), &resume);
    state_set_index(state, index, c->term);
    ctld_publish(c, state_publish(state));
    c->agent = agent_start(c);
    c->scripts = scripts_start(c);
    c->journal_thread = journal_start(c, index, kept);
    for (uint32_t i = 0; i < CTLD_NET_THREADS; i++)
        c->nets[i] = net_thread_new(c, i, s->fds, c->ports_n);
    c->core = core_start(c, state, index + 1);
    c->planner = planner_start(c);
    for (uint32_t i = 0; i < CTLD_NET_THREADS; i++)
        net_thread_start(c->nets[i]);
    for (uint32_t i = 0; i < c->ports_n; i++)
        close(s->fds[i]);
    struct snapshot *snapshot = ctld_snapshot(c);
    scripts_post(c->scripts, &resume, snapshot);
    agent_post(c->agent, &resume, snapshot);
    if (conf_has_param(c->conf->conf, CONF_SLURMCTLD_PARAMETERS, "reconfig_on_restart", NULL))
        local_tell_nodes(c, snapshot);
    snapshot_drop(snapshot);
    planner_wake(c->planner);
}

/* First whoever makes work, then who does it. */
static void stop_threads(struct ctld *c)
{
    planner_stop(c->planner);
    core_stop(c->core);
    journal_stop(c->journal_thread);
    scripts_stop(c->scripts);
    agent_stop(c->agent);
    for (uint32_t i = 0; i < CTLD_NET_THREADS; i++)
        net_thread_stop(c->nets[i]);
    core_free(c->core);
    planner_thread_free(c->planner);
}

/* A program of the site for whoever becomes the controller, or is it no more: waited for. */
static void run_primary(const struct conf *conf, enum conf_key key)
{
    const char *path = conf_str(conf, key), *name = conf_key_info(key)->name;
    char *argv[] = {(char *)path, NULL};
    struct process_spec spec = {.path = path, .argv = argv, .fds = {-1, -1, -1}, .fds_n = 3};
    struct err e;
    int status;

    if (!path || !*path)
        return;
    pid_t pid = process_start(&spec, &e);
    if (pid < 0) {
        log_error("%s: %s", name, e.text);
        return;
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (status)
        log_error("%s %s exit status %d:%d", name, path, WEXITSTATUS(status), WTERMSIG(status));
    else
        log_info("%s %s completed", name, path);
}

/* --- signals --- */

static void take_signal(struct ctld *c, int number)
{
    switch (number) {
    case SIGHUP:
        log_info("Reconfigure signal (SIGHUP) received");
        local_reconfigure(c, work_free, NULL, 0);
        break;
    case SIGUSR2:
        log_info("Logrotate signal (SIGUSR2) received");
        ctld_log_rotate(c);
        break;
    case SIGINT:
    case SIGQUIT:
    case SIGTERM:
        log_info("Terminate signal (SIG%s) received", sigabbrev_np(number));
        ctld_stop(c);
        break;
    default:
        break;
    }
}

static void serve(struct startup *s, struct ctld *c)
{
    struct pollfd p[2] = {{.fd = s->signal_fd, .events = POLLIN}, {.fd = c->stop_fd, .events = POLLIN}};
    struct signalfd_siginfo info;

    while (!atomic_load(&c->stopping)) {
        if (poll(p, 2, -1) < 0 && errno != EINTR)
            break;
        if (p[0].revents && read(s->signal_fd, &info, sizeof info) == sizeof info)
            take_signal(c, (int)info.ssi_signo);
    }
}

/* Signals belong to the main thread; every other one is started with them blocked. */
static int block_signals(void)
{
    static const int taken[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR2, SIGUSR1, SIGCHLD, SIGALRM};
    sigset_t set;

    sigemptyset(&set);
    for (uint32_t i = 0; i < sizeof taken / sizeof *taken; i++)
        sigaddset(&set, taken[i]);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_CLOEXEC);
}

static void change_folder(const struct ctld *c, const struct options *opt, const struct conf *conf)
{
    const char *log = conf_str(conf, CONF_SLURMCTLD_LOG_FILE);
    const char *slash = log ? strrchr(log, '/') : NULL;
    char *folder = slash ? mem_strndup(log, (size_t)(slash - log) + 1) : NULL;

    if (opt->change_folder && (!folder || chdir(folder) < 0) && chdir(c->state_folder) < 0 &&
        chdir("/var/tmp") < 0)
        log_error("chdir: %s", strerror(errno));
    mem_free(folder);
}

static void release(struct startup *s, struct ctld *c)
{
    c->journal->ops->close(c->journal);
    auth_close(c->auth);
    users_free(c->users);
    snapshot_drop(c->snapshot);
    ctld_conf_drop(c->conf);
    pidfile_drop(s->pid_path, s->pid_fd);
    close(s->signal_fd);
    close(c->stop_fd);
    mem_free(s->pid_path);
    mem_free(c->conf_path);
    mem_free(c->state_folder);
    pthread_mutex_destroy(&c->lock);
}

int main(int argc, char **argv)
{
    static struct ctld ctld = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct ctld *c = &ctld;
    struct startup s = {.pid_fd = -1};
    struct err e;
    uint64_t index, kept;

    log_set_name("slurmctld");
    options_parse(&s.opt, argc, argv);
    daemon_check_systemd(s.opt.systemd);
    umask(022);
    c->users = users_new();
    load_conf(c, &s.opt);
    const struct conf *conf = c->conf->conf;
    check_host(conf);
    if (!s.opt.foreground && daemon_fork(&e) < 0)
        log_fatal("%s", e.text);
    s.signal_fd = block_signals();
    c->stop_fd = eventfd(0, EFD_CLOEXEC);
    daemon_raise_files();
    if (s.opt.nice && setpriority(PRIO_PROCESS, 0, s.opt.nice) < 0)
        log_error("Unable to reset nice value to %d: %s", s.opt.nice, strerror(errno));
    c->opt = &s.opt;
    ctld_log_open(c, conf);
    take_pidfile(&s, c, conf);
    become_user(c);
    change_folder(c, &s.opt, conf);
    open_auth(c, conf);
    bind_ports(&s, c, conf);
    c->journal = journal_sqlite_open(c->state_folder, &e);
    if (!c->journal)
        log_fatal("%s", e.text);
    run_primary(conf, CONF_SLURMCTLD_PRIMARY_ON_PROG);
    c->term = c->journal->ops->term(c->journal);
    c->boot_time = ctld_now();
    stats_reset();
    struct state *state = recover_state(c, &s.opt, conf, &kept, &index);
    start_threads(&s, c, state, index, kept);
    log_info("slurmctld version %s (Sluice %s) started on cluster %s", SLURM_VERSION, SLUICE_VERSION,
             conf_str(conf, CONF_CLUSTER_NAME));
    daemon_ready();
    serve(&s, c);
    stop_threads(c);
    run_primary(c->conf->conf, CONF_SLURMCTLD_PRIMARY_OFF_PROG);
    log_info("Slurmctld shutdown completed");
    release(&s, c);
    schedlog_close();
    log_close();
    return 0;
}
