/* SPDX-License-Identifier: Apache-2.0 */
#include "os/users.h"

#include <errno.h>
#include <grp.h>
#include <pthread.h>
#include <pwd.h>
#include <time.h>
#include <unistd.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/text.h"
#include "meta/meta.h"

enum { ENTRY_MAX = 1 << 20 };

struct users {
    pthread_mutex_t lock;
    struct map_u64 known; /* uid -> struct user */
};

struct users *users_new(void)
{
    struct users *u = mem_alloc(sizeof *u);

    pthread_mutex_init(&u->lock, NULL);
    return u;
}

void user_drop(struct user *user)
{
    if (!user || !shared_drop(&user->sh))
        return;
    mem_free(user->name);
    mem_free(user->groups);
    mem_free(user);
}

void users_forget(struct users *u)
{
    pthread_mutex_lock(&u->lock);
    MAP_EACH (&u->known, e)
        user_drop(e->value);
    map_u64_release(&u->known);
    pthread_mutex_unlock(&u->lock);
}

void users_free(struct users *u)
{
    if (!u)
        return;
    users_forget(u);
    pthread_mutex_destroy(&u->lock);
    mem_free(u);
}

static void ask_groups(struct user *user)
{
    int n = 32;
    gid_t *list = mem_array((size_t)n, sizeof *list);

    while (getgrouplist(user->name, user->gid, list, &n) < 0 && n <= USERS_GROUPS_MAX) {
        mem_free(list);
        list = mem_array((size_t)n, sizeof *list);
    }
    user->groups_n = n < 0 ? 0 : n > USERS_GROUPS_MAX ? USERS_GROUPS_MAX : (uint32_t)n;
    user->groups = list;
    _Static_assert(sizeof(gid_t) == sizeof(uint32_t), "gids are passed on as they are");
}

/* One entry of the password database, in memory that grows as it asks for. The names in *pw lie in *ret_mem.
 */
static bool ask_entry(const char *name, uint32_t uid, struct passwd *pw, char **ret_mem)
{
    struct passwd *found = NULL;
    int rc = ERANGE;

    *ret_mem = NULL;
    for (size_t size = 4096; rc == ERANGE && size <= ENTRY_MAX; size *= 4) {
        *ret_mem = mem_realloc(*ret_mem, size);
        rc =
            name ? getpwnam_r(name, pw, *ret_mem, size, &found) : getpwuid_r(uid, pw, *ret_mem, size, &found);
    }
    return rc == 0 && found;
}

static struct user *ask(uint32_t uid)
{
    struct user *user = mem_alloc(sizeof *user);
    struct passwd pw;
    char *mem;

    shared_init(&user->sh);
    user->uid = uid;
    user->gid = NO_VAL;
    user->asked = time(NULL);
    if (ask_entry(NULL, uid, &pw, &mem)) {
        user->name = mem_strdup(pw.pw_name);
        user->gid = pw.pw_gid;
        ask_groups(user);
    }
    mem_free(mem);
    return user;
}

struct user *users_peek(struct users *u, uint32_t uid)
{
    pthread_mutex_lock(&u->lock);
    struct user *user = map_u64_get(&u->known, uid);
    if (user && time(NULL) - user->asked > USERS_KEEP_S)
        user = NULL;
    if (user)
        shared_keep(&user->sh);
    pthread_mutex_unlock(&u->lock);
    return user;
}

struct user *users_get(struct users *u, uint32_t uid)
{
    struct user *user = users_peek(u, uid);

    if (user)
        return user;
    user = ask(uid);
    shared_keep(&user->sh);
    pthread_mutex_lock(&u->lock);
    struct user *old = map_u64_put(&u->known, uid, user);
    pthread_mutex_unlock(&u->lock);
    user_drop(old);
    return user;
}

bool users_id(const char *name_or_number, uint32_t *ret_uid, uint32_t *ret_gid)
{
    struct passwd pw;
    char *mem = NULL;
    uint32_t uid = 0;

    bool number = text_to_u32(name_or_number, &uid);
    bool found = ask_entry(number ? NULL : name_or_number, uid, &pw, &mem);
    if (found) {
        *ret_uid = pw.pw_uid;
        *ret_gid = pw.pw_gid;
    } else if (number) {
        *ret_uid = uid;
        *ret_gid = uid;
    }
    mem_free(mem);
    return found || number;
}

uint32_t users_daemon_uid(const char *name)
{
    uint32_t uid = geteuid(), gid;

    if (!name)
        return 0;
    users_id(name, &uid, &gid);
    return uid;
}

bool users_of_group(const char *group, struct meta_u32s *ret)
{
    struct group gr, *found = NULL;
    char *mem = NULL;
    uint32_t uid, gid;
    int rc = ERANGE;

    for (size_t size = 16384; rc == ERANGE && size <= 16 * ENTRY_MAX; size *= 4) {
        mem = mem_realloc(mem, size);
        rc = getgrnam_r(group, &gr, mem, size, &found);
    }
    for (char **m = found ? gr.gr_mem : NULL; m && *m; m++)
        if (users_id(*m, &uid, &gid))
            meta_u32s_push(ret, uid);
    /* Users whose primary group it is are in no member list. */
    struct passwd pw, *entry;
    char line[16384];
    if (found) {
        setpwent();
        while (getpwent_r(&pw, line, sizeof line, &entry) == 0)
            if (pw.pw_gid == gr.gr_gid)
                meta_u32s_push(ret, pw.pw_uid);
        endpwent();
    }
    mem_free(mem);
    return found != NULL;
}
