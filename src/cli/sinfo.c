/* SPDX-License-Identifier: Apache-2.0 */
/* sinfo(1): partitions and nodes. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hostlist.h"
#include "base/map.h"
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/fetch.h"
#include "cli/listing.h"
#include "cli/nodecols.h"
#include "cli/nodejson.h"
#include "cli/nodestates.h"
#include "cli/timefmt.h"
#include "model/nodetext.h"

struct sinfo {
    struct cli *cli;
    struct listing listing;
    struct layout layout;
    struct sort_spec sort;
    struct nodecols_ctx ctx;
    struct buf out;
    struct part_list parts;
    struct node_list nodes;
    const char *names, *partitions;
    bool dead, responding, exact, future, node_form, reasons, summary, reservations;
    bool by_part; /* names of partitions are shown */
};

struct groups {
    VEC(struct node_group) list;
    struct map_str by_key; /* line_key() -> place in the list, from 1 */
};

static const struct option options[] = {
    LISTING_OPTIONS,
    {"dead", no_argument, NULL, 'd'},
    {"exact", no_argument, NULL, 'e'},
    {"future", no_argument, NULL, 'F'},
    {"list-reasons", no_argument, NULL, 'R'},
    {"Node", no_argument, NULL, 'N'},
    {"nodes", required_argument, NULL, 'n'},
    {"partition", required_argument, NULL, 'p'},
    {"reservation", no_argument, NULL, 'T'},
    {"responding", no_argument, NULL, 'r'},
    {"summarize", no_argument, NULL, 's'},
    {"sort", required_argument, NULL, 'S'},
    {"states", required_argument, NULL, 't'},
    {0},
};

static bool read_environment(struct sinfo *s)
{
    const char *clusters = cli_getenv("SLURM_CLUSTERS");
    s->listing.all = getenv("SINFO_ALL") != NULL;
    s->future = getenv("SCONTROL_FUTURE") != NULL;
    s->listing.format = cli_getenv("SINFO_FORMAT");
    s->partitions = cli_getenv("SINFO_PARTITION");
    s->listing.sort = cli_getenv("SINFO_SORT");
    return !clusters || listing_cluster(&s->listing, clusters);
}

static const struct help_listing help = {help_sinfo, usage_sinfo, help_node_states, letters_sinfo,
                                         names_sinfo};

static bool check_states(struct sinfo *s)
{
    char bad[64];
    if (!s->listing.states || nodestates_valid(s->listing.states, bad, sizeof bad))
        return true;
    cli_error(s->cli, "Bad state string: \"%s\"", bad);
    cli_error(s->cli, "valid states: %s",
              "unknown,down,idle,allocated,mixed,future,drain,drained,draining,no_respond,reserved,"
              "planned,blocked,cloud,"
              "completing,powering_down,powered_down,power_down,powering_up,power_up,inval,fail,maint,"
              "reboot,reboot^,"
              "external,dynamic_future,dynamic_norm");
    return false;
}

static bool names_fit(const struct sinfo *s)
{
    struct hostlist names = {0};
    bool good = hostlist_parse(&names, s->names, NULL) == 0;
    hostlist_release(&names);
    if (!good)
        cli_error(s->cli, "'%s' invalid entry for --nodes", s->names);
    return good;
}

/* One option; -1 = go on, else the exit status. */
static int take_option(struct sinfo *s, int opt)
{
    switch (opt) {
    case 'd':
        s->dead = true;
        return -1;
    case 'e':
        s->exact = true;
        return -1;
    case 'F':
        s->future = true;
        return -1;
    case 'N':
        s->node_form = true;
        return -1;
    case 'r':
        s->responding = true;
        return -1;
    case 'R':
        s->reasons = true;
        return -1;
    case 's':
        s->summary = true;
        return -1;
    case 'T':
        s->reservations = true;
        return -1;
    case 'n':
        s->names = optarg;
        if (!names_fit(s))
            return EXIT_FAILURE;
        return -1;
    case 'p':
        s->partitions = optarg;
        return -1;
    case 'o':
        if (s->listing.given != 'O')
            return listing_option(&s->listing, opt);
        s->listing.format_long = optarg; /* Slurm reads it as names then */
        return -1;
    case 't':
        s->listing.states = optarg;
        return check_states(s) ? -1 : EXIT_FAILURE;
    default:
        return listing_option(&s->listing, opt);
    }
}

static void bad_short(void *arg, const char *field)
{
    (void)arg;
    fflush(stdout);
    fprintf(stderr, "Invalid node format specification: %s\n", field);
}

static void bad_long(void *arg, const char *field)
{
    struct sinfo *s = arg;
    cli_error(s->cli, "Invalid job format specification: %s", field);
}

