/* SPDX-License-Identifier: Apache-2.0 */
/* scontrol show ENTITY [ID], and scontrol completing. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hostlist.h"
#include "base/mem.h"
#include "cli/fetch.h"
#include "cli/filters.h"
#include "cli/jobjson.h"
#include "cli/jobview.h"
#include "cli/nodejson.h"
#include "cli/scontrol.h"
#include "cli/show.h"
#include "cli/timefmt.h"
#include "model/nodetext.h"

static struct show view(const struct scontrol *s, struct buf *out)
{
    return (struct show){.out = out, .one_line = s->one_line, .details = s->details, .now = cli_now()};
}

/* --- jobs and steps
 * ---------------------------------------------------------------------------------------------- */

static int load_jobs(struct scontrol *s, const char *id, bool steps, struct job_list *jobs, struct err *e)
{
    struct job_select select;
    meta_init(&record_job_select, &select);
    if (id)
        meta_strs_push(&select.ids, id);
    select.all = s->all || id;
    select.with_steps = steps;
    int rc = fetch_jobs(cli_ctld(s->cli), &select, jobs, e);
    meta_release(&record_job_select, &select);
    return rc;
}

/* With --verbose. */
static void say_loaded(const struct scontrol *s, int64_t when, uint32_t records)
{
    struct buf time = BUF_INIT;
    if (!s->cli->verbose)
        return;
    timefmt_time(when, "Unknown", &time);
    printf("last_update_time=%s, records=%u\n", time.s, records);
    buf_release(&time);
}

/* An unknown task of a known array is told in another way than an unknown job. */
static int no_such_job(struct scontrol *s, const char *id)
{
    struct job_list jobs = {0};
    struct buf array = BUF_INIT;
    struct err e;
    buf_add(&array, id, strcspn(id, "_"));
    bool task = strchr(id, '_') && load_jobs(s, array.s, false, &jobs, &e) == 0 && jobs.list.n;
    if (task && !s->cli->quiet)
        fprintf(stderr, "Job %s not found\n", id);
    else if (!s->cli->quiet)
        fprintf(stderr, "slurm_load_jobs error: Invalid job id specified\n");
    job_list_release(&jobs);
    buf_release(&array);
    return EXIT_FAILURE;
}

static int show_jobs(struct scontrol *s, const char *id)
{
    struct job_list jobs = {0};
    struct buf out = BUF_INIT;
    struct err e;
    bool zero = id && strcmp(id, "0") == 0; /* every job */
    if (zero)
        id = NULL;
    if (id && (!filters_is_job_id(id, false) || strchr(id, '['))) {
        fprintf(stderr, "scontrol_print_job error: Invalid job id specified\n");
        return EXIT_FAILURE;
    }
    if (load_jobs(s, id, false, &jobs, &e) < 0)
        return scontrol_fail(s, "slurm_load_jobs error: ", &e);
    if (s->json)
        return jobjson_jobs(s->cli, jobs.list.v, jobs.list.n, s->yaml);
    if (zero && !jobs.list.n)
        fprintf(stderr, "Job 0 not found\n");
    if (zero && !jobs.list.n)
        return EXIT_FAILURE;
    if (id && !jobs.list.n)
        return no_such_job(s, id);
    say_loaded(s, id ? 0 : cli_now(), jobs.list.n);
    struct show v = view(s, &out);
    for (uint32_t i = 0; i < jobs.list.n; i++) {
        show_job(&v, jobs.list.v[i]);
        cli_flush_some(&out);
    }
    if (!jobs.list.n && !s->cli->quiet)
        puts("No jobs in the system");
    cli_flush(&out);
    job_list_release(&jobs);
    return 0;
}

/* "7.0" is one step, "7" all steps of a job. */
static bool step_matches(const struct job *job, uint32_t id, const char *wanted)
{
    struct buf b = BUF_INIT;
    if (!wanted || !strchr(wanted, '.'))
        return true;
    step_id_text(job, id, &b);
    bool same = strcmp(b.s, wanted) == 0;
    buf_release(&b);
    return same;
}

