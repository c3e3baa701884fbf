/* SPDX-License-Identifier: Apache-2.0 */
/* sluice up, sluice down, sluice env: a private cluster in a folder of its own.
 * doc/spec/09-private-cluster.md */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hostlist.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/fetch.h"
#include "cli/upconf.h"
#include "cli/updaemons.h"
#include "cli/upfolder.h"
#include "conf/conf.h"
#include "os/conf_source.h"
#include "os/key.h"
#include "os/users.h"

enum {
    NODES_DEFAULT = 2,
    READY_MS_MAX = 60000, /* for the controller and the nodes to be ready, and so much more for each node: */
    READY_MS_NODE = 20,
    POLL_MS_MIN = 5, /* between two looks; doubles up to the next */
    POLL_MS_MAX = 160,
    TAIL_LINES = 10,
    FINDINGS_MAX = 10, /* of a configuration that cannot be used: shown */
};

static const char usage[] =
    "Usage: sluice up [--dir DIR] [--nodes N] [--cpus N] [--conf FILE] [--quiet]\n"
    "       sluice down [--dir DIR] [--quiet]\n"
    "       eval \"$(sluice env [--dir DIR])\"\n"
    "Brings up a private cluster on this host, as root or as an ordinary user; ends it; lets a shell use "
    "it.\n"
    "  -d, --dir DIR     where its files are; default: ~/.sluice/private\n"
    "  -n, --nodes N     so many nodes; default: 2\n"
    "  -c, --cpus N      of a node; default: a fair share of this host's\n"
    "  -f, --conf FILE   a slurm.conf to take the cluster from, with what lies beside it\n"
    "  -q, --quiet       say nothing unless it fails\n";

struct up {
    struct cli *cli;
    struct up_folder folder;
    const char *dir, *conf_from;
    uint32_t nodes, cpus; /* 0: not given */
    int64_t began;        /* ms */
    bool started;         /* daemons have been */
};

static const struct option long_options[] = {
    {"dir", required_argument, NULL, 'd'},
    {"nodes", required_argument, NULL, 'n'},
    {"cpus", required_argument, NULL, 'c'},
    {"conf", required_argument, NULL, 'f'},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, 'h'},
    {0},
};

static uint32_t number(const struct cli *cli, const char *what, const char *text, uint32_t max)
{
    uint32_t n;

    if (text_to_u32(text, &n) && n >= 1 && n <= max)
        return n;
    cli_error(cli, "%s takes a number from 1 to %u, not %s", what, max, text);
    exit(EXIT_FAILURE);
}

/* Ends the process where it says so; the folder is named, and nothing is done yet. */
static void parse(struct up *up, struct cli *cli, const char *letters)
{
    struct err e;
    int c;

    *up = (struct up){.cli = cli, .began = up_ms()};
    while ((c = getopt_long(cli->argc, cli->argv, "d:n:c:f:qh", long_options, NULL)) != -1) {
        if (c != '?' && c != 'h' && !strchr(letters, c)) {
            cli_error(cli, "this option is only for `sluice up`");
            exit(EXIT_FAILURE);
        }
        switch (c) {
        case 'd':
            up->dir = optarg;
            break;
        case 'n':
            up->nodes = number(cli, "--nodes", optarg, UP_NODES_MAX);
            break;
        case 'c':
            up->cpus = number(cli, "--cpus", optarg, UINT16_MAX);
            break;
        case 'f':
            up->conf_from = optarg;
            break;
        case 'q':
            cli->quiet = true;
            break;
        default:
            fputs(usage, c == 'h' ? stdout : stderr);
            exit(c == 'h' ? EXIT_SUCCESS : EXIT_FAILURE);
        }
    }
    if (optind < cli->argc || (up->conf_from && (up->nodes || up->cpus))) {
        cli_error(cli, "%s",
                  optind < cli->argc ? "there is nothing but options"
                                     : "--conf says how many nodes there are");
        exit(EXIT_FAILURE);
    }
    if (up_folder_name(&up->folder, up->dir, &e) < 0) {
        cli_error(cli, "%s", e.text);
        exit(EXIT_FAILURE);
    }
}

