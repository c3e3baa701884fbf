/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scontrol update, create, delete: what update_job.c, update_node.c and update_part.c share. Each function
 * takes the words KEY=VALUE and gives an exit status; errors are on standard error by then.
 */
#ifndef CLI_UPDATE_H
#define CLI_UPDATE_H

#include "cli/scontrol.h"

/* A name that scontrol(1) gives to a field of a record, where it is not the field's own key. */
struct update_alias {
    const char *key;
    size_t least; /* letters of an abbreviation */
    const char *field;
};

/* The field of that name or abbreviation; NULL when there is none, or when it could be two. The list of
 * aliases ends with a row without key. */
const struct meta_field *update_field(const struct meta_record *r, const struct update_alias *aliases,
                                      const char *key);

int update_unsupported(const char *arg);
/* "prefixInvalid input: ARG  Request aborted": a word that is no pair. */
int update_no_pair(struct scontrol *s, const char *arg);

/* none, sockets, ldoms, cores, threads; "off" is written as an empty text. */
int update_cpu_bind(struct scontrol *s, char **slot, const char *arg, const char *value);

int update_job(struct scontrol *s, int argc, char **argv);
int update_step(struct scontrol *s, int argc, char **argv);
int update_node(struct scontrol *s, int argc, char **argv);
int update_part(struct scontrol *s, int argc, char **argv, bool create);
int create_node(struct scontrol *s, int argc, char **argv);

#endif
