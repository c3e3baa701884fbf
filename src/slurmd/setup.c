/* SPDX-License-Identifier: Apache-2.0 */
/* From the configuration and the host to what slurmd needs to know. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "client/daemonconf.h"
#include "os/cgroup.h"
#include "os/conf_source.h"
#include "os/debugflags.h"
#include "os/devices.h"
#include "os/host.h"
#include "os/users.h"
#include "slurmd/slurmd.h"
#include "version.h"

enum { DEVICE_TRIES = 19, DEVICE_PAUSE_MS = 1000 }; /* how long Slurm waits for a device */

char *setup_path(const struct slurmd *d, const char *pattern)
{
    struct buf b = BUF_INIT;

    if (!pattern)
        return NULL;
    for (const char *p = pattern; *p; p++) {
        if (p[0] == '%' && p[1] == 'n')
            buf_adds(&b, d->node_name), p++;
        else if (p[0] == '%' && p[1] == 'h')
            buf_adds(&b, d->node->hostname ? d->node->hostname : host_name()), p++;
        else
            buf_addc(&b, *p);
    }
    return buf_take(&b);
}

char *setup_script_path(const struct slurmd *d, const char *pattern)
{
    char *path = setup_path(d, pattern);
    const char *slash = strrchr(d->conf_path, '/');

    if (path && *path && slash && !strchr(path, '/')) {
        char *beside = buf_format("%.*s%s", (int)(slash - d->conf_path) + 1, d->conf_path, path);

        mem_free(path);
        path = beside;
    }
    return path;
}

/* --- configuration --- */

static void log_messages(const struct conf_messages *msgs)
{
    for (uint32_t i = 0; i < msgs->n; i++) {
        struct buf text = BUF_INIT;

        conf_message_text(&msgs->v[i], &text);
        log_msg(msgs->v[i].severity == CONF_ERROR ? SLOG_ERROR : SLOG_INFO, "%s", text.s);
        buf_release(&text);
    }
}

static int find_node(struct slurmd *d, struct err *e)
{
    const struct node *n =
        d->opt->node_name ? conf_node(d->conf, d->opt->node_name) : conf_node_by_host(d->conf, host_name());

    if (!n)
        return err_set(e, ENOENT, "Unable to determine this slurmd's NodeName");
    d->node = meta_dup(&record_node, n);
    d->node_name = d->node->name;
    return 0;
}

static char *default_stepd(void)
{
    char self[4096];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    char *slash, *path;

    if (len <= 0)
        return mem_strdup(PREFIX "/sbin/slurmstepd");
    self[len] = 0;
    slash = strrchr(self, '/');
    path = buf_format("%.*s/slurmstepd", (int)(slash - self), self);
    if (access(path, X_OK) < 0) {
        mem_free(path);
        path = buf_format("%.*s/../slurmstepd/slurmstepd", (int)(slash - self), self); /* the build folder */
    }
    return path;
}

int setup_conf(struct slurmd *d, struct err *e)
{
    struct conf_source source = conf_file_source();
    struct conf_messages msgs = {0};
    const char *path = d->opt->conf_file ? d->opt->conf_file : getenv("SLURM_CONF");
    const char *servers = fetch_servers(d->opt);
    int rc;

    if (servers) {
        rc = fetch_conf(d, servers, e);
        if (rc < 0)
            return rc;
    } else {
        d->conf_path = mem_strdup(path ? path : SYSCONFDIR "/slurm.conf");
        d->key_path = daemonconf_key_path(d->conf_path);
    }
    d->conf = conf_load(&source, d->conf_path, CONF_WANT_ALL | CONF_WANT_DAEMON, &msgs, e);
    log_messages(&msgs);
    conf_messages_release(&msgs);
    if (!d->conf)
        return -e->code;
    rc = find_node(d, e);
    if (rc < 0)
        return rc;
    d->spool = setup_path(d, conf_str(d->conf, CONF_SLURMD_SPOOL_DIR));
    d->log_path = d->opt->log_file ? mem_strdup(d->opt->log_file)
                                   : setup_path(d, conf_str(d->conf, CONF_SLURMD_LOG_FILE));
    d->pid_path = setup_path(d, conf_str(d->conf, CONF_SLURMD_PID_FILE));
    d->stepd_path = d->opt->stepd ? mem_strdup(d->opt->stepd) : default_stepd();
    d->slurm_uid = users_daemon_uid(conf_str(d->conf, CONF_SLURM_USER));
    return 0;
}

