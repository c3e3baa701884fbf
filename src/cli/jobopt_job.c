/* SPDX-License-Identifier: Apache-2.0 */
/* Options about when and how a job runs: times, signals, mail, requeueing, users, limits, accounting. */
#include "cli/jobopt_priv.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "base/timetext.h"
#include "cli/rlimits.h"

enum { NICE_DEFAULT = 100, NICE_MAX = 2147483645, SIGNAL_TIME = 60 };

/* The zone of TZ or /etc/localtime. */
static int32_t local_offset(const void *arg, int64_t unix_time)
{
    time_t t = (time_t)unix_time;
    struct tm tm;
    return localtime_r(&t, &tm) ? (int32_t)tm.tm_gmtoff : 0;
}

static int set_when(struct jobopt_use *u, int64_t *field)
{
    static const struct time_zone local = {.offset = local_offset};
    struct err e;
    if (!*u->arg)
        return jobopt_bad_arg(u);
    if (time_parse(u->arg, u->o->world.now, &local, false, field, &e) == 0)
        return 0;
    buf_addf(&u->o->log, "%s\n", e.text);
    return jobopt_bad_arg(u);
}

int set_begin(struct jobopt_use *u)
{
    return set_when(u, &u->part->spec.begin_time);
}

int set_deadline(struct jobopt_use *u)
{
    return set_when(u, &u->part->spec.deadline);
}

int set_delay_boot(struct jobopt_use *u)
{
    return jobopt_seconds(u->arg, &u->part->spec.delay_boot) ? 0 : jobopt_bad_arg(u);
}

/* "[R][B]:signal[@seconds]" */
int set_signal(struct jobopt_use *u)
{
    struct job_spec *s = &u->part->spec;
    const char *at = u->arg, *colon = strchr(u->arg, ':');
    bool batch = false, reservation = false;
    for (; colon && at < colon; at++) {
        if (*at == 'B' || *at == 'b')
            batch = true;
        else if (*at == 'R' || *at == 'r')
            reservation = true;
        else
            return jobopt_bad_arg(u);
    }
    at += colon != NULL;
    char name[32];
    size_t len = strcspn(at, "@");
    uint32_t number, seconds = SIGNAL_TIME;
    if (!buf_print(name, sizeof name, "%.*s", (int)len, at))
        return jobopt_bad_arg(u);
    /* A number may be one that this machine does not know. */
    if (!jobopt_signal(name, &number) && (!text_to_u32(name, &number) || number == 0))
        return jobopt_bad_arg(u);
    if (at[len] == '@' && at[len + 1] && (!text_to_u32(at + len + 1, &seconds) || seconds > UINT16_MAX))
        return jobopt_bad_arg(u);
    s->warn_signal = (uint16_t)number;
    s->warn_time = (uint16_t)seconds;
    s->warn_batch = batch;
    s->warn_reservation = reservation;
    return 0;
}

int set_immediate(struct jobopt_use *u)
{
    uint32_t ignored;
    if (u->source == JOBOPT_ENV && u->arg && !text_to_u32(u->arg, &ignored))
        return 0; /* as Slurm does */
    u->part->cli.immediate = 0;
    if (u->arg && jobopt_number(u, u->arg, "immediate", 0, INT32_MAX, &u->part->cli.immediate) < 0)
        return -1;
    u->part->spec.immediate = u->part->cli.immediate <= 1; /* a second is no time to wait */
    return 0;
}

int set_nice(struct jobopt_use *u)
{
    int64_t v = u->arg && *u->arg ? jobopt_leading_number(u->arg) : NICE_DEFAULT;
    if (v > NICE_MAX || v < -NICE_MAX)
        return jobopt_fail(u->o, JOBOPT_EXIT_ARG, "Invalid --nice value, out of range (+/- %d)", NICE_MAX);
    u->part->spec.nice = (int32_t)v;
    return 0;
}

int set_priority(struct jobopt_use *u)
{
    if (text_casecmp(u->arg, "top") == 0) {
        u->part->spec.priority = NO_VAL - 1;
        return 0;
    }
    int64_t v = jobopt_leading_number(u->arg);
    if (v < 0)
        return jobopt_fail(u->o, JOBOPT_EXIT_ARG, "Priority must be >= 0");
    if (v >= NO_VAL)
        return jobopt_fail(u->o, JOBOPT_EXIT_ARG, "Priority must be < %u", NO_VAL);
    u->part->spec.priority = (uint32_t)v;
    return 0;
}

/* The controller reads the indexes. Commas alone name none: the job is no array. */
int set_array(struct jobopt_use *u)
{
    bool any = u->arg[strspn(u->arg, ",")] != '\0';
    mem_set_str(&u->part->spec.array, any ? u->arg : NULL);
    return 0;
}

