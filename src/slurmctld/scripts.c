/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs of the site that run beside the controller, as its user: PrologSlurmctld and EpilogSlurmctld,
 * MailProg, that of jobcomp/script, and those that power nodes up and down. One thread, one loop; each job's
 * programs run one after the other, jobs side by side up to RUNS_MAX.
 *
 * The core says when (EFFECT_PROLOG and the following) and hears of the ends of prologs and epilogs; nothing
 * waits for the others. What runs when the controller ends is killed, and started anew by the next one, but
 * for those that only tell of something.
 */
#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/hostlist.h"
#include "base/mem.h"
#include "base/text.h"
#include "model/jobtext.h"
#include "nodecore/hookenv.h"
#include "os/log.h"
#include "os/mailbox.h"
#include "os/process.h"
#include "slurmctld/ctld.h"
#include "slurmctld/jobcomp.h"
#include "slurmctld/powerprog.h"

enum { RUNS_MAX = 256, TOLD_SECONDS_MAX = 300, RESUME_GRACE_SECONDS = 10 };

struct order;
struct kind;
/* Adds the runs that a list of effects asks for. */
typedef void add_fn(struct order *o, const struct kind *kind, const struct conf *conf,
                    const struct outbox *out, const struct snapshot *snapshot);
static add_fn add_ends, add_jobs, add_mails, add_nodes;

