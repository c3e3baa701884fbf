/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/listing.h"

#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"

bool listing_cluster(struct listing *l, const char *names)
{
    const struct conf *conf = cli_env(l->cli)->conf;
    bool recorded = conf_str(conf, CONF_ACCOUNTING_STORAGE_TYPE) &&
                    !conf_plugin(conf, CONF_ACCOUNTING_STORAGE_TYPE, "none");
    bool all = strcmp(names, "all") == 0;
    if (recorded && (all || strcmp(names, cli_cluster(l->cli)) == 0))
        return true;
    if (!recorded)
        cli_error(l->cli, "Problem talking to database");
    if (all)
        cli_error(l->cli, "No clusters can be reached now. Contact your admin to resolve the problem.");
    else
        cli_error(l->cli,
                  "'%s' can't be reached now, or it is an invalid entry for --cluster.  "
                  "Use 'sacctmgr list clusters' to see available clusters.",
                  names);
    cli_fatal(l->cli, "Could not get cluster information");
    return false;
}

/* Options without a value; false when `opt` is none of them. */
static bool set_flag(struct listing *l, int opt)
{
    switch (opt) {
    case 'a':
        l->all = true;
        return true;
    case OPT_HIDE:
        l->all = false;
        return true;
    case 'h':
        l->header = false;
        return true;
    case 'l':
        l->long_form = true;
        return true;
    case 'v':
        l->cli->verbose++;
        return true;
    case OPT_NOCONVERT:
        l->no_convert = true;
        return true;
    default:
        return opt == OPT_IGNORED;
    }
}

int listing_option(struct listing *l, int opt)
{
    int rc = help_listing(l->cli, l->help, opt);
    if (rc >= 0 || set_flag(l, opt))
        return rc;
    switch (opt) {
    case 'o':
        l->format = optarg;
        l->given = 'o';
        break;
    case 'O':
        l->format_long = optarg;
        l->given = 'O';
        break;
    case 'S':
        l->sort = optarg;
        break;
    case 't':
        l->states = optarg;
        break;
    case OPT_JSON:
    case OPT_YAML:
        l->json = true;
        l->yaml = opt == OPT_YAML;
        l->parser = optarg;
        break;
    case 'i':
        if (text_to_u32(optarg, &l->iterate) && l->iterate > 0)
            break;
        cli_error(l->cli, "%s--iterate=%s", l->iterate_error, optarg);
        return EXIT_FAILURE;
    case 'M':
        if (!listing_cluster(l, optarg))
            return EXIT_FAILURE;
        break;
    default:
        break;
    }
    return -1;
}

bool listing_settle(const struct listing *l)
{
    if (!l->long_form || l->given != 'o')
        return true;
    cli_fatal(l->cli,
              "Options -o(--format) and -l(--long) are mutually exclusive. Please remove one and retry.");
    return false;
}