static uint32_t show_steps_of(const struct show *v, const struct job *job, const char *wanted)
{
    uint32_t shown = 0;
    if (!job_is_active(job))
        return 0;
    if (job->flags & JOBF_BATCH && step_matches(job, STEP_BATCH, wanted)) {
        show_step(v, job, NULL);
        shown++;
    }
    for (uint32_t i = 0; i < job->steps.n; i++) {
        if (step_matches(job, job->steps.v[i].step_id, wanted)) {
            show_step(v, job, &job->steps.v[i]);
            shown++;
        }
    }
    return shown;
}

static int show_steps(struct scontrol *s, const char *id)
{
    struct job_list jobs = {0};
    struct buf out = BUF_INIT, job_id = BUF_INIT;
    struct err e;
    if (id)
        buf_add(&job_id, id, strcspn(id, "."));
    int rc = 0;
    if (id && !filters_is_job_id(job_id.s, false))
        rc = err_set(&e, ESLURM_INVALID_JOB_ID, "JobID can not be zero");
    else
        rc = load_jobs(s, id ? job_id.s : NULL, true, &jobs, &e);
    if (rc < 0) {
        struct buf line = BUF_INIT;
        cli_error(s->cli, "scontrol_print_step: slurm_get_job_steps(%s) failed: %s", id ? id : "",
                  cli_error_line(&e, &line));
        return EXIT_FAILURE;
    }
    if (s->json)
        return jobjson_steps(s->cli, jobs.list.v, jobs.list.n, s->yaml);
    struct show v = view(s, &out);
    uint32_t shown = 0;
    for (uint32_t i = 0; i < jobs.list.n; i++)
        shown += show_steps_of(&v, jobs.list.v[i], id);
    say_loaded(s, cli_now(), shown);
    cli_flush(&out);
    job_list_release(&jobs);
    buf_release(&job_id);
    if (shown)
        return 0;
    if (id && !s->cli->quiet)
        printf("Job step %s%s not found\n", id, strchr(id, '.') ? "" : ".");
    else if (!s->cli->quiet)
        puts("No job steps in the system");
    return id ? EXIT_FAILURE : 0;
}

/* --- nodes and partitions
 * ---------------------------------------------------------------------------------------- */

static int load_nodes(struct scontrol *s, struct node_list *nodes, struct err *e)
{
    struct node_select select;
    meta_init(&record_node_select, &select);
    select.all = true;
    int rc = fetch_nodes(cli_ctld(s->cli), &select, nodes, e);
    meta_release(&record_node_select, &select);
    return rc;
}

static const struct node *find_node(const struct node_list *nodes, const char *name)
{
    for (uint32_t i = 0; i < nodes->list.n; i++)
        if (strcmp(nodes->list.v[i]->name, name) == 0 || text_same(nodes->list.v[i]->hostname, name))
            return nodes->list.v[i];
    return NULL;
}

static int show_nodes(struct scontrol *s, const char *names)
{
    struct node_list nodes = {0};
    struct buf out = BUF_INIT;
    struct err e;
    int rc = 0;
    VEC(struct node *) chosen = {0};
    if (load_nodes(s, &nodes, &e) < 0)
        return scontrol_fail(s, "slurm_load_node error: ", &e);
    struct hostlist hosts = {0};
    if (names && hostlist_parse(&hosts, names, &e) < 0)
        return scontrol_fail(s, "", &e);
    struct host_iter it = {.list = &hosts};
    struct buf missing = BUF_INIT;
    for (const char *name; names && (name = host_iter_next(&it));) {
        const struct node *n = find_node(&nodes, name);
        if (n && (n->state != NODE_FUTURE || s->future)) {
            *VEC_PUSH(&chosen) = (struct node *)n;
        } else {
            buf_addf(&missing, "Node %s not found\n", name);
            rc = EXIT_FAILURE;
        }
    }
    for (uint32_t i = 0; !names && i < nodes.list.n; i++)
        if (nodes.list.v[i]->state != NODE_FUTURE || s->future)
            *VEC_PUSH(&chosen) = nodes.list.v[i];
    struct show v = view(s, &out);
    say_loaded(s, cli_now(), nodes.list.n);
    if (s->json)
        nodejson_nodes(s->cli, chosen.v, chosen.n, s->yaml);
    for (uint32_t i = 0; !s->json && i < chosen.n; i++) {
        show_node(&v, chosen.v[i]);
        cli_flush_some(&out);
    }
    if (!s->cli->quiet)
        buf_adds(&out, missing.s ? missing.s : "");
    buf_release(&missing);
    cli_flush(&out);
    hostlist_release(&hosts);
    VEC_FREE(&chosen);
    node_list_release(&nodes);
    return rc;
}

