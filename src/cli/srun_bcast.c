/* SPDX-License-Identifier: Apache-2.0 */
/* srun --bcast: the program is copied to every node of the step, and each node runs its copy. */
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/bcastlibs.h"
#include "cli/srun.h"
#include "conf/conf.h"
#include "nodecore/env.h"

/* The program as execvp(3) would find it. mem_free it. */
static char *find_program(const struct srun *s)
{
    const char *name = s->part->argv[0], *path = cli_getenv("PATH"), *dir = s->part->spec.work_dir;
    struct text_list dirs = {0};
    char *found = NULL;
    if (*name == '/')
        return mem_strdup(name);
    if (strchr(name, '/'))
        return buf_format("%s/%s", dir ? dir : "", name);
    text_split(&dirs, path ? path : "/usr/bin:/bin", ':');
    for (uint32_t i = 0; i < dirs.n && !found; i++) {
        found = buf_format("%s/%s", dirs.v[i], name);
        if (access(found, X_OK) != 0) {
            mem_free(found);
            found = NULL;
        }
    }
    text_list_release(&dirs);
    return found ? found : buf_format("%s/%s", dir ? dir : "", name);
}

/* Where the copies go: a folder, or nothing at all, gets a name of the step in it. */
static char *choose_dest(struct srun *s, bool *ret_name_nodes)
{
    const char *given = s->given->bcast;
    size_t len = given ? strlen(given) : 0;
    *ret_name_nodes = len == 0 || given[len - 1] == '/';
    char *name =
        *ret_name_nodes ? buf_format("%sslurm_bcast_%s", given ? given : "", s->id) : mem_strdup(given);
    char *dest = bcast_dest(s->cli, name);
    mem_free(name);
    return dest;
}

/* The program, and its libraries if they are wanted: then its tasks look for them there first. */
static int send_it(struct srun *s, const struct bcast_grant *grant, const struct bcast_order *order)
{
    struct meta_strs libs = {0};
    bool wanted = jobopt_given(s->part, "send-libs") != JOBOPT_UNSET
                      ? s->given->send_libs
                      : conf_has_param(cli_env(s->cli)->conf, CONF_BCAST_PARAMETERS, "send_libs", NULL);
    s->bcast_libs = wanted && bcast_libs(s->cli, order->source, s->given->bcast_exclude, &libs);
    int rc = bcast_send(s->cli, grant, order);
    if (rc == 0 && s->bcast_libs)
        rc = bcast_send_libs(s->cli, grant, order, &libs);
    bcast_libs_release(&libs);
    return rc;
}

int srun_bcast(struct srun *s)
{
    struct bcast_request m;
    struct bcast_grant grant;
    struct buf line = BUF_INIT;
    struct err e;
    if (!s->given->bcast_given || !s->part->argc)
        return 0;
    char *program = find_program(s);
    s->bcast_path = choose_dest(s, &s->bcast_names_nodes);
    struct bcast_order order = {.source = program,
                                .dest = s->bcast_path,
                                .name_nodes = s->bcast_names_nodes,
                                .force = true,
                                .preserve = true};
    order.fanout = s->given->tree_width < BCAST_FANOUT_MAX ? s->given->tree_width : 0;
    order.timeout_s = s->given->msg_timeout != NO_VAL ? s->given->msg_timeout : 0;
    if (s->given->compress)
        bcast_compression(s->cli, &order, s->given->compress);
    else
        bcast_default_compression(s->cli, &order);
    meta_init(&record_bcast_request, &m);
    m.job_id = s->job_id;
    m.step_id = s->step->step_id;
    int rc = client_call(cli_ctld(s->cli), MSG_BCAST_GRANT, &m, &grant, &e);
    if (rc < 0)
        cli_error(s->cli, "Slurm job %u lookup error: %s", s->job_id, cli_error_line(&e, &line));
    else {
        rc = send_it(s, &grant, &order);
        meta_release(&record_bcast_grant, &grant);
    }
    if (rc != 0)
        cli_fatal(s->cli, "Failed to broadcast '%s'. Step launch aborted.", program);
    buf_release(&line);
    mem_free(program);
    return rc != 0 ? 1 : 0;
}

char *srun_bcast_program(const struct srun *s, const struct srun_node *n)
{
    if (!s->bcast_path)
        return NULL;
    return s->bcast_names_nodes ? buf_format("%s_%s", s->bcast_path, n->where->name)
                                : mem_strdup(s->bcast_path);
}

void srun_bcast_libraries(const struct srun *s, const char *copy, struct meta_strs *env)
{
    const char *old = cli_getenv("LD_LIBRARY_PATH");
    if (s->bcast_libs)
        env_set(env, "LD_LIBRARY_PATH", "%s%s%s%s", copy, BCAST_LIBS_SUFFIX, old ? ":" : "", old ? old : "");
}
