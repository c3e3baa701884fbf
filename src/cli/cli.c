/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "conf/conf.h"
#include "version.h"

enum { FLUSH_AT = 1 << 16 };

static void say(const struct cli *cli, const char *kind, const char *fmt, va_list ap)
{
    struct buf b = BUF_INIT;
    buf_addf(&b, "%s: %s", cli->name, kind);
    buf_addv(&b, fmt, ap);
    buf_addc(&b, '\n');
    fflush(stdout);
    fwrite(b.s, 1, b.len, stderr);
    buf_release(&b);
}

void cli_error(const struct cli *cli, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say(cli, "error: ", fmt, ap);
    va_end(ap);
}

void cli_fatal(const struct cli *cli, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say(cli, "fatal: ", fmt, ap);
    va_end(ap);
}

void cli_info(const struct cli *cli, const char *fmt, ...)
{
    if (cli->quiet)
        return;
    va_list ap;
    va_start(ap, fmt);
    say(cli, "", fmt, ap);
    va_end(ap);
}

void cli_verbose(const struct cli *cli, const char *fmt, ...)
{
    if (!cli->verbose)
        return;
    va_list ap;
    va_start(ap, fmt);
    say(cli, "", fmt, ap);
    va_end(ap);
}

const struct client_env *cli_env(struct cli *cli)
{
    struct err e;
    if (!cli->env_loaded && client_env_load(&cli->env, &e) < 0) {
        fprintf(stderr, "%s: fatal: %s\n", cli->name, e.text);
        exit(EXIT_FAILURE);
    }
    cli->env_loaded = true;
    return &cli->env;
}

struct client *cli_ctld(struct cli *cli)
{
    if (!cli->ctld)
        cli->ctld = client_to_controller(cli_env(cli));
    return cli->ctld;
}

const char *cli_cluster(struct cli *cli)
{
    const char *name = conf_str(cli_env(cli)->conf, CONF_CLUSTER_NAME);
    return name ? name : "";
}

bool cli_knows_cluster(struct cli *cli, const char *names)
{
    const struct conf *conf = cli_env(cli)->conf;
    bool recorded = conf_str(conf, CONF_ACCOUNTING_STORAGE_TYPE) &&
                    !conf_plugin(conf, CONF_ACCOUNTING_STORAGE_TYPE, "none");
    bool all = strcmp(names, "all") == 0;
    if (recorded && (all || strcmp(names, cli_cluster(cli)) == 0))
        return true;
    if (!recorded)
        cli_error(cli, "Problem talking to database");
    if (all)
        cli_error(cli, "No clusters can be reached now. Contact your admin to resolve the problem.");
    else
        cli_error(cli,
                  "'%s' can't be reached now, or it is an invalid entry for --cluster.  "
                  "Use 'sacctmgr list clusters' to see available clusters.",
                  names);
    return false;
}

const char *cli_error_line(const struct err *e, struct buf *scratch)
{
    buf_clear(scratch);
    buf_add(scratch, e->text, strcspn(e->text, "\n"));
    return scratch->s;
}

const char *cli_error_hint(const struct err *e)
{
    const char *end = strchr(e->text, '\n');
    return end && end[1] ? end + 1 : NULL;
}

bool cli_wants_hints(const struct cli *cli)
{
    return cli->verbose || isatty(STDERR_FILENO);
}

void cli_version(void)
{
    printf("slurm %s (Sluice %s)\n", SLURM_VERSION, SLUICE_VERSION);
}

int cli_try_help(const struct cli *cli)
{
    fprintf(stderr, "Try \"%s --help\" for more information\n", cli->name);
    return EXIT_FAILURE;
}

void cli_flush(struct buf *out)
{
    fwrite(out->s, 1, out->len, stdout);
    if (fflush(stdout) != 0)
        _exit(EXIT_FAILURE);
    buf_clear(out);
}

void cli_flush_some(struct buf *out)
{
    if (out->len >= FLUSH_AT)
        cli_flush(out);
}

const char *cli_getenv(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

int64_t cli_now(void)
{
    return (int64_t)time(NULL);
}
