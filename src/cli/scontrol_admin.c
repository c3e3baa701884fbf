/* SPDX-License-Identifier: Apache-2.0 */
/* Keywords of scontrol(1) about daemons, nodes at large, processes and errors. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/hostlist.h"
#include "base/mem.h"
#include "cli/docmeta.h"
#include "cli/fetch.h"
#include "cli/scontrol.h"
#include "cli/timefmt.h"
#include "conf/conf.h"
#include "model/errors.h"

enum { CONTROLLERS_MAX = 64, LINE_SIZE = 4096 };

/* The n-th SlurmctldHost without an address in brackets; false when there are not so many. */
static bool controller_name(struct cli *cli, uint32_t n, char *name, size_t size)
{
    const char *hosts = conf_str(cli_env(cli)->conf, CONF_SLURMCTLD_HOST);
    struct text_list list = {0};
    text_split(&list, hosts ? hosts : "", ',');
    bool there = n < list.n;
    if (there)
        buf_print(name, size, "%.*s", (int)strcspn(list.v[n], "("), list.v[n]);
    text_list_release(&list);
    return there;
}

static void ping_document(struct docout *d, const char *host, bool up, int64_t micros, uint32_t n)
{
    docout_map(d, NULL);
    docout_str(d, "hostname", host);
    docout_bool(d, "responding", up);
    docout_int(d, "latency", micros);
    docout_bool(d, "primary", n == 0);
    docout_str(d, "status", up ? "No error" : "Unable to contact slurm controller (connect failure)");
    docout_end(d);
}

static int64_t micros_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int scontrol_ping(struct scontrol *s, int argc, char **argv)
{
    char host[256];
    struct buf out = BUF_INIT;
    struct docout d;
    bool all_down = true;
    if (s->json) {
        docout_begin(&d, &out, s->yaml);
        docout_list(&d, "pings");
    }
    for (uint32_t n = 0; n < CONTROLLERS_MAX && controller_name(s->cli, n, host, sizeof host); n++) {
        struct client *c = client_to_controller_n(cli_env(s->cli), n);
        struct ping_reply reply;
        struct err e;
        client_set_patience(c, 0);
        int64_t start = micros_now();
        bool up = client_call(c, MSG_PING, NULL, &reply, &e) == 0;
        if (up)
            meta_release(&record_ping_reply, &reply);
        client_close(c);
        all_down = all_down && !up;
        if (s->json)
            ping_document(&d, host, up, micros_now() - start, n);
        else if (n == 0)
            buf_addf(&out, "Slurmctld(primary) at %s is %s\n", host, up ? "UP" : "DOWN");
        else
            buf_addf(&out, "Slurmctld(backup%u) at %s is %s\n", n, host, up ? "UP" : "DOWN");
    }
    if (s->json) {
        docout_end(&d);
        docmeta_finish(&d, s->cli, 0);
    }
    cli_flush(&out);
    return all_down ? EXIT_FAILURE : 0;
}

/* A request without a reply. */
static int call(struct scontrol *s, enum msg_type type, const void *request, const char *failure)
{
    struct err e;
    return client_call(cli_ctld(s->cli), type, request, NULL, &e) < 0 ? scontrol_fail(s, failure, &e) : 0;
}

int scontrol_reconfigure(struct scontrol *s, int argc, char **argv)
{
    return call(s, MSG_RECONFIGURE, NULL, "slurm_reconfigure error:");
}

int scontrol_shutdown(struct scontrol *s, int argc, char **argv)
{
    struct shutdown_request r;
    meta_init(&record_shutdown_request, &r);
    if (argc > 1) {
        if (!scontrol_is_key(argv[1], "slurmctld", 8) && !scontrol_is_key(argv[1], "controller", 3)) {
            fprintf(stderr, "invalid shutdown argument:%s\n", argv[1]);
            return EXIT_FAILURE;
        }
        r.controller_only = true;
    }
    return call(s, MSG_SHUTDOWN, &r, "slurm_shutdown error: ");
}