int setup_restart(const struct slurmd *was, const struct slurmd *now, struct err *e)
{
    const struct {
        const char *name, *was, *now;
    } fixed[] = {
        {"NodeName", was->node_name, now->node_name},
        {"SlurmdSpoolDir", was->spool, now->spool},
        {"SlurmdPidFile", was->pid_path, now->pid_path},
        {"AuthType", conf_str(was->conf, CONF_AUTH_TYPE), conf_str(now->conf, CONF_AUTH_TYPE)},
        {"AuthInfo", conf_str(was->conf, CONF_AUTH_INFO), conf_str(now->conf, CONF_AUTH_INFO)},
        {"ClusterName", conf_str(was->conf, CONF_CLUSTER_NAME), conf_str(now->conf, CONF_CLUSTER_NAME)},
    };

    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
        if (!text_same(fixed[i].was ? fixed[i].was : "", fixed[i].now ? fixed[i].now : ""))
            return err_set(e, EBUSY, "%s cannot change from %s to %s while slurmd runs: restart slurmd",
                           fixed[i].name, fixed[i].was ? fixed[i].was : "(none)",
                           fixed[i].now ? fixed[i].now : "(none)");
    if (setup_port(was) != setup_port(now))
        return err_set(e, EBUSY, "Port cannot change from %u to %u while slurmd runs: restart slurmd",
                       setup_port(was), setup_port(now));
    return 0;
}

uint16_t setup_port(const struct slurmd *d)
{
    return d->node->port ? d->node->port : (uint16_t)conf_u32(d->conf, CONF_SLURMD_PORT);
}

static enum log_level log_level_of(const struct slurmd *d, const struct conf *conf)
{
    enum log_level level = (enum log_level)(conf_u32(conf, CONF_SLURMD_DEBUG) + (uint32_t)d->opt->verbose);

    return level > SLOG_DEBUG5 ? SLOG_DEBUG5 : level;
}

void setup_log_rotate(struct slurmd *d)
{
    struct conf_source source = conf_file_source();
    struct conf_messages msgs = {0};
    struct err e;
    struct conf *conf = conf_load(&source, d->conf_path, CONF_WANT_KEYS, &msgs, &e);

    if (conf)
        log_set_level(log_level_of(d, conf), d->opt->foreground ? log_level_of(d, conf) : SLOG_QUIET);
    else
        log_error("the log level stays: %s", e.text);
    conf_free(conf);
    conf_messages_release(&msgs);
    if (log_reopen(&e) < 0)
        log_error("%s", e.text);
}

enum { TASK_PARAM_LATER = 16 | 32 | 64 | 128 }; /* of TaskPluginParam, schema/slurm_conf.toml */

void setup_log(struct slurmd *d)
{
    enum log_level level = log_level_of(d, d->conf);
    struct log_settings s = {.name = "slurmd", .path = d->log_path};
    struct err e;

    s.file_level = level;
    s.stderr_level = d->opt->foreground ? level : SLOG_QUIET;
    s.syslog_level = log_syslog_level(&(struct log_syslog){
        .given = conf_given(d->conf, CONF_SLURMD_SYSLOG_DEBUG),
        .foreground = d->opt->foreground,
        .has_file = s.path && *s.path,
        .level = (enum log_level)conf_u32(d->conf, CONF_SLURMD_SYSLOG_DEBUG),
        .daemon_level = level,
    });
    debug_flags_load(d->conf);
    if (log_open(&s, &e) < 0)
        log_error("%s", e.text);
    if (conf_u64(d->conf, CONF_TASK_PLUGIN_PARAM) & TASK_PARAM_LATER)
        log_error(
            "TaskPluginParam: verbose, OOMKillStep, SlurmdOffSpec and SlurmdSpecOverride have no effect yet");
}