bool jobopt_mail_types(const char *text, struct buf *types, struct buf *unknown)
{
    static const char *const known[] = {"BEGIN",         "END",         "FAIL",           "REQUEUE",
                                        "STAGE_OUT",     "TIME_LIMIT",  "TIME_LIMIT_90",  "TIME_LIMIT_80",
                                        "TIME_LIMIT_50", "ARRAY_TASKS", "INVALID_DEPEND", NULL};
    static const char all[] = "INVALID_DEPEND,BEGIN,END,FAIL,REQUEUE,STAGE_OUT";
    struct text_list items = {0};
    bool none = false;
    text_split(&items, text, ',');
    for (uint32_t i = 0; i < items.n; i++) {
        if (text_casecmp(items.v[i], "none") == 0) {
            none = true;
        } else if (text_casecmp(items.v[i], "all") == 0) {
            buf_sep(types, ",");
            buf_adds(types, all);
        } else if (jobopt_word_in(items.v[i], known)) {
            buf_sep(types, ",");
            for (const char *s = items.v[i]; *s; s++)
                buf_addc(types, text_upper(*s));
        } else {
            buf_sep(unknown, ",");
            buf_adds(unknown, items.v[i]);
        }
    }
    text_list_release(&items);
    if (none) /* whatever else is there */
        buf_clear(types);
    return none || types->len > 0;
}

/* Unknown types are left out; only a list without any known one is refused, as Slurm does. */
int set_mail_type(struct jobopt_use *u)
{
    struct buf types = BUF_INIT, unknown = BUF_INIT;
    bool ok = jobopt_mail_types(u->arg, &types, &unknown);
    if (ok && unknown.len)
        jobopt_warn(u->o, "--mail-type: unknown type \"%s\" is left out", unknown.s);
    mem_set_str(&u->part->spec.mail_type, types.len ? types.s : NULL);
    buf_release(&types);
    buf_release(&unknown);
    return ok ? 0 : jobopt_bad_arg(u);
}

int set_open_mode(struct jobopt_use *u)
{
    char c = text_lower(u->arg[0]);
    if (c != 'a' && c != 't')
        return jobopt_bad_arg(u);
    u->part->spec.open_mode = c == 'a' ? OPEN_APPEND : OPEN_TRUNCATE;
    return 0;
}

int set_requeue(struct jobopt_use *u)
{
    if (u->arg && text_casecmp(u->arg, "expedite") != 0)
        return jobopt_bad_arg(u);
    u->part->spec.requeue = 1;
    u->part->spec.expedite = u->arg != NULL;
    return 0;
}

int set_no_requeue(struct jobopt_use *u)
{
    u->part->spec.requeue = 0;
    u->part->spec.expedite = false;
    return 0;
}

int set_kill_on_invalid_dep(struct jobopt_use *u)
{
    bool yes = text_casecmp(u->arg, "yes") == 0;
    if (!yes && text_casecmp(u->arg, "no") != 0)
        return jobopt_bad_arg(u);
    u->part->spec.kill_on_invalid_dep = yes;
    return 0;
}

int set_no_kill(struct jobopt_use *u)
{
    bool off = u->arg && (text_casecmp(u->arg, "off") == 0 || text_casecmp(u->arg, "no") == 0);
    if (u->arg && !off && text_casecmp(u->arg, "set") != 0 &&
        !(u->source == JOBOPT_ENV && text_casecmp(u->arg, "yes") == 0) &&
        !(u->source == JOBOPT_ENV && text_is_digit(*u->arg)))
        return jobopt_bad_arg(u);
    u->part->spec.no_kill = !off;
    return 0;
}

int set_wait_all_nodes(struct jobopt_use *u)
{
    uint32_t v;
    if (jobopt_number(u, u->arg, "--wait-all-nodes", 0, INT32_MAX, &v) < 0)
        return -1;
    if (v > 1)
        return jobopt_bad_arg(u);
    u->part->spec.wait_all_nodes = (uint16_t)v;
    return 0;
}

int set_oom_kill_step(struct jobopt_use *u)
{
    uint32_t v = 1;
    if (u->arg && *u->arg && (!text_to_u32(u->arg, &v) || v > 1))
        return jobopt_bad_arg(u);
    u->part->spec.oom_kill_step = (uint16_t)v;
    return 0;
}

int set_chdir(struct jobopt_use *u)
{
    char *path = *u->arg == '/' ? mem_strdup(u->arg) : buf_format("%s/%s", u->o->world.cwd, u->arg);
    mem_set_str(&u->part->spec.work_dir, path);
    mem_free(path);
    return 0;
}

static int need_root(struct jobopt_use *u)
{
    return u->o->world.uid == 0
               ? 0
               : jobopt_fail(u->o, JOBOPT_EXIT_ARG, "--%s only permitted by root user", u->row->name);
}

int set_uid(struct jobopt_use *u)
{
    uint32_t id;
    if (need_root(u) < 0)
        return -1;
    const struct passwd *pw = text_to_u32(u->arg, &id) ? getpwuid(id) : getpwnam(u->arg);
    if (!pw)
        return jobopt_bad_arg(u);
    u->part->cli.uid = pw->pw_uid;
    if (u->part->cli.gid == NO_VAL)
        u->part->cli.gid = pw->pw_gid;
    return 0;
}

