/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/listing.h"

#include <stdlib.h>

bool listing_cluster(struct listing *l, const char *names)
{
    if (cli_knows_cluster(l->cli, names))
        return true;
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