int setup_auth(struct slurmd *d, struct err *e)
{
    struct auth_settings s = {.type = conf_str(d->conf, CONF_AUTH_TYPE),
                              .cluster = conf_str(d->conf, CONF_CLUSTER_NAME),
                              .slurm_uid = d->slurm_uid};
    struct key key;
    const char *given = NULL;
    int rc;

    if (text_same(s.type, "auth/munge"))
        conf_has_param(d->conf, CONF_AUTH_INFO, "socket", &s.socket);
    conf_has_param(d->conf, CONF_AUTH_INFO, "key", &given);
    rc = key_load(given ? given : d->key_path, d->slurm_uid, &key, e);
    if (rc == -ENOENT && !given) {
        /* Where the controller of this host keeps the one that it made for itself. */
        char *own = buf_format("%s/slurm.key", conf_str(d->conf, CONF_STATE_SAVE_LOCATION));

        rc = key_load(own, d->slurm_uid, &key, e);
        mem_free(own);
    }
    if (rc == 0)
        s.key = &key;
    else if (!s.type || text_same(s.type, "auth/slurm"))
        return rc;
    d->auth = auth_open(&s, e);
    explicit_bzero(&key, sizeof key);
    if (d->auth && !d->sack) {
        struct err sack_error;

        d->sack = sack_start(&d->loop, d->auth, SACK_PATH, &sack_error);
        if (!d->sack)
            log_debug("no tokens from this daemon: %s", sack_error.text);
    }
    return d->auth ? 0 : -e->code;
}

/* --- the node --- */

/* In hundredths of a percent. */
static uint32_t percent(const struct slurmd *d, enum conf_key key, uint32_t def)
{
    double v;

    return conf_str(d->conf, key) && text_to_f64(conf_str(d->conf, key), &v) && v >= 0 && v <= 1e6
               ? (uint32_t)(v * 100 + 0.5)
               : def * 100;
}

/* 0: none are used. What is asked for by name must be there: otherwise every step would fail. */
static int cgroup_version(const struct slurmd *d, const char *mountpoint, struct err *e)
{
    const char *plugin = conf_str(d->conf, CONF_CG_CGROUP_PLUGIN);
    int has = cgroup_detect(mountpoint);
    int wanted = text_same_nocase(plugin, "cgroup/v1") ? 1 : text_same_nocase(plugin, "cgroup/v2") ? 2 : has;

    if (text_same_nocase(plugin, "disabled"))
        return 0;
    if (wanted != has)
        return err_set(e, ENOTSUP, "CgroupPlugin=%s: %s holds no control groups of that version", plugin,
                       mountpoint);
    return wanted;
}

/* Those of EnableExtraControllers that are there. */
static void extra_controllers(const struct slurmd *d, struct step_cgroup *g)
{
    static const char *const all[] = {"io", "pids", "rdma", "hugetlb", "misc"};
    const struct meta_strs *asked = conf_list(d->conf, CONF_CG_ENABLE_EXTRA_CONTROLLERS);
    bool everything = asked->n == 1 && text_same_nocase(asked->v[0], "all");

    for (size_t i = 0; everything && i < sizeof all / sizeof all[0]; i++)
        if (cgroup_lists(g->mountpoint, "cgroup.controllers", all[i]))
            meta_strs_push(&g->extra, all[i]);
    for (uint32_t i = 0; !everything && i < asked->n; i++) {
        if (cgroup_lists(g->mountpoint, "cgroup.controllers", asked->v[i]))
            meta_strs_push(&g->extra, asked->v[i]);
        else
            log_error("EnableExtraControllers: this host has no controller '%s'", asked->v[i]);
    }
}

/* Several slurmds of one host, which -N tells apart, have steps of the same job: each needs its own root. */
static char *cgroup_root(const struct slurmd *d, int version, const char *mountpoint)
{
    const char *name = d->opt->node_name, *slice = conf_str(d->conf, CONF_CG_CGROUP_SLICE);

    if (version == 1)
        return name ? buf_format("slurm_%s", name) : mem_strdup("slurm");
    return buf_format("%s/%s/%s%sslurmstepd.scope", mountpoint, slice, name ? name : "", name ? "_" : "");
}