/* --- what is shown
 * -------------------------------------------------------------------------------------------- */

static void show_tail(const char *path)
{
    struct buf tail = BUF_INIT;

    up_tail(path, TAIL_LINES, &tail);
    if (tail.len > 0)
        fprintf(stderr, "The end of %s:\n%s", path, tail.s);
    buf_release(&tail);
}

static void show_log(const struct up *up, const char *daemon)
{
    char *path = buf_format("%s/%s.log", up->folder.log, daemon);

    show_tail(path);
    mem_free(path);
}

static char *dir_option(const struct up *up)
{
    return up->dir ? buf_format(" --dir %s", up->dir) : mem_strdup("");
}

/* How this program is called: by its name, or by its path where the shell would not find it. */
static char *self(void)
{
    struct text_list folders = {0};
    char *bin = up_bin_folder();
    bool found = false;

    text_split(&folders, cli_getenv("PATH") ? cli_getenv("PATH") : "", ':');
    for (uint32_t i = 0; i < folders.n && !found; i++) {
        char *path = buf_format("%s/sluice", folders.v[i]);
        found = access(path, X_OK) == 0;
        mem_free(path);
    }
    char *name = found ? mem_strdup("sluice") : buf_format("%s/sluice", bin);
    text_list_release(&folders);
    mem_free(bin);
    return name;
}

static void show_use(const struct up *up)
{
    char *option = dir_option(up), *name = self();

    printf("\n"
           "  eval \"$(%s env%s)\"   lets this shell use it: sinfo, sbatch, srun, squeue ...\n"
           "  %s down%s   ends it\n"
           "Its logs are in %s\n",
           name, option, name, option, up->folder.log);
    mem_free(option);
    mem_free(name);
}

/* --- up
 * ------------------------------------------------------------------------------------------------------- */

static struct conf *load_conf(const char *path, struct err *e)
{
    struct conf_source source = conf_file_source();
    struct conf_messages msgs = {0};
    struct buf text = BUF_INIT;
    struct conf *c = conf_load(&source, path, CONF_WANT_NODES, &msgs, e);

    for (uint32_t i = 0, shown = 0; i < msgs.n && !c && shown < FINDINGS_MAX; i++) {
        if (msgs.v[i].severity != CONF_ERROR)
            continue;
        buf_clear(&text);
        conf_message_text(&msgs.v[i], &text);
        fprintf(stderr, "%s\n", text.s);
        shown++;
    }
    buf_release(&text);
    conf_messages_release(&msgs);
    return c;
}

/* What cannot be used is refused before anything is written. */
static int write_conf(const struct up *up, struct err *e)
{
    struct conf *given = up->conf_from ? load_conf(up->conf_from, e) : NULL;

    if (up->conf_from && !given)
        return -e->code;
    conf_free(given);
    if (given)
        return up_conf_derive(&up->folder, up->conf_from, e);
    if (up_folder_exists(&up->folder) && !up->nodes && !up->cpus)
        return 0;
    return up_conf_new(&up->folder, up->nodes ? up->nodes : NODES_DEFAULT, up->cpus, e);
}

/* The key, and folders that SlurmUser can write to. */
static int prepare_for_user(const struct up *up, const struct conf *c, struct err *e)
{
    const char *name = conf_str(c, CONF_SLURM_USER);
    uint32_t uid = geteuid(), gid = getegid();

    if (name)
        users_id(name, &uid, &gid);
    if (access(up->folder.key, F_OK) < 0 && key_create(up->folder.key, uid, e) < 0)
        return -e->code;
    const char *const folders[] = {up->folder.state, up->folder.log, up->folder.run};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0] && geteuid() == 0; i++)
        if (chown(folders[i], uid, gid) < 0)
            return err_set(e, errno, "%s: %s", folders[i], strerror(errno));
    return 0;
}

/* Nodes that have a daemon from the beginning. */
static bool is_present(const struct node *n)
{
    return n->state != NODE_FUTURE && !(n->flags & NODEF_CLOUD);
}