int scontrol_setdebug(struct scontrol *s, int argc, char **argv)
{
    static const char *const levels[] = {"quiet", "fatal",  "error",  "info",   "verbose",
                                         "debug", "debug2", "debug3", "debug4", "debug5"};
    struct set_debug r;
    uint32_t number = UINT32_MAX;
    text_to_u32(argv[1], &number);
    for (uint32_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
        if (text_same_nocase(argv[1], levels[i]))
            number = i;
    if (number >= sizeof levels / sizeof levels[0]) {
        fprintf(stderr, "invalid debug level: %s\n", argv[1]);
        return EXIT_FAILURE;
    }
    meta_init(&record_set_debug, &r);
    mem_set_str(&r.level, levels[number]);
    const char *nodes = argc > 2 && text_starts_nocase(argv[2], "nodes=") ? strchr(argv[2], '=') + 1 : NULL;
    mem_set_str(&r.nodes, nodes);
    int rc = call(s, MSG_SET_DEBUG, &r, "slurm_set_debug_level error: ");
    meta_release(&record_set_debug, &r);
    return rc;
}

int scontrol_setdebugflags(struct scontrol *s, int argc, char **argv)
{
    struct set_debug r;
    struct buf flags = BUF_INIT;
    meta_init(&record_set_debug, &r);
    for (int i = 1; i < argc; i++) {
        if (*argv[i] != '+' && *argv[i] != '-') {
            fprintf(stderr, "invalid debug flag: %s\n", argv[i]);
            return EXIT_FAILURE;
        }
        buf_sep(&flags, ",");
        buf_adds(&flags, argv[i]);
    }
    mem_set_str(&r.flags, flags.s);
    int rc = call(s, MSG_SET_DEBUG, &r, "slurm_set_debug_flags error: ");
    meta_release(&record_set_debug, &r);
    buf_release(&flags);
    return rc;
}

int scontrol_takeover(struct scontrol *s, int argc, char **argv)
{
    char host[256];
    if (!controller_name(s->cli, 1, host, sizeof host)) {
        fprintf(stderr, "slurm_takeover error: no backup controller is configured (SlurmctldHost)\n");
        return EXIT_FAILURE;
    }
    fprintf(stderr, "slurm_takeover error: Requested operation not supported on this system\n");
    return EXIT_FAILURE;
}

int scontrol_token(struct scontrol *s, int argc, char **argv)
{
    cli_error(s->cli,
              "slurm_fetch_token: error with request: Required plugin type not loaded or initialized");
    return EXIT_FAILURE;
}

int scontrol_errnumstr(struct scontrol *s, int argc, char **argv)
{
    uint32_t number;
    if (!text_to_u32(argv[1], &number)) {
        fprintf(stderr, "numeric arguments required for keyword:errnumstr\n");
        return EXIT_FAILURE;
    }
    const char *text = error_text((int)number);
    puts(text ? text : strerror((int)number));
    return 0;
}

int scontrol_getaddrs(struct scontrol *s, int argc, char **argv)
{
    struct node_list nodes = {0};
    struct hostlist names = {0};
    struct err e;
    int rc = 0;
    if (hostlist_parse(&names, argv[1], &e) < 0 || fetch_nodes(cli_ctld(s->cli), NULL, &nodes, &e) < 0)
        return scontrol_fail(s, "", &e);
    struct host_iter it = {.list = &names};
    for (const char *name; (name = host_iter_next(&it));) {
        bool found = false;
        for (uint32_t i = 0; i < nodes.list.n && !found; i++) {
            const struct node *n = nodes.list.v[i];
            found = strcmp(n->name, name) == 0;
            if (found)
                printf("%s: %s:%u\n", name, n->addr ? n->addr : name, n->port);
        }
        if (!found) {
            cli_error(s->cli, "Node %s not found", name);
            rc = EXIT_FAILURE;
        }
    }
    node_list_release(&nodes);
    hostlist_release(&names);
    return rc;
}

static int node_state(struct scontrol *s, const char *nodes, const char *state, const char *reason,
                      const char *failure)
{
    struct node_update u;
    meta_init(&record_node_update, &u);
    mem_set_str(&u.nodes, nodes);
    mem_set_str(&u.state, state);
    mem_set_str(&u.reason, reason);
    int rc = call(s, MSG_NODE_UPDATE, &u, failure);
    meta_release(&record_node_update, &u);
    return rc;
}

static int send_reboot(struct scontrol *s, const struct reboot_nodes *r)
{
    struct reboot_reply reply;
    struct err e;
    if (client_call(cli_ctld(s->cli), MSG_REBOOT_NODES, r, &reply, &e) < 0)
        return scontrol_fail(s, "scontrol_reboot_nodes error:", &e);
    if (reply.skipped)
        cli_error(s->cli, "Skipping reboot of nodes %s due to current node state.", reply.skipped);
    meta_release(&record_reboot_reply, &reply);
    return 0;
}

int scontrol_reboot(struct scontrol *s, int argc, char **argv)
{
    const char *nodes = NULL, *state = NULL;
    struct reboot_nodes r;
    meta_init(&record_reboot_nodes, &r);
    for (int i = 1; i < argc; i++) {
        if (text_starts_nocase(argv[i], "reason="))
            mem_set_str(&r.reason, strchr(argv[i], '=') + 1);
        else if (text_starts_nocase(argv[i], "nextstate="))
            state = strchr(argv[i], '=') + 1;
        else if (text_same_nocase(argv[i], "ASAP"))
            r.asap = true;
        else if (text_same_nocase(argv[i], "FORCE"))
            r.force = true;
        else
            nodes = argv[i];
    }
    int rc = EXIT_FAILURE;
    if (state && !text_same_nocase(state, "DOWN") && !text_same_nocase(state, "RESUME")) {
        fprintf(stderr, "Invalid state: %s\n Valid states: DOWN, RESUME\n", state);
    } else if (!nodes) {
        fprintf(stderr, "Missing node list. Specify ALL|<NodeList>\n");
    } else {
        mem_set_str(&r.nodes, nodes);
        mem_set_str(&r.next_state, !state ? NULL : text_same_nocase(state, "DOWN") ? "DOWN" : "RESUME");
        rc = send_reboot(s, &r);
    }
    meta_release(&record_reboot_nodes, &r);
    return rc;
}

int scontrol_cancel_reboot(struct scontrol *s, int argc, char **argv)
{
    return node_state(s, argv[1], "CANCEL_REBOOT", NULL, "slurm_update error: ");
}

int scontrol_power(struct scontrol *s, int argc, char **argv)
{
    const char *nodes = NULL, *reason = NULL,
               *state = text_same_nocase(argv[1], "up") ? "POWER_UP" : "POWER_DOWN";
    if (!text_same_nocase(argv[1], "up") && !text_same_nocase(argv[1], "down")) {
        fprintf(stderr, "invalid power argument: %s\n", argv[1]);
        return EXIT_FAILURE;
    }
    for (int i = 2; i < argc; i++) {
        if (text_starts_nocase(argv[i], "reason="))
            reason = strchr(argv[i], '=') + 1;
        else if (text_same_nocase(argv[i], "ASAP"))
            state = "POWER_DOWN_ASAP";
        else if (text_same_nocase(argv[i], "FORCE"))
            state = "POWER_DOWN_FORCE";
        else
            nodes = argv[i];
    }
    if (!nodes) {
        fprintf(stderr, "too few arguments for keyword:power\n");
        return EXIT_FAILURE;
    }
    return node_state(s, nodes, state, reason, "slurm_update error: ");
}

/* --- processes of this host: their environment says which task they belong to
 * ------------------------------------ */

struct process {
    uint32_t pid;
    char job[32], step[32], local[16], global[16];
};

/* The value of NAME in a block of NAME=value texts, each ended by a zero byte. */
static void env_value(const char *block, size_t len, const char *name, char *out, size_t size)
{
    size_t name_len = strlen(name);
    for (const char *p = block; p < block + len; p += strlen(p) + 1) {
        if (strncmp(p, name, name_len) == 0 && p[name_len] == '=') {
            buf_print(out, size, "%s", p + name_len + 1);
            return;
        }
    }
}

static bool read_process(uint32_t pid, struct process *p)
{
    char path[64];
    static char
        block[1 << 18]; /* larger than what Linux lets a page of variables be read at once in practice */
    memset(p, 0, sizeof *p);
    p->pid = pid;
    buf_print(path, sizeof path, "/proc/%u/environ", pid);
    FILE *f = fopen(path, "re");
    if (!f)
        return false;
    size_t len = fread(block, 1, sizeof block - 1, f);
    fclose(f);
    block[len] = '\0';
    env_value(block, len, "SLURM_JOB_ID", p->job, sizeof p->job);
    env_value(block, len, "SLURM_STEP_ID", p->step, sizeof p->step);
    env_value(block, len, "SLURM_LOCALID", p->local, sizeof p->local);
    env_value(block, len, "SLURM_PROCID", p->global, sizeof p->global);
    if (strcmp(p->step, "-5") == 0 || strcmp(p->step, "4294967291") == 0)
        buf_print(p->step, sizeof p->step, "batch");
    return *p->job && *p->step;
}

typedef void process_fn(void *arg, const struct process *p);

static void each_process(process_fn *fn, void *arg)
{
    DIR *dir = opendir("/proc");
    if (!dir)
        return;
    for (const struct dirent *d; (d = readdir(dir));) {
        struct process p;
        uint32_t pid;
        if (text_to_u32(d->d_name, &pid) && read_process(pid, &p))
            fn(arg, &p);
    }
    closedir(dir);
}

struct listing {
    const char *job, *step; /* only these; NULL = all */
    struct text_list seen;
    enum { LIST_PIDS, LIST_JOBS, LIST_STEPS } what;
    uint32_t shown;
};

static void list_process(void *arg, const struct process *p)
{
    struct listing *l = arg;
    char key[80];
    if ((l->job && strcmp(l->job, p->job) != 0) || (l->step && strcmp(l->step, p->step) != 0))
        return;
    if (l->what == LIST_PIDS) {
        printf("%-8u %-8s %-9s %-7s %-8s\n", p->pid, p->job, p->step, *p->local ? p->local : "-",
               *p->global ? p->global : "-");
        l->shown++;
        return;
    }
    buf_print(key, sizeof key, "%s%s%s", p->job, l->what == LIST_STEPS ? " " : "",
              l->what == LIST_STEPS ? p->step : "");
    for (uint32_t i = 0; i < l->seen.n; i++)
        if (strcmp(l->seen.v[i], key) == 0)
            return;
    text_list_push(&l->seen, key);
    l->shown++;
    if (l->what == LIST_JOBS)
        puts(p->job);
    else
        printf("%-8s %s\n", p->job, p->step);
}

int scontrol_listpids(struct scontrol *s, int argc, char **argv)
{
    struct listing l = {.what = LIST_PIDS};
    char job[32];
    if (argc > 1) {
        buf_print(job, sizeof job, "%.*s", (int)strcspn(argv[1], "."), argv[1]);
        l.job = job;
        l.step = strchr(argv[1], '.') ? strchr(argv[1], '.') + 1 : NULL;
    }
    printf("%-8s %-8s %-9s %-7s %-8s\n", "PID", "JOBID", "STEPID", "LOCALID", "GLOBALID");
    each_process(list_process, &l);
    return 0;
}

int scontrol_listjobs(struct scontrol *s, int argc, char **argv)
{
    struct listing l = {.what = LIST_JOBS};
    puts("JOBID");
    each_process(list_process, &l);
    return 0;
}

int scontrol_liststeps(struct scontrol *s, int argc, char **argv)
{
    struct listing l = {.what = LIST_STEPS};
    puts("JOBID    STEPID");
    each_process(list_process, &l);
    return 0;
}

int scontrol_pidinfo(struct scontrol *s, int argc, char **argv)
{
    struct process p;
    struct job_list jobs = {0};
    struct job_select select;
    struct err e;
    struct buf out = BUF_INIT;
    uint32_t pid;
    if (!text_to_u32(argv[1], &pid) || !read_process(pid, &p)) {
        fprintf(stderr, "Failed to locate job for requested pid\n");
        return EXIT_FAILURE;
    }
    meta_init(&record_job_select, &select);
    meta_strs_push(&select.ids, p.job);
    if (fetch_jobs(cli_ctld(s->cli), &select, &jobs, &e) < 0 || !jobs.list.n) {
        fprintf(stderr, "Failed to locate job for requested pid\n");
        return EXIT_FAILURE;
    }
    timefmt_time(jobs.list.v[0]->end_time, "Unknown", &out);
    printf("Slurm JobId=%s ends at %s\n", p.job, out.s);
    int64_t left = jobs.list.v[0]->end_time - cli_now();
    printf("slurm_get_rem_time is %lld\n", (long long)(left > 0 ? left : 0));
    return 0;
}
