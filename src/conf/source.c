/* SPDX-License-Identifier: Apache-2.0 */
/* conf.h: a source over a list of texts. */
#include "conf/conf.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"

/* A path as the names of the list are: relative to its folder where it lies in it. */
static const char *relative(const struct conf_file_list *list, const char *path)
{
    return list->dir && text_starts(path, list->dir) ? path + strlen(list->dir) : path;
}

static int list_read(void *ctx, const char *path, char **ret_text, struct err *e)
{
    const struct conf_file_list *list = ctx;
    const char *name = relative(list, path);
    for (uint32_t i = 0; i < list->n; i++) {
        if (text_same(name, list->v[i].name)) {
            *ret_text = mem_strdup(list->v[i].text);
            return 0;
        }
    }
    return err_set(e, CONF_ENOENT, "%s: not among the files received", path);
}

/* Does `name` match a pattern of *, ? and [a-z] (no / is matched by any of them)? */
static bool matches(const char *pattern, const char *name)
{
    for (; *pattern; pattern++, name++) {
        if (*pattern == '*') {
            for (const char *s = name;; s++) {
                if (matches(pattern + 1, s))
                    return true;
                if (!*s || *s == '/')
                    return false;
            }
        }
        if (!*name || (*name == '/' && *pattern != '/'))
            return false;
        if (*pattern == '[' && strchr(pattern, ']')) {
            bool found = false, negated = pattern[1] == '!';
            for (pattern += 1 + negated; *pattern != ']'; pattern++) {
                bool range = pattern[1] == '-' && pattern[2] != ']';
                found |= *name >= *pattern && *name <= (range ? pattern[2] : *pattern);
                pattern += range ? 2 : 0;
            }
            if (found == negated)
                return false;
        } else if (*pattern != '?' && *pattern != *name) {
            return false;
        }
    }
    return !*name;
}

static int list_glob(void *ctx, const char *pattern, struct meta_strs *ret_paths, struct err *e)
{
    const struct conf_file_list *list = ctx;
    pattern = relative(list, pattern);
    for (uint32_t i = 0; i < list->n; i++) {
        if (matches(pattern, list->v[i].name))
            meta_strs_push(ret_paths, list->v[i].name);
    }
    return 0;
}

struct conf_source conf_list_source(const struct conf_file_list *list)
{
    return (struct conf_source){(void *)list, list_read, list_glob};
}
