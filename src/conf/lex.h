/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lex: a configuration text as logical lines, and a line as Key=Value pairs.
 *
 * A line ends at a newline that no backslash precedes; # begins a comment unless it is written \#. A pair is
 * key, =, and a value that ends at white space or is in "double quotes" (which may be empty). Keys are
 * letters, digits and _ .
 */
#ifndef CONF_LEX_H
#define CONF_LEX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct lex {
    const char *next; /* what has not been read */
    uint32_t line;    /* number of the first physical line of the present logical line */
    uint32_t ended;   /* physical lines read */
    struct buf text;  /* the present logical line, without comment and outer white space */
};

void lex_init(struct lex *l, const char *text);
void lex_release(struct lex *l);
/* To the next line that is not empty; false at the end. */
bool lex_line(struct lex *l);

struct lex_pair {
    struct buf key, value;
};
void lex_pair_release(struct lex_pair *p);
/* Reads one pair at *at and moves *at behind it. 1 read, 0 nothing left, -1 not a pair (*at is unchanged). */
int lex_pair(const char **at, struct lex_pair *p);

#endif
