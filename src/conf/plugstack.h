/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plugstack: the lines of plugstack.conf: which SPANK plugins are loaded, in which order.
 *
 *     required|optional  path  [arguments ...]
 *     include            glob
 *
 * Ownership: the caller's until plugstack_release. Includes are resolved here.
 */
#ifndef CONF_PLUGSTACK_H
#define CONF_PLUGSTACK_H

#include "conf/conf.h"

struct plugstack_entry {
    bool required;
    char *path; /* as written: relative ones are looked for in PluginDir */
    struct meta_strs args;
    char *file;
    uint32_t line;
};

struct plugstack {
    struct plugstack_entry *v;
    uint32_t n, cap;
};

/* An absent file is an empty stack. Bad lines are errors in msgs and make it fail. */
int plugstack_load(const struct conf_source *source, const char *path, struct plugstack *ret,
                   struct conf_messages *msgs, struct err *e);
void plugstack_release(struct plugstack *p);

#endif