static int show_parts(struct scontrol *s, const char *name)
{
    struct part_list parts = {0};
    struct node_list nodes = {0};
    struct part_select select;
    struct buf out = BUF_INIT;
    struct err e;
    VEC(struct part *) chosen = {0};
    meta_init(&record_part_select, &select);
    select.all = s->all;
    int rc = fetch_parts(cli_ctld(s->cli), &select, &parts, &e);
    meta_release(&record_part_select, &select);
    if (rc == 0)
        rc = load_nodes(s, &nodes, &e);
    if (rc < 0)
        return scontrol_fail(s, "slurm_load_partitions error: ", &e);
    for (uint32_t i = 0; i < parts.list.n; i++)
        if (!name || strcmp(name, parts.list.v[i]->name) == 0)
            *VEC_PUSH(&chosen) = parts.list.v[i];
    struct show v = view(s, &out);
    say_loaded(s, cli_now(), parts.list.n);
    if (s->json)
        nodejson_parts(s->cli, chosen.v, chosen.n, nodes.list.v, nodes.list.n, s->yaml);
    for (uint32_t i = 0; !s->json && i < chosen.n; i++)
        show_part(&v, chosen.v[i], nodes.list.v, nodes.list.n);
    cli_flush(&out);
    if (name && !chosen.n) {
        if (!s->cli->quiet)
            printf("Partition %s not found\n", name);
        rc = EXIT_FAILURE;
    }
    VEC_FREE(&chosen);
    part_list_release(&parts);
    node_list_release(&nodes);
    return rc;
}

static int show_aliases(struct scontrol *s, const char *name)
{
    struct node_list nodes = {0};
    struct err e;
    const char *between = "";
    if (load_nodes(s, &nodes, &e) < 0)
        return scontrol_fail(s, "slurm_load_node error: ", &e);
    for (uint32_t i = 0; i < nodes.list.n; i++) {
        if (name && !text_same(nodes.list.v[i]->hostname, name))
            continue;
        printf("%s%s", between, nodes.list.v[i]->name);
        between = " ";
    }
    putchar('\n');
    node_list_release(&nodes);
    return 0;
}

/* --- the cluster
 * ------------------------------------------------------------------------------------------------- */

static int show_config(struct scontrol *s, const char *name)
{
    struct config_reply reply;
    struct err e;
    if (client_call(cli_ctld(s->cli), MSG_CONFIG, NULL, &reply, &e) < 0)
        return scontrol_fail(s, "slurm_load_ctl_conf error: ", &e);
    fputs(reply.text ? reply.text : "", stdout);
    meta_release(&record_config_reply, &reply);
    putchar('\n');
    fflush(stdout);
    s->json = false;
    return scontrol_ping(s, 0, NULL);
}

/* slurmctld where the controller runs, slurmd where a node does. */
static int show_daemons(struct scontrol *s, const char *unused)
{
    struct node_list nodes = {0};
    struct ping_reply ping;
    struct err e;
    char host[256] = "";
    bool any = false;
    gethostname(host, sizeof host - 1);
    host[strcspn(host, ".")] = '\0';
    if (client_call(cli_ctld(s->cli), MSG_PING, NULL, &ping, &e) == 0) {
        if (ping.host && strncmp(ping.host, host, strlen(host)) == 0) {
            fputs("slurmctld", stdout);
            any = true;
        }
        meta_release(&record_ping_reply, &ping);
        if (load_nodes(s, &nodes, &e) == 0 && find_node(&nodes, host))
            fputs(any ? " slurmd" : "slurmd", stdout);
    }
    putchar('\n');
    node_list_release(&nodes);
    return 0;
}

static int show_nothing(struct scontrol *s, const char *name)
{
    return 0;
}

