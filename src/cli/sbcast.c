/* SPDX-License-Identifier: Apache-2.0 */
/* sbcast(1): copy a file to the nodes of a job. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hostlist.h"
#include "base/mem.h"
#include "base/sizetext.h"
#include "cli/bcastlibs.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "conf/conf.h"
#include "model/errors.h"

enum { OPT_EXCLUDE = OPT_OWN, OPT_SEND_LIBS, FAILED = 255 };

struct sbcast {
    struct cli *cli;
    struct bcast_order order;
    const char *job; /* "7", "7.0" as given or from the environment */
    const char *nodes;
    const char *exclude; /* folders whose libraries are not sent; NULL: BcastExclude */
    bool any_node;       /* -Z */
    bool libs_given, send_libs;
    bool compress_given;
};

static const struct option options[] = {
    {"compress", optional_argument, NULL, 'C'},
    {"exclude", required_argument, NULL, OPT_EXCLUDE},
    {"fanout", required_argument, NULL, 'F'},
    {"force", no_argument, NULL, 'f'},
    {"help", no_argument, NULL, OPT_HELP},
    {"jobid", required_argument, NULL, 'j'},
    {"no-allocation", no_argument, NULL, 'Z'},
    {"nodelist", required_argument, NULL, 'w'},
    {"preserve", no_argument, NULL, 'p'},
    {"send-libs", optional_argument, NULL, OPT_SEND_LIBS},
    {"size", required_argument, NULL, 's'},
    {"timeout", required_argument, NULL, 't'},
    {"treewidth", required_argument, NULL, 'F'},
    {"usage", no_argument, NULL, OPT_USAGE},
    {"verbose", no_argument, NULL, 'v'},
    {"version", no_argument, NULL, 'V'},
    {0},
};

static void set_compress(struct sbcast *s, const char *text)
{
    s->compress_given = true;
    bcast_compression(s->cli, &s->order, text);
}

static void set_fanout(struct sbcast *s, const char *text)
{
    if (!text || !bcast_fanout(&s->order, text))
        cli_error(s->cli, "Ignoring invalid --treewidth value '%s'", text ? text : "");
}

static void set_timeout(struct sbcast *s, const char *text)
{
    if (!text || !text_to_u32(text, &s->order.timeout_s))
        cli_error(s->cli, "Ignoring invalid --timeout value '%s'", text ? text : "");
}

static void set_size(struct sbcast *s, const char *text)
{
    struct err e;
    if (size_parse_bytes(text, 1, &s->order.block, &e) < 0) {
        fputs("size specification is invalid, ignored\n", stderr);
        s->order.block = 0;
    }
}

static void set_send_libs(struct sbcast *s, const char *text)
{
    s->send_libs = !text || text_same_nocase(text, "yes");
    s->libs_given = true;
    if (text && !s->send_libs && !text_same_nocase(text, "no"))
        cli_error(s->cli, "Ignoring unrecognized --send-libs value '%s'", text);
}

static void set_option(struct sbcast *s, int opt, const char *value)
{
    switch (opt) {
    case 'C':
        set_compress(s, value);
        break;
    case 'f':
        s->order.force = true;
        break;
    case 'p':
        s->order.preserve = true;
        break;
    case 's':
        set_size(s, value);
        break;
    case 'j':
        s->job = value;
        break;
    case 'w':
        s->nodes = value;
        break;
    case 'Z':
        s->any_node = true;
        break;
    case 'v':
        s->cli->verbose++;
        break;
    case OPT_SEND_LIBS:
        set_send_libs(s, value);
        break;
    case OPT_EXCLUDE:
        s->exclude = value;
        break;
    case 'F':
        set_fanout(s, value);
        break;
    case 't':
        set_timeout(s, value);
        break;
    }
}

static void read_environment(struct sbcast *s)
{
    static const struct {
        const char *name;
        int opt;
    } vars[] = {
        {"SBCAST_COMPRESS", 'C'}, {"SBCAST_FANOUT", 'F'},
        {"SBCAST_FORCE", 'f'},    {"SBCAST_PRESERVE", 'p'},
        {"SBCAST_SIZE", 's'},     {"SBCAST_SEND_LIBS", OPT_SEND_LIBS},
        {"SBCAST_TIMEOUT", 't'},  {"SBCAST_EXCLUDE", OPT_EXCLUDE},
    };
    for (size_t i = 0; i < sizeof vars / sizeof *vars; i++) {
        const char *value = getenv(vars[i].name);
        if (value)
            set_option(s, vars[i].opt, *value ? value : NULL);
    }
}

/* -1: go on, else the exit status. */
static int read_options(struct sbcast *s, int argc, char **argv)
{
    int opt;
    while ((opt = getopt_long(argc, argv, "C::fF:j:ps:t:vVw:Z", options, NULL)) != -1) {
        switch (opt) {
        case 'V':
            cli_version();
            return 0;
        case OPT_HELP:
            fputs(help_sbcast, stdout);
            return 0;
        case OPT_USAGE:
            fputs(usage_sbcast, stdout);
            return 0;
        case '?':
            return cli_try_help(s->cli);
        default:
            set_option(s, opt, optarg);
        }
    }
    if (argc - optind != 2) {
        fprintf(stderr, "Need two file names, have %d names\n", argc - optind);
        return cli_try_help(s->cli);
    }
    s->order.source = argv[optind];
    s->order.dest = argv[optind + 1];
    return -1;
}

