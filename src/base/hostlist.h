/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hostlist: names of hosts in their compressed form, "n[1-3,7],rack0node[0-3],login".
 *
 * A list keeps the order and the duplicates it was given until it is asked to sort. What is kept are ranges,
 * so n[1-1000000] takes a few bytes; of several brackets in a name the last one stays a range and those
 * before it are multiplied out, the first of them changing fastest, as Slurm does. Zero padding is part of a
 * name: n1 and n01 differ.
 *
 * Accepted: names separated by commas or white space; "name[1-3,07-12]" with any number of brackets and any
 * text after them; white space beside the numbers in brackets. Refused: nested or unbalanced brackets,
 * descending ranges.
 *
 * {0} is an empty list; it owns its memory. Limits: see the enum. Errors: ERR_INVALID, ERR_TOO_BIG.
 */
#ifndef BASE_HOSTLIST_H
#define BASE_HOSTLIST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum {
    HOSTLIST_NAME_SIZE = 256,       /* bytes of one name with its terminator */
    HOSTLIST_RANGES_MAX = 64 << 10, /* ranges in one list, after multiplying out */
    HOSTLIST_COUNT_MAX = INT32_MAX, /* hosts in one list */
    HOSTLIST_BRACKETS_MAX = 8,      /* brackets in one name */
    HOSTLIST_DIGITS_MAX = 18,       /* digits of a number; more in front of it belong to the name */
};

struct host_range {
    uint64_t lo, hi;
    uint32_t prefix; /* where the text before the number begins in `names` */
    uint8_t pad;     /* digits that lo is padded to with zeros: 1 = not padded; 0 = a name without a number */
};

struct hostlist {
    struct host_range *v;
    uint32_t n, cap;
    char *names; /* terminated texts, one after the other */
    uint32_t names_len, names_cap;
    uint32_t count; /* hosts */
};

/* Replaces the list by what the text says; on failure it is as before. NULL and "" give an empty list. */
int hostlist_parse(struct hostlist *l, const char *text, struct err *e);
int hostlist_add(struct hostlist *l, const char *text, struct err *e);  /* the same at the end of the list */
int hostlist_push(struct hostlist *l, const char *host, struct err *e); /* one name, no brackets */
void hostlist_copy(struct hostlist *dst, const struct hostlist *src);   /* dst is replaced */
void hostlist_release(struct hostlist *l);

/* The name at a position below l->count. */
void hostlist_nth(const struct hostlist *l, uint32_t i, char ret_name[HOSTLIST_NAME_SIZE]);
/* The first position of a name, or -1. */
int64_t hostlist_find(const struct hostlist *l, const char *name);

/* struct host_iter it = {.list = &l};  while ((name = host_iter_next(&it))) ...  The name is good until the
 * next call. */
struct host_iter {
    const struct hostlist *list;
    uint32_t range;
    uint64_t offset;
    char name[HOSTLIST_NAME_SIZE];
};
const char *host_iter_next(struct host_iter *it);

/* Sorts: the text before the number in natural order (rack2 before rack10), then by width and value of the
 * number. Fails only when more than HOSTLIST_RANGES_MAX ranges would be needed to keep all duplicates. */
int hostlist_sort(struct hostlist *l, struct err *e);
/* Sorts and keeps one of each. (A name that was given once as n14 and once as n1[4-5] stays twice.) */
void hostlist_uniq(struct hostlist *l);
/* Takes out every occurrence of the hosts of `gone`; how many went. The order stays. Fails when too many
 * ranges result. */
int64_t hostlist_delete(struct hostlist *l, const struct hostlist *gone, struct err *e);

/* The compressed form; neighbours with the same text before the number share brackets. Nothing for an empty
 * list. */
void hostlist_text(const struct hostlist *l, struct buf *out);

#endif
