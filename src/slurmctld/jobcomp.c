/* SPDX-License-Identifier: Apache-2.0 */
#include "slurmctld/jobcomp.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "base/timetext.h"
#include "model/jobtext.h"
#include "model/jobvars.h"
#include "nodecore/env.h"
#include "os/log.h"

enum jobcomp_type jobcomp_type(const struct conf *conf, const char **ret_missing)
{
    const char *type = conf_str(conf, CONF_JOB_COMP_TYPE), *missing = NULL;
    enum jobcomp_type ret = JOBCOMP_NONE;

    if (text_same(type, "jobcomp/filetxt"))
        ret = JOBCOMP_FILETXT;
    else if (text_same(type, "jobcomp/script") && conf_str(conf, CONF_JOB_COMP_LOC))
        ret = JOBCOMP_SCRIPT;
    else if (text_same(type, "jobcomp/script"))
        missing = "JobCompLoc has to name the program of jobcomp/script";
    else if (type && *type && !text_same(type, "jobcomp/none"))
        missing = "this JobCompType is not supported yet";
    if (ret_missing)
        *ret_missing = missing;
    return ret;
}

static const char *group_name(uint32_t gid, char *text, size_t size)
{
    struct group entry, *found = NULL;

    return getgrgid_r(gid, &entry, text, size, &found) == 0 && found ? found->gr_name : "";
}

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

static const char *state_name(const struct job_end *end)
{
    return or_empty(meta_enum_text(&enum_job_state, end->state));
}

static void add_exit_code(struct buf *out, const char *name, uint32_t status)
{
    buf_addf(out, " %s=", name);
    exit_code_text(status, out);
}

/* As Slurm's files have it: local time without a zone. */
static void add_time(struct buf *out, const char *name, int64_t at)
{
    time_t t = (time_t)at;
    char text[32];
    struct tm tm;

    if (at && localtime_r(&t, &tm) && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm))
        buf_addf(out, " %s=%s", name, text);
    else
        buf_addf(out, " %s=unknown", name);
}

static bool has_limit(const struct job *j)
{
    return j->time_limit != NO_VAL && j->time_limit != INFINITE;
}

static void add_fields(const struct job_end *end, struct buf *out)
{
    const struct job *j = end->job;
    const struct job_spec *s = j->spec;
    char group[4096];
    bool ran = j->alloc.n > 0;

    buf_addf(out,
             "JobId=%u UserId=%s(%u) GroupId=%s(%u) Name=%s JobState=%s Partition=%s TimeLimit=", j->job_id,
             or_empty(s->user_name), j->uid, group_name(j->gid, group, sizeof group), j->gid,
             or_empty(s->name), state_name(end), or_empty(j->partition));
    if (has_limit(j))
        buf_addf(out, "%u", j->time_limit);
    else
        buf_adds(out, "UNLIMITED");
    add_time(out, "StartTime", j->start_time);
    add_time(out, "EndTime", j->end_time);
    buf_addf(out,
             " NodeList=%s NodeCnt=%u ProcCnt=%u WorkDir=%s ReservationName=%s Tres=%s Account=%s QOS=%s",
             ran ? or_empty(j->nodes) : "(null)", j->alloc.n, ran ? j->cpus : 0, or_empty(s->work_dir),
             or_empty(s->reservation), or_empty(j->req_tres), or_empty(s->account), or_empty(s->qos));
    buf_addf(out, " WcKey=%s Cluster=unknown", or_empty(s->wckey)); /* nobody has registered one */
    add_time(out, "SubmitTime", j->submit_time);
    add_time(out, "EligibleTime", j->eligible_time);
    if (j->array_job_id && !(j->flags & JOBF_ARRAY))
        buf_addf(out, " ArrayJobId=%u ArrayTaskId=%u", j->array_job_id, j->array_task_id);
    add_exit_code(out, "DerivedExitCode", j->derived_ec);
    add_exit_code(out, "ExitCode", j->exit_code);
}

