/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/submit.h"

#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/timefmt.h"
#include "conf/conf.h"
#include "model/errors.h"
#include "model/jobtext.h"

enum { GROUPS_MAX = 65536, PATH_SIZE = 4096, HOST_SIZE = 256, MULTIPLE_SHARING_GRES_PJ = 32768 };

extern char **environ;

static void fill_from_conf(struct jobopt_world *w, void *arg)
{
    static struct buf gres = BUF_INIT;
    const struct conf *conf = cli_env(arg)->conf;
    const struct meta_strs *types = conf_list(conf, CONF_GRES_TYPES);
    for (uint32_t i = 0; types && i < types->n; i++) {
        buf_sep(&gres, ",");
        buf_adds(&gres, types->v[i]);
    }
    w->gres_types = gres.s;
    w->one_sharing = !(conf_u64(conf, CONF_SELECT_TYPE_PARAMETERS) & MULTIPLE_SHARING_GRES_PJ);
    w->limits = conf_list(conf, CONF_PROPAGATE_RESOURCE_LIMITS);
    w->limits_except = conf_list(conf, CONF_PROPAGATE_RESOURCE_LIMITS_EXCEPT);
}

/* The world outlives the options, and both last as long as the process. */
static void fill_world(struct jobopt_world *w, struct cli *cli)
{
    static char cwd[PATH_SIZE], host[HOST_SIZE];
    if (!getcwd(cwd, sizeof cwd))
        buf_print(cwd, sizeof cwd, "/");
    gethostname(host, sizeof host - 1);
    host[strcspn(host, ".")] = '\0';
    mode_t mask = umask(0);
    umask(mask);
    *w = (struct jobopt_world){.env = environ,
                               .cwd = cwd,
                               .hostname = host,
                               .session = (uint32_t)getsid(0),
                               .now = cli_now(),
                               .uid = getuid(),
                               .gid = getgid(),
                               .umask = (uint16_t)mask,
                               .read_conf = fill_from_conf,
                               .read_conf_arg = cli};
}

/* Specialised cores and threads are the site's to give. */
static void check_specialised(struct cli *cli, struct job_spec *s)
{
    struct {
        const char *option;
        uint16_t *value;
    } options[] = {{"-S", &s->core_spec}, {"--thread-spec", &s->thread_spec}};
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (*options[i].value == NO_VAL16 || conf_bool(cli_env(cli)->conf, CONF_ALLOW_SPEC_RESOURCES_USAGE))
            continue;
        cli_error(cli, "Ignoring %s since it's not allowed by configuration (AllowSpecResourcesUsage = No)",
                  options[i].option);
        *options[i].value = NO_VAL16;
    }
}

bool submit_read_options(struct cli *cli, enum jobopt_cmd cmd, struct jobopt *o, int *ret_status)
{
    struct jobopt_world world;
    fill_world(&world, cli);
    jobopt_init(o, cmd, &world);
    enum jobopt_result result = jobopt_read(o, cli->argc, cli->argv);
    fputs(o->out.s, stdout);
    fflush(stdout);
    fputs(o->log.s, stderr);
    *ret_status = o->exit_code;
    cli->verbose = o->parts[0]->cli.verbose;
    cli->quiet = o->parts[0]->cli.quiet;
    if (result == JOBOPT_GO)
        jobopt_conf(o);
    for (uint32_t i = 0; result == JOBOPT_GO && i < o->n_parts; i++) {
        struct job_spec *spec = &o->parts[i]->spec;
        check_specialised(cli, spec);
        if (!spec->clusters || cli_knows_cluster(cli, spec->clusters))
            continue;
        *ret_status = EXIT_FAILURE;
        return false;
    }
    return result == JOBOPT_GO;
}

static void add_groups(struct submit_request *request)
{
    int n = getgroups(0, NULL);
    if (n <= 0 || n > GROUPS_MAX)
        return;
    gid_t *groups = mem_array((size_t)n, sizeof *groups);
    n = getgroups(n, groups);
    for (int i = 0; i < n; i++)
        meta_u32s_push(&request->group_names, groups[i]);
    mem_free(groups);
}

void submit_fill(struct submit_request *request, const struct jobopt *o)
{
    const struct jobopt_part *p = o->parts[0];
    meta_init(&record_submit_request, request);
    request->spec = meta_dup(&record_job_spec, &p->spec);
    request->uid = p->cli.uid != NO_VAL ? p->cli.uid : getuid();
    request->gid = p->cli.gid != NO_VAL ? p->cli.gid : getgid();
    request->test_only = p->cli.test_only;
    add_groups(request);
}