static const char *default_format(const struct sinfo *s)
{
    if (s->summary)
        return "%#P %.5a %.10l %.16F %N";
    if (s->node_form)
        return s->listing.long_form ? "%#N %.6D %#P %.11T %4c %.8z %.6m %.8d %.6w %.8f %20E"
                                    : "%#N %.6D %#P %6t";
    if (s->reasons)
        return s->listing.long_form ? "%20E %12U %19H %6t %N" : "%20E %9u %19H %N";
    return s->listing.long_form ? "%#P %.5a %.10l %.10s %.4r %.8h %.10g %.6D %.11T %.11i %N"
                                : "%#P %.5a %.10l %.6D %.6t %N";
}

/* Whether lines tell partitions apart. */
static bool shows_partition(const struct layout *l)
{
    for (uint32_t i = 0; i < l->uses.n; i++)
        if (l->uses.v[i].column && nodecol_is_partition(l->uses.v[i].column))
            return true;
    return false;
}

static void settle(struct sinfo *s)
{
    const struct listing *l = &s->listing;
    bool own = s->node_form || s->reasons || s->summary; /* stronger than the environment */
    s->ctx.cluster = "N/A";
    if (l->given == 'O')
        layout_parse_long(&s->layout, nodecols, l->format_long, bad_long, s);
    else
        layout_parse_short(&s->layout, nodecols,
                           l->format && (l->given || !own) ? l->format : default_format(s), bad_short, s);
    s->by_part = shows_partition(&s->layout);
    /* Node listings are read by eye along the names: the partition stands right. */
    for (uint32_t i = 0; i < s->layout.uses.n && s->node_form && !s->summary; i++) {
        struct column_use *u = &s->layout.uses.v[i];
        if (u->width == COLUMN_WIDTH_FIT && u->column->letter == 'P')
            u->right = true;
    }
}

static int fetch(struct sinfo *s)
{
    struct err e;
    struct part_select select;
    meta_init(&record_part_select, &select);
    select.all = s->listing.all || s->partitions;
    const char *what = "slurm_load_partitions";
    int rc = fetch_parts(cli_ctld(s->cli), &select, &s->parts, &e);
    meta_release(&record_part_select, &select);
    if (rc == 0) {
        struct node_select ns;
        meta_init(&record_node_select, &ns);
        ns.all = true;
        what = "slurm_load_node";
        rc = fetch_nodes(cli_ctld(s->cli), &ns, &s->nodes, &e);
        meta_release(&record_node_select, &ns);
    }
    if (rc < 0) {
        struct buf line = BUF_INIT;
        fprintf(stderr, "%s: %s\n", what, cli_error_line(&e, &line));
        buf_release(&line);
    }
    return rc;
}

static bool part_wanted(const struct sinfo *s, const struct part *p)
{
    if (!s->partitions)
        return true; /* the controller leaves out what is hidden from this user */
    struct text_list names = {0};
    text_split(&names, s->partitions, ',');
    bool hit = false;
    for (uint32_t i = 0; i < names.n && !hit; i++)
        hit = strcmp(names.v[i], p->name) == 0;
    text_list_release(&names);
    return hit;
}

static bool node_wanted(const struct sinfo *s, const struct node *n, const struct hostlist *names)
{
    bool silent = n->flags & NODEF_NOT_RESPONDING;
    if ((s->dead && !silent) || (s->responding && silent))
        return false;
    if (n->state == NODE_FUTURE && !s->future && !s->listing.states)
        return false;
    if (s->names && hostlist_find(names, n->name) < 0)
        return false;
    if (s->reasons && !s->listing.states &&
        !(node_use(n) == NODE_USE_DOWN || n->flags & (NODEF_DRAIN | NODEF_FAIL | NODEF_INVALID_REG)))
        return false;
    return !s->listing.states || nodestates_match(s->listing.states, n);
}

/* All that is shown of a node and is not a sum: nodes with the same text share a line. */
static void line_key(const struct sinfo *s, const struct node_group *one, struct buf *out)
{
    for (uint32_t i = 0; i < s->layout.uses.n; i++) {
        const struct column *c = s->layout.uses.v[i].column;
        if (!c || nodecol_sort(c) == NODECOL_SUM || (nodecol_sort(c) == NODECOL_RANGE && !s->exact))
            continue;
        c->text(one, &s->ctx, out);
        buf_addc(out, '\x1f');
    }
}

