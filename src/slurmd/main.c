/* SPDX-License-Identifier: Apache-2.0 */
/* slurmd: see slurmd.h. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "os/daemon.h"
#include "os/track.h"
#include "slurmd/slurmd.h"
#include "slurmd/token.h"
#include "version.h"

/* --- end --- */

static void close_handle(uv_handle_t *h, void *arg)
{
    (void)arg;
    if (!uv_is_closing(h) && (h->type == UV_SIGNAL || h->type == UV_TIMER || h->type == UV_POLL))
        uv_close(h, NULL);
}

void slurmd_stop(struct slurmd *d)
{
    if (d->stopping)
        return;
    d->stopping = true;
    log_info("Slurmd shutdown completing");
    sack_stop(d->sack);
    net_stop(d->net);
    forward_stop(d);
    uv_walk(&d->loop, close_handle, NULL);
}

/* When it starts; later the controller says when, who knows the states of the nodes. */
static void first_health_check(struct slurmd *d)
{
    bool booted = d->opt->just_booted || token_is_first(d->spool, d->node->boot_time);

    if (conf_u32(d->conf, CONF_HEALTH_CHECK_INTERVAL) &&
        (booted || !(conf_u64(d->conf, CONF_HEALTH_CHECK_NODE_STATE) & HEALTH_REBOOT_ONLY)))
        script_health(d);
}

static void on_stop_signal(uv_signal_t *s, int signum)
{
    log_info("got shutdown signal %d", signum);
    slurmd_stop(s->data);
}

static void apply_conf(struct slurmd *d, const struct slurmd *was)
{
    const char *hosts = conf_str(was->conf, CONF_SLURMCTLD_HOST);

    d->core.prolog = conf_list(d->conf, CONF_PROLOG)->n > 0;
    d->core.epilog = conf_list(d->conf, CONF_EPILOG)->n > 0;
    setup_log(d);
    if (d->ctld && !text_same(hosts, conf_str(d->conf, CONF_SLURMCTLD_HOST)))
        net_end(d->ctld); /* and on to the one that is named now */
    else
        link_register(d);
}

/* All or nothing: a configuration that cannot be used leaves everything as it was. */
void slurmd_reconfigure(struct slurmd *d)
{
    struct slurmd fresh = {.opt = d->opt, .start_time = d->start_time, .running = true};
    struct err e;

    log_info("reconfigure");
    if (setup_conf(&fresh, &e) < 0 || setup_restart(d, &fresh, &e) < 0 || setup_node(&fresh, &e) < 0) {
        log_error("the new configuration is not used: %s", e.text);
    } else {
        setup_swap(d, &fresh);
        apply_conf(d, &fresh);
        log_info("the new configuration is in use");
    }
    setup_release(&fresh);
}

static void on_hup(uv_signal_t *s, int signum)
{
    (void)signum;
    slurmd_reconfigure(s->data);
}

static void on_usr2(uv_signal_t *s, int signum)
{
    (void)signum;
    setup_log_rotate(s->data);
}

static void on_chld(uv_signal_t *s, int signum)
{
    int status;
    pid_t pid;

    (void)signum;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        script_reaped(s->data, pid, status);
}

/* --- start --- */

static void start_signals(struct slurmd *d)
{
    const struct {
        uv_signal_t *handle;
        int signum;
        uv_signal_cb cb;
    } all[] = {{&d->sig_term, SIGTERM, on_stop_signal}, {&d->sig_int, SIGINT, on_stop_signal},
               {&d->sig_quit, SIGQUIT, on_stop_signal}, {&d->sig_hup, SIGHUP, on_hup},
               {&d->sig_usr2, SIGUSR2, on_usr2},        {&d->sig_chld, SIGCHLD, on_chld}};

    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        uv_signal_init(&d->loop, all[i].handle);
        all[i].handle->data = d;
        uv_signal_start(all[i].handle, all[i].cb, all[i].signum);
    }
}

static void start_timers(struct slurmd *d)
{
    uv_timer_init(&d->loop, &d->deadline);
    uv_timer_init(&d->loop, &d->retry);
}

static void slurmd_start(struct slurmd *d)
{
    char now[64];
    time_t t = (time_t)d->start_time;
    struct node_effects out = {0};
    struct tm tm;
    struct err e;

    uv_loop_init(&d->loop);
    d->net = net_new(&d->loop, d);
    start_signals(d);
    start_timers(d);
    first_health_check(d);
    if (token_next(d->spool, d->start_time, &d->token, &e) < 0)
        log_error("the number of this start is not kept: %s", e.text);
    node_init(&d->core, d->node_name, conf_list(d->conf, CONF_PROLOG)->n > 0,
              conf_list(d->conf, CONF_EPILOG)->n > 0);
    d->core.token = d->token;
    if (setup_auth(d, &e) < 0)
        log_info("waiting for a key: %s", e.text);
    if (serve_start(d, &e) < 0)
        log_fatal("%s", e.text);
    log_info("slurmd version %s started", SLURM_VERSION);
    localtime_r(&t, &tm);
    strftime(now, sizeof now, "%a, %d %b %Y %H:%M:%S %z", &tm);
    log_info("slurmd started on %s", now);
    steps_adopt(d);
    if (d->opt->clean)
        link_end_jobs(d);
    link_start(d);
    effects_run(d, &out);
}