int submit_call(struct cli *cli, const struct submit_request *request, struct submit_reply *reply,
                struct err *e)
{
    int rc = client_call(cli_ctld(cli), MSG_SUBMIT, request, reply, e);
    if (rc == 0 && reply->message && *reply->message) {
        struct text_list lines = {0};
        text_split(&lines, reply->message, '\n');
        for (uint32_t i = 0; i < lines.n; i++)
            cli_info(cli, "%s", lines.v[i]);
        text_list_release(&lines);
    }
    return rc;
}

/* Details that Slurm itself prints, before the error. */
static bool is_known_detail(const char *line)
{
    static const char *const begins[] = {"invalid partition specified", "Ignoring ", "rebooting of nodes",
                                         "Socket, core"};
    for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++)
        if (text_starts(line, begins[i]))
            return true;
    return text_ends(line, "can not be satisfied");
}

void submit_complain(struct cli *cli, const char *prefix, const struct err *e)
{
    struct text_list lines = {0};
    text_split(&lines, e->text, '\n');
    for (uint32_t i = 1; i < lines.n; i++)
        if (is_known_detail(lines.v[i]))
            cli_error(cli, "%s", lines.v[i]);
    bool plain = e->code == ESLURM_INVALID_GRES; /* Slurm's commands find that out for themselves */
    cli_error(cli, "%s%s", plain ? "" : prefix, lines.n ? lines.v[0] : "");
    for (uint32_t i = 1; i < lines.n && cli_wants_hints(cli); i++)
        if (!is_known_detail(lines.v[i]))
            cli_error(cli, "%s", lines.v[i]);
    text_list_release(&lines);
}

void submit_split_environment(const struct jobenv *from, struct meta_strs *env, struct meta_strs *rlimits)
{
    static const char prefix[] = "SLURM_RLIMIT_";
    for (uint32_t i = 0; i < from->vars.n; i++) {
        const char *var = from->vars.v[i], *eq = strchr(var, '=');
        if (!text_starts(var, prefix) || !eq) {
            meta_strs_push(env, var);
            continue;
        }
        const char *name = var + sizeof prefix - 1, *value = eq + 1;
        struct buf b = BUF_INIT;
        buf_addf(&b, "%.*s=%s", (int)(eq - name), name,
                 value + (*value == 'U')); /* U: the user asked for it */
        meta_strs_push(rlimits, b.s);
        buf_release(&b);
    }
}

void submit_say_when(struct cli *cli, const struct submit_reply *reply)
{
    struct buf when = BUF_INIT;
    /* A held job, or one that waits for another, is shown as if it were released now. */
    timefmt_time(reply->start_time ? reply->start_time : cli_now(), "Unknown", &when);
    cli_info(cli, "Job %u to start at %s a using %u processors on nodes %s in partition %s", reply->job_id,
             when.s, reply->cpus, reply->nodes ? reply->nodes : "", reply->partition ? reply->partition : "");
    buf_release(&when);
}

void submit_watch_open(struct submit_watch *w, struct cli *cli, uint32_t job_id)
{
    *w = (struct submit_watch){.c = client_to_controller(cli_env(cli)), .cli = cli, .job_id = job_id};
}

static int ask(struct submit_watch *w, struct err *e)
{
    struct job_select select;
    char id[16];
    if (w->asked)
        return 0;
    meta_init(&record_job_select, &select);
    buf_print(id, sizeof id, "%u", w->job_id);
    meta_strs_push(&select.ids, id);
    int rc = client_send(w->c, MSG_JOB_WATCH, &select, e);
    meta_release(&record_job_select, &select);
    w->asked = rc >= 0;
    return rc;
}

int submit_watch_next(struct submit_watch *w, int timeout_ms, struct job **ret_job, struct err *e)
{
    enum msg_type type;
    void *record = NULL;
    *ret_job = NULL;
    int rc = ask(w, e);
    if (rc < 0)
        return rc;
    rc = client_receive(w->c, timeout_ms, &type, &record, e);
    if (rc <= 0)
        return rc;
    *ret_job = record;
    return record != NULL;
}

void submit_watch_close(struct submit_watch *w)
{
    client_close(w->c);
    w->c = NULL;
}