static int show_reservations(struct scontrol *s, const char *name)
{
    if (name) {
        printf("Reservation %s not found\n", name);
        return EXIT_FAILURE;
    }
    say_loaded(s, cli_now(), 0);
    if (!s->cli->quiet)
        puts("No reservations in the system");
    return 0;
}

/* --- the keyword
 * ------------------------------------------------------------------------------------------------- */

struct entity {
    const char *name;
    size_t least;
    int (*show)(struct scontrol *s, const char *id);
};
static const struct entity entities[] = {
    {"aliases", 1, show_aliases},
    {"assoc_mgr", 2, scontrol_show_assoc},
    {"bbstat", 2, show_nothing},
    {"burstbuffer", 2, show_nothing},
    {"cache", 2, scontrol_show_assoc},
    {"config", 1, show_config},
    {"daemons", 1, show_daemons},
    {"dwstat", 2, show_nothing},
    {"federation", 1, show_nothing},
    {"hostnames", 5, scontrol_show_hostnames},
    {"hostlist", 5, scontrol_show_hostlist},
    {"hostlistsorted", 9, scontrol_show_hostlistsorted},
    {"jobs", 1, show_jobs},
    {"jobid", 4, show_jobs},
    {"licenses", 2, scontrol_show_licenses},
    {"nodes", 1, show_nodes},
    {"nodename", 5, show_nodes},
    {"partitions", 2, show_parts},
    {"partitionname", 10, show_parts},
    {"reservations", 1, show_reservations},
    {"reservationname", 12, show_reservations},
    {"steps", 2, show_steps},
    {"topology", 1, scontrol_show_topology},
    {"topoconf", 5, scontrol_show_topoconf},
};

int scontrol_show(struct scontrol *s, int argc, char **argv)
{
    char entity[64];
    const char *id = argc > 2 ? argv[2] : NULL;
    /* options may follow: `show job 7 --json` was taken apart by getopt; `show jobid=7` is one word */
    size_t len = strcspn(argv[1], "=");
    buf_print(entity, sizeof entity, "%.*s", (int)len, argv[1]);
    if (argv[1][len] == '=')
        id = argv[1] + len + 1;
    for (size_t i = 0; i < sizeof entities / sizeof entities[0]; i++)
        if (scontrol_is_key(entity, entities[i].name, entities[i].least))
            return entities[i].show(s, id);
    if (!s->cli->quiet)
        fprintf(stderr, "invalid entity:%s for keyword:show \n", argv[1]);
    return EXIT_FAILURE;
}

int scontrol_completing(struct scontrol *s, int argc, char **argv)
{
    struct job_list jobs = {0};
    struct node_list nodes = {0};
    struct buf out = BUF_INIT;
    struct err e;
    if (load_jobs(s, NULL, false, &jobs, &e) < 0 || load_nodes(s, &nodes, &e) < 0)
        return scontrol_fail(s, "slurm_load_jobs error: ", &e);
    for (uint32_t i = 0; i < jobs.list.n; i++) {
        const struct job *job = jobs.list.v[i];
        if (!(job->flags & JOBF_COMPLETING))
            continue;
        struct hostlist names = {0}, completing = {0}, down = {0};
        hostlist_parse(&names, job->nodes, NULL);
        for (uint32_t k = 0; k < names.count && k < job->alloc.n; k++) {
            char name[HOSTLIST_NAME_SIZE];
            hostlist_nth(&names, k, name);
            const struct node *n = find_node(&nodes, name);
            if (n && node_use(n) == NODE_USE_DOWN)
                hostlist_push(&down, name, NULL);
            else if (bits_test(&job->completing, k))
                hostlist_push(&completing, name, NULL);
        }
        buf_addf(&out, "JobId=%u EndTime=", job->job_id);
        timefmt_time(job->end_time, "Unknown", &out);
        buf_addf(&out, " CompletingTime=");
        timefmt_long(cli_now() - job->complete_time, &out);
        buf_adds(&out, " Nodes(COMPLETING)=");
        hostlist_text(&completing, &out);
        if (down.count) {
            buf_adds(&out, " Nodes(DOWN)=");
            hostlist_text(&down, &out);
        }
        buf_addc(&out, '\n');
        hostlist_release(&names);
        hostlist_release(&completing);
        hostlist_release(&down);
    }
    cli_flush(&out);
    return 0;
}
