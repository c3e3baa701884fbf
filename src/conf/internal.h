/* SPDX-License-Identifier: Apache-2.0 */
/*
 * internal: struct conf as src/conf sees it.
 */
#ifndef CONF_INTERNAL_H
#define CONF_INTERNAL_H

#include <inttypes.h>
#include <string.h>

#include "base/map.h"
#include "base/text.h"
#include "base/vec.h"
#include "conf/gres.h"
#include "conf/table.h"
#include "model.h"

/* The value of a key, from its text. Which members are set depends on the kind. */
struct conf_val {
    char *text;            /* in force; NULL: neither given nor a default */
    uint64_t num;          /* numbers, booleans, enumerations, flags; ports: first | last << 16 */
    double real;           /* F64 */
    struct meta_strs list; /* members of lists; lines of multi keys */
    const char *file;      /* where it was given, or NULL: a default */
    uint32_t line;
};

/* A line that is a record: NodeName=... and so on. */
struct conf_record {
    enum conf_line_kind kind;
    const char *file;
    uint32_t line;
    char **text; /* one a key of the kind, NULL = not given */
};

struct conf {
    char *path, *dir; /* dir ends in "/" or is empty */
    struct conf_val v[CONF_KEY_COUNT];
    struct text_list paths, texts; /* every file read; conf_places point into paths */
    VEC(struct conf_file) files;   /* the same under the names that a node gets them by */
    VEC(struct conf_record) records;
    VEC(struct conf_host) hosts;
    struct {
        struct node *v;
        uint32_t n, cap;
    } nodes;
    struct {
        struct part *v;
        uint32_t n, cap;
    } parts;
    VEC(struct conf_nodeset) sets;
    VEC(struct conf_power_action) power;
    struct map_str node_names, node_hosts; /* to index + 1; HOST_SHARED: several daemons on it */
    struct gres_conf gres;
    VEC(struct topo_switch) topology; /* in force; owned */
    VEC(struct topo_plan) topologies; /* of topology.yaml, the default first; owned */
    uint64_t hash;
};

#define HOST_SHARED ((void *)UINTPTR_MAX)

/* Reading and checking of one value. Returns 0, or -1 with the reason in *why (Slurm's words). *ret is
 * released first. */
int conf_val_parse(const struct conf_key_info *k, const char *text, struct conf_val *ret, struct buf *why);
void conf_val_release(struct conf_val *v);
/* Text to number as keys of files take them: decimal, 0x, octal; UNLIMITED where the key has it. */
bool conf_number(const struct conf_key_info *k, const char *text, uint64_t *ret, struct buf *why);
/* A time limit: "M", "M:S", "H:M:S", "D-H[:M[:S]]" as minutes, rounded up; UNLIMITED, INFINITE, -1. */
bool conf_minutes(const char *text, uint32_t *ret);
/* `pattern` with %k and %v replaced by the name of the key and the value. */
void conf_fill(const char *pattern, const struct conf_key_info *k, const char *text, struct buf *out);
/* Names of a flag or enum value in table order, with commas. */
void conf_flags_text(const struct conf_key_info *k, uint64_t value, struct buf *out);

#endif
