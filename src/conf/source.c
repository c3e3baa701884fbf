/* SPDX-License-Identifier: Apache-2.0 */
/* conf.h: a source over a list of texts. */
#include "conf/conf.h"

#include "base/mem.h"
#include "base/text.h"

/* A path as the list knows it: the names there are relative to the folder of slurm.conf, whatever that was. */
static bool is_named(const char *path, const char *name)
{
    if (text_same(path, name))
        return true;
    size_t path_len = strlen(path), len = strlen(name);
    return path_len > len && path[path_len - len - 1] == '/' && text_ends(path, name);
}

static int list_read(void *ctx, const char *path, char **ret_text, struct err *e)
{
    const struct conf_file_list *list = ctx;
    for (uint32_t i = 0; i < list->n; i++) {
        if (is_named(path, list->v[i].name)) {
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
    for (uint32_t i = 0; i < list->n; i++) {
        const char *name = list->v[i].name, *tail = pattern;
        bool found = matches(pattern, name);
        while (!found && (tail = strchr(tail, '/')))
            found = matches(++tail, name);
        if (found)
            meta_strs_push(ret_paths, name[0] == '/' ? name : list->v[i].name);
    }
    return 0;
}

struct conf_source conf_list_source(const struct conf_file_list *list)
{
    return (struct conf_source){(void *)list, list_read, list_glob};
}
