/* SPDX-License-Identifier: Apache-2.0 */
/* Launch messages: their credential is checked here, and nothing but what it grants is passed on. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "os/devices.h"
#include "os/host.h"
#include "model/nodetext.h"
#include "slurmd/slurmd.h"
#include "nodecore/env.h"
#include "nodecore/spool.h"
#include "nodecore/stepid.h"

void launch_free(struct launch *l)
{
    if (!l)
        return;
    if (l->srun_fd >= 0)
        close(l->srun_fd);
    meta_free(&record_step_launch, l->record);
    mem_free(l);
}

struct job_info *job_info_new(const struct job *job, uint32_t uid, uint32_t gid, uint32_t restarts)
{
    struct job_info *j = mem_alloc(sizeof *j);

    j->job = job ? meta_dup(&record_job, job) : meta_new(&record_job);
    j->job_id = j->job->job_id;
    j->uid = uid;
    j->gid = gid;
    j->restarts = restarts;
    j->user_name = job && job->spec ? mem_strdup(job->spec->user_name) : NULL;
    j->exit_code = job ? job->exit_code : 0;
    return j;
}

void job_info_free(struct job_info *j)
{
    if (!j)
        return;
    mem_free(j->user_name);
    meta_free(&record_job, j->job);
    meta_free(&record_cred_node, j->share);
    mem_free(j);
}

/* --- the record --- */

static const struct cred_node *own_share(const struct slurmd *d, const struct credential *c)
{
    for (uint32_t i = 0; i < c->nodes.n; i++)
        if (text_same(c->nodes.v[i].name, d->node_name))
            return &c->nodes.v[i];
    return NULL;
}

static struct step_cgroup *launch_cgroup(const struct slurmd *d, const struct cred_node *share)
{
    struct step_cgroup *g = d->cgroup ? meta_dup(&record_step_cgroup, d->cgroup) : NULL;

    if (!g)
        return NULL;
    g->job_mem = share->job_mem ? share->job_mem : share->mem;
    g->step_mem = share->mem;
    topology_cpus(&d->topology, &share->cores, &g->cpus);
    topology_cpus(&d->topology, &share->job_cores, &g->job_cpus);
    return g;
}

/* --export=NONE and --get-user-env: what a login would have set, without running one. */
static void launch_user_env(struct step_launch *l, const struct meta_strs *given)
{
    struct passwd *pw = env_get(given, "SLURM_GET_USER_ENV") ? getpwuid(l->cred->uid) : NULL;

    if (!pw)
        return;
    env_set(&l->user_env, "HOME", "%s", pw->pw_dir);
    env_set(&l->user_env, "LOGNAME", "%s", pw->pw_name);
    env_set(&l->user_env, "USER", "%s", pw->pw_name);
    env_set(&l->user_env, "MAIL", "/var/mail/%s", pw->pw_name);
    env_set(&l->user_env, "SHELL", "%s", *pw->pw_shell ? pw->pw_shell : "/bin/sh");
    env_set(&l->user_env, "PATH", "%s", "/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games");
}

static uint32_t unkillable_timeout(const struct conf *c)
{
    uint32_t least = 5 * conf_u32(c, CONF_MESSAGE_TIMEOUT), given = conf_u32(c, CONF_UNKILLABLE_STEP_TIMEOUT);

    return conf_given(c, CONF_UNKILLABLE_STEP_TIMEOUT) || given > least ? given : least;
}

/* What binds the tasks of who asked for nothing: the node's CpuBind, else TaskPluginParam. NULL: nothing.
 * mem_free it. */
static char *default_cpu_bind(const struct slurmd *d)
{
    static const struct {
        uint32_t bits; /* X and autobind=X of TaskPluginParam */
        const char *unit;
    } units[] = {{1 | 256, "none"}, {2 | 512, "sockets"}, {4 | 1024, "cores"}, {8 | 2048, "threads"}};
    uint64_t given = conf_u64(d->conf, CONF_TASK_PLUGIN_PARAM);

    if (d->node->cpu_bind)
        return mem_strdup(node_cpu_bind_text(d->node->cpu_bind));
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (given & units[i].bits)
            return mem_strdup(units[i].unit);
    return NULL;
}

static struct step_launch *launch_record(struct slurmd *d, struct credential *c)
{
    struct step_launch *l = meta_new(&record_step_launch);
    const struct cred_node *share = own_share(d, c);
    struct buf addr = BUF_INIT, pattern = BUF_INIT;
    bool binds = conf_plugin(d->conf, CONF_TASK_PLUGIN, "affinity") || (d->cgroup && d->cgroup->cores);

