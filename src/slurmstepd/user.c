/* SPDX-License-Identifier: Apache-2.0 */
#include "slurmstepd/user.h"

#include <errno.h>
#include <grp.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/text.h"

static int user_failed(struct err *e, const char *what)
{
    return err_set(e, errno, "%s: %s", what, strerror(errno));
}

/* 1: nothing to do (we are the user), 0: root may switch, negative: not permitted. */
static int user_check(const struct user *u, struct err *e)
{
    if (geteuid() == 0)
        return 0;
    if (geteuid() == u->uid)
        return 1;
    errno = EPERM;
    return user_failed(e, "only root starts steps of other users");
}

int user_borrow(const struct user *u, struct user_saved *s, struct err *e)
{
    int rc = user_check(u, e);

    s->switched = 0;
    if (rc != 0)
        return rc < 0 ? rc : 0;
    s->uid = geteuid();
    s->gid = getegid();
    s->groups_n = getgroups(sizeof s->groups / sizeof s->groups[0], s->groups);
    if (s->groups_n < 0)
        s->groups_n = 0; /* more than we keep: root needs none of them */
    if (setgroups(u->gids_n, u->gids) < 0)
        return user_failed(e, "setgroups");
    s->switched = 1;
    if (setegid(u->gid) < 0 || seteuid(u->uid) < 0) {
        rc = user_failed(e, "seteuid");
        user_return(s);
        return rc;
    }
    return 0;
}

void user_return(const struct user_saved *s)
{
    /* A daemon that cannot become itself again must not go on with a user's rights mixed with its own. */
    if (s->switched &&
        (seteuid(s->uid) < 0 || setegid(s->gid) < 0 || setgroups((size_t)s->groups_n, s->groups) < 0))
        _exit(1);
}

int user_become(const struct user *u, struct err *e)
{
    int rc = user_check(u, e);

    if (rc != 0)
        return rc < 0 ? rc : 0;
    if (setgroups(u->gids_n, u->gids) < 0)
        return user_failed(e, "setgroups");
    if (setresgid(u->gid, u->gid, u->gid) < 0)
        return user_failed(e, "setresgid");
    if (setresuid(u->uid, u->uid, u->uid) < 0)
        return user_failed(e, "setresuid");
    return 0;
}

static const struct {
    const char *name;
    int resource;
} limit_names[] = {
    {"AS", RLIMIT_AS},       {"CORE", RLIMIT_CORE},       {"CPU", RLIMIT_CPU},       {"DATA", RLIMIT_DATA},
    {"FSIZE", RLIMIT_FSIZE}, {"MEMLOCK", RLIMIT_MEMLOCK}, {"NOFILE", RLIMIT_NOFILE}, {"NPROC", RLIMIT_NPROC},
    {"RSS", RLIMIT_RSS},     {"STACK", RLIMIT_STACK},
};

int user_set_limit(const char *text, struct err *e)
{
    size_t len = strcspn(text, "=");

    for (size_t i = 0; i < sizeof limit_names / sizeof limit_names[0]; i++) {
        struct rlimit lim;
        uint64_t value = RLIM_INFINITY;
        const char *given = text + len + (text[len] == '=');

        if (strlen(limit_names[i].name) != len || text_casecmp_n(text, limit_names[i].name, len) != 0)
            continue;
        if (!text_same_nocase(given, "unlimited") && !text_same_nocase(given, "infinity") &&
            !text_to_u64(given, &value))
            return err_set(e, EINVAL, "limit %s: not a number", text);
        if (getrlimit(limit_names[i].resource, &lim) < 0)
            return user_failed(e, text);
        lim.rlim_cur = value > lim.rlim_max ? lim.rlim_max : value;
        if (setrlimit(limit_names[i].resource, &lim) < 0)
            return user_failed(e, text);
        return 0;
    }
    return err_set(e, EINVAL, "limit %s: unknown name", text);
}
