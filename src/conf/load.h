/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load: what the parts of loading share. conf_load reads all lines first (parse.c), then builds hosts and
 * nodes (node.c), node sets and partitions (part.c), merges gres.conf (gres.c) and looks for contradictions
 * (check.c).
 */
#ifndef CONF_LOAD_H
#define CONF_LOAD_H

#include "conf/internal.h"
#include "conf/reader.h"

enum old_host {
    OLD_CONTROL_MACHINE,
    OLD_CONTROL_ADDR,
    OLD_BACKUP_CONTROLLER,
    OLD_BACKUP_ADDR,
    OLD_HOSTS,
};

struct loader {
    struct conf *c;
    const struct conf_source *source;
    struct conf_messages *msgs;
    struct err *e; /* the first fatal text */
    unsigned want;
    bool failed;
    enum conf_key_file file;        /* which file's keys are being read */
    struct conf_val old[OLD_HOSTS]; /* ControlMachine and its like */
};

/* An error: the configuration cannot be used. fatal is what the program says last, NULL for the usual text.
 */
void load_error(struct loader *l, const char *fatal, const char *file, uint32_t line, const char *hint,
                const char *fmt, ...) __attribute__((format(printf, 6, 7)));
void load_warning(struct loader *l, const char *file, uint32_t line, const char *hint, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* reader's take for files of keys. ctx is a struct loader. */
void load_line(void *ctx, const struct conf_place *at, const char *line);
/* Defaults for the keys of a file that were not given. */
void load_defaults(struct loader *l, enum conf_key_file file);
void load_hosts(struct loader *l);
void load_nodes(struct loader *l);
void load_down_nodes(struct loader *l);
void load_node_sets(struct loader *l);
void load_parts(struct loader *l);
void load_check(struct loader *l);
/* topology.conf; nodes have been read. */
void load_topology(struct loader *l);

/* The texts of a record over those of the DEFAULT lines before it: text[k] of NODE_KEYS or PART_KEYS keys. */
const char *record_text(const struct conf_record *r, char *const *defaults, uint32_t key);
/* Takes over what a DEFAULT line gives. */
void record_defaults(char **defaults, const struct conf_record *r);
/* A number of a line; def where it is not given. It was checked when it was read. */
uint64_t record_number(enum conf_line_kind kind, uint32_t key, const char *text, uint64_t def);

#endif