static const struct kind {
    enum effect_type effect;
    enum conf_key program;
    const char *name; /* as SLURM_SCRIPT_CONTEXT has it */
    add_fn *add;
} kinds[] = {
    {EFFECT_PROLOG, CONF_PROLOG_SLURMCTLD, "prolog_slurmctld", add_jobs},
    {EFFECT_EPILOG, CONF_EPILOG_SLURMCTLD, "epilog_slurmctld", add_jobs},
    {EFFECT_MAIL, CONF_MAIL_PROG, "MailProg", add_mails},
    {EFFECT_JOB_COMP, CONF_JOB_COMP_LOC, "jobcomp/script", add_ends},
    {EFFECT_RESUME, CONF_RESUME_PROGRAM, "ResumeProgram", add_nodes},
    {EFFECT_SUSPEND, CONF_SUSPEND_PROGRAM, "SuspendProgram", add_nodes},
    {EFFECT_RESUME_FAIL, CONF_RESUME_FAIL_PROGRAM, "ResumeFailProgram", add_nodes},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

struct run {
    struct scripts *scripts;
    const struct kind *kind;
    char *about; /* for the log: JobId=7, or the nodes */
    uint32_t job_id, restarts;
    struct meta_strs paths, args, env;
    uint32_t at, limit_s;
    pid_t pid; /* 0: none runs */
    int pidfd;
    int file; /* SLURM_RESUME_FILE, 0 = none */
    uv_poll_t watch;
    uv_timer_t limit;
    bool timed_out;
};

struct scripts {
    struct ctld *ctld;
    pthread_t thread;
    uv_loop_t loop;
    struct mailbox mailbox;
    VEC(struct run *) runs, waiting; /* of both, the oldest first */
    bool no_mail;                    /* it was said that there is no MailProg */
    bool stopping;
};

/* --- what a program is told --- */

static void env_group(struct meta_strs *env, uint32_t gid)
{
    struct group entry, *found = NULL;
    char text[4096];

    if (getgrgid_r(gid, &entry, text, sizeof text, &found) == 0 && found)
        env_set(env, "SLURM_JOB_GROUP", "%s", found->gr_name);
}

/* Slurm's controller prints what is missing of these two. */
static void env_null(struct meta_strs *env, const char *name)
{
    if (!env_get(env, name))
        env_set(env, name, "(null)");
}

static void env_job(struct meta_strs *env, const struct kind *kind, const struct job *j)
{
    hookenv_job(env, j);
    hookenv_array(env, j);
    env_group(env, j->gid);
    env_null(env, "SLURM_JOB_ACCOUNT");
    env_null(env, "SLURM_JOB_NODELIST");
    if (kind->effect == EFFECT_EPILOG || (kind->effect == EFFECT_MAIL && (job_is_final(j) || j->exit_code)))
        hookenv_exit(env, j->exit_code, j->derived_ec);
}

/* --- one run --- */

static void runs_start(struct scripts *s);
static void run_next(struct run *r);

static void strs_free(struct meta_strs *l)
{
    for (uint32_t i = 0; i < l->n; i++)
        mem_free(l->v[i]);
    mem_free(l->v);
}

static void run_free(struct run *r)
{
    strs_free(&r->paths);
    strs_free(&r->args);
    strs_free(&r->env);
    mem_free(r->about);
    if (r->file > 0)
        close(r->file);
    mem_free(r);
}

static void on_limit_closed(uv_handle_t *h)
{
    struct run *r = h->data;
    struct scripts *s = r->scripts;

    run_free(r);
    runs_start(s);
}

static void remove_run(struct scripts *s, const struct run *r)
{
    uint32_t i = 0;

    while (s->runs.v[i] != r)
        i++;
    s->runs.n--;
    memmove(&s->runs.v[i], &s->runs.v[i + 1], (s->runs.n - i) * sizeof *s->runs.v);
}

static void report_prolog(const struct run *r, bool failed)
{
    struct prolog_done *d = meta_new(&record_prolog_done);

    d->job_id = r->job_id;
    d->restarts = r->restarts;
    d->failed = failed;
    core_post(r->scripts->ctld->core, work_new(MSG_PROLOG_DONE, d));
}

static void report_epilog(const struct run *r)
{
    struct epilog_done *d = meta_new(&record_epilog_done);

    d->job_id = r->job_id;
    d->restarts = r->restarts;
    core_post(r->scripts->ctld->core, work_new(MSG_EPILOG_DONE, d));
}

static void run_done(struct run *r, bool failed)
{
    struct scripts *s = r->scripts;

    if (r->kind->effect == EFFECT_PROLOG && !s->stopping)
        report_prolog(r, failed);
    else if (r->kind->effect == EFFECT_EPILOG && !s->stopping)
        report_epilog(r);
    remove_run(s, r);
    uv_close((uv_handle_t *)&r->limit, on_limit_closed); /* which starts the next one */
}

static void on_watch_closed(uv_handle_t *h)
{
    struct run *r = h->data;
    int status = 0;

    close(r->pidfd);
    kill(-r->pid, SIGKILL); /* what it left in its group */
    while (waitpid(r->pid, &status, 0) < 0 && errno == EINTR)
        ;
    r->pid = 0;
    uv_timer_stop(&r->limit);
    if (status == 0 && !r->scripts->stopping) {
        r->at++;
        run_next(r);
        return;
    }
    if (r->scripts->stopping)
        ; /* killed with the controller */
    else if (r->timed_out)
        log_error("%s %s %s timed out", r->kind->name, r->about, r->paths.v[r->at]);
    else
        log_error("%s %s %s exit status %d:%d", r->kind->name, r->about, r->paths.v[r->at],
                  WEXITSTATUS(status), WTERMSIG(status));
    run_done(r, true);
}

static void on_exit_seen(uv_poll_t *w, int status, int events)
{
    if (!uv_is_closing((uv_handle_t *)w))
        uv_close((uv_handle_t *)w, on_watch_closed);
}

static void on_limit(uv_timer_t *t)
{
    struct run *r = t->data;

    r->timed_out = true;
    kill(-r->pid, SIGKILL);
}

static void run_next(struct run *r)
{
    struct process_spec spec = {.fds = {-1, -1, -1}, .fds_n = 3, .own_group = true};
    struct err e;

    if (r->at == r->paths.n) {
        run_done(r, false);
        return;
    }
    char **argv = mem_array(r->args.n + 2, sizeof *argv), **env = mem_array(r->env.n + 1, sizeof *env);
    if (r->args.n)
        memcpy(argv + 1, r->args.v, r->args.n * sizeof *argv);
    memcpy(env, r->env.v, r->env.n * sizeof *env);
    spec.path = argv[0] = r->paths.v[r->at];
    spec.argv = argv;
    spec.env = env;
    r->pid = process_start(&spec, &e);
    mem_free(argv);
    mem_free(env);
    log_flag(LOGF_SCRIPT, "%s %s: %s has pid %d", r->kind->name, r->about, spec.path, (int)r->pid);
    if (r->pid < 0) {
        log_error("%s %s: %s", r->kind->name, r->about, e.text);
        r->pid = 0;
        run_done(r, true);
        return;
    }
    r->pidfd = pidfd_open(r->pid, 0);
    REQUIRE(r->pidfd >= 0 && uv_poll_init(&r->scripts->loop, &r->watch, r->pidfd) == 0);
    r->watch.data = r;
    uv_poll_start(&r->watch, UV_READABLE, on_exit_seen);
    if (r->limit_s && r->limit_s < NO_VAL16)
        uv_timer_start(&r->limit, on_limit, (uint64_t)r->limit_s * 1000, 0);
}

/* --- all of them --- */

static void runs_start(struct scripts *s)
{
    while (!s->stopping && s->runs.n < RUNS_MAX && s->waiting.n) {
        struct run *r = s->waiting.v[0];

        s->waiting.n--;
        memmove(s->waiting.v, s->waiting.v + 1, s->waiting.n * sizeof *s->waiting.v);
        *VEC_PUSH(&s->runs) = r;
        uv_timer_init(&s->loop, &r->limit);
        r->limit.data = r;
        run_next(r);
    }
}

/* How long a program may take. 0: as long as it likes. */
static uint32_t time_limit(const struct conf *conf, const struct kind *kind)
{
    if (kind->effect == EFFECT_MAIL || kind->effect == EFFECT_JOB_COMP)
        return TOLD_SECONDS_MAX;
    if (kind->effect != EFFECT_PROLOG && kind->effect != EFFECT_EPILOG)
        return powerprog_time_limit(conf);
    uint32_t own = conf_u32(conf, kind->effect == EFFECT_PROLOG ? CONF_PROLOG_TIMEOUT : CONF_EPILOG_TIMEOUT);

    return own && own < NO_VAL16 ? own : conf_u32(conf, CONF_PROLOG_EPILOG_TIMEOUT);
}

static struct run *run_new(struct scripts *s, const struct kind *kind, const struct conf *conf)
{
    struct run *r = mem_alloc(sizeof *r);

    r->scripts = s;
    r->kind = kind;
    r->limit_s = time_limit(conf, kind);
    hookenv_base(&r->env, s->ctld->conf_path, conf_str(conf, CONF_CLUSTER_NAME));
    return r;
}

static struct run *run_of_nodes(struct scripts *s, const struct kind *kind, const struct conf *conf,
                                const char *nodes)
{
    struct run *r = run_new(s, kind, conf);

    powerprog_command(conf, kind->program, &r->paths, &r->args);
    meta_strs_push(&r->args, nodes);
    r->about = mem_strdup(nodes);
    return r;
}

static struct run *run_of_job(struct scripts *s, const struct kind *kind, const struct conf *conf,
                              const struct job *j)
{
    struct run *r = run_new(s, kind, conf);

    r->about = buf_format("JobId=%u", j->job_id);
    r->job_id = j->job_id;
    r->restarts = j->restarts;
    env_job(&r->env, kind, j);
    return r;
}

static struct run *run_of_hook(struct scripts *s, const struct kind *kind, const struct conf *conf,
                               const struct job *j)
{
    struct run *r = run_of_job(s, kind, conf, j);
    const struct meta_strs *programs = conf_list(conf, kind->program);

    for (uint32_t i = 0; i < programs->n; i++)
        meta_strs_push(&r->paths, programs->v[i]);
    env_set(&r->env, "SLURM_SCRIPT_CONTEXT", "%s", kind->name);
    return r;
}

/* NULL: there is no such program, which is said once. The default has two places. */
static const char *mail_program(struct scripts *s, const struct conf *conf)
{
    const char *path = conf_str(conf, CONF_MAIL_PROG);

    if (text_same(path, "/bin/mail") && access(path, X_OK) < 0)
        path = "/usr/bin/mail";
    if (path && access(path, X_OK) == 0) {
        s->no_mail = false;
        return path;
    }
    if (!s->no_mail)
        log_error("no mail is sent: MailProg %s: %s", path ? path : "(none)", strerror(errno));
    s->no_mail = true;
    return NULL;
}

static struct run *run_of_mail(struct scripts *s, const struct kind *kind, const struct conf *conf,
                               const struct mail *m)
{
    const char *program = mail_program(s, conf);

    if (!program || !m->to)
        return NULL;
    if (*m->to == '-') { /* MailProg would take it for an option */
        log_error("JobId=%u: no mail is sent: %s is nobody's address", m->job->job_id, m->to);
        return NULL;
    }
    struct run *r = run_of_job(s, kind, conf, m->job);
    meta_strs_push(&r->paths, program);
    meta_strs_push(&r->args, "-s");
    meta_strs_push(&r->args, m->subject);
    meta_strs_push(&r->args, m->to);
    for (uint32_t i = 0; i < m->vars.n; i++)
        meta_strs_push(&r->env, m->vars.v[i]);
    return r;
}

struct order {
    struct scripts *scripts;
    VEC(struct run *) runs;
    struct buf lines; /* for JobCompLoc */
    char *file;
};

static void on_order(void *arg)
{
    struct order *o = arg;

    for (uint32_t i = 0; i < o->runs.n; i++)
        *VEC_PUSH(&o->scripts->waiting) = o->runs.v[i];
    runs_start(o->scripts);
    if (o->lines.len)
        jobcomp_write(o->file, &o->lines);
    buf_release(&o->lines);
    mem_free(o->file);
    VEC_FREE(&o->runs);
    mem_free(o);
}

static void say_nodes(const struct kind *kind, const struct conf *conf, const char *nodes)
{
    if (kind->effect == EFFECT_RESUME_FAIL)
        log_error("nodes %s not resumed by ResumeTimeout(%u), setting DOWN and POWERED_DOWN", nodes,
                  conf_u32(conf, CONF_RESUME_TIMEOUT));
    else
        log_info("power %s: %s", kind->effect == EFFECT_RESUME ? "up" : "down", nodes);
}

/* All nodes that are to have the same: one run. */
static void add_nodes(struct order *o, const struct kind *kind, const struct conf *conf,
                      const struct outbox *out, const struct snapshot *snapshot)
{
    struct hostlist list = {0};
    struct bits nodes = {0};

    for (uint32_t i = 0; i < out->list.n; i++) {
        const struct effect *f = &out->list.v[i];
        const struct node *n = f->type == kind->effect ? ptree_get(&snapshot->nodes, f->node_index) : NULL;
        if (!n)
            continue;
        (void)hostlist_push(&list, n->name, NULL);
        bits_set(&nodes, n->index);
    }
    if (list.count) {
        struct buf text = BUF_INIT;

        hostlist_text(&list, &text);
        struct run *r = run_of_nodes(o->scripts, kind, conf, text.s);
        say_nodes(kind, conf, text.s);
        if (kind->effect == EFFECT_RESUME)
            r->file = powerprog_resume_file(snapshot, &nodes, text.s);
        if (r->file > 0)
            env_set(&r->env, "SLURM_RESUME_FILE", "/proc/%d/fd/%d", (int)getpid(), r->file);
        *VEC_PUSH(&o->runs) = r;
        buf_release(&text);
    }
    hostlist_release(&list);
    bits_release(&nodes);
}

static void add_jobs(struct order *o, const struct kind *kind, const struct conf *conf,
                     const struct outbox *out, const struct snapshot *snapshot)
{
    for (uint32_t i = 0; i < out->list.n; i++) {
        const struct effect *f = &out->list.v[i];
        const struct job *j = f->type == kind->effect ? snapshot_job(snapshot, f->job_id) : NULL;
        if (j)
            *VEC_PUSH(&o->runs) = run_of_hook(o->scripts, kind, conf, j);
    }
}

static void add_mails(struct order *o, const struct kind *kind, const struct conf *conf,
                      const struct outbox *out, const struct snapshot *snapshot)
{
    for (uint32_t i = 0; i < out->list.n; i++) {
        const struct effect *f = &out->list.v[i];
        struct run *r = f->type == kind->effect ? run_of_mail(o->scripts, kind, conf, f->record) : NULL;
        if (r)
            *VEC_PUSH(&o->runs) = r;
    }
}

static struct run *run_of_end(struct scripts *s, const struct kind *kind, const struct conf *conf,
                              const struct job_end *end)
{
    struct run *r = mem_alloc(sizeof *r);

    r->scripts = s;
    r->kind = kind;
    r->limit_s = time_limit(conf, kind);
    r->about = buf_format("JobId=%u", end->job->job_id);
    meta_strs_push(&r->paths, conf_str(conf, kind->program));
    jobcomp_env(end, &r->env);
    return r;
}

static void add_ends(struct order *o, const struct kind *kind, const struct conf *conf,
                     const struct outbox *out, const struct snapshot *snapshot)
{
    const char *file = conf_str(conf, kind->program);
    enum jobcomp_type type = jobcomp_type(conf, NULL);

    for (uint32_t i = 0; i < out->list.n; i++) {
        const struct effect *f = &out->list.v[i];
        if (f->type != kind->effect)
            continue;
        if (type == JOBCOMP_SCRIPT)
            *VEC_PUSH(&o->runs) = run_of_end(o->scripts, kind, conf, f->record);
        else if (type == JOBCOMP_FILETXT)
            jobcomp_line(f->record, &o->lines);
    }
    if (o->lines.len)
        o->file = mem_strdup(file && *file ? file : JOBCOMP_FILE);
}

void scripts_post(struct scripts *s, const struct outbox *out, struct snapshot *snapshot)
{
    struct order *o = mem_alloc(sizeof *o);
    struct shared_conf *shared = ctld_conf(s->ctld);

    o->scripts = s;
    buf_init(&o->lines);
    for (uint32_t k = 0; k < KINDS; k++)
        kinds[k].add(o, &kinds[k], shared->conf, out, snapshot);
    ctld_conf_drop(shared);
    mailbox_post(&s->mailbox, on_order, o);
}

static void *scripts_main(void *arg)
{
    struct scripts *s = arg;

    uv_run(&s->loop, UV_RUN_DEFAULT);
    return NULL;
}

struct scripts *scripts_start(struct ctld *c)
{
    struct scripts *s = mem_alloc(sizeof *s);

    s->ctld = c;
    REQUIRE(uv_loop_init(&s->loop) == 0);
    mailbox_init(&s->mailbox, &s->loop, NULL, NULL);
    REQUIRE(pthread_create(&s->thread, NULL, scripts_main, s) == 0);
    pthread_setname_np(s->thread, "scripts");
    return s;
}

/* The loop ends when every program that was killed here has been collected. A ResumeProgram gets a while to
 * read its file. */
static void stop(void *arg)
{
    struct scripts *s = arg;

    s->stopping = true;
    for (uint32_t i = 0; i < s->runs.n; i++) {
        struct run *r = s->runs.v[i];
        if (r->kind->effect == EFFECT_RESUME)
            uv_timer_start(&r->limit, on_limit, RESUME_GRACE_SECONDS * 1000, 0);
        else
            kill(-r->pid, SIGKILL);
    }
    for (uint32_t i = 0; i < s->waiting.n; i++)
        run_free(s->waiting.v[i]);
    VEC_FREE(&s->waiting);
    mailbox_close(&s->mailbox);
}

void scripts_stop(struct scripts *s)
{
    mailbox_post(&s->mailbox, stop, s);
    pthread_join(s->thread, NULL);
    VEC_FREE(&s->runs);
    uv_loop_close(&s->loop);
    mem_free(s);
}