static int start_nodes(const struct up *up, const struct conf *c, const struct up_processes *running,
                       uint32_t *ret_n, struct err *e)
{
    uint32_t all, wanted = 0;
    const struct node *nodes = conf_nodes(c, &all);
    char **names = mem_array(all ? all : 1, sizeof *names);

    for (uint32_t i = 0; i < all; i++) {
        if (is_present(&nodes[i]) && !up_runs_node(running, nodes[i].name)) {
            char *spool = buf_format("%s/%s", up->folder.spool, nodes[i].name);
            mkdir(spool, 0755);
            mem_free(spool);
            names[wanted++] = nodes[i].name;
        }
    }
    int rc = up_start_nodes(&up->folder, names, wanted, e);
    *ret_n = wanted;
    mem_free(names);
    return rc;
}

/* Has it registered since this cluster was started? */
static bool is_ready(const struct node *n)
{
    const uint64_t away = NODEF_NO_CONTACT_YET | NODEF_NOT_RESPONDING;

    return n->state != NODE_UNKNOWN && n->state != NODE_FUTURE && !(n->flags & away);
}

/* Waits until all nodes that have a daemon are ready; *ret: the last look at them. */
static int wait_ready(const struct up *up, uint32_t want, struct node_list *ret, struct err *e)
{
    int64_t deadline = up_ms() + READY_MS_MAX + (int64_t)READY_MS_NODE * want;
    struct client *c = cli_ctld(up->cli);
    int wait_ms = POLL_MS_MIN;

    client_set_patience(c, 0);
    for (;;) {
        uint32_t ready = 0;
        int rc = fetch_nodes(c, NULL, ret, e);
        for (uint32_t i = 0; i < ret->list.n; i++)
            ready += is_ready(ret->list.v[i]);
        if (rc == 0 && ready >= want)
            return 0;
        if (up_ms() >= deadline)
            return rc < 0 ? rc : err_set(e, ETIMEDOUT, "%u of %u nodes did not register", want - ready, want);
        node_list_release(ret);
        poll(NULL, 0, wait_ms);
        wait_ms = wait_ms * 2 < POLL_MS_MAX ? wait_ms * 2 : POLL_MS_MAX;
    }
}

static uint32_t count_present(const struct conf *c)
{
    uint32_t all, n = 0;
    const struct node *nodes = conf_nodes(c, &all);

    for (uint32_t i = 0; i < all; i++)
        n += is_present(&nodes[i]);
    return n;
}

/* "lambda-gpu-[001-032]": the nodes that are ready, or those that are not. */
static void names_of(const struct node_list *l, bool ready, struct buf *out)
{
    struct hostlist names = {0};
    struct err e;

    for (uint32_t i = 0; i < l->list.n; i++)
        if (is_ready(l->list.v[i]) == ready)
            hostlist_push(&names, l->list.v[i]->name, &e);
    hostlist_text(&names, out);
    hostlist_release(&names);
}

static void show_up(const struct up *up, const struct node_list *nodes, uint32_t n)
{
    struct buf names = BUF_INIT;

    names_of(nodes, true, &names);
    if (!up->cli->quiet) {
        printf("A private cluster is up in %s: slurmctld and %u node%s, %s (%.2f s)\n", up->folder.dir, n,
               n == 1 ? "" : "s", names.s, (double)(up_ms() - up->began) / 1000);
        if (up->conf_from)
            printf("It is %s with some lines changed; each says why in %s\n", up->conf_from, up->folder.conf);
        show_use(up);
    }
    buf_release(&names);
}

static void show_failure(const struct up *up, const struct node_list *nodes, const struct err *e)
{
    char *option = dir_option(up);

    cli_error(up->cli, "%s", e->text);
    if (up->started && nodes->list.n == 0)
        show_log(up, "slurmctld");
    for (uint32_t i = 0; i < nodes->list.n; i++) {
        if (!is_ready(nodes->list.v[i])) {
            char *daemon = buf_format("slurmd.%s", nodes->list.v[i]->name);
            show_log(up, daemon);
            mem_free(daemon);
            break;
        }
    }
    if (up->started)
        fprintf(stderr, "What has started goes on; `sluice down%s` ends it.\n", option);
    mem_free(option);
}

