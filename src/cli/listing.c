/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/listing.h"

#include <stdlib.h>
#include <string.h>

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

/* --json=PARSER; -1 = go on, else the exit status. */
static int choose_parser(struct listing *l, bool yaml)
{
    static const char *const known[] = {"v0.0.45", "v0.0.44", "v0.0.43", "v0.0.42"};
    const size_t n = sizeof known / sizeof *known;
    l->json = true;
    l->yaml = yaml;
    l->parser = optarg;
    if (!optarg || !*optarg)
        return -1;
    if (strcmp(optarg, "list") == 0) {
        fputs("Possible data_parser plugins:\n", stderr);
        for (size_t i = 0; i < n; i++)
            printf("data_parser/%s\n", known[i]);
        return 0;
    }
    const char *name = optarg + (text_starts(optarg, "data_parser/") ? strlen("data_parser/") : 0);
    size_t len = strcspn(name, "+"); /* flags follow */
    for (size_t i = 0; i < n; i++)
        if (len == 0 || (strlen(known[i]) == len && memcmp(known[i], name, len) == 0))
            return -1;
    cli_error(l->cli, "load_plugins: unable to find plugin: data_parser/%.*s", (int)len, name);
    cli_error(l->cli,
              "data_parser_g_new: failure loading plugins: Plugin has invalid format or unable to be loaded");
    cli_error(l->cli, "application/%s output not supported by data_parser/%s", yaml ? "x-yaml" : "json",
              known[0]);
    return EXIT_FAILURE;
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
        return choose_parser(l, opt == OPT_YAML);
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
    if (!l->long_form || !l->given)
        return true;
    cli_fatal(l->cli,
              "Options -o(--format) and -l(--long) are mutually exclusive. Please remove one and retry.");
    return false;
}
