/* SPDX-License-Identifier: Apache-2.0 */
/* scontrol show hostnames, hostlist and hostlistsorted: lists of hosts, without any daemon. */
#include <stdlib.h>

#include "base/hostlist.h"
#include "cli/help.h"
#include "cli/help.h"
#include "cli/scontrol.h"
#include "cli/slurpfile.h"

/* Names as given, or from a file whose path begins with "/", where white space separates as well. */
static int read_hosts(const char *text, struct hostlist *l, struct err *e)
{
    struct buf file = BUF_INIT;
    if (*text != '/')
        return hostlist_parse(l, text, e);
    int rc = slurpfile(text, &file, e);
    if (rc == 0)
        rc = hostlist_parse(l, file.s, e);
    buf_release(&file);
    return rc;
}

int scontrol_show_hostnames(struct scontrol *s, const char *text)
{
    struct hostlist l = {0};
    struct err e;
    if (!text || !*text)
        text = getenv("SLURM_NODELIST");
    if (!text || !*text) {
        cli_error(s->cli, "host list is empty");
        return 0;
    }
    if (hostlist_parse(&l, text, &e) < 0) {
        fprintf(stderr, "Invalid hostlist: %s\n", text);
        return 0;
    }
    struct host_iter it = {.list = &l};
    for (const char *name; (name = host_iter_next(&it));)
        puts(name);
    hostlist_release(&l);
    return 0;
}

static int print_hostlist(const char *text, bool sorted)
{
    struct hostlist l = {0};
    struct buf out = BUF_INIT;
    struct err e;
    if (!text) {
        fputs(help_scontrol, stdout);
        fprintf(stderr, "invalid encode argument\n");
        return EXIT_FAILURE;
    }
    if (read_hosts(text, &l, &e) < 0 || (sorted && hostlist_sort(&l, &e) < 0)) {
        fprintf(stderr, "Invalid hostlist: %s\n", text);
        return EXIT_FAILURE;
    }
    hostlist_text(&l, &out);
    puts(out.s);
    buf_release(&out);
    hostlist_release(&l);
    return 0;
}

int scontrol_show_hostlist(struct scontrol *s, const char *text)
{
    return print_hostlist(text, false);
}

int scontrol_show_hostlistsorted(struct scontrol *s, const char *text)
{
    return print_hostlist(text, true);
}