    l->node_name = mem_strdup(d->node_name);
    l->host_name = mem_strdup(host_name());
    conf_topology_address(d->conf, d->node_name, &addr, &pattern);
    l->topology_addr = buf_take(&addr);
    l->topology_pattern = buf_take(&pattern);
    l->share = meta_dup(&record_cred_node, share);
    l->cred = meta_dup(&record_credential, c);
    l->spool_dir = mem_strdup(d->spool);
    l->conf_path = mem_strdup(d->conf_path);
    l->task_prolog = setup_script_path(d, conf_str(d->conf, CONF_TASK_PROLOG));
    l->task_epilog = setup_script_path(d, conf_str(d->conf, CONF_TASK_EPILOG));
    l->cgroup = launch_cgroup(d, share);
    l->start_time = slurmd_now();
    l->tmp_dir = setup_path(d, conf_str(d->conf, CONF_TMP_FS));
    l->vsize_factor = conf_u32(d->conf, CONF_V_SIZE_FACTOR);
    l->prio_process = conf_u32(d->conf, CONF_PROPAGATE_PRIO_PROCESS);
    l->append = conf_u32(d->conf, CONF_JOB_FILE_APPEND) != 0;
    l->debug = conf_u32(d->conf, CONF_SLURMD_DEBUG) > 0 ? conf_u32(d->conf, CONF_SLURMD_DEBUG) - 1 : 0;
    l->no_hydra = conf_has_param(d->conf, CONF_MPI_PARAMS, "disable_slurm_hydra_bootstrap", NULL);
    l->unkillable_timeout = unkillable_timeout(d->conf);
    l->unkillable_program = setup_script_path(d, conf_str(d->conf, CONF_UNKILLABLE_STEP_PROGRAM));
    if (binds)
        topology_cpus(&d->topology, &share->cores, &l->cpus);
    if (l->cgroup && l->cgroup->devices)
        devices_list(d->node, l);
    return l;
}

int launch_credential(struct slurmd *d, const struct meta_bytes *signed_blob, bool bcast,
                      struct credential *ret, struct err *e)
{
    int rc;

    if (!d->auth)
        return err_set(e, ESLURM_INVALID_JOB_CREDENTIAL, "this node has no key yet");
    rc = auth_check_credential(d->auth, signed_blob->v, signed_blob->n, d->node_name, slurmd_now(), ret, e);
    if (rc < 0)
        return rc;
    if (!own_share(d, ret))
        rc = err_set(e, ESLURM_INVALID_JOB_CREDENTIAL, "the credential does not name node %s", d->node_name);
    else if (ret->bcast != bcast)
        rc = err_set(e, ESLURM_INVALID_JOB_CREDENTIAL, "the credential is for something else");
    else if (ret->uid == UINT32_MAX || ret->gid == UINT32_MAX) /* -1 means to setresuid: stay what you are */
        rc = err_set(e, ESLURM_INVALID_JOB_CREDENTIAL, "the credential is for nobody");
    if (rc < 0)
        meta_release(&record_credential, ret);
    return rc;
}

/* batch: the job of a batch script; NULL: the credential itself says what the job of a step is. */
static int check_credential(struct slurmd *d, const struct meta_bytes *signed_blob, const struct job *batch,
                            struct credential *ret, struct err *e)
{
    int rc = launch_credential(d, signed_blob, false, ret, e);
    const struct job *job = batch || rc < 0 ? batch : ret->job;

    if (rc == 0 && (!job || !job->spec || job->job_id != ret->job_id)) {
        rc = err_set(e, ESLURM_INVALID_JOB_CREDENTIAL, "the credential is for another job");
        meta_release(&record_credential, ret);
    }
    return rc;
}

/* Gives the launch to nodecore. Takes l. */
static int launch_start(struct slurmd *d, struct launch *l, struct err *e)
{
    const struct credential *c = l->record->cred;
    const struct job *job = launch_job(l->record);
    struct job_info *info = job_info_new(job, c->uid, c->gid, c->restarts);
    struct node_effects out = {0};
    bool known, job_known;
    int rc;

    mem_set_str(&info->user_name, c->user_name);
    info->share = meta_dup(&record_cred_node, l->record->share);
    rc = node_launch(&d->core, c, l, info, slurmd_now(), &known, &job_known, &out, e);
    if (rc < 0 || known || job_known)
        job_info_free(info);
    else
        map_u64_put(&d->jobs, c->job_id, info);
    /* A batch launch that is repeated has succeeded already; a connection of srun cannot be joined to a
     * running step. */
    if (rc == 0 && known && l->srun_fd >= 0)
        rc =
            err_set(e, ESLURM_JOB_STEP_ALREADY_EXISTS, "StepId=%u.%u is here already", c->job_id, c->step_id);
    if (rc < 0 || known)
        launch_free(l);
    effects_run(d, &out);
    return rc;
}

/* --- batch --- */

static int write_script(const char *path, const struct payload *p, uint32_t uid, struct err *e)
{
    /* Always a new file: who had an earlier one of this name may have kept it open. */
    int fd = unlink(path) == 0 || errno == ENOENT
                 ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0700)
                 : -1;
    bool ok = fd >= 0 && write(fd, p->script.v, p->script.n) == (ssize_t)p->script.n;

    if (ok && geteuid() == 0 && fchown(fd, uid, (gid_t)-1) < 0)
        ok = false;
    if (!ok)
        err_set(e, ESLURM_SLURMD_COULD_NOT_CREATE_BATCH_DIRECTORY, "%s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return ok ? 0 : -e->code;
}