/* "7", "7.0" and "7+0"; false after the complaint. */
static bool read_job(struct sbcast *s, struct bcast_request *ret)
{
    char job[16] = "";
    const char *text = s->job, *step = text + strcspn(text, ".");
    size_t len = strcspn(text, ".+");
    uint64_t number;
    ret->step_id = NO_VAL;
    if (len < sizeof job)
        memcpy(job, text, len);
    if (!text_to_u64(job, &number) || number == 0 || number >= NO_VAL) {
        cli_fatal(s->cli, "Bad job/step specified: %s: JobID can not be zero", text);
        return false;
    }
    ret->job_id = (uint32_t)number;
    if (*step && (!text_to_u64(step + 1, &number) || number >= NO_VAL)) {
        cli_fatal(s->cli, "Bad job/step specified: %s: StepID includes unexpected non-numeric characters",
                  text);
        return false;
    }
    if (*step)
        ret->step_id = (uint32_t)number;
    return true;
}

static int get_grant(struct sbcast *s, struct bcast_grant *ret)
{
    struct bcast_request m;
    struct buf line = BUF_INIT;
    struct err e;
    meta_init(&record_bcast_request, &m);
    if (!read_job(s, &m))
        return EXIT_FAILURE;
    if (client_call(cli_ctld(s->cli), MSG_BCAST_GRANT, &m, ret, &e) == 0)
        return 0;
    const char *text = cli_error_line(&e, &line);
    bool unknown = e.code == ESLURM_INVALID_JOB_ID && m.step_id == NO_VAL;
    if (unknown)
        cli_error(s->cli, "Failed to load JobId=%s: '%s'", s->job, text);
    else
        cli_error(s->cli, "Slurm job %s lookup error: %s", s->job, text);
    return unknown ? EXIT_FAILURE : FAILED;
}

/* -w: only these of the job's nodes. */
static int choose_nodes(struct sbcast *s, struct bcast_grant *g)
{
    struct hostlist wanted = {0};
    struct err e;
    uint32_t kept = 0;
    if (!s->nodes)
        return 0;
    if (hostlist_parse(&wanted, s->nodes, &e) < 0) {
        cli_error(s->cli, "%s", e.text);
        return FAILED;
    }
    hostlist_uniq(&wanted);
    for (uint32_t i = 0; i < g->nodes.n; i++) {
        struct step_node *n = &g->nodes.v[i], moved = *n;
        if (hostlist_find(&wanted, n->name) < 0)
            continue;
        *n = g->nodes.v[kept];
        g->nodes.v[kept++] = moved;
    }
    int rc = kept == wanted.count ? 0 : FAILED;
    if (rc)
        cli_error(s->cli, "Not all nodes in --nodelist/-w '%s' are in job %s.", s->nodes, s->job);
    hostlist_release(&wanted);
    g->nodes.n = kept;
    return rc;
}

/* The file, and its libraries if they are wanted. */
static int send_it(struct sbcast *s, const struct bcast_grant *grant)
{
    struct meta_strs libs = {0};
    bool wanted = s->libs_given
                      ? s->send_libs
                      : conf_has_param(cli_env(s->cli)->conf, CONF_BCAST_PARAMETERS, "send_libs", NULL);
    bool known = wanted && access(s->order.source, R_OK) == 0 &&
                 bcast_libs(s->cli, s->order.source, s->exclude, &libs);
    int rc = bcast_send(s->cli, grant, &s->order);
    if (rc == 0 && known)
        rc = bcast_send_libs(s->cli, grant, &s->order, &libs);
    bcast_libs_release(&libs);
    return rc;
}

int cmd_sbcast(struct cli *cli)
{
    struct sbcast s = {.cli = cli};
    struct bcast_grant grant;
    read_environment(&s);
    int rc = read_options(&s, cli->argc, cli->argv);
    if (rc >= 0)
        return rc;
    if (s.any_node) {
        if (!s.nodes)
            cli_error(cli, "--nodelist/-w is required with --no-allocation/-Z.");
        else
            cli_error(cli, "Received error in response to sbcast credential request: %s",
                      error_text(ESLURM_INVALID_USER_ID));
        return s.nodes ? FAILED : EXIT_FAILURE;
    }
    if (!s.job)
        s.job = cli_getenv("SLURM_JOB_ID");
    if (!s.job) {
        cli_error(
            cli,
            "Need a job id to run this command.  Run from within a Slurm job or use the --jobid option.");
        return EXIT_FAILURE;
    }
    size_t len = strlen(s.order.dest);
    if (len && s.order.dest[len - 1] == '/') {
        cli_error(cli, "Target filename cannot be a directory.");
        return EXIT_FAILURE;
    }
    if (access(s.order.source, R_OK) == 0) {
        rc = get_grant(&s, &grant);
        if (rc == 0)
            rc = choose_nodes(&s, &grant);
        if (rc > 0)
            return rc;
    } else
        meta_init(&record_bcast_grant, &grant); /* bcast_send says what is wrong with the file */
    if (!s.compress_given)
        bcast_default_compression(cli, &s.order);
    char *dest = bcast_dest(cli, s.order.dest);
    s.order.dest = dest;
    rc = send_it(&s, &grant);
    mem_free(dest);
    meta_release(&record_bcast_grant, &grant);
    return rc;
}
