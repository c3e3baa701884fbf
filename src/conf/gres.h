/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gres: gres.conf: which devices a node has, and where.
 *
 * A slurmd loads it for its own node; the controller's conf_load merges it into the nodes. A line without
 * NodeName is about every node. What the node's own Gres= in slurm.conf says about counts wins; gres.conf
 * adds files, cores and links.
 *
 * Ownership: the caller's until gres_conf_release.
 */
#ifndef CONF_GRES_H
#define CONF_GRES_H

#include "base/hostlist.h"
#include "conf/conf.h"

/* AutoDetect= as flags. */
enum {
    GRES_DETECT_OFF = 0,
    GRES_DETECT_NVML = 1,
    GRES_DETECT_RSMI = 2,
    GRES_DETECT_ONEAPI = 4,
    GRES_DETECT_NRT = 8,
    GRES_DETECT_NVIDIA = 16,
    GRES_DETECT_FULL = 32,
};

struct gres_line {
    struct hostlist nodes;  /* empty: every node */
    char *name, *type;      /* name NULL: a line that only sets AutoDetect */
    int detect;             /* GRES_DETECT_*; -1: not given */
    uint64_t count;         /* NO_VAL64: not given, one a file */
    struct meta_strs files; /* in order, ranges written out */
    bool multiple;          /* MultipleFiles: all of them are one device */
    char *cores;            /* near all files of the line, or NULL */
    char *links, *flags;
    char *file; /* where it was written */
    uint32_t line;
};

struct gres_conf {
    struct gres_line *v;
    uint32_t n, cap;
};

/* An absent file is an empty gres_conf. On failure e->text is Slurm's fatal text. */
int gres_conf_load(const struct conf_source *source, const char *path, struct gres_conf *ret,
                   struct conf_messages *msgs, struct err *e);
void gres_conf_release(struct gres_conf *g);

/* Fills node->gres from node->gres_text and the lines that are about it. `types` is GresTypes. Findings go to
 * msgs. */
void gres_conf_apply(const struct gres_conf *g, const struct meta_strs *types, struct node *node,
                     struct conf_messages *msgs);
/* What AutoDetect is in force for a node: GRES_DETECT_*. */
int gres_conf_detect(const struct gres_conf *g, const char *node_name);
/* "gpu:a100:2" -> its parts; strings are the caller's. A count without K, M ... is taken as it is, a missing
 * one is 1. */
int gres_parse(const char *text, char **ret_name, char **ret_type, uint64_t *ret_count, bool *ret_no_consume,
               struct err *e);

#endif