/* Only what the configuration asks for: proctrack/cgroup to follow processes, task/cgroup to limit them. */
static int setup_cgroup(struct slurmd *d, struct err *e)
{
    const char *mountpoint = conf_str(d->conf, CONF_CG_CGROUP_MOUNTPOINT);
    bool track = conf_plugin(d->conf, CONF_PROCTRACK_TYPE, "cgroup");
    bool limit = conf_plugin(d->conf, CONF_TASK_PLUGIN, "cgroup");
    int version = track || limit ? cgroup_version(d, mountpoint, e) : 0;
    struct step_cgroup *g;

    if (version <= 0)
        return version;
    g = d->cgroup = meta_new(&record_step_cgroup);
    g->version = (uint32_t)version;
    g->mountpoint = mem_strdup(mountpoint);
    g->root = cgroup_root(d, version, mountpoint);
    g->ram = limit && conf_bool(d->conf, CONF_CG_CONSTRAIN_RAM_SPACE);
    g->swap = limit && conf_bool(d->conf, CONF_CG_CONSTRAIN_SWAP_SPACE);
    g->cores = limit && conf_bool(d->conf, CONF_CG_CONSTRAIN_CORES);
    g->devices = limit && conf_bool(d->conf, CONF_CG_CONSTRAIN_DEVICES);
    g->ram_percent = percent(d, CONF_CG_ALLOWED_RAM_SPACE, 100);
    g->swap_percent = percent(d, CONF_CG_ALLOWED_SWAP_SPACE, 0);
    g->max_ram_percent = percent(d, CONF_CG_MAX_RAM_PERCENT, 100);
    g->min_ram = conf_u64(d->conf, CONF_CG_MIN_RAM_SPACE);
    g->max_swap_percent = percent(d, CONF_CG_MAX_SWAP_PERCENT, 100);
    g->real_memory = conf_node(d->conf, d->node_name)->real_memory;
    g->signal_children = conf_bool(d->conf, CONF_CG_SIGNAL_CHILDREN_PROCESSES);
    if (conf_given(d->conf, CONF_CG_MEMORY_SWAPPINESS))
        g->swappiness = conf_u32(d->conf, CONF_CG_MEMORY_SWAPPINESS) + 1;
    g->enable_all = conf_bool(d->conf, CONF_CG_ENABLE_CONTROLLERS);
    if (version == 2)
        extra_controllers(d, g);
    return 0;
}

static void use_hardware(struct slurmd *d)
{
    const struct topology *t = &d->topology;
    struct node *n = d->node;

    n->cpus = t->cpus;
    n->boards = t->boards;
    n->sockets = (uint16_t)(t->sockets * t->boards);
    n->cores = t->cores;
    n->threads = t->threads;
    n->real_memory = t->real_memory;
}

static void compare_hardware(const struct slurmd *d)
{
    const struct topology *t = &d->topology;
    const struct node *n = d->node;

    if (n->cpus == t->cpus && n->sockets == t->sockets && n->cores == t->cores && n->threads == t->threads)
        return;
    log_info(
        "Node configuration differs from hardware: CPUs=%u:%u(hw) Boards=%u:%u(hw) SocketsPerBoard=%u:%u(hw) "
        "CoresPerSocket=%u:%u(hw) ThreadsPerCore=%u:%u(hw)",
        n->cpus, t->cpus, n->boards, t->boards, n->sockets, t->sockets, n->cores, t->cores, n->threads,
        t->threads);
}

static void describe_system(struct node *n)
{
    struct utsname u;

    mem_set_str(&n->version, SLURM_VERSION);
    if (uname(&u) < 0)
        return;
    mem_free(n->os);
    n->os = buf_format("%s %s %s", u.sysname, u.release, u.version);
    mem_set_str(&n->arch, u.machine);
}

static int make_folders(const char *path, struct err *e)
{
    char *copy = mem_strdup(path);
    int rc;

    for (char *p = copy + 1; *p; p++) {
        if (*p != '/')
            continue;
        *p = 0;
        mkdir(copy, 0755);
        *p = '/';
    }
    rc = mkdir(copy, 0755) < 0 && errno != EEXIST ? err_set(e, errno, "mkdir(%s): %s", path, strerror(errno))
                                                  : 0;
    mem_free(copy);
    return rc;
}

static bool overrides(const struct slurmd *d)
{
    return conf_has_param(d->conf, CONF_SLURMD_PARAMETERS, "config_overrides", NULL) ||
           (d->opt->parameters && text_has(d->opt->parameters, "config_overrides"));
}

/* `sluice up` tries configurations of other hosts out: stand-ins serve for devices that only those have. */
static void use_stand_ins(struct slurmd *d)
{
    struct buf comment = BUF_INIT;

    devices_check(d->node, &comment);
    if (comment.len) {
        log_info("%s", comment.s);
        mem_set_str(&d->node->comment, comment.s);
    }
    buf_release(&comment);
}

