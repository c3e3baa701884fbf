/* SPDX-License-Identifier: Apache-2.0 */
/* Keywords of scontrol(1) about daemons, nodes at large, processes and errors. */
#include <dirent.h>
#include <inttypes.h>
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
    if (client_call(cli_ctld(s->cli), type, request, NULL, &e) == 0)
        return 0;
    return s->cli->quiet ? EXIT_FAILURE : scontrol_fail(s, failure, &e);
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
        if (!s->cli->quiet)
            fprintf(stderr, "invalid debug level: %s\n", argv[1]);
        return EXIT_FAILURE;
    }
    meta_init(&record_set_debug, &r);
    mem_set_str(&r.level, levels[number]);
    const char *nodes = argc > 2 && text_starts_nocase(argv[2], "nodes=") ? strchr(argv[2], '=') + 1 : NULL;
    if (argc > 2 && !nodes) {
        fprintf(stderr, "Invalid option: %s\n", argv[1]);
        return EXIT_FAILURE;
    }
    mem_set_str(&r.nodes, nodes);
    int rc = call(s, MSG_SET_DEBUG, &r, "slurm_set_debug_level error:");
    meta_release(&record_set_debug, &r);
    return rc;
}

static bool is_debug_flag(const char *name)
{
    const struct conf_key_info *k = conf_key_info(CONF_DEBUG_FLAGS);
    for (uint32_t i = 0; i < k->n_values; i++)
        if (text_same_nocase(name, k->values[i].name))
            return true;
    return false;
}

/* "+Gres" or "-Steps,Route", whose sign is of every name, to "+Gres" and "-Steps,-Route". */
static bool add_debug_flags(struct scontrol *s, const char *word, struct buf *out)
{
    bool sign = *word == '+' || *word == '-', known = sign;
    struct text_list names = {0};
    text_split(&names, word + sign, ',');
    for (uint32_t i = 0; i < names.n && known; i++) {
        known = is_debug_flag(names.v[i]);
        if (!known)
            cli_error(s->cli, "Invalid DebugFlag: %s", names.v[i]);
        buf_sep(out, ",");
        buf_addf(out, "%c%s", *word, names.v[i]);
    }
    text_list_release(&names);
    if (!known)
        fprintf(stderr, "invalid debug flag: %s\n", word);
    if (!sign)
        fprintf(stderr, "Usage: setdebugflags {+|-}NAME [{+|-}NAME] [nodes=<NODES>]\n");
    return known;
}

int scontrol_setdebugflags(struct scontrol *s, int argc, char **argv)
{
    struct set_debug r;
    struct buf flags = BUF_INIT;
    int rc = 0;
    meta_init(&record_set_debug, &r);
    for (int i = 1; i < argc && rc == 0; i++) {
        if (text_starts_nocase(argv[i], "nodes="))
            mem_set_str(&r.nodes, strchr(argv[i], '=') + 1);
        else if (!add_debug_flags(s, argv[i], &flags))
            rc = EXIT_FAILURE;
    }
    if (rc == 0) {
        mem_set_str(&r.flags, flags.s);
        rc = call(s, MSG_SET_DEBUG, &r, "slurm_set_debug_flags error:");
    }
    meta_release(&record_set_debug, &r);
    buf_release(&flags);
    return rc;
}

/* There is no second log of the scheduler, so its level cannot be changed; the words are looked at all the
 * same. */
int scontrol_schedloglevel(struct scontrol *s, int argc, char **argv)
{
    static const char *const words[] = {"0", "1", "disable", "enable"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (!text_same_nocase(argv[1], words[i]))
            continue;
        fprintf(stderr, "slurm_set_schedlog_level error:%s\n",
                getuid() ? "Permission denied" : "Requested operation is presently disabled");
        return EXIT_FAILURE;
    }
    fprintf(stderr, "invalid schedlog level: %s\n", argv[1]);
    return EXIT_FAILURE;
}

int scontrol_fsdampening(struct scontrol *s, int argc, char **argv)
{
    uint32_t factor;
    if (!text_to_u32(argv[1], &factor) || !factor) {
        fprintf(stderr, "invalid dampening factor: %s\n", argv[1]);
        return EXIT_FAILURE;
    }
    fprintf(stderr, "slurm_set_fs_dampeningfactor error:%s\n",
            getuid() ? "Permission denied" : "Requested operation not supported on this system");
    return EXIT_FAILURE;
}

int scontrol_takeover(struct scontrol *s, int argc, char **argv)
{
    char host[256];
    uint32_t index = 1;
    if (argc > 2) {
        fprintf(stderr, "takeover: too many arguments\n");
        return EXIT_FAILURE;
    }
    if (argc > 1 && !text_to_u32(argv[1], &index))
        index = 0;
    bool there = index && controller_name(s->cli, index, host, sizeof host);
    if (argc > 1 && !there) {
        fprintf(stderr, "takeover: invalid backup controller index (%" PRIu32 ")\n", index);
        return EXIT_FAILURE;
    }
    if (!there) {
        fprintf(stderr, "slurm_takeover error: no backup controller is configured (SlurmctldHost)\n");
        return EXIT_FAILURE;
    }
    fprintf(stderr, "slurm_takeover error: Requested operation not supported on this system\n");
    return EXIT_FAILURE;
}

int scontrol_token(struct scontrol *s, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (text_starts_nocase(argv[i], "lifespan=") || text_starts_nocase(argv[i], "username="))
            continue;
        fprintf(stderr, "Invalid option: `%s`\n", argv[i]);
        return EXIT_FAILURE;
    }
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
    const char *text = number ? error_text((int)number) : "No error";
    puts(text ? text : strerror((int)number));
    return 0;
}

int scontrol_getaddrs(struct scontrol *s, int argc, char **argv)
{
    struct node_list nodes = {0};
    struct hostlist names = {0};
    struct err e;
    if (hostlist_parse(&names, argv[1], &e) < 0 || fetch_nodes(cli_ctld(s->cli), NULL, &nodes, &e) < 0)
        return scontrol_fail(s, "", &e);
    struct host_iter it = {.list = &names};
    for (const char *name; (name = host_iter_next(&it));) {
        for (uint32_t i = 0; i < nodes.list.n; i++) {
            const struct node *n = nodes.list.v[i];
            if (strcmp(n->name, name) == 0)
                printf("%s: %s:%u\n", name, n->addr ? n->addr : name, n->port);
        }
    }
    node_list_release(&nodes);
    hostlist_release(&names);
    return 0;
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

static int fail(const char *text)
{
    fprintf(stderr, "%s\n", text);
    return EXIT_FAILURE;
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
        else if (nodes)
            return fail("Multiple node lists specified");
        else
            nodes = argv[i];
    }
    int rc = EXIT_FAILURE;
    if (state && !text_same_nocase(state, "DOWN") && !text_same_nocase(state, "RESUME")) {
        fprintf(stderr, "Invalid state: %s\n Valid states: DOWN, RESUME\n", state);
    } else if (!nodes) {
        fprintf(stderr, "Missing node list. Specify ALL|<NodeList>\n");
    } else if (!conf_str(cli_env(s->cli)->conf, CONF_REBOOT_PROGRAM)) {
        cli_error(s->cli, "RebootProgram isn't defined");
        fprintf(stderr, "scontrol_reboot_nodes error:Unspecified error\n");
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
        fprintf(stderr, "unexpected argument: '%s'\n", argv[1]);
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