static void slurmd_end(struct slurmd *d)
{
    struct node_effects out = {0};

    node_release(&d->core, &out);
    for (uint32_t i = 0; i < out.list.n; i++) {
        if (out.list.v[i].type == NODE_FREE_STEP)
            launch_free(out.list.v[i].ctx);
        else if (out.list.v[i].type == NODE_FREE_JOB)
            job_info_free(out.list.v[i].ctx);
    }
    node_effects_release(&out);
    MAP_EACH (&d->stepds, e)
        mem_free(e->value); /* they live on; a later slurmd finds them */
    map_u64_release(&d->stepds);
    sweep_release(d);
    adopt_release(d);
    forward_release(d);
    track_remove_root(d->cgroup);
    map_u64_release(&d->jobs);
    map_u64_release(&d->scripts);
    map_u64_release(&d->sent);
    net_free(d->net);
    sack_free(d->sack);
    auth_close(d->auth);
    pidfile_drop(d->pid_path, d->pid_fd);
    log_close();
    setup_release(d);
}

static void take_pid_file(struct slurmd *d)
{
    struct err e;

    d->pid_fd = pidfile_take(d->pid_path, geteuid(), &e);
    if (d->pid_fd >= 0)
        return;
    if (e.code == EAGAIN)
        log_fatal("%s", e.text);
    log_error("%s", e.text); /* Slurm goes on without one, too */
}

/* Nothing is ignored silently: what would need a node that slurm.conf does not have is refused. */
static void refuse_unknown(const struct options *o)
{
    const struct {
        bool given;
        const char *name, *instead;
    } all[] = {
        {o->dynamic, "-Z", "name the node in slurm.conf"},
        {o->future != NULL, "-F", "name the node in slurm.conf"},
        {o->dynamic_conf != NULL, "--conf", "describe the node in slurm.conf"},
        {o->ca_cert != NULL, "--ca-cert-file", "there is no TLS; connections are authenticated"},
    };

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (all[i].given)
            log_fatal("slurmd %s is not supported: %s", all[i].name, all[i].instead);
}

static void adjust_process(const struct slurmd *d)
{
    if (d->opt->nice && setpriority(PRIO_PROCESS, 0, d->opt->nice) < 0)
        log_error("Unable to reset nice value to %d: %s", d->opt->nice, strerror(errno));
    if (d->opt->mlock && mlockall(MCL_CURRENT | MCL_FUTURE) < 0)
        log_error("mlockall: %s", strerror(errno));
    if (d->opt->change_dir && d->log_path && strrchr(d->log_path, '/')) {
        char *dir = mem_strndup(d->log_path, (size_t)(strrchr(d->log_path, '/') - d->log_path));

        if (chdir(dir) < 0 && chdir(d->spool) < 0 && chdir("/var/tmp") < 0)
            log_error("%s: %s", dir, strerror(errno));
        mem_free(dir);
    }
    daemon_raise_files();
}

int main(int argc, char **argv)
{
    static struct options opt;
    static struct slurmd d;
    struct err e;

    log_set_name("slurmd");
    options_parse(&opt, argc, argv);
    refuse_unknown(&opt);
    daemon_check_systemd(opt.systemd);
    d.opt = &opt;
    d.start_time = slurmd_now();
    if (opt.print_hardware) {
        setup_print_hardware();
        return 0;
    }
    if (setup_conf(&d, &e) < 0) {
        if (d.conf) {
            log_error("%s", e.text); /* a node that is not configured: Slurm does not call it fatal */
            return 1;
        }
        log_fatal("%s", e.text);
    }
    if (opt.print_gres) {
        setup_print_gres(&d);
        return 0;
    }
    if (!opt.foreground && daemon_fork(&e) < 0)
        log_fatal("%s", e.text);
    setup_log(&d);
    if (setup_node(&d, &e) < 0)
        log_fatal("%s", e.text);
    take_pid_file(&d);
    adjust_process(&d);
    slurmd_start(&d);
    d.running = true;
    daemon_ready();
    uv_run(&d.loop, UV_RUN_DEFAULT);
    slurmd_end(&d);
    return 0;
}
