/* SPDX-License-Identifier: Apache-2.0 */
/*
 * err: how a function says what went wrong.
 *
 * A function that can fail returns 0 or a negative code and fills the caller's `struct err` with a text that
 * names the thing that failed. Codes are those of schema/errors.toml (Slurm's public numbers, so that tools
 * recognise them). Nothing is changed on failure, and libraries never log: the caller decides.
 *
 *     struct err e;
 *     if (hostlist_parse(&hl, text, &e) < 0)
 *         return err_wrap(&e, "NodeList");
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdarg.h>

enum { ERR_TEXT_MAX = 512 };

/* The errno numbers that the pure levels use for texts they cannot read; written here because errno.h is not
 * theirs. */
enum { ERR_INVALID = 22, ERR_TOO_BIG = 7 };

struct err {
    int code;                /* positive: the number in schema/errors.toml, or an errno */
    char text[ERR_TEXT_MAX]; /* one line, no newline at the end, cut off when longer */
};

/* Fills *e (NULL is allowed) and returns -code, so that `return err_set(e, ...)` reads well. code > 0. */
int err_set(struct err *e, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Puts "prefix: " before the text and returns -e->code. */
int err_wrap(struct err *e, const char *prefix_fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