/* A driver may still be loading when the host starts. */
static int wait_for_devices(const struct slurmd *d, struct err *e)
{
    const char *told = NULL, *missing;

    for (int i = 0; (missing = devices_missing(d->node)); i++) {
        if (d->running || i == DEVICE_TRIES)
            return err_set(e, ENOENT, "can't stat gres.conf file %s: %s", missing, strerror(ENOENT));
        if (missing != told)
            log_error("Waiting for gres.conf file %s", missing);
        told = missing;
        poll(NULL, 0, DEVICE_PAUSE_MS);
    }
    return 0;
}

/* A device is a file: fewer of them than slurm.conf says is what the controller must hear. */
static void count_devices(struct node *n)
{
    for (uint32_t i = 0; i < n->gres.n; i++) {
        struct gres_decl *g = &n->gres.v[i];
        bool shared = text_same_nocase(g->name, "mps") || text_same_nocase(g->name, "shard");

        if (!shared && g->files.n && g->files.n < g->count) {
            log_error("gres/%s: gres.conf names %u devices, slurm.conf says %llu", g->name, g->files.n,
                      (unsigned long long)g->count);
            g->count = g->files.n;
        }
    }
}

int setup_node(struct slurmd *d, struct err *e)
{
    int rc = topology_discover(&d->topology, e);

    if (rc == 0)
        rc = make_folders(d->spool, e);
    if (rc < 0)
        return rc;
    compare_hardware(d);
    if (!overrides(d))
        use_hardware(d);
    if (getenv("SLUICE_STAND_INS"))
        use_stand_ins(d);
    else if (wait_for_devices(d, e) < 0)
        return -e->code;
    count_devices(d->node);
    describe_system(d->node);
    mem_set_str(&d->node->hostname, d->node->hostname ? d->node->hostname : host_name());
    d->node->boot_time = d->topology.boot_time;
    d->node->slurmd_start = d->start_time;
    d->node->tmp_disk = topology_tmp_disk(conf_str(d->conf, CONF_TMP_FS));
    if (d->opt->instance_id)
        mem_set_str(&d->node->instance_id, d->opt->instance_id);
    if (d->opt->instance_type)
        mem_set_str(&d->node->instance_type, d->opt->instance_type);
    if (d->opt->extra)
        mem_set_str(&d->node->extra, d->opt->extra);
    return setup_cgroup(d, e);
}

#define SWAP(field)                                                                                          \
    do {                                                                                                     \
        __typeof__(a->field) was = a->field;                                                                 \
        a->field = b->field;                                                                                 \
        b->field = was;                                                                                      \
    } while (0)

void setup_swap(struct slurmd *a, struct slurmd *b)
{
    SWAP(conf);
    SWAP(node_name);
    SWAP(node);
    SWAP(topology);
    SWAP(cgroup);
    SWAP(spool);
    SWAP(stepd_path);
    SWAP(conf_path);
    SWAP(key_path);
    SWAP(log_path);
    SWAP(pid_path);
    SWAP(slurm_uid);
}

void setup_release(struct slurmd *d)
{
    char **texts[] = {&d->spool, &d->stepd_path, &d->conf_path, &d->key_path, &d->log_path, &d->pid_path};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        mem_free(*texts[i]);
        *texts[i] = NULL;
    }
    meta_free(&record_step_cgroup, d->cgroup);
    d->cgroup = NULL;
    topology_release(&d->topology);
    meta_free(&record_node, d->node);
    d->node = NULL;
    conf_free(d->conf);
    d->conf = NULL;
}

/* --- -C and -G --- */

void setup_print_hardware(void)
{
    struct topology t;
    struct buf b = BUF_INIT;
    struct err e;

    if (topology_discover(&t, &e) < 0)
        log_fatal("%s", e.text);
    topology_text(&t, host_name(), &b);
    buf_addc(&b, '\n');
    topology_uptime_text(&t, slurmd_now(), &b);
    puts(b.s);
    buf_release(&b);
    topology_release(&t);
}

void setup_print_gres(struct slurmd *d)
{
    for (uint32_t i = 0; i < d->node->gres.n; i++) {
        const struct gres_decl *g = &d->node->gres.v[i];

        fprintf(stderr, "slurmd: Gres Name=%s Type=%s Count=%llu Index=%u ID=%u", g->name,
                g->type ? g->type : "(null)", (unsigned long long)g->count, 0u, 0u);
        if (g->files.n)
            fprintf(stderr, " File=%s%s", g->files.v[0], g->files.n > 1 ? "..." : "");
        fputc('\n', stderr);
    }
}