static void add_node(struct sinfo *s, struct groups *groups, const struct part *p, uint32_t order,
                     const struct node *n)
{
    const struct node *nodes[1] = {n};
    struct node_group one = {.part = p, .part_order = order, .nodes = {.v = nodes, .n = n ? 1 : 0}};
    struct buf key = BUF_INIT;
    uintptr_t place = 0; /* of the group, from 1 */
    if (n && !s->node_form) {
        line_key(s, &one, &key);
        place = (uintptr_t)map_str_get(&groups->by_key, key.s);
    }
    if (!place) {
        struct node_group *g = VEC_PUSH(&groups->list);
        g->part = p;
        g->part_order = order;
        place = groups->list.n;
        if (n && !s->node_form)
            map_str_put(&groups->by_key, key.s, (void *)place);
    }
    struct node_group *g = &groups->list.v[place - 1];
    if (n && !bits_test(&g->members, n->index)) {
        bits_set(&g->members, n->index);
        *VEC_PUSH(&g->nodes) = n;
    }
    buf_release(&key);
}

static void group(struct sinfo *s, struct groups *groups)
{
    struct hostlist names = {0};
    if (s->names)
        hostlist_parse(&names, s->names, NULL);
    for (uint32_t i = 0; i < s->parts.list.n; i++) {
        const struct part *p = s->parts.list.v[i];
        bool any = false;
        if (!part_wanted(s, p))
            continue;
        for (uint32_t k = 0; k < s->nodes.list.n; k++) {
            const struct node *n = s->nodes.list.v[k];
            if (!bits_test(&p->members, n->index) || !node_wanted(s, n, &names))
                continue;
            add_node(s, groups, p, i, n);
            any = true;
        }
        if (!any && !s->node_form && !s->reasons && s->by_part)
            add_node(s, groups, p, i, NULL);
    }
    hostlist_release(&names);
}

static void set_sort(struct sinfo *s)
{
    char bad;
    const char *otherwise = s->node_form ? "N" : s->reasons ? "-t" : "#P,-t";
    sort_parse(&s->sort, nodecols, NULL, s->listing.sort ? s->listing.sort : otherwise, &bad);
}

static void print_groups(struct sinfo *s)
{
    struct groups groups = {0};
    group(s, &groups);
    set_sort(s);
    sort_rows(&s->sort, groups.list.v, groups.list.n, sizeof(struct node_group), &s->ctx);
    enum { NODE_WIDTH_MIN = 9 };
    layout_fit(&s->layout, groups.list.v, groups.list.n, sizeof(struct node_group), &s->ctx);
    for (uint32_t i = 0; i < s->layout.uses.n; i++) {
        struct column_use *u = &s->layout.uses.v[i];
        if (s->node_form && !s->summary && !s->listing.given && u->column->letter == 'N' &&
            u->width < NODE_WIDTH_MIN)
            u->width = NODE_WIDTH_MIN;
    }
    if (s->listing.header)
        layout_head(&s->layout, &s->out);
    for (uint32_t i = 0; i < groups.list.n; i++) {
        layout_row(&s->layout, &groups.list.v[i], &s->ctx, &s->out);
        VEC_FREE(&groups.list.v[i].nodes);
        bits_release(&groups.list.v[i].members);
    }
    VEC_FREE(&groups.list);
    map_str_release(&groups.by_key);
}

static int print_json(struct sinfo *s)
{
    /* The documents have a member for each partition and state of nodes, whatever the format. */
    layout_parse_short(&s->layout, nodecols, "%P%t%f%b%G%E", bad_short, s);
    struct groups groups = {0};
    group(s, &groups);
    nodejson_groups(s->cli, groups.list.v, groups.list.n, s->nodes.list.v, s->nodes.list.n, s->listing.yaml);
    return 0;
}

static int once(struct sinfo *s)
{
    const struct listing *l = &s->listing;
    if ((l->long_form || l->iterate) && l->header && !l->json) {
        timefmt_head(cli_now(), &s->out);
        buf_addc(&s->out, '\n');
    }
    if (s->reservations) {
        buf_adds(&s->out, "No reservations in the system\n");
        cli_flush(&s->out);
        return 0;
    }
    if (fetch(s) < 0)
        return EXIT_FAILURE;
    if (l->json)
        return print_json(s);
    print_groups(s);
    cli_flush(&s->out);
    part_list_release(&s->parts);
    node_list_release(&s->nodes);
    return 0;
}

int cmd_sinfo(struct cli *cli)
{
    struct sinfo s = {
        .cli = cli,
        .listing = {.cli = cli, .help = &help, .iterate_error = "Error: invalid entry for ", .header = true},
        .out = BUF_INIT};
    int opt, rc = -1;
    if (!read_environment(&s))
        return EXIT_FAILURE;
    while ((opt = getopt_long(cli->argc, cli->argv, "adeFhi:lM:n:No:O:p:rRsS:t:TvV", options, NULL)) != -1)
        if ((rc = take_option(&s, opt)) >= 0)
            return rc;
    if (!listing_settle(&s.listing))
        return EXIT_FAILURE;
    for (;;) {
        settle(&s);
        rc = once(&s);
        if (!s.listing.iterate)
            return rc;
        sleep(s.listing.iterate);
    }
}
