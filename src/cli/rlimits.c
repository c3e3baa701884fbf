/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/rlimits.h"

#include <string.h>
#include <sys/resource.h>

#include "base/buf.h"
#include "base/text.h"

const struct rlimit_name rlimit_names[] = {
    {"CPU", RLIMIT_CPU},         {"FSIZE", RLIMIT_FSIZE}, {"DATA", RLIMIT_DATA},   {"STACK", RLIMIT_STACK},
    {"CORE", RLIMIT_CORE},       {"RSS", RLIMIT_RSS},     {"NPROC", RLIMIT_NPROC}, {"NOFILE", RLIMIT_NOFILE},
    {"MEMLOCK", RLIMIT_MEMLOCK}, {"AS", RLIMIT_AS},
};
const uint32_t rlimit_names_count = sizeof rlimit_names / sizeof *rlimit_names;

/* The name without the "RLIMIT_" that may stand before it. */
static const char *short_name(const char *name, size_t *len)
{
    static const char prefix[] = "RLIMIT_";
    size_t n = sizeof prefix - 1;
    if (*len <= n || memcmp(name, prefix, n) != 0)
        return name;
    *len -= n;
    return name + n;
}

static bool is_known(const char *name, size_t len)
{
    name = short_name(name, &len);
    for (uint32_t i = 0; i < rlimit_names_count; i++) {
        if (strlen(rlimit_names[i].name) == len && memcmp(rlimit_names[i].name, name, len) == 0)
            return true;
    }
    return false;
}

bool rlimits_known(const char *list, char *ret_bad, size_t size)
{
    if (strcmp(list, "ALL") == 0 || strcmp(list, "NONE") == 0) /* each stands alone */
        return true;
    for (const char *at = list; *at;) {
        size_t len = strcspn(at, ",");
        if (len && !is_known(at, len)) {
            buf_print(ret_bad, size, "%.*s", (int)len, at);
            return false;
        }
        at += len + (at[len] == ',');
    }
    return true;
}

bool rlimits_holds(const char *list, const char *name)
{
    size_t want = strlen(name);
    for (const char *at = list; at && *at;) {
        size_t item = strcspn(at, ","), len = item;
        const char *found = short_name(at, &len);
        if ((len == want && memcmp(found, name, len) == 0) || (len == 3 && memcmp(at, "ALL", 3) == 0))
            return true;
        at += item + (at[item] == ',');
    }
    return false;
}

static bool among(const struct meta_strs *list, const char *name)
{
    for (uint32_t i = 0; i < list->n; i++)
        if (text_casecmp(list->v[i], name) == 0 || text_casecmp(list->v[i], "ALL") == 0)
            return true;
    return false;
}

bool rlimits_propagate(const struct meta_strs *list, const struct meta_strs *except, const char *name)
{
    if (except && except->n)
        return !among(except, name);
    return !list || !list->n || among(list, name);
}