void jobcomp_line(const struct job_end *end, struct buf *out)
{
    struct buf fields = BUF_INIT;

    add_fields(end, &fields);
    buf_add_plain(out, fields.s); /* a name must not look like another line */
    buf_adds(out, " \n");
    buf_release(&fields);
}

void jobcomp_write(const char *path, const struct buf *lines)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    size_t done = 0;

    while (fd >= 0 && done < lines->len) {
        ssize_t n = write(fd, lines->s + done, lines->len - done);
        if (n < 0 && errno != EINTR)
            break;
        done += n > 0 ? (size_t)n : 0;
    }
    if (done < lines->len)
        log_error("jobcomp/filetxt: %s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
}

/* --- jobcomp/script --- */

static void env_exit_code(struct meta_strs *env, const char *name, uint32_t status)
{
    struct buf text = BUF_INIT;

    exit_code_text(status, &text);
    env_set(env, name, "%s", text.s);
    buf_release(&text);
}

static void env_limit(struct meta_strs *env, const struct job *j)
{
    struct buf text = BUF_INIT;

    time_add_limit_long(&text, has_limit(j) ? j->time_limit : TIME_UNLIMITED);
    env_set(env, "LIMIT", "%s", text.s);
    buf_release(&text);
}

static void env_texts(struct meta_strs *env, const struct job_end *end)
{
    const struct job *j = end->job;
    const struct job_spec *s = j->spec;
    const char *reason = meta_enum_text(&enum_job_reason, j->reason);
    char sluid[SLUID_LEN + 1], group[4096];

    jobvars_sluid(j, sluid);
    const struct {
        const char *name, *value;
    } rows[] = {
        {"SLUID", sluid},
        {"ORIGINAL_SLUID", sluid},
        {"DB_FLAGS", text_same(j->scheduler, "Backfill") ? "SchedBackfill"
                     : j->scheduler                      ? "SchedMain"
                                                         : "None"},
        {"BATCH", j->flags & JOBF_BATCH ? "yes" : "no"},
        {"CLUSTER", ""},
        {"CONSTRAINTS", s->features},
        {"NODES", j->nodes},
        {"ACCOUNT", s->account},
        {"JOBNAME", s->name},
        {"JOBSTATE", state_name(end)},
        {"PARTITION", j->partition},
        {"QOS", s->qos},
        {"DEPENDENCY", j->dependency},
        {"WORK_DIR", s->work_dir},
        {"RESERVATION", s->reservation},
        {"USERNAME", s->user_name},
        {"GROUPNAME", group_name(j->gid, group, sizeof group)},
        {"STATEREASONPREV", reason},
        {"STDIN", s->std_in},
        {"STDOUT", s->std_out},
        {"STDERR", s->std_err},
        {"TZ", "UTC"}, /* all times are seconds */
        {"PATH", "/usr/bin:/bin:/usr/sbin:/sbin"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        env_set(env, rows[i].name, "%s", or_empty(rows[i].value));
}

void jobcomp_env(const struct job_end *end, struct meta_strs *env)
{
    const struct job *j = end->job;

    env_set(env, "JOBID", "%u", j->job_id);
    env_set(env, "ARRAYJOBID", "%u", j->array_job_id);
    env_set(env, "ARRAYTASKID", "%u",
            j->array_job_id && !(j->flags & JOBF_ARRAY) ? j->array_task_id : NO_VAL);
    env_set(env, "UID", "%u", j->uid);
    env_set(env, "GID", "%u", j->gid);
    env_set(env, "START", "%lld", (long long)j->start_time);
    env_set(env, "END", "%lld", (long long)j->end_time);
    env_set(env, "SUBMIT", "%lld", (long long)j->submit_time);
    env_set(env, "ELIGIBLE", "%lld", (long long)j->eligible_time);
    env_set(env, "PROCS", "%u", j->alloc.n ? j->cpus : 0);
    env_set(env, "NODECNT", "%u", j->alloc.n);
    env_exit_code(env, "EXITCODE", j->exit_code);
    env_exit_code(env, "DERIVED_EC", j->derived_ec);
    env_limit(env, j);
    env_texts(env, end);
}
