/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/names.h"

#include <grp.h>
#include <pwd.h>
#include <sys/types.h>

#include "base/text.h"

enum { NAME_MAX_LEN = 256 };

struct cached {
    bool valid;
    uint32_t id;
    char name[NAME_MAX_LEN];
};

static void remember(struct cached *c, uint32_t id, const char *name)
{
    c->valid = true;
    c->id = id;
    if (name)
        buf_print(c->name, sizeof c->name, "%s", name);
    else
        buf_print(c->name, sizeof c->name, "%u", id);
}

void names_user(uint32_t uid, struct buf *out)
{
    static struct cached last;
    if (!last.valid || last.id != uid) {
        const struct passwd *pw = getpwuid(uid);
        remember(&last, uid, pw ? pw->pw_name : NULL);
    }
    buf_adds(out, last.name);
}

void names_group(uint32_t gid, struct buf *out)
{
    static struct cached last;
    if (!last.valid || last.id != gid) {
        const struct group *gr = getgrgid(gid);
        remember(&last, gid, gr ? gr->gr_name : NULL);
    }
    buf_adds(out, last.name);
}

bool names_find_user(const char *text, uint32_t *ret_uid)
{
    const struct passwd *pw = getpwnam(text);
    if (pw) {
        *ret_uid = pw->pw_uid;
        return true;
    }
    return text_to_u32(text, ret_uid);
}