int set_gid(struct jobopt_use *u)
{
    uint32_t id;
    if (need_root(u) < 0)
        return -1;
    const struct group *gr = text_to_u32(u->arg, &id) ? getgrgid(id) : getgrnam(u->arg);
    if (!gr)
        return jobopt_bad_arg(u);
    u->part->cli.gid = gr->gr_gid;
    return 0;
}

int set_propagate(struct jobopt_use *u)
{
    const char *names = u->arg && *u->arg ? u->arg : "ALL";
    char bad[32];
    if (!rlimits_known(names, bad, sizeof bad)) {
        jobopt_error(u->o, "Bad rlimit name: %s", bad);
        return jobopt_fail(u->o, JOBOPT_EXIT, "--propagate=%s is not valid.", names);
    }
    mem_set_str(&u->part->cli.propagate, names);
    mem_set_str(&u->part->spec.propagate, names);
    return 0;
}

int set_profile(struct jobopt_use *u)
{
    static const char *const known[] = {"all",    "none",       "energy",  "task",
                                        "lustre", "filesystem", "network", NULL};
    struct text_list items = {0};
    text_split(&items, u->arg, ',');
    bool ok = false; /* one known type is enough */
    for (uint32_t i = 0; i < items.n && !ok; i++)
        ok = jobopt_word_in(items.v[i], known);
    text_list_release(&items);
    if (!ok)
        return jobopt_fail(u->o, JOBOPT_EXIT_ARG, "invalid --profile=%s option", u->arg);
    mem_set_str(&u->part->spec.profile, u->arg);
    return 0;
}

/* "10" or "task=10,energy=5" */
int set_acctg_freq(struct jobopt_use *u)
{
    static const char *const known[] = {"task", "energy", "network", "filesystem", NULL};
    struct text_list items = {0};
    text_split(&items, u->arg, ',');
    int rc = 0;
    for (uint32_t i = 0; i < items.n && rc == 0; i++) {
        uint32_t seconds;
        char *equals = strchr(items.v[i], '='),
             *name = equals ? mem_strndup(items.v[i], equals - items.v[i]) : NULL;
        if (!text_to_u32(equals ? equals + 1 : items.v[i], &seconds) ||
            (name && !jobopt_word_in(name, known)))
            rc = jobopt_fail(u->o, JOBOPT_EXIT_ARG, "Invalid --acctg-freq specification: %s", items.v[i]);
        mem_free(name);
    }
    text_list_release(&items);
    if (rc < 0)
        return rc;
    mem_set_str(&u->part->spec.acctg_freq, u->arg);
    return 0;
}

int set_mem_update(struct jobopt_use *u)
{
    size_t len = strcspn(u->arg, "@");
    char margin[16];
    uint32_t v, minutes;
    if (u->arg[len] == '\0')
        return jobopt_fail(u->o, JOBOPT_EXIT_ARG, "--mem-update requires MARGIN@DELAY format");
    if (!buf_print(margin, sizeof margin, "%.*s", (int)len, u->arg) || !text_to_u32(margin, &v) || v == 0 ||
        !jobopt_minutes(u->arg + len + 1, &minutes))
        return jobopt_bad_arg(u);
    return 0;
}

int set_bbf(struct jobopt_use *u)
{
    if (access(u->arg, R_OK) < 0) {
        jobopt_bad_arg(u);
        u->o->exit_code = JOBOPT_EXIT;
        return -1;
    }
    mem_set_str(&u->part->spec.bb_file, u->arg);
    return 0;
}

int set_verbose(struct jobopt_use *u)
{
    uint32_t v = u->part->cli.verbose + 1;
    if (u->arg && !text_to_u32(u->arg, &v))
        return 0; /* SBATCH_DEBUG=word says nothing about how much */
    u->part->cli.verbose = v;
    return 0;
}

int set_x11(struct jobopt_use *u)
{
    static const struct {
        const char *name;
        enum jobopt_x11 where;
    } names[] = {{"all", JOBOPT_X11_ALL},
                 {"first", JOBOPT_X11_FIRST},
                 {"last", JOBOPT_X11_LAST},
                 {"batch", JOBOPT_X11_BATCH}};
    enum jobopt_x11 where = u->arg ? JOBOPT_X11_NONE : JOBOPT_X11_ALL;
    for (size_t i = 0; u->arg && i < sizeof names / sizeof *names; i++) {
        if (text_casecmp(u->arg, names[i].name) == 0)
            where = names[i].where;
    }
    if (where != JOBOPT_X11_NONE && !jobopt_env(u->o->world.env, "DISPLAY"))
        return jobopt_fail(u->o, JOBOPT_EXIT_ARG, "No DISPLAY variable set, cannot setup x11 forwarding.");
    u->part->cli.x11 = where;
    return 0;
}