static int make_script(struct slurmd *d, struct step_launch *l, struct err *e)
{
    struct buf dir = BUF_INIT;
    int rc = 0;

    spool_script_dir(d->spool, l->cred->job_id, &dir);
    if (mkdir(dir.s, 0750) < 0 && errno != EEXIST)
        rc = err_set(e, ESLURM_SLURMD_COULD_NOT_CREATE_BATCH_DIRECTORY, "%s: %s", dir.s, strerror(errno));
    if (rc == 0 && geteuid() == 0 && chown(dir.s, (uid_t)-1, l->cred->gid) < 0)
        rc = err_set(e, ESLURM_SLURMD_COULD_NOT_CREATE_BATCH_DIRECTORY, "%s: %s", dir.s, strerror(errno));
    l->script = buf_format("%s/slurm_script", dir.s);
    buf_release(&dir);
    return rc < 0 ? rc : write_script(l->script, l->batch->payload, l->cred->uid, e);
}

int launch_batch(struct slurmd *d, struct launch_batch *m, struct err *e)
{
    struct launch *l;
    struct credential c;
    int rc;

    if (!m->payload || !m->job)
        return err_set(e, ESLURM_INVALID_JOB_CREDENTIAL, "a batch job without a script");
    if (!d->registered || m->token != d->token) /* the controller sends it again once it knows this process */
        return err_set(e, ESLURM_INVALID_NODE_STATE, "this slurmd has not registered yet");
    rc = check_credential(d, &m->credential, m->job, &c, e);
    if (rc < 0) {
        log_error("batch launch refused: %s", e->text);
        return rc;
    }
    log_info("Launching batch JobId=%u for UID %u", c.job_id, c.uid);
    l = mem_alloc(sizeof *l);
    l->srun_fd = -1;
    l->record = launch_record(d, &c);
    l->record->batch = meta_dup(&record_launch_batch, m);
    launch_user_env(l->record, &m->payload->env);
    /* bash may be reading the script of a job that runs already. */
    rc = node_launched(&d->core, &c) ? 0 : make_script(d, l->record, e);
    meta_release(&record_credential, &c);
    if (rc < 0) {
        log_error("%s", e->text);
        launch_free(l);
        return rc;
    }
    /* slurmstepd needs neither of them. */
    meta_bytes_set(&l->record->batch->payload->script, NULL, 0);
    meta_bytes_set(&l->record->batch->credential, NULL, 0);
    return launch_start(d, l, e);
}

/* --- steps of srun --- */

static const char *group_name_of(uint32_t gid)
{
    struct group *gr = getgrgid(gid);

    return gr ? gr->gr_name : NULL;
}

/* Where srun's end of the connection is; 0 when that cannot be said. */
static uint16_t peer_port(int fd)
{
    struct sockaddr_storage a;
    socklen_t len = sizeof a;

    if (getpeername(fd, (struct sockaddr *)&a, &len) < 0)
        return 0;
    return ntohs(a.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&a)->sin6_port
                                         : ((struct sockaddr_in *)&a)->sin_port);
}

static bool step_complete(const struct launch_tasks *m, const struct credential *c)
{
    return m->step && m->step->job_id == c->job_id && m->step->step_id == c->step_id &&
           m->nodeid < m->step->layout.n;
}

int launch_tasks(struct slurmd *d, struct launch_tasks *m, uint32_t uid, int srun_fd, const char *peer,
                 uint32_t seq, struct err *e)
{
    struct launch *l;
    struct credential c;
    int rc = check_credential(d, &m->credential, NULL, &c, e);

    if (rc < 0) {
        log_error("step launch refused: %s", e->text);
        close(srun_fd);
        return rc;
    }
    if (uid != c.uid && uid != 0 && uid != d->slurm_uid)
        rc = err_set(e, ESLURM_ACCESS_DENIED, "uid %u may not use a credential of uid %u", uid, c.uid);
    else if (!step_complete(m, &c))
        rc = err_set(e, ESLURM_INVALID_JOB_CREDENTIAL, "the credential is for another step");
    if (rc < 0) {
        meta_release(&record_credential, &c);
        close(srun_fd);
        return rc;
    }
    log_info("launch task StepId=%u.%u request from UID:%u GID:%u HOST:%s", c.job_id, c.step_id, c.uid, c.gid,
             peer);
    l = mem_alloc(sizeof *l);
    l->srun_fd = srun_fd;
    l->record = launch_record(d, &c);
    l->record->tasks = meta_dup(&record_launch_tasks, m);
    if (!m->cpu_bind)
        l->record->tasks->cpu_bind = default_cpu_bind(d);
    l->record->srun_addr = mem_strdup(peer);
    l->record->srun_port = peer_port(srun_fd);
    l->record->srun_seq = seq;
    l->record->group_name = mem_strdup(group_name_of(c.gid));
    meta_bytes_set(&l->record->tasks->credential, NULL, 0);
    launch_user_env(l->record, &m->env);
    meta_release(&record_credential, &c);
    return launch_start(d, l, e);
}
