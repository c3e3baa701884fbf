/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmdline: the command lines of the daemons, each a table. The usage text is made from the same table.
 */
#ifndef OS_CMDLINE_H
#define OS_CMDLINE_H

#include <stddef.h>
#include <stdint.h>

enum cmdline_kind {
    CMDLINE_FLAG,    /* bool */
    CMDLINE_COUNT,   /* int: how often it is given */
    CMDLINE_TEXT,    /* const char *, into argv */
    CMDLINE_MAYBE,   /* const char *: -F or -Ffeature; "" without a text */
    CMDLINE_NICE,    /* int; what is no number is ignored, and said so */
    CMDLINE_NOTHING, /* accepted: it says what is done anyway */
    CMDLINE_HELP,
    CMDLINE_VERSION,
};

struct cmdline_option {
    char letter;      /* 0: only a long name */
    const char *name; /* NULL: only a letter */
    enum cmdline_kind kind;
    size_t offset;    /* of the member that it sets */
    const char *arg;  /* how the usage text calls its value; NULL: none */
    const char *help; /* lines, separated by '\n'; NULL: not shown */
};

struct cmdline {
    const char *program;
    const struct cmdline_option *options;
    uint32_t n;
    int indent, column; /* of the usage text, as Slurm's daemons print theirs */
};

/* Fills the zeroed structure `ret`. Ends the program for -h and -V, and for what it does not understand. */
void cmdline_parse(const struct cmdline *c, void *ret, int argc, char **argv);

#endif
