/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/docmeta.h"

#include <string.h>
#include <unistd.h>

#include "cli/names.h"
#include "version.h"

/* "26.05.0": major 26, minor 05, micro 0. */
static void add_version(struct docout *d, struct cli *cli)
{
    struct text_list parts = {0};
    text_split(&parts, SLURM_VERSION, '.');
    docout_map(d, "slurm");
    docout_map(d, "version");
    docout_str(d, "major", parts.n > 0 ? parts.v[0] : "");
    docout_str(d, "micro", parts.n > 2 ? parts.v[2] : "");
    docout_str(d, "minor", parts.n > 1 ? parts.v[1] : "");
    docout_end(d);
    docout_str(d, "release", SLURM_VERSION);
    docout_str(d, "cluster", cli_cluster(cli));
    docout_end(d);
    text_list_release(&parts);
}

void docmeta_finish(struct docout *d, struct cli *cli, int64_t last_update)
{
    struct buf user = BUF_INIT, group = BUF_INIT;
    names_user(getuid(), &user);
    names_group(getgid(), &group);
    if (last_update)
        docout_num(d, "last_update", true, false, (uint64_t)last_update);
    docout_map(d, "meta");
    docout_map(d, "plugin");
    docout_str(d, "type", "");
    docout_str(d, "name", "");
    docout_str(d, "data_parser", "data_parser/v0.0.45");
    docout_str(d, "accounting_storage", "");
    docout_end(d);
    docout_map(d, "client");
    docout_str(d, "source", "");
    docout_str(d, "user", user.s);
    docout_str(d, "group", group.s);
    docout_end(d);
    docout_list(d, "command");
    for (int i = 0; i < cli->argc; i++)
        docout_str(d, NULL, cli->argv[i]);
    docout_end(d);
    add_version(d, cli);
    docout_end(d);
    docout_list(d, "errors");
    docout_end(d);
    docout_list(d, "warnings");
    docout_end(d);
    docout_finish(d);
    buf_release(&user);
    buf_release(&group);
}
