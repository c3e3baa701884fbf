/* SPDX-License-Identifier: Apache-2.0 */
/* sluice check: what is wrong with a configuration, before a daemon reads it. */
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "conf/lint.h"
#include "os/conf_source.h"
#include "version.h"

int cmd_check(struct cli *cli)
{
    const char *path = cli->argc > 1 ? cli->argv[1] : cli_getenv("SLURM_CONF");
    struct conf_messages msgs = {0};
    struct buf out = BUF_INIT;
    if (cli->argc > 2 || (cli->argc > 1 && cli->argv[1][0] == '-')) {
        fputs("usage: sluice check [FILE]\n\nSays what is wrong, doubtful or without effect in a slurm.conf "
              "and the files beside it.\n",
              strcmp(cli->argv[1], "--help") == 0 ? stdout : stderr);
        return strcmp(cli->argv[1], "--help") == 0 ? 0 : EXIT_FAILURE;
    }
    struct conf_source source = conf_file_source();
    int rc = conf_lint(&source, path ? path : SYSCONFDIR "/slurm.conf", &msgs);
    conf_lint_text(&msgs, &out);
    cli_flush(&out);
    conf_messages_release(&msgs);
    return rc < 0 ? EXIT_FAILURE : 0;
}
