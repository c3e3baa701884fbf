/* SPDX-License-Identifier: Apache-2.0 */
/*
 * docout: writes one document, as JSON or as YAML, in the form of Slurm's --json and --yaml.
 *
 *     struct docout d;
 *     docout_begin(&d, &out, yaml);
 *     docout_list(&d, "jobs");
 *     docout_map(&d, NULL);              (a member of a list has no key)
 *     docout_str(&d, "name", job->name);
 *     docout_end(&d);
 *     docout_end(&d);
 *     docout_finish(&d);
 */
#ifndef CLI_DOCOUT_H
#define CLI_DOCOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

enum { DOCOUT_DEPTH_MAX = 32 };

struct docout {
    struct buf *out;
    bool yaml;
    uint32_t depth;
    struct {
        bool list;
        uint32_t members;
        uint32_t indent; /* YAML: columns before a member */
    } level[DOCOUT_DEPTH_MAX];
};

void docout_begin(struct docout *d, struct buf *out, bool yaml);
void docout_finish(struct docout *d);
void docout_map(struct docout *d, const char *key);
void docout_list(struct docout *d, const char *key);
void docout_end(struct docout *d);

void docout_str(struct docout *d, const char *key, const char *value); /* NULL: "" */
void docout_int(struct docout *d, const char *key, int64_t value);
void docout_uint(struct docout *d, const char *key, uint64_t value);
void docout_bool(struct docout *d, const char *key, bool value);
void docout_float(struct docout *d, const char *key, double value);
/* {set, infinite, number}: NO_VAL, NO_VAL64 and the like are unset, INFINITE and the like infinite. */
void docout_num(struct docout *d, const char *key, bool set, bool infinite, uint64_t number);
void docout_opt32(struct docout *d, const char *key, uint32_t v);
void docout_opt16(struct docout *d, const char *key, uint16_t v);
void docout_opt64(struct docout *d, const char *key, uint64_t v);
/* A list of texts, from comma separated ones; NULL gives an empty list. */
void docout_words(struct docout *d, const char *key, const char *comma_separated);

#endif