/* Everything from the configuration to ready nodes. */
static int bring_up(struct up *up, const struct up_processes *running, struct node_list *nodes,
                    uint32_t *ret_n, struct err *e)
{
    struct conf *c = load_conf(up->folder.conf, e);
    uint32_t started;
    int rc = c ? prepare_for_user(up, c, e) : -e->code;

    up->started = rc == 0;
    if (rc == 0 && up_count(running, UP_CTLD) == 0)
        rc = up_start_ctld(&up->folder, e);
    if (rc == 0)
        rc = start_nodes(up, c, running, &started, e);
    if (rc == 0) {
        *ret_n = count_present(c);
        rc = wait_ready(up, *ret_n, nodes, e);
    }
    conf_free(c);
    return rc;
}

/* What runs of this folder. Nobody can use what is left of a folder that has been removed: it is ended. */
static int find_running(const struct up *up, struct up_processes *ret, struct err *e)
{
    unsigned n;

    if (!up_folder_exists(&up->folder) && up_end(&up->folder, &n, e) < 0)
        return -e->code;
    up_find(&up->folder, ret);
    return 0;
}

int cmd_up(struct cli *cli)
{
    struct up up;
    struct up_processes running;
    struct node_list nodes = {0};
    struct err e = {0};
    uint32_t n = 0;

    parse(&up, cli, "dncfq");
    setenv("SLURM_CONF", up.folder.conf, 1);
    if (up_folder_make(&up.folder, &e) < 0 || up_folder_lock(&up.folder, &e) < 0) {
        cli_error(cli, "%s", e.text);
        return EXIT_FAILURE;
    }
    if (find_running(&up, &running, &e) < 0) {
        cli_error(cli, "%s", e.text);
        return EXIT_FAILURE;
    }
    bool was_up = up_count(&running, UP_CTLD) > 0;
    unsigned had = up_count(&running, UP_SLURMD);
    /* What still runs goes by the present configuration. */
    int rc = was_up || had > 0 ? 0 : write_conf(&up, &e);
    if (rc == 0)
        rc = bring_up(&up, &running, &nodes, &n, &e);
    up_processes_release(&running);
    if (rc < 0) {
        show_failure(&up, &nodes, &e);
    } else if (was_up && had >= n) {
        cli_info(cli, "the cluster in %s is already up%s", up.folder.dir,
                 up.conf_from || up.nodes || up.cpus ? "; after `sluice down` it can be another one" : "");
    } else {
        show_up(&up, &nodes, n);
    }
    node_list_release(&nodes);
    return rc < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* --- down, env
 * ------------------------------------------------------------------------------------------------ */

int cmd_down(struct cli *cli)
{
    struct up up;
    struct err e;
    unsigned n;

    parse(&up, cli, "dq");
    if (!up_folder_exists(&up.folder)) {
        cli_info(cli, "there is no cluster in %s", up.folder.dir);
        return EXIT_SUCCESS;
    }
    if (up_folder_lock(&up.folder, &e) < 0 || up_end(&up.folder, &n, &e) < 0) {
        cli_error(cli, "%s", e.text);
        return EXIT_FAILURE;
    }
    if (n == 0)
        cli_info(cli, "the cluster in %s is not up", up.folder.dir);
    else if (!cli->quiet)
        printf("The cluster in %s has ended: %u processes (%.2f s)\n", up.folder.dir, n,
               (double)(up_ms() - up.began) / 1000);
    return EXIT_SUCCESS;
}

int cmd_env(struct cli *cli)
{
    struct up up;

    parse(&up, cli, "d");
    if (!up_folder_exists(&up.folder)) {
        cli_error(cli, "there is no cluster in %s: sluice up", up.folder.dir);
        return EXIT_FAILURE;
    }
    char *bin = up_bin_folder();
    printf("export SLURM_CONF='%s'\nexport PATH='%s':\"$PATH\"\n", up.folder.conf, bin);
    mem_free(bin);
    return EXIT_SUCCESS;
}
