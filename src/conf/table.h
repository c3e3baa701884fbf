/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table: the generated tables of keys, seen only by src/conf.
 */
#ifndef CONF_TABLE_H
#define CONF_TABLE_H

#include "conf/conf.h"

/* A key that begins a record, and the keys of its line. */
struct conf_line_info {
    const char *name, *help;
    const struct conf_key_info *keys;
    uint32_t n;
    uint8_t file;
};

enum { CONF_OLD_VALUES_MAX = 9 };
/* A key of former versions. */
struct conf_old {
    const char *name;
    const char *drop; /* why it is ignored, or NULL */
    const char *note; /* what to write, where the name alone does not say it */
    int16_t key;      /* the present key, or -1 */
    uint8_t file;
    const char *values[CONF_OLD_VALUES_MAX]; /* pairs old, new; NULL ends them */
};

/* A value of former versions, whatever the key. */
struct conf_renamed {
    const char *from, *to;
};

extern const struct conf_key_info conf_key_table[CONF_KEY_COUNT];
extern const uint16_t conf_key_order[CONF_KEY_COUNT]; /* by file, then by name ignoring case */
extern const struct conf_line_info conf_line_table[CONF_LINE_COUNT];
extern const struct conf_old conf_old_table[];
extern const uint32_t conf_old_count;
extern const struct conf_renamed conf_renamed_table[];
extern const uint32_t conf_renamed_count;

#endif
