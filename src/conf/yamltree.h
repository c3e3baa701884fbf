/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yamltree: a document of YAML 1.1, read by libyaml, as a tree of lists, maps and texts. Aliases are errors:
 * with them few bytes make a tree of any size. Nesting is limited to 32 levels.
 */
#ifndef CONF_YAMLTREE_H
#define CONF_YAMLTREE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/vec.h"

enum yaml_kind { YAML_NULL, YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml_entry;
struct yaml {
    enum yaml_kind kind;
    uint32_t line;                  /* from 1 */
    char *text;                     /* of a scalar */
    VEC(struct yaml_entry) entries; /* of a list or a map, in order */
};
struct yaml_entry {
    char *key; /* NULL in a list */
    struct yaml value;
};

/* 0 with *ret (an empty text is YAML_NULL), or -1 with *e naming line and column. */
int yaml_parse(const char *text, struct yaml *ret, struct err *e);
void yaml_release(struct yaml *y);

/* The value of a key of a map; NULL when it is not there. */
const struct yaml *yaml_get(const struct yaml *map, const char *key);
/* "list", "dictionary", "string" or "null", as messages say it. */
const char *yaml_kind_text(const struct yaml *y);

#endif
